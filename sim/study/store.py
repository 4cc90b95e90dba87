"""The store: one folder an experiment, tidy Parquet parts that any tool reads, beside a manifest that explains them.

A finished run is written at once, to `pending/`; when all runs of a fixed slice of the plan are there they move
together to one part of `runs/`, `series/` or `failures/`. So nothing finished is lost whenever a machine stops, and
what stays is the same files whatever happened on the way. A part is whole or absent: it is written under another name,
flushed to the disk and renamed. Its name is the hash of its content, so that a damaged one is known.
"""

import hashlib
import io
import json
import os
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.measures import MEASURES, Measure
from sim.scenario import Design, World, about_key
from sim.study import series
from sim.study.durable import UNFINISHED, StoreError, replace, told_in_a_sentence
from sim.study.executors import LOST, Outcome
from sim.study.experiment import Experiment
from sim.study.factors import Factor
from sim.study.provenance import provenance

if TYPE_CHECKING:
    import filelock
    import pandas as pd
    import pyarrow

TABLES = ("runs", "series", "failures")
A_DAY = 24 * 3600
OWN_COLUMNS = {
    "key": "which run it is: hash of model, world, design's numbers, events, spans, seed and replication",
    "design": "name of the design when it was first computed (the key knows its numbers only)",
    "seed": "seed of the comparison",
    "replication": "number of the pair of twins",
    "point": "number of the point of the plan",
    "error": "why the run failed",
    "command": "how to run it again",
}


Keys = tuple[str, ...]  # of the runs in a part, in its order


