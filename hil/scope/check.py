"""A measured trace against what its run commanded: asked, got and allowed, and a verdict."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hil.scope.align import Placed, View, align
from hil.scope.asked import Asked
from hil.scope.bounds import Bounds, dithered
from hil.scope.errors import TraceError
from hil.scope.figures import Figure, counted, figure
from hil.scope.measurement import Measurement
from hil.scope.pairs import Pair, pairs_of, phase_figures
from hil.scope.spans import span_figures


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a comparison.

    Attributes
    ----------
    placed : Placed
        Where on the run's clock the trace is.
    figures : list of Figure
    missing_s : list of float
        Planned instants of pulses that did not come, on the run's clock.
    extra_s : list of float
        Instants of pulses that nobody commanded, on the run's clock.
    not_seen : int
        Commanded pulses that are too weak for the trace.
    half_seen : int
        Those whose second phase is: neither it nor their balance was compared.
    """

    placed: Placed
    figures: list[Figure]
    missing_s: list[float]
    extra_s: list[float]
    not_seen: int
    half_seen: int

    def verdict(self) -> dict[str, Any]:
        """Return whether it is as commanded, and what is not."""
        reasons = [known.reason() for known in self.figures if not known.passed]
        return {"passed": not reasons, "reasons": reasons}


def check(
    path: Path,
    seen: Measurement,
    asked: Asked,
    gain_percent: float,
    near_s: float | None = None,
) -> Checked:
    """Return how a trace compares with what was commanded.

    Parameters
    ----------
    path : Path
        The trace's, for refusals.
    seen : Measurement
    asked : Asked
    gain_percent : float
        How well the scale of oscilloscope, probe and load is known.
    near_s : float or None
        About when the trace began on the run's clock, if somebody knows.

    Raises
    ------
    TraceError
        If the trace has no certain place in the run.
    """
    bounds = Bounds(asked.device, seen, gain_percent, dithered(seen), asked.crowd_us)
    got_s = np.array([pulse.onset_s for pulse in seen.pulses])
    trace = seen.trace
    view = View(
        np.array([pulse.at_us for pulse in asked.pulses]) / 1e6,
        np.array([pulse.current_ua for pulse in asked.pulses]) / 1e3,
        got_s,
        np.array([pulse.amplitude_mA for pulse in seen.pulses]),
        trace.time_s(0),
        trace.time_s(trace.current_mA.size - 1),
        seen.found.threshold_mA,
        bounds.jitter_s,
        near_s,
    )
    try:
        placed = align(view)
    except TraceError as error:
        message = f"{path}: {error}"
        raise TraceError(message) from None
    run_s = placed.run_s(got_s)
    missing_s = view.asked_s[placed.missing].tolist()
    extra_s = run_s[placed.extra].tolist()
    seconds = [f"{at_s:.4f} s" for at_s in missing_s]
    others = [f"{at_s:.4f} s" for at_s in extra_s]
    figures = [
        counted("pulses missing", len(missing_s), seconds),
        counted("pulses nobody commanded", len(extra_s), others),
    ]
    pairs = pairs_of(seen, asked, placed)
    figures += [_polarity(placed), _scale(pairs, placed, bounds)]
    figures += phase_figures(pairs, bounds)
    figures += span_figures(seen, asked, placed, run_s, bounds)
    half_seen = sum(not pair.whole for pair in pairs)
    return Checked(placed, figures, missing_s, extra_s, placed.hidden.size, half_seen)


def _polarity(placed: Placed) -> Figure:
    way = 1.0 if placed.gain >= 0.0 else -1.0
    return figure(
        "polarity", "", 1.0, way, 0.0, "as commanded; --invert if the probe is the other way round"
    )


def _scale(pairs: list[Pair], placed: Placed, bounds: Bounds) -> Figure:
    mean_mA = float(np.mean([abs(pair.asked_mA) for pair in pairs]))
    bound = bounds.scale(mean_mA)
    got = abs(placed.gain) * 100.0
    return figure("current, all pulses together", "%", 100.0, got, bound.allowed, bound.origin)
