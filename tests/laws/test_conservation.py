"""Nothing is lost: cases, time, tasks, events. All in whole ticks, so there is no tolerance."""

import numpy as np
import pytest

from sim.engine import advance, horizon_days, start
from sim.scenario import Design
from sim.state import DAY, NEVER, Activity, Disposition, Kind, Phase, Role, Status
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


def morning(name, levers):
    """The firm of a world and three levers before day 1, traced from then on."""
    contact, consult, approve = levers
    design = Design(contact=contact, consult=consult, approve=approve, reserve=0.99)
    return start(WORLDS[name], design, seed=3, trace=True)


@pytest.fixture(scope="module", params=[(name, levers) for name in WORLDS for levers in CORNERS], ids=str)
def state(request):
    return advance(morning(*request.param), horizon_days(WORLDS[request.param[0]].run))


def rows(state):
    return state.ledger[: state.clock["closed_rows"][0]]


def touches(state):
    return state.touches[: state.clock["touch_rows"][0]]


def live(state):
    return state.cases[state.cases["status"] == Status.LIVE]


def test_opened_is_disposed_of_or_open(state, request):
    """Inherited from the burn-in + opened = closed + open, for each kind; the ledger holds all that were opened."""
    clock, inherited = state.clock[0], live(morning(*request.node.callspec.params["state"]))
    for kind in Kind:
        before = np.count_nonzero(inherited["kind"] == kind)
        still = live(state)[live(state)["kind"] == kind]
        assert before + clock["opened"][kind] == clock["closed"][kind].sum() + len(still)
        ours = np.count_nonzero(still["birth"] >= clock["measure_from"])
        assert clock["opened"][kind] == np.count_nonzero(rows(state)["kind"] == kind) + ours
        assert clock["closed"][kind, Disposition.OPEN] == 0
    assert clock["live"] == len(live(state))


def test_time_is_touch_or_waiting(state):
    time = rows(state)["closed"] - rows(state)["birth"]
    assert (rows(state)["touch"] >= 0).all()
    assert (rows(state)["touch"] <= time).all()
    assert (rows(state)["first"] >= np.where(rows(state)["first"] >= 0, rows(state)["birth"], -1)).all()


def test_hours_are_those_of_all_services_and_at_least_the_touch(state):
    """Also of panel members who end after the decision: they work on, when it is no longer in the firm."""
    hours = dict.fromkeys(touches(state)["case"].tolist(), 0)
    columns = (touches(state)[column].tolist() for column in ("case", "start", "end"))
    for key, began, ended in zip(*columns, strict=True):
        hours[key] += ended - began
    assert rows(state)["work"].tolist() == [hours.get(key, 0) for key in rows(state)["key"].tolist()]
    in_hand = state.cases["key"][(state.cases["serving"] > 0) & (state.cases["status"] != Status.FREE)]
    over = rows(state)[~np.isin(rows(state)["key"], in_hand)]
    assert (over["work"] >= over["touch"]).all()


def test_touch_is_the_union_of_the_services_of_the_case(state):
    """Rebuilt from the trace, for cases with no service in hand: ticks with at least one server, before the end."""
    busy = set(state.cases["key"][state.cases["serving"] > 0].tolist())
    by_case = {}
    columns = (touches(state)[column].tolist() for column in ("case", "start", "end"))
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


@pytest.mark.parametrize("levers", CORNERS)
@pytest.mark.parametrize("name", ["small firm", "short patience", "misrouting", "no desk"])
def test_who_asks_is_always_who_holds_the_case(name, levers):
    """Every evening: a decision is its opener's; a request that is asked about is held by who took it over last."""
    state, took, read, seen = morning(name, levers), {}, 0, 0
    state.rules["profile_error"] = 0.9  # else who is found by profile has nothing to ask
    for _ in range(horizon_days(WORLDS[name].run)):
        state = advance(state)
        for touch in touches(state)[read:]:
            if touch["activity"] in (Activity.TRIAGE, Activity.HAND_ON):
                took[int(touch["case"])] = int(touch["seat"])
        read = len(touches(state))
        decisions = live(state)[live(state)["kind"] == Kind.DECISION]
        assert (decisions["holder"] == decisions["opener"]).all()
        since = state.clock["measure_from"][0]
        asking = live(state)[(live(state)["phase"] == Phase.CONSULT) & (live(state)["kind"] == Kind.REQUEST)]
        for case in asking[asking["birth"] >= since]:
            assert case["holder"] == took[int(case["key"])]
            seen += 1
    assert seen > 0


