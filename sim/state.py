"""Every column of the firm: name, type, unit; how tables are allocated, grown and copied.

Tables are structured arrays (one row a thing, its columns side by side in memory), joined in one tuple `State`.
Ids are rows (-1 is nobody), times are whole ticks, a millionth of a working hour each; both are int64 wherever rules
read them, so that every rule is compiled once (a rule given now an int32, now an int64 is compiled for each).
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from sim.compiled import entry_point, inlined, register_table
from sim.scenario import Design, World

TICKS = 1_000_000  # in a working hour
HOURS_A_DAY, DAYS_A_WEEK, WEEKS_A_YEAR = 8, 5, 50
DAY = HOURS_A_DAY * TICKS
WEEK = DAYS_A_WEEK * DAY
DAYS_A_YEAR = DAYS_A_WEEK * WEEKS_A_YEAR
MONTHS_A_YEAR = 12
HOURS_A_YEAR = HOURS_A_DAY * DAYS_A_YEAR
NEVER = 2**62  # a tick that no run reaches
LOAD_WEEKS = 10  # weeks that a person's usual load looks back over
MOST_ASKED = 8  # longest search along ties that a case can remember (bound of world.search_limit)
MOST_INTERESTS = 8  # bound of world.interests
CIRCLE = 8  # most members of an interest circle
DIMENSIONS = 2  # of taste
USUAL_TOPICS = 42  # of the baseline: a firm with more topics moves its product less with each idea
MOST_LEVELS = 24  # heights of a tree with at most 200 000 seats, but for chains (span 1)


class Role(IntEnum):
    """What a seat is for."""

    PRODUCT = 0
    DESK = 1
    BROKER = 2
    MANAGER = 3


class Kind(IntEnum):
    """What claims somebody's attention."""

    DECISION = 0  # an employee's work that is not routine
    REQUEST = 1  # a customer's question or problem
    COMPLAINT = 2  # a customer after a bad experience
    IDEA = 3  # what the product should be
    MOMENT = 4  # a date in a customer's life
    DEAL = 5  # a partner's chance of business


class Phase(IntEnum):
    """Where a case is. The first phase of each kind is where it is born."""

    ACT = 0  # the asker's own work on a decision
    CONTACT = 1  # who receives an outsider?
    CONSULT = 2  # how is knowledge found?
    APPROVE = 3  # who says yes?
    CONNECT = 4  # how do outsiders meet?
    HEAR = 5  # what becomes of what outsiders say and show?


class Activity(IntEnum):
    """What a person does with a case. `ENTER`, `CLOCK`, `CONSULTED` are no work: they say what just happened."""

    ENTER = 0
    CLOCK = 1
    CONSULTED = 2
    ACT = 3
    TRIAGE = 4
    ANSWER = 5
    HAND_ON = 6
    RELAY = 7
    ASK = 8
    HELP = 9
    SCREEN = 10
    PANEL = 11
    TELL = 12
    VET = 13


ACTIVITIES = len(Activity)
# A colleague's claim on one's time; the rest is one's own case or one's own outsider.
HELPING = (Activity.RELAY, Activity.ASK, Activity.HELP, Activity.SCREEN, Activity.PANEL)
SHORT = (Activity.HAND_ON, Activity.RELAY, Activity.ASK, Activity.TELL)
HOURS_OF = {
    Activity.ACT: "act_hours",
    Activity.TRIAGE: "triage_hours",
    Activity.ANSWER: "answer_hours",
    Activity.HAND_ON: "hand_on_hours",
    Activity.RELAY: "relay_hours",
    Activity.ASK: "ask_hours",
    Activity.HELP: "help_hours",
    Activity.SCREEN: "screen_hours",
    Activity.PANEL: "screen_hours",
    Activity.TELL: "relay_hours",
    Activity.VET: "vet_hours",
}


