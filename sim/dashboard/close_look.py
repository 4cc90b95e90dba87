"""A close look at one case (who held it, for how long, who decided) or at one person."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from sim.state import TICKS, Activity, Disposition, Kind, Role, State, Status

# How a case ends without anybody's word; an approval's clock leaves it to the asker.
NOBODYS = (Disposition.OPEN, Disposition.ABANDONED, Disposition.LAPSED, Disposition.UNMET)
MOST_TIES = 8
MOST_CASES = 12


class Stay(NamedTuple):
    """A case with a person; the last three in ticks."""

    seat: int
    activity: str
    arrived: int
    began: int
    ended: int


def story(firm: State, key: int, now: float | None = None) -> dict[str, Any] | None:
    """The way of a case through the firm, in hours; None where it has not been here since day 1.

    now: hours since the morning of day 1 that the reader has seen; what happened later is not told. All, unless given.

    Its time from birth until it was decided (or until now) is cut into spans, one after another, which add up to it: in
    service with somebody, waiting in somebody's queue, or with nobody (on its way, on the platform, unnoticed). Where
    several people had it at once, the span goes to service before waiting, then to who had it first.
    """
    latest = int(firm.clock["now"][0])
    if now is not None:
        latest = min(latest, int(firm.clock["measure_from"][0] + now * TICKS))
    about = _about(firm, key)
    if about is None or about["birth"] > latest:
        return None
    birth, closed = about["birth"], about["closed"]
    if closed is None or closed > latest:
        closed, about["disposition"] = None, Disposition.OPEN
    until = latest if closed is None else closed
    stays = _stays(firm, key, until)
    edges = sorted({birth, until, *(min(max(tick, birth), until) for stay in stays for tick in stay[2:])})
    spans: list[dict[str, Any]] = []
    for begin, end in pairwise(edges):
        span = _span(stays, begin, end)
        if spans and all(spans[-1][name] == span[name] for name in ("state", "seat", "activity")):
            spans[-1]["ticks"] += span["ticks"]
        else:
            spans.append(span)
    return {
        "case": f"{key:x}",
        "kind": Kind(about["kind"]).name.lower(),
        "ending": Disposition(about["disposition"]).name.lower(),
        "decided_by": _decided_by(about, stays, until),
        "hours": (until - birth) / TICKS,
        "spans": [{"hours": span.pop("ticks") / TICKS, **span} for span in spans],
    }


def _decided_by(about: dict[str, Any], stays: list[Stay], until: int) -> int | None:
    """Whose word ended a case: the last who served it until then, or the asker, left alone by the clock."""
    if about["disposition"] in NOBODYS:
        return None
    if about["disposition"] == Disposition.DEFAULTED:
        return int(about["opener"])
    finished = [stay for stay in stays if stay.began < stay.ended <= until]
    return max(finished, key=lambda stay: stay.ended).seat if finished else None


def _about(firm: State, key: int) -> dict[str, Any] | None:
    """Birth, end, kind and disposition; a case that has ended is in the ledger."""
    ledger = firm.ledger[: firm.clock["closed_rows"][0]]
    rows = np.flatnonzero(ledger["key"] == np.uint64(key))
    if len(rows):
        row = ledger[rows[-1]]
        return {name: int(row[name]) for name in ("birth", "closed", "kind", "disposition", "opener")}
    live = np.flatnonzero((firm.cases["key"] == np.uint64(key)) & (firm.cases["status"] == Status.LIVE))
    if not len(live):
        return None
    row = firm.cases[live[0]]
    return {"birth": int(row["birth"]), "closed": None, "kind": int(row["kind"]), "disposition": 0}


def _stays(firm: State, key: int, until: int) -> list[Stay]:
    """Each service of a case, those not finished cut off at the end; by arrival."""
    touches = firm.touches[: firm.clock["touch_rows"][0]]
    stays = [
        Stay(int(row["seat"]), _name(row), int(row["arrived"]), int(row["start"]), int(row["end"]))
        for row in touches[touches["case"] == np.uint64(key)]
    ]
    case = np.flatnonzero((firm.cases["key"] == np.uint64(key)) & (firm.cases["status"] == Status.LIVE))
    task = int(firm.cases["first_task"][case[0]]) if len(case) else -1
    while task >= 0:
        row = firm.tasks[task]
        serving = np.flatnonzero(firm.seats["serving"] == task)
        began = int(firm.seats["began"][serving[0]]) if len(serving) else until
        seat = int(serving[0]) if len(serving) else int(row["seat"])
        stays.append(Stay(seat, _name(row), int(row["arrived"]), began, until))
        task = int(row["sibling"])
    return sorted(stays, key=lambda stay: stay[2:])


def _name(row: Any) -> str:
    return Activity(int(row["activity"])).name.lower()


def _span(stays: list[Stay], begin: int, end: int) -> dict[str, Any]:
    """Where the case was between two moments at which nothing changed."""
    served = [("service", stay) for stay in stays if stay.began <= begin and end <= stay.ended]
    waited = [("queue", stay) for stay in stays if stay.arrived <= begin and end <= stay.began]
    for state, stay in served + waited:
        return {"state": state, "seat": stay.seat, "activity": stay.activity, "ticks": end - begin}
    return {"state": "nobody", "seat": None, "activity": "", "ticks": end - begin}


def person(firm: State, seat: int) -> dict[str, Any]:
    """Who sits on a seat: role, load, what waits, attachment, years there, and the strongest ties."""
    row = firm.seats[seat]
    to, weight = firm.tie_to[seat], firm.tie_weight[seat]
    there = np.flatnonzero(to >= 0)
    strongest = there[np.argsort(-weight[there], kind="stable")][:MOST_TIES]
    return {
        "seat": seat,
        "role": Role(int(row["role"])).name.lower(),
        "vacant": bool(row["vacant"]),
        "load": float(row["share"]),
        "waiting": int(firm.queues["length"][2 * seat : 2 * seat + 2].sum()),
        "attachment": float(row["attachment"]),
        "weeks": float((firm.clock["now"][0] - row["joined"]) / TICKS / 40),
        "ties": [[int(to[slot]), float(weight[slot])] for slot in strongest],
        "tie_count": len(there),
        "cases": _cases_here(firm, seat),
    }


def _cases_here(firm: State, seat: int) -> list[list[str]]:
    """What she serves now and what waits for her, the longest first: [case, kind]."""
    tasks = [int(firm.seats["serving"][seat])]
    for queue in (2 * seat, 2 * seat + 1):
        task = int(firm.queues["head"][queue])
        while task >= 0:
            tasks.append(task)
            task = int(firm.tasks["next"][task])
    cases = [firm.cases[firm.tasks["case"][task]] for task in tasks if task >= 0][:MOST_CASES]
    return [[f"{int(case['key']):x}", Kind(int(case["kind"])).name.lower()] for case in cases]
