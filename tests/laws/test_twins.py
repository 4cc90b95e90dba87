"""What pairing promises: placebo, streams, the minimally different world, order, determinism, monotone coupling."""

import numpy as np
import pytest

from sim.draws import Stream, uniform
from sim.engine import advance, horizon_days, simulate, start
from sim.population import build
from sim.rules import staff
from sim.scenario import Design
from sim.state import TICKS, Activity, Disposition, Kind, Phase, Role, copy
from tests.firms import LEVERS, OF_TWO_KINDS, SETTLED, STAY, TABLES, differing, firm, same

FIRM = firm()
DAYS = horizon_days(FIRM.run)
SPONTANEOUS = np.uint64(1) << np.uint64(63)  # bit of keys that were born of another case
EVENTFUL = ("world.moment_rate=20.0", "world.deal_rate=200.0", "world.feedback=0.3", "world.complain=0.5",
            "world.suggestion=0.1")  # fmt: skip
ALL_OPEN = {phase: 1.0 for phase in ("contact", "consult", "approve", "connect", "hear", "meet")}
SETTINGS = {"channel": 1.0, "selling": 2.0, "inside": 0, "reserve": 0.5}


def run(scenario, design, **options):
    return advance(start(scenario, design, seed=5, **options), horizon_days(scenario.run))


def births(state):
    """What spontaneous cases are, by key: everything but what happens to them. A channel's own requests apart."""
    closed = state.ledger[: state.clock["closed_rows"][0]]
    still = state.cases[(state.cases["status"] == 1) & (state.cases["birth"] >= state.clock["measure_from"][0])]
    columns = ("birth", "kind", "opener", "topic", "quantile", "good")
    found = {}
    for table in (closed, still):
        keys = table["key"].astype(np.uint64)
        source = np.where(keys & SPONTANEOUS, 0, keys >> np.uint64(32)).astype(int)
        ours = ((keys & SPONTANEOUS) == 0) & (state.sources["extra"][source] == 0)
        rows = zip(*(table[column][ours].tolist() for column in columns), strict=True)
        found |= dict(zip(keys[ours].tolist(), rows, strict=True))
    return found


def test_placebo_two_names_for_the_same_numbers_give_the_same_firm():
    assert not differing(run(FIRM, "social"), run(FIRM, Design(**ALL_OPEN, channel=1, reserve=0.99)))


def test_the_placebo_can_fail():  # another seed is another firm
    assert not same(run(FIRM, "social"), advance(start(FIRM, "social", seed=6), DAYS))


MOVED = [
    *({"contact": one, "consult": two, "approve": three, "reserve": 0.99} for one, two, three in LEVERS[1:]),
    *({name: 1.0} for name in ("connect", "hear", "meet")),
    *({name: value} for name, value in SETTINGS.items()),
    ALL_OPEN | {"channel": 1.0, "reserve": 0.99},
]


@pytest.fixture(scope="module")
def settled():
    """A firm in which nobody comes or goes, so that no spontaneous case is dropped: under gatekeeper rules."""
    scenario = firm(*EVENTFUL, *SETTLED)
    return scenario, births(run(scenario, "traditional"))


@pytest.mark.parametrize("moved", MOVED, ids=lambda moved: " ".join(f"{name}={moved[name]:g}" for name in moved))
def test_levers_and_settings_move_no_spontaneous_birth(settled, moved):
    """Decisions, requests, moments and deals: when, whose, about what, with which stake and merit."""
    scenario, expected = settled
    assert births(run(scenario, Design(**moved))) == expected
    assert {row[1] for row in expected.values()} == {Kind.DECISION, Kind.REQUEST, Kind.MOMENT, Kind.DEAL}


@pytest.mark.parametrize("moved", MOVED, ids=lambda moved: " ".join(f"{name}={moved[name]:g}" for name in moved))
def test_where_people_come_and_go_sources_tick_alike_and_what_both_firms_meet_is_the_same(moved):
    """Whoever is gone is gone by the rules; her cases are drawn and dropped, so nobody else's are moved."""
    scenario = firm(*EVENTFUL, "world.quit_rate=2.0", "world.churn=1.0", "world.join=1.0", "world.vacancy_weeks=3.0")
    one, other = run(scenario, "traditional"), run(scenario, Design(**moved))
    assert not differing(one, other, ["sources"])
    ticking = np.arange(len(one.sources))
    assert one.nodes["time"][ticking].tobytes() == other.nodes["time"][ticking].tobytes()
    ours, theirs = births(one), births(other)
    common = ours.keys() & theirs.keys()
    assert all(ours[key] == theirs[key] for key in common)
    assert len(common) > 0.8 * len(ours)


