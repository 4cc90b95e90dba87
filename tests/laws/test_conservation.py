"""Nothing is lost: cases, time, tasks, events, people. All in whole ticks, so there is no tolerance.

Everything happens in these firms: all six kinds of cases, people who quit in the middle of a service, seats that stand
vacant, customers and partners who come and go.
"""

from itertools import pairwise

import numpy as np
import pytest

from sim.engine import advance, horizon_days, start
from sim.scenario import Design
from sim.state import DAY, NEVER, Activity, Disposition, Kind, Phase, Pool, Role, Status
from tests.firms import STAY, firm

EVENTFUL = ("world.moment_rate=20.0", "world.deal_rate=400.0", "world.feedback=0.3", "world.cocreate=0.1",
            "world.suggestion=0.1", "world.complain=0.8", "world.build_hours=9.0", "world.notice_desk=0.5")  # fmt: skip

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
    "much happens": firm(*EVENTFUL),
    "people come and go": firm(
        *EVENTFUL, "world.quit_rate=3.0", "world.vacancy_weeks=3.0", "world.load=2.0", "world.quorum=1",
        "world.panel=5", "world.own_authority=0.1", "world.churn=2.0", "world.join=2.0", weeks=12
    ),
    "hardly anybody stays": firm(
        *EVENTFUL, "world.quit_rate=10.0", "world.vacancy_weeks=6.0", "world.load=2.0", staff=12, weeks=20
    ),
}
MANY_QUIT = ("people come and go", "hardly anybody stays")
DESIGNS = {
    "traditional": Design(),
    "three phases open": Design(contact=1, consult=1, approve=1, reserve=0.99),
    "half of each": Design(contact=0.5, consult=0.5, approve=0.5, connect=0.5, hear=0.5, meet=0.5, channel=0.5,
                           reserve=0.99),
    "social": Design.named("social"),
}  # fmt: skip


def morning(name, design, *settings):
    """The firm of a world and a design before day 1, traced from then on."""
    return start(WORLDS[name].override([*settings]), DESIGNS[design], seed=3, trace=True)


@pytest.fixture(scope="module", params=[(name, design) for name in WORLDS for design in DESIGNS], ids=" / ".join)
def state(request):
    return advance(morning(*request.param), horizon_days(WORLDS[request.param[0]].run))


def rows(state):
    return state.ledger[: state.clock["closed_rows"][0]]


def touches(state):
    return state.touches[: state.clock["touch_rows"][0]]


def newborn(state):
    """Rows of cases born of others that open with the next event."""
    found, case = [], int(state.clock["newborn_head"][0])
    while case >= 0:
        found.append(case)
        case = int(state.cases["free_next"][case])
    return found


def open_rows(state):
    return np.setdiff1d(np.flatnonzero(state.cases["status"] == Status.LIVE), newborn(state))


def live(state):
    return state.cases[open_rows(state)]


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


def test_all_six_kinds_are_born_and_every_disposition_is_met():
    """What the other tests of this file speak about has happened in some of their firms."""
    kinds, ends = np.zeros(len(Kind), bool), np.zeros(len(Disposition), bool)
    for name in ("much happens", "people come and go", "short patience"):
        for design in ("traditional", "social"):
            state = advance(morning(name, design), horizon_days(WORLDS[name].run))
            kinds |= state.clock["opened"][0] > 0
            ends |= state.clock["closed"][0].sum(axis=0) > 0
    assert kinds.all()
    assert ends.tolist() == [disposition != Disposition.OPEN for disposition in Disposition]
    assert state.clock["unborn"][0] > 0


def test_every_open_case_has_a_task_or_a_clock_or_is_being_built(state):
    first_case = len(state.nodes) - len(state.cases)
    for row in open_rows(state):
        case = state.cases[row]
        topic = state.topics[case["topic"]]
        built = case["kind"] == Kind.IDEA and topic["idea"] == row and topic["build_left"] >= 0
        assert built or case["first_task"] >= 0 or state.nodes["time"][first_case + row] >= 0
        assert case["kind"] != Kind.IDEA or topic["idea"] == row
    ideas = state.topics["idea"][state.topics["idea"] >= 0]
    assert (state.cases["kind"][ideas] == Kind.IDEA).all()
    assert (state.cases["status"][ideas] == Status.LIVE).all()


