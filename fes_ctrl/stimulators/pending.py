"""Frames that wait for their answer, matched by command and number.

Numbers count from 0 to 61 and wrap; 62 and 63 belong to the pre-encoded stop, whose answers can
therefore never be taken for those of another frame.
"""

from typing import Final, NamedTuple

from fes_ctrl.units import NEVER_US, Us

NUMBERS: Final = 62


class Unanswered(NamedTuple):
    """One frame on its way: ``current`` where it makes the device give current."""

    number: int
    command: int
    sent_us: Us
    current: bool


class PendingFrames:
    """The unanswered frames, oldest first.

    Attributes
    ----------
    orphans : int
        Answers that belonged to no frame: late, repeated, or of someone else.
    """

    __slots__ = ("_frames", "_next", "_with_current", "orphans")

    def __init__(self) -> None:
        self._frames: list[Unanswered] = []
        self._next = 0
        self._with_current = 0
        self.orphans = 0

    def number(self) -> int:
        """Return the next frame's number."""
        number = self._next
        self._next = (number + 1) % NUMBERS
        return number

    def sent(self, number: int, command: int, now_us: Us, *, current: bool) -> None:
        """Take note of a frame that was handed to the link."""
        self._frames.append(Unanswered(number, command, now_us, current))
        self._with_current += current

    def answered(self, number: int, command: int) -> Unanswered | None:
        """Take the frame that this answer belongs to; ``None`` and counted if there is none."""
        for index, frame in enumerate(self._frames):
            if frame.number == number and frame.command == command:
                del self._frames[index]
                self._with_current -= frame.current
                return frame
        self.orphans += 1
        return None

    def take(self, number: int) -> Unanswered | None:
        """Take the frame of this number, whatever its command: for errors that name only it."""
        for index, frame in enumerate(self._frames):
            if frame.number == number:
                del self._frames[index]
                self._with_current -= frame.current
                return frame
        self.orphans += 1
        return None

    def first(self) -> Unanswered | None:
        """Take the oldest, or ``None``: for devices whose answers name no frame."""
        if not self._frames:
            return None
        frame = self._frames.pop(0)
        self._with_current -= frame.current
        return frame

    def forget(self, until_us: Us) -> None:
        """Forget those written up to then: it has been told that their answers stayed away."""
        while self._frames and self._frames[0].sent_us <= until_us:
            self._with_current -= self._frames.pop(0).current

    def clear(self) -> None:
        """Forget them all: their answers no longer matter."""
        self._frames.clear()
        self._with_current = 0

    @property
    def oldest_us(self) -> Us:
        """When the oldest of them was written; ``NEVER_US`` if there is none."""
        return self._frames[0].sent_us if self._frames else NEVER_US

    @property
    def with_current(self) -> bool:
        """Whether one of them makes the device give current."""
        return self._with_current > 0

    def __len__(self) -> int:
        """Return how many frames wait."""
        return len(self._frames)
