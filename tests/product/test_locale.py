"""No text is missing in either language, none has other fields, and none is there for nothing."""

import ast
import re
import string
from pathlib import Path

import pytest

from sim.locale import Words, texts
from sim.report.say import Say
from sim.scenario import Scenario, built_in

# Texts of the page that its code takes by a name which it is given.
BY_NAME = ("first", "second", "both", "staff", "span", "seed", "csv", "toml", "replay")
SIM = Path(__file__).parents[2] / "sim"


def fields(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_both_languages_have_the_same_keys():
    assert set(texts("en")) == set(texts("ko"))
    assert len(texts("en")) > 300


@pytest.mark.parametrize("key", sorted(texts("en")))
def test_both_languages_fill_in_the_same_fields(key):
    assert fields(texts("en")[key]) == fields(texts("ko")[key])


def test_korean_is_korean():
    """A text with an English word in it has Hangul too; names of people, commands and files are left as they are."""
    for key, text in texts("ko").items():
        plain = re.sub(r"\{\w+\}", "", text)
        assert re.search("[가-힣]", plain) or not re.search("[A-Za-z]{2}", plain), key


def patterns():
    """Every text of the code that may be a key; a field in it stands for anything."""
    for path in [*(SIM / "report").rglob("*.py"), *(SIM / "cli").glob("*.py"), *(SIM / "dashboard").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.escape(node.value)
            elif isinstance(node, ast.JoinedStr):
                yield "".join(
                    re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in node.values
                )


def patterns_of_pages():
    """The same of scripts and templates of the dashboard, which are given the texts below one key as `words`."""
    below = {"player.js": r"dashboard\.player", "student.html.j2": r"dashboard\.page"}
    folder = SIM / "dashboard"
    for path in [*folder.glob("static/*.js"), *folder.glob("components/*.vue"), *folder.glob("templates/*.j2")]:
        text, start = path.read_text(encoding="utf-8"), below.get(path.name, r"dashboard\.page")
        if path.name == "worksheet.html.j2":
            yield from (rf"lessons\.worksheet\.{name}" for name in re.findall(r"\bwords\.(\w+)", text))
            yield from (rf"dashboard\.player\.{name}" for name in re.findall(r"\bplayer\.(\w+)", text))
            continue
        yield from (rf"{start}\.{name}" for name in re.findall(r"\b(?:words|page)\.(\w+)", text))
        yield from (rf"{start}\.{name}" for name in re.findall(r"(?:words|page)\[\"(\w+)\"\]", text))
        for name in re.findall(r"(?:words|page)\[\"(\w+)\" [+~]", text):
            yield rf"{start}\.{name}.+"
        for name in re.findall(r"words\[`(.+?)`\]", text):
            yield rf"{start}\.{re.sub(r'[$][{].*?[}]+', '.+', name)}"
        if path.name == "player.js":  # one of two, by what is known
            yield from (rf"{start}\.{name}" for name in ("band_sure", "band_unsure", "role_desk", "role_broker"))
        for name in re.findall(r"texts\.(\w+)", text):
            yield rf"lessons\.preset\.[\w-]+\.{name}"


def test_no_text_is_there_for_nothing():
    # A key, or one that ends in a name of its own.
    a_key = re.compile(r"(report|claims|costs|slides|dashboard|lessons)\\\.|\.\+\\\.\w+$")
    known = [re.compile(one) for one in {*patterns()} if a_key.match(one)]
    known += [re.compile(one) for one in {*patterns_of_pages()}]
    known += [re.compile(rf"dashboard\.page\.{name}") for name in BY_NAME]
    known += [re.compile(r"dashboard\.legend\.(decision|request|complaint|other|wait[0-3]|halo|customers)")]
    known += [re.compile(r"lessons\.(preset|challenge|tour|teacher|worksheet)\..+")]  # told whole, as they stand
    unused = [key for key in texts("en") if not any(one.fullmatch(key) for one in known)]
    assert unused == []


@pytest.mark.parametrize("name", built_in())
def test_every_question_that_comes_with_the_product_is_in_both_languages(name):
    scenario = Scenario.load(name)
    assert Say(Words("en")).question(scenario) == scenario.question
    assert re.search("[가-힣]", Say(Words("ko")).question(scenario))
    own = scenario.override(['question="Whatever?"'])
    assert Say(Words("ko")).question(own) == "Whatever?"


def test_an_unknown_key_or_field_is_no_silence():
    words = Words("en")
    with pytest.raises(KeyError):
        words("report.nothing")
    with pytest.raises(KeyError):
        words("report.page.about")
    with pytest.raises(KeyError):
        Words("fr")
