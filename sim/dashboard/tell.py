"""What the page is told, in the reader's language, as JSON text: equal text is an equal picture."""

import json
from typing import Any

from sim.dashboard.experiment import FIRMS, Experiment
from sim.dashboard.twins import HORIZON, Twins
from sim.locale import Words, texts


def as_json(told: Any) -> str:
    """Compact JSON. What is not known is None; NaN would be no JSON, so it raises ValueError."""
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def below(language: str, start: str) -> dict[str, str]:
    """All texts below a key: {"play": "Play", …}."""
    return {key.removeprefix(start): text for key, text in texts(language).items() if key.startswith(start)}


def name_of(design: str, words: Words) -> str:
    """A design's name in the reader's language; a design of an uploaded file has only its own."""
    key = f"dashboard.design.{design}"
    return words(key) if key in words else design


def names(experiment: Experiment, words: Words) -> list[str]:
    """How the two firms are called."""
    return [name_of(design, words) for design in experiment.designs]


def moment(twins: Twins) -> dict[str, Any]:
    """Everything about where the twins are now: for a page that opens, or jumps to another day."""
    return {
        "firms": [
            {"picture": picture.of_firm(firm)} for picture, firm in zip(twins.pictures, twins.firms, strict=True)
        ],
        "history": list(twins.history),
        "today": twins.today() if twins.day else None,
    }


def setup(twins: Twins, words: Words, *, dark: bool, notes: dict[str, Any]) -> dict[str, Any]:
    """All that the player needs to begin."""
    now = moment(twins)
    for firm, name, side in zip(now["firms"], names(twins.experiment, words), FIRMS, strict=True):
        firm |= {"name": name, "about": words(f"dashboard.page.about_{side}")}
    return {
        **now,
        "words": below(words.language, "dashboard.player."),
        "legend": below(words.language, "dashboard.legend."),
        "horizon": HORIZON,
        "dark": dark,
        "notes": notes,
    }


def marks(experiment: Experiment) -> list[dict[str, Any]]:
    """Days on which something changes, for the charts."""
    return [{"day": event.day} for event in experiment.scenario().events]
