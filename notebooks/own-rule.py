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
# A rule of your own

firmlab knows two ways to find knowledge inside a firm: gatekeepers send a question up the chain and down again, the
open rule passes it along ties between colleagues. A researcher may have a third in mind, or a measure that we did not
think of. Neither needs a change of our files.

**Question.** Is it the ties that make open consulting fast, or only that no chain is climbed? To tell, we write a rule
without either: whoever lacks knowledge asks one expert, drawn evenly, and goes on with the answer.

The firm is small (31 seats, one year) with ten pairs, to take seconds. [Your own rule](../docs/own-rules.md) is the
reference of what follows.
"""

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from sim import Measure, Own, Scenario, ScenarioError, compare, replay, rule
from sim.draws import Stream, uniform
from sim.judgement import knowledge
from sim.measures import MEASURES
from sim.state import TICKS, Activity, Consult, Kind, Phase, phase, task
from sim.study.paired import tabulate

pd.options.display.float_format = "{:.3f}".format
scratch = tempfile.TemporaryDirectory()  # a real study leaves this out, and finds its runs in results/
folder = Path(scratch.name)

# %% [markdown]
r"""
## The rule

A rule is one compiled function of (firm, case, seat): it may change the case's own columns, and says what comes next.
It touches no clock and no queue. `record.did` says what has just happened: `ENTER` when the case comes into the phase,
else the activity that has ended. Here the phase is `consult`, and what comes next is either a task for the expert or
the next phase.

Whom to ask is drawn with one number a candidate, from the case's own key. So twins draw alike, and one expert more or
less moves nobody else's number.
"""


# %%
@rule
def ask_any_expert(firm, case, seat):
    """One expert, drawn evenly, is asked; what she answers is the answer."""
    record = firm.cases[case]
    if record.did == Activity.HELP:  # the expert has just answered
        record.answer = knowledge(firm, seat, record.topic)
        record.consult, record.helper = Consult.ANSWERED, seat
        return phase(Phase.APPROVE if record.kind == Kind.DECISION else Phase.CONTACT)
    low, high = firm.topics[record.topic].roster_low, firm.topics[record.topic].roster_high
    best, least = np.int64(-1), np.inf
    for row in range(low, high):
        expert = firm.roster[row]
        score = uniform(firm.clock[0].seed, Stream.HELPER, record.key, expert)
        if expert != record.holder and score < least:
            best, least = np.int64(expert), score
    if best < 0:
        return phase(Phase.APPROVE if record.kind == Kind.DECISION else Phase.CONTACT)
    return task(best, Activity.HELP)


# %% [markdown]
r"""
## The measure

The median says little of those who wait long. A measure reads what is known at the end of a run and returns one number;
this one is the mean time of the slowest tenth of decisions:
"""


# %%
def slowest_tenth(seen):
    """Mean hours of the slowest tenth of closed decisions."""
    decisions = seen.closed_of[Kind.DECISION]
    hours = (decisions["closed"] - decisions["birth"]) / TICKS
    return hours[hours >= np.quantile(hours, 0.9)].mean()


tail = Measure("decision_slowest_tenth", "hours", "less", "mean time of the slowest tenth of decisions", slowest_tenth)

# %% [markdown]
r"""
## Predict, then compare

If it is the chain, our rule is about as fast as the open one, and faster than the gatekeepers'. If it is the ties, it
is as slow as the chain. Help should also spread more evenly, since nobody is asked for being well connected.

The rule holds in *every* design of a comparison, in place of both of ours. So there are two comparisons, one with our
rule and one without. Both have the measure, and both are of the same twins: pair 3 here is pair 3 there.
"""

# %%
SMALL = ["world.staff=31", "run.burn_in_weeks=4", "run.warm_up_weeks=0", "run.weeks=50"]
scenario = Scenario.load("baseline").override(SMALL)
own = Own(rules={"consult": ask_any_expert}, measures=(tail,))

theirs = compare(scenario, replications=10, workers=1, out=folder / "theirs", own=Own(measures=(tail,)))
ours = compare(scenario, replications=10, workers=1, out=folder / "ours", own=own)

shown = ["decision_hours_median", "decision_slowest_tenth", "request_hours_p90", "help_top5_share", "satisfaction"]
levels = pd.concat({"firmlab's rule": theirs.table, "own rule": ours.table}, names=["consult"]).reset_index("consult")
levels.pivot(index="measure", columns=["design", "consult"], values="estimate").loc[shown].sort_index(axis=1)

# %% [markdown]
r"""
Since the pairs are the same, what the rule does can be read as a paired difference too: within each design, the firm
with our rule less its twin without.
"""

# %%
measures = [measure for measure in (*MEASURES, tail) if measure.name in shown]


def of_the_rule(design):
    """Own rule less firmlab's, in this design, as paired twins."""
    both = [("firmlab's", theirs.runs), ("own", ours.runs)]
    runs = pd.concat([runs[runs["design"] == design].assign(design=name) for name, runs in both])
    table = tabulate(runs, ["firmlab's", "own"], measures).query("design == 'own'").set_index("measure")
    return table.loc[shown, ["difference", "difference_low", "difference_high"]]


