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
# Which of the six shifts does it?

A social firm differs from a traditional one in six rules of interaction, the *levers*, each closed (0) or open (1):

| lever | closed: gatekeepers | open |
| --- | --- | --- |
| `contact` | a desk receives outsiders | whoever they know, or an expert by public profile |
| `consult` | questions climb the chain and come down again | along ties, from colleague to colleague |
| `approve` | managers say yes | people decide alone, above their authority a panel of experts |
| `connect` | brokers vet pairs of outsiders | outsiders find each other on a platform |
| `hear` | feedback is thanked for | feedback becomes an idea |
| `meet` | staff meet their team, and by chance | also circles, and introductions |

**Question.** If all six are opened and something changes, which of them did it? It need not be one alone: who may
decide herself gains little while she still waits for an answer. So all $2^6 = 64$ combinations are run, on the same
twins.

The firm here is small (31 seats, one year, six pairs), to take seconds; **its figures are not the baseline's**. The
baseline study is `firmlab sweep factorial`: 156 seats, three years, 30 pairs, about ten minutes on two cores.
"""

# %%
import tempfile
from itertools import permutations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sim import Sweep, analyse, sweep
from sim.study.figures import figures
from sim.study.sweepfile import LEVERS, corner_name

pd.options.display.float_format = "{:.3f}".format
scratch = tempfile.TemporaryDirectory()  # a real study leaves this out, and finds its runs in results/

# %% [markdown]
r"""
## The 64 corners

`Sweep("factorial")` is the built-in study; what makes it small are overrides of its scenario, as `--set` on a terminal.
"""

# %%
SMALL = ["world.staff=31", "run.burn_in_weeks=4", "run.warm_up_weeks=0", "run.weeks=50"]
setup = Sweep("factorial", SMALL)
study = sweep(setup, replications=6, workers=1, out=Path(scratch.name) / "factorial")
effects = analyse(study).tables["attribution"]

assert len(setup.designs) == 2**6 + 1  # the corners, and the social firm with its settings
print(f"{setup.question} {len(setup.designs)} designs, {len(study.runs)} runs.")

# %%
command = f"firmlab sweep factorial --replications 6 {' '.join(f'--set {change}' for change in SMALL)}"
drawn = figures({"attribution": effects}, f"{setup.question} (31 seats, not the baseline)", command)
for panel in drawn["attribution"].axes:
    panel.locator_params(axis="x", nbins=4)
plt.show()

# %% [markdown]
r"""
## Shapley values

Open the levers one after the other and book to each what it adds. What it adds depends on what is open already, so
take the mean over all $6! = 720$ orders. That is the Shapley value, with $y(S)$ the measure where the levers in $S$
are open:

$$\varphi_i = \sum_{S \,\subseteq\, L \setminus \{i\}} \frac{|S|!\,(5-|S|)!}{6!}\,\bigl[y(S \cup \{i\}) - y(S)\bigr],
\qquad \sum_i \varphi_i = y(\text{all six}) - y(\text{none})$$

The six add up to the whole difference, nothing is left over and nothing is counted twice. It has one value a pair of
twins, and the interval is the t interval over pairs.
"""

# %%
shapley = effects[effects["kind"] == "shapley"].pivot(index="lever", columns="measure", values="estimate")
shapley = shapley.loc[list(LEVERS), list(setup.file.measures)]
total = effects[effects["kind"] == "total"].set_index("measure")["estimate"]

assert np.allclose(shapley.sum(), total[shapley.columns])
pd.concat([shapley, shapley.sum().to_frame("all six").T]).rename_axis("Shapley value of")

# %% [markdown]
r"""
The table is no magic: here are the values of one measure from the definition, over all 720 orders.
"""


# %%
def by_orders(measure):
    """Mean of what each lever adds, over all orders of opening them."""
    y = study.runs.groupby("design")[measure].mean()
    added = dict.fromkeys(LEVERS, 0.0)
    for order in permutations(LEVERS):
        for place, lever in enumerate(order):
            before, after = (
                corner_name([one for one in LEVERS if one in order[:opened]]) for opened in (place, place + 1)
            )
            added[lever] += (y[after] - y[before]) / 720
    return pd.Series(added)


by_hand = by_orders("decision_hours_median")
assert np.allclose(by_hand, shapley["decision_hours_median"])
largest = by_hand.abs().sort_values(ascending=False).index[:2]
assert list(largest) == ["approve", "consult"]
share = by_hand["approve"] / by_hand.sum()
print(f"approve {by_hand['approve']:+.2f} h and consult {by_hand['consult']:+.2f} h of {by_hand.sum():+.2f} h")
print(f"{100 * share:.0f} % of the gain in time is booked to approve")

# %% [markdown]
r"""
## Interactions

Do two levers help or hinder each other? The interaction is half the difference of differences, averaged over the
sixteen settings of the other four:

$$I_{ij} = \tfrac12\,\bigl[(y_{11} - y_{01}) - (y_{10} - y_{00})\bigr]$$

