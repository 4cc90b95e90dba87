"""What the user writes: the world (X), the designs (L), the run and its events, read from TOML and checked.

Each key of a scenario file is one line below: value, unit, lowest, highest, meaning, source, and the range worth trying
where that is narrower. A mistake is told in one sentence that names the file, the key, the value and what is allowed.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

MOST_QUANTILES = 12  # entries of world.authority
HANDOFF_CLASSES = 6  # 0, 1, 2, 3, 4, 5 or more
TEXT, DESIGN_NAMES = "text in quotes", 'a list of names of designs, such as ["traditional", "social"]'
# Units that name a kind of pure number; a sentence reads better without them.
PURE = ("", "share", "quantile", "probability", "exponent", "weight", "level", "merit", "ratio", "yes or no")


class ScenarioError(ValueError):
    """The user's mistake, told in one sentence with a way out."""


# --- keys -------------------------------------------------------------------------------------------------------------


def key(
    value: Any,
    unit: str,
    low: float,
    high: float,
    meaning: str,
    source: str,
    *,
    above: bool = False,
    typical: tuple[float, float] | None = None,
) -> Any:
    """One key of a scenario file. With `above` the lowest value is itself not allowed; highest inf allows inf."""
    rules: dict[str, Any]
    if isinstance(value, tuple):
        kind = f"a list of 1 to {MOST_QUANTILES} numbers"
        rules = {"min_length": 1, "max_length": MOST_QUANTILES}
    else:
        kind = "a whole number" if isinstance(value, int) else "a number"
        rules = {"gt" if above else "ge": low}
        if high < inf:
            rules["le"] = high
        if isinstance(value, float):
            rules["allow_inf_nan"] = high == inf  # NaN is then refused by the lower bound
    about = {"unit": unit, "kind": kind, "allowed": _range(low, high, unit, above), "source": source}
    if typical is not None:
        about["typical"] = list(typical)  # type: ignore[assignment]
    return Field(value, description=meaning, json_schema_extra=about, **rules)  # type: ignore[arg-type]


def _plain(value: Any, meaning: str, kind: str, **rules: Any) -> Any:
    """A key that is not a number."""
    return Field(value, description=meaning, json_schema_extra={"kind": kind}, **rules)


def _range(low: float, high: float, unit: str, above: bool) -> str:
    if high == inf:
        return f"anything above {_amount(low, unit)}, inf too"
    start = f"above {low:.15g} and up" if above else f"{low:.15g}"
    return f"{start} to {_amount(high, unit)}"


