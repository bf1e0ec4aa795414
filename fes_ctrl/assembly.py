"""From configuration to a controller, and the questions to ask before anybody is stimulated.

What a program asks for is held against the device and the limits here, once, so that a walk
never begins that the guard would have to refuse pulse by pulse.
"""

from dataclasses import dataclass, replace
from typing import Final

from fes_ctrl.controller import Controller
from fes_ctrl.gait import SHANK, DetectorConfig, make_detector, needs_of, read_by, reads_both_feet
from fes_ctrl.learning import Learning
from fes_ctrl.leg import LegController
from fes_ctrl.model import (
    ASYMMETRIC,
    ASYMMETRY,
    FOOT_IMU,
    LEG_NAMES,
    SYMMETRIC,
    WAVEFORM_NAMES,
    Capabilities,
    Setpoint,
)
from fes_ctrl.safety.account import SECOND_US
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limits import CAP_WIDTH_US, Limits
from fes_ctrl.stim.config import ProgramConfig, SetupConfig
from fes_ctrl.stim.program import TRIGGERS, Program
from fes_ctrl.stim.quantise import ChannelPlan, infeasible, plan_channel
from fes_ctrl.stimulators.config import MODES, StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.drivers import is_driven
from fes_ctrl.stimulators.p24_level import Pulses
from fes_ctrl.units import Us

CHANNELS_A_CONNECTOR: Final = 4
"""A P24's channels: four on the yellow connector, four on the green one."""


@dataclass(frozen=True, slots=True)
class ControlConfig:
    """What a controller is made of.

    Attributes
    ----------
    program, setup, stimulator, limits, detector
        One section each.
    """

    program: ProgramConfig = ProgramConfig()
    setup: SetupConfig = SetupConfig()
    stimulator: StimulatorConfig = StimulatorConfig()
    limits: LimitsConfig = LimitsConfig()
    detector: DetectorConfig = DetectorConfig()


def assemble(
    legs: tuple[int, ...], config: ControlConfig, sensed: tuple[int, ...] | None = None
) -> Controller:
    """Return a controller for these legs on one stimulator.

    Parameters
    ----------
    legs : tuple of int
        ``model.LEFT``, ``model.RIGHT`` or both: those to stimulate; the second has the stimulator's
        second connector.
    config : ControlConfig
        What it is made of.
    sensed : tuple of int or None
        Those that wear sensors; the same ones where nothing is said. One that is not stimulated
        only senses.

    Raises
    ------
    ValueError
        If the parts do not fit together: what, where and the way out.
    """
    worn = legs if sensed is None else sensed
    problems = problems_of(legs, config, worn)
    if problems:
        raise ValueError(problems[0])
    capabilities = capabilities_of(config.stimulator)
    limits = Limits(config.limits)
    programs = {leg: on_connector(config.program, index) for index, leg in enumerate(legs)}
    silent = replace(config.program, channel=())
    made = []
    for leg in (*legs, *[leg for leg in worn if leg not in legs]):
        program = Program(leg, programs.get(leg, silent), config.setup, capabilities)
        program.burst.least_rise_us = limits.ramp_us
        learns = config.program.adaptive.learn and leg in legs
        made.append(
            LegController(
                leg,
                make_detector(config.detector.name, config.detector, leg),
                read_by(config.detector.name) if leg in worn else (),
                program,
                limits,
                contralateral=config.program.trigger_side == "contralateral",
                both_feet=reads_both_feet(config.detector.name),
                learning=Learning(leg, program, config.detector.foot_imu) if learns else None,
            )
        )
    return Controller(made, [capabilities], limits)


def on_connector(program: ProgramConfig, index: int) -> ProgramConfig:
    """Return a program with its channels on one of the stimulator's connectors.

    Parameters
    ----------
    program : ProgramConfig
        With channels as for the first.
    index : int
        Which connector; each has ``CHANNELS_A_CONNECTOR`` channels.
    """
    if index == 0:
        return program
    shift = index * CHANNELS_A_CONNECTOR
    channels = tuple(
        [replace(channel, channel=channel.channel + shift) for channel in program.channel]
    )
    return replace(program, channel=channels)


