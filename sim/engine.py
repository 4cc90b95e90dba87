"""The only loop over time: events inside a day, then what happens every morning and every week.

Rules return what comes next (`state.Step`); here it is done: queues, clocks, children, the ledger of closed cases.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from sim.compiled import inlined, njit
from sim.draws import Stream, bits, exponential, uniform
from sim.events import cancel, next_event, schedule
from sim.measures import summary
from sim.population import MOST_ON_A_PANEL, build
from sim.rules import birth
from sim.rules.act import act
from sim.rules.approve import approve
from sim.rules.consult import consult
from sim.rules.contact import answer_is_right, contact
from sim.scenario import Design, Run, Scenario
from sim.state import (
    DAY,
    DAYS_A_WEEK,
    LOAD_WEEKS,
    NEVER,
    TICKS,
    WEEK,
    Activity,
    Clock,
    Consult,
    Disposition,
    Event,
    Kind,
    Phase,
    State,
    Status,
    Verb,
    activity_of,
    copy,
    grow,
    pack,
    phase,
    verb_of,
    who_of,
)
from sim.ties import fade_and_meet, work_together
from sim.work import (
    begin_here,
    case_node,
    comes_to,
    finish,
    free_task,
    look_into_pool,
    look_up,
    mean_changes,
    pool_node,
    put,
    put_in_pool,
    renew_watch,
    seat_node,
    serve_next,
    withdraw,
)

# What `_run` answers: it has reached its tick, or a pool is (nearly) full and has to grow first.
DONE, FULL = 0, ("", "cases", "tasks", "ledger", "touches")


# --- cases are born ---------------------------------------------------------------------------------------------------


@njit
def _new_case(state, key):
    clock = state.clock[0]
    case = clock.free_case
    record = state.cases[case]
    clock.free_case = record.free_next
    clock.cases_free -= 1
    record.key, record.birth, record.first, record.line = key, clock.now, -1, -1
    record.touch, record.work, record.answer, record.quantile = 0, 0, 0.0, 0.0
    record.status, record.round, record.waits_for = Status.LIVE, 0, Clock.NONE
    record.consult, record.first_contact = Consult.NONE, 0
    record.ringing, record.serving, record.first_task, record.unit, record.last = 0, 0, -1, -1, -1
    record.height, record.relays, record.handoffs, record.picks, record.helper = 0, 0, 0, 0, -1
    record.phase, record.did, record.open = Phase.ACT, Activity.ENTER, 0
    record.handled[:] = 0
    state.nodes[case_node(state, case)].key = key
    return case


@njit
def _live_changes(state, by):
    clock = state.clock[0]
    clock.live_area += clock.live * (clock.now - clock.live_changed)
    clock.live_changed = clock.now
    clock.live += by


@njit
def _open(state, case, first_phase):
    state.clock[0].opened[state.cases[case].kind] += 1
    _live_changes(state, 1)
    _follow(state, case, np.int64(-1), phase(first_phase))


@njit
def _tick(state, source):
    """A source spends its next unit-rate draw; its rate only stretches the time this takes."""
    record, clock = state.sources[source], state.clock[0]
    draw = exponential(clock.seed, Stream.BIRTH, source, record.ordinal)
    schedule(state, source, clock.now + np.int64(round(draw / record.rate)), Event.BIRTH)


@inlined
def _birth(state, source):
    record, clock = state.sources[source], state.clock[0]
    key = (np.uint64(source) << np.uint64(32)) | np.uint64(record.ordinal)
    record.ordinal += 1
    _tick(state, source)
    if record.kind == Kind.DECISION:
        case = _new_case(state, key)
        birth.decision(state, case, record.opener)
        _open(state, case, np.int64(Phase.ACT))
    elif state.customers[record.opener].active:
        case = _new_case(state, key)
        birth.request(state, case, record.opener)
        _open(state, case, np.int64(Phase.CONTACT))
    else:
        clock.unborn += 1


@njit
def _return(state, parent):
    """An error has come to light and the case comes back: the same matter, judged anew."""
    record = state.cases[parent]
    child_bits = bits(0, Stream.CHILD, record.key, np.int64(record.kind) << 16)
    case = _new_case(state, child_bits | (np.uint64(1) << np.uint64(63)))
    child = state.cases[case]
    if record.kind == Kind.DECISION:
        birth.decision(state, case, record.opener)
        child.quantile = record.quantile
    else:
        birth.request(state, case, record.opener)
    child.topic, child.round = record.topic, record.round + 1
    _release_if_done(state, parent)  # a panel member may still be at work on it
    _open(state, case, np.int64(Phase.ACT if child.kind == Kind.DECISION else Phase.CONTACT))


# --- cases go on ------------------------------------------------------------------------------------------------------


@inlined
def _rule(state, case, seat):
    which = state.cases[case].phase
    if which == Phase.ACT:
        return act(state, case, seat)
    if which == Phase.CONTACT:
        return contact(state, case, seat)
    if which == Phase.CONSULT:
        return consult(state, case, seat)
    return approve(state, case, seat)


@njit
def _lever(state, which):
    rules = state.rules[0]
    if which == Phase.CONTACT:
        return rules.contact
    if which == Phase.CONSULT:
        return rules.consult
    return rules.approve if which == Phase.APPROVE else 0.0


@njit
def _deadline(now, hours):
    return now + np.int64(round(hours * TICKS)) if hours < math.inf else np.int64(NEVER)


@njit
def _enter(state, case, which):
    """A case enters a phase; the rule it meets is the case's own draw against the lever."""
    record, clock, rules = state.cases[case], state.clock[0], state.rules[0]
    cancel(state, case_node(state, case))
    record.waits_for = Clock.NONE
    is_back = record.phase == Phase.CONSULT and which == Phase.CONTACT
    record.phase, record.did = which, Activity.CONSULTED if is_back else Activity.ENTER
    hours = rules.outsider_patience_hours if which == Phase.CONTACT else rules.patience_hours
    record.deadline = _deadline(clock.now, hours)
    lever = _lever(state, which)
    # A draw lies strictly between 0 and 1, so the two pure firms need none.
    record.open = lever >= 1.0 or (lever > 0.0 and uniform(clock.seed, Stream.RULE, record.key, which) < lever)


