"""The twelve claims: what a study has to show for each verdict, the register, its words, and the command."""

import json
import string

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from sim.cli.claims import claims
from sim.locale import LANGUAGES, Words, texts
from sim.measures import MEASURES
from sim.report import answer
from sim.report.answer import smallest_differences
from sim.report.claims import CLAIMS, Judged, Standing, has_the_claims, judge
from sim.report.say import SCALES, Say
from sim.report.shipped import shipped
from sim.report.stored import Stored
from sim.scenario import Design, Report, Scenario
from sim.study.paired import HEADLINES, holm, t_test

FACTORS = {"world.load": (1.0, 0.5, 2.5), "world.turbulence": (0.35, 1.2)}
POINTS = ({}, {"world.load": 0.5}, {"world.load": 2.5}, {"world.turbulence": 1.2})
BY_ID = {claim.id: claim for claim in CLAIMS}
WORDS_OF = {"claim", "shift", "for", "against"}
NAMES = dict.fromkeys(name for claim in CLAIMS for name, _ in claim.measures)
NOISE = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 0.0])  # what pairs of twins differ by when nothing does
CLEAR, FAINT = 10.0, 0.95  # p of a mean that is so far from zero: 2e-6 and .03


def runs(differences, designs, points=POINTS, pairs=6):
    """Rows of a study in which the reference has 100 of everything. differences: by design, measure and point, one a
    pair; what is not named is pure noise."""
    rows = []
    for number, changed in enumerate(points):
        setting = {key: levels[0] for key, levels in FACTORS.items()} | changed
        for design in designs:
            for replication in range(pairs):
                row = {"point": number, **setting, "design": design, "replication": replication}
                for name in NAMES:
                    apart = differences.get((design, name, number), NOISE)
                    row[name] = 100.0 if design == designs[0] else 100.0 + apart[replication]
                rows.append(row)
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def scenario():
    return Scenario.load("twelve-claims")


@pytest.fixture
def study(scenario):
    def make(differences, without=(), rows=None, factors=FACTORS, first="traditional"):
        names = [first, *(name for name in scenario.designs if name not in (first, *without))]
        designs = {name: scenario.design(name).model_dump() for name in names}
        manifest = {"plan": "one-at-a-time 1", "factors": {key: {} for key in factors}, "designs": designs}
        found = Stored(None, manifest, scenario)
        vars(found)["runs"] = runs(differences, names) if rows is None else rows
        return found

    return make


def shifted(claim, *signs, by=CLEAR):
    """Differences of the claim's first measure: in the n-th world the n-th sign the claimed way, 0 for noise."""
    name, wanted = BY_ID[claim].measures[0]
    way = 1.0 if wanted == "more" else -1.0
    return {(BY_ID[claim].design, name, n): NOISE + way * sign * by for n, sign in enumerate(signs)}


def of(found, claim) -> Judged:
    return next(one for one in found if one.claim.id == claim)


# --- verdicts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", ["C1", "C5"])  # less is wanted, more is wanted
@pytest.mark.parametrize(
    ("signs", "standing", "disagree"),
    [
        ((1, 1, 1, 1), "supported", []),
        ((1, 0, 0, 0), "supported", []),
        ((1, 1, -1, 0), "depends", [("world.load", 2.5, -1)]),
        ((0, 1, 0, -1), "depends", [("world.load", 0.5, 1), ("world.turbulence", 1.2, -1)]),
        ((-1, -1, 0, 1), "depends", [("world.turbulence", 1.2, 1)]),
        ((0, 0, 0, 0), "not-supported", []),
        ((-1, 0, -1, 0), "not-supported", []),
        ((0, 0, -1, 0), "not-supported", []),
    ],
)
def test_a_verdict_follows_from_the_signs(study, claim, signs, standing, disagree):
    found = of(judge(study(shifted(claim, *signs))), claim)
    assert [found.base.decided, *(world.decided for world in found.worlds)] == list(signs)
    assert found.standing == standing
    assert [(world.factor, world.value, world.decided) for world in found.depends_on] == disagree
    assert found.factors == tuple(dict.fromkeys(factor for factor, _, _ in disagree))


