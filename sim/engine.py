"""The only loop over time: events inside a day, then what happens every morning and every week.

Rules return what comes next (`state.Step`); here it is done: queues, clocks, children, the ledger of closed cases.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from sim.compiled import call_rule, inlined, njit
from sim.draws import Stream, bits, exponential, uniform
from sim.events import cancel, next_event, schedule
from sim.judgement import stake
from sim.measures import summary
from sim.own import NOTHING_OWN, Own
from sim.population import MOST_ON_A_PANEL, build, source_rates
from sim.rules import birth, customers, hear, market, meet, staff
from sim.rules.act import act
from sim.rules.approve import approve
from sim.rules.connect import connect, lapse, partners_come_and_go, strike
from sim.rules.consult import consult
from sim.rules.contact import answer_is_right, contact
from sim.scenario import Design, Run, Scenario
from sim.scenario import Event as Dated
from sim.state import (
    DAY,
    DAYS_A_WEEK,
    HOURS_A_YEAR,
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
    Role,
    State,
    Status,
    Verb,
    activity_of,
    grow,
    pack,
    phase,
    verb_of,
    who_of,
    with_rules,
)
from sim.ties import fade_and_meet, work_together
from sim.tree import is_above
from sim.work import (
    begin_here,
    case_node,
    comes_to,
    finish,
    free_task,
    lay_down,
    look_into_pool,
    look_up,
    mean_changes,
    notices_unless_busy,
    pass_on,
    pool_node,
    put,
    put_in_pool,
    renew_watch,
    seat_node,
    serve_next,
    withdraw,
    withdraw_one,
)

# What `_run` answers: it has reached its tick, or a pool is (nearly) full and has to grow first.
DONE, FULL = 0, ("", "cases", "tasks", "ledger", "touches")
MOST_FELT = 64  # customers who feel one failure
LONGEST = NEVER / 2  # ticks; a wait that no run sees the end of
ROOM = MOST_FELT + 8  # rows of a pool that one event may need
FIRST_PHASE = np.array([Phase.ACT, Phase.CONTACT, Phase.CONTACT, Phase.ACT, Phase.HEAR, Phase.CONNECT])  # by kind


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
    record.members, record.public, record.peer, record.suggested, record.with_customer = 0, 0, 0, 0, 0
    record.holder, record.other, record.slot, record.date, record.topic = -1, -1, 0, NEVER, -1
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
def _open(state, case):
    """A case enters its first phase."""
    kind = state.cases[case].kind
    state.clock[0].opened[kind] += 1
    _live_changes(state, 1)
    which = FIRST_PHASE[kind]
    if kind == Kind.REQUEST and state.rules[0].connect > 0.0:
        which = np.int64(Phase.CONNECT)  # another customer may answer
    _follow(state, case, np.int64(-1), phase(which))


@njit
def _await_opening(state, case):
    """A case born of another stands in line until what gave birth to it is over."""
    clock = state.clock[0]
    state.cases[case].free_next = -1
    if clock.newborn_tail >= 0:
        state.cases[clock.newborn_tail].free_next = case
    else:
        clock.newborn_head = case
    clock.newborn_tail = case


@njit
def _open_newborn(state):
    clock = state.clock[0]
    case = np.int64(clock.newborn_head)
    clock.newborn_head = state.cases[case].free_next
    if clock.newborn_head < 0:
        clock.newborn_tail = -1
    _open(state, case)


@njit
def _tick(state, source):
    """A source spends its next unit-rate draw; its rate only stretches the time this takes."""
    record, clock = state.sources[source], state.clock[0]
    draw = exponential(clock.seed, Stream.BIRTH, source, record.ordinal)
    schedule(state, source, clock.now + np.int64(round(min(draw / record.rate, LONGEST))), Event.BIRTH)


@inlined
def _birth(state, source):
    record, clock, rules = state.sources[source], state.clock[0], state.rules[0]
    key = (np.uint64(source) << np.uint64(32)) | np.uint64(record.ordinal)
    record.ordinal += 1
    _tick(state, source)
    opener = np.int64(record.opener)
    born = False
    if record.kind == Kind.DECISION:
        born = state.seats[opener].vacant == 0
    elif record.kind == Kind.DEAL:
        born = state.partners[opener].active == 1
    else:
        born = state.customers[opener].active == 1
        if record.extra:
            born = born and uniform(clock.seed, Stream.PUBLIC, key, 0) < rules.channel
    if not born:
        clock.unborn += 1
        return
    case = _new_case(state, key)
    if record.kind == Kind.DECISION:
        birth.decision(state, case, opener)
    elif record.kind == Kind.REQUEST:
        birth.request(state, case, opener)
        if rules.channel > 0.0:
            public = uniform(clock.seed, Stream.PUBLIC, key, 0) < rules.channel
            state.cases[case].public = record.extra == 1 or public
    elif record.kind == Kind.MOMENT:
        birth.moment(state, case, opener)
    elif not birth.deal(state, case, opener):
        clock.unborn += 1
        _release(state, case)
        return
    else:
        state.books[0].chances += 1.0
    _open(state, case)


@njit
def _child_key(state, parent, kind, ordinal):
    """Key of a case born of another: hash of the parent's, the kind, the ordinal among its children of that kind."""
    hashed = bits(0, Stream.CHILD, state.cases[parent].key, (np.int64(kind) << 16) + ordinal)
    return hashed | (np.uint64(1) << np.uint64(63))