def _amount(number: float, unit: str) -> str:
    if number == 1 and unit not in PURE:
        unit = re.sub(r"^people\b", "person", re.sub(r"^([a-z]+)s\b", r"\1", unit))
    return f"{number:.15g}" if unit in PURE else f"{number:.15g} {unit}"


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Table = TypeVar("Table", bound="_Table")
Hours = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Quantile = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Table(BaseModel):
    """One table of a scenario file: frozen, no other keys, no conversion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    label: ClassVar[str] = ""

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _error(type(self).__name__, _told(error, type(self), values, self.label)) from None


# The tables of keys are read across, one line a key, so these lines may be longer than the others.
# fmt: off


class World(_Table):
    """X: what the firm cannot choose. Equal for all designs that are compared, also what only one rule reads."""

    label: ClassVar[str] = "world."

    # Size
    staff: int = key(156, "seats", 1, 200_000, "seats of the firm, managers included", "four levels of a 5-ary tree, after Dodds, Watts & Sabel 2003")
    span: int = key(5, "people", 1, 200, "people who report to one manager", "5-ary tree, after Dodds, Watts & Sabel 2003")
    desk: float = key(0.12, "share", 0, 1, "share of the employees (leaves of the tree) who are the contact desk", "no source")
    brokers: float = key(0.04, "share", 0, 1, "share of the employees (leaves of the tree) who look after partners", "no source")
    topics_per_team: int = key(2, "topics", 1, 20, "fields of knowledge that each product team owns", "no source")
    market_per_seat: float = key(9.6, "people per seat", 0, 1000, "people in the market for each seat of the firm", "no source")
    active_share: float = key(0.53, "share", 0, 1, "share of the market who are customers", "calibrated in a trial in which joining and leaving balance")
    partners_per_seat: float = key(0.385, "partners per seat", 0, 10, "business partners there are for each seat of the firm", "no source")
    partners_active: float = key(0.5, "share", 0, 1, "share of the partners who do business at the start", "no source")

    # Arrivals
    load: float = key(1.0, "times", 0, 20, "factor on all rates at which cases are born of themselves", "no source", typical=(0.5, 2.5))
    decision_rate: float = key(1.15, "per employee and day", 0, 1000, "decisions that an employee's work raises", "calibrated: managers busy .6 of their hours", typical=(0.3, 2))
    request_rate: float = key(16.0, "per customer and year", 0, 1e7, "questions and problems that a customer brings", "calibrated: desk busy .5 of its hours", typical=(5, 60))
    moment_rate: float = key(1.0, "per customer and year", 0, 1000, "dates in a customer's life on which a gesture would be welcome or not", "no source", typical=(0, 4))
    deal_rate: float = key(50.0, "per partner and year", 0, 1e5, "chances of business that a partner meets", "no source", typical=(10, 200))
    channel_extra: float = key(0.3, "share", 0, 5, "more requests that a public channel brings, because asking is cheaper there", "no source", typical=(0, 1))
    interdependence: float = key(0.3, "share", 0, 1, "share of decisions on a topic of another team", "idea: near-decomposability, Simon 1962; value: no source")
    interdependence_reach: float = key(0.621, "tree levels", 0, inf, "how far away in the tree that other team tends to be (xi)", "1/ln 5: the top seat's load then does not grow with the firm", above=True)
    topic_skew: float = key(1.5, "exponent", 1, 3, "how unevenly the topics come up (1: evenly)", "no source")
    focus: float = key(0.7, "share", 0, 1, "share of a customer's requests that are on the home topic", "no source")

    # Knowledge
    expertise_low: float = key(0.6, "level", 0, 1, "least knowledge of a person's own topics", "no source")
    expertise_high: float = key(1.0, "level", 0, 1, "greatest knowledge of a person's own topics", "no source")
    second_field: float = key(0.7, "level", 0, 1, "knowledge of the second field that everybody has", "no source")
    former_field: float = key(0.7, "level", 0, 1, "a manager's knowledge of her former field", "no source")
    script_level: float = key(0.75, "level", 0, 1, "the desk's knowledge of a topic in its script", "no source")
    other_level: float = key(0.2, "level", 0, 1, "anybody's knowledge of any other topic", "no source")
    expert_threshold: float = key(0.6, "level", 0, 1, "knowledge from which on a person is an expert", "no source")
    first_contact: float = key(0.8, "share", 0, 1, "share of the topics, by weight, that the desk's script covers", "calibrated: .7 of requests settled at first contact", typical=(0.5, 0.95))
    routing: float = key(1.0, "share", 0, 1, "share of what the desk cannot answer that goes to a desk seat near the owner, not elsewhere", "no source")

    # Contact
    profile_error: float = key(0.15, "share", 0, 1, "share of searches by public profile that lead to anybody at all", "no source", typical=(0, 0.4))
    popular: float = key(0.5, "exponent", 0, 2, "how much more often popular people are found (0: no more)", "no source")
    loyal: float = key(0.3, "probability", 0, 1, "chance that a customer asks the employee she knows also about what is not that person's field", "no source")
    visibility: float = key(3.0, "times her friends", 0, 20, "people who see a complaint on the public channel, and its answer, per friend of the customer", "no source; decides whether a channel alone pays", typical=(1, 20))

    # Consult
    metaknowledge: float = key(0.5, "probability", 0, 1, "chance to know what a tie of half weight knows", "no source", typical=(0.1, 1))
    wrong_belief: float = key(0.05, "probability", 0, 1, "chance to think that a tie of no weight knows what it does not", "no source", typical=(0, 0.2))
    search_limit: int = key(3, "people", 0, 8, "people asked along ties, one after the other; and wrong persons an outsider is handed on to", "no source", typical=(1, 8))
    platform_half: float = key(4.0, "readers", 0, 100, "experts with whom half the questions on the platform are answered in time", "no source", above=True, typical=(1, 20))
    platform_wait_hours: float = key(4.0, "hours", 0, 200, "longest wait for an answer on the platform", "no source", typical=(1, 24))

    # Ties
    tie_limit: int = key(12, "ties", 0, 64, "people whom one person can keep up with", "no source")
    tie_reserved: float = key(0.25, "share", 0, 1, "share of those ties kept for other departments", "no source")
    tie_depth: float = key(0.5, "tree levels", 0.05, inf, "how deep below the top the common manager of starting ties tends to be: the more, the more local (lambda)", "law: Dodds, Watts & Sabel 2003; value: placeholder", typical=(0.1, 5))
    tie_distance: float = key(0.5, "tree levels", 0.05, inf, "how far apart in the tree starting ties reach (zeta)", "law: Dodds, Watts & Sabel 2003; value: placeholder", typical=(0.1, 5))
    tie_start: float = key(0.5, "weight", 0, 1, "weight of a tie at the start", "no source")
    tie_decay: float = key(0.985, "share", 0, 1, "share of a tie's weight, and of a name for answering outsiders, that is left after a week", "no source")
    tie_growth: float = key(0.12, "share", 0, 1, "share of the weight still missing that one meeting adds; to a partner's familiarity, one deal", "no source")
    chance_meetings: float = key(0.1, "probability", 0, 1, "chance in a week that two with a tie meet by chance, and that a person meets anybody", "no source")
    team_meetings: float = key(1.0, "per week", 0, 1, "chance that a person meets a colleague of her own team in a week beside work", "no source")
    interests: int = key(3, "interests", 0, 8, "interests beside work that each person has", "placeholder")
    interest_kinds: int = key(20, "interests", 1, 200, "interests that there are", "placeholder")
    circle_hours: float = key(1.0, "hours a week", 0, 40, "time that a member of an interest circle gives to it", "no source", typical=(0, 4))
    introduction_hours: float = key(1.0, "hours", 0, 40, "time in which a manager introduces two people to each other", "no source", above=True)
    introductions: float = key(4.0, "per week", 0, 100, "most introductions that a manager makes in a week", "no source")
    manager_case_share: float = key(0.6, "share", 0, 1, "share of a manager's hours that cases may take; what is left of it is freed", "calibrated: managers' load in the baseline")

    # Approve
    authority: Annotated[tuple[Quantile, ...], BeforeValidator(_as_tuple)] = key((0.09, 0.955, 0.995, 0.999), "quantile", 0, 1, "stakes that each level may decide, employees first; the top seat decides all", "calibrated: managers of all levels equally busy")
    own_authority: float = key(0.84, "quantile", 0, 1, "stakes that everybody may decide alone under trust", "no source", typical=(0.6, 1))
    panel: int = key(3, "people", 1, 16, "experts asked at once under trust", "no source", typical=(1, 7))
    quorum: int = key(2, "people", 1, 16, "experts of the panel who have to agree", "no source", typical=(1, 7))

    # Hear
    listen: float = key(0.3, "share", 0, 1, "share of the selling budget that hearing takes when all feedback is heard", "no source; decides profit and size", typical=(0.1, 1))
    feedback: float = key(0.02, "per request", 0, 1, "chance that a customer says what should be better", "no source", typical=(0, 0.1))
    cocreate: float = key(0.005, "per request", 0, 1, "chance that a customer who is heard works on an idea herself", "no source", typical=(0, 0.1))
    suggestion: float = key(0.002, "per decision", 0, 1, "chance that an employee suggests an idea", "no source", typical=(0, 0.02))
    voice_noise: float = key(0.4, "taste", 0, 5, "spread between what a voice says and what its speaker wants, per dimension", "no source", typical=(0, 1))
    half_news_weeks: float = key(5.0, "weeks", 0, 500, "wait after which news of what became of one's idea is worth half", "no source", above=True)
    polite: float = key(0.1, "share", 0, 1, "weight of a polite thank-you, as a share of that of an experience", "no source", typical=(0, 0.3))
    study_weeks: int = key(13, "weeks", 1, 1000, "weeks from one study of the market to the next", "placeholder")
    study_asked_per_seat: float = key(0.32, "people per seat", 0, 100, "customers whom a study asks", "no source")
    study_ideas_per_seat: float = key(0.0513, "ideas per seat", 0, 10, "ideas that a study brings", "no source")
    build_hours: float = key(25.0, "hours", 0, 2000, "mean time it takes to build an accepted idea", "no source", typical=(8, 75))
    build_pace_hours: float = key(12.5, "hours a week", 0, 400, "time that a team gives to building one idea", "no source", above=True)
    notice_desk: float = key(0.05, "probability", 0, 1, "chance that the desk notices a moment in a customer's life", "no source")
    notice_open: float = key(0.3, "probability", 0, 1, "chance that some employee who follows notices it", "no source")
    window_hours: float = key(16.0, "hours", 0, 400, "time before its date in which a moment can be seen", "no source", above=True)
    delight: float = key(0.05, "share", 0, 1, "share of what is missing of satisfaction that a welcome gesture in time gives", "no source")
    intrusion: float = key(0.05, "share", 0, 1, "share of satisfaction that an unwelcome gesture takes", "no source")

    # Connect
    broker_reach: float = key(0.5, "share", 0, 1, "share of the possible pairs that the brokers have in their book", "no source", typical=(0.1, 0.9))
    find_half_per_seat: float = key(0.385, "members per seat", 0, 100, "members of the platform with whom half of all pairs find each other, per seat", "no source", above=True, typical=(0.06, 1.9))
    platform_customers: float = key(0.05, "share", 0, 1, "share of the customers who are on the platform", "no source", typical=(0, 0.3))
    deal_with_customer: float = key(0.5, "share", 0, 1, "share of a partner's chances that are with a customer, not with another partner", "placeholder")
    deal_circle: int = key(12, "others", 1, 64, "others with whom a partner may do business", "placeholder")
    deal_value: float = key(30.0, "hours' wages", 0, 1e6, "worth of a deal, in units of its stake", "placeholder")
    match_vetted: float = key(0.85, "share", 0, 1, "share of matches that are good when brokers vet them", "no source", typical=(0.6, 1))
    match_open: float = key(0.7, "share", 0, 1, "share of matches that are good without", "no source", typical=(0.6, 1))
    fee_broker: float = key(0.15, "share", 0, 1, "share of a deal's worth that the firm keeps as a broker", "no source")
    fee_platform: float = key(0.05, "share", 0, 1, "share of a deal's worth that the firm keeps as a platform", "no source")
    leak: float = key(0.15, "share", 0, 1, "share of deals that two who know each other well close beside the platform, more or less; strangers .3 of it", "Gu & Zhu 2021: trust raises leakage; value: no source", typical=(0, 0.6))
    complement: float = key(0.15, "share", 0, 5, "how much live deals can widen what the firm offers", "no source", typical=(0, 0.5))
    deal_half_per_seat: float = key(0.256, "deals per seat", 0, 100, "live deals with which half of that is reached, per seat", "no source", above=True, typical=(0.06, 1.3))
    deal_weeks: float = key(4.0, "weeks", 0, 500, "time for which a deal lives, on average", "placeholder", above=True)
    peer: float = key(0.15, "share", 0, 1, "share of questions on the platform that another customer answers", "no source", typical=(0, 0.5))
    peer_level: float = key(0.45, "level", 0, 1, "knowledge of a customer who answers another", "no source", typical=(0.2, 0.8))
    peer_wait_hours: float = key(4.0, "hours", 0, 200, "mean time until another customer answers", "no source", typical=(1, 24))
    partner_pace: float = key(0.1, "share", 0, 1, "how far one deal, done or lapsed, moves a partner's satisfaction", "no source")
    partner_leave: float = key(0.2, "per year", 0, 10, "hazard with which a middling partner leaves", "no source")
    partner_join: float = key(0.2, "per year", 0, 10, "hazard with which one who is gone joins", "no source")
    partner_slope: float = key(2.5, "log hazard", 0, 20, "how much satisfaction keeps a partner", "no source")
    crowding: float = key(0.5, "exponent", 0, 5, "how much more leave where many have the same capability", "sign: Boudreau 2012; value: no source")
    draw_of_partners: float = key(0.3, "exponent", 0, 2, "how much more prospects join when there are more partners", "asymmetry: Chu & Manchanda 2016; value: no source")
    draw_of_customers: float = key(0.1, "exponent", 0, 2, "how much more partners join when there are more customers", "asymmetry: Chu & Manchanda 2016; value: no source")

    # Hours (means; a third to three times the value is worth trying)
    act_hours: float = key(0.25, "hours", 0, 200, "mean time an employee spends on a decision of her own", "calibrated: busy shares", typical=(0.08, 0.75))
    answer_hours: float = key(1.0, "hours", 0, 200, "mean time it takes to answer an outsider", "calibrated: busy shares", typical=(0.33, 3))
    triage_hours: float = key(0.25, "hours", 0, 200, "mean time it takes to understand an outsider", "calibrated: busy shares", typical=(0.08, 0.75))
    help_hours: float = key(0.4, "hours", 0, 200, "mean time it takes to answer a colleague", "calibrated: busy shares", typical=(0.13, 1.2))
    relay_hours: float = key(0.05, "hours", 0, 200, "mean time a manager spends on passing a question or an answer on", "calibrated: busy shares", typical=(0.017, 0.15))
    hand_on_hours: float = key(0.05, "hours", 0, 200, "mean time it takes to take over an outsider from a colleague", "no source", typical=(0.017, 0.15))
    screen_hours: float = key(1.78, "hours", 0, 200, "mean time a manager spends on one approval", "calibrated: managers busy .6 of their hours", typical=(0.57, 5.2))
    vet_hours: float = key(3.0, "hours", 0, 200, "mean time a broker spends on vetting a pair", "no source", typical=(1, 9))
    ask_hours: float = key(0.08, "hours", 0, 200, "mean time it takes to be asked, before knowing whether one can help", "calibrated: busy shares", typical=(0.027, 0.24))
    resume_hours: float = key(0.15, "hours", 0, 200, "routine time lost by one look-up that interrupts it", "no source", typical=(0, 0.4))
    service_cv: float = key(1.0, "ratio", 0, 5, "standard deviation per mean of service times (1: exponential, 0: constant, else lognormal)", "no source", typical=(0.3, 2))
    learning: float = key(0.3, "share", 0, 5, "how much longer a newcomer takes at first", "no source", typical=(0, 1))
    learning_weeks: float = key(12.0, "weeks", 0, 500, "time in which that falls to about a third", "no source", above=True)
    familiarity: float = key(0.1, "share", 0, 0.9, "how much shorter it takes with an outsider one knows", "no source", typical=(0, 0.3))

    # Attention
    look_up_hours: float = key(1.0, "hours", 0, 200, "mean time until a person at routine work notices that something came in", "no source", typical=(0, 4))
    busy_share: float = key(0.5, "share", 0, inf, "share of hours spent on cases from which on one notices at once (inf: never)", "no source", above=True)
    quiet_hours: float = key(2.0, "hours a day", 0, inf, "hours above her usual day that a person can give before she looks up less", "no source", above=True, typical=(0.5, 8))
    short_first: int = key(1, "yes or no", 0, 1, "do tasks of minutes go before longer ones (0: one plain queue)", "no source")

    # Patience
    patience_hours: float = key(40.0, "hours", 0, inf, "how long an asker waits for an answer, and again for an approval", "no source", above=True, typical=(8, 200))
    outsider_patience_hours: float = key(24.0, "hours", 0, inf, "how long an outsider waits to be received", "no source", above=True, typical=(4, 80))
    deal_patience_hours: float = key(16.0, "hours", 0, 400, "how long a deal waits for brokers, or to be found", "no source", above=True, typical=(4, 80))

    # Judgement
    good_share: float = key(0.6, "share", 0, 1, "share of decisions that would do good", "no source", typical=(0.3, 0.9))
    noise: float = key(1.08, "merit", 0, 10, "spread of judgement of a person who half knows the topic (sigma 0)", "calibrated: .88 of answers right", typical=(0.3, 1.5))
    bar: float = key(0.0, "merit", -5, 5, "merit that has to be seen for a yes (a good case has 1, a bad one -1)", "no source", typical=(-0.5, 0.5))
    garbling: float = key(0.1, "share", 0, 5, "growth of the squared spread with each relay (gamma)", "no source", typical=(0, 0.5))
    answer_weight: float = key(0.9, "share", 0, 1, "share of an adviser's knowledge that the answer carries over (kappa)", "no source", typical=(0.5, 1))
    trustworthy: float = key(0.95, "share", 0, 1, "share of people who judge their own cases honestly when nobody looks", "no source", typical=(0.7, 1))

    # Value
    stake_alpha: float = key(2.5, "exponent", 1.01, 100, "tail of the stakes: the larger, the fewer large ones", "Pareto tail, placeholder", typical=(2.5, 4))
    urgency: float = key(0.01, "per hour", 0, 1, "share of a good decision's value that waiting costs", "placeholder", typical=(0, 0.1))
    error_cost: float = key(2.0, "stakes", 0, 100, "loss from a bad decision that was accepted, in units of its stake", "no source", typical=(0.5, 20))
    discovery_hours: float = key(200.0, "hours", 0, 1e6, "mean time until an error comes to light", "no source", above=True, typical=(20, 2000))
    rework: float = key(0.3, "share", 0, 1, "share of bad decisions that come back once discovered", "no source", typical=(0, 0.8))
    rework_rounds: int = key(3, "rounds", 0, 1_000_000, "how often the same decision or question can come back", "no source")
    repeat: float = key(0.5, "share", 0, 1, "share of wrong answers with which the customer comes back", "no source")

    exposed: float = key(0.2, "share", 0, 1, "share of the topics, by weight, whose failures customers feel", "no source", typical=(0.02, 0.6))
    failure_reach: float = key(1.0, "people per stake", 0, 20, "customers who feel such a failure", "no source; decides satisfaction", typical=(0, 4))

    # Customers
    taste_spread: float = key(0.43, "taste", 0, 5, "spread of customers' tastes, per dimension", "calibrated: satisfaction 77", typical=(0.1, 1))
    breadth: float = key(1.0, "taste", 0, 10, "distance from the product at which its fit falls to .6", "unit of taste", above=True)
    fit_weight: float = key(0.5, "share", 0, 1, "weight of the product in an experience; the rest is the service's (omega)", "no source", typical=(0.2, 0.8))
    half_patience_hours: float = key(10.0, "hours", 0, 1000, "time after which an answer is worth half", "calibrated: satisfaction 77", above=True, typical=(2, 80))
    satisfaction_pace: float = key(0.15, "share", 0, 1, "how far one experience moves satisfaction (alpha)", "no source", typical=(0.05, 0.5))
    expectation_pace: float = key(0.2, "share", 0, 1, "how far one experience moves expectation (beta)", "no source", typical=(0.05, 0.5))
    disconfirmation: float = key(0.15, "share", 0, 2, "weight of surprise in satisfaction (eta)", "law: Oliver 1980; value: no source", typical=(0, 0.5))
    loss_aversion: float = key(2.0, "times", 0, 10, "how much more a bad surprise weighs than a good one", "Mittal, Ross & Baldasare 1998", typical=(1.2, 3))
    promise: float = key(0.04, "satisfaction", 0, 1, "what full selling promises beyond experience", "no source", typical=(0, 0.2))
    first_satisfaction: float = key(0.77, "satisfaction", 0, 1, "satisfaction and expectation of who joins", "published average (ACSI 2023-24)")
    friends: int = key(8, "people", 0, 64, "friends of each member of the market", "placeholder")
    rewire: float = key(0.1, "share", 0, 1, "share of friendships that lead anywhere, not to neighbours", "small world: Watts & Strogatz 1998; value: placeholder")
    tell_base: float = key(0.06, "probability", 0, 1, "chance to tell of an experience that met expectation", "no source", typical=(0, 0.2))
    tell_slope: float = key(0.25, "probability", 0, 5, "how much that rises with the surprise, either way", "no source", typical=(0, 1))
    told_to: int = key(3, "people", 0, 64, "friends who are told", "no source", typical=(1, 15))
    neutral: float = key(0.57, "experience", 0, 1, "experience above which one speaks well", "calibrated: three good words to one bad", typical=(0.3, 0.8))
    influence: float = key(0.04, "share", 0, 1, "how far a word moves a friend's satisfaction", "no source", typical=(0, 0.2))
    convert: float = key(0.02, "weight", 0, 5, "how far a word moves a prospect towards joining, in units of one life", "no source", typical=(0, 0.2))
    retell_good: float = key(0.05, "probability", 0, 1, "chance that a good word is told on to a friend", "no source", typical=(0, 0.3))
    retell_bad: float = key(0.05, "probability", 0, 1, "chance that a bad word is told on to a friend", "no source", typical=(0, 0.3))
    retell_hops: int = key(5, "times", 0, 1_000_000, "how often a word is told on at most", "no source")
    complain: float = key(0.15, "probability", 0, 1, "chance to complain after a bad experience", "complaint shares .05 to .5 in the field", typical=(0.05, 0.5))
    squeaky: float = key(0.1, "probability", 0, 1, "how much each answered complaint, of the last three, raises it", "sign: Ma, Sun & Kekre 2015; value: no source", typical=(0, 0.3))
    bad_tolerance: float = key(0.1, "experience", 0, 1, "how far below expectation an experience is a bad one", "no source", typical=(0.02, 0.3))
    recover: float = key(0.3, "share", 0, 1, "share of what is missing that a complaint handled well gives back, once", "sign: de Matos 2007; value: no source", typical=(0, 0.8))
    churn: float = key(0.15, "per year", 0, 10, "hazard with which a customer of ordinary satisfaction leaves", "calibrated: churn .15", typical=(0.05, 0.4))
    churn_slope: float = key(2.5, "log hazard", 0, 20, "how much satisfaction keeps a customer", "no source", typical=(0, 6))
    churn_reference: float = key(0.77, "satisfaction", 0, 1, "satisfaction at which the hazard is that of world.churn", "published average (ACSI 2023-24)")
    join: float = key(0.16, "per year", 0, 10, "hazard with which full selling wins a prospect", "calibrated: the market is in balance", typical=(0.02, 0.4))
    tie_forms: float = key(0.3, "probability", 0, 1, "chance that a right answer by the first who was asked makes a personal tie", "no source")
    tie_lost: float = key(0.05, "satisfaction", 0, 1, "satisfaction lost when the employee one knows leaves", "no source", typical=(0, 0.2))

    # Product
    turbulence: float = key(0.35, "taste per root year", 0, 5, "how fast the market's taste drifts", "no source", typical=(0, 1.2))
    reversion: float = key(0.2, "per year", 0, 10, "how fast it comes back", "no source", typical=(0, 1))
    step: float = key(0.03, "share", 0, 1, "share of the way to its aim that a good idea takes the product, in a firm of 42 topics", "no source", typical=(0.005, 0.1))
    bad_step: float = key(0.08, "taste", 0, 5, "how far a bad idea moves the product anywhere, in a firm of 42 topics", "no source", typical=(0.01, 0.3))

    # Staff
    quit_rate: float = key(0.113, "per year", 0, 10, "hazard with which a settled person of ordinary attachment quits", "calibrated: turnover .15", typical=(0.05, 0.4))
    quit_peak: float = key(2.2, "times", 0, 20, "how much higher the hazard is in the third month", "shape: Farber 1994; value: calibrated", typical=(0, 6))
    quit_slope: float = key(0.95, "log hazard", 0, 10, "how much attachment keeps a person", "calibrated: a hazard ratio of .85 per standard deviation", typical=(0, 3))
    attachment_norm: float = key(0.53, "attachment", 0, 1, "attachment at which the hazard is that of world.quit_rate", "measured in the calibrated baseline")
    person_sd: float = key(0.8, "logit", 0, 5, "spread of people's own inclination to stay", "no source", typical=(0.2, 1.5))
    attachment_pace: float = key(0.03, "per week", 0, 1, "how fast attachment follows what a person finds", "no source", typical=(0.01, 0.1))
    early_pace: float = key(0.15, "per week", 0, 1, "the same in a person's first quarter", "no source")
    impression_pace: float = key(0.1, "per week", 0, 1, "how fast impressions of autonomy, progress and thanks follow the week", "no source")
    weight_friendship: float = key(0.8, "logit", 0, 5, "weight of friendship in attachment", "no source", typical=(0, 2))
    weight_autonomy: float = key(0.6, "logit", 0, 5, "weight of autonomy", "no source", typical=(0, 1.5))
    weight_progress: float = key(0.6, "logit", 0, 5, "weight of progress", "no source", typical=(0, 1.5))
    weight_thanks: float = key(0.5, "logit", 0, 5, "weight of thanks", "no source", typical=(0, 1.25))
    weight_overload: float = key(4.0, "logit", 0, 50, "weight of overload, which repels", "no source", typical=(0, 10))
    weight_standing: float = key(1.0, "logit", 0, 5, "weight of a manager's standing", "no source", typical=(0, 2.5))
    weight_exposure: float = key(0.3, "logit", 0, 5, "weight of exposure, which repels", "no source", typical=(0, 1))
    friendship_norm: float = key(0.58, "share", 0, 1, "friendship of an ordinary person", "measured in the calibrated baseline")
    autonomy_norm: float = key(0.476, "share", 0, 1, "autonomy of an ordinary person", "measured in the calibrated baseline")
    progress_norm: float = key(0.77, "share", 0, 1, "progress of an ordinary person", "measured in the calibrated baseline")
    thanks_norm: float = key(0.065, "share", -1, 1, "thanks an ordinary person gets", "measured in the calibrated baseline")
    standing_norm: float = key(0.876, "share", 0, 1, "standing of an ordinary manager", "measured in the calibrated baseline")
    exposure_norm_product: float = key(0.46, "share", 0, 1, "exposure of product staff", "measured in the calibrated baseline")
    exposure_norm_desk: float = key(0.93, "share", 0, 1, "exposure of the desk", "measured in the calibrated baseline")
    exposure_norm_broker: float = key(0.16, "share", 0, 1, "exposure of brokers", "measured in the calibrated baseline")
    exposure_norm_manager: float = key(0.665, "share", 0, 1, "exposure of managers", "measured in the calibrated baseline")
    overload_from: float = key(0.8, "share", 0, 1, "share of hours on cases beyond which a person is overloaded", "no source")
    facilitator_standing: float = key(0.5, "share", 0, 1, "standing that a week of most introductions gives back", "no source")
    contagion: float = key(0.09, "share", 0, 5, "rise of the hazard at the peak, per tie that quit", "industry data (Visier 2022): 9 % per teammate", typical=(0, 0.25))
    contagion_weeks: float = key(10.0, "weeks", 0, 500, "time from a quit to the peak of its contagion", "industry data (Visier 2022): 70 days", above=True)
    vacancy_weeks: float = key(8.0, "weeks", 0, 500, "time until a seat is filled again", "no source", typical=(2, 20))
    hire_vetting: float = key(0.0, "share", 0, 1, "how carefully people are chosen: fewer who are not trustworthy, and that much longer a vacancy", "no source")
    promise_open: float = key(0.1, "attachment", 0, 1, "what a public face promises recruits of a firm whose staff may not use the channel", "placeholder", typical=(0, 0.3))
    advocacy: float = key(0.1, "per week", 0, 1, "chance that a person speaks of the firm on the public channel", "no source")
    resist: float = key(0.0, "share", 0, 1, "how much managers who lost standing keep their people to the old rules", "no source; a scenario of its own")

    # Accounts (money in units of an hour's wage)
    margin: float = key(400.0, "hours' wages per year", 0, 1e6, "what a customer brings", "placeholder", typical=(50, 5000))
    output_value: float = key(1.3, "hours' wages per hour", 0, 100, "what an hour of routine work brings", "placeholder", typical=(1, 3))
    replacement: float = key(0.21, "yearly wages", 0, 10, "cost of replacing a person", "median of 27 case studies (Boushey & Glynn 2012)")
    decision_money: float = key(6.0, "hours' wages per stake", 0, 1e4, "worth of a unit of stake", "placeholder", typical=(0.5, 20))
    selling_per_seat: float = key(128.0, "hours' wages per year", 0, 1e5, "budget for selling, per seat", "placeholder")

    # fmt: on
    @model_validator(mode="after")
    def _agree(self) -> Self:
        """What two keys have to agree on."""
        if round(self.desk + self.brokers, 9) > 1:
            pair = f"desk = {self.desk:g} and brokers = {self.brokers:g} are together above 1"
            raise ValueError(f"{pair} (world.desk, world.brokers: shares of the employees); lower one of them")
        if self.expertise_low > self.expertise_high:
            pair = f"expertise_low = {self.expertise_low:g} is above expertise_high = {self.expertise_high:g}"
            raise ValueError(f"{pair} {_about(World, 'expertise_low')}; lower it or raise world.expertise_high")
        if list(self.authority) != sorted(self.authority):
            falls = f"authority = {_show(self.authority)} falls {_about(World, 'authority')}"
            raise ValueError(f"{falls}; each entry has to be at least the one before it")
        if self.quorum > self.panel:
            pair = f"quorum = {self.quorum} is above panel = {self.panel}"
            raise ValueError(f"{pair} {_about(World, 'quorum')}; lower it or raise world.panel")
        return self


# Read once, when the firm is built: to change them while it runs would change nothing, so an event may not.
FIXED = frozenset({
    "staff", "span", "desk", "brokers", "topics_per_team", "market_per_seat", "active_share", "partners_per_seat",
    "partners_active", "topic_skew", "expertise_low", "expertise_high", "second_field", "former_field",
    "expert_threshold", "first_contact", "tie_limit", "tie_depth", "tie_distance", "tie_start", "interests",
    "interest_kinds", "taste_spread", "friends", "deal_circle", "exposed",
})  # fmt: skip


# fmt: off


class Design(_Table):
    """L: the form of a firm as numbers. A lever is the share of cases that meet the open rule of that phase."""

    label: ClassVar[str] = "design.NAME."

    contact: float = key(0.0, "share", 0, 1, "share of requests received by an employee found by profile, not by the desk", "lever")
    consult: float = key(0.0, "share", 0, 1, "share of questions that go along ties and the platform, not up the chain", "lever")
    approve: float = key(0.0, "share", 0, 1, "share of decisions made under trust, not screened up the chain", "lever")
    connect: float = key(0.0, "share", 0, 1, "share of outsiders who meet on a platform, not through brokers", "lever")
    hear: float = key(0.0, "share", 0, 1, "share of feedback that becomes an idea, not a polite thank-you", "lever")
    meet: float = key(0.0, "share", 0, 1, "share of staff in interest circles, and of freed hours in which managers introduce people", "lever")
    channel: float = key(0.0, "share", 0, 1, "share of contacts that take place on a public channel", "setting")
    selling: float = key(1.0, "times", 0, 2, "budget for selling, 1 being the baseline's", "setting")
    inside: int = key(1, "yes or no", 0, 1, "may staff use the public channel", "setting")
    reserve: float = key(1.0, "quantile", 0, 1, "stakes above this quantile always go up, also under trust (1: none)", "setting")

    @classmethod
    def named(cls, name: str) -> "Design":
        """A built-in design by its name."""
        if name not in DESIGNS:
            raise _error("Design", [f"{_show(name)} is not a design{_or_rather(name, DESIGNS)}"])
        return DESIGNS[name]

    @classmethod
    def traditional(cls) -> "Design":
        """The pure gatekeeper firm."""
        return DESIGNS["traditional"]

    @classmethod
    def social(cls) -> "Design":
        """The pure open firm."""
        return DESIGNS["social"]


def _levers(openness: float) -> dict[str, Any]:
    return dict.fromkeys(("contact", "consult", "approve", "connect", "hear", "meet"), openness)


DESIGNS: Mapping[str, Design] = MappingProxyType({
    "traditional": Design(),
    "social": Design(**_levers(1.0), channel=1.0, reserve=0.99),
    "channel-only": Design(channel=1.0),
    "connected": Design(**_levers(0.5), channel=0.5, reserve=0.99),
    "flexible-hierarchy": Design(**{**_levers(1.0), "approve": 0.0}, channel=1.0),
    "blocked-inside": Design(**_levers(1.0), channel=1.0, inside=0, reserve=0.99),
})


class _Leave(_Table):
    """Who leaves in an event."""

    busiest: int = key(1, "people", 1, 200_000, "people with most hours on cases who quit that morning", "event")


class Run(_Table):
    """How long and how often the firms are run. A year has 50 weeks of 5 days of 8 hours."""

    label: ClassVar[str] = "run."

    burn_in_weeks: int = key(50, "weeks", 0, 10_000, "weeks under traditional rules, shared by all designs, before day 1", "chosen")
    warm_up_weeks: int = key(50, "weeks", 0, 10_000, "weeks under the design's own rules that are not measured", "chosen")
    weeks: int = key(150, "weeks", 1, 10_000, "weeks that are measured", "chosen")
    replications: int = key(30, "firms", 1, 1_000_000, "firms of each design, each with chance of its own", "chosen")
    seed: int = key(1, "", 0, 2**32 - 1, "number from which all chance is drawn", "chosen")


class Report(_Table):
    """From which difference on the reader cares. No run depends on it."""

    label: ClassVar[str] = "report."

    smallest_decision: float = key(0.05, "share", 0, 1, "smallest change of the median time of a decision that matters, as a share of the reference's", "chosen")
    smallest_retention: float = key(1.0, "points", 0, 100, "smallest change of staff kept over a year that matters, in percentage points", "chosen")
    smallest_satisfaction: float = key(1.0, "points", 0, 100, "smallest change of satisfaction (0 to 100) that matters", "chosen")


# fmt: on


# --- events -----------------------------------------------------------------------------------------------------------


def _changes(table: type[_Table], label: str) -> AfterValidator:
    """Checks the keys of a table that an event changes, and gives their values the types they have in the table."""

    def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
        if mistakes := _mistakes_in_changes(table, changes, label):
            raise ValueError(*mistakes)
        return {name: _typed(value, table.model_fields[name].default) for name, value in changes.items()}

    return AfterValidator(checked)


def _typed(value: Any, example: Any) -> Any:
    """A checked value in the type of the example, so that 2 and 2.0 are one number in the key of a run too."""
    return tuple(map(float, value)) if isinstance(example, tuple) else type(example)(value)


class Event(_Table):
    """What changes on the morning of a working day while the firm runs."""

    day: int = key(
        1, "", 1, 1_000_000, "working day before whose first case it happens; day 1 follows the burn-in", "event"
    )
    world: Annotated[Mapping[str, Any], _changes(World, "world.")] = _plain(
        {}, "keys of the world that change, and their new values", "a table such as { load = 1.5 }"
    )
    design: Annotated[Mapping[str, Any], _changes(Design, "design.")] = _plain(
        {}, "levers and settings that change, whatever the design started from", "a table such as { approve = 0.5 }"
    )
    leave: Annotated[Mapping[str, Any], _changes(_Leave, "leave.")] = _plain(
        {}, "who quits, and is replaced like anybody else", "a table such as { busiest = 3 }"
    )
    only: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = _plain(
        (), "designs that it reaches; without it every design", DESIGN_NAMES
    )

    @model_validator(mode="after")
    def _says_when_and_what(self) -> Self:
        if "day" not in self.model_fields_set:
            raise ValueError(f"day is missing {_about(Event, 'day')}; write a line such as day = 125")
        if not (self.world or self.design or self.leave):
            raise ValueError("this changes nothing; write world, design or leave, such as world = { load = 1.5 }")
        return self

    def applied(self, world: World, design: Design) -> tuple[World, Design]:
        """World and design as they are after this event."""
        return World(**{**dict(world), **self.world}), Design(**{**dict(design), **self.design})


# --- scenarios --------------------------------------------------------------------------------------------------------


SIX_HOURS = "a list of six hours, such as [0.2, 10.5, 20.4, 30.3, 32.0, 55.0]"
FROM = "design to start from; the levers and settings below replace its numbers"
EVENTS = (
    "dated changes while the firm runs, each an [[event]]; a file's events replace all those of the file it extends"
)
TOP_KEYS = ("name", "question", "designs", "observed_hours_by_handoffs")
TABLES: Mapping[str, type[_Table]] = MappingProxyType({"world": World, "run": Run, "report": Report})
DESIGN_NAME = re.compile(r"[\w-]{1,40}")


class Scenario(_Table):
    """A question, the world in which it is asked, and the designs that are compared; the first is the reference."""

    name: str = _plain("scenario", "short name, the file's name unless given", TEXT)
    question: str = _plain("", "what the comparison is to answer", TEXT)
    designs: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = _plain(
        ("traditional", "social"), "designs that are compared, the reference first", DESIGN_NAMES, min_length=1
    )
    observed_hours_by_handoffs: Annotated[tuple[Hours, ...] | None, BeforeValidator(_as_tuple)] = _plain(
        None,
        "median hours of a real firm's requests by handoffs 0, 1, 2, 3, 4, 5 or more: shown beside the model's, read by no run",
        SIX_HOURS,
        min_length=HANDOFF_CLASSES,
        max_length=HANDOFF_CLASSES,
    )
    world: World = _plain(World(), "what the firm cannot choose", "a World")
    own_designs: Mapping[str, Design] = _plain({}, "designs beside the built-in ones, by name", "designs by name")
    run: Run = _plain(Run(), "how long and how often the firms are run", "a Run")
    report: Report = _plain(Report(), "from which difference on the reader cares; no run depends on it", "a Report")
    events: Annotated[tuple[Event, ...], BeforeValidator(_as_tuple)] = _plain((), EVENTS, "a list of events")

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for name in self.own_designs:
            if name in DESIGNS:
                raise ValueError(f"design.{name} is a built-in design, which cannot be redefined; give it another name")
            if not DESIGN_NAME.fullmatch(name):
                raise ValueError(f"design.{_show(name)} is not a name; use 1 to 40 letters, digits, - and _")
        known = self.known_designs()
        for name in self.designs:
            if name not in known:
                raise ValueError(f"designs names {_show(name)}, which is not a design{_or_rather(name, known)}")
            if self.designs.count(name) > 1:
                raise ValueError(f"designs names {_show(name)} twice; leave one out")
        for number, event in enumerate(self.events, 1):
            for name in event.only:
                if name not in known:
                    fault = f"only names {_show(name)}, which is not a design{_or_rather(name, known)}"
                    raise ValueError(f"event {number}: {fault}")
        return self

    @model_validator(mode="after")
    def _events_agree(self) -> Self:
        """What the keys have to agree on holds after every event, too."""
        for number, event in enumerate(self.events, 1):
            if event.leave.get("busiest", 0) > self.world.staff:
                leave = f"leave.busiest = {event.leave['busiest']} is above staff = {self.world.staff}"
                raise ValueError(f"event {number}: {leave} {_about(_Leave, 'busiest', 'leave.')}; lower it")
        designs: list[str | Design] = [*self.known_designs(), Design()]  # the last stands for all that have no name
        for design in designs:
            world = dict(self.world)
            for event in self.events_for(design):
                world |= event.world
                if mistakes := _mistakes(World, world, World.label):
                    raise ValueError(f"event {self.events.index(event) + 1}: then {mistakes[0]}")
        return self

    @classmethod
    def load(cls, path_or_name: str | Path) -> "Scenario":
        """A scenario from a TOML file, or a built-in one by its name ("baseline")."""
        known = built_in()
        if isinstance(path_or_name, str) and path_or_name in known:
            return _load(known[path_or_name])
        return _load(Path(path_or_name))

    def design(self, design: str | Design) -> Design:
        """A design by its name, the scenario's own first; a Design is given back as it is."""
        if isinstance(design, Design):
            return design
        known = self.known_designs()
        if design not in known:
            raise _error(self.name, [f"{_show(design)} is not a design{_or_rather(design, known)}"])
        return known[design]

    def known_designs(self) -> dict[str, Design]:
        """Every design that has a name here, the built-in ones first."""
        return {**DESIGNS, **self.own_designs}

    def events_for(self, design: str | Design) -> tuple[Event, ...]:
        """The events that reach a design, by day, those of one day as written. `only` goes by name: a Design has none."""
        name = design if isinstance(design, str) else None
        reaching = [event for event in self.events if not event.only or name in event.only]
        return tuple(sorted(reaching, key=lambda event: event.day))

    def override(self, options: Iterable[str]) -> "Scenario":
        """The scenario with some keys changed, each written like "world.load=1.5" (the value as in TOML)."""
        changes: dict[str, Any] = {}
        shown = []
        for option in options:
            shown.append(f"--set {option}")
            _merge(changes, _parse_option(option, shown[-1]))
        return _amended(self, changes, " ".join(shown))

    def to_toml(self) -> str:
        """The scenario as a file that says every number and extends nothing."""
        designs = {f"design.{name}": design for name, design in self.own_designs.items()}
        tables = {"world": self.world, **designs, "run": self.run, "report": self.report}
        written = {name: getattr(self, name) for name in TOP_KEYS}
        lines = [f"{name} = {_toml(value)}" for name, value in written.items() if value is not None]
        for name, table in tables.items():
            lines += ["", f"[{_quoted_where_needed(name)}]", *(f"{key} = {_toml(value)}" for key, value in table)]
        for event in self.events:
            lines += ["", "[[event]]", *(f"{key} = {_toml(value)}" for key, value in event if value not in ({}, ()))]
        return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{name} = {_toml(item)}' for name, item in value.items())} }}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def _quoted_where_needed(name: str) -> str:
    """Only ASCII letters may stand in a bare key; names of designs may have others."""
    return ".".join(part if part.isascii() else _toml(part) for part in name.split("."))


