"""What the page of a search is made of, from the object that the search left in ``tune.json``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

FORMAT: Final = 1


class TuneError(ValueError):
    """An object that is not what a search writes: which part."""


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective: as people read it, and which way is better."""

    name: str
    words: str
    unit: str
    less: bool
    step: float

    @property
    def short(self) -> str:
        """Return its name and unit, for the head of a column."""
        return f"{self.name.replace('_', ' ')}, {self.unit}".rstrip(", ")


@dataclass(frozen=True, slots=True)
class Knob:
    """A dial: as people read it, and its ends."""

    key: str
    words: str
    unit: str
    low: float
    high: float
    now: float


@dataclass(frozen=True, slots=True)
class Trial:
    """One program that was walked.

    Attributes
    ----------
    point : dict of str to float
        Where each dial stood.
    values : dict of str to float
        Of each objective; none where its walks failed.
    against : tuple of str
        What speaks against it.
    kind : str
        ``front``, ``tried`` or ``against``.
    number : int
        Of the front, from 1; else 0.
    knee, given, chosen : bool
        Whether it is the front's knee, the program that was given, the one that was taken.
    """

    point: Mapping[str, float]
    values: Mapping[str, float]
    against: tuple[str, ...]
    kind: str
    number: int = 0
    knee: bool = False
    given: bool = False
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """What an objective does under a change: before, after, the difference and its interval."""

    objective: str
    before: float | None
    after: float | None
    difference: float
    low: float | None
    high: float | None
    matters: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """One dial turned, and what each objective does."""

    key: str
    before: float
    after: float
    effects: tuple[Moved, ...]
    problem: str


@dataclass(frozen=True, slots=True)
class TuneView:
    """A search, read.

    Attributes
    ----------
    apart : Trial or None
        The suggestion, where no trial of the search is it because a dial was put back; its values
        are of the search's seeds all the same.
    whole : dict
        The object itself.
    """

    goals: tuple[Goal, ...]
    knobs: tuple[Knob, ...]
    trials: tuple[Trial, ...]
    apart: Trial | None
    turns: tuple[Turn, ...]
    changes: tuple[Turn, ...]
    proof: tuple[Moved, ...]
    passed: bool
    whole: Mapping[str, Any]

    def goal(self, name: str) -> Goal:
        """Return an objective by its name."""
        return next(goal for goal in self.goals if goal.name == name)

    def knob(self, key: str) -> Knob | None:
        """Return a dial by its key."""
        return next((knob for knob in self.knobs if knob.key == key), None)

    @property
    def shown(self) -> tuple[Trial, ...]:
        """Return what pictures show: every trial, and the suggestion."""
        return self.trials if self.apart is None else (*self.trials, self.apart)

    @property
    def unchanged(self) -> bool:
        """Whether the suggestion is the given program: nothing was promised, nothing proved."""
        keys = [knob.key for knob in self.knobs]
        chosen = self.whole["chosen"]["settings"]
        return _place(self.whole["given"], keys) == _place(chosen, keys)

    @property
    def front(self) -> list[Trial]:
        """Return the members of the front, in order."""
        return sorted(
            (trial for trial in self.trials if trial.number), key=lambda trial: trial.number
        )


def tune_view(whole: Any) -> TuneView:
    """Return what the page is made of.

    Parameters
    ----------
    whole : object
        As ``tune.json`` holds it.

    Raises
    ------
    TuneError
        If it is something else.
    """
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        message = f"no object of format {FORMAT}"
        raise TuneError(message)
    try:
        goals = tuple(_goal(each) for each in whole["objectives"])
        knobs = tuple(_knob(each) for each in whole["space"])
        trials = tuple(_trials(whole, knobs))
        return TuneView(
            goals=goals,
            knobs=knobs,
            trials=trials,
            apart=None if any(trial.chosen for trial in trials) else _apart(whole, knobs),
            turns=tuple(_turn(each) for each in whole["sensitivity"]),
            changes=tuple(_turn(each) for each in whole["changes"]),
            proof=tuple(_moved(each) for each in whole["verification"]["effects"]),
            passed=bool(whole["verdict"]["passed"]),
            whole=whole,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        message = f"{type(error).__name__}: {error}"
        raise TuneError(message) from error


def _goal(each: Mapping[str, Any]) -> Goal:
    return Goal(
        each["name"], each["words"], each["unit"], each["better"] == "less", float(each["step"])
    )


def _knob(each: Mapping[str, Any]) -> Knob:
    low, high, now = float(each["low"]), float(each["high"]), float(each["now"])
    return Knob(each["key"], each["words"], each["unit"], low, high, now)


def _trials(whole: Mapping[str, Any], knobs: Sequence[Knob]) -> list[Trial]:
    """Return every candidate; members of the front are candidates too, known by their dials."""
    keys = [knob.key for knob in knobs]
    front = {_place(each["settings"], keys): each for each in whole["front"]}
    given = _place(whole["given"], keys)
    chosen = _place(whole["chosen"]["settings"], keys)
    found = []
    for each in whole["candidates"]:
        point = {key: float(each["point"][key]) for key in keys}
        place = _place(point, keys)
        member = front.get(place)
        values = each["values"] or {}
        against = tuple(str(reason) for reason in each["against"])
        kind = "front" if member else "against" if against or not values else "tried"
        found.append(
            Trial(
                point=point,
                values={name: float(at) for name, at in values.items() if at is not None},
                against=against,
                kind=kind,
                number=int(member["number"]) if member else 0,
                knee=bool(member and member["knee"]),
                given=place == given,
                chosen=place == chosen,
            )
        )
    return found


def _apart(whole: Mapping[str, Any], knobs: Sequence[Knob]) -> Trial | None:
    """Return a suggestion that is no trial; ``None`` where no walk of it came to anything.

    Every turn of a dial begins at the suggestion, and is walked by the search's seeds.
    """
    measured = [turn["effects"] for turn in whole["sensitivity"] if turn["effects"]]
    if not measured:
        return None
    values = {each["objective"]: each["before"] for each in measured[0]}
    return Trial(
        point={knob.key: float(whole["chosen"]["settings"][knob.key]) for knob in knobs},
        values={name: float(at) for name, at in values.items() if at is not None},
        against=(),
        kind="tried",
        chosen=True,
    )


def _place(settings: Mapping[str, Any], keys: Sequence[str]) -> tuple[float, ...]:
    return tuple(round(float(settings[key]), 6) for key in keys)


def _turn(each: Mapping[str, Any]) -> Turn:
    return Turn(
        key=each["key"],
        before=float(each["before"]),
        after=float(each["after"]),
        effects=tuple(_moved(effect) for effect in each["effects"]),
        problem=str(each["problem"]),
    )


def _moved(each: Mapping[str, Any]) -> Moved:
    return Moved(
        objective=each["objective"],
        before=each["before"],
        after=each["after"],
        difference=float(each["difference"]),
        low=each["low"],
        high=each["high"],
        matters=bool(each["matters"]),
    )
