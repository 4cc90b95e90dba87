"""Writes levers.md: what each lever does to the calibrated baseline, and which unsourced numbers turn a sign.

python docs/levers.py [PAIRS]. Runs that are in results/ already are not computed again; the whole takes a quarter of an
hour on two cores.
"""

import sys
from pathlib import Path

from marks import write

from sim.scenario import Scenario, World
from sim.study.compare import compare

LEVERS = ("contact", "consult", "approve", "connect", "hear", "meet")
HEADLINES = ("decision_hours_median", "retention_12m", "satisfaction")
ALONE = tuple(f"only-{lever}" for lever in LEVERS)
DESIGNS = ("traditional", *ALONE, "all-six", "channel-only", "flexible-hierarchy", "social")
# Measure, words, factor, decimals.
ROWS = (
    ("decision_hours_median", "decision, median h", 1, 2),
    ("decision_hours_p90", "decision, p90 h", 1, 2),
    ("decision_screened_hours_median", "decision with a screen under both, median h", 1, 2),
    ("retention_12m", "retention, %", 100, 1),
    ("turnover", "turnover, % a year", 100, 2),
    ("attachment", "attachment", 1, 3),
    ("attachment_managers", "attachment of managers", 1, 3),
    ("satisfaction", "satisfaction, 0-100", 1, 2),
    ("request_hours_median", "request, median h", 1, 2),
    ("request_hours_p90", "request, p90 h", 1, 2),
    ("first_contact_resolution", "solved at first contact, %", 100, 1),
    ("omission_rate", "good decisions rejected, %", 100, 1),
    ("commission_rate", "bad decisions accepted, %", 100, 1),
    ("churn", "churn, % a year", 100, 2),
    ("word_of_mouth_ratio", "good words per bad one", 1, 2),
    ("active_customers", "customers", 1, 0),
    ("product_gap", "product gap", 1, 3),
    ("failures_felt", "failures felt a seat and year", 1, 2),
    ("utilization_managers", "managers busy, %", 100, 1),
    ("utilization_max", "busiest person, %", 100, 1),
    ("ecosystem_value", "ecosystem value a seat", 1, 1),
    ("fees", "fees a seat", 1, 1),
    ("partner_retention", "partners kept a year, %", 100, 1),
    ("profit_per_seat", "profit a seat", 1, 0),
)
WIDEST, FIRST = 10, "look_up_hours"
HERE = Path(__file__).parent


def baseline() -> Scenario:
    """The baseline with a design for each lever alone and one for all six, at traditional's settings."""
    alone = [f"design.{name}.{lever}=1.0" for name, lever in zip(ALONE, LEVERS, strict=True)]
    together = [f"design.all-six.{lever}=1.0" for lever in LEVERS]
    return Scenario.load("baseline").override([*alone, *together])


def widest_unsourced() -> list[tuple[str, float, float]]:
    """Keys without a source, those first whose range is widest against their value."""
    found = []
    for name, field in World.model_fields.items():
        about = field.json_schema_extra
        if "no source" in about["source"] and "typical" in about and isinstance(field.default, float | int):
            low, high = about["typical"]
            width = (high - low) / abs(field.default) if field.default else float("inf")
            found.append((name != FIRST, -width, name, low, high))
    return [(name, low, high) for _, _, name, low, high in sorted(found)[:WIDEST]]


def differences(scenario: Scenario, pairs: int):
    """Paired differences of every design from the traditional one, by (measure, design)."""
    result = compare(scenario, designs=DESIGNS, replications=pairs, workers=2)
    return result.table.set_index(["measure", "design"])


def lever_table(table) -> list[str]:
    """Markdown: the traditional firm, then what each design changes, with the half-width of the 95 % interval."""
    lines = [f"| | {' | '.join(DESIGNS)} |", f"|---|{'---:|' * len(DESIGNS)}"]
    for measure, words, factor, decimals in ROWS:
        cells = [f"{factor * table.loc[(measure, DESIGNS[0]), 'estimate']:.{decimals}f}"]
        for design in DESIGNS[1:]:
            row = table.loc[(measure, design)]
            half = factor * (row["difference_high"] - row["difference"])
            cells.append(f"{factor * row['difference']:+.{decimals}f} ± {half:.{decimals}f}")
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return lines


def sign(row) -> str:
    """Sign of a difference whose interval leaves zero out, else 0."""
    if row["difference_low"] > 0:
        return "+"
    return "−" if row["difference_high"] < 0 else "0"


def sign_tables(pairs: int, middle) -> list[str]:
    """One table a headline: its sign at the low end, the default and the high end of each range."""

    def at(name: str, end: float):
        return differences(baseline().override([f"world.{name}={end!r}"]), pairs)

    ends = [(name, at(name, low), at(name, high), low, high) for name, low, high in widest_unsourced()]
    lines = []
    for headline in HEADLINES:
        lines += ["", f"### {headline}", "", f"| key | range | {' | '.join(DESIGNS[1:])} |"]
        lines.append(f"|---|---|{':---:|' * (len(DESIGNS) - 1)}")
        for name, low, high, start, stop in ends:
            cells = ["".join(sign(table.loc[(headline, design)]) for table in (low, middle, high))
                     for design in DESIGNS[1:]]  # fmt: skip
            marked = [f"**{cell}**" if {"+", "−"} <= set(cell) else cell for cell in cells]
            lines.append(f"| `{name}` | {start:g} to {stop:g} | {' | '.join(marked)} |")
    return lines


def main(pairs: int) -> None:
    """Compute and write."""
    middle = differences(baseline(), 30)
    write(HERE / "levers.md", {"levers": lever_table(middle), "signs": sign_tables(pairs, middle)})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
