"""The whole course: search, choose, take out what does nothing, prove it, explain it."""

from collections.abc import Callable, Sequence
from typing import Final

from fes_ctrl.tuning.around import Around, ablations, programs_of, put_back, sensitivity
from fes_ctrl.tuning.choice import Front, offered
from fes_ctrl.tuning.job import Job, Row
from fes_ctrl.tuning.locks import held
from fes_ctrl.tuning.measure import resolved
from fes_ctrl.tuning.promise import Verdict, verify
from fes_ctrl.tuning.question import Question
from fes_ctrl.tuning.result import Found
from fes_ctrl.tuning.search import Candidate, Search
from fes_ctrl.tuning.sentences import sentence
from fes_ctrl.tuning.space import Check, Point, given
from fes_ctrl.tuning.study import Study

TELLING: Final = 5
"""So many of the unseen seeds tell what each change does."""

Stage = Callable[[str, int, int | None], None]
"""Called with what is being done, how many walks of it are done, and of how many where known."""

Walker = Callable[[Sequence[Job], Callable[[], None]], list[Row]]
"""Walks jobs; calls the second argument as each is done."""


class NoSuchChoiceError(ValueError):
    """A number that the front does not have."""


def tune(
    question: Question,
    study: Study,
    walk: Walker,
    check: Check,
    *,
    walks: int,
    unseen: Sequence[int],
    rule: str,
    stage: Stage,
) -> Found:
    """Search, and say what was found.

    Parameters
    ----------
    question : Question
        What is asked.
    study : Study
        Where the search is written down; others may take part in it.
    walk : callable
        Walks jobs, and tells of each.
    check : callable
        Tells what limits and device have against settings.
    walks : int
        Of the search.
    unseen : sequence of int
        Seeds that it must not see.
    rule : str
        ``knee``, ``keep`` or a number of the front.
    stage : callable
        Hears how far it is.

    Raises
    ------
    SearchError
        If the given program cannot be walked.
    NoSuchChoiceError
        If the front has no such number.
    """

    def batch(jobs: Sequence[Job]) -> list[Row]:
        # The search is told batch by batch, and counts only what is new to it.
        return walk(jobs, lambda: None)

    search = Search(question, study, batch, check, walks, lambda used: stage("search", used, walks))
    search.run()
    # Whoever takes part comes by here; the first one walks, the others find its rows.
    with held(study.folder / "finishing.lock"):
        return _finish(search, walk, check, unseen=unseen, rule=rule, stage=stage)


def _finish(
    search: Search, walk: Walker, check: Check, *, unseen: Sequence[int], rule: str, stage: Stage
) -> Found:
    question = search.question
    start = given(question.dials)
    candidates = search.candidates()
    base = next(one.measured for one in candidates if one.point == start)
    front = offered(question, candidates, base)
    picked = _pick(front, rule, start)

    done = 0
    total: int | None = None

    def one_more() -> None:
        nonlocal done
        done += 1
        stage("proof", done, total)

    def told(jobs: Sequence[Job]) -> list[Row]:
        return walk(jobs, one_more)

    seen = Around(question, told, question.seeds, base)
    proof = Around(question, told, unseen, base)
    telling = Around(question, told, unseen[:TELLING], base)
    chosen = picked
    if rule in {"knee", "keep"} and picked != start:
        chosen = put_back(question, seen, check, picked, base)
    cuts = ablations(question, chosen)
    nudges = sensitivity(question, check, chosen)
    total = done + telling.ahead(programs_of(cuts)) + seen.ahead(programs_of(nudges))
    if chosen != start:
        total += proof.ahead([start, chosen])
    stage("proof", done, total)
    verdict = verify(question, proof, chosen, "charge" if rule == "keep" else "")
    if not front.members:
        verdict = Verdict(False, (_why_none(candidates),), (), (), ())
    changes = telling.changes(cuts)
    turns = seen.changes(nudges)
    objectives = resolved(question, base)
    return Found(
        question=question,
        objectives=objectives,
        candidates=tuple(candidates),
        refused=tuple(search.study.refused()),
        base=base,
        front=front,
        rule=rule,
        chosen=chosen,
        picked=picked,
        verdict=verdict,
        unseen=tuple(unseen),
        changes=tuple(changes),
        turns=tuple(turns),
        sentences=tuple([sentence(change, objectives) for change in changes]),
        walks={
            "search": search.used(),
            "around": seen.walks,
            "proof": proof.walks,
            "changes": telling.walks,
        },
    )


def _pick(front: Front, rule: str, start: Point) -> Point:
    if not front.members or front.knee is None:
        return start
    if rule == "knee":
        return front.members[front.knee].point
    if rule == "keep":
        return start if front.frugal is None else front.frugal.point
    number = int(rule)
    if not 1 <= number <= len(front.members):
        message = f"--choose {rule}: the front has numbers 1 to {len(front.members)}"
        raise NoSuchChoiceError(message)
    return front.members[number - 1].point


def _why_none(candidates: Sequence[Candidate]) -> str:
    counts: dict[str, int] = {}
    for one in candidates:
        for name in ("failed",) if one.judged is None else one.judged.against:
            counts[name] = counts.get(name, 0) + 1
    most = sorted(counts, key=lambda name: -counts[name])
    words = ", ".join(f"{name.replace('_', ' ')} {counts[name]} times" for name in most[:3])
    return f"of {len(candidates)} candidates none is bearable and confirmed; against them: {words}"
