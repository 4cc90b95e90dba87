"""The page of the dashboard."""

import os
import threading
from typing import Any

import solara
import solara.lab

from sim.dashboard import tell
from sim.dashboard.bands import Workshop
from sim.dashboard.challenges import CHALLENGES, facts, fields, is_fair
from sim.dashboard.classroom import CLASSROOM, MOST
from sim.dashboard.experiment import FIRMS, LARGEST_UPLOAD, LEVERS, LONGEST_LINK, STRUCTURE, WEEKS, WORLD, Experiment
from sim.dashboard.faults import ReaderError
from sim.dashboard.presets import PRESETS
from sim.dashboard.pulse import PAIRS
from sim.dashboard.session import FAILED, Session
from sim.locale import LANGUAGES

BASE = "/firmlab/"  # where the server keeps what is not the page: scripts, files to take away, classes
WORKSHOP = Workshop()
# Lowest, highest and step of a slider; others go from 0 to 1.
WIDE = {
    "load": (0.25, 3, 0.05), "turbulence": (0, 1.5, 0.05), "error_cost": (0.5, 10, 0.5), "request_rate": (0, 60, 1),
    "quit_rate": (0, 1, 0.01), "chance_meetings": (0, 1, 0.05), "selling": (0, 2, 0.1),
}  # fmt: skip
STOPS = (".fd-presets", ".fd-predict", ".fl-stages", ".fl-bar", ".fl-look", ".fl-cards", ".fd-controls")


@solara.component_vue("components/shell.vue")
def Shell(state: str, event_speak: Any, event_shade: Any) -> Any:
    """Title, language, light or dark, the tour, and what went wrong."""


@solara.component_vue("components/lesson.vue")
def Lesson(state: str, event_choose: Any, event_predict: Any, event_again: Any) -> Any:
    """Choosing a lesson; predict, observe, explain."""


@solara.component_vue("components/stage.vue")
def Stage(
    base: str, setup: str, message: str, look: str, notes: str, dark: bool,
    event_more: Any, event_pick: Any, event_seat: Any, event_jump: Any, event_reached: Any,
) -> Any:  # fmt: skip
    """Both firms, their numbers and charts."""


@solara.component_vue("components/controls.vue")
def Controls(
    state: str, event_design: Any, event_change: Any, event_structure: Any, event_twice: Any, event_back: Any
) -> Any:
    """Levers of each firm, the world, and what was changed."""


@solara.component_vue("components/take.vue")
def Take(state: str, event_prepare: Any, event_judge: Any, event_upload: Any, event_gather: Any, event_ask: Any) -> Any:
    """Challenges, what can be taken away, and the class."""


@solara.component
def Page() -> None:
    """Everything, for one reader."""
    router = solara.use_router()
    session = solara.use_memo(lambda: Session(router.search or ""), [])
    room, set_room = solara.use_state("")  # the code of the reader's class
    asked, set_asked = solara.use_state("")  # the lesson that it predicts
    judged, set_judged = solara.use_state(("", Experiment()))
    experiment, language = session.experiment.value, session.language.value
    solara.lab.theme.dark = session.dark.value
    _ = session.happened.value  # the levers follow what happens
    _thirty_pairs(session)
    page = tell.below(language, "dashboard.page.")

    def gather(code: str) -> None:
        """Open a class, or find the one of a page that was loaded anew; a closed one stays closed."""
        found = CLASSROOM.again(code) if code else CLASSROOM.open(_lesson_name(experiment))
        set_room(found or "")
        set_asked((found and CLASSROOM.lesson(found)) or "")

    def ask(*_: Any) -> None:
        CLASSROOM.ask(room, _lesson_name(experiment))
        set_asked(_lesson_name(experiment))

    with solara.Div(classes=["fd"]):
        solara.Style("@import url('/firmlab/page.css'); @import url('/firmlab/player.css');")
        Shell(state=_shell(session, page), event_speak=session.speak, event_shade=session.dark.set)
        Lesson(
            state=_lesson(session, page),
            event_choose=lambda name: session.start(Experiment(name)) if name in PRESETS else None,
            event_predict=session.predict,
            event_again=lambda *_: session.locked.set(True),
        )
        Firms(session)
        Controls(
            state=_controls(session, page), event_design=lambda chosen: _design(session, chosen),
            event_change=session.change, event_structure=lambda chosen: _structure(session, chosen),
            event_back=session.take_back,
            event_twice=lambda *_: session.start(_with(experiment, designs=(experiment.designs[0],) * 2)),
        )  # fmt: skip
        Take(
            state=_take(session, page, (room, asked), judged),
            event_prepare=lambda name: session.start(CHALLENGES[name].start) if name in CHALLENGES else None,
            event_judge=lambda name: set_judged((name, experiment)) if name in CHALLENGES else None,
            event_upload=lambda text: _upload(session, text),
            event_gather=gather, event_ask=ask,
        )  # fmt: skip


