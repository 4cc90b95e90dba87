"""The store: one folder an experiment, tidy Parquet parts beside a manifest. A part is whole or absent.

Parts are written under another name, flushed to the disk and renamed. They are named after the keys of their runs, so
the same runs give the same part. Any tool that reads Parquet reads them without this package.
"""

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sim.compiled import sources_hash
from sim.measures import MEASURES, Measure
from sim.own import NOTHING_OWN, Own
from sim.scenario import Scenario
from sim.study.executors import Outcome
from sim.study.runs import Plan, digest, fingerprint

PACKAGES = ("firmlab", "numba", "numpy", "pyarrow", "scipy", "pandas")
RUNS_A_PART = 20
OWN_COLUMNS = {
    "key": "which run it is: hash of model, world, design's numbers, spans, seed and replication",
    "design": "name of the design when it was first computed (the key knows its numbers only)",
    "seed": "seed of the comparison",
    "replication": "number of the pair of twins",
    "engine_seconds": "time it took, the shared burn-in shared out",
}


class StoreError(ValueError):
    """A folder cannot serve as the store; the sentence says why and what to do."""


class Store:
    """Finished runs of one experiment: a scenario's world and spans, whatever designs, seeds and replications."""

    def __init__(self, folder: Path, scenario: Scenario, own: Own = NOTHING_OWN) -> None:
        """Open a folder. Nothing is written before the first part.

        Raises StoreError when it is no folder, or holds another experiment.
        """
        self.folder, self.scenario, self.own = folder, scenario, own
        self.experiment = experiment(scenario, own)
        _refuse_what_cannot_be_written(folder)
        try:
            known = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["experiment"]
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError):
            raise StoreError(
                f"{folder / 'manifest.json'} cannot be read as the manifest of an experiment; "
                "name another folder with --out, or remove that file."
            ) from None
        if known != self.experiment:
            raise StoreError(
                f"{folder} holds another experiment (its world, events or weeks differ); "
                "name another folder with --out."
            )

    def read(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The rows of those runs that are there already, by key."""
        import pyarrow.parquet as parquet

        wanted, found = set(keys), {}
        for path in sorted((self.folder / "runs").glob("part-*.parquet")):
            for row in parquet.read_table(path, memory_map=False).to_pylist():
                if row["key"] in wanted:
                    found[row["key"]] = row
        return found

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Add finished runs as one part."""
        import pyarrow
        import pyarrow.parquet as parquet

        rows = sorted((as_row(outcome) for outcome in outcomes), key=lambda row: row["key"])
        table = pyarrow.Table.from_pylist(rows)
        name = digest([row["key"] for row in rows])
        path = self.folder / "runs" / f"part-{name}.parquet"
        _replace(path, lambda temporary: parquet.write_table(table, temporary))

    def write_manifest(self, plan: Sequence[Plan], command: Sequence[str]) -> None:
        """Say what the folder holds: scenario, versions, seeds, and what each column means."""
        parts = sorted((self.folder / "runs").glob("part-*.parquet"))
        content = {
            "experiment": self.experiment,
            "scenario": self.scenario.name,
            "question": self.scenario.question,
            "scenario_toml": self.scenario.to_toml(),
            "model": sources_hash(),
            "packages": {name: _version(name) for name in PACKAGES},
            "python": platform.python_version(),
            "platform": platform.platform(),
            "command": list(command),
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "designs": {run.name: run.design.model_dump() for run in plan},
            "seeds": sorted({run.seed for run in plan}),
            "replications": len({run.replication for run in plan}),
            "parts": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in parts},
            "columns": dictionary(self.own.measures),
        }
        text = json.dumps(content, indent=1, ensure_ascii=False, default=str)
        _replace(self.folder / "manifest.json", lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _refuse_what_cannot_be_written(folder: Path) -> None:
    """Said before the first run is computed, so that no work is lost."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise StoreError(f"{there} is a file; --out must name a folder that is new or holds this experiment.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise StoreError(f"{there} does not let you write in it; name another folder with --out.")


def experiment(scenario: Scenario, own: Own = NOTHING_OWN) -> str:
    """What a folder holds, as a hash: world, dated events, spans, and a researcher's own rules and measures."""
    events = [event.model_dump(mode="json") for event in scenario.events]
    return digest(fingerprint(scenario) | {"events": events, "own": own.fingerprint()})


def default_folder(scenario: Scenario, own: Own = NOTHING_OWN, results: Path = Path("results")) -> Path:
    """results/NAME-HASH: another world, other events or other spans are another experiment."""
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in scenario.name)[:40]
    return results / f"{name or 'scenario'}-{experiment(scenario, own)[:8]}"


def as_row(outcome: Outcome) -> dict[str, Any]:
    """A finished run as a row: who it is, the design's numbers, a column per measure."""
    run = outcome.run
    about = {"key": run.key, "design": run.name, **run.design.model_dump(), "seed": run.seed}
    about |= {"replication": run.replication, "engine_seconds": outcome.engine_seconds}
    return about | outcome.measures


def dictionary(own_measures: Sequence[Measure] = ()) -> Mapping[str, Mapping[str, str]]:
    """Unit, direction and meaning of every column of measures."""
    own = {name: {"meaning": meaning} for name, meaning in OWN_COLUMNS.items()}
    return own | {
        measure.name: {"unit": measure.unit, "better": measure.better, "meaning": measure.meaning}
        for measure in (*MEASURES, *own_measures)
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _replace(path: Path, write: Any) -> None:
    """Write a file under another name, flush it to the disk, rename it: a reader sees all of it or nothing."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror}); make room or name another folder with --out. "
            "What was stored before is kept."
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def command_line() -> list[str]:
    """How this process was called, without the folder of the program."""
    return [Path(sys.argv[0]).name, *sys.argv[1:]]
