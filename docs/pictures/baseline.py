"""Draws baseline.svg: python docs/pictures/baseline.py [FOLDER of results]. What is not there yet is run."""

import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from sim import compare

HOURS = {
    "decision_hours_median": "decisions, median",
    "decision_hours_p90": "decisions, 9 of 10 within",
    "request_hours_median": "requests, median",
    "request_hours_p90": "requests, 9 of 10 within",
}
SHARES = {
    "retention_12m": "staff still there after a year",
    "satisfaction": "customers' satisfaction (0 to 100)",
    "omission_rate": "good decisions rejected",
    "commission_rate": "bad decisions accepted",
    "utilization_managers": "managers' hours on cases",
    "utilization_max": "busiest person's hours on cases",
}
LOOKS = {"traditional": ("#1b4f72", "s"), "social": ("#d35400", "o")}  # a second cue beside the colour


def panel(axes, table, rows, scale, label):
    """A row a measure: both designs with the interval of their mean, joined by a line."""
    for place, measure in enumerate(rows):
        factor = 1 if measure == "satisfaction" else scale
        values = [factor * table.loc[(measure, design), "estimate"] for design in LOOKS]
        axes.plot(values, [place, place], color="#b0b0b0", linewidth=2, zorder=1)
        for design, (colour, marker) in LOOKS.items():
            row = table.loc[(measure, design)]
            half = factor * (row["high"] - row["estimate"])
            axes.errorbar(factor * row["estimate"], place, xerr=half, color=colour, marker=marker, markersize=8,
                          capsize=3, linestyle="", label=design if place == 0 else None)  # fmt: skip
    axes.set_yticks(range(len(rows)), rows.values())
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel(label)
    axes.grid(axis="x", color="#e5e5e5")
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)


mpl.rcParams |= {"svg.hashsalt": "firmlab", "font.size": 11}
result = compare("baseline", out=sys.argv[1] if len(sys.argv) > 1 else None)
table = result.table.set_index(["measure", "design"])
figure, (left, right) = plt.subplots(1, 2, figsize=(12.5, 4.4), layout="constrained")
panel(left, table, HOURS, 1, "working hours from birth to disposition")
panel(right, table, SHARES, 100, "%, or points of 100")
figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False)
figure.supxlabel(
    f"Baseline, 156 seats, {result.runs['replication'].nunique()} pairs of twins, three years each. Bars (mostly "
    "smaller than the marks): 95 % intervals of the mean over firms. make compare", fontsize=9, color="#555555"
)  # fmt: skip
figure.savefig(Path(__file__).with_suffix(".svg"), metadata={"Date": None})
