"""A run: one firm from seed to summary, and the key that says which run it is."""

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from sim.compiled import sources_hash
from sim.own import NOTHING_OWN, Own
from sim.scenario import Design, Event, Scenario

SPANS = ("burn_in_weeks", "warm_up_weeks", "weeks")


class Plan(NamedTuple):
    """One run to be made."""

    key: str
    name: str  # of the design, for people only
    design: Design
    seed: int
    replication: int
    events: tuple[Event, ...]  # those that reach the design


def fingerprint(scenario: Scenario) -> dict[str, object]:
    """What all runs of an experiment have in common: the world and how long it is run."""
    run = scenario.run.model_dump()
    return {"world": scenario.world.model_dump(), "run": {span: run[span] for span in SPANS}}


def digest(content: object) -> str:
    """Hash of canonical JSON (sorted keys, no spaces, exact numbers), 32 hexadecimal digits."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def run_key(
    scenario: Scenario,
    design: Design,
    seed: int,
    replication: int,
    events: Sequence[Event] = (),
    own: Own = NOTHING_OWN,
) -> str:
    """Key of a run: everything that can change its numbers and nothing else.

    Titles, paths, names of designs, other designs, workers and package versions are left out, so two designs with equal
    numbers and events are one run and a longer comparison finds the runs of a shorter one.
    """
    form = {"design": design.model_dump(), "events": [event.model_dump(exclude={"only"}) for event in events]}
    model = {"model": sources_hash(), "own": own.fingerprint()}
    return digest(fingerprint(scenario) | form | model | {"seed": seed, "replication": replication})


def plan(
    scenario: Scenario, designs: dict[str, Design], seed: int, replications: int, own: Own = NOTHING_OWN
) -> list[Plan]:
    """All runs of a comparison, replication after replication."""
    runs = []
    for replication in range(replications):
        for name, design in designs.items():
            events = scenario.events_for(name)
            key = run_key(scenario, design, seed, replication, events, own)
            runs.append(Plan(key, name, design, seed, replication, events))
    return runs