@njit
def _return(state, parent):
    """The case comes back: the same matter, judged anew."""
    record = state.cases[parent]
    of_staff = record.kind == Kind.DECISION
    if state.seats[record.opener].vacant if of_staff else not state.customers[record.opener].active:
        state.clock[0].unborn += 1
        return
    case = _new_case(state, _child_key(state, parent, record.kind, np.int64(0)))
    child = state.cases[case]
    if record.kind == Kind.DECISION:
        birth.decision(state, case, record.opener)
        child.quantile = record.quantile
    else:
        birth.request(state, case, record.opener)
        child.public = record.public
    child.topic, child.round = record.topic, record.round + 1
    _await_opening(state, case)


@njit
def _comes_to_light(state, case):
    """An error shows: customers may feel it, and the case may come back."""
    record, rules, seed = state.cases[case], state.rules[0], state.clock[0].seed
    if record.kind == Kind.DECISION:
        if state.topics[record.topic].exposed:
            _is_felt(state, case)
        comes_back = rules.rework
    else:
        comes_back = rules.repeat
    if record.round < rules.rework_rounds and uniform(seed, Stream.RETURN, record.key, 0) < comes_back:
        _return(state, case)
    _release_if_done(state, case)  # a panel member may still be at work on it


@njit
def _is_felt(state, case):
    """failure_reach·stake customers at home in the topic experience a service worth nothing, and may complain."""
    record, rules, seed = state.cases[case], state.rules[0], state.clock[0].seed
    topic = state.topics[record.topic]
    people = topic.home_high - topic.home_low
    wanted = rules.failure_reach * stake(state, case)
    count = np.int64(wanted + uniform(seed, Stream.FELT, record.key, 2**31))
    felt = 0
    for ordinal in range(hear.MOST_TRIED * min(count, people, MOST_FELT)):
        row = topic.home_low + np.int64(uniform(seed, Stream.FELT, record.key, ordinal) * people)
        customer = np.int64(state.residents[row])
        if state.customers[customer].active == 0 or felt == min(count, people, MOST_FELT):
            continue
        felt += 1
        state.books[0].failures_felt += 1.0
        surprise, x = customers.experience(state, customer, case, customers.FAILURE, 0.0, 1.0)
        if customers.complains(state, customer, case, customers.FAILURE, surprise, x):
            _complaint(state, case, customer, ordinal)


@njit
def _complaint(state, parent, customer, ordinal):
    case = _new_case(state, _child_key(state, parent, np.int64(Kind.COMPLAINT), ordinal))
    birth.complaint(state, case, parent)
    state.cases[case].opener = customer
    _await_opening(state, case)


@njit
def _idea(state, key, topic):
    """A new idea about a topic that has none open. Returns its case, which waits to be opened."""
    case = _new_case(state, key)
    birth.idea(state, case, topic)
    state.topics[topic].idea = case
    _await_opening(state, case)
    return case


# --- cases go on ------------------------------------------------------------------------------------------------------


@inlined
def _rule(state, case, seat):
    which = state.cases[case].phase
    if state.has_own_rules and state.own_rule[which] != 0:
        return call_rule(state.own_rule[which], state.here, case, seat)
    if which == Phase.ACT:
        return act(state, case, seat)
    if which == Phase.CONTACT:
        return contact(state, case, seat)
    if which == Phase.CONSULT:
        return consult(state, case, seat)
    if which == Phase.APPROVE:
        return approve(state, case, seat)
    if which == Phase.CONNECT:
        return connect(state, case, seat)
    return hear.hear(state, case, seat)