PERSON = ("generation", "honest", "person", "life", "interests")


def test_who_takes_a_seat_is_the_same_person_whatever_happened_before():
    """Attributes are drawn by (seat, generation): equal for every lever, and whatever the firm has been through."""
    scenario = firm("world.quit_rate=3.0", "world.vacancy_weeks=2.0", "world.trustworthy=0.5")
    firms = [run(scenario, "traditional"), run(scenario, "social"), start(scenario, "social", seed=5)]
    for state in firms:
        for seat in range(len(state.seats)):
            state.seats["generation"][seat] = 1 + seat % 3
            staff.sit_down(state.firm, np.int64(seat), np.int64(0))
    people = [state.seats[list(PERSON)] for state in firms]
    assert (people[0] == people[1]).all()
    assert (people[0] == people[2]).all()
    assert 0 < people[0]["honest"].mean() < 1
    again = firms[0].seats["person"].copy()
    firms[0].seats["generation"] += 1
    for seat in range(len(again)):
        staff.sit_down(firms[0].firm, np.int64(seat), np.int64(0))
    assert (firms[0].seats["person"] != again).all()  # her successor is somebody else


def test_who_sits_where_as_the_same_generation_is_the_same_person_in_twins():
    scenario = firm("world.quit_rate=2.0", "world.vacancy_weeks=2.0", weeks=20)
    one, other = run(scenario, "traditional"), run(scenario, "social")
    alike = (one.seats["generation"] == other.seats["generation"]) & (one.seats["generation"] > 0)
    assert alike.sum() > 5
    for column in ("honest", "person", "interests"):
        assert (one.seats[column][alike] == other.seats[column][alike]).all()


def test_people_are_the_same_under_every_design():
    one, other = (build(FIRM.world, Design.named(name), seed=5, replication=0) for name in ("traditional", "social"))
    people = ["seats", "know_topic", "know_level", "tie_to", "tie_weight", "customers", "partners", "topics"]
    assert not differing(one, other, people)


# What only one of a phase's two rules reads, with a value that would change much if it were read.
READ_BY_OPEN_RULES = {
    Phase.CONTACT: ("world.profile_error=0.9", "world.popular=1.5", "world.loyal=1.0"),
    Phase.CONSULT: ("world.platform_wait_hours=9.0", "world.platform_half=0.1", "world.metaknowledge=1.0",
                    "world.wrong_belief=0.9", "world.search_limit=8"),
    Phase.APPROVE: ("world.panel=5", "world.quorum=5", "world.own_authority=0.2"),
    Phase.CONNECT: ("world.find_half_per_seat=9.0", "world.match_open=0.1", "world.fee_platform=0.9", "world.leak=1.0",
                    "world.peer=1.0", "world.peer_level=1.0", "world.peer_wait_hours=90.0"),
    Phase.HEAR: ("world.notice_open=1.0", "world.half_news_weeks=0.1", "world.listen=1.0"),
    "meet": ("world.circle_hours=9.0", "world.introduction_hours=9.0", "world.introductions=99.0",
             "world.facilitator_standing=1.0"),
    "channel": ("world.visibility=20.0", "world.advocacy=1.0", "world.promise_open=1.0"),
}  # fmt: skip
READ_BY_GATEKEEPER_RULES = {
    Phase.CONTACT: ("world.routing=0.0",),
    Phase.APPROVE: ("world.authority=[0.01, 0.02, 0.03]",),
    Phase.CONNECT: ("world.broker_reach=0.0", "world.match_vetted=0.1", "world.fee_broker=0.9", "world.vet_hours=90.0"),
    Phase.HEAR: ("world.notice_desk=1.0", "world.polite=1.0"),
}
UNREAD = [table for table in TABLES if table not in ("rules", "buckets")]


@pytest.mark.parametrize("phase", READ_BY_OPEN_RULES)
def test_a_change_that_nobody_can_notice_changes_nothing(phase):
    """Under gatekeeper rules no phase's open rule is read: not by what it would do, not by what it would cost."""
    scenario = firm(*EVENTFUL)
    one, other = run(scenario, "traditional"), run(scenario.override(READ_BY_OPEN_RULES[phase]), "traditional")
    assert not differing(one, other, UNREAD)


@pytest.mark.parametrize("phase", READ_BY_GATEKEEPER_RULES)
def test_nor_does_what_only_the_gatekeeper_reads_when_all_is_open(phase):
    """Without a burn-in, which is traditional."""
    scenario = firm(*EVENTFUL, burn_in=0)
    changed = scenario.override(READ_BY_GATEKEEPER_RULES[phase])
    open_firm = Design(**ALL_OPEN, channel=1.0, reserve=1.0)
    assert not differing(run(scenario, open_firm), run(changed, open_firm), UNREAD)


