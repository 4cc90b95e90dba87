"""The repository says what is true: documents run, pins fit, nothing names a machine."""

import doctest
import importlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PINS = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if line.strip()]


def direct() -> list[Requirement]:
    extras = [name for names in PROJECT["optional-dependencies"].values() for name in names]
    named = [Requirement(line) for line in [*PROJECT["dependencies"], *extras]]
    return [requirement for requirement in named if requirement.name != "firmlab"]


@pytest.mark.parametrize("requirement", direct(), ids=str)
def test_every_direct_dependency_is_pinned_within_its_range(requirement):
    pins = [pin for pin in PINS if pin.name.lower() == requirement.name.lower()]
    assert pins
    versions = [next(iter(pin.specifier)).version for pin in pins]
    assert any(version in SpecifierSet(str(requirement.specifier)) for version in versions)


def test_constraints_hold_names_and_versions_only():
    text = (ROOT / "constraints.txt").read_text()
    assert not re.search(r"https?:|file:|--|@ ", text)
    assert all(pin.specifier for pin in PINS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_python_in_documents_runs(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {"__name__": "__document__"}
    for block in re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, str(document), "exec"), scope)


@pytest.mark.parametrize("name", ["sim.model", "sim.measures", "sim.scenario", "sim.study.compare"])
def test_examples_in_docstrings_are_true(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_links_of_the_documents_exist():
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} points to {target}"


def test_no_file_names_a_home_folder():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        if (ROOT / name).suffix in {".py", ".md", ".toml", ".txt", ".cff", ""}:
            assert not re.search(r"/(root|home|Users)/\w", (ROOT / name).read_text(encoding="utf-8")), name


def test_citation_and_licence():
    citation = (ROOT / "CITATION.cff").read_text()
    assert all(f"\n{key}:" in f"\n{citation}" for key in ("cff-version", "message", "title", "version", "authors"))
    assert f"version: {PROJECT['version']}" in citation
    assert (ROOT / "LICENSE").read_text().startswith("BSD 3-Clause")


def test_the_readme_names_commands_that_exist():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"make (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"))) <= set(targets)