@njit
def _lever(state, case, which):
    """The lever of a phase, as it reaches this case.

    Without access to the channel nobody inside can be found there. Managers who lost standing keep their people to the
    old rules: lever·(1 − resist·(1 − standing)).
    """
    rules, record = state.rules[0], state.cases[case]
    if which == Phase.CONTACT:
        return rules.contact * rules.inside
    if which == Phase.CONNECT:
        return rules.connect
    if which == Phase.HEAR:
        return rules.hear
    lever = rules.consult if which == Phase.CONSULT else (rules.approve if which == Phase.APPROVE else 0.0)
    if rules.resist > 0.0 and record.holder >= 0:
        manager = state.seats[state.seats[record.holder].team].acting
        lever *= 1.0 - rules.resist * (1.0 - state.seats[manager].standing)
    return lever


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
    hours = rules.patience_hours
    if which == Phase.CONTACT:
        hours = rules.outsider_patience_hours
    elif which == Phase.CONNECT and record.kind == Kind.DEAL:
        hours = rules.deal_patience_hours
    record.deadline = _deadline(clock.now, hours)
    lever = _lever(state, case, which)
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
    elif record.phase == Phase.CONNECT and record.first < 0:
        record.waits_for = Clock.LAPSE
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
        _ends(state, case, who)
        return False
    if verb == Verb.HERE:
        begin_here(state, case, who, activity)
        return True
    if verb == Verb.WAIT:
        if who == Clock.PLATFORM:
            cancel(state, case_node(state, case))
            record.waits_for = Clock.PLATFORM if record.until < record.deadline else Clock.CONSULT
            schedule(state, case_node(state, case), min(record.until, record.deadline), Event.CLOCK)
        elif who == Clock.FOUND or who == Clock.LAPSE:
            record.waits_for = who
            schedule(state, case_node(state, case), record.until, Event.CLOCK)
        return False
    if verb == Verb.TASK:
        put(state, case, who, activity)
    elif verb == Verb.POOL:
        put_in_pool(state, case, np.int64(who), activity)
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
        _is_over(state, case)
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
            _ends(state, case, np.int64(Disposition.DEFAULTED))
    if not goes_on:
        serve_next(state, seat)


@njit
def _is_over(state, case):
    """A service that nobody waits for any more has ended: its hours are booked, and the case may be forgotten."""
    record = state.cases[case]
    if record.line >= 0:
        state.ledger[record.line].work = record.work
    _release_if_done(state, case)


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
        _comes_to_light(state, case)
    elif clock == Clock.OUTSIDER:
        _close(state, case, np.int64(Disposition.ABANDONED))
    elif clock == Clock.LAPSE and record.phase == Phase.CONNECT:
        _close(state, case, np.int64(Disposition.LAPSED))
    elif clock == Clock.PLATFORM or clock == Clock.FOUND or clock == Clock.LAPSE:
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
        _ends(state, case, np.int64(Disposition.DEFAULTED))


# --- cases end --------------------------------------------------------------------------------------------------------


@njit
def _ends(state, case, disposition):
    """A case is decided. An accepted idea has still to be built, and a moment's gesture may come too late."""
    record = state.cases[case]
    yes = disposition == Disposition.ACCEPTED or disposition == Disposition.DEFAULTED
    if record.kind == Kind.IDEA and yes:
        withdraw(state, case, True)
        cancel(state, case_node(state, case))
        record.waits_for, record.ringing, record.phase = Clock.NONE, 0, Phase.HEAR
        hours = state.rules[0].build_hours * exponential(state.clock[0].seed, Stream.BUILD, record.key, 0)
        state.topics[record.topic].build_left = hours
        return
    if record.kind == Kind.MOMENT and yes and state.clock[0].now > record.date:
        disposition = np.int64(Disposition.LAPSED)
    _close(state, case, disposition)


@njit
def _close(state, case, disposition):
    """A case is over: waiting tasks are withdrawn, it enters the ledger, others feel it, an error will show."""
    record, clock, rules = state.cases[case], state.clock[0], state.rules[0]
    right = np.int64(-1)
    if disposition == Disposition.ANSWERED:
        right = np.int64(answer_is_right(state, case))
        if record.peer == 0:
            state.seats[record.holder].fame += 1.0
    if record.serving > 0:
        record.touch += clock.now - record.since
    withdraw(state, case, True)
    cancel(state, case_node(state, case))
    record.status, record.waits_for = Status.DISPOSED, Clock.NONE
    clock.closed[record.kind, disposition] += 1
    _live_changes(state, -1)
    yes = disposition == Disposition.ACCEPTED or disposition == Disposition.DEFAULTED
    bad_yes = record.kind == Kind.DECISION and record.good == 0 and yes
    discovered = np.int64(-1)
    if bad_yes or (right == 0 and record.kind == Kind.REQUEST):
        wait = exponential(clock.seed, Stream.DISCOVERY, record.key, 0) * rules.discovery_hours * TICKS
        discovered = clock.now + np.int64(round(wait))
        record.waits_for = Clock.RETURN
        schedule(state, case_node(state, case), discovered, Event.CLOCK)
    if record.birth >= clock.measure_from:
        _enter_in_ledger(state, record, disposition, right, discovered)
    _has_consequences(state, case, disposition, right)
    _release_if_done(state, case)


