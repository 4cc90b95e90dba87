"""Compare designs as paired twins: the same people, the same customers, the same draws, other rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures import MEASURES, Measure
from sim.own import NOTHING_OWN, Own
from sim.scenario import Design, Scenario, ScenarioError
from sim.study.executors import Outcome, Twins, default_workers, run_all
from sim.study.runs import Plan, plan
from sim.study.store import RUNS_A_PART, Store, as_row, command_line, default_folder

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95
Progress = Callable[[float, int], None]  # runs finished, runs in all; called before the first, then as they go on


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    table: one row a measure and design (see `tabulate`). runs: one row a run. path: folder of the store.
    reused, computed: how many runs were there already, how many were computed now.
    """

    table: "pd.DataFrame"
    runs: "pd.DataFrame"
    path: Path
    reused: int
    computed: int


def compare(
    setup: Scenario | str | Path | None = None,
    *,
    designs: Sequence[str | Design] | None = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    own: Own = NOTHING_OWN,
) -> Comparison:
    """Run every design in `replications` pairs of twins and compare each with the first.

    What is not given comes from the scenario. Finished runs are kept in the folder `out` as they come, so a second call
    with more replications computes only what is missing, and an interrupted one goes on. `own`: a researcher's rules
    and measures; with several workers they have to stand in a module that the workers can import.
    """
    scenario = setup if isinstance(setup, Scenario) else Scenario.load(setup if setup is not None else "baseline")
    scenario = _with_run(scenario, replications=replications, seed=seed)
    named = name_designs(scenario, designs)
    runs = plan(scenario, named, scenario.run.seed, scenario.run.replications, own)
    store = Store(Path(out) if out is not None else default_folder(scenario, own), scenario, own)
    rows = store.read(run.key for run in runs)
    reused = len(rows)
    missing = _twins(scenario, [run for run in runs if run.key not in rows], own)
    total = reused + sum(len(twins.runs) for twins in missing)
    unsaved: list[Outcome] = []
    if progress is not None:
        progress(reused, total)
    try:
        for outcomes in run_all(missing, workers or default_workers(), _of_runs(missing, reused, total, progress)):
            unsaved += outcomes
            rows |= {outcome.run.key: as_row(outcome) for outcome in outcomes}
            if len(unsaved) >= RUNS_A_PART:
                store.write(unsaved)
                unsaved = []
            if progress is not None:
                progress(len(rows), total)
    finally:
        if unsaved:
            store.write(unsaved)
        store.write_manifest(runs, command_line())
    import pandas as pd  # after the runs: nobody waits for it before the first of them is done

    table = pd.DataFrame([rows[run.key] | {"design": run.name} for run in runs])
    measures = (*MEASURES, *own.measures)
    return Comparison(tabulate(table, list(named), measures), table, store.folder, reused, len(rows) - reused)


def _of_runs(
    missing: Sequence[Twins], reused: int, total: int, progress: Progress | None
) -> Callable[[float], None] | None:
    """Progress in runs, from progress in pieces of work; whole pieces are told once they are kept."""
    if progress is None or not missing:
        return None
    each = len(missing[0].runs)

    def tell(pieces: float) -> None:
        if pieces % 1:
            progress(reused + pieces * each, total)

    return tell


def _with_run(scenario: Scenario, **values: int | None) -> Scenario:
    """The scenario with another number of replications or another seed, checked like any key."""
    return scenario.override([f"run.{name}={value}" for name, value in values.items() if value is not None])


def name_designs(scenario: Scenario, designs: Sequence[str | Design] | None) -> dict[str, Design]:
    """Designs by name, in order. A Design given as such gets the name of the equal built-in one, or a number."""
    named: dict[str, Design] = {}
    for number, design in enumerate(designs if designs is not None else scenario.designs, 1):
        name = design if isinstance(design, str) else f"design-{number}"
        if name in named:
            raise ScenarioError(f"designs names {name!r} twice; leave one out.")
        named[name] = scenario.design(design)
    if len(named) < 2:
        raise ScenarioError("a comparison needs two designs or more; the first is the reference.")
    return named


def _twins(scenario: Scenario, runs: Sequence[Plan], own: Own) -> list[Twins]:
    """Missing runs, those of a replication together; a key that occurs twice is computed once."""
    pairs: dict[int, dict[str, Plan]] = {}
    for run in runs:
        pairs.setdefault(run.replication, {}).setdefault(run.key, run)
    return [Twins(scenario, tuple(together.values()), own) for together in pairs.values()]


def tabulate(
    runs: "pd.DataFrame", designs: Sequence[str], measures: Sequence[Measure] = MEASURES
) -> "pd.DataFrame":
    """Estimates and paired differences: one row a measure and design, the first design being the reference.

    estimate, low, high: mean over runs with its 95 % t interval. difference, …: the same of the paired differences.
    twins_better, twins_equal, twins_worse: shares of pairs, by the measure's direction. effect: Cohen's d, the mean
    difference over the pooled standard deviation of the two designs. pairing_gain: variance of the difference of
    independent runs over that of the paired ones, so how many times more runs it would take without common random
    numbers. pairs: pairs in which both firms have the measure.
    """
    import pandas as pd

    by_design = {name: runs[runs["design"] == name].set_index("replication") for name in designs}
    rows = []
    for measure in measures:
        reference = by_design[designs[0]][measure.name]
        for name in designs:
            values = by_design[name][measure.name]
            row: dict[str, Any] = {"measure": measure.name, "unit": measure.unit, "better": measure.better}
            row |= {"design": name, "reference": designs[0]}
            row |= dict(zip(("estimate", "low", "high"), interval(values.dropna().to_numpy()), strict=True))
            rows.append(row | _difference(measure, values, reference, name == designs[0]))
    return pd.DataFrame(rows)


def _difference(
    measure: Measure, values: "pd.Series[float]", reference: "pd.Series[float]", itself: bool
) -> dict[str, Any]:
    names = ("difference", "difference_low", "difference_high", "twins_better", "twins_equal", "twins_worse", "effect")
    row: dict[str, Any] = dict.fromkeys((*names, "pairing_gain"), np.nan)
    both = values.to_frame("own").join(reference.rename("reference"), how="inner").dropna()
    row["pairs"] = len(both)
    if itself or not len(both):
        return row
    own, theirs = both["own"].to_numpy(), both["reference"].to_numpy()
    differences = own - theirs
    row |= dict(zip(names[:3], interval(differences), strict=True))
    if measure.better != "neither":
        sign = 1.0 if measure.better == "more" else -1.0
        row["twins_better"] = float((sign * differences > 0).mean())
        row["twins_equal"] = float((differences == 0).mean())
        row["twins_worse"] = float((sign * differences < 0).mean())
    if len(both) > 1:
        apart = own.var(ddof=1) + theirs.var(ddof=1)
        together = differences.var(ddof=1)
        row["effect"] = differences.mean() / np.sqrt(apart / 2) if apart > 0 else np.nan
        row["pairing_gain"] = apart / together if together > 0 else np.nan
    return row


def interval(values: "np.ndarray[Any, Any]") -> tuple[float, float, float]:
    """Mean and 95 % t interval; without spread to judge by (one value) the interval is NaN."""
    if not len(values):
        return np.nan, np.nan, np.nan
    mean = float(values.mean())
    if len(values) == 1:
        return mean, np.nan, np.nan
    from scipy.special import stdtrit  # Student's t; as pandas, loaded after the runs

    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, 0.5 + CONFIDENCE / 2)) * error
    return mean, mean - half, mean + half
