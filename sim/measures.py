"""Every outcome, declared once: name, unit, which way is better, what it means and how it is read off the firm.

A measure is over the cases born since measuring began. Cases still open now are censored, never dropped
(Kaplan & Meier, Journal of the American Statistical Association 53, 1958); what is not defined yet is NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from sim.draws import pareto
from sim.scenario import HANDOFF_CLASSES
from sim.state import (
    DAYS_A_WEEK,
    HOURS_A_DAY,
    HOURS_A_YEAR,
    TICKS,
    WEEK,
    Consult,
    Disposition,
    Kind,
    Role,
    State,
    Status,
)

Array = np.ndarray[Any, Any]
TOP_SHARE = 0.05  # of people, whose share of all help is reported
OVERLOADED = 0.95  # utilization beyond which waiting has no settled mean


Choice = Callable[[Array, Any], Array]  # (cases, rules): which rows of a table of cases


class Curve(NamedTuple):
    """A Kaplan–Meier curve: times at which something ended, and the share still going on after each."""

    at: Array
    survival: Array
    cases: int  # on which it rests


@dataclass(frozen=True)
class Observation:
    """What measures read: the closed and open cases of the measured time, and people's work in it."""

    closed: Array  # rows of the ledger
    closed_of: dict[Kind, Array]  # the same by kind
    open: Array  # rows of the pool of cases
    now: int
    since: int
    rules: Any  # world and design
    seats: Array
    load: Array  # utilization of every seat
    _curves: dict[Choice, Curve] = field(default_factory=dict)

    def curve(self, chosen: Choice) -> Curve:
        """Hours from birth to disposition of the chosen cases, open ones censored now. Made once for all measures."""
        if chosen not in self._curves:
            closed, still = (cases[chosen(cases, self.rules)] for cases in (self.closed, self.open))
            ticks = np.concatenate([closed["closed"] - closed["birth"], self.now - still["birth"]])
            self._curves[chosen] = kaplan_meier(ticks / TICKS, np.arange(len(ticks)) < len(closed))
        return self._curves[chosen]

    @property
    def weeks(self) -> float:
        """Measured time in weeks."""
        return (self.now - self.since) / WEEK


class Measure(NamedTuple):
    """One outcome of a run: a number."""

    name: str
    unit: str
    better: Literal["more", "less", "neither"]
    meaning: str
    of: Callable[[Observation], float]


def observe(state: State) -> Observation:
    """What can be measured now. Work in hand counts up to now."""
    clock = state.clock[0]
    now, since = int(clock["now"]), int(clock["measure_from"])
    cases, seats = state.cases, state.seats
    is_open = (cases["status"] == Status.LIVE) & (cases["birth"] >= since)
    in_hand = np.where(seats["serving"] >= 0, now - np.maximum(seats["began"], since), 0)
    measured = max(now - since, 0)
    load = (seats["busy"] + in_hand) / measured if measured else np.full(len(seats), np.nan)
    closed = state.ledger[: clock["closed_rows"]]
    closed_of = {kind: closed[closed["kind"] == kind] for kind in Kind}
    return Observation(closed, closed_of, cases[is_open], now, since, state.rules[0], seats, load)


def summary(state: State) -> dict[str, float]:
    """Every measure over the time from the end of the warm-up to now, {name: value}; NaN where not defined."""
    seen = observe(state)
    if seen.now <= seen.since:
        return {measure.name: float("nan") for measure in MEASURES}
    return {measure.name: float(measure.of(seen)) for measure in MEASURES}


# --- statistics -------------------------------------------------------------------------------------------------------


def kaplan_meier(times: Array, ended: Array) -> Curve:
    """S(t) = Π (1 − d_i / n_i) over the times up to t: n_i go on until then, d_i of them end."""
    order = np.argsort(times)
    times, ended = times[order], ended[order]
    first = np.flatnonzero(np.diff(times, prepend=-np.inf))
    at_risk = len(times) - first
    ends = np.add.reduceat(ended.astype(float), first) if len(first) else np.zeros(0)
    survival = np.cumprod(1.0 - ends / at_risk)
    return Curve(times[first][ends > 0], survival[ends > 0], len(times))


