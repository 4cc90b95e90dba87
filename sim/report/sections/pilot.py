"""The next step: a pilot, what to measure in it, and when to stop."""

import math

from sim.report.blocks import Block, Bullets, Section, Text
from sim.report.findings import Findings
from sim.report.say import Say
from sim.report.sections.rests import of_another_firm


def section(findings: Findings, say: Say) -> Section:
    """A pilot: how much of the firm, what to measure in it, when to stop."""
    measured = [say.words(f"report.next.items.{name}") for name in say.words.below("report.next.items")]
    told = [*size(findings, say), *stop(findings, say)]
    blocks: list[Block] = [
        Text(say.words("report.next.lead"), "lead"),
        *(Text(one) for one in taken(findings, say)),
        Bullets(measured, say.words("report.next.measure")),
        *(Text(one) for one in told),
    ]
    return Section("next", say.words("report.section.next"), blocks)


def stop(findings: Findings, say: Say) -> list[str]:
    """When to stop: satisfaction falls, or more of the decisions that were taken turn out bad than the model has it."""
    satisfaction = findings.answers[2]
    smallest = say.value(satisfaction.measure, satisfaction.smallest)
    reference, own = (findings.bad_among_taken(name) for name in (findings.reference, findings.design))
    told = [say.words("report.next.stop", satisfaction=smallest)]
    if own > reference:
        shares = {"reference": say.number(100 * reference, 1), "own": say.number(100 * own, 1)}
        told.append(say.words("report.next.stop_reversed", rise=say.number(100 * (own - reference), 1), **shares))
    return told


def taken(findings: Findings, say: Say) -> list[str]:
    """Which shifts the pilot takes up."""
    take = [say.words(f"report.shift.{one}") for one in findings.sorted_shifts["take"] if one != "settings"]
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
    if retention.verdict.matters and math.isfinite(needed):
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
