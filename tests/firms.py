"""Small firms that tests share."""

import numpy as np

from sim.scenario import Scenario
from sim.state import State

# Settings of smaller firms, for tests of one part: what they leave out is tested where it belongs.
STAY = ("world.quit_rate=0.0",)  # everybody stays: whose turn it is never passes to somebody else
NO_IDEAS = ("world.suggestion=0.0", "world.study_ideas_per_seat=0.0", "world.feedback=0.0", "world.cocreate=0.0")
# Decisions of staff and questions of customers, and what comes back of them.
OF_TWO_KINDS = (*STAY, *NO_IDEAS, "world.moment_rate=0.0", "world.deal_rate=0.0", "world.complain=0.0")
# Customers and partners neither come nor go, so that no spontaneous case is dropped.
SETTLED = (*STAY, "world.churn=0.0", "world.join=0.0", "world.convert=0.0", "world.partner_leave=0.0",
           "world.partner_join=0.0")  # fmt: skip
LEVERS = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1))
TABLES = [name for name in State._fields if name not in ("handle", "own_rules")]


def firm(*overrides: str, staff: int = 31, burn_in: int = 2, warm_up: int = 0, weeks: int = 6) -> Scenario:
    """A small firm and a short run, with whatever keys a test needs."""
    spans = (f"run.burn_in_weeks={burn_in}", f"run.warm_up_weeks={warm_up}", f"run.weeks={weeks}")
    return Scenario.load("baseline").override([f"world.staff={staff}", *spans, *overrides])


def same(one: State, other: State, tables: list[str] = TABLES) -> bool:
    """Are two firms equal to the last bit in every column?"""
    return all(_equal(getattr(one, name), getattr(other, name)) for name in tables)


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    """To the last bit of every column; what lies between columns, to align them, means nothing."""
    if one.shape != other.shape:
        return False
    names = one.dtype.names
    if names is None:
        return one.tobytes() == other.tobytes()
    return all(one[name].tobytes() == other[name].tobytes() for name in names)


def differing(one: State, other: State, tables: list[str] = TABLES) -> list[str]:
    """Tables that differ, for a message that can be read."""
    return [name for name in tables if not same(one, other, [name])]
