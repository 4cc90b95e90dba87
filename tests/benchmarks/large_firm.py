"""Does a handling cost more in a firm of 20 000 people than in one of 200?"""

from sim.engine import advance, start
from tests.benchmarks import Answer, paired_ratio, seconds
from tests.peers import reduced


def seconds_a_handling(staff: int, weeks: int) -> float:
    state = start(reduced(staff=staff, weeks=weeks), "traditional", seed=1)
    passed = seconds(lambda: advance(state, weeks * 5))
    return passed / state.clock["handlings"][0]


def answer() -> Answer:
    seconds_a_handling(200, 1)  # compiles
    ratio = paired_ratio(lambda: seconds_a_handling(20_000, 4), lambda: seconds_a_handling(200, 50), 3)
    return Answer("time of a handling, 20 000 people against 200", f"{ratio:.2f} x", "at most 2.5 x")
