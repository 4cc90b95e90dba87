"""What was assumed, what this cannot say, the next step, and how it was made."""

import math
from typing import TYPE_CHECKING, Any

from sim.report.blocks import Block, Bullets, Cell, Section, Table, Text
from sim.report.findings import Findings
from sim.report.say import Say
from sim.report.sections.decides import tried
from sim.report.sections.first import sorted_shifts
from sim.report.sections.rests import command, of_another_firm, origin
from sim.report.shipped import is_shipped
from sim.scenario import World, about_key
from sim.study.paired import HEADLINES

if TYPE_CHECKING:
    from sim.report.stored import Stored

LEAST_INFLUENCE = 0.1  # of the smallest difference that matters, below which no headline is moved
PLAIN = {"no source": "no_source", "placeholder": "placeholder"}


# --- assumptions ------------------------------------------------------------------------------------------------------


def assumptions(findings: Findings, say: Say) -> Section:
    """Value, range, source and rank of what the headlines depend on."""
    blocks: list[Block] = [Text(say.words("report.assumptions.lead"), "lead"), *origin(findings, "tornado", say)]
    if findings.assumptions:
        rows: list[list[Cell]] = []
        for rank, (influence, factor, measure, line) in enumerate(by_influence(findings), 1):
            about = about_key(World, factor.rpartition(".")[2])
            value = say.factor_value(factor, line["value"])
            moves = say.inside(measure) if influence >= LEAST_INFLUENCE else say.words("report.assumptions.only_profit")
            rows.append([str(rank), say.factor(factor), value, tried(line, say), source(about["source"], say), moves])
        names = ("rank", "assumption", "value", "range", "source", "headline")
        head = [say.words(f"report.assumptions.{name}") for name in names]
        note = say.words("report.assumptions.note", **unsourced())
        blocks.append(Table(say.words("report.section.assumptions"), head, rows, note, "assumptions"))
    return Section("assumptions", say.words("report.section.assumptions"), blocks)


def by_influence(findings: Findings) -> list[tuple[float, str, str, Any]]:
    """(influence, factor, the headline it moves most, its line there), the most influential first.

    Influence is the swing over the range in units of the smallest difference that matters.
    """
    found = []
    for measure in HEADLINES:
        for _, line in findings.assumptions[measure].iterrows():
            found.append((float(line["swing"]) / findings.smallest[measure], str(line["factor"]), measure, line))
    found.sort(key=lambda one: -one[0])
    best: dict[str, tuple[float, str, str, Any]] = {}
    for one in found:
        best.setdefault(one[1], one)
    return list(best.values())


def source(text: str, say: Say) -> str:
    """Where a number comes from."""
    start = text.partition(";")[0].strip()
    if start.startswith("idea: "):
        return say.words("report.assumptions.idea", idea=start.removeprefix("idea: "))
    if start in PLAIN:
        return say.words(f"report.assumptions.{PLAIN[start]}")
    return say.words("report.assumptions.calibrated") if start.startswith("calibrated") else text


def unsourced() -> dict[str, int]:
    """How many of the numbers of the world have no source."""
    sources = [about_key(World, name)["source"] for name in World.model_fields]
    lacking = sum("no source" in one or one.startswith("placeholder") for one in sources)
    return {"unsourced": lacking, "all": len(sources)}


# --- limits -----------------------------------------------------------------------------------------------------------


def limits(findings: Findings, say: Say) -> Section:
    """What this cannot say; a page is not made without it."""
    items = [say.words(f"report.limits.items.{name}", **unsourced()) for name in say.words.below("report.limits.items")]
    return Section("limits", say.words("report.section.limits"), [Bullets(items)] if items else [])


# --- the next step ----------------------------------------------------------------------------------------------------


