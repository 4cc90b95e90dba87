"""The daily series of a run: what a reader of a chart over time wants to see, one row a day from day 1 on."""

from typing import Any

import numpy as np

from sim.state import TICKS, Kind, State

COLUMNS = {
    "day": ("day", "working day; day 1 follows the burn-in, so the warm-up is in it"),
    "decisions": ("count", "decisions that ended that day"),
    "decision_hours": ("hours", "mean time of decisions that ended that day; empty where none did"),
    "requests": ("count", "requests that ended that day"),
    "request_hours": ("hours", "mean time of requests that ended that day; empty where none did"),
    "open_cases": ("count", "cases open at the end of the day"),
    "retained": ("share", "people there on the morning of day 1 who are still there"),
    "attachment": ("0 to 1", "mean attachment of all who work in the firm"),
    "satisfaction": ("0 to 100", "mean satisfaction of all who are customers"),
    "customers": ("people", "customers"),
}


class Series:
    """Collects the series of one firm, shown to it on the morning of day 1 and then after every day."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._rows: list[tuple[float, ...]] = []
        self._first: Any = None  # who sat where on the morning of day 1
        self._closed = 0

    def add(self, firm: State) -> None:
        """Look at the firm; the first time only to see who is there."""
        clock, seats = firm.clock[0], firm.seats
        there = seats["vacant"] == 0
        if self._first is None:
            self._first, self._closed = (there, seats["generation"].copy()), int(clock["closed_rows"])
            return
        closed = int(clock["closed_rows"])
        today = firm.ledger[self._closed : closed]
        # On the evening on which measuring begins the ledger is emptied, and what ended that day is not known.
        ended = [*_ended(today, Kind.DECISION), *_ended(today, Kind.REQUEST)]
        if closed < self._closed:
            ended = [float("nan")] * len(ended)
        self._closed = closed
        stayed = there & self._first[0] & (seats["generation"] == self._first[1])
        customers = firm.customers["satisfaction"][firm.customers["active"] == 1]
        self._rows.append((
            len(self._rows) + 1,
            *ended,
            int(clock["live"]),
            stayed.sum() / max(1, self._first[0].sum()),
            _mean(seats["attachment"][there]),
            100.0 * _mean(customers),
            len(customers),
        ))  # fmt: skip

    def columns(self) -> dict[str, Any]:
        """The series as columns, in single precision: it is for looking at."""
        table = np.array(self._rows, np.float64).reshape(-1, len(COLUMNS))
        return {
            name: table[:, place].astype(np.int32 if name == "day" else np.float32)
            for place, name in enumerate(COLUMNS)
        }


def _ended(cases: Any, kind: Kind) -> tuple[float, float]:
    """How many cases of a kind ended, and how long they took on average."""
    chosen = cases[cases["kind"] == kind]
    return len(chosen), _mean((chosen["closed"] - chosen["birth"]) / TICKS)


def _mean(values: Any) -> float:
    return float(values.mean()) if len(values) else float("nan")
