"""How long do all 64 corners of the six levers take, 30 replications each, on two cores?

Four replications are run and the time is scaled. Not among the benchmarks that run without a name.
"""

from itertools import product
from tempfile import TemporaryDirectory

from sim.scenario import Design, Scenario
from sim.study.compare import compare
from tests.benchmarks import Answer, seconds

LEVERS = ("contact", "consult", "approve", "connect", "hear", "meet")
RUN, WANTED = 4, 30


def answer() -> Answer:
    designs = [Design(**dict(zip(LEVERS, corner, strict=True))) for corner in product((0.0, 1.0), repeat=6)]
    with TemporaryDirectory() as folder:
        passed = seconds(lambda: compare(Scenario.load("baseline"), designs=designs, replications=RUN, out=folder))
    return Answer("64 designs, 30 replications", f"{passed * WANTED / RUN / 60:.1f} min", "at most 8 min")
