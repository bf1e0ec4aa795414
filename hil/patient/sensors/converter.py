"""What a converter makes of a value: whole steps within its range.

A step is a binary fraction of the unit, so that readings are written to a log with few digits
and read back exactly.
"""

from typing import Final

GYRO_STEPS: Final = 16.0
"""1/16 deg/s a step: the 16-bit converter of a 2000 deg/s gyroscope."""

ACC_STEPS: Final = 256.0
"""1/256 m/s2 a step: finer than the 16-bit converter of a 16 g accelerometer by a fifth."""

FORCE_STEPS: Final = 4.0
"""1/4 N a step: 12 bits over 1 kN. Assumption."""

WHOLE: Final = 1.5 * 2.0**52
"""Around it floating-point numbers are whole: a value added to it is rounded to the nearest one,
ties to even, as ``round`` does, which takes twenty times as long when compiled."""


def converted(value: float, steps: float, lowest: int, highest: int) -> float:
    """Return a reading.

    Parameters
    ----------
    value : float
        What there is.
    steps : float
        So many a unit; a power of two.
    lowest, highest : int
        The range, in steps.
    """
    count = (value * steps + WHOLE) - WHOLE
    if count > highest:
        return highest / steps
    if count < lowest:
        return lowest / steps
    return count / steps
