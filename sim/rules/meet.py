"""Meet: how do staff get to know each other?

Gatekeeper: by their team, and by chance (cafeteria, corridor, smoking room).
Open: also in interest circles of at most eight people of different teams, who meet weekly; and managers spend freed
hours on introducing people to each other. Both are hours away from work; and who knows more people is shaken by more
quits.
"""

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, uniform
from sim.state import DAYS_A_WEEK, HOURS_A_DAY, Role
from sim.ties import knows_of, work_together


@njit
def team_and_chance(state, week):
    """One week beside work: everybody may meet one of her own team, and by chance anybody."""
    rules, seed, staff = state.rules[0], state.clock[0].seed, len(state.seats)
    for seat in range(staff):
        if uniform(seed, Stream.TEAM_MEETING, seat, 2 * week) < rules.team_meetings:
            other = _of_the_team(state, seat, uniform(seed, Stream.TEAM_MEETING, seat, 2 * week + 1))
            work_together(state, seat, other)
        if uniform(seed, Stream.STRANGER_MET, seat, 2 * week) < rules.chance_meetings:
            other = np.int64(uniform(seed, Stream.STRANGER_MET, seat, 2 * week + 1) * staff)
            work_together(state, seat, other)


@njit
def _of_the_team(state, seat, u):
    """Her manager or somebody with the same manager, all alike; the top seat meets a report."""
    parent, span, staff = np.int64(state.seats[seat].parent), np.int64(state.rules[0].span), len(state.seats)
    if parent < 0:
        return min(staff - 1, 1 + np.int64(u * min(span, staff - 1)))
    first, last = parent * span + 1, np.minimum(parent * span + span, staff - 1)
    other = first - 1 + np.int64(u * (last - first + 1))  # the place before the first stands for the manager
    other += other >= seat  # not herself
    return parent if other < first else other


# --- circles ----------------------------------------------------------------------------------------------------------


@njit
def join_circle(state, seat):
    """The emptiest circle of one of her interests with room and nobody of her team; none if there is no such circle."""
    person = state.seats[seat]
    person.circle = -1
    for interest in person.interests:
        if interest < 0:
            return
        best, fewest = np.int64(-1), state.circles.shape[1]
        for circle in range(state.circle_low[interest], state.circle_low[interest + 1]):
            members = _members(state, circle, person.unit)
            if members < fewest:
                best, fewest = np.int64(circle), members
        if best >= 0:
            for place in range(state.circles.shape[1]):
                if state.circles[best, place] < 0:
                    state.circles[best, place] = seat
                    person.circle = best
                    return


@njit
def _members(state, circle, unit):
    """People in a circle; as many as it can hold if one of a team is among them."""
    members = np.int64(0)
    for place in range(state.circles.shape[1]):
        other = state.circles[circle, place]
        if other >= 0:
            if state.seats[other].unit == unit:
                return np.int64(state.circles.shape[1])
            members += 1
    return members


@njit
def leave_circle(state, seat):
    """Her place is free."""
    circle = state.seats[seat].circle
    if circle >= 0:
        for place in range(state.circles.shape[1]):
            if state.circles[circle, place] == seat:
                state.circles[circle, place] = -1


@njit
def _attends(state, seat):
    """Who is in a circle goes there where circles are open, by a draw of her own."""
    person = state.seats[seat]
    who = np.uint64(person.generation) << np.uint64(32) | np.uint64(seat)
    return person.vacant == 0 and uniform(state.clock[0].seed, Stream.ATTEND, who, 0) < state.rules[0].meet


@njit
def circles(state, week):
    """One week of circles: all who attend one meet each other. There are none where staff may not use the channel."""
    rules = state.rules[0]
    if rules.meet == 0.0 or rules.inside == 0.0 or rules.circle_hours == 0.0:
        return
    here = np.empty(state.circles.shape[1], np.int64)
    for circle in range(len(state.circles)):
        count = 0
        for place in range(state.circles.shape[1]):
            seat = state.circles[circle, place]
            if seat >= 0 and _attends(state, seat):
                here[count] = seat
                count += 1
        if count < 2:
            continue
        for i in range(count):
            for j in range(i):
                work_together(state, here[i], here[j])
        state.books[0].circle_hours += count * rules.circle_hours
        state.market[0].away += count * rules.circle_hours


# --- introductions ----------------------------------------------------------------------------------------------------


@njit
def introductions(state, week):
    """One week of managers' freed hours, by measurement: cases' share of their time against `manager_case_share`.

    In each, at most `introductions` of them, somebody of hers meets a person whom she does not know yet: one who knows
    her topic, or one of her circle.
    """
    rules = state.rules[0]
    if rules.meet == 0.0:
        return
    for seat in range(len(state.seats)):
        person = state.seats[seat]
        if person.role != Role.MANAGER or person.vacant:
            continue
        freed = max(0.0, rules.manager_case_share - person.share) * HOURS_A_DAY * DAYS_A_WEEK
        wanted = np.int64(rules.meet * min(rules.introductions, freed / rules.introduction_hours))
        made = 0
        for turn in range(wanted):
            made += _introduces(state, seat, week, turn)
        person.introduced = made
        state.books[0].introduction_hours += made * rules.introduction_hours
        state.market[0].away += made * rules.introduction_hours


@njit
def _introduces(state, manager, week, turn):
    """Introduce somebody below her to a person of another team without a tie to her. Returns whether she found one."""
    seed = state.clock[0].seed
    entity = np.uint64(manager) << np.uint64(32) | np.uint64(week)
    one = _somebody_below(state, manager, entity, turn)
    if state.seats[one].vacant:
        return 0
    pick = uniform(seed, Stream.INTRODUCE, entity, 32 * turn)
    by_topic = uniform(seed, Stream.INTRODUCE, entity, 32 * turn + 1) < 0.5
    other = _who_knows_her_topic(state, one, pick) if by_topic else _of_her_circle(state, one, pick)
    strangers = other >= 0 and state.seats[other].unit != state.seats[one].unit and not knows_of(state, one, other)
    if not strangers or state.seats[other].vacant:
        return 0
    work_together(state, one, other)
    return 1


@njit
def _somebody_below(state, manager, entity, turn):
    """Down the tree, at each level any report, to an employee."""
    seat, span, level = np.int64(manager), np.int64(state.rules[0].span), 2
    while seat * span + 1 < len(state.seats):
        last = np.minimum(seat * span + span, len(state.seats) - 1)
        u = uniform(state.clock[0].seed, Stream.INTRODUCE, entity, 32 * turn + min(level, 31))
        seat = seat * span + 1 + np.int64(u * (last - seat * span))
        level += 1
    return seat


@njit
def _who_knows_her_topic(state, seat, u):
    slots = state.know_topic.shape[1]
    topic = state.know_topic[seat, slots - 2]  # her second field: her own team she knows already
    if topic < 0:
        return np.int64(-1)
    low, high = state.topics[topic].roster_low, state.topics[topic].roster_high
    return np.int64(state.roster[low + np.int64(u * (high - low))]) if high > low else np.int64(-1)


@njit
def _of_her_circle(state, seat, u):
    circle = state.seats[seat].circle
    if circle < 0:
        return np.int64(-1)
    return np.int64(state.circles[circle, np.int64(u * state.circles.shape[1])])
