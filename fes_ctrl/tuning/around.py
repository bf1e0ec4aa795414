"""Walks around one program: what each of its changes does, and what turning each dial would do.

Everything is a paired difference: the same patients and seeds with and without one change. Only
what is beyond noise, and above the least that counts, is worth a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fes_ctrl.tuning.difference import beyond_noise, paired
from fes_ctrl.tuning.measure import Measured, judge, measure, resolved
from fes_ctrl.tuning.question import Question
from fes_ctrl.tuning.search import Walk
from fes_ctrl.tuning.space import Check, Dial, Point, settings_at
from fes_ctrl.tuning.statistics import Difference

TURN_SHARE: Final = 0.1
"""A dial is turned by a tenth of its range to see what it does."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one objective does under a change.

    Attributes
    ----------
    objective : str
        Which.
    before, after : float
        Means without the change and with it.
    difference : Difference
        After less before.
    matters : bool
        Whether it is beyond noise and above the least that counts.
    """

    objective: str
    before: float
    after: float
    difference: Difference
    matters: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One dial turned, and what it does.

    Attributes
    ----------
    dial : Dial
        Which.
    before, after : float
        From where to where.
    effects : tuple of Effect
        On every objective; none where the walks failed.
    problem : str
        Why there are none.
    """

    dial: Dial
    before: float
    after: float
    effects: tuple[Effect, ...]
    problem: str = ""


Pair = tuple[Dial, Point, Point]
"""A dial, and the programs without and with a change of it."""


def programs_of(pairs: Sequence[Pair]) -> list[Point]:
    """Return the programs of pairs, in order."""
    return [point for _, one, other in pairs for point in (one, other)]


class Around:
    """Walks around programs, all by the same seeds.

    Parameters
    ----------
    question : Question
        Who walks, and what counts.
    walk : callable
        Walks jobs.
    seeds : sequence of int
        By which.
    base : Measured
        The given program by the search's seeds: it says what the least is that counts.
    """

    def __init__(
        self, question: Question, walk: Walk, seeds: Sequence[int], base: Measured
    ) -> None:
        self.question = question
        self.seeds = tuple(seeds)
        self.objectives = resolved(question, base)
        self._walk = walk
        self._known: dict[Point, Measured] = {}
        self.walks = 0

    def ahead(self, points: Sequence[Point]) -> int:
        """Return how many walks programs will take: those that were walked take none."""
        return len(self._new(points)) * len(self.seeds) * self.question.each

    def _new(self, points: Sequence[Point]) -> list[Point]:
        return [point for point in dict.fromkeys(points) if point not in self._known]

    def all_of(self, points: Sequence[Point]) -> list[Measured]:
        """Walk programs, all at once; each only once."""
        new = self._new(points)
        jobs = [self.question.jobs(point, self.seeds) for point in new]
        rows = self._walk([job for some in jobs for job in some])
        self.walks += len(rows)
        for point, some in zip(new, jobs, strict=True):
            mine, rows = rows[: len(some)], rows[len(some) :]
            self._known[point] = measure(self.question, self.seeds, mine)
        return [self._known[point] for point in points]

    def effects(self, before: Measured, after: Measured) -> tuple[Effect, ...]:
        """Return what a change does on each objective."""
        found = []
        for index, objective in enumerate(self.objectives):
            old = [before.values[seed][index] for seed in self.seeds]
            new = [after.values[seed][index] for seed in self.seeds]
            difference = paired(new, old)
            matters = beyond_noise(difference) and abs(difference.mean) >= objective.step
            found.append(
                Effect(
                    objective.name,
                    sum(old) / len(old),
                    sum(new) / len(new),
                    difference,
                    matters,
                )
            )
        return tuple(found)

    def changes(self, pairs: Sequence[Pair]) -> list[Change]:
        """Return what changes do."""
        measured = self.all_of(programs_of(pairs))
        found = []
        for index, (dial, one, other) in enumerate(pairs):
            before, after = measured[2 * index : 2 * index + 2]
            at = self.question.dials.index(dial)
            problem = before.problem or after.problem
            effects = () if problem else self.effects(before, after)
            found.append(Change(dial, one[at], other[at], effects, problem))
        return found


def without(question: Question, point: Point, at: int) -> Point:
    """Return a program with one of its dials put back to where the given one has it."""
    return _with(point, at, question.dials[at].now)


def _with(point: Point, at: int, value: float) -> Point:
    return (*point[:at], value, *point[at + 1 :])


def changed(question: Question, point: Point) -> list[int]:
    """Return the dials that stand elsewhere than in the given program."""
    return [at for at, dial in enumerate(question.dials) if point[at] != dial.now]


def ablations(question: Question, point: Point) -> list[Pair]:
    """Return what tells what each change of a program does: the program, and it without that."""
    return [
        (question.dials[at], without(question, point, at), point) for at in changed(question, point)
    ]


def put_back(
    question: Question, around: Around, check: Check, point: Point, base: Measured
) -> Point:
    """Return a program without the changes that do nothing that counts.

    One change after the other is put back where nothing then speaks against the program, and no
    objective is worse by the least that counts; ``around`` walks by the search's seeds.
    """
    here = point
    steps = [objective.step for objective in around.objectives]
    for at in changed(question, point):
        simpler = _with(here, at, question.dials[at].home)
        if simpler == here or check(settings_at(question.dials, simpler)):
            continue
        old, new = around.all_of([here, simpler])
        if old.problem or new.problem:
            continue
        was, now = judge(question, old, base), judge(question, new, base)
        if now.against:
            continue
        losses = [mine - theirs for mine, theirs in zip(now.costs, was.costs, strict=True)]
        if all(loss < step for loss, step in zip(losses, steps, strict=True)):
            here = simpler
    return here


def sensitivity(question: Question, check: Check, point: Point) -> list[Pair]:
    """Return what tells what turning each dial a little either way from a program does.

    A little is a tenth of the dial's range, one step at least; a turn that limits or device
    refuse is left out.
    """
    pairs = []
    for at, dial in enumerate(question.dials):
        turn = max(dial.step, round(TURN_SHARE * (dial.high - dial.low) / dial.step) * dial.step)
        for way in (-1, 1):
            value = min(max(round(point[at] + way * turn, 6), dial.low), dial.high)
            turned = _with(point, at, value)
            if (value - point[at]) * way > 0 and not check(settings_at(question.dials, turned)):
                pairs.append((dial, point, turned))
    return pairs
