"""What a part rests on: whose study it is, or how to run it, and how to make a figure again."""

from sim.report.blocks import Text
from sim.report.findings import Findings
from sim.report.gather import can_be_run, to_run
from sim.report.say import Say
from sim.report.stored import Stored


def origin(findings: Findings, part: str, say: Say) -> list[Text]:
    """A note where the study behind a part comes with the product; how to run it where there is none."""
    found = findings.found(part)
    if found is None:
        return [Text(how_to_run(findings, part, "report.page.missing", say), "warning")]
    if not found.same_world:
        how = how_to_run(findings, part, "report.page.of_yours", say)
        return [Text(f"{say.words('report.page.shipped_elsewhere')} {how}", "warning")]
    return [Text(say.words("report.page.shipped"), "note")] if found.shipped else []


def how_to_run(findings: Findings, part: str, key: str, say: Say) -> str:
    """A sentence with the command that runs the study of a part, or that there is none for these designs or events."""
    if not can_be_run(part, findings.evidence):
        return say.words("report.page.not_for_this")
    return say.words(key, **to_run(part, findings.comparison))


def of_another_firm(findings: Findings, part: str, say: Say) -> list[str]:
    """A warning before sentences that rest on a study of another firm than the reader's."""
    found = findings.found(part)
    return [say.words("report.advice.elsewhere")] if found is not None and not found.same_world else []


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
