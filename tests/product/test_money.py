"""The section of a year in money: a made-up store, both languages, with and without unit costs, other worlds."""

import re
from pathlib import Path

import pandas as pd
import pytest

from sim.locale import LANGUAGES, Words
from sim.report.blocks import Table, Text
from sim.report.costs import ITEMS, PRICED, Costs, cost_table
from sim.report.findings import Findings
from sim.report.gather import PARTS, Evidence, Found
from sim.report.say import Say
from sim.report.sections.money import MOST_ROWS, section
from sim.report.stored import Stored
from sim.scenario import Design, Scenario

BASELINE = Scenario.load("baseline")
MINE = BASELINE.override(["world.staff=1200", "world.error_cost=2.5"])
COSTS = Costs(
    currency="EUR", vacancy=1250.5, hour_of_delay=2, lost_customer=300, wrong_decision=50, missed_decision=30,
    working_hour=40,
)  # fmt: skip
NUMBER = re.compile(r"[−+]?\d+(?:,\d{3})*(?:\.\d+)?")
RUN = {
    "decision_hours_median": 3.0, "retention_12m": 0.8, "satisfaction": 70.0, "turnover": 0.25,
    "decision_opened": 30000.0, "decision_closed": 27000.0, "decision_hours_mean": 4.0, "churn": 0.2,
    "active_customers": 500.0, "commission_rate": 0.1, "omission_rate": 0.3, "panel_hours": 2.0, "circle_hours": 3.0,
    "introduction_hours": 0.5, "utilization": 0.25, "abandoned_share": 0.02, "request_closed": 1500.0, "fees": 10.0,
}  # fmt: skip
OPEN = {
    "decision_hours_median": 1.0, "retention_12m": 0.83, "satisfaction": 68.0, "turnover": 0.2, "churn": 0.22,
    "decision_hours_mean": 2.0, "commission_rate": 0.2, "omission_rate": 0.1, "panel_hours": 90.0, "circle_hours": 40.0,
    "introduction_hours": 20.0, "utilization": 0.2,
}  # fmt: skip
DESIGNS = {name: Design.social() if name == "social" else Design.traditional() for name in ("traditional", "social")}
DESIGNS["channel-only"] = BASELINE.design("channel-only")
FACTORS = {
    "world.load": [1.0, 0.5, 1.5, 2.5],
    "world.turbulence": [0.35, 0.0, 1.2],
    "world.error_cost": [2.0, 0.5, 8.0, 20.0],
}


def runs(designs, replications, **about):
    rows = []
    for pair in range(replications):
        for name in designs:
            own = {**RUN, **(OPEN if name == "social" else {})}
            own["turnover"] += 0.01 * pair * (name == "social")
            rows.append({**about, "design": name, "replication": pair, **own})
    return rows


def store(scenario, names, rows, factors=()):
    designs = {name: DESIGNS[name].model_dump() for name in names}
    manifest = {"factors": dict.fromkeys(factors), "designs": designs, "command": ["sim", "compare", "baseline"]}
    found = Stored(Path("results/mine"), manifest, scenario)
    found.__dict__["runs"] = pd.DataFrame(rows)
    return found


def one_at_a_time(factors):
    base = {key: levels[0] for key, levels in factors.items()}
    points = [base, *({**base, key: level} for key, levels in factors.items() for level in levels[1:])]
    names = ["traditional", "social"]
    rows = [row for number, point in enumerate(points) for row in runs(names, 2, point=number, **point)]
    return store(BASELINE, names, rows, factors)


def findings(scenario=BASELINE, costs=COSTS, factors=FACTORS, names=tuple(DESIGNS), pairs=3):
    evidence = Evidence(store(scenario, names, runs(names, pairs)), "traditional", "social")
    if factors:
        part = next(part for part in PARTS if part.name == "tornado")
        same = scenario.world == BASELINE.world
        evidence.found["tornado"] = Found(part, one_at_a_time(factors), True, same)
    return Findings(evidence, costs)


def written(found, language="en"):
    return section(found, Say(Words(language)))


def tables(part):
    return [block for block in part.blocks if isinstance(block, Table)]


def texts(part):
    return [block.text for block in part.blocks if isinstance(block, Text)]


def plain(cell):
    return cell if isinstance(cell, str) else cell[0]


def number(text):
    return float(NUMBER.search(text)[0].replace("−", "-").replace(",", ""))


def everything(part):
    cells = [plain(cell) for table in tables(part) for row in [table.head, *table.rows] for cell in row]
    return " ".join([part.title, *texts(part), *cells, *(table.note for table in tables(part))])


# --- a year -----------------------------------------------------------------------------------------------------------


def test_a_row_an_item_and_the_total_is_their_sum():
    year = tables(written(findings()))[0]
    assert [plain(row[0]) for row in year.rows] == [Words("en")(f"costs.item.{one.name}") for one in ITEMS] + [
        Words("en")("costs.item.total")
    ]
    assert {len(row) for row in year.rows} == {len(year.head)} == {6}
    assert year.head[-1] == "difference, EUR"
    money = [plain(row[-1]) for row in year.rows]
    assert [text == "–" for text in money[:-1]] == [not one.price for one in ITEMS]
    assert number(money[-1]) == pytest.approx(sum(number(text) for text in money[:-1] if text != "–"), abs=len(PRICED))
    reference, own = (number(year.rows[-1][column]) for column in (2, 3))
    assert number(money[-1]) == pytest.approx(own - reference, abs=1)


