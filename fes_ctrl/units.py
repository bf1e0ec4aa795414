"""Integer time, current and charge, and the conversions to the units that people write.

Inside the core an instant or a duration is an ``int`` in microseconds, a current an ``int`` in
microamperes and a charge an ``int`` in picocoulombs (1 µA x 1 µs = 1 pC), so that equal inputs
give equal results to the last bit. The aliases name the unit where a suffix cannot.
"""

from typing import Final, TypeAlias

# Aliases, not NewTypes: every sum of two NewTypes is a bare int again, and a cast at each
# addition on the hot path costs more than it protects. The names carry the unit instead.
Us: TypeAlias = int
MicroAmp: TypeAlias = int
PicoCoulomb: TypeAlias = int

NEVER_US: Final = 1 << 60
"""An instant that does not come: the wake-up time of something that waits for nothing.

Twice that is still a machine word of the compiled build, whose comparisons of longer integers take
many times as long.
"""


made: Final = tuple.__new__
"""``made(Class, (a, b))`` is ``Class(a, b)`` of a named tuple with every field, in half the time:
for what is made at the rate of samples and pulses."""


def us_from_s(seconds: float) -> Us:
    """Return the nearest whole microsecond."""
    return round(seconds * 1e6)


def us_from_ms(milliseconds: float) -> Us:
    """Return the nearest whole microsecond."""
    return round(milliseconds * 1e3)


def s_from_us(microseconds: Us) -> float:
    """Return seconds; exact to the microsecond for some centuries."""
    return microseconds / 1e6


def ms_from_us(microseconds: Us) -> float:
    """Return milliseconds."""
    return microseconds / 1e3


def ua_from_ma(milliamperes: float) -> MicroAmp:
    """Return the nearest whole microampere."""
    return round(milliamperes * 1e3)


def ma_from_ua(microamperes: MicroAmp) -> float:
    """Return milliamperes."""
    return microamperes / 1e3


def charge_pc(current_ua: MicroAmp, width_us: Us) -> PicoCoulomb:
    """Return the charge of one rectangular phase, without sign."""
    return abs(current_ua) * width_us
