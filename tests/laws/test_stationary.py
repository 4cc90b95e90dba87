"""The pure gatekeeper firm is stationary: what exists of it neither grows nor shrinks over years."""

import math

import numpy as np
import pytest

from sim.engine import advance, start
from sim.state import DAYS_A_YEAR, HOURS_A_YEAR, TICKS, YEAR
from tests.firms import firm

FIRMS, FROM, YEARS = 24, 3, 10
SAMPLES = 10  # a year, of what is not summed all the time
# Name, and the drift over the eight years, as a share of the mean, that would be seen. The gap between product and
# market is a random walk's, the same for firms of all sizes, so a tenth of it would take 150 firms.
COLUMNS = {
    "ties": 0.1,
    "utilization": 0.1,
    "cases in the firm": 0.1,
    "active customers": 0.1,
    "product gap": 0.3,
    "tenure": 0.1,
    "satisfaction": 0.1,
    "attachment": 0.1,
}


def totals(state):
    """Hours of case work, case-years, and the weekly sums of customers, gap, satisfaction, attachment, since day 1."""
    clock, books = state.clock[0], state.books[0]
    live_area = clock["live_area"] + clock["live"] * (clock["now"] - clock["live_changed"])
    weekly = [books[name] for name in ("customer_weeks", "gap", "active_satisfaction", "attachment", "person_weeks")]
    return np.array([*np.array([state.seats["busy"].sum(), live_area]) / (HOURS_A_YEAR * TICKS), *weekly])


def sampled(state):
    """Mean weight of all slots for ties, and mean tenure of who is there, in years."""
    known = np.where(state.tie_to >= 0, state.tie_weight, 0.0)
    joined = state.seats["joined"][state.seats["vacant"] == 0]
    return known.mean(), (state.clock["now"][0] - joined).mean() / YEAR


def yearly(seed):
    """The columns in each of the years 3 … 10."""
    scenario = firm(burn_in=(FROM - 1) * 50, weeks=(YEARS - FROM + 1) * 50)
    state, values = start(scenario, "traditional", seed=seed), []
    for _ in range(FROM, YEARS + 1):
        before, samples = totals(state), []
        for _ in range(SAMPLES):
            state = advance(state, DAYS_A_YEAR // SAMPLES)
            samples.append(sampled(state))
        hours, cases, customers, gap, satisfaction, attachment, people = totals(state) - before
        ties, tenure = np.mean(samples, axis=0)
        values.append((ties, hours / len(state.seats), cases, customers / 50, gap / 50, tenure,
                       satisfaction / customers, attachment / people))  # fmt: skip
    return values


@pytest.fixture(scope="module")
def years():
    return np.array([yearly(seed) for seed in range(FIRMS)])


@pytest.mark.parametrize("name", COLUMNS)
def test_no_trend_over_years_under_gatekeeper_rules(years, name):
    """Slope of each firm's years by least squares; the mean of the slopes lies within 2 standard errors of zero.

    And these are narrow: a drift of a tenth of the mean over the eight years would be seen (of the gap, of .3).
    """
    values = years[:, :, list(COLUMNS).index(name)]
    slopes = np.polyfit(np.arange(values.shape[1]), values.T, 1)[0]
    error = slopes.std(ddof=1) / math.sqrt(FIRMS)
    assert abs(slopes.mean()) < 2 * error, name
    assert 2 * error * values.shape[1] < COLUMNS[name] * values.mean(), name
