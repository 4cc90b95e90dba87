"""What pages of plain HTML share: templates, the reader's language, forms, and turns."""

from asyncio import Semaphore
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sim.dashboard.experiment import Experiment
from sim.locale import LANGUAGES, Words

LARGEST_FORM = 100_000  # bytes
AT_ONCE = 2  # files that are being made; others wait, so that a class of downloads does not stop the pictures
PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)
_turns = Semaphore(AT_ONCE)


def language(wanted: str | None) -> Words:
    """The reader's language; the first where she names none of ours."""
    return Words(wanted if wanted in LANGUAGES else LANGUAGES[0])


async def from_link(link: str, make: Any, *about: Any) -> Any:
    """Make something of a link's experiment, in turn and aside. Raises ReaderError where the link is no good."""
    async with _turns:
        return await run_in_threadpool(lambda: make(Experiment.from_link(link), *about))


async def read_form(request: Request) -> dict[str, str] | None:
    """A form's fields; None where it is larger than any form of ours."""
    if int(request.headers.get("content-length") or LARGEST_FORM + 1) > LARGEST_FORM:
        return None
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return {name: values[-1] for name, values in parse_qs(body, max_num_fields=20).items()}
    except ValueError:  # more fields than any form of ours
        return None
