"""FirmModel: the firm as a Mesa model, with its people and customers as agents.

Mesa is the face. The engine runs the firm; agents are views of its columns, made when somebody first asks for them, so
a run without a screen makes none.
"""

from pathlib import Path
from typing import Any

import mesa
import numpy as np

from sim.engine import advance, horizon_days, start
from sim.measures import summary
from sim.scenario import Design, Scenario
from sim.state import Role, State


class _View(mesa.Agent):
    """A row of the firm's tables. Views are read-only: another design or world is another scenario."""

    model: "FirmModel"

    def __init__(self, model: "FirmModel", row: int) -> None:
        super().__init__(model)
        self.row = row

    @property
    def _state(self) -> State:
        return self.model.state


class Person(_View):
    """Somebody who works in the firm."""

    @property
    def seat(self) -> int:
        """Her seat; 0 is the top."""
        return self.row

    @property
    def manager(self) -> int | None:
        """Seat of her manager; None at the top."""
        parent = int(self._state.seats["parent"][self.row])
        return parent if parent >= 0 else None

    @property
    def role(self) -> str:
        """What the seat is for: product, desk, broker or manager."""
        return Role(int(self._state.seats["role"][self.row])).name.lower()

    @property
    def department(self) -> int:
        """Seat below the top under which she works."""
        return int(self._state.seats["department"][self.row])

    @property
    def waiting(self) -> int:
        """Tasks in her two queues."""
        return int(self._state.queues["length"][2 * self.row : 2 * self.row + 2].sum())

    @property
    def busy(self) -> bool:
        """Is she at case work now?"""
        return bool(self._state.seats["working"][self.row])

    @property
    def load(self) -> float:
        """Share of the last ten weeks' hours that she spent on cases."""
        return float(self._state.seats["share"][self.row])

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


class FirmModel(mesa.Model):
    """One firm. A step is a working day; `run` goes to the horizon; `summary` is what was measured.

    setup: a Scenario, a path or a built-in name; None is the baseline. design: a name or a Design.
    seed, replication: which firm; `compare` runs replications 0, 1, … of a seed, and replication 0 is this one.

    >>> scenario = Scenario.load("baseline").override(["world.staff=20", "run.burn_in_weeks=2", "run.warm_up_weeks=0"])
    >>> model = FirmModel(scenario.override(["run.weeks=2"]), design="open", seed=7)
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
    ) -> None:
        super().__init__(rng=seed)  # Mesa's generator is never used by the rules
        self.setup = setup if isinstance(setup, Scenario) else Scenario.load("baseline" if setup is None else setup)
        self.design = self.setup.design(design)
        self.state = start(self.setup, self.design, seed=seed, replication=replication)
        self._horizon = horizon_days(self.setup.run)
        self._has_views = False

    @property
    def day(self) -> int:
        """Working days that have passed since day 1 began."""
        return int(self.state.clock["day"][0])

    def step(self) -> None:
        """Let one working day pass. At the horizon `running` turns False."""
        self.state = advance(self.state)
        self.running = self.day < self._horizon

    def run(self) -> None:
        """Go on to the horizon in one go: the same firm as step by step."""
        self.state = advance(self.state, max(0, self._horizon - self.day))
        self.running = False

    def summary(self) -> dict[str, float]:
        """Every measure from the end of the warm-up to now; NaN where not yet defined."""
        return summary(self.state)

    def _make_views(self) -> None:
        if self._has_views:
            return
        self._has_views = True
        is_manager = self.state.seats["role"] == Role.MANAGER
        for seat in range(len(is_manager)):
            (Manager if is_manager[seat] else Employee)(self, seat)
        for customer in np.arange(len(self.state.customers)).tolist():
            Customer(self, customer)

    # Mesa registers agents through these names, so they are made before anybody else reads them.

    @property
    def agents(self) -> Any:
        """All agents: employees, managers and the market."""
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
