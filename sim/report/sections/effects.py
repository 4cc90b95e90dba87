"""How big the difference is and how sure: every pair of twins, and a table of everything that is measured."""

from sim.report import charts
from sim.report.blocks import Cell, Chart, Section, Table, Text
from sim.report.findings import Findings
from sim.report.say import SCALES, Say
from sim.report.sections.rests import footer
from sim.study.paired import HEADLINES

GROUPS: dict[str, tuple[str, ...]] = {
    "headlines": HEADLINES,
    "decisions": ("decision_hours_mean", "decision_hours_p90", "decision_screened_hours_median", "omission_rate",
                  "commission_rate", "decision_value"),
    "customers": ("request_hours_median", "request_hours_p90", "first_contact_resolution", "experience", "churn",
                  "word_of_mouth_ratio", "product_gap"),
    "people": ("turnover", "attachment", "attachment_managers", "utilization_managers", "utilization_max"),
    "money": ("ecosystem_value", "fees", "profit_per_seat"),
}  # fmt: skip
SURE = 0.05


def section(findings: Findings, say: Say) -> Section:
    """The paired effects."""
    table = effects(findings, say)
    lead = Text(say.words("report.effects.lead"), "lead")
    return Section("effects", say.words("report.section.effects"), [lead, pairs(findings, say), table])


def pairs(findings: Findings, say: Say) -> Chart:
    """One dot a pair of twin firms, a panel a headline."""
    study, panels, rows, told = findings.comparison, [], [], []
    for answer in findings.answers:
        measure, factor = answer.measure, SCALES[answer.measure].factor
        values = study.differences_at_base(measure, findings.reference, findings.design)
        title = f"{say.headline(measure)}, {say.unit(measure, of_difference=True)}"
        shown = [factor * float(value) for value in values if value == value]
        panels.append(
            charts.Spread(title, shown, factor * answer.difference, factor * answer.low, factor * answer.high)
        )
        half = say.with_interval(measure, answer.difference, answer.high, signed=True)
        told.append(f"{title}: {half}.")
        rows.append([title, *(say.number(factor * float(value), 2, signed=True) for value in values)])
    head = [say.words("report.effects.measure"), *(str(k) for k in range(1, findings.comparison.pairs + 1))]
    title = say.words("report.effects.chart", design=say.design(findings.design),
                      reference=say.design(findings.reference))  # fmt: skip
    alt = say.words("report.effects.chart_alt", sentences=" ".join(told))
    behind = Table(title, head, rows, kind="wide")
    return Chart("pairs", title, alt, charts.spreads(panels), behind, footer=footer(study, say))


def effects(findings: Findings, say: Say) -> Table:
    """A row a measure: both firms, the paired difference, in how many pairs which does better."""
    rows: list[list[Cell]] = []
    groups = []
    for group, measures in GROUPS.items():
        groups.append((len(rows), say.words(f"report.effects.{group}")))
        rows += [row(measure, findings, say) for measure in measures if findings.row(measure)["pairs"]]
    head = [say.words("report.effects.measure"), say.design(findings.reference), say.design(findings.design),
            say.words("report.effects.difference"), say.words("report.effects.twins")]  # fmt: skip
    note = say.words("report.effects.note", pairs=findings.comparison.pairs, design=say.design(findings.design))
    caption = say.words("report.effects.caption")
    return Table(caption, head, rows, f"{note} {footer(findings.comparison, say)}", "effects", groups)


def row(measure: str, findings: Findings, say: Say) -> list[Cell]:
    """One measure; its difference is strong where it is clearly none by chance."""
    found, base = findings.row(measure), findings.row(measure, findings.reference)
    difference = say.with_interval(measure, found["difference"], found["difference_high"], signed=True)
    counts = [found[f"twins_{word}"] for word in ("better", "equal", "worse")]
    told = "–" if counts[0] != counts[0] else " / ".join(str(round(share * found["pairs"])) for share in counts)
    sure = found["p_adjusted"] <= SURE
    return [
        f"{say.measure(measure)}, {say.unit(measure)}".rstrip(", "),
        say.with_interval(measure, base["estimate"], base["high"]),
        say.with_interval(measure, found["estimate"], found["high"]),
        (difference, "strong") if sure else difference,
        told,
    ]
