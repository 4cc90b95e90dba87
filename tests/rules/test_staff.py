"""Staff: what a newcomer brings, what a decision tells its asker, who leaves on a date. Shares: 4 standard errors."""

import math

import numpy as np
import pytest

from sim.engine import advance, agenda, start
from sim.rules import staff
from sim.scenario import Design, Event
from sim.state import WEEK, Kind
from tests.firms import firm
from tests.rules import four_errors

SEED, PEOPLE = 6, 3000


def newcomers(*settings: str, design="traditional"):
    """Many people, all of the next generation, who sit down now."""
    state = start(firm("world.market_per_seat=0.0", "world.tie_limit=1", *settings, staff=PEOPLE, burn_in=0), design,
                  seed=SEED)  # fmt: skip
    for seat in range(PEOPLE):
        state.seats["generation"][seat] += 1
        staff.sit_down(state.firm, np.int64(seat), np.int64(0))
    return state


def test_a_newcomer_is_another_person():
    """Her draws are those of (seat, generation): next to none is her predecessor's."""
    scenario = firm("world.market_per_seat=0.0", "world.tie_limit=1", staff=PEOPLE, burn_in=0)
    before = start(scenario, "traditional", seed=SEED)
    after = newcomers()
    for column in ("person", "life"):
        assert not (before.seats[column] == after.seats[column]).any()
        assert abs(np.corrcoef(before.seats[column], after.seats[column])[0, 1]) < 4 / math.sqrt(PEOPLE)
    same = (before.seats["interests"] == after.seats["interests"]).all(axis=1)
    assert same.mean() < 0.01


@pytest.mark.parametrize(("vetting", "honest"), [(0.0, 0.8), (0.5, 0.9), (1.0, 1.0)])
def test_vetting_leaves_fewer_who_are_not_trustworthy(vetting, honest):
    state = newcomers("world.trustworthy=0.8", f"world.hire_vetting={vetting}")
    assert abs(state.seats["honest"].mean() - honest) < four_errors(honest, PEOPLE) + 1e-12


@pytest.mark.parametrize(("channel", "inside", "face"), [(1.0, 1, 0.0), (0.6, 0, 0.6), (0.0, 0, 0.0)])
def test_a_public_face_without_an_inside_recruits_by_its_promise(channel, inside, face):
    state = newcomers(design=Design(channel=channel, inside=inside))
    assert abs(state.seats["promised"].mean() - face) < four_errors(face, PEOPLE) + 1e-12


@pytest.mark.parametrize(("interests", "kinds"), [(3, 20), (8, 8), (8, 5), (0, 20)])
def test_interests_are_different_and_all_alike(interests, kinds):
    state = newcomers(f"world.interests={interests}", f"world.interest_kinds={kinds}")
    wanted = min(interests, kinds)
    for row in state.seats["interests"]:
        assert len(set(row[:wanted].tolist())) == wanted
        assert (row[wanted:] == -1).all()
    for kind in range(kinds):
        share = wanted / kinds
        has_it = (state.seats["interests"] == kind).any(axis=1).mean()
        assert abs(has_it - share) < four_errors(share, PEOPLE) + 1e-12


def test_a_newcomer_takes_longer_and_learns():
    """1 + learning·e^(−weeks/learning_weeks), at her first and at any later week; to rounding."""
    state = newcomers("world.learning=0.4", "world.learning_weeks=6.0")
    assert state.seats["pace"].tolist() == pytest.approx([1.4] * PEOPLE, abs=1e-12)
    state.clock["now"] = 9 * WEEK
    staff.feel(state.firm, np.int64(0))
    assert state.seats["pace"].tolist() == pytest.approx([1 + 0.4 * math.exp(-1.5)] * PEOPLE, abs=1e-12)


@pytest.mark.parametrize(("height", "members", "accepted", "alone", "put"), [
    (0, 0, 1, 1.0, 1), (0, 0, 0, 1.0, 0), (0, 3, 0, 0.5, 1), (2, 0, 1, 0.0, 1), (1, 0, 0, 0.0, 1),
])  # fmt: skip
def test_what_a_decision_tells_its_asker(height, members, accepted, alone, put):
    """Alone 1, with a panel ½, under screens 0; what she rejected herself she did not put forward."""
    state = start(firm(burn_in=0), "traditional", seed=SEED)
    for column, value in (("kind", Kind.DECISION), ("holder", 9), ("height", height), ("members", members)):
        state.cases[column][0] = value
    staff.decided(state.firm, np.int64(0), bool(accepted))
    person = state.seats[9]
    assert (person["decided"], person["alone"], person["put"], person["through"]) == (1, alone, put, accepted)


def test_the_busiest_leave_on_the_morning_of_the_event():
    """Those with the largest share of hours on cases, as many as the event says, at its first tick."""
    scenario = firm("world.quit_rate=0.0", "world.vacancy_weeks=4.0", staff=60, burn_in=12)
    scenario = scenario.model_copy(update={"events": (Event(day=8, leave={"busiest": 5}),)})
    happenings = agenda(scenario, "social")
    state = advance(start(scenario, "social", seed=SEED), 7, events=happenings)
    busiest = set(np.argsort(-state.seats["share"], kind="stable")[:5].tolist())
    now = int(state.clock["now"][0])
    state = advance(state, 1, events=happenings)
    assert set(np.flatnonzero(state.seats["vacant"]).tolist()) == busiest
    spells = state.spells[: state.clock["spell_rows"][0]]
    assert set(spells["ended"][spells["ended"] >= 0].tolist()) == {now}
    assert state.books["quits"][0] == 5
