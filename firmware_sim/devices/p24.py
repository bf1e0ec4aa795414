"""HASOMED's P24 as the vendor made it: ScienceMode4, low and mid level, no guard of ours.

The levels (``p24_low``, ``p24_mid``) exclude each other. Packet numbers are echoed, not judged.
Charge balance and duty are not checked: the duty check belongs to the client library, balance to
nobody.

Not stated by the vendor, and assumed: an answer leaves 1 to 2 ms after the last byte of its
command; the high voltage stays on between bursts in low level; with the stimulation module's power
off, its commands are answered by General_Error, a time-out; a reset switches every module on; the
main status is 0; EMG switches, which the vendor calls unused, are taken without effect.

References
----------
HASOMED ScienceMode4 C library headers and ScienceMode3 mid-level documentation.
"""

from random import Random
from typing import Final

from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire import sciencemode4_answers as answers
from firmware_sim.devices.p24_low import LowLevel
from firmware_sim.devices.p24_mid import MidLevel
from firmware_sim.devices.simulated import SimulatedDevice
from firmware_sim.output import OutputStage

NAME: Final = b"SIMP240001"
OTHER_NAME: Final = b"SIMP240002"
VERSIONS: Final = answers.Versions((1, 2, 3), (4, 0, 0))
BUILD: Final = answers.Build(0, 0, valid=True)
BATTERY: Final = answers.Battery(87, 7900)
MAIN_STATUS: Final = 0

ANSWER_MIN_US: Final = 1_000
ANSWER_SPREAD_US: Final = 1_000
ORPHAN_US: Final = 500
"""An answer that nobody asked for comes so long before another."""

OTHER_NUMBER: Final = 17
NUMBERS: Final = 62

LAST_OF_STIMULATION: Final = sm4.ML_GET_CURRENT_DATA
STIMULATION: Final = 1
ALL_POWER: Final = (1 << len(sm4.POWER_MODULES)) - 1

OF_LOW: Final = (sm4.LL_INIT, sm4.LL_STOP)
OF_MID: Final = (sm4.ML_INIT, sm4.ML_UPDATE, sm4.ML_STOP)
"""Commands of one level, refused while the other one is active."""

HIGH_VOLTAGE_OFF: Final = 1
HIGH_VOLTAGE_ON: Final = 6


