"""Commands and answers of ScienceMode4, both directions, in integers of the device's units.

Currents are microamperes in steps of 500, durations whole microseconds. Whoever asks for what
the wire cannot say gets a ``ValueError`` that names it; nothing is rounded here.

References
----------
HASOMED ScienceMode4 C library, ``smpt_definitions_*.h`` and packet layer.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fes_ctrl.units import MicroAmp, Us
from fes_ctrl.wire.sciencemode4_frames import FRAME_ENDS, Decoder, Frame, encode

__all__ = ["FRAME_ENDS", "Decoder", "Frame", "encode"]

LL_INIT: Final = 0
LL_CHANNEL_CONFIG: Final = 2
LL_STOP: Final = 4
ML_INIT: Final = 30
ML_UPDATE: Final = 32
ML_STOP: Final = 34
ML_GET_CURRENT_DATA: Final = 36
GET_VERSION_MAIN: Final = 50
GET_DEVICE_ID: Final = 52
GET_BATTERY_STATUS: Final = 54
RESET: Final = 58
GET_VERSION_STIM: Final = 60
GET_STIM_STATUS: Final = 62
GET_MAIN_STATUS: Final = 64
GENERAL_ERROR: Final = 66
UNKNOWN_COMMAND: Final = 67
GET_EXTENDED_VERSION: Final = 68

NO_ERROR: Final = 0
TRANSFER_ERROR: Final = 1
PARAMETER_ERROR: Final = 2
PROTOCOL_ERROR: Final = 3
TIMEOUT_ERROR: Final = 4
NOT_INITIALISED: Final = 7
ELECTRODE_ERROR: Final = 10
INVALID_COMMAND: Final = 11
PULSE_TIMEOUT: Final = 16
BUSY: Final = 21
LOW_CURRENT: Final = 28

RESULT_NAMES: Final[dict[int, str]] = {
    NO_ERROR: "ok",
    TRANSFER_ERROR: "transfer error",
    PARAMETER_ERROR: "parameter error",
    PROTOCOL_ERROR: "protocol error",
    TIMEOUT_ERROR: "stimulation controller timed out",
    NOT_INITIALISED: "not initialised, or the other level is active",
    8: "high voltage error",
    9: "demultiplexer timed out",
    ELECTRODE_ERROR: "electrode error",
    INVALID_COMMAND: "invalid command",
    PULSE_TIMEOUT: "pulse timed out",
    17: "fuel gauge error",
    BUSY: "busy",
    LOW_CURRENT: "low current",
}

STATUS_NONE: Final = 0
STATUS_LL_INIT: Final = 1
STATUS_ML_INIT: Final = 2
STATUS_ML_RUNNING: Final = 3

SELECT_ELECTRODES_4: Final = 2
SELECT_ELECTRODES_8: Final = 3
SELECT_CHANNEL_STATES: Final = 4

CHANNELS: Final = 8
CURRENT_STEP_UA: Final = 500
FIELD_CURRENT_MAX_UA: Final = 150_000
"""What the field can say; the device refuses beyond 130 mA."""

_CODE_ZERO: Final = 300
DURATION_MAX_US: Final = 4095
POINTS_MAX: Final = 16
PERIOD_STEP_US: Final = 500
FINE_PERIOD_STEP_US: Final = 250
PERIOD_CODE_MAX: Final = 32_767

Point = tuple[Us, MicroAmp]


class ChannelTrain(NamedTuple):
    """One channel of a mid-level update: pulses repeated by the device."""

    channel: int
    points: tuple[Point, ...]
    ramp: int
    period_us: Us


# -- points -------------------------------------------------------------------------------------


def encode_point(duration_us: Us, current_ua: MicroAmp) -> bytes:
    """Return the four bytes of one point of a pulse.

    Raises
    ------
    ValueError
        If the current is no multiple of 0.5 mA or beyond the field, or the duration does not fit.
    """
    if not 0 <= duration_us <= DURATION_MAX_US:
        message = f"point of {duration_us} us: must be 0 to {DURATION_MAX_US} us"
        raise ValueError(message)
    steps, rest = divmod(current_ua, CURRENT_STEP_UA)
    if rest:
        message = f"point of {current_ua / 1000:g} mA: must be a multiple of 0.5 mA"
        raise ValueError(message)
    if not -FIELD_CURRENT_MAX_UA <= current_ua <= FIELD_CURRENT_MAX_UA:
        message = f"point of {current_ua / 1000:g} mA: must be within +-150 mA"
        raise ValueError(message)
    word = (duration_us << 20) | ((steps + _CODE_ZERO) << 10)
    return word.to_bytes(4, "big")


def decode_point(data: bytes) -> Point:
    """Return duration in us and current in uA of four bytes."""
    word = int.from_bytes(data, "big")
    return word >> 20, (((word >> 10) & 0x3FF) - _CODE_ZERO) * CURRENT_STEP_UA


def _encode_points(points: Sequence[Point]) -> bytes:
    if not 1 <= len(points) <= POINTS_MAX:
        message = f"{len(points)} points: a pulse has 1 to {POINTS_MAX}"
        raise ValueError(message)
    return b"".join([encode_point(duration, current) for duration, current in points])


def _decode_points(data: bytes) -> tuple[Point, ...]:
    return tuple([decode_point(data[i : i + 4]) for i in range(0, len(data), 4)])


def _check_channel(channel: int) -> None:
    if not 0 <= channel < CHANNELS:
        message = f"channel {channel}: must be 0 to {CHANNELS - 1}"
        raise ValueError(message)


# -- commands of the host -----------------------------------------------------------------------


def ll_init(number: int) -> bytes:
    """Return Ll_Init: no measurement, default high voltage."""
    return encode(number, LL_INIT, b"\x00")


def low_level_pulse(number: int, channel: int, points: Sequence[Point]) -> bytes:
    """Return Ll_Channel_Config that gives one pulse at once.

    Parameters
    ----------
    number : int
        Packet number.
    channel : int
        0-7: four of the yellow connector, then four of the green one.
    points : sequence of (int, int)
        Duration in us and current in uA of each phase.

    Raises
    ------
    ValueError
        If channel or points cannot be said on the wire.
    """
    _check_channel(channel)
    body = _encode_points(points)
    connector, output = divmod(channel, 4)
    first = 0x80 | (output << 5) | (connector << 4) | (len(points) - 1)
    return encode(number, LL_CHANNEL_CONFIG, bytes((first,)) + body)


def ll_stop(number: int) -> bytes:
    """Return Ll_Stop."""
    return encode(number, LL_STOP)


def ml_init(number: int, *, stop_all_on_error: bool) -> bytes:
    """Return Ml_Init."""
    return encode(number, ML_INIT, bytes((int(stop_all_on_error),)))


def ml_update(number: int, trains: Sequence[ChannelTrain]) -> bytes:
    """Return Ml_Update: the channels named here run, all others end.

    Raises
    ------
    ValueError
        If a channel, ramp, period or point cannot be said on the wire.
    """
    enable = 0
    body = b""
    for train in sorted(trains):
        _check_channel(train.channel)
        if not 0 <= train.ramp <= 15:
            message = f"ramp {train.ramp}: must be 0 to 15 pulses"
            raise ValueError(message)
        enable |= 1 << train.channel
        first = ((len(train.points) - 1) << 4) | train.ramp
        points = _encode_points(train.points)
        body += bytes((first,)) + encode_period(train.period_us) + points
    return encode(number, ML_UPDATE, bytes((enable,)) + body)


def encode_period(period_us: Us) -> bytes:
    """Return the period word: in 0.5 ms where possible, else in 0.25 ms.

    Raises
    ------
    ValueError
        If it is no multiple of 0.25 ms, below 0.5 ms, or beyond the field.
    """
    code, rest = divmod(period_us, PERIOD_STEP_US)
    fine = 0
    if rest:
        code, rest = divmod(period_us, FINE_PERIOD_STEP_US)
        fine = 1
    if rest or period_us < PERIOD_STEP_US or code > PERIOD_CODE_MAX:
        message = (
            f"period {period_us / 1000:g} ms: must be a multiple of 0.25 ms, from 0.5 ms to "
            f"{PERIOD_CODE_MAX * (FINE_PERIOD_STEP_US if fine else PERIOD_STEP_US) / 1000:g} ms"
        )
        raise ValueError(message)
    return ((code << 1) | fine).to_bytes(2, "big")


def decode_period(data: bytes) -> Us:
    """Return the period of two bytes, us."""
    word = int.from_bytes(data, "big")
    return (word >> 1) * (FINE_PERIOD_STEP_US if word & 1 else PERIOD_STEP_US)


def ml_stop(number: int) -> bytes:
    """Return Ml_Stop."""
    return encode(number, ML_STOP)


def ml_get_current_data(number: int, select: int = SELECT_CHANNEL_STATES) -> bytes:
    """Return Ml_Get_Current_Data, the live signal of the mid level."""
    return encode(number, ML_GET_CURRENT_DATA, bytes((select,)))


def get_device_id(number: int) -> bytes:
    """Return Get_Device_Id."""
    return encode(number, GET_DEVICE_ID)


def get_extended_version(number: int) -> bytes:
    """Return Get_Extended_Version."""
    return encode(number, GET_EXTENDED_VERSION)


def get_stim_status(number: int) -> bytes:
    """Return Get_Stim_Status."""
    return encode(number, GET_STIM_STATUS)


def reset(number: int) -> bytes:
    """Return Reset."""
    return encode(number, RESET)


# -- what a device reads ------------------------------------------------------------------------


def decode_channel_config(payload: bytes) -> tuple[int, bool, tuple[Point, ...]] | None:
    """Return channel, whether to execute, and points; ``None`` if the length is wrong."""
    if not payload:
        return None
    first = payload[0]
    count = (first & 0x0F) + 1
    if len(payload) != 1 + 4 * count:
        return None
    channel = ((first >> 4) & 1) * 4 + ((first >> 5) & 3)
    return channel, bool(first & 0x80), _decode_points(payload[1:])


def decode_update(payload: bytes) -> tuple[ChannelTrain, ...] | None:
    """Return the trains of an Ml_Update; ``None`` if the length is wrong."""
    if not payload:
        return None
    position = 1
    trains: list[ChannelTrain] = []
    for channel in range(CHANNELS):
        if not payload[0] >> channel & 1:
            continue
        if position >= len(payload):
            return None
        count = (payload[position] >> 4) + 1
        end = position + 3 + 4 * count
        if len(payload) < end:
            return None
        trains.append(
            ChannelTrain(
                channel,
                _decode_points(payload[position + 3 : end]),
                payload[position] & 0x0F,
                decode_period(payload[position + 1 : position + 3]),
            )
        )
        position = end
    return tuple(trains) if position == len(payload) else None


# -- answers ------------------------------------------------------------------------------------


def ack(number: int, command: int, payload: bytes) -> bytes:
    """Return the answer to a command: its number, the command plus one, the result first."""
    return encode(number, command + 1, payload)


def decode_stim_status(payload: bytes) -> int:
    """Return the stimulation state of a Get_Stim_Status answer; -1 if it is too short."""
    return payload[1] if len(payload) >= 2 else -1


def decode_device_id(payload: bytes) -> str:
    """Return the device's name, of a Get_Device_Id answer."""
    return payload[1:11].decode("ascii", "replace").rstrip("\x00 ")


def decode_extended_version(payload: bytes) -> str:
    """Return firmware and protocol version in words, of a Get_Extended_Version answer."""
    if len(payload) < 7:
        return "firmware unknown"
    major, minor, revision, p_major, p_minor, p_revision = payload[1:7]
    return f"firmware {major}.{minor}.{revision} protocol {p_major}.{p_minor}.{p_revision}"


def decode_channel_states(payload: bytes) -> tuple[int, tuple[int, ...]] | None:
    """Return running bits and the states of eight channels.

    A state is 0 ok, 1 electrode error, 2 timeout, 3 low current; ``None`` if it is no such answer.
    """
    if len(payload) != 7 or payload[1] != SELECT_CHANNEL_STATES:
        return None
    states: list[int] = []
    for byte in payload[3:]:
        states += [byte & 0x0F, byte >> 4]
    return payload[2], tuple(states)