def area(state):
    """∫ L dt of the firm since measuring began, case-ticks."""
    clock = state.clock[0]
    return int(clock["live_area"]) + int(clock["live"]) * int(clock["now"] - clock["live_changed"])


def queue_areas(state):
    """∫ Q dt of every queue since measuring began, task-ticks."""
    return state.queues["area"] + state.queues["length"] * (state.clock["now"][0] - state.queues["changed"])


def overlap(begun, ended, since, until):
    """How long something that lasts from `begun` to `ended` lies in a window, in all."""
    return int(np.maximum(0, np.minimum(ended, until) - np.maximum(begun, since)).sum())


WINDOW = (20, 50)  # days; the firm is not empty at either end, and its books hold all that was ever in it


@pytest.mark.parametrize("levers", CORNERS)
def test_little_for_the_firm_with_end_corrections(levers):
    """∫ L dt over a window is the sum of what each case's time in the firm has in common with the window."""
    contact, consult, approve = levers
    state = start(firm(burn_in=0), Design(contact=contact, consult=consult, approve=approve), seed=3)
    state = advance(state, WINDOW[0])
    before, held = area(state), state.clock["live"][0]
    state = advance(state, WINDOW[1] - WINDOW[0])
    since, until = WINDOW[0] * DAY, WINDOW[1] * DAY
    inside = overlap(rows(state)["birth"], rows(state)["closed"], since, until)
    inside += overlap(live(state)["birth"], until, since, until)
    assert area(state) - before == inside
    assert held > 0
    assert state.clock["live"][0] > 0


def waits(state):
    """Queue, arrival and begin of every task that ever waited; the pool is the last queue, others join a seat's two."""
    queue = np.where(touches(state)["activity"] == Activity.TRIAGE, len(state.seats), touches(state)["seat"])
    known = [queue, touches(state)["arrived"], touches(state)["start"]]
    serving = np.flatnonzero(state.seats["serving"] >= 0)
    tasks = state.tasks[state.seats["serving"][serving]]
    in_hand = [np.where(tasks["activity"] == Activity.TRIAGE, len(state.seats), serving), tasks["arrived"],
               state.seats["began"][serving]]  # fmt: skip
    waiting = []
    for number, entry in enumerate(state.queues):
        task = int(entry["head"])
        while task >= 0:
            waiting.append((number // 2, state.tasks["arrived"][task], state.clock["now"][0]))
            task = int(state.tasks["next"][task])
    return [np.concatenate(part) for part in zip(known, in_hand, zip(*waiting, strict=True), strict=True)]


def test_little_for_every_queue_with_end_corrections():
    """∫ Q dt of each seat's queues and of the pool is the sum of the waits there, as far as they lie in the window."""
    scenario = firm("world.patience_hours=inf", "world.outsider_patience_hours=inf", burn_in=0)  # nothing is withdrawn
    state = advance(start(scenario, "traditional", seed=3, trace=True), WINDOW[0])
    before, held = queue_areas(state), state.queues["length"].sum()
    state = advance(state, WINDOW[1] - WINDOW[0])
    grown = queue_areas(state) - before
    queue, arrived, begun = waits(state)
    for station in range(len(state.seats) + 1):
        here = queue == station
        inside = overlap(arrived[here], begun[here], WINDOW[0] * DAY, WINDOW[1] * DAY)
        assert grown[2 * station : 2 * station + 2].sum() == inside
    assert held > 0
    assert (grown > 0).sum() > 30
