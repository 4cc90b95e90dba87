"""The life of a case: born, from phase to phase, to its end and what follows for others. Used by the engine only.

Rules return what comes next (`state.Step`); here it is done: queues, clocks, children, the ledger of closed cases.
"""

import math

import numpy as np

from sim.compiled import call_rule, inlined, njit
from sim.draws import Stream, bits, exponential, uniform
from sim.events import cancel, schedule
from sim.judgement import stake
from sim.rules import birth, customers, hear, staff
from sim.rules.act import act
from sim.rules.approve import approve
from sim.rules.connect import connect, lapse, strike
from sim.rules.consult import consult
from sim.rules.contact import answer_is_right, contact
from sim.state import (
    NEVER,
    TICKS,
    Activity,
    Clock,
    Consult,
    Disposition,
    Event,
    Kind,
    Phase,
    Status,
    Verb,
    activity_of,
    phase,
    verb_of,
    who_of,
)
from sim.ties import work_together
from sim.work import (
    begin_here,
    case_node,
    comes_to,
    finish,
    free_task,
    put,
    put_in_pool,
    serve_next,
    withdraw,
)

MOST_FELT = 64  # customers who feel one failure
LONGEST = NEVER / 2  # ticks; a wait that no run sees the end of
FIRST_PHASE = np.array([Phase.ACT, Phase.CONTACT, Phase.CONTACT, Phase.ACT, Phase.HEAR, Phase.CONNECT])  # by kind


# --- it is born -------------------------------------------------------------------------------------------------------


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
    follow(state, case, np.int64(-1), phase(which))


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
def open_newborn(state):
    """The next case of those who stand in line enters its first phase."""
    clock = state.clock[0]
    case = np.int64(clock.newborn_head)
    clock.newborn_head = state.cases[case].free_next
    if clock.newborn_head < 0:
        clock.newborn_tail = -1
    _open(state, case)


@njit
def tick(state, source):
    """A source spends its next unit-rate draw; its rate only stretches the time this takes."""
    record, clock = state.sources[source], state.clock[0]
    draw = exponential(clock.seed, Stream.BIRTH, source, record.ordinal)
    schedule(state, source, clock.now + np.int64(round(min(draw / record.rate, LONGEST))), Event.BIRTH)


@inlined
def birth_at(state, source):
    """A source ticks: a case is born, or drawn and dropped where nobody is there to have it."""
    record, clock, rules = state.sources[source], state.clock[0], state.rules[0]
    key = (np.uint64(source) << np.uint64(32)) | np.uint64(record.ordinal)
    record.ordinal += 1
    tick(state, source)
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
def new_idea(state, key, topic):
    """A new idea about a topic that has none open. Returns its case, which waits to be opened."""
    case = _new_case(state, key)
    birth.idea(state, case, topic)
    state.topics[topic].idea = case
    _await_opening(state, case)
    return case


# --- it goes on -------------------------------------------------------------------------------------------------------


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
def follow(state, case, seat, step):
    """Do what a rule asked for. True when the person at `seat` goes on with the case at once."""
    record = state.cases[case]
    while verb_of(step) == Verb.PHASE:
        if record.phase == Phase.CONSULT and record.status == Status.LIVE and record.did != Activity.ENTER:
            _leave_consult(state, case)
        _enter(state, case, who_of(step))
        step = _rule(state, case, np.int64(-1))
    verb, who, activity = verb_of(step), who_of(step), activity_of(step)
    if verb == Verb.CLOSE:
        ends(state, case, who)
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


@njit
def goes_on(state, case):
    """The rule of its phase says what comes next, when nobody has just served it."""
    follow(state, case, np.int64(-1), _rule(state, case, np.int64(-1)))


@inlined
def complete(state, seat):
    """A service ends: the rule of the case's phase says what comes next, the person takes her next task."""
    task = finish(state, seat)
    entry = state.tasks[task]
    case, activity, stale = entry.case, entry.activity, entry.stale
    free_task(state, task)
    record = state.cases[case]
    goes_on = False
    if record.status == Status.DISPOSED:
        is_over(state, case)
    elif not stale:
        record.did = activity
        if activity == Activity.PANEL:
            work_together(state, seat, record.holder)
        else:
            if record.last >= 0:
                work_together(state, seat, record.last)
            record.last = seat
        goes_on = follow(state, case, np.int64(seat), _rule(state, case, np.int64(seat)))
        if record.ringing and record.status == Status.LIVE and not is_served(state, case):
            ends(state, case, np.int64(Disposition.DEFAULTED))
    if not goes_on:
        serve_next(state, seat)


@njit
def is_over(state, case):
    """A service that nobody waits for any more has ended: its hours are booked, and the case may be forgotten."""
    record = state.cases[case]
    if record.line >= 0:
        state.ledger[record.line].work = record.work
    _release_if_done(state, case)


@njit
def is_served(state, case):
    """Is anybody at work on the case whose result still counts?"""
    task = state.cases[case].first_task
    while task >= 0:
        if state.tasks[task].queue < 0 and not state.tasks[task].stale:
            return True
        task = state.tasks[task].sibling
    return False


@njit
def ring(state, case):
    """The clock of a case rings."""
    record = state.cases[case]
    clock, record.waits_for = record.waits_for, Clock.NONE
    if clock == Clock.RETURN:
        _comes_to_light(state, case)
    elif clock == Clock.OUTSIDER:
        end(state, case, np.int64(Disposition.ABANDONED))
    elif clock == Clock.LAPSE and record.phase == Phase.CONNECT:
        end(state, case, np.int64(Disposition.LAPSED))
    elif clock == Clock.PLATFORM or clock == Clock.FOUND or clock == Clock.LAPSE:
        record.did = Activity.CLOCK
        follow(state, case, np.int64(-1), _rule(state, case, np.int64(-1)))
    elif clock == Clock.CONSULT:  # whoever asked goes on with what she knows herself
        withdraw(state, case, True)
        record.consult, record.answer, record.relays, record.did = Consult.ENDED_BY_CLOCK, 0.0, 0, Activity.CLOCK
        follow(state, case, np.int64(-1), phase(Phase.APPROVE if record.kind == Kind.DECISION else Phase.CONTACT))
    elif is_served(state, case):  # services begun are finished and their verdicts count
        withdraw(state, case, False)
        record.ringing = 1
    else:
        ends(state, case, np.int64(Disposition.DEFAULTED))


# --- it ends ----------------------------------------------------------------------------------------------------------


@njit
def ends(state, case, disposition):
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
    end(state, case, disposition)


@njit
def end(state, case, disposition):
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
        new_idea(state, _child_key(state, case, np.int64(Kind.IDEA), np.int64(0)), topic)
    hear.voice(state, case, topic)


@njit
def _suggestion(state, case):
    topic = np.int64(state.cases[case].topic)
    if state.topics[topic].idea >= 0:
        return
    idea = new_idea(state, _child_key(state, case, np.int64(Kind.IDEA), np.int64(0)), topic)
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
