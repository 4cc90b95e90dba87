"""Meet: team, chance, circles, introductions. Shares: 4 standard errors."""

import numpy as np
import pytest

from sim.engine import start
from sim.rules import meet
from sim.scenario import Design
from sim.state import Role
from tests.firms import firm
from tests.rules import four_errors

SEED = 5
STRANGERS = ("world.team_meetings=0.0", "world.chance_meetings=0.0")


def nobody_knows_anybody(*settings: str, design=None, staff: int = 156):
    form = Design(meet=1.0) if design is None else design
    state = start(firm(*settings, staff=staff, burn_in=0), form, seed=SEED)
    state.tie_to[:], state.tie_weight[:] = -1, 0.0
    return state


def ties(state) -> set[tuple[int, int]]:
    return {(seat, int(other)) for seat, row in enumerate(state.tie_to) for other in row[row >= 0]}


def test_everybody_meets_one_of_her_own_team_a_week():
    """team_meetings = 1: a colleague each, her manager or a fellow report, never herself; the top seat a report."""
    state = nobody_knows_anybody("world.team_meetings=1.0", "world.chance_meetings=0.0", "world.tie_limit=40")
    parent = state.seats["parent"]
    meet.team_and_chance(state.firm, np.int64(0))
    for one, other in ties(state):
        assert parent[one] == other or parent[other] == one or parent[one] == parent[other]
    assert {one for one, _ in ties(state)} == set(range(156))


def test_a_colleague_is_any_of_the_team_alike():
    """Over 2000 weeks an employee of six meets each of her five fellows and her manager as often, one of 6."""
    state = nobody_knows_anybody("world.team_meetings=1.0", "world.span=6", "world.chance_meetings=0.0", staff=7)
    state.seats["vacant"][[1, 2, 3, 4, 5]] = 1  # so that her only partners are the manager and herself: 1 in 6
    met, weeks = 0, 2000
    for week in range(weeks):
        state.tie_to[:] = -1
        meet.team_and_chance(state.firm, np.int64(week))
        met += (6, 0) in ties(state)
    chance = 1 - (1 - 1 / 6) ** 2  # she draws the manager, or the manager draws her
    assert abs(met / weeks - chance) < four_errors(chance, weeks)


@pytest.mark.parametrize("chance", [0.0, 0.5])
def test_strangers_meet_by_chance(chance):
    """Each person meets somebody of all the firm with chance_meetings: over 40 weeks a share of person-weeks."""
    state = nobody_knows_anybody("world.team_meetings=0.0", f"world.chance_meetings={chance}", "world.tie_limit=40")
    met = 0
    for week in range(40):
        state.tie_to[:] = -1
        meet.team_and_chance(state.firm, np.int64(week))
        met += len({frozenset(pair) for pair in ties(state)})
    expected = chance * 155 / 156  # who meets herself, or somebody who meets her, makes one pair less
    assert abs(met / (40 * 156) - expected) < four_errors(expected, 40 * 156) + expected / 156 + 1e-12


@pytest.mark.parametrize(("lever", "inside"), [(0.0, 1), (0.5, 1), (1.0, 1), (1.0, 0)])
def test_who_attends_meets_everybody_of_the_circle(lever, inside):
    """Membership is fixed; the lever says who goes, by a draw of her own; none where staff may not use the channel."""
    state = nobody_knows_anybody(*STRANGERS, "world.tie_limit=40", "world.tie_reserved=0.0", "world.circle_hours=1.5",
                                 design=Design(meet=lever, inside=inside))  # fmt: skip
    members = [set(row[row >= 0].tolist()) for row in state.circles]
    meet.circles(state.firm, np.int64(0))
    known = ties(state)
    going = {one for one, _ in known}
    assert known == {(one, other) for circle in members for one in circle & going for other in circle & going - {one}}
    assert state.books["circle_hours"][0] == pytest.approx(1.5 * len(going))
    assert state.market["away"][0] == state.books["circle_hours"][0]
    eligible = sum(len(circle) for circle in members if len(circle) > 1)
    if lever in (0.0, 1.0) or not inside:
        assert len(going) == (eligible if lever * inside else 0)
    else:  # who goes alone meets nobody, so a few less than half
        assert 0 < len(going) < lever * eligible + 4 * np.sqrt(eligible / 4)


def test_a_busy_manager_introduces_nobody():
    """Hours freed are 40·(manager_case_share − share); in each, at most `introductions`, two strangers meet."""
    state = nobody_knows_anybody(*STRANGERS, "world.manager_case_share=0.6", "world.introductions=3.0",
                                 "world.introduction_hours=2.0", "world.tie_limit=40",
                                 "world.tie_reserved=0.0")  # fmt: skip
    managers = state.seats["role"] == Role.MANAGER
    state.seats["share"][managers] = 0.6
    meet.introductions(state.firm, np.int64(0))
    assert ties(state) == set()
    state.seats["share"][managers] = 0.475  # five hours are free: two introductions of two hours
    meet.introductions(state.firm, np.int64(0))
    assert state.seats["introduced"].max() == 2
    state.seats["share"][managers] = 0.0
    meet.introductions(state.firm, np.int64(1))
    assert state.seats["introduced"].max() == 3
    known = ties(state)
    assert {(other, one) for one, other in known} == known
    assert all(state.seats["unit"][one] != state.seats["unit"][other] for one, other in known)
    assert state.books["introduction_hours"][0] == state.market["away"][0]
    assert state.books["introduction_hours"][0] >= 2.0 * len(known) / 2  # a meeting of two who know each other is none


def test_nobody_is_introduced_to_whom_she_knows_or_to_an_empty_seat():
    state = nobody_knows_anybody(*STRANGERS, "world.introductions=40.0", "world.introduction_hours=0.1",
                                 "world.tie_limit=64", "world.tie_reserved=0.0")  # fmt: skip
    state.seats["vacant"][100:] = 1
    state.seats["share"] = 0.0
    for week in range(20):
        meet.introductions(state.firm, np.int64(week))
    made, pairs = state.books["introduction_hours"][0] / 0.1, len(ties(state)) / 2
    assert made == pytest.approx(pairs)  # each introduction is a new pair
    assert all(one < 100 and other < 100 for one, other in ties(state))
