"""Random values within the bounds that stand at the fields of the configuration classes.

A new field or a new bound is drawn from by itself.
"""

import dataclasses
import math
from collections.abc import Sequence
from random import Random
from typing import Any, Literal, TypeVar, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt

from fes_ctrl.config.build import hints

T = TypeVar("T")

SPREAD: float = 0.7
"""A number is multiplied by 2 to the power of at most this, up or down."""

ZERO_SHARE: float = 0.2
"""Where a number is 0 it becomes at most this share of its upper bound."""


def vary(random: Random, value: T, chance: float, keep: Sequence[str] = ()) -> T:
    """Return a configuration with some of its numbers and choices changed.

    Parameters
    ----------
    random : random.Random
        What decides.
    value : dataclass instance
        Of which to depart; what is inside it is varied too.
    chance : float
        Of each field.
    keep : sequence of str
        Fields that stay as they are.
    """
    cls: Any = type(value)
    fields = hints(cls)
    for field in dataclasses.fields(cls):
        if field.name in keep:
            continue
        old = getattr(value, field.name)
        if dataclasses.is_dataclass(old):
            new: object = vary(random, old, chance, keep)
        else:
            new = _other(random, fields[field.name], old, chance)
        if new == old:
            continue
        try:
            value = dataclasses.replace(value, **{field.name: new})  # type: ignore[type-var]
        except ValueError:
            # It does not go with another field, as thresholds out of order: it stays.
            continue
    return value


def bounds_of(hint: Any) -> tuple[float, float] | None:
    """Return the least and the highest value of a number's annotation; ``None`` without."""
    low = high = math.nan
    for bound in getattr(hint, "__metadata__", ()):
        if isinstance(bound, Ge):
            low = float(str(bound.ge))
        elif isinstance(bound, Gt):
            low = float(str(bound.gt)) + 1e-3
        elif isinstance(bound, Le):
            high = float(str(bound.le))
        elif isinstance(bound, Lt):
            high = float(str(bound.lt)) - 1e-3
    return None if math.isnan(low) or math.isnan(high) else (low, high)


def _other(random: Random, hint: Any, old: object, chance: float) -> object:
    if random.random() >= chance:
        return old
    bare = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    if get_origin(bare) is Literal:
        return random.choice(get_args(bare))
    if bare is bool:
        return random.random() < 0.5
    found = bounds_of(hint)
    if found is None or not isinstance(old, int | float):
        return old
    low, high = found
    if old == 0:
        new = ZERO_SHARE * (low + (high - low) * random.random())
    else:
        new = old * 2.0 ** random.uniform(-SPREAD, SPREAD)
    new = min(high, max(low, new))
    return round(new) if bare is int else float(f"{new:.4g}")


def of_range(random: Random, cls: Any, name: str, low: float, high: float, wild: float) -> float:
    """Return a number for a field: mostly in a usual range, now and then anywhere, or a bound.

    Parameters
    ----------
    random : random.Random
        What decides.
    cls : type
        The configuration class.
    name : str
        Its field.
    low, high : float
        The usual range.
    wild : float
        Chance that the usual range does not matter.
    """
    found = bounds_of(hints(cls)[name])
    least, most = (low, high) if found is None else found
    if random.random() < wild:
        if random.random() < 0.4:
            return random.choice((least, most))
        low, high = least, most
    return round(min(most, max(least, random.uniform(low, high))), 2)
