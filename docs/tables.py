"""Writes parameters.md, columns.md and measures.md from the code: python docs/tables.py. A test holds them to it."""

import ast
import re
from collections.abc import Callable, Iterable
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np

import sim
from sim import state
from sim.draws import Stream
from sim.measures import MEASURES
from sim.scenario import FIXED, TOP_KEYS, Design, Event, Report, Run, Scenario, World, _Leave

HERE = Path(__file__).parent
SIM = Path(sim.__file__).parent
NOTE = "Written by `python docs/tables.py` from the code; do not edit it here."
ABOUT_PARAMETERS = """\
Every key of a scenario file. *Typical* is the range worth trying where it is narrower than what is allowed. † is read
once, when the firm is built: an event may not change it."""
ABOUT_WORLD = "What the firm cannot choose; equal for all designs that are compared. Table `[world]`."
ABOUT_DESIGN = """\
The six levers and the four settings of a firm. Table `[design.NAME]`, where `from` names the design to start from."""
ABOUT_EVENTS = "Each an `[[event]]`: what changes on the morning of a working day. `day` has to be said."
ABOUT_TABLES = """\
The firm at one moment is these tables (`sim/state.py`). A type is as in numpy: `i` a whole number, `u` one without
sign, `f` a decimal one, then its bytes. An id is a row (−1 is nobody); a time is in ticks, a millionth of a working
hour."""
ABOUT_STREAMS = """\
A draw is a function of seed, stream, entity and ordinal (`sim/draws.py`); the entity, and the ordinal where there are
several, stand in brackets."""
ABOUT_RULES = "The files of `sim/rules` and what they hold; part 7 of [the model](model.md) says how each works."
ABOUT_MEASURES = """\
Every outcome of a run is one number, over the time from the end of the warm-up to the end of the run. Cases that are
still open count as censored in times (Kaplan & Meier 1958). *Better* says which way is wanted. What is not defined
(yet) is NaN."""
# What the tables are about, where `State` does not say so.
ROWS_ARE = {
    "seats": "one row a seat, and the person who sits there",
    "customers": "one row a member of the market, customer or prospect",
    "partners": "one row a business partner, active or gone",
    "topics": "one row a field of knowledge",
    "sources": "one row a source of cases that are born of themselves",
    "pools": "one row a queue that several people share",
    "tasks": "one row a claim of a case on somebody's time; rows are used again",
    "cases": "one row a case; rows are used again",
    "ledger": "one row a case that was born and has ended since measuring began",
    "touches": "one row a service, when the firm is traced",
}
ENUMS: tuple[type[IntEnum], ...] = (
    state.Role, state.Kind, state.Phase, state.Activity, state.Status, state.Disposition, state.Consult, state.Clock,
    state.Pool, state.Event, state.Verb,
)  # fmt: skip


# --- reading the source -----------------------------------------------------------------------------------------------


def comments(file: str) -> dict[int, str]:
    """Comment at the end of each line of a source file, by number of the line."""
    lines = (SIM / file).read_text(encoding="utf-8").splitlines()
    found = {number: re.search(r"  # (?!fmt:|type:)(.*)$", line) for number, line in enumerate(lines, 1)}
    return {number: match[1].strip().rstrip(",") for number, match in found.items() if match}


def _tree(file: str) -> ast.Module:
    return ast.parse((SIM / file).read_text(encoding="utf-8"))


def members(file: str, name: str) -> dict[str, str]:
    """Members of a class of a source file, in order, each with its comment."""
    said = comments(file)
    body = next(node.body for node in _tree(file).body if isinstance(node, ast.ClassDef) and node.name == name)
    found = {}
    for node in body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                found[target.id] = said.get(node.end_lineno or 0, "")
    return found


def column_comments() -> dict[str, dict[str, str]]:
    """Comment of every column that has one, by table as it is called in sim/state.py."""
    said, found = comments("state.py"), {}
    for node in _tree("state.py").body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _name(node.value.func) == "_table":
            columns = [one for one in node.value.args if isinstance(one, ast.Tuple)]
            last_of_line = {one.end_lineno: one for one in columns}
            found[_name(node.targets[0])] = {
                str(ast.literal_eval(one.elts[0])): said[line] for line, one in last_of_line.items() if line in said
            }
    return found


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def groups_of_keys() -> list[tuple[str, list[str]]]:
    """Keys of the world under the headings of sim/scenario.py."""
    text = (SIM / "scenario.py").read_text(encoding="utf-8")
    lines = text[text.index("class World(") : text.index("# fmt: on")].splitlines()
    groups: list[tuple[str, list[str]]] = []
    for line in lines:
        if heading := re.fullmatch(r"    # (.+)", line):
            groups.append((heading[1], []))
        elif key := re.match(r"    (\w+): .*= key\(", line):
            groups[-1][1].append(key[1])
    return groups


