"""Without ties the firm is its reporting tree: Krackhardt's four measures of an out-tree are all 1."""

import numpy as np
import pytest

from sim.population import build
from sim.scenario import Design, Scenario


@pytest.mark.parametrize(("staff", "span"), [(156, 5), (20, 3), (7, 1)])
def test_krackhardts_measures_are_one(staff, span):  # Krackhardt 1994, as in the R package sna
    world = Scenario.load("baseline").override([f"world.staff={staff}", f"world.span={span}"]).world
    parent = build(world, Design.traditional(), seed=1, replication=0).seats["parent"]
    reaches = np.eye(staff, dtype=bool)  # reaches[i, j]: i is j or above j
    for seat in range(1, staff):
        reaches[:, seat] |= reaches[:, parent[seat]]
    linked = reaches | reaches.T
    pairs = staff * (staff - 1) // 2
    common = (reaches.T.astype(int) @ reaches.astype(int)) > 0
    connectedness = np.count_nonzero(np.triu(common, 1)) / pairs  # weakly connected: everybody has a common boss
    hierarchy = 1 - np.count_nonzero(np.triu(reaches & reaches.T, 1)) / np.count_nonzero(np.triu(linked, 1))
    ties = np.count_nonzero(parent >= 0)
    efficiency = 1 - (ties - (staff - 1)) / (staff * (staff - 1) - (staff - 1))
    assert (connectedness, hierarchy, efficiency) == (1, 1, 1)
    assert np.array_equal(np.triu(common, 1), np.triu(np.ones((staff, staff), bool), 1))  # least upper bounds exist
