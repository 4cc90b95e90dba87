"""Figures of a sweep, drawn with matplotlib (the extra `study`).

Each says its unit, its replications, what its bars are and how to make it again. Colour is never the only cue.
"""

import textwrap
from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.scenario import ScenarioError
from sim.study.durable import replace

if TYPE_CHECKING:
    import pandas as pd

BLUE, ORANGE, GREY = "#1b4f72", "#d35400", "#8a8a8a"
WON = {"wins": ("#f6cfae", "+"), "loses": ("#bcd3e3", "−"), "undecided": ("#eeeeee", "?")}  # colour, second cue
WHITE, SMALL = "#ffffff", 8
# Text stays text, so that files are small and can be searched; the salt makes equal figures equal files.
LOOKS = {"font.size": 10, "svg.fonttype": "none", "svg.hashsalt": "firmlab", "font.family": "sans-serif"}


def figures(tables: "dict[str, pd.DataFrame]", title: str, command: str) -> dict[str, Any]:
    """Every figure that the tables of a sweep allow, by name."""
    import matplotlib as mpl

    with mpl.rc_context(LOOKS):
        drawn = {name: DRAW[name](table, title, command) for name, table in tables.items() if name in DRAW}
    return {name: figure for name, figure in drawn.items() if figure is not None}