def rules() -> dict[str, tuple[str, dict[str, str]]]:
    """Every rule file: its first sentence, and its public functions with theirs."""
    found = {}
    for path in sorted((SIM / "rules").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
        if functions:
            found[path.stem] = _first(tree), {node.name: _first(node) for node in functions}
    return found


def _first(node: ast.Module | ast.FunctionDef) -> str:
    return (ast.get_docstring(node) or "").splitlines()[0]


# --- tables -----------------------------------------------------------------------------------------------------------


def table(head: str, rows: Iterable[Iterable[object]]) -> list[str]:
    """A Markdown table."""
    titles = head.split(" | ")
    lines = [f"| {head} |", "|---" * len(titles) + "|"]
    cells = [[str(cell).replace("|", r"\|") for cell in row] for row in rows]
    return [*lines, *(f"| {' | '.join(row)} |" for row in cells), ""]


def _value(value: Any) -> str:
    return f"[{', '.join(map(repr, value))}]" if isinstance(value, tuple) else repr(value)


def _keys(model: Any, names: Iterable[str]) -> list[str]:
    rows = []
    for name in names:
        key = model.model_fields[name]
        about = key.json_schema_extra
        typical = " to ".join(f"{end:g}" for end in about.get("typical", ()))
        mark = " †" if model is World and name in FIXED else ""
        rows.append((f"`{name}`{mark}", _value(key.default), about["unit"], about["allowed"], typical, key.description,
                     about["source"]))  # fmt: skip
    return table("key | value | unit | allowed | typical | meaning | source", rows)


def _plain_keys(model: Any, names: Iterable[str]) -> list[str]:
    rows = [(f"`{name}`", model.model_fields[name].json_schema_extra["kind"], model.model_fields[name].description)
            for name in names]  # fmt: skip
    return table("key | written as | meaning", rows)


def parameters() -> str:
    """Every key of a scenario file."""
    lines = ["# Parameters", "", NOTE, "", ABOUT_PARAMETERS, "", "## World", "", ABOUT_WORLD, ""]
    for heading, names in groups_of_keys():
        lines += [f"### {heading}", "", *_keys(World, names)]
    lines += ["## Design", "", ABOUT_DESIGN, "", *_keys(Design, Design.model_fields)]
    lines += ["## Run", "", "Table `[run]`.", "", *_keys(Run, Run.model_fields)]
    lines += ["", "## Report", "", "Table `[report]`.", "", *_keys(Report, Report.model_fields)]
    lines += ["## Events", "", ABOUT_EVENTS, ""]
    lines += [*_keys(Event, ["day"]), *_plain_keys(Event, [name for name in Event.model_fields if name != "day"])]
    lines += ["### Who leaves", "", *_keys(_Leave, _Leave.model_fields)]
    lines += ["## Top of the file", "", *_plain_keys(Scenario, TOP_KEYS)]
    return "\n".join(lines)


def _type(dtype: np.dtype[Any]) -> str:
    base, shape = dtype.subdtype or (dtype, ())
    return base.str[1:] + "".join(f" × {size}" for size in shape)


def columns() -> str:
    """Every column, code, stream and rule."""
    lines = ["# Columns, codes, streams and rules", "", NOTE, "", "## Tables", "", ABOUT_TABLES, ""]
    said, whole = column_comments(), members("state.py", "State")
    for name, (dtype, dimensions) in state.TABLES.items():
        about = _sentence(whole[name] or ROWS_ARE[name])
        lines += [f"### {name}", ""]
        if dtype.fields is None:
            lines += [f"{_type(dtype)}, {'one dimension' if dimensions == 1 else 'two dimensions'}. {about}", ""]
            continue
        lines += [about, ""]
        shown = list(dtype.names)
        if name == "rules":
            lines += ["Every key of [world and design](parameters.md) by its name, and:", ""]
            shown = [one for one in shown if one not in World.model_fields and one not in Design.model_fields]
        rows = [(f"`{one}`", _type(dtype[one]), said.get(name.upper(), {}).get(one, "")) for one in shown]
        lines += table("column | type | meaning", rows)
    lines += ["## Codes", ""]
    for enum in ENUMS:
        about = members("state.py", enum.__name__)
        lines += [f"### {enum.__name__}", "", (enum.__doc__ or "").splitlines()[0], ""]
        lines += table("name | number | meaning", [(f"`{one.name}`", one.value, about[one.name]) for one in enum])
    lines += ["## Streams", "", ABOUT_STREAMS, ""]
    decides = members("draws.py", "Stream")
    rows = [(f"`{one.name}`", one.value, decides[one.name]) for one in Stream]
    lines += [*table("stream | number | what it decides", rows), "## Rules", "", ABOUT_RULES, ""]
    for file, (sentence, functions) in rules().items():
        lines += [f"### {file}.py", "", sentence, ""]
        lines += table("rule | in a sentence", [(f"`{name}`", about) for name, about in functions.items()])
    return "\n".join(lines)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def measures() -> str:
    """Every outcome."""
    rows = [(f"`{one.name}`", one.unit, one.better, one.meaning) for one in MEASURES]
    lines = ["# Measures", "", NOTE, "", ABOUT_MEASURES, "", *table("measure | unit | better | meaning", rows)]
    return "\n".join(lines)


PAGES: dict[str, Callable[[], str]] = {"parameters.md": parameters, "columns.md": columns, "measures.md": measures}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