def test_every_task_waits_or_is_in_somebodys_hands(state):
    used = set()
    for row in np.flatnonzero(state.cases["status"] != Status.FREE):
        task = int(state.cases["first_task"][row])
        while task >= 0:
            assert task not in used
            assert state.tasks["case"][task] == row
            used.add(task)
            task = int(state.tasks["sibling"][task])
    assert len(used) + state.clock["tasks_free"][0] == len(state.tasks)
    serving = state.seats["serving"][state.seats["serving"] >= 0].tolist()
    assert sorted(task for task in used if state.tasks["queue"][task] < 0) == sorted(serving)
    assert len(used) - len(serving) == state.queues["length"].sum()


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
    first_queue, first_pool = len(state.queues) - len(Pool), first_seat + len(state.seats)
    for pool, role in ((Pool.DESK, Role.DESK), (Pool.BROKERS, Role.BROKER)):
        if state.queues["length"][first_queue + pool]:  # its idle people look into it, if there are any
            theirs = state.seats["role"] == role
            assert state.seats["idle"][theirs].any() == (state.nodes["time"][first_pool + pool] >= 0)


# --- people -----------------------------------------------------------------------------------------------------------


def spells(state):
    return state.spells[: state.clock["spell_rows"][0]]


def test_heads_are_seats_less_vacancies(state):
    """Every seat that is not vacant has one running employment, that of who sits there; every quit has ended one."""
    present = np.flatnonzero(state.seats["vacant"] == 0)
    running = spells(state)[spells(state)["ended"] < 0]
    assert len(running) == len(present) == len(state.seats) - state.seats["vacant"].sum()
    assert sorted(running["seat"].tolist()) == present.tolist()
    assert (spells(state)["seat"][state.seats["spell"][present]] == present).all()
    assert (running["generation"] == state.seats["generation"][running["seat"]]).all()
    assert state.books["quits"][0] == np.count_nonzero(spells(state)["ended"] >= 0)


def test_nothing_is_left_of_who_has_quit(state):
    """A vacant seat serves nothing, looks up at nothing, knows nobody, is known by nobody; somebody acts for it."""
    vacant = np.flatnonzero(state.seats["vacant"] == 1)
    assert (state.seats["serving"][vacant] < 0).all()
    for column in ("working", "idle", "leaving"):
        assert not state.seats[column][vacant].any()
    assert (state.nodes["time"][len(state.sources) + vacant] < 0).all()
    assert (state.tie_to[vacant] < 0).all()
    assert not np.isin(state.tie_to, vacant).any()
    assert not np.isin(state.circles, vacant).any()
    assert not np.isin(state.customers["knows"], vacant).any()
    acting = state.seats["acting"]
    present = state.seats["vacant"] == 0
    assert (acting[present] == np.flatnonzero(present)).all()
    if present.any():
        assert present[acting[vacant]].all()
        assert not state.queues["length"][2 * vacant].any()
        assert not state.queues["length"][2 * vacant + 1].any()
        assert present[live(state)["holder"][live(state)["holder"] >= 0]].all()


def test_hours_of_people_are_those_of_their_services(state):
    """In ticks, also of a service that was broken off by a quit."""
    since = state.clock["measure_from"][0]
    hours = np.zeros(len(state.seats), np.int64)
    np.add.at(hours, touches(state)["seat"], touches(state)["end"] - np.maximum(touches(state)["start"], since))
    assert (state.seats["busy"] == hours).all()


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", MANY_QUIT)
def test_a_service_broken_off_is_booked_in_part_and_begun_anew(name, design):
    """One task, served twice: first by who quit in that tick, then by somebody else, or by her successor."""
    state = advance(morning(name, design), horizon_days(WORLDS[name].run))
    left = {(int(row["seat"]), int(row["ended"])) for row in spells(state) if row["ended"] >= 0}
    by_task, broken = {}, 0
    for touch in touches(state)[touches(state)["activity"] != Activity.PANEL]:
        by_task.setdefault((int(touch["case"]), int(touch["activity"]), int(touch["arrived"])), []).append(touch)
    for services in by_task.values():
        for earlier, later in pairwise(services):
            assert (int(earlier["seat"]), int(earlier["end"])) in left
            assert later["start"] >= earlier["end"]
            broken += 1
    assert broken > 0
    assert len(left) > 10


@pytest.mark.parametrize("name", MANY_QUIT)
def test_nobody_has_two_votes_on_a_panel(name):
    """Also when a member quits and another expert takes her place: a broken service is not a vote."""
    state = advance(morning(name, "three phases open"), horizon_days(WORLDS[name].run))
    left = {(int(row["seat"]), int(row["ended"])) for row in spells(state) if row["ended"] >= 0}
    panels = touches(state)[touches(state)["activity"] == Activity.PANEL]
    whole = [(int(touch["seat"]), int(touch["end"])) not in left for touch in panels]
    votes = [(int(touch["case"]), int(touch["seat"])) for touch in panels[whole]]
    assert len(votes) > 20
    assert len(set(votes)) == len(votes)