@njit
def _set_clock(state, case):
    """Whoever waits has patience: outsiders until first served, consults and approvals from start to end."""
    record = state.cases[case]
    node = case_node(state, case)
    if record.deadline >= NEVER or state.nodes[node].time >= 0 or record.ringing:
        return
    if record.phase == Phase.CONTACT:
        if record.first >= 0:
            return
        record.waits_for = Clock.OUTSIDER
    elif record.phase == Phase.CONSULT:
        record.waits_for = Clock.CONSULT
    elif record.phase == Phase.APPROVE:
        record.waits_for = Clock.APPROVAL
    else:
        return
    schedule(state, node, record.deadline, Event.CLOCK)


@njit
def _leave_consult(state, case):
    record = state.cases[case]
    if record.last >= 0 and record.did != Activity.CLOCK:
        work_together(state, record.holder, record.last)
    record.last = record.holder
    comes_to(state, case, record.holder)


@njit
def _follow(state, case, seat, step):
    """Do what a rule asked for. True when the person at `seat` goes on with the case at once."""
    record = state.cases[case]
    while verb_of(step) == Verb.PHASE:
        if record.phase == Phase.CONSULT and record.status == Status.LIVE and record.did != Activity.ENTER:
            _leave_consult(state, case)
        _enter(state, case, who_of(step))
        step = _rule(state, case, np.int64(-1))
    verb, who, activity = verb_of(step), who_of(step), activity_of(step)
    if verb == Verb.CLOSE:
        _close(state, case, who)
        return False
    if verb == Verb.HERE:
        begin_here(state, case, who, activity)
        return True
    if verb == Verb.WAIT:
        if who == Clock.PLATFORM:
            cancel(state, case_node(state, case))
            record.waits_for = Clock.PLATFORM if record.until < record.deadline else Clock.CONSULT
            schedule(state, case_node(state, case), min(record.until, record.deadline), Event.CLOCK)
        return False
    if verb == Verb.TASK:
        put(state, case, who, activity)
    elif verb == Verb.POOL:
        put_in_pool(state, case, activity)
    else:
        for member in range(who):
            put(state, case, state.invited[member], activity)
    _set_clock(state, case)
    return False


