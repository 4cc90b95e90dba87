"""What a class can start from, each with one thing to learn. The texts are in locale/*/lessons.toml."""

from types import MappingProxyType
from typing import NamedTuple


class Preset(NamedTuple):
    """A scenario that comes with the product and the two designs that meet in it."""

    scenario: str
    designs: tuple[str, str] = ("traditional", "social")


PRESETS = MappingProxyType({
    "four-shifts": Preset("baseline"),
    "community": Preset("remote-work"),
    "birthday-order": Preset("birthday-order"),
    "complaint-storm": Preset("complaint-storm"),
    "channel-only": Preset("baseline", ("traditional", "channel-only")),
    "hierarchy-wins": Preset("high-stakes"),
    "change-programme": Preset("change-programme", ("traditional", "programme")),
    "overload": Preset("overload"),
    "placebo": Preset("baseline", ("traditional", "traditional")),
})
