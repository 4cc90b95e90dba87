"""Where runs are computed: on the workers of a Dask scheduler that runs already (so on SLURM, Kubernetes, YARN too)."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sim.compiled import sources_hash
from sim.scenario import ScenarioError
from sim.study.executors import QUEUED, Done, Progress, compute, failed
from sim.study.experiment import Twins


class Cluster:
    """Executor: the workers of a scheduler. Work of a worker that is lost is given to another one."""

    def __init__(self, address: str) -> None:
        """Connect. Raises ScenarioError where the extra is not installed or nobody answers."""
        try:
            from distributed import Client
        except ImportError:
            raise ScenarioError("a cluster needs Dask; python -m pip install 'firmlab[cluster]' installs it.") from None
        try:
            self.client: Any = Client(address, timeout=10, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ScenarioError(f"--cluster {address}: no Dask scheduler answers there ({error}).") from None

    def __call__(self, work: Iterable[Twins], progress: Progress) -> Iterator[Done]:
        """Compute all work. Raises ScenarioError where a worker has another version of the model."""
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
                    done = Done([failed(twins._replace(runs=(run,)), error) for run in twins.runs], 0.0)
                hand_out()
                yield done
        finally:
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
