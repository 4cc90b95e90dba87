"""Unit costs and the year of the whole firm: reading, counting by hand, against the books, paired money, what-ifs."""

import re
import tomllib

import numpy as np
import pandas as pd
import pytest

from sim.engine import advance, horizon_days, simulate, start
from sim.locale import Words
from sim.report.costs import (
    COLUMNS,
    ITEMS,
    PRICED,
    TOTAL,
    Case,
    Costs,
    cost_table,
    what_if,
    yearly_counts,
    yearly_money,
)
from sim.report.firm import TEMPLATES
from sim.scenario import Scenario, ScenarioError
from sim.state import TICKS, Activity, Disposition, Kind
from sim.study.paired import interval

BASELINE = Scenario.load("baseline")  # 156 seats, 150 weeks, good_share .6, 8 weeks of vacancy
COSTS = Costs(
    currency="EUR", vacancy=1000, hour_of_delay=2, lost_customer=300, wrong_decision=50, missed_decision=30,
    working_hour=40,
)  # fmt: skip
RUN = {
    "decision_hours_median": 3.0, "retention_12m": 0.8, "satisfaction": 70.0,
    "turnover": 0.25, "decision_opened": 3000.0, "decision_closed": 2700.0, "decision_hours_mean": 4.0,
    "churn": 0.2, "active_customers": 500.0, "commission_rate": 0.1, "omission_rate": 0.3, "panel_hours": 2.0,
    "circle_hours": 3.0, "introduction_hours": 0.5, "utilization": 0.25, "abandoned_share": 0.02,
    "request_closed": 1500.0, "fees": 10.0,
}  # fmt: skip


def frame(*rows):
    """Runs: each row a design, a replication, and what differs from RUN."""
    return pd.DataFrame([RUN | {"design": design, "replication": pair, **other} for design, pair, other in rows])


PAIRS = frame(
    ("traditional", 0, {}),
    ("social", 0, {"circle_hours": 6.0, "churn": 0.1}),
    ("traditional", 1, {"circle_hours": 2.0}),
    ("social", 1, {"circle_hours": 9.0, "churn": 0.18}),
    ("traditional", 2, {}),
    ("social", 2, {"circle_hours": 8.0, "churn": 0.2}),
)


def of(table, item):
    return table.set_index("item").loc[item]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_the_form_is_what_the_accounts_of_the_baseline_assume():
    world, form = BASELINE.world, Costs.read(TEMPLATES / "costs.toml")
    stake = world.stake_alpha / (world.stake_alpha - 1)  # mean of the Pareto stakes, the least being 1
    assert form.currency == "hours' wages"
    assert form.working_hour == 1
    assert form.vacancy == world.replacement * 2000
    assert form.lost_customer == world.margin
    assert form.wrong_decision == pytest.approx(world.error_cost * world.decision_money * stake)
    assert form.missed_decision == pytest.approx(world.decision_money * stake)
    assert form.hour_of_delay == pytest.approx(world.urgency * world.decision_money * stake * world.good_share)


GOOD = """currency = "원"
vacancy = 1
hour_of_delay = 2
lost_customer = 3
wrong_decision = 4.5
missed_decision = 2.25
working_hour = 0
"""


def test_costs_are_read(tmp_path):
    path = tmp_path / "costs.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    read = Costs.read(path)
    assert read.model_dump() == tomllib.loads(GOOD)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("vacancy = 1", "", ("vacancy is missing (cost of replacing a person who quits)", "0 to 1e12")),
        ("missed_decision = 2.25", "", ("missed_decision is missing (what a good decision that was rejected",)),
        ("vacancy = 1", "vacancy = -1", ("vacancy = -1 is below", "0 to 1e12")),
        ("vacancy = 1", "vacancy = 2e12", ("vacancy = 2000000000000.0 is above", "0 to 1e12")),
        ("vacancy = 1", "vacancy = nan", ("vacancy = NaN is not a number",)),
        ("vacancy = 1", "vacancy = inf", ("vacancy = Infinity is not a number",)),
        ("vacancy = 1", 'vacancy = "1"', ('vacancy = "1" is not a number',)),
        ("vacancy = 1", "vacancy = true", ("vacancy = true is not a number",)),
        ("vacancy = 1", "vacency = 1", ("vacency is not a key", "did you mean vacancy")),
        ("vacancy = 1", "vacancy = 1\nxyzzy = 2", ("xyzzy is not a key", "the keys are currency, vacancy")),
        ('"원"', "5", ("currency = 5 is not text in quotes", 'such as "EUR"')),
        ('"원"', '""', ('currency = "" is not text in quotes of 1 to 20 letters',)),
        ('"원"', "원", ("cannot be read", "key = value")),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, old, new, words):
    path = tmp_path / "costs.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError) as told:
        Costs.read(path)
    assert str(told.value).startswith(str(path))
    assert "\n" not in str(told.value)
    assert all(word in str(told.value) for word in words), told.value