# --- reading files ----------------------------------------------------------------------------------------------------


def built_in(below: str = "") -> dict[str, Path]:
    """The scenarios that come with the product, or other files in a folder below, by name.

    They are beside this file when installed, else at the top of the repository.
    """
    package = Path(__file__).parent
    installed = package / "scenarios"
    folder = installed if installed.is_dir() else package.parent / "scenarios"
    return {path.stem: path for path in sorted((folder / below).glob("*.toml"))}


def _load(path: Path, chain: tuple[Path, ...] = ()) -> Scenario:
    where = _printable(str(path))
    raw = _parse(path)
    if path.resolve() in [before.resolve() for before in chain]:
        circle = ", then ".join(_printable(str(file)) for file in (*chain, path))
        mistake = f"extends goes round in a circle ({circle}); let one of them extend nothing"
        raise _error(_printable(str(chain[-1])), [mistake])
    if mistakes := _mistakes_in_file(raw):
        raise _error(where, mistakes)
    base = Scenario()
    if "extends" in raw:
        base = _load(_extended(raw["extends"], path, where), (*chain, path))
    return _amended(base, {"name": path.stem, **raw}, where)


def _extended(parent: str, path: Path, where: str) -> Path:
    known = built_in()
    if parent in known:
        return known[parent]
    if not (path.parent / parent).exists():
        looked = _printable(str(path.parent / parent))
        mistake = f"extends = {_show(parent)} is neither a file ({looked}) nor a built-in scenario ({', '.join(known)})"
        raise _error(where, [mistake])
    return path.parent / parent


