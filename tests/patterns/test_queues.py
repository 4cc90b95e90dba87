"""Waiting: approvals in series, and load. The firm is reduced to a chain of managers, or to one person."""

import numpy as np
import pytest
from scipy.stats import gamma

from sim.engine import advance, horizon_days, start
from sim.scenario import Scenario
from sim.state import TICKS
from tests.patterns import DECISIONS_ALONE, SEED, closed, is_above_0, standard_error
from tests.theory.rows import ALL_YES, EQUAL, QUEUES, per_day, single

LAYERS = (1, 2, 3, 4, 5)
LOADS = (0.3, 0.5, 0.7, 0.9)
REPLICATIONS = 8


def hours(replication: int, weeks: int, *settings: str) -> np.ndarray:
    """Hours from birth to disposition of every case of a firm of queues alone."""
    spans = (f"run.weeks={weeks}", "run.warm_up_weeks=25")
    scenario = Scenario.load("baseline").override([*QUEUES, *DECISIONS_ALONE, *spans, *settings])
    state = start(scenario, "traditional", seed=SEED, replication=replication)
    ledger = closed(advance(state, horizon_days(scenario.run)))
    return (ledger["closed"] - ledger["birth"]) / TICKS


def chain(layers: int, load: float) -> tuple[str, ...]:
    """One asker, whose own work takes no time, and so many managers above her who each screen everything."""
    return ("world.span=1", f"world.staff={layers + 1}", "world.authority=[0.0]", "world.act_hours=0.0",
            "world.screen_hours=1.0", per_day(load), *EQUAL, *ALL_YES)  # fmt: skip


@pytest.fixture(scope="module")
def medians() -> np.ndarray:
    """Median hours of decisions (replications, layers) at load .8 of every layer."""
    return np.array([
        [np.median(hours(replication, 300, *chain(layers, 0.8))) for layers in LAYERS]
        for replication in range(REPLICATIONS)
    ])  # fmt: skip


def test_decisions_take_longer_with_every_layer_of_approval(medians):
    """SF1: decision delay grows with approval layers, linearly at fixed load (Burke 1956; domain C5).

    Statistic: regression of the median latency on layers 1 … 5. Tolerance, as the fact is stated: slope > 0, R² > .9;
    and each median within 4 standard errors of Erlang(k, μ − λ), so that it is this line and not another.
    """
    median = medians.mean(axis=0)
    slope = np.polyfit(LAYERS, median, 1)[0]
    explained = np.corrcoef(LAYERS, median)[0, 1] ** 2
    assert slope > 0
    assert explained > 0.9
    for layer, values in zip(LAYERS, medians.T, strict=True):
        assert abs(values.mean() - gamma.ppf(0.5, layer, scale=1 / 0.2)) < 4 * standard_error(values)


def test_delay_is_convex_in_load():
    """SF2: delay rises ever faster with utilization, W = 1/(1 − ρ) (M/M/1; domain C1).

    Statistic: second differences of the mean time over loads .3, .5, .7, .9. Tolerance: each is positive by 4 standard
    errors over replications, which share their draws across loads; and W(.9)/W(.5), 5 in theory, within 4 of its own.
    """
    means = np.array([
        [hours(replication, 500, *single(load)).mean() for load in LOADS] for replication in range(REPLICATIONS)
    ])  # fmt: skip
    for bend in np.diff(means, 2, axis=1).T:
        assert is_above_0(bend)
    ratio = means[:, -1] / means[:, 1]
    assert abs(ratio.mean() - 5) < 4 * standard_error(ratio)
