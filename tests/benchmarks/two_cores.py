"""What do two processes gain over one, in 60 runs of the baseline?"""

from tempfile import TemporaryDirectory

from sim.scenario import Scenario
from sim.study.compare import compare
from tests.benchmarks import Answer, paired_ratio, seconds

SCENARIO = Scenario.load("baseline")


def compare_seconds(workers: int) -> float:
    with TemporaryDirectory() as folder:
        return seconds(lambda: compare(SCENARIO, replications=30, workers=workers, out=folder))


def answer() -> Answer:
    compare_seconds(2)  # compiles
    ratio = paired_ratio(lambda: compare_seconds(1), lambda: compare_seconds(2), 3)
    return Answer("60 runs of the baseline, two processes against one", f"{ratio:.2f} x", "1.8 x")