Zero means that each does the same whether the other is open or not. These leave zero out:
"""

# %%
pairs = effects[effects["kind"] == "interaction"]
clear = pairs[(pairs["low"] > 0) | (pairs["high"] < 0)]
print(f"{len(clear)} of {len(pairs)} intervals leave zero out; were all zero, about {0.05 * len(pairs):.0f} would")
strongest = clear.loc[clear["measure"] == "decision_hours_median", "estimate"].abs().idxmax()
assert (clear.loc[strongest, "lever"], clear.loc[strongest, "other"]) == ("consult", "approve")
assert clear.loc[strongest, "estimate"] > 0 > by_hand[["consult", "approve"]].max()
clear[["measure", "lever", "other", "estimate", "low", "high"]].set_index(["measure", "lever", "other"])

# %% [markdown]
r"""
`consult` and `approve` both shorten the median decision, and their interaction is of the other sign: the second to be
opened finds less to gain, since part of the hours is gone. Any single row may be chance, for the intervals are not
adjusted for their number; believe those that stay with more pairs.

## Alone and as the last

Two other answers to "how much does it do", and why they differ from the Shapley value:

- **alone**: only this lever open, less none. *Is it worth beginning with?*
- **last**: all six open, less all but this one. *Could we leave it out?*
"""

# %%
kinds = effects[effects["kind"].isin(["alone", "shapley", "last"])]
speed = kinds[kinds["measure"] == "decision_hours_median"].pivot(index="lever", columns="kind", values="estimate")
speed = speed.loc[list(LEVERS), ["alone", "shapley", "last"]]

assert abs(speed.loc["consult", "last"]) < abs(speed.loc["consult", "alone"]) / 2
assert not np.isclose(speed[["alone", "last"]].sum(), total["decision_hours_median"]).any()
speed.rename_axis("decision, median hours")

# %%
whole, sums = total["decision_hours_median"], speed.sum()
print("consult alone {alone:+.2f} h, after the other five {last:+.2f} h".format(**speed.loc["consult"]))
print(f"all six {whole:+.2f} h; sum of alone {sums['alone']:+.2f} h, sum of last {sums['last']:+.2f} h")

# %% [markdown]
r"""
Neither column adds up to the whole; only Shapley values do. For a change programme the order matters, and *alone* and
*last* are the better guides; to say what the whole is made of, take the Shapley value.

## Settings beside it

The `social` firm is not just all six. It also has a public channel, on which complaints are seen, and keeps a reserve
of large stakes for the chain. These are settings, not rules: they stand beside the attribution and not in its sum.

$$y(\text{social}) - y(\text{none}) = \sum_i \varphi_i + \bigl[y(\text{social}) - y(\text{all six})\bigr]$$
"""

# %%
beside = effects[effects["kind"].isin(["total", "settings"])].set_index(["measure", "kind"])
means = study.runs.groupby("design")[list(shapley.columns)].mean()
both = beside["estimate"].unstack()
assert np.allclose(both["total"] + both["settings"], (means.loc["social"] - means.loc["traditional"])[both.index])

customers = beside.loc["satisfaction"]
assert customers.loc["total", "low"] < 0 < customers.loc["total", "high"]
assert customers.loc["settings", "high"] < 0
beside[["estimate", "low", "high"]].rename(index={"total": "all six"})

# %% [markdown]
r"""
For customers the settings are the clearer row: what the six rules together do to satisfaction is open in six pairs of
small firms, what the settings add is a loss.

## Another measure

A sweep file names the measures of its tables, but the runs hold all of them. One is needed here: under an open
`approve` most decisions ask nobody, so that the *median* decision is faster by the rule itself. Of decisions that
somebody else screens under both rules the attribution is another:
"""

# %%
screened = by_orders("decision_screened_hours_median")
compared = pd.DataFrame({"all decisions": by_hand, "screened under both rules": screened})
shares = (compared / compared.sum()).loc[["consult", "approve"]]
assert shares.loc["consult", "screened under both rules"] > shares.loc["consult", "all decisions"]
pd.concat([compared, compared.sum().to_frame("all six").T]).rename_axis("hours")

# %% [markdown]
r"""
The share of `consult` is larger, that of `approve` smaller. A headline that follows from a rule's own definition
should not be presented as a finding.

## What this does not say

- **These firms are small.** Six pairs of 31 seats tell little of retention, where most pairs are equal, so that its
  intervals are too narrow; see [a first study](first-study.ipynb), part 5.
- **An interval covers chance, not assumptions.** Many numbers behind a lever have no source. `firmlab sweep
  without-source` asks which of them decide.
- **Open or closed.** The factorial knows no half-open lever. Sweep `design.social.approve` over levels for that.
- **An attribution is bookkeeping**: exact for this difference, in this world. In another world, or with other settings,
  the shares are others.

Next: [where hierarchy wins](where-hierarchy-wins.ipynb), [a rule of your own](own-rule.ipynb).
"""

# %%
scratch.cleanup()