def _parse(path: Path) -> dict[str, Any]:
    where = _printable(str(path))
    try:
        if path.is_dir():
            raise _error(where, ["this is a folder; name the scenario file in it"])
        if not path.is_file():
            raise _error(where, [f"there is no such file; built-in scenarios are {', '.join(built_in())}"])
        text = path.read_bytes().decode("utf-8-sig")  # some editors put a byte-order mark before UTF-8
    except OSError as error:
        raise _error(where, [f"this file cannot be read ({error.strerror}); check name and permissions"]) from None
    except UnicodeDecodeError:
        raise _error(where, ["this is not text in UTF-8; save it as UTF-8"]) from None
    if "\0" in text:
        raise _error(where, ["this is not text in UTF-8; save it as UTF-8"])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _error(where, [_not_toml(str(error), text)]) from None
    except (ValueError, RecursionError):  # an endless number or endlessly nested brackets: Python's limits, not TOML's
        raise _error(where, ["this holds a number or a nesting too long to read; shorten it"]) from None


def _not_toml(message: str, text: str) -> str:
    lines = text.splitlines()
    found = re.search(r"\(at line (\d+), column \d+\)", message)
    number = min(int(found[1]), len(lines)) if found else len(lines)
    reason = message.split(" (at ")[0]
    if reason == "Cannot overwrite a value":
        reason = "the key stands here a second time, so leave one out"
    elif reason.startswith("Cannot declare"):
        reason = "the table stands here a second time, so join the two"
    else:
        reason = f"{reason[:1].lower()}{reason[1:]}, where key = value or [table] should stand"
    line = _show(lines[number - 1].strip()) if lines else "nothing"
    return f"line {number} ({line}) is not TOML: {_printable(reason)}"


