"""Driver session of HASOMED's P24 in low level: a frame for every pulse, timed by the host.

The device gives one pulse per frame and nothing without one, so its output cannot outlive the
host. The session writes a pulse only while it is valid, only while no other frame with current
is unanswered, and never twice. Answers are matched by command and number; each has a bounded
wait; every error reaches the caller in a report.

References
----------
HASOMED ScienceMode4 protocol and C library headers (github.com/ScienceMode).
"""

from typing import Final

from fes_ctrl.model import (
    ASYMMETRIC,
    ASYMMETRY,
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
    LINK_SKIPPED,
    LINK_STUCK,
    LINK_UP,
    Arm,
    Capabilities,
    Command,
    LinkReport,
    Setpoint,
)
from fes_ctrl.stimulators.pending import PendingFrames
from fes_ctrl.stimulators.pulse_queue import PulseQueue
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US, MicroAmp, Us
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

LEAVING_US: Final = 5_000
"""A frame that was written just in time is given so long to leave: 2 ms at 115 200 baud."""

WARN_EVERY_US: Final = 10_000_000
"""Answers to nobody and damaged frames are told of this often at most."""

STOP_NUMBERS: Final = (62, 63)

STOPPED_RESULTS: Final = (sm4.NO_ERROR, sm4.NOT_INITIALISED, sm4.INVALID_COMMAND)
"""Answers to a stop that mean silence: stopped, that level is not active, there is no such level.
After any other (busy, a transfer error) the device may go on, and the stop is repeated."""