class Status(IntEnum):
    """What a row of the pool of cases holds."""

    FREE = 0
    LIVE = 1
    DISPOSED = 2  # decided, but a service begun goes on or an error waits to come to light


class Disposition(IntEnum):
    """How a case ended."""

    OPEN = 0
    ACCEPTED = 1
    REJECTED = 2
    ANSWERED = 3
    DEFAULTED = 4  # the approval clock rang: the asker decided alone
    ABANDONED = 5  # the outsider left before being received
    LAPSED = 6  # its date passed, or nobody was found in time
    UNMET = 7  # a pair that no broker has in the book


class Consult(IntEnum):
    """What came of the consult."""

    NONE = 0
    ANSWERED = 1
    ENDED_BY_CLOCK = 2
    NOBODY_KNEW = 3


class Clock(IntEnum):
    """What the one clock of a case is for."""

    NONE = 0
    OUTSIDER = 1
    CONSULT = 2
    PLATFORM = 3
    APPROVAL = 4
    RETURN = 5  # an error comes to light
    FOUND = 6  # on the platform, or by another customer
    LAPSE = 7  # the date has passed, or patience has


class Pool(IntEnum):
    """Queues that several people share."""

    DESK = 0
    BROKERS = 1


POOL_COUNT = len(Pool)

class Event(IntEnum):
    """Kinds of event, in the order in which they happen at the same tick."""

    COMPLETION = 0
    LOOK_UP = 1
    BIRTH = 2
    CLOCK = 3


class Verb(IntEnum):
    """What a rule can ask the engine for."""

    TASK = 0  # put it in somebody's queue
    POOL = 1  # put it in a pooled queue
    HERE = 2  # the same person goes on with it
    PANEL = 3  # put it in the queues of all whom the rule has listed in state.invited
    WAIT = 4  # nothing yet: a clock or another answer will come
    PHASE = 5  # go to another phase
    CLOSE = 6  # it is decided


def _table(*columns: tuple[Any, ...]) -> np.dtype[Any]:
    return np.dtype(list(columns), align=True)


