"""The drawings of the report (plotly). They take values and words, and know nothing of where these come from.

Colours are the Okabe–Ito pair; a shape or a dash says the same, so that paper without colour does too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

BLUE, ORANGE, GREY, INK = "#0072B2", "#D55E00", "#767676", "#1c1c1c"
FONT = 'system-ui, "Segoe UI", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", NanumGothic, sans-serif'
WIDTH = 680  # what an A4 page has between its margins
LOOKS: tuple[tuple[str, str, str], ...] = (  # of the first, second, … line: colour, dash, marker
    (BLUE, "solid", "square"),
    (ORANGE, "dash", "circle"),
    (INK, "dot", "diamond"),
    (GREY, "dashdot", "triangle-up"),
)


@dataclass(frozen=True)
class Spread:
    """Values of one panel with their mean and interval."""

    title: str
    values: Sequence[float]
    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Bars:
    """One panel of bars: a row a label, from `start` to `end`, with an interval at the end."""

    title: str
    labels: Sequence[str]
    start: Sequence[float]
    end: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Ends:
    """One panel of a tornado: the difference as things are assumed, and at both ends of each assumption's range."""

    title: str
    base: float
    labels: Sequence[str]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Line:
    """One line with its band."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def spreads(panels: Sequence[Spread]) -> Any:
    """A strip of dots a panel: one dot a pair, a diamond with a bar for the mean and its interval, a line at zero."""
    figure = make_subplots(rows=len(panels), cols=1, subplot_titles=[panel.title for panel in panels],
                           vertical_spacing=0.22)  # fmt: skip
    for row, panel in enumerate(panels, 1):
        height = [(k * 0.618034) % 1 * 0.5 for k in range(len(panel.values))]  # so that dots do not hide one another
        figure.add_trace(_dots(panel.values, height, BLUE, "circle-open", 7), row, 1)
        middle = _dots([panel.middle], [0.8], ORANGE, "diamond", 11)
        middle.error_x = _error([panel.high - panel.middle], [panel.middle - panel.low])
        figure.add_trace(middle, row, 1)
        figure.update_yaxes(visible=False, range=[-0.15, 1.05], row=row, col=1)
        _zero_line(figure, row, 1)
    return _finished(figure, 105 * len(panels) + 40)


def bars(panels: Sequence[Bars], columns: int = 2) -> Any:
    """Panels of horizontal bars, two abreast; the first label on top."""
    rows = -(-len(panels) // columns)
    figure = make_subplots(rows=rows, cols=columns, subplot_titles=[panel.title for panel in panels],
                           horizontal_spacing=0.36, vertical_spacing=0.3 / rows)  # fmt: skip
    for number, panel in enumerate(panels):
        row, column = number // columns + 1, number % columns + 1
        width = [end - start for start, end in zip(panel.start, panel.end, strict=True)]
        colours = [ORANGE if one >= 0 else BLUE for one in width]
        bar = go.Bar(y=list(range(len(width))), x=width, base=list(panel.start), orientation="h", width=0.62,
                     marker={"color": colours, "line": {"color": INK, "width": 0.5},
                             "pattern": {"shape": ["" if one >= 0 else "/" for one in width], "fgcolor": "#fff",
                                         "size": 5, "solidity": 0.25}},
                     customdata=list(panel.labels), hovertemplate="%{customdata}: %{x:.3g}<extra></extra>",
                     showlegend=False)  # fmt: skip
        figure.add_trace(bar, row, column)
        ends = _dots(panel.end, list(range(len(width))), INK, "line-ns", 1)
        ends.error_x = _error([h - e for h, e in zip(panel.high, panel.end, strict=True)],
                              [e - lo for lo, e in zip(panel.low, panel.end, strict=True)])  # fmt: skip
        figure.add_trace(ends, row, column)
        _name_rows(figure, panel.labels, row, column)
        _zero_line(figure, row, column)
    most = max((len(panel.labels) for panel in panels), default=1)
    return _finished(figure, rows * (34 * most + 100), left=150)


def ranges(panels: Sequence[Ends]) -> Any:
    """A tornado a panel, around the difference as things are assumed."""
    columns = 2
    rows = -(-len(panels) // columns)
    figure = make_subplots(rows=rows, cols=columns, subplot_titles=[panel.title for panel in panels],
                           horizontal_spacing=0.36, vertical_spacing=0.3 / rows)  # fmt: skip
    for number, panel in enumerate(panels):
        row, column = number // columns + 1, number % columns + 1
        base, places = panel.base, list(range(len(panel.labels)))
        for ends, colour, marker in ((panel.low, BLUE, "square"), (panel.high, ORANGE, "circle")):
            bar = go.Bar(y=places, x=[end - base for end in ends], base=base, orientation="h", width=0.5,
                         marker={"color": colour, "opacity": 0.75}, hoverinfo="skip", showlegend=False)  # fmt: skip
            figure.add_trace(bar, row, column)
            figure.add_trace(_dots(ends, places, colour, marker, 7), row, column)
        _name_rows(figure, panel.labels, row, column)
        figure.add_vline(x=base, line={"color": INK, "width": 1, "dash": "dot"}, row=row, col=column)
        _zero_line(figure, row, column)
    figure.update_layout(barmode="overlay")
    most = max((len(panel.labels) for panel in panels), default=1)
    return _finished(figure, rows * (34 * most + 100), left=150)


def lines(panels: Sequence[tuple[str, Sequence[Line]]], x_title: str) -> Any:
    """A panel a figure over time: lines with bands, told apart by colour, dash and marker."""
    figure = make_subplots(rows=len(panels), cols=1, subplot_titles=[title for title, _ in panels],
                           shared_xaxes=True, vertical_spacing=0.09)  # fmt: skip
    for row, (_, drawn) in enumerate(panels, 1):
        for line, (colour, dash, marker) in zip(drawn, LOOKS, strict=False):
            band = go.Scatter(x=[*line.x, *reversed(line.x)], y=[*line.high, *reversed(line.low)], fill="toself",
                              fillcolor=colour, opacity=0.15, line={"width": 0}, hoverinfo="skip", showlegend=False,
                              mode="lines")  # fmt: skip
            figure.add_trace(band, row, 1)
            figure.add_trace(go.Scatter(x=list(line.x), y=list(line.y), name=line.name, mode="lines+markers",
                                        line={"color": colour, "dash": dash, "width": 2},
                                        marker={"symbol": marker, "size": 7, "color": colour},
                                        legendgroup=line.name, showlegend=row == 1,
                                        hovertemplate="%{y:.3g}<extra>" + line.name + "</extra>"), row, 1)  # fmt: skip
    figure.update_xaxes(dtick=1)
    figure.update_xaxes(title_text=x_title, row=len(panels), col=1)
    figure.update_layout(legend={"orientation": "h", "y": 1.06, "x": 0, "yanchor": "bottom"})
    return _finished(figure, 200 * len(panels) + 80, top=70)


def _dots(x: Sequence[float], y: Sequence[float], colour: str, marker: str, size: int) -> Any:
    looks = {"color": colour, "symbol": marker, "size": size, "line": {"width": 1.4, "color": colour}}
    return go.Scatter(x=list(x), y=list(y), mode="markers", showlegend=False, marker=looks,
                      hovertemplate="%{x:.3g}<extra></extra>")  # fmt: skip


def _error(above: Sequence[float], below: Sequence[float]) -> dict[str, Any]:
    return {"type": "data", "array": list(above), "arrayminus": list(below), "color": INK, "thickness": 1.5, "width": 4}


def _zero_line(figure: Any, row: int, column: int) -> None:
    figure.add_vline(x=0, line={"color": INK, "width": 1}, row=row, col=column)


def _name_rows(figure: Any, labels: Sequence[str], row: int, column: int) -> None:
    names = [_wrapped(label) for label in labels]
    figure.update_yaxes(tickmode="array", tickvals=list(range(len(names))), ticktext=names, autorange="reversed",
                        tickfont={"size": 11}, row=row, col=column)  # fmt: skip


def _wrapped(label: str, width: int = 24) -> str:
    lines, line = [], ""
    for word in label.split():
        if line and _length(line) + _length(word) >= width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "<br>".join([*lines, line])


def _length(text: str) -> int:
    """Of a text on paper, in Latin letters; a syllable of Hangul is as wide as two."""
    return sum(2 if letter >= "\u1100" else 1 for letter in text)


def _finished(figure: Any, height: int, *, left: int = 20, top: int = 50) -> Any:
    figure.update_xaxes(gridcolor="#e4e4e4", zeroline=False, linecolor=GREY, ticks="outside", nticks=4, tickangle=0)
    figure.update_yaxes(gridcolor="#eeeeee", zeroline=False)
    figure.update_annotations(font={"size": 13, "color": INK}, xanchor="center")
    figure.update_layout(
        width=WIDTH,
        height=height,
        paper_bgcolor="#fff",
        plot_bgcolor="#fff",
        margin={"l": left, "r": 16, "t": top, "b": 40},
        font={"family": FONT, "size": 12, "color": INK},
        hoverlabel={"font": {"family": FONT}},
    )
    return figure
