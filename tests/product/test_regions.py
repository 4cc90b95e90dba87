"""Where a design wins: shares over points and the map of two factors, by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.study.regions import map_of_wins, share_of_wins, verdict

CLEAR = [[1.0, 2.0, 3.0, 2.0], [-2.0, -1.0, -3.0, -2.0], [1.0, -2.0, 4.0, -1.0], [2.0, 2.5, 2.0, 2.5]]
NOWHERE = [np.nan] * 4


def test_shares_by_sign_and_by_interval():
    more = share_of_wins(np.array([*CLEAR, NOWHERE]), "more")
    assert (more.points, more.dropped) == (4, 1)
    assert more.share == 0.75  # the third has a mean of .5
    assert (more.wins, more.loses, more.undecided) == (0.5, 0.25, 0.25)
    less = share_of_wins(np.array(CLEAR), "less")
    assert (less.share, less.wins, less.loses, less.undecided) == (0.25, 0.25, 0.5, 0.25)


def test_the_interval_of_the_share_is_wilsons():
    found = share_of_wins(np.array(CLEAR), "more")
    z, n, p = stats.norm.ppf(0.975), 4, 0.75
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert np.array([found.low, found.high]) * (1 + z**2 / n) == pytest.approx([middle - half, middle + half])
    everywhere = share_of_wins(np.ones((20, 2)), "more")
    assert everywhere.high == pytest.approx(1)
    assert everywhere.low == pytest.approx(1 / (1 + z**2 / 20))


def test_no_difference_is_no_win():
    found = share_of_wins(np.zeros((3, 5)), "more")
    assert (found.share, found.wins, found.loses, found.undecided) == (0, 0, 0, 1)


def test_replications_without_the_measure_are_left_out_of_their_point():
    found = share_of_wins(np.array([[np.nan, 1.0, 1.5], [np.nan, np.nan, -1.0]]), "more")
    assert (found.points, found.dropped, found.share) == (2, 0, 0.5)
    assert (found.wins, found.loses, found.undecided) == (0, 0, 1)  # 1.25 ± 3.2; one replication says nothing


def test_no_point_has_the_measure():
    found = share_of_wins(np.array([NOWHERE]), "less")
    assert (found.points, found.dropped) == (0, 1)
    assert np.isnan(found.share)
    assert np.isnan(found.undecided)


def test_an_interval_on_one_side_decides():
    assert [verdict(0.1, 1.0, better) for better in ("more", "less")] == ["wins", "loses"]
    assert [verdict(-1.0, -0.1, better) for better in ("more", "less")] == ["loses", "wins"]
    assert verdict(-0.1, 1.0, "more") == verdict(0.0, 1.0, "more") == verdict(np.nan, np.nan, "more") == "undecided"


def test_intervals_decide_wrongly_as_often_as_they_say():
    found = share_of_wins(np.random.default_rng(4).normal(0, 1, (4000, 8)), "more")
    assert found.wins + found.loses == pytest.approx(0.05, abs=0.014)  # 4 standard errors of .0034
    assert found.low < 0.5 < found.high


def rows(p, differences, better="more", design="social"):
    columns = {"p": p, "difference": differences, "measure": "m", "design": design, "better": better}
    return pd.DataFrame(columns)


def test_a_map_is_held_to_a_false_discovery_rate():
    p = [0.001, 0.02, 0.04, 0.5, np.nan]
    table = map_of_wins(rows(p, [2.0, -1.0, 1.0, 1.0, np.nan]))
    assert table["p_adjusted"].tolist()[:4] == pytest.approx([0.004, 0.04, 0.16 / 3, 0.5])
    assert table["verdict"].tolist() == ["wins", "loses", "undecided", "undecided", "undecided"]
    assert map_of_wins(rows(p, [2.0] * 5, "less"))["verdict"].tolist()[:2] == ["loses", "loses"]
    assert set(map_of_wins(rows(p, [2.0] * 5, "neither"))["verdict"]) == {"undecided"}


def test_each_measure_and_design_is_a_family_of_its_own():
    both = pd.concat([rows([0.04], [1.0], design="social"), rows([0.04, 0.9], [1.0, 1.0], design="connected")])
    assert map_of_wins(both)["verdict"].tolist() == ["wins", "undecided", "undecided"]
    assert map_of_wins(rows([np.nan], [0.0]))["verdict"].tolist() == ["undecided"]
