"""How long does a year of 100 000 seats and 1 000 000 customers take, and how much memory?

Not among the benchmarks that run without a name: it takes minutes. `python -m tests.benchmarks giant`
"""

import resource
import subprocess
import sys

from tests.benchmarks import Answer, seconds

GIANT = """
from sim.engine import simulate
from sim.scenario import Scenario
simulate(Scenario.load("giant"), ["traditional"], seed=1)
"""


def answer() -> Answer:
    subprocess.run([sys.executable, "-c", "import sim.engine"], check=True)
    passed = seconds(lambda: subprocess.run([sys.executable, "-c", GIANT], check=True))
    gigabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return Answer("the giant: a year, traditional", f"{passed / 60:.1f} min, {gigabytes:.1f} GiB", "runs, 16 GiB")
