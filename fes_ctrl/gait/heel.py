"""Heel switch or heel force: loaded and unloaded become initial contact and heel-off.

Where the forefoot is sensed as well, a heel that comes down again while the forefoot never left
the ground is no contact but a foot that is flat again, a foot that lands on its toes has its
contact told by them, and terminal contact is known. A forefoot that goes on walking while the
heel never changes shows a switch that is stuck. And a standing foot whose heel and forefoot give
up their load together has passed it to the other leg: a step begins over a forefoot that bears.
"""

from typing import Final

from fes_ctrl.gait.config import HeelConfig
from fes_ctrl.gait.contact import (
    EDGE,
    LOADED,
    REFUSED,
    UNKNOWN_LOAD,
    UNLOADED,
    Contact,
)
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.intake import DROP, RESTART, Intake
from fes_ctrl.gait.load import LoadRange
from fes_ctrl.gait.stuck import StuckWatch
from fes_ctrl.gait.witness import DOWN, OFF, UNSURE
from fes_ctrl.model import (
    FOOT_FLAT,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_OFF,
    HEEL_SWITCH,
    INITIAL_CONTACT,
    TERMINAL_CONTACT,
    GaitEvent,
    Remark,
    Sample,
)
from fes_ctrl.units import Us, us_from_ms

ADULT_HEEL_N: Final = 500.0
"""For which the configured thresholds are meant; other wearers get the same share of theirs."""

BELATED: Final = 0.5
"""Confidence in an edge that was only believed after the lock-out."""

STANDS_IN: Final = 0.4
"""Confidence in a heel-off that only the forefoot has shown: not enough to begin to walk."""

STANDING_US: Final = 2_500_000
"""A heel that has been down for so long stands; strides after a stroke last up to 2.6 s, of which
about two thirds are stance (Sanchez Manchola et al. 2019, Sensors 19:2988, their recordings)."""

