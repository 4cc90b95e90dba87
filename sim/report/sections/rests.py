"""What a part rests on: whose study it is, or how to run it, and how to make a figure again."""

from shlex import quote

from sim.report.blocks import Text
from sim.report.findings import Findings
from sim.report.gather import PARTS
from sim.report.say import Say
from sim.report.stored import Stored
from sim.scenario import Scenario


def origin(findings: Findings, part: str, say: Say) -> list[Text]:
    """A note where the study behind a part comes with the product; how to run it where there is none."""
    found = findings.found(part)
    if found is None:
        return [Text(say.words("report.page.missing", **to_run(findings, part)), "warning")]
    if not found.same_world:
        return [Text(say.words("report.page.shipped_elsewhere", **to_run(findings, part)), "warning")]
    return [Text(say.words("report.page.shipped"), "note")] if found.shipped else []


def of_another_firm(findings: Findings, part: str, say: Say) -> list[str]:
    """A warning before sentences that rest on a study of another firm than the reader's."""
    found = findings.found(part)
    return [say.words("report.advice.elsewhere")] if found is not None and not found.same_world else []


def to_run(findings: Findings, part: str) -> dict[str, object]:
    """The command that runs the study of a part in the world of the report, and its minutes, which go with seats."""
    chosen = next(one for one in PARTS if one.name == part)
    world, usual = findings.comparison.scenario.world, Scenario.load("baseline").world
    other = {name: value for name, value in dict(world).items() if value != getattr(usual, name)}
    options = [f"--set {quote(f'world.{name}={_typed(value)}')}" for name, value in other.items()]
    minutes = max(1, round(chosen.minutes * world.staff / usual.staff))
    return {"command": " ".join([chosen.command, *options]), "minutes": minutes}


def _typed(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


def footer(study: Stored, say: Say) -> str:
    """Below a figure: which runs, which model, when, and the command that makes them again."""
    return say.words(
        "report.page.footer",
        runs=len(study.runs),
        pairs=study.pairs,
        identity=str(study.manifest.get("experiment", ""))[:8],
        model=str(study.manifest.get("model", ""))[:8],
        date=str(study.manifest.get("written", ""))[:10],
        command=command(study),
    )


def command(study: Stored) -> str:
    """How the study was run, as its manifest says."""
    return " ".join(["firmlab", *map(str, study.manifest.get("command", [])[1:])])
