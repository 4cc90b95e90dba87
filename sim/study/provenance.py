"""Where numbers come from: versions, system and command, for the manifest and the log."""

import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sim.compiled import PACKAGE, sources_hash

PACKAGES = ("firmlab", "numba", "llvmlite", "numpy", "pyarrow", "scipy", "pandas", "SALib", "distributed")


def provenance() -> dict[str, object]:
    """The model's version, the code's revision, versions of what the numbers rest on, system, command and time."""
    return {
        "model": sources_hash(),
        "revision": _revision(),
        "packages": {name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "command": command_line(),
        "written": now(),
    }


def differences(manifest: Mapping[str, Any]) -> list[str]:
    """What has changed since a manifest was written, one sentence each."""
    today = {"python": platform.python_version(), "platform": platform.platform(), "model": sources_hash()}
    packages = manifest.get("packages", {})
    then = {name: manifest.get(name) for name in today} | packages
    here = today | {name: _version(name) for name in packages}
    return [f"{name} was {then[name]}, here it is {here[name]}" for name in then if then[name] != here[name]]


def command_line() -> list[str]:
    """How this process was called, without the folder of the program; a notebook's kernel only names its own files."""
    return ["notebook"] if "ipykernel" in sys.modules else [Path(sys.argv[0]).name, *sys.argv[1:]]


def now() -> str:
    """The time of day, for people."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _revision() -> str | None:
    """The commit of a checkout, with "-dirty" where files have changed; None where it is no checkout."""
    if not (PACKAGE.parent / ".git").exists():
        return None
    command = ["git", "-C", str(PACKAGE.parent), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
