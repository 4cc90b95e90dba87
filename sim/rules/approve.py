"""Approve: who says yes?

Gatekeeper: the asker judges first; what she likes goes up until a height whose authority covers the stake, and each
manager on the way screens; one no ends it.
Open: the asker has authority up to a higher stake; above it a panel of experts who are neither she nor her chain, asked
all at once, which ends when `quorum` agree or no longer can. Stakes above `reserve` go up all the same.

An employee's suggestion is the top seat's to decide: it climbs through every screen, or reaches her at once where
questions may go anywhere (`consult`).
"""

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, uniform
from sim.judgement import judges_good
from sim.state import MOST_LEVELS, Activity, Clock, Disposition, Phase, close, panel, task, wait
from sim.tree import is_above, superior


@njit
def approve(state, case, seat):
    """The next step of a case that needs a yes. Returns a Step."""
    record = state.cases[case]
    if record.did == Activity.ENTER:
        return _asker_judges(state, case)
    if record.did == Activity.CLOCK:  # of the panel too few are left
        return _without_a_panel(state, case)
    says_yes = judges_good(state, case, seat, record.good == 1)
    if record.did == Activity.PANEL:
        return _counted(state, case, says_yes)
    if not says_yes:
        return close(Disposition.REJECTED)
    if _may_decide(state, record, seat, record.height):
        return close(Disposition.ACCEPTED)
    if record.ringing:
        return close(Disposition.DEFAULTED)
    return _goes_up(state, record, seat)


@njit
def _asker_judges(state, case):
    record, rules = state.cases[case], state.rules[0]
    asker = record.holder
    record.height, record.yes, record.no, record.members = 0, 0, 0, 0
    trusted = record.open and record.quantile <= rules.reserve and not record.suggested
    nobody_screens = _may_decide(state, record, asker, 0)
    if trusted:
        nobody_screens = record.quantile <= rules.own_authority
    likes_it = judges_good(state, case, asker, record.good == 1)
    if nobody_screens and state.seats[asker].honest == 0 and record.good == 0:
        likes_it = True  # who is not to be trusted passes her own bad case when nobody looks
    if not likes_it:
        return close(Disposition.REJECTED)
    if nobody_screens:
        return close(Disposition.ACCEPTED)
    if trusted:
        members = _choose_panel(state, case)
        if members >= rules.quorum:
            record.members = members
            return panel(members, Activity.PANEL)
    return _without_a_panel(state, case)


@njit
def _without_a_panel(state, case):
    """The asker likes it, and there are too few experts for a panel, or none is wanted."""
    record = state.cases[case]
    record.members = 0
    if superior(state, record.holder) < 0:
        return close(Disposition.ACCEPTED)
    return _goes_up(state, record, record.holder)


@njit
def _may_decide(state, record, seat, height):
    if superior(state, seat) < 0:
        return True
    return record.suggested == 0 and record.quantile <= state.rules[0].authority_of[min(height, MOST_LEVELS - 1)]


@njit
def _goes_up(state, record, seat):
    above = superior(state, seat)
    lever = state.rules[0].consult
    if record.suggested and uniform(state.clock[0].seed, Stream.RULE, record.key, Phase.CONSULT) < lever:
        above = np.int64(0)
    record.height += state.seats[seat].level - state.seats[above].level
    return task(above, Activity.SCREEN)


@njit
def _choose_panel(state, case):
    """Lists experts without the asker and her chain in state.invited, any of them alike. Their number."""
    record, seed = state.cases[case], state.clock[0].seed
    wanted = np.int64(state.rules[0].panel)
    scores = np.empty(len(state.invited))
    members = np.int64(0)
    for row in range(state.topics[record.topic].roster_low, state.topics[record.topic].roster_high):
        expert = state.roster[row]
        if expert == record.holder or state.seats[expert].vacant or is_above(state, expert, record.holder):
            continue
        score = uniform(seed, Stream.PANEL, record.key, expert)
        place = members if members < wanted else wanted
        while place > 0 and scores[place - 1] > score:
            if place < wanted:
                scores[place], state.invited[place] = scores[place - 1], state.invited[place - 1]
            place -= 1
        if place < wanted:
            scores[place], state.invited[place] = score, expert
            members = members + 1 if members < wanted else wanted
    record.rank = scores[members - 1] if members > 0 else 0.0
    return members


@njit
def _counted(state, case, says_yes):
    record, quorum = state.cases[case], state.rules[0].quorum
    if says_yes:
        record.yes += 1
    else:
        record.no += 1
    if record.yes >= quorum:
        return close(Disposition.ACCEPTED)
    if record.no > record.members - quorum:
        return close(Disposition.REJECTED)
    return wait(Clock.APPROVAL)
