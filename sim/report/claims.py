"""The twelve claims of "from traditional business to social business", and what a stored study says of each.

A claim is tried in the base world, which is the study's first point, and in every world that differs from it in one
number. In the base world it has to stand beside the other claims (Holm), in the others beside its own worlds
(Benjamini & Hochberg).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

import numpy as np

from sim.report.answer import smallest_differences
from sim.report.say import Say
from sim.report.stored import Stored
from sim.study.paired import CONFIDENCE, HEADLINES, benjamini_hochberg, holm, interval, t_test

Array = np.ndarray[Any, Any]
Wanted = Literal["more", "less", "same"]  # same: the difference, if any, is too small to matter
BASE = 0  # the point of a plan that all others are compared with


@dataclass(frozen=True)
class Claim:
    """A sentence of the source as a hypothesis that can fail. Its words are in `locale`, under claims.

    design: takes up what the claim is about and nothing else. measures: outcomes and the way the claim says they go.
    deciding: the first so many of the measures must all go that way; the others are shown beside them.
    """

    id: str
    design: str
    measures: tuple[tuple[str, Wanted], ...]
    deciding: int = 1


CLAIMS = (
    Claim("C1", "two-way", (("decision_hours_p90", "less"), ("decision_screened_hours_median", "less"))),
    Claim("C2", "two-way", (("decision_value", "more"), ("commission_rate", "less"), ("omission_rate", "less"))),
    Claim("C3", "two-way", (
        ("satisfaction", "more"), ("request_hours_p90", "less"), ("first_contact_resolution", "more"),
    )),
    Claim("C4", "two-way", (("product_gap", "less"), ("product_fit", "more"))),
    Claim("C5", "two-way", (("profit_per_seat", "more"),)),
    Claim("C6", "circles", (("turnover", "less"), ("attachment", "more"))),
    Claim("C7", "anybody-answers", (
        ("satisfaction", "more"), ("request_hours_p90", "less"), ("first_contact_resolution", "more"),
        ("request_hours_median", "less"),
    )),
    Claim("C8", "heard-openly", (
        ("satisfaction", "more"), ("word_of_mouth_ratio", "more"), ("profit_per_seat", "more"),
    )),
    Claim("C9", "co-creation", (("product_fit", "more"), ("churn", "less"))),
    Claim("C10", "platform", (("ecosystem_value", "more"), ("fees", "more"))),
    Claim("C11", "trusted", (("profit_per_seat", "more"), ("turnover", "less"), ("attachment_managers", "more"))),
    Claim("C12", "channel-only", tuple((name, "same") for name in HEADLINES), deciding=len(HEADLINES)),
)  # fmt: skip


class Standing(StrEnum):
    """What may be said of a claim."""

    SUPPORTED = "supported"  # it holds in the base world, and in no world the opposite does
    NOT_SUPPORTED = "not-supported"  # it holds in no world
    DEPENDS = "depends"  # it holds in some worlds, and not in the base world or the opposite in others
    NOT_COMPUTED = "not-computed"  # the base world has no two pairs of twins that say anything of it


@dataclass(frozen=True)
class Effect:
    """A measure in one world: its mean paired difference, design less reference, with its 95 % interval.

    sign: 1 where the mean goes the way that is wanted, -1 where it goes the other, else 0. p: of a two-sided test that
    it does neither. Of "same", the sign says whether the mean is within the smallest difference that matters.
    """

    measure: str
    wanted: Wanted
    estimate: float
    low: float
    high: float
    pairs: int
    sign: int
    p: float


@dataclass(frozen=True)
class World:
    """A claim in one world. factor, value: the number in which it differs from the base; the base has none.

    effects: of the claim's measures, in their order. telling: of those that decide, the one by which the claim stands
    or falls. p: of all that decide.
    """

    factor: str
    value: float
    effects: tuple[Effect, ...]
    telling: Effect
    p: float
    p_adjusted: float = math.nan

    @property
    def decided(self) -> int:
        """1 where the claim holds, -1 where its opposite does, 0 where the runs do not say."""
        return self.telling.sign if self.p_adjusted <= 1 - CONFIDENCE else 0


@dataclass(frozen=True)
class Judged:
    """A claim and the worlds in which it was tried. base: None where the study has not what it takes."""

    claim: Claim
    base: World | None
    worlds: tuple[World, ...] = ()

    @property
    def standing(self) -> Standing:
        """The verdict."""
        if self.base is None or any(effect.pairs < 2 for effect in self.base.effects[: self.claim.deciding]):
            return Standing.NOT_COMPUTED
        elsewhere = {world.decided for world in self.worlds}
        if 1 not in elsewhere | {self.base.decided}:
            return Standing.NOT_SUPPORTED
        return Standing.SUPPORTED if self.base.decided == 1 and -1 not in elsewhere else Standing.DEPENDS

    @property
    def depends_on(self) -> tuple[World, ...]:
        """The worlds that are decided, and otherwise than the base: only where the claim depends on the world."""
        if self.base is None or self.standing is not Standing.DEPENDS:
            return ()
        return tuple(world for world in self.worlds if world.decided not in (0, self.base.decided))

    @property
    def factors(self) -> tuple[str, ...]:
        """The keys on which it depends."""
        return tuple(dict.fromkeys(world.factor for world in self.depends_on))

    def verdict(self, say: Say) -> str:
        """The verdict in words."""
        factors = say.listed([say.factor(key) for key in self.factors])
        return say.words(f"claims.verdict.{self.standing}", factors=factors)


def has_the_claims(study: Stored) -> bool:
    """Is this a study made for the claims: all their designs, in worlds that differ in one number?"""
    return study.plan == "one-at-a-time" and {claim.design for claim in CLAIMS} <= set(study.designs)


def judge(study: Stored) -> list[Judged]:
    """All claims, in their order."""
    found = [_tried(study, claim) for claim in CLAIMS]
    bases = holm([math.nan if one.base is None else one.base.p for one in found])
    return [
        one if one.base is None else replace(one, base=replace(one.base, p_adjusted=float(p)))
        for one, p in zip(found, bases, strict=True)
    ]


def _tried(study: Stored, claim: Claim) -> Judged:
    """The claim in every world; in the base its p is not adjusted yet."""
    settings = _settings(study)
    reference = next(iter(study.designs))
    if BASE not in settings or claim.design == reference or not {reference, claim.design} <= set(study.runs["design"]):
        return Judged(claim, None)
    differences = {measure: _differences(study, measure, reference, claim.design) for measure, _ in claim.measures}
    found = []
    for point, (factor, value) in settings.items():
        smallest = _smallest(study, reference, point)
        effects = tuple(
            _effect(measure, wanted, differences[measure].get(point, np.empty(0)), smallest.get(measure, 0.0))
            for measure, wanted in claim.measures
        )
        found.append(World(factor, value, effects, *_together(effects[: claim.deciding])))
    base, *worlds = found
    adjusted = benjamini_hochberg([world.p for world in worlds]) if worlds else ()
    return Judged(claim, base, tuple(
        replace(world, p_adjusted=float(p)) for world, p in zip(worlds, adjusted, strict=True)
    ))  # fmt: skip


def _settings(study: Stored) -> dict[int, tuple[str, float]]:
    """The number in which a point differs from the base, by point, the base first; points that differ in more are left
    out."""
    points = study.runs.drop_duplicates("point").set_index("point")[list(study.factors)].sort_index()
    if BASE not in points.index:
        return {}
    found = {BASE: ("", math.nan)}
    for point, row in points.iterrows():
        changed = [key for key in study.factors if row[key] != points.loc[BASE, key]]
        if len(changed) == 1:
            found[int(point)] = (changed[0], float(row[changed[0]]))
    return found


def _differences(study: Stored, measure: str, reference: str, design: str) -> dict[int, Array]:
    """By point, of the pairs in which both firms have the measure."""
    if measure not in study.runs.columns:
        return {}
    rows = study.points(measure, reference, design)
    points = rows.index.get_level_values("point")
    return {int(point): row[~np.isnan(row)] for point, row in zip(points, rows.to_numpy(float), strict=True)}


def _smallest(study: Stored, reference: str, point: int) -> dict[str, float]:
    runs = study.runs
    here = runs[(runs["point"] == point) & (runs["design"] == reference)]
    hours = here[HEADLINES[0]].mean() if HEADLINES[0] in here else math.nan
    return smallest_differences(study.scenario.report, float(hours))


def _effect(measure: str, wanted: Wanted, differences: Array, smallest: float) -> Effect:
    sign, p = _test(wanted, differences, smallest) if len(differences) > 1 else (0, math.nan)
    return Effect(measure, wanted, *interval(differences), len(differences), sign, p)


def _test(wanted: Wanted, differences: Array, smallest: float) -> tuple[int, float]:
    """Sign and p. "Same" is tested against the nearer end of the differences that do not matter: p is below 5 % just
    where the 95 % interval lies wholly between the two ends or wholly beyond one (Schuirmann, Journal of
    Pharmacokinetics and Biopharmaceutics 15, 1987)."""
    mean = float(differences.mean())
    if wanted != "same":
        return int(np.sign(mean if wanted == "more" else -mean)), t_test(differences)
    if not differences.any():
        return 1, 0.0  # twins that are equal to the last bit
    return int(np.sign(smallest - abs(mean))), t_test(differences - math.copysign(smallest, mean))


def _together(effects: Sequence[Effect]) -> tuple[Effect, float]:
    """The effect that tells, and the p of all. All must go the way that is wanted, so the least certain decides
    (Berger, Technometrics 24, 1982); that one goes the other way is said by the most certain, corrected for having
    looked at several."""
    sign = min(effect.sign for effect in effects)
    choose = max if sign > 0 else min
    those = [effect for effect in effects if effect.sign == sign]
    telling = choose(those, key=lambda effect: math.inf if math.isnan(effect.p) else effect.p)
    return telling, telling.p if sign > 0 else min(len(effects) * telling.p, 1.0)  # NaN stays NaN
