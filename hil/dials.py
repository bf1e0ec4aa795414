"""What each dial of a program does to a walk: the price of turning it either way.

A dial that only ever gets better would send a tuner to nonsense. Each dial here is turned through
its range on the whole chain (sensor, detector, program, guard, wire, device, patient), and the
outcomes that move against each other are kept side by side. The tests ask for the price; the
page of pictures shows it.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from statistics import fmean
from typing import Final

from fes_ctrl.analysis.walk import Walk
from hil.scenarios import load_scenario
from hil.simulate import simulate

MINUTE_US: Final = 60_000_000

STEADY: Final = (
    "patient.stride_cv_percent=0",
    "patient.leg.0.compensation.rate=0",
    "patient.leg.0.compensation.noise_mm=0",
)
"""The same stride over and over, and a patient who does not make up for what the dial does."""

SETTLED_S: Final = 20.0
"""Long enough for a steady patient: a dozen strides after the first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The mean of something over the swings of a walk.

    Attributes
    ----------
    field : str
        Of ``fes_ctrl.analysis.walk.Swing``; or ``CHARGE_FIELD``.
    label : str
        With its unit.
    minute : int or None
        Over that minute of the walk alone, from 0; -1 is the last.
    """

    field: str
    label: str
    minute: int | None = None


CHARGE_FIELD: Final = "charge"

CLEARANCE: Final = Outcome("clearance_mm", "toe clearance, mm")
PUSH_OFF: Final = Outcome("lost_push_off_percent", "push-off work lost, %")
CONTACT: Final = Outcome("ankle_at_contact_deg", "ankle at contact, deg")
EVERSION: Final = Outcome("eversion_at_contact_deg", "eversion at contact, deg")
FALL: Final = Outcome("fall_deg_per_s", "fall of the forefoot, deg/s")
FOOT_FLAT: Final = Outcome("foot_flat_ms", "contact to foot flat, ms")
REFLEX: Final = Outcome("reflex_Nm", "stretch reflex in swing, Nm")
SLAP: Final = Outcome("slap", "foot slap, share of strides")
CHARGE: Final = Outcome(CHARGE_FIELD, "charge a stride, uC")
FRESH: Final = Outcome("peak_dorsiflexion_deg", "peak dorsiflexion, 1st minute, deg", minute=0)
TIRED: Final = Outcome("peak_dorsiflexion_deg", "peak dorsiflexion, last minute, deg", minute=-1)


@dataclass(frozen=True, slots=True)
class Dial:
    """One dial, and on whom it is turned.

    Attributes
    ----------
    name : str
        Of its picture.
    label : str
        What is turned, with its unit.
    setting : str
        The configuration value that it sets, as a path.
    values : tuple of float
        Through which it is turned.
    outcomes : tuple of Outcome
        What moves.
    price : str
        Why neither end is best.
    patient : str
        Who walks.
    fixed : tuple of str
        ``path=value``, beside the dial.
    duration_s : float
        Of each walk.
    """

    name: str
    label: str
    setting: str
    values: tuple[float, ...]
    outcomes: tuple[Outcome, ...]
    price: str
    patient: str = "stroke_moderate"
    fixed: tuple[str, ...] = STEADY
    duration_s: float = SETTLED_S


DIALS: Final = (
    Dial(
        name="onset",
        label="delay from heel-off to onset, ms",
        setting="program.delay_ms",
        values=(0, 75, 150, 225, 300, 375, 450),
        outcomes=(CLEARANCE, PUSH_OFF),
        price="Early costs push-off, since the dorsiflexors pull against the calf; late drags.",
        patient="flaccid",
    ),
    Dial(
        name="rise",
        label="rise from motor threshold, ms",
        setting="program.rise_ms",
        values=(0, 100, 200, 300, 400, 500),
        outcomes=(CLEARANCE, REFLEX, PUSH_OFF),
        price=(
            "A fast rise stretches a spastic calf, which answers, and costs push-off; a slow one "
            "comes too late for the swing."
        ),
        patient="stroke_severe_spastic",
    ),
    Dial(
        name="end",
        label="onset to end, ms (contact at about 650)",
        setting="program.time_out_ms",
        values=(500, 550, 600, 650, 700, 800, 900),
        outcomes=(SLAP, FALL, CONTACT, CHARGE),
        price=(
            "An end before contact lets the forefoot slap down, and one earlier still lands the "
            "foot flat. The muscle outlasts its last pulse by a tenth of a second, so what goes on "
            "after contact adds charge alone."
        ),
        patient="flaccid",
        fixed=(*STEADY, "program.end=time_out", "program.fall_ms=0"),
    ),
    Dial(
        name="extension",
        label="extension after contact, ms",
        setting="program.extension_ms",
        values=(0, 50, 100, 150, 250, 350, 450),
        outcomes=(FALL, FOOT_FLAT, CLEARANCE, CHARGE),
        price=(
            "The strong burst of a strong muscle holds the forefoot up after contact; a very long "
            "one runs into the next, which then comes late: the next swing is low."
        ),
        patient="flaccid",
        fixed=(*STEADY, "program.channel.0.current_mA=70", "program.fall_ms=0"),
    ),
    Dial(
        name="fall",
        label="falling ramp, ms",
        setting="program.fall_ms",
        values=(0, 50, 100, 150, 200),
        outcomes=(SLAP, FALL, CHARGE),
        price="A burst that ends early and at once lets the foot slap; a ramp costs charge.",
        patient="flaccid",
        fixed=(*STEADY, "program.end=time_out", "program.time_out_ms=540"),
    ),
    Dial(
        name="intensity",
        label="intensity, 0 motor threshold to 1 tolerated",
        setting="program.channel.0.intensity",
        values=(0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0),
        outcomes=(CLEARANCE, CONTACT, EVERSION, PUSH_OFF),
        price=(
            "More lifts the foot with diminishing returns, turns it out as the everters join, "
            "takes push-off, and comes near what the patient tolerates."
        ),
    ),
    Dial(
        name="rate",
        label="pulses a second",
        setting="program.channel.0.rate_hz",
        values=(12, 20, 30, 40, 50),
        outcomes=(FRESH, TIRED, CHARGE),
        price=(
            "A higher rate gives more moment for more charge; by the end of eight minutes it has "
            "lost more of it."
        ),
        patient="flaccid",
        fixed=(
            *STEADY,
            "patient.leg.0.muscle.fatigue.scale=1",
            "patient.leg.0.muscle.fatigue.tau_s=127",
        ),
        duration_s=480.0,
    ),
    Dial(
        name="electrode",
        label="electrode position, mm (positive: backwards)",
        setting="patient.leg.0.electrode.position_mm",
        values=(-20, -10, -5, 0, 5, 10, 20),
        outcomes=(CLEARANCE, EVERSION),
        price=(
            "Forwards to the deep branch lifts and inverts, backwards to the superficial one "
            "everts and lifts less: the usual spot balances them."
        ),
        fixed=(*STEADY, "walk.setup=standard"),
    ),
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A dial turned.

    Attributes
    ----------
    dial : Dial
        Which.
    rows : tuple of tuple of float
        For each of its values, each of its outcomes.
    """

    dial: Dial
    rows: tuple[tuple[float, ...], ...]

    def of(self, outcome: Outcome) -> list[float]:
        """Return one outcome over the dial's values."""
        at = self.dial.outcomes.index(outcome)
        return [row[at] for row in self.rows]


