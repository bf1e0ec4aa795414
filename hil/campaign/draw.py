"""Who walks, with what, and what goes wrong: all of it from (seed, number of the walk) alone.

Every part draws from a stream of its own. What is drawn lies within the bounds of the
configuration; parts that would not go together are mended here, for whoever is refused tests
nothing.

Cables are as rough as the witness allows for: two pulses may come 2 ms closer together than they
were sent. A cable that shifts pulses by more breaks the least interval by itself.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import count
from random import Random
from typing import Any, Final, Literal

from fes_ctrl.assembly import CHANNELS_A_CONNECTOR
from fes_ctrl.config.files import names_of
from fes_ctrl.gait import DETECTORS, SHANK, DetectorConfig
from fes_ctrl.runtime.operator import OperatorConfig
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stim.config import ChannelConfig, ProgramConfig, SetupConfig
from fes_ctrl.stim.program import TRIGGERS
from fes_ctrl.stim.quantise import plan_channel
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.units import NEVER_US, Us
from firmware_sim.injections import ROWS, Injection, InjectionRow
from hil.campaign.case import SECTIONS, Case, limits_of, settled, setup_of
from hil.campaign.vary import of_range, vary
from hil.config import CableConfig, WalkConfig
from hil.patient.config import OrthosisConfig, PatientConfig
from hil.patient.sensors.config import PacketConfig
from hil.patient.way import LEAST_SEATED_S, SegmentConfig, SegmentKind
from hil.scenarios import OWN_SETUP, load_scenario
from hil.streams import stream

SHORTEST_S: Final = 15
LONGEST_S: Final = 60
"""Most latched faults end a walk's stimulation; short walks have more of it."""

MOST_INJECTIONS: Final = 4

ON_BOTH_CLOCKS: Final = 12
"""One walk in so many is walked on the stepper too."""

JITTERED: Final = 2
"""One walk in so many has a jittered loop."""

DRAWN: Final = ("patient", "program", "stimulator", "detector", "operator", "cable")

