"""The worksheet: a page to print, with the question, the prediction, what happened, and room to explain."""

import json

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from sim.dashboard import tell
from sim.dashboard.bands import shipped_for
from sim.dashboard.classroom import read_answer
from sim.dashboard.experiment import WEEKS, Experiment
from sim.dashboard.faults import ReaderError
from sim.dashboard.files import apart
from sim.dashboard.pages import PAGES, from_link, language, read_form
from sim.dashboard.pulse import HEADLINES, PAIRS
from sim.dashboard.session import read_day
from sim.dashboard.twins import Twins
from sim.locale import Words


async def worksheet(request: Request) -> Response:
    """A sheet to print: the question, the prediction, what happened, room to explain; with `key`, the answers."""
    form = await read_form(request)
    if form is None:
        return PlainTextResponse("The form is too large.", 413)
    day, words = read_day(form.get("t", "")), language(form.get("lang"))
    try:
        return HTMLResponse(await from_link(form.get("x", ""), worksheet_of, day, words, form))
    except ReaderError as fault:
        return PlainTextResponse(fault.told(words), 400)


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
            "apart": _shown(apart(first, second), "+.1f"),
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


def _shown(number: float | None, form: str) -> str:
    return "–" if number is None else format(number, form).replace("-", "−")


def _interval(of: dict[str, list[float]]) -> str:
    mean, low, high = (_shown(of[name][-1], "+.1f") for name in ("mean", "mean_low", "mean_high"))
    return f"{mean} ({low} … {high})"