@solara.component
def Firms(session: Session) -> None:
    """Both firms: a component of its own, so that a day that passes does not make the rest be written anew."""
    Stage(
        base=BASE, setup=session.setup.value, message=session.message.value, look=session.look.value,
        notes=tell.as_json(session.notes()), dark=session.dark.value, event_more=session.more,
        event_pick=session.pick, event_seat=session.seat, event_jump=session.jump, event_reached=session.reached,
    )  # fmt: skip


def _thirty_pairs(session: Session) -> None:
    """Run the thirty pairs of the firms as they stand anew after each change, in the background."""
    experiment = session.experiment.value

    def run(stop: threading.Event) -> None:
        if session.band is not None or stop.wait(1.0):  # whoever moves a lever often moves another
            return
        try:
            made = WORKSHOP.band(
                experiment.scenario(),
                progress=lambda done: session.pairs.set((experiment, done, None)),
                stopped=stop.is_set,
            )
        except Exception:  # whatever it was, the reader is told that nothing more comes
            session.pairs.set((experiment, FAILED, None))
            raise
        if made is not None:
            session.pairs.set((experiment, PAIRS, made))

    solara.use_thread(run, dependencies=[experiment], intrusive_cancel=False)


def _with(experiment: Experiment, **changes: Any) -> Experiment:
    """The experiment from its start with something else; what was changed by hand on the way is forgotten."""
    kept = {name: getattr(experiment, name) for name in ("preset", "designs", "seed", "structure", "uploaded")}
    return Experiment(**(kept | changes))


def _design(session: Session, chosen: dict[str, str]) -> None:
    experiment = session.experiment.value
    designs = list(experiment.designs)
    designs[FIRMS.index(chosen["firm"])] = str(chosen["design"])
    session.start(_with(experiment, designs=tuple(designs)))


def _structure(session: Session, chosen: dict[str, Any]) -> None:
    experiment = session.experiment.value
    if chosen["key"] == "seed":
        session.start(_with(experiment, seed=int(chosen["value"])))
    elif chosen["key"] in STRUCTURE:
        structure = dict(experiment.structure) | {chosen["key"]: int(chosen["value"])}
        session.start(_with(experiment, structure=tuple(structure.items())))


def _upload(session: Session, text: str) -> None:
    try:
        scenario = Experiment(uploaded=text, designs=("traditional", "social")).base()
    except ReaderError as fault:
        session.fault.value = fault
        return
    designs = (*scenario.designs, *scenario.designs)[:2]
    session.start(Experiment(uploaded=text, designs=(designs[0], designs[1])))


def _verdict(session: Session, name: str, experiment: Experiment) -> dict[str, str]:
    """What is said of a challenge; nothing any more once the firms have changed."""
    words, band = session.words, session.band
    if not name or band is None or experiment != session.experiment.value:
        return {"name": "", "head": "", "text": ""}
    challenge, told = CHALLENGES[name], facts(experiment, band)
    fair = is_fair(challenge, experiment)
    head = words("dashboard.page.solved" if fair and challenge.solved(told) else "dashboard.page.not_solved")
    said = words(f"dashboard.verdict.{name}", **fields(told)) if fair else words("dashboard.page.unfair")
    return {"name": name, "head": head, "text": said}


# --- what each part is told -------------------------------------------------------------------------------------------


def _shell(session: Session, page: dict[str, str]) -> str:
    words = session.words
    tour = [
        {**tell.below(words.language, f"lessons.tour.stop{number}."), "place": place}
        for number, place in enumerate(STOPS, 1)
    ]
    other = next(language for language in LANGUAGES if language != words.language)
    return tell.as_json({
        "words": page, "language": words.language, "other": other, "dark": session.dark.value,
        "fault": fault.told(words) if (fault := session.fault.value) else "", "tour": tour,
    })  # fmt: skip


