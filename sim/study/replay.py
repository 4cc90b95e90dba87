"""Replay: a stored run is made again from nothing but its row and its folder, and compared to the last bit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.measures import MEASURES
from sim.own import NOTHING_OWN, Own
from sim.scenario import Design, Scenario, ScenarioError
from sim.study.durable import StoreError
from sim.study.executors import compute
from sim.study.experiment import Run, Twins
from sim.study.factors import applied
from sim.study.provenance import differences
from sim.study.runs import fingerprint, run_key
from sim.study.store import stored_row


@dataclass(frozen=True)
class Replay:
    """A run made again.

    row: what is stored. measures: what came out now. differing: names of measures that are not equal to the last bit.
    changed: what is not as it was when the run was stored (versions, system), one sentence each. error: why it failed,
    "" where it did not.
    """

    row: Mapping[str, Any]
    measures: Mapping[str, float]
    differing: tuple[str, ...]
    changed: tuple[str, ...]
    error: str


def replay(key: str, folder: str | Path | None = None, own: Own = NOTHING_OWN) -> Replay:
    """Make the run with this key again (its beginning is enough), from any folder in results/ unless one is given.

    Raises StoreError where no run has that key, and ScenarioError where the run used rules or measures of its
    researcher's that `own` does not bring.
    """
    folder, row = stored_row(key, [Path(folder)] if folder is not None else _folders())
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StoreError(
            f"{folder / 'manifest.json'} cannot be read; the command that made {folder} writes it anew."
        ) from None
    given, stored = own.fingerprint(), manifest["own"]
    if different := sorted(name for name in given | stored if given.get(name) != stored.get(name)):
        raise ScenarioError(
            f"run {row['key']} was made with other rules or measures of a researcher's own than are given here "
            f"({', '.join(different)}); give the same: sim.replay(KEY, own=...)."
        )
    twins = _rebuilt(folder, manifest, row, own)
    changed = tuple(differences(manifest))
    if twins.runs[0].key != row["key"] and not changed:
        raise StoreError(
            f"{folder / 'scenario.toml'} or the row of {row['key']} was altered: together they give another key."
        )
    outcome = compute(twins).outcomes[0]
    measures = outcome.measures
    names = [measure.name for measure in (*MEASURES, *own.measures) if measure.name in row and "error" not in row]
    differing = tuple(name for name in names if not _same(row[name], measures.get(name)))
    return Replay(row, measures, differing, changed, outcome.error)


def _folders() -> list[Path]:
    return sorted(path.parent for path in Path("results").glob("*/manifest.json"))


def _rebuilt(folder: Path, manifest: Mapping[str, Any], row: Mapping[str, Any], own: Own) -> Twins:
    """The piece of work that a row came from."""
    scenario = Scenario.load(folder / "scenario.toml")
    factors = {name: row[name] for name in manifest["factors"] if name in row}
    scenario, _ = applied(scenario, {}, factors)
    design = Design(**{name: row[name] for name in Design.model_fields})
    events = scenario.events_for(row["design"])
    key = run_key(fingerprint(scenario, own), design, row["seed"], row["replication"], events)
    run = Run(key, row["design"], design, row["seed"], row["replication"], events)
    return Twins(scenario, (run,), factors, own)


def _same(stored: float, now: float | None) -> bool:
    return now is not None and (stored == now or (stored != stored and now != now))
