"""The statistics of pairs beside the interval: tests, and what is owed to many of them."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.measures import MEASURES, Measure
from sim.study.paired import HEADLINES, benjamini_hochberg, holm, share_of_sign, t_test, tabulate

OLD = np.array([4.0, 5.0, 6.0, 5.0, 4.0, 7.0])
# The fifteen p values of Benjamini & Hochberg 1995, section 3.1 (thrombolysis: Neuhaus and others 1992).
THROMBOLYSIS = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
                0.7590, 1.0]  # fmt: skip


def table(differences, designs=("new",), measures=MEASURES):
    """Of a reference that has OLD everywhere, and designs that differ by so much, {(measure, design): differences};
    what is not named does not differ."""
    runs = []
    for design in ("old", *designs):
        apart = {measure.name: np.zeros(6) for measure in measures}
        apart |= {name: np.asarray(by) for (name, which), by in differences.items() if which == design}
        runs += [{"design": design, "replication": pair} | {name: OLD[pair] + by[pair] for name, by in apart.items()}
                 for pair in range(6)]  # fmt: skip
    return tabulate(pd.DataFrame(runs), ["old", *designs], measures).set_index(["measure", "design"])


APART = {
    "decision_hours_median": [-1.0, -2.0, -1.5, -1.0, -2.5, -1.0],
    "retention_12m": [0.1, -0.1, 0.2, 0.1, 0.0, 0.1],
    "satisfaction": [3.0, 1.0, 2.0, -1.0, 2.0, 4.0],
    "omission_rate": [-0.1, -0.2, -0.1, -0.3, -0.1, -0.2],
    "utilization": [0.1, -0.2, 0.3, 0.1, -0.1, 0.2],
    "fees": [1.0, 5.0, 2.0, 2.0, 4.0, 1.0],
}
FOUND = table({(name, "new"): by for name, by in APART.items()})


@pytest.mark.parametrize("measure", APART)
def test_p_is_that_of_the_paired_t_test(measure):
    new = OLD + APART[measure]
    assert FOUND.loc[(measure, "new"), "p"] == pytest.approx(stats.ttest_rel(new, OLD).pvalue, rel=1e-9)


def test_p_and_the_interval_agree():
    told = FOUND.dropna(subset=["p"])
    leaves_zero_out = (told["difference_low"] > 0) | (told["difference_high"] < 0)
    assert ((told["p"] < 0.05) == leaves_zero_out).all()
    assert leaves_zero_out.nunique() == 2


def test_twins_with_the_sign_of_the_mean():
    assert share_of_sign(np.array([-3.0, 1.0, -1.0, 0.0])) == 0.5
    assert FOUND.loc[("retention_12m", "new"), "twins_same_sign"] == pytest.approx(4 / 6)
    assert FOUND.loc[("utilization", "new"), "twins_same_sign"] == pytest.approx(4 / 6), "though neither way is better"
    assert np.isnan(share_of_sign(np.array([-1.0, 1.0]))), "no difference, no sign"


def test_a_placebo_has_nothing_to_test():
    placebo = FOUND.loc[("right_share", "new")]
    assert placebo["difference"] == 0
    assert placebo[["twins_same_sign", "p", "p_adjusted"]].isna().all()
    assert FOUND.xs("old", level="design")[["twins_same_sign", "p", "p_adjusted"]].isna().all(axis=None)


def test_what_always_differs_alike_is_certain():
    assert np.isnan(t_test(np.full(4, -2.0))), "equal pairs are no proof"
    assert np.isnan(t_test(np.zeros(4)))
    assert np.isnan(t_test(np.array([3.0])))
    assert np.isnan(t_test(np.array([])))


def test_pairs_without_the_measure_take_no_part():
    gap = table({("fees", "new"): [np.nan, *APART["fees"][1:]], ("experience", "new"): [np.nan] * 6})
    assert gap.loc[("fees", "new"), "p"] == pytest.approx(stats.ttest_1samp(APART["fees"][1:], 0).pvalue, rel=1e-9)
    assert gap.loc[("experience", "new"), ["p", "p_adjusted", "twins_same_sign"]].isna().all()


# --- many measures ----------------------------------------------------------------------------------------------------


def test_holm_by_hand():
    # Sorted .005 .01 .03 .04, times 4 3 2 1: .02 .03 .06 .04; no smaller than the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == pytest.approx([1.0, 1.0])


def test_nan_is_left_out_of_the_family():
    assert holm([0.02, np.nan, 0.04]) == pytest.approx([0.04, np.nan, 0.04], nan_ok=True)
    assert benjamini_hochberg([0.02, np.nan, 0.03]) == pytest.approx([0.03, np.nan, 0.03], nan_ok=True)
    for adjust in (holm, benjamini_hochberg):
        assert np.isnan(adjust([np.nan, np.nan])).all()
        assert len(adjust([])) == 0


def test_the_published_example():
    """At 5 % Benjamini & Hochberg reject four of fifteen hypotheses, control of the family-wise error rate three."""
    assert np.flatnonzero(benjamini_hochberg(THROMBOLYSIS) <= 0.05).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(holm(THROMBOLYSIS) <= 0.05).tolist() == [0, 1, 2]
    assert benjamini_hochberg(THROMBOLYSIS)[3] == pytest.approx(0.0095 * 15 / 4)
    assert holm(THROMBOLYSIS)[3] == pytest.approx(0.0095 * 12)


def test_headlines_and_other_measures_are_families_of_each_design():
    everything = {(name, "new"): by for name, by in APART.items()}
    other = {("decision_hours_median", "other"): [0.5, -0.2, 0.1, 0.3, 0.2, -0.1]}
    both = table(everything | other, designs=("new", "other"))
    p, found = (both.xs("new", level="design")[column] for column in ("p", "p_adjusted"))
    assert found[[*HEADLINES]].to_numpy() == pytest.approx(holm(p[[*HEADLINES]]))
    rest = ["omission_rate", "utilization", "fees"]
    assert found[rest].to_numpy() == pytest.approx(stats.false_discovery_control(p[rest]))
    assert (found[rest] != p[rest]).any()
    alone = both.loc[("decision_hours_median", "other")]
    assert alone["p_adjusted"] == alone["p"], "the only one of its family that differs"


def test_a_researchers_own_measure_is_one_of_the_others():
    own = Measure("walks", "count", "neither", "walks", lambda seen: 0.0)
    found = table({("walks", "new"): APART["fees"], ("fees", "new"): APART["fees"]}, measures=(*MEASURES, own))
    assert found.loc[("walks", "new"), "p_adjusted"] == found.loc[("walks", "new"), "p"]


def test_rows_and_columns_stay():
    assert len(FOUND) == 2 * len(MEASURES)
    assert {"estimate", "low", "high", "difference", "difference_low", "difference_high", "twins_better", "twins_equal",
            "twins_worse", "effect", "pairing_gain", "pairs"} < {*FOUND.columns}  # fmt: skip