HOLD_US: Final = 80_000
"""So long a first heel-off waits for the forefoot to bear it out, where one is worn."""


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
        "_adapts",
        "_air_from_us",
        "_airborne",
        "_fore",
        "_fore_bore",
        "_fore_bore_before",
        "_fore_intake",
        "_fore_sensor",
        "_heel",
        "_heel_told",
        "_held_us",
        "_intake",
        "_max_gap_us",
        "_min_loaded_us",
        "_notes",
        "_off_n",
        "_on_n",
        "_sensor",
        "_shifted",
        "_watch",
        "leg",
    )

    def __init__(self, config: HeelConfig, leg: int) -> None:
        self.leg = leg
        self._notes = Notebook(leg)
        self._intake = Intake(config.intake, self._notes)
        self._fore_intake = Intake(config.intake, self._notes)
        self._on_n: float = config.on_N
        self._off_n: float = config.off_N
        self._adapts: bool = config.adapts
        self._min_loaded_us: Us = us_from_ms(config.min_loaded_ms)
        self._max_gap_us: Us = us_from_ms(config.intake.max_gap_ms)
        min_unloaded_us = us_from_ms(config.min_unloaded_ms)
        self._heel = Contact(self._min_loaded_us, min_unloaded_us)
        self._fore = Contact(self._min_loaded_us, self._min_loaded_us)
        self._sensor = ""
        self._fore_sensor = ""
        self._airborne = False
        self._air_from_us: Us = 0
        self._heel_told = False
        self._fore_bore = False
        self._fore_bore_before = False
        self._held_us: Us = -1
        self._shifted = False
        self._watch = StuckWatch(STANDING_US, self._notes)

    @property
    def says(self) -> int:
        """Whether the heel is on the ground, as ``witness`` knows it; a stuck one is not asked."""
        load = self._heel.load
        if load == UNKNOWN_LOAD or self._watch.stuck or self._intake.stale:
            return UNSURE
        return DOWN if load == LOADED else OFF

    @property
    def turn_deg(self) -> float:
        """A heel does not know of turning: 0."""
        return 0.0

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        """Take one reading; return the events that it shows.

        Parameters
        ----------
        sample : Sample
            ``heel_switch`` (1 loaded, 0 not) or ``heel_force`` (newton), or of the forefoot.

        Returns
        -------
        tuple of GaitEvent
            ``t_event_us`` is the stamp of the reading that showed the edge; on a force it is
            interpolated to the crossing of the threshold.
        """
        t_us, arrive_us, _, leg, sensor, values = sample
        if leg != self.leg:
            return ()
        value = values[0]
        if sensor != self._sensor and not self._adopt(sensor):
            if sensor in {FOREFOOT_SWITCH, FORE_FORCE}:
                return self._forefoot(t_us, arrive_us, value, sensor)
            return ()
        if value - value != 0.0:  # NaN or infinite: no reading
            return ()
        verdict = self._intake.judge(t_us, arrive_us)
        if verdict == DROP:
            return ()
        heel = self._heel
        if verdict == RESTART:
            heel.forget()
            self._airborne = False
            self._heel_told = False
            self._held_us = -1
            self._shifted = False
        change = heel.update(t_us, value)
        if change == EDGE:
            return self._edge(t_us, arrive_us)
        if self._held_us >= 0 and t_us - self._held_us >= HOLD_US:
            return self._release(arrive_us)
        if change == REFUSED:
            what = "heel-off not believed: too soon after the contact"
            if heel.load == UNLOADED:
                what = "contact not believed: too soon after the heel-off"
            self._notes.note(t_us, what)
        elif heel.load == UNLOADED:
            self._watch.open_since(t_us, heel.since_us)
        return ()

    def _adopt(self, sensor: str) -> bool:
        """Settle on the first kind of heel sensor that comes; return whether this is it."""
        if self._sensor:
            return False
        if sensor == HEEL_FORCE:
            self._follow(self._heel)
        elif sensor != HEEL_SWITCH:
            return False
        self._sensor = sensor
        return True

    def _follow(self, contact: Contact) -> None:
        contact.follow(LoadRange(self._on_n, self._off_n, ADULT_HEEL_N, adapts=self._adapts))

    def _edge(self, t_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        """Tell what an edge of the heel means."""
        heel = self._heel
        self._watch.edge(t_us)
        confidence = 1.0
        if heel.belated:
            what = "contact" if heel.load == LOADED else "heel-off"
            self._notes.note(t_us, f"{what} believed late: the load stayed changed")
            confidence = BELATED
        event_us = heel.since_us
        if heel.load == UNLOADED:
            return self._heel_lifts(t_us, event_us, arrive_us, confidence)
        self._heel_told = False
        self._held_us = -1
        if self._shifted:
            self._shifted = False
            self._airborne = False
            self._notes.note(t_us, "no contact: the weight came back")
            return (GaitEvent(FOOT_FLAT, self.leg, event_us, arrive_us, confidence),)
        if self._knows_fore(t_us) and not self._airborne:
            self._notes.note(t_us, "no contact: the foot was down already, on its forefoot")
            return (GaitEvent(FOOT_FLAT, self.leg, event_us, arrive_us, confidence),)
        self._airborne = False
        self._fore_bore_before = self._fore_bore
        self._fore_bore = self._knows_fore(t_us) and self._fore.load == LOADED
        self._notes.note(t_us, "contact: the heel is loaded")
        return (GaitEvent(INITIAL_CONTACT, self.leg, event_us, arrive_us, confidence),)

    def _heel_lifts(
        self, t_us: Us, event_us: Us, arrive_us: Us, confidence: float
    ) -> tuple[GaitEvent, ...]:
        """Tell a heel-off, or out of standing wait for the forefoot to bear it out."""
        knows_fore = self._knows_fore(t_us)
        fore_lifted = knows_fore and self._fore.load == UNLOADED and not self._airborne
        if knows_fore and self._heel.lasted_us >= STANDING_US:
            if self._fore.load == LOADED:
                self._held_us = event_us
                return ()
            # One that bore nothing in the last strides either may be worn off: it says nothing.
            if self._fore_bore or self._fore_bore_before:
                self._shift(t_us)
                return ()
        self._heel_told = True
        self._notes.note(t_us, "heel-off: the heel bears no load")
        off = GaitEvent(HEEL_OFF, self.leg, event_us, arrive_us, confidence)
        if not fore_lifted:
            return (off,)
        self._take_off(event_us)
        lift = GaitEvent(TERMINAL_CONTACT, self.leg, event_us, arrive_us, confidence)
        return (off, lift)

    def _release(self, arrive_us: Us) -> tuple[GaitEvent, ...]:
        """Tell a first heel-off over whose forefoot the load has stayed."""
        event_us = self._held_us
        self._held_us = -1
        self._heel_told = True
        self._notes.note(event_us, "heel-off out of standing: the forefoot still bears load")
        return (GaitEvent(HEEL_OFF, self.leg, event_us, arrive_us, 1.0),)

    def _shift(self, t_us: Us) -> None:
        """Take note that the weight went to the other leg."""
        self._held_us = -1
        self._shifted = True
        self._notes.note(t_us, "no heel-off: heel and forefoot gave up their load together")

    def _knows_fore(self, t_us: Us) -> bool:
        fore = self._fore
        return fore.load != UNKNOWN_LOAD and abs(t_us - fore.last_us) <= self._max_gap_us

    def _take_off(self, t_us: Us) -> None:
        self._airborne = True
        self._air_from_us = t_us

    # -- the forefoot -------------------------------------------------------------------------

    def _forefoot(
        self, t_us: Us, arrive_us: Us, value: float, sensor: str
    ) -> tuple[GaitEvent, ...]:
        """Take a reading of the forefoot; return what its edges mean."""
        fore = self._fore
        if value - value != 0.0:
            return ()
        if not self._fore_sensor:
            self._fore_sensor = sensor
            if sensor == FORE_FORCE:
                self._follow(fore)
        if sensor != self._fore_sensor:
            return ()
        verdict = self._fore_intake.judge(t_us, arrive_us)
        if verdict == DROP:
            return ()
        if verdict == RESTART:
            fore.forget()
            self._airborne = False
        change = fore.update(t_us, value)
        if fore.load == LOADED:
            self._fore_bore = True
        if change != EDGE:
            return ()
        if fore.load == UNLOADED:
            return self._fore_lifts(t_us, arrive_us)
        return self._fore_lands(t_us, arrive_us)

    def _fore_lifts(self, t_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        """Take note of a forefoot that has left the ground."""
        fore_us = self._fore.since_us
        if self._held_us >= 0:
            self._shift(t_us)
        if self._shifted:
            return ()
        closed = self._heel.load == LOADED
        self._watch.forefoot_lifts(t_us, fore_us, self._heel.since_us, closed=closed)
        if self._heel.load == UNKNOWN_LOAD or self._airborne or (closed and not self._watch.stuck):
            return ()
        self._take_off(fore_us)
        lift = GaitEvent(TERMINAL_CONTACT, self.leg, fore_us, arrive_us, 1.0)
        if self._heel_told:
            return (lift,)
        self._heel_told = True
        self._notes.note(t_us, "heel-off by the forefoot: the heel bore nothing in this stance")
        return (GaitEvent(HEEL_OFF, self.leg, fore_us, arrive_us, STANDS_IN), lift)

    def _fore_lands(self, t_us: Us, arrive_us: Us) -> tuple[GaitEvent, ...]:
        """Take note of a forefoot on the ground: the contact of a foot that lands on it."""
        fore_us = self._fore.since_us
        if not self._airborne or (self._heel.load == LOADED and not self._watch.stuck):
            return ()
        self._airborne = False
        if fore_us - self._air_from_us < self._min_loaded_us:
            self._notes.note(t_us, "no contact: the forefoot was off for too short a time")
            return ()
        self._heel_told = False
        self._notes.note(t_us, "contact: the forefoot is loaded")
        return (GaitEvent(INITIAL_CONTACT, self.leg, fore_us, arrive_us, 1.0),)

    @property
    def diagnosis(self) -> str:
        """What is wrong with the heel; empty while nothing is."""
        return self._watch.diagnosis

    def snapshot(self) -> dict[str, object]:
        """Return the load and what the intake knows."""
        return {
            "detector": "heel",
            "sensor": self._sensor,
            "heel": self._heel.snapshot(),
            "forefoot": self._fore.snapshot(),
            "airborne": self._airborne,
            "diagnosis": self.diagnosis,
            "intake": self._intake.snapshot(),
            "forefoot_intake": self._fore_intake.snapshot(),
        }

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks since the last call, oldest first, and forget them."""
        return self._notes.take()
