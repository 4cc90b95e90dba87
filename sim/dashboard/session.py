"""One reader's dashboard: the twins, and what is shown about them. Nothing here is shared with another session."""

import functools
from collections.abc import Callable
from math import ceil
from threading import RLock
from typing import Any
from urllib.parse import parse_qs

import solara

from sim.dashboard import tell
from sim.dashboard.bands import shipped_for
from sim.dashboard.close_look import person, story
from sim.dashboard.experiment import FIRMS, WEEKS, Experiment
from sim.dashboard.faults import ReaderError
from sim.dashboard.pulse import HEADLINES, PAIRS
from sim.dashboard.twins import HORIZON, Twins
from sim.locale import LANGUAGES, Words
from sim.state import HOURS_A_DAY

FAILED = -1  # in the place of how many pairs are there


def _of_these_firms(do: Callable[["Session", dict[str, Any]], None]) -> Callable[["Session", dict[str, Any]], None]:
    """A request of the player; one about firms that have been replaced meanwhile comes too late and is dropped."""

    @functools.wraps(do)
    def done(session: "Session", wanted: dict[str, Any]) -> None:
        with session._lock:
            if wanted["of"] == session._told:
                do(session, wanted)

    return done


class Session:
    """What a page shows, as JSON texts that its components watch, and what a reader can do.

    setup: all that the player needs to begin; message: days that have passed since; look: the close look; fault:
    what could not be done.
    """

    def __init__(self, address: str = "") -> None:
        """address: what a shared link says after the question mark; the first preset where it says nothing."""
        self._lock = RLock()
        said = _read(address)
        self.language = solara.reactive(said.get("lang", "en") if said.get("lang") in LANGUAGES else "en")
        self.dark = solara.reactive(said.get("dark") == "1")
        self.fault: solara.Reactive[ReaderError | None] = solara.reactive(None)
        experiment = Experiment()
        try:
            if "x" in said:
                experiment = Experiment.from_link(said["x"])
            elif "preset" in said:
                experiment = Experiment(said["preset"])
        except ReaderError as fault:
            self.fault.value = fault
        self.twins = Twins(experiment)
        self.twins.go_to(read_day(said.get("t", "")))
        self.experiment = solara.reactive(self.twins.experiment)
        self.day = self.twins.day  # that the browser shows
        self.happened = solara.reactive(self._happened())
        # Whose thirty pairs are run, how many are there, and their band: those of firms of before are nobody's.
        self.pairs: solara.Reactive[tuple[Experiment, int, dict[str, Any] | None]] = solara.reactive(
            (experiment, 0, None)
        )
        self.refused = solara.reactive(0)  # so that what a reader asked for in vain is shown as it is
        self.locked = solara.reactive(self.twins.day == 0)  # play waits for a prediction
        self.prediction: solara.Reactive[dict[str, float] | None] = solara.reactive(None)
        self.setup = solara.reactive("")
        self.message = solara.reactive("")
        self.look = solara.reactive("")
        self._serial = self._told = 0  # of what was told last; of the setup that the browser plays
        self._told_anew()

    @property
    def words(self) -> Words:
        """The reader's language."""
        return Words(self.language.value)

    @property
    def band(self) -> dict[str, Any] | None:
        """The band of the firms as they stand; None where it has not been run yet."""
        experiment, (whose, _, band) = self.experiment.value, self.pairs.value
        return shipped_for(experiment) or (band if whose == experiment else None)

    def notes(self) -> dict[str, Any]:
        """The band, the marks and the prediction, for the charts."""
        whose, done, _ = self.pairs.value
        done = done if whose == self.experiment.value else 0
        return {
            "band": self.band,
            "state": "ready" if self.band else "failed" if done == FAILED else "working",
            "done": done,
            "of": PAIRS,
            "marks": tell.marks(self.experiment.value),
            "prediction": self.prediction.value and self.prediction.value | {"week": WEEKS},
            "locked": self.locked.value,
        }

    def _told_anew(self) -> None:
        with self._lock:
            told = tell.setup(self.twins, self.words, dark=self.dark.value, notes=self.notes())
            self._serial += 1
            self._told = self._serial
            self.setup.value = tell.as_json(told | {"serial": self._serial})

    def _say(self, told: dict[str, Any]) -> None:
        self._serial += 1
        self.message.value = tell.as_json(told | {"serial": self._serial})

    # --- the clock

    @_of_these_firms
    def more(self, wanted: dict[str, Any]) -> None:
        """The browser asks for days after one that it has."""
        self.twins.go_to(int(wanted["after"]))
        days = self.twins.days(min(max(int(wanted["count"]), 1), 25), drawn=str(wanted["drawn"]))
        self._say({"kind": "days", "id": wanted["id"], "days": days})

    @_of_these_firms
    def jump(self, wanted: dict[str, Any]) -> None:
        """Show the evening of a day."""
        self.twins.go_to(int(wanted["day"]))
        self._arrive(self.twins.day)
        self._say({"kind": "reset", **tell.moment(self.twins)})

    @_of_these_firms
    def reached(self, wanted: dict[str, Any]) -> None:
        """The browser has shown a day to its end."""
        self._arrive(min(max(int(wanted["day"]), 0), HORIZON))

    def _arrive(self, day: int) -> None:
        self.day = day
        self.happened.value = self._happened()

    def _happened(self) -> int:
        """Dated changes that the day on the screen has seen: the levers are where these have put them."""
        return sum(event.day <= self.day for event in self.twins.scenario.events)

    # --- close looks

    @_of_these_firms
    def pick(self, chosen: dict[str, Any]) -> None:
        """A case, in both firms (their keys are the same), up to the hour that the reader has seen."""
        key, now = int(str(chosen["case"]), 16), float(chosen["now"])
        self.twins.go_to(max(self.twins.day, ceil(now / HOURS_A_DAY)))  # a look at a person may have gone back
        both = [story(firm, key, now) for firm in self.twins.firms]
        self._look({"case": chosen["case"], "both": both})

    @_of_these_firms
    def seat(self, chosen: dict[str, Any]) -> None:
        """A person, as she was on the last evening that the reader has seen."""
        self._return_to(int(chosen["day"]))
        firm = int(chosen["firm"]) % len(FIRMS)
        seats = self.twins.firms[firm].seats
        about = person(self.twins.firms[firm], min(max(int(chosen["seat"]), 0), len(seats) - 1))
        self._look({"firm": firm, "person": about | {"day": self.twins.day}})

    def _look(self, told: dict[str, Any]) -> None:
        self._serial += 1
        self.look.value = tell.as_json(told | {"serial": self._serial})

    # --- lessons

    def predict(self, guess: dict[str, Any] | None) -> None:
        """What the reader expects of the second firm less the first; None when she only watches. Then play is free."""
        known = {one.name for one in HEADLINES}
        self.prediction.value = {name: float(value) for name, value in (guess or {}).items() if name in known} or None
        self.locked.value = False

    # --- changes

    def change(self, wanted: dict[str, Any]) -> None:
        """A lever or a key of the world, from the next morning on."""
        with self._lock:
            try:
                self._return_to(int(wanted["day"]))
                self.twins.change(str(wanted["firm"]), str(wanted["key"]), float(wanted["value"]))
            except ReaderError as fault:
                self._refuse(fault)
                return
            self._changed()

    def take_back(self, wanted: dict[str, Any]) -> None:
        """Undo a change, on the evening where the reader is: both firms go through all days before it anew."""
        with self._lock:
            number, day = int(wanted["number"]), int(wanted["day"])
            if 0 <= number < len(self.twins.experiment.changes):
                self.twins = Twins(self.twins.experiment.without(number))
                self._return_to(day)
                self._changed()
                self._told_anew()

    def _return_to(self, day: int) -> None:
        """Forget days that the reader has not seen; the browser has forgotten them before it asked."""
        self.twins.go_to(day)
        self.day = self.twins.day

    def _refuse(self, fault: ReaderError) -> None:
        self.fault.value = fault
        self.refused.value += 1

    def start(self, experiment: Experiment) -> None:
        """Another experiment, from its first day."""
        with self._lock:
            try:
                self.twins = Twins(experiment)
            except ReaderError as fault:
                self._refuse(fault)
                return
            self.prediction.value = None
            self.locked.value = True
            self.look.value = ""
            self.message.value = ""
            self.day = 0
            self._changed()
            self._told_anew()

    def _changed(self) -> None:
        self.fault.value = None
        self.happened.value = self._happened()
        self.experiment.value = self.twins.experiment

    def speak(self, wanted: dict[str, Any]) -> None:
        """Another language, on the same day."""
        if wanted["language"] in LANGUAGES:
            with self._lock:
                self._return_to(int(wanted["day"]))
                self.language.value = wanted["language"]
                self._told_anew()


def read_day(text: str) -> int:
    """The day of a link; the first where it says none."""
    return min(int(text), HORIZON) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _read(address: str) -> dict[str, str]:
    try:
        return {name: values[-1] for name, values in parse_qs(address, max_num_fields=20).items()}
    except ValueError:  # more fields than any of our links has
        return {}
