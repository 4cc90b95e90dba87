"""Work: tasks in queues, noticing that something has come in, serving it. Used by the engine only.

Each person has two first-in-first-out queues, short (minutes) and long; short goes first, without interrupting a
service begun. The desk shares one pool, and the brokers another, which their people serve after their own queues:
whoever is free, and none of it is anybody's own before it is begun.
"""

import math

import numpy as np

from sim.compiled import inlined, njit
from sim.draws import Stream, exponential, normal
from sim.events import cancel, schedule
from sim.state import HOURS_A_DAY, POOL_COUNT, TICKS, Activity, Clock, Event, Kind, Pool, Role, Status

NEVER_TODAY = 1e15  # ticks: a look-up so far away does not come, and its tick is still a number


@njit
def seat_node(state, seat):
    """Event node of a person: her look-up or her completion, never both."""
    return np.int64(len(state.sources) + seat)


@njit
def pool_node(state, pool):
    """Event node of a pool: its look-up."""
    return np.int64(len(state.sources) + len(state.seats) + pool)


@njit
def case_node(state, case):
    """Event node of a case: its clock."""
    return np.int64(len(state.sources) + len(state.seats) + POOL_COUNT + case)


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
def withdraw_one(state, task):
    """Take one waiting task out of its queue."""
    _remove(state, task)
    free_task(state, task)


@njit
def put(state, case, seat, activity):
    """A case arrives in a person's queue, or of who does her work; if she is not at case work she will look up."""
    seat = state.seats[seat].acting
    task = _new_task(state, case, seat, activity)
    short = state.rules[0].is_short[activity]
    _append(state, 2 * seat + (0 if short else 1), task)
    notices_unless_busy(state, seat)


@njit
def notices_unless_busy(state, seat):
    """Who has work waiting, and neither works on a case nor is about to look up, will look up."""
    person = state.seats[seat]
    if person.working == 0 and person.vacant == 0 and state.nodes[seat_node(state, seat)].time < 0:
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
    mean = rules.look_up_hours * TICKS * watching * (1.0 + (above / rules.quiet_hours) ** 2)
    return min(mean, NEVER_TODAY)


@njit
def _notice(state, seat):
    record, clock = state.seats[seat], state.clock[0]
    if record.idle:
        _stop_idling(state, seat)
        _watch_pool(state, _pool_of(record))
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
    state.seats[seat].interrupted += 1
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
    mean = rules.mean_of[activity] * state.seats[seat].pace
    of_customer = record.kind == Kind.REQUEST or record.kind == Kind.COMPLAINT
    if of_customer and state.customers[record.opener].knows == seat:
        mean *= 1.0 - rules.familiarity
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
        if record.waits_for == Clock.OUTSIDER or record.waits_for == Clock.LAPSE:  # who is being served does not leave
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
    """She takes the next task: short, long, then her pool's; with none she goes back to routine work."""
    person = state.seats[seat]
    task = state.queues[2 * seat].head
    if task < 0:
        task = state.queues[2 * seat + 1].head
    from_pool = task < 0 and _pool_of(person) >= 0
    if from_pool:
        task = state.queues[pool_queue(state, _pool_of(person))].head
    if task >= 0:
        _remove(state, task)
        _begin(state, seat, task)
        if from_pool and state.queues[pool_queue(state, _pool_of(person))].head < 0:
            _stop_watching(state, _pool_of(person))
    else:
        person.working = 0
        if _pool_of(person) >= 0:
            become_idle(state, seat)


@inlined
def finish(state, seat):
    """Book a service that ends now. Returns the task."""
    task = state.seats[seat].serving
    state.seats[seat].help += state.rules[0].is_help[state.tasks[task].activity]
    state.clock[0].handlings += 1
    book(state, seat, task)
    return task


@inlined
def book(state, seat, task):
    """Hours of a service that ends or is broken off now: the person's, the case's, a line of the trace."""
    clock, person, entry = state.clock[0], state.seats[seat], state.tasks[task]
    record = state.cases[entry.case]
    now = clock.now
    person.serving = -1
    person.busy += now - max(person.began, clock.measure_from)
    person.today += now - max(person.began, clock.morning)
    person.this_week += now - person.began
    record.work += now - person.began
    if entry.activity == Activity.PANEL:
        state.books[0].panel_hours += (now - person.began) / TICKS
    record.serving -= 1
    if record.serving == 0 and record.status == Status.LIVE:
        record.touch += now - record.since
    if clock.tracing:
        line = state.touches[clock.touch_rows]
        clock.touch_rows += 1
        line.case, line.activity, line.seat = record.key, entry.activity, seat
        line.arrived, line.start, line.end = entry.arrived, person.began, now


# --- pools --------------------------------------------------------------------------------------------------


@inlined
def _pool_of(person):
    """The pool that a person serves; -1 none."""
    if person.role == Role.DESK:
        return np.int64(Pool.DESK)
    return np.int64(Pool.BROKERS) if person.role == Role.BROKER else np.int64(-1)


@inlined
def pool_queue(state, pool):
    """Queue of a pool."""
    return len(state.queues) - POOL_COUNT + pool


@njit
def put_in_pool(state, case, pool, activity):
    """A case arrives in a pool, which is noticed as soon as one of those who have nothing to do looks up."""
    task = _new_task(state, case, np.int64(-1), activity)
    _append(state, pool_queue(state, pool), task)
    _watch_pool(state, pool)