def test_the_effect_is_that_of_the_pairs(study):
    found = of(judge(study(shifted("C1", 1, -1, 0, 0))), "C1")
    first, second = found.base.effects
    assert (first.measure, first.wanted, first.pairs, first.sign) == ("decision_hours_p90", "less", 6, 1)
    half = 2.570582 * NOISE.std(ddof=1) / np.sqrt(6)  # Student's t, 5 degrees of freedom
    assert [first.estimate, first.low, first.high] == pytest.approx([-10, -10 - half, -10 + half])
    assert first.p == found.base.p == t_test(NOISE - 10)
    assert (second.measure, second.estimate) == ("decision_screened_hours_median", 0)
    assert found.worlds[0].effects[0].estimate == 10


def test_only_the_first_measure_decides(study):
    name, _ = BY_ID["C5"].measures[0]
    beside = {("two-way", "product_fit", 0): NOISE + CLEAR, ("two-way", name, 0): NOISE}
    found = judge(study(beside))
    assert of(found, "C4").base.effects[1].sign == 1
    assert of(found, "C4").standing is Standing.NOT_SUPPORTED


def test_many_claims_make_a_faint_one_undecided(study):
    alone = of(judge(study(shifted("C5", 1, by=FAINT))), "C5")
    assert alone.base.p < 0.05 < alone.base.p_adjusted
    assert alone.standing is Standing.NOT_SUPPORTED
    found = judge(study(shifted("C5", 1) | shifted("C6", 1)))
    assert [one.base.p_adjusted for one in found] == pytest.approx(holm([one.base.p for one in found]))
    assert of(found, "C5").base.p_adjusted == pytest.approx(12 * of(found, "C5").base.p)  # C12: the largest p of three


def test_many_worlds_make_a_faint_one_undecided(study):
    faint, both = shifted("C5", 0, 1, by=FAINT), shifted("C5", 0, 1, 1, 1, by=FAINT)
    found = of(judge(study(faint)), "C5").worlds
    assert (found[0].p < 0.05, found[0].decided) == (True, 0)
    assert found[0].p_adjusted == pytest.approx(3 * found[0].p)
    found = of(judge(study(both)), "C5").worlds  # three at once: a false discovery rate minds that less
    assert [world.decided for world in found] == [1, 1, 1]


# --- nothing that matters ---------------------------------------------------------------------------------------------


def alike(*apart, measure="satisfaction", width=0.1):
    """A firm with one more channel: all headlines of all worlds nearly alike, but this one in the n-th world."""
    same = {("channel-only", name, n): 0.001 * NOISE for name in HEADLINES for n in range(len(POINTS))}
    return same | {("channel-only", measure, n): width * NOISE + by for n, by in enumerate(apart)}


@pytest.mark.parametrize(
    ("apart", "decided", "standing"),
    [  # satisfaction matters from 1 point on
        ((0, 0, 0, 0), [1, 1, 1, 1], "supported"),
        ((0.5, -0.5, 0, 0), [1, 1, 1, 1], "supported"),  # it differs from zero, by too little to matter
        ((0.99, 0, 1.01, 0), [0, 1, 0, 1], "depends"),
        ((0, 0, -3, 0), [1, 1, -1, 1], "depends"),
        ((3, 3, -3, 0.95), [-1, -1, -1, 0], "not-supported"),
    ],
)
def test_alike_is_within_what_matters(study, apart, decided, standing):
    found = of(judge(study(alike(*apart))), "C12")
    assert [found.base.decided, *(world.decided for world in found.worlds)] == decided
    assert found.standing == standing


