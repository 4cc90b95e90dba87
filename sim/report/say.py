"""Numbers as people read them, and the names of things, in one language."""

from collections.abc import Sequence
from dataclasses import dataclass

from sim.locale import Words
from sim.scenario import Scenario, World
from sim.state import WEEKS_A_YEAR


@dataclass(frozen=True)
class Scale:
    """How a measure is shown: its value times `factor`, in so many decimals, in a unit; its differences in another."""

    factor: float
    decimals: int
    unit: str
    unit_of_difference: str = ""


_HOURS, _PERCENT, _POINTS = Scale(1, 2, "hours"), Scale(100, 1, "percent", "percent_points"), Scale(1, 1, "points")
_WAGES, _SPENT, _INDEX = Scale(1, 0, "wages"), Scale(1, 1, "hours_a_year"), Scale(100, 1, "index", "points")
_A_YEAR = Scale(100, 1, "percent_a_year", "percent_points_a_year")
SCALES = {
    "decision_hours_median": _HOURS,
    "retention_12m": _PERCENT,
    "satisfaction": _POINTS,
    "decision_hours_mean": _HOURS,
    "decision_hours_p90": _HOURS,
    "decision_screened_hours_median": _HOURS,
    "decision_value": Scale(1, 1, "stakes"),
    "omission_rate": _PERCENT,
    "commission_rate": _PERCENT,
    "request_hours_median": _HOURS,
    "request_hours_p90": _HOURS,
    "first_contact_resolution": _PERCENT,
    "experience": _POINTS,
    "churn": _A_YEAR,
    "word_of_mouth_ratio": Scale(1, 2, "ratio"),
    "product_gap": Scale(1, 3, "taste"),
    "product_fit": Scale(1, 3, "none"),
    "failures_felt": Scale(1, 2, "a_year"),
    "turnover": _A_YEAR,
    "attachment": _INDEX,
    "attachment_managers": _INDEX,
    "utilization_managers": _PERCENT,
    "utilization_max": _PERCENT,
    "overloaded_share": _PERCENT,
    "exposure_product": _INDEX,
    "exposure_desk": _INDEX,
    "exposure_manager": _INDEX,
    "panel_hours": _SPENT,
    "circle_hours": _SPENT,
    "introduction_hours": _SPENT,
    "help_top5_share": _PERCENT,
    "ecosystem_value": _WAGES,
    "partner_retention": _PERCENT,
    "fees": _WAGES,
    "profit_per_seat": _WAGES,
}


class Say:
    """Numbers and names in one language."""

    def __init__(self, words: Words) -> None:
        """`words`: the language."""
        self.words = words

    def number(self, value: float, decimals: int, *, signed: bool = False) -> str:
        """A number with a true minus, no sign at zero, and words where it is not known."""
        if value != value:
            return self.words("report.page.not_known")
        text = f"{value:{'+' if signed else ''},.{decimals}f}"
        if float(text.replace(",", "")) == 0.0:
            text = text.lstrip("+-")
        return text.replace("-", "−")

    def value(self, measure: str, value: float, *, signed: bool = False, brief: bool = False) -> str:
        """A value of a measure, without its unit. brief: one decimal at most, as on the first screen."""
        scale = SCALES[measure]
        return self.number(scale.factor * value, min(scale.decimals, 1) if brief else scale.decimals, signed=signed)

    def with_interval(self, measure: str, middle: float, high: float, *, signed: bool = False) -> str:
        """A mean and half its interval; one pair alone has none."""
        text = self.value(measure, middle, signed=signed)
        return text if high != high else f"{text} ± {self.value(measure, high - middle)}"

    def between(self, measure: str, low: float, high: float) -> str:
        """Two ends of a band of differences."""
        ends = (self.value(measure, end, signed=True, brief=True) for end in (low, high))
        return self.words("report.page.to", **dict(zip(("low", "high"), ends, strict=True)))

    def measure(self, measure: str) -> str:
        """Its name."""
        return self.words(f"report.measure.{measure}")

    def unit(self, measure: str, *, of_difference: bool = False) -> str:
        """Its unit, or that of its differences."""
        scale = SCALES[measure]
        unit = scale.unit_of_difference if of_difference else ""
        return self.words(f"report.unit.{unit or scale.unit}")

    def headline(self, measure: str) -> str:
        """A headline or the profit, as a heading."""
        return self.words(f"report.headline.{measure}.name")

    def inside(self, measure: str) -> str:
        """The same within a sentence."""
        return self.words(f"report.headline.{measure}.inside")

    def axis(self, measure: str) -> str:
        """Over a drawing of differences: name and unit, on two lines."""
        return f"{self.headline(measure)}<br>{self.unit(measure, of_difference=True)}"

    def question(self, scenario: Scenario) -> str:
        """What a scenario asks; a question that comes with the product is known in both languages."""
        key = f"report.question.{scenario.name}"
        if key in self.words and Words("en")(key) == scenario.question:
            return self.words(key)
        return scenario.question or scenario.name

    def design(self, name: str) -> str:
        """A design as it is called in a sentence: the built-in ones by their names, others by their own."""
        key = f"report.design.{name}"
        return self.words(key) if key in self.words else self.words("report.design.own", name=name)

    def factor(self, key: str) -> str:
        """An assumption: in plain words where there are some, else what its key means."""
        name = key.rpartition(".")[2]
        known = f"report.factor.{name}"
        if known in self.words:
            return self.words(known)
        field = World.model_fields.get(name)
        return (field.description if field is not None else None) or key

    def factor_value(self, key: str, value: float) -> str:
        """A value of an assumption with its unit, in as few digits as it needs."""
        known = f"report.factor_value.{key.rpartition('.')[2]}"
        number = self.digits(value)
        return self.words(known, number=number) if known in self.words else number

    def digits(self, value: float) -> str:
        """A number in three digits, or as many as a whole number needs."""
        return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}").replace("-", "−")

    def time(self, weeks: int) -> str:
        """A stretch of time in years, or in weeks where it is less than one."""
        kind, number = ("years", weeks / WEEKS_A_YEAR) if weeks >= WEEKS_A_YEAR else ("weeks", weeks)
        return self.words(f"report.page.{kind}", number=f"{number:.3g}")

    def listed(self, items: Sequence[str]) -> str:
        """Several things after one another; semicolons, since a thing may hold a comma."""
        return "; ".join(items) if any("," in item for item in items) else ", ".join(items)
