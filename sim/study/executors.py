"""Where runs are computed: in this process, or in several of this machine."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from time import perf_counter
from typing import NamedTuple

from sim.engine import simulate
from sim.own import NOTHING_OWN, Own
from sim.scenario import Scenario
from sim.study.runs import Plan


class Twins(NamedTuple):
    """Runs of one replication: they share their burn-in, so they are computed together."""

    scenario: Scenario
    runs: tuple[Plan, ...]
    own: Own = NOTHING_OWN  # a researcher's rules and measures


class Outcome(NamedTuple):
    """A finished run."""

    run: Plan
    measures: dict[str, float]
    engine_seconds: float


def compute(twins: Twins, progress: Callable[[float], None] | None = None) -> list[Outcome]:
    """Compute twins here and now. The burn-in's time is shared out evenly."""
    began = perf_counter()
    first = twins.runs[0]
    designs = [run.design for run in twins.runs]
    events = [run.events for run in twins.runs]
    summaries = simulate(
        twins.scenario, designs, seed=first.seed, replication=first.replication, events=events, own=twins.own,
        progress=progress,
    )  # fmt: skip
    seconds = (perf_counter() - began) / len(designs)
    return [Outcome(run, summary, seconds) for run, summary in zip(twins.runs, summaries, strict=True)]


def _shifted(progress: Callable[[float], None] | None, done: int) -> Callable[[float], None] | None:
    """Progress of one piece of work as progress of all, after so many."""
    return None if progress is None else lambda share: progress(done + share)


def default_workers() -> int:
    """As many processes as this machine lends us."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_all(
    work: Sequence[Twins], workers: int, progress: Callable[[float], None] | None = None
) -> Iterator[list[Outcome]]:
    """Compute all twins, in whatever order they finish. With one worker, or one piece of work, in this process.

    There `progress` is told how many pieces are done, a started one as the share of it.

    Processes are spawned, on every system alike; only a few pieces wait in their queue, so that an interrupt is quick.
    """
    workers = min(workers, len(work))
    if workers <= 1:
        for done, piece in enumerate(work):
            yield compute(piece, _shifted(progress, done))
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = iter(work)
        pending = {pool.submit(compute, twins) for twins in islice(waiting, 2 * workers)}
        try:
            while pending:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
                    if (twins := next(waiting, None)) is not None:
                        pending.add(pool.submit(compute, twins))
        finally:
            for future in pending:
                future.cancel()
