"""No partner, no deal and no money is lost. Equalities; sums of floating-point numbers to one part in 10⁹."""

import numpy as np
import pytest

from sim.draws import pareto
from sim.engine import advance, start
from sim.measures import summary
from sim.scenario import Design
from sim.state import DAYS_A_WEEK, WEEK, WEEKS_A_YEAR, Disposition, Kind, Status
from tests.firms import firm

WEEKS = 14
BUSTLE = ("world.partners_per_seat=1.5", "world.deal_rate=100.0", "world.partner_leave=2.0", "world.partner_join=2.0",
          "world.leak=0.5")  # fmt: skip
WORLDS = {
    "bustle": firm(*BUSTLE, burn_in=0),  # no burn-in: a deal goes on by the rule under which it began
    "brokers quit": firm(*BUSTLE, "world.quit_rate=6.0", "world.vacancy_weeks=2.0", "world.brokers=0.2", burn_in=0),
    "no brokers": firm(*BUSTLE, "world.brokers=0.0", burn_in=0),
    "one partner": firm(
        "world.deal_rate=200.0", "world.partners_per_seat=0.032", "world.partners_active=1.0", burn_in=0
    ),
    "no patience": firm(*BUSTLE, "world.deal_patience_hours=0.5", "world.find_half_per_seat=2.0", burn_in=0),
}
DESIGNS = {"brokers": "traditional", "platform": Design(connect=1.0, inside=0), "half": Design(connect=0.5)}


@pytest.fixture(scope="module", params=[(name, form) for name in WORLDS for form in DESIGNS], ids=str)
def weekly(request):
    """The firm, and what its tables said at the start and at the end of every week."""
    name, form = request.param
    state = start(WORLDS[name], DESIGNS[form], seed=7)
    seen = [snapshot(state)]
    for _ in range(WEEKS):
        state = advance(state, DAYS_A_WEEK)
        seen.append(snapshot(state))
    return state, seen


def snapshot(state):
    return {name: getattr(state, name).copy()
            for name in ("partners", "books", "market", "clock", "cases", "familiar", "customers")}  # fmt: skip


def pairs(weekly):
    return zip(weekly[1][:-1], weekly[1][1:], strict=True)


def deals(state):
    closed = state.ledger[: state.clock["closed_rows"][0]]
    return closed[closed["kind"] == Kind.DEAL]


def test_partners_are_counted(weekly):
    state, seen = weekly
    for one in seen:
        active = one["partners"]["active"]
        assert one["market"]["active_partners"][0] == active.sum()
        assert set(np.unique(active)) <= {0, 1}
    for before, after in pairs(weekly):
        lives = after["partners"]["lives"] - before["partners"]["lives"]
        assert ((lives % 2 == 1) == (after["partners"]["active"] != before["partners"]["active"])).all()
        assert (after["partners"]["life"] > 0).all()
        on_it = state.rules["platform_customers"][0] * after["customers"]["active"].sum()
        members = after["partners"]["active"].sum() + on_it
        assert after["market"]["platform"][0] == pytest.approx(members, rel=1e-9)


def test_who_left_first_is_dated_once(weekly):
    """Of those who have left since measuring began: the end of the week in which they first did."""
    left = np.full(len(weekly[0].partners), -1)
    for before, after in pairs(weekly):
        gone = (before["partners"]["active"] == 1) & (after["partners"]["active"] == 0) & (left < 0)
        left[gone] = after["clock"]["now"][0]
        assert (after["partners"]["left"] == left).all()
        assert (after["partners"]["panel"] == weekly[1][0]["partners"]["active"]).all()
    assert (left[left >= 0] % WEEK == 0).all()


def test_satisfaction_and_familiarity_are_shares(weekly):
    for one in weekly[1]:
        assert (one["partners"]["satisfaction"] >= 0).all()
        assert (one["partners"]["satisfaction"] <= 1).all()
        assert (one["familiar"] >= 0).all()
        assert (one["familiar"] <= 1).all()
        assert one["market"]["live_deals"][0] >= 0


