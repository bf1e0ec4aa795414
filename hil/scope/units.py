"""Units as oscilloscopes write them: in a row of their own, in brackets, behind *in*, as suffix."""

import re
from typing import Final, NamedTuple

TIME: Final = "time"
VOLTAGE: Final = "voltage"
CURRENT: Final = "current"


class Unit(NamedTuple):
    """What is measured, and how much of second, volt or ampere one is."""

    kind: str
    factor: float


_SCALES: Final = {"": 1.0, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9, "p": 1e-12}
UNITS: Final[dict[str, Unit]] = {
    prefix + symbol: Unit(kind, factor)
    for symbol, kind in (("s", TIME), ("V", VOLTAGE), ("A", CURRENT))
    for prefix, factor in (*_SCALES.items(), *([("k", 1e3)] if symbol != "s" else []))
}
_WORDS: Final = {
    "sec": TIME,
    "second": TIME,
    "seconds": TIME,
    "volt": VOLTAGE,
    "volts": VOLTAGE,
    "amp": CURRENT,
    "amps": CURRENT,
    "ampere": CURRENT,
    "amperes": CURRENT,
}
_NAMED: Final = (
    re.compile(r"^(?P<name>.*?)\s*[(\[]\s*(?P<unit>[^()\[\]]+?)\s*[)\]]$"),
    re.compile(r"^(?P<name>.*?)\s*\bin\s+(?P<unit>\S+)$"),
    re.compile(r"^(?P<name>.+)_(?P<unit>[A-Za-zµμ]+)$"),
    re.compile(r"^(?P<name>CH\d+)(?P<unit>[VA])$"),
)


def unit_of(text: str) -> Unit | None:
    """Return the unit that a cell is, with or without brackets; ``None`` if it is none."""
    bare = text.strip().strip("()[]").strip()
    if bare in UNITS:
        return UNITS[bare]
    if bare == "S":
        return UNITS["s"]
    kind = _WORDS.get(bare.lower())
    if kind is not None:
        return Unit(kind, 1.0)
    kind = _WORDS.get(bare[1:].lower())  # msec, mVolts
    scale = _SCALES.get(bare[:1])
    return None if kind is None or not scale else Unit(kind, scale)


def named_unit(text: str) -> tuple[str, Unit | None]:
    """Return a column's name without its unit, and the unit if it holds one."""
    bare = text.strip()
    for form in _NAMED:
        found = form.match(bare)
        if found is not None:
            unit = unit_of(found["unit"])
            if unit is not None:
                return found["name"].strip(), unit
    return bare, None