SEATS = _table(
    # What every service touches stands together in memory.
    ("serving", "i8"),  # task in hand; -1 none
    ("began", "i8"),  # tick at which the service in hand began
    ("today", "i8"),  # ticks of case work done today
    ("this_week", "i8"),  # ticks of case work done this week
    ("busy", "i8"),  # ticks of case work since measuring began
    ("help", "i8"),  # handlings of colleagues' cases since measuring began
    ("unit", "i8"),  # who holds a case that lies here: a team of employees, or a manager alone
    ("parent", "i8"),  # seat of the manager; -1 at the top
    ("share", "f8"),  # share of the last ten weeks' hours spent on cases
    ("look_up", "f8"),  # mean of the look-up that is running, in ticks
    ("looked", "i8"),  # look-ups drawn so far (their ordinal)
    ("look_ups", "i8"),  # look-ups that interrupted routine work since measuring began
    ("pace", "f8"),  # how much longer her services take than those of a practised person, as a factor
    ("acting", "i8"),  # who does the work of this seat: itself but for a vacancy
    ("idle_next", "i8"),  # list of idle seats of a pool, longest idle first
    ("idle_previous", "i8"),
    ("working", "i1"),  # at case work (so that what arrives meanwhile waits without a look-up)
    ("role", "i1"),
    ("honest", "i1"),  # judges its own cases honestly when nobody looks
    ("idle", "i1"),
    ("vacant", "i1"),
    # The rest.
    ("level", "i8"),  # levels below the top seat
    ("team", "i8"),  # manager of the team it belongs to (a manager: herself)
    ("department", "i8"),  # seat below the top under which it works (itself, for those two levels)
    ("topic_low", "i8"),  # topics owned below this seat: rows topic_low … topic_high of `order`
    ("topic_high", "i8"),
    ("own_low", "i8"),  # topics owned by the seat's own team
    ("own_high", "i8"),
    ("desk_low", "i8"),  # desk seats below this seat: rows desk_low … desk_high of `desk`
    ("desk_high", "i8"),
    ("fame", "f8"),  # outsiders answered, fading
    # The person who sits there.
    ("generation", "i8"),  # how many sat there before
    ("joined", "i8"),  # tick at which she joined, before the start for those found there
    ("spell", "i8"),  # row of her employment
    ("filled", "i8"),  # week in which a vacant seat is filled again
    ("person", "f8"),  # her own inclination to stay, for life (logit)
    ("attachment", "f8"),
    ("life", "f8"),  # what is left of the unit-rate draw that her hazard of quitting spends
    ("leaving", "i1"),
    ("promised", "i1"),  # recruited by a public face that the inside does not keep
    ("interests", "i4", (MOST_INTERESTS,)),  # beside work; -1 none
    ("circle", "i8"),  # her interest circle; -1 none
    ("shock", "f8"),  # quits among her ties, fading,
    ("echo", "f8"),  # and their effect, which peaks later
    ("friendship", "f8"),
    ("autonomy", "f8"),
    ("progress", "f8"),
    ("thanks", "f8"),
    ("exposure", "f8"),
    ("standing", "f8"),  # of a manager
    # This week's.
    ("interrupted", "i8"),  # look-ups that took her from routine work
    ("angry", "i8"),  # outsiders of hers with a bad experience
    ("met", "i8"),  # outsiders of hers
    ("praise", "i8"),  # those who speak well of it less those who do not
    ("decided", "i8"),  # decisions of hers that ended
    ("alone", "f8"),  # how far she decided them herself
    ("put", "i8"),  # decisions that she put forward
    ("through", "i8"),  # and that came through
    ("introduced", "f8"),  # introductions made
)
NODES = _table(("time", "i8"), ("key", "u8"), ("next", "i4"), ("previous", "i4"), ("kind", "i1"))
POOLS = _table(
    ("idle_head", "i8"),
    ("idle_tail", "i8"),
    ("attention", "f8"),  # look-ups a tick that its idle people make together
    ("alert", "i8"),  # idle people who look up at once
    ("watched", "i8"),  # look-ups of the pool drawn so far (their ordinal)
    ("watched_at", "f8"),  # rate at which its look-up runs
    ("unspent", "f8"),  # what is left of its unit-rate draw; below 0: none runs
    ("people", "i8"),  # seats that serve it
)
SOURCES = _table(
    ("rate", "f8"),  # births a tick
    ("opener", "i8"),  # seat, customer or partner
    ("kind", "i1"),
    ("extra", "i1"),  # what only a public channel brings
    ("ordinal", "u8"),
)
CUSTOMERS = _table(
    ("topic", "i8"),  # home topic
    ("taste", "f8", (DIMENSIONS,)),  # apart from the market's mean
    ("expectation", "f8"),
    ("satisfaction", "f8"),
    ("lift", "f8"),  # part of it that a complaint handled well gave back
    ("life", "f8"),  # what is left of the unit-rate draw that the hazard of leaving, or of joining, spends
    ("lives", "i8"),  # such draws so far (their ordinal)
    ("knows", "i8"),  # employee whom she knows personally; -1 none
    ("answered", "i8"),  # complaints answered so far, up to three
    ("voice_at", "i8"),  # tick of a voice that nothing has been told about yet; -1 none
    ("voice_next", "i8"),  # next voice of the same idea
    ("heard", "i8"),  # last word that reached her
    ("active", "i1"),  # a customer, or a prospect
    ("recovered", "i1"),  # a complaint handled well has lifted her
    ("panel", "i1"),  # was a customer when measuring began
    ("own_idea", "i1"),  # her voice is that of one who worked on the idea
)
PARTNERS = _table(
    ("topic", "i8"),  # capability
    ("satisfaction", "f8"),
    ("life", "f8"),
    ("lives", "i8"),
    ("left", "i8"),  # tick at which it first left since measuring began; -1 it has not
    ("active", "i1"),
    ("panel", "i1"),  # was active when measuring began
)
TOPICS = _table(
    ("team", "i8"),  # which owns it
    ("weight", "f8"),
    ("scripted", "i1"),
    ("exposed", "i1"),  # customers feel its failures
    ("roster_low", "i8"),
    ("roster_high", "i8"),
    ("home_low", "i8"),  # market members at home in it: rows home_low … home_high of `residents`
    ("home_high", "i8"),
    ("idea", "i8"),  # case of its open idea; -1 none
    ("voices", "i8"),  # that speak for it
    ("aim", "f8", (DIMENSIONS,)),  # sum of what they want
    ("first_voice", "i8"),  # of those who wait to be told what came of it; -1 none
    ("build_left", "f8"),  # hours until it is built; below 0: nothing is being built
)
QUEUES = _table(("head", "i8"), ("tail", "i8"), ("length", "i8"), ("area", "i8"), ("changed", "i8"))
TASKS = _table(
    ("case", "i8"),
    ("seat", "i8"),
    ("queue", "i8"),  # where it waits; -1 in service
    ("next", "i8"),
    ("previous", "i8"),
    ("sibling", "i8"),  # next task of the same case
    ("activity", "i1"),
    ("stale", "i1"),  # begun, but nobody waits for its result any more
    ("arrived", "i8"),
)
CASES = _table(
    # What every service touches stands together in memory.
    ("key", "u8"),  # permanent identity: all draws and tie-breaks use it
    ("status", "i1"),
    ("kind", "i1"),
    ("good", "i1"),
    ("phase", "i1"),
    ("open", "i1"),  # rule of the present phase
    ("did", "i1"),  # what just happened to it: an activity
    ("waits_for", "i1"),
    ("consult", "i1"),
    ("first_contact", "i1"),
    ("returning", "i1"),  # the answer is on its way back
    ("platform", "i1"),  # 0 not asked yet, 1 asked, 2 read
    ("ringing", "i1"),  # the approval clock has rung during a service
    ("yes", "i1"),
    ("no", "i1"),
    ("members", "i1"),
    ("rank", "f8"),  # of the last expert who was asked to decide: who ranks behind her is not on the panel
    ("public", "i1"),  # on the public channel
    ("peer", "i1"),  # another customer answers
    ("suggested", "i1"),  # an employee's idea, which the top seat decides
    ("with_customer", "i1"),  # a deal with a customer, not with a partner
    ("serving", "i8"),  # persons serving it now
    ("first_task", "i8"),  # first of its tasks
    ("since", "i8"),  # tick at which the present touch began
    ("touch", "i8"),  # ticks during which at least one person served it
    ("work", "i8"),  # person-ticks of finished service, also of what ends after the decision
    ("first", "i8"),  # tick of the first service; -1 none yet
    ("last", "i8"),  # who served it last: who passes a case to each other knows each other better
    ("unit", "i8"),  # team that holds it; -1 none yet
    ("topic", "i8"),
    ("holder", "i8"),  # who asks for it inside the firm
    ("handoffs", "i8"),
    ("relays", "i8"),
    ("deadline", "i8"),  # end of the phase's patience
    ("quantile", "f8"),  # of the stake
    ("answer", "f8"),  # expertise of the answer that the consult brought; 0 none
    ("handled", "i2", (ACTIVITIES,)),
    # The rest.
    ("birth", "i8"),
    ("until", "i8"),  # tick at which the wait for the platform ends
    ("line", "i8"),  # row of the ledger once decided; -1 none
    ("round", "i8"),
    ("free_next", "i8"),
    ("opener", "i8"),  # seat of the asker or the customer
    ("helper", "i8"),
    ("other", "i8"),  # a deal's other side
    ("slot", "i8"),  # its place among those with whom a partner may do business
    ("date", "i8"),  # tick of a moment's date
    ("height", "i8"),  # levels climbed in the approval
    ("picks", "i8"),  # employees found by public profile, or known, so far
    ("asks", "i8"),  # asks along ties
    ("asked", "i4", (MOST_ASKED,)),
)
LEDGER = _table(
    ("key", "u8"),
    ("birth", "i8"),
    ("closed", "i8"),
    ("first", "i8"),
    ("touch", "i8"),
    ("work", "i8"),
    ("discovered", "i8"),  # tick at which an error comes to light; -1 there is none
    ("quantile", "f8"),  # of the stake
    ("opener", "i4"),
    ("topic", "i4"),
    ("relays", "i4"),
    ("handoffs", "i4"),
    ("round", "i4"),
    ("kind", "i1"),
    ("disposition", "i1"),
    ("good", "i1"),
    ("right", "i1"),  # of an answer; -1 of a decision
    ("consult", "i1"),
    ("first_contact", "i1"),
)
SPELLS = _table(
    ("seat", "i4"), ("generation", "i4"), ("role", "i1"), ("began", "i8"), ("ended", "i8")  # -1 she is still there
)
TOUCHES = _table(
    ("case", "u8"), ("activity", "i1"), ("seat", "i4"), ("arrived", "i8"), ("start", "i8"), ("end", "i8")
)
CLOCK = _table(
    ("seed", "u8"),
    ("now", "i8"),
    ("morning", "i8"),  # tick at which today began
    ("day", "i8"),  # working days finished since day 1 began; negative in the burn-in
    ("measure_day", "i8"),  # day at whose end measuring begins
    ("weeks", "i8"),  # weeks finished since the start of the burn-in
    ("measure_from", "i8"),
    ("shift", "i8"),  # log2 of the width of a bucket of the calendar
    ("cursor", "i8"),  # bucket of the calendar that is being emptied
    ("free_case", "i8"),
    ("free_task", "i8"),
    ("cases_free", "i8"),
    ("tasks_free", "i8"),
    ("closed_rows", "i8"),
    ("touch_rows", "i8"),
    ("tracing", "i1"),
    ("newborn_head", "i8"),  # cases born of others that have not entered their first phase yet
    ("newborn_tail", "i8"),
    ("spell_rows", "i8"),
    ("voices", "i8"),  # customers who wait to be told what came of their idea
    ("words", "i8"),  # words spread so far
    ("live", "i8"),  # cases in the firm now
    ("live_area", "i8"),  # their integral over time, case-ticks, since measuring began
    ("live_changed", "i8"),
    ("handlings", "i8"),  # services finished since the start
    ("unborn", "i8"),  # cases of vacant seats, of people who are no customers, of partners gone: drawn and dropped
    ("opened", "i8", (len(Kind),)),
    ("closed", "i8", (len(Kind), len(Disposition))),
)


