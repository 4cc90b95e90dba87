"""Writes the tables and pictures of studies.md from the stored studies: python docs/studies.py.

What is not in results/ yet is run: the factorial, the map, the ranges and the sizes, half an hour on two cores.
"""

from pathlib import Path

from marks import write

from sim import analyse, sweep
from sim.study.figures import figures, save
from sim.study.paired import HEADLINES

HERE = Path(__file__).parent
FACTORS = {"retention_12m": 100.0}  # per cent
SETTINGS = "settings (beside the sum)"


def cell(row, measure, name="estimate", high="high"):
    """A mean and half its interval."""
    factor, digits = FACTORS.get(measure, 1.0), DIGITS[measure]
    return f"{factor * row[name]:+.{digits}f} ± {factor * (row[high] - row[name]):.{digits}f}"


WINS = ("share", "low", "high", "pair_low", "pair_high", "wins", "loses", "undecided")
DIGITS = {"decision_hours_median": 2, "retention_12m": 2, "satisfaction": 2, "profit_per_seat": 0}


def shapley(table):
    """Shapley values: a line a lever, a column a measure."""
    rows = table.set_index(["kind", "lever", "measure"])
    lines = ["| lever | decision median, h | retention, % | satisfaction | profit a seat |"]
    lines.append("|---|---:|---:|---:|---:|")
    levers = list(dict.fromkeys(table.loc[table["kind"] == "shapley", "lever"]))
    wanted = [("shapley", lever, lever) for lever in levers]
    for kind, lever, words in [*wanted, ("total", "", "**all six**"), ("settings", "", SETTINGS)]:
        cells = [cell(rows.loc[(kind, lever, measure)], measure) for measure in DIGITS]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    strongest = table[table["kind"] == "interaction"].copy()
    lines += ["", "Strongest interactions:", ""]
    for measure, group in strongest.groupby("measure", sort=False):
        row = group.loc[group["estimate"].abs().idxmax()]
        value = cell(row, measure)
        lines.append(f"- {measure}: {row['lever']} with {row['other']}, {value}")
    return lines


def wins(table):
    """A line a measure."""
    lines = ["| measure | wins, % of the ranges | 95 % interval | single pairs | decided for | against | undecided |"]
    lines.append("|---|---:|---:|---:|---:|---:|---:|")
    for row in table.to_dict(orient="records"):
        cells = [f"{100 * row[name]:.0f}" for name in WINS]
        ends = f"{cells[1]} to {cells[2]} | {cells[3]} to {cells[4]}"
        lines.append(f"| {row['measure']} | {cells[0]} | {ends} | {' | '.join(cells[5:])} |")
    return lines


def boxes(table):
    """A line a box."""
    lines = ["| measure | box | conditions | wins inside, % | of all wins, % | of all points, % |"]
    lines.append("|---|---:|---|---:|---:|---:|")
    for (measure, number), rows in table.groupby(["measure", "box"], sort=False):
        conditions = []
        for row in rows.to_dict(orient="records"):
            key = row["factor"].removeprefix("world.")
            low, high = row["lower"], row["upper"]
            if abs(low) < float("inf"):
                key = f"{low:.2g} ≤ {key}"
            conditions.append(f"`{key} ≤ {high:.2g}`" if abs(high) < float("inf") else f"`{key}`")
        first = rows.iloc[0]
        shares = [f"{100 * first[name]:.0f}" for name in ("density", "coverage", "mass")]
        lines.append(f"| {measure} | {number} | {', '.join(conditions)} | {' | '.join(shares)} |")
    return lines


def sizes(table):
    """A line a size, a column a headline."""
    lines = ["| seats | pairs | decision median, h | retention, % | satisfaction |", "|---:|---:|---:|---:|---:|"]
    for seats, rows in table.groupby("world.staff"):
        found = rows.set_index("measure")
        cells = [cell(found.loc[name], name, "difference", "difference_high") for name in HEADLINES]
        lines.append(f"| {seats} | {found['pairs'].max()} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Run what is missing, write tables and pictures."""
    names = {"factorial": "attribution", "where-hierarchy-wins": "points", "ranges": "wins", "size": "points"}
    studies = {name: sweep(name) for name in names}
    found = {name: analyse(study).tables for name, study in studies.items()}
    for name, picture in (("factorial", "attribution"), ("where-hierarchy-wins", "win-map")):
        table = names[name]
        drawn = figures({table: found[name][table]}, studies[name].sweep.question, f"firmlab sweep {name}")
        save({picture: drawn[table]}, HERE / "pictures")
    parts = {"shapley": shapley(found["factorial"]["attribution"])}
    parts |= {"wins": wins(found["ranges"]["wins"]), "boxes": boxes(found["ranges"]["boxes"])}
    write(HERE / "studies.md", parts | {"size": sizes(found["size"]["points"])})


if __name__ == "__main__":
    main()
