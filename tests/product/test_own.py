"""A researcher's own rules and measures, without a change of our files."""

import subprocess
import sys

import numpy as np
import pytest

from sim.compiled import rule
from sim.engine import simulate
from sim.measures import MEASURES, Measure
from sim.model import FirmModel
from sim.own import Own
from sim.rules.consult import consult
from sim.scenario import ScenarioError
from sim.state import Kind, Phase, phase
from sim.study.compare import compare
from tests.commands import REPOSITORY
from tests.firms import firm

FIRM = firm(staff=31, weeks=8)


@rule
def ours(firm, case, seat):
    return consult(firm, case, seat)


@rule
def nobody_asks(firm, case, seat):
    return phase(Phase.APPROVE if firm.cases[case].kind == Kind.DECISION else Phase.CONTACT)


def most_interrupted(seen):
    return seen.seats["look_ups"].max()


LOOK_UPS = Measure("most_look_ups", "count", "less", "look-ups of whoever is interrupted most", most_interrupted)


def test_our_own_rule_given_as_a_researchers_gives_the_same_numbers():
    alone, given = (simulate(FIRM, ["social"], seed=3, **own) for own in ({}, {"own": Own(rules={"consult": ours})}))
    assert repr(alone) == repr(given)


def test_another_rule_takes_the_place_of_ours_from_day_1():
    """Who asks nobody is faster and knows less: every decision is on a foreign topic, so errors of both kinds rise."""
    scenario = FIRM.override(["world.interdependence=1.0"])
    given = simulate(scenario, ["traditional", "social"], seed=3, own=Own(rules={"consult": nobody_asks}))
    alone = simulate(scenario, ["traditional", "social"], seed=3)
    for own, builtin in zip(given, alone, strict=True):
        assert own["decision_hours_median"] < builtin["decision_hours_median"]
        errors = [one["omission_rate"] + one["commission_rate"] for one in (own, builtin)]
        assert errors[0] > errors[1] + 0.02


def test_it_works_through_compare_and_is_stored_under_keys_of_its_own(tmp_path):
    own = Own(rules={"consult": nobody_asks}, measures=(LOOK_UPS,))
    found = compare(FIRM, replications=2, workers=2, out=tmp_path / "own", own=own)
    assert found.table.set_index(["measure", "design"]).loc[("most_look_ups", "social"), "estimate"] > 0
    again = compare(FIRM, replications=2, workers=1, out=tmp_path / "own", own=own)
    assert (again.computed, again.reused) == (0, 4)
    assert again.runs["most_look_ups"].tolist() == found.runs["most_look_ups"].tolist()
    plain = compare(FIRM, replications=2, workers=1, out=tmp_path / "plain")
    assert not set(plain.runs["key"]) & set(found.runs["key"])


def test_it_works_in_the_mesa_model():
    model = FirmModel(FIRM, own=Own(rules={"consult": nobody_asks}, measures=(LOOK_UPS,)))
    model.run()
    assert np.isfinite(model.summary()["most_look_ups"])
    assert model.summary()["consult_default_share"] == 0 or np.isnan(model.summary()["consult_default_share"])


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"rules": {"cosult": ours}}, "no such phase; phases are act, contact, consult"),
        ({"rules": {"consult": lambda firm, case, seat: 0}}, "not compiled; decorate it with sim.rule"),
        ({"measures": (MEASURES[0],)}, "the name is taken"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(own, says):
    with pytest.raises(ScenarioError, match=says):
        Own(**own)


CUT = np.arange(2000.0)


def measure(function):
    return Own(measures=(Measure("mine", "count", "more", "mine", function),)).fingerprint()


def by_default(seen, q=0.5):
    return q


def test_whatever_can_change_a_number_changes_the_fingerprint(monkeypatch):
    """Also what stands in code inside code, in defaults, and in the middle of a long array."""
    assert measure(lambda seen: sum(1 for load in seen.load if load > 3)) != measure(
        lambda seen: sum(1 for load in seen.load if load > 99)
    )
    assert measure(lambda seen: seen.load.sum()) != measure(lambda seen: seen.load.max())
    before = measure(by_default)
    monkeypatch.setattr(by_default, "__defaults__", (0.9,))
    assert measure(by_default) != before

    def cut(seen):
        return CUT[1000]

    before = measure(cut)
    monkeypatch.setitem(globals(), "CUT", np.where(CUT == 1000, 7.0, CUT))
    assert measure(cut) != before


def test_a_name_that_is_only_an_attribute_means_nothing(monkeypatch):
    before = measure(most_interrupted)
    monkeypatch.setitem(globals(), "seats", object())
    monkeypatch.setitem(globals(), "max", max)
    assert measure(most_interrupted) == before


def test_the_fingerprint_is_the_same_in_every_process():
    code = (
        "from sim.own import Own; from sim.measures import Measure; from functools import partial\n"
        "GOOD = {'a', 'b', 'c', 'd', 'e'}\n"
        "def f(seen, q): return sum(x in GOOD for x in 'abc') + q\n"
        "print(Own(measures=(Measure('m', '', 'more', '', partial(f, q=1.0)),)).fingerprint())"
    )
    answers = {
        subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
        for _ in range(3)
    }
    assert len(answers) == 1


def test_what_cannot_be_told_apart_is_refused():
    something = object()
    with pytest.raises(ScenarioError, match="uses object, of which it cannot be told"):
        measure(lambda seen: float(something is None))
