"""The search itself: plan a batch, walk it, write down what came of it, until the walks are used.

Most of the walks explore: each candidate is walked by the first seed only. The rest confirm: the
best of what was explored are walked by all of the seeds, and only those can be chosen.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fes_ctrl.tuning.job import Job, Row
from fes_ctrl.tuning.measure import Judged, Measured, judge, measure, resolved
from fes_ctrl.tuning.pareto import distances, front
from fes_ctrl.tuning.proposals import Past, pattern, propose, seed_of
from fes_ctrl.tuning.question import Question
from fes_ctrl.tuning.space import Check, Point, given, settings_at
from fes_ctrl.tuning.study import Kind, Known, Study

Walk = Callable[[Sequence[Job]], list[Row]]
"""Walks jobs; returns their rows in the same order."""

CONFIRMS: Final = 0.25
"""Share of the walks that confirm."""
NAP_S: Final = 0.2
"""Between looks at what others who take part still walk."""
REFUSALS: Final = 20
"""So often a batch is proposed anew for candidates that are refused."""

Plan = tuple[Kind, list[tuple[Point, tuple[int, ...], int]]]


class SearchError(RuntimeError):
    """The search cannot go on: why, and what to do."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate, as far as it was walked.

    Attributes
    ----------
    point : tuple of float
        Where its dials stand.
    measured : Measured
        What its walks came to.
    judged : Judged or None
        What it is worth; ``None`` where its walk failed.
    confirmed : bool
        Whether it was walked by all of the seeds.
    kind : str
        Why it was walked.
    """

    point: Point
    measured: Measured
    judged: Judged | None
    confirmed: bool
    kind: str

    @property
    def bearable(self) -> bool:
        """Whether nothing speaks against it."""
        return self.judged is not None and not self.judged.against


class Search:
    """One who takes part in a search.

    Parameters
    ----------
    question : Question
        What is asked.
    study : Study
        Where it is written down.
    walk : callable
        Walks jobs.
    check : callable
        Tells what limits and device have against settings, before any walk.
    walks : int
        How many there may be in all, those of the given program included.
    done : callable or None
        Called with the number of walks that are used, now and then.
    """

    def __init__(
        self,
        question: Question,
        study: Study,
        walk: Walk,
        check: Check,
        walks: int,
        done: Callable[[int], None] | None = None,
    ) -> None:
        self.question = question
        self.study = study
        self._walk = walk
        self._check = check
        self._walks = walks
        self._base: Measured | None = None
        self._done = done or (lambda _used: None)

    def run(self) -> None:
        """Take part until the walks are used.

        Raises
        ------
        SearchError
            If the given program itself cannot be walked.
        """
        while True:
            claims, others = self.study.claim(self._plan, self.question.together)
            if not claims:
                if not others:
                    return
                time.sleep(NAP_S)
                continue
            jobs = [self.question.jobs(c.entry.point, c.entry.seeds) for c in claims]
            rows = self._walk([job for some in jobs for job in some])
            for claim, some in zip(claims, jobs, strict=True):
                mine, rows = rows[: len(some)], rows[len(some) :]
                measured = measure(self.question, claim.entry.seeds, mine)
                base = measured if claim.entry.kind == "given" else self._given()
                if base is None or (claim.entry.kind == "given" and measured.problem):
                    why = measured.problem or "it was not walked"
                    message = f"the given program cannot be walked: {why}"
                    raise SearchError(message)
                judged = None if measured.problem else judge(self.question, measured, base)
                self.study.tell(claim, measured, judged)
            self._done(self.used())

    def used(self) -> int:
        """Return how many walks are planned or done."""
        return sum(entry.walks for entry in self.study.entries())

    def candidates(self) -> list[Candidate]:
        """Return what was walked, in order of the plan; of a candidate what is known best."""
        base = self._given()
        found: dict[Point, Candidate] = {}
        for known in self.study.known():
            measured = known.measured
            if measured is None or base is None:
                continue
            judged = None if measured.problem else judge(self.question, measured, base)
            confirmed = len(known.entry.seeds) == len(self.question.seeds)
            before = found.get(known.entry.point)
            kind = known.entry.kind if before is None else before.kind
            found[known.entry.point] = Candidate(
                known.entry.point, measured, judged, confirmed, kind
            )
        return list(found.values())

    def _given(self) -> Measured | None:
        if self._base is None:
            found = [k.measured for k in self.study.known() if k.entry.kind == "given"]
            self._base = found[0] if found else None
        return self._base

    def _plan(self, study: Study) -> Plan | None:
        """Return the next batch: a function of what is written down alone."""
        question = self.question
        each, seeds = question.each, question.seeds
        if not study.batches:
            walks = each * len(seeds)
            return "given", [(given(question.dials), seeds, walks)]
        known = study.known()
        if any(k.entry.kind == "given" and k.walking for k in known):
            return None
        used = self.used()
        confirming = int(CONFIRMS * self._walks) if len(seeds) > 1 else 0
        spent = sum(e.walks for e in study.entries() if e.kind != "confirm")
        left = min(self._walks - confirming - spent, self._walks - used)
        count = min(question.together, left // each)
        if count > 0:
            points = self._explore(known, count)
            if points:
                kind, chosen = points
                return kind, [(point, seeds[:1], each) for point in chosen]
        if any(k.walking for k in known):
            # What is confirmed depends on all that was explored.
            return None
        more = each * (len(seeds) - 1)
        count = min(question.together, (self._walks - used) // more) if more else 0
        best = self._to_confirm()[: max(count, 0)]
        return ("confirm", [(point, seeds, more) for point in best]) if best else None

    def _explore(self, known: Sequence[Known], count: int) -> tuple[Kind, list[Point]] | None:
        question, batch = self.question, self.study.batches
        recorded = self.study.refused()
        # What was refused for this very batch by one who was killed over it is not known yet.
        bad = [refused.point for refused in recorded if refused.batch < batch]
        seen = {refused.point for refused in recorded}
        good: list[Point] = []

        def sort(points: Sequence[Point]) -> None:
            for point in points:
                if len(good) == count:
                    return
                why = self._check(settings_at(question.dials, point))
                if not why:
                    good.append(point)
                    continue
                bad.append(point)
                if point not in seen:
                    self.study.refuse(point, why)

        tried = {*bad, *[entry.point for entry in self.study.entries()]}
        sort([p for p in pattern(question.dials, question.seed) if p not in tried])
        if good:
            return "pattern", good
        past = self._past(known)
        for attempt in range(REFUSALS):
            now = [*past, *[Past(point, None, {}) for point in bad]]
            now += [Past(point, None, {}, walking=True) for point in good]
            seed = seed_of("search", question.seed, batch, attempt)
            new = propose(question.dials, now, count - len(good), seed)
            sort(new)
            if not new or len(good) == count:
                break
        return ("search", good) if good else None

    def _past(self, known: Sequence[Known]) -> list[Past]:
        """Return what is known of the candidates that were planned, in order of the plan."""
        base = self._given()
        past: dict[Point, Past] = {}
        for one in known:
            point = one.entry.point
            if one.measured is None or base is None:
                past.setdefault(point, Past(point, None, {}, walking=True))
            elif one.measured.problem:
                past[point] = Past(point, None, {})
            else:
                judged = judge(self.question, one.measured, base)
                past[point] = Past(point, self._steered(judged), judged.against)
        return list(past.values())

    def _steered(self, judged: Judged) -> tuple[float, ...]:
        if self.question.steer == "front":
            return judged.costs
        names = [objective.name for objective in self.question.objectives]
        return (judged.costs[names.index("charge")],)

    def _to_confirm(self) -> list[Point]:
        """Return what is worth confirming, the best first, as far as it is not confirmed."""
        base = self._given()
        good = [one for one in self.candidates() if one.bearable]
        costs = np.array([self._steered(one.judged) for one in good if one.judged is not None])
        if base is None or not len(costs):
            return []
        if self.question.steer == "charge":
            order = np.argsort(costs[:, 0], kind="stable")
        else:
            steps = [objective.step for objective in resolved(self.question, base)]
            rows = front(costs, steps)
            near = np.array(rows)[np.argsort(distances(costs[rows], steps), kind="stable")]
            order = np.array([*near, *[row for row in range(len(good)) if row not in rows]])
        return [good[row].point for row in order if not good[row].confirmed]