def test_a_missing_file_names_the_form(tmp_path):
    with pytest.raises(ScenarioError, match="firmlab template costs"):
        Costs.read(tmp_path / "nowhere.toml")


# --- counting ---------------------------------------------------------------------------------------------------------


def test_a_year_is_counted_by_hand():
    counts = yearly_counts(frame(("social", 0, {})), BASELINE).iloc[0]
    assert counts.to_dict() == pytest.approx({
        "quits": 0.25 * 156 / (1 + 0.25 * 8 / 50),
        "delay": 3000 / 3 * 4.0,
        "lost_customers": 100.0,
        "bad_accepted": 0.1 * 0.4 * 900,
        "good_rejected": 0.3 * 0.6 * 900,
        "case_hours": 0.25 * 156 * 2000,
        "panels": 312.0,
        "circles": 468.0,
        "introductions": 78.0,
        "unserved": 10.0,
        "fees": 1560.0,
    })  # fmt: skip


def test_a_run_of_another_length_has_the_same_year():
    runs, longer = frame(("social", 0, {})), BASELINE.override(["run.weeks=300"])
    twice = runs.assign(**{name: 2 * runs[name] for name in ("decision_opened", "decision_closed", "request_closed")})
    pd.testing.assert_frame_equal(yearly_counts(twice, longer), yearly_counts(runs, BASELINE))


def test_vacancies_are_whole_weeks_and_longer_with_care():
    careful = BASELINE.override(["world.hire_vetting=0.3"])  # 10.4 weeks are 11
    found = yearly_counts(frame(("social", 0, {})), careful)["quits"].iloc[0]
    assert found == pytest.approx(0.25 * 156 / (1 + 0.25 * 11 / 50))


def test_a_factor_of_a_sweep_counts_as_it_is_at_its_point():
    runs = frame(("social", 0, {"world.staff": 20, "world.good_share": 0.9, "world.vacancy_weeks": 0.0}))
    counts = yearly_counts(runs, BASELINE).iloc[0]
    found = counts[["quits", "circles", "bad_accepted", "good_rejected"]].tolist()
    assert found == pytest.approx([5.0, 60.0, 9.0, 243.0])


def test_nothing_to_count_is_zero_and_what_is_not_known_is_nan():
    none = {"decision_opened": 0.0, "decision_closed": 0.0, "active_customers": 0.0, "request_closed": 0.0}
    shares = ("decision_hours_mean", "commission_rate", "omission_rate", "churn", "abandoned_share")
    counts = yearly_counts(frame(("social", 0, none | dict.fromkeys(shares, np.nan))), BASELINE).iloc[0]
    empty = ["delay", "bad_accepted", "good_rejected", "lost_customers", "unserved"]
    assert counts[empty].tolist() == [0.0] * len(empty)
    older = yearly_counts(frame(("social", 0, {})).drop(columns="circle_hours"), BASELINE)
    assert older["circles"].isna().all()
    assert yearly_money(older, COSTS)[TOTAL].isna().all()


@pytest.fixture(scope="module")
def twins():
    """Two measured years of both firms: (summary, books, closed decisions), and their scenario."""
    scenario = BASELINE.override(["run.burn_in_weeks=10", "run.warm_up_weeks=5", "run.weeks=100"])
    states = {}
    summaries = simulate(scenario, scenario.designs, seed=1, observe=states.__setitem__)
    found = []
    for number, summary in enumerate(summaries):
        state = states[number]
        closed = state.ledger[: state.clock[0]["closed_rows"]]
        found.append((summary, state.books[0], closed[closed["kind"] == Kind.DECISION]))
    return found, scenario