@njit
def _has_consequences(state, case, disposition, right):
    """What the end of a case does to those whom it concerns."""
    record = state.cases[case]
    kind, yes = record.kind, disposition == Disposition.ACCEPTED or disposition == Disposition.DEFAULTED
    if kind == Kind.DECISION:
        staff.decided(state, case, yes)
        if uniform(state.clock[0].seed, Stream.SUGGEST, record.key, 0) < state.rules[0].suggestion:
            _suggestion(state, case)
    elif kind == Kind.DEAL:
        _deal_is_over(state, case, disposition, yes)
    elif kind == Kind.IDEA:
        _tell_back(state, case, yes)
    elif state.customers[record.opener].active == 0:
        return  # who has left us feels nothing any more
    elif kind == Kind.MOMENT:
        if yes:
            customers.gift(state, case)
    else:
        surprise, x = customers.answered(state, case, right)
        if disposition == Disposition.ANSWERED and record.peer == 0:
            customers.goes_to_server(state, case, right, surprise, x)
        customer = np.int64(record.opener)
        if customers.complains(state, customer, case, customers.ANSWER, surprise, x):
            _complaint(state, case, customer, np.int64(0))
        if kind == Kind.REQUEST and hear.feedback(state, case) == hear.HEARD:
            _voice(state, case)


@njit
def _deal_is_over(state, case, disposition, done):
    record = state.cases[case]
    if disposition == Disposition.UNMET:
        state.books[0].unmet += 1.0
    elif not done:
        lapse(state, case)
    else:
        content = strike(state, case)
        if record.with_customer and state.customers[record.other].active:
            customers.experience(state, np.int64(record.other), case, customers.DEAL, content, 1.0)


@njit
def _voice(state, case):
    """What a customer says joins the open idea of its topic, or becomes one."""
    topic = np.int64(state.cases[case].topic)
    if state.customers[state.cases[case].opener].voice_at >= 0:
        return  # an earlier voice of hers still waits for news
    if state.topics[topic].idea < 0:
        _idea(state, _child_key(state, case, np.int64(Kind.IDEA), np.int64(0)), topic)
    hear.voice(state, case, topic)


@njit
def _suggestion(state, case):
    topic = np.int64(state.cases[case].topic)
    if state.topics[topic].idea >= 0:
        return
    idea = _idea(state, _child_key(state, case, np.int64(Kind.IDEA), np.int64(0)), topic)
    hear.suggest(state, case, topic)
    state.cases[idea].holder, state.cases[idea].suggested = state.cases[case].holder, 1
    state.cases[idea].unit = state.seats[state.cases[case].holder].unit


@njit
def _tell_back(state, case, built):
    """What came of an idea: the product moves if it was built, and each voice is told once, in public."""
    topic = np.int64(state.cases[case].topic)
    theirs, clock = state.topics[topic], state.clock[0]
    if built:
        hear.improve(state, case)
    customer = np.int64(theirs.first_voice)
    came_good = built and state.cases[case].good == 1
    while customer >= 0:
        person = state.customers[customer]
        following = np.int64(person.voice_next)
        if person.active:
            service = hear.news_is_worth(state, customer, 1.0 if built else 0.0)
            hurt = 2.0 if person.own_idea and not came_good else 1.0
            customers.experience(state, customer, case, customers.NEWS, service, hurt)
        person.voice_at, person.voice_next = -1, -1
        clock.voices -= 1
        customer = following
    theirs.idea, theirs.voices, theirs.first_voice, theirs.build_left = -1, 0, -1, -1.0
    theirs.aim[:] = 0.0


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
    """Which pool has to grow before the next event."""
    clock = state.clock[0]
    if clock.cases_free < ROOM:
        return 1
    if clock.tasks_free < MOST_ON_A_PANEL + ROOM:
        return 2
    if clock.closed_rows >= len(state.ledger) - ROOM:
        return 3
    if clock.tracing and clock.touch_rows >= len(state.touches) - 2:
        return 4
    return DONE


@njit
def _run(state, until):
    """Handle every event before tick `until`. Returns DONE, or the number of the pool that has to grow first."""
    first_seat = len(state.sources)
    pools, first_case = pool_node(state, 0), case_node(state, 0)
    clock = state.clock[0]
    while True:
        full = _full(state)
        if full != DONE:
            return full
        if clock.newborn_head >= 0:
            _open_newborn(state)
            continue
        node = next_event(state, until)
        if node < 0:
            clock.now = until
            return DONE
        if node < first_seat:
            _birth(state, node)
        elif node >= first_case:
            _ring(state, node - first_case)
        elif node >= pools:
            look_into_pool(state, node - pools)
        elif state.nodes[node].kind == Event.COMPLETION:
            _complete(state, node - first_seat)
        else:
            look_up(state, node - first_seat)