def quantile(curve: Curve, share: float) -> float:
    """Time by which a share has ended; NaN when the curve does not get there."""
    reached = np.flatnonzero(curve.survival <= 1.0 - share + 1e-12)
    return float(curve.at[reached[0]]) if len(reached) else float("nan")


def restricted_mean(curve: Curve, horizon: float) -> float:
    """Area under the Kaplan–Meier curve up to the horizon: the mean of min(time, horizon)."""
    if not curve.cases:
        return float("nan")
    before = curve.at < horizon
    at, survival = curve.at[before], curve.survival[before]
    edges = np.concatenate([[0.0], at, [horizon]])
    return float(np.sum(np.diff(edges) * np.concatenate([[1.0], survival])))


def gini(values: Array) -> float:
    """Gini coefficient: 0 all alike, towards 1 one has everything; NaN when there is nothing."""
    total = values.sum()
    if not len(values) or not total > 0:
        return float("nan")
    ranks = np.arange(1, len(values) + 1)
    return float((2 * ranks - len(values) - 1) @ np.sort(values) / (len(values) * total))


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")


# --- cases ------------------------------------------------------------------------------------------------------------

def _of_kind(kind: Kind) -> Choice:
    return lambda cases, _rules: cases["kind"] == kind


def _quantile(chosen: Choice, share: float) -> Callable[[Observation], float]:
    return lambda seen: quantile(seen.curve(chosen), share)


def _restricted_mean(chosen: Choice) -> Callable[[Observation], float]:
    return lambda seen: restricted_mean(seen.curve(chosen), (seen.now - seen.since) / TICKS)


def _within_day(chosen: Choice) -> Callable[[Observation], float]:
    def share(seen: Observation) -> float:
        curve = seen.curve(chosen)
        before = curve.survival[curve.at <= HOURS_A_DAY]
        return float(1.0 - before[-1]) if len(before) else (0.0 if curve.cases else float("nan"))

    return share


def _touch(kind: Kind) -> Callable[[Observation], float]:
    return lambda seen: _mean(seen.closed_of[kind]["touch"] / TICKS)


def _wait(kind: Kind) -> Callable[[Observation], float]:
    def hours(seen: Observation) -> float:
        closed = seen.closed_of[kind]
        return _mean((closed["closed"] - closed["birth"] - closed["touch"]) / TICKS)

    return hours


def _median_by_handoffs(handoffs: int) -> Callable[[Observation], float]:
    """Of closed requests, because an open one may still be handed on. The last class is open above."""

    def hours(seen: Observation) -> float:
        requests = seen.closed_of[Kind.REQUEST]
        chosen = requests[np.minimum(requests["handoffs"], HANDOFF_CLASSES - 1) == handoffs]
        return float(np.median(chosen["closed"] - chosen["birth"]) / TICKS) if len(chosen) else float("nan")

    return hours


def _count_closed(kind: Kind) -> Callable[[Observation], float]:
    return lambda seen: float(np.count_nonzero(seen.closed["kind"] == kind))


def _count_opened(kind: Kind) -> Callable[[Observation], float]:
    return lambda seen: float(sum(np.count_nonzero(cases["kind"] == kind) for cases in (seen.closed, seen.open)))


def _of_each_kind(kind: Kind) -> tuple[Measure, ...]:
    name, chosen = kind.name.lower(), _of_kind(kind)
    subject = f"a {name}, from birth to disposition"
    return (
        Measure(f"{name}_hours_median", "hours", "less", f"median time of {subject}", _quantile(chosen, 0.5)),
        Measure(f"{name}_hours_mean", "hours", "less", f"mean time of {subject}, within the measured time",
                _restricted_mean(chosen)),
        Measure(f"{name}_hours_p90", "hours", "less", f"time within which nine of ten of them end: {subject}",
                _quantile(chosen, 0.9)),
        Measure(f"{name}_within_day", "share", "more", f"{name}s that end within eight working hours",
                _within_day(chosen)),
        Measure(f"{name}_touch_hours", "hours", "neither", f"mean time during which somebody serves a closed {name}",
                _touch(kind)),
        Measure(f"{name}_wait_hours", "hours", "less", f"mean time during which nobody serves a closed {name}",
                _wait(kind)),
        Measure(f"{name}_opened", "count", "neither", f"{name}s born", _count_opened(kind)),
        Measure(f"{name}_closed", "count", "neither", f"{name}s born and ended", _count_closed(kind)),
    )  # fmt: skip


