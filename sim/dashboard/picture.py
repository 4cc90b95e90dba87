"""The firm as it is drawn: where everybody sits, where every case was during a day, and how full the queues are."""

from typing import Any

import numpy as np

from sim.dashboard.pulse import recent_decisions
from sim.state import DAY, TICKS, Kind, Pool, Role, State, Status

WIDTH, HEIGHT = 640.0, 340.0
STRONG = 0.5  # a tie that is drawn
DECISION_BINS = (1, 2, 4, 8, 16, 32, 64)  # hours
TENTHS = 10  # bins of what goes from 0 to 1
FORGOTTEN = 50  # working days after a case was decided, when no service of it goes on any more


class Picture:
    """Draws one firm. Seats keep their places for good; days and weeks are told as plain lists, for JSON."""

    def __init__(self, firm: State) -> None:
        """Places of all seats, by the tree: the top above, its people below, each team a column of its own."""
        self.places = places(firm.seats["parent"], firm.seats["level"])

    def of_firm(self, firm: State) -> dict[str, Any]:
        """What does not change: places, lines of reporting, roles, teams; and the firm as it is now."""
        seats = firm.seats
        desk, brokers = (seats["role"] == role for role in (Role.DESK, Role.BROKER))
        return {
            "size": [WIDTH, HEIGHT],
            "places": [[round(x, 1), round(y, 1)] for x, y in self.places],
            "parents": seats["parent"].tolist(),
            "roles": [Role(role).name.lower() for role in seats["role"].tolist()],
            # Whoever is free serves what waits here, so it waits beside all of them.
            "pools": [_middle(self.places[chosen]) for chosen in (desk, brokers)],
            **self.of_week(firm),
        }

    def of_day(self, firm: State, *, stays: bool) -> dict[str, Any]:
        """Queues at the end of the day that has just passed and, where wanted, each stay of a case with a person.

        A stay is [case, seat, arrived, began, ended], in hours since the morning: arrived below 0 is an earlier day,
        began or ended null had not come by the evening. A pool's cases wait at seat −1 (desk) or −2 (brokers).
        """
        told: dict[str, Any] = {
            "queues": _queues(firm),
            "vacant": np.flatnonzero(firm.seats["vacant"]).tolist(),
            "open": int(firm.clock["live"][0]),
        }
        if stays:
            told["stays"], told["kinds"] = stays_of_day(firm)
        return told

    def of_week(self, firm: State) -> dict[str, Any]:
        """What changes slowly: loads, ties between teams, customers, and the distributions."""
        seats, customers = firm.seats, firm.customers
        seat, slot = np.nonzero((firm.tie_to >= 0) & (firm.tie_weight >= STRONG))
        other = firm.tie_to[seat, slot]
        apart = (seats["team"][seat] != seats["team"][other]) & (seats["parent"][seat] != other)
        apart &= seats["parent"][other] != seat
        pairs = np.unique(np.sort(np.stack([seat[apart], other[apart]], axis=1), axis=1), axis=0)
        satisfied = np.where(customers["active"] == 1, np.round(100 * customers["satisfaction"]), -1)
        return {
            "load": np.round(100 * np.minimum(seats["share"], 1)).astype(int).tolist(),
            "ties": pairs.tolist(),
            "customers": satisfied.astype(int).tolist(),
            "distributions": distributions(firm),
        }