def problems_of(
    legs: tuple[int, ...], config: ControlConfig, sensed: tuple[int, ...] | None = None
) -> list[str]:
    """Return what does not fit together, one sentence each, the gravest first.

    Parameters
    ----------
    legs : tuple of int
        Those to stimulate, as ``assemble`` takes them.
    config : ControlConfig
        What the controller is to be made of.
    sensed : tuple of int or None
        Those that wear sensors, as ``assemble`` takes them.
    """
    capabilities = capabilities_of(config.stimulator)
    found = _unattended(config, capabilities)
    if config.program.trigger not in TRIGGERS:
        found.append(
            f"program.trigger = {config.program.trigger!r}: no detector gives it; choose "
            f"{' or '.join(TRIGGERS)}"
        )
    detector = config.detector
    if config.program.trigger == "tilt" and (
        detector.name != SHANK or detector.shank_imu.by != "tilt"
    ):
        found.append(
            "program.trigger = 'tilt': only a shank IMU tells it; set detector.name = 'shank-imu' "
            "and detector.shank_imu.by = 'tilt', or choose heel_off"
        )
    found += _unsensed(legs, config, legs if sensed is None else sensed)
    channels = config.program.channel
    try:
        setups = {channel.muscle: config.setup.of(channel.muscle) for channel in channels}
    except ValueError as error:
        return [*found, f"program.channel: {error}"]
    found += infeasible(channels, setups, capabilities)
    limits = Limits(config.limits)
    lingers_ms = capabilities.lingers_us / 1000
    whole_ms = config.program.time_out_ms + config.program.fall_ms + lingers_ms
    for index, channel in enumerate(channels):
        plan = plan_channel(channel, setups[channel.muscle], capabilities, index)
        found += _beyond_limits(f"program.channel.{index}", plan, limits)
        if (
            limits.min_interval_us
            <= plan.period_us
            < limits.min_interval_us + capabilities.spread_us
        ):
            closest_us = plan.period_us - capabilities.spread_us
            found.append(
                f"program.channel.{index}.rate_hz = {1e6 / plan.period_us:g}: a "
                f"{capabilities.device} brings two pulses as close as {closest_us / 1000:g} ms, "
                f"above limits.rate_hz = {1e6 / limits.min_interval_us:g}; lower the first, or "
                "raise the limit in its file"
            )
        found += _beyond_over_time(f"program.channel.{index}", plan, limits, whole_ms)
        if capabilities.shape is not None:
            found += _beyond_shape(f"program.channel.{index}", plan, capabilities)
    if whole_ms * 1000 > limits.burst_us:
        found.append(
            f"program.time_out_ms + fall_ms = {whole_ms - lingers_ms:g}"
            f"{f' and {lingers_ms:g} ms until the device stops' if lingers_ms else ''}: above "
            f"limits.burst_ms = {limits.burst_us / 1000:g}; lower one of them, or raise the limit "
            "in its file"
        )
    return found


