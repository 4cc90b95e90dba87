"""The firm shows what field studies report: the fifteen patterns that a model of firms has to reproduce at least.

Each test names its source, its statistic and why its tolerance. What fails is marked so, with the measured number, and
stays so: nothing was tuned for these tests.
"""

from functools import cache

import numpy as np

from sim.engine import simulate
from sim.scenario import Design, Scenario
from sim.state import State

SEED, REPLICATIONS = 2026, 4
# Nothing but decisions: a vacancy, a newcomer, an idea or a deal would be load of its own.
DECISIONS_ALONE = ("world.quit_rate=0.0", "world.suggestion=0.0", "world.partners_per_seat=0.0")


def baseline(*overrides: str) -> Scenario:
    """The whole model at its defaults, but for what is said."""
    return Scenario.load("baseline").override(list(overrides))


def closed(state: State) -> np.ndarray:
    """Cases born and ended in the measured time."""
    return state.ledger[: state.clock["closed_rows"][0]]


@cache
def twins() -> list[dict[str, dict[str, float]]]:
    """Firms of the baseline, each three times: under gatekeeper rules, with trust alone, under open rules."""
    designs = {"traditional": "traditional", "trust": Design(approve=1.0), "social": "social"}
    return [dict(zip(designs, simulate(baseline(), list(designs.values()), seed=SEED, replication=r), strict=True))
            for r in range(REPLICATIONS)]  # fmt: skip


def of_twins(design: str, name: str, less: str = "") -> np.ndarray:
    """A measure of the baseline's firms under a design, or what it has more than under another."""
    return np.array([firm[design][name] - (firm[less][name] if less else 0.0) for firm in twins()])


def difference(scenario: Scenario, name: str, replications: int) -> np.ndarray:
    """A measure under open rules less that of the twin under gatekeeper rules."""
    found = []
    for replication in range(replications):
        closed_firm, open_firm = simulate(scenario, ["traditional", "social"], seed=SEED, replication=replication)
        found.append(open_firm[name] - closed_firm[name])
    return np.array(found)


def standard_error(values: np.ndarray) -> float:
    """Of the mean of independent values."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))


def is_above_0(values: np.ndarray, errors: float = 4) -> bool:
    """Does the mean of replications lie so many standard errors above 0?"""
    return bool(values.mean() > errors * standard_error(values))
