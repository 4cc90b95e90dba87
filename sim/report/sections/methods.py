"""How it was compared, and where every number can be made again."""

from typing import TYPE_CHECKING

from sim.report.blocks import Bullets, Cell, Section, Table
from sim.report.findings import Findings
from sim.report.say import Say
from sim.report.sections.rests import command
from sim.report.shipped import is_shipped
from sim.study.paired import HEADLINES

if TYPE_CHECKING:
    from sim.report.stored import Stored


def section(findings: Findings, say: Say) -> Section:
    """How it was compared, and where every number can be made again."""
    study, scenario = findings.comparison, findings.comparison.scenario
    gains = (say.number(findings.row(measure)["pairing_gain"], 1) for measure in HEADLINES)
    declared = scenario.report
    key = str(study.runs["key"].iloc[0])
    items = [
        say.words("report.methods.paired"),
        say.words("report.methods.gain", **dict(zip(("decision", "retention", "satisfaction"), gains, strict=True))),
        say.words("report.methods.spans", burn_in=scenario.run.burn_in_weeks, warm_up=scenario.run.warm_up_weeks,
                  weeks=scenario.run.weeks),
        say.words("report.methods.smallest", decision=f"{100 * declared.smallest_decision:g}",
                  retention=f"{declared.smallest_retention:g}", satisfaction=f"{declared.smallest_satisfaction:g}"),
        say.words("report.methods.model"),
        say.words("report.methods.replay", command=f"firmlab replay {key[:12]} --in {study.folder.as_posix()}"),
    ]  # fmt: skip
    rows = [_study("comparison", study, is_shipped(study.folder), say)]
    rows += [_study(name, found.study, found.shipped, say) for name, found in findings.evidence.found.items()]
    names = ("study", "folder", "runs", "revision", "written", "command")
    head = [say.words(f"report.methods.{name}") for name in names]
    table = Table(say.words("report.methods.studies"), head, rows, kind="studies")
    return Section("methods", say.words("report.section.methods"), [Bullets(items), table])


def _study(part: str, study: "Stored", is_shipped: bool, say: Say) -> list[Cell]:
    manifest = study.manifest
    whose = say.words("report.methods.provided" if is_shipped else "report.methods.yours")
    versions = f"{str(manifest.get('model'))[:8]}, {manifest.get('revision')}"
    return [say.words(f"report.methods.parts.{part}"), f"{study.folder.name} ({whose})", str(len(study.runs)), versions,
            str(manifest.get("written", ""))[:10], command(study)]  # fmt: skip
