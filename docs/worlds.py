"""Writes worlds.md: the headlines of every scenario, and the difference along five axes of the world.

python docs/worlds.py [PAIRS]. Runs that are in results/ already are not computed again; the giant is left out, it has a
command of its own (`firmlab compare giant`).
"""

import sys
from pathlib import Path

from marks import write

from sim.scenario import Scenario
from sim.study.compare import compare

HERE = Path(__file__).parent
DESIGNS = ("traditional", "social")
HEADLINES = (
    ("decision_hours_median", 1, 2),
    ("retention_12m", 100, 1),
    ("satisfaction", 1, 1),
    ("profit_per_seat", 1, 0),
)
SCENARIOS = (
    "baseline", "calm", "turbulent", "overload", "start-up", "enterprise", "high-stakes", "complaint-storm",
    "remote-work", "birthday-order", "blocked-inside", "key-people-leave", "manager-resistance", "change-programme",
    "volvo-it",
)  # fmt: skip
AXES = {
    "turbulence": (0.0, 0.35, 0.8, 1.2),
    "load": (0.5, 1.0, 1.5, 2.5),
    "error_cost": (0.5, 2.0, 8.0, 20.0),
    "interdependence": (0.05, 0.3, 0.6, 1.0),
    "staff": (31, 156, 781),
}


def rows_of(scenario: Scenario, designs: tuple[str, ...], pairs: int):
    """Table of a comparison, by (measure, design)."""
    result = compare(scenario, designs=designs, replications=pairs, workers=2)
    return result.table.set_index(["measure", "design"])


def level(table, measure: str, design: str, factor: float, decimals: int) -> str:
    """A mean over firms."""
    value = factor * table.loc[(measure, design), "estimate"]
    return "–" if value != value else f"{value:.{decimals}f}"


def change(table, measure: str, design: str, factor: float, decimals: int) -> str:
    """A paired difference with half its 95 % interval; bold where that leaves zero out."""
    row = table.loc[(measure, design)]
    if row["difference"] != row["difference"]:
        return "–"
    half = factor * (row["difference_high"] - row["difference"])
    text = f"{factor * row['difference']:+.{decimals}f} ± {half:.{decimals}f}"
    return f"**{text}**" if row["difference_low"] > 0 or row["difference_high"] < 0 else text


def scenario_table(pairs: int) -> list[str]:
    """A line for each scenario and for each of its designs after the first."""
    names = " | ".join(f"{measure}, traditional | change" for measure, _, _ in HEADLINES)
    lines = [f"| scenario | design | {names} |", f"|---|---|{'---:|---:|' * len(HEADLINES)}"]
    for name in SCENARIOS:
        scenario = Scenario.load(name)
        table = rows_of(scenario, scenario.designs, min(pairs, scenario.run.replications))
        for design in scenario.designs[1:]:
            cells = [cell(table, measure, at, factor, decimals) for measure, factor, decimals in HEADLINES
                     for cell, at in ((level, scenario.designs[0]), (change, design))]  # fmt: skip
            lines.append(f"| {name} | {design} | {' | '.join(cells)} |")
    return lines


def axis_table(pairs: int) -> list[str]:
    """Social less traditional along each axis."""
    names = " | ".join(measure for measure, _, _ in HEADLINES)
    lines = [f"| axis | value | {names} | decided by the clock, traditional |"]
    lines.append(f"|---|---:|{'---:|' * (len(HEADLINES) + 1)}")
    for axis, values in AXES.items():
        for value in values:
            table = rows_of(Scenario.load("baseline").override([f"world.{axis}={value!r}"]), DESIGNS, pairs)
            cells = [change(table, measure, "social", factor, decimals) for measure, factor, decimals in HEADLINES]
            clock = f"{100 * table.loc[('default_share', 'traditional'), 'estimate']:.1f} %"
            lines.append(f"| `{axis}` | {value:g} | {' | '.join(cells)} | {clock} |")
    return lines


def main(pairs: int) -> None:
    """Compute and write."""
    write(HERE / "worlds.md", {"axes": axis_table(pairs)})
    write(HERE / "worlds.md", {"scenarios": scenario_table(pairs)})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
