"""Commands of ScienceMode4, and what a device reads of them, in integers of the device's units.

Points and trains are in ``sciencemode4_pulses``, answers in ``sciencemode4_answers``; what both
sides of a line need of them can be had from here.

References
----------
HASOMED ScienceMode4 C library, ``smpt_definitions_*.h`` and packet layer.
"""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from fes_ctrl.wire.sciencemode4_answers import (
    MEASURE_NOTHING,
    MEASURE_SUPPLY,
    SELECT_CHANNEL_STATES,
    SELECT_ELECTRODES_4,
    SELECT_ELECTRODES_8,
    STATE_ELECTRODE,
    STATE_LOW_CURRENT,
    STATE_NAMES,
    STATE_OK,
    STATE_TIMEOUT,
    ChannelStates,
    decode_channel_states,
    decode_device_id,
    decode_extended_version,
    decode_pulse_answer,
    decode_stim_status,
)
from fes_ctrl.wire.sciencemode4_frames import Decoder, Frame, encode
from fes_ctrl.wire.sciencemode4_pulses import (
    CHANNELS,
    CURRENT_STEP_UA,
    DURATION_MAX_US,
    PERIOD_STEP_US,
    POINTS_MAX,
    PULSE_GAP_US,
    ChannelTrain,
    Point,
    UnbalancedError,
    decode_channel_config,
    decode_period,
    decode_update,
    duty_percent,
    encode_channel_config,
    encode_period,
    encode_point,
    encode_update,
    net_charge_pc,
    require_balance,
)
from fes_ctrl.wire.stuffing import FRAME_ENDS

__all__ = [
    "CHANNELS",
    "CURRENT_STEP_UA",
    "DURATION_MAX_US",
    "FRAME_ENDS",
    "PERIOD_STEP_US",
    "POINTS_MAX",
    "PULSE_GAP_US",
    "SELECT_CHANNEL_STATES",
    "SELECT_ELECTRODES_4",
    "SELECT_ELECTRODES_8",
    "STATE_ELECTRODE",
    "STATE_LOW_CURRENT",
    "STATE_NAMES",
    "STATE_OK",
    "STATE_TIMEOUT",
    "ChannelStates",
    "ChannelTrain",
    "Decoder",
    "Frame",
    "Point",
    "UnbalancedError",
    "decode_channel_config",
    "decode_channel_states",
    "decode_device_id",
    "decode_extended_version",
    "decode_period",
    "decode_pulse_answer",
    "decode_stim_status",
    "decode_update",
    "duty_percent",
    "encode",
    "encode_period",
    "encode_point",
    "net_charge_pc",
    "require_balance",
]

LL_INIT: Final = 0
LL_CHANNEL_CONFIG: Final = 2
LL_STOP: Final = 4
LL_EMG_SWITCHES: Final = 18
ML_INIT: Final = 30
ML_UPDATE: Final = 32
ML_STOP: Final = 34
ML_GET_CURRENT_DATA: Final = 36
GET_VERSION_MAIN: Final = 50
GET_DEVICE_ID: Final = 52
GET_BATTERY_STATUS: Final = 54
SET_POWER: Final = 56
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
HIGH_VOLTAGE_ERROR: Final = 8
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
    HIGH_VOLTAGE_ERROR: "high voltage error",
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
STATUS_NAMES: Final = ("no level", "low level", "mid level", "mid level, running")

VOLTAGE_DEFAULT: Final = 0
VOLTAGE_OFF: Final = 1
VOLTAGES_MV: Final[dict[int, int]] = {2: 30_000, 3: 60_000, 4: 90_000, 5: 120_000, 6: 150_000}
"""Levels of the high voltage that Ll_Init can ask for."""

POWER_MODULES: Final = ("stimulation", "bluetooth", "emg", "memory_card", "demultiplexer")
POWER_BYTES: Final = 8
EMG_SWITCH_BYTES: Final = 5


class LowLevelInit(NamedTuple):
    """What Ll_Init asks for: what each pulse's answer measures, and the high voltage."""

    measures: int
    voltage: int


# -- commands of the host -----------------------------------------------------------------------


