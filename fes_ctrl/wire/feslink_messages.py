"""Messages of feslink, both directions: type codes, fields with their ranges, reasons and faults.

The tables here are those of docs/reference/feslink.md. Type codes are words of the Hamming (7,4)
code, at least three bits apart; an answer has the top bit set, so no echo passes for one.
"""

from struct import Struct
from typing import Final, NamedTuple, TypeAlias

MAJOR: Final = 1
MINOR: Final = 0

IDENTIFY: Final = 0x0B
CAPABILITIES: Final = 0x15
LIMITS: Final = 0x26
STATUS: Final = 0x1E
OFFER: Final = 0x2D
ARM: Final = 0x47
CLEAR: Final = 0x33
KEEP: Final = 0x59
SETPOINT: Final = 0x6A
STOP: Final = 0x74
UNKNOWN: Final = 0x7F
ANSWER: Final = 0x80
"""Added to a type for its answer."""

STOP_WORD: Final[bytes] = b"STOP"

BOOT: Final = 0
IDLE: Final = 1
ARMED: Final = 2
LATCHED: Final = 3
STATE_NAMES: Final = ("boot", "idle", "armed", "latched")

SYMMETRIC: Final = 0
ASYMMETRIC: Final = 1
INVERTED: Final = 2
"""Added to a waveform: its first phase is negative."""
ASYMMETRY: Final = 4

# Why a frame was refused: the field ``result`` of an answer.
OK: Final = 0
REFUSED_UNKNOWN: Final = 1
REFUSED_VERSION: Final = 2
REFUSED_STATE: Final = 3
REFUSED_NONCE: Final = 4
REFUSED_SEQUENCE: Final = 5
REFUSED_DEAD_MAN: Final = 6
REFUSED_CHANNEL: Final = 7
REFUSED_WAVEFORM: Final = 8
REFUSED_STEP: Final = 9
REFUSED_LATE: Final = 10
REFUSED_HORIZON: Final = 11
REFUSED_TOO_SOON: Final = 12
REFUSED_COLLISION: Final = 13
REFUSED_QUEUE: Final = 14
REFUSED_LIMIT: Final = 15
REFUSED_LATCHED: Final = 16
REFUSED_FAULT: Final = 17

RESULT_NAMES: Final = (
    "ok",
    "unknown message",
    "version not spoken",
    "not in this state",
    "wrong or stale nonce",
    "sequence not above the last",
    "dead-man out of range",
    "no such channel",
    "no such waveform",
    "current or width the device cannot give",
    "late",
    "beyond the horizon",
    "too soon after the last pulse",
    "collides with another pulse",
    "queue full",
    "beyond a limit",
    "device is latched",
    "another fault is latched",
)

# Why a device is latched: the field ``fault`` of an answer.
NO_FAULT: Final = 0
FAULT_DEAD_MAN: Final = 1
FAULT_CURRENT: Final = 2
FAULT_WIDTH: Final = 3
FAULT_CHARGE: Final = 4
FAULT_RATE: Final = 5
FAULT_BURST: Final = 6
FAULT_START: Final = 7
FAULT_LEVEL: Final = 8
FAULT_RAMP: Final = 9
FAULT_RMS: Final = 10
FAULT_DOSE: Final = 11
FAULT_SESSION: Final = 12
FAULT_OPEN: Final = 13
FAULT_SHORT: Final = 14
FAULT_COMPLIANCE: Final = 15
FAULT_OUTPUT: Final = 16
FAULT_OVERRUN: Final = 17
FAULT_SELF_TEST: Final = 18
FAULT_BUTTON: Final = 19

FAULT_NAMES: Final = (
    "none",
    "dead-man: no valid frame of the host",
    "current above the limit",
    "pulse width above the limit",
    "charge of a phase above the limit",
    "pulses too soon again and again",
    "burst too long",
    "burst begins too strong",
    "level rises too far",
    "rise too steep",
    "r.m.s. current above the limit",
    "dose used up",
    "session over",
    "electrode open",
    "electrode shorted",
    "voltage at its end: the pulse was not driven as asked for",
    "output measured is not what was asked for",
    "pulse missed its instant",
    "self-test failed",
    "button at the device",
)

NO_CHANNEL: Final = 0xFF
OPEN_OHM: Final = 0xFFFF
"""An impedance of so much or more."""


