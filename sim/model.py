"""FirmModel: the firm as a Mesa model, with its people and customers as agents.

Mesa is the face. The engine runs the firm; agents are views of its columns, made when somebody first asks for them, so
a run without a screen makes none.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mesa
import numpy as np

from sim.engine import advance, agenda, horizon_days, start
from sim.measures import summary
from sim.own import NOTHING_OWN, Own
from sim.scenario import Design, Event, Scenario, ScenarioError
from sim.state import WEEK, Role, State


class _View(mesa.Agent):
    """A row of the firm's tables. Views are read-only: what shall change is an event (`FirmModel.at`)."""

    model: "FirmModel"

    def __init__(self, model: "FirmModel", row: int) -> None:
        super().__init__(model)
        self.row = row

    @property
    def _state(self) -> State:
        return self.model.state


class Person(_View):
    """Who sits on a seat now. Who quits is removed from the agents; whoever follows her is somebody else."""

    def __init__(self, model: "FirmModel", row: int) -> None:
        super().__init__(model, row)
        self.generation = int(model.state.seats["generation"][row])

    @property
    def _mine(self) -> np.void:
        """Her row. Raises LookupError when she has left."""
        mine = self._state.seats[self.row]
        if mine["vacant"] or mine["generation"] != self.generation:
            raise LookupError(f"This person has left seat {self.row}; take who is there now from model.agents.")
        return mine

    @property
    def seat(self) -> int:
        """Her seat; 0 is the top."""
        return self.row

    @property
    def manager(self) -> int | None:
        """Seat of her manager; None at the top."""
        parent = int(self._mine["parent"])
        return parent if parent >= 0 else None

    @property
    def role(self) -> str:
        """What the seat is for: product, desk, broker or manager."""
        return Role(int(self._mine["role"])).name.lower()

    @property
    def department(self) -> int:
        """Seat below the top under which she works."""
        return int(self._mine["department"])

    @property
    def waiting(self) -> int:
        """Tasks in her two queues."""
        return int(self._state.queues["length"][2 * self.row : 2 * self.row + 2].sum())

    @property
    def busy(self) -> bool:
        """Is she at case work now?"""
        return bool(self._mine["working"])

    @property
    def load(self) -> float:
        """Share of the last ten weeks' hours that she spent on cases."""
        return float(self._mine["share"])

    @property
    def attachment(self) -> float:
        """How attached she is to the firm, from 0 to 1."""
        return float(self._mine["attachment"])

    @property
    def tenure_weeks(self) -> float:
        """Weeks since she joined."""
        return float((self._state.clock["now"][0] - self._mine["joined"]) / WEEK)

    @property
    def interests(self) -> tuple[int, ...]:
        """What she cares for beside work."""
        return tuple(int(interest) for interest in self._mine["interests"] if interest >= 0)

    @property
    def knows(self) -> tuple[int, ...]:
        """Topics that she knows as an expert."""
        topics = self._state.know_topic[self.row]
        return tuple(sorted({int(topic) for topic in topics[topics >= 0]}))

    @property
    def ties(self) -> dict[int, float]:
        """Seats that she knows, with the weight of each tie."""
        to, weight = self._state.tie_to[self.row], self._state.tie_weight[self.row]
        return {int(seat): float(w) for seat, w in zip(to, weight, strict=True) if seat >= 0}


class Employee(Person):
    """A leaf of the tree."""


class Manager(Person):
    """A seat with reports."""


class Customer(_View):
    """A member of the market."""

    @property
    def home_topic(self) -> int:
        """Field of most of her questions."""
        return int(self._state.customers["topic"][self.row])

    @property
    def active(self) -> bool:
        """Is she a customer, or a prospect?"""
        return bool(self._state.customers["active"][self.row])

    @property
    def satisfaction(self) -> float:
        """From 0 to 1; of who has left, as it was then."""
        return float(self._state.customers["satisfaction"][self.row])

    @property
    def knows(self) -> int | None:
        """Seat of the employee whom she knows personally; None if there is none."""
        seat = int(self._state.customers["knows"][self.row])
        return seat if seat >= 0 else None


class Partner(_View):
    """A business partner, there or gone."""

    @property
    def capability(self) -> int:
        """Topic of what it can do."""
        return int(self._state.partners["topic"][self.row])

    @property
    def active(self) -> bool:
        """Does it do business with the firm?"""
        return bool(self._state.partners["active"][self.row])

    @property
    def satisfaction(self) -> float:
        """From 0 to 1."""
        return float(self._state.partners["satisfaction"][self.row])