@njit
def _wind_up(state):
    """Before the first tick every source spends its first draw, and the pools' people are idle."""
    for source in range(len(state.sources)):
        if state.sources[source].rate > 0.0:
            _tick(state, source)
    for seat in range(len(state.seats)):
        if state.seats[seat].role == Role.DESK or state.seats[seat].role == Role.BROKER:
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


# --- weeks ------------------------------------------------------------------------------------------------------------


@njit
def remember_load(state, week):
    """The share of the last ten weeks' hours that each person spent on cases; a newcomer's weeks are fewer."""
    now = state.clock[0].now
    for seat in range(len(state.seats)):
        person = state.seats[seat]
        here = np.int64((now - max(0, person.joined)) / WEEK)
        weeks = max(1, min(week + 1, LOAD_WEEKS, here))
        state.loads[seat, week % LOAD_WEEKS] = person.this_week
        person.this_week = 0
        person.share = state.loads[seat].sum() / (weeks * np.float64(WEEK))


@njit
def fade_fame(state, week):
    """Who answers no outsiders is forgotten, at the pace at which ties fade."""
    for seat in range(len(state.seats)):
        state.seats[seat].fame *= state.rules[0].tie_decay


@njit
def deliver(state, week):
    """Ideas whose hours are spent are built: the product moves, and voices are told."""
    for topic in range(len(state.topics)):
        if state.topics[topic].build_left == 0.0 and state.topics[topic].idea >= 0:
            _close(state, np.int64(state.topics[topic].idea), np.int64(Disposition.ACCEPTED))


@njit
def study_the_market(state, week):
    """From time to time customers drawn evenly are asked, and ideas come of it, on topics that have none open."""
    rules = state.rules[0]
    if (week + 1) % np.int64(rules.study_weeks) != 0 or not len(state.customers):
        return
    ranks = hear.topics_of_study(state, week)
    wanted = np.int64(round(rules.study_ideas_per_seat * rules.size))
    for _ in range(np.minimum(wanted, len(ranks))):
        topic = np.int64(np.argmin(ranks))
        ranks[topic] = np.inf
        if state.topics[topic].idea >= 0:
            continue
        if hear.studies(state, topic, week):
            entity = np.uint64(topic) << np.uint64(32) | np.uint64(week)
            _idea(state, bits(0, Stream.CHILD, entity, Kind.IDEA) | (np.uint64(1) << np.uint64(63)), topic)


@njit
def part(state, week):
    """Who leaves hands on her work; the seat stands vacant for a while."""
    rules, leaving = state.rules[0], False
    for seat in range(len(state.seats)):
        leaving = leaving or state.seats[seat].leaving
    if not leaving:
        return
    weeks = np.int64(math.ceil(rules.vacancy_weeks * (1.0 + rules.hire_vetting)))
    for seat in range(len(state.seats)):
        if state.seats[seat].leaving:
            _empty(state, seat, week + weeks)
    _settle_acting(state)
    _hand_on_what_is_held(state)
    for seat in range(len(state.seats)):
        if state.seats[seat].leaving:
            _hand_on_queues(state, seat)
            state.seats[seat].leaving = 0


@njit
def _hand_on_what_is_held(state):
    """Who asks for a case is now who acts for her; work with who is gone makes no tie any more."""
    for case in range(len(state.cases)):
        record = state.cases[case]
        if record.status == Status.LIVE and record.holder >= 0:
            record.holder = state.seats[record.holder].acting
        if record.status != Status.FREE and record.last >= 0 and state.seats[record.last].vacant:
            record.last = -1


@njit
def _empty(state, seat, until):
    """A person gets up: her service is broken off, her employment ends, her circle has a place."""
    clock, rules, person = state.clock[0], state.rules[0], state.seats[seat]
    person.vacant, person.filled = 1, until
    over = lay_down(state, seat)
    if over >= 0 and state.cases[over].status == Status.DISPOSED:
        _is_over(state, over)
    broken_off = person.this_week / TICKS  # what the week's books have not seen yet
    state.books[0].case_hours += broken_off
    state.books[0].output -= rules.output_value * broken_off
    person.this_week = 0
    meet.leave_circle(state, seat)
    person.circle = -1
    state.spells[person.spell].ended = clock.now
    state.loads[seat, :] = 0
    person.share, person.standing = 0.0, 0.0
    state.books[0].quits += 1.0
    state.books[0].replacement += rules.replacement * HOURS_A_YEAR


@njit
def _settle_acting(state):
    """Who does the work of vacant seats: of a leaf the least loaded teammate, of a manager her superior.

    The top seat's work goes to its first report. Where nobody is there either, the superior of that one, and so on up;
    a firm without anybody leaves the work where it is.
    """
    for seat in range(len(state.seats)):  # from the top down: who stands above is settled first
        person = state.seats[seat]
        person.acting = seat
        if person.vacant == 0:
            continue
        heir = _teammate(state, seat) if person.role != Role.MANAGER else np.int64(-1)
        if heir < 0 and person.parent >= 0:
            heir = np.int64(state.seats[person.parent].acting)
            if state.seats[heir].vacant:
                heir = np.int64(-1)
        if heir < 0 and person.parent < 0:
            heir = _first_present(state)
        if heir >= 0:
            person.acting = heir