@pytest.mark.parametrize("number", [0, 1])
def test_counts_are_those_of_the_books(twins, number):
    (summary, books, decisions), scenario = twins[0][number], twins[1]
    counts = yearly_counts(pd.DataFrame([summary]), scenario).iloc[0]
    for item, book in (("lost_customers", "churned"), ("panels", "panel_hours"), ("circles", "circle_hours"),
                       ("introductions", "introduction_hours"), ("fees", "fees")):  # fmt: skip
        assert counts[item] == pytest.approx(books[book] / 2), item
    assert counts["quits"] == pytest.approx(books["quits"] / 2, rel=0.005)
    assert counts["case_hours"] == pytest.approx(books["case_hours"] / 2, rel=0.005)
    good, disposition = decisions["good"] == 1, decisions["disposition"]
    accepted = np.isin(disposition, (Disposition.ACCEPTED, Disposition.DEFAULTED))
    assert counts["bad_accepted"] == pytest.approx((accepted & ~good).sum() / 2, rel=0.02)
    assert counts["good_rejected"] == pytest.approx(((disposition == Disposition.REJECTED) & good).sum() / 2, rel=0.02)
    waited = (decisions["closed"] - decisions["birth"]).sum() / TICKS
    assert counts["delay"] == pytest.approx(waited / 2, rel=0.005)


def test_hours_on_panels_are_hours_on_cases():
    """Every service of the traced firm is in the hours on cases, once, and those on panels are some of them."""
    world = ["world.staff=40", "run.burn_in_weeks=5", "run.warm_up_weeks=0", "run.weeks=20"]
    scenario = BASELINE.override(world)
    state = start(scenario, "social", seed=1, trace=True)
    state = advance(state, horizon_days(scenario.run))
    touches = state.touches[: state.clock[0]["touch_rows"]]
    hours = (touches["end"] - touches["start"]) / TICKS
    on_panels = hours[touches["activity"] == Activity.PANEL].sum()
    books = state.books[0]
    assert books["panel_hours"] == pytest.approx(on_panels)
    assert books["case_hours"] == pytest.approx(hours.sum(), rel=0.005)  # services that go on are in the books
    assert on_panels > 0.2 * hours.sum()  # far more than what the two differ by


# --- comparing --------------------------------------------------------------------------------------------------------


def test_money_is_count_times_cost():
    money = yearly_money(yearly_counts(frame(("social", 0, {})), BASELINE), COSTS).iloc[0]
    assert money["quits"] == pytest.approx(1000 * 37.5)
    assert money["delay"] == pytest.approx(2 * 4000)
    assert money["lost_customers"] == pytest.approx(30_000)
    assert money["bad_accepted"] == pytest.approx(50 * 36)
    assert money["good_rejected"] == pytest.approx(30 * 162)
    assert money[["case_hours", "circles", "introductions"]].tolist() == pytest.approx([3_120_000, 18_720, 3120])
    assert money[TOTAL] == pytest.approx(37_500 + 8000 + 30_000 + 1800 + 4860 + 3_120_000 + 18_720 + 3120)
    assert set(money.index) == {*(item.name for item in PRICED), TOTAL}


def test_an_hour_costs_alike_on_approvals_and_on_panels():
    """Managers' approvals that panels take over, hour for hour, save nothing and cost nothing."""
    moved = frame(("traditional", 0, {"panel_hours": 0.0}), ("social", 0, {"panel_hours": 100.0}))
    assert of(cost_table(moved, BASELINE, "traditional", "social", COSTS), TOTAL)["difference"] == 0.0
    fewer = frame(("traditional", 0, {}), ("social", 0, {"utilization": 0.2, "panel_hours": 100.0}))
    saved = of(cost_table(fewer, BASELINE, "traditional", "social", COSTS), TOTAL)["difference"]
    assert saved == pytest.approx(-0.05 * 156 * 2000 * 40)


def test_differences_are_paired_with_their_interval():
    table = cost_table(PAIRS, BASELINE, "traditional", "social", COSTS)
    assert list(table.columns) == COLUMNS
    assert table["item"].tolist() == [*(item.name for item in ITEMS), TOTAL]
    circles, differences = of(table, "circles"), 156 * np.array([3.0, 7.0, 5.0])
    assert circles["reference"] == pytest.approx(156 * 8 / 3)
    assert circles["own"] == pytest.approx(156 * 23 / 3)
    assert circles[["difference", "low", "high"]].tolist() == pytest.approx(interval(differences))
    money = ["money_difference", "money_low", "money_high"]
    assert circles[money].tolist() == pytest.approx(interval(40 * differences))
    together = 40 * differences + 300 * 500 * np.array([-0.1, -0.02, 0.0])
    total = of(table, TOTAL)
    assert total[money].tolist() == pytest.approx(interval(together))
    assert total[["difference", "low", "high"]].tolist() == total[money].tolist()
    assert total["own"] - total["reference"] == pytest.approx(together.mean())
    assert total["unit"] == "money"