MARKET = _table(
    ("taste", "f8", (DIMENSIONS,)),  # mean of the market's tastes
    ("product", "f8", (DIMENSIONS,)),
    ("live_deals", "f8"),
    ("active_customers", "i8"),
    ("active_partners", "i8"),
    ("first_customers", "i8"),  # active at the start
    ("first_partners", "i8"),
    ("away", "f8"),  # hours of this week in circles, introductions and building
    ("platform", "f8"),  # members of the platform: active partners, and the share of the customers who are on it
)
# Sums since measuring began; those of weeks are taken at their ends.
BOOKS = _table(
    *((name, "f8") for name in (
        "weeks", "experiences", "experience", "bad_experiences", "complaints", "complaints_again",
        "words_good", "words_bad", "churned", "joined", "customer_weeks", "panel_satisfaction", "active_satisfaction",
        "promoters", "detractors", "fit", "gap", "failures_felt", "voices", "ideas_built", "gifts_welcome",
        "gifts_unwelcome", "quits", "person_weeks", "attachment", "attachment_managers", "manager_weeks",
        "friendship", "autonomy", "progress", "thanks", "standing",
        "chances", "unmet", "matches", "good_matches", "deal_value", "fees", "leaked",
        "case_hours", "resume_hours", "circle_hours", "introduction_hours", "build_hours", "panel_hours",
        "margin", "output", "wages", "replacement", "selling",
    )),
    ("exposure", "f8", (len(Role),)),
    ("role_weeks", "f8", (len(Role),)),
)  # fmt: skip


