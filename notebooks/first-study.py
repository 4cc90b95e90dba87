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
# A first study in ten minutes

**Question.** Does a firm decide faster, keep its people and please its customers when gatekeepers give way to open
rules?

firmlab runs one firm twice: once as a *traditional* firm (a desk faces outside, questions climb the chain, managers
approve), once as a *social* firm (whoever knows answers, colleagues ask colleagues, people decide). Both have the same
people, the same customers and the same chance, so whatever differs in the end is the rules' doing.

The firm in this notebook is small, 31 seats watched for one year, so that every cell takes seconds. **Its figures are
not those of the baseline** (156 seats, three years, 30 pairs) and should not be quoted for it. The baseline is computed
by `firmlab compare baseline` (half a minute on two cores), its study of the six rules by `firmlab sweep factorial`
(about ten minutes on two cores).
"""

# %%
import json
import tempfile
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import t as student

from sim import Scenario, World, analyse, compare, replay, sweep
from sim.study.figures import figures

pd.options.display.float_format = "{:.3g}".format
scratch = tempfile.TemporaryDirectory()  # a real study leaves this out, and finds its runs in results/
folder = Path(scratch.name)

SMALL = ["world.staff=31", "run.burn_in_weeks=4", "run.warm_up_weeks=0", "run.weeks=50"]
scenario = Scenario.load("baseline").override(SMALL)

# %% [markdown]
r"""
## 1. Predict first

A prediction that is written after the table is none. Here it stands as data, before anything has run:

- decisions take **less** time, since most of them need nobody's yes;
- **more** people stay, since they have a say and know more colleagues;
- customers are **more** satisfied, since they reach whoever knows.

These three measures are firmlab's headlines. Whatever else a run measures is there to explain them.
"""

# %%
prediction = {"decision_hours_median": "less", "retention_12m": "more", "satisfaction": "more"}

# %% [markdown]
r"""
## 2. Compare

Ten pairs of twin firms. The first design is the reference. (On a machine where firmlab has not run yet, the rules are
compiled first, which takes about two minutes, once.)
"""

# %%
result = compare(scenario, designs=["traditional", "social"], replications=10, workers=1, out=folder / "first")
rows = result.table.set_index(["design", "measure"])
rows.loc["traditional"].loc[list(prediction), ["unit", "estimate", "low", "high"]].rename_axis("traditional firm")

# %%
columns = ["difference", "difference_low", "difference_high", "p_adjusted", "pairing_gain"]
twins = ["twins_better", "twins_equal", "twins_worse"]
social = rows.loc["social"].loc[list(prediction), [*columns, *twins]]
social.rename_axis("social less traditional")

# %% [markdown]
r"""
## 3. Read a row

The pair is the unit. In pair $r$ the two firms share their chance, and only their difference counts:

$$d_r = y_r(\text{social}) - y_r(\text{traditional}), \qquad
\bar d = \frac1n \sum_r d_r, \qquad
\text{interval: } \bar d \pm t_{0.975,\,n-1}\, \frac{s_d}{\sqrt n}$$

- `difference` is $\bar d$, `difference_low` and `difference_high` are its 95 % interval.
- `twins_better`, `twins_equal` and `twins_worse` are shares of pairs, by the measure's own direction: a shorter time is
  better.
- `pairing_gain` is $(s^2_{\text{social}} + s^2_{\text{traditional}}) / s^2_d$: so many times more firms it would take
  to know the difference as well without twins. Around 1, shared chance did not help.
- `p_adjusted` is the p of a t test that the mean difference is zero, adjusted for three headlines (Holm).

The same by hand, from the runs themselves:
"""

# %%
runs = result.runs.pivot(index="replication", columns="design", values="satisfaction")
apart = runs["social"] - runs["traditional"]
half = student.ppf(0.975, len(apart) - 1) * apart.std() / np.sqrt(len(apart))
gain = (runs["social"].var() + runs["traditional"].var()) / apart.var()
print(f"satisfaction: {apart.mean():+.2f} ± {half:.2f}, gain {gain:.1f}")

row = social.loc["satisfaction"]
assert np.isclose(row["difference"], apart.mean())
assert np.isclose(row["difference_high"], apart.mean() + half)
assert np.isclose(row["pairing_gain"], gain)

# %%
figure, panels = plt.subplots(1, 3, figsize=(9, 2.6), layout="constrained")
for panel, measure in zip(panels, prediction, strict=True):
    pairs = result.runs.pivot(index="replication", columns="design", values=measure)
    for pair in pairs[["traditional", "social"]].to_numpy():
        panel.plot([0, 1], pair, "o-", color="#1b4f72", alpha=0.5, markersize=4)
    panel.set_xticks([0, 1], ["traditional", "social"])
    panel.set_xlim(-0.3, 1.3)
    panel.set_title(f"{measure.replace('_', ' ')}, {rows.loc[('social', measure), 'unit']}", fontsize=9, loc="left")
figure.suptitle("A line is a pair of twin firms", x=0.01, ha="left", fontsize=10)
plt.show()

# %% [markdown]
r"""
## 4. Did the prediction hold?

