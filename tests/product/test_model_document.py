"""The documents of the model and the code say the same: keys, columns, streams, rules, weekly steps, measures."""

import ast
import importlib.util
import re
from enum import IntEnum
from pathlib import Path

import pytest

from sim import state
from sim.draws import Stream
from sim.measures import MEASURES
from sim.scenario import DESIGNS, TOP_KEYS, Design, Event, Run, World, _Leave

ROOT = Path(__file__).parents[2]
DOCS, SIM = ROOT / "docs", ROOT / "sim"
spec = importlib.util.spec_from_file_location("tables", DOCS / "tables.py")
tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tables)

MODEL = (DOCS / "model.md").read_text(encoding="utf-8")
ENUMS = {name: one for name, one in vars(state).items() if isinstance(one, type) and one.__module__ == "sim.state"}
ENUMS = {name: enum for name, enum in ENUMS.items() if issubclass(enum, IntEnum)}
LEVERS = ("contact", "consult", "approve", "connect", "hear", "meet")


def part(page: str, *headings: str) -> str:
    """What stands under a heading, and under one within it: up to the next heading of the same rank."""
    for heading in headings:
        end = rf"^#{{1,{heading.index(' ')}}} |\Z"
        match = re.search(rf"^{re.escape(heading)}\b[^\n]*\n(.*?)(?={end})", page, re.MULTILINE | re.DOTALL)
        assert match, f"there is no {heading}"
        page = match[1]
    return page


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def firsts(text: str) -> list[str]:
    """Names in the first column of the tables of a text."""
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


FILES = sorted((SIM / "rules").glob("[!_]*.py"))
RULES = {path.stem: {name for name in functions(path) if name[0] != "_"} for path in FILES}
MODULES = {path.stem: functions(path) for path in (*SIM.glob("*.py"), *FILES)}


def weekly() -> list[str]:
    """The steps of engine.WEEKLY as module.function, read from the source (importing it would load the compiler)."""
    tree = ast.parse((SIM / "engine.py").read_text(encoding="utf-8"))
    taken = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    home = {alias.name: node.module.split(".")[-1] for node in taken for alias in node.names}
    steps = next(node.value for node in tree.body if isinstance(node, ast.AnnAssign) and node.target.id == "WEEKLY")
    names = [ast.unparse(step) for step in steps.elts]
    return [name if "." in name else f"{home.get(name, 'engine')}.{name}" for name in names]


# --- generated pages --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", tables.PAGES)
def test_generated_pages_are_fresh(name):
    assert page(name) == tables.PAGES[name](), f"docs/{name} is stale: run python docs/tables.py"


@pytest.mark.parametrize(
    ("heading", "model"), [("## World", World), ("## Design", Design), ("## Run", Run), ("### Who leaves", _Leave)]
)
def test_every_key_has_its_line(heading, model):
    assert sorted(firsts(part(page("parameters.md"), heading))) == sorted(model.model_fields)


def test_keys_of_events_and_of_the_top_of_a_file_have_their_lines():
    events = part(page("parameters.md"), "## Events").split("### Who leaves")[0]
    assert sorted(firsts(events)) == sorted(Event.model_fields)
    assert firsts(part(page("parameters.md"), "## Top of the file")) == list(TOP_KEYS)


def test_lines_of_keys_say_value_unit_and_source():
    lines = dict(re.findall(r"^\| `(\w+)`(?: †)? \| (.+) \|$", part(page("parameters.md"), "## World"), re.MULTILINE))
    for name, key in World.model_fields.items():
        cells = lines[name].split(" | ")
        assert (len(cells), cells[1], cells[4], cells[5]) == (
            6, key.json_schema_extra["unit"], key.description, key.json_schema_extra["source"]
        )  # fmt: skip
        assert cells[0] == (str(list(key.default)) if isinstance(key.default, tuple) else str(key.default))


def test_every_column_has_its_line():
    text = part(page("columns.md"), "## Tables")
    assert re.findall(r"^### (\w+)", text, re.MULTILINE) == list(state.TABLES)
    for name, (dtype, _) in state.TABLES.items():
        columns = set(dtype.names or ())
        if name == "rules":
            assert columns >= set(Design.model_fields)
            columns -= {*World.model_fields, *Design.model_fields}
        found = firsts(part(text, f"### {name}"))
        assert sorted(found) == sorted(columns), name


def test_comments_of_columns_are_those_of_the_source():
    """By another way than the generator's: a line of sim/state.py with one column and a comment."""
    source = (SIM / "state.py").read_text(encoding="utf-8")
    text = page("columns.md")
    said = re.findall(r'^    \("(\w+)", "\w+"(?:, \(.*\))?\),  # (.+?),?$', source, re.MULTILINE)
    assert len(said) > 100
    for name, comment in said:
        assert re.search(rf"^\| `{name}` \| [^|]+ \| {re.escape(comment)} \|$", text, re.MULTILINE), name


@pytest.mark.parametrize("name", ENUMS)
def test_every_code_has_its_line(name):
    lines = re.findall(r"^\| `(\w+)` \| (\d+) \|", part(page("columns.md"), "## Codes", f"### {name}"), re.MULTILINE)
    assert lines == [(one.name, str(one.value)) for one in ENUMS[name]]


def test_every_stream_has_its_line():
    lines = re.findall(r"^\| `(\w+)` \| (\d+) \| (.*) \|$", part(page("columns.md"), "## Streams"), re.MULTILINE)
    assert [line[:2] for line in lines] == [(one.name, str(one.value)) for one in Stream]
    assert all(line[2] for line in lines)


