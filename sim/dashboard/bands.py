"""Thirty pairs behind the one that the class watches: shipped for the presets, else run in the background.

`python -m sim.dashboard.bands` makes the shipped ones anew.
"""

import functools
import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from threading import Lock
from typing import Any

from sim.dashboard.experiment import Experiment
from sim.dashboard.presets import PRESETS
from sim.dashboard.pulse import PAIRS, band, one_pair
from sim.scenario import Scenario
from sim.study.executors import end_with_parent

SHIPPED = Path(__file__).parent / "bands"
POLL = 0.5  # seconds
KEPT = 50  # bands of other experiments that are remembered


@functools.cache
def shipped(preset: str) -> dict[str, Any] | None:
    """The band that comes with a preset; None where it has not been made."""
    file = SHIPPED / f"{preset}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def shipped_for(experiment: Experiment) -> dict[str, Any] | None:
    """The band that comes with the product, where the experiment is a preset as it is."""
    return shipped(experiment.preset) if experiment == Experiment(experiment.preset) else None


class Workshop:
    """Runs pairs in processes of its own, at low priority, so that nobody's picture stops. One for all sessions."""

    def __init__(self, workers: int | None = None) -> None:
        """workers: processes; half the cores unless said."""
        self._workers = workers or max(1, (os.cpu_count() or 2) // 2)
        self._pool: ProcessPoolExecutor | None = None
        self._known: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._lock = Lock()

    def band(
        self, scenario: Scenario, *, progress: Callable[[int], None], stopped: Callable[[], bool]
    ) -> dict[str, Any] | None:
        """The band of a scenario's two firms; None when it was told to stop, because nobody waits for it any more.

        progress is told how many pairs are there; stopped is asked between pairs.
        """
        key = hashlib.sha256(scenario.to_toml().encode()).hexdigest()
        if (known := self._remembered(key)) is not None:
            return known
        for last_try in (False, True):
            try:
                pairs = self._pairs(scenario, progress, stopped)
                break
            except BrokenProcessPool:
                with self._lock:
                    self._pool = None
                if last_try:
                    raise
        if pairs is None:
            return None
        made = band(pairs)
        with self._lock:
            self._known[key] = made
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return made

    def _remembered(self, key: str) -> dict[str, Any] | None:
        with self._lock:
            return self._known.get(key)

    def _pairs(
        self, scenario: Scenario, progress: Callable[[int], None], stopped: Callable[[], bool]
    ) -> list[list[list[float]]] | None:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(self._workers, mp_context=get_context("spawn"), initializer=_humble)
            pool = self._pool
        futures: dict[Future[list[list[float]]], int] = {}
        found: dict[int, list[list[float]]] = {}
        waiting = iter(range(PAIRS))
        try:
            while len(found) < PAIRS:
                # Few at a time, so that several readers' pairs take turns.
                for replication in islice(waiting, 2 * self._workers - len(futures)):
                    futures[pool.submit(one_pair, scenario, replication)] = replication
                done = wait(futures, timeout=POLL, return_when=FIRST_COMPLETED).done
                if stopped():
                    return None
                for future in done:
                    found[futures.pop(future)] = future.result()
                    progress(len(found))
        finally:
            for future in futures:
                future.cancel()
        return [found[replication] for replication in range(PAIRS)]

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _humble() -> None:
    """Whoever watches goes first; and when the server ends, so does the work for it."""
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(10)


def ship() -> None:
    """Make the band of every preset and store it with the product."""
    SHIPPED.mkdir(exist_ok=True)
    workshop = Workshop(os.cpu_count())
    for preset in PRESETS:
        made = workshop.band(Experiment(preset).scenario(), progress=lambda count: None, stopped=lambda: False)
        (SHIPPED / f"{preset}.json").write_text(json.dumps(made) + "\n", encoding="utf-8")
        print(preset)
    workshop.close()


if __name__ == "__main__":
    ship()
