"""The rules of interaction, one file a phase: the gatekeeper rule and the open rule side by side.

A rule is one compiled function of (state, case, seat). `seat` has just done `cases[case].did`; on entering a phase the
seat is -1 and `did` is ENTER. It changes the case's own columns and returns what comes next (`state.Step`).
It never touches the clock, a queue or another case: that is the engine's.
"""
