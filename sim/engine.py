"""The only loop over time: events inside a day, what happens every morning and every week, whole runs."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from sim.cases import (
    LONGEST,
    MOST_FELT,
    birth_at,
    complete,
    end,
    new_idea,
    open_newborn,
    ring,
    tick,
)
from sim.compiled import njit
from sim.draws import Stream, bits, uniform
from sim.events import cancel, next_event, schedule
from sim.measures import summary
from sim.own import NOTHING_OWN, Own
from sim.population import MOST_ON_A_PANEL, build, source_rates
from sim.rules import customers, hear, market, meet, staff
from sim.rules.connect import partners_come_and_go
from sim.scenario import Design, Run, Scenario
from sim.scenario import Event as Dated
from sim.state import (
    DAY,
    DAYS_A_WEEK,
    LOAD_WEEKS,
    NEVER,
    WEEK,
    Disposition,
    Event,
    Kind,
    Role,
    State,
    grow,
    pack,
    with_rules,
)
from sim.ties import fade_and_meet
from sim.vacancies import begin_spell, hire, part
from sim.work import (
    case_node,
    look_into_pool,
    look_up,
    mean_changes,
    pool_node,
    renew_watch,
    seat_node,
    serve_next,
)

# What `_run` answers: it has reached its tick, or a pool is (nearly) full and has to grow first.
DONE, FULL = 0, ("", "cases", "tasks", "ledger", "touches")
ROOM = MOST_FELT + 8  # rows of a pool that one event may need


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
            open_newborn(state)
            continue
        node = next_event(state, until)
        if node < 0:
            clock.now = until
            return DONE
        if node < first_seat:
            birth_at(state, node)
        elif node >= first_case:
            ring(state, node - first_case)
        elif node >= pools:
            look_into_pool(state, node - pools)
        elif state.nodes[node].kind == Event.COMPLETION:
            complete(state, node - first_seat)
        else:
            look_up(state, node - first_seat)


@njit
def _wind_up(state):
    """Before the first tick every source spends its first draw, and the pools' people are idle."""
    for source in range(len(state.sources)):
        if state.sources[source].rate > 0.0:
            tick(state, source)
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
            end(state, np.int64(state.topics[topic].idea), np.int64(Disposition.ACCEPTED))


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
            new_idea(state, bits(0, Stream.CHILD, entity, Kind.IDEA) | (np.uint64(1) << np.uint64(63)), topic)


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
            tick(state, source)
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
    observe: Callable[[int, State], None] | None = None,
) -> list[dict[str, float]]:
    """Twin firms to the horizon: one summary a design. They share their burn-in, and every draw that they both make.

    `events`: dated events for each design; the scenario's own unless given. `own`: a researcher's rules, from day 1 on,
    and measures. `progress` is told each week which share of the work is done. `observe` is shown (number of the
    design, firm) on the morning of day 1 and after every day from then on; it must not change the firm.
    """
    before_days, days = scenario.run.burn_in_weeks * DAYS_A_WEEK, horizon_days(scenario.run)
    total = before_days + days * len(designs)

    def pass_days(state: State, count: int, done: int, happenings: Sequence[Happening] = (), number: int = -1) -> State:
        for day in range(1, count + 1):
            state = advance(state, events=happenings)
            if observe is not None and number >= 0:
                observe(number, state)
            if progress is not None and day % DAYS_A_WEEK == 0:
                progress((done + day) / total)
        return state

    before = pass_days(_day_one(scenario, seed, replication), before_days, 0)
    results = []
    for number, design in enumerate(designs):
        twin = _adopt(with_rules(before, own.by_phase()), scenario, scenario.design(design))
        happenings = agenda(scenario, design, None if events is None else events[number])
        if observe is not None:
            observe(number, twin)
        twin = pass_days(twin, days, before_days + number * days, happenings, number)
        results.append(summary(twin, own.measures))
    return results
