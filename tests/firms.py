"""Small firms that tests share."""

from sim.scenario import Scenario
from sim.state import State

LEVERS = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1))
TABLES = [name for name in State._fields if name != "handle"]


def firm(*overrides: str, staff: int = 31, burn_in: int = 2, warm_up: int = 0, weeks: int = 6) -> Scenario:
    """A small firm and a short run, with whatever keys a test needs."""
    spans = (f"run.burn_in_weeks={burn_in}", f"run.warm_up_weeks={warm_up}", f"run.weeks={weeks}")
    return Scenario.load("baseline").override([f"world.staff={staff}", *spans, *overrides])


def same(one: State, other: State, tables: list[str] = TABLES) -> bool:
    """Are two firms equal to the last bit in every column?"""
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in tables)
