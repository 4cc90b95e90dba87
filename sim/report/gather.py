"""Which stored study answers which part of the report: the reader's own, else the one that comes with the product."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from sim.report.claims import has_the_claims
from sim.report.shipped import is_shipped, shipped
from sim.report.stored import MANIFEST, Stored, stored
from sim.scenario import Design, Scenario
from sim.study.durable import StoreError
from sim.study.sweepfile import TRADITIONAL, factorial


@dataclass(frozen=True)
class Part:
    """What a part of the report rests on. command, minutes: what runs its study on two cores."""

    name: str
    command: str
    minutes: float
    is_it: Callable[[Stored], bool]  # can this study answer it?


@dataclass(frozen=True)
class Found:
    """The study behind a part. shipped: it comes with the product. same_world: it is of the world of the report."""

    part: Part
    study: Stored
    shipped: bool
    same_world: bool


@dataclass
class Evidence:
    """Everything a report may use. comparison: two designs or more in the reader's world.

    found: by the name of the part. reference, design: the two that the report is about.
    """

    comparison: Stored
    reference: str
    design: str
    found: dict[str, Found] = field(default_factory=dict)


def _is_factorial(study: Stored) -> bool:
    return not study.factors and set(factorial()) <= set(study.designs)


def _is_change(study: Stored) -> bool:
    return not study.factors and bool(study.scenario.events) and any((study.folder / "series").glob("part-*.parquet"))


def _is_tornado(study: Stored) -> bool:
    around = study.plan == "one-at-a-time" and len(study.factors) > 2 and not study.at_base().empty
    return around and not has_the_claims(study)


def _is_map(study: Stored) -> bool:
    return study.plan == "grid" and len(study.factors) in (2, 3)


def _is_ranges(study: Stored) -> bool:
    return study.plan in ("sobol", "latin-hypercube")


PARTS = (
    Part("shifts", "firmlab sweep factorial", 8, _is_factorial),
    Part("map", "firmlab sweep where-hierarchy-wins", 8, _is_map),
    Part("ranges", "firmlab sweep ranges", 9, _is_ranges),
    Part("tornado", "firmlab sweep tornado", 7, _is_tornado),
    Part("change", "firmlab compare change-programme --series", 1, _is_change),
    Part("claims", "firmlab sweep claims", 14, has_the_claims),
)


def to_run(part: str, comparison: Stored) -> dict[str, object]:
    """The command that runs the study of a part in the world of a comparison, where a report on it looks for it.

    Its minutes go with the seats.
    """
    chosen = next(one for one in PARTS if one.name == part)
    world, usual = comparison.scenario.world, Scenario.load("baseline").world
    other = {name: value for name, value in dict(world).items() if value != getattr(usual, name)}
    options = [f"--set {quote(f'world.{name}={_typed(value)}')}" for name, value in other.items()]
    folder = comparison.folder.with_name(f"{comparison.folder.name}-{part}")
    command = " ".join([chosen.command, *options, f"--out {quote(folder.as_posix())}"])
    return {"command": command, "minutes": max(1, round(chosen.minutes * world.staff / usual.staff))}


def _typed(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def can_be_run(part: str, evidence: Evidence) -> bool:
    """Are the studies that come with the product of these designs? They are of no dated events."""
    compared, usual = designs(evidence), (Design.traditional(), Design.social())
    same = compared == usual or (part != "shifts" and compared == usual[::-1])
    return same and not evidence.comparison.scenario.events


def gather(results: Path) -> Evidence:
    """What there is for a report on `results`: a comparison's folder, a study's, or a folder that holds several.

    Beside the folder itself its neighbours are looked at, then the studies that come with the product. A neighbour
    counts where it is of the same world and holds the two designs that are compared.

    Raises StoreError where the folder holds nothing that can be reported.
    """
    several = _folders(results) if not (results / MANIFEST).exists() else []
    own = _readable(several) if several else [stored(results), *_readable(_neighbours(results))]
    comparison = next(filter(_is_comparison, own), own[0]) if several else own[0]
    reference, design = _compared(comparison)
    evidence = Evidence(comparison, reference, design)
    known = own + _readable(_folders(shipped()))
    for part in PARTS:
        found = next((one for one in known if _answers(one, part, evidence)), None)
        if found is not None:
            same = _same_world(found, evidence)
            evidence.found[part.name] = Found(part, found, is_shipped(found.folder), same)
    return evidence


def _answers(study: Stored, part: Part, evidence: Evidence) -> bool:
    """Can a study stand behind a part? Of another world only those can that come with the product."""
    numbers = list(study.designs.values())
    holds = all(design in numbers for design in designs(evidence))  # whatever their names there
    ours = _same_world(study, evidence) or is_shipped(study.folder)
    ordered = part.name != "shifts" or designs(evidence) == (Design.traditional(), Design.social())
    return part.is_it(study) and holds and ours and ordered and study.has_all_of_a_pair


def _same_world(study: Stored, evidence: Evidence) -> bool:
    """The same numbers, and the same dated events but where events are what is studied."""
    mine = evidence.comparison.scenario
    return study.scenario.world == mine.world and (_is_change(study) or study.scenario.events == mine.events)


def designs(evidence: Evidence) -> tuple[Design, Design]:
    """The numbers of the reference and of the design that is compared with it."""
    known = evidence.comparison.designs
    return known[evidence.reference], known[evidence.design]


def name_in(study: Stored, design: Design) -> str:
    """The name that a study has for a design."""
    return next(name for name, numbers in study.designs.items() if numbers == design)


def _is_comparison(study: Stored) -> bool:
    return not study.factors and len(study.designs) >= 2 and not _is_factorial(study) and not _is_change(study)


def _compared(study: Stored) -> tuple[str, str]:
    """The first design, and "social" or else the second. Raises StoreError where there is only one."""
    names = list(study.designs)
    reference = TRADITIONAL if _is_factorial(study) else names[0]
    others = [name for name in names if name != reference]
    if not others:
        raise StoreError(f"{study.folder} holds one design; a report compares two: firmlab compare.")
    if study.runs.empty:
        raise StoreError(f"{study.folder} has no run that is finished; the command that made it goes on from there.")
    if study.at_base().empty:
        raise StoreError(
            f"no point of {study.folder} is the scenario itself, so it has no headline; name a comparison's folder."
        )
    return reference, "social" if "social" in others else others[0]


def _neighbours(folder: Path) -> Iterable[Path]:
    return [path for path in _folders(folder.parent) if path != folder]


def _folders(folder: Path) -> list[Path]:
    """Those with a manifest, the newest first."""
    found = folder.glob(f"*/{MANIFEST}")
    return [path.parent for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


def _readable(folders: Iterable[Path]) -> list[Stored]:
    """The studies that can be read; others are of another version, and a report does not depend on them."""
    found = []
    for folder in folders:
        try:
            found.append(stored(folder))
        except StoreError:
            continue
    return found