effect = pd.concat({design: of_the_rule(design) for design in ("traditional", "social")})
effect.rename_axis(["design", "own rule less firmlab's"])

# %%
chain, ties = effect.loc["traditional"], effect.loc["social"]
assert (chain.loc[["decision_hours_median", "decision_slowest_tenth"], "difference_high"] < 0).all()
assert (ties.loc[["decision_hours_median", "decision_slowest_tenth"], "difference_high"] < 0).all()
assert chain.loc["help_top5_share", "difference_high"] < 0 > ties.loc["help_top5_share", "difference_high"]
for words, rows in (("the chain", chain), ("the ties", ties)):
    print(
        f"Own rule in place of {words}: median {rows.loc['decision_hours_median', 'difference']:+.2f} h, slowest tenth "
        f"{rows.loc['decision_slowest_tenth', 'difference']:+.2f} h"
    )

# %% [markdown]
r"""
It is the chain. Our rule is faster than the gatekeepers' by much, and no slower than asking along ties: even a little
faster, most of all where decisions are slow, since nobody is asked in vain. Help is spread more evenly than under
either.

Before this is called a finding: our rule assumes a **perfect directory for nothing**. Everybody knows who is an expert
of what, and it costs no time to look it up. That is what ties are for. The next rule to write would pay for the
directory.

## Its key

Every run has a key, a hash of all that can change its numbers: world, design, events, spans, seed, the model's code,
and the code of your rules and measures. Runs with our rule are other runs than those without, in other folders:
"""

# %%
assert not set(ours.runs["key"]) & set(theirs.runs["key"])
print(f"the same pair and design: {ours.runs['key'][0][:8]}… with our rule, {theirs.runs['key'][0][:8]}… without")

# %% [markdown]
r"""
Change a rule or a measure, and its part of the key changes, so that no stale run is taken for a new one. Here another
author takes the slowest fifth under the same name:
"""


# %%
def slowest_fifth(seen):
    """Mean hours of the slowest fifth of closed decisions."""
    decisions = seen.closed_of[Kind.DECISION]
    hours = (decisions["closed"] - decisions["birth"]) / TICKS
    return hours[hours >= np.quantile(hours, 0.8)].mean()


changed = Own(rules=own.rules, measures=(tail._replace(of=slowest_fifth),))
before, after = own.fingerprint(), changed.fingerprint()
assert [part for part in before if before[part] != after[part]] == ["measure decision_slowest_tenth"]
print("\n".join(f"{part}: {'the same' if before[part] == after[part] else 'changed'}" for part in before))

# %% [markdown]
r"""
The key sees your functions, and those that they call by name. It does not see what they read in other ways: a file, or
a function reached through a module of your own. After such a change, name a new folder.

## What replay says

A stored run can be made again from its row, to the last bit, your own measure included:
"""

# %%
stored = ours.runs["key"][0]
again = replay(stored, folder / "ours", own=own)
assert again.differing == ()
assert again.measures["decision_slowest_tenth"] == again.row["decision_slowest_tenth"]
print(f"{len(again.measures)} measures made again, {len(again.differing)} differ")

# %% [markdown]
r"""
The folder does not hold the functions, only their fingerprints. Without them, or with others, replay refuses:
"""


# %%
def refused(brought):
    """The sentence with which replay refuses."""
    try:
        replay(stored, folder / "ours", own=brought)
    except ScenarioError as error:
        return str(error).replace(stored, f"{stored[:8]}…")
    raise AssertionError("it was made again")


print(f"Without: {refused(Own())}")
print(f"Changed: {refused(changed)}")

# %% [markdown]
r"""
So keep rule and results together: put the functions in a module under version control, and import it where you compare
and where you replay. With several workers they have to stand in a module anyway, since the workers import them.

## What this does not say

Ten pairs of small firms, one world, and a directory for nothing. `compare` and `sweep` both take `own=`, so the same
rule can be tried over [a map of worlds](where-hierarchy-wins.ipynb).
"""

# %%
scratch.cleanup()
