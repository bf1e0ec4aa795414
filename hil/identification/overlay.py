"""From figures to a patient file: the virtual patient who, seated, gives the same figures.

Each figure sets one number of the patient, in this order, since each rests on those before it:

* motor threshold: ``electrode.motor_mA``, the same quantity;
* the calf: ``ankle.calf_scale``, so that angle and stiffness at rest agree best, each weighed by
  what is known of it, the knee at 80 degrees. A calf that grows exponentially is no stiffer where
  it balances the foot's weight, it balances it further down: so the angle tells most of it, and
  the stiffness agrees within its interval or is said not to;
* gain, rise time and fatigue together: ``muscle.strength``, one factor on both time constants of
  the Ding 2003 muscle, and ``muscle.fatigue.scale``, so that the seated patient, given the bursts
  of the session, answers with those figures.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, minimize_scalar

from hil.identification.figures import ZERO_DEG, Figure
from hil.identification.identify import Identified
from hil.identification.model import Body
from hil.identification.protocol import Burst
from hil.identification.seated import SeatedPatient
from hil.identification.session import Answer
from hil.identification.truth import true_figures
from hil.patient.config import LegConfig, PatientConfig

Array = NDArray[np.float64]

CALVES: Final = (0.05, 5.0)
STRENGTHS: Final = (0.01, 3.0)
SLOWNESSES: Final = (0.1, 10.0)
FATIGUES: Final = (1e-4, 10.0)
"""Between these the numbers are searched; a patient may have no larger ones."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """A patient with the figures of a session.

    Attributes
    ----------
    patient : PatientConfig
        Loads from ``text``.
    text : str
        The patient file: what was identified, and nothing else.
    notes : tuple of str
        Figures that this patient does not have, and why.
    """

    patient: PatientConfig
    text: str
    notes: tuple[str, ...]


def overlay(
    found: Identified,
    body: Body | None,
    step_s: float,
    rate_hz: float,
    side: Literal["left", "right"],
    name: str,
) -> Overlay:
    """Return the patient file of a session.

    Parameters
    ----------
    found : Identified
        What it told.
    body : Body or None
        Height and mass.
    step_s : float
        Of the recording.
    rate_hz : float
        Of its pulses.
    side : str
        Of the leg.
    name : str
        Of the patient.
    """
    leg = LegConfig(side=side)
    patient = PatientConfig(name=name, leg=(leg,))
    if body is not None:
        height_m, mass_kg = _rounded(body.height_m), _rounded(body.mass_kg)
        patient = replace(patient, height_m=height_m, mass_kg=mass_kg)
    tables: dict[str, list[str]] = {"electrode": [], "ankle": [], "muscle": []}
    notes: list[str] = []
    figures = found.figures
    threshold = figures.get("motor_threshold_mA")
    if threshold is not None and 0.0 < threshold.value <= 100.0:
        motor_mA = _rounded(threshold.value)
        leg = replace(leg, electrode=replace(leg.electrode, motor_mA=motor_mA))
        tables["electrode"].append(_line("motor_mA", motor_mA, "motor threshold", threshold, "mA"))
    else:
        notes.append("electrode.motor_mA left out: the motor threshold is not known")
    stiffness = figures.get("stiffness_Nm_per_deg")
    if stiffness is None or found.rest_deg is None:
        notes.append("ankle.calf_scale left out: the stiffness is not known")
    else:
        scale = _calf_scale(patient, leg, stiffness, found.rest_deg)
        leg = replace(leg, ankle=replace(leg.ankle, calf_scale=scale))
        tables["ankle"].append(_line("calf_scale", scale, "stiffness", stiffness, "Nm/deg"))
        given = SeatedPatient(patient, leg).passive_stiffness()
        if not stiffness.low <= given <= stiffness.high:
            notes.append(_short("stiffness_Nm_per_deg", given, stiffness))
    if tables["electrode"] and tables["ankle"] and "gain_deg" in figures:
        leg, lines, short = _with_muscle(replace(patient, leg=(leg,)), found, step_s, rate_hz)
        tables["muscle"] += lines
        notes += short
    else:
        notes.append("muscle left out: it takes threshold, stiffness and gain to set it")
    patient = replace(patient, leg=(leg,))
    return Overlay(patient, _text(patient, body, tables, notes), tuple(notes))


def _calf_scale(
    patient: PatientConfig, leg: LegConfig, stiffness: Figure, rest_deg: float
) -> float:
    """Return the calf with which the seated foot hangs like that, and is as stiff."""
    share = math.log(stiffness.high / stiffness.low) / (2.0 * 1.96)

    def squares(logarithm: float) -> float:
        calf = replace(leg.ankle, calf_scale=math.exp(logarithm))
        seated = SeatedPatient(patient, replace(leg, ankle=calf))
        stiffer = math.log(seated.passive_stiffness() / stiffness.value) / share
        lower = (math.degrees(seated.rest_rad) - rest_deg) / ZERO_DEG
        return stiffer**2 + lower**2

    bounds = (math.log(CALVES[0]), math.log(CALVES[1]))
    return _rounded(math.exp(minimize_scalar(squares, bounds=bounds, method="bounded").x))


def _with_muscle(
    patient: PatientConfig, found: Identified, step_s: float, rate_hz: float
) -> tuple[LegConfig, list[str], list[str]]:
    """Return the leg with the muscle of the figures, its lines of the file, what falls short."""
    leg = patient.leg[0]
    figures = found.figures
    muscle = leg.muscle
    if "fatigue_percent_per_min" in figures:
        # What cannot be told from none is none.
        tires = figures["fatigue_percent_per_min"].low > 0.0
        fatigue = muscle.fatigue if tires else replace(muscle.fatigue, scale=0.0)
        muscle = replace(muscle, fatigue=fatigue)
        leg = replace(leg, muscle=muscle)
    searched = [("gain_deg", STRENGTHS, muscle.strength)]
    if "rise_time_ms" in figures:
        searched.append(("rise_time_ms", SLOWNESSES, 1.0))
    if "fatigue_percent_per_min" in figures and muscle.fatigue.scale > 0.0:
        searched.append(("fatigue_percent_per_min", FATIGUES, muscle.fatigue.scale))
    names = [name for name, _, _ in searched]
    wanted = np.array([figures[name].value for name in names])
    answering = _answering(patient, found, step_s, rate_hz)

    start = np.array([value for _, _, value in searched])

    # Logarithms of percent of the start: fatigue spans decades, and no variable begins at zero.
    def shaped(logarithms: Array) -> LegConfig:
        values = (_rounded(value) for value in (start * np.exp(logarithms) / 100.0).tolist())
        return _shaped(leg, dict(zip(names, values, strict=True)))

    def beyond(logarithms: Array) -> Array:
        got = answering(shaped(logarithms))
        return np.asarray(np.array([got[name] for name in names]) / wanted - 1.0)

    ends = (np.array([bounds[end] for _, bounds, _ in searched]) for end in (0, 1))
    best = least_squares(
        beyond,
        np.full(len(names), math.log(100.0)),
        bounds=[np.log(100.0 * end / start) for end in ends],
        diff_step=0.005,
        xtol=1e-3,
        ftol=1e-3,
        gtol=1e-5,
    )
    leg = shaped(best.x)
    got = answering(leg)
    muscle = leg.muscle
    lines = [_line("strength", muscle.strength, "gain", figures["gain_deg"], "deg")]
    if "rise_time_ms" in names:
        rise = figures["rise_time_ms"]
        lines += [
            _line("ding2003.tau1_rest_s", muscle.ding2003.tau1_rest_s, "rise time", rise, "ms"),
            _line("ding2003.tau2_s", muscle.ding2003.tau2_s, "rise time", rise, "ms"),
        ]
    if "fatigue_percent_per_min" in figures:
        tired = figures["fatigue_percent_per_min"]
        lines.append(_line("fatigue.scale", muscle.fatigue.scale, "fatigue", tired, "%/min"))
    short = [
        _short(name, got[name], figures[name])
        for name in names
        if not figures[name].low <= got[name] <= figures[name].high
    ]
    return leg, lines, short


def _shaped(leg: LegConfig, values: dict[str, float]) -> LegConfig:
    """Return a leg with other numbers of its muscle, by the figure that each sets."""
    muscle = leg.muscle
    slowness = values.get("rise_time_ms", 1.0)
    ding = replace(
        muscle.ding2003,
        tau1_rest_s=_rounded(muscle.ding2003.tau1_rest_s * slowness),
        tau2_s=_rounded(muscle.ding2003.tau2_s * slowness),
    )
    scale = values.get("fatigue_percent_per_min", muscle.fatigue.scale)
    fatigue = replace(muscle.fatigue, scale=scale)
    strength = values["gain_deg"]
    return replace(leg, muscle=replace(muscle, strength=strength, ding2003=ding, fatigue=fatigue))


def _answering(
    patient: PatientConfig, found: Identified, step_s: float, rate_hz: float
) -> Callable[[LegConfig], dict[str, float]]:
    """Return what tells the figures of a leg that gets the session's bursts."""

    def burst(answer: Answer) -> Burst:
        lasted_s = (answer.last - answer.first) * step_s
        return Burst((answer.first - first) * step_s, lasted_s, answer.current_mA)

    # Nothing moves before the first burst.
    first = found.bursts[0].first - round(1.0 / step_s)

    bursts, references, fatiguing = (
        [burst(answer) for answer in answers]
        for answers in (found.bursts, found.references, found.fatiguing)
    )

    def figures(leg: LegConfig) -> dict[str, float]:
        seated = SeatedPatient(patient, leg)
        session = seated.perform((), bursts, rate_hz)
        return true_figures(seated, session, references, fatiguing, rate_hz)

    return figures


def _text(
    patient: PatientConfig, body: Body | None, tables: dict[str, list[str]], notes: list[str]
) -> str:
    lines = ["# From a bench session; in brackets the 95 % interval of the figure behind a number."]
    lines += [f"# {note}" for note in notes]
    lines += ["", "[patient]", f"name = {json.dumps(patient.name, ensure_ascii=False)}"]
    if body is not None:
        lines += [f"height_m = {patient.height_m:g}", f"mass_kg = {patient.mass_kg:g}"]
    lines += ["", "[[patient.leg]]", f'side = "{patient.leg[0].side}"']
    for table, inner in tables.items():
        if inner:
            lines += ["", f"[patient.leg.{table}]", *inner]
    return "\n".join(lines) + "\n"


def _short(name: str, given: float, figure: Figure) -> str:
    return f"{name}: this patient has {given:.4g}, the session {figure.value:.4g}"


def _line(key: str, value: float, what: str, figure: Figure, unit: str) -> str:
    told = f"{what} {figure.value:.4g} ({figure.low:.4g} to {figure.high:.4g}) {unit}"
    return f"{f'{key} = {value:g}':<32} # {told}"


def _rounded(value: float) -> float:
    """Return a number as the file states it."""
    return float(f"{value:.6g}")
