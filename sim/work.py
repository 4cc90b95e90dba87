"""Work: tasks in queues, noticing that something has come in, serving it. Used by the engine only.

Each person has two first-in-first-out queues, short (minutes) and long; short goes first, without interrupting a
service begun. The desk shares one pool, which its people serve after their own queues: whoever is free, and none of it
is anybody's own before it is begun.
"""

import math

import numpy as np

from sim.compiled import inlined, njit
from sim.draws import Stream, exponential, normal
from sim.events import cancel, schedule
from sim.state import HOURS_A_DAY, TICKS, Activity, Clock, Event, Role, Status


@njit
def seat_node(state, seat):
    """Event node of a person: her look-up or her completion, never both."""
    return np.int64(len(state.sources) + seat)


@njit
def pool_node(state):
    """Event node of the desk's pool: its look-up."""
    return np.int64(len(state.sources) + len(state.seats))


@njit
def case_node(state, case):
    """Event node of a case: its clock."""
    return np.int64(len(state.sources) + len(state.seats) + 1 + case)


# --- queues -----------------------------------------------------------------------------------------------------------


@njit
def _length_changes(state, queue, by):
    record, now = state.queues[queue], state.clock[0].now
    record.area += record.length * (now - record.changed)
    record.changed = now
    record.length += by


@inlined
def _append(state, queue, task):
    record, entry = state.queues[queue], state.tasks[task]
    entry.queue, entry.next, entry.previous = queue, -1, record.tail
    if record.tail >= 0:
        state.tasks[record.tail].next = task
    else:
        record.head = task
    record.tail = task
    _length_changes(state, queue, 1)


@inlined
def _remove(state, task):
    entry = state.tasks[task]
    record = state.queues[entry.queue]
    if entry.previous >= 0:
        state.tasks[entry.previous].next = entry.next
    else:
        record.head = entry.next
    if entry.next >= 0:
        state.tasks[entry.next].previous = entry.previous
    else:
        record.tail = entry.previous
    _length_changes(state, entry.queue, -1)
    entry.queue = -1


# --- tasks ------------------------------------------------------------------------------------------------------------


@njit
def _new_task(state, case, seat, activity):
    clock = state.clock[0]
    task = clock.free_task
    entry, record = state.tasks[task], state.cases[case]
    clock.free_task = entry.next
    clock.tasks_free -= 1
    entry.case, entry.seat, entry.activity = case, seat, activity
    entry.queue, entry.stale, entry.arrived = -1, 0, clock.now
    entry.sibling = record.first_task
    record.first_task = task
    return task


@njit
def free_task(state, task):
    """The task is done or withdrawn: its case forgets it and its row can be used again."""
    entry, clock = state.tasks[task], state.clock[0]
    record = state.cases[entry.case]
    if record.first_task == task:
        record.first_task = entry.sibling
    else:
        other = record.first_task
        while state.tasks[other].sibling != task:
            other = state.tasks[other].sibling
        state.tasks[other].sibling = entry.sibling
    entry.next = clock.free_task
    clock.free_task = task
    clock.tasks_free += 1


@njit
def withdraw(state, case, stale):
    """Take a case's waiting tasks out of their queues. Services begun finish; `stale`: nobody waits for them."""
    task = state.cases[case].first_task
    while task >= 0:
        entry = state.tasks[task]
        following = entry.sibling
        if entry.queue >= 0:
            _remove(state, task)
            free_task(state, task)
        elif stale:
            entry.stale = 1
        task = following


@njit
def put(state, case, seat, activity):
    """A case arrives in a person's queue; if she is not at case work she will look up."""
    task = _new_task(state, case, seat, activity)
    short = state.rules[0].is_short[activity]
    _append(state, 2 * seat + (0 if short else 1), task)
    if state.seats[seat].working == 0 and state.nodes[seat_node(state, seat)].time < 0:
        _notice(state, seat)


# --- attention --------------------------------------------------------------------------------------------------------


@njit
def look_up_mean(state, seat):
    """Mean time until a person at routine work notices a case, in ticks.

    look_up·(1 − q/q̄)⁺·(1 + (max(0, c − 8q)/quiet)²): who spends the share q̄ of her hours on cases watches the inbox;
    hours c of cases above her usual day (8q) threaten her routine work.
    """
    rules, record = state.rules[0], state.seats[seat]
    usual = record.share
    watching = 1.0 - usual / rules.busy_share
    if watching <= 0.0 or rules.look_up_hours == 0.0:
        return 0.0
    above = max(0.0, record.today / TICKS - HOURS_A_DAY * usual)
    return rules.look_up_hours * TICKS * watching * (1.0 + (above / rules.quiet_hours) ** 2)


