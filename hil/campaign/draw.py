"""Who walks, with what, and what goes wrong: all of it from (seed, number of the walk) alone.

Every part draws from a stream of its own. What is drawn lies within the bounds of the
configuration; parts that would not go together are mended here, for whoever is refused tests
nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import count
from random import Random
from typing import Final, Literal

from fes_ctrl.assembly import CHANNELS_A_CONNECTOR
from fes_ctrl.config.files import names_of
from fes_ctrl.gait import DETECTORS, SHANK, DetectorConfig
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stim.config import ChannelConfig, ProgramConfig, SetupConfig
from fes_ctrl.stim.program import TRIGGERS
from fes_ctrl.stim.quantise import plan_channel
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from hil.campaign.case import SECTIONS, Case, limits_of, settled, setup_of
from hil.campaign.mishaps import cable_of, injections_of, operator_of, way_of
from hil.campaign.vary import of_range, vary
from hil.config import WalkConfig
from hil.patient.config import OrthosisConfig, PatientConfig
from hil.patient.sensors.config import PacketConfig
from hil.scenarios import OWN_SETUP, load_scenario
from hil.streams import stream

SHORTEST_S: Final = 15
LONGEST_S: Final = 60
"""Most latched faults end a walk's stimulation; short walks have more of it."""


ON_BOTH_CLOCKS: Final = 12
"""One walk in so many is walked on the stepper too."""

JITTERED: Final = 2
"""One walk in so many has a jittered loop."""

DRAWN: Final = ("patient", "program", "stimulator", "detector", "operator", "cable")


def duration_s(seed: int, number: int) -> float:
    """Return how long one walk of a campaign lasts."""
    random = stream(seed, f"campaign.{number}.duration")
    return float(SHORTEST_S + int(random.random() * (LONGEST_S - SHORTEST_S + 1)))


def numbers(seed: int, hours: float) -> Iterator[tuple[int, float]]:
    """Yield number and duration of the walks that make up so many simulated hours."""
    left_s = hours * 3600.0
    for number in count():
        if left_s <= 0.0:
            return
        lasts_s = duration_s(seed, number)
        yield number, lasts_s
        left_s -= lasts_s


def draw(seed: int, number: int) -> Case:
    """Return one walk of a campaign.

    Parameters
    ----------
    seed : int
        Of the campaign.
    number : int
        Of the walk, from 0.
    """

    def part(name: str) -> Random:
        return stream(seed, f"campaign.{number}.{name}")

    lasts_s = duration_s(seed, number)
    limits_name = part("limits").choice(names_of("limits"))
    limits = limits_of(limits_name)[0]
    patient = _patient(part("patient"))
    patient = _with_sensors(part("sensors"), patient)
    setup_name = part("setup").choice((OWN_SETUP, OWN_SETUP, *names_of("setup")))
    setup = setup_of(setup_name, patient)
    stimulator = vary(part("stimulator"), StimulatorConfig(), 0.3, keep=("device", "mode"))
    detector = _detector(part("detector"))
    program = _program(part("program"), limits, setup, stimulator)
    if detector.shank_imu.by == "tilt" and part("tilt").random() < 0.5:
        program = replace(program, trigger="tilt")
    if len(patient.leg) < 2:
        # Nobody senses the other leg.
        program = replace(program, trigger_side="same")
    inject = injections_of(part("inject"), lasts_s)
    walk = WalkConfig(
        patient=patient,
        operator=operator_of(part("operator"), lasts_s, inject),
        cable=cable_of(part("cable")),
        seed=int(part("walk").random() * 2**32),
        way=way_of(part("way"), lasts_s),
        duration_s=lasts_s,
        orthosis=OrthosisConfig(_orthosis(part("orthosis"))),
        inject=inject,
    )
    control = replace(
        walk.control, program=program, setup=setup, stimulator=stimulator, detector=detector
    )
    for name, place in SECTIONS.items():
        # What nothing is said of here, as a section that is new.
        if name not in DRAWN and place == (name,):
            walk = replace(walk, **{name: vary(part(name), getattr(walk, name), 0.5)})
    clocks = part("clocks")
    both = clocks.random() < 1 / ON_BOTH_CLOCKS
    return settled(
        Case(
            walk=replace(walk, control=control),
            setup=setup_name,
            limits=limits_name,
            both_clocks=both,
            jitter_seed=None if both or part("jitter").random() > 1 / JITTERED else number,
        )
    )


# -- who walks ------------------------------------------------------------------------------------


@cache
def _preset(name: str) -> PatientConfig:
    return load_scenario("standard", {"patient": name}).walk.patient


def _patient(random: Random) -> PatientConfig:
    patient = _preset(random.choice(names_of("patient")))
    if random.random() < 0.3:
        return patient
    body = replace(
        patient,
        stride_s=of_range(random, PatientConfig, "stride_s", 0.9, 1.8, 0.05),
        stride_cv_percent=of_range(random, PatientConfig, "stride_cv_percent", 0.0, 8.0, 0.05),
        step_percent=of_range(random, PatientConfig, "step_percent", 42.0, 58.0, 0.05),
    )
    legs = tuple(
        vary(random, leg, 0.1, keep=("side", "channel", "model", "sensors", "innervation"))
        for leg in body.leg
    )
    varied = replace(body, leg=legs)
    try:
        setup_of(OWN_SETUP, varied)
    except ValueError:
        # Electrode so far off that what moves the foot is no longer tolerated: no such patient.
        return body
    return varied


