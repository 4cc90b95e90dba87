"""The pure gatekeeper firm is stationary: what exists of it neither grows nor shrinks over years."""

import math

import numpy as np
import pytest

from sim.engine import advance, start
from sim.state import DAYS_A_YEAR, HOURS_A_YEAR, TICKS
from tests.firms import firm

FIRMS, FROM, YEARS = 12, 3, 10


def totals(state):
    """Ticks of case work of all people, and case-ticks in the firm, since the start."""
    clock = state.clock[0]
    return np.array([state.seats["busy"].sum(),
                     clock["live_area"] + clock["live"] * (clock["now"] - clock["live_changed"])])  # fmt: skip


def yearly(seed):
    """Of each of the years 3 … 10: mean weight of all slots for ties, hours spent on cases, cases in the firm."""
    scenario = firm(burn_in=0, weeks=YEARS * 50)
    state = advance(start(scenario, "traditional", seed=seed), (FROM - 1) * DAYS_A_YEAR)
    values = []
    for _ in range(FROM, YEARS + 1):
        before = totals(state)
        state = advance(state, DAYS_A_YEAR)
        hours, cases = (totals(state) - before) / (HOURS_A_YEAR * TICKS)
        known = np.where(state.tie_to >= 0, state.tie_weight, 0.0)
        values.append((known.mean(), hours / len(state.seats), cases))
    return values


@pytest.fixture(scope="module")
def years():
    return np.array([yearly(seed) for seed in range(FIRMS)])


@pytest.mark.parametrize(("column", "name"), [(0, "ties"), (1, "utilization"), (2, "cases in the firm")])
def test_no_trend_over_years_under_gatekeeper_rules(years, column, name):
    """Slope of each firm's years by least squares; the mean of the slopes lies within 2 standard errors of zero.

    And these are narrow: a drift of a tenth of the mean over the eight years would be seen.
    """
    values = years[:, :, column]
    slopes = np.polyfit(np.arange(values.shape[1]), values.T, 1)[0]
    error = slopes.std(ddof=1) / math.sqrt(FIRMS)
    assert abs(slopes.mean()) < 2 * error, name
    assert 2 * error * values.shape[1] < 0.1 * values.mean(), name