It held if the whole interval lies on the predicted side of zero, and failed if it lies on the other. Else the question
is open: these runs do not tell.
"""


# %%
def outcome(measure):
    """What became of the prediction of this measure."""
    low, high = social.loc[measure, ["difference_low", "difference_high"]]
    side = "more" if low > 0 else "less" if high < 0 else "either"
    return {prediction[measure]: "held", "either": "open"}.get(side, "failed")


found = {measure: outcome(measure) for measure in prediction}
assert found == {"decision_hours_median": "held", "retention_12m": "open", "satisfaction": "failed"}
print("\n".join(f"{measure}: predicted {prediction[measure]}, {how}" for measure, how in found.items()))

# %% [markdown]
r"""
One caution about the prediction that held. Under open rules people decide most cases alone, so the *median* decision
waits for nobody: that it is faster follows from the rule. A fairer measure takes only decisions that somebody else
screens under both rules. They are faster too, by less:
"""

# %%
screened = rows.loc[("social", "decision_screened_hours_median")]
assert social.loc["decision_hours_median", "difference"] < screened["difference"] < 0 > screened["difference_high"]
low, high = screened[["difference_low", "difference_high"]]
print(f"screened under both: {screened['difference']:+.2f} h ({low:+.2f} to {high:+.2f})")

# %% [markdown]
r"""
## 5. What an interval covers

It covers the luck of firms like this one: other people, other customers, other cases under the same assumptions. It
does not cover the assumptions, many of which have no source (part 9).

And it is honest only where differences are roughly normal. In a small firm the rules often change nobody's leaving, so
that most pairs have *exactly* the same retention and the interval rests on the few others. Take forty pairs for the
truth, draw ten of them again and again: how often does their interval hold it? (The twenty runs of part 2 are stored,
so only the new ones are computed.)
"""

# %%
more = compare(scenario, designs=["traditional", "social"], replications=40, workers=1, out=folder / "first")
print(f"{more.reused} runs were there, {more.computed} computed now")


def covered(measure, pairs):
    """How often the interval of so many pairs, drawn from the forty, holds the mean of the forty."""
    drawn = np.random.default_rng(1).choice(apart[measure], (4000, pairs))
    reach = student.ppf(0.975, pairs - 1) * drawn.std(axis=1, ddof=1) / np.sqrt(pairs)
    return (abs(drawn.mean(axis=1) - apart[measure].mean()) <= reach).mean()


forty = more.runs.pivot(index="replication", columns="design", values=list(prediction))
apart = forty.xs("social", axis=1, level=1) - forty.xs("traditional", axis=1, level=1)
of_95 = pd.DataFrame(
    {
        "equal pairs": (apart == 0).mean(),
        "covered by 10 pairs": {measure: covered(measure, 10) for measure in prediction},
        "covered by 40 pairs": {measure: covered(measure, 40) for measure in prediction},
    }
)
assert of_95.loc["satisfaction", "covered by 10 pairs"] > 0.9 > of_95.loc["retention_12m", "covered by 10 pairs"]
assert of_95.loc["retention_12m", "equal pairs"] > 0.5
of_95.rename_axis("of 95 % promised")

# %% [markdown]
r"""
So a 95 % interval of retention from ten pairs of a firm this small is too narrow; take more pairs, or a larger firm.
That of the other two is about as good as it says.

## 6. A sweep over two assumptions

Customers are less satisfied, against the prediction. Two suspects: how many people see a complaint on the public
channel (`visibility`), and how much there is to do (`load`). A sweep file says what varies. Every combination is a
*point*, with twin firms at each.
"""

# %%
(folder / "small.toml").write_text(scenario.to_toml(), encoding="utf-8")
(folder / "grid.toml").write_text(
    """
question = "Is it the public complaints, or the load?"
scenario = "small.toml"
designs = ["traditional", "social"]
replications = 4
measures = ["satisfaction"]

[plan]
kind = "grid"

[[factor]]
key = "world.load"
levels = [0.5, 1.0, 2.0]

[[factor]]
key = "world.visibility"
levels = [1.0, 3.0, 20.0]
""",
    encoding="utf-8",
)
study = sweep(folder / "grid.toml", workers=1, out=folder / "grid")
points = analyse(study).tables["points"]
columns = ["difference", "difference_low", "difference_high", "p_adjusted", "verdict"]
points.set_index(["world.load", "world.visibility"])[columns]

# %%
drawn = figures({"points": points}, study.sweep.question, "firmlab sweep grid.toml")
plt.show()

# %%
apart = points.pivot(index="world.visibility", columns="world.load", values="difference")
assert apart.loc[20.0, 1.0] < apart.loc[1.0, 1.0]  # more eyes, less satisfaction
assert apart.loc[3.0, 2.0] > 0 > apart.loc[3.0, 1.0]  # in an overloaded firm the sign is another
print(f"visibility 1 to 20 at the usual load: {apart.loc[1.0, 1.0]:+.1f} becomes {apart.loc[20.0, 1.0]:+.1f}")
print(f"load 1 to 2 at the usual visibility: {apart.loc[3.0, 1.0]:+.1f} becomes {apart.loc[3.0, 2.0]:+.1f}")

# %% [markdown]
r"""
Both matter, and load turns the sign: where the gatekeepers have more work than hours, customers of the open firm are
better off. A verdict is by the t test of its cell, adjusted for having looked at all nine. Four pairs a cell are few,
and those marked `?` do not tell.

