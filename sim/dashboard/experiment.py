"""What a class has set up: two firms, a world, and every change since. It is a scenario, and it fits in a link."""

import base64
import functools
import json
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sim.dashboard.presets import PRESETS
from sim.scenario import Design, Event, Scenario, ScenarioError, World, built_in

FIRMS = ("first", "second")
WEEKS = 100  # that a class can watch
MOST_SEATS = 1000  # beyond that the picture would show a crowd, not people
LONGEST_LINK = 50_000  # characters
MOST_CHANGES = 300
LONGEST_BURN_IN = 200  # weeks
LARGEST_UPLOAD = 64_000  # bytes
LEVERS = ("contact", "consult", "approve", "connect", "hear", "meet", "channel", "selling")
WORLD = ("load", "turbulence", "error_cost", "request_rate", "quit_rate", "chance_meetings")
STRUCTURE = ("staff", "span")
MOST_WORK = 10  # times the baseline's
BUSY = ("load", "decision_rate", "request_rate", "moment_rate", "deal_rate", "market_per_seat", "partners_per_seat")


@dataclass(frozen=True)
class Change:
    """A lever of one firm or a key of the world that is set to a value on the morning of a day."""

    day: int
    firm: str  # one of FIRMS; "" for the world
    key: str
    value: float

    def event(self) -> Event:
        """The same as an event of a scenario."""
        if self.firm:
            return Event(day=self.day, design={self.key: self.value}, only=(self.firm,))
        return Event(day=self.day, world={self.key: self.value})


@dataclass(frozen=True)
class Experiment:
    """A preset, whose firms may be others, with what was changed by hand.

    designs: names of the two firms' designs at the start; the second may be the first again (the placebo).
    structure: keys of the world that are fixed when a firm is built. changes: by day.
    uploaded: a scenario file's text in the place of the preset's.
    """

    preset: str = "four-shifts"
    designs: tuple[str, str] = ("", "")
    seed: int = 1
    structure: tuple[tuple[str, int], ...] = ()
    changes: tuple[Change, ...] = ()
    uploaded: str = ""

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ScenarioError(f"{self.preset!r} is not a preset; those are {', '.join(PRESETS)}.")
        if not all(self.designs):
            object.__setattr__(self, "designs", PRESETS[self.preset].designs)

    def base(self) -> Scenario:
        """The scenario before anything was changed in class."""
        return _uploaded(self.uploaded) if self.uploaded else _built_in(PRESETS[self.preset].scenario)

    def known_designs(self) -> Mapping[str, Design]:
        """Designs that a firm may start from."""
        return self.base().known_designs()

    def scenario(self) -> Scenario:
        """The whole experiment as a scenario: it can be checked, stored, run and compared like any other.

        Day 1 is the first that the class sees, so nothing is left out as warm-up; the base's own events move with it.
        Raises ScenarioError where two settings do not agree.
        """
        base = self.base()
        _is_bearable(base)
        names = dict(zip(FIRMS, self.designs, strict=True))
        own = {firm: base.design(name) for firm, name in names.items()}
        earlier = base.run.warm_up_weeks * 5
        events = []
        for event in base.events:
            only = tuple(firm for firm, name in names.items() if not event.only or name in event.only)
            if only:
                day = max(1, event.day - earlier)
                events.append(event.model_copy(update={"day": day, "only": () if only == FIRMS else only}))
        world = base.world.model_copy(update=dict(self.structure))
        made = Scenario(
            name="classroom",
            question=base.question,
            designs=FIRMS,
            world=type(world)(**dict(world)),
            own_designs=own,
            run=base.run.model_copy(update={"warm_up_weeks": 0, "weeks": WEEKS, "seed": self.seed}),
            events=(*events, *(change.event() for change in self.changes)),
        )
        if made.world.staff > MOST_SEATS:
            raise ScenarioError(
                f"staff = {made.world.staff} is above {MOST_SEATS}, the most that can be drawn; lower it, "
                "or use firmlab compare, which has no such limit."
            )
        return made

    def changed(self, change: Change) -> "Experiment":
        """With one more change; a later word on the same key and day takes the place of an earlier one."""
        same = (change.day, change.firm, change.key)
        kept = [one for one in self.changes if (one.day, one.firm, one.key) != same]
        made = replace(self, changes=tuple(sorted((*kept, change), key=lambda one: one.day)))
        made.check()
        return made

    def link(self) -> str:
        """All of it, for the address of the page: the same numbers wherever it is opened."""
        told: dict[str, Any] = {"p": self.preset, "d": self.designs, "s": self.seed}
        if self.structure:
            told["w"] = self.structure
        if self.changes:
            told["c"] = [(c.day, c.firm, c.key, c.value) for c in self.changes]
        if self.uploaded:
            told["u"] = self.uploaded
        packed = zlib.compress(json.dumps(told, separators=(",", ":")).encode(), 9)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @staticmethod
    def from_link(text: str) -> "Experiment":
        """The experiment of a link. Raises ScenarioError where it is damaged or asks for the impossible."""
        if len(text) > LONGEST_LINK:
            raise ScenarioError(f"this link is longer than {LONGEST_LINK} characters; send the scenario file instead.")
        try:
            packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            unpacker = zlib.decompressobj()
            told = json.loads(unpacker.decompress(packed, 20 * LONGEST_LINK))
            experiment = Experiment(
                preset=str(told["p"]),
                designs=(str(told["d"][0]), str(told["d"][1])),
                seed=int(told["s"]),
                structure=tuple((str(name), int(value)) for name, value in told.get("w", ())),
                changes=tuple(Change(int(d), str(f), str(k), float(v)) for d, f, k, v in told.get("c", ())),
                uploaded=str(told.get("u", "")),
            )
            experiment.check()
        except ScenarioError:
            raise
        except Exception:
            raise ScenarioError("this link is damaged; copy it once more, whole.") from None
        return experiment

    def check(self) -> None:
        """Raises ScenarioError where it cannot be run."""
        if len(self.changes) > MOST_CHANGES:
            raise ScenarioError(f"{len(self.changes)} changes are more than {MOST_CHANGES}; begin anew with fewer.")
        for name, _ in self.structure:
            if name not in STRUCTURE:
                raise ScenarioError(f"{name} is not a key of the structure; those are {', '.join(STRUCTURE)}.")
        for change in self.changes:
            if change.firm not in ("", *FIRMS):
                raise ScenarioError(f"{change.firm!r} is not a firm; those are {' and '.join(FIRMS)}.")
        self.scenario()


