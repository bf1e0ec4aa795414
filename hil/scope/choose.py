"""Which columns of a trace are meant, and in which units: the file's word, or the person's."""

from dataclasses import dataclass
from pathlib import Path

from hil.scope.errors import TraceError
from hil.scope.layout import INTERVAL_KEYS, START_KEYS, Column, Layout
from hil.scope.units import CURRENT, TIME, UNITS, VOLTAGE


@dataclass(frozen=True, slots=True)
class Choice:
    """What is read.

    Attributes
    ----------
    value : Column
    time : Column or None
        Without one, samples are ``interval_s`` apart from ``start_s`` on.
    factor, time_factor : float
        To volt or ampere, and to seconds.
    interval_s : float
        What the preamble says; 0 where it says nothing.
    """

    value: Column
    time: Column | None
    factor: float
    is_current: bool
    unit_text: str
    time_factor: float
    start_s: float
    interval_s: float


def choose(
    path: Path, layout: Layout, column: str | None, time_unit: str | None, unit: str | None
) -> Choice:
    """Return what is to be read of a trace.

    Raises
    ------
    TraceError
        If the file leaves it open and no option says it.
    """
    value = _value(path, layout, column)
    times = [known for known in layout.columns if known.is_time]
    if not times and time_unit is not None:
        times = [known for known in layout.columns if known.rises and known.place < value.place]
    left = [known for known in times if known.place < value.place]
    time = left[-1] if left else next(iter(times), None)
    interval_s = layout.stated(INTERVAL_KEYS) or 0.0
    if time is None:
        if interval_s <= 0.0:
            message = (
                f"{path}: no column of time and no sample interval; export it with time, "
                f"or say what a column that rises is in: --time-unit s"
            )
            raise TraceError(message)
        start_s = layout.stated(START_KEYS) or 0.0
        time_factor = 1.0
    else:
        start_s = 0.0
        time_factor = _time_factor(path, time, time_unit)
    factor, is_current, text = _unit(path, value, unit)
    return Choice(value, time, factor, is_current, text, time_factor, start_s, interval_s)


def _value(path: Path, layout: Layout, wanted: str | None) -> Column:
    values = [known for known in layout.columns if not known.is_time and not known.is_index]
    if wanted is not None:
        for known in layout.columns:
            if known.name and known.name.lower() == wanted.strip().lower():
                return known
        for known in layout.columns:
            if str(known.place + 1) == wanted.strip():
                return known
        listed = ", ".join(map(str, layout.columns))
        message = f"{path}: no column {wanted!r}; there are {listed} (--column)"
        raise TraceError(message)
    if len(values) == 1:
        return values[0]
    if not values:
        message = f"{path}: a time and no signal; export the channel with it"
        raise TraceError(message)
    message = f"{path}: columns {', '.join(map(str, values))}; choose one with --column"
    raise TraceError(message)


def _time_factor(path: Path, time: Column, wanted: str | None) -> float:
    if wanted is not None:
        found = UNITS.get(wanted)
        if found is None or found.kind != TIME:
            message = f"--time-unit {wanted}: no unit of time; choose s, ms, us or ns"
            raise TraceError(message)
        return found.factor
    if time.unit is None:
        message = f"{path}: column {time} has no unit of time; say it with --time-unit s"
        raise TraceError(message)
    if time.unit.kind != TIME:
        message = f"{path}: column {time} is no time; name its unit with --time-unit"
        raise TraceError(message)
    return time.unit.factor


def _unit(path: Path, value: Column, wanted: str | None) -> tuple[float, bool, str]:
    found = value.unit
    if wanted is not None:
        found = UNITS.get(wanted)
        if found is None or found.kind not in {VOLTAGE, CURRENT}:
            message = f"--unit {wanted}: no voltage or current; choose V, mV, A or mA"
            raise TraceError(message)
    if found is None:
        message = f"{path}: column {value} has no unit; say it with --unit V, mV, A or mA"
        raise TraceError(message)
    if found.kind == TIME:
        message = f"{path}: column {value} is a time; choose the signal with --column"
        raise TraceError(message)
    symbol = "A" if found.kind == CURRENT else "V"
    text = wanted or next(
        name for name, unit in UNITS.items() if unit == found and name.endswith(symbol)
    )
    return found.factor, found.kind == CURRENT, text