def test_all_three_headlines_must_be_alike(study):
    for measure, enough in (("decision_hours_median", 10.0), ("retention_12m", 0.02), ("satisfaction", 2.0)):
        found = of(judge(study(alike(enough, measure=measure, width=0.001))), "C12")
        assert (found.base.decided, [world.decided for world in found.worlds]) == (-1, [1, 1, 1]), measure
        assert found.base.telling.measure == measure
        wide = of(judge(study(alike(0, measure=measure, width=enough))), "C12")
        assert (wide.base.decided, wide.base.telling.measure) == (0, measure)


def test_the_smallest_decision_time_is_a_share_of_the_reference_in_that_world(study, scenario):
    rows = runs(alike(*[8] * 4, measure="decision_hours_median"), scenario.designs)
    both = rows["design"].isin(["traditional", "channel-only"])
    rows.loc[both & (rows["point"] == 2), "decision_hours_median"] += 100  # of 200 hours 5 % are 10
    found = of(judge(study({}, rows=rows)), "C12")
    assert [found.base.decided, *(world.decided for world in found.worlds)] == [-1, -1, 1, -1]


def test_not_alike_is_said_by_the_clearest_headline_for_having_looked_at_three(study):
    apart = alike(1.9) | {("channel-only", "retention_12m", 0): NOISE + 0.02}  # this one may as well be chance
    base = of(judge(study(apart)), "C12").base
    clearest = base.effects[HEADLINES.index("satisfaction")]
    assert base.telling == clearest
    assert clearest.p == pytest.approx(t_test(0.1 * NOISE + 0.9))  # beyond the point that matters
    assert (base.decided, base.p) == (-1, 3 * clearest.p)


def test_equal_twins_are_alike(study, scenario):
    equal = {("channel-only", name, n): 0 * NOISE for name in HEADLINES for n in range(len(POINTS))}
    found = of(judge(study(equal)), "C12")
    assert (found.base.p, found.standing) == (0.0, "supported")
    rows = runs(equal, scenario.designs)
    found = of(judge(study({}, rows=rows[(rows["point"] == 0) | (rows["replication"] == 0)])), "C12")
    assert [world.decided for world in found.worlds] == [0, 0, 0]  # one pair is no proof


def test_alike_is_decided_just_where_the_interval_says_so(study):
    smallest = smallest_differences(Report(), 100.0)["satisfaction"]
    random = np.random.default_rng(7)
    seen = set()
    for _ in range(16):
        pairs = random.normal(random.uniform(-2, 2), random.uniform(0.1, 1.5), len(NOISE))
        found = of(judge(study(alike() | {("channel-only", "satisfaction", 0): pairs})), "C12").base
        effect = found.effects[HEADLINES.index("satisfaction")]
        verdict = answer.verdict(effect.low, effect.high, "more", smallest)
        decided = effect.sign if effect.p <= 0.05 else 0
        apart = -abs(verdict.matters) if verdict in ("better", "worse") else 0
        assert decided == (1 if verdict in ("same", "slightly-better", "slightly-worse") else apart)
        assert not found.decided or found.decided == decided  # adjusted, it says as much or less
        seen.add(decided)
    assert seen == {-1, 0, 1}


# --- what is missing --------------------------------------------------------------------------------------------------


def test_without_its_design_a_claim_is_not_computed(study):
    found = judge(study(shifted("C5", 1), without=("platform", "channel-only")))
    missing = [one.claim.id for one in found if one.standing is Standing.NOT_COMPUTED]
    assert missing == ["C10", "C12"]
    assert of(found, "C10").base is None
    assert of(found, "C5").standing is Standing.SUPPORTED


def test_the_reference_is_no_design_of_a_claim(study):
    found = judge(study({}, first="platform"))
    assert [one.claim.id for one in found if one.base is None] == ["C10"]


def test_a_design_whose_runs_all_failed_is_not_computed(study, scenario):
    rows = runs(shifted("C5", 1), scenario.designs)
    found = judge(study({}, rows=rows[rows["design"] != "two-way"]))
    assert [one.claim.id for one in found if one.base is None] == ["C1", "C2", "C3", "C4", "C5"]