@njit
def _teammate(state, seat):
    """The least loaded of those with the same manager and the same work."""
    best, least = np.int64(-1), np.inf
    parent, span = np.int64(state.seats[seat].parent), np.int64(state.rules[0].span)
    if parent < 0:
        return best
    for other in range(parent * span + 1, np.minimum(parent * span + span + 1, len(state.seats))):
        there = state.seats[other]
        if there.vacant == 0 and there.role == state.seats[seat].role and there.share < least:
            best, least = np.int64(other), there.share
    return best


@njit
def _first_present(state):
    for seat in range(len(state.seats)):
        if state.seats[seat].vacant == 0:
            return np.int64(seat)
    return np.int64(-1)


@njit
def _hand_on_queues(state, seat):
    """Her queues go, order kept, to who acts for her; a panel's task to the next expert who is not on it."""
    heir = np.int64(state.seats[seat].acting)
    if heir == seat:
        return
    for queue in (2 * seat, 2 * seat + 1):
        task = np.int64(state.queues[queue].head)
        while task >= 0:
            following = np.int64(state.tasks[task].next)
            to = heir
            if state.tasks[task].activity == Activity.PANEL:
                to = _another_expert(state, np.int64(state.tasks[task].case))
            if to >= 0:
                pass_on(state, task, to)
            else:
                _panel_shrinks(state, task)
            task = following


@njit
def _panel_shrinks(state, task):
    """Nobody can take a member's place: if the panel can still say yes it goes on, else the case goes up."""
    case = np.int64(state.tasks[task].case)
    record = state.cases[case]
    withdraw_one(state, task)
    record.members -= 1
    if record.ringing:
        if not _is_served(state, case):
            _ends(state, case, np.int64(Disposition.DEFAULTED))
    elif record.no > record.members - np.int64(state.rules[0].quorum):
        withdraw(state, case, True)
        record.did = Activity.CLOCK
        _follow(state, case, np.int64(-1), _rule(state, case, np.int64(-1)))


@njit
def _another_expert(state, case):
    """The next expert by the panel's own order who is not the asker, nor above her; -1 there is none."""
    record = state.cases[case]
    best, least = np.int64(-1), np.inf
    for row in range(state.topics[record.topic].roster_low, state.topics[record.topic].roster_high):
        expert = np.int64(state.roster[row])
        if expert == record.holder or state.seats[expert].vacant or is_above(state, expert, record.holder):
            continue
        score = uniform(state.clock[0].seed, Stream.PANEL, record.key, expert)
        if record.rank < score < least:
            best, least = expert, score
    if best >= 0:
        record.rank = least
    return best


@njit
def hire(state, week):
    """Vacant seats whose time has come are filled; who acted for them is free of that.

    Who comes to a firm that everybody has left takes over what lies there.
    """
    filled, deserted = False, _first_present(state) < 0
    for seat in range(len(state.seats)):
        person = state.seats[seat]
        if person.vacant and person.filled <= week:
            filled = True
            person.generation += 1
            staff.sit_down(state, seat, state.clock[0].now)
            meet.join_circle(state, seat)
            begin_spell(state, seat)
            if person.role == Role.DESK or person.role == Role.BROKER:
                serve_next(state, seat)
            elif state.queues[2 * seat].head >= 0 or state.queues[2 * seat + 1].head >= 0:
                notices_unless_busy(state, seat)
    if filled:
        _settle_acting(state)
    if filled and deserted:
        _hand_on_what_is_held(state)
        for seat in range(len(state.seats)):
            _hand_on_queues(state, seat)


@njit
def begin_spell(state, seat):
    """A line in the book of employments."""
    clock, person = state.clock[0], state.seats[seat]
    person.spell = clock.spell_rows
    line = state.spells[clock.spell_rows]
    clock.spell_rows += 1
    line.seat, line.generation, line.role = seat, person.generation, person.role
    line.began, line.ended = person.joined, -1


Weekly = Callable[[np.void, int], None]
# What happens at the end of every fifth day, in this order.
WEEKLY: tuple[Weekly, ...] = (
    remember_load,
    fade_and_meet,
    meet.team_and_chance,
    meet.circles,
    meet.introductions,
    fade_fame,
    hear.build,
    market.keep_accounts,
    staff.feel,
    staff.who_quits,
    staff.lose_ties,
    customers.miss_the_leaving,
    part,
    hire,
    market.drift,
    study_the_market,
    deliver,
    customers.come_and_go,
    customers.advocate,
    partners_come_and_go,
    customers.survey,
)


