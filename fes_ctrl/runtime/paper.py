"""A stimulator on paper: says yes to everything at once, and gives nothing.

Replays put a recording through the whole controller, which wants a device that is connected,
ready and answers; what it would have been told is all that a replay can know.
"""

from collections.abc import Callable

from fes_ctrl.model import (
    LINK_ANSWER,
    LINK_IDLE,
    LINK_READY,
    LINK_UP,
    Arm,
    Capabilities,
    Command,
    LinkReport,
    Setpoint,
)
from fes_ctrl.stimulators.session import IDLE, DriverStep
from fes_ctrl.units import NEVER_US, Us


class PaperDriver:
    """A ``DriverSession`` without a device.

    Parameters
    ----------
    capabilities : Capabilities
        Of the device that it stands for.
    """

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.stop_bytes = b""

    def open(self, now_us: Us) -> DriverStep:
        """Be there."""
        return _report(now_us, LINK_UP, f"paper+{self.capabilities.device}")

    def command(self, now_us: Us, command: Command) -> DriverStep:
        """Agree at once."""
        if isinstance(command, Setpoint):
            return _report(now_us, LINK_ANSWER, "")._replace(written=(command,))
        if isinstance(command, Arm):
            return _report(now_us, LINK_READY, "")
        return _report(now_us, LINK_IDLE, "")

    def receive(self, now_us: Us, data: bytes) -> DriverStep:  # noqa: ARG002 - the seam's signature
        """Hear nothing."""
        return IDLE

    def tick(self, now_us: Us) -> DriverStep:  # noqa: ARG002 - the seam's signature
        """Wait for nothing."""
        return IDLE

    def taken_back(self, now_us: Us) -> DriverStep:  # noqa: ARG002 - the seam's signature
        """Have written nothing."""
        return IDLE

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:  # noqa: ARG002 - the seam's signature
        """Never go."""
        return IDLE


class PaperLink:
    """A link to nobody."""

    def __init__(self) -> None:
        self.on_bytes: Callable[[bytes], None] = _nowhere
        self.on_lost: Callable[[str], None] = _nobody

    def write(self, data: bytes) -> None:
        """Send to nobody."""

    def discard(self) -> bool:
        """Have nothing to take back."""
        return False

    def seize(self, stop: bytes) -> None:
        """Have nobody to stop."""

    def release(self) -> None:
        """Have nothing to give back."""

    def drop(self) -> None:
        """Have nobody to cut off."""

    def close(self) -> None:
        """Have nothing to close."""


def _report(now_us: Us, kind: str, detail: str) -> DriverStep:
    return DriverStep((), (LinkReport(now_us, 0, kind, NEVER_US, detail),), NEVER_US)


def _nowhere(data: bytes) -> None:
    """Drop bytes."""


def _nobody(reason: str) -> None:
    """Drop news."""
