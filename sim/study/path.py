"""The way from here to there: every measure, stretch of time after stretch of time, for scenarios about change."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from sim.engine import advance, agenda, begin_measuring, horizon_days, start
from sim.measures import MEASURES, summary
from sim.scenario import Scenario
from sim.state import DAYS_A_WEEK, NEVER
from sim.study.executors import default_workers
from sim.study.paired import interval

if TYPE_CHECKING:
    import pandas as pd


def stretches(scenario: Scenario, weeks: int, work: tuple[str, int]) -> list[dict[str, Any]]:
    """One firm (design, replication): all measures of each stretch of so many weeks from day 1 on.

    Measuring begins anew at each stretch, which changes the books and not the firm. A measure that needs a longer time
    (retention after a year) is NaN.
    """
    design, replication = work
    state = start(scenario, design, seed=scenario.run.seed, replication=replication)
    state.clock["measure_day"] = NEVER  # no warm-up is left out
    happenings, days = agenda(scenario, design), horizon_days(scenario.run)
    rows = []
    for first in range(0, days, weeks * DAYS_A_WEEK):
        begin_measuring(state)
        last = min(first + weeks * DAYS_A_WEEK, days)
        state = advance(state, last - first, events=happenings)
        about = {"design": design, "replication": replication, "week": last // DAYS_A_WEEK}
        rows.append(about | summary(state))
    return rows


def path(
    scenario: Scenario, designs: Sequence[str], *, weeks: int, replications: int, workers: int | None = None
) -> "pd.DataFrame":
    """The path of every design: one row a measure, design and stretch, with the difference from the first design.

    Columns: measure, design, week (the last of the stretch), estimate, low, high, difference, difference_low,
    difference_high: means over firms with their 95 % t intervals.
    """
    import pandas as pd

    work = [(design, replication) for replication in range(replications) for design in designs]
    with ProcessPoolExecutor(workers or default_workers(), mp_context=get_context("spawn")) as pool:
        rows = [row for rows in pool.map(partial(stretches, scenario, weeks), work) for row in rows]
    runs = pd.DataFrame(rows).set_index(["design", "week", "replication"]).sort_index()
    lines = []
    for measure in MEASURES:
        for week in runs.index.unique("week"):
            reference = runs.loc[(designs[0], week)][measure.name]
            for design in designs:
                values = runs.loc[(design, week)][measure.name]
                estimates = interval(values.dropna().to_numpy())
                apart = interval((values - reference).dropna().to_numpy())
                lines.append((measure.name, design, int(week), *estimates, *apart))
    names = ("measure", "design", "week", "estimate", "low", "high")
    return pd.DataFrame(lines, columns=[*names, "difference", "difference_low", "difference_high"])