class State(NamedTuple):
    """The whole firm at one moment. Copying the tables copies the firm.

    Compiled rules are given `state.firm` and read the same tables by the same names from it.
    """

    rules: np.ndarray  # one record: world and design as rules read them
    clock: np.ndarray  # one record: time and counters
    seats: np.ndarray
    know_topic: np.ndarray  # (seats, slots): topics a person knows, -1 none
    know_level: np.ndarray  # (seats, slots): how well
    tie_to: np.ndarray  # (seats, tie_limit): seats known, -1 none
    tie_weight: np.ndarray  # (seats, tie_limit)
    loads: np.ndarray  # (seats, ten weeks): ticks of case work
    customers: np.ndarray
    residents: np.ndarray  # market members by home topic, topic after topic
    partners: np.ndarray
    familiar: np.ndarray  # (partners, deal_circle): how well a partner knows each of those it may do business with
    circles: np.ndarray  # (circles, 8): members, -1 none
    circle_low: np.ndarray  # first circle of each interest, one entry more
    market: np.ndarray  # one record: taste, product, how many there are
    books: np.ndarray  # one record: sums since measuring began
    topics: np.ndarray
    order: np.ndarray  # topics in the order of the tree
    order_weight: np.ndarray  # cumulative weight of `order`, one entry more
    script_weight: np.ndarray  # cumulative weight of scripted topics by number, one entry more
    roster: np.ndarray  # experts, topic after topic
    desk_seats: np.ndarray  # seats of the desk in the order of the tree
    sources: np.ndarray
    nodes: np.ndarray  # events: sources, then seats, then pools, then cases
    buckets: np.ndarray  # heads of the calendar
    queues: np.ndarray  # two a seat (short, long), then the pools
    pools: np.ndarray
    tasks: np.ndarray
    cases: np.ndarray
    ledger: np.ndarray
    touches: np.ndarray
    spells: np.ndarray  # employments: who sat where from when to when
    invited: np.ndarray  # scratch: whom a rule asks all at once
    audience: np.ndarray  # scratch: whom a word has reached
    handle: np.ndarray  # one record: where the tables lie
    own_rules: Mapping[Phase, Any]  # a researcher's rules, by the phase in which they take the place of ours

    @property
    def firm(self) -> np.void:
        """The firm as compiled rules see it: one record that knows where each table lies."""
        return self.handle[0]  # type: ignore[no-any-return]