def pilot(findings: Findings, say: Say) -> Section:
    """A pilot: how much of the firm, what to measure in it, when to stop."""
    commission = [findings.row("commission_rate", name)["estimate"] for name in (findings.reference, findings.design)]
    shown = (say.value("commission_rate", one) for one in commission)
    rates = dict(zip(("commission_reference", "commission_own"), shown, strict=True))
    satisfaction = findings.answers[2]
    smallest = say.value(satisfaction.measure, satisfaction.smallest)
    measured = [say.words(f"report.next.items.{name}", **rates) for name in say.words.below("report.next.items")]
    blocks: list[Block] = [
        Text(say.words("report.next.lead"), "lead"),
        *(Text(one) for one in taken(findings, say)),
        Bullets(measured, say.words("report.next.measure")),
        *(Text(one) for one in size(findings, say)),
        Text(say.words("report.next.stop", satisfaction=smallest, **rates)),
        Text(say.words("report.next.decide")),
    ]
    return Section("next", say.words("report.section.next"), blocks)


def taken(findings: Findings, say: Say) -> list[str]:
    """Which shifts the pilot takes up."""
    take = [say.words(f"report.shift.{one}") for one in sorted_shifts(findings)["take"] if one != "settings"]
    if not take:
        return [say.words("report.next.take_unknown")]
    return [*of_another_firm(findings, "shifts", say), say.words("report.next.take", shifts=say.listed(take))]


def size(findings: Findings, say: Say) -> list[str]:
    """What a pilot can show, of the two headlines that are counted in cases and in people."""
    decision, retention, _ = findings.answers
    told = []
    if decision.verdict.matters:
        difference = say.value(decision.measure, abs(decision.difference), brief=True)
        told.append(say.words("report.next.size_decision", difference=difference))
    needed = people_needed(retention.reference, retention.own)
    if math.isfinite(needed):
        difference = say.value(retention.measure, abs(retention.difference))
        people = say.number(float(f"{needed:.2g}"), 0)
        told.append(say.words("report.next.size_retention", difference=difference, people=people))
    return told


def people_needed(share: float, other: float) -> float:
    """People in each part of a pilot to tell two shares apart: power 80 %, two-sided 5 % (normal approximation).

    n = (1.960 + 0.842)² · (p(1 − p) + q(1 − q)) / (p − q)² (Fleiss, Levin & Paik 2003, chapter 4).
    """
    if not abs(share - other) > 0:  # equal, or not known
        return math.nan
    return (1.960 + 0.842) ** 2 * (share * (1 - share) + other * (1 - other)) / (share - other) ** 2


# --- methods ----------------------------------------------------------------------------------------------------------


def methods(findings: Findings, say: Say) -> Section:
    """How it was compared, and where every number can be made again."""
    study, scenario = findings.comparison, findings.comparison.scenario
    gains = (say.number(findings.row(measure)["pairing_gain"], 1) for measure in HEADLINES)
    declared = scenario.report
    key = str(study.runs["key"].iloc[0])
    items = [
        say.words("report.methods.paired"),
        say.words("report.methods.gain", **dict(zip(("decision", "retention", "satisfaction"), gains, strict=True))),
        say.words("report.methods.spans", burn_in=scenario.run.burn_in_weeks, warm_up=scenario.run.warm_up_weeks,
                  weeks=scenario.run.weeks),
        say.words("report.methods.smallest", decision=f"{100 * declared.smallest_decision:g}",
                  retention=f"{declared.smallest_retention:g}", satisfaction=f"{declared.smallest_satisfaction:g}"),
        say.words("report.methods.model"),
        say.words("report.methods.replay", command=f"firmlab replay {key[:12]} --in {study.folder.as_posix()}"),
    ]  # fmt: skip
    rows = [_study("comparison", study, is_shipped(study.folder), say)]
    rows += [_study(name, found.study, found.shipped, say) for name, found in findings.evidence.found.items()]
    names = ("study", "folder", "runs", "revision", "written", "command")
    head = [say.words(f"report.methods.{name}") for name in names]
    table = Table(say.words("report.methods.studies"), head, rows, kind="studies")
    return Section("methods", say.words("report.section.methods"), [Bullets(items), table])


def _study(part: str, study: "Stored", is_shipped: bool, say: Say) -> list[Cell]:
    manifest = study.manifest
    whose = say.words("report.methods.provided" if is_shipped else "report.methods.yours")
    versions = f"{str(manifest.get('model'))[:8]}, {manifest.get('revision')}"
    return [say.words(f"report.methods.parts.{part}"), f"{study.folder.name} ({whose})", str(len(study.runs)), versions,
            str(manifest.get("written", ""))[:10], command(study)]  # fmt: skip
