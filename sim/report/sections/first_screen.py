"""The first screen: one sentence a headline, number first, with two bands; what to do; when the answer turns."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sim.report.answer import Answer, Verdict
from sim.report.blocks import Band, Block, Bullets, Card, Cards, Section
from sim.report.findings import BY_NAME, Findings, Spread
from sim.report.say import Say
from sim.report.sections.effects import SURE
from sim.report.sections.rests import how_to_run, of_another_firm
from sim.report.sections.where import counts

ROOM = 0.06  # of the drawing, left free at both ends of a card's bands
NEAR = 0.14  # of the drawing, nearer than which two numbers on its axis would touch


def section(findings: Findings, say: Say) -> Section:
    """The answer."""
    cards = [card(answer, findings, say) for answer in findings.answers]
    has_both = any(len(card.bands) > 1 for card in cards)
    blocks: list[Block] = [Cards(cards, say.words("report.answer.both_bands") if has_both else "")]
    blocks.append(Bullets(advice(findings, say), say.words("report.answer.what_to_do")))
    blocks.append(Bullets(turns(findings, say), say.words("report.answer.turns_title")))
    return Section("answer", say.words("report.section.answer"), blocks)


# --- sentences --------------------------------------------------------------------------------------------------------


def sentences(answer: Answer, say: Say) -> list[str]:
    """What may be said of one headline: size, interval, in how many twin firms, and whether it matters."""
    own, counts = f"report.headline.{answer.measure}", {"pairs": answer.pairs}
    if not answer.pairs:
        return [say.words("report.answer.undefined")]
    if answer.low != answer.low:
        return [say.words("report.answer.few")]
    if answer.low <= 0 <= answer.high:
        ends = (say.value(answer.measure, end, signed=True) for end in (answer.low, answer.high))
        told = dict(zip(("low", "high"), ends, strict=True))
        kind = "alike" if answer.verdict is Verdict.SAME else "open"
        text = say.words(f"report.answer.{kind}", interval=say.words(f"{own}.interval", **told), better=answer.better,
                         worse=answer.worse, equal=answer.equal, **counts)  # fmt: skip
    else:
        ends = (say.value(answer.measure, end) for end in sorted((abs(answer.low), abs(answer.high))))
        told = dict(zip(("low", "high"), ends, strict=True))
        direction = "more" if answer.difference > 0 else "less"
        good = direction == BY_NAME[answer.measure].better
        frequency = say.words(f"{own}.in_{'better' if good else 'worse'}",
                              count=answer.better if good else answer.worse, **counts)  # fmt: skip
        size = say.value(answer.measure, abs(answer.difference))
        text = say.words("report.answer.decided", change=say.words(f"{own}.{direction}", size=size),
                         interval=say.words(f"{own}.interval", **told), frequency=frequency)  # fmt: skip
    return [text, *note(answer, say)]


def note(answer: Answer, say: Say) -> list[str]:
    """Whether a difference is large enough to matter, where that is not plain."""
    key = f"report.answer.note.{answer.verdict}"
    smallest = say.words(f"report.headline.{answer.measure}.smallest",
                         smallest=say.value(answer.measure, answer.smallest, brief=True))  # fmt: skip
    return [say.words(key, smallest=smallest)] if key in say.words else []


def in_other_worlds(findings: Findings, measure: str, say: Say) -> str:
    """In how many worlds with other assumptions this very firm clearly does better."""
    wins = findings.shares_of_wins.get(measure)
    if wins is None or findings.from_world_to_world(measure) is None:
        return how_to_run(findings, "ranges", "report.answer.worlds_missing", say)
    return say.words("report.answer.worlds_sentence", **counts(wins))


# --- cards ------------------------------------------------------------------------------------------------------------


def card(answer: Answer, findings: Findings, say: Say) -> Card:
    """One headline with its two bands, which are drawn to one scale and never added up."""
    measure, key = answer.measure, f"report.headline.{answer.measure}"
    spreads = {"firms": findings.from_pair_to_pair(measure), "worlds": findings.from_world_to_world(measure)}
    known = {name: spread for name, spread in spreads.items() if spread is not None and spread.of}
    smallest = answer.smallest if answer.smallest == answer.smallest else 0.0
    ends = [0.0, -smallest, smallest, *(end for spread in known.values() for end in (spread.low, spread.high))]
    place = _placed(min(ends), max(ends))
    bands = [_band(name, measure, spread, place, say) for name, spread in known.items()]
    if bands and answer.low == answer.low:  # the mean and its interval are of chance, so they are in the first band
        inner = (place(answer.low), place(answer.high))
        bands[0] = replace(bands[0], inner=inner, middle=place(answer.difference))
    values = {name: say.value(measure, getattr(answer, name), brief=True) for name in ("own", "reference")}
    return Card(
        name=say.words(f"{key}.name"),
        number=say.words(f"{key}.number", **values) if answer.pairs else say.words("report.page.not_known"),
        what=say.words(f"{key}.what"),
        verdict=str(answer.verdict),
        verdict_text=say.words(f"report.answer.verdict.{answer.verdict if answer.pairs else 'unmeasured'}"),
        sentences=[*sentences(answer, say), *([in_other_worlds(findings, measure, say)] if answer.pairs else [])],
        bands=bands,
        zero=place(0.0),
        small=(place(-smallest), place(smallest)),
        ticks=ticks(measure, place, (min(ends), max(ends)), say),
        alt=_described(say.words(f"{key}.name"), bands),
    )


def _band(name: str, measure: str, spread: Spread, place: Any, say: Say) -> Band:
    between = say.between(measure, spread.low, spread.high)
    text = say.words(f"report.answer.{name}_band", count=spread.of, pairs=spread.pairs, interval=between)
    return Band(say.words(f"report.answer.{name}"), text, place(spread.low), place(spread.high))


def ticks(measure: str, place: Any, ends: tuple[float, float], say: Say) -> list[tuple[float, str]]:
    """Zero, and the ends of the drawing where they are far enough from it to be read."""
    far = [end for end in ends if abs(place(end) - place(0.0)) > NEAR]
    return [(place(end), say.value(measure, end, signed=True, brief=True)) for end in (0.0, *far)]


def _placed(low: float, high: float) -> Any:
    """A function from values to places between 0 and 1."""
    width = (high - low) or 1.0
    return lambda value: ROOM + (1 - 2 * ROOM) * (value - low) / width


def _described(name: str, bands: Iterable[Band]) -> str:
    return f"{name}. " + ". ".join(f"{band.label}: {band.text}" for band in bands) + "."


# --- what to do -------------------------------------------------------------------------------------------------------


def advice(findings: Findings, say: Say) -> list[str]:
    """Which shifts to take up first, to weigh, to leave; and what to watch."""
    if not findings.shifts:
        return [how_to_run(findings, "shifts", "report.advice.not_known", say), *watch(findings, say)]
    told = of_another_firm(findings, "shifts", say)
    by_kind = findings.sorted_shifts
    for kind, levers in by_kind.items():
        keys = ("report.advice.settings" if one == "settings" else f"report.shift.{one}" for one in levers)
        names = [say.words(key) for key in keys]
        if names:
            told.append(say.words(f"report.advice.{kind}", shifts=say.listed(names)))
    if not any(by_kind[kind] for kind in ("take", "weigh", "leave")):
        told.append(say.words("report.advice.none"))
    return told + watch(findings, say)


WATCHED = ("commission_rate", "fees", "utilization_max", "turnover", "churn")  # what may quietly get worse


def watch(findings: Findings, say: Say) -> list[str]:
    """What gets clearly worse beside the headlines."""
    worse = []
    for measure in WATCHED:
        row, base = findings.row(measure), findings.row(measure, findings.reference)
        sign = 1 if row["better"] == "more" else -1
        if row["p_adjusted"] <= SURE and sign * row["difference"] < 0:
            both = say.words(
                "report.costs.from_to",
                measure=say.measure(measure),
                unit=say.unit(measure),
                reference=say.value(measure, base["estimate"]),
                own=say.value(measure, row["estimate"]),
            )
            worse.append(both)
    return [say.words("report.advice.watch", costs=say.listed(worse))] if worse else []


# --- when it turns ----------------------------------------------------------------------------------------------------


def turns(findings: Findings, say: Say) -> list[str]:
    """Of each headline that is decided the assumption that turns it soonest; and which headlines none turns."""
    if not findings.assumptions:
        return [how_to_run(findings, "tornado", "report.turns.not_known", say)]
    told, open_ones, never = of_another_firm(findings, "tornado", say), [], []
    for answer in findings.answers:
        measure, table = answer.measure, findings.assumptions.get(answer.measure)
        nearest = None if table is None else soonest(table)
        if answer.verdict in (Verdict.SAME, Verdict.UNDECIDED):
            open_ones.append(say.inside(measure))
        elif nearest is not None:
            told.append(turning(nearest, measure, findings, say))
        elif table is not None:
            never.append(say.inside(measure))
    if never:
        told.append(say.words("report.turns.never", headlines=say.listed(never)))
    if open_ones:
        told.append(say.words("report.turns.open", headlines=say.listed(open_ones)))
    return told


def soonest(table: Any) -> Any:
    """The row whose sign turns at the smallest share of the way from today to the end of the range; or None."""
    turning_rows = table[table["turns"].notna()]
    if turning_rows.empty:
        return None
    towards = turning_rows["at_high"].where(turning_rows["turns"] > turning_rows["value"], turning_rows["at_low"])
    share = (turning_rows["turns"] - turning_rows["value"]) / (towards - turning_rows["value"])
    return turning_rows.loc[share.idxmin()]


def turning(row: Any, measure: str, findings: Findings, say: Say) -> str:
    """One sentence: at which value of which assumption the sign turns, and who does better just beyond it."""
    above = row["turns"] > row["value"]
    design_wins = (row["base"] > 0) == (BY_NAME[measure].better == "more")
    winner = findings.reference if design_wins else findings.design  # beyond the turn it is the other
    factor = row["factor"]
    ends = {end: say.digits(row[f"turns_{end}"]) for end in ("low", "high")}
    return say.words(
        "report.turns.at",
        headline=say.headline(measure),
        factor=say.factor(factor),
        value=say.factor_value(factor, row["turns"]),
        base=say.digits(row["value"]),
        interval=say.words("report.page.to", **ends),
        side=say.words(f"report.turns.{'above' if above else 'below'}", design=say.design(winner)),
    )