YEAR = HOURS_A_YEAR * TICKS
_WORLD_FLOATS = [name for name, field in World.model_fields.items() if field.annotation in (float, int)]
RULES = _table(
    *((name, "f8") for name in _WORLD_FLOATS),
    *((name, "f8") for name in Design.model_fields),
    ("authority_of", "f8", (MOST_LEVELS,)),  # stake quantile that each height may decide
    ("mean_of", "f8", (ACTIVITIES,)),  # ticks
    ("is_short", "i1", (ACTIVITIES,)),
    ("is_help", "i1", (ACTIVITIES,)),
    ("reach_decay", "f8"),  # how much rarer another team is with each level up
    ("log_sd", "f8"),  # of a lognormal service
    ("exposure_norm", "f8", (len(Role),)),
    ("size", "f8"),  # seats: what is said per seat is multiplied by it
)


# Type and dimensions of every table, by name.
TABLES: dict[str, tuple[Any, int]] = {
    "rules": (RULES, 1),
    "clock": (CLOCK, 1),
    "seats": (SEATS, 1),
    "know_topic": (np.dtype("i8"), 2),
    "know_level": (np.dtype("f8"), 2),
    "tie_to": (np.dtype("i8"), 2),
    "tie_weight": (np.dtype("f8"), 2),
    "loads": (np.dtype("i8"), 2),
    "customers": (CUSTOMERS, 1),
    "residents": (np.dtype("i8"), 1),
    "partners": (PARTNERS, 1),
    "familiar": (np.dtype("f8"), 2),
    "circles": (np.dtype("i8"), 2),
    "circle_low": (np.dtype("i8"), 1),
    "market": (MARKET, 1),
    "books": (BOOKS, 1),
    "topics": (TOPICS, 1),
    "order": (np.dtype("i8"), 1),
    "order_weight": (np.dtype("f8"), 1),
    "script_weight": (np.dtype("f8"), 1),
    "roster": (np.dtype("i8"), 1),
    "desk_seats": (np.dtype("i8"), 1),
    "sources": (SOURCES, 1),
    "nodes": (NODES, 1),
    "buckets": (np.dtype("i4"), 1),
    "queues": (QUEUES, 1),
    "pools": (POOLS, 1),
    "tasks": (TASKS, 1),
    "cases": (CASES, 1),
    "ledger": (LEDGER, 1),
    "touches": (TOUCHES, 1),
    "spells": (SPELLS, 1),
    "invited": (np.dtype("i8"), 1),
    "audience": (np.dtype("i8"), 1),
}
HANDLE = np.dtype(
    [
        (f"{name}_{part}", "i8")
        for name, (_, dimensions) in TABLES.items()
        for part in ("at", "rows", "columns")[: 1 + dimensions]
    ]
    + [("here", "i8"), ("has_own_rules", "i8"), ("own_rule", "i8", (len(Phase),))]
)
for _name, (_dtype, _dimensions) in TABLES.items():
    register_table(_name, _dtype, _dimensions)


