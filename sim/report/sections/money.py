"""A year of the whole firm, counted and in the reader's own money, and what it would be in other worlds."""

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sim.report.blocks import Block, Cell, Section, Table, Text
from sim.report.costs import ITEMS, MONEY, PRICED, TOTAL, Case, Costs, cost_table, what_if
from sim.report.findings import Findings
from sim.report.firm import own_numbers
from sim.report.gather import Found, designs, name_in
from sim.report.say import Say
from sim.report.sections.rests import footer, origin
from sim.study.paired import HEADLINES

if TYPE_CHECKING:
    import pandas as pd

    from sim.report.stored import Stored

HIGHEST = math.inf  # the highest level of a factor, whichever that is
WORLDS = (
    ("world.load", 0.5),
    ("world.load", 1.5),
    ("world.load", 2.5),
    ("world.turbulence", HIGHEST),
    ("world.error_cost", 8.0),
    ("world.error_cost", 20.0),
)
MOST_ROWS = 9  # of the what-if
DIGITS = 3  # that a mean of runs is worth
DECIMALS_OF_COUNTS, DECIMALS_OF_MONEY = 2, 6  # at most: money may be in millions


def section(findings: Findings, say: Say) -> Section:
    """The year, then the what-if. Money stands in them where the reader's unit costs are known."""
    priced = findings.costs is not None
    blocks: list[Block] = [Text(say.words(f"report.money.{'lead_costs' if priced else 'lead'}"), "lead")]
    blocks += _own(findings, say)
    if not priced:
        blocks.append(Text(say.words("report.money.how")))
    blocks += [year(findings, say), *_origin(findings, say), ifs(findings, say)]
    return Section("money", say.words("report.section.money"), blocks)


def _own(findings: Findings, say: Say) -> list[Text]:
    """The numbers by which the reader's firm is not the baseline; nothing where it is, or was not described by them."""
    told = []
    for name, values in own_numbers(findings.comparison.scenario).items():
        own, usual = (_as_written(value, say) for value in values)
        told.append(say.words("costs.own_firm.entry", name=say.words(f"costs.number.{name}"), own=own, usual=usual))
    return [Text(say.words("report.own.lead", numbers=say.listed(told)))] if told else []


def _origin(findings: Findings, say: Say) -> list[Text]:
    """Worlds of another firm are marked row by row, beside rows of this one."""
    found = findings.found("tornado")
    return origin(findings, "tornado", say) if found is None or found.same_world else []


# --- a year -----------------------------------------------------------------------------------------------------------


def year(findings: Findings, say: Say) -> Table:
    """A row an item, what both firms have of it, the difference, and the same in money."""
    study, costs = findings.comparison, findings.costs
    found = cost_table(study.at_base(), study.scenario, findings.reference, findings.design, costs)
    table = found.set_index("item", drop=False)
    rows = [_row(table.loc[item.name], say) for item in ITEMS]
    head = [say.words("costs.column.item"), say.words("costs.column.unit"), say.design(findings.reference),
            say.design(findings.design), say.words("costs.column.difference")]  # fmt: skip
    if costs is not None:
        total, decimals = table.loc[TOTAL], _decimals_of_money(table)
        rows.append(_total(total, costs, say))
        head.append(say.words("costs.column.money", currency=costs.currency))
        for row, name in zip(rows, table.index, strict=True):
            row.append(_money(table.loc[name], decimals, say))
    return Table(say.words("report.money.counts"), head, rows, _notes(findings, say), "money")


def _row(item: "pd.Series[Any]", say: Say) -> list[Cell]:
    decimals = _decimals([item["reference"], item["own"]], DECIMALS_OF_COUNTS)
    numbers = [say.number(item[name], decimals) for name in ("reference", "own")]
    difference = _with_interval(item["difference"], item["high"], decimals, say)
    return [say.words(f"costs.item.{item['item']}"), say.words(f"costs.unit.{item['unit']}"), *numbers, difference]


def _total(total: "pd.Series[Any]", costs: Costs, say: Say) -> list[Cell]:
    decimals = _decimals([total["reference"], total["own"]], DECIMALS_OF_MONEY)
    numbers = [say.number(total[name], decimals) for name in ("reference", "own")]
    unit = say.words(f"costs.unit.{MONEY}", currency=costs.currency)
    return [(say.words(f"costs.item.{TOTAL}"), "strong"), unit, *numbers, ""]  # its difference is the next column


def _money(item: "pd.Series[Any]", decimals: int, say: Say) -> Cell:
    if item["item"] not in (TOTAL, *(one.name for one in PRICED)):
        return "–"
    text = _with_interval(item["money_difference"], item["money_high"], decimals, say)
    return (text, "strong") if item["item"] == TOTAL else text


def _decimals_of_money(table: "pd.DataFrame") -> int:
    """The same for all, so that a reader can add them up."""
    return _decimals(table["money_difference"].tolist(), DECIMALS_OF_MONEY)


