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
from hil.identification.fit import FitError
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


@dataclass(frozen=True, slots=True)
class Identified:
    """What a session told.

    Attributes
    ----------
    reference_mA : float or None
        Current of gain, rise time and fatigue, at 300 us.
    figures : dict of str to Figure
        By the names of ``NAMES``; those that could be told.
    unknown : dict of str to str
        Why the others could not.
    bursts, releases : int
        How many were found.
    search, references, fatigued : tuple of Answer
        The bursts behind threshold, gain and rise time, and fatigue.
    """

    reference_mA: float | None
    figures: dict[str, Figure]
    unknown: dict[str, str]
    bursts: int
    releases: int
    search: tuple[Answer, ...]
    references: tuple[Answer, ...]
    fatigued: tuple[Answer, ...]


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
    if not found:
        message = (
            "no burst of one current that lasts 0.6 s and follows 0.3 s of rest; "
            "see the bench protocol"
        )
        raise IdentificationError(message)
    strongest = max(found, key=lambda answer: answer.response_rad)
    highest = max(answer.current_mA for answer in found)
    if math.degrees(strongest.response_rad) < SMALLEST_DEG:
        message = (
            f"stimulation up to {highest:.3g} mA got no contraction (below {SMALLEST_DEG:g} deg): "
            f"move the electrodes or go higher; if none comes, note that FES needs an intact "
            f"lower motor neuron"
        )
        raise IdentificationError(message)
    runs = [run for run in series(found) if run[0].current_mA >= 0.5 * highest]
    references = tuple(runs[0]) if runs else ()
    fatigued = tuple(max(runs, key=lambda run: len(run))) if runs else ()  # noqa: PLW0108 - typed
    repeated = {answer.first for answer in (*references, *fatigued)}
    search = tuple(answer for answer in found if answer.first not in repeated)
    dropped = falls(recording)
    figures: dict[str, Figure] = {}
    unknown: dict[str, str] = {}

    def tell(name: str, figure: Callable[[], Figure]) -> None:
        try:
            figures[name] = figure()
        except (IdentificationError, np.linalg.LinAlgError) as error:
            unknown[name] = str(error)

    fitted = _fitted(dropped, recording, body)
    told = fitted if isinstance(fitted, FittedFoot) else None
    tell(NAMES[0], lambda: threshold(list(search), told))
    tell(NAMES[1], lambda: gain(_some(references)))
    tell(NAMES[2], lambda: rise_time(recording, _some(references), _foot(fitted)))
    tell(NAMES[3], lambda: stiffness(_foot(fitted), _body(body)))
    tell(NAMES[4], lambda: fatigue(_some(fatigued), recording.step_s))
    return Identified(
        reference_mA=references[0].current_mA if references else None,
        figures=figures,
        unknown=unknown,
        bursts=len(found),
        releases=len(dropped),
        search=search,
        references=references,
        fatigued=fatigued,
    )


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
    except (FitError, np.linalg.LinAlgError) as error:
        return f"the releases fit no hanging foot ({error}); let go of it without a push"


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
        message = f"no series of {REPEATS} equal bursts or more; repeat the reference burst"
        raise IdentificationError(message)
    return list(run)
