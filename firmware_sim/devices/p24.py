"""HASOMED's P24 as the vendor made it: ScienceMode4, low and mid level, no guard of ours.

Low level: every accepted Ll_Channel_Config with the execute bit gives one pulse at once. Mid
level: the channels of the last Ml_Update repeat their pulse until told otherwise, or until the
host's live signal stays away for two seconds; then they pause, and only another update resumes
them. The levels exclude each other. Packet numbers are echoed, not judged. Charge balance and
duty are not checked: the duty check belongs to the client library, balance to nobody.

Not stated by the vendor, and assumed: an answer leaves 1 to 2 ms after the last byte of its
command; two low-level pulses of a channel are at least 2 ms apart, else the command is refused
as busy; the high voltage stays on between bursts in low level.

References
----------
HASOMED ScienceMode4 C library headers and ScienceMode3 mid-level documentation.
"""

import heapq
from random import Random
from typing import Final

from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.defects import DELAYED, LOST, TO_NOBODY, Defects
from firmware_sim.devices.device import DeviceStep
from firmware_sim.devices.p24_low import LowLevel
from firmware_sim.devices.p24_mid import MidLevel
from firmware_sim.injections import Acknowledgement
from firmware_sim.output import OutputStage

NAME: Final = b"SIMP240001"
OTHER_NAME: Final = b"SIMP240002"
FIRMWARE: Final = bytes((1, 2, 3))
PROTOCOL: Final = bytes((4, 0, 0))
BATTERY_PERCENT: Final = 87
BATTERY_MV: Final = 7900

ANSWER_MIN_US: Final = 1_000
ANSWER_SPREAD_US: Final = 1_000
ORPHAN_US: Final = 500
"""An answer that nobody asked for comes so long before another."""

OTHER_NUMBER: Final = 17
NUMBERS: Final = 62

OF_LOW: Final = (sm4.LL_INIT, sm4.LL_STOP)
OF_MID: Final = (sm4.ML_INIT, sm4.ML_UPDATE, sm4.ML_STOP)
"""Commands of one level, refused while the other one is active."""

HIGH_VOLTAGE_OFF: Final = 1
HIGH_VOLTAGE_ON: Final = 6