def _notes(findings: Findings, say: Say) -> str:
    costs = findings.costs
    told = [say.words("costs.note.year", pairs=findings.comparison.pairs)]
    if costs is not None:
        amounts = {name: _as_written(getattr(costs, name), say) for name in Costs.model_fields if name != "currency"}
        prices = [say.words(f"costs.price.{name}", amount=amount) for name, amount in amounts.items()]
        told.append(say.words("costs.note.prices", currency=costs.currency, prices=say.listed(prices)))
        told += [say.words(f"costs.note.{name}") for name in ("sign", "mean_stake", "not_in_money")]
    told.append(say.words("costs.note.approximate"))
    return " ".join([*told, footer(findings.comparison, say)])


# --- what if ----------------------------------------------------------------------------------------------------------


def ifs(findings: Findings, say: Say) -> Table:
    """A row a design or world: what differs from the reference there."""
    costs = findings.costs
    found = what_if(cases(findings, say), costs)
    decimals = _decimals(found[MONEY].tolist(), DECIMALS_OF_MONEY)
    head = [say.words("report.money.what_if_case")]
    head += [f"{say.headline(measure)}, {say.unit(measure, of_difference=True)}" for measure in HEADLINES]
    if costs is not None:
        head.append(say.words("report.money.what_if_money", currency=costs.currency))
    rows: list[list[Cell]] = []
    for row in found.to_dict(orient="records"):
        rows.append([row["case"], *(_headline(measure, row, say) for measure in HEADLINES)])
        if costs is not None:
            rows[-1].append(_with_interval(row[MONEY], row[f"{MONEY}_high"], decimals, say))
    return Table(say.words("report.money.what_if"), head, rows, _what_if_notes(findings, say), "money")


def _headline(measure: str, row: dict[Any, Any], say: Say) -> str:
    return say.with_interval(measure, row[measure], row[f"{measure}_high"], signed=True)


def cases(findings: Findings, say: Say) -> list[Case]:
    """This design, then other worlds and designs that have been run, as many as a table holds."""
    study, found = findings.comparison, findings.found("tornado")
    runs, names = study.at_base(), [findings.design]
    worlds = _worlds(found, findings, say) if found is not None else []
    known = {str(name) for name in runs["design"]}
    names += [name for name in study.designs if name in known and name not in (findings.reference, findings.design)]
    here = [
        Case(say.words("report.money.case_here", design=say.design(name)), runs, findings.reference, name,
             study.scenario)
        for name in names
    ]  # fmt: skip
    return [*here[: MOST_ROWS - len(worlds)], *worlds]


def _worlds(found: Found, findings: Findings, say: Say) -> list[Case]:
    """Those of `WORLDS` that the study has; the scenario itself is no other world."""
    study = found.study
    reference, design = (name_in(study, one) for one in designs(findings.evidence))
    listed = []
    for factor, wanted in WORLDS:
        if factor not in study.factors:
            continue
        level = float(study.runs[factor].max()) if wanted == HIGHEST else wanted
        runs = _only(study, factor, level)
        if level != study.base_value(factor) and len(runs):
            label = say.words("report.money.case_world", design=say.design(findings.design), factor=say.factor(factor),
                              value=say.factor_value(factor, level))  # fmt: skip
            label = label if found.same_world else say.words("costs.what_if.elsewhere", case=label)
            listed.append(Case(label, runs, reference, design, study.scenario))
    return listed


def _only(study: "Stored", factor: str, level: float) -> "pd.DataFrame":
    """The runs of the point at which one factor has a level and all others are as in the scenario."""
    runs = study.runs
    for key in study.factors:
        runs = runs[runs[key] == (level if key == factor else study.base_value(key))]
    return runs


def _what_if_notes(findings: Findings, say: Say) -> str:
    priced, found = findings.costs is not None, findings.found("tornado")
    told = [say.words("report.money.what_if_note" if priced else "costs.what_if.note")]
    if found is not None:
        told += [say.words("costs.what_if.error")] if priced and "world.error_cost" in found.study.factors else []
        told += [] if found.same_world else [say.words("costs.what_if.marked")]
        told.append(footer(found.study, say))
    return " ".join(told)


# --- numbers ----------------------------------------------------------------------------------------------------------


def _decimals(values: list[float], most: int) -> int:
    """As many as give the largest value its digits; none where it has more before the point."""
    largest = max((abs(value) for value in values if value == value), default=0.0)
    return min(most, max(0, DIGITS - 1 - math.floor(math.log10(largest)))) if largest else 0


def _with_interval(middle: float, high: float, decimals: int, say: Say) -> str:
    text = say.number(middle, decimals, signed=True)
    return text if high != high else f"{text} ± {say.number(high - middle, decimals)}"


def _as_written(value: float, say: Say) -> str:
    """A number with all the decimals that the reader gave it."""
    exponent = int(Decimal(str(value)).normalize().as_tuple().exponent)
    return say.number(value, max(0, -exponent))