def turn(dial: Dial, workers: int = 1) -> Curve:
    """Walk at each value of a dial.

    Parameters
    ----------
    dial : Dial
        What to turn.
    workers : int
        Processes; the result does not depend on it.
    """
    dials = [dial] * len(dial.values)
    if workers == 1:
        return Curve(dial, tuple(map(_walk, dials, dial.values)))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return Curve(dial, tuple(pool.map(_walk, dials, dial.values)))


def _walk(dial: Dial, value: float) -> tuple[float, ...]:
    sets = (*dial.fixed, f"{dial.setting}={value:g}")
    options = {"patient": dial.patient, "duration_s": dial.duration_s}
    config = load_scenario("standard", options, sets).walk
    limits = replace(config.control.limits, ramp_min_ms=0.0, start_mA=50.0, level_step_mA=50.0)
    # Nothing but the dial moves: the guard is to cut no ramp and no step.
    walk = simulate(replace(config, control=replace(config.control, limits=limits))).walk
    return tuple(_measure(walk, outcome) for outcome in dial.outcomes)


def _measure(walk: Walk, outcome: Outcome) -> float:
    leg = walk.legs[0]
    if outcome.field == CHARGE_FIELD:
        return walk.charge.total_pc / 1e6 / len(leg.swings)
    swings = walk.settled(leg)
    if outcome.minute is not None:
        start_us = outcome.minute * MINUTE_US
        if start_us < 0:
            start_us += walk.duration_us
        swings = [s for s in swings if start_us <= s.contact_us < start_us + MINUTE_US]
    return fmean(float(getattr(swing, outcome.field)) for swing in swings)
