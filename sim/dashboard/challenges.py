"""Tasks for a class, each judged by thirty pairs of the firms as they stand."""

from collections.abc import Callable, Mapping
from math import isnan, nan
from types import MappingProxyType
from typing import Any, NamedTuple

from sim.dashboard.experiment import FIRMS, Experiment
from sim.dashboard.pulse import HEADLINES
from sim.scenario import Design

SIX = ("contact", "consult", "approve", "connect", "hear", "meet")
LEAST_FASTER, MOST_LOST, LEAST_RISE = 2.0, 1.0, 5.0  # hours, points, points
HALF_OF_THE_GAIN = 1.4  # hours; all levers together gain 2.8 in the preset


class Facts(NamedTuple):
    """What is judged: the last week's band by headline, and the second firm's levers as they stand."""

    apart: Mapping[str, Mapping[str, float]]
    opened: int


class Challenge(NamedTuple):
    """Where it starts, and when it is solved."""

    start: Experiment
    solved: Callable[[Facts], bool]


CHALLENGES = MappingProxyType({
    "keep-satisfaction": Challenge(
        Experiment("four-shifts"),
        lambda facts: facts.apart["decision"]["mean"] <= -LEAST_FASTER
        and facts.apart["satisfaction"]["mean"] >= -MOST_LOST,
    ),
    "one-lever": Challenge(
        Experiment("four-shifts", designs=("traditional", "traditional")),
        lambda facts: facts.opened == 1 and facts.apart["decision"]["mean"] <= -HALF_OF_THE_GAIN,
    ),
    "rescue-overload": Challenge(
        Experiment("overload", designs=("traditional", "traditional")),
        lambda facts: facts.opened <= 2 and facts.apart["satisfaction"]["mean"] >= LEAST_RISE,
    ),
    "no-difference": Challenge(
        Experiment("four-shifts", designs=("traditional", "traditional")),
        lambda facts: bool(facts.opened)
        and all(apart["mean_low"] <= 0 <= apart["mean_high"] for apart in facts.apart.values()),
    ),
})  # fmt: skip


def is_fair(challenge: Challenge, experiment: Experiment) -> bool:
    """Is it the challenge's own world and first firm, with nothing moved but levers of the second, and from day 1 on?

    A lever that is moved later acts for a part of the time only: thirty pairs then say little about it.
    """
    same = ("preset", "seed", "structure", "uploaded")
    return (
        all(getattr(experiment, name) == getattr(challenge.start, name) for name in same)
        and experiment.designs[0] == challenge.start.designs[0]
        and all(
            change.day == 1 and change.firm == FIRMS[1] and change.key in (*SIX, "channel")
            for change in experiment.changes
        )
    )


def facts(experiment: Experiment, band: Mapping[str, Any]) -> Facts:
    """What thirty pairs say in their last week; NaN, with which nothing is solved, where they say nothing."""
    apart = {
        one.name: {name: _number(band[one.name][name][-1]) for name in ("mean", "mean_low", "mean_high")}
        for one in HEADLINES
    }
    return Facts(apart, opened(experiment))


def _number(value: float | None) -> float:
    return nan if value is None else value


def opened(experiment: Experiment) -> int:
    """Levers of the second firm, the public channel among them, that end up elsewhere than the first firm's."""
    scenario = experiment.scenario()
    first, second = (_at_the_end(scenario.design(firm), scenario.events_for(firm)) for firm in FIRMS)
    return sum(getattr(first, lever) != getattr(second, lever) for lever in (*SIX, "channel"))


def _at_the_end(design: Design, events: Any) -> Design:
    for event in events:
        design = Design(**{**dict(design), **event.design})
    return design


def fields(told: Facts) -> dict[str, str]:
    """The numbers of a verdict's sentence."""
    found = {"levers": str(told.opened)}
    for name, apart in told.apart.items():
        for suffix, key in (("", "mean"), ("_low", "mean_low"), ("_high", "mean_high")):
            found[name + suffix] = "–" if isnan(apart[key]) else f"{apart[key]:+.1f}".replace("-", "−")
    return found