@inlined
def _complete(state, seat):
    """A service ends: the rule of the case's phase says what comes next, the person takes her next task."""
    task = finish(state, seat)
    entry = state.tasks[task]
    case, activity, stale = entry.case, entry.activity, entry.stale
    free_task(state, task)
    record = state.cases[case]
    goes_on = False
    if record.status == Status.DISPOSED:
        if record.line >= 0:
            state.ledger[record.line].work = record.work
        _release_if_done(state, case)
    elif not stale:
        record.did = activity
        if activity == Activity.PANEL:
            work_together(state, seat, record.holder)
        else:
            if record.last >= 0:
                work_together(state, seat, record.last)
            record.last = seat
        goes_on = _follow(state, case, np.int64(seat), _rule(state, case, np.int64(seat)))
        if record.ringing and record.status == Status.LIVE and not _is_served(state, case):
            _close(state, case, np.int64(Disposition.DEFAULTED))
    if not goes_on:
        serve_next(state, seat)


@njit
def _is_served(state, case):
    """Is anybody at work on the case whose result still counts?"""
    task = state.cases[case].first_task
    while task >= 0:
        if state.tasks[task].queue < 0 and not state.tasks[task].stale:
            return True
        task = state.tasks[task].sibling
    return False


@njit
def _ring(state, case):
    """The clock of a case rings."""
    record = state.cases[case]
    clock, record.waits_for = record.waits_for, Clock.NONE
    if clock == Clock.RETURN:
        _return(state, case)
    elif clock == Clock.OUTSIDER:
        _close(state, case, np.int64(Disposition.ABANDONED))
    elif clock == Clock.PLATFORM:
        record.did = Activity.CLOCK
        _follow(state, case, np.int64(-1), _rule(state, case, np.int64(-1)))
    elif clock == Clock.CONSULT:  # whoever asked goes on with what she knows herself
        withdraw(state, case, True)
        record.consult, record.answer, record.relays, record.did = Consult.ENDED_BY_CLOCK, 0.0, 0, Activity.CLOCK
        _follow(state, case, np.int64(-1), phase(Phase.APPROVE if record.kind == Kind.DECISION else Phase.CONTACT))
    elif _is_served(state, case):  # services begun are finished and their verdicts count
        withdraw(state, case, False)
        record.ringing = 1
    else:
        _close(state, case, np.int64(Disposition.DEFAULTED))


# --- cases end --------------------------------------------------------------------------------------------------------


@njit
def _close(state, case, disposition):
    """A case is decided: waiting tasks are withdrawn, it enters the ledger, and an error will come to light."""
    record, clock, rules = state.cases[case], state.clock[0], state.rules[0]
    right = np.int64(-1)
    if disposition == Disposition.ANSWERED:
        right = np.int64(answer_is_right(state, case))
        state.seats[record.holder].fame += 1.0
    if record.serving > 0:
        record.touch += clock.now - record.since
    withdraw(state, case, True)
    cancel(state, case_node(state, case))
    record.status, record.waits_for = Status.DISPOSED, Clock.NONE
    clock.closed[record.kind, disposition] += 1
    _live_changes(state, -1)
    bad_yes = record.good == 0 and (disposition == Disposition.ACCEPTED or disposition == Disposition.DEFAULTED)
    discovered = np.int64(-1)
    if bad_yes or right == 0:
        wait = exponential(clock.seed, Stream.DISCOVERY, record.key, 0) * rules.discovery_hours * TICKS
        discovered = clock.now + np.int64(round(wait))
        comes_back = rules.rework if record.kind == Kind.DECISION else rules.repeat
        if record.round < rules.rework_rounds and uniform(clock.seed, Stream.RETURN, record.key, 0) < comes_back:
            record.waits_for = Clock.RETURN
            schedule(state, case_node(state, case), discovered, Event.CLOCK)
    if record.birth >= clock.measure_from:
        _enter_in_ledger(state, record, disposition, right, discovered)
    _release_if_done(state, case)