@njit
def _notice(state, seat):
    record, clock = state.seats[seat], state.clock[0]
    if record.idle:
        _stop_idling(state, seat)
        _watch_pool(state)
    record.look_up = look_up_mean(state, seat)
    record.looked += 1
    if record.look_up > 0.0:
        draw = exponential(clock.seed, Stream.LOOK_UP, seat, record.looked - 1)
        schedule(state, seat_node(state, seat), clock.now + np.int64(round(record.look_up * draw)), Event.LOOK_UP)
    else:
        look_up(state, seat)


@njit
def look_up(state, seat):
    """She leaves her routine work for her cases."""
    state.seats[seat].look_ups += 1
    serve_next(state, seat)


@njit
def mean_changes(state, seat):
    """A new morning: what is left of a running look-up is spent at the new mean (one draw, by its hazard)."""
    node, record, now = seat_node(state, seat), state.seats[seat], state.clock[0].now
    if record.working or state.nodes[node].time < 0:
        return
    mean = look_up_mean(state, seat)
    if mean == record.look_up:
        return
    left = (state.nodes[node].time - now) / record.look_up
    record.look_up = mean
    cancel(state, node)
    schedule(state, node, now + np.int64(round(left * mean)), Event.LOOK_UP)


# --- service ----------------------------------------------------------------------------------------------------------


@inlined
def _service_ticks(state, case, seat, activity):
    """Length of a service: its mean times a unit draw by (case, activity, how often), on a panel by person."""
    rules, record = state.rules[0], state.cases[case]
    mean = rules.mean_of[activity]
    ordinal = np.int64(seat) if activity == Activity.PANEL else np.int64(record.handled[activity])
    record.handled[activity] += 1
    if rules.service_cv == 0.0 or mean == 0.0:
        return np.int64(round(mean))
    stream = Stream.SERVICE + activity
    if rules.service_cv == 1.0:
        unit = exponential(state.clock[0].seed, stream, record.key, ordinal)
    else:
        z = normal(state.clock[0].seed, stream, record.key, ordinal)
        unit = math.exp(rules.log_sd * (z - 0.5 * rules.log_sd))
    return np.int64(round(mean * unit))


@njit
def comes_to(state, case, seat):
    """A person holds the case now; it is a handoff if she belongs to another team than the one who held it."""
    record, unit = state.cases[case], state.seats[seat].unit
    if record.unit >= 0 and record.unit != unit:
        record.handoffs += 1
    record.unit = unit


@inlined
def _begin(state, seat, task):
    entry, now = state.tasks[task], state.clock[0].now
    record, person = state.cases[entry.case], state.seats[seat]
    entry.seat = seat
    if entry.activity != Activity.PANEL:  # a panel advises: the case stays where it is
        comes_to(state, entry.case, seat)
    if record.first < 0:
        record.first = now
        if record.waits_for == Clock.OUTSIDER:  # who is being served does not leave
            cancel(state, case_node(state, entry.case))
    if record.serving == 0:
        record.since = now
    record.serving += 1
    person.serving, person.working, person.began = task, 1, now
    ticks = _service_ticks(state, entry.case, seat, np.int64(entry.activity))
    schedule(state, seat_node(state, seat), now + ticks, Event.COMPLETION)


@njit
def begin_here(state, case, seat, activity):
    """The same person goes on with the case, ahead of her queues."""
    task = _new_task(state, case, seat, activity)
    _begin(state, seat, task)


@njit
def serve_next(state, seat):
    """She takes the next task: short, long, then the desk's pool; with none she goes back to routine work."""
    person = state.seats[seat]
    task = state.queues[2 * seat].head
    if task < 0:
        task = state.queues[2 * seat + 1].head
    from_pool = task < 0 and person.role == Role.DESK
    if from_pool:
        task = state.queues[len(state.queues) - 1].head
    if task >= 0:
        _remove(state, task)
        _begin(state, seat, task)
        if from_pool and state.queues[len(state.queues) - 1].head < 0:
            _stop_watching(state)
    else:
        person.working = 0
        if person.role == Role.DESK:
            become_idle(state, seat)


