"""What can be taken away, each made from a link alone: the same link makes the same file anywhere."""

import csv
import io
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sim.dashboard import tell
from sim.dashboard.bands import shipped_for
from sim.dashboard.experiment import FIRMS, Experiment
from sim.dashboard.faults import ReaderError
from sim.dashboard.pages import PAGES, from_link, language
from sim.dashboard.pulse import HEADLINES
from sim.dashboard.session import read_day
from sim.dashboard.twins import HORIZON, Twins
from sim.locale import Words
from sim.measures import MEASURES

HERE = Path(__file__).parent
REPLAYED = 60  # days


def _attached(body: str, name: str, kind: str) -> Response:
    return Response(body, media_type=f"{kind}; charset=utf-8", headers={
        "Content-Disposition": f'attachment; filename="{name}"',
    })  # fmt: skip


async def _made(request: Request, name: str, kind: str, make: Any) -> Response:
    day, words = read_day(request.query_params.get("t", "")), language(request.query_params.get("lang"))
    try:
        body = await from_link(request.query_params.get("x", ""), make, day, words)
    except ReaderError as fault:
        return PlainTextResponse(fault.told(words), 400)
    return _attached(body, name, kind)


async def table(request: Request) -> Response:
    """Both firms' headlines by day, then every measure so far, as CSV."""
    return await _made(request, "twins.csv", "text/csv", table_of)


async def scenario(request: Request) -> Response:
    """The experiment as a scenario file."""
    return await _made(request, "scenario.toml", "application/toml", toml_of)


async def replayed(request: Request) -> Response:
    """Sixty days of both firms in one file."""
    return await _made(request, "replay.html", "text/html", replay_of)


def toml_of(experiment: Experiment, day: int, words: Words) -> str:
    """The whole experiment as a scenario file that extends nothing."""
    return experiment.scenario().to_toml()


def table_of(experiment: Experiment, day: int, words: Words) -> str:
    """CSV: a row a day and headline, a row a measure; both firms and the second less the first."""
    twins = Twins(experiment)
    twins.go_to(day)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("day", "measure", "unit", *FIRMS, "second_less_first"))
    units = {"decision": "hours", "retention": "per cent of the people of day 1", "satisfaction": "0 to 100"}
    for number, (first, second) in enumerate(twins.history):
        for place, headline in enumerate(HEADLINES):
            pair = first[place], second[place]
            writer.writerow((number, headline.name, units[headline.name], *pair, apart(*pair)))
    if day:
        first_sum, second_sum = twins.summaries()
        for measure in MEASURES:
            pair = first_sum[measure.name], second_sum[measure.name]
            writer.writerow((day, measure.name, measure.unit, *pair, apart(*pair)))
    return "\ufeff" + text.getvalue()  # spreadsheets take it for UTF-8 then


def apart(first: float | None, second: float | None) -> float | None:
    """The second less the first, where both are known."""
    return None if first is None or second is None else second - first


def replay_of(experiment: Experiment, day: int, words: Words) -> str:
    """One file that plays the sixty days up to a day (from it, where there are fewer before), without a network."""
    first = max(0, min(day, HORIZON) - REPLAYED)
    twins = Twins(experiment)
    twins.go_to(first)
    band = shipped_for(experiment)
    notes = {"band": band, "state": "ready" if band else "none", "marks": tell.marks(experiment), "prediction": None}
    told = tell.setup(twins, words, dark=False, notes=notes | {"locked": False})
    told["words"] |= {"look_hint": words("dashboard.file.look_hint")}
    days = twins.days(REPLAYED)
    told |= {"horizon": twins.day, "days": days}
    static = HERE / "static"
    return PAGES.get_template("replay.html.j2").render(
        language=words.language,
        title=words("dashboard.file.title"),
        about=words("dashboard.file.replayed", first=first + 1, last=twins.day),
        plotly=get_plotlyjs(),
        css=(static / "player.css").read_text(encoding="utf-8"),
        player=(static / "player.js").read_text(encoding="utf-8"),
        told=tell.as_json(told).replace("</", "<\\/"),
    )