class SimulatedP24(SimulatedDevice):
    """One simulated P24, session without I/O.

    Parameters
    ----------
    output : OutputStage
        Takes the pulses.
    random : random.Random
        This device's own stream, for the time its answers take.
    """

    __slots__ = ("_decoder", "_low", "_mid", "_power")

    def __init__(self, output: OutputStage, random: Random) -> None:
        super().__init__(output, random)
        self._decoder = sm4.Decoder()
        self._low = LowLevel(output, self._defects)
        self._mid = MidLevel(output, self._defects)
        self._power = ALL_POWER

    @property
    def status(self) -> int:
        """The state, as Get_Stim_Status says it."""
        if self._low.active:
            return sm4.STATUS_LL_INIT
        if not self._mid.active:
            return sm4.STATUS_NONE
        return sm4.STATUS_ML_RUNNING if self._mid.running else sm4.STATUS_ML_INIT

    # -- time -----------------------------------------------------------------------------------

    def _hear(self, now_us: Us, data: bytes) -> None:
        for frame in self._decoder.feed(data):
            if self._defects.any and self._is_off(now_us):
                continue
            self._take(now_us, frame)

    def _start_anew(self, now_us: Us) -> None:  # noqa: ARG002 - for those that take their time
        self._reset()

    def _next_us(self) -> Us:
        return min(self._defects.stuck_next_us, self._mid.wake_at_us())

    def _fire_due(self, now_us: Us) -> None:
        if self._defects.stuck_next_us != NEVER_US:
            self._mid.halt()  # what repeats a pulse now is the defect
            while self._defects.stuck_next_us <= now_us:
                self._output.deliver(*self._defects.repeat())
        elif self._mid.running:
            self._mid.fire(now_us)

    # -- answers --------------------------------------------------------------------------------

    def _delay_us(self) -> Us:
        return ANSWER_MIN_US + int(self._random.random() * ANSWER_SPREAD_US)

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
        if command <= LAST_OF_STIMULATION and not self._power & STIMULATION:
            error = bytes((sm4.TIMEOUT_ERROR,))
            self._answer(now_us, sm4.encode(number, sm4.GENERAL_ERROR, error))
            return
        answer = self._of_a_level(now_us, command, payload)
        if answer is None:
            answer = self._of_the_device(command, payload)
        if answer is None:
            invalid = bytes((sm4.INVALID_COMMAND,))
            self._answer(now_us, sm4.encode(number, sm4.UNKNOWN_COMMAND, invalid))
            return
        self._answer(now_us, sm4.ack(number, command, answer))

    def _of_a_level(self, now_us: Us, command: int, payload: bytes) -> bytes | None:
        """Take a command of one of the levels; ``None`` if it is none."""
        low, mid = self._low, self._mid
        if command == sm4.LL_CHANNEL_CONFIG:
            return low.pulse(now_us, payload)
        if command == sm4.ML_GET_CURRENT_DATA:
            mid.live(now_us)
            return mid.current_data(payload)
        if command in (OF_LOW if mid.active else OF_MID if low.active else ()):
            return bytes((sm4.NOT_INITIALISED,))
        if command == sm4.LL_INIT:
            result = low.init(payload)
        elif command == sm4.LL_STOP:
            result = low.stop()
        elif command == sm4.ML_INIT:
            result = mid.init(now_us, payload)
        elif command == sm4.ML_UPDATE:
            result = mid.update(now_us, payload)
        elif command == sm4.ML_STOP:
            result = mid.stop()
        elif command == sm4.LL_EMG_SWITCHES:
            right = len(payload) == sm4.EMG_SWITCH_BYTES
            result = sm4.NO_ERROR if right else sm4.PARAMETER_ERROR
        else:
            return None
        return bytes((result,))

    def _of_the_device(self, command: int, payload: bytes) -> bytes | None:
        """Take a command that concerns no level; ``None`` if there is none like it."""
        if command == sm4.GET_STIM_STATUS:
            return bytes((sm4.NO_ERROR, self.status, self._voltage()))
        if command == sm4.RESET:
            self._reset()
            return bytes((sm4.NO_ERROR,))
        if command == sm4.SET_POWER:
            modules = sm4.decode_set_power(payload)
            if modules is None:
                return bytes((sm4.PARAMETER_ERROR,))
            self._power = modules
            if not modules & STIMULATION:
                self._end()
            return bytes((sm4.NO_ERROR,))
        return _information(command, OTHER_NAME if self._defects.other else NAME)

    def _voltage(self) -> int:
        if self._mid.active:
            return HIGH_VOLTAGE_ON
        if self._low.active:
            return self._low.voltage or HIGH_VOLTAGE_ON
        return HIGH_VOLTAGE_OFF

    def _end(self) -> None:
        self._low.reset()
        self._mid.reset()

    def _reset(self) -> None:
        self._end()
        self._power = ALL_POWER


def _information(command: int, name: bytes = NAME) -> bytes | None:
    """Return the answer to a question about the device; ``None`` if there is no such command."""
    if command == sm4.GET_DEVICE_ID:
        return bytes((sm4.NO_ERROR,)) + name
    if command == sm4.GET_EXTENDED_VERSION:
        return answers.encode_extended_version(sm4.NO_ERROR, VERSIONS, BUILD)
    if command in (sm4.GET_VERSION_MAIN, sm4.GET_VERSION_STIM):
        return answers.encode_versions(sm4.NO_ERROR, VERSIONS)
    if command == sm4.GET_BATTERY_STATUS:
        return answers.encode_battery(sm4.NO_ERROR, BATTERY)
    if command == sm4.GET_MAIN_STATUS:
        return bytes((sm4.NO_ERROR, MAIN_STATUS))
    return None
