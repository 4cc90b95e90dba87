"""What a year of the whole firm contains, in things that can be counted and, at the reader's unit costs, in money.

Counts are of a year of 50 weeks and of all seats, from the measures of a run (sim/measures.py):

| item | count a year | priced by |
|---|---|---|
| quits | people who quit: turnover × people there; people there are the seats less those vacant by quits | vacancy |
| delay | decisions born × mean hours from birth to disposition, the work on them included | hour_of_delay |
| lost_customers | churn × customers | lost_customer |
| bad_accepted | share of bad decisions accepted × bad decisions | wrong_decision |
| good_rejected | share of good decisions rejected × good decisions | missed_decision |
| case_hours | hours of everybody on cases of all kinds, approvals by managers and panels among them | working_hour |
| panels | of these, hours of experts on panels | - |
| circles | hours of members in interest circles | working_hour |
| introductions | hours of managers who introduce people | working_hour |
| unserved | requests whose outsider left before the first service | - |
| fees | fees of partners' deals, in hours' wages | - |

All hours that the rules move have one price, so that approvals by managers and approvals by panels weigh alike. Panels
are a part of the hours on cases and stand below them without a price of their own.

Money says nothing of requests left unserved, of fees, of customers who are won, of what those who stay bring beyond
`lost_customer`, and of what routine work brings; the accounts of the model do (`profit_per_seat`). So the two may
differ in sign: in the baseline a public channel alone loses more customers a year, which is charged here, and yet has
more of them. Two kinds of hours are in no measure of a run, so neither counted nor priced: those of finding back to
work after an interruption, and those of building ideas. Every decision is priced as one of mean stake, whatever stakes
a firm gets wrong more often.

Two counts are approximate. Bad and good decisions are those closed × world.good_share; the share that was drawn differs
from it by chance, in a firm of 156 seats by about half a percent. People there are counted as if quits came evenly,
within .1 % of the books of such a firm. Where an event changes these numbers on the way, both are off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from sim.report.firm import ReaderTable
from sim.scenario import Scenario
from sim.state import HOURS_A_YEAR, WEEKS_A_YEAR
from sim.study.paired import HEADLINES, interval

if TYPE_CHECKING:
    import pandas as pd

TOTAL = "total"
MONEY = "money"  # unit of the total: the reader's currency


def _cost(meaning: str) -> Any:
    about: dict[str, Any] = {"kind": "a number", "allowed": "0 to 1e12"}
    return Field(description=meaning, json_schema_extra=about, ge=0, le=1e12)


def _currency() -> Any:
    allowed = '1 to 20 letters, such as "EUR" or "원"'
    about: dict[str, Any] = {"kind": "text in quotes of 1 to 20 letters", "allowed": allowed}
    return Field(description="money in which the costs are", json_schema_extra=about, min_length=1, max_length=20)


class Costs(ReaderTable):
    """The reader's unit costs. All have to be said, 0 too: what is left out by mistake would look like a saving."""

    template: ClassVar[str] = "costs"

    currency: str = _currency()
    vacancy: float = _cost("cost of replacing a person who quits")
    hour_of_delay: float = _cost("cost of one hour that a decision waits to be made")
    lost_customer: float = _cost("cost of a customer who leaves")
    wrong_decision: float = _cost("cost of a bad decision that was accepted")
    missed_decision: float = _cost("what a good decision that was rejected would have brought")
    working_hour: float = _cost("cost of an hour of work")


