"""What a class's telephones open: one plain form, and everybody's predictions for the page of the teacher."""

from secrets import token_hex

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from sim.dashboard import tell
from sim.dashboard.classroom import CLASSROOM, MOST, read_answer
from sim.dashboard.experiment import WEEKS
from sim.dashboard.pages import PAGES, language, read_form
from sim.dashboard.pulse import HEADLINES
from sim.locale import LANGUAGES


async def answers(request: Request) -> Response:
    """What a class has predicted so far."""
    found = CLASSROOM.answers(request.path_params["code"])
    return JSONResponse({"error": "no such class"}, 404) if found is None else JSONResponse(found)


async def student(request: Request) -> Response:
    """The page on which a student predicts: plain HTML, so that any telephone shows it."""
    code, words = request.path_params["code"], language(request.query_params.get("lang"))
    lesson, said, status = CLASSROOM.lesson(code), "", 200
    whose = request.cookies.get("firmlab", "")[:40] or token_hex(8)
    if lesson is None:
        said, status = words("dashboard.page.class_closed"), 404
    elif request.method == "POST":
        form = await read_form(request)
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
