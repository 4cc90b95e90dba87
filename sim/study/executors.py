"""Where runs are computed: in this process, or in several of this machine. A cluster is in cluster.py."""

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, NamedTuple, Protocol

from sim.engine import simulate
from sim.scenario import ScenarioError
from sim.study.experiment import Run, Twins
from sim.study.series import Series

LOST = "lost: "  # how the error of a run begins that the next command tries again: its process died, or no memory
QUEUED = 2  # pieces of work a process: one in hand, one waiting, so that an interrupt is quick
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

Progress = Callable[[float], None]  # share done of the piece of work in hand


class Outcome(NamedTuple):
    """A finished run: its measures and, where wanted, its daily series; or why it failed."""

    run: Run
    factors: dict[str, float]
    measures: dict[str, float]
    series: dict[str, Any] | None  # columns by name
    error: str  # "" where it went well


class Done(NamedTuple):
    """A finished piece of work."""

    outcomes: list[Outcome]
    engine_seconds: float


class Executor(Protocol):
    """Computes pieces of work, in whatever order they finish."""

    def __call__(self, work: Iterable[Twins], progress: Progress) -> Generator[Done, None, None]:
        """`progress` is told of pieces begun, where that can be known."""


def compute(twins: Twins, progress: Callable[[float], None] | None = None) -> Done:
    """Compute twins here and now. If one of them fails, each is tried alone, so that one failure costs one run."""
    began = time.perf_counter()
    try:
        outcomes = _compute(twins, progress)
    except Exception as error:
        alone = [twins._replace(runs=(run,)) for run in twins.runs]
        lost = isinstance(error, MemoryError | OSError)
        one_run = len(alone) == 1
        outcomes = [failed(twins, error, lost)] if one_run else [one for piece in alone for one in compute(piece)[0]]
    return Done(outcomes, time.perf_counter() - began)


def failed(twins: Twins, error: BaseException, lost: bool) -> Outcome:
    """The outcome of the one run of a piece of work that failed by itself, or was lost to the machine."""
    words = f"{LOST if lost else ''}{type(error).__name__}: {error}"
    return Outcome(twins.runs[0], dict(twins.factors), {}, None, words)


def _compute(twins: Twins, progress: Callable[[float], None] | None) -> list[Outcome]:
    first = twins.runs[0]
    series = [Series() for _ in twins.runs] if twins.series else []
    summaries = simulate(
        twins.scenario,
        [run.design for run in twins.runs],
        seed=first.seed,
        replication=first.replication,
        events=[run.events for run in twins.runs],
        own=twins.own,
        progress=progress,
        observe=(lambda number, firm: series[number].add(firm)) if series else None,
    )
    columns: list[dict[str, Any] | None] = [one.columns() for one in series]
    return [
        Outcome(run, dict(twins.factors), summary, days, "")
        for run, summary, days in zip(twins.runs, summaries, columns or [None] * len(summaries), strict=True)
    ]


def default_workers() -> int:
    """As many processes as this machine lends us."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local(workers: int | None, pieces_of_work: int) -> Executor:
    """As many processes as wanted (one a core unless said), but not more than there are pieces of work."""
    processes = min(workers or default_workers(), pieces_of_work)
    return Processes(processes) if processes > 1 else here


def here(work: Iterable[Twins], progress: Progress) -> Generator[Done, None, None]:
    """Executor: one piece of work after another in this process."""

    def begun(share: float) -> None:
        if share < 1.0:  # else it is finished, which is told when it is kept
            progress(share)

    for piece in work:
        yield compute(piece, begun)


class Processes:
    """Executor: some processes of this machine, spawned on every system alike, one thread each.

    Where a process dies (killed, out of memory), each run that the processes had in hand is computed again in a process
    of its own, and is lost if it takes that one down too.
    """

    def __init__(self, workers: int) -> None:
        """As many processes as `workers`."""
        self.workers = workers

    def __call__(self, work: Iterable[Twins], progress: Progress) -> Generator[Done, None, None]:
        """Compute all work; `progress` is not told of pieces begun."""
        waiting, suspects = iter(work), list[Twins]()
        while True:
            yield from self._together(waiting, suspects)
            if not suspects:
                return
            for twins in suspects:
                for run in twins.runs:
                    yield _alone(twins._replace(runs=(run,)))
            suspects.clear()

    def _together(self, waiting: Iterator[Twins], suspects: list[Twins]) -> Generator[Done, None, None]:
        """Compute work until it ends, or until a process dies: then `suspects` are those that were in hand."""
        pending: dict[Future[Done], Twins] = {}
        drawn: list[Twins] = []  # not handed to the pool yet
        with _pool(self.workers) as pool:
            _refuse_unless_it_starts(pool)
            try:
                while True:
                    drawn += islice(waiting, QUEUED * self.workers - len(pending))
                    while drawn:
                        future = pool.submit(compute, drawn[0])
                        pending[future] = drawn.pop(0)
                    if not pending:
                        return
                    for future in wait(pending, return_when=FIRST_COMPLETED).done:
                        done = future.result()
                        del pending[future]
                        yield done
            except BrokenExecutor:
                suspects += [*pending.values(), *drawn]
            finally:
                for future in pending:
                    future.cancel()


def _refuse_unless_it_starts(pool: ProcessPoolExecutor) -> None:
    """Before any run is blamed. A spawned process first runs the calling script anew, which must not start more."""
    try:
        pool.submit(default_workers).result()
    except BrokenExecutor:
        raise ScenarioError(
            "no process can be started; a script that uses several has to call us below "
            "if __name__ == \"__main__\":, or with workers=1."
        ) from None


def _alone(twins: Twins) -> Done:
    with _pool(1) as pool:
        try:
            return pool.submit(compute, twins).result()
        except BrokenExecutor as error:
            return Done([failed(twins, error, lost=True)], 0.0)


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Spawned processes whose libraries use one thread each, so that together they do not use more than there is."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        with ProcessPoolExecutor(workers, get_context("spawn"), initializer=end_with_parent) as pool:
            yield pool
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def end_with_parent() -> None:
    """A process whose parent was killed ends too, instead of waiting for work for ever."""

    def watch() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()
