"""Attribution to levers: games whose answers are known, and identities that hold for any numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from sim.study.attribution import CORNERS, LEVERS, alone_and_last, attribution, per_replication, shapley, total

COEFFICIENTS = np.array([3.0, -1.0, 0.5, 0.0, 2.0, -4.0])
RANDOM = np.random.default_rng(5).normal(10, 3, (64, 12))


def corners_of(worth, replications=3):
    """Corners at which every replication has the worth of the set of open levers."""
    return {corner: np.full(replications, float(worth(np.array(corner)))) for corner in CORNERS}


def of(values):
    return dict(zip(CORNERS, values, strict=True))


def estimates(table, kind):
    return table[table["kind"] == kind].set_index("lever")["estimate"].loc[list(LEVERS)].to_numpy()


def shapley_values(worth):
    return estimates(attribution(corners_of(worth)), "shapley")


def test_without_interactions_every_effect_of_a_lever_is_its_coefficient():
    corners = corners_of(lambda z: 7 + COEFFICIENTS @ z)
    table = attribution(corners)
    for kind in ("main", "shapley"):
        assert estimates(table, kind) == pytest.approx(COEFFICIENTS)
    for kind in ("alone", "last"):
        assert estimates(alone_and_last(corners), kind) == pytest.approx(COEFFICIENTS)
    interactions = table[table["kind"] == "interaction"]
    assert len(interactions) == 15
    assert interactions["estimate"].to_numpy() == pytest.approx(np.zeros(15))


def test_two_levers_that_need_each_other_share_equally():
    corners = corners_of(lambda z: 8 * z[1] * z[4])
    table = attribution(corners)
    halves = np.array([0, 4, 0, 0, 4, 0])
    assert estimates(table, "shapley") == pytest.approx(halves)
    assert estimates(table, "main") == pytest.approx(halves)  # open it and gain 8 in half of the corners
    assert estimates(alone_and_last(corners), "alone") == pytest.approx(np.zeros(6))
    assert estimates(alone_and_last(corners), "last") == pytest.approx(2 * halves)
    pairs = table[table["kind"] == "interaction"].set_index(["lever", "other"])["estimate"]
    assert pairs["consult", "hear"] == pytest.approx(4)  # half of the difference (8 − 0) − (0 − 0)
    assert pairs.drop(("consult", "hear")).to_numpy() == pytest.approx(np.zeros(14))


def test_glove_game():
    """One left glove, two right ones, a pair is worth 1: 2/3, 1/6, 1/6; three dummies."""
    assert shapley_values(lambda z: min(z[0], z[1] + z[2])) == pytest.approx([2 / 3, 1 / 6, 1 / 6, 0, 0, 0])


def test_weighted_majority():
    """[4; 3, 2, 1, 1]: Shapley–Shubik 1/2, 1/6, 1/6, 1/6; two dummies."""
    assert shapley_values(lambda z: z @ [3, 2, 1, 1, 0, 0] >= 4) == pytest.approx([1 / 2, 1 / 6, 1 / 6, 1 / 6, 0, 0])


def test_a_strong_member():
    """Shapley & Shubik 1954: k votes among n ordinary members, simple majority: k / (n + 1). Here 3 among 5."""
    assert shapley_values(lambda z: z @ [3, 1, 1, 1, 1, 1] >= 5) == pytest.approx([0.5] + [0.1] * 5)


def test_airport_game():
    """Littlechild & Owen 1973: the cost of a runway as long as the largest needs, each stretch shared by its users."""
    needs = np.array([1, 2, 3, 4, 5, 6])
    shares = np.cumsum(1 / np.array([6, 5, 4, 3, 2, 1]))
    assert shapley_values(lambda z: (needs * z).max()) == pytest.approx(shares)


@given(arrays(float, (64, 3), elements=st.floats(-1e6, 1e6, allow_subnormal=False)))
def test_shapley_values_sum_to_the_total(values):
    contrasts = {("shapley", name, ""): shapley(i) for i, name in enumerate(LEVERS)} | {("total", "", ""): total()}
    *each, whole = per_replication(of(values), contrasts).values()
    rounding = 1e-13 * np.abs(values).max() * 64
    assert sum(each) == pytest.approx(whole, abs=rounding)
    assert whole == pytest.approx(values[-1] - values[0], abs=rounding)
    table = attribution(of(values)).groupby("kind")["estimate"].sum()
    assert table["shapley"] == pytest.approx(table["total"], abs=rounding)


@given(arrays(float, 64, elements=st.floats(-100, 100)), st.permutations(range(6)))
def test_names_of_levers_do_not_matter(values, order):
    """Levers renamed: the values go along. Symmetric levers are a special case."""
    worth = dict(zip(CORNERS, values, strict=True))
    renamed = shapley_values(lambda z: worth[tuple(z[list(order)].tolist())])
    assert renamed[list(order)] == pytest.approx(shapley_values(lambda z: worth[tuple(z.tolist())]), abs=1e-9)


def test_a_dummy_lever_gets_nothing_and_twins_get_the_same():
    found = shapley_values(lambda z: (z[0] + z[1]) ** 2 * (1 + z[2]) - z[3] * z[4])  # nothing of z[5]
    assert found[5] == pytest.approx(0)
    assert found[0] == pytest.approx(found[1])
    assert found[3] == pytest.approx(found[4]) == pytest.approx(-0.5)


def test_main_effects_and_intervals_by_hand():
    table = attribution(of(RANDOM)).set_index(["kind", "lever", "other"])
    is_open = np.array(CORNERS)[:, 2] == 1
    effects = RANDOM[is_open].mean(axis=0) - RANDOM[~is_open].mean(axis=0)
    found = table.loc[("main", "approve", "")]
    assert found["estimate"] == pytest.approx(effects.mean())
    interval = stats.ttest_1samp(effects, 0).confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx(tuple(interval))
    by_meet = [effects_of(RANDOM, is_open, np.array(CORNERS)[:, 5] == value) for value in (1, 0)]
    pair = table.loc[("interaction", "approve", "meet")]
    assert pair["estimate"] == pytest.approx((by_meet[0] - by_meet[1]) / 2)


def effects_of(values, is_open, where):
    return values[is_open & where].mean() - values[~is_open & where].mean()


def test_replications_without_the_measure_are_left_out():
    gap = RANDOM.copy()
    gap[17, 3] = gap[40, 8] = np.nan
    table, whole = attribution(of(gap)), attribution(of(np.delete(RANDOM, [3, 8], axis=1)))
    assert (table["replications"] == 10).all()
    for column in ("estimate", "low", "high"):
        assert table[column].to_numpy() == pytest.approx(whole[column].to_numpy())


def test_one_replication_has_no_interval_and_none_no_estimate():
    one = attribution(of(RANDOM[:, :1]))
    assert one["estimate"].notna().all()
    assert one[["low", "high"]].isna().all(axis=None)
    none = attribution(of(np.full((64, 2), np.nan)))
    assert none["estimate"].isna().all()
    assert (none["replications"] == 0).all()


def test_settings_stand_beside_the_sum():
    settings = RANDOM[-1] + np.arange(12.0)
    settings[0] = np.nan
    table = attribution(of(RANDOM), settings)
    row = table.set_index("kind").loc["settings"]
    assert (row["estimate"], row["replications"]) == (pytest.approx(np.arange(1, 12).mean()), 11)
    without = table[table["kind"] != "settings"].reset_index(drop=True)
    assert without.equals(attribution(of(RANDOM)))


def test_a_missing_corner_or_replication_is_said():
    corners = of(RANDOM)
    with pytest.raises(ValueError, match="settings needs"):
        attribution(corners, np.ones(3))
    with pytest.raises(ValueError, match=r"\[11, 12\]"):
        attribution({**corners, CORNERS[5]: np.ones(11)})
    del corners[CORNERS[5]]
    with pytest.raises(ValueError, match="all 64 corners"):
        alone_and_last(corners)
