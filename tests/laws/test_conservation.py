"""Nothing is lost: cases, time, tasks, events. All in whole ticks, so there is no tolerance."""

import numpy as np
import pytest

from sim.engine import advance, horizon_days, start
from sim.scenario import Design
from sim.state import NEVER, Disposition, Kind, Role, Status
from tests.firms import LEVERS, firm

WORLDS = {
    "small firm": firm(),
    "overload": firm("world.load=4.0", weeks=4),
    "short patience": firm("world.patience_hours=1.0", "world.outsider_patience_hours=0.5", "world.load=2.0"),
    "one seat": firm(staff=1),
    "a chain": firm("world.span=1", staff=5),
    "no desk": firm("world.desk=0.0"),
    "all desk": firm("world.desk=1.0", "world.brokers=0.0"),
    "constant service": firm("world.service_cv=0.0", "world.look_up_hours=0.0"),
    "lognormal service, plain queues": firm("world.service_cv=0.7", "world.short_first=0"),
    "errors come to light while the panel is still at work": firm(
        "world.discovery_hours=0.001", "world.good_share=0.3", "world.rework=1.0", "world.rework_rounds=50",
        "world.panel=5", "world.quorum=1", "world.own_authority=0.1", "world.load=2.0"
    ),
    "misrouting": firm("world.routing=0.3", "world.desk=0.3", staff=156, weeks=2),
}


CORNERS = (LEVERS[0], LEVERS[7], (0.5, 0.5, 0.5))


@pytest.fixture(scope="module", params=[(name, levers) for name in WORLDS for levers in CORNERS], ids=str)
def state(request):
    name, (contact, consult, approve) = request.param
    scenario = WORLDS[name]
    design = Design(contact=contact, consult=consult, approve=approve, reserve=0.99)
    return advance(start(scenario, design, seed=3, trace=True), horizon_days(scenario.run))


def rows(state):
    return state.ledger[: state.clock["closed_rows"][0]]


def live(state):
    return state.cases[state.cases["status"] == Status.LIVE]


def test_opened_is_disposed_of_or_open(state):
    clock = state.clock[0]
    since = clock["measure_from"]
    for kind in Kind:
        born_before = np.count_nonzero(live(state)["birth"] < since)
        still = np.count_nonzero((live(state)["kind"] == kind) & (live(state)["birth"] >= since))
        measured = np.count_nonzero(rows(state)["kind"] == kind)
        assert clock["opened"][kind] == measured + still
        assert clock["closed"][kind].sum() >= measured
        assert clock["closed"][kind, Disposition.OPEN] == 0
    assert clock["live"] == len(live(state))
    assert born_before >= 0


def test_time_is_touch_or_waiting_and_hours_are_more_than_touch(state):
    time = rows(state)["closed"] - rows(state)["birth"]
    assert (rows(state)["touch"] >= 0).all()
    assert (rows(state)["touch"] <= time).all()
    assert (rows(state)["first"] >= np.where(rows(state)["first"] >= 0, rows(state)["birth"], -1)).all()


def test_touch_is_the_union_of_the_services_of_the_case(state):
    """Rebuilt from the trace, for cases with no service in hand: ticks with at least one server, before the end."""
    touches = state.touches[: state.clock["touch_rows"][0]]
    busy = set(state.cases["key"][state.cases["serving"] > 0].tolist())
    by_case = {}
    columns = (touches[column].tolist() for column in ("case", "start", "end"))
    for key, began, ended in zip(*columns, strict=True):
        by_case.setdefault(key, []).append((began, ended))
    for row in rows(state)[:400]:
        if int(row["key"]) in busy:
            continue
        union, reached = 0, -1
        for began, ended in sorted(by_case.get(int(row["key"]), ())):
            began, ended = max(began, reached), min(ended, int(row["closed"]))
            union += max(0, ended - began)
            reached = max(reached, ended)
        assert union == row["touch"]


def test_queues_hold_what_they_say(state):
    for number, queue in enumerate(state.queues):
        task, previous, length = int(queue["head"]), -1, 0
        while task >= 0:
            entry = state.tasks[task]
            assert entry["queue"] == number
            assert entry["previous"] == previous
            assert state.cases["status"][entry["case"]] == Status.LIVE
            task, previous, length = int(entry["next"]), task, length + 1
        assert (length, previous) == (queue["length"], queue["tail"])


