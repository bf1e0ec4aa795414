"""How settings and figures of candidates are written on a page: short names, enough digits."""

from collections.abc import Iterable, Sequence


def short(keys: Sequence[str]) -> list[str]:
    """Return dotted keys by their last parts, as many as tell them apart."""
    for parts in range(1, 10):
        found = [".".join(key.split(".")[-parts:]) for key in keys]
        if len(set(found)) == len(keys):
            return found
    return list(keys)


def digits_of(values: Iterable[float]) -> int:
    """Return how many digits after the point tell these values apart, 3 at most."""
    known = list(values)
    span = max(known) - min(known) if known else 0.0
    for digits in range(3):
        if span >= 5 * 10.0**-digits:
            return digits
    return 3 if 0 < span < 0.05 else 2 if span else 1