def test_a_design_that_failed_in_one_world_is_undecided_there(study, scenario):
    rows = runs(shifted("C5", 1, 1, -1, 1), scenario.designs)
    found = of(judge(study({}, rows=rows[(rows["design"] != "two-way") | (rows["point"] != 2)])), "C5")
    assert [(world.decided, world.effects[0].pairs) for world in found.worlds] == [(1, 6), (0, 0), (1, 6)]
    assert found.standing is Standing.SUPPORTED


def test_a_measure_that_is_missing_decides_nothing(study, scenario):
    rows = runs(shifted("C5", 1), scenario.designs)
    of_old = judge(study({}, rows=rows.drop(columns=["decision_value", "product_fit", "decision_hours_median"])))
    assert [one.claim.id for one in of_old if one.standing is Standing.NOT_COMPUTED] == ["C2", "C9", "C12"]
    assert [effect.pairs for effect in of(of_old, "C4").base.effects] == [6, 0]
    rows["decision_value"] = np.nan
    rows.loc[rows["replication"] > 0, "product_fit"] = np.nan  # a single pair
    assert of(judge(study({}, rows=rows)), "C2").standing is Standing.NOT_COMPUTED
    assert of(judge(study({}, rows=rows)), "C9").standing is Standing.NOT_COMPUTED


def test_pairs_without_the_measure_are_left_out(study):
    some = {("two-way", "profit_per_seat", 0): np.array([1.0, np.nan, 3.0, 2.0, np.nan, 2.0])}
    effect = of(judge(study(some)), "C5").base.effects[0]
    assert (effect.pairs, effect.estimate) == (4, 2.0)


def test_without_the_base_world_nothing_is_computed(study, scenario):
    rows = runs(shifted("C5", 1, 1), scenario.designs)
    assert {one.standing for one in judge(study({}, rows=rows[rows["point"] > 0]))} == {Standing.NOT_COMPUTED}


def test_a_study_of_one_world(study, scenario):
    rows = runs(shifted("C5", 1), scenario.designs, points=({},), pairs=3).drop(columns=list(FACTORS))
    found = of(judge(study({}, rows=rows, factors=())), "C5")
    assert (found.standing, found.worlds, found.base.effects[0].pairs) == ("supported", (), 3)


def test_worlds_that_differ_in_two_numbers_are_left_out(study, scenario):
    points = (*POINTS, {"world.load": 2.5, "world.turbulence": 1.2})
    rows = runs(shifted("C5", 1, 1, 1, 1, -1), scenario.designs, points)
    found = of(judge(study({}, rows=rows)), "C5")
    assert [(world.factor, world.value) for world in found.worlds] == [
        ("world.load", 0.5), ("world.load", 2.5), ("world.turbulence", 1.2),
    ]  # fmt: skip
    assert found.standing is Standing.SUPPORTED


def test_which_studies_have_the_claims(study):
    assert has_the_claims(study({}))
    assert not has_the_claims(study({}, without=["platform"]))
    grid = study({})
    grid.manifest["plan"] = "grid"
    assert not has_the_claims(grid)


# --- the register -----------------------------------------------------------------------------------------------------

OPENED = {  # by the designs of the claims, in place of the traditional firm's rule
    "two-way": {"consult": 1.0, "approve": 1.0, "reserve": 0.99},
    "circles": {"meet": 1.0},
    "anybody-answers": {"contact": 1.0},
    "heard-openly": {"hear": 1.0, "channel": 1.0},
    "co-creation": {"hear": 1.0},
    "platform": {"connect": 1.0},
    "trusted": {"approve": 1.0, "meet": 1.0, "reserve": 0.99},
    "channel-only": {"channel": 1.0},
}


def test_the_twelve_claims():
    assert [claim.id for claim in CLAIMS] == [f"C{number}" for number in range(1, 13)]
    assert {claim.design for claim in CLAIMS} == set(OPENED)
    assert all(1 <= claim.deciding <= len(claim.measures) for claim in CLAIMS)