def test_what_money_does_not_hold_is_counted():
    table = cost_table(PAIRS, BASELINE, "traditional", "social", COSTS).set_index("item")
    silent = [item.name for item in ITEMS if not item.price]
    assert silent == ["panels", "unserved", "fees"]
    assert table.loc[silent, ["reference", "own", "difference"]].notna().all(axis=None)
    assert table.loc[silent, ["money_difference", "money_low", "money_high"]].isna().all(axis=None)


def test_without_costs_things_are_counted_and_money_is_not_known():
    table = cost_table(PAIRS, BASELINE, "traditional", "social").set_index("item")
    priced = cost_table(PAIRS, BASELINE, "traditional", "social", COSTS).set_index("item")
    assert table.filter(like="money").isna().all(axis=None)
    assert table.loc[TOTAL, ["reference", "own", "difference", "low", "high"]].isna().all()
    counted = ["reference", "own", "difference", "low", "high"]
    pd.testing.assert_frame_equal(table.loc[:"fees", counted], priced.loc[:"fees", counted])


def test_a_pair_counts_where_both_firms_ran():
    alone = pd.concat([PAIRS, frame(("social", 3, {"circle_hours": 1000.0}), ("other", 0, {}))], ignore_index=True)
    pd.testing.assert_frame_equal(
        cost_table(alone, BASELINE, "traditional", "social", COSTS),
        cost_table(PAIRS, BASELINE, "traditional", "social", COSTS),
    )
    one = cost_table(PAIRS[:2], BASELINE, "traditional", "social", COSTS)
    assert of(one, "circles")["difference"] == 468
    assert np.isnan(of(one, "circles")["low"])


def test_runs_of_several_points_are_refused():
    with pytest.raises(ValueError, match="replication twice"):
        cost_table(pd.concat([PAIRS, PAIRS], ignore_index=True), BASELINE, "traditional", "social")


def test_a_case_is_a_row_of_headlines_and_money():
    calm = frame(
        ("a", 0, {}), ("b", 0, {"retention_12m": 0.9, "satisfaction": 71.0}),
        ("a", 1, {}), ("b", 1, {"retention_12m": 0.7, "decision_hours_median": 1.0}),
    )  # fmt: skip
    cases = [Case("here", PAIRS, "traditional", "social", BASELINE), Case("calm", calm, "a", "b", BASELINE)]
    table = what_if(cases, COSTS).set_index("case")
    names = ("decision_hours_median", "retention_12m", "satisfaction", "money")
    assert list(table.columns) == ["pairs", *(name + end for name in names for end in ("", "_low", "_high"))]
    assert table["pairs"].tolist() == [3, 2]
    total = of(cost_table(PAIRS, BASELINE, "traditional", "social", COSTS), TOTAL)[["difference", "low", "high"]]
    assert table.loc["here", ["money", "money_low", "money_high"]].tolist() == total.tolist()
    assert table.loc["here", "satisfaction"] == 0
    retention = table.loc["calm", ["retention_12m", "retention_12m_low", "retention_12m_high"]].tolist()
    assert retention == pytest.approx(interval(np.array([0.1, -0.1])))
    assert table.loc["calm", ["decision_hours_median", "satisfaction", "money"]].tolist() == [-1.0, 0.5, 0.0]
    assert what_if(cases).filter(like="money").isna().all(axis=None)


def test_an_error_that_loses_more_stakes_costs_more_money():
    runs = frame(("traditional", 0, {}), ("social", 0, {"commission_rate": 0.2})).assign(**{"world.error_cost": 8.0})
    found = what_if([Case("errors", runs, "traditional", "social", BASELINE)], COSTS)["money"].iloc[0]
    assert found == pytest.approx(36 * 50 * 8.0 / BASELINE.world.error_cost)
    free = BASELINE.override(["world.error_cost=0"])  # to nothing there is no proportion
    found = what_if([Case("errors", runs, "traditional", "social", free)], COSTS)["money"].iloc[0]
    assert found == pytest.approx(36 * 50)


# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_item_unit_and_price_has_its_words(language):
    words = Words(language)
    assert words.below("costs.item") == [*(item.name for item in ITEMS), TOTAL]
    assert set(words.below("costs.unit")) == {*(item.unit for item in ITEMS), "money"}
    assert words("costs.unit.money", currency="EUR") == "EUR"
    assert words.below("costs.price") == [name for name in Costs.model_fields if name != "currency"]
    if language == "ko":
        assert all(re.search("[가-힣]", words(f"costs.item.{item.name}")) for item in ITEMS)
