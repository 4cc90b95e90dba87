"""What this cannot say: no page goes out without it."""

from typing import Any

from sim.report.blocks import Bullets, Section
from sim.report.findings import Findings
from sim.report.say import Say
from sim.scenario import World, about_key


def section(findings: Findings, say: Say) -> Section:
    """What this cannot say; a page is not made without it."""
    run = findings.comparison.scenario.run
    about = unsourced() | {"time": say.time(run.warm_up_weeks + run.weeks)}
    items = [say.words(f"report.limits.items.{name}", **about) for name in say.words.below("report.limits.items")]
    return Section("limits", say.words("report.section.limits"), [Bullets(items)] if items else [])


def unsourced() -> dict[str, Any]:
    """How many of the numbers of the world have no source."""
    sources = [about_key(World, name)["source"] for name in World.model_fields]
    lacking = sum("no source" in one or one.startswith("placeholder") for one in sources)
    return {"unsourced": lacking, "all": len(sources)}
