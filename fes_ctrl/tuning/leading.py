"""The candidate of a sweep that is told first: the best among those that passed what is asked.

The lowest charge alone is no merit: the least is that of bursts too short to lift the foot. So the
best is looked for among candidates that met the scenario's bounds in every walk; where there are
none, among those that did so in as many of their walks as the baseline, or in most of them where
the baseline did so in none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fes_ctrl.tuning.statistics import Candidate


@dataclass(frozen=True, slots=True)
class Leading:
    """Which candidate is told first, and among which it is the best.

    Attributes
    ----------
    candidate : Candidate
        The best of the field.
    extreme : Candidate
        The best of all, whether it passed or not.
    field : tuple of Candidate
        Those among which it is the best, in order.
    remark : str
        A sentence where none passed every walk, else empty.
    among : str
        Who the field are, in words that follow "of".
    """

    candidate: Candidate
    extreme: Candidate
    field: tuple[Candidate, ...]
    remark: str
    among: str


def leading(order: Sequence[Candidate], figure: str) -> Leading | None:
    """Return the candidate that is told first; ``None`` where the figure is known of none.

    Parameters
    ----------
    order : sequence of Candidate
        As ``ranked`` gives them, by that figure.
    figure : str
        Its whole name.
    """
    known = [each for each in order if figure in each.figures]
    if not known:
        return None
    baseline = next((each for each in order if not each.settings), None)
    remark, among, may = _rule(known, baseline)
    if any(each.passed and each not in known for each in order):
        remark = remark.replace("No candidate", "No candidate that has this figure")
    field = tuple(each for each in known if may(each))
    if may is not _any:
        among += f" ({len(field)} of {len(order)})"
    return Leading(field[0], known[0], field, remark, among)


def passed(candidate: Candidate) -> str:
    """Return in how many of its walks a candidate met every bound, in words."""
    return f"passed {candidate.passed} of {candidate.walks} walks"


def passed_all(candidate: Candidate) -> bool:
    """Return whether a candidate met every bound in every walk; one without a result met none."""
    return candidate.passed == candidate.walks


def _rule(
    known: Sequence[Candidate], baseline: Candidate | None
) -> tuple[str, str, Callable[[Candidate], bool]]:
    """Return of whom the best is looked for: a remark, in words, and whether one is of them."""
    if any(map(passed_all, known)):
        return "", "the candidates that passed every walk", passed_all
    most = max(map(_share, known))
    if most == 0.0:
        return "No candidate passed a walk.", "all", _any
    remark = "No candidate passed every walk."
    if baseline is None or baseline not in known or not baseline.passed:
        return remark, "the candidates that passed most walks", lambda each: _share(each) == most
    least = _share(baseline)
    words = "the candidates that passed as many walks as the baseline"
    return remark, words, lambda each: _share(each) >= least


def _any(_: Candidate) -> bool:
    return True


def _share(candidate: Candidate) -> float:
    return candidate.passed / candidate.walks
