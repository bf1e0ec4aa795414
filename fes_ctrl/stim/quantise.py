"""From fractions and milliamperes to what the device can give: whole steps, rounded down.

Everything after this module is an integer in device units, so the guard judges exactly what the
wire will say.
"""

from typing import Final, NamedTuple

from fes_ctrl.model import ASYMMETRIC, ASYMMETRY, SYMMETRIC, Capabilities
from fes_ctrl.stim.config import ChannelConfig, MuscleSetup
from fes_ctrl.units import MicroAmp, Us, ua_from_ma

CHRONAXIE_US: Final = 200.0
"""Strength-duration time constant of a surface-stimulated motor nerve, microseconds.

An assumption within the 100-400 us that are reported; Lapicque's law carries a threshold found
at one pulse width to another.
"""


WHOLE_PPM: Final = 1_000_000
"""The share of a plateau that is all of it."""

INVERTED: Final = -1
"""Sign of a first phase of inverted polarity."""


class ChannelPlan(NamedTuple):
    """One channel of a program in device units: ``sign`` is ``INVERTED`` or 1."""

    channel: int
    motor_ua: MicroAmp
    full_ua: MicroAmp
    width_us: Us
    period_us: Us
    waveform: int
    sign: int
    step_ua: MicroAmp
    stagger_us: Us


def threshold_at_width(current_ma: float, found_at_us: int, width_us: int) -> float:
    """Return the current that is as strong at another pulse width, milliamperes.

    Parameters
    ----------
    current_ma : float
        Threshold, milliamperes.
    found_at_us, width_us : int
        Pulse width at which it was found, and the one asked for.

    Returns
    -------
    float
        Lapicque: ``I(w) = rheobase * (1 + chronaxie / w)``.

    References
    ----------
    Lapicque L., J Physiol Pathol Gen 9:620-635, 1907; constants: see ``CHRONAXIE_US``.
    """
    return current_ma * (1.0 + CHRONAXIE_US / width_us) / (1.0 + CHRONAXIE_US / found_at_us)


def floor_to_step(value: int, step: int) -> int:
    """Return the largest multiple of ``step`` that is not above ``value``."""
    return value // step * step


def ceil_to_grid(instant_us: Us, grid_us: Us) -> Us:
    """Return the first instant on the device's grid that is not before ``instant_us``."""
    return -(-instant_us // grid_us) * grid_us


def plan_channel(
    config: ChannelConfig, setup: MuscleSetup, device: Capabilities, index: int
) -> ChannelPlan:
    """Return one channel of a program in device units, at the full level.

    Parameters
    ----------
    config : ChannelConfig
        The program's channel.
    setup : MuscleSetup
        Thresholds of its muscle.
    device : Capabilities
        Steps and grid.
    index : int
        Position in the program: channels fire one after the other.

    Returns
    -------
    ChannelPlan
        Currents in microamperes, unsigned.
    """
    width_us = floor_to_step(config.pulse_width_us, device.width_step_us)
    motor_ma = threshold_at_width(setup.motor_mA, setup.pulse_width_us, width_us)
    if config.current_mA is None:
        tolerated_ma = threshold_at_width(setup.tolerated_mA, setup.pulse_width_us, width_us)
        full_ma = motor_ma + config.intensity * (tolerated_ma - motor_ma)
    else:
        full_ma = config.current_mA
    return ChannelPlan(
        channel=config.channel,
        motor_ua=ua_from_ma(motor_ma),
        full_ua=ua_from_ma(full_ma),
        width_us=width_us,
        period_us=ceil_to_grid(round(1e6 / config.rate_hz), device.time_grid_us),
        waveform=ASYMMETRIC if config.waveform == "asymmetric" else SYMMETRIC,
        step_ua=device.current_step_ua * (ASYMMETRY if config.waveform == "asymmetric" else 1),
        sign=INVERTED if config.polarity == "inverted" else 1,
        stagger_us=index * device.frame_spacing_us,
    )


def set_current_ua(plan: ChannelPlan, level_percent: int, share_ppm: int = WHOLE_PPM) -> MicroAmp:
    """Return the plateau current at the operator's level, and a share of that; 0 at level 0.

    Both scale the part above the motor threshold, as the intensity does; a plateau that was asked
    for below the motor threshold is scaled as a whole.
    """
    if level_percent <= 0:
        return 0
    if plan.full_ua <= plan.motor_ua:
        return plan.full_ua * level_percent * share_ppm // (100 * WHOLE_PPM)
    span_ua = plan.full_ua - plan.motor_ua
    return plan.motor_ua + span_ua * level_percent * share_ppm // (100 * WHOLE_PPM)


def infeasible(
    program_channels: tuple[ChannelConfig, ...],
    setup_of: dict[str, MuscleSetup],
    device: Capabilities,
) -> list[str]:
    """Return what of a program the device cannot give, one sentence each with the way out."""
    name = f"{device.device} in {device.mode}"
    found: list[str] = []
    seen: set[int] = set()
    for index, config in enumerate(program_channels):
        where = f"program.channel.{index}"
        plan = plan_channel(config, setup_of[config.muscle], device, index)
        if config.channel in seen:
            found.append(f"{where}.channel = {config.channel}: used twice; give each its own")
        seen.add(config.channel)
        if config.channel >= device.channels:
            found.append(
                f"{where}.channel = {config.channel}: the {name} has channels 0 to "
                f"{device.channels - 1}; choose one of them"
            )
        if plan.full_ua > device.current_max_ua:
            found.append(
                f"{where}: {plan.full_ua / 1000:g} mA is above the "
                f"{device.current_max_ua / 1000:g} "
                f"mA of the {name}; lower intensity or current_mA"
            )
        if not device.width_min_us <= plan.width_us <= device.width_max_us:
            found.append(
                f"{where}.pulse_width_us = {config.pulse_width_us}: the {name} gives "
                f"{device.width_min_us} to {device.width_max_us} us; choose a width in that range"
            )
        if config.rate_hz > device.rate_max_hz or plan.period_us < device.min_interval_us:
            found.append(
                f"{where}.rate_hz = {config.rate_hz:g}: the {name} gives at most "
                f"{device.rate_max_hz:g} Hz; lower rate_hz or choose another stimulator or mode"
            )
        elif device.period_us and plan.period_us != device.period_us:
            found.append(
                f"{where}.rate_hz = {config.rate_hz:g}: the {name} repeats every "
                f"{device.period_us / 1000:g} ms (stimulator.list_interval_ms); set one to match "
                "the other"
            )
        if device.one_form and (plan.waveform != SYMMETRIC or plan.sign == INVERTED):
            found.append(
                f"{where}: the {name} gives symmetric pulses of normal polarity only; choose "
                "waveform = 'symmetric' and polarity = 'normal'"
            )
        together_us = len(program_channels) * device.frame_spacing_us
        if device.latency_us and len(program_channels) > 1 and together_us > plan.period_us:
            found.append(
                f"{where}.rate_hz = {config.rate_hz:g}: the {name} takes "
                f"{device.frame_spacing_us / 1000:g} ms for a pulse, {together_us / 1000:g} ms for "
                f"all {len(program_channels)} channels; lower rate_hz or leave channels out"
            )
    return found
