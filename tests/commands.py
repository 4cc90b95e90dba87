"""Commands as a user types them, and the files they leave, for tests."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
TABLES = ("runs", "series", "failures")


def command(*arguments):
    return [sys.executable, "-m", "sim", *map(str, arguments)]


def environment():
    places = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places), "PYTHONUTF8": "1"}


def firmlab(*arguments, folder):
    return subprocess.run(
        command(*arguments), cwd=folder, env=environment(), capture_output=True, encoding="utf-8", check=False
    )


def parts(folder: Path) -> dict[str, bytes]:
    """Every results part of a store: name and content."""
    return {f"{table}/{path.name}": path.read_bytes() for table in TABLES for path in (folder / table).glob("*")}


def tiny(weeks: int) -> str:
    """A scenario file of a firm of 20 seats and a short run, three pairs of it."""
    world = 'extends = "baseline"\n[world]\nstaff = 20\n'
    return f"{world}[run]\nburn_in_weeks = 1\nwarm_up_weeks = 0\nweeks = {weeks}\nreplications = 3\n"