# --- counting a year --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Years:
    """Runs of one world, a row each, as years of the whole firm."""

    runs: "pd.DataFrame"
    scenario: Scenario

    def measure(self, name: str) -> "pd.Series[float]":
        """A measure; NaN where runs of an earlier version do not have it."""
        import pandas as pd

        return self.runs[name] if name in self.runs else pd.Series(np.nan, self.runs.index)

    def world(self, name: str) -> Any:
        """A number of the world: the factor's value in the runs of a sweep, else the scenario's."""
        key = f"world.{name}"
        return self.runs[key] if key in self.runs else getattr(self.scenario.world, name)

    def yearly(self, count: str) -> "pd.Series[float]":
        """A count of the measured time, in a year."""
        return self.measure(count) * (WEEKS_A_YEAR / self.scenario.run.weeks)

    def of_all_seats(self, measure: str) -> "pd.Series[float]":
        """What a measure says of each seat and year."""
        return self.measure(measure) * self.world("staff")

    def among(self, measure: str, count: "pd.Series[float]") -> "pd.Series[float]":
        """A share or a mean of so many; of none at all it is not defined, and the product is 0."""
        return (self.measure(measure) * count).where(count != 0, 0.0)


def _quits(years: _Years) -> "pd.Series[float]":
    """q = turnover · (staff − q · vacancy): who has quit is not there until her seat is filled, in whole weeks."""
    vacancy = np.ceil(years.world("vacancy_weeks") * (1.0 + years.world("hire_vetting"))) / WEEKS_A_YEAR
    turnover = years.measure("turnover")
    return turnover * years.world("staff") / (1.0 + turnover * vacancy)


def _bad_accepted(years: _Years) -> "pd.Series[float]":
    return years.among("commission_rate", years.yearly("decision_closed") * (1.0 - years.world("good_share")))


def _good_rejected(years: _Years) -> "pd.Series[float]":
    return years.among("omission_rate", years.yearly("decision_closed") * years.world("good_share"))


class Item(NamedTuple):
    """Something that a year contains. unit: all are a year's. price: the key of Costs; empty where money is silent."""

    name: str
    unit: str
    price: str
    count: Callable[[_Years], "pd.Series[float]"]


ITEMS = (
    Item("quits", "people", "vacancy", _quits),
    Item("delay", "hours", "hour_of_delay",
         lambda years: years.among("decision_hours_mean", years.yearly("decision_opened"))),
    Item("lost_customers", "customers", "lost_customer",
         lambda years: years.among("churn", years.measure("active_customers"))),
    Item("bad_accepted", "decisions", "wrong_decision", _bad_accepted),
    Item("good_rejected", "decisions", "missed_decision", _good_rejected),
    Item("case_hours", "hours", "working_hour", lambda years: years.of_all_seats("utilization") * HOURS_A_YEAR),
    Item("panels", "hours", "", lambda years: years.of_all_seats("panel_hours")),
    Item("circles", "hours", "working_hour", lambda years: years.of_all_seats("circle_hours")),
    Item("introductions", "hours", "working_hour", lambda years: years.of_all_seats("introduction_hours")),
    Item("unserved", "requests", "", lambda years: years.among("abandoned_share", years.yearly("request_closed"))),
    Item("fees", "wages", "", lambda years: years.of_all_seats("fees")),
)  # fmt: skip
PRICED = tuple(item for item in ITEMS if item.price)


def yearly_counts(runs: "pd.DataFrame", scenario: Scenario) -> "pd.DataFrame":
    """A row a run and a column an item, in the item's unit a year. `runs`: rows of `Stored.runs`."""
    import pandas as pd

    years = _Years(runs, scenario)
    return pd.DataFrame({item.name: item.count(years) for item in ITEMS}, index=runs.index)


def yearly_money(counts: "pd.DataFrame", costs: Costs) -> "pd.DataFrame":
    """What the counts cost: a column an item that has a price, and their sum `total`. An unknown one leaves no sum."""
    money = counts[[item.name for item in PRICED]] * [getattr(costs, item.price) for item in PRICED]
    return money.assign(**{TOTAL: money.sum(axis=1, skipna=False)})


# --- comparing --------------------------------------------------------------------------------------------------------


