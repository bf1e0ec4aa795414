"""What a feslink device says, in the driver's terms: its identity, its refusals, what it lacks."""

from typing import Final

from fes_ctrl.model import ASYMMETRIC, Capabilities, Setpoint
from fes_ctrl.units import Us
from fes_ctrl.wire import feslink_messages as fm

NOT_GIVEN: Final = (
    fm.REFUSED_LATE,
    fm.REFUSED_HORIZON,
    fm.REFUSED_TOO_SOON,
    fm.REFUSED_COLLISION,
    fm.REFUSED_QUEUE,
)
"""Refusals that cost a pulse and nothing more."""

ELECTRODE_FAULTS: Final = (fm.FAULT_OPEN, fm.FAULT_SHORT, fm.FAULT_COMPLIANCE)


def identity_text(identity: fm.Identity) -> str:
    """Return name, serial number and versions in words."""
    serial = identity.serial.to_bytes(8, "little").decode("ascii", "replace").rstrip("\x00 ")
    return (
        f"feslink {serial} firmware {identity.firmware_major}.{identity.firmware_minor}."
        f"{identity.firmware_patch} protocol {identity.major}.{identity.minor}"
    )


def refusal_text(result: int) -> str:
    """Return why a message was refused, in words and with its number."""
    known = fm.RESULT_NAMES[result] if result < len(fm.RESULT_NAMES) else "reason unknown here"
    return f"{known} ({result})"


def fault_text(fault: int) -> str:
    """Return why a device is latched, in words and with its number."""
    known = fm.FAULT_NAMES[fault] if fault < len(fm.FAULT_NAMES) else "reason unknown here"
    return f"{known} ({fault})"


def wave_of(setpoint: Setpoint) -> int:
    """Return a pulse's waveform as the wire says it."""
    waveform = fm.ASYMMETRIC if setpoint.waveform == ASYMMETRIC else fm.SYMMETRIC
    return waveform | fm.INVERTED if setpoint.current_ua < 0 else waveform


def pulse_of(sign: fm.Keep, setpoint: Setpoint, at_us: Us, step_ua: int) -> fm.Setpoint:
    """Return a pulse as the wire says it.

    Parameters
    ----------
    sign : Keep
        Its number, nonce and sequence number.
    setpoint : Setpoint
        In device units.
    at_us : int
        When, by the device's clock.
    step_ua : int
        The device's.
    """
    return fm.Setpoint(
        *sign,
        at_us & fm.U32,
        setpoint.channel,
        wave_of(setpoint),
        abs(setpoint.current_ua) // step_ua,
        setpoint.width_us,
    )


def question_of(question: int, number: int, nonce: int, fault: int, dead_man_ms: int) -> fm.Message:
    """Return the message of a type that is asked on the way to a session."""
    if question == fm.IDENTIFY:
        return fm.Identify(number)
    if question == fm.CAPABILITIES:
        return fm.AskCapabilities(number)
    if question == fm.LIMITS:
        return fm.AskLimits(number)
    if question == fm.OFFER:
        return fm.Offer(number)
    if question == fm.CLEAR:
        return fm.Clear(number, nonce, fault)
    if question == fm.ARM:
        return fm.Arm(number, nonce, dead_man_ms)
    return fm.AskStatus(number)


def length_us(setpoint: Setpoint) -> Us:
    """Return how long both phases of a pulse take."""
    phases = 1 + fm.ASYMMETRY if setpoint.waveform == ASYMMETRIC else 2
    return setpoint.width_us * phases


def device_falls_short(
    answer: fm.DeviceCapabilities | fm.DeviceLimits, expected: Capabilities
) -> str:
    """Return what a device lacks of what is expected of it; empty where it lacks nothing.

    Parameters
    ----------
    answer : DeviceCapabilities or DeviceLimits
        What it says.
    expected : Capabilities
        What programs were made for and the guard relies on.
    """
    step_ua = expected.current_step_ua
    steps = expected.current_max_ua // step_ua
    rows: list[tuple[str, int, int, bool]]
    if isinstance(answer, fm.DeviceLimits):
        rows = [
            ("current_steps", answer.current_steps, steps, True),
            ("width_us", answer.width_us, expected.width_max_us, True),
            ("interval_us", answer.interval_us, expected.min_interval_us, False),
        ]
    else:
        if answer.current_step_ua != step_ua:
            return f"has current steps of {answer.current_step_ua} uA, {step_ua} are expected"
        if expected.width_step_us % answer.width_step_us:
            return (
                f"has width steps of {answer.width_step_us} us, {expected.width_step_us} are "
                "expected"
            )
        if answer.waveforms != 0b11:
            return "has only one of the waveforms symmetric and asymmetric, both are expected"
        dead_man_ms = expected.unattended_ms
        rows = [
            ("channels", answer.channels, expected.channels, True),
            ("current_max_steps", answer.current_max_steps, steps, True),
            ("width_max_us", answer.width_max_us, expected.width_max_us, True),
            ("width_min_us", answer.width_min_us, expected.width_min_us, False),
            ("min_interval_us", answer.min_interval_us, expected.min_interval_us, False),
            ("dead_man_max_ms", answer.dead_man_max_ms, dead_man_ms, True),
            ("dead_man_min_ms", answer.dead_man_min_ms, dead_man_ms, False),
            (
                "detection_steps",
                answer.detection_steps,
                expected.electrode_detection_ua // step_ua,
                False,
            ),
        ]
    for name, has, wanted, at_least in rows:
        if has < wanted if at_least else has > wanted:
            return f"has {name} = {has}, {wanted} is expected"
    return ""