def _parse_option(option: str, where: str) -> dict[str, Any]:
    """The one key that an option such as "world.load=1.5" changes, as the tables of a file."""
    name, equals, text = option.partition("=")
    parts = name.strip().split(".")
    if not equals or not all(parts):
        raise _error(_printable(where), ["this changes nothing; write TABLE.KEY=VALUE, such as world.load=1.5"])
    try:
        parsed = tomllib.loads(f"value = {text}\n")
    except (ValueError, RecursionError):
        parsed = {}
    if list(parsed) != ["value"]:
        raise _error(_printable(where), [f"{_show(text.strip())} is not a value; write a number, or text in quotes"])
    change = parsed["value"]
    for part in reversed(parts):
        change = {part: change}
    if parts == ["extends"]:
        raise _error(_printable(where), ["extends can only stand in a file; name that scenario instead of this one"])
    if parts[0] in ("event", "events"):
        raise _error(
            _printable(where), ["events can only stand in a file; write [[event]] and below it day = 125 there"]
        )
    if mistakes := _mistakes_in_file(change):
        raise _error(_printable(where), mistakes)
    return dict(change)


def _merge(into: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, dict):
            _merge(into.setdefault(name, {}), value)
        else:
            into[name] = value


def _amended(base: Scenario, changes: Mapping[str, Any], where: str) -> Scenario:
    """The scenario with the keys of a file (or of options) replaced. They have been checked one by one before."""
    own = dict(base.own_designs)
    for name, levers in changes.get("design", {}).items():
        start = own.get(name, DESIGNS["traditional"])
        if "from" in levers:
            start = _start(name, levers["from"], {**DESIGNS, **own}, where)
        own[name] = Design(**{**dict(start), **{lever: value for lever, value in levers.items() if lever != "from"}})
    values = {name: changes.get(name, getattr(base, name)) for name in TOP_KEYS}
    for name, table in TABLES.items():
        values[name] = _checked(table, {**dict(getattr(base, name)), **changes.get(name, {})}, where)
    values["events"] = tuple(Event(**event) for event in changes["event"]) if "event" in changes else base.events
    return _checked(Scenario, {**values, "own_designs": own}, where)