def test_the_numbers_are_those_of_the_cost_table():
    found = findings()
    table = cost_table(found.comparison.runs, BASELINE, "traditional", "social", COSTS).set_index("item")
    rows = dict(zip([one.name for one in ITEMS], tables(written(found))[0].rows, strict=False))
    assert rows["case_hours"][2:5] == ["78,000", "62,400", "−15,600 ± 0"]
    assert rows["case_hours"][5] == "−624,000 ± 0"
    assert rows["panels"][4:] == ["+13,728 ± 0", "–"]
    assert number(rows["quits"][4]) == pytest.approx(table.loc["quits", "difference"], abs=0.05)
    half = table.loc["quits", "high"] - table.loc["quits", "difference"]
    assert rows["quits"][4].endswith(f"± {half:.1f}")
    assert rows["quits"][5] == (
        f"−{-table.loc['quits', 'money_difference']:,.0f} ± {1250.5 * half:,.0f}"
    )  # fmt: skip


@pytest.mark.parametrize("scenario", [BASELINE, MINE])
@pytest.mark.parametrize("costs", [COSTS, None])
def test_both_languages_say_the_same_numbers(scenario, costs):
    english, korean = (written(findings(scenario, costs), language) for language in LANGUAGES)
    assert [type(block) for block in english.blocks] == [type(block) for block in korean.blocks]
    for ours, theirs in zip(tables(english), tables(korean), strict=True):
        assert [[NUMBER.findall(plain(cell)) for cell in row] for row in ours.rows] == [
            [NUMBER.findall(plain(cell)) for cell in row] for row in theirs.rows
        ]
    assert sorted(NUMBER.findall(everything(english))) == sorted(NUMBER.findall(everything(korean)))


def test_without_costs_there_is_no_money_and_a_sentence_says_how():
    part = written(findings(costs=None))
    year, worlds = tables(part)
    assert len(year.head) == 5
    assert len(year.rows) == len(ITEMS)
    assert len(worlds.head) == 4
    assert all(len(row) == len(table.head) for table in (year, worlds) for row in table.rows)
    assert any("--costs my-costs.toml" in text for text in texts(part))
    assert "money" not in " ".join(table.note for table in (year, worlds)).lower()
    priced = tables(written(findings()))[0]
    assert [row[:5] for row in year.rows] == [row[:5] for row in priced.rows[:-1]]


def test_the_note_names_every_price_as_it_was_given():
    note = tables(written(findings()))[0].note
    assert "a person who quits 1,250.5" in note
    assert all(str(price) in note for price in ("2", "300", "50", "30", "40"))
    assert "Not in the money" in note
    assert "3 pairs" in note


@pytest.mark.parametrize("small", [1e-6, 1e-3])
def test_money_in_millions_keeps_its_digits(small):
    prices = {name: small * value for name, value in COSTS if name != "currency"}
    money = [plain(row[-1]) for row in tables(written(findings(costs=Costs(currency="m", **prices))))[0].rows]
    found = sum(number(text) for text in money[:-1] if text != "–")
    assert number(money[-1]) != 0
    assert number(money[-1]) == pytest.approx(found, rel=0.02)


def test_one_pair_has_no_interval():
    year = tables(written(findings(pairs=1)))[0]
    assert not any("±" in plain(cell) or "known" in plain(cell) for row in year.rows for cell in row)


# --- the reader's own firm --------------------------------------------------------------------------------------------


def test_the_readers_numbers_are_said_beside_the_baselines():
    told = " ".join(texts(written(findings(MINE))))
    assert "people in the firm 1,200 (baseline: 156)" in told
    assert "2.5 (baseline: 2)" in told
    assert "has your numbers" not in " ".join(texts(written(findings())))


# --- what if ----------------------------------------------------------------------------------------------------------


def test_the_what_if_has_this_firm_other_designs_and_other_worlds():
    rows = tables(written(findings()))[1].rows
    labels = [row[0] for row in rows]
    assert 5 <= len(rows) <= MOST_ROWS
    assert labels[0] == "the social firm, this firm"
    assert labels[1] == "a public channel alone, this firm"
    assert [NUMBER.findall(label) for label in labels[2:]] == [["0.5"], ["1.5"], ["2.5"], ["1.2"], ["8"], ["20"]]
    assert rows[0][1:4] == ["−2.00 ± 0.00", "+3.0 ± 0.0", "−2.0 ± 0.0"]
    assert number(rows[0][4]) == number(plain(tables(written(findings()))[0].rows[-1][5]))
    dearer = [number(row[4]) for row in rows[-2:]]
    bad_decisions = 0.1 * 9000 * 0.4  # a year more of them accepted
    assert dearer[1] - dearer[0] == pytest.approx(bad_decisions * 50 * (20 - 8) / 2, abs=2)


def test_rows_of_another_firm_are_marked_and_this_firms_are_not():
    part = written(findings(MINE))
    labels = [row[0] for row in tables(part)[1].rows]
    assert ["baseline firm" in label for label in labels] == ["this firm" not in label for label in labels]
    assert "not of your firm" in tables(part)[1].note
    assert "baseline firm" not in everything(written(findings()))


def test_only_worlds_that_were_run_are_rows():
    levels = {"world.load": [1.0, 0.5], "world.turbulence": [0.35, 0.8], "world.bar": [0.0, 0.5]}
    labels = [row[0] for row in tables(written(findings(factors=levels)))[1].rows[2:]]
    assert [NUMBER.findall(label) for label in labels] == [["0.5"], ["0.8"]]
    part = written(findings(factors=None))
    assert len(tables(part)[1].rows) == 2
    assert any("firmlab sweep tornado" in text for text in texts(part))
