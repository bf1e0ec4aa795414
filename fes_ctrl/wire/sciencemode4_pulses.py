"""Points, pulses and trains of ScienceMode4: integers to bytes and back, and what they add up to.

Currents are microamperes in steps of 500, durations whole microseconds. Whoever asks for what
the wire cannot say gets a ``ValueError`` that names it; nothing is rounded here.

References
----------
HASOMED ScienceMode4 C library, ``smpt_definitions_*.h`` and packet layer.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

from fes_ctrl.units import MicroAmp, PicoCoulomb, Us

CHANNELS: Final = 8
CURRENT_STEP_UA: Final = 500
FIELD_CURRENT_MAX_UA: Final = 150_000
"""What the field can say; the device refuses beyond 130 mA."""

DURATION_MAX_US: Final = 4095
POINTS_MAX: Final = 16
RAMP_MAX: Final = 15
PERIOD_STEP_US: Final = 500
FINE_PERIOD_STEP_US: Final = 250
PERIOD_CODE_MAX: Final = 32_767
PULSE_GAP_US: Final = 60
"""What the vendor's library adds to each pulse when it adds up the duty."""

_CODE_ZERO: Final = 300
_WORDS: Final = [Struct(f">{count}I") for count in range(POINTS_MAX + 1)]

Point = tuple[Us, MicroAmp]


class UnbalancedError(ValueError):
    """A pulse whose phases do not carry the same charge.

    Attributes
    ----------
    net_pc : int
        What is left over, picocoulombs.
    """

    def __init__(self, net_pc: PicoCoulomb) -> None:
        super().__init__(f"pulse leaves {net_pc / 1e6:g} uC: its phases must balance to zero")
        self.net_pc = net_pc


class ChannelTrain(NamedTuple):
    """One channel of a mid-level update: pulses repeated by the device."""

    channel: int
    points: tuple[Point, ...]
    ramp: int
    period_us: Us


# -- points -------------------------------------------------------------------------------------


def encode_points(points: Sequence[Point]) -> bytes:
    """Return the four bytes of each point of a pulse.

    Raises
    ------
    ValueError
        If there are none or more than 16, a current is no multiple of 0.5 mA or beyond the field,
        or a duration does not fit.
    """
    count = len(points)
    if not 1 <= count <= POINTS_MAX:
        message = f"{count} points: a pulse has 1 to {POINTS_MAX}"
        raise ValueError(message)
    whole = 0
    for duration_us, current_ua in points:
        if (
            not 0 <= duration_us <= DURATION_MAX_US
            or current_ua % CURRENT_STEP_UA
            or not -FIELD_CURRENT_MAX_UA <= current_ua <= FIELD_CURRENT_MAX_UA
        ):
            raise _refusal(duration_us, current_ua)
        code = current_ua // CURRENT_STEP_UA + _CODE_ZERO
        whole = (whole << 32) | (duration_us << 20) | (code << 10)
    return whole.to_bytes(4 * count, "big")


def encode_point(duration_us: Us, current_ua: MicroAmp) -> bytes:
    """Return the four bytes of one point; refuses as ``encode_points`` does."""
    return encode_points(((duration_us, current_ua),))


def _refusal(duration_us: Us, current_ua: MicroAmp) -> ValueError:
    if not 0 <= duration_us <= DURATION_MAX_US:
        return ValueError(f"point of {duration_us} us: must be 0 to {DURATION_MAX_US} us")
    what = f"point of {current_ua / 1000:g} mA: must be "
    if current_ua % CURRENT_STEP_UA:
        return ValueError(f"{what}a multiple of 0.5 mA")
    return ValueError(f"{what}within +-150 mA")


def decode_points(data: bytes) -> tuple[Point, ...]:
    """Return duration in us and current in uA of each four bytes."""
    return tuple(
        [
            (word >> 20, ((word >> 10 & 0x3FF) - _CODE_ZERO) * CURRENT_STEP_UA)
            for word in _WORDS[len(data) // 4].unpack(data)
        ]
    )


def net_charge_pc(points: Sequence[Point]) -> PicoCoulomb:
    """Return what a pulse leaves at the electrode, picocoulombs."""
    net_pc = 0
    for duration_us, current_ua in points:
        net_pc += duration_us * current_ua
    return net_pc


def require_balance(points: Sequence[Point]) -> None:
    """Let a pulse through whose phases carry the same charge.

    Raises
    ------
    UnbalancedError
        If they do not: neither the device nor its vendor's library looks.
    """
    net_pc = net_charge_pc(points)
    if net_pc:
        raise UnbalancedError(net_pc)


def duty_percent(trains: Sequence[ChannelTrain]) -> float:
    """Return how much of the time the one current source is busy with these trains.

    The vendor's library refuses 100 and more: each pulse counts its points and 60 us.
    """
    duty = 0.0
    for train in trains:
        busy_us = PULSE_GAP_US
        for duration_us, _ in train.points:
            busy_us += duration_us
        duty += 100.0 * busy_us / train.period_us
    return duty


# -- channels -----------------------------------------------------------------------------------


def check_channel(channel: int) -> None:
    """Let a channel through that there is, else raise ``ValueError``."""
    if not 0 <= channel < CHANNELS:
        message = f"channel {channel}: must be 0 to {CHANNELS - 1}"
        raise ValueError(message)


def encode_channel_config(channel: int, points: Sequence[Point], *, execute: bool) -> bytes:
    """Return the payload of Ll_Channel_Config; ``ValueError`` for what cannot be said."""
    check_channel(channel)
    body = encode_points(points)
    first = (channel & 3) << 5 | (channel & 4) << 2 | (len(points) - 1)
    return bytes((first | 0x80 if execute else first,)) + body


def decode_channel_config(payload: bytes) -> tuple[int, bool, tuple[Point, ...]] | None:
    """Return channel, whether to execute, and points; ``None`` if the length is wrong."""
    if not payload:
        return None
    first = payload[0]
    if len(payload) != 5 + 4 * (first & 0x0F):
        return None
    channel = ((first >> 4) & 1) * 4 + ((first >> 5) & 3)
    return channel, first & 0x80 != 0, decode_points(payload[1:])


# -- trains -------------------------------------------------------------------------------------


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


def encode_update(trains: Sequence[ChannelTrain]) -> bytes:
    """Return the payload of Ml_Update.

    Raises
    ------
    ValueError
        If a channel, ramp, period or point cannot be said on the wire, or a channel comes twice.
    """
    enable = 0
    body = b""
    for channel, points, ramp, period_us in sorted(trains):
        check_channel(channel)
        if not 0 <= ramp <= RAMP_MAX:
            message = f"ramp {ramp}: must be 0 to {RAMP_MAX} pulses"
            raise ValueError(message)
        if enable >> channel & 1:
            message = f"channel {channel} comes twice: an update says each channel once"
            raise ValueError(message)
        enable |= 1 << channel
        encoded = encode_points(points)
        body += bytes(((len(points) - 1) << 4 | ramp,)) + encode_period(period_us) + encoded
    return bytes((enable,)) + body


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
        first = payload[position]
        end = position + 7 + 4 * (first >> 4)
        if len(payload) < end:
            return None
        trains.append(
            ChannelTrain(
                channel,
                decode_points(payload[position + 3 : end]),
                first & 0x0F,
                decode_period(payload[position + 1 : position + 3]),
            )
        )
        position = end
    return tuple(trains) if position == len(payload) else None
