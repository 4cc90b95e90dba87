"""Customers: who tells whom, who complains, what a recovery gives, what a tie leaves. Shares: 4 standard errors."""

import math

import numpy as np
import pytest

from sim.engine import start
from sim.rules import customers
from sim.scenario import Design
from sim.state import WEEKS_A_YEAR, Kind
from tests.firms import firm
from tests.rules import four_errors

DRAWS, SEED = 3000, 7
QUIET = ("world.tell_base=0.0", "world.tell_slope=0.0")


def case(state, **columns) -> np.int64:
    state.cases[:1] = np.zeros(1, state.cases.dtype)
    for name, value in columns.items():
        state.cases[name][0] = value
    return np.int64(0)


def begun(*settings: str, design="traditional"):
    return start(firm(*settings, burn_in=0), design, seed=SEED)


@pytest.mark.parametrize(("answered", "chance"), [(0, 0.1), (1, 0.3), (3, 0.7)])
def test_the_squeaky_wheel(answered, chance):
    """complain + squeaky·answered of the bad experiences; none of those that are not bad."""
    state = begun("world.complain=0.1", "world.squeaky=0.2", "world.bad_tolerance=0.1")
    state.customers["answered"][0] = answered
    complained, content = 0, 0
    for key in range(DRAWS):
        case(state, key=key, kind=Kind.REQUEST)
        for surprise in (-0.2, -0.05):
            does = customers.complains(state.firm, np.int64(0), np.int64(0), np.int64(customers.ANSWER), surprise, 0.2)
            complained += does if surprise == -0.2 else 0
            content += does if surprise == -0.05 else 0
    assert abs(complained / DRAWS - chance) < four_errors(chance, DRAWS)
    assert content == 0
    assert state.books["complaints"][0] == complained


def test_a_complaint_about_a_complaint_is_counted_and_opens_nothing():
    state = begun("world.complain=1.0")
    case(state, key=1, kind=Kind.COMPLAINT)
    assert not customers.complains(state.firm, np.int64(0), np.int64(0), np.int64(customers.ANSWER), -0.5, 0.1)
    assert state.books["complaints_again"][0] == 1
    assert state.books["complaints"][0] == 0


def test_a_second_failure_hurts_double():
    """Bad, hurt 2: S moves as two experiences with the same target would; a good one is not doubled."""
    moved = {}
    for hurt in (1.0, 2.0):
        for service in (0.1, 0.9):
            state = begun(*QUIET, "world.fit_weight=0.0", "world.satisfaction_pace=0.2", "world.disconfirmation=0.0")
            state.customers["satisfaction"], state.customers["expectation"] = 0.6, 0.6
            customers.experience(state.firm, np.int64(0), case(state), np.int64(customers.ANSWER), service, hurt)
            moved[hurt, service] = state.customers["satisfaction"][0] - 0.6
    assert moved[1.0, 0.1] == pytest.approx(0.2 * -0.5)
    assert moved[2.0, 0.1] == pytest.approx((1 - 0.8**2) * -0.5)
    assert moved[2.0, 0.9] == moved[1.0, 0.9] == pytest.approx(0.2 * 0.3)


def test_a_complaint_handled_well_lifts_once_and_does_not_keep_more_than_no_failure_would():
    """S gains recover·(1 − S) the first time; the hazard of leaving is that of S without the lift."""
    state = begun(*QUIET, "world.recover=0.5", "world.fit_weight=0.0", "world.satisfaction_pace=0.0", "world.churn=0.2",
                  "world.churn_slope=2.0", "world.churn_reference=0.7")  # fmt: skip
    state.customers["satisfaction"], state.customers["active"], state.customers["life"] = 0.6, 1, 5.0
    for _ in range(2):
        customers.answered(state.firm, case(state, kind=Kind.COMPLAINT, opener=0), np.int64(1))
        assert state.customers["satisfaction"][0] == pytest.approx(0.6 + 0.5 * 0.4)
    assert state.customers["lift"][0] == pytest.approx(0.2)
    customers.come_and_go(state.firm, np.int64(0))
    spent = 5.0 - state.customers["life"]
    assert spent[0] == pytest.approx(spent[1], abs=1e-12)
    assert spent[0] == pytest.approx(0.2 / WEEKS_A_YEAR * math.exp(-2.0 * (0.6 - 0.7)), abs=1e-12)


