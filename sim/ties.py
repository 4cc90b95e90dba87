"""Ties: whom a person knows. They grow by working together and by chance meetings, and fade weekly."""

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, uniform


@njit
def _strengthen(state, seat, other):
    """A tie grows, or a new one takes an empty slot or that of a weaker tie."""
    for slot in range(state.tie_to.shape[1]):
        if state.tie_to[seat, slot] == other:
            state.tie_weight[seat, slot] += state.rules[0].tie_growth * (1.0 - state.tie_weight[seat, slot])
            return
    _make_room(state, seat, other)


@njit
def _make_room(state, seat, other):
    rules, slots, home = state.rules[0], state.tie_to.shape[1], state.seats[seat].department
    at_home = 0
    for slot in range(slots):
        known = state.tie_to[seat, slot]
        at_home += known >= 0 and state.seats[known].department == home
    # Some slots are kept for other departments: a colleague from home may then only replace one from home.
    room_at_home = slots - np.int64(rules.tie_reserved * slots)
    crowded = state.seats[other].department == home and at_home >= room_at_home
    weakest, least = -1, rules.tie_growth
    for slot in range(slots):
        known = state.tie_to[seat, slot]
        if crowded and (known < 0 or state.seats[known].department != home):
            continue
        weight = state.tie_weight[seat, slot] if known >= 0 else -1.0
        if weight < least:
            weakest, least = slot, weight
    if weakest >= 0:
        state.tie_to[seat, weakest], state.tie_weight[seat, weakest] = other, rules.tie_growth


@njit
def work_together(state, seat, other):
    """Two people have worked a case together: w += growth·(1 − w), both ways; a weaker tie may have to go."""
    if seat != other and state.tie_to.shape[1] > 0 and not (state.seats[seat].vacant or state.seats[other].vacant):
        _strengthen(state, seat, other)
        _strengthen(state, other, seat)


@njit
def knows_of(state, seat, other):
    """Has a person a tie to another?"""
    for slot in range(state.tie_to.shape[1]):
        if state.tie_to[seat, slot] == other:
            return True
    return False


@njit
def fade_and_meet(state, week):
    """One week: every tie fades, and with probability `chance_meetings` the two meet by chance."""
    rules, seed = state.rules[0], state.clock[0].seed
    for seat in range(len(state.seats)):
        for slot in range(state.tie_to.shape[1]):
            other = state.tie_to[seat, slot]
            if other < 0:
                continue
            weight = state.tie_weight[seat, slot] * rules.tie_decay
            pair = (np.uint64(min(seat, other)) << np.uint64(32)) | np.uint64(max(seat, other))
            if uniform(seed, Stream.MEETING, pair, week) < rules.chance_meetings:
                weight += rules.tie_growth * (1.0 - weight)
            state.tie_weight[seat, slot] = weight


@njit
def believes(state, case, seat, slot, knows):
    """Does a person believe that her tie knows the topic of a case, given whether it does?

    Who knows is believed to with min(1, 2·metaknowledge·w), who does not with wrong_belief·(1 − w), w the tie's weight.
    """
    rules, weight = state.rules[0], state.tie_weight[seat, slot]
    chance = min(1.0, 2.0 * rules.metaknowledge * weight) if knows else rules.wrong_belief * (1.0 - weight)
    return uniform(state.clock[0].seed, Stream.BELIEF, state.cases[case].key, state.tie_to[seat, slot]) < chance
