"""What a leg does from when it comes to a stand until it walks off: who directs its courses."""

from random import Random
from typing import Final

from hil.patient.gait_data import HEEL_FORWARD_M
from hil.patient.plan import FOREVER_MS, Manner
from hil.patient.rest.leaning import Leaning
from hil.patient.rest.limb import Limb, Pose
from hil.patient.rest.pivoting import Pivoting
from hil.patient.rest.sitting import Sitting
from hil.patient.rest.tapping import Tapping
from hil.patient.sway import WeightShifts

STILL: Final = 0
LEANING: Final = 1
FIDGETING: Final = 2
TAPPING: Final = 3
PIVOTING: Final = 4


class Rest:
    """The resting leg.

    Parameters
    ----------
    scale : float
        Lengths against the table's.
    shank_m : float
        Length of the shank.
    shifts : WeightShifts
        When the weight goes over.
    random : random.Random
        Its own stream.
    """

    __slots__ = (
        "_act",
        "_leaning",
        "_limb",
        "_next_ms",
        "_per_min",
        "_pivoting",
        "_rises",
        "_sitting",
        "_tapping",
    )

    def __init__(self, scale: float, shank_m: float, shifts: WeightShifts, random: Random) -> None:
        limb = Limb(scale)
        self._limb = limb
        self._leaning = Leaning(limb, shifts, Random(random.getrandbits(64)))
        self._sitting = Sitting(limb, shank_m, Random(random.getrandbits(64)))
        self._tapping = Tapping(limb, Random(random.getrandbits(64)))
        self._pivoting = Pivoting(limb, HEEL_FORWARD_M, scale, Random(random.getrandbits(64)))
        self._act: int = STILL
        self._rises: bool = False
        self._next_ms: int = FOREVER_MS
        self._per_min: float = 0.0

    def begin(self, manner: Manner, from_ms: int, until_ms: int) -> bool:
        """Rest from one instant to another; return whether anything moves in that.

        Parameters
        ----------
        manner : Manner
            What to do meanwhile.
        from_ms, until_ms : int
            At the end the leg stands upright on its whole sole.
        """
        self._act = STILL
        self._rises = False
        self._next_ms = FOREVER_MS
        seated = manner.seated and self._sitting.begin(from_ms, until_ms)
        if seated:
            self._rises = True
            from_ms, until_ms = self._sitting.seated_ms, self._sitting.rise_ms
            self._next_ms = until_ms
        if manner.taps_per_min > 0.0:
            self._act = TAPPING
            self._next_ms = self._tapping.begin(
                from_ms,
                until_ms,
                manner.taps_per_min,
                heel=manner.heel_taps,
                standing=not seated,
            )
        elif seated and manner.fidgets_per_min > 0.0:
            self._act = FIDGETING
            self._per_min = manner.fidgets_per_min
            self._next_ms = from_ms
        elif manner.pivots_per_min > 0.0:
            self._act = PIVOTING
            self._next_ms = self._pivoting.begin(from_ms, until_ms, manner.pivots_per_min)
        elif manner.shifts_per_min > 0.0:
            self._act = LEANING
            self._next_ms = self._leaning.begin(from_ms, until_ms, manner.shifts_per_min)
        return seated or self._act != STILL

    def at(self, t_ms: int) -> Pose:
        """Return the pose of an instant; instants never go backwards."""
        while t_ms >= self._next_ms:
            self._go_on()
        return self._limb.at(t_ms)

    def _go_on(self) -> None:
        at_ms = self._next_ms
        if self._rises and at_ms >= self._sitting.rise_ms:
            self._sitting.rise()
            self._act = STILL
            self._next_ms = FOREVER_MS
            return
        match self._act:
            case 1:
                self._next_ms = self._leaning.go_on(at_ms)
            case 2:
                self._next_ms = self._sitting.fidget(at_ms, self._per_min)
            case 3:
                self._next_ms = self._tapping.go_on(at_ms)
            case _:
                self._next_ms = self._pivoting.go_on(at_ms)
        if self._rises:
            self._next_ms = min(self._next_ms, self._sitting.rise_ms)
