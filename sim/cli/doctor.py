"""The command `doctor`."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import typer

from sim.cli.terminal import AsJson, console, fail, ruled

OLDEST_PYTHON = (3, 11)
EXTRAS = {  # how to install more: what has to be there for it, as it is imported and as it is installed
    "study": {"SALib": "SALib", "matplotlib": "matplotlib"},
    "report": {"pptx": "python-pptx"},
    "cluster": {"dask": "dask", "distributed": "distributed"},
    "dashboard": {"solara": "solara", "solara_assets": "solara-assets"},
    "mesa-viz": {"altair": "altair"},
    "notebooks": {"jupytext": "jupytext"},
}
HOW_TO_GET_KOREAN = "install a font that has Korean letters (Debian: apt install fonts-nanum)"


class Check(NamedTuple):
    """One thing that was looked at: what was found, and where it is not as it should be, the mend."""

    name: str
    ok: bool
    essential: bool
    found: str
    mend: str | None  # nothing to mend where it is well


def doctor(as_json: AsJson = False) -> None:
    """Look at this machine: what is there for firmlab, what is missing, and how to mend it.

    Ends with 1 where something essential is missing; the rest is for parts you may not need.

    Example: firmlab doctor
    """
    found = list(checks())
    if as_json:
        typer.echo(json.dumps([check._asdict() for check in found], indent=1, ensure_ascii=False))
    else:
        _print(found)
    broken = [check.name for check in found if check.essential and not check.ok]
    if broken:
        fail(f"essential and missing: {', '.join(broken)}.", 1)


def checks() -> Iterator[Check]:
    """Everything that is looked at, what is essential first."""
    yield _python()
    yield _cores()
    yield _results()
    yield _cache()
    yield _rules()
    yield _browser()
    yield _korean()
    yield from map(_extra, EXTRAS)


# --- essential --------------------------------------------------------------------------------------------------------


def _essential(name: str, ok: bool, found: str, mend: str) -> Check:
    return Check(name, ok, True, found, None if ok else mend)


def _python() -> Check:
    oldest = ".".join(map(str, OLDEST_PYTHON))
    found = ".".join(map(str, sys.version_info[:3]))
    mend = f"install Python {oldest} or later, and firmlab into it"
    return _essential("Python", sys.version_info[:2] >= OLDEST_PYTHON, found, mend)


def _cores() -> Check:
    from sim.study.executors import default_workers

    ours, all_of_them = default_workers(), os.cpu_count() or 1
    mend = "let this process use a core (taskset, or the limits of its container)"
    return _essential("cores", ours >= 1, f"{ours} of {all_of_them}", mend)


def _results() -> Check:
    folder = Path("results").absolute()
    mend = "call firmlab in a folder that you can write in, or name one with --out"
    return _writable("write access to results", folder, mend)


def _cache() -> Check:
    mend = "set NUMBA_CACHE_DIR to a folder that you can write in"
    return _writable("write access to compiled rules", _folder_of_rules(), mend)


def _folder_of_rules() -> Path:
    import_module("sim.compiled")  # which chooses the folder
    return Path(os.environ["NUMBA_CACHE_DIR"]).absolute()


def _writable(name: str, folder: Path, mend: str) -> Check:
    refusal = _refusal(folder)
    return _essential(name, not refusal, refusal or str(folder), mend)


def _refusal(folder: Path) -> str:
    """Why nothing can be written in a folder, or where it would be made; tried, since permissions say too little."""
    there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not there.is_dir():
        return f"{there} is not a folder"
    try:
        with tempfile.TemporaryFile(dir=there):
            return ""
    except OSError as error:
        return f"{there} cannot be written in ({error.strerror})"


# --- for parts that may not be needed ---------------------------------------------------------------------------------


def _optional(name: str, ok: bool, found: str, mend: str) -> Check:
    return Check(name, ok, False, found, None if ok else mend)


def _rules() -> Check:
    from sim.compiled import is_cold

    cold = is_cold()
    found = "not compiled for this version yet" if cold else "compiled"
    return _optional("rules", not cold, found, "nothing to do: the first run compiles them, in about a minute")


def _browser() -> Check:
    from sim.report.browser import HOW_TO_GET, find_browser, version_of

    browser = find_browser()
    found = ", ".join(filter(None, (version_of(browser), str(browser)))) if browser else "none"
    return _optional("browser for PDF", browser is not None, found, HOW_TO_GET.removesuffix("."))


def _korean() -> Check:
    name = "Korean font"
    if sys.platform in ("darwin", "win32"):
        return _optional(name, True, "comes with the system", "")
    fonts = _fonts()
    if fonts is None:
        found = "unknown, since fc-list is not there or gives no answer"
        return _optional(name, False, found, f"{HOW_TO_GET_KOREAN}, and fontconfig")
    return _optional(name, bool(fonts), fonts[0] if fonts else "none", HOW_TO_GET_KOREAN)


def _fonts() -> list[str] | None:
    """Names of the fonts with Korean letters; nothing at all where nobody answers."""
    asked = shutil.which("fc-list")
    if asked is None:
        return None
    try:
        answer = subprocess.run([asked, ":lang=ko", "family"], capture_output=True, timeout=1, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode:
        return None
    return sorted({line.split(",")[0].strip() for line in answer.stdout.decode(errors="replace").splitlines()} - {""})


def _extra(extra: str) -> Check:
    needed = EXTRAS[extra]
    missing = [package for module, package in needed.items() if find_spec(module) is None]
    found = f"without {', '.join(missing)}" if missing else ", ".join(map(_with_version, needed.values()))
    return _optional(f"extra {extra}", not missing, found, f"python -m pip install 'firmlab[{extra}]'")


def _with_version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:  # it can be imported, but was not installed as a package
        return package


# --- for people -------------------------------------------------------------------------------------------------------


def _print(found: list[Check]) -> None:
    table = ruled("check", "state", "essential", "found")
    for column in table.columns:
        column.justify = "left"
    for check in found:
        table.add_row(check.name, "ok" if check.ok else "missing", "yes" if check.essential else "no", check.found)
    page = console()
    page.print(table)
    for check in found:
        if check.mend:
            page.print(f"{check.name}: {check.mend}", soft_wrap=True)  # in one piece, so that commands can be copied