def _is_bearable(scenario: Scenario) -> None:
    """One reader's scenario must not keep a whole class waiting."""
    if scenario.run.burn_in_weeks > LONGEST_BURN_IN:
        raise ScenarioError(
            f"burn_in_weeks = {scenario.run.burn_in_weeks} is above {LONGEST_BURN_IN}, the most of a page; lower it."
        )
    usual = World()
    for event in (scenario.world.model_dump(), *(event.world for event in scenario.events)):
        for key in BUSY:
            most = MOST_WORK * getattr(usual, key)
            if event.get(key, 0) > most:
                raise ScenarioError(f"{key} = {event[key]} is above {most:g}, the most of a page; lower it.")


@functools.cache
def _built_in(name: str) -> Scenario:
    return Scenario.load(name)


@functools.lru_cache(maxsize=32)
def _uploaded(text: str) -> Scenario:
    """A scenario from the text of a file. It may extend a built-in scenario, never a file of this computer."""
    if len(text.encode()) > LARGEST_UPLOAD:
        limit = f"{LARGEST_UPLOAD // 1000} kB"
        raise ScenarioError(f"the file is larger than {limit}; a scenario needs only what it changes.")
    try:
        parent = tomllib.loads(text.removeprefix("\ufeff")).get("extends", "baseline")
    except (ValueError, RecursionError):
        parent = "baseline"  # what is wrong with it is said below, in a better sentence
    if not isinstance(parent, str) or parent not in built_in():
        raise ScenarioError(f"extends = {parent!r} is not a built-in scenario; those are {', '.join(built_in())}.")
    with TemporaryDirectory() as folder:
        file = Path(folder, "uploaded.toml")
        file.write_text(text, encoding="utf-8")
        try:
            return Scenario.load(file)
        except ScenarioError as error:
            raise ScenarioError(str(error).replace(str(file), "uploaded.toml")) from None
