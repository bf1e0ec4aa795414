"""Whether a leg's steps follow each other faster than anyone walks: then they are none."""

from typing import Final

from fes_ctrl.units import Us

CROWD: Final = 5
WITHIN_US: Final = 2_000_000
"""So many heel-offs within so long are strides shorter than half a second, 240 steps a minute.
Walking turns into running at 135 to 140 steps a minute in adults (Hum Mov Sci 2023, 90:103117) and
at 136 to 161 from six years of age to twenty (J Sports Sci 2021, 39:1039). Five, since a foot that
is set down twice, or trips, adds one or two."""


class Pace:
    """The last heel-offs of one leg.

    Attributes
    ----------
    hurried : bool
        The last one ended a crowd of them; so it stays until one does not.
    """

    __slots__ = ("_heel_offs_us", "hurried")

    def __init__(self) -> None:
        self._heel_offs_us: list[Us] = []
        self.hurried = False

    def heel_off(self, t_us: Us) -> bool:
        """Take the instant of a heel-off; return whether ``hurried`` has changed by it."""
        crowd_us = self._heel_offs_us
        if crowd_us and t_us < crowd_us[-1]:
            # By a clock that was set back since: how long ago the others were is not known.
            crowd_us.clear()
        crowd_us.append(t_us)
        if len(crowd_us) > CROWD:
            crowd_us.pop(0)
        hurried = len(crowd_us) == CROWD and t_us - crowd_us[0] < WITHIN_US
        changed = hurried != self.hurried
        self.hurried = hurried
        return changed

    @property
    def lasted_s(self) -> float:
        """How long the last heel-offs took, at most ``CROWD`` of them."""
        return (self._heel_offs_us[-1] - self._heel_offs_us[0]) / 1e6
