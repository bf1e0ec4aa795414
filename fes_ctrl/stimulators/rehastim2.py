"""Driver session of HASOMED's RehaStim2: single pulses timed by the host, or channel lists.

A single pulse is a command of its own, and nothing comes without one. A channel list is repeated
by the device itself, and there the rule that every setpoint expires by itself is kept so: each
setpoint is an update of the list, and holds until one round after its own end, when the next has
to be there. If it is not, the session sends the stop on its own account, whatever the controller
does. At the end of a burst the device may thus give the last current for some rounds more, which
the capabilities state as ``lingers_us``. While a list runs nothing but updates is sent: neither
polls nor Watchdog frames, so nothing prolongs output without a setpoint, and none is needed, for
a round is shorter than the watchdog. Who ends the output of a host that is no more is the
device's own watchdog after 1200 ms, or a guardian that holds the port: the guard's
``max_unattended_ms`` forbids the mode without one. An armed or idle device that gives nothing is
polled, which is also what keeps its watchdog content.

A device that hears nothing for 1200 ms, or was reset, says Init. That is how a session begins:
it writes a stop in case the device still works for a host that is gone, and then is silent until
Init comes. An Init later on means that all modes are gone, and is told as an error.

References
----------
HASOMED ScienceMode2 protocol description (github.com/ScienceMode/ScienceMode2).
"""

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
    LINK_SKIPPED,
    LINK_STUCK,
    LINK_UP,
    SYMMETRIC,
    Arm,
    Capabilities,
    Command,
    LinkReport,
    Setpoint,
)
from fes_ctrl.stimulators.pending import PendingFrames
from fes_ctrl.stimulators.rehastim2_output import (
    ChannelLists,
    OutputMode,
    SinglePulses,
    Wanted,
)
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode2 as sm2

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

INIT_WAIT_US: Final = 2_000_000
"""A device that works for nobody says Init by then: after its watchdog's 1200 ms, and from then
on every 500 ms."""

LEAVING_US: Final = 5_000
"""A frame that was written just in time is given so long to leave."""

WARN_EVERY_US: Final = 10_000_000
"""Answers to nobody and damaged frames are told of this often at most."""

STOP_NUMBERS: Final = (62, 63)


