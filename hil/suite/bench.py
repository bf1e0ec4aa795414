"""What a scenario of the suite needs: a driver on a link and a clock, and the device's far end."""

from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from fes_ctrl.model import Capabilities, LinkReport, Setpoint
from fes_ctrl.units import MicroAmp, Us

Answers: TypeAlias = Literal["as they are", "late", "damaged", "never", "to nobody"]
Who: TypeAlias = Literal["the same", "another", "other firmware"]
Points: TypeAlias = tuple[tuple[Us, MicroAmp], ...]
Source: TypeAlias = Literal["electrode", "probe", "device", "commanded"]
"""Where a bench has from what it says about output: a simulated electrode, a probe across the
load, the device's own account, or nothing but what it was told. The first two see."""

SEES: Final[frozenset[Source]] = frozenset({"electrode", "probe"})


class BenchFailure(AssertionError):  # noqa: N818 - a failure, as an assertion is
    """A driver or its device did what a scenario does not allow: one sentence."""


TALK: Final = "conversation"


class NotProvenError(Exception):
    """A bench cannot do or see what a scenario needs: what, and what would make it able to."""


class Result(NamedTuple):
    """What a scenario saw, in how many ms, against what is allowed, and where that is from.

    The times are ``None`` where what it saw is no time.
    ``of`` is what the figure is about: ``output``, which has to be seen to be proven, or the
    ``conversation`` with the device, which the host holds itself.
    """

    seen: str
    ms: float | None
    allowed_ms: float | None
    origin: str
    of: Literal["output", "conversation"] = "output"

    def __str__(self) -> str:
        """Return it in one line."""
        if self.ms is None or self.allowed_ms is None:
            return f"{self.seen}: {self.origin}"
        return f"{self.seen} in {self.ms:.1f} ms; {self.allowed_ms:.0f} ms allowed: {self.origin}"


class Pulse(NamedTuple):
    """One pulse at the electrode."""

    t_us: Us
    channel: int
    current_ua: MicroAmp
    points: Points = ()


class Bench(Protocol):
    """One driver and one device, joined.

    Attributes
    ----------
    capabilities : Capabilities
        Of the device in its mode.
    hello_ms : int
        How long the device is given to say who it is.
    watchdog_ms : int
        How long a device that speaks first believes in a host that is gone; else 0.
    slack_us : int
        What the line and the clock add to any figure.
    reopened_us : int
        How long it takes until a cable that is plugged in again is used.
    names_itself : bool
        The protocol tells one device of its kind from another.
    pulses : list of Pulse
        At the electrode, so far.
    reports : list of LinkReport
        Of the driver, so far.
    written : list of (int, Setpoint)
        What went to the device, and when.
    refused : list of str
        Why the guard let setpoints not through.
    source : str
        Where ``pulses`` are from.
    current_ma, more_ma : int
        What its trains are given with, and what another current is; the first is the smaller.
    doubt_us : int
        How far an instant of ``pulses`` may be from the truth, on the host's clock.
    eye_us : int
        How far a duration may be, or the distance of two of them.
    eye_share : float
        How far a current may be, as a share of it.
    eye_ua : int
        And how far besides, whatever the current.
    look_us : int
        How long silence is looked at that is to be proven.
    endurance_us, walk_us : int
        How long an endurance test goes on, and the walk.
    """

    capabilities: Capabilities
    hello_ms: int
    watchdog_ms: int
    slack_us: Us
    reopened_us: Us
    names_itself: bool
    pulses: list[Pulse]
    reports: list[LinkReport]
    written: list[tuple[Us, Setpoint]]
    refused: list[str]
    source: Source
    current_ma: int
    more_ma: int
    doubt_us: Us
    eye_us: Us
    eye_share: float
    eye_ua: MicroAmp
    look_us: Us
    endurance_us: Us
    walk_us: Us

    def now_us(self) -> Us:
        """Return the present."""
        ...

    def run(self, for_us: Us) -> None:
        """Let time pass."""
        ...

    def settle(self) -> None:
        """Let time pass until ``pulses`` has everything that was given up to now."""
        ...

    # -- the host -------------------------------------------------------------------------------

    def open(self) -> None:
        """Let the driver begin."""
        ...

    def operate(self, action: str, value: int = 0) -> None:
        """Let a person act: ``arm``, ``level`` in mA, ``pause``, ``clear``, ``stop``."""
        ...

    def stop_now(self) -> None:
        """Stop as a signal handler does, past the controller."""
        ...

    def unguarded(self, current_ua: MicroAmp) -> None:
        """Hand the driver one setpoint that no guard has seen."""
        ...

    def freeze(self) -> None:
        """Let the host say and hear nothing more, with the line as it is."""
        ...

    # -- the far end ----------------------------------------------------------------------------

    def electrode(self, *, on: bool) -> None:
        """Take the electrode off, or put it on again."""
        ...

    def cut(self) -> None:
        """Pull the cable."""
        ...

    def plug(self, who: Who) -> None:
        """Plug a device in, and let the driver begin anew."""
        ...

    def answer(self, how: Answers, by_us: Us = 0) -> None:
        """Let the device answer so from now on."""
        ...

    def restart(self) -> None:
        """Let the device start anew, as with the next frame that it hears."""
        ...

    def leave_running(self) -> None:
        """Let an earlier host, in the mode that goes on for longest, start output and vanish."""
        ...

    # -- the account ----------------------------------------------------------------------------

    @property
    def identity(self) -> str:
        """What the device called itself first; empty before that."""
        ...

    def blind(self) -> str:
        """Return why what was seen of the output so far is not the whole of it, or nothing."""
        ...

    def answered_us(self, from_us: Us) -> list[Us]:
        """Return how long each word of the host since then waited for the device's next one."""
        ...

    def heel_to_pulse(self, strides: int) -> list[Us]:
        """Play so many strides on the heel; return from each heel-off to its burst's first pulse.

        Through the sensor's board, the whole controller and the device; on one clock. A heel-off
        that no pulse follows is left out.
        """
        ...

    def walk(self, for_us: Us) -> list[str]:
        """Let the virtual patient walk on this stimulator; return what speaks against a pass."""
        ...

    def transcript(self) -> str:
        """Return what passed on the line since it was opened, as ``run --record`` writes it.

        Empty where nothing did.
        """
        ...

    def close(self) -> None:
        """Stop, and let go of everything."""
        ...
