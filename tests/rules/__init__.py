"""The rules one by one: a rule is asked directly about a case made by hand, or read off the trace of a small firm."""

from collections import defaultdict

import numpy as np

from sim.state import State, activity_of, verb_of, who_of


def ask(rule, state: State, seat: int = -1, **columns) -> tuple[int, int, int]:
    """What a rule wants (verb, activity, who) of a case with these columns; it stays in the first row of the pool."""
    state.cases[:1] = np.zeros(1, state.cases.dtype)
    for name, value in columns.items():
        state.cases[name][0] = value
    return again(rule, state, seat)


def again(rule, state: State, seat: int = -1, **columns) -> tuple[int, int, int]:
    """The same of the case as it stands, after a change of some columns."""
    for name, value in columns.items():
        state.cases[name][0] = value
    step = rule(state.firm, np.int64(0), np.int64(seat))
    return int(verb_of(step)), int(activity_of(step)), int(who_of(step))


def rows(state: State) -> np.ndarray:
    """What was decided."""
    return state.ledger[: state.clock["closed_rows"][0]]


def touches(state: State) -> np.ndarray:
    """All services, in the order in which they ended."""
    return state.touches[: state.clock["touch_rows"][0]]


def services(state: State) -> dict[int, list[np.void]]:
    """The services of each case, in the order in which they ended."""
    by_case = defaultdict(list)
    for touch in touches(state):
        by_case[int(touch["case"])].append(touch)
    return by_case


def superiors(state: State, seat: int) -> list[int]:
    """Who stands above a seat, the nearest first."""
    chain = []
    while (seat := int(state.seats["parent"][seat])) >= 0:
        chain.append(seat)
    return chain


def experts(state: State, topic: int) -> np.ndarray:
    """Who knows a topic as an expert, by what each knows."""
    knows = (state.know_topic == topic) & (state.know_level >= state.rules["expert_threshold"][0])
    return np.flatnonzero(knows.any(axis=1))


def four_errors(share: float, count: int) -> float:
    """Four standard errors of a share of so many draws: one false alarm in 16 000 keys, and this key is fixed."""
    return 4 * np.sqrt(share * (1 - share) / count)