def cost_table(
    runs: "pd.DataFrame", scenario: Scenario, reference: str, design: str, costs: Costs | None = None
) -> "pd.DataFrame":
    """What a year contains under both designs, and what differs: a row an item, the last one `total`.

    reference, own: means over pairs, a year. difference, low, high: own less reference, with its paired 95 % t
    interval, in the item's unit; money_difference, money_low, money_high: the same at the unit costs. Positive money is
    a cost. NaN: no costs are known, or the item has no price (see above, what money does not contain).

    runs: rows of `Stored.runs`. Raises ValueError where they are of several points, so that a design has a replication
    twice.
    """
    import pandas as pd

    counts = yearly_counts(runs, scenario)
    counted = _paired(runs, counts, reference, design)
    money = _paired(runs, yearly_money(counts, costs), reference, design) if costs else {}
    rows = [(item.name, item.unit, *counted[item.name], *money.get(item.name, UNKNOWN)[2:]) for item in ITEMS]
    total = money.get(TOTAL, UNKNOWN)
    return pd.DataFrame([*rows, (TOTAL, MONEY, *total, *total[2:])], columns=COLUMNS)


COLUMNS = [
    "item", "unit", "reference", "own", "difference", "low", "high", "money_difference", "money_low", "money_high",
]  # fmt: skip
Estimates = tuple[float, float, float, float, float]  # reference, own, difference, low, high
UNKNOWN: Estimates = (np.nan,) * 5


def _paired(runs: "pd.DataFrame", values: "pd.DataFrame", reference: str, design: str) -> dict[str, Estimates]:
    """Means of both designs and of their paired differences, by column. A pair counts where both firms have a value."""
    theirs, own = (_of_design(runs, values, name) for name in (reference, design))
    found: dict[str, Estimates] = {}
    for name in values:
        both = own[[name]].join(theirs[name].rename("reference"), how="inner").dropna()
        differences = (both[name] - both["reference"]).to_numpy(float)
        found[str(name)] = (both["reference"].mean(), both[name].mean(), *interval(differences))
    return found


def _of_design(runs: "pd.DataFrame", values: "pd.DataFrame", design: str) -> "pd.DataFrame":
    chosen = runs["design"] == design
    found = values[chosen].set_index(runs.loc[chosen, "replication"])
    if not found.index.is_unique:
        raise ValueError(f"runs of {design} have a replication twice; choose those of one point.")
    return found


class Case(NamedTuple):
    """A world and two designs in it. runs: as in `cost_table`, with or without other designs."""

    label: str
    runs: "pd.DataFrame"
    reference: str
    design: str
    scenario: Scenario


def what_if(cases: Sequence[Case], costs: Costs | None = None) -> "pd.DataFrame":
    """One row a case: paired differences, design less reference, of the three headlines and of the yearly money.

    A headline is a column of its name, money is `money`; each has NAME_low and NAME_high, its 95 % interval.
    `pairs`: of twins. Money is NaN without costs; positive is a cost. Where the case is a world in which an error loses
    more stakes than in its scenario, a bad decision accepted costs as much more.
    """
    import pandas as pd

    return pd.DataFrame([_what_if(case, costs) for case in cases])


def _what_if(case: Case, costs: Costs | None) -> dict[str, Any]:
    runs = case.runs[case.runs["design"].isin((case.reference, case.design))]
    values = runs[list(HEADLINES)]
    if costs:
        there = _in_its_world(costs, runs, case.scenario)
        values = values.assign(**{MONEY: yearly_money(yearly_counts(runs, case.scenario), there)[TOTAL]})
    found = _paired(runs, values, case.reference, case.design)
    pairs = (runs.groupby("replication")["design"].nunique() == 2).sum()
    row: dict[str, Any] = {"case": case.label, "pairs": int(pairs)}
    for name in (*HEADLINES, MONEY):
        difference = found.get(name, UNKNOWN)[2:]
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), difference, strict=True))
    return row


def _in_its_world(costs: Costs, runs: "pd.DataFrame", scenario: Scenario) -> Costs:
    """The unit costs of a case: the price of a bad decision moves with what an error loses."""
    key, usual = "world.error_cost", scenario.world.error_cost
    if key not in runs or usual == 0.0 or runs.empty:
        return costs
    return costs.model_copy(update={"wrong_decision": costs.wrong_decision * float(runs[key].iloc[0]) / usual})