@pytest.mark.parametrize("phase", READ_BY_OPEN_RULES)
def test_what_is_changed_there_would_be_noticed_under_the_open_rule(phase):
    """Else the tests above could not fail."""
    scenario = firm(*EVENTFUL, "world.load=2.0", weeks=12)
    design = Design(**ALL_OPEN, channel=1.0, reserve=0.99)
    one, other = run(scenario, design), run(scenario.override(READ_BY_OPEN_RULES[phase]), design)
    assert not same(one, other, UNREAD)


@pytest.mark.parametrize("phase", READ_BY_GATEKEEPER_RULES)
def test_what_the_gatekeeper_reads_would_be_noticed_by_her(phase):
    scenario = firm(*EVENTFUL, "world.desk=0.3", staff=156)
    one, other = run(scenario, "traditional"), run(scenario.override(READ_BY_GATEKEEPER_RULES[phase]), "traditional")
    assert not same(one, other, UNREAD)


def test_one_dishonest_person_changes_only_her_own_cases():  # nobody else's case asks whether she is honest
    plain = ("world.interdependence=0.0", "world.market_per_seat=0.0", "world.rework=0.0", *OF_TWO_KINDS)
    scenario = firm(*plain, burn_in=0)
    one = start(scenario, "social", seed=5)
    liar = int(np.flatnonzero((one.seats["role"] == 0) & (one.seats["honest"] == 1))[0])
    other = copy(one)
    other.seats["honest"][liar] = 0
    one, other = advance(one, DAYS), advance(other, DAYS)
    rows = [state.ledger[: state.clock["closed_rows"][0]] for state in (one, other)]
    dispositions = [{(row["key"], row["disposition"], row["opener"]) for row in part} for part in rows]
    differing = {opener for _, _, opener in dispositions[0] ^ dispositions[1]}
    assert differing == {liar}


def test_drawing_one_thing_before_another_does_not_matter():
    def draw(stream):
        return uniform(1, stream, 3, 4)

    forward = [draw(stream) for stream in (Stream.STAKE, Stream.MERIT)]
    assert forward == [draw(stream) for stream in (Stream.MERIT, Stream.STAKE)][::-1]


def test_a_day_at_a_time_or_all_at_once():
    at_once, daily = run(FIRM, "connected"), start(FIRM, "connected", seed=5)
    for _ in range(DAYS):
        daily = advance(daily)
    assert not differing(at_once, daily)


def test_twins_that_copy_the_burn_in_equal_firms_that_compute_it():
    together = simulate(FIRM, ["traditional", "social"], seed=5)
    alone = [simulate(FIRM, [name], seed=5)[0] for name in ("traditional", "social")]
    assert repr(together) == repr(alone)  # repr, so that NaN equals NaN and every bit counts


def test_small_pools_that_grow_give_the_same_firm(monkeypatch):
    large = run(FIRM, "social", trace=True)
    monkeypatch.setattr("sim.population.FIRST_POOL", 20)
    small = run(FIRM, "social", trace=True)
    rows = large.clock["closed_rows"][0]
    assert small.clock["closed_rows"][0] == rows > 20
    assert large.ledger[:rows].tobytes() == small.ledger[:rows].tobytes()
    assert len(small.cases) > 20
    assert len(small.touches) > 20


# What shows in a trace which of a phase's two rules a case met, in firms where every case meets one that shows.
PLAIN = ("world.rework=0.0", "world.repeat=0.0", "world.patience_hours=inf", "world.outsider_patience_hours=inf",
         *OF_TWO_KINDS, *SETTLED)  # fmt: skip
VISIBLE = {
    "approve": (Activity.SCREEN, Activity.PANEL, (
        "world.authority=[0.0]", "world.own_authority=0.0", "world.noise=0.0", "world.good_share=1.0",
        "world.market_per_seat=0.0", "world.interdependence=0.0")),
    "consult": (Activity.RELAY, Activity.HELP, (  # the platform is read at once; only the chain relays
        "world.tie_limit=0", "world.platform_half=0.01", "world.authority=[1.0]", "world.market_per_seat=0.0")),
    "contact": (Activity.TRIAGE, Activity.TRIAGE, (  # by the desk, or by an expert elsewhere, whom the profile finds
        "world.profile_error=0.0", "world.second_field=0.5", "world.decision_rate=0.0", "world.request_rate=40.0")),
}  # fmt: skip


