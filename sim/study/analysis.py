"""What a sweep says: the tables that follow from its plan, and sentences about how far to trust them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measures import MEASURES, Measure
from sim.scenario import ScenarioError
from sim.study.attribution import CORNERS, LEVERS, alone_and_last, attribution
from sim.study.paired import tabulate
from sim.study.prim import boxes
from sim.study.regions import map_of_wins, share_of_wins
from sim.study.sensitivity import morris_effects, noise_share, sobol_indices, warnings
from sim.study.sweepfile import SOCIAL, LatinHypercube, Morris, Saltelli, Sobol, corner_name, factorial

if TYPE_CHECKING:
    import pandas as pd

    from sim.study.sweep import Study

FEWEST_FOR_BOXES = 50  # points below which a box of conditions would be found in noise


@dataclass(frozen=True)
class Analysis:
    """Tables by name, and what a reader has to know about them."""

    tables: "dict[str, pd.DataFrame]"
    sentences: tuple[str, ...]


def analyse(study: "Study") -> Analysis:
    """The tables that follow from the plan of a sweep.

    factorial: attribution. morris, saltelli: sensitivity. latin-hypercube, sobol: wins (share of the ranges) and boxes.
    All with several points: points, the paired difference at each of them.
    """
    tables: dict[str, pd.DataFrame] = {}
    sentences: list[str] = []
    plan = study.sweep.file.plan
    if study.sweep.is_factorial:
        tables["attribution"] = _attributions(study)
    if isinstance(plan, Morris | Saltelli):
        tables["sensitivity"], sentences = _sensitivity(study, plan)
    elif isinstance(plan, LatinHypercube | Sobol):
        tables["wins"], tables["boxes"] = _wins(study), _boxes(study)
    if plan is not None:
        tables["points"] = _points(study)
    return Analysis({name: table for name, table in tables.items() if len(table)}, tuple(sentences))


def measures(study: "Study") -> list[Measure]:
    """The measures that the sweep file asks for."""
    known = {measure.name: measure for measure in (*MEASURES, *study.experiment.own.measures)}
    return [known[name] for name in study.sweep.file.measures]


def _others(study: "Study") -> list[str]:
    return [name for name in study.experiment.designs if name != study.reference]


def _labelled(table: "pd.DataFrame", **labels: Any) -> "pd.DataFrame":
    """A table with constant columns in front, all at once: a study may have hundreds of factors."""
    import pandas as pd

    return pd.concat([pd.DataFrame(labels, index=table.index), table], axis=1)


def _joined(tables: "list[pd.DataFrame]") -> "pd.DataFrame":
    import pandas as pd

    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _attributions(study: "Study") -> "pd.DataFrame":
    """Of each measure."""
    found = [
        _labelled(attribution_of(study.runs, measure), measure=measure.name, unit=measure.unit)
        for measure in measures(study)
    ]
    return _joined(found)


def attribution_of(runs: "pd.DataFrame", measure: Measure) -> "pd.DataFrame":
    """Of one measure, from the runs of a factorial (see `attribution.attribution` and `alone_and_last`)."""
    values = runs.set_index(["replication", "design"])[measure.name].unstack("design")
    values = values.reindex(columns=list(factorial()))  # where a corner failed everywhere
    corners = {}
    for corner in CORNERS:
        name = corner_name([lever for lever, is_open in zip(LEVERS, corner, strict=True) if is_open])
        corners[corner] = values[name].to_numpy(float)
    return _joined([attribution(corners, values[SOCIAL].to_numpy(float)), alone_and_last(corners)])


def _sensitivity(study: "Study", plan: Morris | Saltelli) -> "tuple[pd.DataFrame, list[str]]":
    keys, seed = [factor.key for factor in study.experiment.factors], study.sweep.file.seed
    (design,) = _others(study)
    found, told = [], []
    for measure in measures(study):
        apart = study.differences(measure.name, design)
        values = np.array([point[~np.isnan(point)].mean() if not np.isnan(point).all() else np.nan for point in apart])
        try:
            if isinstance(plan, Morris):
                table = morris_effects(keys, plan.unit(len(keys), seed), values, plan.levels, seed)
            else:
                table = sobol_indices(keys, values, seed)
        except ScenarioError as error:  # of this measure only: it is not defined, or does not vary
            told.append(f"{measure.name}: {error}")
            continue
        told += [f"{measure.name}: {sentence}" for sentence in warnings(table)]
        noise = noise_share(apart)
        if noise == noise:
            told.append(f"{measure.name}: {100 * noise:.0f} % of the variance between points is noise of replications.")
        about = {"measure": measure.name, "unit": measure.unit, "pairs": apart.shape[1], "noise_share": noise}
        found.append(_labelled(table, **about))
    return _joined(found), told


def _points(study: "Study") -> "pd.DataFrame":
    """Every design's difference from the reference at every point: the rows of `tabulate` beside the factors."""
    keys = [factor.key for factor in study.experiment.factors]
    found = []
    for number, runs in study.runs.groupby("point"):
        table = tabulate(runs, list(study.experiment.designs), measures(study))
        values = dict(zip(keys, study.experiment.values[number], strict=True))
        found.append(_labelled(table[table["design"] != study.reference], **values))
    return map_of_wins(_joined(found)) if found else _joined(found)


def _decided(study: "Study") -> list[Measure]:
    """Measures of which one direction is better."""
    return [measure for measure in measures(study) if measure.better != "neither"]


def _wins(study: "Study") -> "pd.DataFrame":
    import pandas as pd

    rows = []
    for measure in _decided(study):
        for design in _others(study):
            wins = share_of_wins(study.differences(measure.name, design), measure.better)
            rows.append({"measure": measure.name, "design": design, "better": measure.better, **vars(wins)})
    return pd.DataFrame(rows)


def _boxes(study: "Study") -> "pd.DataFrame":
    """Conditions under which a design wins: one row a box and condition."""
    import pandas as pd

    keys = [factor.key for factor in study.experiment.factors]
    points = np.array(study.experiment.values, float)
    rows = []
    for measure in _decided(study):
        for design in _others(study):
            apart = study.differences(measure.name, design)
            known = ~np.isnan(apart).all(axis=1)
            if known.sum() < FEWEST_FOR_BOXES:
                continue
            won = np.nanmean(apart[known], axis=1) * (1 if measure.better == "more" else -1) > 0
            for number, box in enumerate(boxes(points[known], won), 1):
                about = {"measure": measure.name, "design": design, "box": number, "density": box.density}
                about |= {"coverage": box.coverage, "mass": box.mass}
                rows += [
                    about | {"factor": keys[i], "lower": box.lower[i], "upper": box.upper[i],
                             "lower_p": box.lower_p[i], "upper_p": box.upper_p[i]}
                    for i in box.restricted
                ]  # fmt: skip
    return pd.DataFrame(rows)
