"""Factors: keys of the world or numbers of a design that a sweep varies, and what a point of the sweep then is."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sim.scenario import Design, Scenario, ScenarioError, World, about_key, refuse_value

LOGARITHMIC = 20.0  # a range whose ends differ by this factor or more is sampled evenly in the logarithm


@dataclass(frozen=True)
class Factor:
    """One key that varies.

    key: "world.load", or "design.social.approve". low, high: the range that is sampled. levels: the values of a plan by
    levels. whole: whole numbers only.
    """

    key: str
    low: float
    high: float
    levels: tuple[float, ...]
    whole: bool

    @property
    def logarithmic(self) -> bool:
        """Is it sampled log-uniformly? So where the range spans a factor of 20 or more."""
        return self.low > 0 and self.high / self.low >= LOGARITHMIC

    def at(self, share: float) -> float | int:
        """The value below which a share of the range lies; whole numbers have equal shares of it."""
        low, high = self.low, self.high + self.whole
        value = low * (high / low) ** share if self.logarithmic else low + share * (high - low)
        return min(math.floor(value), int(self.high)) if self.whole else min(value, self.high)

    def level(self, number: int) -> float | int:
        """The value of a level, counted from 0."""
        return int(self.levels[number]) if self.whole else self.levels[number]


def factor(designs: Mapping[str, Design], key: str, ends: Sequence[float], levels: Sequence[float]) -> Factor:
    """A factor whose key exists and whose values are allowed. Without ends or levels: the range its key declares.

    Raises ScenarioError, without the name of a file.
    """
    table, name = _place(designs, key)
    default = table.model_fields[name].default
    if isinstance(default, tuple):
        raise ScenarioError(f"{key} is a list of numbers; a factor is one number.")
    if ends and levels:
        raise ScenarioError(f"{key} has a range and levels; a plan by levels takes levels, others a range.")
    if not ends and not levels:
        ends = about_key(table, name).get("typical", (0.0, 1.0) if table is Design else ())
        if not ends:
            raise ScenarioError(f"{key} declares no range worth trying; write range = [low, high] or levels = [...].")
    whole = isinstance(default, int)
    for value in (*ends, *levels):
        if whole and (not math.isfinite(value) or value != int(value)):
            raise ScenarioError(f"{key} is a whole number, {value:g} is not.")
        refuse_value(table, name, int(value) if whole else float(value))
    if len(set(levels)) < len(levels):
        raise ScenarioError(f"a level of {key} is there twice; leave one out.")
    low, high = ends or (min(levels), max(levels))
    if ends and not (math.isfinite(high) and low < high):
        raise ScenarioError(f"range = [{low:g}, {high:g}] of {key} is no range; write two ends, the lower first.")
    return Factor(key, low, high, tuple(levels), whole)


def _place(designs: Mapping[str, Design], key: str) -> tuple[type[World] | type[Design], str]:
    """The table a key stands in and its name there."""
    table, _, rest = key.partition(".")
    design, _, lever = rest.rpartition(".")
    if table == "world" and rest in World.model_fields:
        return World, rest
    if table == "design" and design in designs and lever in Design.model_fields:
        return Design, lever
    if table == "design":
        raise ScenarioError(
            f'"{key}" is not a factor; write design.NAME.LEVER, NAME being one of {", ".join(designs)} and LEVER one '
            f"of {', '.join(Design.model_fields)}."
        )
    near = get_close_matches(rest if table == "world" else key, World.model_fields, 1)
    raise ScenarioError(
        f'"{key}" is not a factor; '
        + (f"did you mean world.{near[0]}?" if near else "write world.KEY or design.NAME.LEVER.")
    )


def _changed(table: Any, values: Mapping[str, float]) -> Any:
    """A table with other values, checked."""
    try:
        return type(table)(**{**dict(table), **values})
    except ScenarioError as error:
        raise ScenarioError(str(error).partition(": ")[2]) from None


def base_value(scenario: Scenario, designs: Mapping[str, Design], key: str) -> float:
    """The value that a factor has in the scenario itself."""
    table, _, name = key.partition(".")
    design, _, lever = name.rpartition(".")
    return float(getattr(scenario.world, name) if table == "world" else getattr(designs[design], lever))


def applied(
    scenario: Scenario, designs: Mapping[str, Design], values: Mapping[str, float]
) -> tuple[Scenario, dict[str, Design]]:
    """The scenario and the designs at a point: {key of a factor: value}.

    Raises ScenarioError where the values do not go together.
    """
    world = {key.partition(".")[2]: value for key, value in values.items() if key.startswith("world.")}
    there = dict(designs)
    for key, value in values.items():
        if key.startswith("design."):
            name, _, lever = key.partition(".")[2].rpartition(".")
            there[name] = _changed(there[name], {lever: value})
    if world:
        scenario = Scenario(**{**dict(scenario), "world": _changed(scenario.world, world)})
    return scenario, there
