"""Conducting an experiment: what is missing is computed and kept, and the plan's slices become parts of the store."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sim.measures import MEASURES
from sim.study.executors import Executor
from sim.study.experiment import Experiment, Twins, pieces
from sim.study.provenance import command_line, now
from sim.study.store import Store

if TYPE_CHECKING:
    import pandas as pd

RUNS_A_PART = 100
Progress = Callable[[float, int], None]  # runs finished, runs in all; called before the first, then as they go on
Pair = tuple[int, int]  # number of a point, and replication
Shard = tuple[int, int]  # (i, N): the i-th of N shares of the work, from 1
WHOLE: Shard = (1, 1)


@dataclass
class Slice:
    """A fixed slice of the plan: the runs of one part."""

    pairs: list[Pair]
    keys: set[str]  # those that are in no earlier slice
    missing: set[str]


@dataclass
class Tally:
    """What a command did. engine_seconds: time in the engine, summed over processes."""

    runs: int = 0
    reused: int = 0
    computed: int = 0
    engine_seconds: float = 0.0
    wall_seconds: float = 0.0


def slices(experiment: Experiment, pairs: Sequence[Pair], finished: set[str]) -> list[Slice]:
    """The plan cut into slices: so many consecutive twins, whatever is finished. Every key is in one slice."""
    each = max(1, RUNS_A_PART // len(experiment.designs))
    plan, seen = [], set[str]()
    for first in range(0, len(pairs), each):
        together = list(pairs[first : first + each])
        keys = {run.key for pair in together for run in experiment.runs(*pair)} - seen
        seen |= keys
        plan.append(Slice(together, keys, keys - finished))
    return plan


def carry_out(
    experiment: Experiment,
    store: Store,
    rounds: Iterable[Sequence[Pair]],
    execute: Executor,
    *,
    progress: Progress | None = None,
    shard: Shard = WHOLE,
) -> tuple[list[Pair], Tally]:
    """Compute the twins of every round that are missing, and describe what the folder holds, whatever stops us.

    Returns all twins that were asked for, and what it took.
    """
    asked: list[Pair] = []
    tally = Tally()
    began, started = time.perf_counter(), now()
    try:
        for pairs in rounds:
            asked += pairs
            store.describe(plan_table(experiment, asked))  # before the first run: no folder holds who knows what
            plan = slices(experiment, pairs, store.finished())[shard[0] - 1 :: shard[1]]
            conduct(experiment, store, plan, execute, tally, progress)
    finally:
        tally.wall_seconds = time.perf_counter() - began
        store.describe(plan_table(experiment, asked))
        store.tidy()
        shown = {"started": started, "ended": now(), "host": socket.gethostname(), "shard": f"{shard[0]}/{shard[1]}"}
        store.log(**shown, **asdict(tally), command=command_line())
    return asked, tally


def conduct(
    experiment: Experiment,
    store: Store,
    plan: Sequence[Slice],
    execute: Executor,
    tally: Tally,
    progress: Progress | None = None,
) -> None:
    """Compute what is missing in these slices. A finished run is kept at once, a finished slice becomes a part."""
    slice_of = {key: one for one in plan for key in one.missing}
    tally.runs += sum(len(one.keys) for one in plan)
    tally.reused = tally.runs - tally.computed - len(slice_of)
    in_hand = 0  # runs of the piece of work that was handed out last

    def work() -> Iterator[Twins]:
        nonlocal in_hand
        for one in plan:
            for twins in _missing(experiment, one):
                in_hand = len(twins.runs)
                yield twins

    def tell(share: float) -> None:
        if progress is not None:
            progress(tally.reused + tally.computed + share * in_hand, tally.runs)

    for one in plan:
        if not one.missing:
            store.seal(one.keys)
    tell(0.0)
    with closing(execute(work(), tell)) as finished:
        for outcomes, seconds in finished:
            store.keep(outcomes)
            tally.computed += len(outcomes)
            tally.engine_seconds += seconds
            for outcome in outcomes:
                one = slice_of[outcome.run.key]
                one.missing.discard(outcome.run.key)
                if not one.missing:
                    store.seal(one.keys)
            tell(0.0)


def _missing(experiment: Experiment, one: Slice) -> Iterator[Twins]:
    """Pieces of work of a slice; a key that occurs twice is computed once."""
    todo = set(one.missing)
    for pair in one.pairs:
        for together in pieces(experiment.runs(*pair)):
            runs = []
            for run in together:
                if run.key in todo:
                    todo.discard(run.key)
                    runs.append(run)
            if runs:
                yield experiment.twins(pair[0], runs)


# --- tables -----------------------------------------------------------------------------------------------------------


def plan_table(experiment: Experiment, pairs: Sequence[Pair]) -> "pd.DataFrame":
    """What was asked for: one row a point, replication and design, with the key of the run that answers it."""
    import pandas as pd

    rows = []
    for point, replication in pairs:
        factors = experiment.point(point).factors
        for run in experiment.runs(point, replication):
            rows.append({"point": point, **factors, "replication": replication, "design": run.name, "key": run.key})
    return pd.DataFrame(rows)


def results(
    experiment: Experiment, store: Store, pairs: Sequence[Pair], columns: Sequence[str] | None = None
) -> "pd.DataFrame":
    """What was asked for with what was found: one row a point, replication and design that ran, a column a measure."""
    plan = plan_table(experiment, pairs)
    rows = store.read(set(plan["key"]), columns=["key", *columns] if columns else None).to_pandas()
    known = [name for name in plan.columns if name != "key" and name in rows.columns]
    found = plan.merge(rows.drop(columns=known), on="key", how="inner")
    names = columns or [measure.name for measure in (*MEASURES, *experiment.own.measures)]
    return found.reindex(columns=[*found.columns, *(name for name in names if name not in found.columns)])


def failures(experiment: Experiment, store: Store, pairs: Sequence[Pair]) -> "pd.DataFrame":
    """Runs that were asked for and failed: one row each, with its error and the command that runs it again."""
    keys = {run.key for pair in pairs for run in experiment.runs(*pair)}
    rows = store.read(keys, "failures").to_pandas()
    return rows[~rows["key"].isin(store.read(set(rows["key"]), columns=["key"])["key"].to_pylist())]
