"""The reader's own firm: form, reading, mistakes, the scenario and the sweep around it, and the two commands."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import sim.report
from sim.cli.own_firm import firm, template
from sim.locale import LANGUAGES, texts
from sim.report.costs import Costs
from sim.report.firm import KEYS, TEMPLATES, TURNOVER, Firm, own_firm, own_numbers
from sim.report.gather import to_run
from sim.report.stored import Stored
from sim.scenario import Scenario, ScenarioError, World
from sim.study.sweepfile import Sweep

REPOSITORY = Path(__file__).parents[2]
BASELINE = Scenario.load("baseline")
app = typer.Typer()
app.command()(template)
app.command()(firm)


@pytest.fixture
def written(tmp_path):
    def write(content, name="my-firm.toml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


# --- the form ---------------------------------------------------------------------------------------------------------


def test_the_form_holds_the_baselines_numbers():
    form = tomllib.loads((TEMPLATES / "firm.toml").read_text(encoding="utf-8"))
    assert list(form) == list(Firm.model_fields)
    assert form == Firm().model_dump()
    assert own_firm(TEMPLATES / "firm.toml").world == BASELINE.world


@pytest.mark.parametrize("table", [Firm, Costs])
def test_the_form_says_of_every_key_in_both_languages_value_and_range(table):
    lines = (TEMPLATES / f"{table.template}.toml").read_text(encoding="utf-8").splitlines()
    for name, field in table.model_fields.items():
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{name} = "))
        above = []
        while lines[at - len(above) - 1].startswith("#"):
            above.append(lines[at - len(above) - 1])
        assert re.search("[가-힣]", " ".join(above[1:])), name
        value, allowed = re.fullmatch(r"# Baseline \(기준값\) (.+); allowed \(허용 범위\) (.+)\.", above[0]).groups()
        assert tomllib.loads(f"a = {value}")["a"] == tomllib.loads(lines[at])[name], name
        assert numbers(allowed) == numbers(field.json_schema_extra["allowed"]), name


def numbers(text):
    return [float(number) for number in re.findall(r"[\d.]+(?:e\d+)?", text)]


def test_the_limits_are_those_of_the_world():
    for name, key in KEYS.items():
        ours, theirs = Firm.model_fields[name], World.model_fields[key]
        assert ours.default == theirs.default
        assert ours.json_schema_extra["allowed"] == theirs.json_schema_extra["allowed"]
        limits = {type(limit).__name__: limit for limit in theirs.metadata if type(limit).__name__ in ("Ge", "Le")}
        assert set(limits) == {"Ge", "Le"}
        assert all(limit in ours.metadata for limit in limits.values())


# --- the scenario -----------------------------------------------------------------------------------------------------

EIGHT = """
staff = 40
span = 8
requests_per_customer_and_year = 7
decisions_per_employee_and_day = 0.5
other_team_share = 0.6
yearly_turnover = 0.3
error_cost = 5
market_drift = 0.9
"""


def test_eight_numbers_become_keys_of_the_world(written):
    scenario = own_firm(written(EIGHT))
    changed = {name: value for name, value in scenario.world if value != getattr(BASELINE.world, name)}
    assert changed.pop("quit_rate") == pytest.approx(0.113 * 0.3 / 0.146)
    assert changed == {
        "staff": 40, "span": 8, "request_rate": 7.0, "decision_rate": 0.5, "interdependence": 0.6, "error_cost": 5.0,
        "turbulence": 0.9,
    }  # fmt: skip
    assert isinstance(scenario.world.error_cost, float)  # 5 and 5.0 are one number in the key of a run
    assert scenario.name == "my-firm"
    assert (scenario.designs, scenario.run, scenario.report) == (BASELINE.designs, BASELINE.run, BASELINE.report)


def test_the_question_is_in_the_readers_language(written):
    path = written(EIGHT)
    english, korean = (own_firm(path, language=language) for language in LANGUAGES)
    assert english.question.endswith("?")
    assert "우리 회사" in korean.question
    assert english.world == korean.world


def test_what_is_left_out_is_the_baselines(written):
    assert own_firm(written("")).world == BASELINE.world
    assert own_firm(written("staff = 20")).world == World(**{**dict(BASELINE.world), "staff": 20})


def test_a_byte_order_mark_is_no_mistake(written):
    assert own_firm(written(b"\xef\xbb\xbfstaff = 20\n")).world.staff == 20


def test_turnover_scales_the_rate_of_quitting_and_nothing_else(written):
    rates = [own_firm(written(f"yearly_turnover = {turnover}")).world.quit_rate for turnover in (0.0, TURNOVER, 0.292)]
    assert rates == [0.0, BASELINE.world.quit_rate, pytest.approx(2 * BASELINE.world.quit_rate)]


def test_the_turnover_that_is_scaled_by_is_the_calibrated_one():
    table = (REPOSITORY / "docs" / "calibration.md").read_text(encoding="utf-8")
    assert float(re.search(r"^\| turnover \|.*\| ([\d.]+) \(", table, re.MULTILINE)[1]) == TURNOVER


def test_own_numbers_are_those_that_differ_as_they_were_written(written):
    found = own_numbers(own_firm(written(EIGHT)))
    assert list(found) == list(Firm.model_fields)
    assert found["staff"] == (40, 156)
    assert found["yearly_turnover"] == (0.3, 0.146)
    assert own_numbers(own_firm(written("span = 6"))) == {"span": (6, 5)}
    assert own_numbers(BASELINE) == {}
    assert own_numbers(BASELINE.override(["world.load=2", "world.span=6"])) == {}


# --- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("staff = 0", ("staff = 0 is below", "people who work in the firm", "allowed is 1 to 200000 seats")),
        ("staff = 200001", ("staff = 200001 is above", "1 to 200000 seats")),
        ("staff = 20.5", ("staff = 20.5 is not a whole number", "1 to 200000 seats")),
        ('staff = "20"', ('staff = "20" is not a whole number',)),
        ("span = true", ("span = true is not a whole number", "1 to 200 people")),
        ("other_team_share = 30", ("other_team_share = 30 is above", "allowed is 0 to 1.")),
        ("other_team_share = nan", ("other_team_share = NaN is not a number",)),
        ("error_cost = -inf", ("error_cost = -Infinity is not a number",)),
        ("error_cost = -1", ("error_cost = -1 is below", "0 to 100 stakes")),
        ("yearly_turnover = 14.6", ("yearly_turnover = 14.6 is above", "share of the staff who quit", "0 to 2")),
        ("market_drift = [1, 2]", ("market_drift = [1, 2] is not a number",)),
        ("[market_drift]\nx = 1", ("market_drift =", "is not a number", "0 to 5")),
        ("market_drift = 2026-11-02", ('market_drift = "2026-11-02" is not a number',)),
        ("staf = 3", ("staf is not a key", "did you mean staff (people who work in the firm")),
        ("turbulence = 1", ("turbulence is not a key", "did you mean market_drift")),
        ("turnover = 0.2", ("turnover is not a key", "did you mean yearly_turnover")),
        ("[world]\nload = 1", ("world is not a key", "the keys are staff, span, ")),
        ('"a\\nb" = 1', ('"a\\nb" is not a key',)),
        ("staff = 3\nstaff = 4", ("cannot be read", "stands there twice")),
        ("staff: 3", ("cannot be read", "key = value")),
        (b"staff = 3 # \xff", ("not text in UTF-8",)),
        (f"staff = {'9' * 5000}", ("number or a nesting too long",)),
        (f"staff = 0x{'f' * 5000}", ("staff = a number too long to show is above",)),
        (f"error_cost = 0x{'f' * 5000}", ("error_cost = a number too long to show", "0 to 100 stakes")),
        (f"staff = {'[' * 5000}", ("number or a nesting too long",)),
        (f'staff = "{"a" * 500}"', ("aaa... is not a whole number",)),
    ],
)
def test_a_mistake_is_one_sentence(written, content, words):
    path = written(content)
    with pytest.raises(ScenarioError) as told:
        own_firm(path)
    sentence = str(told.value)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    assert len(sentence) < len(str(path)) + 300
    assert all(word in sentence for word in words), sentence


def test_a_file_that_is_none_is_told(tmp_path):
    with pytest.raises(ScenarioError, match=r"is not there; firmlab template firm .*nowhere.toml"):
        own_firm(tmp_path / "nowhere.toml")
    with pytest.raises(ScenarioError, match="cannot be read"):
        own_firm(tmp_path)


# --- the sweep around the firm ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["", EIGHT, "error_cost = 8\nmarket_drift = 0\nother_team_share = 1"])
def test_the_study_that_is_named_stands_on_the_firm(written, tmp_path, content):
    """The command moves one number at a time around the reader's own, whatever the file lists first."""
    scenario = own_firm(written(content))
    _, _, name, *options = shlex.split(to_run("tornado", Stored(tmp_path / "mine", {}, scenario))["command"])
    assert options[-2:] == ["--out", (tmp_path / "mine-tornado").as_posix()]
    sweep, original = Sweep(name, [one for one in options[:-2] if one != "--set"]), Sweep("tornado")
    assert sweep.scenario.world == scenario.world
    base = {one.key.partition(".")[2]: value for one, value in zip(sweep.factors, sweep.values[0], strict=True)}
    assert base == {name: getattr(scenario.world, name) for name in base}
    for own, usual in zip(sweep.factors, original.factors, strict=True):
        assert set(own.levels) == {*usual.levels, own.levels[0]}


