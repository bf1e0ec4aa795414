"""One load on the ground: hysteresis and debouncing of a heel or forefoot, switch or force.

The first edge acts at once; what follows within a time in which no foot can move again is bounce,
and is looked at once more when that time is over. So debouncing costs no delay.
"""

from typing import Final

from fes_ctrl.gait.load import SWITCH_LEVEL, LoadRange, crossing_us
from fes_ctrl.units import Us

UNKNOWN_LOAD: Final = -1
UNLOADED: Final = 0
LOADED: Final = 1
LOAD_NAMES: Final = ("unknown", "unloaded", "loaded")

STAYS: Final = 0  # nothing new
EDGE: Final = 1  # the load has changed: see ``load``
REFUSED: Final = 2  # it seems to change, too soon after the last edge to be believed


class Contact:
    """Whether a part of the foot bears load.

    Parameters
    ----------
    min_loaded_us, min_unloaded_us : int
        After an edge, opposite edges within so long are bounce.

    Attributes
    ----------
    load : int
        ``LOADED``, ``UNLOADED`` or ``UNKNOWN_LOAD``.
    since_us : int
        When the last edge was, interpolated on a force.
    belated : bool
        The last edge was believed only after the lock-out.
    lasted_us : int
        How long what the last edge ended had lasted, as far as it was seen.
    last_us : int
        Stamp of the last reading.
    """

    __slots__ = (
        "_last_value",
        "_locked_until_us",
        "_min_loaded_us",
        "_min_unloaded_us",
        "_off",
        "_on",
        "_opposite_us",
        "_range",
        "belated",
        "last_us",
        "lasted_us",
        "load",
        "since_us",
    )

    def __init__(self, min_loaded_us: Us, min_unloaded_us: Us) -> None:
        self._min_loaded_us: Us = min_loaded_us
        self._min_unloaded_us: Us = min_unloaded_us
        self._range: LoadRange | None = None
        self._on = SWITCH_LEVEL
        self._off = SWITCH_LEVEL
        self._last_value = 0.0
        self._locked_until_us: Us = 0
        self._opposite_us: Us = -1
        self.load = UNKNOWN_LOAD
        self.since_us: Us = 0
        self.lasted_us: Us = 0
        self.last_us: Us = 0
        self.belated = False

    def follow(self, load_range: LoadRange) -> None:
        """Take a force, with thresholds that follow its range; without this it is a switch."""
        self._range = load_range
        self._on = load_range.on
        self._off = load_range.off

    def forget(self) -> None:
        """Know the load no more; what was learnt of the wearer stays."""
        self.load = UNKNOWN_LOAD
        if self._range is not None:
            self._range.restart()

    def update(self, t_us: Us, value: float) -> int:
        """Take a reading; return ``EDGE``, ``REFUSED`` (once for each refused edge) or ``STAYS``.

        Parameters
        ----------
        t_us : int
            Its stamp, later than the last one's.
        value : float
            1 or 0 of a switch, newton of a force.
        """
        followed = self._range
        if followed is not None and followed.follow(value):
            self._on = followed.on
            self._off = followed.off
        before_us = self.last_us
        before = self._last_value
        self.last_us = t_us
        self._last_value = value
        load = self.load
        if load == LOADED:
            if value >= self._off:
                self._opposite_us = -1
                return STAYS
            level = self._off
        elif load == UNLOADED:
            if value <= self._on:
                self._opposite_us = -1
                return STAYS
            level = self._on
        else:
            self.load = LOADED if value > self._on else UNLOADED
            self.since_us = t_us
            self._opposite_us = -1
            self._locked_until_us = t_us
            return STAYS
        locked = t_us < self._locked_until_us
        if self._opposite_us < 0:
            self._opposite_us = crossing_us(before_us, before, t_us, value, level)
            if locked:
                return REFUSED
        if locked:
            return STAYS
        self._change(t_us)
        return EDGE

    def _change(self, t_us: Us) -> None:
        self.belated = self._opposite_us < self._locked_until_us
        self.lasted_us = self._opposite_us - self.since_us
        self.since_us = self._opposite_us
        self._opposite_us = -1
        if self.load == LOADED:
            self.load = UNLOADED
            self._locked_until_us = t_us + self._min_unloaded_us
        else:
            self.load = LOADED
            self._locked_until_us = t_us + self._min_loaded_us
        followed = self._range
        if followed is not None and followed.edge():
            self._on = followed.on
            self._off = followed.off

    def snapshot(self) -> dict[str, object]:
        """Return the load, since when, and the thresholds of a force."""
        state: dict[str, object] = {"load": LOAD_NAMES[self.load + 1], "since_us": self.since_us}
        if self._range is not None:
            state["range"] = self._range.snapshot()
        return state
