"""The words of a refusal: why a value does not fit, which key was meant, which unit it has."""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fes_ctrl.config.files import PathParts

UNITS: Final[dict[str, str]] = {
    "us": "microseconds",
    "ms": "milliseconds",
    "s": "seconds",
    "uA": "microamperes",
    "mA": "milliamperes",
    "A": "amperes",
    "uC": "microcoulombs",
    "mC": "millicoulombs",
    "hz": "hertz",
    "percent": "percent",
    "deg": "degrees",
    "N": "newtons",
    "kg": "kilograms",
    "m": "metres",
    "cm": "centimetres",
    "mm": "millimetres",
    "cm2": "square centimetres",
    "mm2": "square millimetres",
    "deg_per_s": "degrees per second",
    "dps": "degrees per second",
    "m_per_s": "metres per second",
    "m_per_s2": "metres per second squared",
}
"""Suffixes of keys, and their units in words."""

ALIKE: Final = (
    frozenset({"us", "ms", "s"}),
    frozenset({"uA", "mA", "A"}),
    frozenset({"uC", "mC"}),
    frozenset({"m", "cm", "mm"}),
    frozenset({"cm2", "mm2"}),
    frozenset({"deg_per_s", "dps"}),
)
"""Units of one quantity."""

NUMBER_WITH_UNIT: Final = re.compile(r"\s*[-+]?[\d.,]+(e[-+]?\d+)?\s*[^\d\s.,]+\s*", re.IGNORECASE)
BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def dotted(path: PathParts) -> str:
    """Return a path as people write it; parts that TOML would quote are quoted."""
    return ".".join(
        part if isinstance(part, str) and BARE_KEY.fullmatch(part) else _quoted(part)
        for part in path
    )


def _quoted(part: str | int) -> str:
    return str(part) if isinstance(part, int) else json.dumps(part, ensure_ascii=False)


def show(value: object) -> str:
    """Return a value as a file would write it, in one line, cut where it is long."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(show(item) for item in value) + "]"
    elif isinstance(value, Mapping):
        text = "{" + ", ".join(f"{key} = {show(item)}" for key, item in value.items()) + "}"
    else:
        text = f"{value}"
    return text if len(text) <= 60 else text[:57] + "..."


def telling(errors: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the error that tells what is wrong with a value.

    Where other numbers are welcome beside whole ones, each kind has its say, and its name stands
    last in the error's place; that it is not a whole number is then no reason.
    """
    first = errors[0]
    *above, kind = first["loc"] or (None,)
    if first["type"] in {"int_type", "int_from_float"} and isinstance(kind, str):
        for other in errors[1:]:
            if list(other["loc"][:-1]) == above:
                return other
    return first


def reason(error: Mapping[str, Any], key: str, given: object) -> str:
    """Return what a value must be, from the first error that pydantic found in it.

    Parameters
    ----------
    error : mapping
        ``type``, ``ctx`` and ``msg`` of the error.
    key : str
        The value's key; it tells the unit.
    given : object
        The value.
    """
    context = error.get("ctx", {})
    match error["type"]:
        case "greater_than_equal":
            return f"must be at least {context['ge']:g}"
        case "greater_than":
            return f"must be above {context['gt']:g}"
        case "less_than_equal":
            return f"must be at most {context['le']:g}"
        case "less_than":
            return f"must be below {context['lt']:g}"
        case "finite_number":
            return "must be a finite number, not NaN or infinity"
        case "float_type" | "int_type" | "int_from_float":
            kind = "a number" if error["type"] == "float_type" else "a whole number"
            return f"must be {kind}{_unit_note(key, given)}"
        case "bool_type":
            return "must be true or false"
        case "string_type":
            return "must be text in quotes"
        case "literal_error":
            return f"must be {context['expected']}"
        case "tuple_type":
            return "must be an array, as [1, 2]"
        case "missing":
            return "must be given"
        case "too_short":
            return f"must have at least {context['min_length']}, not {context['actual_length']}"
        case "too_long":
            return f"must have at most {context['max_length']}, not {context['actual_length']}"
        case _:
            message = str(error["msg"]).removeprefix("Input ").removeprefix("should be ")
            return f"must be {message}"


def _unit_note(key: str, given: object) -> str:
    unit = unit_of(key)
    if unit is None or not (isinstance(given, str) and NUMBER_WITH_UNIT.fullmatch(given)):
        return ""
    return f" and no more; {key} is in {UNITS[unit]}"


def unit_of(key: str) -> str | None:
    """Return the unit in a key's name, or ``None``.

    Examples
    --------
    >>> unit_of("gyro_noise_deg_per_s")
    'deg_per_s'
    """
    parts = key.split("_")
    for start in range(1, len(parts)):
        suffix = "_".join(parts[start:])
        if suffix in UNITS:
            return suffix
    return None


def _stem(key: str) -> str | None:
    """Return a key without its unit, or ``None`` where it has none."""
    unit = unit_of(key)
    return None if unit is None else key.removesuffix(f"_{unit}")


def _same_quantity(unit: str, other: str | None) -> bool:
    return any(unit in units and other in units for units in ALIKE)


def unknown_key(path: PathParts, known: Sequence[str]) -> str:
    """Return the refusal of a key: the one that was meant, or those that there are.

    A key that is known with another unit is told apart from a misspelt one, for its value is
    wrong too.
    """
    key = str(path[-1])
    unit = unit_of(key)
    if unit is not None:
        stem = key.removesuffix(f"_{unit}")
        others = [name for name in known if _stem(name) == stem]
        # One stem may have several units, as a rate and a time: the same quantity was meant.
        others.sort(key=lambda name: not _same_quantity(unit, unit_of(name)))
        for name in others[:1]:
            told = UNITS[str(unit_of(name))]
            what = f"it is given in {told}, as {name}"
            if told == UNITS[unit]:
                what = f"did you mean {name}?"
            return f"{dotted(path)}: unknown key; {what}"
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return f"{dotted(path)}: unknown key; {hint}"