def _unsensed(legs: tuple[int, ...], config: ControlConfig, sensed: tuple[int, ...]) -> list[str]:
    """Return what a program waits for and no sensor tells."""
    program = config.program
    crossed = program.trigger_side == "contralateral"
    enough = " and ".join([" or ".join(group) for group in needs_of(config.detector.name)])
    found = []
    strangers = [LEG_NAMES[leg] for leg in legs if config.setup.leg not in ("", LEG_NAMES[leg])]
    if strangers:
        found.append(
            f"setup.leg = {config.setup.leg!r}: these thresholds are not those of the "
            f"{strangers[0]} leg, which is to be stimulated; take a setup of its own, or stimulate "
            f"the {config.setup.leg} one"
        )
    if program.end == "other_heel_off" and not crossed:
        found.append(
            "program.end = 'other_heel_off': the other leg ends only what it triggers; set "
            "program.trigger_side = 'contralateral', or choose 'initial_contact'"
        )
    elif program.end == "other_heel_off" and program.trigger != "initial_contact":
        found.append(
            f"program.trigger = {program.trigger!r}: with program.end = 'other_heel_off' a burst "
            "would begin where the last one ends; set program.trigger = 'initial_contact'"
        )
    if program.adaptive.learn:
        found += _unlearnt(legs, config, sensed)
    for leg in legs:
        name, other = LEG_NAMES[leg], LEG_NAMES[1 - leg]
        if crossed and 1 - leg not in sensed:
            found.append(
                f"program.trigger_side = 'contralateral': only the {name} leg is sensed, and "
                f"nothing would trigger its bursts; the {other} leg needs a sensor too ({enough}), "
                "or choose 'same'"
            )
        elif leg not in sensed and not crossed:
            found.append(
                f"the {name} leg is to be stimulated and wears no sensor that would trigger its "
                f"bursts; it needs one ({enough}), or set program.trigger_side = 'contralateral' "
                f"where the {other} leg has one"
            )
        elif leg not in sensed and program.end == "initial_contact":
            found.append(
                f"program.end = 'initial_contact': the {name} leg wears no sensor that would tell "
                f"it; it needs one ({enough}), or choose 'other_heel_off' or 'time_out'"
            )
    return found


def _unlearnt(legs: tuple[int, ...], config: ControlConfig, sensed: tuple[int, ...]) -> list[str]:
    """Return why a program that is to learn cannot."""
    found = []
    detector = config.detector.name
    if FOOT_IMU not in read_by(detector):
        found.append(
            f"program.adaptive.learn: it learns from an IMU on the stimulated foot, and detector "
            f"{detector!r} reads none; set detector.name = 'foot-imu' or 'fused', or learn = false"
        )
    found += [
        f"program.adaptive.learn: the {LEG_NAMES[leg]} leg wears no sensor, and it learns from an "
        "IMU on that foot; put one there, or set learn = false"
        for leg in legs
        if leg not in sensed
    ]
    return found


def _unattended(config: ControlConfig, capabilities: Capabilities) -> list[str]:
    found = []
    allowed_ms = config.limits.max_unattended_ms
    mode = config.stimulator.mode
    if mode == "scheduled" and capabilities.unattended_ms > allowed_ms:
        found.append(
            f"stimulator.dead_man_ms = {capabilities.unattended_ms}: above "
            f"limits.max_unattended_ms = {allowed_ms:g}; lower it, or raise the limit in its file"
        )
    elif capabilities.unattended_ms > allowed_ms:
        found.append(
            f"stimulator.mode = {mode!r}: a {capabilities.device} in {mode} goes on for "
            f"{capabilities.unattended_ms} ms without the host, limits.max_unattended_ms allows "
            f"{allowed_ms:g}; choose mode {_attended(config.stimulator.device)!r}, put a guardian "
            "between them (stimulator.guardian = true), or raise the limit in its file"
        )
    elif not is_driven(config.stimulator):
        found.append(
            f"stimulator.mode = {mode!r}: there is no driver for a {capabilities.device} in "
            f"{mode}; choose mode {_attended(config.stimulator.device)!r}"
        )
    return found


def _attended(device: str) -> str:
    """Return the mode of a device in which nothing comes without the host."""
    modes = MODES[device]
    return next(
        (name for name, mode in modes.items() if mode.unattended_ms == 0), next(iter(modes))
    )


