"""From axes to candidates: every combination, at random, or by a Latin hypercube.

A candidate follows from the axes and the seed of the design alone. What is drawn is rounded to six
digits, so that it can be written down, and is the same wherever ``exp`` differs in its last digit.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fes_ctrl.tuning.config import AxisConfig, SweepConfig, WrongError
from fes_ctrl.tuning.job import Settings, settings_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT: Final = 12
DRAWN: Final = 6
SAMPLED: Final = 10_000_000
"""Of so many combinations none is drawn twice by their numbers; of more, by looking."""

Levels = tuple[object, ...] | None


def levels_of(axis: AxisConfig) -> Levels:
    """Return the values that an axis can take, in order; ``None`` where it is continuous."""
    if axis.values:
        return axis.values
    low, high = _ends(axis)
    if axis.step is not None:
        # A step that does not divide the range stops short of its end; one that does, by the
        # digits of the file, reaches it.
        count = math.floor((high - low) / axis.step * (1 + 1e-9) + 1e-9) + 1
        return tuple(_exact(low + index * axis.step) for index in range(count))
    if axis.points is not None:
        shares = [index / (axis.points - 1) for index in range(axis.points)]
        return tuple(_at(axis, share, EXACT) for share in shares)
    return None


def size_of(config: SweepConfig) -> int | None:
    """Return how many different candidates there can be; ``None``: as many as one likes."""
    size = 1
    for axis in config.axis:
        levels = levels_of(axis)
        if levels is None:
            return None
        size *= len(levels)
    return size


def candidates_of(config: SweepConfig) -> list[Settings]:
    """Return the settings of every candidate, each once, in the order of the design.

    Parameters
    ----------
    config : SweepConfig
        The axes and how they are combined.

    Returns
    -------
    list
        A Latin hypercube over axes of few values may draw one twice; it has fewer then.

    Raises
    ------
    WrongError
        If a random design asks for more different ones than there are.
    """
    levels = [levels_of(axis) for axis in config.axis]
    if config.design == "grid":
        return [
            _settings(config.axis, values) for values in product(*(each or () for each in levels))
        ]
    drawn = (_placed(config.axis, levels, shares) for shares in _shares(config))
    if config.design == "latin_hypercube":
        return list(dict.fromkeys(drawn))
    wanted, size = config.candidates or 0, size_of(config)
    if size is not None and wanted > size:
        message = f"candidates = {wanted}: the axes make {size} different ones; ask for no more"
        raise WrongError("candidates", message)
    if size is not None and size <= SAMPLED:
        numbers = Random(config.design_seed).sample(range(size), wanted)
        return [_numbered(config.axis, levels, number) for number in numbers]
    found: dict[Settings, None] = {}
    while len(found) < wanted:
        found.setdefault(next(drawn))
    return list(found)


def _shares(config: SweepConfig) -> "Iterator[NDArray[Any]]":
    """Yield points of the unit cube: those of a Latin hypercube, or at random without end."""
    rng = np.random.default_rng(config.design_seed)
    if config.design == "latin_hypercube":
        yield from _latin_hypercube(len(config.axis), config.candidates or 0, rng)
        return
    while True:
        yield rng.random(len(config.axis))


def _latin_hypercube(dimensions: int, count: int, rng: np.random.Generator) -> "NDArray[Any]":
    from scipy.stats import qmc

    try:
        sampler = qmc.LatinHypercube(dimensions, rng=rng)
    except TypeError:  # so it was called before SciPy 1.15
        sampler = qmc.LatinHypercube(dimensions, seed=rng)
    shares: NDArray[Any] = sampler.random(count)
    return shares


def _placed(
    axes: Sequence[AxisConfig], levels: Sequence[Levels], shares: "NDArray[Any]"
) -> Settings:
    """Return a point of the unit cube as settings."""
    values: list[object] = []
    for axis, some, share in zip(axes, levels, shares, strict=True):
        if some is None:
            values.append(_at(axis, float(share), DRAWN))
        else:
            values.append(some[min(int(share * len(some)), len(some) - 1)])
    return _settings(axes, values)


def _numbered(axes: Sequence[AxisConfig], levels: Sequence[Levels], number: int) -> Settings:
    """Return one of the combinations by its number."""
    values: list[object] = []
    for some in levels:
        if some is None:
            raise ValueError(number)
        number, index = divmod(number, len(some))
        values.append(some[index])
    return _settings(axes, values)


def _settings(axes: Sequence[AxisConfig], values: Sequence[object]) -> Settings:
    return settings_of({axis.key: value for axis, value in zip(axes, values, strict=True)})


def _ends(axis: AxisConfig) -> tuple[int | float, int | float]:
    if axis.min is None or axis.max is None:
        raise ValueError(axis.key)
    return axis.min, axis.max


def _at(axis: AxisConfig, share: float, digits: int) -> float:
    """Return the value at a share of a range, on its scale and within its ends."""
    low, high = _ends(axis)
    if axis.scale == "log":
        value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    else:
        value = low + share * (high - low)
    return min(max(float(f"{value:.{digits}g}"), float(low)), float(high))


def _exact(value: float) -> int | float:
    return value if isinstance(value, int) else float(f"{value:.{EXACT}g}")
