"""What a class has set up: two firms, a world, and every change since. It is a scenario, and it fits in a link."""

import base64
import functools
import json
import re
import tomllib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sim.dashboard.faults import ReaderError, fault_of, shown
from sim.dashboard.presets import PRESETS
from sim.scenario import Design, Event, Run, Scenario, ScenarioError, World, built_in
from sim.state import DAYS_A_WEEK, DAYS_A_YEAR

FIRMS = ("first", "second")
WEEKS = 100  # that a class can watch
MOST_SEATS = 1000  # beyond that the picture would show a crowd, not people
LONGEST_LINK = 50_000  # characters
MOST_CHANGES = 300
LARGEST_UPLOAD = 64_000  # bytes
UPLOADED = "uploaded.toml"  # as what a reader's own file is known
LEVERS = ("contact", "consult", "approve", "connect", "hear", "meet", "channel", "selling")
WORLD = ("load", "turbulence", "error_cost", "request_rate", "quit_rate", "chance_meetings")
STRUCTURE = ("staff", "span")
# One reader's experiment must not keep a whole class waiting.
MOST_CASES = 4_000_000  # born in all in one firm; a baseline has a quarter of a million
MOST_OUTSIDERS = 20_000  # customers and partners, present and possible
MOST_DESIGNS, MOST_EVENTS = 20, 100  # of an uploaded scenario
RATES = ("load", "decision_rate", "request_rate", "channel_extra", "moment_rate", "deal_rate")