def test_every_rule_has_its_line():
    text = part(page("columns.md"), "## Rules")
    assert re.findall(r"^### (\w+)\.py", text, re.MULTILINE) == list(RULES)
    for file, names in RULES.items():
        assert set(firsts(part(text, f"### {file}.py"))) == names


def test_every_measure_has_its_line():
    assert firsts(page("measures.md")) == [measure.name for measure in MEASURES]


# --- the model as written ---------------------------------------------------------------------------------------------


def test_the_model_has_the_seven_parts_and_eleven_concepts():
    assert [title[0] for title in re.findall(r"^## (.+)", MODEL, re.MULTILINE)] == list("1234567")
    concepts = re.findall(r"^\*\*([A-Z]\w+(?: \w+)?)\.\*\*", part(MODEL, "## 4"), re.MULTILINE)
    assert concepts == [
        "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction", "Sensing", "Interaction",
        "Stochasticity", "Collectives", "Observation",
    ]  # fmt: skip


def test_every_rule_is_named_in_part_7_and_no_other():
    named = set(re.findall(r"`(\w+\.\w+)`", part(MODEL, "## 7")))
    rules = {f"{file}.{name}" for file, names in RULES.items() for name in names}
    assert rules - named == set()
    assert {name for name in named if name.split(".")[0] in RULES} - rules == set()


def test_every_function_that_the_model_names_exists():
    for module, name in re.findall(r"`(\w+)\.(\w+)`", MODEL):
        assert name == "py" or name in MODULES[module], f"{module}.{name}"


def test_every_phase_has_its_section_and_every_lever_both_rules():
    titles = set(re.findall(r"^### (\w+)$", part(MODEL, "## 7"), re.MULTILINE))
    assert {phase.name.capitalize() for phase in state.Phase} | {"Meet"} <= titles
    levers = part(MODEL, "## 7", "### The six levers")
    assert firsts(levers) == list(LEVERS)
    rows = re.findall(r"^\| `\w+`: (.+) \|$", levers, re.MULTILINE)
    assert all(len(row.split(" | ")) == 4 for row in rows)


def test_the_week_is_in_the_order_of_the_engine():
    assert re.findall(r"^\d+\. `([\w.]+)`", part(MODEL, "## 3"), re.MULTILINE) == weekly()


def test_events_at_the_same_tick_are_in_the_order_of_the_engine():
    assert re.findall(r"`([A-Z_]+)`", part(MODEL, "## 3")) == [event.name for event in state.Event]


def test_designs_are_those_of_the_code():
    text = part(MODEL, "## 7", "### Designs")
    settings = [name for name in Design.model_fields if name not in LEVERS]
    assert firsts(text) == [*DESIGNS, *settings]
    head = re.search(r"^\| design \| (.+) \|$", text, re.MULTILINE)[1].split(" | ")
    for name, design in DESIGNS.items():
        numbers = re.search(rf"^\| `{name}` \| (.+) \|$", text, re.MULTILINE)[1].split(" | ")
        assert dict(zip(head, map(float, numbers), strict=True)) == dict(design)


def test_every_kind_and_every_end_of_a_case_is_told():
    assert firsts(part(MODEL, "## 2", "### Kinds of case")) == [kind.name for kind in state.Kind]
    assert all(f"`{end.name}`" in MODEL for end in state.Disposition if end != state.Disposition.OPEN)


def test_activities_have_the_hours_of_the_code():
    text = part(MODEL, "## 7", "### Service")
    rows = re.findall(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| `(\w+)` \| (.+) \|$", text, re.MULTILINE)
    hours = {activity: key for names, key, _ in rows for activity in re.findall(r"\w+", names)}
    assert hours == {activity.name: key for activity, key in state.HOURS_OF.items()}
    short = {activity for names, _, about in rows if "(short)" in about for activity in re.findall(r"\w+", names)}
    assert short == {activity.name for activity in state.SHORT}


def test_every_key_of_the_world_and_of_designs_is_explained():
    missing = [name for name in (*World.model_fields, *Design.model_fields) if f"`{name}`" not in MODEL]
    assert not missing


def test_constants_have_the_values_of_the_code():
    text = part(MODEL, "## 7", "### Constants")
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([\d.]+) \| ([\w/.]+) \|", text, re.MULTILINE)
    assert rows
    for name, value, file in rows:
        assert constant(file, name) == float(value), name


def constant(file: str, name: str) -> float:
    for node in ast.parse((SIM / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and name in re.findall(r"\w+", ast.unparse(node.targets[0])):
            scope = dict(vars(state))
            exec(ast.unparse(node), scope)
            return scope[name]
    raise AssertionError(f"{name} is not in sim/{file}")


def test_every_name_in_the_model_is_one_of_the_code():
    """A name in backticks that the code does not know is a rule, key or column that has gone."""
    known = {name for model in (World, Design, Run, Event, _Leave) for name in model.model_fields} | set(TOP_KEYS)
    known |= {*DESIGNS, *state.TABLES, *(measure.name for measure in MEASURES), *(stream.name for stream in Stream)}
    known |= {column for dtype, _ in state.TABLES.values() for column in dtype.names or ()}
    known |= {one.name for enum in ENUMS.values() for one in enum} | set(MODULES)
    known |= {path.stem for path in (ROOT / "scenarios").glob("*.toml")}
    for path in SIM.glob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        known |= {node.name for node in body if isinstance(node, ast.ClassDef)}
    known |= set(firsts(part(MODEL, "## 7", "### Constants")))  # held by a test of their own
    assert set(re.findall(r"`([A-Za-z_][\w-]*)`", MODEL)) - known == set()