def _beyond_shape(where: str, plan: ChannelPlan, device: Capabilities) -> list[str]:
    """Return why the pulses of a channel cannot have the stimulator's shape.

    Every part of a shape grows with the current in whole steps, so that what can be given at one
    step can be at any.
    """
    if plan.waveform != SYMMETRIC:
        return [
            f"{where}.waveform = {WAVEFORM_NAMES[plan.waveform]!r}: stimulator.shape is of "
            "symmetric pulses; choose 'symmetric', or leave the shape out"
        ]
    why = _unshapely(plan.width_us, device)
    if not why:
        return []
    for off_us in range(1, CAP_WIDTH_US):
        near = [
            f"{width_us}"
            for width_us in (plan.width_us - off_us, plan.width_us + off_us)
            if device.width_min_us <= width_us <= CAP_WIDTH_US and not _unshapely(width_us, device)
        ]
        if near:
            way_out = f"the nearest that can be done is {' or '.join(near)}"
            break
    else:
        way_out = "no pulse width can be done; choose other shares"
    return [f"{where}.pulse_width_us = {plan.width_us}: stimulator.shape: {why}; {way_out}"]


def _unshapely(width_us: Us, device: Capabilities) -> str:
    """Return why pulses of a width cannot have the device's shape, or nothing."""
    pulse = Setpoint(0, 0, 0, device.current_step_ua, width_us, 0, SYMMETRIC)
    try:
        Pulses(device).of(pulse)
    except ValueError as error:
        return str(error)
    return ""


def _beyond_limits(where: str, plan: ChannelPlan, limits: Limits) -> list[str]:
    found = []
    raise_it = "or raise the limit in its file"
    if plan.full_ua > limits.current_ua:
        found.append(
            f"{where}: {plan.full_ua / 1000:g} mA is above limits.current_mA = "
            f"{limits.current_ua / 1000:g}; lower intensity or current_mA, {raise_it}"
        )
    if plan.width_us > limits.width_us:
        found.append(
            f"{where}.pulse_width_us = {plan.width_us}: above limits.pulse_width_us = "
            f"{limits.width_us}; lower it, {raise_it}"
        )
    if plan.full_ua * plan.width_us > limits.charge_pc:
        found.append(
            f"{where}: {plan.full_ua * plan.width_us / 1e6:g} uC a phase is above "
            f"limits.charge_per_phase_uC = {limits.charge_pc / 1e6:g}; lower current or pulse "
            f"width, {raise_it}"
        )
    if plan.period_us < limits.min_interval_us:
        found.append(
            f"{where}.rate_hz = {1e6 / plan.period_us:g}: above limits.rate_hz = "
            f"{1e6 / limits.min_interval_us:g}; lower it, {raise_it}"
        )
    return found


def _beyond_over_time(where: str, plan: ChannelPlan, limits: Limits, burst_ms: float) -> list[str]:
    """Return what of a plateau that goes on for a second, or for the whole burst, is too much."""
    lower_it = "lower current, pulse width or rate, or raise the limit in its file"
    found = []
    if plan.full_ua > limits.voltage_ua:
        found.append(
            f"{where}: {plan.full_ua / 1000:g} mA needs more than limits.voltage_V = "
            f"{limits.config.voltage_V:g} at limits.load_ohm = {limits.config.load_ohm:g}; "
            "lower intensity or current_mA, or raise the limit in its file"
        )
    second_ua = plan.full_ua // ASYMMETRY if plan.waveform == ASYMMETRIC else plan.full_ua
    square = plan.full_ua * plan.width_us * (plan.full_ua + second_ua)
    if square > limits.energy_square:
        found.append(
            f"{where}: a pulse of {square * limits.config.load_ohm / 1e15:g} mJ is above "
            f"limits.pulse_energy_mJ = {limits.config.pulse_energy_mJ:g}; {lower_it}"
        )
    pulses = -(-min(SECOND_US, round(burst_ms * 1000)) // plan.period_us)
    rms_ma = (square * pulses / SECOND_US) ** 0.5 / 1e3
    names = {
        "rms_mA": limits.rms_square,
        "density_mA_per_cm2": limits.density_square,
        "power_density_W_per_cm2": limits.power_square,
    }
    found += [
        f"{where}: {rms_ma:.3g} mA r.m.s. over a second of the plateau is above limits.{name} = "
        f"{getattr(limits.config, name):g} at {limits.config.electrode_area_cm2:g} cm2; {lower_it}"
        for name, most in names.items()
        if square * pulses > most
    ]
    return found
