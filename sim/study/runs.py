"""The key of a run: a hash of everything that can change its numbers, and of nothing else."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from sim.compiled import sources_hash
from sim.own import NOTHING_OWN, Own
from sim.scenario import Design, Event, Scenario

SPANS = ("burn_in_weeks", "warm_up_weeks", "weeks")


def fingerprint(scenario: Scenario, own: Own = NOTHING_OWN) -> dict[str, object]:
    """What runs of one world have in common: the world, how long it is run, the model, a researcher's own part."""
    run = scenario.run.model_dump()
    spans = {span: run[span] for span in SPANS}
    return {"world": scenario.world.model_dump(), "run": spans, "model": sources_hash(), "own": own.fingerprint()}


def digest(content: object) -> str:
    """Hash of canonical JSON (sorted keys, no spaces, exact numbers), 32 hexadecimal digits."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def run_key(
    common: Mapping[str, object], design: Design, seed: int, replication: int, events: Sequence[Event] = ()
) -> str:
    """Key of a run, from what all runs of its world have in common (`fingerprint`) and what is its own.

    Titles, paths, names of designs, other designs, workers and package versions are left out, so two designs with equal
    numbers and events are one run and a longer comparison finds the runs of a shorter one.
    """
    form = {"design": design.model_dump(), "events": [event.model_dump(exclude={"only"}) for event in events]}
    return digest({**common, **form, "seed": seed, "replication": replication})
