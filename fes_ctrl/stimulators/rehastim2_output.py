"""The two ways in which a RehaStim2 is told to stimulate: what is to be written next, and when.

Neither knows states, links or answers to other questions; the session asks them for the next
frame when nothing with current is unanswered.

Single pulses: a frame is a pulse, written at its instant and never after its time is over. The
device takes 10 to 24 ms for it, so the next of a channel keeps its distance from the answer: the
last was given before that came, and the next comes 10 ms after it is written at the earliest.

Channel lists: the device repeats by itself, so a frame says what holds from its next round on,
and every setpoint is an update. Every setpoint still expires by itself: it holds for one round
beyond its own end, until the next one has to be there, and then ``over`` says that the list has
to be stopped. Channels take part from the first setpoint that names them; one that is new to a
list stops it first, and costs that burst some pulses once.
"""

from collections import deque
from typing import Final, NamedTuple, Protocol

from fes_ctrl.model import Capabilities, Setpoint
from fes_ctrl.stimulators.config import LIFE_US
from fes_ctrl.stimulators.pulse_queue import PulseQueue
from fes_ctrl.units import NEVER_US, MicroAmp, Us
from fes_ctrl.wire import sciencemode2 as sm2

LATENCY_MIN_US: Final = 10_000
"""A RehaStim2 carries no command out sooner than this after it came."""

GROUP_US: Final = 2_000
"""Between the pulses of doublets, of which there are none; any that the device takes."""


OFF: Final = sm2.ListPulse(sm2.SINGLE, 0, 0)
"""What a channel of a running list is told that is to give nothing."""


class Wanted(NamedTuple):
    """One frame to write: what it was made of, and until when it may lie on this side.

    ``outlasted`` are the channels that it ends and that were repeated for too long until then.
    """

    command: int
    frame: bytes
    written: tuple[Setpoint, ...]
    void_us: Us
    outlasted: tuple[int, ...] = ()


class OutputMode(Protocol):
    """What a session asks of either way."""

    resting: int
    """The mode in which the device is while it is armed and gives nothing."""

    gathers: bool
    """Setpoints of one instant go out together: after the last of them, not with the first."""

    def hold(self, setpoint: Setpoint) -> None:
        """Take a setpoint that is to be written."""
        ...

    def expired(self, now_us: Us) -> Setpoint | None:
        """Let go of one whose time is over, and return it."""
        ...

    def drop(self) -> Setpoint | None:
        """Let go of the first that waits, and return it."""
        ...

    def next(self, now_us: Us, number: int) -> Wanted | None:
        """Return the frame whose turn it is: nothing with current is unanswered."""
        ...

    def answered(self, command: int, sent_us: Us, now_us: Us, /) -> None:
        """Take the good answer to one of its frames."""
        ...

    def missed(self, now_us: Us, /) -> int:
        """Take note that a pulse was given by now or never; return its channel, -1 for any."""
        ...

    def over(self, now_us: Us, /) -> bool:
        """Return whether the device gives pulses that no setpoint stands for any more."""
        ...

    def outlasted(self, now_us: Us, /) -> tuple[int, ...]:
        """Return the channels of which it has given some for too long, and let go of all that."""
        ...

    def wake_at_us(self, *, blocked: bool) -> Us:
        """Return when something is to be done; ``blocked``: nothing may be written now."""
        ...

    def reset(self) -> None:
        """Take note that the device is in start mode, and let go of all that waits."""
        ...


class SinglePulses:
    """Single pulses.

    Parameters
    ----------
    capabilities : Capabilities
        Of the device in that mode.
    min_interval_us : int
        Least distance of two pulses of a channel at the electrode.
    """

    __slots__ = ("_pulses", "gathers", "resting")

    def __init__(self, capabilities: Capabilities, min_interval_us: Us) -> None:
        self.resting = sm2.MODE_START
        self.gathers = False
        self._pulses = PulseQueue(
            capabilities.channels,
            max(min_interval_us, capabilities.min_interval_us),
            prompt_us=LATENCY_MIN_US,
            wavers_us=0,
        )

    def hold(self, setpoint: Setpoint) -> None:
        """Take a pulse that is to be written."""
        self._pulses.hold(setpoint)

    def expired(self, now_us: Us) -> Setpoint | None:
        """Let go of the first that waits if its time is over, and return it."""
        return self._pulses.expired(now_us)

    def drop(self) -> Setpoint | None:
        """Let go of the first that waits, and return it."""
        return self._pulses.drop() if len(self._pulses) else None

    def next(self, now_us: Us, number: int) -> Wanted | None:
        """Return the pulse whose turn it is."""
        setpoint = self._pulses.due(now_us)
        if setpoint is None:
            return None
        frame = sm2.single_pulse(number, setpoint.channel, setpoint.width_us, setpoint.current_ua)
        return Wanted(sm2.SINGLE_PULSE, frame, (setpoint,), setpoint.expires_us)

    def answered(self, _command: int, sent_us: Us, now_us: Us) -> None:
        """Take note of when the last pulse was given at the latest."""
        self._pulses.answered(sent_us, now_us)

    def missed(self, now_us: Us) -> int:
        """Keep the next pulse's distance from one that may have been given just now."""
        return self._pulses.missed(now_us)

    def over(self, _now_us: Us) -> bool:
        """Return whether the device gives what nobody wants: never."""
        return False

    def outlasted(self, _now_us: Us) -> tuple[int, ...]:
        """Return the channels that were repeated for too long: none is."""
        return ()

    def wake_at_us(self, *, blocked: bool) -> Us:
        """Return when the first pulse is due, or has expired."""
        return self._pulses.wake_at_us(blocked=blocked)

    def reset(self) -> None:
        """Let go of all that waits."""
        self._pulses.clear()


