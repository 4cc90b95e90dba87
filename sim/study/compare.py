"""Compare designs as paired twins: the same people, the same customers, the same draws, other rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.measures import MEASURES
from sim.own import NOTHING_OWN, Own
from sim.scenario import Design, Scenario, ScenarioError
from sim.study.conduct import Progress, carry_out, failures, results
from sim.study.executors import local
from sim.study.experiment import Experiment
from sim.study.store import Store, default_folder

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """What a comparison found.

    table: one row a measure and design (see `paired.tabulate`). runs: one row a run. path: folder of the store.
    reused, computed: how many runs were there already, how many were computed now. failed: runs that failed, with
    error and command. damaged: sentences about parts that had to be computed again.
    """

    table: "pd.DataFrame"
    runs: "pd.DataFrame"
    path: Path
    reused: int
    computed: int
    failed: "pd.DataFrame"
    damaged: Sequence[str]


def compare(
    setup: Scenario | str | Path | None = None,
    *,
    designs: Sequence[str | Design] | None = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    out: str | Path | None = None,
    series: bool = False,
    progress: Progress | None = None,
    own: Own = NOTHING_OWN,
) -> Comparison:
    """Run every design in `replications` pairs of twins and compare each with the first.

    What is not given comes from the scenario. Finished runs are kept in the folder `out` as they come, so a second call
    with more replications computes only what is missing, and an interrupted one goes on. `series`: keep every day's
    figures too. `own`: a researcher's rules and measures; with several workers they have to stand in a module that the
    workers can import.
    """
    scenario = setup if isinstance(setup, Scenario) else Scenario.load(setup if setup is not None else "baseline")
    scenario = _with_run(scenario, replications=replications, seed=seed)
    named = name_designs(scenario, designs)
    experiment = Experiment(scenario, named, own=own, series=series)
    store = Store(Path(out) if out is not None else default_folder(experiment), experiment)
    pairs = [(0, replication) for replication in range(scenario.run.replications)]
    execute = local(workers, experiment.pieces_of_work(len(pairs)))
    asked, tally = carry_out(experiment, store, [pairs], execute, progress=progress)
    from sim.study.paired import tabulate  # after the runs, as pandas: nobody waits for it before the first is done

    runs = results(experiment, store, asked)
    table = tabulate(runs, list(named), (*MEASURES, *own.measures))
    failed = failures(experiment, store, asked)
    return Comparison(table, runs, store.folder, tally.reused, tally.computed, failed, tuple(store.damaged))


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