class FirmModel(mesa.Model):
    """One firm. A step is a working day; `run` goes to the horizon; `summary` is what was measured.

    setup: a Scenario, a path or a built-in name; None is the baseline. design: a name or a Design.
    seed, replication: which firm; `compare` runs replications 0, 1, … of a seed, and replication 0 is this one.
    own: a researcher's rules and measures.

    >>> scenario = Scenario.load("baseline").override(["world.staff=20", "run.burn_in_weeks=2", "run.warm_up_weeks=0"])
    >>> model = FirmModel(scenario.override(["run.weeks=2"]), design="social", seed=7)
    >>> model.run()
    >>> model.day, len(model.agents_by_type[Manager])
    (10, 4)
    """

    def __init__(
        self,
        setup: Scenario | str | Path | None = None,
        *,
        design: str | Design = "traditional",
        seed: int = 1,
        replication: int = 0,
        own: Own = NOTHING_OWN,
    ) -> None:
        super().__init__(rng=seed)  # Mesa's generator is never used by the rules
        self.setup = setup if isinstance(setup, Scenario) else Scenario.load("baseline" if setup is None else setup)
        self.design = self.setup.design(design)
        self.own = own
        self.events: tuple[Event, ...] = self.setup.events_for(design)
        self._happenings = agenda(self.setup, self.design, self.events)
        self.state = start(self.setup, self.design, seed=seed, replication=replication, own=own)
        self._horizon = horizon_days(self.setup.run)
        self._people: dict[int, Person] | None = None  # by seat; None until somebody asks for agents

    @property
    def day(self) -> int:
        """Working days that have passed since day 1 began."""
        return int(self.state.clock["day"][0])

    def at(
        self,
        day: int,
        *,
        world: Mapping[str, Any] | None = None,
        design: Mapping[str, Any] | None = None,
        leave: Mapping[str, int] | None = None,
    ) -> None:
        """Let something change before a day's first case: keys of the world, levers and settings, people who leave.

        It is an event like those of a scenario file, so what happens can be replayed; `events` lists them all.
        Raises ScenarioError for a day that has passed, and for whatever a scenario file would not allow.
        """
        if day <= self.day:
            raise ScenarioError(f"day = {day} has passed; the next one is {self.day + 1}.")
        event = Event(day=day, world=world or {}, design=design or {}, leave=leave or {})
        events = tuple(sorted((*self.events, event), key=lambda one: one.day))
        checked = Scenario(**{**dict(self.setup), "events": events})  # what two keys have to agree on
        self._happenings = agenda(checked, self.design, events)
        self.events = events

    def step(self) -> None:
        """Let one working day pass. At the horizon `running` turns False."""
        self._pass(1)
        self.running = self.day < self._horizon

    def run(self) -> None:
        """Go on to the horizon in one go: the same firm as step by step."""
        self._pass(max(0, self._horizon - self.day))
        self.running = False

    def _pass(self, days: int) -> None:
        self.state = advance(self.state, days, events=self._happenings)
        if self._people is not None:
            self._renew_people(self._people)

    def summary(self) -> dict[str, float]:
        """Every measure from the end of the warm-up to now; NaN where not yet defined."""
        return summary(self.state, self.own.measures)

    def _make_views(self) -> None:
        if self._people is not None:
            return
        self._people = {}
        self._renew_people(self._people)
        for customer in range(len(self.state.customers)):
            Customer(self, customer)
        for partner in range(len(self.state.partners)):
            Partner(self, partner)

    def _renew_people(self, people: dict[int, Person]) -> None:
        """Who has left is removed, who has come is new; a vacant seat has no agent."""
        seats = self.state.seats
        for seat in range(len(seats)):
            known, here = people.get(seat), not seats["vacant"][seat]
            if known is not None and (not here or known.generation != seats["generation"][seat]):
                people.pop(seat).remove()
                known = None
            if here and known is None:
                people[seat] = (Manager if seats["role"][seat] == Role.MANAGER else Employee)(self, seat)

    # Mesa registers agents through these names, so they are made before anybody else reads them.

    @property
    def agents(self) -> Any:
        """All agents: employees, managers, the market and the partners."""
        self._make_views()
        return super().agents

    @property
    def agents_by_type(self) -> Any:
        """Agents by class."""
        self._make_views()
        return super().agents_by_type

    @property
    def agent_types(self) -> Any:
        """Classes of agents."""
        self._make_views()
        return super().agent_types
