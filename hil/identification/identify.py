"""From a session to the patient's figures: what could be told, and why the rest could not."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.identification.figures import (
    Figure,
    FittedFoot,
    IdentificationError,
    fatigue,
    fitted_foot,
    gain,
    rise_time,
    stiffness,
    threshold,
)
from hil.identification.model import Body
from hil.identification.session import REPEATS, Answer, Recording, answers, falls, series

NAMES: Final = (
    "motor_threshold_mA",
    "gain_deg",
    "rise_time_ms",
    "stiffness_Nm_per_deg",
    "fatigue_percent_per_min",
)

SMALLEST_DEG: Final = 1.0
"""A foot that moves less under the strongest burst does not answer."""

FEWEST_RELEASES: Final = 4
"""Fewer releases leave too little to tell their scatter from."""

RADIANS: Final = 1.6
"""A recording whose angles span no more, and yet rise far above their noise, is in radians."""


@dataclass(frozen=True, slots=True)
class Identified:
    """What a session told.

    Attributes
    ----------
    figures : dict of str to Figure
        By the names of ``NAMES``; those that could be told.
    unknown : dict of str to str
        Why the others could not.
    bursts, references, fatiguing : tuple of Answer
        All, those behind gain and rise time, and those behind fatigue.
    releases : int
        How many were found.
    rest_deg : float or None
        Where the released foot comes to rest, as the goniometer's zero says.
    """

    figures: dict[str, Figure]
    unknown: dict[str, str]
    bursts: tuple[Answer, ...]
    references: tuple[Answer, ...]
    fatiguing: tuple[Answer, ...]
    releases: int
    rest_deg: float | None

    @property
    def reference_mA(self) -> float | None:  # noqa: N802 - a unit's symbol
        """Current of gain, rise time and fatigue, at 300 us."""
        return self.references[0].current_mA if self.references else None


def identify(recording: Recording, body: Body | None) -> Identified:
    """Return the patient's figures.

    Parameters
    ----------
    recording : Recording
        The session.
    body : Body or None
        Height and mass; without them there are angles only, and no moments.

    Raises
    ------
    IdentificationError
        If the foot did not answer at all, or there was nothing to answer.
    """
    found = answers(recording)
    _refuse_silence(recording, found)
    highest = max(answer.current_mA for answer in found)
    runs = [run for run in series(found) if run[0].current_mA >= 0.5 * highest]
    references = tuple(runs[0]) if runs else ()
    longest: list[Answer] = max(runs, key=len, default=[])
    fatiguing = tuple(longest)
    repeated = {answer.first for run in runs for answer in run}
    search = [answer for answer in found if answer.first not in repeated]
    dropped = falls(recording)
    figures: dict[str, Figure] = {}
    unknown: dict[str, str] = {}

    def tell(name: str, figure: Callable[[], Figure]) -> None:
        try:
            told = figure()
        except (IdentificationError, np.linalg.LinAlgError) as error:
            unknown[name] = str(error)
            return
        if math.isfinite(told.low) and math.isfinite(told.high):
            figures[name] = told
        else:
            unknown[name] = "its scatter cannot be told; repeat more bursts and releases"

    fitted = _fitted(dropped, recording, body)
    foot = fitted if isinstance(fitted, FittedFoot) else None
    tell(NAMES[0], lambda: threshold(search, foot))
    tell(NAMES[1], lambda: gain(_some(references)))
    tell(NAMES[2], lambda: rise_time(recording, _some(references), _foot(fitted)))
    tell(NAMES[3], lambda: stiffness(_foot(fitted), _body(body)))
    tell(NAMES[4], lambda: fatigue(_some(fatiguing), recording.step_s))
    return Identified(
        figures=figures,
        unknown=unknown,
        bursts=tuple(found),
        references=references,
        fatiguing=fatiguing,
        releases=len(dropped),
        rest_deg=None if foot is None else math.degrees(foot.foot.rest_rad),
    )


def _refuse_silence(recording: Recording, found: list[Answer]) -> None:
    """Refuse a session without bursts, or with bursts and no answer to any."""
    if not found:
        message = (
            "no burst of one current that lasts 0.6 s and follows 0.3 s of rest; "
            "fes-ctrl identify --protocol says what to do"
        )
        raise IdentificationError(message)
    strongest = math.degrees(max(answer.response_rad for answer in found))
    lowest = math.degrees(min(answer.response_rad for answer in found))
    angles = np.degrees(recording.ankle_rad)
    noise = float(np.median(np.abs(np.diff(angles))))
    if 0.05 < strongest < RADIANS and np.ptp(angles) < RADIANS and strongest > 20.0 * noise:
        message = (
            f"ankle_deg spans {np.ptp(angles):.2g} in all, and answers: that looks like radians; "
            f"give degrees"
        )
        raise IdentificationError(message)
    if strongest < SMALLEST_DEG and lowest < -2.0 * SMALLEST_DEG:
        message = (
            f"the foot goes down under stimulation, by {-lowest:.1f} deg; give dorsiflexion as "
            f"positive, or move the electrodes from the calf to the dorsiflexors' nerve"
        )
        raise IdentificationError(message)
    if strongest < SMALLEST_DEG:
        highest = max(answer.current_mA for answer in found)
        message = (
            f"stimulation up to {highest:.3g} mA got no contraction (below {SMALLEST_DEG:g} deg): "
            f"move the electrodes or go higher; if none comes, note that FES needs an intact "
            f"lower motor neuron"
        )
        raise IdentificationError(message)


def _fitted(
    dropped: NDArray[np.float64], recording: Recording, body: Body | None
) -> FittedFoot | str:
    """Return the foot of the releases, or why there is none."""
    if len(dropped) < FEWEST_RELEASES:
        return (
            f"{len(dropped)} releases, where {FEWEST_RELEASES} are needed: lift the foot by hand "
            f"to 15 deg or more above rest, hold it, and let go"
        )
    try:
        # Height alone enters, through the weight's lever; that of an average adult does for it.
        return fitted_foot(dropped, recording.step_s, body or Body())
    except IdentificationError as error:
        return str(error)


def _foot(fitted: FittedFoot | str) -> FittedFoot:
    if isinstance(fitted, str):
        raise IdentificationError(fitted)
    return fitted


def _body(body: Body | None) -> Body:
    if body is None:
        message = "angles alone give no moment; say --height and --mass"
        raise IdentificationError(message)
    return body


def _some(run: tuple[Answer, ...]) -> list[Answer]:
    if not run:
        message = (
            f"no series of {REPEATS} equal bursts or more; repeat the reference burst so often"
        )
        raise IdentificationError(message)
    return list(run)
