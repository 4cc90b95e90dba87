"""The engine and a SimPy firm with the same draws agree on the end of every case, to the tick."""

import pytest

from sim.engine import advance, start
from tests.peers import reduced

from ..conftest import require

DAYS = 60
CASES = {
    "decisions alone": ("world.interdependence=0.0",),
    "with consults": ("world.interdependence=0.4",),
    "under load": ("world.interdependence=0.3", "world.load=1.6"),
    "with look-up": ("world.look_up_hours=1.5", "world.busy_share=inf", "world.quiet_hours=inf"),
    "a chain": ("world.span=2", "world.desk=0.0"),
}


@pytest.mark.parametrize("staff", [31, 200])
@pytest.mark.parametrize("name", CASES)
def test_same_trajectory_as_simpy(name, staff):
    require("simpy")
    from tests.peers.simpy_firm import Firm

    scenario = reduced(*CASES[name], staff=staff, weeks=DAYS // 5)
    state = advance(start(scenario, "traditional", seed=11), DAYS)
    rows = state.ledger[: state.clock["closed_rows"][0]]
    ours = {int(row["key"]): (int(row["closed"]), int(row["disposition"])) for row in rows}
    theirs = Firm(scenario, 11).run(DAYS)
    assert len(ours) > 500
    assert ours == theirs