@pytest.mark.parametrize(("good", "satisfaction"), [(1, 0.6 + 0.1 * 0.4), (0, 0.6 - 0.2 * 0.6)])
def test_a_gift_delights_or_intrudes(good, satisfaction):
    state = begun(*QUIET, "world.delight=0.1", "world.intrusion=0.2")
    state.customers["satisfaction"] = 0.6
    customers.gift(state.firm, case(state, kind=Kind.MOMENT, opener=2, good=good))
    assert state.customers["satisfaction"][2] == pytest.approx(satisfaction)
    assert (state.books["gifts_welcome"][0], state.books["gifts_unwelcome"][0]) == (good, 1 - good)


@pytest.mark.parametrize(("service", "share"), [(0.6, 0.1), (0.9, 0.1 + 0.5 * 0.3), (0.2, 0.1 + 0.5 * 0.4)])
def test_she_tells_the_more_the_larger_the_surprise_either_way(service, share):
    """tell_base + tell_slope·|d|, to `told_to` friends; a good word when X is above neutral."""
    state = begun("world.tell_base=0.1", "world.tell_slope=0.5", "world.told_to=2", "world.fit_weight=0.0",
                  "world.neutral=0.5")  # fmt: skip
    for key in range(DRAWS):
        state.customers["expectation"][0] = 0.6
        customers.experience(state.firm, np.int64(0), case(state, key=key), np.int64(customers.ANSWER), service, 1.0)
    good, bad = state.books["words_good"][0], state.books["words_bad"][0]
    assert abs((good + bad) / 2 / DRAWS - share) < four_errors(share, DRAWS)
    assert (bad == 0) == (service > 0.5)
    assert (good == 0) == (service <= 0.5)


@pytest.mark.parametrize("rewire", [0.0, 0.1, 1.0])
def test_friends_are_neighbours_on_a_ring_but_for_a_share_that_leads_anywhere(rewire):
    state = begun(f"world.rewire={rewire}", "world.friends=8", "world.market_per_seat=20.0")
    people = len(state.customers)
    away = np.array([[(customers.friend(state.firm, np.int64(one), np.int64(slot)) - one) % people for slot in range(8)]
                     for one in range(people)])  # fmt: skip
    ring = np.array([1, -1, 2, -2, 3, -3, 4, -4]) % people
    share = rewire * (1 - 1 / people)  # who is found anywhere may be the neighbour
    assert abs((away != ring).mean() - share) < four_errors(share, 8 * people) + 1e-12


def test_customers_miss_whom_they_know():
    state = begun("world.tie_lost=0.1")
    state.customers["satisfaction"], state.customers["knows"][:4] = (0.5), (7, 8, -1, 7)
    state.customers["satisfaction"][3] = 0.05
    state.seats["leaving"][7] = 1
    customers.miss_the_leaving(state.firm, np.int64(0))
    assert state.customers["knows"][:4].tolist() == [-1, 8, -1, -1]
    assert state.customers["satisfaction"][:4].tolist() == pytest.approx([0.4, 0.5, 0.5, 0.0])


@pytest.mark.parametrize(("channel", "inside", "share"), [(1.0, 1, 0.5), (0.4, 1, 0.2), (1.0, 0, 0.0), (0.0, 1, 0.0)])
def test_the_attached_win_prospects_where_staff_may_speak(channel, inside, share):
    """advocacy·channel of them speak in a week; each moves one prospect by convert·(attachment − norm)."""
    state = begun("world.advocacy=0.5", "world.convert=0.1", "world.attachment_norm=0.5", "world.active_share=0.0",
                  design=Design(channel=channel, inside=inside))  # fmt: skip
    state.seats["attachment"], weeks = 0.9, 200
    before = state.customers["life"].sum()
    for week in range(weeks):
        customers.advocate(state.firm, np.int64(week))
    spoken = (before - state.customers["life"].sum()) / (0.1 * 0.4)
    assert spoken == pytest.approx(round(spoken), abs=1e-6)
    assert abs(spoken / (31 * weeks) - share) < four_errors(share, 31 * weeks) + 1e-12
