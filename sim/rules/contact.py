"""Contact: who receives an outsider?

Gatekeeper: the pooled desk, next free agent; she answers what her script or her own field covers and hands the rest on
to a desk seat near the team that owns the topic, which asks inside the firm.
Open: the employee whom the customer knows, if the topic is her field (or the customer loyal); else one found by public
profile; popular people are found more often, profiles err, and a wrong person hands the outsider on to the next.
"""

import math

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, uniform
from sim.judgement import can_answer, is_expert, judges_good, peer_is_right
from sim.state import Activity, Disposition, Phase, Pool, close, here, phase, pool, task
from sim.tree import is_above


@njit
def contact(state, case, seat):
    """The next step of a request that is being received, answered or told its answer. Returns a Step."""
    record = state.cases[case]
    if record.did == Activity.ENTER:
        if record.open:
            known = _known(state, case)
            if known < 0:
                return task(_by_profile(state, case), Activity.TRIAGE)
            record.picks = 1
            return task(known, Activity.TRIAGE)
        # A firm too small for a desk faces outside with its top seat.
        return pool(Pool.DESK, Activity.TRIAGE) if len(state.desk_seats) else task(0, Activity.TRIAGE)
    if record.did == Activity.TRIAGE:
        if can_answer(state, seat, record.topic):
            return here(seat, Activity.ANSWER)
        return _handed_on(state, case, seat)
    if record.did == Activity.HAND_ON:
        record.holder = seat
        return phase(Phase.CONSULT)
    if record.did == Activity.CONSULTED:
        return task(record.holder, Activity.TELL)
    record.first_contact = record.did == Activity.ANSWER and record.picks <= 1 and record.round == 0
    record.holder = seat
    return close(Disposition.ANSWERED)


@njit
def answer_is_right(state, case):
    """An answer is right by the same noise by which a good case is recognised."""
    if state.cases[case].peer:
        return peer_is_right(state, case)
    return judges_good(state, case, state.cases[case].holder, True)


@njit
def _known(state, case):
    """The employee whom the customer knows, if this is her field or the customer asks her anyway; -1 none."""
    record = state.cases[case]
    known = np.int64(state.customers[record.opener].knows)
    if known < 0 or is_expert(state, known, record.topic):
        return known
    asks_anyway = uniform(state.clock[0].seed, Stream.LOYAL, record.key, 0) < state.rules[0].loyal
    return known if asks_anyway else np.int64(-1)


@njit
def _handed_on(state, case, seat):
    record, rules = state.cases[case], state.rules[0]
    if record.open and record.picks <= rules.search_limit:
        stranger = _by_profile(state, case)
        if stranger != seat:
            return task(stranger, Activity.TRIAGE)
    desk = np.int64(state.seats[_desk_seat(state, case, seat)].acting) if not record.open else np.int64(seat)
    if desk != seat:
        return task(desk, Activity.HAND_ON)
    record.holder = seat
    return phase(Phase.CONSULT)


@njit
def _desk_seat(state, case, seat):
    """The desk seat from which the inside is asked: near the owner's team, or (when routing fails) anywhere else.

    Near is the lowest part of the tree that holds both the owning team and desk seats; who sits there keeps the case.
    """
    record, seed = state.cases[case], state.clock[0].seed
    near = state.topics[record.topic].team
    while state.seats[near].desk_low == state.seats[near].desk_high and state.seats[near].parent >= 0:
        near = state.seats[near].parent
    low, high = state.seats[near].desk_low, state.seats[near].desk_high
    u = uniform(seed, Stream.DESK_SEAT, record.key, 0)
    if uniform(seed, Stream.ROUTING, record.key, 0) < state.rules[0].routing:
        if low == high or seat == near or is_above(state, near, seat):
            return np.int64(seat)
        return np.int64(state.desk_seats[low + np.int64(u * (high - low))])
    elsewhere = len(state.desk_seats) - (high - low)
    if elsewhere == 0:
        return np.int64(seat)
    row = np.int64(u * elsewhere)
    return np.int64(state.desk_seats[row if row < low else row + (high - low)])


@njit
def _by_profile(state, case):
    """An expert by public profile, ∝ (1 + fame)^popular; with `profile_error` it is a stranger to the topic's field."""
    record, rules, seed = state.cases[case], state.rules[0], state.clock[0].seed
    pick = record.picks
    record.picks += 1
    stranger = np.int64(uniform(seed, Stream.STRANGER, record.key, pick) * len(state.seats))
    stranger = np.int64(state.seats[stranger].acting)
    if uniform(seed, Stream.PROFILE_ERROR, record.key, pick) < rules.profile_error:
        return stranger
    best, least = np.int64(-1), np.inf
    for row in range(state.topics[record.topic].roster_low, state.topics[record.topic].roster_high):
        expert = state.roster[row]
        if state.seats[expert].vacant:
            continue
        weight = (1.0 + state.seats[expert].fame) ** rules.popular
        score = -math.log(uniform(seed, Stream.PROFILE, record.key, expert)) / weight
        if score < least:
            best, least = np.int64(expert), score
    return best if best >= 0 else stranger

