"""Who walks: patients, and patients like them, spread evenly over what is uncertain of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from fes_ctrl.tuning.job import settings_of
from fes_ctrl.tuning.proposals import seed_of
from fes_ctrl.tuning.question import Member


@dataclass(frozen=True, slots=True)
class Spread:
    """A value of the configuration that is not known better than this: dotted key and ends."""

    key: str
    low: float
    high: float


def population(
    patients: Sequence[str], spreads: Sequence[Spread], each: int, seed: int
) -> tuple[Member, ...]:
    """Return who walks: each patient as his file has him, then others like him.

    Parameters
    ----------
    patients : sequence of str
        Names or files.
    spreads : sequence of Spread
        What differs among those alike; none: nothing does.
    each : int
        How many of each patient, himself included.
    seed : int
        Of the Latin hypercube that the others come from.
    """
    from scipy.stats import qmc

    members = []
    for patient in patients:
        members.append(Member(patient))
        if not spreads or each < 2:
            continue
        cube = qmc.LatinHypercube(len(spreads), rng=seed_of("population", patient, seed))
        for row in cube.random(each - 1):
            values: dict[str, object] = {
                spread.key: round(spread.low + float(share) * (spread.high - spread.low), 6)
                for spread, share in zip(spreads, row, strict=True)
            }
            members.append(Member(patient, settings_of(values)))
    return tuple(members)
