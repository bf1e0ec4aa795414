"""The search for a seated wearer's thresholds: what may be said when, and what follows from it.

Words go in, and come out as bursts to ask for; the controller's records go in, and tell which of
those were given as they were asked for. Nobody is stimulated above what was once called enough.
"""

from typing import Final, NamedTuple

from fes_ctrl.model import BurstEnd, BurstStart, Decision, Record
from fes_ctrl.stim.burst import TEST
from fes_ctrl.stim.config import MuscleSetup
from fes_ctrl.units import ma_from_ua

STEP_MA: Final = 1

WORDS: Final = ("next", "repeat", "back", "felt", "moved", "enough")
"""The first three ask for a burst, the others mark a threshold."""

UNKNOWN: Final = 0

NONE_YET: Final = "no burst was given yet: say next"


class Wish(NamedTuple):
    """What a word comes to: a test burst to ask for, or 0; and what to tell the person."""

    burst_ma: int
    said: str


class SeatedSearch:
    """Three thresholds of one electrode position, in steps of 1 mA.

    Parameters
    ----------
    start_ma : int
        The first burst, and the weakest.
    most_ma : int
        The strongest that limits and stimulator allow.

    Attributes
    ----------
    current_ma : int
        The last burst that was given whole; 0 before the first.
    running_ma : int
        The burst that is planned or running, or 0.
    ceiling_ma : int
        No burst is stronger: ``most_ma``, or what was called enough.
    sensory_ma, motor_ma, tolerated_ma : int
        What was marked last, or ``UNKNOWN``.
    """

    __slots__ = (
        "_asked_ma",
        "_before",
        "_most_ma",
        "_spoilt",
        "_start_ma",
        "ceiling_ma",
        "current_ma",
        "motor_ma",
        "running_ma",
        "sensory_ma",
        "tolerated_ma",
    )

    def __init__(self, start_ma: int, most_ma: int) -> None:
        self._start_ma = start_ma
        self._most_ma = most_ma
        self._asked_ma = 0
        self._spoilt = False
        self._before = (UNKNOWN, UNKNOWN)
        self.current_ma = 0
        self.running_ma = 0
        self.ceiling_ma = most_ma
        self.sensory_ma = UNKNOWN
        self.motor_ma = UNKNOWN
        self.tolerated_ma = UNKNOWN

    # -- what the person says ---------------------------------------------------------------------

    def say(self, word: str) -> Wish:
        """Take one of ``WORDS``."""
        match word:
            case "next":
                return self._ask(self.current_ma + STEP_MA if self.current_ma else self._start_ma)
            case "repeat" | "back" if not self.current_ma:
                return Wish(0, NONE_YET)
            case "repeat":
                return self._ask(self.current_ma)
            case "back":
                return self._ask(max(self._start_ma, self.current_ma - STEP_MA))
            case "enough":
                return Wish(0, self._enough())
            case _:
                return Wish(0, self._mark(word))

    def _ask(self, burst_ma: int) -> Wish:
        if self.running_ma:
            return Wish(0, f"the burst of {self.running_ma} mA is not over yet")
        if burst_ma > self.ceiling_ma:
            enough = self.ceiling_ma < self._most_ma
            why = "was enough" if enough else "is the most that limits and stimulator allow"
            return Wish(0, f"{self.ceiling_ma} mA {why}: no burst is stronger")
        self._asked_ma = burst_ma
        return Wish(burst_ma, f"{burst_ma} mA")

    def _mark(self, word: str) -> str:
        if self.running_ma and self._spoilt:
            return f"the burst of {self.running_ma} mA does not count: say next when it is over"
        marked_ma = self.running_ma or self.current_ma
        if not marked_ma:
            return NONE_YET
        if word == "felt":
            self.sensory_ma = marked_ma
        else:
            self.motor_ma = marked_ma
        return self.wrong() or self.told()

    def _enough(self) -> str:
        """Take it that no more is wanted than was borne to its end."""
        borne_ma = self.current_ma
        if self.running_ma:
            borne_ma = min(borne_ma, self.running_ma - STEP_MA)
        elif not borne_ma:
            return NONE_YET
        self.ceiling_ma = min(self.ceiling_ma, borne_ma)
        self.tolerated_ma = self.ceiling_ma
        return self.wrong() or self.told()

    # -- what became of it ------------------------------------------------------------------------

    def see(self, record: Record) -> str:
        """Take what the controller says; return what the person should know of it, or nothing."""
        if isinstance(record, BurstStart):
            return self._started(record)
        if not self.running_ma:
            return ""
        if isinstance(record, Decision) and not self._spoilt:
            self._spoilt = True
            verb = "clips" if record.verdict == "clip" else "refuses"
            return f"{self.running_ma} mA does not count: the guard {verb} it ({record.reason})"
        if isinstance(record, BurstEnd):
            return self._ended(record.ended_by)
        return ""

    def _started(self, start: BurstStart) -> str:
        if start.trigger != TEST:
            return ""
        self.running_ma = self._asked_ma
        self._before = (self.sensory_ma, self.motor_ma)
        self._spoilt = start.set_current_ua != self._asked_ma * 1000
        if not self._spoilt:
            return ""
        given_ma = ma_from_ua(start.set_current_ua)
        return f"{self._asked_ma} mA does not count: only {given_ma:g} mA can be given"

    def _ended(self, ended_by: str) -> str:
        ended_ma, self.running_ma = self.running_ma, 0
        if not self._spoilt and ended_by == TEST:
            self.current_ma = ended_ma
            return f"{ended_ma} mA given"
        # What was said of a burst that was not what it seemed says nothing.
        self.sensory_ma, self.motor_ma = self._before
        return "" if self._spoilt else f"{ended_ma} mA does not count: it was cut off ({ended_by})"

    def begin_anew(self) -> None:
        """Take note that whoever arms begins from zero: the marks stay, the climb begins again."""
        self.current_ma = 0

    # -- what is known ----------------------------------------------------------------------------

    def wrong(self) -> str:
        """Return what of the marks does not rise in order; empty where nothing does."""
        sensory, motor, tolerated = self.sensory_ma, self.motor_ma, self.tolerated_ma
        again = "mark one of them again"
        if sensory and motor and sensory > motor:
            return f"felt at {sensory} mA, but moved at {motor} mA already: {again}"
        if not self.ceiling_ma:
            return "enough before any burst was borne: move the electrode, or quit"
        if tolerated and motor >= tolerated:
            return f"moved at {motor} mA, but enough at {tolerated} mA: mark lower, or quit"
        if tolerated and sensory >= tolerated:
            return f"felt at {sensory} mA, but enough at {tolerated} mA: mark lower, or quit"
        return ""

    def told(self) -> str:
        """Return the marks for people to read."""
        marks = (("felt", self.sensory_ma), ("moved", self.motor_ma), ("enough", self.tolerated_ma))
        return ", ".join([f"{name} {f'{ma} mA' if ma else '-'}" for name, ma in marks])

    @property
    def done(self) -> bool:
        """Whether all three are known, and in order."""
        return bool(self.sensory_ma and self.motor_ma and self.tolerated_ma) and not self.wrong()

    def found(self, pulse_width_us: int) -> MuscleSetup:
        """Return the thresholds, once ``done``.

        Parameters
        ----------
        pulse_width_us : int
            Of the bursts.
        """
        return MuscleSetup(self.sensory_ma, self.motor_ma, self.tolerated_ma, pulse_width_us)
