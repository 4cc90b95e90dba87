"""Hear: who notices a date, what becomes of feedback, what an idea does to the product. Shares: 4 standard errors."""

import math

import numpy as np
import pytest

from sim.engine import start
from sim.rules import hear
from sim.scenario import Design
from sim.state import Activity, Clock, Kind, Phase, Role, Verb
from tests.firms import firm
from tests.rules import ask, four_errors

DRAWS, SEED = 3000, 3


def noticed(state, **columns) -> list[int]:
    """Whom each of many moments goes to; -1 nobody saw it and it waits for its date."""
    found = []
    for key in range(DRAWS):
        step = ask(hear.hear, state, key=key, kind=Kind.MOMENT, phase=Phase.HEAR, did=Activity.ENTER, date=77,
                   holder=-1, **columns)  # fmt: skip
        seen = step[0] == Verb.PHASE
        if seen:
            assert step[2] == Phase.ACT
        else:
            assert (step[0], step[2], state.cases["until"][0]) == (Verb.WAIT, Clock.LAPSE, 77)
        found.append(int(state.cases["holder"][0]) if seen else -1)
    return found


@pytest.mark.parametrize(("rule", "chance"), [(0, 0.05), (1, 0.3)])
def test_the_desk_notices_a_date_rarely_and_anybody_who_follows_more_often(rule, chance):
    state = start(firm(burn_in=0), "social", seed=SEED)
    found = noticed(state, open=rule)
    seen = np.array([seat for seat in found if seat >= 0])
    assert abs(len(seen) / DRAWS - chance) < four_errors(chance, DRAWS)
    of_the_desk = state.seats["role"][seen] == Role.DESK
    assert of_the_desk.all() or rule == 1
    anybody = state.seats["role"] != Role.MANAGER if rule else state.seats["role"] == Role.DESK
    assert set(seen.tolist()) == set(np.flatnonzero(anybody).tolist())


def test_whom_the_customer_knows_follows_her():
    state = start(firm("world.notice_open=1.0", burn_in=0), "social", seed=SEED)
    state.customers["knows"][4] = 17
    assert set(noticed(state, open=1, opener=4)) == {17}


@pytest.mark.parametrize("lever", [0.0, 0.4, 1.0])
def test_feedback_is_heard_with_the_lever_and_else_absorbed_politely(lever):
    """A thank-you moves satisfaction by pace·polite·(1 − S), and only where nobody hears her out."""
    state = start(firm("world.feedback=0.5", "world.cocreate=0.0", burn_in=0), Design(hear=lever), seed=SEED)
    state.customers["satisfaction"] = 0.6
    rules, became = state.rules[0], []
    for key in range(DRAWS):
        state.customers["satisfaction"][0] = 0.6
        state.cases["key"][0], state.cases["opener"][0] = key, 0
        became.append(int(hear.feedback(state.firm, np.int64(0))))
        thanked = rules["satisfaction_pace"] * rules["polite"] * 0.4 if became[-1] == hear.THANKED else 0.0
        assert state.customers["satisfaction"][0] == pytest.approx(0.6 + thanked, abs=1e-12)
    for what, share in ((hear.SILENT, 0.5), (hear.HEARD, 0.5 * lever), (hear.THANKED, 0.5 * (1 - lever))):
        assert abs(np.mean(np.array(became) == what) - share) < four_errors(share, DRAWS) + 1e-12


@pytest.mark.parametrize("voices", [1, 2, 5, 100])
def test_a_good_idea_moves_the_product_towards_the_mean_of_its_voices(voices):
    """By step·42/K·min(3, 1 + ln voices) of the way, in each dimension; to rounding."""
    state = start(firm("world.step=0.01", burn_in=0), "social", seed=SEED)
    topics = len(state.topics)
    state.cases["topic"][0], state.cases["good"][0] = 0, 1
    state.market["product"], state.topics["voices"][0] = (0.5, -1.0), voices
    state.topics["aim"][0] = voices * np.array([2.0, 1.0])
    hear.improve(state.firm, np.int64(0))
    pull = 0.01 * 42 / topics * min(3.0, 1 + math.log(voices))
    assert state.market["product"][0].tolist() == pytest.approx([0.5 + pull * 1.5, -1.0 + pull * 2.0], abs=1e-12)


def test_a_bad_idea_moves_the_product_anywhere():
    """By bad_step·42/K exactly, in no direction more than in another: the mean of 2000 units is below 4/√2000."""
    state = start(firm("world.bad_step=0.2", burn_in=0), "social", seed=SEED)
    state.cases["topic"][0], state.cases["good"][0], state.topics["voices"][0] = 0, 0, 1
    moves = []
    for key in range(2000):
        state.cases["key"][0], state.market["product"] = key, 0.0
        hear.improve(state.firm, np.int64(0))
        moves.append(state.market["product"][0] / (0.2 * 42 / len(state.topics)))
    assert np.linalg.norm(moves, axis=1) == pytest.approx(1.0, abs=1e-9)
    assert np.linalg.norm(np.mean(moves, axis=0)) < 4 / math.sqrt(2000)


def test_building_takes_its_hours_at_the_teams_pace_and_no_more():
    state = start(firm("world.build_pace_hours=10.0", burn_in=0), "social", seed=SEED)
    state.topics["build_left"][:3] = 25.0, 10.0, 3.0
    left = []
    for week in range(4):
        hear.build(state.firm, np.int64(week))
        left.append(state.topics["build_left"][:3].tolist())
    assert left == [[15.0, 0.0, 0.0], [5.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert state.books["build_hours"][0] == 25.0 + 10.0 + 3.0
    assert (state.topics["build_left"][3:] < 0).all()


def test_a_voice_says_what_she_wants_but_for_noise_and_who_works_on_it_leaves_no_doubt():
    """Spread voice_noise per dimension over 2000 voices of one customer: 4 standard errors, √(2/n) of a variance."""
    spread = {}
    for cocreate in (0.0, 1.0):
        state = start(firm("world.voice_noise=0.4", f"world.cocreate={cocreate}", burn_in=0), "social", seed=SEED)
        state.market["taste"], said = (0.3, -0.2), []
        for key in range(2000):
            state.topics["aim"][0], state.topics["first_voice"][0], state.customers["voice_at"][0] = 0.0, -1, -1
            state.cases["key"][0], state.cases["opener"][0] = key, 0
            hear.voice(state.firm, np.int64(0), np.int64(0))
            said.append(state.topics["aim"][0] - state.market["taste"][0] - state.customers["taste"][0])
        spread[cocreate] = np.square(said).mean()
        assert state.customers["own_idea"][0] == cocreate
    assert spread[1.0] < 1e-24
    assert abs(spread[0.0] / 0.4**2 - 1) < 4 * math.sqrt(2 / 4000)