def _one_day(state: State, today: Iterable["Happening"] = ()) -> State:
    clock = state.clock[0]
    for happening in today:
        state = _happens(_with_room_for_a_week(state), happening)
        clock = state.clock[0]
    until = clock["morning"] + DAY
    while full := _run(state.firm, until):
        state = grow(state, FULL[full])
    clock["day"] += 1
    if clock["day"] % DAYS_A_WEEK == 0:
        state = _with_room_for_a_week(state)
        for happens in WEEKLY:
            happens(state.firm, clock["weeks"])
        clock["weeks"] += 1
    _new_morning(state.firm)
    return state


def _with_room_for_a_week(state: State) -> State:
    """Pools large enough for whatever the end of a week can need: everybody quits, every topic's idea is built.

    The ledger too: when experts quit, any case may end.
    """
    clock = state.clock[0]
    ideas = len(state.topics)
    while clock["cases_free"] < ideas + clock["voices"] + ROOM:
        state = grow(state, "cases")
    ends = ideas + int(clock["live"]) + ROOM
    if len(state.ledger) < clock["closed_rows"] + ends:
        state = grow(state, "ledger", least=2 * int(clock["closed_rows"]) + ends)
    if clock["tracing"] and len(state.touches) < clock["touch_rows"] + len(state.seats) + 2:
        state = grow(state, "touches", least=2 * int(clock["touch_rows"]) + len(state.seats) + 2)
    if len(state.spells) < clock["spell_rows"] + len(state.seats):
        state = grow(state, "spells", least=2 * int(clock["spell_rows"]) + len(state.seats))
    return state


def begin_measuring(state: State) -> None:
    """Measuring begins now: what happened before is forgotten by the books, not by the people."""
    clock = state.clock[0]
    now = clock["now"]
    clock["measure_from"], clock["closed_rows"], clock["unborn"] = now, 0, 0
    clock["opened"], clock["closed"] = 0, 0
    clock["live_area"], clock["live_changed"] = 0, now
    state.queues["area"], state.queues["changed"] = 0, now
    state.books[:] = np.zeros(1, state.books.dtype)
    for column in ("busy", "help", "look_ups"):
        state.seats[column] = 0
    state.cases["line"] = -1
    state.customers["panel"] = state.customers["active"]
    state.partners["panel"], state.partners["left"] = state.partners["active"], -1
    here = state.seats["vacant"] == 0
    kept = state.spells[state.seats["spell"][here]]
    state.spells[: len(kept)] = kept
    clock["spell_rows"] = len(kept)
    state.seats["spell"][here] = np.arange(len(kept))


# --- events with a date -----------------------------------------------------------------------------------------------


class Happening(NamedTuple):
    """What changes on the morning of a day: the rules as they are from then on, and how many leave."""

    day: int
    rules: np.ndarray
    busiest: int


def agenda(
    scenario: Scenario, design: Design | str, events: Sequence[Dated] | None = None
) -> tuple[Happening, ...]:
    """Dated events that reach a design, in order, as the engine needs them; the scenario's own unless given."""
    world, form = scenario.world, scenario.design(design)
    happenings = []
    for event in scenario.events_for(design) if events is None else events:
        world, form = event.applied(world, form)
        happenings.append(Happening(event.day, pack(world, form), int(event.leave.get("busiest", 0))))
    return tuple(happenings)


def _happens(state: State, happening: Happening) -> State:
    """Rules change and people leave before a day's first case. Sources go on with what is left of their draws."""
    state.rules[:] = happening.rules
    old, new = state.sources["rate"].copy(), source_rates(state.sources, state.seats, state.rules[0])
    state.sources["rate"] = new
    _stretch(state.firm, old)
    if happening.busiest:
        present = np.flatnonzero(state.seats["vacant"] == 0)
        loads = state.seats["share"][present]
        chosen = present[np.argsort(-loads, kind="stable")[: happening.busiest]]
        state.seats["leaving"][chosen] = 1
        week = int(state.clock["weeks"][0])
        for rule in (staff.lose_ties, customers.miss_the_leaving, part):
            rule(state.firm, week)
    return state


@njit
def _stretch(state, old):
    """A source's pending birth is as far away in units of its draw as before, at its new rate."""
    now = state.clock[0].now
    for source in range(len(state.sources)):
        rate, node = state.sources[source].rate, state.nodes[source]
        if rate == old[source]:
            continue
        if old[source] <= 0.0:
            _tick(state, source)
            continue
        left = node.time - now
        cancel(state, source)
        if rate > 0.0:
            schedule(state, source, now + np.int64(round(min(left * old[source] / rate, LONGEST))), Event.BIRTH)


# --- runs -------------------------------------------------------------------------------------------------------------


