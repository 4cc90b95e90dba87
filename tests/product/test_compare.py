"""The statistics of a comparison, by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.measures import MEASURES
from sim.scenario import Scenario, ScenarioError
from sim.study.compare import name_designs
from sim.study.observed import by_handoffs, straightness
from sim.study.paired import interval, tabulate
from tests.firms import firm

OLD, NEW = [4.0, 5.0, 6.0, 5.0], [3.0, 5.0, 4.0, 7.0]


def frame(**columns):
    """Runs of two designs in which every other measure is 1."""
    rows = []
    for design, place in (("old", 0), ("new", 1)):
        for replication in range(4):
            row = {measure.name: 1.0 for measure in MEASURES} | {"design": design, "replication": replication}
            rows.append(row | {name: values[place][replication] for name, values in columns.items()})
    return pd.DataFrame(rows).sample(frac=1.0, random_state=1)  # the order of rows means nothing


def row(table, measure, design="new"):
    return table.set_index(["measure", "design"]).loc[(measure, design)]


def test_estimates_and_paired_differences():
    found = row(tabulate(frame(decision_hours_median=(OLD, NEW)), ["old", "new"]), "decision_hours_median")
    differences = np.subtract(NEW, OLD)  # -1, 0, -2, 2
    assert found["estimate"] == pytest.approx(4.75)
    assert found["difference"] == pytest.approx(-0.25)
    paired = stats.ttest_rel(NEW, OLD).confidence_interval(0.95)
    assert (found["difference_low"], found["difference_high"]) == pytest.approx(tuple(paired))
    one = stats.ttest_1samp(NEW, 0).confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx(tuple(one))
    assert tuple(found[f"twins_{word}"] for word in ("better", "equal", "worse")) == (0.5, 0.25, 0.25)
    apart = np.var(NEW, ddof=1) + np.var(OLD, ddof=1)
    assert found["pairing_gain"] == pytest.approx(apart / np.var(differences, ddof=1))
    assert found["effect"] == pytest.approx(-0.25 / np.sqrt(apart / 2))


def test_more_is_better_turns_the_twins_round():
    table = tabulate(frame(right_share=(OLD, NEW), utilization=(OLD, NEW)), ["old", "new"])
    found = row(table, "right_share")
    assert tuple(found[f"twins_{word}"] for word in ("better", "equal", "worse")) == (0.25, 0.25, 0.5)
    assert np.isnan(row(table, "utilization")["twins_better"]), "neither way is better"


def test_pairs_without_the_measure_are_left_out():
    gap = [np.nan, *NEW[1:]]
    found = row(tabulate(frame(request_hours_mean=(OLD, gap)), ["old", "new"]), "request_hours_mean")
    assert found["pairs"] == 3
    assert found["difference"] == pytest.approx(np.mean([0.0, -2.0, 2.0]))


def test_no_spread_has_no_gain_and_one_run_no_interval():
    assert np.isnan(row(tabulate(frame(), ["old", "new"]), "right_share")["pairing_gain"])
    assert interval(np.array([3.0]))[0] == 3.0
    assert np.isnan(interval(np.array([3.0]))[1])
    assert np.isnan(interval(np.array([]))[0])


def test_intervals_cover_what_they_say():
    rng = np.random.default_rng(3)
    covered = [low <= 2.0 <= high for _, low, high in (interval(rng.normal(2.0, 1.0, 8)) for _ in range(4000))]
    assert 0.935 < np.mean(covered) < 0.965  # 95 % with 4 standard errors of .0034


def test_designs_are_named_once_and_at_least_two():
    assert list(name_designs(firm(), None)) == ["traditional", "social"]
    with pytest.raises(ScenarioError, match="two designs"):
        name_designs(firm(), ["social"])
    with pytest.raises(ScenarioError, match="twice"):
        name_designs(firm(), ["social", "social"])


def test_hours_by_handoffs_stand_beside_the_observed():
    volvo = Scenario.load("volvo-it")
    table = tabulate(frame(request_hours_handoffs_2=(OLD, NEW)), ["old", "new"])
    hours = by_handoffs(volvo, table)
    assert list(hours) == ["observed", "old", "new"]
    assert hours["observed"].tolist() == [0.2, 10.5, 20.4, 30.3, 32.0, 55.0]
    assert hours.loc[2, "new"] == pytest.approx(4.75)


def test_straightness_is_r_squared():
    assert straightness(pd.Series([1.0, 3.0, 5.0, 7.0])) == pytest.approx(1.0)
    assert straightness(pd.Series([0.2, 10.5, 20.4, 30.3, 32.0, 55.0])) == pytest.approx(
        np.corrcoef(range(6), [0.2, 10.5, 20.4, 30.3, 32.0, 55.0])[0, 1] ** 2
    )
    gap = pd.Series([1.0, np.nan, 5.0, 7.0])
    assert straightness(gap) == pytest.approx(stats.pearsonr([0, 2, 3], [1, 5, 7])[0] ** 2)
    assert np.isnan(straightness(pd.Series([1.0, np.nan, 5.0])))
