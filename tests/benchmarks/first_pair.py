"""How long does a user wait: for `import sim`, and from `firmlab compare` to its first finished pair (compiled)?"""

import subprocess
import sys
from statistics import median

from tests.benchmarks import Answer, seconds

FIRST_PAIR = """
import os
from tempfile import gettempdir
from sim import Scenario, compare

def at_the_first_pair(done, total):
    if done:
        os._exit(0)

compare(Scenario.load("baseline"), replications=1, out=gettempdir() + "/firmlab-first-pair", progress=at_the_first_pair)
"""


def fresh(code: str) -> float:
    """Seconds of a new interpreter that runs the code."""
    return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True))


def answer() -> Answer:
    fresh(FIRST_PAIR)  # compiles
    empty, imported, pair = (median(fresh(code) for _ in range(5)) for code in ("", "import sim", FIRST_PAIR))
    return Answer("import sim / first finished pair", f"{imported - empty:.2f} / {pair:.1f} s", "0.5 / 3 s")