class Rehastim2Session:
    """One RehaStim2 on one link.

    Parameters
    ----------
    capabilities : Capabilities
        Of the RehaStim2 in the mode that is wanted.
    stimulator : int
        Its number in the reports.
    min_interval_us : int
        Least distance of two pulses of a channel at the electrode.
    poll_us : int
        An idle link is asked for the device's mode this often.

    Attributes
    ----------
    state : str
        ``closed``, ``hello``, ``up``, ``arming``, ``ready``, ``stopping`` or ``dead``.
    identity : str
        What the device said it is: the version of its protocol is all that it says.
    skipped : int
        Setpoints that were dropped because they could not be written in time.
    """

    __slots__ = (
        "_asked_us",
        "_current_void_us",
        "_damaged",
        "_decoder",
        "_last_frame_us",
        "_orphans",
        "_out",
        "_output",
        "_pending",
        "_poll_us",
        "_reports",
        "_stimulator",
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
            sm2.FRAME_ENDS
            + sm2.stop_channel_list(STOP_NUMBERS[0])
            + sm2.get_stimulation_mode(STOP_NUMBERS[1])
        )
        self._stimulator = stimulator
        self._poll_us = poll_us
        self._decoder = sm2.Decoder()
        self._pending = PendingFrames()
        self._output: OutputMode = (
            ChannelLists(capabilities)
            if capabilities.mode == "channel_list"
            else SinglePulses(capabilities, min_interval_us)
        )
        self._last_frame_us: Us = -NEVER_US
        self._out: list[bytes] = []
        self._reports: list[LinkReport] = []
        self._written: list[Setpoint] = []
        self._tries = 0
        self._asked_us: Us = NEVER_US
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
        """Stop whatever the device may be doing, then wait for it to say Init."""
        self._decoder = sm2.Decoder()
        self._damaged = 0
        self.identity = ""
        self._begin_stop(now_us, HELLO)
        return self._done(discard=True)

    def command(self, now_us: Us, command: Command) -> DriverStep:
        """Take one command of the controller."""
        if isinstance(command, Setpoint):
            if self.state != READY:
                self._skip(now_us, command, f"device is {self.state}")
            elif command.waveform != SYMMETRIC or command.current_ua < 0:
                self._skip(now_us, command, "has a form that the device does not give")
            else:
                self._output.hold(command)
                if not self._output.gathers:
                    self._write_held(now_us)
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
            if self._wanted_after_stop in (ARMING, READY):
                self._wanted_after_stop = UP
            return self._done(discard=True)
        if self.state == HELLO:
            # It gives nothing, and hears nothing unless it is still somebody's: once more, then.
            self._out.append(self.stop_bytes)
            return self._done(discard=True)
        self._begin_stop(now_us, UP)
        return self._done(discard=True)

    def receive(self, now_us: Us, data: bytes) -> DriverStep:
        """Take bytes from the device."""
        for frame in self._decoder.feed(data):
            self._take(now_us, frame)
        self._decoder.damaged.clear()
        if self._decoder.rejected != self._damaged:
            self._damaged = self._decoder.rejected
            self._warn(now_us, LINK_CORRUPT, f"{self._damaged} damaged frames so far")
        if self._pending.orphans != self._orphans:
            self._orphans = self._pending.orphans
            self._warn(now_us, LINK_ORPHAN, f"{self._orphans} answers to nobody so far")
        if self.state == READY:
            self._write_held(now_us)
        return self._done()

    def tick(self, now_us: Us) -> DriverStep:
        """Fire the deadlines that have come."""
        if self.state == READY:
            if self._output.over(now_us):
                # The next setpoint did not come: the burst is over, and the device does not know.
                self._begin_stop(now_us, READY)
                return self._done(discard=True)
            self._write_held(now_us)
        if self.state == STOPPING:
            return self._done(drop=self._stop_overdue(now_us))
        if self.state in (HELLO, ARMING) and now_us >= self._asked_us:
            return self._done(drop=self._question_overdue(now_us))
        if self.state in (UP, READY):
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
                self._out.append(sm2.FRAME_ENDS)
                return self._done(discard=True)
            elif self._polls_at_us() <= now_us:
                self._ask_mode(now_us)
        return self._done()

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:
        """Take note that the connection is gone."""
        if self.state != DEAD:
            self._die()
            self._report(now_us, LINK_DOWN, reason)
        return self._done()

    # -- frames out -----------------------------------------------------------------------------

    def _write_held(self, now_us: Us) -> None:
        """Write what is due; drop what is over."""
        output = self._output
        while setpoint := output.expired(now_us):
            self._skip(now_us, setpoint, "expired before it could be written")
        if self._pending.with_current:
            return
        number = self._pending.number()
        wanted: Wanted | None = output.next(now_us, number)
        if wanted is None:
            return
        self._out.append(wanted.frame)
        self._pending.sent(number, wanted.command, now_us, current=True)
        self._last_frame_us = now_us
        self._current_void_us = max(wanted.void_us, now_us + LEAVING_US)
        self._written.extend(wanted.written)

    def _polls_at_us(self) -> Us:
        """Return when an idle link is asked next: never while the device repeats by itself."""
        if len(self._pending) or self._output.wake_at_us(blocked=True) != NEVER_US:
            return NEVER_US
        return self._last_frame_us + self._poll_us

    def _ask_mode(self, now_us: Us) -> None:
        number = self._pending.number()
        self._out.append(sm2.get_stimulation_mode(number))
        self._pending.sent(number, sm2.GET_STIMULATION_MODE, now_us, current=False)
        self._last_frame_us = now_us

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
        self._output.reset()
        self._pending.clear()
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
        if self._wanted_after_stop == HELLO:
            # One that nobody has talked to yet hears nothing: it has to say Init first.
            self._await_init(now_us)
            return False
        self._die()
        self._report(now_us, LINK_STUCK, f"{TRIES} stops were not confirmed; line cut")
        return True

    def _await_init(self, now_us: Us) -> None:
        self.state = HELLO
        self.identity = ""
        self._tries = 0
        self._asked_us = now_us + INIT_WAIT_US

    def _question_overdue(self, now_us: Us) -> bool:
        """Ask again, or give up; return whether the line is to be cut."""
        self._pending.clear()
        if not self.identity:
            self._die()
            what = "neither confirmed a stop nor said Init"
            self._report(now_us, LINK_STUCK, f"the device {what}; line cut")
            return True
        if self._tries < TRIES:
            self._ask(now_us)
            return False
        self._report(now_us, LINK_SILENT, f"{TRIES} questions were not answered")
        self._begin_stop(now_us, HELLO if self.state == HELLO else UP)
        return False

    def _ask(self, now_us: Us) -> None:
        """Ask for the mode in a handshake: the answer is waited for and the question repeated."""
        self._tries += 1
        self._asked_us = now_us + self.capabilities.ack_deadline_us
        self._ask_mode(now_us)

    def _begin_arming(self, now_us: Us) -> None:
        self.state = ARMING
        self._tries = 0
        self._ask(now_us)

    def _die(self) -> None:
        self.state = DEAD
        self.identity = ""
        self._output.reset()
        self._pending.clear()

    # -- frames in ------------------------------------------------------------------------------

    def _take(self, now_us: Us, frame: sm2.Frame) -> None:
        number, command, payload = frame
        if self.state in (CLOSED, DEAD):
            return
        if command == sm2.INIT:
            self._init(now_us, number, payload)
            return
        if command == sm2.STIMULATION_ERROR:
            self._output_error(now_us, sm2.decode_result(payload))
            return
        if number in STOP_NUMBERS:
            self._stop_answered(now_us, command, payload)
            return
        if self.state == STOPPING:
            return
        if command == sm2.UNKNOWN_COMMAND:
            if self._pending.take(number) is None:
                # Counted there; told of as the error that it is, asked for or not.
                self._orphans += 1
            unknown = payload[0] if payload else -1
            self._complain(now_us, LINK_ERROR, f"the device does not know command {unknown}")
            return
        asked = self._pending.answered(number, command - 1)
        if asked is None:
            return
        result = sm2.decode_result(payload)
        if result != sm2.NO_ERROR:
            name = sm2.RESULT_NAMES.get(result, "unknown result")
            self._complain(now_us, LINK_ERROR, f"command {asked.command}: {name} ({result})")
        elif asked.command != sm2.GET_STIMULATION_MODE:
            self._output.answered(asked.command, asked.sent_us, now_us)
            self._report(now_us, LINK_ANSWER, "")
        else:
            self._judge_mode(now_us, sm2.decode_stimulation_mode(payload))

    def _init(self, now_us: Us, number: int, payload: bytes) -> None:
        """Shake hands, or refuse to: whatever the device was doing has ended."""
        if self.state in (UP, ARMING, READY):
            why = "Init came unasked: the device was reset, or its watchdog fired"
            self._complain(now_us, LINK_ERROR, why)
        version = payload[0] if payload else 0
        self._output.reset()
        self._pending.clear()
        if version != sm2.VERSION:
            self._out.append(sm2.init_ack(number, sm2.INCOMPATIBLE_VERSION))
            kind = LINK_CHANGED if self.identity else LINK_ERROR
            self._die()
            what = f"the device speaks version {version}, this driver {sm2.VERSION}"
            self._report(now_us, kind, what)
            return
        self._out.append(sm2.init_ack(number))
        self.identity = f"rehastim2 protocol {version}"
        self.state = HELLO
        self._tries = 0
        self._ask(now_us)

    def _stop_answered(self, now_us: Us, command: int, payload: bytes) -> None:
        stopped = False
        if command == sm2.STOP_CHANNEL_LIST + 1:
            stopped = sm2.decode_result(payload) == sm2.NO_ERROR
        elif command == sm2.GET_STIMULATION_MODE + 1:
            stopped = sm2.decode_stimulation_mode(payload) == sm2.MODE_START
        if not stopped or self.state != STOPPING:
            return
        if self._wanted_after_stop == HELLO:
            if not self.identity:
                self._await_init(now_us)
                return
            self.state = HELLO
            self._tries = 0
            self._ask(now_us)
            return
        self.state = UP
        self._report(now_us, LINK_IDLE, "output ended")
        if self._wanted_after_stop == READY:
            self.state = READY
        elif self._wanted_after_stop == ARMING:
            self._begin_arming(now_us)

    def _judge_mode(self, now_us: Us, mode: int) -> None:
        expected = self._output.resting if self.state == READY else sm2.MODE_START
        if mode != expected:
            self._complain(
                now_us,
                LINK_ERROR,
                f"device is in mode {mode}, expected {expected}: it is driven by another",
            )
            if self.state in (HELLO, ARMING):
                self._begin_stop(now_us, HELLO if self.state == HELLO else UP)
        elif self.state == HELLO:
            self.state = UP
            self._report(now_us, LINK_UP, self.identity)
        elif self.state == ARMING:
            self.state = READY
            self._report(now_us, LINK_READY, self.identity)
        else:
            self._report(now_us, LINK_ANSWER, "")

    def _output_error(self, now_us: Us, error: int) -> None:
        """Take an error that nobody asked for: the device has ended its output by itself."""
        name = sm2.ERROR_NAMES.get(error, "unknown error")
        kind = LINK_ELECTRODE if error == sm2.ELECTRODE_ERROR else LINK_ERROR
        self._complain(now_us, kind, f"{name} ({error})")
        self._output.reset()
        if self.state in (ARMING, READY):
            # It is in start mode, whatever the controller makes of it: to be armed anew.
            self.state = UP

    def _complain(self, now_us: Us, kind: str, detail: str) -> None:
        self._report(now_us, kind, detail)
        # Nothing that waited goes out after a complaint: the controller decides first.
        while setpoint := self._output.drop():
            self._skip(now_us, setpoint, "waited when the device complained")

    # -- what goes back -------------------------------------------------------------------------

    def _warn(self, now_us: Us, kind: str, detail: str) -> None:
        last_us = self._warned_us.get(kind, -NEVER_US)
        if now_us - last_us >= WARN_EVERY_US:
            self._warned_us[kind] = now_us
            self._report(now_us, kind, detail)

    def _report(self, now_us: Us, kind: str, detail: str) -> None:
        self._reports.append(
            LinkReport(now_us, self._stimulator, kind, self._pending.oldest_us, detail)
        )

    def _wake_at_us(self) -> Us:
        if self.state in (STOPPING, HELLO, ARMING):
            return self._asked_us
        if self.state not in (UP, READY):
            return NEVER_US
        wake_us = self._polls_at_us()
        if len(self._pending):
            wake_us = self._pending.oldest_us + self.capabilities.ack_deadline_us
            if self._pending.with_current and self._current_void_us != NEVER_US:
                wake_us = min(wake_us, self._current_void_us + 1)
        if self.state == READY:
            blocked = self._pending.with_current
            wake_us = min(wake_us, self._output.wake_at_us(blocked=blocked))
        return wake_us

    def _done(self, *, discard: bool = False, drop: bool = False) -> DriverStep:
        wake_us = self._wake_at_us()
        if not self._out and not self._reports:
            return DriverStep((), (), wake_us, discard, drop)
        done = DriverStep(
            tuple(self._out), tuple(self._reports), wake_us, discard, drop, tuple(self._written)
        )
        self._out.clear()
        self._reports.clear()
        self._written.clear()
        return done
