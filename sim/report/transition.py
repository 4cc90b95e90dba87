"""The way from one form of firm to the other, quarter after quarter: is there a dip?"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.stored import Stored
from sim.study.paired import interval

if TYPE_CHECKING:
    import pandas as pd

DAYS_A_QUARTER = 65  # thirteen weeks
# Column of the daily series: which way is better, and the column that weighs a day (None: all days count the same).
SHOWN: dict[str, tuple[str, str | None]] = {
    "decision_hours": ("less", "decisions"),
    "retained": ("more", None),
    "satisfaction": ("more", None),
}


def quarters(study: Stored) -> "pd.DataFrame":
    """Each shown column, design and quarter: mean over firms and paired difference from the reference.

    Columns: column, better, design, quarter (from 1), estimate, low, high, difference, difference_low, difference_high,
    pairs. A quarter of a firm is the mean over its days; a share still there is that of the quarter's last day.
    """
    import pandas as pd

    days = study.series.assign(quarter=lambda table: (table["day"] - 1) // DAYS_A_QUARTER + 1)
    rows = []
    for column, (better, weight) in SHOWN.items():
        values = _per_firm(days, column, weight)
        reference = values[next(iter(study.designs))]
        for design in study.designs:
            for quarter, firms in values[design].iterrows():
                apart = (firms - reference.loc[quarter]).dropna().to_numpy()
                row: dict[str, Any] = {"column": column, "better": better, "design": design, "quarter": quarter}
                row |= dict(zip(("estimate", "low", "high"), interval(firms.dropna().to_numpy()), strict=True))
                names = ("difference", "difference_low", "difference_high")
                rows.append(row | dict(zip(names, interval(apart), strict=True)) | {"pairs": len(apart)})
    return pd.DataFrame(rows)


def _per_firm(days: "pd.DataFrame", column: str, weight: str | None) -> "dict[str, pd.DataFrame]":
    """Of each design a table: a row a quarter, a column a replication."""
    known = days.dropna(subset=[column])
    keys = ["design", "quarter", "replication"]
    if column == "retained":
        values = known.groupby(keys)[column].last()
    elif weight is None:
        values = known.groupby(keys)[column].mean()
    else:
        product = (known[column] * known[weight]).groupby([known[key] for key in keys]).sum()
        values = product / known.groupby(keys)[weight].sum()
    return {str(name): table.droplevel("design").unstack("replication") for name, table in values.groupby("design")}


def weeks_of_last_quarter(study: Stored) -> int:
    """How long the last quarter is; the others have thirteen weeks."""
    return ((int(study.series["day"].max()) - 1) % DAYS_A_QUARTER + 1) // 5


@dataclass(frozen=True)
class Way:
    """How a design fares on its way, compared with the reference that stays as it is.

    kind: "never" clearly behind; a "dip" from which it clearly recovers by the last quarter; "behind" in the last
    quarter without having recovered from anything; "open" where it was behind and the last quarter does not say.
    worst: the quarter in which it is furthest behind, None where it never is. last: the last quarter.
    """

    kind: str
    worst: "pd.Series[Any] | None"
    last: "pd.Series[Any]"


def way(path: "pd.DataFrame", column: str, design: str) -> Way:
    """Clearly behind: the 95 % interval of the paired difference lies wholly on the worse side in that quarter.

    Clearly recovered: the interval of the last quarter lies wholly above that of the dip. Intervals are of one quarter
    each, not adjusted for their number.
    """
    rows = path[(path["column"] == column) & (path["design"] == design)].reset_index(drop=True)
    sign = 1.0 if rows["better"].iloc[0] == "more" else -1.0
    ends = np.sort(sign * rows[["difference_low", "difference_high"]].to_numpy(), axis=1)
    behind = ends[:, 1] < 0
    recovered = behind & (ends[:, 1] < ends[-1, 0])
    found = [
        ("dip", recovered),
        ("behind", behind & behind[-1]),
        ("open", behind),
    ]
    kind, quarters_of_it = next(((name, quarters) for name, quarters in found if quarters.any()), ("never", behind))
    furthest = (sign * rows["difference"]).where(quarters_of_it)
    return Way(kind, rows.loc[furthest.idxmin()] if kind != "never" else None, rows.iloc[-1])
