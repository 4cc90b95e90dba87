"""What a difference amounts to: its interval held against zero and against the smallest difference that matters."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sim.scenario import Report
from sim.study.paired import HEADLINES

if TYPE_CHECKING:
    import pandas as pd


class Verdict(StrEnum):
    """What may be said of a difference. The middle three claim no winner."""

    BETTER = "better"  # the whole interval is beyond the smallest difference that matters
    PERHAPS_BETTER = "perhaps-better"  # better, but it may be too little to matter
    SLIGHTLY_BETTER = "slightly-better"  # better, by too little to matter
    SAME = "same"  # no difference that matters
    UNDECIDED = "undecided"  # the interval holds zero and differences that matter
    SLIGHTLY_WORSE = "slightly-worse"
    PERHAPS_WORSE = "perhaps-worse"
    WORSE = "worse"

    @property
    def matters(self) -> int:
        """1 where it is better and may matter, -1 where it is worse and may matter, else 0."""
        return {"better": 1, "perhaps-better": 1, "worse": -1, "perhaps-worse": -1}.get(self.value, 0)


def verdict(low: float, high: float, better: str, smallest: float) -> Verdict:
    """The verdict on the interval of a difference, design less reference. `better`: "more" or "less".

    smallest: the smallest difference that matters, not negative. An interval that is not known (NaN) is undecided.
    """
    if better == "less":
        low, high = -high, -low
    if low > 0:
        return Verdict.BETTER if low >= smallest else _small(high < smallest, "better")
    if high < 0:
        return Verdict.WORSE if high <= -smallest else _small(low > -smallest, "worse")
    if low == 0.0 == high or (-smallest < low and high < smallest):
        return Verdict.SAME
    return Verdict.UNDECIDED


def _small(wholly: bool, direction: str) -> Verdict:
    return Verdict(f"{'slightly' if wholly else 'perhaps'}-{direction}")


def smallest_differences(report: Report, decision_hours: float) -> dict[str, float]:
    """The smallest difference that matters of each headline, in its own unit.

    decision_hours: median time of a decision in the reference, of which the first is a share.
    """
    of = (report.smallest_decision * decision_hours, report.smallest_retention / 100, report.smallest_satisfaction)
    return dict(zip(HEADLINES, of, strict=True))


COUNTED = ("better", "equal", "worse")  # twin firms


@dataclass(frozen=True)
class Answer:
    """One headline: what the reference and the design reach, the paired difference, and what may be said of it.

    better, equal, worse: counts of twin firms. smallest: the smallest difference that matters.
    """

    measure: str
    reference: float
    own: float
    difference: float
    low: float
    high: float
    better: int
    equal: int
    worse: int
    pairs: int
    smallest: float
    verdict: Verdict


def answers(table: "pd.DataFrame", design: str, report: Report) -> list[Answer]:
    """The headlines of a design, from a table of `paired.tabulate`."""
    rows: dict[tuple[str, str], dict[str, Any]] = {
        (row["measure"], row["design"]): row for row in table.to_dict(orient="records")
    }
    reference = rows[HEADLINES[0], design]["reference"]
    smallest = smallest_differences(report, rows[HEADLINES[0], reference]["estimate"])
    found = []
    for name in HEADLINES:
        row, base = rows[name, design], rows[name, reference]
        pairs = int(row["pairs"])
        better, equal, worse = (round(pairs * row[f"twins_{word}"]) if pairs else 0 for word in COUNTED)
        found.append(Answer(
            name, base["estimate"], row["estimate"], row["difference"], row["difference_low"], row["difference_high"],
            better, equal, worse, pairs, smallest[name],
            verdict(row["difference_low"], row["difference_high"], row["better"], smallest[name]),
        ))  # fmt: skip
    return found
