"""Commands and answers of ScienceMode2 (RehaStim2), both directions, typed.

Currents are microamperes in steps of 1000, durations microseconds. Whoever asks for what the
wire cannot say gets a ``ValueError`` that names it; nothing is rounded here. The commands of the
leg trainer that shares the protocol have no place here.

References
----------
HASOMED ScienceMode2 protocol description (github.com/ScienceMode/ScienceMode2).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fes_ctrl.units import MicroAmp, Us
from fes_ctrl.wire.sciencemode2_frames import Decoder, Frame, encode
from fes_ctrl.wire.stuffing import FRAME_ENDS

__all__ = ["FRAME_ENDS", "Decoder", "Frame", "encode"]

INIT: Final = 1
INIT_ACK: Final = 2
UNKNOWN_COMMAND: Final = 3
WATCHDOG: Final = 4
GET_STIMULATION_MODE: Final = 10
INIT_CHANNEL_LIST: Final = 30
START_CHANNEL_LIST: Final = 32
STOP_CHANNEL_LIST: Final = 34
SINGLE_PULSE: Final = 36
STIMULATION_ERROR: Final = 38

VERSION: Final = 1
"""The only version of the protocol there is."""

NO_ERROR: Final = 0
TRANSFER_ERROR: Final = -1
PARAMETER_ERROR: Final = -2
WRONG_MODE: Final = -3
INCOMPATIBLE_VERSION: Final = -5
BUSY: Final = -8

RESULT_NAMES: Final[dict[int, str]] = {
    NO_ERROR: "ok",
    TRANSFER_ERROR: "transfer error",
    PARAMETER_ERROR: "parameter error",
    WRONG_MODE: "wrong mode",
    INCOMPATIBLE_VERSION: "incompatible version",
    BUSY: "busy",
}

EMERGENCY_ERROR: Final = -1
ELECTRODE_ERROR: Final = -2
MODULE_ERROR: Final = -3

ERROR_NAMES: Final[dict[int, str]] = {
    EMERGENCY_ERROR: "emergency switch active or not connected",
    ELECTRODE_ERROR: "electrode error",
    MODULE_ERROR: "stimulation module error",
}

MODE_START: Final = 0
MODE_INITIALISED: Final = 1
MODE_STARTED: Final = 2

SINGLE: Final = 0
DOUBLET: Final = 1
TRIPLET: Final = 2

FIXED: Final = 0
FAST: Final = 1

CHANNELS: Final = 8
CURRENT_STEP_UA: Final = 1_000
CURRENT_MAX_UA: Final = 130_000
WIDTH_MAX_US: Final = 500
FACTOR_MAX: Final = 7
INTERVAL_STEP_US: Final = 500
MAIN_OFFSET_US: Final = 1_000
MAIN_CODE_MAX: Final = 2_048
GROUP_OFFSET_US: Final = 1_500
ONE_SHOT_US: Final = 0
"""The main interval of a list that is given once for each start."""


class ListSetup(NamedTuple):
    """What InitChannelListMode sets up, and what it means in microseconds.

    ``channels`` and ``low_channels`` are bits, bit 0 the first channel; ``main_us`` is the
    distance of two rounds, ``group_us`` that of two pulses of a doublet or triplet. A channel of
    ``low_channels`` sits out ``factor`` rounds after each one that it takes part in.
    """

    factor: int
    channels: int
    low_channels: int
    group_us: Us
    main_us: Us
    execution: int


class ListPulse(NamedTuple):
    """What one active channel gives in each round."""

    mode: int
    width_us: Us
    current_ua: MicroAmp


class SinglePulse(NamedTuple):
    """One pulse, at once."""

    channel: int
    width_us: Us
    current_ua: MicroAmp


# -- numbers ------------------------------------------------------------------------------------


def _refuse(message: str) -> None:
    raise ValueError(message)


def _pulse(width_us: Us, current_ua: MicroAmp) -> bytes:
    steps = current_ua // CURRENT_STEP_UA
    if steps * CURRENT_STEP_UA != current_ua:
        _refuse(f"pulse of {current_ua / 1000:g} mA: must be a whole number of mA")
    if not 0 <= current_ua <= CURRENT_MAX_UA:
        _refuse(f"pulse of {current_ua / 1000:g} mA: must be 0 to {CURRENT_MAX_UA // 1000} mA")
    if not 0 <= width_us <= WIDTH_MAX_US:
        _refuse(f"pulse of {width_us} us: must be 0 to {WIDTH_MAX_US} us")
    return bytes((width_us >> 8, width_us & 0xFF, steps))


def _code(what: str, interval_us: Us, offset_us: Us, most: int) -> int:
    code, rest = divmod(interval_us - offset_us, INTERVAL_STEP_US)
    if rest or not 0 <= code <= most:
        highest_ms = (most * INTERVAL_STEP_US + offset_us) / 1000
        _refuse(
            f"{what} {interval_us / 1000:g} ms: must be a multiple of 0.5 ms, from "
            f"{offset_us / 1000:g} ms to {highest_ms:g} ms"
        )
    return code


def signed(byte: int) -> int:
    """Return a result as the device means it: two's complement of one byte."""
    return byte - 256 if byte >= 128 else byte