@inlined
def finish(state, seat):
    """Book a service that ends now: hours of the person, time of the case, a line of the trace. Returns the task."""
    clock, person = state.clock[0], state.seats[seat]
    task = person.serving
    entry = state.tasks[task]
    record = state.cases[entry.case]
    now = clock.now
    person.serving = -1
    person.busy += now - max(person.began, clock.measure_from)
    person.today += now - max(person.began, clock.morning)
    person.this_week += now - person.began
    person.help += state.rules[0].is_help[entry.activity]
    clock.handlings += 1
    record.work += now - person.began
    record.serving -= 1
    if record.serving == 0 and record.status == Status.LIVE:
        record.touch += now - record.since
    if clock.tracing:
        line = state.touches[clock.touch_rows]
        clock.touch_rows += 1
        line.case, line.activity, line.seat = record.key, entry.activity, seat
        line.arrived, line.start, line.end = entry.arrived, person.began, now
    return task


# --- the desk's pool --------------------------------------------------------------------------------------------------


@njit
def put_in_pool(state, case, activity):
    """A case arrives at the desk, which notices it as soon as one of those who have nothing to do looks up."""
    task = _new_task(state, case, np.int64(-1), activity)
    _append(state, len(state.queues) - 1, task)
    _watch_pool(state)


@njit
def become_idle(state, seat):
    """A person of the desk with empty queues joins the end of the list of idle ones."""
    record, clock = state.seats[seat], state.clock[0]
    record.idle, record.idle_next, record.idle_previous = 1, -1, clock.idle_tail
    if clock.idle_tail >= 0:
        state.seats[clock.idle_tail].idle_next = seat
    else:
        clock.idle_head = seat
    clock.idle_tail = seat
    _attend(state, seat)


@njit
def _attend(state, seat):
    """An idle person adds her rate of looking up to the desk's; who looks up at once has no rate and is counted."""
    record, clock = state.seats[seat], state.clock[0]
    record.look_up = look_up_mean(state, seat)
    if record.look_up > 0.0:
        clock.attention += 1.0 / record.look_up
    else:
        clock.alert += 1


@njit
def _stop_idling(state, seat):
    record, clock = state.seats[seat], state.clock[0]
    if record.idle_previous >= 0:
        state.seats[record.idle_previous].idle_next = record.idle_next
    else:
        clock.idle_head = record.idle_next
    if record.idle_next >= 0:
        state.seats[record.idle_next].idle_previous = record.idle_previous
    else:
        clock.idle_tail = record.idle_previous
    record.idle = 0
    if record.look_up > 0.0:
        clock.attention -= 1.0 / record.look_up
    else:
        clock.alert -= 1


@njit
def _watch_pool(state):
    """While something waits in the pool, one look-up runs at the sum of the idle people's rates.

    The first of independent exponential look-ups comes at that rate. Its one draw is spent by its hazard when people
    come or go; the one who has been idle longest then takes the case.
    """
    clock, node, pool = state.clock[0], pool_node(state), len(state.queues) - 1
    while clock.alert > 0 and state.queues[pool].head >= 0:
        _look_into_pool(state)
    if state.queues[pool].head < 0:
        _stop_watching(state)
        return
    if state.nodes[node].time >= 0:
        clock.unspent = (state.nodes[node].time - clock.now) * clock.watched_at
        cancel(state, node)
    if clock.idle_head >= 0:
        if clock.unspent < 0.0:
            clock.unspent = exponential(clock.seed, Stream.LOOK_UP, len(state.seats), clock.watched)
            clock.watched += 1
        clock.watched_at = clock.attention
        schedule(state, node, clock.now + np.int64(round(clock.unspent / clock.attention)), Event.LOOK_UP)


@njit
def _stop_watching(state):
    """The pool is empty: whoever might still have looked up need not."""
    cancel(state, pool_node(state))
    state.clock[0].unspent = -1.0


@njit
def look_into_pool(state):
    """The pool's look-up is over."""
    state.clock[0].unspent = -1.0
    _look_into_pool(state)
    _watch_pool(state)


@njit
def _look_into_pool(state):
    seat = state.clock[0].idle_head
    _stop_idling(state, seat)
    look_up(state, seat)


@njit
def renew_watch(state):
    """A new morning: idle people's rates are those of the new day."""
    clock = state.clock[0]
    clock.attention, clock.alert = 0.0, 0
    seat = clock.idle_head
    while seat >= 0:
        _attend(state, seat)
        seat = state.seats[seat].idle_next
    _watch_pool(state)
