"""Answers of a ScienceMode4 device, both directions: the result first, then what it has to say.

Decoders take the payload behind the head and return ``None`` where it is not as long as it must
be; the result byte is the caller's to judge first.

References
----------
HASOMED ScienceMode4 C library, ``smpt_definitions_*.h`` and packet layer.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

from fes_ctrl.units import Us

SELECT_ELECTRODES_4: Final = 2
SELECT_ELECTRODES_8: Final = 3
SELECT_CHANNEL_STATES: Final = 4

STATE_OK: Final = 0
STATE_ELECTRODE: Final = 1
STATE_TIMEOUT: Final = 2
STATE_LOW_CURRENT: Final = 3
STATE_NAMES: Final = ("ok", "electrode error", "period not achievable", "low current")

MEASURE_NOTHING: Final = 0
MEASURE_CURRENT: Final = 1
MEASURE_VOLTAGE: Final = 2
MEASURE_SUPPLY: Final = 3

SAMPLES: Final = 128
SAMPLE_SCALE: Final = 100.0
"""Samples are whole hundredths of a milliampere or a volt."""

HASH_KINDS: Final = 4

_SAMPLES: Final = Struct(f">H{SAMPLES}H")
_VERSION: Final = Struct(">6B")
_EXTENDED: Final = Struct(">6BIBB")


class PulseAnswer(NamedTuple):
    """Answer to one low-level pulse: ``samples`` are there where a measurement was asked for.

    They are magnitudes, every ``sampling_us``, in hundredths of a milliampere or of a volt.
    """

    channel: int
    measures: int
    sampling_us: Us
    samples: tuple[int, ...]


class Versions(NamedTuple):
    """Firmware and protocol, three numbers each."""

    firmware: tuple[int, int, int]
    protocol: tuple[int, int, int]

    def __str__(self) -> str:
        """Return both in words."""
        firmware = ".".join([str(part) for part in self.firmware])
        return f"firmware {firmware} protocol {'.'.join([str(part) for part in self.protocol])}"


class Build(NamedTuple):
    """What Get_Extended_Version says beyond the versions: the firmware's hash."""

    hash: int
    kind: int
    valid: bool


class Battery(NamedTuple):
    """State of charge in per cent, and voltage in millivolts."""

    percent: int
    millivolts: int


class StimStatus(NamedTuple):
    """Which level is active, and the code of the high voltage: 1 is off."""

    status: int
    voltage: int


class ChannelStates(NamedTuple):
    """Channels that run as bits, and the state of each of the eight."""

    running: int
    states: tuple[int, ...]


# -- pulses and trains --------------------------------------------------------------------------


def encode_pulse_answer(result: int, answer: PulseAnswer) -> bytes:
    """Return the payload of Ll_Channel_Config_Ack."""
    connector, output = divmod(answer.channel, 4)
    first = bytes((result, connector << 4 | output, answer.measures))
    if answer.measures == MEASURE_NOTHING:
        return first
    return first + _SAMPLES.pack(answer.sampling_us, *answer.samples)


def decode_pulse_answer(payload: bytes) -> PulseAnswer | None:
    """Return what an Ll_Channel_Config_Ack says behind its result."""
    if len(payload) < 3:
        return None
    channel = (payload[1] >> 4 & 1) * 4 + (payload[1] & 3)
    measures = payload[2]
    if measures == MEASURE_NOTHING:
        return PulseAnswer(channel, measures, 0, ()) if len(payload) == 3 else None
    if len(payload) != 3 + _SAMPLES.size:
        return None
    values = _SAMPLES.unpack(payload[3:])
    return PulseAnswer(channel, measures, values[0], values[1:])