# --- the commands -----------------------------------------------------------------------------------------------------


def test_template_writes_a_form_once(tmp_path):
    for kind in ("firm", "costs"):
        path = tmp_path / f"{kind}.toml"
        answer = CliRunner().invoke(app, ["template", kind, str(path)])
        assert (answer.exit_code, path.read_bytes()) == (0, (TEMPLATES / f"{kind}.toml").read_bytes())
        assert "firmlab firm " in answer.output
        assert str(path) in answer.output
        path.write_text("mine")
        answer = CliRunner().invoke(app, ["template", kind, str(path)])
        assert (answer.exit_code, path.read_text()) == (2, "mine")
        assert "not overwritten" in answer.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["template", "form", "a.toml"], "the templates are firm and costs"),
        (["template", "firm", "nowhere/a.toml"], "cannot be written"),
        (["firm", "nowhere.toml"], "firmlab template firm"),
        (["firm", "firm.toml", "--lang", "fr"], "en and ko"),
        (["firm", "firm.toml", "--costs", "firm.toml"], "staff is not a key"),
        (["firm", "firm.toml", "--replications", "0"], "replications = 0 is below"),
    ],
)
def test_a_command_tells_a_mistake_in_a_sentence(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    Path("firm.toml").write_text("staff = 4")
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 2
    assert words in answer.output
    assert [path.name for path in tmp_path.iterdir()] == ["firm.toml"]  # nothing is half written


def test_firm_runs_reports_and_names_what_is_next(tmp_path, monkeypatch):
    asked = []

    def write_report(results, *, language="en", costs=None, out=None):
        asked.append((results, language, costs))
        return [results / "report.html"]

    monkeypatch.setattr(sim.report, "write_report", write_report, raising=False)
    monkeypatch.chdir(tmp_path)
    Path("tiny.toml").write_text("staff = 4\nyearly_turnover = 0.3")
    Path("costs.toml").write_bytes((TEMPLATES / "costs.toml").read_bytes())
    options = ["--replications", "2", "--workers", "1", "--costs", "costs.toml", "--out", "out/tiny"]
    answer = CliRunner().invoke(app, ["firm", "tiny.toml", "--lang", "ko", *options])
    assert answer.exit_code == 0, answer.output
    assert asked == [(Path("out/tiny"), "ko", Costs.read(Path("costs.toml")))]
    assert "Report: " in answer.output
    assert "0.3(으)로 입력" in answer.output
    command = re.search("firmlab sweep tornado .+", answer.output)[0]
    assert "--set world.staff=4 " in command
    assert command.endswith("--out out/tiny-tornado")
    answer = CliRunner().invoke(app, ["firm", "tiny.toml", *options, "--json"])
    found = json.loads(answer.stdout)
    assert found["next"] == command
    assert {row["design"] for row in found["table"]} == {"traditional", "social"}


# --- texts ------------------------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_keys_and_fields():
    english, korean = (
        {key: text for key, text in texts(language).items() if key.startswith("costs.")} for language in LANGUAGES
    )
    assert list(english) == list(korean)
    for key, text in english.items():
        assert sorted(re.findall(r"{(\w+)}", text)) == sorted(re.findall(r"{(\w+)}", korean[key])), key
    assert all(f"costs.number.{name}" in english for name in Firm.model_fields)