class Store:
    """Finished runs of one experiment, whatever designs, seeds and replications.

    damaged: sentences about parts that were cut off or altered; they are taken away, and their runs are missing again.
    """

    def __init__(self, folder: Path, experiment: Experiment, *, only_read: bool = False) -> None:
        """Open a folder; nothing is written yet. `only_read`: it is another one's, and damage is left as it is.

        Raises StoreError when it is no folder, or holds another experiment.
        """
        self.folder, self.experiment, self.only_read = folder, experiment, only_read
        self.damaged: list[str] = []
        if not only_read:
            _refuse_what_cannot_be_written(folder)
        self._refuse_another(folder / "manifest.json")
        self._parts: dict[str, dict[Path, Keys]] = {table: {} for table in TABLES}
        self._pending: dict[str, dict[Path, Keys]] = {table: {} for table in TABLES}
        for table in TABLES:
            self._look(table)

    # --- reading ------------------------------------------------------------------------------------------------------

    def finished(self) -> set[str]:
        """Keys of the runs that need not be computed again: those that failed by themselves too."""
        runs = self._keys("runs")
        failed = self.read(self._keys("failures"), "failures").to_pylist()
        for_good = {row["key"] for row in failed if not row["error"].startswith(LOST)}
        return (runs & self._keys("series") if self.experiment.series else runs) | for_good

    def read(self, keys: Collection[str], table: str = "runs", columns: Sequence[str] | None = None) -> "pyarrow.Table":
        """Rows of those runs that are there, each run once; by key, days in order."""
        while True:
            with suppress(FileNotFoundError):  # another command has just made parts of pending rows: look again
                return self._read(set(keys), table, columns)
            self._look(table)

    def _read(self, wanted: set[str], table: str, columns: Sequence[str] | None) -> "pyarrow.Table":
        import pyarrow
        import pyarrow.compute as compute
        import pyarrow.parquet as parquet

        found = []
        for path, there in (*self._parts[table].items(), *self._pending[table].items()):
            if here := wanted.intersection(there):
                rows = parquet.read_table(path, columns=columns, memory_map=False)
                found.append(rows.filter(compute.is_in(rows["key"], pyarrow.array(sorted(here)))))
                wanted = wanted - here
        if not found:
            return pyarrow.table({"key": pyarrow.array([], pyarrow.string())})
        rows = pyarrow.concat_tables(found, promote_options="permissive")
        return rows.sort_by([(name, "ascending") for name in ("key", "day") if name in rows.column_names])

    def _keys(self, table: str) -> set[str]:
        return {key for parts in (self._parts, self._pending) for keys in parts[table].values() for key in keys}

    # --- writing ------------------------------------------------------------------------------------------------------

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Write finished runs down, until their slice of the plan is complete."""
        for table, rows in self._rows(outcomes).items():
            if rows is not None:
                self._write(self.folder / "pending" / table, rows, self._pending[table])

    def seal(self, keys: Collection[str]) -> None:
        """All runs of a slice of the plan are finished: those that are in no part yet become one."""
        slice_ = set(keys)
        with self._turn():
            for table in TABLES:
                self._look(table)
                sealed = {key for there in self._parts[table].values() for key in there}
                rows = self.read(slice_ - sealed, table)
                if len(rows):
                    self._write(self.folder / table, rows, self._parts[table])
                for path in [path for path, there in self._pending[table].items() if slice_.issuperset(there)]:
                    path.unlink(missing_ok=True)
                    del self._pending[table][path]

    def take_over(self, other: "Store") -> None:
        """Copy what another folder holds of this experiment and this one does not, until its slices are complete."""
        for table in TABLES:
            mine = self._keys(table)
            for keys in (*other._parts[table].values(), *other._pending[table].values()):
                if missing := set(keys) - mine:
                    self._write(self.folder / "pending" / table, other.read(missing, table), self._pending[table])
                    mine |= missing
        self.damaged += other.damaged

    def tidy(self) -> None:
        """Remove what is empty, and what a killed command left half written more than a day ago."""
        with self._turn():
            for folder in (*(self.folder / "pending" / table for table in TABLES), self.folder / "pending"):
                with suppress(OSError):  # it is not there, or not empty
                    folder.rmdir()
            for path in self.folder.glob(f"{UNFINISHED}*"):
                with suppress(OSError):
                    if time.time() - path.stat().st_mtime > A_DAY:
                        path.unlink()

    def _turn(self) -> "filelock.FileLock":
        """One command at a time moves rows from pending to parts."""
        import filelock

        self.folder.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(self.folder / ".lock")

    def describe(self, plan: "pd.DataFrame") -> None:
        """Say what the folder holds and was last asked for: plan, scenario, versions, and what each column means."""
        import pyarrow

        experiment = self.experiment
        rows = pyarrow.Table.from_pandas(plan, preserve_index=False).replace_schema_metadata(None)
        replace(self.folder / "plan.parquet", as_parquet(rows))
        replace(self.folder / "scenario.toml", experiment.scenario.to_toml().encode())
        content = {
            "experiment": experiment.identity,
            "scenario": experiment.scenario.name,
            "question": experiment.scenario.question,
            "factors": {one.key: {"low": one.low, "high": one.high, "levels": one.levels,
                                  "logarithmic": one.logarithmic} for one in experiment.factors},
            "plan": experiment.plan,
            "designs": {name: design.model_dump() for name, design in experiment.designs.items()},
            "seeds": [experiment.scenario.run.seed],
            "replications": int(plan["replication"].nunique()),
            "own": experiment.own.fingerprint(),
            **provenance(),
            "parts": {table: sorted(path.name for path in self._parts[table]) for table in TABLES},
            "columns": dictionary(experiment.own.measures, experiment.factors),
        }  # fmt: skip
        replace(self.folder / "manifest.json", json.dumps(content, indent=1, ensure_ascii=False).encode())

    def log(self, **entry: object) -> None:
        """Add a line about a command that has ended to log.jsonl."""
        path = self.folder / "log.jsonl"
        with told_in_a_sentence(path), open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    # --- inside -------------------------------------------------------------------------------------------------------

    def _refuse_another(self, manifest: Path) -> None:
        try:
            known = json.loads(manifest.read_text(encoding="utf-8"))["experiment"]
        except FileNotFoundError:
            if any((self.folder / table).exists() for table in TABLES):
                raise StoreError(
                    f"{self.folder} holds runs but no manifest.json that says of what; name another folder with --out."
                ) from None
            return
        except (OSError, ValueError, KeyError, TypeError):
            raise StoreError(
                f"{manifest} cannot be read as the manifest of an experiment; "
                "name another folder with --out."
            ) from None
        if known != self.experiment.identity:
            raise StoreError(
                f"{self.folder} holds another experiment (its world, events, weeks, points or model differ); "
                "name another folder with --out."
            )

    def _look(self, table: str) -> None:
        """See which parts there are now; a damaged one is taken away."""
        for folder, known in (
            (self.folder / table, self._parts[table]),
            (self.folder / "pending" / table, self._pending[table]),
        ):
            there = set(folder.glob("part-*.parquet"))
            for path in known.keys() - there:
                del known[path]
            for path in sorted(there - known.keys()):
                with suppress(FileNotFoundError):  # taken by another command between two looks
                    if path.stem == _name(path.read_bytes()):
                        known[path] = _keys_in(path)
                        continue
                    if not self.only_read:
                        path.unlink()
                    self.damaged.append(f"{path} was cut off or altered; its runs are taken as missing.")

    def _rows(self, outcomes: Sequence[Outcome]) -> "dict[str, pyarrow.Table | None]":
        import pyarrow

        ran = [one for one in outcomes if not one.error]
        broken = [one for one in outcomes if one.error]
        days = [one for one in ran if one.series is not None]
        return {
            "runs": pyarrow.Table.from_pylist([about(one) | one.measures for one in ran]) if ran else None,
            "series": pyarrow.concat_tables([_days(one) for one in days]) if days else None,
            "failures": pyarrow.Table.from_pylist([self._failure(one) for one in broken]) if broken else None,
        }

    def _failure(self, outcome: Outcome) -> dict[str, Any]:
        command = f"firmlab replay {outcome.run.key} --in {self.folder.as_posix()}"
        return about(outcome) | {"error": outcome.error, "command": command}

    def _write(self, folder: Path, rows: "pyarrow.Table", known: dict[Path, Keys]) -> None:
        content = as_parquet(rows)
        path = folder / f"{_name(content)}.parquet"
        replace(path, content, self.folder)
        known[path] = tuple(dict.fromkeys(rows["key"].to_pylist()))


def about(outcome: Outcome) -> dict[str, Any]:
    """Which run it is: key, name and numbers of the design, the world's factors, seed and replication.

    A factor that is a number of a design is among the design's numbers; the plan says at which point it was what.
    """
    run = outcome.run
    world = {key: value for key, value in outcome.factors.items() if key.startswith("world.")}
    form = {"key": run.key, "design": run.name, **run.design.model_dump(), **world}
    return form | {"seed": run.seed, "replication": run.replication}


def _days(outcome: Outcome) -> "pyarrow.Table":
    import pyarrow

    columns = outcome.series or {}
    keys = pyarrow.array([outcome.run.key] * len(columns["day"]))
    return pyarrow.table({"key": keys, **{name: pyarrow.array(values) for name, values in columns.items()}})


def _keys_in(path: Path) -> Keys:
    import pyarrow.parquet as parquet

    return tuple(dict.fromkeys(parquet.read_table(path, columns=["key"], memory_map=False)["key"].to_pylist()))


def as_parquet(rows: "pyarrow.Table") -> bytes:
    """A table as the bytes of a file: equal tables give equal bytes."""
    import pyarrow.parquet as parquet

    file = io.BytesIO()
    parquet.write_table(rows, file, compression="zstd")
    return file.getvalue()


def _name(content: bytes) -> str:
    return f"part-{hashlib.sha256(content).hexdigest()[:32]}"


def dictionary(own_measures: Sequence[Measure] = (), factors: Sequence[Factor] = ()) -> Mapping[str, Mapping[str, str]]:
    """Unit, direction and meaning of every column."""
    columns: dict[str, dict[str, str]] = {name: {"meaning": meaning} for name, meaning in OWN_COLUMNS.items()}
    columns |= {name: _about_key(Design, name) for name in Design.model_fields}
    columns |= {factor.key: _about_factor(factor.key) for factor in factors}
    columns |= {name: {"unit": unit, "meaning": meaning} for name, (unit, meaning) in series.COLUMNS.items()}
    return columns | {
        measure.name: {"unit": measure.unit, "better": measure.better, "meaning": measure.meaning}
        for measure in (*MEASURES, *own_measures)
    }


def _about_factor(key: str) -> dict[str, str]:
    table, _, name = key.rpartition(".")
    return {"key": key, **_about_key(World if table == "world" else Design, name)}


def _about_key(table: type[Design] | type[World], name: str) -> dict[str, str]:
    return {"unit": about_key(table, name)["unit"], "meaning": table.model_fields[name].description or name}


def _refuse_what_cannot_be_written(folder: Path) -> None:
    """Said before the first run is computed, so that no work is lost."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise StoreError(f"{there} is a file; --out must name a folder that is new or holds this experiment.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise StoreError(f"{there} does not let you write in it; name another folder with --out.")


