"""Without ties the firm is its reporting tree: Krackhardt's four measures of an out-tree are all 1.

The graph is read off the rules themselves: an arc for every step that somebody takes toward anybody below.
"""

import numpy as np
import pytest

from sim.engine import start
from sim.tree import is_above, toward
from tests.firms import firm


@pytest.mark.parametrize(("staff", "span"), [(156, 5), (20, 3), (7, 1)])
def test_krackhardts_measures_are_one(staff, span):  # Krackhardt 1994, as in the R package sna
    state = start(firm(f"world.span={span}", staff=staff, burn_in=0), "traditional", seed=1)
    arcs, above = np.zeros((2, staff, staff), bool)
    for one in range(staff):
        for other in range(staff):
            above[one, other] = one == other or is_above(state.firm, np.int64(one), np.int64(other))
            if above[one, other] and one != other:
                arcs[one, toward(state.firm, np.int64(one), np.int64(other))] = True
    reaches = np.eye(staff, dtype=bool) | arcs  # reaches[i, j]: there is a way along arcs from i to j
    for middle in range(staff):
        reaches |= np.outer(reaches[:, middle], reaches[middle])
    assert np.array_equal(reaches, above)
    linked = reaches | reaches.T
    pairs = staff * (staff - 1) // 2
    common = (reaches.T.astype(int) @ reaches.astype(int)) > 0
    connectedness = np.count_nonzero(np.triu(common, 1)) / pairs  # weakly connected: everybody has a common boss
    hierarchy = 1 - np.count_nonzero(np.triu(reaches & reaches.T, 1)) / np.count_nonzero(np.triu(linked, 1))
    efficiency = 1 - (np.count_nonzero(arcs) - (staff - 1)) / (staff * (staff - 1) - (staff - 1))
    assert (connectedness, hierarchy, efficiency) == (1, 1, 1)
    assert np.array_equal(np.triu(common, 1), np.triu(np.ones((staff, staff), bool), 1))  # least upper bounds exist
