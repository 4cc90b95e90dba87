"""Writes the tables of calibration.md: python docs/calibration.py [FIRMS]. The test uses the same lines."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.engine import advance, horizon_days, start
from sim.measures import summary
from sim.scenario import Scenario
from sim.state import Role, State
from sim.study.paired import interval

HERE = Path(__file__).parent
Reading = Callable[[State, dict[str, float]], float]


class Target(NamedTuple):
    """What the traditional baseline has to show, and what is accepted."""

    name: str
    wanted: str
    low: float
    high: float
    source: str
    of: Reading


class Norm(NamedTuple):
    """A feature's norm: it is measured in the calibrated baseline, and then frozen."""

    key: str
    of: Reading


def measure(name: str) -> Reading:
    """A measure of the run."""
    return lambda _state, measures: measures[name]


def hazard_ratio(state: State, _measures: dict[str, float]) -> float:
    """Of quitting, for one standard deviation more of attachment."""
    return float(np.exp(-state.rules["quit_slope"][0] * state.seats["attachment"].std()))


TARGETS = (
    Target("satisfaction_active", "77", 76.0, 78.5, "ACSI, national, 2023 to 2024: 77.8 and 78.0", measure("satisfaction_active")),
    Target("turnover", ".15", 0.135, 0.165, "one of 10, 15, 25 % a year in the field", measure("turnover")),
    Target("hazard ratio per SD of attachment", ".85", 0.75, 1.0, "embeddedness and quits: field range .75 to 1.0", hazard_ratio),
    Target("word_of_mouth_ratio", "about 3", 2.5, 3.5, "East, Hammond & Wright 2007: 3 : 1 in 15 of 15 studies", measure("word_of_mouth_ratio")),
    Target("churn", ".10 to .20", 0.10, 0.20, "range of consumer services", measure("churn")),
    Target("complaint_share", ".05 to .50", 0.05, 0.50, "share of the dissatisfied who complain", measure("complaint_share")),
    Target("first_contact_resolution", "about .70", 0.67, 0.76, "usual in service desks", measure("first_contact_resolution")),
    Target("right_share", "about .88", 0.86, 0.90, "chosen", measure("right_share")),
    Target("utilization_managers", ".6 to .8", 0.6, 0.8, "managers' share of time on others' matters", measure("utilization_managers")),
    Target("utilization_top", "below .9", 0.0, 0.9, "nobody's queue grows without end", measure("utilization_top")),
    Target("utilization_max", "below .9", 0.0, 0.9, "nobody's queue grows without end", measure("utilization_max")),
    Target("utilization_desk", "about .53", 0.48, 0.6, "chosen", measure("utilization_desk")),
    Target("help_top5_share", ".15 to .45", 0.15, 0.45, "Cross, Rebele & Grant 2016: 20 to 35 % from 3 to 5 %", measure("help_top5_share")),
    Target("default_share", "below .05", 0.0, 0.05, "decisions by the clock are exceptions", measure("default_share")),
    Target("consult_default_share", "below .05", 0.0, 0.05, "beyond, a world is not stationary", measure("consult_default_share")),
)  # fmt: skip
NORMS = (
    Norm("attachment_norm", measure("attachment")),
    *(Norm(f"{name}_norm", measure(name)) for name in ("friendship", "autonomy", "progress", "thanks", "standing")),
    *(Norm(f"exposure_norm_{role.name.lower()}", measure(f"exposure_{role.name.lower()}")) for role in Role),
)
TOLERANCE = 0.05  # between a norm and what the baseline shows


def read(firms: int) -> dict[str, np.ndarray]:
    """Every target and norm in so many firms of the traditional baseline."""
    scenario = Scenario.load("baseline")
    values: dict[str, list[float]] = {}
    for replication in range(firms):
        state = advance(start(scenario, "traditional", seed=1, replication=replication), horizon_days(scenario.run))
        measures = summary(state)
        for one in (*TARGETS, *NORMS):
            values.setdefault(one[0], []).append(one.of(state, measures))
    return {name: np.array(found) for name, found in values.items()}


def tables(values: dict[str, np.ndarray]) -> dict[str, list[str]]:
    """Markdown of both tables."""
    world = Scenario.load("baseline").world
    reached = {name: interval(found) for name, found in values.items()}
    targets = ["| target | wanted | accepted | reached | source |", "|---|---|---|---:|---|"]
    for one in TARGETS:
        mean, low, high = reached[one.name]
        digits = 1 if one.high > 10 else 3
        targets.append(f"| {one.name} | {one.wanted} | {one.low:g} to {one.high:g} | {mean:.{digits}f} "
                       f"({low:.{digits}f} to {high:.{digits}f}) | {one.source} |")  # fmt: skip
    norms = ["| key | value | measured |", "|---|---:|---:|"]
    for norm in NORMS:
        mean, low, high = reached[norm.key]
        norms.append(f"| `{norm.key}` | {getattr(world, norm.key):g} | {mean:.3f} ({low:.3f} to {high:.3f}) |")
    return {"targets": targets, "norms": norms}


def main(firms: int) -> None:
    """Compute and write."""
    from marks import write

    write(HERE / "calibration.md", tables(read(firms)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
