"""The twelve claims of the source: verdict, effect, where it is otherwise, and the evidence from the field."""

from collections import Counter

from sim.report.blocks import Block, Cell, Section, Table, Text
from sim.report.claims import CLAIMS, Effect, Judged, Standing, World, judge
from sim.report.findings import Findings
from sim.report.say import Say
from sim.report.sections.rests import footer, origin


def section(findings: Findings, say: Say) -> Section:
    """A row a claim."""
    blocks: list[Block] = [Text(say.words("report.claims.lead"), "lead"), *origin(findings, "claims", say)]
    found = findings.found("claims")
    if found is not None:
        judged = judge(found.study)
        counts = Counter(one.standing for one in judged)
        told = say.words("report.claims.tally", supported=counts[Standing.SUPPORTED],
                         not_supported=counts[Standing.NOT_SUPPORTED], depends=counts[Standing.DEPENDS])  # fmt: skip
        head = [say.words(f"report.claims.{name}") for name in ("claim", "verdict", "effect", "elsewhere")]
        note = f"{say.words('report.claims.note')} {footer(found.study, say)}"
        rows = [_row(one, say) for one in judged]
        blocks += [Text(told), Table(say.words("report.section.claims"), head, rows, note, "claims"), field(say)]
    return Section("claims", say.words("report.section.claims"), blocks)


def field(say: Say) -> Table:
    """What studies of real firms say of each claim."""
    sides = ("for", "against")
    rows: list[list[Cell]] = [[one.id, *(say.words(f"claims.{one.id}.{side}") for side in sides)] for one in CLAIMS]
    head = [say.words(f"report.claims.{name}") for name in ("claim", *sides)]
    return Table(say.words("report.claims.field"), head, rows, kind="field")


def _row(judged: Judged, say: Say) -> list[Cell]:
    name = judged.claim.id
    return [
        f"{name}. {say.words(f'claims.{name}.claim')}",
        (judged.verdict(say), str(judged.standing)),
        "; ".join(_effect(effect, say) for effect in judged.base.effects) if judged.base else "",
        _elsewhere(judged, say),
    ]


def _effect(effect: Effect, say: Say) -> str:
    number = say.with_interval(effect.measure, effect.estimate, effect.high, signed=True)
    return f"{say.measure(effect.measure)} {number} {say.unit(effect.measure, of_difference=True)}".rstrip()


def _elsewhere(judged: Judged, say: Say) -> str:
    if judged.base is None:
        return ""
    told = []
    for sign, key in ((1, "as_claimed"), (-1, "other_way")):
        worlds = [_world(one, say) for one in judged.depends_on if one.decided == sign]
        if worlds:
            told.append(say.words(f"report.claims.{key}", worlds="; ".join(worlds)))
    if told:
        return "; ".join(told)
    return say.words("report.claims.agrees", worlds=len(judged.worlds))


def _world(world: World, say: Say) -> str:
    return f"{say.factor(world.factor)}: {say.factor_value(world.factor, world.value)} ({_effect(world.telling, say)})"
