"""Which of the candidates are offered, and which one is taken home.

Offered is the front of those that were walked by all seeds and that nothing speaks against. Taken
is, by rule, its knee; or the one of least charge; or the number that somebody asks for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from fes_ctrl.tuning.measure import Measured, resolved
from fes_ctrl.tuning.pareto import distances, front, knee
from fes_ctrl.tuning.question import Question
from fes_ctrl.tuning.search import Candidate

Rule = Literal["knee", "keep"]
RULES: Final = {
    "knee": (
        "of the front, the one nearest to the ideal that has the best of each objective, each "
        "scaled by its range over the front"
    ),
    "keep": "the least charge of all that lose no more than they may",
}


@dataclass(frozen=True, slots=True)
class Front:
    """What is offered.

    Attributes
    ----------
    members : tuple of Candidate
        In order of charge, or of the first objective where charge is none.
    knee : int or None
        Which of them; ``None`` of an empty front.
    frugal : Candidate or None
        The one of least charge that is bearable; it need not be a member where another one is as
        good within the least that counts.
    """

    members: tuple[Candidate, ...]
    knee: int | None
    frugal: Candidate | None


def offered(question: Question, candidates: Sequence[Candidate], given: Measured) -> Front:
    """Return what is offered.

    Parameters
    ----------
    question : Question
        Its objectives.
    candidates : sequence of Candidate
        All that were walked.
    given : Measured
        The given program's walks.
    """
    good = [one for one in candidates if one.confirmed and one.bearable]
    costs = np.array([one.judged.costs for one in good if one.judged is not None])
    if not len(costs):
        return Front((), None, None)
    names = [objective.name for objective in question.objectives]
    by = names.index("charge") if "charge" in names else 0
    frugal = good[int(np.argmin(costs[:, by]))] if "charge" in names else None
    steps = [objective.step for objective in resolved(question, given)]
    rows = front(costs, steps)
    rows.sort(key=lambda row: (costs[row, by], row))
    return Front(tuple([good[row] for row in rows]), knee(costs[rows], steps), frugal)


def spread(question: Question, members: Sequence[Candidate], given: Measured) -> list[float]:
    """Return how far each member of a front is from the ideal, 0 at best."""
    costs = np.array([one.judged.costs for one in members if one.judged is not None])
    steps = [objective.step for objective in resolved(question, given)]
    return [round(float(value), 4) for value in distances(costs, steps)] if len(costs) else []
