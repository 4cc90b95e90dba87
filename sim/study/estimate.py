"""What a sweep would take: runs, minutes and megabytes, before it is begun."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.engine import horizon_days, simulate
from sim.measures import MEASURES
from sim.scenario import Design, Scenario
from sim.state import DAYS_A_WEEK
from sim.study import series
from sim.study.conduct import slices
from sim.study.executors import default_workers
from sim.study.experiment import DESIGNS_A_PIECE, Experiment
from sim.study.sweep import opened, rounds
from sim.study.sweepfile import Sweep

TRIED_POINTS, TRIED_DESIGNS, TRIED_WEEKS = 8, 3, 25
BYTES_A_NUMBER, BYTES_A_DAILY_NUMBER, BYTES_A_PART = 8, 2.5, 50_000  # in a part, compressed; of an empty part


@dataclass(frozen=True)
class Estimate:
    """runs: of the whole plan. there: of them stored already. minutes: for the others, with so many workers."""

    points: int
    designs: int
    runs: int
    there: int
    minutes: float
    megabytes: float
    workers: int
    folder: Path


def estimate(
    setup: Sweep, *, replications: int | None = None, workers: int | None = None, out: str | Path | None = None
) -> Estimate:
    """Try a few short firms spread over the plan, and scale their time. With a stopping rule: at its cap."""
    experiment, store = opened(setup, out)
    if setup.until and replications is None:
        replications = setup.until.most
    (pairs,) = rounds(setup, experiment, store, replications)
    plan = slices(experiment, pairs, store.finished())
    runs, missing = (sum(len(getattr(one, name)) for one in plan) for name in ("keys", "missing"))
    processes = min(workers or default_workers(), max(1, missing))
    minutes = missing * _seconds_a_run(experiment) / processes / 60 if missing else 0.0
    days = horizon_days(experiment.scenario.run) * (len(series.COLUMNS) - 1) if experiment.series else 0
    parts = BYTES_A_PART * sum(bool(one.missing) for one in plan)
    size = (parts + missing * (BYTES_A_NUMBER * len(MEASURES) + BYTES_A_DAILY_NUMBER * days)) / 1e6
    shape = (len(experiment.values), len(experiment.designs))
    return Estimate(*shape, runs, runs - missing, minutes, size, processes, store.folder)


def _seconds_a_run(experiment: Experiment) -> float:
    """Engine time of a run, its share of the burn-in included: of a few points and designs, tried for some weeks."""
    points = len(experiment.values)  # drawn, since every n-th point of a grid has the same level of some factor
    numbers = np.random.default_rng(1).choice(points, min(points, TRIED_POINTS), replace=False).tolist()
    names = list(experiment.designs)[:: max(1, len(experiment.designs) // TRIED_DESIGNS)]
    run = experiment.scenario.run
    weeks = run.burn_in_weeks / min(DESIGNS_A_PIECE, len(experiment.designs)) + horizon_days(run) / DAYS_A_WEEK
    total = 0.0
    for number in numbers:
        point = experiment.point(number)
        at_once, a_week = _seconds(point.scenario, [point.designs[name] for name in names])
        total += at_once + weeks * a_week
    return total / len(numbers)


def _seconds(scenario: Scenario, designs: Sequence[Design]) -> tuple[float, float]:
    """What a run takes once, and what it takes a week, from two lengths."""
    took: list[float] = []
    for weeks in (1, TRIED_WEEKS + 1):
        short = scenario.override(["run.burn_in_weeks=0", "run.warm_up_weeks=0", f"run.weeks={weeks}"])
        if not took:  # load compiled code
            simulate(short, designs, seed=1, replication=0)
        began = time.perf_counter()
        simulate(short, designs, seed=1, replication=0)
        took.append((time.perf_counter() - began) / len(designs))
    a_week = max(0.0, took[1] - took[0]) / TRIED_WEEKS
    return max(0.0, took[0] - a_week), a_week