@njit
def _enter_in_ledger(state, record, disposition, right, discovered):
    clock = state.clock[0]
    line, record.line = state.ledger[clock.closed_rows], clock.closed_rows
    clock.closed_rows += 1
    line.key, line.birth, line.closed, line.first = record.key, record.birth, clock.now, record.first
    line.touch, line.work, line.discovered = record.touch, record.work, discovered
    line.quantile, line.opener, line.topic = record.quantile, record.opener, record.topic
    line.relays, line.handoffs, line.round, line.kind = record.relays, record.handoffs, record.round, record.kind
    line.disposition, line.good, line.right, line.consult = disposition, record.good, right, record.consult
    line.first_contact = record.first_contact


@njit
def _release_if_done(state, case):
    if state.cases[case].first_task < 0 and state.cases[case].waits_for == Clock.NONE:
        _release(state, case)


@njit
def _release(state, case):
    clock, record = state.clock[0], state.cases[case]
    record.status, record.free_next = Status.FREE, clock.free_case
    clock.free_case = case
    clock.cases_free += 1


# --- time -------------------------------------------------------------------------------------------------------------


@njit
def _full(state):
    """Which pool has to grow before the next event (an event opens at most one case and puts it before one panel)."""
    clock = state.clock[0]
    if clock.cases_free < 2:
        return 1
    if clock.tasks_free < MOST_ON_A_PANEL + 2:
        return 2
    if clock.closed_rows >= len(state.ledger) - 2:
        return 3
    if clock.tracing and clock.touch_rows >= len(state.touches) - 2:
        return 4
    return DONE


@njit
def _run(state, until):
    """Handle every event before tick `until`. Returns DONE, or the number of the pool that has to grow first."""
    first_seat = len(state.sources)
    pool, first_case = pool_node(state), case_node(state, 0)
    while True:
        full = _full(state)
        if full != DONE:
            return full
        node = next_event(state, until)
        if node < 0:
            state.clock[0].now = until
            return DONE
        if node < first_seat:
            _birth(state, node)
        elif node >= first_case:
            _ring(state, node - first_case)
        elif node == pool:
            look_into_pool(state)
        elif state.nodes[node].kind == Event.COMPLETION:
            _complete(state, node - first_seat)
        else:
            look_up(state, node - first_seat)


@njit
def _wind_up(state):
    """Before the first tick every source spends its first draw, and the desk is idle."""
    for source in range(len(state.sources)):
        if state.sources[source].rate > 0.0:
            _tick(state, source)
    for seat in state.desk_seats:
        serve_next(state, seat)


@njit
def _new_morning(state):
    """Nobody has done a case today; look-ups that run over night go on at the new mean."""
    state.clock[0].morning = state.clock[0].now
    for seat in range(len(state.seats)):
        state.seats[seat].today = 0
        if state.nodes[seat_node(state, seat)].time >= 0:
            mean_changes(state, seat)
    renew_watch(state)


@njit
def remember_load(state, week):
    """The share of the last ten weeks' hours that each person spent on cases."""
    weeks = min(week + 1, LOAD_WEEKS)
    for seat in range(len(state.seats)):
        state.loads[seat, week % LOAD_WEEKS] = state.seats[seat].this_week
        state.seats[seat].this_week = 0
        state.seats[seat].share = state.loads[seat].sum() / (weeks * np.float64(WEEK))


