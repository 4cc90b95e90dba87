"""Everything the report says, as numbers: computed once from the stored runs, in no language."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures import MEASURES, Measure
from sim.report.answer import Answer, Verdict, answers, smallest_differences, verdict
from sim.report.costs import Costs
from sim.report.gather import Evidence, Found, designs, name_in
from sim.report.stored import Stored
from sim.report.turning import tornado
from sim.study.analysis import attribution_of
from sim.study.attribution import LEVERS
from sim.study.paired import HEADLINES, interval, tabulate
from sim.study.prim import boxes
from sim.study.regions import Wins, map_of_wins, share_of_wins
from sim.study.regions import verdict as verdict_of_world

if TYPE_CHECKING:
    import pandas as pd

PROFIT = "profit_per_seat"
FOUR = (*HEADLINES, PROFIT)  # what studies are shown for
BY_NAME: dict[str, Measure] = {measure.name: measure for measure in MEASURES}
MIDDLE = (0.05, 0.95)  # the 90 % in the middle of twin firms, or of worlds
KINDS = {frozenset({1}): "take", frozenset({-1}): "leave", frozenset({1, -1}): "weigh"}  # by signs that matter
FEWEST_FOR_A_BOX = 50  # worlds below which a condition would be found in noise


@dataclass(frozen=True)
class Spread:
    """The middle 90 % of differences. of: how many there are. pairs: behind each of them."""

    low: float
    high: float
    of: int
    pairs: int


@dataclass
class Findings:
    """What the evidence says of the two designs. costs: the reader's unit costs, if any."""

    evidence: Evidence
    costs: Costs | None = None

    # --- the comparison -----------------------------------------------------------------------------------------------

    @property
    def comparison(self) -> Stored:
        """The runs of the reader's world."""
        return self.evidence.comparison

    @property
    def reference(self) -> str:
        """Name of the design that is compared with."""
        return self.evidence.reference

    @property
    def design(self) -> str:
        """Name of the design that the report is about."""
        return self.evidence.design

    @cached_property
    def table(self) -> "pd.DataFrame":
        """Every measure: estimates and the paired difference (`paired.tabulate`)."""
        return self.comparison.table([self.reference, self.design])

    def row(self, measure: str, design: str | None = None) -> dict[str, Any]:
        """The row of a measure; of the design unless another is named."""
        table = self.table
        chosen = table[(table["measure"] == measure) & (table["design"] == (design or self.design))]
        return {str(name): value for name, value in chosen.iloc[0].items()}

    @cached_property
    def answers(self) -> list[Answer]:
        """The three headlines."""
        return answers(self.table, self.design, self.comparison.scenario.report)

    def smallest_in(self, study: Stored) -> dict[str, float]:
        """The smallest difference that matters of each headline, as the reader declared it, in the firm of a study."""
        runs, (reference, _) = study.at_base(), self._names(study)
        hours = float(runs[runs["design"] == reference][HEADLINES[0]].mean())
        return smallest_differences(self.comparison.scenario.report, hours)

    def from_pair_to_pair(self, measure: str) -> Spread:
        """Where the differences of single pairs of twin firms lie: chance."""
        differences = self.comparison.differences_at_base(measure, self.reference, self.design)
        return _spread(differences[~np.isnan(differences)], pairs=1)

    def bad_among_taken(self, design: str) -> float:
        """Share of bad ones among the decisions that a design accepts, mean over runs; NaN where there are none.

        c(1 − g) / (c(1 − g) + (1 − o)g): c of the bad and 1 − o of the good are accepted, g are good to begin with.
        """
        runs, good = self.comparison.at_base(), self.comparison.scenario.world.good_share
        runs = runs[runs["design"] == design]
        bad = runs["commission_rate"] * (1 - good)
        return float((bad / (bad + (1 - runs["omission_rate"]) * good)).mean())

    # --- the studies --------------------------------------------------------------------------------------------------

    def found(self, part: str) -> Found | None:
        """The study behind a part of the report; None where there is none."""
        return self.evidence.found.get(part)

    def _names(self, study: Stored) -> tuple[str, str]:
        reference, design = (name_in(study, one) for one in designs(self.evidence))
        return reference, design

    def from_world_to_world(self, measure: str) -> Spread | None:
        """Where the mean differences of worlds with other assumptions lie: what is not known of this very firm."""
        found = self.found("ranges")
        if found is None or not found.same_world:
            return None
        means = found.study.points(measure, *self._names(found.study)).mean(axis=1).dropna()
        return _spread(means.to_numpy(), found.study.pairs)

    @cached_property
    def shares_of_wins(self) -> dict[str, Wins]:
        """In what share of the ranges which design clearly wins, by measure that was measured."""
        found = self.found("ranges")
        if found is None:
            return {}
        names = self._names(found.study)
        shares = {
            measure: share_of_wins(found.study.points(measure, *names).to_numpy(float), BY_NAME[measure].better)
            for measure in FOUR
        }
        return {measure: wins for measure, wins in shares.items() if wins.points}

    @cached_property
    def worlds(self) -> "pd.DataFrame | None":
        """The map: a row a measure and world, with factors, difference, interval and verdict."""
        import pandas as pd

        found = self.found("map")
        if found is None:
            return None
        study, names = found.study, self._names(found.study)
        measures = [BY_NAME[name] for name in FOUR]
        rows = []
        for _, runs in study.runs.groupby("point"):
            table = tabulate(runs, names, measures)
            values = {key: runs[key].iloc[0] for key in study.factors}
            rows.append(table[table["design"] == names[1]].assign(**values))
        return map_of_wins(pd.concat(rows, ignore_index=True))

    @cached_property
    def conditions(self) -> "dict[str, Any]":
        """By measure the first box of conditions under which the design clearly wins (by its 95 % interval)."""
        found = self.found("ranges")
        if found is None:
            return {}
        boxed = {}
        for measure in FOUR:
            points = found.study.points(measure, *self._names(found.study)).dropna(how="all")
            ends = [interval(row[~np.isnan(row)])[1:] for row in points.to_numpy(float)]
            won = np.array([verdict_of_world(*both, BY_NAME[measure].better) == "wins" for both in ends], bool)
            if len(points) >= FEWEST_FOR_A_BOX and won.any() and not won.all():
                factors = points.index.to_frame(index=False)[list(found.study.factors)].to_numpy(float)
                boxed[measure] = next(iter(boxes(factors, won)), None)
        return boxed

    @cached_property
    def shifts(self) -> "dict[str, pd.DataFrame]":
        """By measure the effects of the six levers, indexed by (kind, lever); empty without a factorial."""
        found = self.found("shifts")
        if found is None:
            return {}
        tables = {measure: attribution_of(found.study.runs, BY_NAME[measure]) for measure in FOUR}
        return {
            name: table[table["kind"] != "interaction"].set_index(["kind", "lever"]).sort_index()
            for name, table in tables.items()
        }

    @cached_property
    def verdicts_of_shifts(self) -> dict[str, dict[str, Verdict]]:
        """By lever (and "settings") the verdict on its share of each headline, in the firm of that study."""
        found = self.found("shifts")
        if found is None:
            return {}
        smallest = self.smallest_in(found.study)
        judged: dict[str, dict[str, Verdict]] = {}
        for measure, table in self.shifts.items():
            for lever in (*LEVERS, "settings"):
                row = table.loc[("settings", "") if lever == "settings" else ("shapley", lever)]
                if measure in HEADLINES:
                    one = verdict(row["low"], row["high"], BY_NAME[measure].better, smallest[measure])
                    judged.setdefault(lever, {})[measure] = one
        return judged

    @property
    def sorted_shifts(self) -> dict[str, list[str]]:
        """The shifts by what they do to the headlines: take, weigh, leave, small."""
        found: dict[str, list[str]] = {"take": [], "weigh": [], "leave": [], "small": []}
        for lever, verdicts in self.verdicts_of_shifts.items():
            signs = frozenset(one.matters for one in verdicts.values()) - {0}
            found[KINDS.get(signs, "small")].append(lever)
        return found

    @cached_property
    def assumptions(self) -> "dict[str, pd.DataFrame]":
        """By measure that was measured how far each assumption alone moves the difference (`turning.tornado`)."""
        found = self.found("tornado")
        if found is None:
            return {}
        tables = {measure: tornado(found.study, measure, *self._names(found.study)) for measure in FOUR}
        return {measure: table for measure, table in tables.items() if len(table)}  # what was measured


def _spread(differences: "np.ndarray[Any, Any]", pairs: int) -> Spread:
    if not len(differences):
        return Spread(np.nan, np.nan, 0, pairs)
    low, high = np.quantile(differences, MIDDLE)
    return Spread(float(low), float(high), len(differences), pairs)
