# ---
# jupyter:
#   jupytext:
#     cell_markers: r"""
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# Where hierarchy wins

**Question.** In which worlds does the traditional firm do better than the social one?

"Better" needs a measure, and the answer is another for each. This notebook asks it of the headlines and of profit, over
two assumptions of the world: how much there is to do (`load`), and what a bad decision costs once it is discovered
(`error_cost`). First a map, where one sees the border; then the share of the ranges in which the social firm wins, with
an interval; then boxes, which say in a sentence where that is.

The firm here is small (31 seats, one year) with few pairs, to take seconds; **its figures are not the baseline's**.
Those of the baseline (156 seats, three years) stand in [studies](../docs/studies.md): the map is `firmlab sweep
where-hierarchy-wins`, with turbulence as a third axis and ten pairs a point, the shares are `firmlab sweep ranges`,
over five assumptions. Each takes about as long as `firmlab sweep factorial` (about ten minutes on two cores);
`--dry-run` says how long here.
"""

# %%
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from sim import Scenario, World, analyse, sweep
from sim.study.figures import figures

pd.options.display.float_format = "{:.3f}".format
scratch = tempfile.TemporaryDirectory()  # a real study leaves this out, and finds its runs in results/
folder = Path(scratch.name)

small = ["world.staff=31", "run.burn_in_weeks=4", "run.warm_up_weeks=0", "run.weeks=50"]
(folder / "small.toml").write_text(Scenario.load("baseline").override(small).to_toml(), encoding="utf-8")
about = {name: World.model_fields[name] for name in ("load", "error_cost")}
for name, field in about.items():
    low, high = field.json_schema_extra["typical"]
    print(f"{name} = {field.default:g} ({low:g} to {high:g}; {field.json_schema_extra['source']}): {field.description}")

# %% [markdown]
r"""
## A map

Nine points, at each six pairs of twins.
"""

# %%
MEASURES = ("decision_hours_median", "retention_12m", "satisfaction", "profit_per_seat")
COMMON = f"""
scenario = "small.toml"
designs = ["traditional", "social"]
measures = {list(MEASURES)}
"""
(folder / "map.toml").write_text(
    f"""
question = "Where does hierarchy win?"
{COMMON}
replications = 6
[plan]
kind = "grid"
[[factor]]
key = "world.load"
levels = [0.5, 1.0, 2.0]
[[factor]]
key = "world.error_cost"
levels = [0.5, 4.0, 20.0]
""",
    encoding="utf-8",
)
study = sweep(folder / "map.toml", workers=1, out=folder / "map")
points = analyse(study).tables["points"]
shown = points[points["measure"].isin(["satisfaction", "profit_per_seat"])]
drawn = figures({"points": shown}, f"{study.sweep.question} (31 seats)", "firmlab sweep map.toml")
plt.show()

# %% [markdown]
r"""
## Which headline is it about?

The two panels say different things, and the two that are not drawn say nothing of a border:
"""

# %%
told = points.groupby(["measure", "verdict"]).size().unstack(fill_value=0).loc[list(MEASURES)]
along = points.groupby(["measure", "world.load"])["difference"].agg(lambda cells: cells.max() - cells.min())
moved = along.groupby("measure").max()

headlines = list(MEASURES[:3])
assert (moved[headlines] == 0).all()  # the cost of an error moves no headline at all
assert moved["profit_per_seat"] > 0
assert told.loc["decision_hours_median", "wins"] == len(study.experiment.values)
assert told.loc["satisfaction", ["wins", "loses"]].min() > 0
assert told.loc["profit_per_seat", ["wins", "loses"]].min() > 0
told.rename_axis(index="cells of the map", columns=None)

# %% [markdown]
r"""
- **Speed.** The social firm wins everywhere. Its rule makes it so (most decisions ask nobody), and no map changes that.
- **Retention.** These few small firms do not tell.
- **Satisfaction** turns along the load, and along it only. What an error costs the firm is money: it moves no headline.
- **Profit** turns along both. It is no headline but explores: a finding about it is one to test again with other seeds.

So "hierarchy wins where errors are dear" is a sentence about *profit*, and "open rules win under load" one about
*customers*. A sentence without its measure says nothing.

## Why a map and not one number

One number is a mean over worlds, and the mean is made by whoever chose the worlds:
"""

# %%
profit = points[points["measure"] == "profit_per_seat"].set_index(["world.load", "world.error_cost"])["difference"]
cheap, dear = profit[profit.index.get_level_values(1) < 4], profit[profit.index.get_level_values(1) > 4]
assert cheap.mean() > 0 > dear.mean()
assert profit.loc[2.0, 4.0] > 0 > profit.loc[0.5, 4.0]
for words, cells in (("all nine", profit), ("those with cheap errors", cheap), ("those with dear errors", dear)):
    print(f"mean gain in profit over {words}: {cells.mean():+.0f} hours' wages a seat and year")

# %% [markdown]
r"""
Nobody knows how often a real firm lives in which cell. The map shows the border, and a reader who knows her firm finds
her own place.

## In what share of the ranges?

A share is a number too, but one that says what it is a share of: the ranges that the two keys declare worth trying,
covered evenly by Sobol' points. A range that spans a factor of twenty or more is covered evenly in the logarithm.
"""

# %%
(folder / "ranges.toml").write_text(
    f"""