@njit
def fade_fame(state, week):
    """Who answers no outsiders is forgotten, at the pace at which ties fade."""
    for seat in range(len(state.seats)):
        state.seats[seat].fame *= state.rules[0].tie_decay


Weekly = Callable[[np.void, int], None]
# What happens at the end of every fifth day, in this order.
WEEKLY: tuple[Weekly, ...] = (remember_load, fade_and_meet, fade_fame)


def _one_day(state: State) -> State:
    clock = state.clock[0]
    until = clock["morning"] + DAY
    while full := _run(state.firm, until):
        state = grow(state, FULL[full])
    clock["day"] += 1
    if clock["day"] % DAYS_A_WEEK == 0:
        for happens in WEEKLY:
            happens(state.firm, clock["weeks"])
        clock["weeks"] += 1
    _new_morning(state.firm)
    return state


def _measure(state: State) -> None:
    """Measuring begins now: what happened before is forgotten by the books, not by the people."""
    clock = state.clock[0]
    now = clock["now"]
    clock["closed_rows"], clock["unborn"] = 0, 0
    clock["opened"], clock["closed"] = 0, 0
    clock["live_area"], clock["live_changed"] = 0, now
    state.queues["area"], state.queues["changed"] = 0, now
    for column in ("busy", "help", "look_ups"):
        state.seats[column] = 0


def start(
    scenario: Scenario, design: Design | str, *, seed: int, replication: int = 0, trace: bool = False
) -> State:
    """The firm on the morning of day 1: `burn_in_weeks` of the world under traditional rules lie behind it.

    The burn-in depends on world and seed alone, so twins may copy it (`simulate` does). With `trace`, every service
    from day 1 on leaves a row in `state.touches`.
    """
    return _adopt(_burn_in(scenario, seed, replication), scenario, scenario.design(design), trace=trace)


def _burn_in(scenario: Scenario, seed: int, replication: int) -> State:
    state = build(scenario.world, Design.traditional(), seed=seed, replication=replication)
    days = scenario.run.burn_in_weeks * DAYS_A_WEEK
    state.clock["day"], state.clock["measure_from"] = -days, days * DAY
    _wind_up(state.firm)
    for _ in range(days):
        state = _one_day(state)
    return state


def _adopt(state: State, scenario: Scenario, design: Design, *, trace: bool = False) -> State:
    """From now on the firm works by another design. Measuring begins at the end of the warm-up."""
    state.rules[:] = pack(scenario.world, design)
    warm_up = scenario.run.warm_up_weeks * DAYS_A_WEEK
    state.clock["measure_day"], state.clock["tracing"] = warm_up, trace
    state.clock["measure_from"] = state.clock["now"] + warm_up * DAY
    if warm_up == 0:
        _measure(state)
    asking = state.customers["active"].mean() if len(state.customers) else 0.0
    births = state.sources["rate"] @ np.where(state.sources["kind"] == Kind.DECISION, 1.0, asking)
    # Room for what a run of this length closes, errors that come back included; it grows when that is not enough.
    return grow(state, "ledger", least=int(1.3 * births * scenario.run.weeks * WEEK))


def horizon_days(run: Run) -> int:
    """Working days from day 1 to the end of measuring."""
    return (run.warm_up_weeks + run.weeks) * DAYS_A_WEEK


def advance(state: State, days: int = 1) -> State:
    """Let working days pass. Returns the State to go on with (its pools may have grown)."""
    for _ in range(days):
        state = _one_day(state)
        if state.clock["day"][0] == state.clock["measure_day"][0]:
            _measure(state)
    return state


def simulate(
    scenario: Scenario, designs: Sequence[Design | str], *, seed: int, replication: int = 0
) -> list[dict[str, float]]:
    """Twin firms to the horizon: one summary a design. They share their burn-in, and every draw that they both make."""
    before = _burn_in(scenario, seed, replication)
    results = []
    for design in designs:
        twin = _adopt(copy(before), scenario, scenario.design(design))
        results.append(summary(advance(twin, horizon_days(scenario.run))))
    return results
