"""A trace as pulses and bursts, with all that is needed to judge how well they are known."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from hil.scope.errors import TraceError
from hil.scope.find import Found, Noise, find_pulses, noise_of
from hil.scope.measure import Pulse, measure
from hil.scope.quality import Sag, require_samples, require_unclipped, sag_of
from hil.scope.read import Trace

BURST_GAP_S: Final = 0.1
"""Pulses no further apart are one burst, for the witness as well."""

GLITCH: Final = 0.2
SPIKE_S: Final = 18e-6
SPIKE_SAMPLES: Final = 2.5
"""A spike lasts less than so much of the usual pulse, and no longer than noise does: the shortest
pulse of a device, two phases of 10 us, is a pulse, whether it was commanded or not."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Pulses from one to before another, by their number in the trace."""

    first: int
    stop: int
    on_s: float
    off_before_s: float | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a trace shows.

    Attributes
    ----------
    pulses : list of Pulse
        Whole ones, in order.
    bursts : list of Burst
    cut, spikes : int
        Pulses that the trace's ends cut, and spikes; neither is among the pulses.
    """

    trace: Trace
    noise: Noise
    found: Found
    pulses: list[Pulse]
    bursts: list[Burst]
    sag: Sag
    cut: int
    spikes: int


def measured(path: Path, trace: Trace) -> Measurement:
    """Return what a trace shows.

    Raises
    ------
    TraceError
        If it shows no pulse, or too little of them.
    """
    try:
        noise = noise_of(trace)
        found = find_pulses(trace, noise)
        require_samples(trace, found)
        pulses = measure(trace, noise, found)
        require_unclipped(trace, noise, pulses)
        sag = sag_of(trace, noise, pulses)
        if sag.per_s > 0.0:
            pulses = measure(trace, noise, found, sag.per_s)
    except TraceError as error:
        message = f"{path}: {error}"
        raise TraceError(message) from None
    usual_s = float(np.median([pulse.end_s - pulse.onset_s for pulse in pulses]))
    spike_s = min(GLITCH * usual_s, max(SPIKE_S, SPIKE_SAMPLES * trace.dt_s))
    real = [pulse for pulse in pulses if pulse.end_s - pulse.onset_s >= spike_s]
    return Measurement(
        trace, noise, found, real, bursts_of(real), sag, found.cut, len(pulses) - len(real)
    )


def bursts_of(pulses: list[Pulse]) -> list[Burst]:
    """Return the bursts: pulses that are not more than 100 ms apart."""
    bounds = [
        index
        for index in range(1, len(pulses))
        if pulses[index].onset_s - pulses[index - 1].onset_s > BURST_GAP_S
    ]
    found = []
    for first, stop in zip([0, *bounds], [*bounds, len(pulses)], strict=True):
        on_s = pulses[stop - 1].end_s - pulses[first].onset_s
        off_s = pulses[first].onset_s - pulses[first - 1].end_s if first else None
        found.append(Burst(first, stop, on_s, off_s))
    return found
