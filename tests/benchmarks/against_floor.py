"""How far is the engine from the least that any engine of its kind must do?

The floor of a handling: one event taken and one scheduled in the firm's own calendar, one exponential and one uniform
draw, and one row each of people, cases, tasks and queues read and written.
"""

from functools import partial

import numpy as np

from sim.compiled import njit
from sim.draws import Stream, exponential, uniform
from sim.engine import advance, start
from sim.events import next_event, schedule
from sim.scenario import Scenario
from sim.state import NEVER, Event, copy
from tests.benchmarks import Answer, paired_ratio, seconds

SCENARIO = Scenario.load("baseline").override(["run.burn_in_weeks=10", "run.warm_up_weeks=0"])
DAYS, HANDLINGS = 250, 300_000
DESIGNS = ("traditional", "social")


@njit
def least(state, handlings, gap):
    """`gap`: mean ticks until a node's next event, so that the calendar is as full as in the run."""
    seed = state.clock[0].seed
    for ordinal in range(handlings):
        node = next_event(state, NEVER)
        wait = exponential(seed, Stream.SERVICE, node, ordinal)
        schedule(state, node, state.clock[0].now + np.int64(gap * wait), Event.COMPLETION)
        place = np.int64(uniform(seed, Stream.PANEL, node, ordinal) * len(state.seats))
        state.seats[place].busy += node
        state.cases[place].work += node
        state.tasks[place].arrived += node
        state.queues[2 * place].area += node


def run_seconds(design: str) -> float:
    state = start(SCENARIO, design, seed=1)
    before = state.clock["handlings"][0]
    passed = seconds(lambda: advance(state, DAYS))
    return passed / (state.clock["handlings"][0] - before)


def floor_seconds(design: str) -> float:
    state = copy(start(SCENARIO, design, seed=1))
    pending = np.count_nonzero(state.nodes["time"] >= 0)
    per_tick = state.clock["handlings"][0] / state.clock["now"][0]
    gap = pending / per_tick
    return seconds(lambda: least(state.firm, HANDLINGS, gap)) / HANDLINGS


def answer() -> Answer:
    ratios = []
    for design in DESIGNS:
        run_seconds(design), floor_seconds(design)  # compile
        ratios.append(paired_ratio(partial(run_seconds, design), partial(floor_seconds, design)))
    return Answer(f"engine against its floor, {' / '.join(DESIGNS)}", " / ".join(f"{r:.1f} x" for r in ratios), "3 x")