def _undefaulted(cases: Array, _rules: Any) -> Array:
    chosen = (cases["kind"] == Kind.DECISION) & (cases["consult"] != Consult.ENDED_BY_CLOCK)
    if "disposition" in (cases.dtype.names or ()):
        chosen &= cases["disposition"] != Disposition.DEFAULTED
    return chosen


def _screened(cases: Array, rules: Any) -> Array:
    """Decisions whose stake somebody else screens under both rules."""
    return (cases["kind"] == Kind.DECISION) & (cases["quantile"] > rules["own_authority"])


def _said_yes(closed: Array) -> Array:
    return (closed["disposition"] == Disposition.ACCEPTED) | (closed["disposition"] == Disposition.DEFAULTED)


def _omission(seen: Observation) -> float:
    decisions = seen.closed_of[Kind.DECISION]
    return _mean((decisions["disposition"] == Disposition.REJECTED)[decisions["good"] == 1])


def _commission(seen: Observation) -> float:
    decisions = seen.closed_of[Kind.DECISION]
    return _mean(_said_yes(decisions)[decisions["good"] == 0])


def _disposed(disposition: Disposition, kind: Kind) -> Callable[[Observation], float]:
    return lambda seen: _mean(seen.closed_of[kind]["disposition"] == disposition)


def _consult_defaults(seen: Observation) -> float:
    consult = seen.closed["consult"]
    return _mean(consult[consult != Consult.NONE] == Consult.ENDED_BY_CLOCK)


def _first_response(seen: Observation) -> float:
    """Who left before being served, or still waits, is censored."""
    closed, still = seen.closed_of[Kind.REQUEST], seen.open[seen.open["kind"] == Kind.REQUEST]
    first = np.concatenate([closed["first"], still["first"]])
    birth = np.concatenate([closed["birth"], still["birth"]])
    until = np.concatenate([closed["closed"], np.full(len(still), seen.now)])
    return quantile(kaplan_meier((np.where(first >= 0, first, until) - birth) / TICKS, first >= 0), 0.5)


def _first_contact_resolution(seen: Observation) -> float:
    requests = seen.closed_of[Kind.REQUEST]
    new = requests[requests["round"] == 0]
    return _mean((new["first_contact"] == 1) & (new["right"] == 1))


def _right(seen: Observation) -> float:
    right = seen.closed_of[Kind.REQUEST]["right"]
    return _mean(right[right >= 0] == 1)


def _decision_value(seen: Observation) -> float:
    """Good and accepted: stake·exp(−δ·latency). Bad and accepted: −error_cost·stake once discovered."""
    decisions, rules = seen.closed_of[Kind.DECISION], seen.rules
    accepted = decisions[_said_yes(decisions)]
    good, bad = accepted[accepted["good"] == 1], accepted[accepted["good"] == 0]
    stakes = [pareto(cases["quantile"], rules["stake_alpha"]) for cases in (good, bad)]
    won = stakes[0] @ np.exp(-rules["urgency"] * (good["closed"] - good["birth"]) / TICKS)
    known = bad["discovered"] <= seen.now
    lost = rules["error_cost"] * stakes[1][known].sum()
    employees = np.count_nonzero(seen.seats["role"] != Role.MANAGER)
    years = seen.weeks * DAYS_A_WEEK * HOURS_A_DAY / HOURS_A_YEAR
    return float((won - lost) / (employees * years)) if employees else float("nan")


# --- people -----------------------------------------------------------------------------------------------------------


