"""Whether a heel switch or force is stuck: the forefoot walks on, and the heel never changes."""

from typing import Final

from fes_ctrl.gait.explain import Notebook
from fes_ctrl.units import NEVER_US, Us

STRIDES: Final = 3
"""So many strides of the forefoot in a row without an edge of the heel."""

OUT_OF_STANDING: Final = 8
"""So many where the heel had stood before: who stands also taps with the toes."""

STRIDE_US: Final = (800_000, 2_600_000)
"""Strides follow each other so; toes tap faster (Sanchez Manchola et al. 2019, their recordings:
1.3 to 2.6 s on a treadmill; gaitpdb: 0.9 to 1.3 s)."""

LONG_OPEN_US: Final = 10_000_000


class StuckWatch:
    """What is wrong with a heel, told once.

    Parameters
    ----------
    standing_us : int
        A heel that has been down for so long stands.
    notes : Notebook
        Where the diagnosis goes.

    Attributes
    ----------
    stuck : bool
        The heel's readings say nothing.
    diagnosis : str
        What is wrong; empty while nothing is.
    """

    __slots__ = (
        "_lift_us",
        "_lifts",
        "_moved",
        "_needed",
        "_notes",
        "_standing_us",
        "diagnosis",
        "stuck",
    )

    def __init__(self, standing_us: Us, notes: Notebook) -> None:
        self._standing_us: Us = standing_us
        self._notes = notes
        self._moved = False
        self._lift_us: Us = -NEVER_US
        self._lifts: int = 0
        self._needed: int = STRIDES
        self.stuck = False
        self.diagnosis = ""

    def edge(self, t_us: Us) -> None:
        """Take note that the heel has changed: it is sound."""
        self._lifts = 0
        self._moved = True
        self.stuck = False
        self._tell(t_us, "")

    def open_since(self, t_us: Us, since_us: Us) -> None:
        """Take note that the heel is open, and since when."""
        if t_us - since_us > LONG_OPEN_US:
            self._tell(t_us, "open for long: stuck, worn off, or not stood on")

    def forefoot_lifts(self, t_us: Us, lift_us: Us, since_us: Us, *, closed: bool) -> None:
        """Take note that the forefoot has left the ground.

        Parameters
        ----------
        t_us, lift_us : int
            When it is known, and when it was.
        since_us : int
            When the heel last changed.
        closed : bool
            Whether the heel reads loaded.
        """
        follows = STRIDE_US[0] <= lift_us - self._lift_us <= STRIDE_US[1]
        self._lift_us = lift_us
        if not follows or self._lifts == 0:
            self._lifts = 0
            stood = self._moved and lift_us - since_us > self._standing_us
            self._needed = OUT_OF_STANDING if stood else STRIDES
        self._lifts += 1
        self.stuck = self._lifts >= self._needed
        if self.stuck:
            self._tell(
                t_us,
                "stuck closed: the forefoot walks, the heel never opens"
                if closed
                else "stuck open, or the heel never comes down: the forefoot walks",
            )

    def _tell(self, t_us: Us, diagnosis: str) -> None:
        if diagnosis == self.diagnosis:
            return
        self._notes.note(t_us, f"heel {diagnosis}" if diagnosis else "heel sound again")
        self.diagnosis = diagnosis
