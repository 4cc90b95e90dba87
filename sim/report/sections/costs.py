"""What it costs, beside what it brings, and the same in the reader's own money."""

from sim.report.blocks import Block, Cell, Section, Table, Text
from sim.report.findings import Findings
from sim.report.say import Say
from sim.report.sections.effects import SURE, row

# Everything of which one way is better, headlines first; what is clearly better is brought, what is worse is paid.
WEIGHED = (
    "decision_hours_median", "decision_hours_p90", "omission_rate", "request_hours_p90", "first_contact_resolution",
    "retention_12m", "attachment", "utilization_max", "product_gap", "profit_per_seat", "satisfaction", "churn",
    "commission_rate", "failures_felt", "request_hours_median", "attachment_managers", "exposure_product",
    "exposure_desk", "exposure_manager", "panel_hours", "circle_hours", "introduction_hours", "fees",
    "ecosystem_value", "partner_retention",
)  # fmt: skip


def section(findings: Findings, say: Say) -> Section:
    """Two tables: what is clearly better, what is clearly worse; and a list of what is neither."""
    brings: list[str] = []
    takes: list[str] = []
    unclear: list[str] = []
    for measure in WEIGHED:
        found = findings.row(measure)
        gain = found["difference"] * (1 if found["better"] == "more" else -1)
        if found["p_adjusted"] <= SURE:
            (brings if gain > 0 else takes).append(measure)
        else:
            unclear.append(say.measure(measure))
    blocks: list[Block] = [Text(say.words("report.costs.lead"), "lead")]
    blocks += [_listed(title, names, findings, say) for title, names in (("brings", brings), ("takes", takes))]
    if unclear:
        blocks.append(Text(say.words("report.costs.unclear", measures=say.listed(unclear)), "note"))
    return Section("costs", say.words("report.section.costs"), blocks)


def _listed(title: str, measures: list[str], findings: Findings, say: Say) -> Table:
    rows: list[list[Cell]] = [row(measure, findings, say)[:4] for measure in measures]
    head = [say.words("report.effects.measure"), say.design(findings.reference), say.design(findings.design),
            say.words("report.effects.difference")]  # fmt: skip
    caption = say.words(f"report.costs.{title}")
    return Table(caption, head, rows or [[say.words("report.costs.none"), "", "", ""]], kind=title)