# -- from the host ------------------------------------------------------------------------------


class Identify(NamedTuple):
    """Who are you; the host says which version it speaks."""

    number: int
    major: int = MAJOR
    minor: int = MINOR


class AskCapabilities(NamedTuple):
    """What can you do."""

    number: int


class AskLimits(NamedTuple):
    """What do you refuse."""

    number: int


class AskStatus(NamedTuple):
    """How do you stand; keeps nothing alive."""

    number: int


class Offer(NamedTuple):
    """Offer me a nonce, to arm or to clear with."""

    number: int


class Arm(NamedTuple):
    """Begin the session of the nonce that was offered."""

    number: int
    nonce: int
    dead_man_ms: int


class Clear(NamedTuple):
    """Let go of the fault that is latched."""

    number: int
    nonce: int
    fault: int


class Keep(NamedTuple):
    """The host is there; feeds the dead-man and gives nothing."""

    number: int
    nonce: int
    sequence: int


class Setpoint(NamedTuple):
    """One pulse: ``at_us`` is the device's clock when it begins, its low 32 bits."""

    number: int
    nonce: int
    sequence: int
    at_us: int
    channel: int
    waveform: int
    steps: int
    width_us: int


class Stop(NamedTuple):
    """End all output; the only message without a number."""


# -- from the device ----------------------------------------------------------------------------


class Status(NamedTuple):
    """Answer to ``AskStatus``, ``Stop``, ``Arm``, ``Clear`` and to what is not known.

    ``asked`` is the type that it answers. ``refused`` and ``damaged`` count frames since boot,
    and wrap.
    """

    asked: int
    number: int
    result: int
    state: int
    fault: int
    clock_us: int
    fault_channel: int
    queued: int
    refused: int
    damaged: int


class Identity(NamedTuple):
    """Answer to ``Identify``; the serial number is eight ASCII characters in one integer."""

    number: int
    result: int
    state: int
    fault: int
    clock_us: int
    major: int
    minor: int
    firmware_major: int
    firmware_minor: int
    firmware_patch: int
    serial: int


class DeviceCapabilities(NamedTuple):
    """Answer to ``AskCapabilities``."""

    number: int
    result: int
    state: int
    fault: int
    clock_us: int
    channels: int
    waveforms: int
    current_step_ua: int
    current_max_steps: int
    width_step_us: int
    width_min_us: int
    width_max_us: int
    min_interval_us: int
    dead_man_min_ms: int
    dead_man_max_ms: int
    queue: int
    detection_steps: int
    clock_ppm: int


class DeviceLimits(NamedTuple):
    """Answer to ``AskLimits``."""

    number: int
    result: int
    state: int
    fault: int
    clock_us: int
    current_steps: int
    width_us: int
    charge_nc: int
    interval_us: int
    burst_ms: int
    start_steps: int
    level_steps: int
    ramp_ms: int
    rms_steps: int
    dose_100mc: int
    session_min: int


class Offered(NamedTuple):
    """Answer to ``Offer``; the nonce is 0 where none was offered."""

    number: int
    result: int
    state: int
    fault: int
    clock_us: int
    nonce: int


class Account(NamedTuple):
    """Answer to ``Setpoint`` and ``Keep``: what the session has given, and how the last went.

    ``asked`` is the type that it answers. ``charge_nc`` is of the first phases, and wraps.
    """

    asked: int
    number: int
    result: int
    state: int
    fault: int
    clock_us: int
    pulses: int
    charge_nc: int
    last_sequence: int
    voltage_10mv: int
    ohm: int


class Unknown(NamedTuple):
    """A frame whose check is right and whose type, length or fields nobody knows here."""

    type: int
    number: int


Command: TypeAlias = (
    Identify
    | AskCapabilities
    | AskLimits
    | AskStatus
    | Offer
    | Arm
    | Clear
    | Keep
    | Setpoint
    | Stop
    | Unknown
)
Answer: TypeAlias = (
    Status | Identity | DeviceCapabilities | DeviceLimits | Offered | Account | Unknown
)
Message: TypeAlias = (
    Identify
    | AskCapabilities
    | AskLimits
    | AskStatus
    | Offer
    | Arm
    | Clear
    | Keep
    | Setpoint
    | Stop
    | Status
    | Identity
    | DeviceCapabilities
    | DeviceLimits
    | Offered
    | Account
    | Unknown
)

