"""The page and the order of its parts: the answer, how sure it is, what would change it, what was assumed, next."""

from collections.abc import Callable
from importlib.metadata import version

from sim.report.blocks import Page, Section
from sim.report.findings import Findings
from sim.report.say import Say
from sim.report.sections import (
    assumptions,
    change,
    claims,
    costs,
    decides,
    effects,
    first_screen,
    limits,
    methods,
    money,
    pilot,
    shifts,
    where,
)
from sim.study.provenance import now

PARTS: tuple[Callable[[Findings, Say], Section], ...] = (
    first_screen.section,
    effects.section,
    where.section,
    shifts.section,
    decides.section,
    costs.section,
    money.section,
    change.section,
    claims.section,
    assumptions.section,
    limits.section,
    pilot.section,
    methods.section,
)


def page(findings: Findings, say: Say) -> Page:
    """All parts in one language. Raises ValueError where the limits are empty: no page goes out without them."""
    scenario, words = findings.comparison.scenario, say.words
    sections = [part(findings, say) for part in PARTS]
    if not next(section for section in sections if section.name == "limits").blocks:
        raise ValueError("a report says what it cannot say; its section of limits is empty.")
    about = words(
        "report.page.about",
        reference=say.design(findings.reference),
        design=say.design(findings.design),
        staff=scenario.world.staff,
        pairs=findings.comparison.pairs,
        years=say.time(scenario.run.weeks),
    )
    return Page(
        language=words.language,
        title=say.question(scenario),
        about=about,
        made=words("report.page.made", version=version("firmlab"), date=now()[:10]),
        contents=words("report.page.contents"),
        table_words=words("report.page.table"),
        sections=sections,
    )
