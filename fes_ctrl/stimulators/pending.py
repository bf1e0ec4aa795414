"""Frames that wait for their answer, matched by command and number.

A frame that was taken back from this side of the line may never have left it, and then nobody
answers it. Whether it has is asked: devices answer in order, so that who answers a frame that was
written after the taking back has had, or will never have, what was written before. Until then it
counts as unanswered, from when it was written.

Numbers count from 0 to 61 and wrap; 62 and 63 belong to the pre-encoded stop, whose answers can
therefore never be taken for those of another frame.
"""

from typing import Final, NamedTuple

from fes_ctrl.units import NEVER_US, Us, made

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

    __slots__ = (
        "_forgiven",
        "_frames",
        "_gone",
        "_next",
        "_settled",
        "_void_us",
        "_with_current",
        "orphans",
    )

    def __init__(self) -> None:
        self._frames: list[Unanswered] = []
        self._gone: list[Unanswered] = []
        self._next = 0
        self._with_current = 0
        # What was written before may have been taken back.
        self._void_us: Us = NEVER_US
        self._forgiven = False
        self._settled = False
        self.orphans = 0

    def number(self) -> int:
        """Return the next frame's number."""
        number = self._next
        self._next = (number + 1) % NUMBERS
        return number

    def sent(self, number: int, command: int, now_us: Us, *, current: bool) -> None:
        """Take note of a frame that was handed to the link."""
        if self._gone:
            self._gone = [frame for frame in self._gone if frame.number != number]
        self._frames.append(made(Unanswered, (number, command, now_us, current)))
        self._with_current += current

    def answered(self, number: int, command: int) -> Unanswered | None:
        """Take the frame that this answer belongs to; ``None`` and counted if there is none."""
        for index, frame in enumerate(self._frames):
            if frame.number == number and frame.command == command:
                del self._frames[index]
                self._with_current -= frame.current
                if frame.current:
                    self._forgiven = False
                if frame.sent_us >= self._void_us:
                    self._settle()
                return frame
        for index, frame in enumerate(self._gone):
            if frame.number == number and frame.command == command:
                # It had left after all, and its answer was overtaken.
                del self._gone[index]
                return frame
        self.orphans += 1
        return None

    def take_back(self, now_us: Us) -> None:
        """Take note that what was written before now may have been taken back.

        Not twice on end: a device that answers questions, and no frame with current, is silent.
        """
        if not self._forgiven:
            self._void_us = now_us

    @property
    def in_doubt_us(self) -> Us:
        """When the oldest frame was written that may have been taken back, and nothing behind it.

        ``NEVER_US`` where there is none.
        """
        frames = self._frames
        if not frames or frames[-1].sent_us >= self._void_us or self._void_us == NEVER_US:
            return NEVER_US
        return frames[0].sent_us

    def insist(self) -> None:
        """Wait for every answer: something came that may have been one."""
        self._void_us = NEVER_US

    def _settle(self) -> None:
        """Wait no more for what was taken back: a frame behind it has been answered."""
        self._gone = [frame for frame in self._frames if frame.sent_us < self._void_us]
        self._frames = [frame for frame in self._frames if frame.sent_us >= self._void_us]
        self._void_us = NEVER_US
        for frame in self._gone:
            self._with_current -= frame.current
            self._forgiven = self._forgiven or frame.current
        self._settled = self._settled or len(self._gone) > 0

    def settled(self) -> bool:
        """Return whether frames that were taken back are waited for no more; once."""
        settled, self._settled = self._settled, False
        return settled

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
        self._gone.clear()
        self._void_us = NEVER_US
        self._forgiven = False
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