# -- layouts ------------------------------------------------------------------------------------

U8: Final = 0xFF
U16: Final = 0xFFFF
U32: Final = 0xFFFF_FFFF
U64: Final = 0xFFFF_FFFF_FFFF_FFFF


class Field(NamedTuple):
    """One field behind the type byte: ``size`` bytes, the lowest first; least and most value."""

    name: str
    size: int
    least: int
    most: int


_CODES: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}
_MOST: Final = {1: U8, 2: U16, 4: U32, 8: U64}


def _fields(text: str) -> tuple[Field, ...]:
    """Return the fields of ``name:size`` or ``name:size:least-most``, in order."""
    found = []
    for item in text.split():
        name, size, *bounds = item.split(":")
        least, most = 0, _MOST[int(size)]
        if bounds:
            least, most = [int(part) for part in bounds[0].split("-")]
        found.append(Field(name, int(size), least, most))
    return tuple(found)


_HEAD: Final = "number:1 result:1 state:1:0-3 fault:1 clock_us:4 "
_STATUS: Final = _HEAD + "fault_channel:1 queued:1 refused:2 damaged:2"
_ACCOUNT: Final = _HEAD + "pulses:4 charge_nc:4 last_sequence:4 voltage_10mv:2 ohm:2"

LAYOUTS: Final[dict[int, tuple[Field, ...]]] = {
    IDENTIFY: _fields("number:1 major:1 minor:1"),
    CAPABILITIES: _fields("number:1"),
    LIMITS: _fields("number:1"),
    STATUS: _fields("number:1"),
    OFFER: _fields("number:1"),
    ARM: _fields("number:1 nonce:4 dead_man_ms:1"),
    CLEAR: _fields("number:1 nonce:4 fault:1"),
    KEEP: _fields("number:1 nonce:4 sequence:4"),
    SETPOINT: _fields(
        "number:1 nonce:4 sequence:4 at_us:4 channel:1 waveform:1 steps:2 width_us:2"
    ),
    ANSWER | STATUS: _fields(_STATUS),
    ANSWER | STOP: _fields(_STATUS),
    ANSWER | ARM: _fields(_STATUS),
    ANSWER | CLEAR: _fields(_STATUS),
    ANSWER | UNKNOWN: _fields(_STATUS),
    ANSWER | IDENTIFY: _fields(
        _HEAD + "major:1 minor:1 firmware_major:1 firmware_minor:1 firmware_patch:1 serial:8"
    ),
    ANSWER | CAPABILITIES: _fields(
        _HEAD + "channels:1:1-16 waveforms:1:1-3 current_step_ua:2:1-65535 "
        "current_max_steps:2:1-65535 width_step_us:1:1-255 width_min_us:2:1-65535 "
        "width_max_us:2:1-65535 min_interval_us:2:1-65535 dead_man_min_ms:1:50-150 "
        "dead_man_max_ms:1:50-150 queue:1:1-255 detection_steps:2 clock_ppm:2"
    ),
    ANSWER | LIMITS: _fields(
        _HEAD + "current_steps:2 width_us:2 charge_nc:2 interval_us:2 burst_ms:2 start_steps:2 "
        "level_steps:2 ramp_ms:2 rms_steps:2 dose_100mc:2 session_min:2"
    ),
    ANSWER | OFFER: _fields(_HEAD + "nonce:4"),
    ANSWER | SETPOINT: _fields(_ACCOUNT),
    ANSWER | KEEP: _fields(_ACCOUNT),
}
"""What stands behind the type byte; ``STOP`` has its word there instead."""

STRUCTS: Final[dict[int, Struct]] = {
    code: Struct("<" + "".join([_CODES[field.size] for field in fields]))
    for code, fields in LAYOUTS.items()
}

NARROWED: Final[dict[int, tuple[tuple[int, Field], ...]]] = {
    code: tuple(
        [
            (place, field)
            for place, field in enumerate(fields)
            if field.least > 0 or field.most < _MOST[field.size]
        ]
    )
    for code, fields in LAYOUTS.items()
}
"""Fields that may not have every value that fits, with their place."""
