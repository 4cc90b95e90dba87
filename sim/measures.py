"""Every outcome, declared once: name, unit, which way is better, what it means and how it is read off the firm.

A measure of cases is over those born since measuring began; one of the books over what has happened since. Cases still
open now are censored, never dropped (Kaplan & Meier, Journal of the American Statistical Association 53, 1958); what is
not defined yet is NaN.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from sim.draws import pareto
from sim.scenario import HANDOFF_CLASSES
from sim.state import (
    HOURS_A_DAY,
    TICKS,
    WEEK,
    WEEKS_A_YEAR,
    YEAR,
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
    books: Any  # sums of what is booked week by week and as it happens
    spells: Array  # employments of those who were there when measuring began, and of those hired since
    partners: Array
    tie_to: Array
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

    @property
    def seat_years(self) -> float:
        """Measured time in years of a seat."""
        return self.weeks / WEEKS_A_YEAR * len(self.seats)


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
    spells = state.spells[: clock["spell_rows"]]
    return Observation(closed, closed_of, cases[is_open], now, since, state.rules[0], seats, load, state.books[0],
                       spells, state.partners, state.tie_to)  # fmt: skip


def summary(state: State, own: Sequence[Measure] = ()) -> dict[str, float]:
    """Every measure over the time from the end of the warm-up to now, {name: value}; NaN where not defined.

    `own`: a researcher's measures beside ours.
    """
    seen = observe(state)
    measures = (*MEASURES, *own)
    if seen.now <= seen.since:
        return {measure.name: float("nan") for measure in measures}
    return {measure.name: float(measure.of(seen)) for measure in measures}


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
    """Cases of a kind; deals that no broker has in the book never began, so they take no time."""

    def chosen(cases: Array, _rules: Any) -> Array:
        rows: Array = cases["kind"] == kind
        if "disposition" in (cases.dtype.names or ()):
            rows &= cases["disposition"] != Disposition.UNMET
        return rows

    return chosen


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
    return lambda seen: _mean(_begun(seen.closed_of[kind])["touch"] / TICKS)


def _begun(closed: Array) -> Array:
    return closed[closed["disposition"] != Disposition.UNMET]


def _wait(kind: Kind) -> Callable[[Observation], float]:
    def hours(seen: Observation) -> float:
        closed = _begun(seen.closed_of[kind])
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
    return lambda seen: float(len(seen.closed_of[kind]))


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
    new = requests[(requests["round"] == 0) & ((requests["first"] >= 0) | (requests["right"] < 0))]  # peers' apart
    return _mean((new["first_contact"] == 1) & (new["right"] == 1))


def _right(seen: Observation) -> float:
    right = seen.closed_of[Kind.REQUEST]["right"]
    return _mean(right[right >= 0] == 1)


def _stakes_won(seen: Observation) -> float:
    """Good and accepted: stake·exp(−δ·latency). Bad and accepted: −error_cost·stake once discovered."""
    decisions, rules = seen.closed_of[Kind.DECISION], seen.rules
    accepted = decisions[_said_yes(decisions)]
    good, bad = accepted[accepted["good"] == 1], accepted[accepted["good"] == 0]
    stakes = [pareto(cases["quantile"], rules["stake_alpha"]) for cases in (good, bad)]
    won = stakes[0] @ np.exp(-rules["urgency"] * (good["closed"] - good["birth"]) / TICKS)
    known = bad["discovered"] <= seen.now
    return float(won - rules["error_cost"] * stakes[1][known].sum())


def _decision_value(seen: Observation) -> float:
    employees = np.count_nonzero(seen.seats["role"] != Role.MANAGER)
    years = seen.weeks / WEEKS_A_YEAR
    return _stakes_won(seen) / (employees * years) if employees else float("nan")


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


def _retention(seen: Observation) -> float:
    """Share of those present when measuring began who are still there a year later."""
    if seen.now - seen.since < YEAR:
        return float("nan")
    present = seen.spells[seen.spells["began"] <= seen.since]
    return _mean((present["ended"] < 0) | (present["ended"] > seen.since + YEAR))


def _turnover(seen: Observation) -> float:
    years = seen.books["person_weeks"] / WEEKS_A_YEAR
    return float(seen.books["quits"] / years) if years else float("nan")


def _per(sum_of: str, weeks: str, factor: float = 1.0) -> Callable[[Observation], float]:
    """A sum of the books over another."""
    return lambda seen: float(factor * seen.books[sum_of] / seen.books[weeks]) if seen.books[weeks] else float("nan")


def _per_seat_and_year(sum_of: str) -> Callable[[Observation], float]:
    return lambda seen: float(seen.books[sum_of] / seen.seat_years)


def _staff_mean(sum_of: str, *, managers: bool) -> Callable[[Observation], float]:
    """Mean over weeks and people, of managers only or of the others only."""

    def mean(seen: Observation) -> float:
        of_managers = seen.books["role_weeks"][Role.MANAGER]
        weeks = of_managers if managers else seen.books["person_weeks"] - of_managers
        return float(seen.books[sum_of] / weeks) if weeks else float("nan")

    return mean


def _exposure(role: Role) -> Callable[[Observation], float]:
    def mean(seen: Observation) -> float:
        weeks = seen.books["role_weeks"][role]
        return float(seen.books["exposure"][role] / weeks) if weeks else float("nan")

    return mean


def _silo(seen: Observation) -> float:
    """Krackhardt's E–I index of ties by department, less its value were everybody's ties drawn evenly."""
    seat, slot = np.nonzero(seen.tie_to >= 0)
    if not len(seat):
        return float("nan")
    department = seen.seats["department"]
    outside = _mean(department[seat] != department[seen.tie_to[seat, slot]])
    sizes = np.bincount(department)[department[seat]]
    by_chance = _mean((len(seen.seats) - sizes) / max(1, len(seen.seats) - 1))
    return 2.0 * (by_chance - outside)


def _partners_kept(seen: Observation) -> float:
    if seen.now - seen.since < YEAR:
        return float("nan")
    there = seen.partners[seen.partners["panel"] == 1]
    return _mean((there["left"] < 0) | (there["left"] > seen.since + YEAR))


def _nps(seen: Observation) -> float:
    weeks = seen.books["customer_weeks"]
    return float(100.0 * (seen.books["promoters"] - seen.books["detractors"]) / weeks) if weeks else float("nan")


def _mean_of_two(good: float, bad: float) -> float:
    return float(good / (good + bad)) if good + bad else float("nan")


def _profit(seen: Observation) -> float:
    books = seen.books
    earned = books["margin"] + books["fees"] + books["output"] + seen.rules["decision_money"] * _stakes_won(seen)
    return float((earned - books["wages"] - books["selling"] - books["replacement"]) / seen.seat_years)


MEASURES: tuple[Measure, ...] = (
    Measure("retention_12m", "share", "more", "people there when measuring began who are still there a year later",
            _retention),
    Measure("satisfaction", "0 to 100", "more",
            "satisfaction of all who were customers when measuring began, mean over weeks; of lost ones as they left",
            _per("panel_satisfaction", "weeks", 100.0)),
    *(row for kind in Kind for row in _of_each_kind(kind)),
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
    Measure("utilization_desk", "share", "neither", "working hours the contact desk spends on cases",
            lambda seen: _mean(seen.load[seen.seats["role"] == Role.DESK])),
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
    Measure("turnover", "per year", "less", "voluntary quits per person and year", _turnover),
    Measure("attachment", "0 to 1", "more", "attachment of all who work in the firm",
            _per("attachment", "person_weeks")),
    Measure("attachment_managers", "0 to 1", "more", "attachment of managers",
            _staff_mean("attachment_managers", managers=True)),
    Measure("friendship", "0 to 1", "more", "friendship that people find at work", _per("friendship", "person_weeks")),
    Measure("autonomy", "0 to 1", "more", "how far employees decide their own cases",
            _staff_mean("autonomy", managers=False)),
    Measure("progress", "share", "more", "cases that employees put forward and that come through",
            _staff_mean("progress", managers=False)),
    Measure("thanks", "-1 to 1", "more", "thanks that people get from outsiders", _per("thanks", "person_weeks")),
    Measure("standing", "0 to 1", "more", "standing of managers: how much passes through them",
            _staff_mean("standing", managers=True)),
    *(
        Measure(f"exposure_{role.name.lower()}", "0 to 1", "less",
                f"interruptions and angry outsiders that seats of this role meet: {role.name.lower()}", _exposure(role))
        for role in Role
    ),
    Measure("satisfaction_active", "0 to 100", "more", "satisfaction of those who are customers, mean over weeks",
            _per("active_satisfaction", "customer_weeks", 100.0)),
    Measure("experience", "0 to 100", "more", "what outsiders experience, mean over all experiences",
            _per("experience", "experiences", 100.0)),
    Measure("nps", "-100 to 100", "more", "customers who would recommend the firm, less those who would not", _nps),
    Measure("churn", "per year", "less", "customers lost per customer and year",
            _per("churned", "customer_weeks", WEEKS_A_YEAR)),
    Measure("active_customers", "people", "more", "customers, mean over weeks", _per("customer_weeks", "weeks")),
    Measure("word_of_mouth_ratio", "ratio", "more", "good words about the firm per bad one",
            _per("words_good", "words_bad")),
    Measure("complaint_share", "share", "neither", "bad experiences that lead to a complaint",
            _per("complaints", "bad_experiences")),
    Measure("bad_experience_share", "share", "less", "experiences clearly below expectation",
            _per("bad_experiences", "experiences")),
    Measure("failures_felt", "per seat and year", "less", "failures of decisions that customers feel",
            _per_seat_and_year("failures_felt")),
    Measure("product_fit", "0 to 1", "more", "how well the product suits customers, mean over weeks",
            _per("fit", "customer_weeks")),
    Measure("product_gap", "taste", "less", "distance of the product from the market's mean taste",
            _per("gap", "weeks")),
    Measure("ideas_built", "per seat and year", "neither", "ideas that were built", _per_seat_and_year("ideas_built")),
    Measure("gifts_welcome_share", "share", "more", "gestures in time that were welcome",
            lambda seen: _mean_of_two(seen.books["gifts_welcome"], seen.books["gifts_unwelcome"])),
    Measure("silo_index", "-2 to 2", "less", "how much more ties stay in the department than by chance", _silo),
    Measure("partner_retention", "share", "more", "partners there when measuring began who stay for a year",
            _partners_kept),
    Measure("ecosystem_value", "hours' wages per seat and year", "more", "worth of the deals that outsiders made",
            _per_seat_and_year("deal_value")),
    Measure("firm_share", "share", "more", "share of that worth which the firm keeps", _per("fees", "deal_value")),
    Measure("fees", "hours' wages per seat and year", "more", "fees of deals", _per_seat_and_year("fees")),
    Measure("unmet_deals", "share", "less", "chances of business of pairs that nobody brings together",
            _per("unmet", "chances")),
    Measure("leaked_share", "share", "less", "worth of deals that are closed beside the platform",
            _per("leaked", "deal_value")),
    Measure("circle_hours", "hours per seat and year", "less", "time in interest circles",
            _per_seat_and_year("circle_hours")),
    Measure("introduction_hours", "hours per seat and year", "less", "managers' time for introducing people",
            _per_seat_and_year("introduction_hours")),
    Measure("panel_hours", "hours per seat and year", "less", "time on panels that decide colleagues' cases",
            _per_seat_and_year("panel_hours")),
    Measure("profit_per_seat", "hours' wages per seat and year", "more",
            "margin, fees, routine output and decisions, less wages, selling and replacing people", _profit),
)  # fmt: skip
