"""A real firm's figures beside the model's. They are only shown: no run reads them, so they can contradict it."""

import pandas as pd
from scipy import stats

from sim.scenario import HANDOFF_CLASSES, Scenario

OBSERVED = "observed"


def by_handoffs(scenario: Scenario, table: pd.DataFrame) -> pd.DataFrame:
    """Median hours of requests by handoffs (0, 1, … 5 or more): one column the real firm, one each design.

    `table` is that of a comparison; a design's figures are means over its runs.
    """
    estimates = table.set_index(["measure", "design"])["estimate"]
    names = [f"request_hours_handoffs_{handoffs}" for handoffs in range(HANDOFF_CLASSES)]
    designs = list(dict.fromkeys(table["design"]))
    columns = {design: [estimates[name, design] for name in names] for design in designs}
    return pd.DataFrame({OBSERVED: scenario.observed_hours_by_handoffs, **columns})


def straightness(hours: "pd.Series[float]") -> float:
    """R² of the straight line through hours by handoffs: 1 where each handoff costs the same.

    Classes in which a firm has no request are left out; NaN with fewer than three left (two lie on a line anyway).
    """
    known = hours.dropna()
    if len(known) < 3:
        return float("nan")
    return float(stats.linregress(known.index.to_numpy(), known).rvalue ** 2)
