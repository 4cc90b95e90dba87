"""Coming and going: a seat falls vacant, others do its work, somebody new sits down. Used by the engine only.

No case is lost: queues go, order kept, to who acts for the seat, and so does what the person asked for herself.
"""

import math

import numpy as np

from sim.cases import ends, goes_on, is_over, is_served
from sim.compiled import njit
from sim.draws import Stream, uniform
from sim.rules import meet, staff
from sim.state import (
    HOURS_A_YEAR,
    TICKS,
    Activity,
    Disposition,
    Role,
    Status,
)
from sim.tree import is_above
from sim.work import (
    lay_down,
    notices_unless_busy,
    pass_on,
    serve_next,
    withdraw,
    withdraw_one,
)


@njit
def part(state, week):
    """Who leaves hands on her work; the seat stands vacant for a while."""
    rules, leaving = state.rules[0], False
    for seat in range(len(state.seats)):
        leaving = leaving or state.seats[seat].leaving
    if not leaving:
        return
    weeks = np.int64(math.ceil(rules.vacancy_weeks * (1.0 + rules.hire_vetting)))
    for seat in range(len(state.seats)):
        if state.seats[seat].leaving:
            _empty(state, seat, week + weeks)
    _settle_acting(state)
    _hand_on_what_is_held(state)
    for seat in range(len(state.seats)):
        if state.seats[seat].leaving:
            _hand_on_queues(state, seat)
            state.seats[seat].leaving = 0


@njit
def _hand_on_what_is_held(state):
    """Who asks for a case is now who acts for her; work with who is gone makes no tie any more."""
    for case in range(len(state.cases)):
        record = state.cases[case]
        if record.status == Status.LIVE and record.holder >= 0:
            record.holder = state.seats[record.holder].acting
        if record.status != Status.FREE and record.last >= 0 and state.seats[record.last].vacant:
            record.last = -1


@njit
def _empty(state, seat, until):
    """A person gets up: her service is broken off, her employment ends, her circle has a place."""
    clock, rules, person = state.clock[0], state.rules[0], state.seats[seat]
    person.vacant, person.filled = 1, until
    over = lay_down(state, seat)
    if over >= 0 and state.cases[over].status == Status.DISPOSED:
        is_over(state, over)
    broken_off = person.this_week / TICKS  # what the week's books have not seen yet
    state.books[0].case_hours += broken_off
    state.books[0].output -= rules.output_value * broken_off
    person.this_week = 0
    meet.leave_circle(state, seat)
    person.circle = -1
    state.spells[person.spell].ended = clock.now
    state.loads[seat, :] = 0
    person.share, person.standing = 0.0, 0.0
    state.books[0].quits += 1.0
    state.books[0].replacement += rules.replacement * HOURS_A_YEAR


@njit
def _settle_acting(state):
    """Who does the work of vacant seats: of a leaf the least loaded teammate, of a manager her superior.

    The top seat's work goes to its first report. Where nobody is there either, the superior of that one, and so on up;
    a firm without anybody leaves the work where it is.
    """
    for seat in range(len(state.seats)):  # from the top down: who stands above is settled first
        person = state.seats[seat]
        person.acting = seat
        if person.vacant == 0:
            continue
        heir = _teammate(state, seat) if person.role != Role.MANAGER else np.int64(-1)
        if heir < 0 and person.parent >= 0:
            heir = np.int64(state.seats[person.parent].acting)
            if state.seats[heir].vacant:
                heir = np.int64(-1)
        if heir < 0 and person.parent < 0:
            heir = _first_present(state)
        if heir >= 0:
            person.acting = heir


@njit
def _teammate(state, seat):
    """The least loaded of those with the same manager and the same work."""
    best, least = np.int64(-1), np.inf
    parent, span = np.int64(state.seats[seat].parent), np.int64(state.rules[0].span)
    if parent < 0:
        return best
    for other in range(parent * span + 1, np.minimum(parent * span + span + 1, len(state.seats))):
        there = state.seats[other]
        if there.vacant == 0 and there.role == state.seats[seat].role and there.share < least:
            best, least = np.int64(other), there.share
    return best


@njit
def _first_present(state):
    for seat in range(len(state.seats)):
        if state.seats[seat].vacant == 0:
            return np.int64(seat)
    return np.int64(-1)


@njit
def _hand_on_queues(state, seat):
    """Her queues go, order kept, to who acts for her; a panel's task to the next expert who is not on it."""
    heir = np.int64(state.seats[seat].acting)
    if heir == seat:
        return
    for queue in (2 * seat, 2 * seat + 1):
        task = np.int64(state.queues[queue].head)
        while task >= 0:
            following = np.int64(state.tasks[task].next)
            to = heir
            if state.tasks[task].activity == Activity.PANEL:
                to = _another_expert(state, np.int64(state.tasks[task].case))
            if to >= 0:
                pass_on(state, task, to)
            else:
                _panel_shrinks(state, task)
            task = following


@njit
def _panel_shrinks(state, task):
    """Nobody can take a member's place: if the panel can still say yes it goes on, else the case goes up."""
    case = np.int64(state.tasks[task].case)
    record = state.cases[case]
    withdraw_one(state, task)
    record.members -= 1
    if record.ringing:
        if not is_served(state, case):
            ends(state, case, np.int64(Disposition.DEFAULTED))
    elif record.no > record.members - np.int64(state.rules[0].quorum):
        withdraw(state, case, True)
        record.did = Activity.CLOCK
        goes_on(state, case)


@njit
def _another_expert(state, case):
    """The next expert by the panel's own order who is not the asker, nor above her; -1 there is none."""
    record = state.cases[case]
    best, least = np.int64(-1), np.inf
    for row in range(state.topics[record.topic].roster_low, state.topics[record.topic].roster_high):
        expert = np.int64(state.roster[row])
        if expert == record.holder or state.seats[expert].vacant or is_above(state, expert, record.holder):
            continue
        score = uniform(state.clock[0].seed, Stream.PANEL, record.key, expert)
        if record.rank < score < least:
            best, least = expert, score
    if best >= 0:
        record.rank = least
    return best


@njit
def hire(state, week):
    """Vacant seats whose time has come are filled; who acted for them is free of that.

    Who comes to a firm that everybody has left takes over what lies there.
    """
    filled, deserted = False, _first_present(state) < 0
    for seat in range(len(state.seats)):
        person = state.seats[seat]
        if person.vacant and person.filled <= week:
            filled = True
            person.generation += 1
            staff.sit_down(state, seat, state.clock[0].now)
            meet.join_circle(state, seat)
            begin_spell(state, seat)
            if person.role == Role.DESK or person.role == Role.BROKER:
                serve_next(state, seat)
            elif state.queues[2 * seat].head >= 0 or state.queues[2 * seat + 1].head >= 0:
                notices_unless_busy(state, seat)
    if filled:
        _settle_acting(state)
    if filled and deserted:
        _hand_on_what_is_held(state)
        for seat in range(len(state.seats)):
            _hand_on_queues(state, seat)


@njit
def begin_spell(state, seat):
    """A line in the book of employments."""
    clock, person = state.clock[0], state.seats[seat]
    person.spell = clock.spell_rows
    line = state.spells[clock.spell_rows]
    clock.spell_rows += 1
    line.seat, line.generation, line.role = seat, person.generation, person.role
    line.began, line.ended = person.joined, -1
