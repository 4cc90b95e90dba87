"""The path over time: the same firm, measured stretch after stretch."""

import pytest

from sim.engine import simulate
from sim.study.path import path, stretches
from tests.firms import firm

FIRM = firm(staff=20, burn_in=2, warm_up=0, weeks=9)


def test_a_stretch_is_what_a_run_with_that_warm_up_measures():
    """To the last bit: measuring anew changes the books and not the firm. The last stretch may be shorter."""
    rows = stretches(FIRM, 4, ("social", 0))
    assert [row["week"] for row in rows] == [4, 8, 9]
    for row, (before, weeks) in zip(rows, ((0, 4), (4, 4), (8, 1)), strict=True):
        spans = [f"run.warm_up_weeks={before}", f"run.weeks={weeks}"]
        (alone,) = simulate(FIRM.override(spans), ["social"], seed=FIRM.run.seed)
        assert repr({name: row[name] for name in alone}) == repr(alone)


def test_differences_are_paired_with_the_first_design():
    table = path(FIRM, ["traditional", "social"], weeks=9, replications=3, workers=1)
    rows = table.set_index(["measure", "design", "week"])
    own, first = (rows.loc[("decision_hours_mean", design, 9)] for design in ("social", "traditional"))
    assert own["difference"] == pytest.approx(own["estimate"] - first["estimate"])
    assert first["difference"] == 0