# --- who holds what ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", ["small firm", "short patience", "misrouting", "no desk", "much happens"])
def test_who_asks_is_always_who_holds_the_case(name, design):
    """Every evening: a decision is its opener's; a request that is asked about is held by who took it over last.

    Nobody quits here: who quits hands on what she holds (see above).
    """
    state, took, read, seen = morning(name, design, *STAY), {}, 0, 0
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
        outsiders = np.isin(live(state)["kind"], (Kind.REQUEST, Kind.COMPLAINT))
        asking = live(state)[(live(state)["phase"] == Phase.CONSULT) & outsiders]
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


@pytest.mark.parametrize("settings", [(), (*EVENTFUL, "world.quit_rate=3.0")], ids=["calm", "much happens"])
@pytest.mark.parametrize("design", DESIGNS)
def test_little_for_the_firm_with_end_corrections(design, settings):
    """∫ L dt over a window is the sum of what each case's time in the firm has in common with the window."""
    state = start(firm(*settings, burn_in=0), DESIGNS[design], seed=3)
    state = advance(state, WINDOW[0])
    before, held = area(state), state.clock["live"][0]
    state = advance(state, WINDOW[1] - WINDOW[0])
    since, until = WINDOW[0] * DAY, WINDOW[1] * DAY
    inside = overlap(rows(state)["birth"], rows(state)["closed"], since, until)
    inside += overlap(live(state)["birth"], until, since, until)
    assert area(state) - before == inside
    assert held > 0
    assert state.clock["live"][0] > 0


POOL_OF = {Activity.TRIAGE: Pool.DESK, Activity.VET: Pool.BROKERS}


def station_of(state, queue):
    """Where a queue stands: a person's two are one station; each pool is one."""
    seats = len(state.seats)
    return queue // 2 if queue < 2 * seats else queue - seats


def waits(state):
    """Station, begin and end of every wait so far; the wait of what is still waiting ends now.

    Outsiders wait in the desk's pool and deals in the brokers', all else in a person's queues. The task of a service
    that was broken off waits again from then on.
    """
    seats, now = len(state.seats), int(state.clock["now"][0])
    served = [tuple(touch.tolist()) for touch in touches(state)]  # case, activity, seat, arrived, start, end
    for seat in np.flatnonzero(state.seats["serving"] >= 0):
        task = state.tasks[state.seats["serving"][seat]]
        columns = state.cases["key"][task["case"]], task["activity"], seat, task["arrived"], state.seats["began"][seat]
        served.append((*map(int, columns), now))
    found, last = [], {}
    for case, activity, seat, arrived, began, ended in sorted(served, key=lambda service: service[4:]):
        station = seats + POOL_OF[activity] if activity in POOL_OF else seat
        found.append((station, last.get((case, activity, arrived), arrived), began))
        last[case, activity, arrived] = ended
    for number, entry in enumerate(state.queues):
        task = int(entry["head"])
        while task >= 0:
            of = state.tasks[task]
            key = int(state.cases["key"][of["case"]]), int(of["activity"]), int(of["arrived"])
            found.append((station_of(state, number), last.get(key, int(of["arrived"])), now))
            task = int(of["next"])
    return np.array(found).T


def queues_over_a_window(*settings):
    """What each queue's ∫ Q dt has grown by in the window, the waits of the whole run, and whether some had begun."""
    patient = ("world.patience_hours=inf", "world.outsider_patience_hours=inf", "world.deal_patience_hours=400.0")
    scenario = firm(*patient, *settings, burn_in=0)  # nothing is withdrawn
    state = advance(start(scenario, "traditional", seed=3, trace=True), WINDOW[0])
    before, held = queue_areas(state), state.queues["length"].sum()
    state = advance(state, WINDOW[1] - WINDOW[0])
    assert held > 0
    return state, queue_areas(state) - before, waits(state)


@pytest.mark.parametrize("settings", [(), EVENTFUL], ids=["calm", "much happens"])
def test_little_for_every_queue_with_end_corrections(settings):
    """∫ Q dt of each seat's queues and of each pool is the sum of the waits there, as far as they lie in the window."""
    state, grown, (station, begun, ended) = queues_over_a_window(*STAY, *settings)
    stations = np.array([station_of(state, number) for number in range(len(state.queues))])
    for place in range(len(state.seats) + len(Pool)):
        here = station == place
        inside = overlap(begun[here], ended[here], WINDOW[0] * DAY, WINDOW[1] * DAY)
        assert grown[stations == place].sum() == inside
    assert (grown > 0).sum() > 30


def test_little_for_all_queues_together_when_people_quit():
    """A task handed on leaves one station and enters another in the same tick: all waits together are still ∫ Q dt."""
    state, grown, (_, begun, ended) = queues_over_a_window(*EVENTFUL, "world.quit_rate=3.0", "world.load=2.0")
    assert grown.sum() == overlap(begun, ended, WINDOW[0] * DAY, WINDOW[1] * DAY)
    assert state.books["quits"][0] > 5
