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
    LINK_ELECTRODE,
    LINK_ERROR,
    LINK_STUCK,
    SYMMETRIC,
    Capabilities,
    Setpoint,
)
from fes_ctrl.stimulators.conversation import (
    ARMING,
    CLOSED,
    DEAD,
    HELLO,
    READY,
    STOPPING,
    TRIES,
    UP,
    Conversation,
)
from fes_ctrl.stimulators.driver_line import LEAVING_US
from fes_ctrl.stimulators.rehastim2_output import ChannelLists, OutputMode, SinglePulses
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode2 as sm2

INIT_WAIT_US: Final = 2_000_000
"""A device that works for nobody says Init by then: after its watchdog's 1200 ms, and from then
on every 500 ms."""

STOP_NUMBERS: Final = (62, 63)


class Rehastim2Session(Conversation):
    """One RehaStim2 on one link; its identity is the version of its protocol, all that it says.

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
    """

    __slots__ = ("_current_void_us", "_decoder", "_latency_us", "_output")

    def __init__(
        self, capabilities: Capabilities, stimulator: int, min_interval_us: Us, poll_us: Us
    ) -> None:
        stop_bytes = (
            sm2.FRAME_ENDS
            + sm2.stop_channel_list(STOP_NUMBERS[0])
            + sm2.get_stimulation_mode(STOP_NUMBERS[1])
        )
        super().__init__(capabilities, stop_bytes, sm2.GET_STIMULATION_MODE, stimulator, poll_us)
        self._decoder = sm2.Decoder()
        self._output: OutputMode = (
            ChannelLists(capabilities)
            if capabilities.mode == "channel_list"
            else SinglePulses(capabilities, min_interval_us)
        )
        self._current_void_us: Us = NEVER_US
        self._latency_us = capabilities.latency_us

    # -- pulses: the mode's idea ------------------------------------------------------------------

    def _hold(self, now_us: Us, setpoint: Setpoint) -> None:
        if setpoint.waveform != SYMMETRIC or setpoint.current_ua < 0:
            self._line.skip(now_us, setpoint, "has a form that the device does not give")
            return
        self._output.hold(setpoint)
        if not self._output.gathers:
            self._write_held(now_us)

    def _write_held(self, now_us: Us) -> None:
        if self.state != READY:
            return
        output, line = self._output, self._line
        while setpoint := output.expired(now_us):
            line.skip(now_us, setpoint, "expired before it could be written")
        if line.pending.with_current:
            return
        number = line.pending.number()
        wanted = output.next(now_us, number)
        if wanted is None:
            return
        line.send(now_us, number, wanted.command, wanted.frame, current=True)
        self._tell_outlasted(now_us, wanted.outlasted)
        self._current_void_us = max(wanted.void_us, now_us + LEAVING_US)
        line.written.extend(wanted.written)

    def _tell_outlasted(self, now_us: Us, channels: tuple[int, ...]) -> None:
        for channel in channels:
            self._line.outlast(now_us, channel, now_us + self._latency_us)

    def _let_go(self, now_us: Us) -> None:
        self._drop(now_us, "waited when the device complained")

    def _drop(self, now_us: Us, why: str) -> None:
        while setpoint := self._output.drop():
            self._line.skip(now_us, setpoint, why)

    def _takes_back(self, now_us: Us) -> bool:
        """Return whether a frame's time is over that has no answer.

        It may still be on this side of the line; let go later, it would be a late pulse. Frame
        ends go after it: of a frame that is half out the rest is gone.
        """
        if not self._line.pending.with_current or now_us <= self._current_void_us:
            return False
        self._current_void_us = NEVER_US
        self._line.out.append(sm2.FRAME_ENDS)
        return True

    def _missed(self, now_us: Us) -> int:
        return self._output.missed(now_us)

    def _wake_to_write_us(self) -> Us:
        blocked = self._line.pending.with_current
        wake_us: Us = NEVER_US
        if blocked and self._current_void_us != NEVER_US:
            wake_us = self._current_void_us + 1
        if self.state == READY:
            wake_us = min(wake_us, self._output.wake_at_us(blocked=blocked))
        return wake_us

    def _forget(self) -> None:
        self._output.reset()

    def tick(self, now_us: Us) -> DriverStep:
        """Fire the deadlines that have come."""
        if self.state == READY and self._output.over(now_us):
            # The next setpoint did not come: the burst is over, and the device does not know.
            self._drop(now_us, "waited when the list was over")
            self._tell_outlasted(now_us, self._output.outlasted(now_us))
            self._begin_stop(now_us, READY)
            return self._done(discard=True)
        return super().tick(now_us)

    # -- frames out -----------------------------------------------------------------------------

    def _put(self, now_us: Us, question: int) -> None:
        number = self._line.pending.number()
        self._line.send(now_us, number, question, sm2.get_stimulation_mode(number))

    def _poll(self, now_us: Us) -> None:
        self._put(now_us, sm2.GET_STIMULATION_MODE)

    def _polls_at_us(self) -> Us:
        """Return when an idle link is asked next: never while the device repeats by itself."""
        if self._output.wake_at_us(blocked=True) != NEVER_US:
            return NEVER_US
        return super()._polls_at_us()

    def _asks_at_us(self) -> Us:
        """Return when the device is asked: never about a list's update, which a stop follows."""
        return self._polls_at_us() if self._output.gathers else super()._asks_at_us()

    # -- Init -----------------------------------------------------------------------------------

    def _stop_overdue(self, now_us: Us) -> bool:
        if self._tries >= TRIES and self._wanted_after_stop == HELLO:
            # One that nobody has talked to yet hears nothing: it has to say Init first.
            self._await_init(now_us)
            return False
        return super()._stop_overdue(now_us)

    def _greet(self, now_us: Us) -> None:
        if self.identity:
            super()._greet(now_us)
        else:
            self._await_init(now_us)

    def _await_init(self, now_us: Us) -> None:
        self.state = HELLO
        self.identity = ""
        self._asked_us = now_us + INIT_WAIT_US

    def _question_overdue(self, now_us: Us) -> bool:
        if self.identity:
            return super()._question_overdue(now_us)
        self._die()
        what = "neither confirmed a stop nor said Init"
        self._line.report(now_us, LINK_STUCK, f"the device {what}; line cut")
        return True

    def _init(self, now_us: Us, number: int, payload: bytes) -> None:
        """Shake hands, or refuse to: whatever the device was doing has ended."""
        if self.state in (UP, ARMING, READY):
            why = "Init came unasked: the device was reset, or its watchdog fired"
            self._complain(now_us, LINK_ERROR, why)
        version = payload[0] if payload else 0
        self._forget()
        self._line.pending.clear()
        if version != sm2.VERSION:
            self._line.out.append(sm2.init_ack(number, sm2.INCOMPATIBLE_VERSION))
            kind = LINK_CHANGED if self.identity else LINK_ERROR
            self._die()
            what = f"the device speaks version {version}, this driver {sm2.VERSION}"
            self._line.report(now_us, kind, what)
            return
        self._line.out.append(sm2.init_ack(number))
        self.identity = f"rehastim2 protocol {version}"
        self._greet(now_us)

    # -- frames in ------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        self._decoder = sm2.Decoder()

    def _hear(self, now_us: Us, data: bytes) -> int:
        for frame in self._decoder.feed(data):
            self._take(now_us, frame)
        self._decoder.damaged.clear()
        return self._decoder.rejected

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
            if self._line.pending.take(number) is None:
                # Counted there; told of as the error that it is, asked for or not.
                self._orphans += 1
            unknown = payload[0] if payload else -1
            self._complain(now_us, LINK_ERROR, f"the device does not know command {unknown}")
            return
        asked = self._line.pending.answered(number, command - 1)
        if asked is None:
            return
        result = sm2.decode_result(payload)
        if result != sm2.NO_ERROR:
            name = sm2.RESULT_NAMES.get(result, "unknown result")
            self._complain(now_us, LINK_ERROR, f"command {asked.command}: {name} ({result})")
        elif asked.command != sm2.GET_STIMULATION_MODE:
            self._output.answered(asked.command, asked.sent_us, now_us)
            self._line.report(now_us, LINK_ANSWER, "")
        else:
            self._judge_mode(now_us, sm2.decode_stimulation_mode(payload))

    def _stop_answered(self, now_us: Us, command: int, payload: bytes) -> None:
        stopped = False
        if command == sm2.STOP_CHANNEL_LIST + 1:
            stopped = sm2.decode_result(payload) == sm2.NO_ERROR
        elif command == sm2.GET_STIMULATION_MODE + 1:
            stopped = sm2.decode_stimulation_mode(payload) == sm2.MODE_START
        if stopped and self.state == STOPPING:
            self._stopped(now_us)

    def _judge_mode(self, now_us: Us, mode: int) -> None:
        # Start mode, unless it is armed and a list was set up.
        expected = self._output.resting
        if mode != expected:
            self._complain(
                now_us,
                LINK_ERROR,
                f"device is in mode {mode}, expected {expected}: it is driven by another",
            )
            if self.state in (HELLO, ARMING):
                self._begin_stop(now_us, self._known())
        elif self.state == HELLO:
            self._is_up(now_us, self.identity)
        elif self.state == ARMING:
            self._is_ready(now_us)
        else:
            self._line.report(now_us, LINK_ANSWER, "")

    def _output_error(self, now_us: Us, error: int) -> None:
        """Take an error that nobody asked for: the device has ended its output by itself."""
        name = sm2.ERROR_NAMES.get(error, "unknown error")
        kind = LINK_ELECTRODE if error == sm2.ELECTRODE_ERROR else LINK_ERROR
        self._complain(now_us, kind, f"{name} ({error})")
        self._output.reset()
        if self.state in (ARMING, READY):
            # It is in start mode, whatever the controller makes of it: to be armed anew.
            self.state = UP
