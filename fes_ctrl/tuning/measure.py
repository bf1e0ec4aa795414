"""From the rows of a candidate's walks to its values, and to what speaks against it.

Candidates are compared on the same patients and seeds: what one was walked less often is put in
relation to the given program on those same walks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Final

from fes_ctrl.tuning.job import Row
from fes_ctrl.tuning.objectives import (
    BY_NAME,
    IN_BAD_WALKS,
    NEVER,
    Objective,
    over_members,
    value_of,
    violations_of,
)
from fes_ctrl.tuning.question import Question

HAIR: Final = 1e-9
GRAVE: Final = 10.0
"""What is forbidden weighs more than any loss of a few steps."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a candidate's walks came to.

    Attributes
    ----------
    values : dict of int to tuple of float
        By seed: each objective, over the members.
    counts : dict of int to dict of str to int
        By seed: how often it did what no program may do more often than the given one.
    problem : str
        Why there are no values; empty where there are.
    """

    values: dict[int, tuple[float, ...]] = field(default_factory=dict)
    counts: dict[int, dict[str, int]] = field(default_factory=dict)
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "values": {str(seed): list(values) for seed, values in self.values.items()},
            "counts": {str(seed): counts for seed, counts in self.counts.items()},
            "problem": self.problem,
        }

    @classmethod
    def of_dict(cls, known: Mapping[str, Any]) -> "Measured":
        """Return what ``as_dict`` gave."""
        return cls(
            {int(seed): tuple(values) for seed, values in known["values"].items()},
            {int(seed): dict(counts) for seed, counts in known["counts"].items()},
            str(known["problem"]),
        )


def measure(question: Question, seeds: Sequence[int], rows: Sequence[Row]) -> Measured:
    """Return what the walks of a candidate came to.

    Parameters
    ----------
    question : Question
        Its members and objectives.
    seeds : sequence of int
        By which it was walked.
    rows : sequence of Row
        Of ``question.jobs(point, seeds)``, in that order.
    """
    failed = next((row for row in rows if not row["ok"]), None)
    if failed is not None:
        return Measured(problem=str(failed["error"]))
    found = Measured()
    each, members = question.each, len(question.members)
    for index, seed in enumerate(seeds):
        walks = rows[index * each : (index + 1) * each]
        plain, astray = walks[:members], walks[members:]
        values = []
        for objective in question.objectives:
            known = [value_of(objective, row) for row in (astray if objective.astray else plain)]
            if any(value is None for value in known):
                return Measured(problem=f"{objective.words}: unknown; {_lacking(objective)}")
            values.append(over_members(objective, [value for value in known if value is not None]))
        found.values[seed] = tuple(values)
        counts: dict[str, int] = {}
        found.counts[seed] = counts
        for some, ending in ((plain, ""), (astray, IN_BAD_WALKS)):
            for row in some:
                for name, count in violations_of(row).items():
                    counts[name + ending] = counts.get(name + ending, 0) + count
    return found


def _lacking(objective: Objective) -> str:
    if objective.astray:
        return "no settled stride went astray; walk for longer, or let more of them"
    return "there was no settled stride"


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate beside the given program.

    Attributes
    ----------
    values : tuple of float
        Each objective, put in relation to the given program over all seeds.
    costs : tuple of float
        The same as costs: less is better, enough is enough.
    against : dict of str to float
        What speaks against it and how gravely, in steps; empty where nothing does.
    """

    values: tuple[float, ...]
    costs: tuple[float, ...]
    against: dict[str, float]


def judge(question: Question, one: Measured, given: Measured) -> Judged:
    """Return what a candidate is worth beside the given program.

    What has to hold has to hold on each seed that it was walked by: the search picks the extreme
    of many, and means alone would let it pick luck.

    Parameters
    ----------
    question : Question
        The objectives, in their own units, and what is to be reached.
    one, given : Measured
        Both without a problem; the given one by all of the seeds.
    """
    against: dict[str, float] = {}
    for seed, counts in one.counts.items():
        for name, count in counts.items():
            never = name.removesuffix(IN_BAD_WALKS) in NEVER
            excess = count if never else count - given.counts[seed].get(name, 0)
            if excess > 0:
                against[name] = against.get(name, GRAVE) + excess
    reach = dict(question.reach)
    values, costs = [], []
    for index, objective in enumerate(resolved(question, given)):
        pairs = [(one.values[s][index], given.values[s][index]) for s in one.values]
        middle = fmean([values[index] for values in given.values.values()])
        values.append(middle + fmean([mine - theirs for mine, theirs in pairs]))
        costs.append(objective.cost(values[-1]))
        beyond = beyond_loss(objective, pairs)
        if objective.name in reach:
            beyond = max(
                beyond, *[objective.loss(mine, reach[objective.name]) for mine, _ in pairs]
            )
        if beyond > HAIR:
            against[objective.name] = beyond / objective.step
    return Judged(tuple(values), tuple(costs), against)


def resolved(question: Question, given: Measured) -> tuple[Objective, ...]:
    """Return the objectives with steps and losses in their own units."""
    return tuple(
        [
            objective.against(fmean([values[index] for values in given.values.values()]))
            for index, objective in enumerate(question.objectives)
        ]
    )


def beyond_loss(objective: Objective, pairs: Sequence[tuple[float, float]]) -> float:
    """Return by how much the worst of pairs loses more than it may; at most 0 where none does."""
    if objective.may_lose is None:
        return 0.0
    return max(objective.loss(mine, theirs) - objective.may_lose for mine, theirs in pairs)


def objectives_of(names: Sequence[str]) -> tuple[Objective, ...]:
    """Return objectives by their names, in the order of the table."""
    return tuple([objective for name, objective in BY_NAME.items() if name in names])