SEGMENTS: Final[tuple[SegmentKind, ...]] = (
    "walk",
    "walk",
    "walk",
    "walk",
    "stand",
    "turn",
    "shuffle",
    "slope_up",
    "slope_down",
    "stairs_up",
    "stairs_down",
    "sit",
    "tap",
    "turn_on_spot",
)


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
    inject = _injections(part("inject"), lasts_s)
    walk = WalkConfig(
        patient=patient,
        operator=_operator(part("operator"), lasts_s, inject),
        cable=_cable(part("cable")),
        seed=int(part("walk").random() * 2**32),
        way=_way(part("way"), lasts_s),
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
    found = DetectorConfig(name)  # type: ignore[arg-type]
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
        trigger_side="contralateral" if random.random() < 0.15 else "same",
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


# -- where, and what goes wrong -------------------------------------------------------------------


def _way(random: Random, lasts_s: float) -> tuple[SegmentConfig, ...]:
    parts = [SegmentConfig("stand", round(random.uniform(0.5, 4.0), 2))]
    if random.random() < 0.5:
        return (*parts, SegmentConfig("walk", lasts_s, round(random.uniform(60.0, 140.0), 1)))
    parts.extend(
        SegmentConfig(
            kind=random.choice(SEGMENTS),
            duration_s=round(random.uniform(LEAST_SEATED_S, 20.0), 2),
            speed_percent=round(random.uniform(60.0, 140.0), 1),
            slope_percent=round(random.uniform(0.0, 12.0), 1),
            weight_shifts_per_min=round(random.uniform(0.0, 30.0), 1),
            taps_with=random.choice(("toe", "heel")),
            on_chair=random.random() < 0.5,
            pivots_per_min=random.choice((0.0, 20.0)),
        )
        for _ in range(random.randint(2, 5))
    )
    return tuple(parts)


def _cable(random: Random) -> CableConfig:
    return CableConfig(
        byte_us=round(random.uniform(1.0, 15.0), 2),
        latency_us=int(10 ** random.uniform(0.0, 3.5)),
        jitter_us=int(random.uniform(0.0, 1000.0)),
        loss=_rarely(random),
        corruption=_rarely(random),
    )


def _rarely(random: Random) -> float:
    """Return a probability for each write; one in a hundred soon ends a walk."""
    return random.choice((1e-4, 1e-3, 1e-2)) if random.random() < 0.15 else 0.0


def _injections(random: Random, lasts_s: float) -> tuple[Injection, ...]:
    if random.random() < 0.05:
        return ()
    rows = random.sample(ROWS, min(len(ROWS), random.randint(1, MOST_INJECTIONS)))
    found = []
    cluster_s = random.uniform(0.1, 0.9) * lasts_s
    for row in rows:
        if random.random() < 0.25:
            # Several at once.
            at_s = min(0.98 * lasts_s, cluster_s + 10 ** random.uniform(-3.0, 0.0))
        else:
            at_s = random.uniform(0.1, 0.98) * lasts_s
        if row.lasts_s is None:
            # What is broken for good ends a walk: rather later.
            at_s = max(at_s, random.uniform(0.1, 0.98) * lasts_s)
        for_good = row.lasts_s is None and random.random() < 0.3
        length_s = 10 ** random.uniform(-2.0, 1.2)
        if row.lasts_s is not None and random.random() < 0.3:
            length_s = row.lasts_s
        from_us = round(at_s * 1e6)
        to_us = NEVER_US if for_good else from_us + round(length_s * 1e6)
        found.append(_injection(random, row, from_us, to_us))
    return tuple(found)


def _injection(random: Random, row: InjectionRow, from_us: Us, to_us: Us) -> Injection:
    # Where a row has an amount, an injection has one.
    if not getattr(row, "unit", ""):
        return Injection(row.name, from_us, to_us)
    least, most = (float(getattr(row, bound, 1.0)) for bound in ("least", "most"))
    amount = random.choice((least, most, least * (most / least) ** random.random()))
    values: tuple[Any, ...] = (row.name, from_us, to_us, float(f"{amount:.4g}"))
    return Injection(*values)


def _operator(random: Random, lasts_s: float, inject: tuple[Injection, ...]) -> OperatorConfig:
    hand: list[str] = []

    def do(action: str, at_s: float) -> None:
        if at_s < lasts_s:
            hand.append(f"{action}@{at_s:.4f}")

    def level() -> str:
        return f"level={random.choice((0, 1, 30, 60, 100, 100, 100, 100))}"

    def start_again(at_s: float) -> None:
        do("clear", at_s)
        do("arm", at_s + random.uniform(0.0, 0.3))
        do("resume", at_s + random.uniform(0.0, 0.3))
        do(level(), at_s + random.uniform(0.2, 0.6))

    for _ in range(int(random.expovariate(0.7))):
        at_s = random.uniform(0.0, lasts_s)
        soon_s = at_s + (0.0 if random.random() < 0.2 else 10 ** random.uniform(-3.0, 0.7))
        match random.randrange(4):
            case 0:
                do("pause", at_s)
                do("resume", soon_s)
                do(level(), soon_s + random.choice((0.0, 0.3)))
            case 1:
                do(random.choice(("stop", "disarm")), at_s)
                do("arm", soon_s)
                do(level(), soon_s + random.choice((0.0, 0.005, 0.3)))
            case _:
                do(random.choice(("arm", "disarm", "stop", "clear", "pause", "resume")), at_s)
                do(level(), soon_s)
    for injection in inject:
        # Whatever it was, somebody comes and starts again.
        if random.random() < 0.9:
            start_again(injection.from_us / 1e6 + random.uniform(0.2, 6.0))
    for _ in range(random.randint(0, 3)):
        start_again(random.uniform(3.0, lasts_s))
    steps = random.randint(1, 5)
    arm_at_s = round(random.uniform(0.1, 2.0), 3)
    return OperatorConfig(
        arm_at_s=3600.0 if random.random() < 0.03 else arm_at_s,
        level_percent=tuple(round(100 * (step + 1) / steps) for step in range(steps)),
        level_from_s=round(arm_at_s + random.uniform(0.0, 1.0), 3),
        level_every_s=round(random.uniform(0.0, 1.5), 3),
        clear_after_s=round(random.uniform(0.2, 4.0), 3),
        hand=tuple(hand),
    )