def places(parents: Any, levels: Any) -> Any:
    """A place (x, y) for every seat: a level a row; the lowest teams side by side, their people in short columns."""
    count, deepest = len(parents), int(levels.max())
    below: list[list[int]] = [[] for _ in range(count)]
    for seat, parent in enumerate(parents.tolist()):
        if parent >= 0:
            below[parent].append(seat)
    leaves = [not people for people in below]
    row = 0.45 * HEIGHT / max(1, deepest - 1)  # managers above, those without reports below
    found = np.zeros((count, 2))
    width = {seat: 0.0 for seat in range(count)}

    def measure(seat: int) -> float:
        inner = sum(measure(other) for other in below[seat] if not leaves[other])
        own = [other for other in below[seat] if leaves[other]]
        width[seat] = max(1.0, inner + (np.ceil(len(own) / _deep(len(own))) if own else 0.0) + (0.6 if own else 0.0))
        return width[seat]

    def place(seat: int, left: float, unit: float) -> None:
        found[seat] = left + unit * width[seat] / 2, 18 + row * levels[seat]
        own = [other for other in below[seat] if leaves[other]]
        if own:
            deep = _deep(len(own))
            columns = int(np.ceil(len(own) / deep))
            step = unit * (width[seat] - 0.6 if len(own) == len(below[seat]) else columns) / columns
            height = min(30.0, (HEIGHT - 40 - found[seat, 1]) / deep)
            start = left + unit * 0.3
            for number, other in enumerate(own):
                x = start + step * (number // deep + 0.5)
                found[other] = x, found[seat, 1] + 24 + height * (number % deep)
            left += unit * (columns + 0.6)
        for other in below[seat]:
            if not leaves[other]:
                place(other, left, unit)
                left += unit * width[other]

    measure(0)
    place(0, 0.0, WIDTH / width[0])
    return found


def _deep(people: int) -> int:
    """People one below the other: five of a small team, more where teams are large."""
    return max(5, int(np.ceil(np.sqrt(2 * people)))) if people > 5 else max(1, people)


def _middle(found: Any) -> list[float]:
    return [round(float(x), 1) for x in found.mean(axis=0)] if len(found) else [WIDTH / 2, HEIGHT - 8]


def _queues(firm: State) -> list[int]:
    """Tasks that wait for each seat, then for the desk and the brokers together."""
    length = firm.queues["length"]
    pairs = 2 * len(firm.seats)
    return [*(length[0:pairs:2] + length[1:pairs:2]).tolist(), *length[pairs : pairs + len(Pool)].tolist()]


def stays_of_day(firm: State) -> tuple[list[list[Any]], dict[str, str]]:
    """Every stay of a case with a person that touches the day just passed, by arrival; and the cases' kinds."""
    morning = int(firm.clock["morning"][0]) - DAY
    touches = firm.touches[: firm.clock["touch_rows"][0]]
    today = touches[np.searchsorted(touches["end"], morning, "left") :]
    columns = [today[name].tolist() for name in ("case", "seat", "arrived")]
    hours = [np.round((today[name] - morning) / TICKS, 3).tolist() for name in ("arrived", "start", "end")]
    rows = list(zip(*columns, *hours, strict=True))
    for case, seat, arrived, began in _in_hand(firm):
        rows.append((case, seat, arrived, _hour(arrived, morning), _hour(began, morning), None))
    rows.sort(key=lambda stay: (stay[2], stay[0]))
    stays = [[f"{case:x}", seat, *hours] for case, seat, _, *hours in rows]
    return stays, _kinds(firm, {stay[0] for stay in rows})


def _hour(tick: int, morning: int) -> float | None:
    return None if tick < 0 else round((tick - morning) / TICKS, 3)


def _in_hand(firm: State) -> list[tuple[int, int, int, int]]:
    """What is being served, or waits in a queue (began −1), right now."""
    found: list[tuple[int, int, int, int]] = []
    seats, tasks, cases, queues = firm.seats, firm.tasks, firm.cases, firm.queues
    for seat in np.flatnonzero(seats["serving"] >= 0).tolist():
        task = tasks[seats["serving"][seat]]
        found.append((int(cases["key"][task["case"]]), seat, int(task["arrived"]), int(seats["began"][seat])))
    for queue in np.flatnonzero(queues["length"]).tolist():
        seat = queue // 2 if queue < 2 * len(seats) else 2 * len(seats) - queue - 1
        task = int(queues["head"][queue])
        while task >= 0:
            found.append((int(cases["key"][tasks["case"][task]]), seat, int(tasks["arrived"][task]), -1))
            task = int(tasks["next"][task])
    return found


def _kinds(firm: State, keys: set[int]) -> dict[str, str]:
    """What each case is: a decision, a request, …; cases of the pool first, then the newest of the ledger."""
    wanted = np.fromiter(keys, np.uint64, len(keys))
    live = firm.cases[firm.cases["status"] != Status.FREE]
    closed = firm.ledger[: firm.clock["closed_rows"][0]]
    lately = int(firm.clock["morning"][0]) - FORGOTTEN * DAY
    closed = closed[np.searchsorted(closed["closed"], lately, "left") :]
    closed = closed[np.isin(closed["key"], wanted)]
    found = dict(zip(closed["key"].tolist(), closed["kind"].tolist(), strict=True))
    found |= dict(zip(live["key"].tolist(), live["kind"].tolist(), strict=True))
    return {f"{key:x}": Kind(found[key]).name.lower() for key in keys if key in found}


def distributions(firm: State) -> dict[str, list[float]]:
    """Per cent in each bin: hours of decisions of the last ten weeks, customers by satisfaction, people by load."""
    seats = firm.seats
    customers = firm.customers["satisfaction"][firm.customers["active"] == 1]
    tenths = np.linspace(0, 1, TENTHS + 1)
    return {
        "decision": _shares(recent_decisions(firm), (0, *DECISION_BINS, np.inf)),
        "satisfaction": _shares(customers, tenths),
        "load": _shares(np.minimum(seats["share"][seats["vacant"] == 0], 1), tenths),
    }


def _shares(values: Any, edges: Any) -> list[float]:
    counted = np.histogram(values, edges)[0]
    return np.round(100 * counted / max(1, counted.sum()), 1).tolist()
