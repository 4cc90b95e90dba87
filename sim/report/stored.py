"""A stored experiment as it lies in its folder: what was asked for, and the runs that answer it.

The folder is read as any other tool would read it, so runs of an earlier version of the model can be reported too.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures import MEASURES, Measure
from sim.scenario import Design, Scenario, ScenarioError
from sim.study.durable import StoreError
from sim.study.factors import base_value
from sim.study.paired import tabulate

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Stored:
    """An experiment that was run.

    folder: where it lies. manifest: what the store says of it. scenario: the base of all its points.
    """

    folder: Path
    manifest: Mapping[str, Any]
    scenario: Scenario

    @property
    def plan(self) -> str:
        """How the points were chosen."""
        return str(self.manifest.get("plan", "")).partition(" ")[0]

    @property
    def factors(self) -> tuple[str, ...]:
        """Keys that vary from point to point."""
        return tuple(self.manifest.get("factors", {}))

    @property
    def designs(self) -> dict[str, Design]:
        """Designs by name, the reference first."""
        return {name: Design(**numbers) for name, numbers in self.manifest["designs"].items()}

    @cached_property
    def runs(self) -> "pd.DataFrame":
        """One row a point, replication and design: the columns of the plan, the key, and a column a measure."""
        import pandas as pd

        plan = pd.read_parquet(self.folder / "plan.parquet")
        rows = self._table("runs")
        if rows.empty:
            return plan.iloc[:0]
        rows = rows.drop_duplicates("key")
        known = [name for name in plan.columns if name != "key" and name in rows.columns]
        return plan.merge(rows.drop(columns=known), on="key", how="inner")

    @cached_property
    def series(self) -> "pd.DataFrame":
        """One row a run and day, with its design and replication; empty where no days were kept."""
        days = self._table("series")
        names = ["key", "design", "replication"]
        return self.runs[names].merge(days, on="key", how="inner") if len(days) else days

    @cached_property
    def has_all_of_a_pair(self) -> bool:
        """Is there a pair of twins of which every point and design that was asked for has run?"""
        import pandas as pd

        asked = pd.read_parquet(self.folder / "plan.parquet", columns=["replication"])["replication"].value_counts()
        return bool((self.runs["replication"].value_counts().reindex(asked.index) == asked).any())

    @property
    def pairs(self) -> int:
        """Pairs of twins at a point."""
        return int(self.runs["replication"].nunique())

    def at_base(self) -> "pd.DataFrame":
        """The runs in which every factor has the value it has in the scenario."""
        runs = self.runs
        for key in self.factors:
            runs = runs[runs[key] == self.base_value(key)]
        return runs

    def base_value(self, factor: str) -> float:
        """The value that a factor has in the scenario itself; "world.load", or "design.social.approve"."""
        return base_value(self.scenario, self.designs, factor)

    def table(self, designs: Sequence[str], measures: Sequence[Measure] = MEASURES) -> "pd.DataFrame":
        """Estimates and paired differences at the base point (see `paired.tabulate`)."""
        return tabulate(_known(self.at_base(), measures), list(designs), measures)

    def points(self, measure: str, reference: str, design: str) -> "pd.DataFrame":
        """Differences from the reference at every point: a row a point with its factors, a column a replication."""
        both = self.runs.set_index(["point", *self.factors, "design", "replication"])[measure].unstack("replication")
        return both.xs(design, level="design") - both.xs(reference, level="design")

    def differences_at_base(self, measure: str, reference: str, design: str) -> "np.ndarray[Any, Any]":
        """Differences from the reference at the base point, one a replication."""
        values = self.at_base().set_index(["design", "replication"])[measure].unstack("replication")
        return np.asarray((values.loc[design] - values.loc[reference]).to_numpy(float))

    def _table(self, name: str) -> "pd.DataFrame":
        import pandas as pd

        paths = [*self.folder.glob(f"{name}/part-*.parquet"), *self.folder.glob(f"pending/{name}/part-*.parquet")]
        found = [pd.read_parquet(path) for path in sorted(paths)]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def stored(folder: Path) -> Stored:
    """The experiment in a folder. Raises StoreError: a sentence with a way out."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        scenario = Scenario.load(folder / "scenario.toml")
        return Stored(folder, manifest, scenario)
    except FileNotFoundError:
        raise StoreError(
            f"{folder} holds no results; firmlab compare and firmlab sweep name the folder that they write."
        ) from None
    except NotADirectoryError:
        raise StoreError(f"{folder} is a file; name the folder of results.") from None
    except ScenarioError as error:
        raise StoreError(f"{folder} was written by another version of firmlab ({error})") from None
    except (OSError, ValueError, KeyError):
        raise StoreError(
            f"{folder / MANIFEST} cannot be read; the command that made the folder makes it again."
        ) from None


def _known(runs: "pd.DataFrame", measures: Sequence[Measure]) -> "pd.DataFrame":
    """With a column, empty, for each measure that an earlier version did not have."""
    missing = [measure.name for measure in measures if measure.name not in runs.columns]
    return runs.assign(**dict.fromkeys(missing, np.nan)) if missing else runs
