"""Broken scenario files: each is told in one sentence with a way out, no traceback, and nothing is written."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sim.scenario import Scenario, ScenarioError

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Broken:
    """A broken file, and the words that have to stand in what is said about it."""

    case: str
    content: str | bytes | None  # None: a folder
    words: tuple[str, ...]
    beside: tuple[tuple[str, str], ...] = ()  # other files in the same folder
    name: str = "broken.toml"
    at_fault: str = ""  # the file to mend, where it is another one


def event(lines: str) -> str:
    return f"[[event]]\n{lines}\n"


BROKEN = [
    # --- values
    Broken(
        "wrong type",
        '[world]\nload = "fast"\n',
        ('load = "fast" is not a number', "(world.load: factor on all rates", "allowed is 0 to 20 times"),
    ),
    Broken(
        "string for a number", '[world]\nstaff = "20"\n', ('staff = "20" is not a whole number', "1 to 200000 seats")
    ),
    Broken("yes for a number", "[world]\nload = true\n", ("load = true is not a number", "0 to 20 times")),
    Broken(
        "fraction of a seat", "[world]\nstaff = 20.5\n", ("staff = 20.5 is not a whole number", "1 to 200000 seats")
    ),
    Broken("date for a number", "[run]\nweeks = 2026-11-02\n", ("weeks = 2026-11-02 is not a whole number",)),
    Broken("not a number", "[world]\nload = nan\n", ("load = nan is not a number", "0 to 20 times")),
    Broken(
        "not a number without a limit", "[world]\nquiet_hours = nan\n", ("quiet_hours = nan is not a number", "above 0")
    ),
    Broken("not a number where inf is allowed", "[world]\ntie_depth = nan\n", ("tie_depth = nan is not a number",)),
    Broken("infinite", "[world]\nload = inf\n", ("load = inf is not a number", "0 to 20 times")),
    Broken(
        "below its range",
        "[world]\nscreen_hours = -1\n",
        (
            "screen_hours = -1 is below 0 hours (world.screen_hours: mean time a manager spends on one approval)",
            "allowed is 0 to 200 hours",
        ),
    ),
    Broken("above its range", "[world]\nsearch_limit = 9\n", ("search_limit = 9 is above 8 people", "0 to 8 people")),
    Broken("zero patience", "[world]\npatience_hours = 0\n", ("patience_hours = 0 is not above 0 hours", "inf too")),
    Broken(
        "lever above 1", "[design.mine]\ncontact = 2\n", ("contact = 2 is above 1", "(design.mine.contact:", "0 to 1")
    ),
    Broken(
        "negative replications", "[run]\nreplications = -3\n", ("replications = -3 is below 1 firm", "run.replications")
    ),
    Broken("seed too long", f"[run]\nseed = {2**32}\n", ("seed = 4294967296 is above 4294967295",)),
    Broken("number without end", f"[run]\nseed = {'9' * 5000}\n", ("number or a nesting too long",)),
    Broken("long hexadecimal", f"[run]\nseed = 0x{'f' * 5000}\n", ("seed = a number of more than 60 digits is above",)),
    Broken("a list for a number", "[world]\nload = [1, 2]\n", ("load = [1, 2] is not a number",)),
    Broken("a number for a list", "[world]\nauthority = 0.5\n", ("authority = 0.5 is not a list of 1 to 12 numbers",)),
    Broken("an entry of a list", "[world]\nauthority = [0.1, 1.5]\n", ("authority = [0.1, 1.5] holds 1.5", "above 1")),
    Broken("an empty list", "[world]\nauthority = []\n", ("authority = [] is not a list of 1 to 12 numbers",)),
    Broken("text over lines", '[world]\nload = "a\\nb\\u001b"\n', ('load = "a\\nb\\u001b" is not a number',)),
    Broken("no text", "question = 5\n", ("question = 5 is not text in quotes",)),
    # --- what two keys have to agree on
    Broken(
        "quorum above panel", "[world]\nquorum = 4\n", ("quorum = 4 is above panel = 3", "world.quorum", "world.panel")
    ),
    Broken(
        "falling authority", "[world]\nauthority = [0.5, 0.2]\n", ("authority = [0.5, 0.2] falls", "world.authority")
    ),
    Broken(
        "expertise upside down",
        "[world]\nexpertise_high = 0.5\n",
        ("expertise_low = 0.6 is above expertise_high = 0.5",),
    ),
    Broken("too many at the desk", "[world]\ndesk = 0.99\n", ("desk = 0.99 and brokers = 0.04", "above 1")),
    # --- keys and tables
    Broken(
        "misspelt key",
        "[world]\nsreen_hours = 1\n",
        ("world.sreen_hours is not a key", "did you mean world.screen_hours"),
    ),
    Broken(
        "misspelt lever", "[world]\nconsullt = 1\n", ("world.consullt is not a key", "did you mean design.NAME.consult")
    ),
    Broken("key of another table", "[world]\nweeks = 10\n", ("world.weeks is not a key", "weeks belongs in [run]")),
    Broken("key without its table", "load = 2\n", ("load is not a key", "load belongs in [world]")),
    Broken("key below its place", '[world]\ndesigns = ["social"]\n', ("world.designs is not a key", "top of the file")),
    Broken("lever that is none", "[design.mine]\nxyzzy = 1\n", ("design.mine.xyzzy is not a key", "contact, consult,")),
    Broken("key from nowhere", "[world]\nxyzzy = 1\n", ("world.xyzzy is not a key", "firmlab schema")),
    Broken("unknown table", "[wrold]\nload = 1\n", ("wrold is not a key", "did you mean world")),
    Broken("table that is none", "[[xyzzy]]\nday = 1\n", ("xyzzy is not a key", "extends, name, question, designs")),
    Broken("a value for a table", "world = 3\n", ("world = 3 is not a table", "write [world]")),
    Broken("a table for a value", "[world.load]\nx = 1\n", ("load is a table and is not a number", "(world.load:")),
    Broken("a list of tables", "[[world]]\nload = 1\n", ("world = [a table] is not a table", "write [world]")),
    Broken(
        "a lever without a design", "[design]\ncontact = 1\n", ("design.contact = 1 has no design", "[design.NAME]")
    ),
    Broken(
        "several mistakes",
        "[run]\nweeks = 0\n[world]\nload = -1\nx = 1\n",
        ("first of 3 mistakes: weeks = 0 is below 1 week",),
    ),
    # --- designs
    Broken("no designs", "designs = []\n", ("designs = [] is not a list of names of designs",)),
    Broken("designs are text", 'designs = "social"\n', ('designs = "social" is not a list of names of designs',)),
    Broken(
        "unknown design", 'designs = ["traditional", "socail"]\n', ('designs names "socail"', 'did you mean "social"')
    ),
    Broken("design twice", 'designs = ["social", "social"]\n', ('designs names "social" twice',)),
    Broken("redefined design", "[design.social]\ncontact = 0\n", ("design.social is a built-in design",)),
    Broken("name of a design", '[design."a b"]\ncontact = 0\n', ('design."a b" is not a name', "letters, digits")),
    Broken(
        "unknown start",
        '[design.mine]\nfrom = "traditonal"\n',
        ('from = "traditonal"', "design.mine.from", '"traditional"'),
    ),
    Broken("start is itself", '[design.mine]\nfrom = "mine"\n', ('from = "mine" is not a design known so far',)),
    Broken("start is no text", "[design.mine]\nfrom = 1\n", ("from = 1 is not text in quotes", "design.mine.from")),
    # --- events
    Broken("event as a table", "[event]\nday = 1\n", ("event = a table is not a list of tables", "write [[event]]")),
    Broken("event as a number", "event = [1]\n", ("event 1: 1 is not a table", "write [[event]]")),
    Broken("events by another name", "[[events]]\nday = 1\n", ("events is not a key", "did you mean event")),
    Broken("event that changes nothing", event("day = 5"), ("event 1: this changes nothing", "world, design or leave")),
    Broken("event with an empty table", event("day = 5\nworld = {}"), ("event 1: this changes nothing",)),
    Broken("event without a day", event("world = { load = 2 }"), ("event 1: day is missing", "day = 125")),
    Broken(
        "day before the first", event("day = 0\nworld = { load = 2 }"), ("event 1: day = 0 is below 1", "1 to 1000000")
    ),
    Broken("part of a day", event("day = 1.5\nworld = { load = 2 }"), ("event 1: day = 1.5 is not a whole number",)),
    Broken(
        "value in an event",
        event("day = 1\nworld = { load = 2 }") + event("day = 5\nworld = { request_rate = -1 }"),
        ("event 2: world.request_rate = -1 is below 0 per customer and year (world.request_rate: questions",),
    ),
    Broken(
        "fraction for a whole number in an event",
        event("day = 5\nworld = { panel = 2.5 }"),
        ("event 1: world.panel = 2.5 is not a whole number", "1 to 16 people"),
    ),
    Broken(
        "lever in an event",
        event("day = 5\ndesign = { approve = 1.5 }"),
        ("event 1: design.approve = 1.5 is above 1 (design.approve: share", "0 to 1"),
    ),
    Broken(
        "nobody leaves",
        event("day = 5\nleave = { busiest = 0 }"),
        ("event 1: leave.busiest = 0 is below 1 person", "1 to 200000 people"),
    ),
    Broken(
        "more leave than there are",
        "[world]\nstaff = 6\n" + event("day = 5\nleave = { busiest = 7 }"),
        ("event 1: leave.busiest = 7 is above staff = 6",),
    ),
    Broken(
        "misspelt key in an event",
        event("day = 5\nworld = { sreen_hours = 1 }"),
        ("event 1: world.sreen_hours is not a key", "did you mean world.screen_hours"),
    ),
    Broken("misspelt key of an event", event("dya = 5\nworld = { load = 2 }"), ("event 1: dya is not a key", "day (")),
    Broken(
        "lever in the world of an event",
        event("day = 5\nworld = { approve = 1 }"),
        ("event 1: world.approve is not a key", "approve belongs in design = { approve = ... }"),
    ),
    Broken(
        "key without its table in an event", event("day = 5\nload = 2"), ("load belongs in world = { load = ... }",)
    ),
    Broken("key below an event", event('day = 5\nquestion = "why?"'), ("question belongs at the top of the file",)),
    Broken(
        "start of a design in an event",
        event('day = 5\ndesign = { from = "social" }'),
        ("event 1: design.from is not a key", "contact, consult,"),
    ),
    Broken(
        "fixed key in an event",
        event("day = 5\nworld = { staff = 20 }"),
        ("event 1: world.staff is fixed when the firm is built", "a scenario of its own with staff in [world]"),
    ),
    Broken(
        "a value for the world of an event",
        event("day = 5\nworld = 3"),
        ("event 1: world = 3 is not a table such as { load = 1.5 }",),
    ),
    Broken(
        "an event for an unknown design",
        event('day = 5\nworld = { load = 2 }\nonly = ["socail"]'),
        ('event 1: only names "socail"', 'did you mean "social"'),
    ),
    Broken(
        "an event for a text",
        event('day = 5\nworld = { load = 2 }\nonly = "social"'),
        ('only = "social" is not a list',),
    ),
    Broken(
        "keys that no longer agree after an event",
        event("day = 5\nworld = { load = 2 }") + event("day = 9\nworld = { quorum = 4 }"),
        ("event 2: then quorum = 4 is above panel = 3", "lower it or raise world.panel"),
    ),
    Broken(
        "several mistakes in an event",
        event("day = 0\nworld = { load = -1, staff = 3 }"),
        ("first of 3 mistakes: event 1: day = 0 is below 1",),
    ),
    # --- files
    Broken("not TOML", "[world]\nload := 2\n", ('line 2 ("load := 2") is not TOML', "key = value or [table]")),
    Broken("key twice", "[world]\nload = 1\nload = 2\n", ('line 3 ("load = 2")', "a second time")),
    Broken("table twice", "[world]\nload = 1\n[world]\nspan = 2\n", ('line 3 ("[world]")', "a second time")),
    Broken("text without quotes", "question = why\n", ('line 1 ("question = why") is not TOML',)),
    Broken("ends too early", "[world]\nauthority = [0.1,", ('line 2 ("authority = [0.1,") is not TOML',)),
    Broken("nested without end", "name = " + "[" * 100_000, ("number or a nesting too long",)),
    Broken("UTF-16", "[world]\nload = 1\n".encode("utf-16"), ("not text in UTF-8", "save it as UTF-8")),
    Broken(
        "UTF-16 without a mark", "[world]\nload = 1\n".encode("utf-16-le"), ("not text in UTF-8", "save it as UTF-8")
    ),
    Broken("Latin-1", 'question = "Größe?"\n'.encode("latin-1"), ("not text in UTF-8",)),
    Broken("binary", bytes(range(256)) * 4, ("not text in UTF-8",)),
    Broken("a folder", None, ("this is a folder", "name the scenario file in it")),
    Broken("missing", "", ("there is no such file", "built-in scenarios are baseline, "), name="missing.toml"),
    # --- extends
    Broken("extends nothing", 'extends = "gone.toml"\n', ('extends = "gone.toml"', "neither a file", "baseline")),
    Broken("extends a number", "extends = 1\n", ("extends = 1 is not text in quotes",)),
    Broken("extends itself", 'extends = "broken.toml"\n', ("extends goes round in a circle", "broken.toml, then ")),
    Broken(
        "extends in a circle",
        'extends = "other.toml"\n',
        ("extends goes round in a circle", "broken.toml, then ", "other.toml, then "),
        (("other.toml", 'extends = "broken.toml"\n'),),
    ),
    Broken(
        "extends a broken one",
        'extends = "other.toml"\n',
        ("other.toml: load = -1 is below 0 times",),
        (("other.toml", "[world]\nload = -1\n"),),
        at_fault="other.toml",
    ),
]


@pytest.fixture(params=BROKEN, ids=lambda broken: broken.case.replace(" ", "-"))
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Broken, Path]:
    case: Broken = request.param
    for name, content in case.beside:
        (tmp_path / name).write_text(content, encoding="utf-8")
    path = tmp_path / case.name
    if case.content is None:
        path.mkdir()
    elif case.case != "missing":
        path.write_bytes(case.content if isinstance(case.content, bytes) else case.content.encode("utf-8"))
    return case, path


def is_one_sentence_about(text: str, case: Broken) -> bool:
    """One printable line that ends, names the file, says the words and uses none of the library's."""
    jargon = ("pydantic", "Input should", "validation error", "Traceback", "value_error", "errors.pydantic.dev")
    return (
        len(text.splitlines()) == 1
        and text.isprintable()
        and text.endswith((".", "?"))
        and (case.at_fault or case.name) in text
        and all(word in text for word in case.words)
        and not any(word in text for word in jargon)
        and len(text) < 1000
    )


