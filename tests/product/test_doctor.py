"""Every check names what is missing and the mend; only what is essential makes the command fail."""

import json
import os
import subprocess
import sys
import time
from collections import namedtuple
from importlib import import_module
from importlib.util import find_spec

import pytest
import typer
from typer.testing import CliRunner

import sim.compiled
from sim.report import browser
from sim.study import executors
from tests.commands import REPOSITORY, environment

module = import_module("sim.cli.doctor")  # in sim.cli the command has taken its name
ESSENTIAL = ["Python", "cores", "write access to results", "write access to compiled rules"]
OPTIONAL = ["rules", "browser for PDF", "Korean font", *(f"extra {name}" for name in module.EXTRAS)]
VersionInfo = namedtuple("VersionInfo", "major minor micro")


@pytest.fixture
def doctor(tmp_path, monkeypatch):
    """The command in an empty folder: exit code and checks by name, the same ones as people see."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(module.doctor)

    def call():
        answer = CliRunner().invoke(app, ["--json"])
        shown = CliRunner().invoke(app, [])
        found = {check["name"]: check for check in json.loads(answer.stdout)}
        assert shown.exit_code == answer.exit_code
        for check in found.values():
            lines = map(str.strip, shown.stdout.splitlines())
            state = next(
                line.removeprefix(check["name"]).split()[0] for line in lines if line.startswith(check["name"])
            )
            assert state == ("ok" if check["ok"] else "missing")
            assert check["ok"] or f"{check['name']}: {check['mend']}" in shown.stdout
        return answer.exit_code, found, answer.stderr

    return call


def without(*missing):
    return lambda name, package=None: None if name in missing else find_spec(name, package)


def broken_python(monkeypatch, folder):
    monkeypatch.setattr(module.sys, "version_info", VersionInfo(3, 10, 4))


def broken_cores(monkeypatch, folder):
    monkeypatch.setattr(executors, "default_workers", lambda: 0)


def broken_results(monkeypatch, folder):
    (folder / "results").write_text("no folder", encoding="utf-8")


def broken_cache(monkeypatch, folder):
    (folder / "file").write_text("no folder", encoding="utf-8")
    before = sim.compiled.is_cold()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder / "file" / "rules"))
    monkeypatch.setattr(
        sim.compiled, "is_cold", lambda: before
    )  # another folder holds no rules, which is another thing


def broken_rules(monkeypatch, folder):
    monkeypatch.setattr(sim.compiled, "is_cold", lambda: True)


def broken_browser(monkeypatch, folder):
    monkeypatch.setattr(browser, "find_browser", lambda: None)


def broken_font(monkeypatch, folder):
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setattr(module, "_fonts", list)


def broken_extra(*modules):
    return lambda monkeypatch, folder: monkeypatch.setattr(module, "find_spec", without(*modules))


BROKEN = [
    ("Python", broken_python, "3.10.4", "install Python 3.11 or later"),
    ("cores", broken_cores, "0 of", "let this process use a core"),
    ("write access to results", broken_results, "results is not a folder", "name one with --out"),
    ("write access to compiled rules", broken_cache, "file is not a folder", "set NUMBA_CACHE_DIR"),
    ("rules", broken_rules, "not compiled for this version yet", "about a minute"),
    ("browser for PDF", broken_browser, "none", "apt install chromium"),
    ("Korean font", broken_font, "none", "apt install fonts-nanum"),
    ("extra study", broken_extra("SALib"), "without SALib", "python -m pip install 'firmlab[study]'"),
    ("extra report", broken_extra("pptx"), "without python-pptx", "python -m pip install 'firmlab[report]'"),
    ("extra cluster", broken_extra("dask", "distributed"), "without dask, distributed", "'firmlab[cluster]'"),
    ("extra dashboard", broken_extra("solara"), "without solara", "python -m pip install 'firmlab[dashboard]'"),
    ("extra mesa-viz", broken_extra("altair"), "without altair", "python -m pip install 'firmlab[mesa-viz]'"),
    ("extra notebooks", broken_extra("jupytext"), "without jupytext", "python -m pip install 'firmlab[notebooks]'"),
]


def test_everything_is_looked_at_and_what_is_well_needs_no_mend(doctor):
    code, found, _ = doctor()
    assert list(found) == ESSENTIAL + OPTIONAL
    assert [name for name, check in found.items() if check["essential"]] == ESSENTIAL
    assert all(set(check) == {"name", "ok", "essential", "found", "mend"} for check in found.values())
    assert all(check["ok"] == (check["mend"] is None) for check in found.values())
    assert all(found[name]["ok"] for name in ESSENTIAL)
    assert code == 0


def test_every_check_is_broken_below():
    assert [name for name, *_ in BROKEN] == ESSENTIAL + OPTIONAL


@pytest.mark.parametrize(("name", "breaks", "said", "mend"), BROKEN, ids=[name for name, *_ in BROKEN])
def test_one_thing_broken_is_named_with_its_mend(doctor, monkeypatch, tmp_path, name, breaks, said, mend):
    before = {other for other, check in doctor()[1].items() if not check["ok"]}
    breaks(monkeypatch, tmp_path)
    code, found, complaint = doctor()
    assert {other for other, check in found.items() if not check["ok"]} == before | {name}
    assert said in found[name]["found"]
    assert mend in found[name]["mend"]
    assert code == (1 if name in ESSENTIAL else 0)
    assert (complaint == f"firmlab: essential and missing: {name}.\n") == (name in ESSENTIAL)


def test_a_folder_that_refuses_is_tried(doctor, monkeypatch, tmp_path):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.tempfile, "TemporaryFile", refuse)
    code, found, _ = doctor()
    assert code == 1
    assert "cannot be written in (Permission denied)" in found["write access to results"]["found"]
    assert list(tmp_path.iterdir()) == []


def test_no_fc_list_means_that_nobody_knows(doctor, monkeypatch):
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setattr(module, "_fonts", lambda: None)
    code, found, _ = doctor()
    assert code == 0
    assert "unknown" in found["Korean font"]["found"]
    assert "fontconfig" in found["Korean font"]["mend"]


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program on Windows")
@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        ("echo 'NanumGothic,나눔고딕'", True, "NanumGothic"),
        (":", False, "none"),
        ("exit 1", False, "unknown, since fc-list is not there or gives no answer"),
        ("exec /bin/sleep 60", False, "unknown, since fc-list is not there or gives no answer"),
    ],
    ids=["has one", "has none", "fails", "hangs"],
)
def test_what_fc_list_answers_is_said(monkeypatch, tmp_path, answer, state, said):
    program = tmp_path / "fc-list"
    program.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert module._korean()[1:4] == (state, False, said)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_korean_comes_with_other_systems(monkeypatch, platform):
    monkeypatch.setattr(module.sys, "platform", platform)
    assert module._korean() == module.Check("Korean font", True, False, "comes with the system", None)


def test_it_is_quick_and_loads_no_extra(tmp_path):
    packages = [name for needed in module.EXTRAS.values() for name in needed]
    script = (
        "import sys; from sim.cli.doctor import checks; list(checks()); "
        f"print([name for name in {packages} if name in sys.modules])"
    )
    seconds = []
    for _ in range(3):  # the quickest counts: this machine may be busy
        began = time.perf_counter()
        answer = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
        )
        seconds.append(time.perf_counter() - began)
    assert answer.stdout.strip() == "[]"
    assert os.listdir(tmp_path) == []
    assert min(seconds) < 2.0


def test_extras_are_those_of_the_package():
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for extra, needed in module.EXTRAS.items():
        wanted = " ".join(project["optional-dependencies"][extra])
        assert all(package in wanted for package in needed.values()), extra
    assert project["requires-python"] == f">={'.'.join(map(str, module.OLDEST_PYTHON))}"
