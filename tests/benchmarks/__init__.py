"""Benchmarks: commands that print a figure as a ratio within one run. Never timed tests; `python -m tests.benchmarks`.

One file a question; each says what was last answered and where. Ratios are medians of paired repeats, because machines
are noisy.
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import NamedTuple


class Answer(NamedTuple):
    """What a benchmark found, beside what it should at least be."""

    question: str
    figure: str
    wanted: str


def seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def paired_ratio(one: Callable[[], float], other: Callable[[], float], repeats: int = 5) -> float:
    """Median over repeats of one's seconds over the other's, measured in turn."""
    return median(one() / other() for _ in range(repeats))