def save(drawn: dict[str, Any], folder: Path) -> list[Path]:
    """Write figures as SVG, which needs no browser and prints well."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    paths = []
    for name, figure in drawn.items():
        paths.append(folder / f"{name}.svg")
        content = BytesIO()
        with mpl.rc_context(LOOKS):
            figure.savefig(content, format="svg", metadata={"Date": None})
        replace(paths[-1], content.getvalue())
        plt.close(figure)
    return paths


def require_matplotlib() -> None:
    """Raises ScenarioError where the extra is not installed."""
    if find_spec("matplotlib") is None:
        raise ScenarioError("figures need matplotlib; python -m pip install 'firmlab[study]' installs it.")


def attribution_figure(table: "pd.DataFrame", title: str, command: str) -> Any:
    """Shapley values of the six levers, one panel a measure; beside them each lever alone and as the last of six."""
    measures = list(dict.fromkeys(table["measure"]))
    figure, axes = _panels(len(measures))
    for place, (panel, measure) in enumerate(zip(axes, measures, strict=True)):
        rows = table[(table["measure"] == measure) & (table["kind"] != "interaction")].set_index(["kind", "lever"])
        shapley = rows.loc["shapley"]
        levers = [*shapley.index, "settings"]
        bars = [shapley.loc[lever] for lever in shapley.index] + [rows.loc[("settings", "")]]
        for row, (lever, bar) in enumerate(zip(levers, bars, strict=True)):
            colour = GREY if lever == "settings" else BLUE
            panel.barh(row, bar["estimate"], height=0.62, color=colour, alpha=0.85)
            panel.errorbar(bar["estimate"], row, xerr=bar["high"] - bar["estimate"], color="black", capsize=3)
        for kind, marker in (("alone", "o"), ("last", "D")):
            values = [rows.loc[(kind, lever)]["estimate"] for lever in shapley.index]
            panel.plot(values, range(len(values)), marker, color=ORANGE, markersize=5, markerfacecolor=WHITE)
        total = rows.loc[("total", "")]["estimate"]
        panel.set_title(f"{_words(measure)}\nall six: {_signed(total)}", fontsize=10, loc="left")
        panel.set_yticks(range(len(levers)), levers if place == 0 else [""] * len(levers))
        panel.set_xlabel(rows["unit"].iloc[0])
        panel.locator_params(axis="x", nbins=5)
        panel.axvline(0, color="black", linewidth=0.8)
        panel.invert_yaxis()
    replications = int(table["replications"].max())
    _explain(figure, title, (
        f"Bars: Shapley value of each lever with its 95 % interval over {replications} twin firms; they add up to “all "
        "six”, all levers open less all closed. Circles: the lever opened alone; diamonds: as the last of six. "
        "Settings (public channel, reserve): what the social firm adds to all six."
    ), command)  # fmt: skip
    return figure


def sensitivity_figure(table: "pd.DataFrame", title: str, command: str) -> Any:
    """The twelve factors that the difference depends on most, one panel a measure."""
    measures = list(dict.fromkeys(table["measure"]))
    figure, axes = _panels(len(measures), width=4.2)
    both = [("total", ORANGE, "o", -0.15), ("first", BLUE, "s", 0.15)]  # colour, marker, place beside the line
    indices = both if "total" in table else [("mu_star", BLUE, "o", 0.0)]
    for panel, measure in zip(axes, measures, strict=True):
        rows = table[table["measure"] == measure].head(12)
        for index, colour, marker, beside in indices:
            half = rows[f"{index}_high"] - rows[index]
            places = [place + beside for place in range(len(rows))]
            panel.errorbar(rows[index], places, xerr=half, fmt=marker, color=colour, capsize=2, label=index)
        panel.set_yticks(range(len(rows)), [name.removeprefix("world.") for name in rows["factor"]])
        panel.set_title(_words(measure), fontsize=10, loc="left")
        panel.set_xlabel("share of variance" if "total" in table else f"mu*, {rows['unit'].iloc[0]} over the range")
        panel.axvline(0, color="black", linewidth=0.8)
        panel.invert_yaxis()
    axes[0].legend(frameon=False, fontsize=SMALL)
    _explain(figure, title, (
        f"What the difference between the designs depends on, at {int(table['used'].max())} "
        f"{'base rows' if 'total' in table else 'trajectories'}, {int(table['pairs'].max())} twin firms a point. "
        "Bars: 95 % bootstrap intervals. The twelve largest."
    ), command)  # fmt: skip
    return figure


def map_figure(table: "pd.DataFrame", title: str, command: str) -> Any:
    """Where the design wins: a cell a pair of levels, a column of panels a level of the third factor."""
    keys = [name for name in table.columns if "." in name]
    if len(keys) not in (2, 3) or table["design"].nunique() > 1 or any(table[key].nunique() > 8 for key in keys):
        return None
    measures = list(dict.fromkeys(table["measure"]))
    across = sorted(table[keys[2]].unique()) if len(keys) == 3 else [None]
    size = (1.2 + 2.5 * len(across), 1.2 + 2.1 * len(measures))
    figure, grid = _plots(len(measures), len(across), size)
    for row, measure in enumerate(measures):
        for column, level in enumerate(across):
            cells = table[(table["measure"] == measure) & (level is None or table[keys[-1]] == level)]
            _map(grid[row][column], cells, keys[0], keys[1])
            if column == 0:
                words = "\n".join(textwrap.wrap(f"{_words(measure)}, {cells['unit'].iloc[0]}", 26))
                grid[row][column].set_ylabel(f"{words}\n\n{keys[1]}", fontsize=SMALL)
            if row == 0 and level is not None:
                grid[row][column].set_title(f"{keys[2]} = {level:g}", fontsize=9)
    _explain(figure, title, (
        f"Number: {table['design'].iloc[0]} less {table['reference'].iloc[0]}, mean of {int(table['pairs'].max())} "
        "twin firms. + orange: the design wins, − blue: it loses, ? grey: undecided (paired t test, "
        "Benjamini–Hochberg at 5 % over the cells of a measure)."
    ), command)  # fmt: skip
    return figure


def _map(panel: Any, cells: "pd.DataFrame", across: str, up: str) -> None:
    columns, rows = sorted(cells[across].unique()), sorted(cells[up].unique())
    for cell in cells.to_dict(orient="records"):
        x, y = columns.index(cell[across]), rows.index(cell[up])
        colour, sign = WON[cell["verdict"]]
        panel.add_patch(_rectangle(x, y, colour))
        words = f"{sign}\n{_signed(cell['difference'])}"
        panel.text(x, y, words, ha="center", va="center", fontsize=7, linespacing=0.95)
    panel.set_xlim(-0.5, len(columns) - 0.5)
    panel.set_ylim(-0.5, len(rows) - 0.5)
    panel.set_xticks(range(len(columns)), [f"{value:g}" for value in columns], fontsize=SMALL)
    panel.set_yticks(range(len(rows)), [f"{value:g}" for value in rows], fontsize=SMALL)
    panel.set_xlabel(across, fontsize=SMALL)


def _rectangle(x: int, y: int, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor=WHITE)


def _panels(count: int, width: float = 3.2) -> tuple[Any, Sequence[Any]]:
    figure, grid = _plots(1, count, (1.2 + width * count, 4.2))
    for panel in grid[0]:
        panel.grid(axis="x", color="#e5e5e5")
        panel.set_axisbelow(True)
        for side in ("top", "right", "left"):
            panel.spines[side].set_visible(False)
        panel.tick_params(axis="y", length=0)
    return figure, grid[0]


def _plots(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    import matplotlib.pyplot as plt

    return plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)


def _explain(figure: Any, title: str, words: str, command: str) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    wide = int(figure.get_figwidth() * 15)
    lines = [*textwrap.wrap(words, wide), f"Again: {command}"]
    figure.supxlabel("\n".join(lines), x=0.01, ha="left", fontsize=SMALL, color="#444444")


def _signed(value: float) -> str:
    """Three digits that matter, without an exponent."""
    return f"{value:+.0f}" if abs(value) >= 100 else f"{value:+.3g}"


def _words(measure: str) -> str:
    return measure.replace("_", " ")


DRAW = {"attribution": attribution_figure, "sensitivity": sensitivity_figure, "points": map_figure}