@njit
def become_idle(state, seat):
    """A person of a pool with empty queues joins the end of the list of idle ones."""
    record = state.seats[seat]
    shared = state.pools[_pool_of(record)]
    record.idle, record.idle_next, record.idle_previous = 1, -1, shared.idle_tail
    if shared.idle_tail >= 0:
        state.seats[shared.idle_tail].idle_next = seat
    else:
        shared.idle_head = seat
    shared.idle_tail = seat
    _attend(state, seat)


@njit
def _attend(state, seat):
    """An idle person adds her rate of looking up to the pool's; who looks up at once has no rate and is counted."""
    record = state.seats[seat]
    shared = state.pools[_pool_of(record)]
    record.look_up = look_up_mean(state, seat)
    if record.look_up > 0.0:
        shared.attention += 1.0 / record.look_up
    else:
        shared.alert += 1


@njit
def _stop_idling(state, seat):
    record = state.seats[seat]
    shared = state.pools[_pool_of(record)]
    if record.idle_previous >= 0:
        state.seats[record.idle_previous].idle_next = record.idle_next
    else:
        shared.idle_head = record.idle_next
    if record.idle_next >= 0:
        state.seats[record.idle_next].idle_previous = record.idle_previous
    else:
        shared.idle_tail = record.idle_previous
    record.idle = 0
    if record.look_up > 0.0:
        shared.attention -= 1.0 / record.look_up
    else:
        shared.alert -= 1


@njit
def stop_idling(state, seat):
    """A person leaves the list of idle ones: her pool is watched by one less."""
    if state.seats[seat].idle:
        _stop_idling(state, seat)
        _watch_pool(state, _pool_of(state.seats[seat]))


@njit
def _watch_pool(state, pool):
    """While something waits in a pool, one look-up runs at the sum of its idle people's rates.

    The first of independent exponential look-ups comes at that rate. Its one draw is spent by its hazard when people
    come or go; the one who has been idle longest then takes the case.
    """
    clock, shared, node, queue = state.clock[0], state.pools[pool], pool_node(state, pool), pool_queue(state, pool)
    while shared.alert > 0 and state.queues[queue].head >= 0:
        _look_into_pool(state, pool)
    if state.queues[queue].head < 0:
        _stop_watching(state, pool)
        return
    if state.nodes[node].time >= 0:
        shared.unspent = (state.nodes[node].time - clock.now) * shared.watched_at
        cancel(state, node)
    if shared.idle_head >= 0:
        if shared.unspent < 0.0:
            entity = len(state.seats) + pool
            shared.unspent = exponential(clock.seed, Stream.LOOK_UP, entity, shared.watched)
            shared.watched += 1
        shared.watched_at = shared.attention
        schedule(state, node, clock.now + np.int64(round(shared.unspent / shared.attention)), Event.LOOK_UP)


@njit
def _stop_watching(state, pool):
    """The pool is empty: whoever might still have looked up need not."""
    cancel(state, pool_node(state, pool))
    state.pools[pool].unspent = -1.0


@njit
def look_into_pool(state, pool):
    """The pool's look-up is over."""
    state.pools[pool].unspent = -1.0
    _look_into_pool(state, pool)
    _watch_pool(state, pool)


@njit
def _look_into_pool(state, pool):
    seat = state.pools[pool].idle_head
    _stop_idling(state, seat)
    look_up(state, seat)


@njit
def renew_watch(state):
    """A new morning: idle people's rates are those of the new day."""
    for pool in range(POOL_COUNT):
        shared = state.pools[pool]
        shared.attention, shared.alert = 0.0, 0
        seat = shared.idle_head
        while seat >= 0:
            _attend(state, seat)
            seat = state.seats[seat].idle_next
        _watch_pool(state, np.int64(pool))


# --- coming and going -------------------------------------------------------------------------------------------------


@njit
def lay_down(state, seat):
    """A person leaves: the service in hand is broken off, and her work stands in her queues again, first come first.

    What has been drawn for that service is drawn again by whoever begins it anew. Returns the case of a service that
    nobody waits for any more, which is over; -1 there is none.
    """
    person, over = state.seats[seat], np.int64(-1)
    cancel(state, seat_node(state, seat))
    stop_idling(state, seat)
    if person.serving >= 0:
        task = np.int64(person.serving)
        entry = state.tasks[task]
        book(state, seat, task)
        if entry.stale:
            over = np.int64(entry.case)
            free_task(state, task)
        else:
            if entry.activity != Activity.PANEL:
                state.cases[entry.case].handled[entry.activity] -= 1
            _push(state, 2 * seat + (0 if state.rules[0].is_short[entry.activity] else 1), task)
    person.working = 0
    return over


@inlined
def _push(state, queue, task):
    """To the head of a queue."""
    record, entry = state.queues[queue], state.tasks[task]
    entry.queue, entry.next, entry.previous = queue, record.head, -1
    if record.head >= 0:
        state.tasks[record.head].previous = task
    else:
        record.tail = task
    record.head = task
    _length_changes(state, queue, 1)


@njit
def pass_on(state, task, heir):
    """A waiting task goes to the end of another person's queue of the same kind."""
    queue = state.tasks[task].queue & 1
    _remove(state, task)
    state.tasks[task].seat = heir
    _append(state, 2 * heir + queue, task)
    notices_unless_busy(state, heir)