def _start(name: str, start: str, known: Mapping[str, Design], where: str) -> Design:
    if start not in known:
        about = f"design.{name}.from: {FROM}"
        raise _error(where, [f"from = {_show(start)} is not a design known so far ({about}){_or_rather(start, known)}"])
    return known[start]


def _checked(table: type[Table], values: dict[str, Any], where: str) -> Table:
    if mistakes := _mistakes(table, values, table.label):
        raise _error(where, mistakes)
    return table(**values)


# --- sentences --------------------------------------------------------------------------------------------------------


def _error(where: str, mistakes: list[str]) -> ScenarioError:
    count = f"first of {len(mistakes)} mistakes: " if len(mistakes) > 1 else ""
    end = "" if mistakes[0].endswith("?") else "."
    return ScenarioError(f"{where}: {count}{mistakes[0]}{end}")


def _mistakes_in_file(raw: Mapping[str, Any]) -> list[str]:
    """What is wrong with single keys of a file, in its order."""
    found: list[str] = []
    for name, value in raw.items():
        if name in TABLES:
            found += _mistakes_in_table(TABLES[name], value, name)
        elif name == "design":
            found += _mistakes_in_designs(value)
        elif name == "event":
            found += _mistakes_in_events(value)
        elif name == "extends":
            if not isinstance(value, str):
                found.append(f"extends = {_show(value)} is not {TEXT}; name a scenario or a file")
        elif name in TOP_KEYS:
            found += _mistakes(Scenario, {name: value}, "", alone=True)
        else:
            found.append(_unknown_key(name, ""))
    return found