def _lesson_name(experiment: Experiment) -> str:
    """The lesson whose texts fit: a reader's own scenario has its own."""
    return "own" if experiment.uploaded else experiment.preset


def _lesson(session: Session, page: dict[str, str]) -> str:
    words, experiment = session.words, session.experiment.value
    texts = tell.below(words.language, f"lessons.preset.{_lesson_name(experiment)}.")
    presets = [
        {"name": name, "title": words(f"lessons.preset.{name}.title"), "goal": words(f"lessons.preset.{name}.goal")}
        for name in PRESETS
    ]
    teacher = tell.below(words.language, "lessons.teacher.")
    return tell.as_json({
        "words": page, "language": words.language, "base": BASE, "presets": presets,
        "preset": "" if experiment.uploaded else experiment.preset,
        "title": texts["title"], "texts": texts,
        "locked": session.locked.value, "prediction": session.prediction.value, "week": WEEKS, "most": MOST,
        "link": experiment.link(),
        "teacher": {"intro": teacher["intro"], "advice": [teacher[f"advice{number}"] for number in range(1, 5)]},
    })  # fmt: skip


def _controls(session: Session, page: dict[str, str]) -> str:
    words, experiment = session.words, session.experiment.value
    scenario = session.twins.scenario
    firms = []
    for side, design in zip(FIRMS, experiment.designs, strict=True):
        world, form = scenario.world, scenario.design(side)
        for event in scenario.events_for(side):
            if event.day <= max(session.day, session.twins.day) + 1:
                world, form = event.applied(world, form)
        levers = [_slider(lever, words(f"dashboard.lever.{lever}"), getattr(form, lever)) for lever in LEVERS]
        firms.append({"side": side, "name": tell.name_of(design, words), "design": design, "levers": levers})
    designs = [{"design": name, "name": tell.name_of(name, words)} for name in experiment.known_designs()]
    structure = [
        {"key": key, "name": page[key], "value": getattr(scenario.world, key), "low": low, "high": high}
        for key, low, high in (("staff", 20, 400), ("span", 2, 15))
    ]
    structure.append({"key": "seed", "name": page["seed"], "value": experiment.seed, "low": 0, "high": 2**32 - 1})
    return tell.as_json({
        "words": page, "refused": session.refused.value, "firms": firms, "designs": designs, "structure": structure,
        "world": [_slider(key, words(f"dashboard.world.{key}"), getattr(world, key)) for key in WORLD],
        "changes": [
            {"number": number, "line": _said(change, words, page)}
            for number, change in reversed([*enumerate(experiment.changes)])
        ],
    })  # fmt: skip


def _slider(key: str, name: str, value: float) -> dict[str, Any]:
    low, high, step = WIDE.get(key, (0, 1, 0.05))
    high = max(high, value)  # of an uploaded scenario
    return {"key": key, "name": name, "value": round(value, 4), "low": low, "high": high, "step": step}


def _said(change: Any, words: Any, page: dict[str, str]) -> str:
    who = page[change.firm or "both"]
    what = words(f"dashboard.lever.{change.key}" if change.firm else f"dashboard.world.{change.key}")
    return words("dashboard.page.change_line", day=change.day, who=who, what=what, value=f"{change.value:g}")


def _take(session: Session, page: dict[str, str], gathered: tuple[str, str], judged: tuple[str, Experiment]) -> str:
    words, experiment, (room, asked) = session.words, session.experiment.value, gathered
    files = [
        {"text": page[kind], "name": name}
        for kind, name in (("csv", "twins.csv"), ("toml", "scenario.toml"), ("replay", "replay.html"))
    ]
    challenges = [{"name": name, **tell.below(words.language, f"lessons.challenge.{name}.")} for name in CHALLENGES]
    addresses = os.environ.get("FIRMLAB_ADDRESSES", "").split()
    return tell.as_json({
        "words": page, "language": words.language, "base": BASE, "link": experiment.link(), "files": files,
        "challenges": challenges, "verdict": _verdict(session, *judged), "judging": session.band is None,
        "largest": LARGEST_UPLOAD, "longest": LONGEST_LINK, "room": room, "addresses": addresses,
        "asked": words(f"lessons.preset.{asked}.title") if asked else "", "stale": asked != _lesson_name(experiment),
        "network": len(addresses) > 1,
    })  # fmt: skip