def ll_init(number: int, measures: int = MEASURE_NOTHING, voltage: int = VOLTAGE_DEFAULT) -> bytes:
    """Return Ll_Init.

    Parameters
    ----------
    number : int
        Packet number.
    measures : int
        0-3: nothing, current, voltage, high voltage; sampled during each pulse.
    voltage : int
        0-6: the device's default, off, 30, 60, 90, 120 or 150 V.

    Raises
    ------
    ValueError
        If there is no such measurement or level.
    """
    if not MEASURE_NOTHING <= measures <= MEASURE_SUPPLY:
        message = f"measurement {measures}: must be {MEASURE_NOTHING} to {MEASURE_SUPPLY}"
        raise ValueError(message)
    if voltage not in VOLTAGES_MV and voltage not in (VOLTAGE_DEFAULT, VOLTAGE_OFF):
        message = f"high voltage level {voltage}: must be 0 to {max(VOLTAGES_MV)}"
        raise ValueError(message)
    return encode(number, LL_INIT, bytes((measures << 4 | voltage << 1,)))


def low_level_pulse(
    number: int, channel: int, points: Sequence[Point], *, execute: bool = True
) -> bytes:
    """Return Ll_Channel_Config, which gives one pulse at once where it is to be executed.

    Parameters
    ----------
    number : int
        Packet number.
    channel : int
        0-7: four of the yellow connector, then four of the green one.
    points : sequence of (int, int)
        Duration in us and current in uA of each phase; balance is the caller's to require.
    execute : bool
        Whether a pulse is given.

    Raises
    ------
    ValueError
        If channel or points cannot be said on the wire.
    """
    payload = encode_channel_config(channel, points, execute=execute)
    return encode(number, LL_CHANNEL_CONFIG, payload)


def ll_stop(number: int) -> bytes:
    """Return Ll_Stop."""
    return encode(number, LL_STOP)


def ll_emg_switches(number: int, switches: bytes) -> bytes:
    """Return Ll_Emg_Switches: five bytes, which the vendor calls unused."""
    if len(switches) != EMG_SWITCH_BYTES:
        message = f"{len(switches)} bytes of EMG switches: must be {EMG_SWITCH_BYTES}"
        raise ValueError(message)
    return encode(number, LL_EMG_SWITCHES, switches)


def ml_init(number: int, *, stop_all_on_error: bool) -> bytes:
    """Return Ml_Init."""
    return encode(number, ML_INIT, bytes((int(stop_all_on_error),)))


def ml_update(number: int, trains: Sequence[ChannelTrain]) -> bytes:
    """Return Ml_Update: the channels named here run, all others end.

    Raises
    ------
    ValueError
        If a channel, ramp, period or point cannot be said on the wire, or a channel comes twice.
    """
    return encode(number, ML_UPDATE, encode_update(trains))


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


def get_battery_status(number: int) -> bytes:
    """Return Get_Battery_Status."""
    return encode(number, GET_BATTERY_STATUS)


def set_power(number: int, modules: Collection[int]) -> bytes:
    """Return Set_Power: the modules named here are on, all others off.

    Parameters
    ----------
    number : int
        Packet number.
    modules : collection of int
        Positions in ``POWER_MODULES``.

    Raises
    ------
    ValueError
        If there is no such module.
    """
    bits = 0
    for module in modules:
        if not 0 <= module < len(POWER_MODULES):
            message = f"power module {module}: must be 0 to {len(POWER_MODULES) - 1}"
            raise ValueError(message)
        bits |= 1 << module
    return encode(number, SET_POWER, bits.to_bytes(POWER_BYTES, "little"))


def reset(number: int) -> bytes:
    """Return Reset."""
    return encode(number, RESET)


# -- what a device reads, and how it answers ----------------------------------------------------


def decode_ll_init(payload: bytes) -> LowLevelInit | None:
    """Return what an Ll_Init asks for; ``None`` if the length is wrong."""
    if len(payload) != 1:
        return None
    return LowLevelInit(payload[0] >> 4 & 7, payload[0] >> 1 & 7)


def decode_set_power(payload: bytes) -> int | None:
    """Return the modules of a Set_Power as bits; ``None`` if the length is wrong."""
    return int.from_bytes(payload, "little") if len(payload) == POWER_BYTES else None


def ack(number: int, command: int, payload: bytes) -> bytes:
    """Return the answer to a command: its number, the command plus one, the result first."""
    return encode(number, command + 1, payload)
