"""Statistics of the measures, against hand values and scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.engine import advance, start
from sim.measures import MEASURES, gini, kaplan_meier, quantile, restricted_mean, summary
from tests.firms import firm

lives = st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=60)


@settings(max_examples=80, deadline=None)
@given(lives)
def test_kaplan_meier_is_scipys(sample):
    times, ended = (np.array(column) for column in zip(*sample, strict=True))
    at, survival, cases = kaplan_meier(times.astype(float), ended)
    assert cases == len(times)
    curve = stats.ecdf(stats.CensoredData.right_censored(times.astype(float), ~ended)).sf
    assert np.allclose(survival, curve.evaluate(at))


def test_without_censoring_they_are_the_ordinary_statistics():
    times = np.array([3.0, 1.0, 4.0, 1.5, 9.0])
    curve = kaplan_meier(times, np.ones(5, bool))
    assert quantile(curve, 0.5) == 3.0
    assert restricted_mean(curve, 100.0) == pytest.approx(times.mean())
    assert restricted_mean(curve, 4.0) == pytest.approx(np.minimum(times, 4.0).mean())


def test_a_curve_that_does_not_get_there_has_no_quantile():
    assert np.isnan(quantile(kaplan_meier(np.array([1.0, 5.0, 5.0]), np.array([True, False, False])), 0.5))


def test_gini_by_hand():
    assert gini(np.array([1.0, 1.0, 1.0])) == pytest.approx(0.0)
    assert gini(np.array([0.0, 0.0, 0.0, 1.0])) == pytest.approx(0.75)
    assert np.isnan(gini(np.zeros(3)))


def test_names_are_unique_and_all_are_in_the_summary():
    names = [measure.name for measure in MEASURES]
    assert len(set(names)) == len(names)
    assert list(summary(advance(start(firm(), "social", seed=1), 5))) == names


def test_nothing_is_defined_before_measuring_begins():
    state = advance(start(firm(warm_up=2), "social", seed=1), 10)
    assert all(np.isnan(value) for value in summary(state).values())
    later = summary(advance(state, 5))
    assert np.isfinite(later["decision_hours_median"])


def test_overload_is_said():
    state = advance(start(firm("world.load=6.0", "world.patience_hours=inf"), "traditional", seed=1), 30)
    assert summary(state)["overloaded_share"] > 0.05


def test_open_cases_are_censored_not_dropped():
    """Under overload the cases that are done are the quick ones: leaving the others out would flatter the median."""
    state = advance(start(firm("world.load=6.0", "world.patience_hours=inf"), "traditional", seed=1), 30)
    rows = state.ledger[: state.clock["closed_rows"][0]]
    done = rows[rows["kind"] == 0]
    of_the_done = float(np.median(done["closed"] - done["birth"]) / 1e6)
    assert summary(state)["decision_hours_median"] > 1.2 * of_the_done