class SimulatedP24:
    """One simulated P24, session without I/O.

    Parameters
    ----------
    output : OutputStage
        Takes the pulses.
    random : random.Random
        This device's own stream, for the time its answers take.
    """

    __slots__ = (
        "_answers",
        "_decoder",
        "_defects",
        "_low",
        "_mid",
        "_output",
        "_random",
        "_sequence",
    )

    def __init__(self, output: OutputStage, random: Random) -> None:
        self._random = random
        self._decoder = sm4.Decoder()
        self._answers: list[tuple[Us, int, bytes]] = []
        self._sequence = 0
        self._defects = Defects()
        self._low = LowLevel(output, self._defects)
        self._mid = MidLevel(output)
        self._output = output

    @property
    def status(self) -> int:
        """The state, as Get_Stim_Status says it."""
        if self._low.active:
            return sm4.STATUS_LL_INIT
        if not self._mid.active:
            return sm4.STATUS_NONE
        return sm4.STATUS_ML_RUNNING if self._mid.running else sm4.STATUS_ML_INIT

    @property
    def acknowledgements(self) -> list[Acknowledgement]:
        """Injections that have had an effect."""
        return self._defects.acknowledgements

    def inject(self, name: str, from_us: Us, to_us: Us, amount: float = 0.0) -> None:
        """Make something go wrong from one instant to another; 0 is the row's own amount.

        Raises
        ------
        ValueError
            If this part does not know the injection.
        """
        self._defects.add(name, from_us, to_us, amount)

    # -- time -----------------------------------------------------------------------------------

    def receive(self, now_us: Us, data: bytes) -> DeviceStep:
        """Fire what is due, then take bytes."""
        out = self._fire(now_us)
        for frame in self._decoder.feed(data):
            if self._defects.any and self._is_off(now_us):
                continue
            self._take(now_us, frame)
        return DeviceStep(out, self._wake_at_us())

    def cut(self, now_us: Us) -> None:
        """Lose the host's line: what hangs on it has no power any more."""
        self._fire(now_us)
        self._defects.cut()

    def _is_off(self, now_us: Us) -> bool:
        """Return whether a command meets a device that is stuck; it may have started anew."""
        if self._defects.starts(now_us):
            self._reset()
            self._answers.clear()
        return self._defects.stuck(now_us)

    def tick(self, now_us: Us) -> DeviceStep:
        """Fire what is due up to now, in order and at its own time."""
        out = self._fire(now_us)
        return DeviceStep(out, self._wake_at_us())

    def _wake_at_us(self) -> Us:
        wake_us = self._answers[0][0] if self._answers else NEVER_US
        return min(wake_us, self._defects.stuck_next_us, self._mid.wake_at_us())

    def _fire(self, now_us: Us) -> bytes:
        while self._defects.stuck_next_us <= now_us:
            self._output.deliver(*self._defects.repeat())
        if self._mid.running:
            self._mid.fire(now_us)
        answers = self._answers
        if not answers or answers[0][0] > now_us:
            return b""
        out = b""
        while answers and answers[0][0] <= now_us:
            out += heapq.heappop(answers)[2]
        return out

    # -- answers --------------------------------------------------------------------------------

    def _answer(self, now_us: Us, frame: bytes) -> None:
        delay_us = ANSWER_MIN_US + int(self._random.random() * ANSWER_SPREAD_US)
        if self._defects.any:
            if self._defects.holds(LOST, now_us):
                return
            delay_us += int(self._defects.holds(DELAYED, now_us) * 1000.0)
            if self._defects.holds(TO_NOBODY, now_us):
                self._answer_nobody(now_us + delay_us, frame)
        self._push(now_us + delay_us, frame)

    def _push(self, at_us: Us, frame: bytes) -> None:
        self._sequence += 1
        heapq.heappush(self._answers, (at_us, self._sequence, frame))

    def _answer_nobody(self, at_us: Us, frame: bytes) -> None:
        """Answer twice, to another number, and to a question that nobody has asked."""
        for number, command, payload in sm4.Decoder().feed(frame):
            other = sm4.encode((number + OTHER_NUMBER) % NUMBERS, command, payload)
            self._push(at_us - ORPHAN_US, other)
            battery = _information(sm4.GET_BATTERY_STATUS)
            if battery is not None:
                self._push(at_us - ORPHAN_US, sm4.ack(number, sm4.GET_BATTERY_STATUS, battery))
        self._push(at_us + ORPHAN_US, frame)

    # -- commands -------------------------------------------------------------------------------

    def _take(self, now_us: Us, frame: sm4.Frame) -> None:
        number, command, payload = frame
        low, mid = self._low, self._mid
        if command == sm4.LL_CHANNEL_CONFIG:
            answer = low.pulse(now_us, payload)
        elif command == sm4.ML_GET_CURRENT_DATA:
            mid.live(now_us)
            answer = mid.current_data(payload)
        elif command == sm4.GET_STIM_STATUS:
            status = self.status
            voltage = HIGH_VOLTAGE_OFF if status == sm4.STATUS_NONE else HIGH_VOLTAGE_ON
            answer = bytes((sm4.NO_ERROR, status, voltage))
        elif command in (OF_LOW if mid.active else OF_MID if low.active else ()):
            answer = bytes((sm4.NOT_INITIALISED,))
        elif command == sm4.LL_INIT:
            answer = bytes((low.init(payload),))
        elif command == sm4.LL_STOP:
            answer = bytes((low.stop(),))
        elif command == sm4.ML_INIT:
            answer = bytes((mid.init(now_us, payload),))
        elif command == sm4.ML_UPDATE:
            answer = bytes((mid.update(now_us, payload),))
        elif command == sm4.ML_STOP:
            answer = bytes((mid.stop(),))
        elif command == sm4.RESET:
            self._reset()
            answer = bytes((sm4.NO_ERROR,))
        else:
            information = _information(command, OTHER_NAME if self._defects.other else NAME)
            if information is None:
                invalid = bytes((sm4.INVALID_COMMAND,))
                self._answer(now_us, sm4.encode(number, sm4.UNKNOWN_COMMAND, invalid))
                return
            answer = information
        self._answer(now_us, sm4.ack(number, command, answer))

    def _reset(self) -> None:
        self._low.reset()
        self._mid.reset()


def _information(command: int, name: bytes = NAME) -> bytes | None:
    """Return the answer to a question about the device; ``None`` if there is no such command."""
    ok = bytes((sm4.NO_ERROR,))
    if command == sm4.GET_DEVICE_ID:
        return ok + name
    if command == sm4.GET_EXTENDED_VERSION:
        return ok + FIRMWARE + PROTOCOL + bytes.fromhex("00000000 00 01")
    if command in (sm4.GET_VERSION_MAIN, sm4.GET_VERSION_STIM):
        return ok + FIRMWARE + PROTOCOL
    if command == sm4.GET_BATTERY_STATUS:
        return ok + bytes((BATTERY_PERCENT,)) + BATTERY_MV.to_bytes(2, "big")
    if command == sm4.GET_MAIN_STATUS:
        return ok + b"\x00"
    return None