def points_of(setpoint: Setpoint) -> tuple[tuple[Us, MicroAmp], ...]:
    """Return the two phases of a pulse, duration in us and current in uA; their charge is equal."""
    width_us, current_ua = setpoint.width_us, setpoint.current_ua
    if setpoint.waveform == ASYMMETRIC:
        return (width_us, current_ua), (width_us * ASYMMETRY, -(current_ua // ASYMMETRY))
    return (width_us, current_ua), (width_us, -current_ua)


class P24Session:
    """One P24 on one link.

    Parameters
    ----------
    capabilities : Capabilities
        Of the P24 in low level.
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
    skipped : int
        Setpoints that were dropped because they could not be written in time.
    """

    __slots__ = (
        "_asked_us",
        "_asks",
        "_current_void_us",
        "_damaged",
        "_decoder",
        "_last_frame_us",
        "_orphans",
        "_out",
        "_pending",
        "_poll_us",
        "_pulses",
        "_question",
        "_reports",
        "_stimulator",
        "_stops_open",
        "_tries",
        "_wanted_after_stop",
        "_warned_us",
        "_written",
        "capabilities",
        "identity",
        "skipped",
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
        self._stimulator = stimulator
        self._poll_us = poll_us
        self._decoder = sm4.Decoder()
        self._pending = PendingFrames()
        self._pulses = PulseQueue(
            capabilities.channels, max(min_interval_us, capabilities.min_interval_us)
        )
        self._last_frame_us: Us = -NEVER_US
        self._out: list[bytes] = []
        self._reports: list[LinkReport] = []
        self._written: list[Setpoint] = []
        self._question = 0
        self._tries = 0
        self._asked_us: Us = NEVER_US
        self._stops_open: set[int] = set()
        self._asks = ""
        self._current_void_us: Us = NEVER_US
        self._orphans = 0
        self._damaged = 0
        self._warned_us: dict[str, Us] = {}
        self._wanted_after_stop = UP
        self.state: str = CLOSED
        self.identity = ""
        self.skipped = 0

    @property
    def orphans(self) -> int:
        """Answers that belonged to no frame: late, repeated, or somebody else's."""
        return self._pending.orphans

    # -- what comes in --------------------------------------------------------------------------

    def open(self, now_us: Us) -> DriverStep:
        """Stop whatever the device may be doing, then ask who it is."""
        self._decoder = sm4.Decoder()
        self._damaged = 0
        self._pulses.clear()
        self.identity = ""
        self._begin_stop(now_us, HELLO)
        return self._done(discard=True)

    def command(self, now_us: Us, command: Command) -> DriverStep:
        """Take one command of the controller."""
        if isinstance(command, Setpoint):
            if self.state == READY:
                self._pulses.hold(command)
                self._write_held(now_us)
            else:
                self._skip(now_us, command, f"device is {self.state}")
            return self._done()
        if isinstance(command, Arm):
            if self.state == UP:
                self._begin_arming(now_us)
            elif self.state == STOPPING and self._wanted_after_stop != HELLO:
                # Once the device has confirmed that its output has ended.
                self._wanted_after_stop = ARMING
            elif self.state == READY:
                self._report(now_us, LINK_READY, self.identity)
            else:
                self._report(now_us, LINK_ERROR, f"cannot arm: device is {self.state}")
            return self._done()
        if self.state in (CLOSED, DEAD):
            return self._done()
        if self.state == STOPPING:
            # Stop always wins, and one more costs nothing; the wait for its answer goes on.
            self._out.append(self.stop_bytes)
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
            self._warn(now_us, LINK_CORRUPT, f"{self._damaged} damaged frames so far")
        if self._pending.orphans != self._orphans:
            self._orphans = self._pending.orphans
            self._warn(now_us, LINK_ORPHAN, f"{self._orphans} answers to nobody so far")
        if len(self._pulses):
            self._write_held(now_us)
        return self._done()

    def tick(self, now_us: Us) -> DriverStep:
        """Fire the deadlines that have come."""
        drop = False
        if len(self._pulses):
            self._write_held(now_us)
        if self.state == STOPPING:
            drop = self._stop_overdue(now_us)
        elif self.state in (HELLO, ARMING) and now_us >= self._asked_us:
            self._question_overdue(now_us)
        elif self.state in (UP, READY):
            oldest_us = self._pending.oldest_us
            if now_us >= oldest_us + self.capabilities.ack_deadline_us:
                self._report(
                    now_us, LINK_SILENT, f"no answer for {(now_us - oldest_us) / 1000:.0f} ms"
                )
                # Said once for each: a younger frame's answer is still waited for.
                self._pending.forget(now_us - self.capabilities.ack_deadline_us)
            elif self._pending.with_current and now_us > self._current_void_us:
                # It may still be on this side of the line; let go later, it would be a late pulse.
                # Frame ends go after it: of a frame that is half out the rest is gone.
                self._current_void_us = NEVER_US
                self._out.append(sm4.FRAME_ENDS)
                return self._done(discard=True)
            elif not len(self._pending) and now_us >= self._last_frame_us + self._poll_us:
                number = self._pending.number()
                self._send(now_us, number, sm4.GET_STIM_STATUS, sm4.get_stim_status(number))
        return self._done(drop=drop)

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:
        """Take note that the connection is gone."""
        if self.state != DEAD:
            self.state = DEAD
            self.identity = ""
            self._pulses.clear()
            self._pending.clear()
            self._report(now_us, LINK_DOWN, reason)
        return self._done()

    # -- frames out -----------------------------------------------------------------------------

    def _send(
        self, now_us: Us, number: int, command: int, frame: bytes, *, current: bool = False
    ) -> None:
        self._out.append(frame)
        self._pending.sent(number, command, now_us, current=current)
        self._last_frame_us = now_us

    def _write_held(self, now_us: Us) -> None:
        """Write the pulses whose turn it is; drop those whose time is over."""
        pulses = self._pulses
        while setpoint := pulses.expired(now_us):
            self._skip(now_us, setpoint, "expired before it could be written")
        if self._pending.with_current:
            return
        setpoint = pulses.due(now_us)
        if setpoint is not None:
            number = self._pending.number()
            frame = sm4.low_level_pulse(number, setpoint.channel, points_of(setpoint))
            self._current_void_us = max(setpoint.expires_us, now_us + LEAVING_US)
            self._send(now_us, number, sm4.LL_CHANNEL_CONFIG, frame, current=True)
            self._written.append(setpoint)

    def _skip(self, now_us: Us, setpoint: Setpoint, why: str) -> None:
        self.skipped += 1
        self._reports.append(
            LinkReport(
                now_us,
                self._stimulator,
                LINK_SKIPPED,
                self._pending.oldest_us,
                f"pulse of {setpoint.at_us} us {why}",
                setpoint.channel,
                setpoint.at_us,
            )
        )

    def _begin_stop(self, now_us: Us, wanted_after: str) -> None:
        self.state = STOPPING
        self._wanted_after_stop = wanted_after
        self._pulses.clear()
        self._pending.clear()
        self._stops_open = set(STOP_NUMBERS)
        self._tries = 1
        self._asked_us = now_us + STOP_REPEAT_US
        self._out.append(self.stop_bytes)
        self._last_frame_us = now_us

    def _stop_overdue(self, now_us: Us) -> bool:
        """Repeat a stop that was not answered; return whether the line is to be cut."""
        if now_us < self._asked_us:
            return False
        if self._tries < TRIES:
            self._tries += 1
            self._asked_us = now_us + STOP_REPEAT_US
            self._out.append(self.stop_bytes)
            self._last_frame_us = now_us
            return False
        self.state = DEAD
        self._report(now_us, LINK_STUCK, f"{TRIES} stops were not confirmed; line cut")
        return True

    def _ask(self, now_us: Us, command: int) -> None:
        number = self._pending.number()
        self._question = command
        if command == sm4.GET_DEVICE_ID:
            frame = sm4.get_device_id(number)
        elif command == sm4.GET_EXTENDED_VERSION:
            frame = sm4.get_extended_version(number)
        else:
            frame = sm4.ll_init(number)
        self._tries += 1
        self._asked_us = now_us + self.capabilities.ack_deadline_us
        self._send(now_us, number, command, frame)

    def _question_overdue(self, now_us: Us) -> None:
        self._pending.clear()
        if self._tries < TRIES:
            self._ask(now_us, self._question)
            return
        self._report(now_us, LINK_SILENT, f"{TRIES} questions were not answered")
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
            if self._pending.take(number) is None:
                # Counted there; told of as the error that it is, asked for or not.
                self._orphans += 1
            self._complain(now_us, payload[0] if payload else -1, f"answer {command}")
            return
        asked = self._pending.answered(number, command - 1)
        if asked is None:
            return
        result = payload[0] if payload else -1
        if result != sm4.NO_ERROR:
            self._complain(now_us, result, f"command {asked.command}")
            return
        if asked.command == sm4.LL_CHANNEL_CONFIG:
            self._pulses.answered(asked.sent_us, now_us)
            self._report(now_us, LINK_ANSWER, "")
        elif asked.command == sm4.GET_STIM_STATUS:
            self._judge_status(now_us, sm4.decode_stim_status(payload))
        elif asked.command == sm4.LL_INIT:
            self.state = READY
            self._report(now_us, LINK_READY, self.identity)
        elif asked.command == sm4.GET_DEVICE_ID:
            self._asks = f"p24 {sm4.decode_device_id(payload)}"
            self._tries = 0
            self._ask(now_us, sm4.GET_EXTENDED_VERSION)
        elif asked.command == sm4.GET_EXTENDED_VERSION:
            self._identified(now_us, f"{self._asks} {sm4.decode_extended_version(payload)}")

    def _identified(self, now_us: Us, identity: str) -> None:
        """Take the device's word who it is; one that is to be armed must be the one from before."""
        if self.state == HELLO:
            self.identity = identity
            self.state = UP
            self._report(now_us, LINK_UP, identity)
        elif self.state == ARMING and identity == self.identity:
            self._tries = 0
            self._ask(now_us, sm4.LL_INIT)
        elif self.state == ARMING:
            self._report(now_us, LINK_CHANGED, f"{identity} answers, it was {self.identity}")
            # Whatever it is doing ends, and then it is asked who it is, as any new device.
            self.identity = ""
            self._begin_stop(now_us, HELLO)

    def _warn(self, now_us: Us, kind: str, detail: str) -> None:
        last_us = self._warned_us.get(kind, -NEVER_US)
        if now_us - last_us >= WARN_EVERY_US:
            self._warned_us[kind] = now_us
            self._report(now_us, kind, detail)

    def _stopped(self, now_us: Us) -> None:
        if self._wanted_after_stop == HELLO:
            self.state = HELLO
            self._tries = 0
            self._ask(now_us, sm4.GET_DEVICE_ID)
            return
        self.state = UP
        self._report(now_us, LINK_IDLE, "output ended")
        if self._wanted_after_stop == ARMING:
            self._begin_arming(now_us)

    def _begin_arming(self, now_us: Us) -> None:
        """Ask first who it is: the device may have been changed since it was asked."""
        self.state = ARMING
        self._tries = 0
        self._ask(now_us, sm4.GET_DEVICE_ID)

    def _judge_status(self, now_us: Us, status: int) -> None:
        expected = sm4.STATUS_LL_INIT if self.state == READY else sm4.STATUS_NONE
        if status == expected:
            self._report(now_us, LINK_ANSWER, "")
            return
        self._report(
            now_us,
            LINK_ERROR,
            f"device is in state {status}, expected {expected}: it was reset or driven by another",
        )

    def _complain(self, now_us: Us, result: int, what: str) -> None:
        detail = f"{what}: {sm4.RESULT_NAMES.get(result, 'unknown result')} ({result})"
        if result == sm4.ELECTRODE_ERROR:
            self._report(now_us, LINK_ELECTRODE, detail)
        else:
            self._report(now_us, LINK_ERROR, detail)
        # Nothing that waited goes out after a complaint: the controller decides first.
        while len(self._pulses):
            self._skip(now_us, self._pulses.drop(), "waited when the device complained")

    # -- what goes back -------------------------------------------------------------------------

    def _report(self, now_us: Us, kind: str, detail: str) -> None:
        self._reports.append(
            LinkReport(now_us, self._stimulator, kind, self._pending.oldest_us, detail)
        )

    def _wake_at_us(self) -> Us:
        if self.state in (STOPPING, HELLO, ARMING):
            return self._asked_us
        if self.state not in (UP, READY):
            return NEVER_US
        wake_us = self._pending.oldest_us
        if wake_us == NEVER_US:
            wake_us = self._last_frame_us + self._poll_us
        else:
            wake_us += self.capabilities.ack_deadline_us
            if self._pending.with_current and self._current_void_us != NEVER_US:
                wake_us = min(wake_us, self._current_void_us + 1)
        return min(wake_us, self._pulses.wake_at_us(blocked=self._pending.with_current))

    def _done(self, *, discard: bool = False, drop: bool = False) -> DriverStep:
        done = DriverStep(
            tuple(self._out),
            tuple(self._reports),
            self._wake_at_us(),
            discard,
            drop,
            tuple(self._written),
        )
        self._out.clear()
        self._reports.clear()
        self._written.clear()
        return done