def test_a_broken_file_is_told_in_one_sentence(broken: tuple[Broken, Path]) -> None:
    case, path = broken
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(path)
    assert is_one_sentence_about(str(caught.value), case), str(caught.value)


def test_there_are_enough_broken_files() -> None:
    assert len({case.case for case in BROKEN}) == len(BROKEN) >= 22


# --- the command line -------------------------------------------------------------------------------------------------


def firmlab(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command, run in a folder of its own."""
    places = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [sys.executable, "-m", "sim", *map(str, arguments)],
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def test_check_tells_a_broken_file_in_one_sentence(broken: tuple[Broken, Path], tmp_path: Path) -> None:
    case, path = broken
    before = contents(tmp_path)
    done = firmlab("check", path, folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert is_one_sentence_about(done.stderr.strip(), case), done.stderr
    assert done.stdout == ""
    assert contents(tmp_path) == before, "nothing may be written"


@pytest.mark.parametrize("command", ["run", "compare"])
def test_no_command_starts_on_a_broken_file(command: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("[world]\nscreen_hours = -1\n")
    done = firmlab(command, path, folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "screen_hours = -1 is below 0 hours" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert set(contents(tmp_path)) == {"broken.toml"}, "nothing may be written"


def test_check_is_content_with_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "good.toml"
    path.write_text('extends = "baseline"\n[world]\nload = 1.5\n')
    done = firmlab("check", path, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert set(contents(tmp_path)) == {"good.toml"}


def test_results_do_not_replace_a_file(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(
        "[world]\nstaff = 6\n[run]\nburn_in_weeks = 0\nwarm_up_weeks = 0\nweeks = 1\nreplications = 2\n"
    )
    (tmp_path / "taken").write_text("a file, not a folder")
    before = contents(tmp_path)
    done = firmlab("compare", "good.toml", "--out", "taken", folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "taken" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert contents(tmp_path) == before
