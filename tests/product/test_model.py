"""FirmModel behaves as Mesa users expect."""

import inspect

import pytest

import sim
from sim.engine import advance, start
from sim.model import Customer, Employee, FirmModel, Manager, Partner
from sim.scenario import Event, Scenario, ScenarioError
from tests.conftest import require
from tests.firms import firm, same

FIRM = firm(staff=20, burn_in=2, warm_up=1, weeks=3)


def test_stepping_is_the_engine_alone():
    model = FirmModel(FIRM, design="social", seed=7)
    while model.running:
        model.step()
    assert model.day == 20
    assert same(model.state, advance(start(FIRM, "social", seed=7), 20))
    in_one_go = FirmModel(FIRM, design="social", seed=7)
    in_one_go.run()
    assert repr(in_one_go.summary()) == repr(model.summary())
    assert not in_one_go.running


def test_a_run_without_a_screen_makes_no_agents():
    model = FirmModel(FIRM)
    model.run()
    assert model._people is None
    assert len(model.agents) == 20 + 192 + 8


def test_agents_are_views():
    model = FirmModel(FIRM, design="social")
    heads = {kind: len(agents) for kind, agents in model.agents_by_type.items()}
    assert heads == {Manager: 4, Employee: 16, Customer: 192, Partner: 8}
    assert set(model.agent_types) == {Manager, Employee, Customer, Partner}
    top = next(iter(model.agents_by_type[Manager]))
    assert (top.seat, top.manager, top.role) == (0, None, "manager")
    before = model.agents_by_type[Employee].agg("load", max)
    for _ in range(20):
        model.step()
    assert model.agents_by_type[Employee].agg("load", max) != before
    busy = model.agents.select(lambda agent: isinstance(agent, Employee) and agent.busy)
    assert len(busy) == sum(agent.busy for agent in model.agents_by_type[Employee])
    assert all(0 < weight <= 1 for weight in top.ties.values())
    with pytest.raises(AttributeError):
        top.load = 1.0


def test_who_quits_is_removed_and_who_is_hired_is_new():
    model = FirmModel(firm("world.vacancy_weeks=1.0", "world.quit_rate=0.0", staff=20, burn_in=1, weeks=6))
    people = {agent.seat: agent for agent in model.agents.select(lambda agent: isinstance(agent, Employee | Manager))}
    model.at(3, leave={"busiest": 2})
    for _ in range(3):
        model.step()
    seats = {agent.seat for agent in model.agents.select(lambda agent: isinstance(agent, Employee | Manager))}
    gone = people.keys() - seats
    assert len(gone) == 2
    for _ in range(12):
        model.step()
    now = {agent.seat: agent for agent in model.agents.select(lambda agent: isinstance(agent, Employee | Manager))}
    assert now.keys() == people.keys()
    for seat in people:
        assert (now[seat] is people[seat]) == (seat not in gone)
    for seat in gone:
        assert now[seat].tenure_weeks < 3
        with pytest.raises(LookupError, match=f"has left seat {seat}"):
            _ = people[seat].load


def test_an_intervention_is_an_event_that_can_be_replayed():
    """at() gives the same firm as the same event in the scenario; both differ from the firm left alone."""
    with_event = Scenario(**{**dict(FIRM), "events": (Event(day=8, design={"approve": 1.0}, world={"load": 2.0}),)})
    model, planned, alone = FirmModel(FIRM), FirmModel(with_event), FirmModel(FIRM)
    model.step()
    model.at(8, design={"approve": 1.0}, world={"load": 2.0})
    for one in (model, planned, alone):
        one.run()
    assert model.events == with_event.events
    assert same(model.state, planned.state)
    assert not same(model.state, alone.state)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"day": 1}, "has passed; the next one is 3"),
        ({"day": 9}, "changes nothing"),
        ({"day": 9, "world": {"staff": 3}}, "fixed when the firm is built"),
        ({"day": 9, "world": {"quorum": 9}}, "quorum = 9 is above panel = 3"),
        ({"day": 9, "leave": {"busiest": 0}}, "busiest"),
    ],
)
def test_what_cannot_happen_is_said_in_a_sentence(event, says):
    model = FirmModel(FIRM)
    model.step(), model.step()
    with pytest.raises(ScenarioError, match=says):
        model.at(**event)
    assert model.events == ()


def test_the_data_collector_works():
    mesa = require("mesa")
    model = FirmModel(FIRM)
    reporters = {"median": lambda m: m.summary()["decision_hours_median"], "day": "day"}
    collector = mesa.DataCollector(model_reporters=reporters)
    for _ in range(8):
        model.step()
        collector.collect(model)
    frame = collector.get_model_vars_dataframe()
    assert frame["day"].tolist() == list(range(1, 9))
    assert frame["median"].notna().sum() == 3  # measuring begins after day 5


def test_arguments_are_what_mesa_can_remake():
    arguments = inspect.signature(FirmModel.__init__).parameters
    assert list(arguments) == ["self", "setup", "design", "seed", "replication", "own"]
    assert all(argument.default is not inspect.Parameter.empty for argument in [*arguments.values()][1:])
    assert {"scenario", "time"}.isdisjoint(vars(FirmModel(FIRM)))


def test_solara_viz_renders_and_resets():
    solara = require("solara")
    for needed in ("matplotlib", "altair", "networkx"):
        require(needed)
    from mesa.visualization import SolaraViz, make_plot_component

    model = FirmModel(FIRM, design="social")
    choice = {"type": "Select", "value": "social", "values": ["traditional", "social"], "label": "design"}
    parameters = {"design": choice}
    page = SolaraViz(model, components=[make_plot_component("day")], model_params=parameters, name="firm")
    model.datacollector = require("mesa").DataCollector(model_reporters={"day": "day"})
    box, context = solara.render(page, handle_error=False)
    model.step()
    again = type(model)(**{name: value["value"] for name, value in parameters.items()})  # what Reset does
    assert again.day == 0
    assert box.children
    context.close()


def test_public_names_load_on_first_use():
    assert sim.FirmModel is FirmModel
    assert set(sim.__all__) <= set(dir(sim))
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = sim.Nonsense