@dataclass(frozen=True)
class Change:
    """A lever of one firm or a key of the world that is set to a value on the morning of a day."""

    day: int
    firm: str  # one of FIRMS; "" for the world
    key: str
    value: float

    def written(self) -> dict[str, Any]:
        """The same as an [[event]] of a scenario file."""
        if self.firm:
            return {"day": self.day, "design": {self.key: self.value}, "only": [self.firm]}
        return {"day": self.day, "world": {self.key: self.value}}

    def event(self) -> Event:
        """The same as an event of a scenario."""
        return Event(**self.written())


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
            raise ReaderError("unknown", name=shown(self.preset), known=", ".join(PRESETS))
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
        Raises ReaderError where a setting cannot be, or two do not agree.
        """
        base = self.base()
        names, known = dict(zip(FIRMS, self.designs, strict=True)), base.known_designs()
        for name in self.designs:
            if name not in known:
                raise ReaderError("unknown", name=shown(name), known=", ".join(known))
        own = {firm: known[name] for firm, name in names.items()}
        earlier = base.run.warm_up_weeks * 5
        events = []
        for event in base.events:
            only = tuple(firm for firm, name in names.items() if not event.only or name in event.only)
            if only:
                day = max(1, event.day - earlier)
                events.append(event.model_copy(update={"day": day, "only": () if only == FIRMS else only}))
        try:
            made = Scenario(
                name="classroom",
                question=base.question,
                designs=FIRMS,
                world=World(**dict(base.world) | dict(self.structure)),
                own_designs=own,
                run=Run(**dict(base.run) | {"warm_up_weeks": 0, "weeks": WEEKS, "seed": self.seed}),
                events=(*events, *(change.event() for change in self.changes)),
            )
        except ScenarioError as error:
            by_hand = [change.written() for change in self.changes]
            written = {"world": dict(self.structure), "run": {"seed": self.seed}, "event": by_hand}
            raise fault_of(error, written) from None
        _is_bearable(made)
        return made

    def changed(self, change: Change) -> "Experiment":
        """With one more change; a later word on the same key and day takes the place of an earlier one."""
        same = (change.day, change.firm, change.key)
        kept = [one for one in self.changes if (one.day, one.firm, one.key) != same]
        made = replace(self, changes=tuple(sorted((*kept, change), key=lambda one: one.day)))
        made.check()
        return made

    def without(self, number: int) -> "Experiment":
        """As if a change had never been made."""
        return replace(self, changes=self.changes[:number] + self.changes[number + 1 :])

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
        """The experiment of a link. Raises ReaderError where it is damaged or asks for the impossible."""
        if len(text) > LONGEST_LINK:
            raise ReaderError("long_link", most=LONGEST_LINK)
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
        except ReaderError:
            raise
        except Exception:
            raise ReaderError("damaged_link") from None
        return experiment

    def check(self) -> None:
        """Raises ReaderError where it cannot be run."""
        if len(self.changes) > MOST_CHANGES:
            raise ReaderError("many_changes", count=len(self.changes), most=MOST_CHANGES)
        for name, _ in self.structure:
            if name not in STRUCTURE:
                raise ReaderError("unknown", name=shown(name), known=", ".join(STRUCTURE))
        for change in self.changes:
            if change.firm not in ("", *FIRMS):
                raise ReaderError("unknown", name=shown(change.firm), known=", ".join(FIRMS))
        self.scenario()


def _is_bearable(scenario: Scenario) -> None:
    """Raises ReaderError where the firms are more than a page can draw, or a class can wait for."""
    world, days = scenario.world, DAYS_A_WEEK * (scenario.run.burn_in_weeks + scenario.run.weeks)
    if world.staff > MOST_SEATS:
        raise ReaderError("seats", staff=world.staff, most=MOST_SEATS)
    if world.span < 2:  # a line of people, in which everybody is everybody's manager
        raise ReaderError("not_whole", key="world.span", value=world.span, allowed="≥ 2")
    outsiders = world.staff * (world.market_per_seat + world.partners_per_seat)
    if outsiders > MOST_OUTSIDERS:
        raise ReaderError("outsiders", count=round(outsiders), most=MOST_OUTSIDERS)
    if (cases := days * _births_a_day(_busiest(scenario))) > MOST_CASES:
        raise ReaderError("cases", count=round(cases), most=MOST_CASES)


def _busiest(scenario: Scenario) -> World:
    """The world with the highest of all rates that it ever has: none of its days is busier."""
    worlds = [dict(scenario.world), *(event.world for event in scenario.events)]
    return scenario.world.model_copy(update={key: max(one.get(key, 0.0) for one in worlds) for key in RATES})


def _births_a_day(world: World) -> float:
    """Cases that are born of themselves where everybody in the market is a customer."""
    customers, partners = world.staff * world.market_per_seat, world.staff * world.partners_per_seat
    of_customers = world.request_rate * (1 + world.channel_extra) + world.moment_rate
    a_year = customers * of_customers + partners * world.deal_rate
    return world.load * (world.staff * world.decision_rate + a_year / DAYS_A_YEAR)


@functools.cache
def _built_in(name: str) -> Scenario:
    return Scenario.load(name)


@functools.lru_cache(maxsize=32)
def _uploaded(text: str) -> Scenario:
    """A scenario from the text of a file. It may extend a built-in scenario, never a file of this computer."""
    if len(text.encode()) > LARGEST_UPLOAD:
        raise ReaderError("large_file", most=LARGEST_UPLOAD // 1000)
    try:
        written = tomllib.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        raise ReaderError("not_toml", line=found[1] if found else text.count("\n") + 1) from None
    parent = written.get("extends", "baseline")
    if not isinstance(parent, str) or parent not in built_in():
        raise ReaderError("not_built_in", name=shown(parent), known=", ".join(built_in()))
    for name, most in (("design", MOST_DESIGNS), ("event", MOST_EVENTS)):
        if isinstance(tables := written.get(name), dict | list) and len(tables) > most:
            raise ReaderError("many", key=name, count=len(tables), most=most)
    with TemporaryDirectory() as folder:
        file = Path(folder, UPLOADED)
        file.write_text(text, encoding="utf-8")
        try:
            return Scenario.load(file)
        except ScenarioError as error:
            said = ScenarioError(str(error).replace(str(file), UPLOADED))
            raise fault_of(said, written, f"{UPLOADED}: ") from None