@pytest.mark.parametrize("name", OPENED)
def test_a_design_takes_up_what_its_claim_is_about_and_nothing_else(scenario, name):
    assert name in scenario.designs[1:]
    plain, design = (scenario.design(one).model_dump() for one in (scenario.designs[0], name))
    assert plain == Design().model_dump()
    assert {key: value for key, value in design.items() if value != plain[key]} == OPENED[name]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_wants_what_is_better(claim):
    better = {measure.name: measure.better for measure in MEASURES}
    for name, wanted in claim.measures:
        assert name in HEADLINES if wanted == "same" else wanted == better[name]
        assert name in SCALES  # else the report has no words for it
    assert len({name for name, _ in claim.measures}) == len(claim.measures)


# --- words ------------------------------------------------------------------------------------------------------------


def fields(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def of_claims(language):
    return {key: text for key, text in texts(language).items() if key.startswith("claims.")}


def test_both_languages_have_the_same_keys_and_fields():
    english, korean = map(of_claims, LANGUAGES)
    assert list(english) == list(korean)
    assert {key: fields(text) for key, text in english.items()} == {key: fields(text) for key, text in korean.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_claim_and_verdict_has_words(language):
    words = Words(language)
    for claim in CLAIMS:
        assert set(words.below(f"claims.{claim.id}")) == WORDS_OF
        assert all(words(f"claims.{claim.id}.{key}").strip() for key in WORDS_OF)
        for side in ("for", "against"):  # author and year
            assert any(year in words(f"claims.{claim.id}.{side}") for year in map(str, range(1980, 2027)))
    assert set(words.below("claims.verdict")) == set(Standing)


def test_korean_is_korean():
    english, korean = map(of_claims, LANGUAGES)
    for key, text in korean.items():
        assert text != english[key]
        assert any("가" <= letter <= "힣" for letter in text), key
        if key.endswith((".for", ".against")):
            assert "니다" in text.rstrip(".)"), key


def test_the_verdict_names_what_it_depends_on(study):
    found = judge(study(shifted("C5", 0, 1, 0, 1) | shifted("C6", 1)))
    say = Say(Words("en"))
    assert of(found, "C5").verdict(say) == f"depends on {say.factor('world.load')}, {say.factor('world.turbulence')}"
    assert of(found, "C6").verdict(say) == "supported"


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stored_study(tmp_path, scenario):
    """A folder as `firmlab sweep claims` leaves one."""

    def make(differences, folder="claims-0", plan="one-at-a-time 1", designs=scenario.designs):
        path = tmp_path / "results" / folder
        (path / "runs").mkdir(parents=True)
        rows = runs(differences, designs)
        rows["key"] = [f"{number:032x}" for number in range(len(rows))]
        plan_columns = ["point", *FACTORS, "replication", "design", "key"]
        rows[plan_columns].to_parquet(path / "plan.parquet")
        rows.drop(columns="point").to_parquet(path / "runs" / "part-0.parquet")
        (path / "scenario.toml").write_text(scenario.to_toml(), encoding="utf-8")
        manifest = {"plan": plan, "factors": {key: {} for key in FACTORS},
                    "designs": {name: scenario.design(name).model_dump() for name in designs}}  # fmt: skip
        (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return path

    return make


def ask(*words):
    app = typer.Typer()
    app.command()(claims)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_prints_every_claim(stored_study):
    asked = ask(stored_study(shifted("C1", 1, 1, -1, 0) | shifted("C5", 1)))
    assert asked.exit_code == 0, asked.output
    text = " ".join(asked.output.split())
    words = Words("en")
    for claim in CLAIMS:
        assert f"{claim.id}. {words(f'claims.{claim.id}.claim')}" in text
    say = Say(words)
    load, measure = say.factor("world.load"), say.measure("decision_hours_p90")
    less, more = (say.with_interval("decision_hours_p90", mean, mean + 0.742, signed=True) for mean in (-10, 10))
    assert less.startswith("−10.")
    assert f"depends on {load}. two-way: {measure}, hours: {less}" in text
    assert f"the other way at {load} {say.factor_value('world.load', 2.5)} ({more})" in text
    assert "6 pairs of twin firms in each world, the base and 3 others" in text


def test_the_command_speaks_korean(stored_study):
    asked = ask(stored_study({}), "--lang", "ko")
    assert asked.exit_code == 0, asked.output
    text = " ".join(asked.output.split())
    assert all(f"{claim.id}. {Words('ko')(f'claims.{claim.id}.claim')}" in text for claim in CLAIMS)
    assert ask(stored_study({}, "claims-1"), "--lang", "fr").exit_code == 2


def test_json_has_everything(stored_study):
    asked = ask(stored_study(shifted("C1", 0, 1, -1, 0), designs=("traditional", "two-way", "channel-only")), "--json")
    found = {one["id"]: one for one in json.loads(asked.output)}
    assert list(found) == [claim.id for claim in CLAIMS]
    first, missing = found["C1"], found["C10"]
    assert (first["design"], first["measure"], first["unit"], first["wanted"]) == (
        "two-way", "decision_hours_p90", "hours", "less",
    )  # fmt: skip
    assert (first["estimate"], first["pairs"], first["verdict"]) == (0, 6, "depends")
    assert first["low"] == -first["high"] == pytest.approx(-0.742, abs=0.001)
    assert 0 < first["p_adjusted"] <= 1
    assert [(one["factor"], one["value"], one["sign"]) for one in first["depends_on"]] == [
        ("world.load", 0.5, 1), ("world.load", 2.5, -1),
    ]  # fmt: skip
    assert [one["sign"] for one in first["worlds"]] == [1, -1, 0]
    assert [one["measure"] for one in first["secondary"]] == ["decision_screened_hours_median"]
    assert first["for"] == Words("en")("claims.C1.for")
    assert first["against"] == Words("en")("claims.C1.against")
    assert (missing["verdict"], missing["estimate"], missing["measure"]) == ("not-computed", None, "ecosystem_value")
    assert set(missing) == set(first)
    assert (found["C12"]["deciding"], found["C12"]["telling"]) == (list(HEADLINES), "retention_12m")


def test_the_newest_study_is_taken_else_the_shipped_one(stored_study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.report.shipped.shipped", lambda: tmp_path / "shipped")
    assert "shipped" in ask().output
    assert ask().exit_code == 2  # nothing there yet
    own = stored_study(shifted("C5", 1))
    own.parent.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "claims-0").rename(tmp_path / "elsewhere" / "claims")
    (tmp_path / "elsewhere").rename(tmp_path / "shipped")
    assert json.loads(ask("--json").output)[4]["estimate"] == 10
    stored_study(shifted("C5", 1, by=20.0), "claims-9")
    stored_study(shifted("C5", 1, by=30.0), "grid-9", plan="grid 1")
    assert json.loads(ask("--json").output)[4]["estimate"] == 20


def test_a_folder_without_the_claims_is_told(stored_study, tmp_path):
    asked = ask(stored_study({}, designs=("traditional", "social")))
    assert (asked.exit_code, "firmlab sweep claims" in asked.output) == (2, True)
    asked = ask(tmp_path / "nowhere")
    assert (asked.exit_code, "holds no results" in asked.output) == (2, True)


def test_the_shipped_studies_lie_beside_the_package(monkeypatch, tmp_path):
    package = tmp_path / "sim"
    (package / "report").mkdir(parents=True)
    monkeypatch.setattr("sim.report.shipped.__file__", str(package / "report" / "shipped.py"))
    assert shipped() == tmp_path / "results" / "reference"
    (package / "reference").mkdir()
    assert shipped() == package / "reference"
