"""The three headlines on one evening, and how two firms differ in them over thirty pairs."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sim.dashboard.experiment import FIRMS
from sim.engine import simulate
from sim.scenario import Scenario
from sim.state import DAY, DAYS_A_WEEK, TICKS, Kind, State
from sim.study.paired import interval

WINDOW = 50  # working days that a decision time looks back on
PAIRS = 30
WIDTH = 90  # per cent of the pairs that a band holds


class Headline(NamedTuple):
    """A number that the class watches."""

    name: str
    better: int  # +1 more is better, -1 less is
    of: Callable[[State], float]


def recent_decisions(state: State) -> Any:
    """Hours of each decision that ended in the last ten weeks, since day 1 at most."""
    clock = state.clock[0]
    rows = state.ledger[: clock["closed_rows"]]
    recent = rows[np.searchsorted(rows["closed"], clock["now"] - WINDOW * DAY, "right") :]
    decided = recent[recent["kind"] == Kind.DECISION]
    return (decided["closed"] - decided["birth"]) / TICKS


def decision_hours(state: State) -> float:
    """Median hours of the recent decisions; NaN where there is none."""
    hours = recent_decisions(state)
    return float(np.median(hours)) if len(hours) else float("nan")


def retained(state: State) -> float:
    """Per cent of the people of day 1 who are still there."""
    clock = state.clock[0]
    there = state.spells[: clock["spell_rows"]]
    there = there[there["began"] <= clock["measure_from"]]
    return 100.0 * float(np.mean(there["ended"] < 0)) if len(there) else float("nan")


def satisfaction(state: State) -> float:
    """Mean satisfaction (0 to 100) of the customers of day 1; of who has left, as it was then."""
    of_panel = state.customers["satisfaction"][state.customers["panel"] == 1]
    return 100.0 * float(of_panel.mean()) if len(of_panel) else float("nan")


HEADLINES = (
    Headline("decision", -1, decision_hours),
    Headline("retention", 1, retained),
    Headline("satisfaction", 1, satisfaction),
)


def pulse(state: State) -> list[float | None]:
    """The headlines now; None where one is not known yet."""
    values = [headline.of(state) for headline in HEADLINES]
    return [None if np.isnan(value) else value for value in values]


def one_pair(scenario: Scenario, replication: int) -> list[list[float]]:
    """Headlines of the second firm less the first, week after week, of one pair."""
    seen: list[list[list[float | None]]] = [[], []]

    def look(number: int, firm: State) -> None:
        if (day := int(firm.clock["day"][0])) and day % DAYS_A_WEEK == 0:
            seen[number].append(pulse(firm))

    simulate(scenario, FIRMS, seed=scenario.run.seed, replication=replication, observe=look)
    return (np.array(seen[1], float) - np.array(seen[0], float)).tolist()


def band(pairs: list[list[list[float]]]) -> dict[str, Any]:
    """Thirty pairs in one picture: a headline's mean difference, its 95 % interval, and where 90 % of the pairs lie.

    pairs: (pairs, weeks, headlines). Each list has a number a week; `better`, `equal`, `worse` count pairs in which the
    second firm is ahead, level or behind; `ends` is each pair's last week.
    """
    apart = np.array(pairs)
    told: dict[str, Any] = {"pairs": len(pairs), "ends": [_rounded(weeks[-1]) for weeks in pairs]}
    for number, headline in enumerate(HEADLINES):
        by_week = apart[:, :, number].T
        means = np.array([interval(week[~np.isnan(week)]) for week in by_week])
        low, high = np.nanpercentile(by_week, [50 - WIDTH / 2, 50 + WIDTH / 2], axis=1)
        gain = headline.better * np.round(by_week, 9)
        told[headline.name] = {
            "mean": _rounded(means[:, 0]),
            "mean_low": _rounded(means[:, 1]),
            "mean_high": _rounded(means[:, 2]),
            "low": _rounded(low),
            "high": _rounded(high),
            "better": (gain > 0).sum(axis=1).tolist(),
            "equal": (gain == 0).sum(axis=1).tolist(),
            "worse": (gain < 0).sum(axis=1).tolist(),
        }
    return told


def _rounded(numbers: Any) -> list[float | None]:
    return [None if np.isnan(number) else round(float(number), 4) for number in numbers]
