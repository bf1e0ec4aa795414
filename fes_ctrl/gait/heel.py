"""Heel switch or heel force: loaded and unloaded become initial contact and heel-off.

Where the forefoot is sensed as well, a heel that comes down again while the forefoot never left
the ground is no contact, and a foot that lands on its toes has its contact told by them.

The first edge acts at once; what follows within a time in which no foot can move again is bounce,
and is looked at once more when that time is over. So debouncing costs no delay.
"""

from typing import Final

from fes_ctrl.gait.config import HeelConfig
from fes_ctrl.gait.explain import Notebook, Remark
from fes_ctrl.gait.intake import DROP, RESTART, Intake
from fes_ctrl.model import (
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_OFF,
    HEEL_SWITCH,
    INITIAL_CONTACT,
    GaitEvent,
    Sample,
)
from fes_ctrl.units import Us, us_from_ms

UNKNOWN_LOAD: Final = -1
UNLOADED: Final = 0
LOADED: Final = 1

SWITCH_LEVEL: Final = 0.5
BELATED: Final = 0.5
"""Confidence in an edge that was only believed after the lock-out."""


class HeelDetector:
    """A ``Detector`` on ``heel_switch`` or ``heel_force``, whichever of the two comes first.

    ``forefoot_switch`` or ``fore_force`` help where they are worn.

    Parameters
    ----------
    config : HeelConfig
        Thresholds and shortest durations.
    leg : int
        Whose heel; samples of other legs and sensors are ignored.
    """

    __slots__ = (
        "_air_from_us",
        "_airborne",
        "_fore",
        "_fore_us",
        "_fore_value",
        "_intake",
        "_last_us",
        "_last_value",
        "_load",
        "_locked_until_us",
        "_max_age_us",
        "_max_gap_us",
        "_min_loaded_us",
        "_min_unloaded_us",
        "_notes",
        "_off",
        "_off_n",
        "_on",
        "_on_n",
        "_opposite_us",
        "_sensor",
        "leg",
    )

    def __init__(self, config: HeelConfig, leg: int) -> None:
        self.leg = leg
        self._notes = Notebook()
        self._intake = Intake(config.intake, self._notes)
        self._on_n: float = config.on_N
        self._off_n: float = config.off_N
        self._on = SWITCH_LEVEL
        self._off = SWITCH_LEVEL
        self._min_loaded_us: Us = us_from_ms(config.min_loaded_ms)
        self._min_unloaded_us: Us = us_from_ms(config.min_unloaded_ms)
        self._sensor = ""
        self._load = UNKNOWN_LOAD
        self._last_us: Us = 0
        self._last_value = 0.0
        self._locked_until_us: Us = 0
        self._opposite_us: Us = -1
        self._max_age_us: Us = us_from_ms(config.intake.max_age_ms)
        self._max_gap_us: Us = us_from_ms(config.intake.max_gap_ms)
        self._fore = UNKNOWN_LOAD
        self._fore_us: Us = 0
        self._fore_value = 0.0
        self._airborne = False
        self._air_from_us: Us = 0

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        """Take one reading; return the contact or heel-off that it shows.

        Parameters
        ----------
        sample : Sample
            ``heel_switch`` (1 loaded, 0 not) or ``heel_force`` (newton).

        Returns
        -------
        tuple of GaitEvent
            ``t_event_us`` is the stamp of the reading that showed the edge; on a force it is
            interpolated to the crossing of the threshold.
        """
        t_us, arrive_us, _, leg, sensor, values = sample
        if leg != self.leg:
            return ()
        if sensor != self._sensor and not self._adopt(sensor):
            if sensor in {FOREFOOT_SWITCH, FORE_FORCE}:
                return self._forefoot(t_us, arrive_us, values[0], sensor)
            return ()
        value = values[0]
        if value - value != 0.0:  # NaN or infinite: no reading
            return ()
        verdict = self._intake.judge(t_us, arrive_us)
        if verdict == DROP:
            return ()
        load = self._load
        if verdict == RESTART:
            load = self._load = UNKNOWN_LOAD
            self._airborne = False
        before_us = self._last_us
        before = self._last_value
        self._last_us = t_us
        self._last_value = value
        if load == LOADED:
            if value >= self._off:
                self._opposite_us = -1
                return ()
            if self._opposite_us < 0:
                self._opposite_us = crossing_us(before_us, before, t_us, value, self._off)
                if t_us < self._locked_until_us:
                    self._notes.note(t_us, "heel-off not believed: too soon after the contact")
            if t_us < self._locked_until_us:
                return ()
            return self._edge(t_us, arrive_us, HEEL_OFF)
        if load == UNLOADED:
            if value <= self._on:
                self._opposite_us = -1
                return ()
            if self._opposite_us < 0:
                self._opposite_us = crossing_us(before_us, before, t_us, value, self._on)
                if t_us < self._locked_until_us:
                    self._notes.note(t_us, "contact not believed: too soon after the heel-off")
            if t_us < self._locked_until_us:
                return ()
            return self._edge(t_us, arrive_us, INITIAL_CONTACT)
        self._load = LOADED if value > self._on else UNLOADED
        self._opposite_us = -1
        self._locked_until_us = t_us
        return ()

    def _adopt(self, sensor: str) -> bool:
        """Settle on the first kind of heel sensor that comes; return whether this is it."""
        if self._sensor:
            return False
        if sensor == HEEL_FORCE:
            self._on = self._on_n
            self._off = self._off_n
        elif sensor != HEEL_SWITCH:
            return False
        self._sensor = sensor
        return True

    def _edge(self, t_us: Us, arrive_us: Us, kind: str) -> tuple[GaitEvent, ...]:
        """Change the load, and lock the other edge out."""
        event_us = self._opposite_us
        confidence = 1.0
        if event_us < self._locked_until_us:
            self._notes.note(t_us, f"{kind} believed late: the load stayed changed")
            confidence = BELATED
        self._opposite_us = -1
        if kind == HEEL_OFF:
            self._load = UNLOADED
            self._locked_until_us = t_us + self._min_unloaded_us
            if self._fore == UNLOADED:
                self._take_off(t_us)
        else:
            self._load = LOADED
            self._locked_until_us = t_us + self._min_loaded_us
            known = self._fore != UNKNOWN_LOAD and t_us - self._fore_us <= self._max_gap_us
            if known and not self._airborne:
                self._notes.note(t_us, "no contact: the foot was down already, on its forefoot")
                return ()
            self._airborne = False
        return (GaitEvent(kind, self.leg, event_us, arrive_us, confidence),)

    def _take_off(self, t_us: Us) -> None:
        self._airborne = True
        self._air_from_us = t_us

    def _forefoot(
        self, t_us: Us, arrive_us: Us, value: float, sensor: str
    ) -> tuple[GaitEvent, ...]:
        """Take a reading of the forefoot; return the contact of a foot that lands on it."""
        before_us, before, fore = self._fore_us, self._fore_value, self._fore
        if value - value != 0.0 or t_us <= before_us or arrive_us - t_us > self._max_age_us:
            return ()
        self._fore_us = t_us
        self._fore_value = value
        on, off = SWITCH_LEVEL, SWITCH_LEVEL
        if sensor == FORE_FORCE:
            on, off = self._on_n, self._off_n
        if fore == UNKNOWN_LOAD or t_us - before_us > self._max_gap_us:
            self._fore = LOADED if value > on else UNLOADED
            self._airborne = False
        elif fore == LOADED and value < off:
            self._fore = UNLOADED
            if self._load == UNLOADED:
                self._take_off(t_us)
        elif fore == UNLOADED and value > on:
            self._fore = LOADED
            landed = self._airborne and self._load == UNLOADED
            if landed and t_us - self._air_from_us >= self._min_loaded_us:
                self._airborne = False
                event_us = crossing_us(before_us, before, t_us, value, on)
                return (GaitEvent(INITIAL_CONTACT, self.leg, event_us, arrive_us, 1.0),)
        return ()

    def snapshot(self) -> dict[str, object]:
        """Return the load and what the intake knows."""
        return {
            "detector": "heel",
            "sensor": self._sensor,
            "load": ("unknown", "unloaded", "loaded")[self._load + 1],
            "locked_until_us": self._locked_until_us,
            "intake": self._intake.snapshot(),
        }

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks since the last call, oldest first, and forget them."""
        return self._notes.take()


def crossing_us(before_us: Us, before: float, t_us: Us, value: float, level: float) -> Us:
    """Return when a level was crossed between two readings, by linear interpolation.

    A switch has no course between two readings: its levels give the later one.
    """
    if level == SWITCH_LEVEL:
        return t_us
    return before_us + round((level - before) / (value - before) * (t_us - before_us))
