"""Two firms with the same people, customers and chance, on one clock, and what the page is told about each day."""

from typing import Any

from sim.dashboard.experiment import FIRMS, WEEKS, Change, Experiment
from sim.dashboard.faults import ReaderError
from sim.dashboard.picture import Picture
from sim.dashboard.pulse import pulse
from sim.engine import Happening, advance, agenda, start
from sim.measures import summary
from sim.scenario import Scenario
from sim.state import DAYS_A_WEEK, State

HORIZON = WEEKS * DAYS_A_WEEK


class Twins:
    """An experiment under way. Days are drawn one at a time; going back means going through them again.

    firms: the two States. experiment: what they follow, every change so far included. history: the headlines of both
    firms on each evening, the first row being the morning of day 1.
    """

    def __init__(self, experiment: Experiment) -> None:
        """Build both firms, to the morning of day 1. Raises ReaderError where the experiment cannot be."""
        self.experiment = experiment
        self.scenario: Scenario = experiment.scenario()
        self._begin()

    def _begin(self) -> None:
        seed = self.scenario.run.seed
        self.firms: list[State] = [start(self.scenario, firm, seed=seed, trace=True) for firm in FIRMS]
        self.pictures = [Picture(firm) for firm in self.firms]
        self.history: list[list[list[float | None]]] = [[pulse(firm) for firm in self.firms]]
        self._read_agenda()

    def _read_agenda(self) -> None:
        self._happenings: list[tuple[Happening, ...]] = [agenda(self.scenario, firm) for firm in FIRMS]

    @property
    def day(self) -> int:
        """Working days that have passed."""
        return len(self.history) - 1

    def change(self, firm: str, key: str, value: float) -> None:
        """Set a lever of a firm (a key of the world: "") from the next morning on. Raises ReaderError where not."""
        if self.day >= HORIZON:
            raise ReaderError("last_day", day=HORIZON)
        self.experiment = self.experiment.changed(Change(self.day + 1, firm, key, value))
        self.scenario = self.experiment.scenario()
        self._read_agenda()

    def step(self) -> None:
        """Let a day pass in both firms."""
        for number, firm in enumerate(self.firms):
            self.firms[number] = advance(firm, events=self._happenings[number])
        self.history.append([pulse(firm) for firm in self.firms])

    def go_to(self, day: int) -> None:
        """Be on the evening of a day, by way of all days before it."""
        day = min(max(day, 0), HORIZON)
        if day < self.day:
            self._begin()
        while self.day < day:
            self.step()

    def days(self, count: int, *, drawn: str = "all") -> list[dict[str, Any]]:
        """Let days pass, as far as there are any; what happened on each.

        drawn: of which days every service is told: "all", "last" or "none".
        """
        told, last = [], min(self.day + count, HORIZON)
        while self.day < last:
            self.step()
            told.append(self.today(drawn=drawn == "all" or (drawn == "last" and self.day == last)))
        return told

    def today(self, *, drawn: bool = True) -> dict[str, Any]:
        """What the page is told about the day that has just ended."""
        weekly = self.day % DAYS_A_WEEK == 0
        told: list[dict[str, Any]] = []
        for picture, firm in zip(self.pictures, self.firms, strict=True):
            told.append(picture.of_day(firm, stays=drawn) | (picture.of_week(firm) if weekly else {}))
        return {"day": self.day, "pulse": self.history[-1], "firms": told}

    def summaries(self) -> list[dict[str, float]]:
        """Every measure of both firms, from day 1 to now."""
        return [summary(firm) for firm in self.firms]