def test_pools_and_events_are_whole(state):
    clock = state.clock[0]
    free, row = 0, int(clock["free_case"])
    while free < clock["cases_free"]:
        assert state.cases["status"][row] == Status.FREE
        free, row = free + 1, int(state.cases["free_next"][row])
    assert free + np.count_nonzero(state.cases["status"] != Status.FREE) == len(state.cases)
    pending = np.flatnonzero(state.nodes["time"] >= 0)
    assert (state.nodes["time"][pending] >= clock["now"]).all()
    assert (state.nodes["time"][pending] < NEVER).all()
    listed = []
    for head in state.buckets:
        while head >= 0:
            listed.append(int(head))
            head = state.nodes["next"][head]
    assert sorted(listed) == pending.tolist()


def test_nobody_idles_beside_work(state):
    """Who has work waiting is serving, or is about to look up; nobody serves two tasks."""
    serving = state.seats["serving"][state.seats["serving"] >= 0]
    assert len(set(serving.tolist())) == len(serving)
    first_seat = len(state.sources)
    for seat in range(len(state.seats)):
        waiting = state.queues["length"][2 * seat : 2 * seat + 2].sum()
        if waiting:
            assert state.seats["serving"][seat] >= 0 or state.nodes["time"][first_seat + seat] >= 0
    if state.queues["length"][-1]:  # the pool is looked into by the idle people of the desk, if there are any
        desk = state.seats["role"] == Role.DESK
        assert state.seats["idle"][desk].any() == (state.nodes["time"][first_seat + len(state.seats)] >= 0)


def test_somebody_always_holds_the_case(state):
    """The asker of a consult is whoever holds the case; no index is ever negative."""
    consulting = live(state)[live(state)["phase"] >= 2]
    assert (consulting["holder"] >= 0).all()
    decisions = live(state)[live(state)["kind"] == Kind.DECISION]
    assert (decisions["holder"] == decisions["opener"]).all()
    assert (state.seats["busy"] >= 0).all()


def test_little_for_the_firm():
    """∫ L dt is the sum of the times that cases spent in the firm: the whole run is the window, so no corrections."""
    for design in ("traditional", "open"):
        state = advance(start(firm(burn_in=0), design, seed=3), 30)
        clock = state.clock[0]
        now = int(clock["now"])
        area = int(clock["live_area"]) + int(clock["live"]) * (now - int(clock["live_changed"]))
        inside = int((rows(state)["closed"] - rows(state)["birth"]).sum()) + int((now - live(state)["birth"]).sum())
        assert area == inside > 0


def test_little_for_the_firm_with_end_corrections():
    """The window begins with cases in the firm: those born before it count from its beginning."""
    scenario = firm(burn_in=4)
    state = start(scenario, "traditional", seed=3)
    since = int(state.clock["now"][0])
    inherited = {int(key) for key in live(state)["key"]}
    state = advance(state, 30)
    clock = state.clock[0]
    now = int(clock["now"])
    area = int(clock["live_area"]) + int(clock["live"]) * (now - int(clock["live_changed"]))
    own = int((rows(state)["closed"] - rows(state)["birth"]).sum())
    own += sum(now - int(row["birth"]) for row in live(state) if row["birth"] >= since)
    left = {int(row["key"]) for row in live(state) if row["birth"] < since}
    assert inherited
    assert left <= inherited
    assert 0 <= area - own <= len(inherited) * (now - since)
    assert clock["live"] == len(live(state))


def test_little_for_every_queue():
    """∫ Q dt of a station is the sum of its waits: of begun services by the trace, of tasks still queued now."""
    scenario = firm("world.patience_hours=inf", "world.outsider_patience_hours=inf", burn_in=0)  # nothing is withdrawn
    state = advance(start(scenario, "traditional", seed=3, trace=True), 30)
    now = int(state.clock["now"][0])
    area = state.queues["area"] + state.queues["length"] * (now - state.queues["changed"])
    touches = state.touches[: state.clock["touch_rows"][0]]
    waits = int((touches["start"] - touches["arrived"]).sum())
    in_hand = state.seats["serving"][state.seats["serving"] >= 0]
    began = state.seats["began"][state.seats["serving"] >= 0]
    waits += int((began - state.tasks["arrived"][in_hand]).sum())
    for queue in state.queues:
        task = int(queue["head"])
        while task >= 0:
            waits += now - int(state.tasks["arrived"][task])
            task = int(state.tasks["next"][task])
    assert int(area.sum()) == waits > 0
    manager = 0  # one station alone
    own = touches[touches["seat"] == manager]
    busy = state.seats["serving"][manager]
    expected = int((own["start"] - own["arrived"]).sum())
    expected += int(state.seats["began"][manager] - state.tasks["arrived"][busy]) if busy >= 0 else 0
    for number in (0, 1):
        task = int(state.queues["head"][number])
        while task >= 0:
            expected += now - int(state.tasks["arrived"][task])
            task = int(state.tasks["next"][task])
    assert int(area[:2].sum()) == expected
