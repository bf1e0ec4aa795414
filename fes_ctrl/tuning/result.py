"""Everything that a search found, as one object and as a table."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from fes_ctrl.tuning.around import Change, Effect
from fes_ctrl.tuning.choice import RULES, Front, spread
from fes_ctrl.tuning.measure import Measured
from fes_ctrl.tuning.objectives import Objective
from fes_ctrl.tuning.promise import Verdict
from fes_ctrl.tuning.question import Question
from fes_ctrl.tuning.search import Candidate
from fes_ctrl.tuning.space import Point, given
from fes_ctrl.tuning.study import Refused

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Attributes
    ----------
    question : Question
        What was asked.
    objectives : tuple of Objective
        With steps in their own units.
    candidates : tuple of Candidate
        All that were walked.
    refused : tuple of Refused
        All that could not be.
    base : Measured
        The given program, by the search's seeds.
    front : Front
        What is offered.
    rule : str
        By which one was taken.
    chosen : tuple of float
        The one, without changes that do nothing.
    picked : tuple of float
        The one with them.
    verdict : Verdict
        What the unseen seeds say of it.
    unseen : tuple of int
        Those seeds.
    changes, turns : tuple of Change
        What each of its changes does, and what turning each dial from it would.
    sentences : tuple of str
        The changes, in words.
    walks : dict of str to int
        How many were walked for what.
    """

    question: Question
    objectives: tuple[Objective, ...]
    candidates: tuple[Candidate, ...]
    refused: tuple[Refused, ...]
    base: Measured
    front: Front
    rule: str
    chosen: Point
    picked: Point
    verdict: Verdict
    unseen: tuple[int, ...]
    changes: tuple[Change, ...]
    turns: tuple[Change, ...]
    sentences: tuple[str, ...]
    walks: dict[str, int]

    @property
    def unchanged(self) -> bool:
        """Whether the chosen program is the given one: nothing was promised, nothing proved."""
        return self.chosen == given(self.question.dials)


def as_object(found: Found) -> dict[str, Any]:
    """Return it all as JSON holds it; what is unknown is null."""
    question = found.question
    keys = [dial.key for dial in question.dials]
    names = [objective.name for objective in found.objectives]
    far = spread(question, found.front.members, found.base)
    start = given(question.dials)

    def settings(point: Point) -> dict[str, object]:
        return {dial.key: dial.value(at) for dial, at in zip(question.dials, point, strict=True)}

    def outcome(candidate: Candidate) -> dict[str, Any]:
        judged = candidate.judged
        return {
            "values": None if judged is None else dict(zip(names, judged.values, strict=True)),
            "against": {"failed": candidate.measured.problem} if judged is None else judged.against,
        }

    whole = {
        "format": FORMAT,
        "scenario": question.scenario,
        "duration_s": question.duration_s,
        "settings": dict(question.base),
        "patients": [
            {"patient": member.patient, "settings": dict(member.settings)}
            for member in question.members
        ],
        "seeds": list(question.seeds),
        "unseen_seeds": list(found.unseen),
        "seed": question.seed,
        "digest": question.digest(),
        "code": question.code,
        "walks": found.walks,
        "space": [asdict(dial) for dial in question.dials],
        "objectives": [asdict(objective) for objective in found.objectives],
        "reach": dict(question.reach),
        "bad_strides": dict(question.astray),
        "steer": question.steer,
        "given": settings(start),
        "candidates": [
            {
                "point": dict(zip(keys, one.point, strict=True)),
                "kind": one.kind,
                "seeds": len(one.measured.values),
                "confirmed": one.confirmed,
                **outcome(one),
            }
            for one in found.candidates
        ],
        "refused": [
            {"point": dict(zip(keys, one.point, strict=True)), "why": one.why}
            for one in found.refused
        ],
        "front": [
            {
                "number": number,
                "settings": settings(one.point),
                "knee": number - 1 == found.front.knee,
                "given": one.point == start,
                "from_ideal": far[number - 1],
                **outcome(one),
            }
            for number, one in enumerate(found.front.members, 1)
        ],
        "chosen": {
            "rule": found.rule,
            "means": RULES.get(found.rule, "the number that was asked for"),
            "settings": settings(found.chosen),
            "put_back": [
                dial.key
                for dial, was, now in zip(question.dials, found.picked, found.chosen, strict=True)
                if was != now
            ],
        },
        "verification": {
            "effects": [_effect(effect) for effect in found.verdict.effects],
            "promises": [asdict(kept) for kept in found.verdict.promises],
            "better": list(found.verdict.better),
        },
        "changes": [_change(change) for change in found.changes],
        "sensitivity": [_change(change) for change in found.turns],
        "suggestions": list(found.sentences),
        "verdict": {"passed": found.verdict.passed, "reasons": list(found.verdict.reasons)},
    }
    plain: dict[str, Any] = _plain(whole)
    return plain


def as_csv(found: Found) -> str:
    """Return a line a candidate: why it was walked, its dials, its values, what is against it."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    keys = [dial.key for dial in found.question.dials]
    names = [objective.name for objective in found.objectives]
    table.writerow(["kind", "seeds", "confirmed", *keys, *names, "against"])
    for one in found.candidates:
        values: Sequence[object] = [""] * len(names)
        against = f"failed: {one.measured.problem}"
        if one.judged is not None:
            values = [f"{value:.6g}" for value in one.judged.values]
            against = "; ".join(one.judged.against)
        head = [one.kind, len(one.measured.values), int(one.confirmed)]
        table.writerow([*head, *[f"{at:g}" for at in one.point], *values, against])
    for refused in found.refused:
        at = [f"{value:g}" for value in refused.point]
        table.writerow(["refused", 0, 0, *at, *[""] * len(names), refused.why])
    return out.getvalue()


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "objective": effect.objective,
        "before": effect.before,
        "after": effect.after,
        "difference": effect.difference.mean,
        "low": effect.difference.low,
        "high": effect.difference.high,
        "seeds": effect.difference.seeds,
        "matters": effect.matters,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "key": change.dial.key,
        "before": change.before,
        "after": change.after,
        "effects": [_effect(effect) for effect in change.effects],
        "problem": change.problem,
    }


def _plain(value: Any) -> Any:
    """Return it without NaN and with no more digits than tell something."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
