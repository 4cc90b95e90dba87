"""A class's predictions: collected by a code, without names, in this process's memory only."""

import secrets
from collections import OrderedDict
from threading import Lock

from sim.dashboard.pulse import HEADLINES

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another
CODE = 5
MOST_CLASSES, MOST_ANSWERS = 50, 300
MOST = 100.0  # the largest prediction

Answer = dict[str, float | None]


class Classroom:
    """All open classes. The oldest is closed when there are too many, and a full class takes no more."""

    def __init__(self) -> None:
        """No class is open yet."""
        self._classes: OrderedDict[str, dict[str, Answer]] = OrderedDict()  # code: whose telephone, what it says
        self._lessons: dict[str, str] = {}
        self._lock = Lock()

    def open(self, preset: str) -> str:
        """A new class on a lesson; its code."""
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE))
        with self._lock:
            self._classes[code], self._lessons[code] = {}, preset
            while len(self._classes) > MOST_CLASSES:
                gone, _ = self._classes.popitem(last=False)
                del self._lessons[gone]
        return code

    def ask(self, code: str, preset: str) -> None:
        """Put another lesson to an open class; what it said of the one before is forgotten."""
        with self._lock:
            if code in self._classes:
                self._classes[code], self._lessons[code] = {}, preset

    def again(self, code: str) -> str | None:
        """The code of a class that is still open; None where it is not."""
        return code.upper() if code.upper() in self._classes else None

    def lesson(self, code: str) -> str | None:
        """The preset that a class predicts; None where there is no such class."""
        return self._lessons.get(code.upper())

    def answer(self, code: str, whose: str, given: Answer) -> bool:
        """Add a prediction; a second one of the same telephone takes the place of its first.

        False where there is no such class, or it is full.
        """
        with self._lock:
            answers = self._classes.get(code.upper())
            if answers is None or (whose not in answers and len(answers) >= MOST_ANSWERS):
                return False
            answers[whose] = given
            return True

    def answers(self, code: str) -> list[Answer] | None:
        """All predictions of a class."""
        with self._lock:
            answers = self._classes.get(code.upper())
            return None if answers is None else list(answers.values())


def read_answer(form: dict[str, str]) -> Answer | None:
    """A prediction from what a student typed; an empty box is none. None where a number is wrong or all are missing."""
    given: Answer = {}
    for headline in HEADLINES:
        text = form.get(headline.name, "").strip().replace("−", "-").replace(",", ".")
        try:
            given[headline.name] = float(text) if text else None
        except ValueError:
            return None
    numbers = [number for number in given.values() if number is not None]
    return given if numbers and all(abs(number) <= MOST for number in numbers) else None


CLASSROOM = Classroom()
