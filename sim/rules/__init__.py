"""The rules of interaction, one file a phase: the gatekeeper rule and the open rule side by side.

A phase rule (act, contact, consult, approve, connect, hear) is one compiled function of (state, case, seat). `seat` has
just done `cases[case].did`; on entering a phase the seat is -1 and `did` is ENTER. It changes the case's own columns
and returns what comes next (`state.Step`). It never touches the clock, a queue or another case: that is the engine's.

What follows for those concerned (customers, staff, market, the rest of connect, hear and meet) are compiled functions
that the engine calls when a case ends, or at the end of a week.
"""
