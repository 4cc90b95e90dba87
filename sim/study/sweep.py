"""Sweeps: an experiment over many points, its runs kept in the store, and what can be read off them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.own import NOTHING_OWN, Own
from sim.scenario import ScenarioError
from sim.study.conduct import WHOLE, Pair, Progress, Shard, carry_out, failures, plan_table, results, slices
from sim.study.durable import StoreError
from sim.study.executors import Executor, local
from sim.study.experiment import Experiment
from sim.study.stopping import BATCH, Until
from sim.study.store import Store, default_folder
from sim.study.sweepfile import Sweep

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Study:
    """What a sweep found.

    runs: one row a point, replication and design, with the factors' values and a column a measure. failed: runs that
    failed, with error and command. path: folder of the store. reused, computed: runs that were there, runs computed
    now. engine_seconds: time in the engine, over all processes. damaged: sentences about parts computed again.
    """

    sweep: Sweep
    experiment: Experiment
    runs: "pd.DataFrame"
    failed: "pd.DataFrame"
    path: Path
    reused: int
    computed: int
    engine_seconds: float
    wall_seconds: float
    damaged: Sequence[str]

    @property
    def reference(self) -> str:
        """Name of the design that the others are compared with."""
        return next(iter(self.experiment.designs))

    def differences(self, measure: str, design: str) -> Array:
        """Paired differences design minus reference: points × replications, NaN where a run lacks the measure."""
        table = self.runs.set_index(["point", "replication", "design"])[measure].unstack("design")
        table = table.reindex(columns=list(self.experiment.designs))
        apart = (table[design] - table[self.reference]).unstack("replication")
        return apart.reindex(range(len(self.experiment.values))).to_numpy(float)


def sweep(
    setup: Sweep | str | Path,
    *,
    replications: int | None = None,
    workers: int | None = None,
    execute: Executor | None = None,
    out: str | Path | None = None,
    shard: Shard = WHOLE,
    progress: Progress | None = None,
    own: Own = NOTHING_OWN,
) -> Study:
    """Run a sweep: every point of its plan, every design, as twins. What is stored already is not computed again.

    setup: a Sweep, the path of a sweep file, or the name of a built-in one. execute: where runs are computed, processes
    of this machine unless given (`cluster.Cluster`). shard: (i, N) computes the i-th of N shares of the plan.
    """
    setup = setup if isinstance(setup, Sweep) else Sweep(setup)
    if shard != WHOLE:
        _refuse_unfixed(setup, replications)
    if not 1 <= shard[0] <= shard[1]:
        raise ScenarioError(f"shard {shard[0]}/{shard[1]} is none; they are 1/N to N/N.")
    experiment, store = opened(setup, out, own)
    most = replications or (setup.until.most if setup.until else setup.replications)
    asked, tally = carry_out(
        experiment,
        store,
        rounds(setup, experiment, store, replications),
        execute or local(workers, experiment.pieces_of_work(most)),
        progress=progress,
        shard=shard,
    )
    return Study(
        setup, experiment, results(experiment, store, asked), failures(experiment, store, asked), store.folder,
        tally.reused, tally.computed, tally.engine_seconds, tally.wall_seconds, tuple(store.damaged),
    )  # fmt: skip


def _refuse_unfixed(setup: Sweep, replications: int | None) -> None:
    if setup.until and replications is None:
        raise ScenarioError("a sweep that stops by precision has no fixed plan to share out; give --replications.")


def opened(setup: Sweep, out: str | Path | None = None, own: Own = NOTHING_OWN) -> tuple[Experiment, Store]:
    """The experiment and its folder."""
    experiment = setup.experiment(own)
    return experiment, Store(Path(out) if out is not None else default_folder(experiment, setup.name), experiment)


def rounds(
    setup: Sweep, experiment: Experiment, store: Store, replications: int | None = None
) -> Iterator[Sequence[Pair]]:
    """Which twins to run: all at once, or batch after batch at those points that are not precise enough yet."""
    points = range(len(experiment.values))
    if setup.until is None or replications is not None:
        yield [(point, pair) for point in points for pair in range(replications or setup.replications)]
        return
    until, done = setup.until, 0
    open_points = list(points)
    while open_points:
        batch = range(done, min(done + BATCH, until.most))
        yield [(point, pair) for point in open_points for pair in batch]
        done = batch.stop
        open_points = [point for point in open_points if not _enough(experiment, store, until, point, done)]


def _enough(experiment: Experiment, store: Store, until: Until, point: int, pairs: int) -> bool:
    """Is every design's difference from the reference known well enough at this point?"""
    runs = results(experiment, store, [(point, pair) for pair in range(pairs)], columns=[until.measure])
    reference, *others = experiment.designs
    values = runs.set_index(["replication", "design"])[until.measure].unstack("design")
    values = values.reindex(index=range(pairs), columns=[reference, *others])
    return all(until.enough((values[name] - values[reference]).to_numpy(float)) for name in others)


# --- shards -----------------------------------------------------------------------------------------------------------


def merge(
    setup: Sweep, sources: Sequence[Path], *, replications: int | None = None, out: str | Path | None = None,
    own: Own = NOTHING_OWN,
) -> Study:  # fmt: skip
    """Put the shards of a sweep together, from other folders too, and see that nothing is missing.

    Raises StoreError that names the shards that are missing.
    """
    _refuse_unfixed(setup, replications)
    experiment, store = opened(setup, out, own)
    (pairs,) = rounds(setup, experiment, store, replications)
    logs = [folder / "log.jsonl" for folder in (store.folder, *sources)]
    for source in sources:
        if not (source / "manifest.json").exists():
            raise StoreError(f"--from {source} holds no experiment.")
        store.describe(plan_table(experiment, pairs))
        store.take_over(Store(source, experiment, only_read=True))
    plan = slices(experiment, pairs, store.finished())
    if missing := [number for number, one in enumerate(plan) if one.missing]:
        raise StoreError(_missing_shards(missing, sum(len(one.missing) for one in plan), _shares(logs)))
    return sweep(setup, replications=replications, out=out, own=own)


def _shares(logs: Sequence[Path]) -> int:
    """Into how many shards the plan was cut, as the logs of the folders say; 1 where none was."""
    lines = [line for log in logs if log.exists() for line in log.read_text(encoding="utf-8").splitlines()]
    found = [re.search(r'"shard": "\d+/(\d+)"', line) for line in lines]  # a line may be cut off
    return max([int(shard[1]) for shard in found if shard], default=1)


def _missing_shards(numbers: Sequence[int], runs: int, shares: int) -> str:
    missing = sorted({number % shares + 1 for number in numbers})
    if shares == 1:
        return f"{runs} runs are missing, and no shard has been here; run firmlab sweep FILE --shard 1/N and so on."
    named = ", ".join(f"{i}/{shares}" for i in missing)
    return f"{runs} runs are missing, of shard {named}; run firmlab sweep FILE --shard {missing[0]}/{shares} and so on."