def test_a_chance_of_business_is_met_or_unmet_or_lapses(weekly):
    """Chances are the deals that were opened; unmet and matched are how they ended; nobody defaults or answers."""
    first = weekly[1][0]["clock"]
    for one in weekly[1]:
        closed = (one["clock"]["closed"] - first["closed"])[0][Kind.DEAL]
        assert one["books"]["chances"][0] == one["clock"]["opened"][0][Kind.DEAL]
        assert one["books"]["unmet"][0] == closed[Disposition.UNMET]
        assert one["books"]["matches"][0] == closed[Disposition.ACCEPTED]
        assert closed.sum() == closed[[Disposition.UNMET, Disposition.ACCEPTED, Disposition.LAPSED]].sum()
        assert one["books"]["good_matches"][0] <= one["books"]["matches"][0]
    assert weekly[1][-1]["books"]["chances"][0] > 0


def test_no_pair_is_unmet_on_the_platform_and_none_met_without_brokers(weekly, request):
    name, form = request.node.callspec.params["weekly"]
    if form == "platform":
        assert (deals(weekly[0])["disposition"] != Disposition.UNMET).all()
        assert (deals(weekly[0])["work"] == 0).all()
    elif form == "brokers" and name == "no brokers":
        assert (deals(weekly[0])["disposition"] == Disposition.UNMET).all()


def test_nobody_waits_longer_than_her_patience(weekly):
    """A deal that ended without a service ended within its patience, to the tick."""
    state = weekly[0]
    patience = round(state.rules["deal_patience_hours"][0] * 1_000_000)
    unserved = deals(state)[deals(state)["first"] < 0]
    assert (unserved["closed"] - unserved["birth"] <= patience).all()
    lapsed = unserved[unserved["disposition"] == Disposition.LAPSED]
    assert (lapsed["closed"] - lapsed["birth"] == patience).all()
    live = state.cases[(state.cases["status"] == Status.LIVE) & (state.cases["kind"] == Kind.DEAL)]
    assert (live["birth"] + patience >= state.clock["now"][0])[live["first"] < 0].all()


def test_fees_are_a_share_of_what_deals_are_worth(weekly, request):
    """Brokers keep theirs of all; a platform its own of what is not closed beside it."""
    rules, books = weekly[0].rules[0], weekly[1][-1]["books"][0]
    form = request.node.callspec.params["weekly"][1]
    if form == "brokers":
        assert books["leaked"] == 0
        assert books["fees"] == pytest.approx(rules["fee_broker"] * books["deal_value"], rel=1e-9)
    elif form == "platform":
        assert books["fees"] == pytest.approx(rules["fee_platform"] * (books["deal_value"] - books["leaked"]), rel=1e-9)
    assert 0 <= books["leaked"] <= books["deal_value"]


def test_profit_is_the_sum_of_its_parts(weekly):
    """Margin, fees, output and decisions, less wages, selling and replacing people, a seat and year."""
    state, books, rules = weekly[0], weekly[1][-1]["books"][0], weekly[0].rules[0]
    measures = summary(state)
    closed = state.ledger[: state.clock["closed_rows"][0]]
    yes = np.isin(closed["disposition"], (Disposition.ACCEPTED, Disposition.DEFAULTED))
    yes &= closed["kind"] == Kind.DECISION
    won = 0.0
    for row in closed[yes]:
        stake = pareto(row["quantile"], rules["stake_alpha"])
        if row["good"]:
            won += stake * np.exp(-rules["urgency"] * (row["closed"] - row["birth"]) / 1e6)
        elif row["discovered"] <= state.clock["now"][0]:
            won -= rules["error_cost"] * stake
    earned = books["margin"] + books["fees"] + books["output"] + rules["decision_money"] * won
    profit = earned - books["wages"] - books["selling"] - books["replacement"]
    seat_years = len(state.seats) * WEEKS / WEEKS_A_YEAR
    assert measures["profit_per_seat"] == pytest.approx(profit / seat_years, rel=1e-9)
    assert measures["ecosystem_value"] == pytest.approx(books["deal_value"] / seat_years, rel=1e-9)
