"""The reduced firm as others would write it: what the engine is checked and timed against."""

from sim.scenario import Scenario

REDUCED = (
    "world.market_per_seat=0.0",
    "world.partners_per_seat=0.0",
    "world.suggestion=0.0",
    "world.study_ideas_per_seat=0.0",
    "world.quit_rate=0.0",
    "world.learning=0.0",
    "world.look_up_hours=0.0",
    "world.short_first=0",
    "world.patience_hours=inf",
    "world.tie_limit=0",
    "world.rework=0.0",
    "run.burn_in_weeks=0",
    "run.warm_up_weeks=0",
)


def reduced(*overrides: str, staff: int = 200, weeks: int = 50) -> Scenario:
    """Decisions only, gatekeeper rules, everybody stays and notices at once, one plain queue each: all tools can."""
    return Scenario.load("baseline").override(
        [f"world.staff={staff}", f"run.weeks={weeks}", *REDUCED, *overrides]
    )