## 7. Where the runs are

A study is a folder. The runs are Parquet files with one row a run; `manifest.json` says what each column means, and
`plan.parquet` which run answers which point. No firmlab is needed to read them.
"""

# %%
for path in sorted(path for path in (folder / "grid").rglob("*") if path.is_file()):
    print(path.relative_to(folder).as_posix())

# %% [markdown]
r"""
With pandas alone:
"""

# %%
plan = pd.read_parquet(folder / "grid" / "plan.parquet")
stored = pd.read_parquet(folder / "grid" / "runs")
joined = plan.merge(stored[["key", "satisfaction"]], on="key")
wide = joined.pivot(index=["world.load", "world.visibility", "replication"], columns="design", values="satisfaction")
by_hand = (wide["social"] - wide["traditional"]).groupby(level=[0, 1]).mean()

there = points.set_index(["world.load", "world.visibility"])["difference"]
assert np.allclose(by_hand, there)  # the same numbers as the table above
meaning = json.loads((folder / "grid" / "manifest.json").read_text(encoding="utf-8"))["columns"]["satisfaction"]
print(f"{len(stored)} runs, {stored.shape[1]} columns\nsatisfaction: {meaning}")

# %% [markdown]
r"""
One query in DuckDB and the same in polars, where they are installed:
"""

# %%
parts = (folder / "grid" / "runs" / "*.parquet").as_posix()
if find_spec("duckdb"):
    import duckdb

    query = """
        select design, "world.load", avg(satisfaction) as satisfaction, count(*) as runs
        from read_parquet(?) where "world.visibility" = 3.0 group by all order by all
    """
    print(duckdb.execute(query, [parts]).df().round(2).to_string(index=False))
if find_spec("polars"):
    import polars

    usual = polars.read_parquet(parts).filter(polars.col("world.visibility") == 3.0)
    grouped = usual.group_by("design", "world.load").agg(polars.col("satisfaction").mean(), runs=polars.len())
    for line in grouped.sort("design", "world.load").iter_rows():
        print("{:>12} {:>5} {:>10.2f} {:>5}".format(*line))

# %% [markdown]
r"""
## 8. Replay one row

A row and its folder hold everything that the run needs. `replay` makes it again and compares every measure to the last
bit; on a terminal, `firmlab replay KEY`.
"""

# %%
row = study.runs.iloc[17]
again = replay(row["key"], folder / "grid")
assert again.differing == ()
print(f"{row['design']} firm, load {row['world.load']:g}, visibility {row['world.visibility']:g}, {row['key'][:8]}…")
print(f"{len(again.measures)} measures made again, {len(again.differing)} differ")

# %% [markdown]
r"""
## 9. Change one assumption

Every number of the world says where it comes from. Here is one without a source:
"""

# %%
about = World.model_fields["look_up_hours"]
print(f"look_up_hours = {about.default:g}: {about.description}")
print(f"source: {about.json_schema_extra['source']}; worth trying: {about.json_schema_extra['typical']}")

# %%
found = [result.table.assign(look_up_hours=about.default)]
for hours in about.json_schema_extra["typical"]:
    there = folder / f"look-up-{hours}"
    other = compare(scenario.override([f"world.look_up_hours={hours}"]), replications=10, workers=1, out=there)
    found.append(other.table.assign(look_up_hours=float(hours)))
changed = pd.concat(found).query("measure == 'decision_screened_hours_median'")
level = changed[changed["design"] == "traditional"].set_index("look_up_hours")["estimate"]
apart = changed[changed["design"] == "social"].set_index("look_up_hours").sort_index()
apart[["difference", "difference_low", "difference_high"]].assign(traditional=level)

# %%
assert level.max() > 2 * level.min()
assert (apart["difference_high"] < 0).all()
print(f"The traditional firm's screened decision takes {level.min():.1f} to {level.max():.1f} hours over this range;")
print(f"the social firm's takes {-apart['difference'].max():.1f} to {-apart['difference'].min():.1f} hours less.")

# %% [markdown]
r"""
One number without a source sets the *level* of every time; the *sign* of this difference survives it. That is the kind
of sentence a study of this model can stand on: which signs hold over which ranges, not how many hours a firm would
save.

Next: [studies](../docs/studies.md), the reference; [which of the six shifts does it](six-shifts.ipynb), [where
hierarchy wins](where-hierarchy-wins.ipynb), [a rule of your own](own-rule.ipynb).
"""

# %%
scratch.cleanup()
