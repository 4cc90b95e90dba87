"""What can be taken away, each made from a link alone: the same link makes the same file anywhere."""

import csv
import io
import json
from asyncio import Semaphore
from pathlib import Path
from secrets import token_hex
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from sim.dashboard import tell
from sim.dashboard.bands import shipped_for
from sim.dashboard.classroom import CLASSROOM, MOST, read_answer
from sim.dashboard.experiment import FIRMS, WEEKS, Experiment
from sim.dashboard.pulse import HEADLINES, PAIRS
from sim.dashboard.session import read_day
from sim.dashboard.twins import HORIZON, Twins
from sim.locale import LANGUAGES, Words
from sim.measures import MEASURES
from sim.scenario import ScenarioError

HERE = Path(__file__).parent
LARGEST_FORM = 100_000  # bytes
REPLAYED = 60  # days
AT_ONCE = 2  # files that are being made; others wait, so that a class of downloads does not stop the pictures
PAGES = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def _language(wanted: str | None) -> Words:
    return Words(wanted if wanted in LANGUAGES else LANGUAGES[0])


def _attached(body: str, name: str, kind: str) -> Response:
    return Response(body, media_type=f"{kind}; charset=utf-8", headers={
        "Content-Disposition": f'attachment; filename="{name}"',
    })  # fmt: skip


_turns = Semaphore(AT_ONCE)


async def _in_turn(make: Any, *about: Any) -> Any:
    async with _turns:
        return await run_in_threadpool(make, *about)


def _from_link(link: str, make: Any, *about: Any) -> Any:
    return make(Experiment.from_link(link), *about)


async def _made(request: Request, name: str, kind: str, make: Any) -> Response:
    try:
        day = read_day(request.query_params.get("t", ""))
        words = _language(request.query_params.get("lang"))
        body = await _in_turn(_from_link, request.query_params.get("x", ""), make, day, words)
        return _attached(body, name, kind)
    except ScenarioError as error:
        return PlainTextResponse(str(error), 400)


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
            writer.writerow((number, headline.name, units[headline.name], *pair, _apart(*pair)))
    if day:
        first_sum, second_sum = twins.summaries()
        for measure in MEASURES:
            pair = first_sum[measure.name], second_sum[measure.name]
            writer.writerow((day, measure.name, measure.unit, *pair, _apart(*pair)))
    return "\ufeff" + text.getvalue()  # spreadsheets take it for UTF-8 then


def _apart(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else second - first


def _shown(number: float | None, form: str) -> str:
    return "–" if number is None else format(number, form).replace("-", "−")


def _interval(of: dict[str, list[float]]) -> str:
    mean, low, high = (_shown(of[name][-1], "+.1f") for name in ("mean", "mean_low", "mean_high"))
    return f"{mean} ({low} … {high})"


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
    from plotly.offline import get_plotlyjs

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


# --- worksheet --------------------------------------------------------------------------------------------------------


async def _form(request: Request) -> dict[str, str] | None:
    """A form's fields; None where it is larger than any form of ours."""
    if int(request.headers.get("content-length") or LARGEST_FORM + 1) > LARGEST_FORM:
        return None
    from urllib.parse import parse_qs

    body = (await request.body()).decode("utf-8", "replace")
    try:
        return {name: values[-1] for name, values in parse_qs(body, max_num_fields=20).items()}
    except ValueError:  # more fields than any form of ours
        return None


async def worksheet(request: Request) -> Response:
    """A sheet to print: the question, the prediction, what happened, room to explain; with `key`, the answers."""
    form = await _form(request)
    if form is None:
        return PlainTextResponse("The form is too large.", 413)
    try:
        day, words = read_day(form.get("t", "")), _language(form.get("lang"))
        return HTMLResponse(await _in_turn(_from_link, form.get("x", ""), worksheet_of, day, words, form))
    except ScenarioError as error:
        return PlainTextResponse(str(error), 400)


def worksheet_of(experiment: Experiment, day: int, words: Words, form: dict[str, str]) -> str:
    """The sheet as a page. `form` may hold a prediction (JSON), an explanation (`why`) and `key`."""
    twins = Twins(experiment)
    twins.go_to(day)
    now, band = twins.history[-1], shipped_for(experiment)
    try:
        said = json.loads(form.get("prediction", "{}"))
        prediction = read_answer({name: str(value) for name, value in said.items()}) or {}
    except (ValueError, RecursionError, AttributeError):
        prediction = {}
    rows = []
    for place, headline in enumerate(HEADLINES):
        first, second = (firm[place] for firm in now)
        of = band[headline.name] if band else None
        guess = prediction.get(headline.name)
        title = words(f"dashboard.player.title_{headline.name}")
        unit = words(f"dashboard.player.unit_{headline.name}")
        rows.append({
            "title": f"{title} ({unit})",
            "prediction": "" if guess is None else _shown(guess, "+.1f"),
            "first": _shown(first, ".1f"),
            "second": _shown(second, ".1f"),
            "apart": _shown(_apart(first, second), "+.1f"),
            "band": _interval(of) if of else "–",
        })  # fmt: skip
    lesson = "own" if experiment.uploaded else experiment.preset
    texts = tell.below(words.language, f"lessons.preset.{lesson}.")
    if band is None:  # the lesson's answers are those of its own firms
        own = tell.below(words.language, "lessons.preset.own.")
        texts |= {name: own[name] for name in ("key", "teacher")}
    return PAGES.get_template("worksheet.html.j2").render(
        language=words.language, words=tell.below(words.language, "lessons.worksheet."), texts=texts, rows=rows,
        names=tell.names(experiment, words), day=day, why=form.get("why", ""), key="key" in form,
        player=tell.below(words.language, "dashboard.player."), pairs=PAIRS, weeks=WEEKS,
    )  # fmt: skip


# --- the class --------------------------------------------------------------------------------------------------------


async def answers(request: Request) -> Response:
    """What a class has predicted so far."""
    found = CLASSROOM.answers(request.path_params["code"])
    return JSONResponse({"error": "no such class"}, 404) if found is None else JSONResponse(found)


async def student(request: Request) -> Response:
    """The page on which a student predicts: plain HTML, so that any telephone shows it."""
    code, words = request.path_params["code"], _language(request.query_params.get("lang"))
    lesson, said, status = CLASSROOM.lesson(code), "", 200
    whose = request.cookies.get("firmlab", "")[:40] or token_hex(8)
    if lesson is None:
        said, status = words("dashboard.page.class_closed"), 404
    elif request.method == "POST":
        form = await _form(request)
        given = read_answer(form) if form else None
        if given is None:
            said, status = words("dashboard.page.class_wrong", low=f"−{MOST:.0f}", high=f"{MOST:.0f}"), 400
        else:
            taken = CLASSROOM.answer(code, whose, given)
            said, status = words("dashboard.page.class_sent" if taken else "dashboard.page.class_closed"), 200
            lesson = None
    page = HTMLResponse(PAGES.get_template("student.html.j2").render(
        language=words.language, page=tell.below(words.language, "dashboard.page."), said=said, weeks=WEEKS,
        lesson=tell.below(words.language, f"lessons.preset.{lesson}.") if lesson else None, most=MOST,
        names=[headline.name for headline in HEADLINES], languages=LANGUAGES,
    ), status)  # fmt: skip
    # Of one telephone the second word takes the place of the first.
    page.set_cookie("firmlab", whose, httponly=True, samesite="lax", max_age=24 * 3600)
    return page
