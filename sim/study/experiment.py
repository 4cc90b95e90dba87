"""An experiment: the points of a plan, at each of them twin firms, one a design, and how many pairs of them.

A comparison is an experiment of one point.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from sim.own import NOTHING_OWN, Own
from sim.scenario import Design, Event, Scenario, ScenarioError
from sim.study.factors import Factor, applied
from sim.study.runs import digest, fingerprint, run_key

DESIGNS_A_PIECE = 16  # of one replication that are computed together and share their burn-in


class Run(NamedTuple):
    """One firm to be run."""

    key: str
    name: str  # of the design, for people only
    design: Design
    seed: int
    replication: int
    events: tuple[Event, ...]  # those that reach the design


class Twins(NamedTuple):
    """Runs of one point and replication: they share their burn-in, so they are computed together."""

    scenario: Scenario
    runs: tuple[Run, ...]
    factors: Mapping[str, float]  # values of the point, by key
    own: Own = NOTHING_OWN  # a researcher's rules and measures
    series: bool = False  # is their daily series wanted?


class Point(NamedTuple):
    """A point of the plan: values of the factors by key, and what the firm is there."""

    number: int
    factors: Mapping[str, float]
    scenario: Scenario
    designs: Mapping[str, Design]
    common: Mapping[str, object]  # what the keys of its runs have in common


@dataclass(eq=False)
class Experiment:
    """What is to be run. `values` has one row a point and one column a factor."""

    scenario: Scenario
    designs: Mapping[str, Design]
    factors: tuple[Factor, ...] = ()
    values: tuple[tuple[float, ...], ...] = ((),)
    plan: str = ""  # how the points were chosen, but for how many there are
    own: Own = NOTHING_OWN
    series: bool = False
    _latest: Point | None = field(default=None, init=False, repr=False)  # one only: a sweep may have many thousands

    def point(self, number: int) -> Point:
        """A point by its number, from 0. Raises ScenarioError where its values do not go together."""
        if self._latest is None or self._latest.number != number:
            self._latest = self._made(number)
        return self._latest

    def _made(self, number: int) -> Point:
        values = dict(zip((factor.key for factor in self.factors), self.values[number], strict=True))
        try:
            scenario, designs = applied(self.scenario, self.designs, values)
        except ScenarioError as error:
            where = ", ".join(f"{key} = {value:g}" for key, value in values.items())
            raise ScenarioError(f"point {number} of the plan ({where}): {error}") from None
        return Point(number, values, scenario, designs, fingerprint(scenario, self.own))

    def runs(self, number: int, replication: int) -> list[Run]:
        """The twins of a point and replication, one a design."""
        point = self.point(number)
        seed = self.scenario.run.seed
        runs = []
        for name, design in point.designs.items():
            events = point.scenario.events_for(name)
            key = run_key(point.common, design, seed, replication, events)
            runs.append(Run(key, name, design, seed, replication, events))
        return runs

    def twins(self, number: int, runs: Sequence[Run]) -> Twins:
        """A piece of work: some of the twins of a point and replication."""
        point = self.point(number)
        return Twins(point.scenario, tuple(runs), point.factors, self.own, self.series)

    def pieces_of_work(self, pairs: int) -> int:
        """How many pieces so many pairs of twins at every point are."""
        return len(self.values) * pairs * -(-len(self.designs) // DESIGNS_A_PIECE)

    @cached_property
    def identity(self) -> str:
        """What the experiment's folder holds, as a hash: base world, dated events, spans, own rules, factors, plan.

        Designs, replications and the number of points are left out, so that a larger study finds a smaller one's runs.
        """
        events = [event.model_dump(mode="json") for event in self.scenario.events]
        plan = {"factors": [factor.key for factor in self.factors], "plan": self.plan} if self.factors else {}
        return digest({**fingerprint(self.scenario, self.own), "events": events, **plan})


def pieces(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Twins in pieces of work that take seconds, so that little is lost when a machine stops."""
    for first in range(0, len(runs), DESIGNS_A_PIECE):
        yield list(runs[first : first + DESIGNS_A_PIECE])


def at_quantiles(factors: Sequence[Factor], unit: "np.ndarray[Any, Any]") -> tuple[tuple[float, ...], ...]:
    """Points of the unit cube as values of the factors."""
    return tuple(tuple(one.at(float(u)) for one, u in zip(factors, row, strict=True)) for row in unit)


def at_levels(factors: Sequence[Factor], numbers: "np.ndarray[Any, Any]") -> tuple[tuple[float, ...], ...]:
    """Points given as numbers of levels, as values of the factors."""
    return tuple(tuple(one.level(int(k)) for one, k in zip(factors, row, strict=True)) for row in numbers)