def encode_channel_states(result: int, select: int, running: int, states: Sequence[int]) -> bytes:
    """Return the payload of Ml_Get_Current_Data_Ack for one of the three selections."""
    if select == SELECT_CHANNEL_STATES:
        pairs = [states[i] | states[i + 1] << 4 for i in range(0, len(states), 2)]
        return bytes([result, select, running, *pairs])
    errors = 0
    for channel, state in enumerate(states):
        if state == STATE_ELECTRODE:
            errors |= 1 << channel
    first = (running & 0x0F) << 4 | errors & 0x0F
    if select == SELECT_ELECTRODES_4:
        return bytes((result, select, first))
    return bytes((result, select, first, running & 0xF0 | errors >> 4))


def decode_channel_states(payload: bytes) -> ChannelStates | None:
    """Return running bits and states; electrode errors alone where only they were asked for."""
    if len(payload) < 3:
        return None
    select = payload[1]
    if select == SELECT_CHANNEL_STATES and len(payload) == 7:
        states: list[int] = []
        for byte in payload[3:]:
            states += [byte & 0x0F, byte >> 4]
        return ChannelStates(payload[2], tuple(states))
    halves = {SELECT_ELECTRODES_4: 1, SELECT_ELECTRODES_8: 2}.get(select, 0)
    if not halves or len(payload) != 2 + halves:
        return None
    running = errors = 0
    for half, byte in enumerate(payload[2:]):
        running |= (byte >> 4) << 4 * half
        errors |= (byte & 0x0F) << 4 * half
    return ChannelStates(running, tuple([errors >> channel & 1 for channel in range(8)]))


# -- about the device ---------------------------------------------------------------------------


def encode_versions(result: int, versions: Versions) -> bytes:
    """Return the payload of Get_Version_Main_Ack and Get_Version_Stim_Ack."""
    return bytes((result, *versions.firmware, *versions.protocol))


def decode_versions(payload: bytes) -> Versions | None:
    """Return the versions of an answer to any of the three questions for them."""
    if len(payload) < 1 + _VERSION.size:
        return None
    a, b, c, d, e, f = _VERSION.unpack(payload[1:7])
    return Versions((a, b, c), (d, e, f))


def encode_extended_version(result: int, versions: Versions, build: Build) -> bytes:
    """Return the payload of Get_Extended_Version_Ack."""
    body = _EXTENDED.pack(
        *versions.firmware, *versions.protocol, build.hash, build.kind, build.valid
    )
    return bytes((result,)) + body


def decode_build(payload: bytes) -> Build | None:
    """Return the hash of a Get_Extended_Version_Ack."""
    if len(payload) != 1 + _EXTENDED.size:
        return None
    *_, hash_, kind, valid = _EXTENDED.unpack(payload[1:])
    return Build(hash_, kind, bool(valid))


def decode_extended_version(payload: bytes) -> str:
    """Return firmware and protocol version in words, of a Get_Extended_Version answer."""
    versions = decode_versions(payload)
    return "firmware unknown" if versions is None else str(versions)


def decode_device_id(payload: bytes) -> str:
    """Return the device's name, of a Get_Device_Id answer."""
    return payload[1:11].decode("ascii", "replace").rstrip("\x00 ")


def encode_battery(result: int, battery: Battery) -> bytes:
    """Return the payload of Get_Battery_Status_Ack."""
    return bytes((result, battery.percent)) + battery.millivolts.to_bytes(2, "big")


def decode_battery(payload: bytes) -> Battery | None:
    """Return state of charge and voltage."""
    if len(payload) != 4:
        return None
    return Battery(payload[1], int.from_bytes(payload[2:], "big"))


def decode_status(payload: bytes) -> StimStatus | None:
    """Return level and high voltage of a Get_Stim_Status answer."""
    return StimStatus(payload[1], payload[2]) if len(payload) == 3 else None


def decode_stim_status(payload: bytes) -> int:
    """Return the stimulation state of a Get_Stim_Status answer; -1 if it is too short."""
    return payload[1] if len(payload) >= 2 else -1


def decode_main_status(payload: bytes) -> int | None:
    """Return the status of a Get_Main_Status answer."""
    return payload[1] if len(payload) == 2 else None