def pack(world: World, design: Design) -> np.ndarray:
    """World and design as the one flat record that compiled rules read. Hours become ticks only in `mean_of`."""
    rules = np.zeros(1, RULES)
    record = rules[0]
    for name in _WORLD_FLOATS:
        record[name] = getattr(world, name)
    for name in Design.model_fields:
        record[name] = getattr(design, name)
    quantiles = [*world.authority, *[world.authority[-1]] * MOST_LEVELS][:MOST_LEVELS]
    record["authority_of"] = quantiles
    for activity, hours in HOURS_OF.items():
        record["mean_of"][activity] = getattr(world, hours) * TICKS
        record["is_short"][activity] = activity in SHORT and bool(world.short_first)
        record["is_help"][activity] = activity in HELPING
    record["reach_decay"] = np.exp(-1.0 / world.interdependence_reach)
    for role in Role:
        record["exposure_norm"][role] = getattr(world, f"exposure_norm_{role.name.lower()}")
    record["size"] = world.staff
    record["log_sd"] = np.sqrt(np.log1p(world.service_cv**2))
    return rules


def assemble(own_rules: Mapping[Phase, Any] | None = None, **tables: np.ndarray) -> State:
    """Join tables to a firm. The handle holds addresses, so it is made anew whenever a table is replaced.

    `own_rules`: compiled rules that take the place of ours in some phases.
    """
    handle = np.zeros(1, HANDLE)
    handle["here"] = handle.ctypes.data
    for phase, rule in (own_rules or {}).items():
        handle["has_own_rules"] = 1
        handle["own_rule"][0, phase] = entry_point(rule, HANDLE).address
    for name, (dtype, dimensions) in TABLES.items():
        table = tables[name]
        if table.dtype != dtype or table.ndim != dimensions or not table.flags.c_contiguous:
            raise TypeError(f"table {name} is not a contiguous array of {dimensions} dimensions of its type.")
        handle[f"{name}_at"] = table.ctypes.data
        handle[f"{name}_rows"] = table.shape[0]
        if dimensions == 2:
            handle[f"{name}_columns"] = table.shape[1]
    return State(handle=handle, own_rules=own_rules or {}, **tables)


