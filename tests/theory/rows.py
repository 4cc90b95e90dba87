"""Rows of the theory table: settings under which the firm is a system with a closed form, and that form.

Each row is run in 30 or more independent replications after a warm-up. It passes when the closed form lies within 4
standard errors of their mean (one false alarm in 16 000) and the standard error is small enough to tell a wrong form.
References: Gross & Harris, Fundamentals of Queueing Theory; Flatto & Hahn 1984 (fork-join); Sah & Stiglitz 1986.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import norm

from sim.engine import advance, horizon_days, start
from sim.scenario import Design, Scenario
from sim.state import TICKS, Activity, Disposition, Role, State

# Common to all rows: everybody notices at once, plain queues, nothing comes back, nobody is impatient; nobody quits or
# learns, customers neither come nor go nor speak, nothing is born but decisions and requests.
QUEUES = (
    "world.look_up_hours=0.0", "world.short_first=0", "world.chance_meetings=0.0", "world.rework=0.0",
    "world.repeat=0.0", "world.patience_hours=inf", "world.outsider_patience_hours=inf", "world.interdependence=0.0",
    "world.brokers=0.0", "world.desk=0.0", "world.market_per_seat=0.0", "world.trustworthy=1.0", "run.burn_in_weeks=0",
    "world.quit_rate=0.0", "world.learning=0.0", "world.familiarity=0.0", "world.tie_forms=0.0",
    "world.team_meetings=0.0", "world.moment_rate=0.0", "world.deal_rate=0.0", "world.partners_per_seat=0.0",
    "world.channel_extra=0.0", "world.complain=0.0", "world.feedback=0.0", "world.cocreate=0.0", "world.suggestion=0.0",
    "world.study_ideas_per_seat=0.0", "world.turbulence=0.0", "world.churn=0.0", "world.join=0.0", "world.convert=0.0",
    "world.tell_base=0.0", "world.tell_slope=0.0",
)  # fmt: skip
EQUAL = tuple(  # everybody knows everything equally well
    f"world.{name}=0.7" for name in ("expertise_low", "expertise_high", "second_field", "former_field", "other_level")
)
ALL_YES = ("world.noise=0.0", "world.good_share=1.0")
TWO_EXPERTS = (  # 23 desk seats ask, two product seats alone know, managers and second fields do not
    "world.staff=31", "world.desk=0.92", "world.first_contact=1.0", "world.second_field=0.5", "world.former_field=0.5",
    "world.act_hours=0.0", "world.screen_hours=1.0", "world.own_authority=0.0", "world.panel=2", *ALL_YES,
)  # fmt: skip
TRUST = Design(approve=1.0)


class Row(NamedTuple):
    """One closed form."""

    name: str
    theory: float
    settings: tuple[str, ...]
    statistic: Callable[[State], float]
    design: Design = Design.traditional()
    weeks: int = 250
    warm_up: int = 25
    replications: int = 30
    trace: bool = False
    precision: float = 0.025  # largest standard error as a share of the theory: a row with more noise proves nothing


def scenario_of(row: Row) -> Scenario:
    """The firm of a row."""
    spans = (f"run.weeks={row.weeks}", f"run.warm_up_weeks={row.warm_up}")
    return Scenario.load("baseline").override([*QUEUES, *spans, *row.settings])


def measured(row: Row) -> tuple[float, float]:
    """Mean over replications and its standard error."""
    scenario = scenario_of(row)
    values = []
    for replication in range(row.replications):
        state = start(scenario, row.design, seed=2024, replication=replication, trace=row.trace)
        values.append(row.statistic(advance(state, horizon_days(scenario.run))))
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values)))


# --- what is read off a firm ---


def closed(state: State) -> Any:
    return state.ledger[: state.clock["closed_rows"][0]]


def mean_time(state: State) -> float:
    return float((closed(state)["closed"] - closed(state)["birth"]).mean() / TICKS)


def mean_wait(state: State) -> float:
    return float((closed(state)["first"] - closed(state)["birth"]).mean() / TICKS)


def mean_time_of_accepted(state: State) -> float:
    rows = closed(state)[closed(state)["disposition"] == Disposition.ACCEPTED]
    return float((rows["closed"] - rows["birth"]).mean() / TICKS)


def mean_time_of_desk_cases(state: State) -> float:
    rows = closed(state)[state.seats["role"][closed(state)["opener"]] == Role.DESK]
    return float((rows["closed"] - rows["birth"]).mean() / TICKS)


def share(disposition: Disposition) -> Callable[[State], float]:
    return lambda state: float((closed(state)["disposition"] == disposition).mean())


def opened_per_hour(state: State) -> float:
    hours = (state.clock["now"][0] - state.clock["measure_from"][0]) / TICKS
    return float(state.clock["opened"][0].sum() / hours)


def still_there(state: State) -> float:
    """Share of those who were there on day 1 who never left."""
    spells = state.spells[: state.clock["spell_rows"][0]]
    first = spells[spells["began"] < 0]
    return float((first["ended"] < 0).mean())


def share_of_customers(state: State) -> float:
    return float(state.customers["active"].mean())


def mean_gap(state: State) -> float:
    return float(state.books["gap"][0] / state.books["weeks"][0])


def share_through_the_top(state: State) -> float:
    touches = state.touches[: state.clock["touch_rows"][0]]
    relays = touches[touches["activity"] == Activity.RELAY]
    return len(np.unique(relays["case"][relays["seat"] == 0])) / len(np.unique(relays["case"]))


def mean_wait_of(activity: Activity) -> Callable[[State], float]:
    """Hours from arrival to beginning of the services of one activity that arrived in the window."""

    def hours(state: State) -> float:
        touches = state.touches[: state.clock["touch_rows"][0]]
        seen = touches[(touches["activity"] == activity) & (touches["arrived"] >= state.clock["measure_from"][0])]
        return float((seen["start"] - seen["arrived"]).mean() / TICKS)

    return hours


# --- the rows ---


def per_day(rate: float, seats: int = 1) -> str:
    """Decisions a seat and day for a total rate an hour."""
    return f"world.decision_rate={rate * 8 / seats!r}"


def single(rho: float, cv: float = 1.0, *more: str) -> tuple[str, ...]:
    return ("world.staff=1", "world.act_hours=1.0", per_day(rho), f"world.service_cv={cv}", *more)


def pollaczek_khinchine(rho: float, cv: float) -> float:
    return 1 + rho * (1 + cv**2) / (2 * (1 - rho))


def erlang_wait(servers: int, rho: float) -> float:
    load = servers * rho
    last = load**servers / math.factorial(servers) / (1 - rho)
    return last / (sum(load**k / math.factorial(k) for k in range(servers)) + last) / (servers * (1 - rho))


def pass_probability(merit: float) -> float:
    """Of one judgement with the default noise at knowledge .7."""
    return float(norm.cdf(merit / (1.08 * (1.5 - 0.7))))


def binomial_tail(members: int, quorum: int, p: float) -> float:
    return sum(math.comb(members, k) * p**k * (1 - p) ** (members - k) for k in range(quorum, members + 1))


def cobham(short: tuple[float, float], long: tuple[float, float]) -> tuple[float, float]:
    """Waits of two classes (rate, mean) at one server; the short goes first without interrupting a service begun."""
    left = short[0] * short[1] ** 2 + long[0] * long[1] ** 2  # E[S²] = 2·mean²
    before, all_of_it = 1 - short[0] * short[1], 1 - short[0] * short[1] - long[0] * long[1]
    return left / before, left / (before * all_of_it)


def withdrawn(rho: float, patience: float) -> float:
    """M/M/1 with a fixed patience in the queue: share of cases that leave it unserved."""
    decay = math.exp(-(1 - rho) * patience)
    return (1 - rho) * rho * decay / (1 - rho**2 * decay)


def bass(innovation: float, imitation: float, weeks: int) -> float:
    """Share of a market of nobody's customers who have joined after some weeks, when they join at the end of one.

    Bass 1969 with hazards a year; between two ends of weeks those who speak stay the same, so a week's step is exact.
    """
    joined = 0.0
    for _ in range(weeks):
        joined += (1 - joined) * -math.expm1(-(innovation + imitation * joined) / 50)
    return joined


def lag_of_the_product(turbulence: float, step: float, ideas_a_week: float) -> float:
    """Mean distance of a product from a taste that wanders, both in two dimensions.

    At the end of a week the taste takes a step of variance t²/50 each way, and each topic that somebody has had an idea
    about takes the product a share s of the way to where the taste was before: V = q·V + t²/50, q the mean product of
    (1 − s)² over such topics (25 teams, of which each owns two of 50 topics, the i-th and the i-th from the end).
    Of many small steps the gap is nearly normal: its mean is V^½·(π/2)^½, less a share of about s/8.
    """
    weights = np.diff((np.arange(51) / 50) ** (1 / 1.5))
    ideas = ideas_a_week / 25 * weights / (weights + weights[::-1])
    kept = np.prod(1 + np.expm1(-ideas) * (2 * step - step**2))
    return math.sqrt(turbulence**2 / 50 / (1 - kept) * math.pi / 2)


LOOK_UP = ("world.look_up_hours=2.0", "world.busy_share=inf", "world.quiet_hours=inf")
LOOK_UP_WAIT = 0.8 * 2 / (2 * 0.2) + (2 * 2 + 0.8 * 8) / (2 * (1 + 0.8 * 2))  # E[D] 2, E[D²] 8, λ .8, E[S²] 2
CHAIN = ("world.span=1", "world.staff=4", "world.authority=[0.0]", *EQUAL)
# An employee with decisions of her own (long) is asked by the top seat for whatever outsiders want (short); what she
# then answers, and all that the top seat does, takes no time.
TWO_CLASSES = (
    "world.staff=2", "world.span=1", "world.short_first=1", "world.market_per_seat=100.0", "world.active_share=1.0",
    "world.request_rate=10.0", "world.ask_hours=0.3", "world.act_hours=1.0", per_day(0.5), "world.authority=[1.0]",
    "world.triage_hours=0.0", "world.help_hours=0.0", "world.relay_hours=0.0", "world.second_field=0.5",
    "world.former_field=0.5", "world.tie_limit=1", "world.tie_reserved=0.0", "world.tie_decay=1.0",
    "world.metaknowledge=1.0", *ALL_YES,
)  # fmt: skip
WAITS = cobham((1.0, 0.3), (0.5, 1.0))
GOOD, BAD = pass_probability(1.0), pass_probability(-1.0)
FREE = ("world.act_hours=0.0", "world.screen_hours=0.0", "world.garbling=0.0", per_day(4.0))
PANEL = ("world.staff=31", "world.own_authority=0.0", *EQUAL)
SPARSE = ("world.decision_rate=0.004", "world.act_hours=0.0", "world.screen_hours=1.0", *ALL_YES)
CONSULTS = (
    "world.staff=156", "world.interdependence=1.0", "world.topics_per_team=1", "world.relay_hours=0.0",
    "world.second_field=0.5", "world.former_field=0.5", "world.screen_hours=0.0", "world.help_hours=0.0",
)  # fmt: skip

# Everybody is anybody's friend, is told of each answer, and the answer takes no time and pleases all alike.
SPEAKING = (
    "world.staff=2", "world.span=1", "world.desk=1.0", "world.market_per_seat=1000.0", "world.active_share=0.0",
    "world.decision_rate=0.0", "world.request_rate=25.0", "world.triage_hours=0.0", "world.answer_hours=0.0",
    "world.first_contact=1.0", "world.fit_weight=1.0", "world.taste_spread=0.0", "world.neutral=0.0",
    "world.friends=64", "world.rewire=1.0", "world.told_to=1", "world.tell_base=1.0", "world.retell_good=0.0",
    "world.retell_bad=0.0", "world.influence=0.0", "world.convert=0.05", "world.join=0.1", "world.promise=0.0",
)  # fmt: skip
WORDS = 25 * -math.expm1(-0.05)  # a year and customer, each of which spends .05 of a draw of mean 1
IDEAS = (  # staff suggest what the market wants, and it is built by the end of the week
    "world.staff=156", "world.decision_rate=0.02", "world.suggestion=0.16", "world.act_hours=0.0",
    "world.voice_noise=0.0", "world.screen_hours=0.0", "world.build_hours=0.0", "world.turbulence=0.35",
    "world.reversion=0.0", *ALL_YES,
)  # fmt: skip

ROWS = (
    *(Row(f"M/M/1, load {rho}", 1 / (1 - rho), single(rho), mean_time, weeks=500) for rho in (0.5, 0.8, 0.9)),
    Row("M/M/1, load 0.95, 1.2 million services", 1 / 0.05, single(0.95), mean_time, weeks=1000, warm_up=100,
        replications=32, precision=0.07),
    *(Row(f"M/G/1, load 0.8, cv {cv}", pollaczek_khinchine(0.8, cv), single(0.8, cv), mean_time, weeks=weeks)
      for cv, weeks in ((0.0, 500), (0.5, 500), (2.0, 4000))),
    Row("M/G/1 with look-up of mean 2 h", 1 + LOOK_UP_WAIT, single(0.8, 1.0, *LOOK_UP), mean_time, weeks=500),
    *(Row(f"short tasks first: wait of the {name}", wait, TWO_CLASSES, mean_wait_of(activity), Design(consult=1.0),
          weeks=1000, trace=True)
      for name, wait, activity in zip(("short", "long"), WAITS, (Activity.ASK, Activity.ACT), strict=True)),
    Row("M/M/5, load 0.8: wait", erlang_wait(5, 0.8),
        ("world.staff=6", "world.desk=1.0", "world.decision_rate=0.0", "world.first_contact=1.0",
         "world.triage_hours=0.0", "world.answer_hours=1.0", "world.market_per_seat=20.0", "world.active_share=1.0",
         f"world.request_rate={4 * 2000 / 120!r}"), mean_wait, weeks=500),
    Row("tandem of the asker and 3 managers, load 0.5", 1 / 1.5 + 3 / 0.5,
        (*CHAIN, *ALL_YES, "world.act_hours=0.5", "world.screen_hours=1.0", per_day(0.5)), mean_time),
    Row("chain with screening, load 0.8: accepted", 1 / (2 - 0.8) + sum(1 / (1 - 0.8 * GOOD**i) for i in (1, 2, 3)),
        (*CHAIN, "world.good_share=1.0", "world.act_hours=0.5", "world.screen_hours=1.0", per_day(0.8)),
        mean_time_of_accepted, weeks=500),
    Row("chain of 3 after the asker, good cases accepted", GOOD**4, (*CHAIN, *FREE, "world.good_share=1.0"),
        share(Disposition.ACCEPTED)),
    Row("chain of 3 after the asker, bad cases accepted", BAD**4,
        (*CHAIN, *FREE, "world.good_share=0.0", per_day(40.0)), share(Disposition.ACCEPTED)),
    Row("panel 2 of 3 after the asker, good cases accepted", GOOD * binomial_tail(3, 2, GOOD),
        (*PANEL, *FREE, "world.good_share=1.0"), share(Disposition.ACCEPTED), TRUST, weeks=50, warm_up=1),
    Row("panel 2 of 3 after the asker, bad cases accepted", BAD * binomial_tail(3, 2, BAD),
        (*PANEL, *FREE, "world.good_share=0.0"), share(Disposition.ACCEPTED), TRUST, weeks=50, warm_up=1),
    *(Row(f"fork-join of 2, load {rho}", (12 - rho) / 8 / (1 - rho),
          (*TWO_EXPERTS, "world.quorum=2", per_day(rho, 23)), mean_time_of_desk_cases, TRUST, weeks=500)
      for rho in (0.5, 0.8)),
    Row("panel of 3, first answer decides, no load", 1 / 3, (*PANEL, *SPARSE, "world.quorum=1"), mean_time, TRUST,
        weeks=2500, warm_up=0),
    Row("panel of 3, two answers decide, no load", 1 / 3 + 1 / 2, (*PANEL, *SPARSE, "world.quorum=2"), mean_time, TRUST,
        weeks=2500, warm_up=0),
    Row("default delegation, load 0.8, patience 5 h", withdrawn(0.8, 5.0),
        ("world.staff=31", "world.span=30", "world.authority=[0.0]", "world.act_hours=0.0", "world.screen_hours=1.0",
         "world.patience_hours=5.0", *ALL_YES, per_day(0.8, 30)), share(Disposition.DEFAULTED), weeks=500),
    Row("rework of 0.3: births an hour", 0.5 / (1 - 0.3),
        (*single(0.5), "world.good_share=0.0", "world.trustworthy=0.0", "world.rework=0.3", "world.act_hours=0.1",
         "world.rework_rounds=1000000", "world.discovery_hours=1.0"), opened_per_hour),
    *(Row(f"consults that pass the top, reach {reach}", decay / (1 + decay),
          (*CONSULTS, f"world.interdependence_reach={reach}", "world.decision_rate=1.0"), share_through_the_top,
          weeks=8, warm_up=0, trace=True)
      for reach, decay in (("0.6213349345596119", 1 / 5), ("2.0", math.exp(-1 / 2)), ("inf", 1.0))),
    *(Row(f"tenure: still there after {weeks} weeks at .5 a year", math.exp(-0.5 * weeks / 50),
          ("world.staff=156", "world.decision_rate=0.0", "world.quit_rate=0.5", "world.quit_peak=0.0",
           "world.quit_slope=0.0", "world.contagion=0.0"), still_there, weeks=weeks, warm_up=0)
      for weeks in (1, 50)),
    *(Row(f"diffusion: customers after {weeks} weeks of selling and talk", bass(0.1, WORDS, weeks), SPEAKING,
          share_of_customers, weeks=weeks, warm_up=0)
      for weeks in (100, 150)),
    *(Row(f"product: distance from the market at step {step}", lag_of_the_product(0.35, 0.84 * step, 2.0),
          (*IDEAS, f"world.step={step}"), mean_gap, weeks=1500, warm_up=50)
      for step in (0.03, 0.08)),
)  # fmt: skip