def _mistakes_in_designs(value: Any) -> list[str]:
    if not isinstance(value, dict):
        return [f"design = {_show(value)} is not a table; write [design.NAME] and below it a line for each lever"]
    found: list[str] = []
    for name, levers in value.items():
        if isinstance(levers, dict) and not isinstance(levers.get("from", ""), str):
            found.append(f"from = {_show(levers['from'])} is not {TEXT} (design.{_name(name)}.from: {FROM})")
        if isinstance(levers, dict):
            levers = {lever: number for lever, number in levers.items() if lever != "from"}
        elif name in Design.model_fields:  # a lever right under [design]
            found.append(f"design.{name} = {_show(levers)} has no design; write [design.NAME], your own name, above it")
            continue
        found += _mistakes_in_table(Design, levers, f"design.{_name(name)}")
    return found


def _mistakes_in_events(value: Any) -> list[str]:
    if not isinstance(value, list):
        return [f"event = {_show(value)} is not a list of tables; write [[event]] and below it a line for each key"]
    found: list[str] = []
    for number, event in enumerate(value, 1):
        told = [f"{_show(event)} is not a table; write [[event]] and below it a line for each key"]
        if isinstance(event, dict):
            told = _mistakes(Event, event, Event.label)
        found += [f"event {number}: {mistake}" for mistake in told]
    return found


def _mistakes_in_changes(table: type[_Table], changes: Mapping[str, Any], label: str) -> list[str]:
    """What is wrong with the keys of a table that an event changes, each for itself."""
    found: list[str] = []
    for name, value in changes.items():
        if name not in table.model_fields:
            found.append(_unknown_key(name, label, in_event=True))
        elif table is World and name in FIXED:
            fixed = (
                f"world.{name} is fixed when the firm is built and cannot change while it runs {_about(World, name)}"
            )
            found.append(f"{fixed}; write a scenario of its own with {name} in [world]")
        else:
            found += [f"{label}{mistake}" for mistake in _mistakes(table, {name: value}, label, alone=True)]
    return found


def _mistakes_in_table(table: type[_Table], value: Any, name: str) -> list[str]:
    if isinstance(value, dict):
        return _mistakes(table, value, f"{name}.", alone=True)
    return [f"{name} = {_show(value)} is not a table; write [{name}] and below it a line for each key"]


def _mistakes(table: type[_Table], values: Mapping[str, Any], label: str, *, alone: bool = False) -> list[str]:
    """What is wrong with the keys of a table; `alone` leaves out what two keys have to agree on."""
    try:
        BaseModel.__init__(table.__new__(table), **values)
    except ValidationError as error:
        return _told(error, table, values, label, alone=alone)
    return []


def _told(
    error: ValidationError, table: type[_Table], values: Mapping[str, Any], label: str, *, alone: bool = False
) -> list[str]:
    """One sentence for each key that is wrong, in the order in which they were written."""
    details: dict[Any, Any] = {}
    for detail in error.errors(include_url=False):
        details.setdefault(detail["loc"][0] if detail["loc"] else None, detail)
    told: list[str] = []
    for name in (name for name in values if name in details):
        if details[name]["type"] == "value_error":  # sentences already
            told += details[name]["ctx"]["error"].args
        else:
            told.append(_sentence(table, name, values[name], label, details[name]))
    if None in details and not alone:
        told.append(str(details[None]["ctx"]["error"]))
    return told