def result_byte(result: int) -> bytes:
    """Return the byte that says a result."""
    return bytes((result & 0xFF,))


# -- commands of the host -----------------------------------------------------------------------


def init_ack(number: int, result: int = NO_ERROR) -> bytes:
    """Return InitAck: to the device's Init of that number."""
    return encode(number, INIT_ACK, result_byte(result))


def watchdog(number: int) -> bytes:
    """Return Watchdog, the keep-alive that is not answered."""
    return encode(number, WATCHDOG)


def get_stimulation_mode(number: int) -> bytes:
    """Return GetStimulationMode."""
    return encode(number, GET_STIMULATION_MODE)


def init_channel_list(number: int, setup: ListSetup) -> bytes:
    """Return InitChannelListMode.

    Raises
    ------
    ValueError
        If something of it cannot be said on the wire.
    """
    factor, channels, low_channels, group_us, main_us, execution = setup
    if not 0 <= factor <= FACTOR_MAX:
        _refuse(f"low-frequency factor {factor}: must be 0 to {FACTOR_MAX}")
    for name, bits in (("active", channels), ("low-frequency", low_channels)):
        if not 0 <= bits <= 0xFF:
            _refuse(f"{name} channels {bits:#x}: must be eight bits")
    if execution not in (FIXED, FAST):
        _refuse(f"execution {execution}: must be {FIXED} (fixed) or {FAST} (fast)")
    group = _code("inter-pulse interval", group_us, GROUP_OFFSET_US, 0xFF)
    main = 0
    if main_us != ONE_SHOT_US:
        # Code 0 is the list that is given once, so the shortest interval there is has code 1.
        first_us = MAIN_OFFSET_US + INTERVAL_STEP_US
        main = _code("main interval", main_us, first_us, MAIN_CODE_MAX - 1) + 1
    data = (factor, channels, low_channels, group, main >> 8, main & 0xFF, execution)
    return encode(number, INIT_CHANNEL_LIST, bytes(data))


def start_channel_list(number: int, pulses: Sequence[ListPulse]) -> bytes:
    """Return StartChannelListMode, which starts and updates: a pulse for each active channel.

    Raises
    ------
    ValueError
        If a pulse cannot be said on the wire.
    """
    if not 1 <= len(pulses) <= CHANNELS:
        _refuse(f"{len(pulses)} pulses: a list has 1 to {CHANNELS}")
    body = bytearray()
    for mode, width_us, current_ua in pulses:
        if not SINGLE <= mode <= TRIPLET:
            _refuse(f"pulse mode {mode}: must be {SINGLE} to {TRIPLET}")
        body.append(mode)
        body += _pulse(width_us, current_ua)
    return encode(number, START_CHANNEL_LIST, bytes(body))