def _managers(seen: Observation) -> Array:
    return seen.load[seen.seats["role"] == Role.MANAGER]


def _help_of_the_busiest(seen: Observation) -> float:
    """Handlings of colleagues' cases, counted as events, on the 5 % of people who do most of them."""
    given = np.sort(seen.seats["help"])[::-1]
    few = max(1, round(TOP_SHARE * len(given)))
    return float(given[:few].sum() / given.sum()) if given.sum() else float("nan")


def _resumption(seen: Observation) -> float:
    hours = seen.seats["look_ups"].sum() * seen.rules["resume_hours"]
    return float(hours / (len(seen.seats) * seen.weeks))


MEASURES: tuple[Measure, ...] = (
    *_of_each_kind(Kind.DECISION),
    *_of_each_kind(Kind.REQUEST),
    Measure("decision_hours_median_undefaulted", "hours", "less",
            "median time of decisions in which no clock rang", _quantile(_undefaulted, 0.5)),
    *(
        Measure(f"decision_screened_hours_{name}", "hours", "less",
                f"{name} time of decisions whose stake somebody else screens under both rules", statistic)
        for name, statistic in (
            ("median", _quantile(_screened, 0.5)),
            ("mean", _restricted_mean(_screened)),
            ("p90", _quantile(_screened, 0.9)),
        )
    ),
    Measure("omission_rate", "share", "less", "good decisions that were rejected", _omission),
    Measure("commission_rate", "share", "less", "bad decisions that were accepted", _commission),
    Measure("default_share", "share", "less", "decisions that the asker took alone because the approval took too long",
            _disposed(Disposition.DEFAULTED, Kind.DECISION)),
    Measure("consult_default_share", "share", "less", "consults that ended by the clock", _consult_defaults),
    Measure("abandoned_share", "share", "less", "requests whose outsider left before the first service",
            _disposed(Disposition.ABANDONED, Kind.REQUEST)),
    Measure("first_response_hours_median", "hours", "less", "median time to the first service of a request",
            _first_response),
    Measure("first_contact_resolution", "share", "more",
            "new requests answered right by the first server without asking anybody", _first_contact_resolution),
    Measure("right_share", "share", "more", "answers that were right", _right),
    Measure("handoffs_mean", "count", "less", "times a closed case went from one team to another",
            lambda seen: _mean(seen.closed["handoffs"])),
    *(
        Measure(f"request_hours_handoffs_{handoffs}", "hours", "less",
                f"median time of closed requests that went from team to team {handoffs} times"
                + (" or more" if handoffs == HANDOFF_CLASSES - 1 else ""), _median_by_handoffs(handoffs))
        for handoffs in range(HANDOFF_CLASSES)
    ),
    Measure("decision_value", "stakes per employee and year", "more",
            "stakes won by good decisions in time, less what discovered errors cost", _decision_value),
    Measure("utilization", "share", "neither", "working hours spent on cases, mean over seats",
            lambda seen: _mean(seen.load)),
    Measure("utilization_managers", "share", "neither", "working hours managers spend on cases",
            lambda seen: _mean(_managers(seen))),
    Measure("utilization_top", "share", "neither", "working hours the top seat spends on cases",
            lambda seen: float(seen.load[0])),
    Measure("utilization_max", "share", "less", "working hours the busiest person spends on cases",
            lambda seen: float(seen.load.max())),
    Measure("utilization_gini", "Gini", "less", "inequality of hours on cases between people",
            lambda seen: gini(seen.load)),
    Measure("utilization_gini_managers", "Gini", "less", "inequality of hours on cases between managers",
            lambda seen: gini(_managers(seen))),
    Measure("overloaded_share", "share", "less", "seats busy more than 95 % of the time: their waits only grow",
            lambda seen: float((seen.load > OVERLOADED).mean())),
    Measure("help_top5_share", "share", "less", "help for colleagues that falls on the 5 % who help most",
            _help_of_the_busiest),
    Measure("resumption_hours", "hours per seat and week", "less",
            "routine hours lost by finding back to it after looking up", _resumption),
)  # fmt: skip
