"""Where runs are computed: on the workers of a Dask scheduler that runs already (so on SLURM, Kubernetes, YARN too)."""

import re
from collections.abc import Generator, Iterable
from concurrent.futures import CancelledError
from contextlib import suppress
from itertools import islice
from typing import Any

from sim.compiled import sources_hash
from sim.scenario import ScenarioError
from sim.study.executors import QUEUED, Done, Progress, compute, failed
from sim.study.experiment import Twins

FIRST_WORKER = 60  # seconds to wait for it


class Cluster:
    """Executor: the workers of a scheduler. Work of a worker that is lost is given to another one."""

    def __init__(self, address: str) -> None:
        """Connect. Raises ScenarioError where the extra is not installed or nobody answers."""
        try:
            from distributed import Client
        except ImportError:
            raise ScenarioError("a cluster needs Dask; python -m pip install 'firmlab[cluster]' installs it.") from None
        if not re.match(r"(tcp|tls|ucx|ws|wss)://\S+:\d+$", address):
            raise ScenarioError(f"--cluster {address} is no address of a scheduler, such as tcp://HOST:8786.")
        self.address = address
        try:
            self.client: Any = Client(address, timeout=10, set_as_default=False)
            self.client.wait_for_workers(1, timeout=FIRST_WORKER)
        except TimeoutError:
            raise ScenarioError(
                f"--cluster {address}: no scheduler, or no worker of one, has answered; start them first."
            ) from None
        except (OSError, ValueError) as error:
            raise ScenarioError(f"--cluster {address}: no scheduler answers there ({error}).") from None

    def __call__(self, work: Iterable[Twins], progress: Progress) -> Generator[Done, None, None]:
        """Compute all work. Raises ScenarioError where a worker has another version, or the scheduler is gone."""
        from distributed import KilledWorker, as_completed

        waiting = iter(work)
        in_hand: dict[str, Twins] = {}
        finished = as_completed(loop=self.client.loop)

        def hand_out() -> None:
            workers = max(1, sum(self.client.nthreads().values()))
            for twins in islice(waiting, max(0, QUEUED * workers - len(in_hand))):
                future = self.client.submit(compute_as, sources_hash(), twins, pure=False)
                in_hand[future.key] = twins
                finished.add(future)

        hand_out()
        try:
            for future in finished:
                twins = in_hand.pop(future.key)
                try:
                    done = future.result()
                except KilledWorker as error:
                    alone = [twins._replace(runs=(run,)) for run in twins.runs]
                    done = Done([failed(one, error, lost=True) for one in alone], 0.0)
                hand_out()
                yield done
        except (CancelledError, OSError):
            raise ScenarioError(
                f"the scheduler at {self.address} is gone; what is finished is kept, and the same command goes on."
            ) from None
        finally:
            with suppress(Exception):  # the scheduler may be gone
                self.client.cancel(list(finished.futures), force=True)

    def __enter__(self) -> "Cluster":
        """To be left when all work is done."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the scheduler and its workers as they were."""
        self.client.close()


def compute_as(model: str, twins: Twins) -> Done:
    """Compute twins, if this worker has the same version of the model as the one who asks."""
    if sources_hash() != model:
        import socket

        raise ScenarioError(
            f"worker {socket.gethostname()} has another version of firmlab (model {sources_hash()}, not {model}); "
            "install the same one there and start again."
        )
    return compute(twins)
