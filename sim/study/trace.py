"""The path of every case as an event log that process-mining tools read: case, activity, resource, start, end."""

import csv
from pathlib import Path

from sim.engine import advance, agenda, horizon_days, start
from sim.scenario import Design, Scenario
from sim.state import TICKS, Activity, State

COLUMNS = ("case", "activity", "resource", "arrived", "start", "end")


def trace(scenario: Scenario, design: Design | str, *, seed: int, replication: int, path: Path) -> int:
    """Run one firm and write a row for every service from day 1 on; times are working hours since the burn-in began.

    Returns the number of rows.
    """
    state = start(scenario, design, seed=seed, replication=replication, trace=True)
    happenings = agenda(scenario, design)
    return write_event_log(advance(state, horizon_days(scenario.run), events=happenings), path)


def write_event_log(state: State, path: Path) -> int:
    """Write the services that a traced firm has finished, as CSV."""
    touches = state.touches[: state.clock["touch_rows"][0]]
    names = {activity.value: activity.name.lower() for activity in Activity}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in touches:
            hours = (f"{row[column] / TICKS:.6f}" for column in ("arrived", "start", "end"))
            writer.writerow((f"{row['case']:016x}", names[int(row["activity"])], f"seat-{row['seat']}", *hours))
    return len(touches)