class ChannelLists:
    """Channel lists, updated by each setpoint.

    Parameters
    ----------
    capabilities : Capabilities
        Of the device in that mode; their period is the list's main interval.
    """

    __slots__ = (
        "_asked",
        "_channels",
        "_held",
        "_holds",
        "_period_us",
        "_set_up",
        "_started",
        "gathers",
        "resting",
    )

    def __init__(self, capabilities: Capabilities) -> None:
        self.resting = sm2.MODE_START
        self.gathers = True
        self._period_us = capabilities.period_us
        self._held: deque[Setpoint] = deque()
        self._holds: dict[int, tuple[Us, Us, MicroAmp]] = {}
        self._channels: list[int] = []
        self._asked: list[int] = []
        self._set_up: list[int] = []
        self._started = False

    def hold(self, setpoint: Setpoint) -> None:
        """Take a setpoint; its channel belongs to the list from now on."""
        self._held.append(setpoint)
        if setpoint.channel not in self._channels:
            self._channels = sorted([*self._channels, setpoint.channel])

    def expired(self, now_us: Us) -> Setpoint | None:
        """Let go of the first that waits if its time is over, and return it."""
        if self._held and now_us > self._held[0].expires_us:
            return self._held.popleft()
        return None

    def drop(self) -> Setpoint | None:
        """Let go of the first that waits, and return it."""
        return self._held.popleft() if self._held else None

    def next(self, now_us: Us, number: int) -> Wanted | None:
        """Return the set-up of a list, its stop where a channel is new to it, or an update."""
        if self._set_up != self._channels:
            if self._started:
                frame = sm2.stop_channel_list(number)
                outlasted = self.outlasted(now_us)
                return Wanted(sm2.STOP_CHANNEL_LIST, frame, (), NEVER_US, outlasted)
            bits = sum([1 << channel for channel in self._channels])
            setup = sm2.ListSetup(0, bits, 0, GROUP_US, self._period_us, sm2.FAST)
            frame = sm2.init_channel_list(number, setup)
            self._asked = self._channels
            return Wanted(sm2.INIT_CHANNEL_LIST, frame, (), NEVER_US)
        written: list[Setpoint] = []
        while self._held and self._held[0].at_us <= now_us:
            setpoint = self._held.popleft()
            written.append(setpoint)
            until_us = min(setpoint.expires_us, setpoint.at_us + LIFE_US) + self._period_us
            self._holds[setpoint.channel] = until_us, setpoint.width_us, setpoint.current_ua
        if not written:
            return None
        self._started = True
        outlasted = self.outlasted(now_us)
        pulses = [self._pulse_of(channel) for channel in self._set_up]
        frame = sm2.start_channel_list(number, pulses)
        void_us = written[0].expires_us
        return Wanted(sm2.START_CHANNEL_LIST, frame, tuple(written), void_us, outlasted)

    def _pulse_of(self, channel: int) -> sm2.ListPulse:
        if channel not in self._holds:
            return OFF
        _, width_us, current_ua = self._holds[channel]
        return sm2.ListPulse(sm2.SINGLE, width_us, current_ua)

    def answered(self, command: int, _sent_us: Us, _now_us: Us) -> None:
        """Take note of what the device is in now."""
        if command == sm2.INIT_CHANNEL_LIST:
            self._set_up = self._asked
            self.resting = sm2.MODE_INITIALISED
        elif command == sm2.STOP_CHANNEL_LIST:
            self._in_start_mode()

    def missed(self, _now_us: Us) -> int:
        """Have nothing to mind: each update says all that holds."""
        return -1

    def over(self, now_us: Us) -> bool:
        """Return whether a list runs of which no setpoint holds any more."""
        return self._started and now_us > self._until_us()

    def outlasted(self, now_us: Us) -> tuple[int, ...]:
        """Let go of what holds no more; return what was to end longer ago than a host is late."""
        over = {channel: hold[0] for channel, hold in self._holds.items() if hold[0] < now_us}
        for channel in over:
            del self._holds[channel]
        return tuple([channel for channel, until_us in over.items() if until_us < now_us - LIFE_US])

    def _until_us(self) -> Us:
        return max([until_us for until_us, _, _ in self._holds.values()], default=-NEVER_US)

    def wake_at_us(self, *, blocked: bool) -> Us:
        """Return when an update is due, has expired, or the list is over."""
        wake_us = self._until_us() + 1 if self._started else NEVER_US
        if self._held:
            first = self._held[0]
            wake_us = min(wake_us, first.expires_us + 1 if blocked else first.at_us)
        return wake_us

    def _in_start_mode(self) -> None:
        self._set_up = []
        self._started = False
        self._holds.clear()
        self.resting = sm2.MODE_START

    def reset(self) -> None:
        """Take note that the device is in start mode, and let go of all that waits."""
        self._held.clear()
        self._in_start_mode()
