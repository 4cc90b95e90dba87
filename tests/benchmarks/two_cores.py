"""What do two processes gain over one, in 60 runs of the baseline, and what do two bare interpreters?"""

import subprocess
import sys
from tempfile import TemporaryDirectory

from sim.scenario import Scenario
from sim.study.compare import compare
from tests.benchmarks import Answer, paired_ratio, seconds

SCENARIO = Scenario.load("baseline")
BARE = """
from sim.engine import simulate
from sim.scenario import Scenario
for replication in range(8):
    simulate(Scenario.load("baseline"), ["traditional", "social"], seed=1, replication=replication)
"""


def compare_seconds(workers: int) -> float:
    with TemporaryDirectory() as folder:
        return seconds(lambda: compare(SCENARIO, replications=30, workers=workers, out=folder))


def bare_seconds(processes: int) -> float:
    """Seconds until every one of some interpreters has simulated the same eight pairs."""

    def work() -> None:
        for process in [subprocess.Popen([sys.executable, "-c", BARE]) for _ in range(processes)]:
            process.wait()

    return seconds(work)


def answer() -> Answer:
    compare_seconds(2)  # compiles
    ratio = paired_ratio(lambda: compare_seconds(1), lambda: compare_seconds(2), 3)
    bare = paired_ratio(lambda: 2 * bare_seconds(1), lambda: bare_seconds(2), 3)
    return Answer(f"60 runs, two processes against one (two bare ones: {bare:.2f} x)", f"{ratio:.2f} x", "1.8 x")