def _replaced(state: State, **tables: np.ndarray) -> State:
    kept = {name: getattr(state, name) for name in TABLES}
    return assemble(state.own_rules, **(kept | tables))


def copy(state: State) -> State:
    """A twin that shares nothing with the original."""
    return with_rules(state, state.own_rules)


def with_rules(state: State, own_rules: Mapping[Phase, Any]) -> State:
    """A twin that shares nothing with the original and works by other rules in some phases."""
    return assemble(own_rules, **{name: getattr(state, name).copy() for name in TABLES})


def grow(state: State, table: str, *, least: int = 0) -> State:
    """The same firm with a pool twice as large, or of `least` rows.

    New rows of cases and tasks join the free lists; a case's event node comes along.
    """
    old: np.ndarray = getattr(state, table)
    rows = len(old)
    new = np.zeros(max(2 * rows, least), old.dtype)
    new[:rows] = old
    clock = state.clock[0]
    tables = {table: new}
    if table == "cases":
        new["free_next"][rows:-1] = np.arange(rows + 1, len(new))
        new["free_next"][-1] = clock["free_case"]
        clock["free_case"], clock["cases_free"] = rows, clock["cases_free"] + len(new) - rows
        tables["nodes"] = np.concatenate([state.nodes, idle_nodes(len(new) - rows)])
    elif table == "tasks":
        new["next"][rows:-1] = np.arange(rows + 1, len(new))
        new["next"][-1] = clock["free_task"]
        clock["free_task"], clock["tasks_free"] = rows, clock["tasks_free"] + len(new) - rows
    return _replaced(state, **tables)


def idle_nodes(count: int) -> np.ndarray:
    """Event nodes with no event pending."""
    nodes = np.zeros(count, NODES)
    nodes["time"], nodes["next"], nodes["previous"] = -1, -1, -1
    return nodes


# --- what a rule returns ----------------------------------------------------------------------------------------------

# A Step says what comes next for a case: a verb, an activity and who (seat, phase, clock or disposition). The three are
# packed in one whole number, so that it passes between compiled functions in a register.


@inlined
def _step(verb, activity, who):
    return np.int64(verb) | np.int64(activity) << np.int64(8) | np.int64(who) << np.int64(16)


@inlined
def verb_of(step):
    """What a rule asks the engine for (a `Verb`)."""
    return step & np.int64(255)


@inlined
def activity_of(step):
    """What is to be done with the case."""
    return step >> np.int64(8) & np.int64(255)


@inlined
def who_of(step):
    """Seat, phase, clock or disposition."""
    return step >> np.int64(16)


@inlined
def task(seat, activity):
    """The case goes to a person's queue."""
    return _step(Verb.TASK, activity, seat)


@inlined
def pool(which, activity):
    """The case goes to the pooled queue of the desk or of the brokers."""
    return _step(Verb.POOL, activity, which)


@inlined
def here(seat, activity):
    """The person who has just served the case goes on with it at once."""
    return _step(Verb.HERE, activity, seat)


@inlined
def panel(members, activity):
    """The case goes to the first `members` seats of state.invited, all at once."""
    return _step(Verb.PANEL, activity, members)


@inlined
def wait(clock):
    """Nothing happens before a clock rings or another answer comes; some clocks ring at the case's `until`."""
    return _step(Verb.WAIT, 0, clock)


@inlined
def phase(which):
    """The case goes to another phase."""
    return _step(Verb.PHASE, 0, which)


@inlined
def close(disposition):
    """The case is decided."""
    return _step(Verb.CLOSE, 0, disposition)
