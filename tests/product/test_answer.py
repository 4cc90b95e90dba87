"""What may be said of a difference, and that it is said so: sign, zero in the interval, effects too small to matter."""

from types import SimpleNamespace

import pytest

from sim.locale import LANGUAGES, Words
from sim.report.answer import Answer, Verdict, smallest_differences, verdict
from sim.report.say import Say
from sim.report.sections.first_screen import sentences, turning
from sim.scenario import Report

NO_WINNER = (Verdict.SAME, Verdict.UNDECIDED)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.5, 2.5, "better"),
        (1.0, 2.5, "better"),  # at the smallest difference that matters
        (0.5, 2.5, "perhaps-better"),
        (0.2, 0.9, "slightly-better"),
        (-0.4, 0.9, "same"),
        (0.0, 0.0, "same"),  # twins that do not differ
        (0.0, 0.5, "same"),  # zero is in the interval
        (-0.4, 1.0, "undecided"),
        (-3.0, 3.0, "undecided"),
        (float("nan"), float("nan"), "undecided"),
        (-0.9, -0.2, "slightly-worse"),
        (-2.5, -0.5, "perhaps-worse"),
        (-2.5, -1.0, "worse"),
    ],
)
def test_verdicts(low, high, expected):
    assert verdict(low, high, "more", 1.0) == expected
    assert verdict(-high, -low, "less", 1.0) == expected


def test_without_a_smallest_difference_every_decided_one_matters():
    assert verdict(0.001, 0.002, "more", 0.0) is Verdict.BETTER
    assert verdict(-1.0, 1.0, "more", 0.0) is Verdict.UNDECIDED


def test_the_smallest_decision_is_a_share_of_the_reference():
    declared = Report(smallest_decision=0.1, smallest_retention=2.0, smallest_satisfaction=3.0)
    assert smallest_differences(declared, 4.0) == {
        "decision_hours_median": pytest.approx(0.4), "retention_12m": pytest.approx(0.02), "satisfaction": 3.0
    }  # fmt: skip


def answer(measure, low, high, smallest, better=(27, 1, 2)):
    middle = (low + high) / 2
    direction = "less" if measure == "decision_hours_median" else "more"
    judged = verdict(low, high, direction, smallest)
    return Answer(measure, 4.0, 4.0 + middle, middle, low, high, *better, 30, smallest, judged)


CASES = [
    ("decision_hours_median", -2.9, -2.7, 0.2),
    ("decision_hours_median", 1.2, 3.4, 0.2),
    ("retention_12m", 0.005, 0.02, 0.01),
    ("retention_12m", 0.001, 0.004, 0.01),
    ("satisfaction", -0.5, 0.4, 1.0),
    ("satisfaction", -5.0, 0.4, 1.0),
    ("satisfaction", -5.0, -3.0, 1.0),
    ("satisfaction", -0.5, -0.1, 1.0),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_sentences_say_the_direction_and_claim_no_winner_where_zero_is_inside(case):
    measure, low, high, _ = case
    found = answer(*case)
    text = " ".join(sentences(found, Say(Words("en"))))
    inside = low <= 0 <= high
    assert (found.verdict in NO_WINNER) == inside
    winning = [word for word in ("faster", "slower", "more satisfied", "less satisfied", "stay in") if word in text]
    assert bool(winning) != inside
    if inside:
        assert "includes 0;" in text or "interval of the difference is" in text
    else:
        rises = low > 0
        assert ("more" if rises else "less") in text
        assert f"of {found.pairs} twin firms" in text
        good = rises != (measure == "decision_hours_median")
        assert f"in {found.better if good else found.worse} of 30" in text
    assert "p =" not in text
    assert "p-value" not in text


@pytest.mark.parametrize("case", CASES, ids=str)
def test_both_languages_say_the_same_numbers(case):
    import re

    found = answer(*case)
    numbers = [sorted(re.findall(r"\d+(?:\.\d+)?", " ".join(sentences(found, Say(Words(one)))))) for one in LANGUAGES]
    assert numbers[0] == numbers[1]
    assert numbers[0]


def test_a_small_effect_is_called_small_with_the_bound():
    text = " ".join(sentences(answer("retention_12m", 0.001, 0.004, 0.01), Say(Words("en"))))
    assert "below 1.0 points" in text


def test_a_headline_that_is_not_defined_is_not_judged():
    nan = float("nan")
    nothing = Answer("retention_12m", nan, nan, nan, nan, nan, 0, 0, 0, 0, 0.01, Verdict.UNDECIDED)
    (told,) = sentences(nothing, Say(Words("en")))
    assert told.startswith("Not measured")


def test_one_pair_says_that_it_is_too_few():
    nan = float("nan")
    alone = Answer("satisfaction", 77.0, 74.0, -3.0, nan, nan, 0, 0, 1, 1, 1.0, Verdict.UNDECIDED)
    assert sentences(alone, Say(Words("en"))) == ["There are too few twin firms to say how sure this is."]


@pytest.mark.parametrize(("base", "high"), [(-3.0, 20.0), (-3.0, -1.0), (2.0, -5.0), (2.0, 1.0)])
def test_beyond_a_turn_it_is_the_other_that_does_better(base, high):
    """Whoever is ahead today, and whatever the far end of the range says: the sign may turn twice on the way."""
    row = {"factor": "world.load", "value": 1.0, "turns": 1.6, "turns_low": 1.5, "turns_high": 1.7}
    both = SimpleNamespace(reference="traditional", design="social")
    told = turning(row | {"base": base, "high": high}, "satisfaction", both, Say(Words("en")))
    assert f"just above it the {'social' if base < 0 else 'traditional'} firm does better" in told
