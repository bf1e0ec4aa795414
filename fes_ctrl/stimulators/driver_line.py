"""What a session has under way: frames to write, frames unanswered, reports, pulses told."""

from typing import Final

from fes_ctrl.model import (
    LINK_CORRUPT,
    LINK_ERROR,
    LINK_OUTLASTED,
    LINK_SKIPPED,
    LinkReport,
    Setpoint,
)
from fes_ctrl.stimulators.pending import PendingFrames
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US, Us, made

LEAVING_US: Final = 5_000
"""A frame that was written just in time is given so long to leave: 2 ms at 115 200 baud."""

WARN_EVERY_US: Final = 10_000_000
"""Answers to nobody and damaged frames are told of this often at most."""


class DriverLine:
    """One driver's side of the conversation with its device.

    Parameters
    ----------
    stimulator : int
        Its number in the reports.

    Attributes
    ----------
    pending : PendingFrames
        Written and not answered yet.
    out, reports, written : list
        What the next ``DriverStep`` is made of.
    last_frame_us : int
        When the last frame was written.
    skipped : int
        Setpoints that were dropped because they could not be written in time.
    """

    __slots__ = (
        "_damaged",
        "_damaged_us",
        "_stimulator",
        "_warned_us",
        "last_frame_us",
        "out",
        "pending",
        "reports",
        "skipped",
        "written",
    )

    def __init__(self, stimulator: int) -> None:
        self._stimulator = stimulator
        self._damaged = 0
        self._damaged_us: Us = -NEVER_US
        self._warned_us: dict[str, Us] = {}
        self.pending = PendingFrames()
        self.last_frame_us: Us = -NEVER_US
        self.out: list[bytes] = []
        self.reports: list[LinkReport] = []
        self.written: list[Setpoint] = []
        self.skipped = 0

    def begin(self) -> None:
        """Count damaged frames anew: the link has been opened."""
        self._damaged = 0

    def damaged(self, now_us: Us, frames: int) -> None:
        """Take note of how many damaged frames have come so far; each may have been an answer."""
        if frames == self._damaged:
            return
        self._damaged = frames
        self._damaged_us = now_us
        self.pending.insist()
        self.warn(now_us, LINK_CORRUPT, f"{frames} damaged frames so far")

    def taken_back(self, now_us: Us) -> None:
        """Take note that what was written before now may not have left this side of the line.

        Where damaged bytes have come since the oldest of it was written, it may have been answered.
        """
        if self._damaged_us < self.pending.oldest_us:
            self.pending.take_back(now_us)

    def say(self, now_us: Us, frame: bytes) -> None:
        """Write a frame whose answer belongs to no number."""
        self.out.append(frame)
        self.last_frame_us = now_us

    def send(
        self, now_us: Us, number: int, command: int, frame: bytes, *, current: bool = False
    ) -> None:
        """Write a frame whose answer is waited for; ``current``: it makes the device give some."""
        self.say(now_us, frame)
        self.pending.sent(number, command, now_us, current=current)

    def report(self, now_us: Us, kind: str, detail: str, channel: int = -1) -> None:
        """Tell the controller."""
        self.reports.append(
            LinkReport(now_us, self._stimulator, kind, self.pending.oldest_us, detail, channel)
        )

    def warn(self, now_us: Us, kind: str, detail: str) -> None:
        """Tell the controller, not more often than anybody would read it."""
        last_us = self._warned_us.get(kind, -NEVER_US)
        if now_us - last_us >= WARN_EVERY_US:
            self._warned_us[kind] = now_us
            self.report(now_us, kind, detail)

    def skip(self, now_us: Us, setpoint: Setpoint, why: str) -> None:
        """Drop a setpoint, and tell."""
        self.skipped += 1
        self.reports.append(
            LinkReport(
                now_us,
                self._stimulator,
                LINK_SKIPPED,
                self.pending.oldest_us,
                f"pulse of {setpoint.at_us} us {why}",
                setpoint.channel,
                setpoint.at_us,
            )
        )

    def outlast(self, now_us: Us, channel: int, until_us: Us) -> None:
        """Tell that the device has repeated a channel's pulse for too long, and until when."""
        self.reports.append(
            LinkReport(
                now_us,
                self._stimulator,
                LINK_OUTLASTED,
                self.pending.oldest_us,
                f"channel {channel} may have been repeated until {until_us} us",
                channel,
                until_us,
            )
        )

    def refuse(self, now_us: Us, setpoint: Setpoint, error: ValueError) -> None:
        """Drop a setpoint that no guard should have let through, and tell that as an error."""
        self.skip(now_us, setpoint, "refused by the driver")
        self.report(now_us, LINK_ERROR, f"setpoint refused: {error}", setpoint.channel)

    def done(self, wake_us: Us, *, discard: bool, drop: bool) -> DriverStep:
        """Return what has come together, and forget it."""
        if not self.out and not self.reports and not self.written:
            return made(DriverStep, ((), (), wake_us, discard, drop, ()))
        out, reports, written = tuple(self.out), tuple(self.reports), tuple(self.written)
        step = made(DriverStep, (out, reports, wake_us, discard, drop, written))
        self.out.clear()
        self.reports.clear()
        self.written.clear()
        return step
