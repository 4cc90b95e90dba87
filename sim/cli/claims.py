"""The command `claims`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.terminal import AsJson, console, fail, or_none, store_sentences

if TYPE_CHECKING:
    from sim.report.claims import Effect, Judged, World
    from sim.report.say import Say
    from sim.report.stored import Stored


def claims(
    results: Annotated[
        Path | None,
        typer.Argument(help="Folder of a study of the claims (default: the newest in results/, else the shipped one)."),
    ] = None,
    language: Annotated[str, typer.Option("--lang", help="Language: en or ko.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Say which of the twelve claims for the social firm hold, and in which worlds.

    Example: firmlab claims --lang ko
    """
    from sim.locale import LANGUAGES, Words
    from sim.report.claims import CLAIMS, judge
    from sim.report.say import Say
    from sim.report.stored import stored

    if language not in LANGUAGES:
        fail(f"--lang {language} is not one of {', '.join(LANGUAGES)}.")
    with store_sentences():
        study = stored(results) if results else _newest()
    if not {claim.design for claim in CLAIMS} & set(study.designs):
        fail(f"{study.folder} has none of the claims' designs; firmlab sweep claims runs them.")
    say, found = Say(Words(language)), judge(study)
    if as_json:
        typer.echo(json.dumps([_record(one, say) for one in found], indent=1, ensure_ascii=False))
    else:
        _print(study, found, say)


def _newest() -> "Stored":
    """The reader's own study, else the one that comes with the product."""
    from sim.report.claims import has_the_claims
    from sim.report.shipped import shipped
    from sim.report.stored import MANIFEST, stored
    from sim.study.durable import StoreError

    manifests = sorted(Path("results").glob(f"*/{MANIFEST}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for manifest in manifests:
        try:
            study = stored(manifest.parent)
        except StoreError:
            continue  # of another version
        if has_the_claims(study):
            return study
    return stored(shipped() / "claims")


# --- for scripts ------------------------------------------------------------------------------------------------------


def _record(judged: "Judged", say: "Say") -> dict[str, Any]:
    """A claim with everything that is known of it; numbers in the units of the measures."""
    claim, base = judged.claim, judged.base
    texts = {key: say.words(f"claims.{claim.id}.{key}") for key in ("claim", "shift", "for", "against")}
    effects = [_effect(effect) for effect in base.effects] if base else []
    return {
        "id": claim.id,
        "claim": texts["claim"],
        "shift": texts["shift"],
        "design": claim.design,
        "verdict": str(judged.standing),
        "verdict_text": judged.verdict(say),
        **(effects[0] if effects else _missing(*claim.measures[0])),
        "p_adjusted": or_none(base.p_adjusted) if base else None,
        "deciding": [name for name, _ in claim.measures[: claim.deciding]],
        "telling": base.telling.measure if base else None,
        "secondary": effects[1:],
        "depends_on": [_world(world) for world in judged.depends_on],
        "worlds": [_world(world) for world in judged.worlds],
        "for": texts["for"],
        "against": texts["against"],
    }


def _effect(effect: "Effect") -> dict[str, Any]:
    known = {name: or_none(getattr(effect, name)) for name in ("estimate", "low", "high", "pairs", "p")}
    return _missing(effect.measure, effect.wanted) | known


def _missing(measure: str, wanted: str) -> dict[str, Any]:
    from sim.measures import MEASURES

    unit = next(known.unit for known in MEASURES if known.name == measure)
    nothing = dict.fromkeys(("estimate", "low", "high", "pairs", "p"))
    return {"measure": measure, "unit": unit, "wanted": wanted, **nothing}


def _world(world: "World") -> dict[str, Any]:
    telling = _effect(world.telling)
    chosen = {name: telling[name] for name in ("measure", "estimate", "low", "high", "pairs")}
    where = {"factor": world.factor, "value": world.value, "sign": world.decided}
    return where | {"p_adjusted": or_none(world.p_adjusted)} | chosen


# --- for people -------------------------------------------------------------------------------------------------------


def _print(study: "Stored", found: "list[Judged]", say: "Say") -> None:
    from rich.padding import Padding

    page = console()
    for judged in found:
        page.print(f"{judged.claim.id}. {say.words(f'claims.{judged.claim.id}.claim')}", style="bold")
        for line in _lines(judged, say):
            page.print(Padding(line, (0, 0, 0, 4), expand=False))
    reference, worlds = next(iter(study.designs)), max(len(judged.worlds) for judged in found)
    page.print(say.words("claims.line.lead", reference=say.design(reference), pairs=study.pairs, worlds=worlds,
                         folder=study.folder))  # fmt: skip
    page.print(say.words("claims.line.field"))


def _lines(judged: "Judged", say: "Say") -> Iterator[str]:
    """The verdict, what it rests on, what stands beside it, and the worlds that say otherwise than the base."""
    if judged.base is None:
        yield judged.verdict(say)
        return
    count = judged.claim.deciding
    shown = [_shown(effect, say) for effect in judged.base.effects]
    yield f"{judged.verdict(say)}. {judged.claim.design}: {'; '.join(shown[:count])}"
    if shown[count:]:
        yield say.words("claims.line.beside", effects="; ".join(shown[count:]))
    for sign, key in ((1, "as_claimed"), (-1, "other_way")):
        worlds = [_place(world, say) for world in judged.depends_on if world.decided == sign]
        if worlds:
            yield say.words(f"claims.line.{key}", worlds="; ".join(worlds))


def _shown(effect: "Effect", say: "Say") -> str:
    number = say.with_interval(effect.measure, effect.estimate, effect.high, signed=True)
    name = ", ".join(filter(None, (say.measure(effect.measure), say.unit(effect.measure))))
    return f"{name}: {number}"


def _place(world: "World", say: "Say") -> str:
    telling = world.telling
    number = say.with_interval(telling.measure, telling.estimate, telling.high, signed=True)
    shown = number if telling.measure == world.effects[0].measure else _shown(telling, say)
    return f"{say.factor(world.factor)} {say.factor_value(world.factor, world.value)} ({shown})"
