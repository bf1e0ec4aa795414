"""What is true of a seated patient: the figures by their definitions, from his own equations.

Nothing here is shared with the fit, which sees a noisy angle and no equation.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.identification.protocol import Burst
from hil.identification.seated import SeatedPatient, Session

Array = NDArray[np.float64]

LAST_S: Final = 0.3
"""Steady is the mean over the last so many seconds of a burst, at rest that over the last so many
before it."""


def true_figures(
    seated: SeatedPatient,
    session: Session,
    references: Sequence[Burst],
    fatiguing: Sequence[Burst],
    rate_hz: float,
) -> dict[str, float]:
    """Return the figures of a session, by name.

    Parameters
    ----------
    seated : SeatedPatient
        Who sat through it.
    session : Session
        What happened, without any error of measurement.
    references : sequence of Burst
        Those of gain and rise time.
    fatiguing : sequence of Burst
        The fatigue series.
    rate_hz : float
        Of the pulses.
    """
    minutes = np.array([burst.start_s for burst in fatiguing]) / 60.0
    slope, start = np.polyfit(minutes - minutes[0], _gains(session, fatiguing), 1)
    return {
        "motor_threshold_mA": seated.motor_mA,
        "gain_deg": float(np.mean(_gains(session, references))),
        "rise_time_ms": _rise_ms(session.moment_Nm, references, rate_hz),
        "stiffness_Nm_per_deg": seated.passive_stiffness(),
        "fatigue_percent_per_min": float(-100.0 * slope / start),
    }


def _gains(session: Session, bursts: Sequence[Burst]) -> list[float]:
    """Return the steady dorsiflexion of bursts above the rest before them, degrees."""
    found = []
    for burst in bursts:
        end_s = burst.start_s + burst.duration_s
        steady = (session.t_s >= end_s - LAST_S - 1e-9) & (session.t_s < end_s - 1e-9)
        rest = (session.t_s >= burst.start_s - LAST_S - 1e-9) & (session.t_s < burst.start_s - 1e-9)
        found.append(float(session.ankle_deg[steady].mean() - session.ankle_deg[rest].mean()))
    return found


def _rise_ms(moment_Nm: Array, bursts: Sequence[Burst], rate_hz: float) -> float:
    """Return the time from 10 to 90 % of the steady moment, of the mean over bursts.

    Every pulse ripples the moment; the rise is that of its mean over one interval of pulses.
    """
    length = round(min(burst.duration_s for burst in bursts) * 1000.0)
    first = [round(burst.start_s * 1000.0) for burst in bursts]
    mean = np.mean([moment_Nm[start : start + length] for start in first], axis=0)
    interval = round(1000.0 / rate_hz)
    smooth = np.convolve(mean, np.full(interval, 1.0 / interval), mode="valid")
    level = smooth[-round(1000.0 * LAST_S) :].mean()
    # The first crossings: what rises later, rises once more.
    tenth, most = (
        int(np.argmax(smooth >= share * level)) - 1 if level > 0.0 else 0 for share in (0.1, 0.9)
    )
    return float(_between(smooth, most, 0.9 * level) - _between(smooth, tenth, 0.1 * level))


def _between(values: Array, before: int, level: float) -> float:
    before = max(before, 0)
    return before + float((level - values[before]) / (values[before + 1] - values[before]))