question = "In what share of the ranges does the social firm win?"
{COMMON}
replications = 3
factor = [{{ key = "world.load" }}, {{ key = "world.error_cost" }}]
[plan]
kind = "sobol"
points = 64
""",
    encoding="utf-8",
)
ranges = sweep(folder / "ranges.toml", workers=1, out=folder / "ranges")
for factor in ranges.experiment.factors:
    print(f"{factor.key}: {factor.low:g} to {factor.high:g}{', in the logarithm' if factor.logarithmic else ''}")

# %%
found = analyse(ranges)
wins = found.tables["wins"].set_index("measure")
assert (wins["low"] <= wins["share"]).all()
assert (wins["share"] <= wins["high"]).all()
wins[["share", "low", "high", "wins", "loses", "undecided", "points"]]

# %% [markdown]
r"""
- `share`: points at which the mean difference is on the better side. `low`, `high`: its 95 % interval (Wilson),
  $\bigl(\hat p + z^2/2n \pm z\sqrt{\hat p(1-\hat p)/n + z^2/4n^2}\bigr) / (1 + z^2/n)$ with $z = 1.96$ and $n$ points.
- `wins`, `loses`, `undecided`: points by the interval of their own three pairs. Three pairs are few, so many are
  undecided.

**What this interval covers.** Which points of the ranges were drawn, and nothing else. The same three pairs stand at
every point, so their luck is not averaged out by more points. The share of each pair alone shows how much that is:
"""

# %%
better = {name: 1 if wins.loc[name, "better"] == "more" else -1 for name in MEASURES}
alone = pd.DataFrame({name: (better[name] * ranges.differences(name, "social") > 0).mean(axis=0) for name in MEASURES})
alone.index = [f"pair {number}" for number in range(len(alone))]

wide = wins["high"] - wins["low"]
for name in ("retention_12m", "satisfaction"):
    assert np.ptp(alone[name]) > wide[name]  # the pairs lie farther apart than the interval is wide
assert np.ptp(alone["profit_per_seat"]) < 0.1
alone.T.rename_axis("share of points won by")

# %% [markdown]
r"""
Retention is the warning: its share looks decided, and each pair says something else. That of satisfaction, too, hangs
on the pair more than its interval says; that of profit hardly does. Where a row differs much, take more pairs, not more
points.

## Boxes

PRIM peels thin slices off the ranges where the social firm wins seldom, and keeps a limit only if chance would seldom
do as well. What stays is a box of plain conditions: `density` of its points won, `coverage` of all wins inside, `mass`
of all points inside.
"""

# %%
boxes = found.tables["boxes"].set_index(["measure", "box", "factor"])
boxes[["lower", "upper", "density", "coverage", "mass"]]

# %%
figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
values = np.array(ranges.experiment.values)
ends = [(factor.low, factor.high) for factor in ranges.experiment.factors]
for panel, measure in zip(panels, ("satisfaction", "profit_per_seat"), strict=True):
    won = ranges.differences(measure, "social").mean(axis=1) > 0
    panel.plot(*values[won].T, "o", color="#d35400", markersize=5, label="social firm wins")
    panel.plot(*values[~won].T, "x", color="#1b4f72", markersize=5, label="it loses")
    first = boxes.loc[measure].loc[1]
    (left, right), (bottom, top) = (
        (max(low, first["lower"].get(key, low)), min(high, first["upper"].get(key, high)))
        for key, (low, high) in zip(("world.load", "world.error_cost"), ends, strict=True)
    )
    panel.add_patch(Rectangle((left, bottom), right - left, top - bottom, fill=False, edgecolor="#d35400"))
    panel.set(yscale="log", xlabel="world.load")
    panel.set_title(measure.replace("_", " "), fontsize=10, loc="left")
panels[0].set_ylabel("world.error_cost")
figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=2, frameon=False, fontsize=8)
figure.suptitle("64 points, mean of 3 pairs; the line is the first box", x=0.01, ha="left", fontsize=10)
plt.show()

# %%
load, cost = boxes.loc["satisfaction"].loc[1], boxes.loc["profit_per_seat"].loc[1]
assert list(load.index) == ["world.load"]
assert "world.error_cost" in cost.index
assert np.isinf(load["upper"].iloc[0])
print(f"Customers are better off in the social firm where load is above {load['lower'].iloc[0]:.1f}.")
upper, inside, of_all = cost.loc["world.error_cost", ["upper", "density", "coverage"]]
print(f"Profit is higher where an error costs less than {upper:.1f} stakes:")
print(f"it wins at {100 * inside:.0f} % of the points inside, which are {100 * of_all:.0f} % of all its wins.")

# %% [markdown]
r"""
A box is a description of these points, with edges as coarse as the points are dense. It is straight where the border is
oblique: on the map, at the middle cost of an error, more load turns the loss in profit into a gain. And its test of a
limit is one for the points, as the interval above: it knows nothing of the luck of three pairs.

## What this does not say

- Two assumptions vary; the others stand at their values, and [many have no source](../docs/parameters.md). Turbulence
  is the next axis to try: in the baseline satisfaction turns along it too ([worlds](../docs/worlds.md)).
- A wider or a narrower range makes another share. The map stays.
- The dear errors here are dear in the books only. A world in which customers feel them as well is the scenario
  `high-stakes`.

Next: [which of the six shifts does it](six-shifts.ipynb), [a rule of your own](own-rule.ipynb).
"""

# %%
scratch.cleanup()