def stop_channel_list(number: int) -> bytes:
    """Return StopChannelListMode."""
    return encode(number, STOP_CHANNEL_LIST)


def single_pulse(number: int, channel: int, width_us: Us, current_ua: MicroAmp) -> bytes:
    """Return SinglePulse, whose second phase the device adds.

    Raises
    ------
    ValueError
        If it cannot be said on the wire.
    """
    if not 0 <= channel < CHANNELS:
        _refuse(f"channel {channel}: must be 0 to {CHANNELS - 1}")
    return encode(number, SINGLE_PULSE, bytes((channel,)) + _pulse(width_us, current_ua))


# -- what a device reads ------------------------------------------------------------------------


def decode_init_channel_list(payload: bytes) -> ListSetup | None:
    """Return what is to be set up; ``None`` if length or a field is out of range."""
    if len(payload) != 7:
        return None
    factor, channels, low_channels, group, high, low, execution = payload
    main = (high << 8) | low
    if factor > FACTOR_MAX or main > MAIN_CODE_MAX or execution > FAST:
        return None
    main_us = MAIN_OFFSET_US + main * INTERVAL_STEP_US if main else ONE_SHOT_US
    group_us = GROUP_OFFSET_US + group * INTERVAL_STEP_US
    return ListSetup(factor, channels, low_channels, group_us, main_us, execution)


def decode_start_channel_list(payload: bytes) -> tuple[ListPulse, ...] | None:
    """Return the pulses of a list; ``None`` if length or a field is out of range."""
    if not payload or len(payload) % 4 or len(payload) > 4 * CHANNELS:
        return None
    pulses: list[ListPulse] = []
    for at in range(0, len(payload), 4):
        mode = payload[at]
        width_us = (payload[at + 1] << 8) | payload[at + 2]
        current_ua = payload[at + 3] * CURRENT_STEP_UA
        if mode > TRIPLET or width_us > WIDTH_MAX_US or current_ua > CURRENT_MAX_UA:
            return None
        pulses.append(ListPulse(mode, width_us, current_ua))
    return tuple(pulses)


def decode_single_pulse(payload: bytes) -> SinglePulse | None:
    """Return the pulse; ``None`` if length or a field is out of range."""
    if len(payload) != 4:
        return None
    channel, high, low, current = payload
    width_us = (high << 8) | low
    current_ua = current * CURRENT_STEP_UA
    if channel >= CHANNELS or width_us > WIDTH_MAX_US or current_ua > CURRENT_MAX_UA:
        return None
    return SinglePulse(channel, width_us, current_ua)


# -- what a device says -------------------------------------------------------------------------


def init(number: int, version: int = VERSION) -> bytes:
    """Return Init, with which a device begins."""
    return encode(number, INIT, bytes((version,)))


def ack(number: int, command: int, result: int, data: bytes = b"") -> bytes:
    """Return the answer to a command: its number, the command plus one, the result first."""
    return encode(number, command + 1, result_byte(result) + data)


def unknown_command(number: int, command: int) -> bytes:
    """Return UnknownCommand, which names the command."""
    return encode(number, UNKNOWN_COMMAND, bytes((command,)))


def stimulation_error(number: int, error: int) -> bytes:
    """Return StimulationError, which nobody asked for."""
    return encode(number, STIMULATION_ERROR, result_byte(error))


def decode_result(payload: bytes) -> int:
    """Return the result of an answer, or the error; a transfer error if it holds none."""
    return signed(payload[0]) if payload else TRANSFER_ERROR


def decode_stimulation_mode(payload: bytes) -> int:
    """Return the mode of a GetStimulationMode answer; -1 if it holds none."""
    return payload[1] if len(payload) == 2 and payload[0] == NO_ERROR else -1
