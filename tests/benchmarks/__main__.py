"""python -m tests.benchmarks [NAME …]: print each question with its figure; without names all of them."""

import sys
from importlib import import_module

from tests.benchmarks import Answer

NAMES = (
    "against_mesa", "against_simpy", "against_floor", "large_firm", "two_cores", "stepping", "own_rule", "first_pair",
    "overhead",
)  # fmt: skip

if __name__ == "__main__":
    print(f"{'question':64} {'figure':>14}  wanted")
    for name in sys.argv[1:] or NAMES:
        answer: Answer = import_module(f"tests.benchmarks.{name}").answer()
        print(f"{answer.question:64} {answer.figure:>14}  {answer.wanted}", flush=True)
