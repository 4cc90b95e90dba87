"""One HTML file that stands on its own: it opens without a network and calls no address."""

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from sim.report.blocks import Page

SETTINGS = {"displayModeBar": False, "responsive": False}


def html(page: Page) -> str:
    """The page as text; plotly stands in it once."""
    loader = PackageLoader("sim.report", "templates")
    environment = Environment(loader=loader, autoescape=select_autoescape(), undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["text"] = lambda cell: cell if isinstance(cell, str) else cell[0]
    environment.filters["sort_of_cell"] = lambda cell: "" if isinstance(cell, str) else cell[1]
    environment.filters["figure"] = _figure
    template = environment.get_template("page.html.j2")
    return template.render(page=page, plotly=Markup(get_plotlyjs()), settings=Markup(json.dumps(SETTINGS)))


def _figure(figure: Any) -> Markup:
    """A drawing as JSON that may stand inside a script."""
    return Markup(figure.to_json().replace("</", "<\\/"))
