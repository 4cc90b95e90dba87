"""No text is missing in either language, none has other fields, and none is there for nothing."""

import ast
import re
import string
from pathlib import Path

import pytest

from sim.locale import Words, texts
from sim.report.say import Say
from sim.scenario import Scenario, built_in

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
    for path in [*(SIM / "report").rglob("*.py"), *(SIM / "cli").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.escape(node.value)
            elif isinstance(node, ast.JoinedStr):
                yield "".join(
                    re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in node.values
                )


def test_no_text_is_there_for_nothing():
    a_key = re.compile(r"(report|claims|costs|slides)\\\.|\.\+\\\.\w+$")  # or one that ends in a name of its own
    known = [re.compile(one) for one in {*patterns()} if a_key.match(one)]
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
