"""Bytes that went to a stimulator or came from one, in words.

What a driver from elsewhere says, and what is no whole frame, stays bytes and is called so.
"""

from collections.abc import Callable, Sequence
from typing import Final

from fes_ctrl.stimulators.models import LIMITED, SIMULATED
from fes_ctrl.wire import feslink, sciencemode2, sciencemode4
from fes_ctrl.wire import feslink_messages as fm
from fes_ctrl.wire import sciencemode2_frames as sm2_frames
from fes_ctrl.wire import sciencemode4_frames as sm4_frames

SM4_NAMES: Final[dict[int, str]] = {
    sciencemode4.LL_INIT: "Ll_Init",
    sciencemode4.LL_CHANNEL_CONFIG: "Ll_Channel_Config",
    sciencemode4.LL_STOP: "Ll_Stop",
    sciencemode4.ML_INIT: "Ml_Init",
    sciencemode4.ML_UPDATE: "Ml_Update",
    sciencemode4.ML_STOP: "Ml_Stop",
    sciencemode4.ML_GET_CURRENT_DATA: "Ml_Get_Current_Data",
    sciencemode4.GET_DEVICE_ID: "Get_Device_Id",
    sciencemode4.GET_STIM_STATUS: "Get_Stim_Status",
    sciencemode4.RESET: "Reset",
    sciencemode4.GET_EXTENDED_VERSION: "Get_Extended_Version",
}
SM2_NAMES: Final[dict[int, str]] = {
    sciencemode2.INIT: "Init",
    sciencemode2.WATCHDOG: "Watchdog",
    sciencemode2.GET_STIMULATION_MODE: "GetStimulationMode",
    sciencemode2.INIT_CHANNEL_LIST: "InitChannelListMode",
    sciencemode2.START_CHANNEL_LIST: "StartChannelListMode",
    sciencemode2.STOP_CHANNEL_LIST: "StopChannelListMode",
    sciencemode2.SINGLE_PULSE: "SinglePulse",
}


def in_words(device: str, data: bytes) -> str:
    """Return what some bytes say.

    Parameters
    ----------
    device : str
        As the log's header names it: ``sim+p24``, ``feslink``, ``sim+rehastim2+limiter``.
    data : bytes
        Of one write or one read.
    """
    words = _READERS.get(device.removeprefix(SIMULATED).removesuffix(LIMITED), _bytes)(data)
    return "; ".join(words) or f"no whole frame of it ({data.hex()})"


def _bytes(data: bytes) -> list[str]:
    return [f"{len(data)} bytes {data.hex()}"]


def _points(points: Sequence[tuple[int, int]]) -> str:
    return ", ".join([f"{current_ua / 1000:g} mA for {us} us" for us, current_ua in points])


def _sciencemode4(data: bytes) -> list[str]:
    return [_sm4_frame(frame) for frame in sm4_frames.Decoder().feed(data)]


def _sm4_frame(frame: sm4_frames.Frame) -> str:
    number, command, payload = frame
    if command % 2:
        name = SM4_NAMES.get(command - 1, f"command {command - 1}")
        result = payload[0] if payload else sciencemode4.TRANSFER_ERROR
        told = sciencemode4.RESULT_NAMES.get(result, f"result {result}")
        return f"answer to {name} {number}: {told}"
    name = SM4_NAMES.get(command, f"command {command}")
    if command == sciencemode4.LL_CHANNEL_CONFIG:
        pulse = sciencemode4.decode_channel_config(payload)
        if pulse is not None:
            channel, execute, points = pulse
            given = "" if execute else ", not to be given yet"
            return f"{name} {number}: channel {channel}, {_points(points)}{given}"
    if command == sciencemode4.ML_UPDATE:
        trains = sciencemode4.decode_update(payload)
        if trains is not None:
            told = "; ".join(
                f"channel {train.channel}, {_points(train.points)} "
                f"every {train.period_us / 1000:g} ms"
                for train in trains
            )
            return f"{name} {number}: {told or 'no channel runs'}"
    return f"{name} {number}"


def _sciencemode2(data: bytes) -> list[str]:
    return [_sm2_frame(frame) for frame in sm2_frames.Decoder().feed(data)]


def _sm2_frame(frame: sm2_frames.Frame) -> str:
    number, command, payload = frame
    if command == sciencemode2.START_CHANNEL_LIST:
        pulses = sciencemode2.decode_start_channel_list(payload)
        if pulses is not None:
            told = "; ".join(
                f"{pulse.current_ua / 1000:g} mA for {pulse.width_us} us" for pulse in pulses
            )
            return f"StartChannelListMode {number}: {told}"
    if command == sciencemode2.SINGLE_PULSE:
        pulse = sciencemode2.decode_single_pulse(payload)
        if pulse is not None:
            return (
                f"SinglePulse {number}: channel {pulse.channel}, {pulse.current_ua / 1000:g} mA "
                f"for {pulse.width_us} us"
            )
    if command == sciencemode2.STIMULATION_ERROR:
        error = sciencemode2.decode_result(payload)
        return f"StimulationError: {sciencemode2.ERROR_NAMES.get(error, f'error {error}')}"
    if command in SM2_NAMES:
        return f"{SM2_NAMES[command]} {number}"
    if command - 1 in SM2_NAMES:
        result = sciencemode2.decode_result(payload)
        told = sciencemode2.RESULT_NAMES.get(result, f"result {result}")
        return f"answer to {SM2_NAMES[command - 1]} {number}: {told}"
    return f"command {command}, number {number}"


def _feslink(data: bytes) -> list[str]:
    return [_feslink_message(message) for message in feslink.Decoder().feed(data)]


def _feslink_message(message: fm.Message) -> str:
    name = type(message).__name__
    if isinstance(message, fm.Setpoint):
        return (
            f"{name} {message.number}: pulse {message.sequence} at {message.at_us} us of the "
            f"device's clock, channel {message.channel}, {message.steps} steps of current for "
            f"{message.width_us} us"
        )
    if isinstance(message, fm.Stop):
        return name
    number = f"{name} {message.number}"
    if isinstance(message, fm.Account):
        result = fm.RESULT_NAMES
        told = result[message.result] if message.result < len(result) else str(message.result)
        return (
            f"{number}: {told}; {message.pulses} pulses given, the last is {message.last_sequence}"
        )
    return number


_READERS: Final[dict[str, Callable[[bytes], list[str]]]] = {
    "p24": _sciencemode4,
    "rehastim2": _sciencemode2,
    "feslink": _feslink,
}