def _with_sensors(random: Random, patient: PatientConfig) -> PatientConfig:
    packets = PacketConfig(
        rate_hz=random.choice((50.0, 100.0, 100.0, 100.0, 148.0, 200.0)),
        clock_error_ppm=round(random.uniform(-300.0, 300.0), 1),
        latency_ms=round(random.uniform(0.5, 20.0), 2),
        latency_jitter_ms=round(random.uniform(0.0, 10.0), 2),
        loss_probability=random.choice((0.0, 0.0, 0.01, 0.1)),
        duplicate_probability=random.choice((0.0, 0.0, 0.0, 0.05)),
        stalls_per_min=random.choice((0.0, 0.0, 0.0, 1.1, 6.0)),
    )
    legs = tuple(
        replace(
            leg,
            sensors=replace(
                vary(random, leg.sensors, 0.1, keep=("worn",)), packets=packets, heel_stuck="no"
            ),
        )
        for leg in patient.leg
    )
    return replace(patient, leg=legs)


def _orthosis(random: Random) -> Literal["none", "rigid", "hinged", "carbon"]:
    return random.choice(("none", "none", "none", "none", "rigid", "hinged", "carbon"))


# -- what moves the foot --------------------------------------------------------------------------


def _detector(random: Random) -> DetectorConfig:
    name = random.choice(DETECTORS)
    found = DetectorConfig(name)
    if random.random() < 0.5:
        found = vary(random, found, 0.1, keep=("name", "by", "tilt_on_deg"))
    if name == SHANK and random.random() < 0.3:
        found = replace(found, shank_imu=replace(found.shank_imu, by="tilt"))
    return found


def _program(
    random: Random, limits: LimitsConfig, setup: SetupConfig, stimulator: StimulatorConfig
) -> ProgramConfig:
    def of(name: str, low: float, high: float) -> float:
        return of_range(random, ProgramConfig, name, low, high, 0.08)

    burst_ms = Limits(limits).burst_us / 1000
    fall_ms = min(of("fall_ms", 0.0, 400.0), burst_ms / 2)
    time_out_ms = min(of("time_out_ms", 300.0, 1800.0), burst_ms - fall_ms)
    # Where the limits ask for a slowest rise, or for any other, they are asked.
    least_rise_ms = getattr(limits, "ramp_min_ms", 0.0)
    plainly = [name for name in TRIGGERS if name != "tilt"]
    return ProgramConfig(
        trigger=random.choice(plainly),  # type: ignore[arg-type]
        trigger_side="contralateral" if random.random() < 0.3 else "same",
        delay_ms=of("delay_ms", 0.0, 300.0) if random.random() < 0.4 else 0.0,
        trigger_lead_ms=of("trigger_lead_ms", 0.0, 200.0) if random.random() < 0.4 else 0.0,
        rise_ms=max(least_rise_ms, of("rise_ms", 0.0, 500.0)),
        end="time_out" if random.random() < 0.15 else "initial_contact",
        extension_ms=of("extension_ms", 0.0, 400.0),
        extension_percent_stance=round(random.uniform(0, 100), 1)
        if random.random() < 0.2
        else None,
        end_lead_ms=of("end_lead_ms", 0.0, 150.0) if random.random() < 0.4 else 0.0,
        fall_ms=fall_ms,
        time_out_ms=time_out_ms,
        min_on_ms=of("min_on_ms", 0.0, 600.0),
        lock_out_ms=of("lock_out_ms", 0.0, 600.0),
        standing=random.choice(("inhibit", "inhibit", "stimulate")),
        channel=_channels(random, limits, setup, stimulator),
    )


def _channels(
    random: Random, limits: LimitsConfig, setup: SetupConfig, stimulator: StimulatorConfig
) -> tuple[ChannelConfig, ...]:
    in_force = Limits(limits)
    device = capabilities_of(stimulator)
    fastest_hz = 1e6 / in_force.min_interval_us
    outputs = random.sample(range(CHANNELS_A_CONNECTOR), random.choice((1, 1, 1, 2, 3)))
    # The first is the one that the muscle hangs on.
    outputs[0] = 0 if 0 not in outputs[1:] else outputs[0]
    found = []
    for index, output in enumerate(outputs):
        slow = random.random() < 0.05
        channel = ChannelConfig(
            muscle=random.choice(("dorsiflexors", "dorsiflexors", "evertors", "calf")),
            intensity=round(random.uniform(0.2, 1.0), 3),
            pulse_width_us=int(random.uniform(min(100, in_force.width_us), in_force.width_us + 1)),
            rate_hz=round(
                random.uniform(1.0, 10.0) if slow else random.uniform(15.0, fastest_hz), 2
            ),
            waveform=random.choice(("symmetric", "symmetric", "asymmetric")),
            polarity=random.choice(("normal", "inverted")),
            channel=output,
        )
        if random.random() < 0.3:
            channel = replace(channel, current_mA=round(random.uniform(1.0, 60.0), 1))
        plan = plan_channel(channel, setup.of(channel.muscle), device, index)
        most_ua = min(
            in_force.current_ua, device.current_max_ua, in_force.charge_pc // plan.width_us
        )
        if plan.full_ua > most_ua:
            channel = replace(channel, current_mA=most_ua // 100 / 10)
        found.append(channel)
    return tuple(found)