def _sentence(table: type[_Table], name: str, value: Any, label: str, detail: Mapping[str, Any]) -> str:
    if detail["type"] == "extra_forbidden":
        return _unknown_key(name, label, in_event=table is Event)
    about = about_key(table, name)
    limits: dict[str, Any] = detail.get("ctx", {})
    subject = f"{name} = {_show(value)}" if not isinstance(value, dict) else f"{name} is a table and"
    if len(detail["loc"]) > 1 and limits:
        subject = f"{name} = {_show(value)} holds {_show(detail['input'])}, which"
    if detail["input"] != detail["input"]:  # NaN lies below every limit and above none
        fault = f"is not {about['kind']}"
    elif "ge" in limits:
        fault = f"is below {_amount(limits['ge'], about['unit'])}"
    elif "gt" in limits:
        fault = f"is not above {_amount(limits['gt'], about['unit'])}"
    elif "le" in limits:
        fault = f"is above {_amount(limits['le'], about['unit'])}"
    else:
        fault = f"is not {about['kind']}"
    allowed = f"; allowed is {about['allowed']}" if "allowed" in about else ""
    return f"{subject} {fault} {_about(table, name, label)}{allowed}"


def _unknown_key(name: str, label: str, *, in_event: bool = False) -> str:
    """A key that does not exist: say where it belongs, or which is near."""
    shown = f"{label}{_name(name)}"
    if in_event and name in TOP_KEYS:
        return f"{shown} is not a key of an event; {name} belongs {_place('', name, False)}"
    keys = _keys_of_an_event() if in_event else _all_keys(label)
    here = {path: meaning for path, meaning in keys.items() if path.rpartition(".")[0] == label.rstrip(".")}
    elsewhere = {path: meaning for path, meaning in keys.items() if path not in here}
    for path, meaning in elsewhere.items():
        table, _, last = path.rpartition(".")
        if last == name:
            return f"{shown} is not a key; {name} belongs {_place(table, name, in_event)} ({path}: {meaning})"
    for paths, likeness in ((here, 0.6), (elsewhere, 0.8)):
        lasts = {path.rpartition(".")[2]: path for path in paths}
        if near := get_close_matches(name, lasts, 1, likeness):
            path = lasts[near[0]]
            return f"{shown} is not a key; did you mean {path} ({paths[path]})?"
    if label == World.label:
        return f'{shown} is not a key; "firmlab schema" lists all keys'
    return f"{shown} is not a key; the keys here are {', '.join(path.rpartition('.')[2] for path in here)}"


def _place(table: str, name: str, in_event: bool) -> str:
    if in_event:
        return f"in {table} = {{ {name} = ... }}" if table else "right below [[event]]"
    return f"in [{table}]" if table else "at the top of the file, above the first table"


def _all_keys(label: str) -> dict[str, str]:
    """Path and meaning of every key of a file; the keys of a design stand under the design that `label` names."""
    design = label if label.startswith("design.") else Design.label
    keys = {
        "extends": "scenario whose keys hold where this file is silent",
        **{name: _meaning(Scenario, name) for name in (*TOP_KEYS, "world")},
        "design": "a table for each design of your own, [design.NAME]",
        "run": _meaning(Scenario, "run"),
        "report": _meaning(Scenario, "report"),
        "event": EVENTS,
        f"{design}from": FROM,
    }
    for prefix, table in ((World.label, World), (design, Design), (Run.label, Run), (Report.label, Report)):
        keys |= {f"{prefix}{name}": _meaning(table, name) for name in table.model_fields}
    return keys


def _keys_of_an_event() -> dict[str, str]:
    keys = {name: _meaning(Event, name) for name in Event.model_fields}
    for prefix, table in (("world.", World), ("design.", Design), ("leave.", _Leave)):
        keys |= {f"{prefix}{name}": _meaning(table, name) for name in table.model_fields}
    return keys


def _or_rather(name: Any, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, 1) if isinstance(name, str) else []
    return f"; did you mean {_show(near[0])}?" if near else f"; known are {', '.join(known)}"


def about_key(table: type[_Table], name: str) -> dict[str, Any]:
    """What the line of a key says: unit, kind, allowed, source, and typical where that is narrower."""
    return dict(table.model_fields[name].json_schema_extra)  # type: ignore[arg-type]  # always a mapping: see `key`


def _meaning(table: type[_Table], name: str) -> str:
    return table.model_fields[name].description or name


def _about(table: type[_Table], name: str, label: str | None = None) -> str:
    return f"({table.label if label is None else label}{name}: {_meaning(table, name)})"


def _show(value: Any) -> str:
    """A value as the user would write it, on one line and not too long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _shortened(json.dumps(value, ensure_ascii=not value.isprintable()))
    if isinstance(value, list | tuple):
        return _shortened(f"[{', '.join(_show(item) for item in value)}]")
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, int) and abs(value) > 10**60:  # Python does not even print the longest ones
        return "a number of more than 60 digits"
    return _shortened(str(value))


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _name(name: str) -> str:
    return name if DESIGN_NAME.fullmatch(name) else _show(name)


def _printable(text: str) -> str:
    return text if text.isprintable() else _show(text)


def refuse_value(table: type[World] | type[Design], name: str, value: Any) -> None:
    """Raises ScenarioError where a value is not allowed for a key of the world or a design, whatever the others are."""
    if mistakes := _mistakes(table, {name: value}, table.label, alone=True):
        raise ScenarioError(f"{mistakes[0]}.")


# --- for editors ------------------------------------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """JSON schema of a scenario file, so that an editor can complete keys and show their units, ranges and meaning."""
    keys = _all_keys("")
    text = {"type": "string"}
    design = _table_schema(Design)
    design["properties"] = {"from": {**text, "description": FROM}, **design["properties"]}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "firmlab scenario",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{name: {**text, "description": keys[name]} for name in ("extends", "name", "question")},
            "designs": {"type": "array", "items": text, "minItems": 1, "description": keys["designs"]},
            "observed_hours_by_handoffs": {
                "type": "array",
                "items": {"type": "number", "minimum": 0},
                "minItems": HANDOFF_CLASSES,
                "maxItems": HANDOFF_CLASSES,
                "description": keys["observed_hours_by_handoffs"],
            },
            "world": {**_table_schema(World), "description": keys["world"]},
            "design": {"type": "object", "additionalProperties": design, "description": keys["design"]},
            "run": {**_table_schema(Run), "description": keys["run"]},
            "report": {**_table_schema(Report), "description": keys["report"]},
            "event": {"type": "array", "items": _event_schema(), "description": keys["event"]},
        },
    }


def _event_schema() -> dict[str, Any]:
    changes = {"world": _table_schema(World), "design": _table_schema(Design), "leave": _table_schema(_Leave)}
    for name, form in changes.items():
        form["description"] = _meaning(Event, name)
        form["minProperties"] = 1
        form["properties"] = {key: one for key, one in form["properties"].items() if key not in FIXED}
        for one in form["properties"].values():
            del one["default"]  # what an event does not name stays as it is
    day = _described(Event, "day", Event.model_json_schema()["properties"]["day"])
    del day["default"]
    only = {"type": "array", "items": {"type": "string"}, "description": _meaning(Event, "only")}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["day"],
        "anyOf": [{"required": [name]} for name in changes],
        "properties": {"day": day, **changes, "only": only},
    }


def _table_schema(table: type[_Table]) -> dict[str, Any]:
    form = table.model_json_schema()
    form["properties"] = {name: _described(table, name, one) for name, one in form["properties"].items()}
    return form


def _described(table: type[_Table], name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of one key with all that its line says in the description, which is what editors show."""
    typical = f", typically {one['typical'][0]:g} to {one['typical'][1]:g}" if "typical" in one else ""
    description = f"{_meaning(table, name)}: {one['allowed']}{typical}. Source: {one['source']}."
    kept = {field: value for field, value in one.items() if field not in ("allowed", "kind", "title")}
    return {**kept, "description": description}