def default_folder(experiment: Experiment, name: str = "", results: Path = Path("results")) -> Path:
    """results/NAME-HASH: another world, other events, spans or points are another experiment."""
    called = name or experiment.scenario.name
    plain = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in called)[:40]
    return results / f"{plain or 'scenario'}-{experiment.identity[:8]}"


def stored_row(key: str, folders: Sequence[Path]) -> tuple[Path, dict[str, Any]]:
    """Folder and row of the run with this key, or with the one key that begins so; of a run that failed, too.

    Raises StoreError where there is none, or more than one.
    """
    import pyarrow.parquet as parquet

    found: dict[str, tuple[Path, dict[str, Any]]] = {}
    for folder in folders:
        for place in (folder, folder / "pending"):
            for path in (*(place / "runs").glob("part-*.parquet"), *(place / "failures").glob("part-*.parquet")):
                if path.stem != _name(path.read_bytes()):
                    raise StoreError(f"{path} was cut off or altered; the command that made it makes it again.")
                if any(known.startswith(key) for known in _keys_in(path)):
                    rows = parquet.read_table(path, memory_map=False).to_pylist()
                    found |= {row["key"]: (folder, row) for row in rows if row["key"].startswith(key)}
    if len(found) == 1:
        return next(iter(found.values()))
    where = ", ".join(str(folder) for folder in folders) or "results/, which holds no experiment"
    if found:
        raise StoreError(f"{len(found)} runs have a key that begins with {key} in {where}; write more of it.")
    raise StoreError(f"no run with the key {key} is in {where}; name its folder with --in.")
