"""A detector of one's own: a heel switch counts once it has kept its new state for a while."""

from typing import Final

from fes_ctrl.gait.plugged import DetectorKind
from fes_ctrl.model import HEEL_OFF, HEEL_SWITCH, INITIAL_CONTACT, GaitEvent, Remark, Sample

KEEPS_US: Final = 25_000
GAP_US: Final = 100_000


class SteadyHeel:
    """Initial contact and heel-off of one leg."""

    turn_deg = 0.0

    def __init__(self, leg: int) -> None:
        self._leg = leg
        self._loaded: bool | None = None
        self._changed_us: int | None = None
        self._last_us = 0

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        """Take one reading; return the event that it makes certain."""
        if (sample.leg, sample.sensor) != (self._leg, HEEL_SWITCH):
            return ()
        if sample.values[0] not in {0.0, 1.0}:
            return ()
        loaded = sample.values[0] == 1.0
        t_us = sample.t_meas_us
        if self._loaded is None or t_us - self._last_us > GAP_US:
            # Nothing is known of what came before.
            self._loaded, self._changed_us = loaded, None
        self._last_us = t_us
        if loaded == self._loaded:
            self._changed_us = None
            return ()
        if self._changed_us is None:
            self._changed_us = t_us
        if t_us - self._changed_us < KEEPS_US:
            return ()
        kind = INITIAL_CONTACT if loaded else HEEL_OFF
        event = GaitEvent(kind, self._leg, self._changed_us, sample.t_arrive_us, 1.0)
        self._loaded, self._changed_us = loaded, None
        return (event,)

    def snapshot(self) -> dict[str, object]:
        """Return the present state, for logs."""
        return {"detector": "steady-heel", "loaded": self._loaded}

    def remarks(self) -> tuple[Remark, ...]:
        """Return nothing: it explains itself by its events."""
        return ()


DETECTOR = DetectorKind(make=SteadyHeel, needs=((HEEL_SWITCH,),))