def start(
    scenario: Scenario,
    design: Design | str,
    *,
    seed: int,
    replication: int = 0,
    trace: bool = False,
    own: Own = NOTHING_OWN,
) -> State:
    """The firm on the morning of day 1: `burn_in_weeks` of the world under traditional rules lie behind it.

    The burn-in depends on world and seed alone, so twins may copy it (`simulate` does). With `trace`, every service
    from day 1 on leaves a row in `state.touches`. A researcher's `own` rules hold from day 1 on.
    """
    before = with_rules(_burn_in(scenario, seed, replication), own.by_phase())
    return _adopt(before, scenario, scenario.design(design), trace=trace)


@njit
def _take_seats(state):
    """Who is there at the start has been there for a while: by the stationary ages of the hazard of quitting."""
    rules = state.rules[0]
    ages = staff.stationary_ages(rules.quit_rate, rules.quit_peak)
    for seat in range(len(state.seats)):
        u = uniform(state.clock[0].seed, Stream.TENURE, seat, 0)
        age = staff.age_at(ages, u)
        staff.sit_down(state, seat, -age)
        staff.survivor(state, seat, np.float64(age))
        meet.join_circle(state, seat)
        begin_spell(state, seat)


def _day_one(scenario: Scenario, seed: int, replication: int) -> State:
    """The firm before its burn-in."""
    state = build(scenario.world, Design.traditional(), seed=seed, replication=replication)
    _take_seats(state.firm)
    days = scenario.run.burn_in_weeks * DAYS_A_WEEK
    state.clock["day"], state.clock["measure_from"], state.clock["measure_day"] = -days, days * DAY, NEVER
    _wind_up(state.firm)
    return state


def _burn_in(scenario: Scenario, seed: int, replication: int) -> State:
    return advance(_day_one(scenario, seed, replication), scenario.run.burn_in_weeks * DAYS_A_WEEK)


def _adopt(state: State, scenario: Scenario, design: Design, *, trace: bool = False) -> State:
    """From now on the firm works by another design. Measuring begins at the end of the warm-up."""
    state.rules[:] = pack(scenario.world, design)
    warm_up = scenario.run.warm_up_weeks * DAYS_A_WEEK
    state.clock["measure_day"], state.clock["tracing"] = warm_up, trace
    state.clock["measure_from"] = state.clock["now"] + warm_up * DAY
    if warm_up == 0:
        begin_measuring(state)
    asking = state.customers["active"].mean() if len(state.customers) else 0.0
    births = state.sources["rate"] @ np.where(state.sources["kind"] == Kind.DECISION, 1.0, asking)
    # Room for what a run of this length closes, errors that come back included; it grows when that is not enough.
    return grow(state, "ledger", least=int(1.1 * births * scenario.run.weeks * WEEK))


def horizon_days(run: Run) -> int:
    """Working days from day 1 to the end of measuring."""
    return (run.warm_up_weeks + run.weeks) * DAYS_A_WEEK


def advance(state: State, days: int = 1, *, events: Sequence[Happening] = ()) -> State:
    """Let working days pass, with what is due in them. Returns the State to go on with (its pools may have grown)."""
    for _ in range(days):
        day = int(state.clock["day"][0]) + 1
        state = _one_day(state, [event for event in events if event.day == day] if events else ())
        if state.clock["day"][0] == state.clock["measure_day"][0]:
            begin_measuring(state)
    return state


def simulate(
    scenario: Scenario,
    designs: Sequence[Design | str],
    *,
    seed: int,
    replication: int = 0,
    events: Sequence[Sequence[Dated]] | None = None,
    own: Own = NOTHING_OWN,
    progress: Callable[[float], None] | None = None,
) -> list[dict[str, float]]:
    """Twin firms to the horizon: one summary a design. They share their burn-in, and every draw that they both make.

    `events`: dated events for each design; the scenario's own unless given. `own`: a researcher's rules, from day 1 on,
    and measures. `progress` is told each week which share of the work is done.
    """
    before_days, days = scenario.run.burn_in_weeks * DAYS_A_WEEK, horizon_days(scenario.run)
    total = before_days + days * len(designs)

    def pass_days(state: State, count: int, done: int, happenings: Sequence[Happening] = ()) -> State:
        for first in range(0, count, DAYS_A_WEEK):
            state = advance(state, min(DAYS_A_WEEK, count - first), events=happenings)
            if progress is not None:
                progress((done + min(first + DAYS_A_WEEK, count)) / total)
        return state

    before = pass_days(_day_one(scenario, seed, replication), before_days, 0)
    results = []
    for number, design in enumerate(designs):
        twin = _adopt(with_rules(before, own.by_phase()), scenario, scenario.design(design))
        happenings = agenda(scenario, design, None if events is None else events[number])
        twin = pass_days(twin, days, before_days + number * days, happenings)
        results.append(summary(twin, own.measures))
    return results
