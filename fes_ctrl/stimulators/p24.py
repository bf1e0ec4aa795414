"""Driver session of HASOMED's P24: greeting, arming, stopping; a level writes the pulses.

Answers are matched by command and number; each has a bounded wait; every error reaches the caller
in a report. How pulses are written is the levels' idea: ``p24_low``, ``p24_mid``.

References
----------
HASOMED ScienceMode4 protocol and C library headers (github.com/ScienceMode).
"""

from collections.abc import Callable
from typing import Final

from fes_ctrl.model import (
    LINK_ANSWER,
    LINK_CHANGED,
    LINK_CORRUPT,
    LINK_DOWN,
    LINK_ELECTRODE,
    LINK_ERROR,
    LINK_IDLE,
    LINK_ORPHAN,
    LINK_READY,
    LINK_SILENT,
    LINK_STUCK,
    LINK_UP,
    Arm,
    Capabilities,
    Command,
    Setpoint,
)
from fes_ctrl.stimulators.p24_line import Level, P24Line
from fes_ctrl.stimulators.p24_low import LowLevel
from fes_ctrl.stimulators.p24_mid import MidLevel
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4

CLOSED: Final = "closed"
HELLO: Final = "hello"
UP: Final = "up"
ARMING: Final = "arming"
READY: Final = "ready"
STOPPING: Final = "stopping"
DEAD: Final = "dead"

TRIES: Final = 3
STOP_REPEAT_US: Final = 80_000
"""Three stops so far apart, then the line is cut: within 300 ms in all."""

STOP_NUMBERS: Final = (62, 63)

STOPPED_RESULTS: Final = (sm4.NO_ERROR, sm4.NOT_INITIALISED, sm4.INVALID_COMMAND)
"""Answers to a stop that mean silence: stopped, that level is not active, there is no such level.
After any other (busy, a transfer error) the device may go on, and the stop is repeated."""

LEVELS: Final[dict[str, Callable[[P24Line, Capabilities, Us, Us], Level]]] = {
    "low_level": LowLevel,
    "mid_level": MidLevel,
}


