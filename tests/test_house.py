"""Who may import whom: exactly this table, read from the syntax trees."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SIM = Path(__file__).parents[1] / "sim"
CORE = {"compiled", "draws", "state", "events", "judgement", "ties", "tree"}
TABLE = {
    # for type checkers, and by name on first use
    "__init__": {"compiled", "engine", "measures", "model", "own", "scenario", "study"},
    "compiled": set(),
    "scenario": set(),
    "draws": {"compiled"},
    "state": {"compiled", "scenario"},
    "events": {"compiled", "draws", "state"},
    "judgement": {"compiled", "draws", "state"},
    "ties": {"compiled", "draws", "state"},
    "tree": {"compiled"},
    "work": {"compiled", "draws", "state", "events"},
    "rules": {"compiled", "draws", "state", "judgement", "ties", "tree"},
    # events: it lays out the empty calendar that it hands over
    "population": {"compiled", "scenario", "draws", "state", "ties", "events"},
    "measures": {"scenario", "draws", "state"},
    "own": {"measures", "scenario", "state"},
    "cases": CORE | {"work", "rules"},
    "vacancies": CORE | {"cases", "work", "rules"},
    "engine": CORE | {"cases", "vacancies", "scenario", "work", "population", "measures", "own", "rules"},
    "model": {"scenario", "state", "engine", "measures", "own"},
    # compiled: a run's key holds the version of the model; state: an event log is read off the firm's tables
    "study": {"scenario", "engine", "measures", "own", "study", "compiled", "state"},
    "locale": set(),
    # state: how long a year is
    "report": {"scenario", "measures", "state", "study", "locale", "report"},
    # state: where every case and person is, for the picture
    "dashboard": {"scenario", "measures", "state", "engine", "study", "locale", "dashboard"},
    "cli": {"cli", "scenario", "compiled", "engine", "measures", "study", "report", "locale", "dashboard"},
    "__main__": {"cli"},
}
ONLY_HERE = {"mesa": {"model"}, "solara": {"dashboard"}}


def imports(path: Path) -> set[str]:
    """Dotted names of all modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def place(path: Path) -> str:
    relative = path.relative_to(SIM)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


@pytest.mark.parametrize("path", sorted(SIM.rglob("*.py")), ids=lambda path: path.relative_to(SIM).as_posix())
def test_imports_are_those_of_the_table(path):
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("sim.")}
    assert ours <= TABLE[place(path)]
    if place(path) == "rules":
        assert all(len(name.split(".")) < 3 or name.split(".")[1] != "rules" for name in imports(path))


@pytest.mark.parametrize("library", ONLY_HERE)
def test_only_the_face_imports(library):
    users = {place(path) for path in SIM.rglob("*.py") for name in imports(path) if name.split(".")[0] == library}
    assert users == ONLY_HERE[library]


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("sim", ("mesa", "numba", "pandas", "scipy", "pyarrow", "solara")),
        ("sim.engine", ("mesa", "pandas", "scipy.stats", "pyarrow", "solara")),
        ("sim.study.executors", ("mesa", "pandas", "scipy.stats", "pyarrow", "solara")),
    ],
)
def test_a_light_import_loads_nothing_heavy(module, absent):
    code = f"import sys, {module}; print([name for name in {absent!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
