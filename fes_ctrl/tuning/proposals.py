"""What to try next: a pure function of what is known, so that a search can stop and go on.

The first candidates lie on a pattern: each dial half way to either end, then a Latin hypercube.
After them a tree-structured Parzen estimator of Optuna proposes, made anew for every batch from
what is known and a seed: it remembers nothing that is not written down.

References
----------
Ozaki Y. et al., Multiobjective tree-structured Parzen estimator, J Artif Intell Res 73:1209, 2022.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fes_ctrl.tuning.space import Dial, Point, given

TRIES: Final = 25
"""A proposal that was tried before is made again, so often."""
REFUSED: Final = 1000.0
"""As grave as that is a configuration that cannot be walked."""
SPREAD: Final = 2
"""Candidates of the Latin hypercube for each dial."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a candidate.

    Attributes
    ----------
    point : tuple of float
        Where it is.
    costs : tuple of float or None
        ``None``: it is being walked, or could not be.
    against : dict of str to float
        As ``Judged.against``.
    walking : bool
        Whether it is being walked.
    """

    point: Point
    costs: tuple[float, ...] | None
    against: dict[str, float]
    walking: bool = False


def seed_of(*parts: object) -> int:
    """Return a seed that follows from all parts."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def pattern(dials: Sequence[Dial], seed: int) -> list[Point]:
    """Return the first candidates, the given program first; none twice.

    Parameters
    ----------
    dials : sequence of Dial
        What is turned.
    seed : int
        Of the hypercube.
    """
    from scipy.stats import qmc

    middle = tuple([dial.home for dial in dials])
    points = [given(dials), middle]
    for index, dial in enumerate(dials):
        for end in (dial.low, dial.high):
            half = dial.nearest((dial.home + end) / 2)
            points.append((*middle[:index], half, *middle[index + 1 :]))
    cube = qmc.LatinHypercube(len(dials), rng=seed_of("pattern", seed))
    for row in cube.random(SPREAD * len(dials)):
        at = [d.low + float(share) * (d.high - d.low) for d, share in zip(dials, row, strict=True)]
        points.append(tuple([d.nearest(value) for d, value in zip(dials, at, strict=True)]))
    return list(dict.fromkeys(points))


def propose(dials: Sequence[Dial], past: Sequence[Past], count: int, seed: int) -> list[Point]:
    """Return new candidates; fewer than asked for where nothing new is found any more.

    Parameters
    ----------
    dials : sequence of Dial
        What is turned.
    past : sequence of Past
        What is known, in a fixed order; at least one was walked.
    count : int
        How many.
    seed : int
        The same past and seed give the same proposals.
    """
    import optuna
    from optuna.distributions import BaseDistribution, FloatDistribution
    from optuna.trial import TrialState, create_trial

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ends: dict[str, BaseDistribution] = {d.key: FloatDistribution(*d.span) for d in dials}
    walked = [known.costs for known in past if known.costs is not None]
    worst = [max(costs) for costs in zip(*walked, strict=True)]
    sampler = optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=0, multivariate=True, constant_liar=True
    )
    study = optuna.create_study(directions=["minimize"] * len(worst), sampler=sampler)
    for known in past:
        params = {dial.key: at for dial, at in zip(dials, known.point, strict=True)}
        if known.walking:
            trial = create_trial(state=TrialState.RUNNING, params=params, distributions=ends)
        else:
            costs, against = known.costs, known.against
            if costs is None:
                costs, against = tuple(worst), {"refused": REFUSED}
            trial = create_trial(
                values=costs,
                params=params,
                distributions=ends,
                constraints={"against": sum(against.values())},
            )
        study.add_trial(trial)
    tried = {known.point for known in past}
    found: list[Point] = []
    for _ in range(TRIES * count):
        if len(found) == count:
            break
        params = study.ask(ends).params
        point = tuple([dial.nearest(params[dial.key]) for dial in dials])
        if point not in tried:
            tried.add(point)
            found.append(point)
    return found
