"""Driver session of HASOMED's P24: its words; a level writes the pulses.

Answers are matched by command and number; each has a bounded wait; every error reaches the caller
in a report. How pulses are written is the levels' idea: ``p24_low``, ``p24_mid``.

References
----------
HASOMED ScienceMode4 protocol and C library headers (github.com/ScienceMode).
"""

from collections.abc import Callable
from typing import Final

from fes_ctrl.model import LINK_ANSWER, LINK_ELECTRODE, LINK_ERROR, Capabilities, Setpoint
from fes_ctrl.stimulators.conversation import ARMING, HELLO, READY, STOPPING, Conversation
from fes_ctrl.stimulators.driver_line import DriverLine
from fes_ctrl.stimulators.p24_level import Level
from fes_ctrl.stimulators.p24_low import LowLevel
from fes_ctrl.stimulators.p24_mid import MidLevel
from fes_ctrl.units import Us
from fes_ctrl.wire import sciencemode4 as sm4

STOP_NUMBERS: Final = (62, 63)

STOPPED_RESULTS: Final = (sm4.NO_ERROR, sm4.NOT_INITIALISED, sm4.INVALID_COMMAND)
"""Answers to a stop that mean silence: stopped, that level is not active, there is no such level.
After any other (busy, a transfer error) the device may go on, and the stop is repeated."""

LEVELS: Final[dict[str, Callable[[DriverLine, Capabilities, Us, Us], Level]]] = {
    "low_level": LowLevel,
    "mid_level": MidLevel,
}


class P24Session(Conversation):
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
    """

    __slots__ = ("_asks", "_decoder", "_level", "_stops_open")

    def __init__(
        self, capabilities: Capabilities, stimulator: int, min_interval_us: Us, poll_us: Us
    ) -> None:
        stop_bytes = sm4.FRAME_ENDS + sm4.ll_stop(STOP_NUMBERS[0]) + sm4.ml_stop(STOP_NUMBERS[1])
        super().__init__(capabilities, stop_bytes, sm4.GET_DEVICE_ID, stimulator, poll_us)
        self._decoder = sm4.Decoder()
        self._level = LEVELS[capabilities.mode](
            self._line, capabilities, max(min_interval_us, capabilities.min_interval_us), poll_us
        )
        self._stops_open: set[int] = set()
        self._asks = ""

    # -- pulses: the level's idea -----------------------------------------------------------------

    def _hold(self, now_us: Us, setpoint: Setpoint) -> None:
        self._level.hold(now_us, setpoint)

    def _write_held(self, now_us: Us) -> None:
        self._level.write(now_us)

    def _let_go(self, now_us: Us) -> None:
        self._level.complained(now_us)

    def _takes_back(self, now_us: Us) -> bool:
        return self._level.takes_back(now_us)

    def _missed(self, now_us: Us) -> int:
        return self._level.missed(now_us)

    def _stops_on_silence(self) -> bool:
        return self.state == READY and self._level.stops_on_silence

    def _wake_to_write_us(self) -> Us:
        return self._level.wake_at_us()

    def _forget(self) -> None:
        self._level.clear()
        self._stops_open = set(STOP_NUMBERS)

    # -- frames out -----------------------------------------------------------------------------

    def _put(self, now_us: Us, question: int) -> None:
        number = self._line.pending.number()
        if question == sm4.GET_DEVICE_ID:
            frame = sm4.get_device_id(number)
        elif question == sm4.GET_EXTENDED_VERSION:
            frame = sm4.get_extended_version(number)
        else:
            frame = self._level.init(number)
        self._line.send(now_us, number, question, frame)

    def _poll(self, now_us: Us) -> None:
        number = self._line.pending.number()
        self._line.send(now_us, number, sm4.GET_STIM_STATUS, sm4.get_stim_status(number))

    # -- frames in ------------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        self._decoder = sm4.Decoder()

    def _hear(self, now_us: Us, data: bytes) -> int:
        for frame in self._decoder.feed(data):
            self._take(now_us, frame)
        return self._decoder.rejected

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
            self._failed(now_us, payload[0] if payload else -1, f"answer {command}")
            return
        asked = self._line.pending.answered(number, command - 1)
        if asked is None:
            return
        result = payload[0] if payload else -1
        if result != sm4.NO_ERROR:
            self._failed(now_us, result, f"command {asked.command}")
        elif asked.command == sm4.GET_STIM_STATUS:
            self._judge_status(now_us, asked.sent_us, sm4.decode_stim_status(payload))
        elif asked.command == self._level.init_command:
            self._is_ready(now_us)
        elif asked.command == sm4.GET_DEVICE_ID:
            self._asks = f"p24 {sm4.decode_device_id(payload)}"
            self._ask(now_us, sm4.GET_EXTENDED_VERSION)
        elif asked.command == sm4.GET_EXTENDED_VERSION:
            self._identified(now_us, f"{self._asks} {sm4.decode_extended_version(payload)}")
        else:
            self._level.answered(now_us, asked, payload)

    def _identified(self, now_us: Us, identity: str) -> None:
        """Take the device's word who it is; one that is to be armed must be the one from before."""
        if self.state == HELLO:
            self._is_up(now_us, identity)
        elif self.state == ARMING and identity == self.identity:
            self._ask(now_us, self._level.init_command)
        elif self.state == ARMING:
            self._is_another(now_us, identity)

    def _judge_status(self, now_us: Us, asked_us: Us, status: int) -> None:
        armed = self.state == READY
        if self._level.agrees(status, asked_us) if armed else status == sm4.STATUS_NONE:
            self._line.report(now_us, LINK_ANSWER, "")
            return
        self._line.report(
            now_us,
            LINK_ERROR,
            f"device is in state {status}, it was {'armed' if armed else 'stopped'}: it was reset "
            "or driven by another",
        )

    def _failed(self, now_us: Us, result: int, what: str) -> None:
        kind = LINK_ELECTRODE if result == sm4.ELECTRODE_ERROR else LINK_ERROR
        name = sm4.RESULT_NAMES.get(result, "unknown result")
        self._complain(now_us, kind, f"{what}: {name} ({result})")