UNSEEN = {  # where nothing shows in a trace under the gatekeeper rule: the case ends without a service
    "connect": (Kind.DEAL, Disposition.UNMET, (
        "world.deal_rate=400.0", "world.broker_reach=0.0", "world.decision_rate=0.0", "world.request_rate=0.0",
        "world.peer=0.0")),
    "hear": (Kind.MOMENT, Disposition.LAPSED, (
        "world.moment_rate=30.0", "world.notice_desk=0.0", "world.notice_open=1.0", "world.decision_rate=0.0",
        "world.request_rate=0.0", "world.good_share=1.0", "world.noise=0.0", "world.window_hours=400.0")),
}  # fmt: skip


def met(lever, share):
    """Cases that met the gatekeeper rule, and those that met the open rule, at a share of open cases."""
    if lever in UNSEEN:
        kind, unseen, settings = UNSEEN[lever]
        state = run(firm(*PLAIN, *settings, burn_in=0, weeks=20), Design(**{lever: share}), trace=True)
        rows = state.ledger[: state.clock["closed_rows"][0]]
        rows = rows[rows["kind"] == kind]
        gate = (rows["disposition"] == unseen) & (rows["first"] < 0)
        seen = state.touches["case"][: state.clock["touch_rows"][0]]
        return set(rows["key"][gate].tolist()), set(rows["key"][~gate].tolist()) | set(seen.tolist())
    gate, opened, settings = VISIBLE[lever]
    state = run(firm(*PLAIN, *settings, burn_in=0), Design(**{lever: share}), trace=True)
    touches = state.touches[: state.clock["touch_rows"][0]]
    at_desk = (state.seats["role"][touches["seat"]] == Role.DESK) | (lever != "contact")
    by_gate = set(touches["case"][(touches["activity"] == gate) & at_desk].tolist())
    return by_gate, set(touches["case"][touches["activity"] == opened].tolist()) - by_gate


@pytest.mark.parametrize("lever", [*VISIBLE, *UNSEEN])
def test_raising_a_lever_only_adds_open_cases(lever):
    """What met the open rule at .3 meets it at .8 and at 1; at 0 nothing does, at 1 all. Nothing else differs."""
    gate, opened = zip(*(met(lever, share) for share in (0.0, 0.3, 0.8, 1.0)), strict=True)
    assert not opened[0]
    assert not gate[3]
    for low, high in ((0, 1), (1, 2), (2, 3)):
        both = (gate[low] | opened[low]) & (gate[high] | opened[high])  # some are still on their way in one of the two
        assert opened[low] & both <= opened[high] & both
        assert len(opened[high] & both) > len(opened[low] & both) + 20


def test_cases_born_of_others_are_the_same_matter_under_every_design():
    """Which errors there are depends on the rules; one that both firms make comes back as the same case in both."""
    scenario = firm("world.good_share=0.3", "world.noise=3.0", "world.rework=1.0", "world.repeat=1.0",
                    "world.discovery_hours=4.0")  # fmt: skip
    columns = ("kind", "opener", "topic", "quantile", "good", "round")
    tables = []
    for design in ("traditional", "connected", "social"):
        closed = run(scenario, design)
        closed = closed.ledger[: closed.clock["closed_rows"][0]]
        born_of_another = closed[(closed["key"] & SPONTANEOUS) > 0]
        tables.append({int(row["key"]): tuple(row[column] for column in columns) for row in born_of_another})
    for one, other in ((0, 1), (0, 2), (1, 2)):
        common = tables[one].keys() & tables[other].keys()
        assert len(common) > 30
        assert len(common) < len(tables[one])
        assert all(tables[one][key] == tables[other][key] for key in common)


def test_a_half_open_firm_treats_each_case_by_one_of_the_two_rules():
    """At approve .5, screens and panels of a decision fit the rule that its own draw chose."""
    scenario = firm("world.interdependence=0.0", "world.market_per_seat=0.0", *STAY, burn_in=0)
    state = advance(start(scenario, Design(approve=0.5, reserve=1.0), seed=5, trace=True), DAYS)
    rows = state.ledger[: state.clock["closed_rows"][0]]
    touches = state.touches[: state.clock["touch_rows"][0]]
    panels = set(touches["case"][touches["activity"] == 11].tolist())
    screens = set(touches["case"][touches["activity"] == 10].tolist())
    assert panels
    assert screens
    for row in rows[rows["kind"] == Kind.DECISION]:
        is_open = uniform(5, Stream.RULE, row["key"], 3) < 0.5
        assert not (row["key"] in panels and not is_open)
        if is_open and row["quantile"] <= scenario.world.own_authority:
            assert row["key"] not in screens
            assert row["key"] not in panels


def test_time_is_whole_ticks_of_a_millionth_of_an_hour():
    state = run(FIRM, "social")
    assert state.clock["now"][0] == (2 + 6) * 5 * 8 * TICKS
