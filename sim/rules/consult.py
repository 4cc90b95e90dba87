"""Consult: how is knowledge found by someone who lacks it?

Gatekeeper: up the chain to the lowest common manager, down to the team that owns the topic, back the same way; every
manager on the way relays, and every relay garbles.
Open: the best tie believed to know, along ties from one asked to the next, at most `search_limit` asks; then the
platform, once, where who reads first answers (if staff may use it); then the chain. Nobody relays the answer.
"""

import math

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, uniform
from sim.judgement import is_expert, knowledge
from sim.state import TICKS, Activity, Clock, Consult, Kind, Phase, phase, task, wait
from sim.ties import believes
from sim.tree import is_above, toward

READ_BY_NOBODY, READ = 1, 2


@njit
def consult(state, case, seat):
    """The next step of a case whose holder has to ask. Returns a Step."""
    record = state.cases[case]
    if record.did == Activity.ENTER:
        record.returning, record.platform, record.asks = 0, 0, 0
        if record.open:
            return _ask_along_ties(state, case, record.holder)
        return _along_the_chain(state, case, record.holder)
    if record.did == Activity.CLOCK:  # of the platform
        if record.platform == READ and state.seats[record.helper].vacant == 0:
            return task(record.helper, Activity.HELP)
        record.open = 0
        return _along_the_chain(state, case, record.holder)
    if record.did == Activity.ASK:
        return task(seat, Activity.HELP) if is_expert(state, seat, record.topic) else _ask_along_ties(state, case, seat)
    if record.did == Activity.HELP:
        record.answer = knowledge(state, seat, record.topic)
        record.consult = Consult.ANSWERED
        record.helper, record.returning = seat, 1
        if record.open:
            return _back_to_owner(record)
    else:
        record.relays += 1
    return _along_the_chain(state, case, seat)


@njit
def _back_to_owner(record):
    return phase(Phase.APPROVE if record.kind == Kind.DECISION else Phase.CONTACT)


# --- gatekeeper -------------------------------------------------------------------------------------------------------


@njit
def _along_the_chain(state, case, seat):
    """The next manager between `seat` and the owning team, or on the way back to the holder."""
    record = state.cases[case]
    if not record.returning:
        team = state.topics[record.topic].team
        following = toward(state, seat, team)
        if following != seat:
            return task(following, Activity.RELAY)
        helper = _member_who_knows(state, case, team)
        if helper >= 0:
            return task(helper, Activity.HELP)
        record.consult, record.returning = Consult.NOBODY_KNEW, 1
    following = toward(state, seat, record.holder)
    if following not in (seat, record.holder):
        return task(following, Activity.RELAY)
    if record.consult == Consult.NOBODY_KNEW:
        record.relays = 0  # of content: nothing came back that could be garbled
    return _back_to_owner(record)


@njit
def _member_who_knows(state, case, team):
    """The manager gives it to one of her experts, any of them alike, but never to the one who asks."""
    record = state.cases[case]
    best, least = np.int64(-1), np.inf
    for row in range(state.topics[record.topic].roster_low, state.topics[record.topic].roster_high):
        expert = state.roster[row]
        if expert == record.holder or state.seats[expert].parent != team or state.seats[expert].vacant:
            continue
        score = uniform(state.clock[0].seed, Stream.HELPER, record.key, expert)
        if score < least:
            best, least = np.int64(expert), score
    return best


# --- open -------------------------------------------------------------------------------------------------------------


@njit
def _ask_along_ties(state, case, seat):
    """Ask the strongest tie of `seat` believed to know and not asked yet; with none, or enough asked, the platform."""
    record = state.cases[case]
    best, strongest = np.int64(-1), 0.0
    if record.asks < state.rules[0].search_limit:
        for slot in range(state.tie_to.shape[1]):
            other = state.tie_to[seat, slot]
            if other < 0 or other == record.holder or state.tie_weight[seat, slot] <= strongest:
                continue
            if _asked(record, other):
                continue
            knows = is_expert(state, other, record.topic)
            if not knows and is_above(state, other, seat):
                continue  # nobody asks upward but about that manager's own field
            if believes(state, case, seat, slot, knows):
                best, strongest = np.int64(other), state.tie_weight[seat, slot]
    if best < 0:
        if state.rules[0].inside:
            return _ask_the_platform(state, case)
        record.open, record.last = 0, record.holder
        return _along_the_chain(state, case, record.holder)
    record.asked[record.asks] = best
    record.asks += 1
    return task(best, Activity.ASK)


@njit
def _asked(record, other):
    for i in range(record.asks):
        if record.asked[i] == other:
            return True
    return False


@njit
def _ask_the_platform(state, case):
    """Post the question for all to see. Each expert reads it after an exponential time; the first to read answers.

    The rate is such that `platform_half` experts give an answer within `platform_wait_hours` in half the cases:
    P(answered) = 1 − 2^(−n / platform_half) with n experts.
    """
    record, rules, clock = state.cases[case], state.rules[0], state.clock[0]
    record.platform = READ_BY_NOBODY
    record.last = record.holder  # whoever was asked in vain has no part in what follows
    patience, largest = rules.platform_wait_hours * TICKS, 0.0
    for row in range(state.topics[record.topic].roster_low, state.topics[record.topic].roster_high):
        expert = state.roster[row]
        if expert == record.holder or state.seats[expert].vacant or _asked(record, expert):
            continue
        u = uniform(clock.seed, Stream.READER, record.key, expert)
        if u > largest:  # all read at one rate, so the largest number is the shortest time
            largest, record.helper = u, expert
    first = -math.log2(largest) * rules.platform_half * patience if largest > 0.0 else math.inf
    if first < patience:
        record.platform = READ
    record.until = clock.now + np.int64(round(min(first, patience)))
    return wait(Clock.PLATFORM)