class P24Session:
    """One P24 on one link.

    Parameters
    ----------
    capabilities : Capabilities
        Of the P24 in one of its modes, which is the level it is driven in.
    stimulator : int
        Its number in the reports.
    min_interval_us : int
        Least distance of two pulses of a channel as they are written, whatever the jitter.
    poll_us : int
        An idle link is asked for the device's state this often.

    Attributes
    ----------
    state : str
        ``closed``, ``hello``, ``up``, ``arming``, ``ready``, ``stopping`` or ``dead``.
    identity : str
        What the device said it is.
    """

    __slots__ = (
        "_asked_us",
        "_asks",
        "_damaged",
        "_decoder",
        "_level",
        "_line",
        "_orphans",
        "_poll_us",
        "_question",
        "_stops_open",
        "_tries",
        "_wanted_after_stop",
        "capabilities",
        "identity",
        "state",
        "stop_bytes",
    )

    def __init__(
        self, capabilities: Capabilities, stimulator: int, min_interval_us: Us, poll_us: Us
    ) -> None:
        self.capabilities = capabilities
        # Two frame ends first: a discarded half frame on the line would swallow the stop.
        self.stop_bytes = (
            sm4.FRAME_ENDS + sm4.ll_stop(STOP_NUMBERS[0]) + sm4.ml_stop(STOP_NUMBERS[1])
        )
        self._poll_us = poll_us
        self._decoder = sm4.Decoder()
        self._line = P24Line(stimulator)
        self._level = LEVELS[capabilities.mode](
            self._line, capabilities, max(min_interval_us, capabilities.min_interval_us), poll_us
        )
        self._question = 0
        self._tries = 0
        self._asked_us: Us = NEVER_US
        self._stops_open: set[int] = set()
        self._asks = ""
        self._orphans = 0
        self._damaged = 0
        self._wanted_after_stop = UP
        self.state: str = CLOSED
        self.identity = ""

    @property
    def orphans(self) -> int:
        """Answers that belonged to no frame: late, repeated, or somebody else's."""
        return self._line.pending.orphans

    @property
    def skipped(self) -> int:
        """Setpoints that were dropped because they could not be written in time."""
        return self._line.skipped

    # -- what comes in --------------------------------------------------------------------------

    def open(self, now_us: Us) -> DriverStep:
        """Stop whatever the device may be doing, then ask who it is."""
        self._decoder = sm4.Decoder()
        self._damaged = 0
        self._level.clear()
        self.identity = ""
        self._begin_stop(now_us, HELLO)
        return self._done(discard=True)

    def command(self, now_us: Us, command: Command) -> DriverStep:
        """Take one command of the controller."""
        if isinstance(command, Setpoint):
            if self.state == READY:
                self._level.hold(now_us, command)
            else:
                self._line.skip(now_us, command, f"device is {self.state}")
            return self._done()
        if isinstance(command, Arm):
            if self.state == UP:
                self._begin_arming(now_us)
            elif self.state == STOPPING and self._wanted_after_stop != HELLO:
                # Once the device has confirmed that its output has ended.
                self._wanted_after_stop = ARMING
            elif self.state == READY:
                self._line.report(now_us, LINK_READY, self.identity)
            else:
                self._line.report(now_us, LINK_ERROR, f"cannot arm: device is {self.state}")
            return self._done()
        if self.state in (CLOSED, DEAD):
            return self._done()
        if self.state == STOPPING:
            # Stop always wins, and one more costs nothing; the wait for its answer goes on.
            self._line.out.append(self.stop_bytes)
            if self._wanted_after_stop == ARMING:
                self._wanted_after_stop = UP
            return self._done(discard=True)
        self._begin_stop(now_us, UP if self.identity else HELLO)
        return self._done(discard=True)

    def receive(self, now_us: Us, data: bytes) -> DriverStep:
        """Take bytes from the device."""
        for frame in self._decoder.feed(data):
            self._take(now_us, frame)
        if self._decoder.rejected != self._damaged:
            self._damaged = self._decoder.rejected
            self._line.warn(now_us, LINK_CORRUPT, f"{self._damaged} damaged frames so far")
        if self._line.pending.orphans != self._orphans:
            self._orphans = self._line.pending.orphans
            self._line.warn(now_us, LINK_ORPHAN, f"{self._orphans} answers to nobody so far")
        self._level.write(now_us)
        return self._done()

    def tick(self, now_us: Us) -> DriverStep:
        """Fire the deadlines that have come."""
        line, level = self._line, self._level
        drop = False
        level.write(now_us)
        if self.state == STOPPING:
            drop = self._stop_overdue(now_us)
        elif self.state in (HELLO, ARMING) and now_us >= self._asked_us:
            self._question_overdue(now_us)
        elif self.state in (UP, READY):
            oldest_us = line.pending.oldest_us
            if now_us >= oldest_us + self.capabilities.ack_deadline_us:
                self._silent(now_us, oldest_us)
                return self._done(discard=self.state == STOPPING)
            if level.takes_back(now_us):
                return self._done(discard=True)
            if not len(line.pending) and now_us >= line.last_frame_us + self._poll_us:
                number = line.pending.number()
                line.send(now_us, number, sm4.GET_STIM_STATUS, sm4.get_stim_status(number))
        return self._done(drop=drop)

    def _silent(self, now_us: Us, oldest_us: Us) -> None:
        """Tell that an answer stays away; a device that may go on by itself is stopped."""
        line = self._line
        line.report(now_us, LINK_SILENT, f"no answer for {(now_us - oldest_us) / 1000:.0f} ms")
        if self.state == READY and self._level.stops_on_silence:
            self._begin_stop(now_us, UP)
            return
        # Said once for each: a younger frame's answer is still waited for.
        line.pending.forget(now_us - self.capabilities.ack_deadline_us)

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:
        """Take note that the connection is gone."""
        if self.state != DEAD:
            self.state = DEAD
            self.identity = ""
            self._level.clear()
            self._line.pending.clear()
            self._line.report(now_us, LINK_DOWN, reason)
        return self._done()

    # -- frames out -----------------------------------------------------------------------------

    def _begin_stop(self, now_us: Us, wanted_after: str) -> None:
        self.state = STOPPING
        self._wanted_after_stop = wanted_after
        self._level.clear()
        self._line.pending.clear()
        self._stops_open = set(STOP_NUMBERS)
        self._tries = 1
        self._asked_us = now_us + STOP_REPEAT_US
        self._line.out.append(self.stop_bytes)
        self._line.last_frame_us = now_us

    def _stop_overdue(self, now_us: Us) -> bool:
        """Repeat a stop that was not answered; return whether the line is to be cut."""
        if now_us < self._asked_us:
            return False
        if self._tries < TRIES:
            self._tries += 1
            self._asked_us = now_us + STOP_REPEAT_US
            self._line.out.append(self.stop_bytes)
            self._line.last_frame_us = now_us
            return False
        self.state = DEAD
        self._line.report(now_us, LINK_STUCK, f"{TRIES} stops were not confirmed; line cut")
        return True

    def _ask(self, now_us: Us, command: int) -> None:
        number = self._line.pending.number()
        self._question = command
        if command == sm4.GET_DEVICE_ID:
            frame = sm4.get_device_id(number)
        elif command == sm4.GET_EXTENDED_VERSION:
            frame = sm4.get_extended_version(number)
        else:
            frame = self._level.init(number)
        self._tries += 1
        self._asked_us = now_us + self.capabilities.ack_deadline_us
        self._line.send(now_us, number, command, frame)

    def _question_overdue(self, now_us: Us) -> None:
        self._line.pending.clear()
        if self._tries < TRIES:
            self._ask(now_us, self._question)
            return
        self._line.report(now_us, LINK_SILENT, f"{TRIES} questions were not answered")
        self._begin_stop(now_us, UP if self.identity else HELLO)

    # -- frames in ------------------------------------------------------------------------------

    def _take(self, now_us: Us, frame: sm4.Frame) -> None:
        number, command, payload = frame
        if number in STOP_NUMBERS and command != sm4.GENERAL_ERROR:
            if payload and payload[0] in STOPPED_RESULTS:
                self._stops_open.discard(number)
            if self.state == STOPPING and not self._stops_open:
                self._stopped(now_us)
            return
        if self.state == STOPPING:
            return
        if command in (sm4.GENERAL_ERROR, sm4.UNKNOWN_COMMAND):
            if self._line.pending.take(number) is None:
                # Counted there; told of as the error that it is, asked for or not.
                self._orphans += 1
            self._complain(now_us, payload[0] if payload else -1, f"answer {command}")
            return
        asked = self._line.pending.answered(number, command - 1)
        if asked is None:
            return
        result = payload[0] if payload else -1
        if result != sm4.NO_ERROR:
            self._complain(now_us, result, f"command {asked.command}")
            return
        if asked.command == sm4.GET_STIM_STATUS:
            self._judge_status(now_us, sm4.decode_stim_status(payload))
        elif asked.command == self._level.init_command:
            self.state = READY
            self._line.report(now_us, LINK_READY, self.identity)
        elif asked.command == sm4.GET_DEVICE_ID:
            self._asks = f"p24 {sm4.decode_device_id(payload)}"
            self._tries = 0
            self._ask(now_us, sm4.GET_EXTENDED_VERSION)
        elif asked.command == sm4.GET_EXTENDED_VERSION:
            self._identified(now_us, f"{self._asks} {sm4.decode_extended_version(payload)}")
        else:
            self._level.answered(now_us, asked, payload)

    def _identified(self, now_us: Us, identity: str) -> None:
        """Take the device's word who it is; one that is to be armed must be the one from before."""
        if self.state == HELLO:
            self.identity = identity
            self.state = UP
            self._line.report(now_us, LINK_UP, identity)
        elif self.state == ARMING and identity == self.identity:
            self._tries = 0
            self._ask(now_us, self._level.init_command)
        elif self.state == ARMING:
            self._line.report(now_us, LINK_CHANGED, f"{identity} answers, it was {self.identity}")
            # Whatever it is doing ends, and then it is asked who it is, as any new device.
            self.identity = ""
            self._begin_stop(now_us, HELLO)

    def _stopped(self, now_us: Us) -> None:
        if self._wanted_after_stop == HELLO:
            self.state = HELLO
            self._tries = 0
            self._ask(now_us, sm4.GET_DEVICE_ID)
            return
        self.state = UP
        self._line.report(now_us, LINK_IDLE, "output ended")
        if self._wanted_after_stop == ARMING:
            self._begin_arming(now_us)

    def _begin_arming(self, now_us: Us) -> None:
        """Ask first who it is: the device may have been changed since it was asked."""
        self.state = ARMING
        self._tries = 0
        self._ask(now_us, sm4.GET_DEVICE_ID)

    def _judge_status(self, now_us: Us, status: int) -> None:
        armed = self.state == READY
        if self._level.agrees(status) if armed else status == sm4.STATUS_NONE:
            self._line.report(now_us, LINK_ANSWER, "")
            return
        self._line.report(
            now_us,
            LINK_ERROR,
            f"device is in state {status}, it was {'armed' if armed else 'stopped'}: it was reset "
            "or driven by another",
        )

    def _complain(self, now_us: Us, result: int, what: str) -> None:
        detail = f"{what}: {sm4.RESULT_NAMES.get(result, 'unknown result')} ({result})"
        if result == sm4.ELECTRODE_ERROR:
            self._line.report(now_us, LINK_ELECTRODE, detail)
        else:
            self._line.report(now_us, LINK_ERROR, detail)
        self._level.complained(now_us)

    # -- what goes back -------------------------------------------------------------------------

    def _wake_at_us(self) -> Us:
        if self.state in (STOPPING, HELLO, ARMING):
            return self._asked_us
        if self.state not in (UP, READY):
            return NEVER_US
        wake_us = self._line.pending.oldest_us
        if wake_us == NEVER_US:
            wake_us = self._line.last_frame_us + self._poll_us
        else:
            wake_us += self.capabilities.ack_deadline_us
        return min(wake_us, self._level.wake_at_us())

    def _done(self, *, discard: bool = False, drop: bool = False) -> DriverStep:
        return self._line.done(self._wake_at_us(), discard=discard, drop=drop)
