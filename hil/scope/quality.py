"""What a trace is too poor for, and what its coupling did to it."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from hil.scope.errors import TraceError
from hil.scope.find import Found, Noise
from hil.scope.measure import Phase, Pulse
from hil.scope.read import Floats, Samples, Trace

LEAST_SAMPLES: Final = 5
WANTED_SAMPLES: Final = 10
BY_CHANCE: Final = 1e-6
AT_EXTREME: Final = 0.9
NINE_IN_TEN_SD: Final = 1.2816
LOOKS: Final = 200
LOOK_SAMPLES: Final = 256
QUIET_SHARE: Final = 0.6
SAG_SAMPLES: Final = 8
SAG_PULSES: Final = 5
SAG_SURE: Final = 4.0
SAG_LEAST: Final = 0.002
SAG_ALIKE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Sag:
    """How fast levels decay, relative to themselves, a second; 0 where they do not."""

    per_s: float
    sd_per_s: float


def require_samples(trace: Trace, found: Found) -> None:
    """Refuse a trace whose phases have too few samples to tell how long they are.

    Raises
    ------
    TraceError
        Saying what rate would do.
    """
    if not found.pulses:
        message = "no whole pulse in the trace; record silence before and after"
        raise TraceError(message)
    first = np.array([runs[0].stop - runs[0].start for runs in found.pulses])
    samples = float(np.median(first))
    if samples >= LEAST_SAMPLES:
        return
    rate_hz = WANTED_SAMPLES / (samples * trace.dt_s)
    message = (
        f"a phase has about {samples:g} samples at {1 / trace.dt_s / 1e3:.4g} kS/s, too few for "
        f"its width; sample at {rate_hz / 1e3:.4g} kS/s or more"
    )
    raise TraceError(message)


def require_unclipped(trace: Trace, noise: Noise, pulses: list[Pulse]) -> None:
    """Refuse a trace that ends at the top or the bottom of the screen.

    The noise of the baseline tells how often samples of a level come out one step above most of
    them. Where there is next to no noise they never do, and nothing can be told.

    Raises
    ------
    TraceError
        Saying which end.
    """
    current = trace.current_mA
    stays = 1.0 - _above(trace, noise)
    for extreme, name in ((current.max(), "top"), (current.min(), "bottom")):
        count = sum(
            _at_extreme(current, phase, extreme) for pulse in pulses for phase in pulse.phases
        )
        if count >= 2 * LEAST_SAMPLES and stays**count < BY_CHANCE:
            message = (
                f"clipped at the {name} of the screen: {count} samples of plateaus are all "
                f"{float(extreme):.4g} mA; choose more volts a division"
            )
            raise TraceError(message)


def _above(trace: Trace, noise: Noise) -> float:
    """Return how often at least a sample is above a step that holds nine in ten samples.

    The noise is told by how many samples are on neither of the two commonest steps: a level that
    lies between two steps alternates with next to none.
    """
    if noise.quantum_mA <= 0.0:
        return 0.5
    current = trace.current_mA
    places = np.linspace(0, max(0, current.size - LOOK_SAMPLES), LOOKS).astype(int)
    others = []
    for place in places.tolist():
        counts = np.unique(current[place : place + LOOK_SAMPLES], return_counts=True)[1]
        others.append(1.0 - float(np.sort(counts)[-2:].sum()) / float(counts.sum()))
    share = float(np.mean(sorted(others)[: round(QUIET_SHARE * LOOKS)]))
    if not 0.0 < share < 0.5:
        return 0.0 if share <= 0.0 else 0.5
    per_step = 2.0 * NormalDist().inv_cdf(1.0 - share)
    return 1.0 - NormalDist().cdf(per_step - NINE_IN_TEN_SD)


def _at_extreme(current: Samples, phase: Phase, extreme: np.float32) -> int:
    inside = current[phase.inner[0] : phase.inner[1]]
    count = int(np.count_nonzero(inside == extreme))
    return count if count >= AT_EXTREME * inside.size and count >= LEAST_SAMPLES else 0


def sag_of(trace: Trace, noise: Noise, pulses: list[Pulse]) -> Sag:
    """Return how fast AC coupling lets a level go.

    A current source's plateau is flat; behind a capacitor every level decays at one rate, whatever
    its height. The rate is the median over the phases that are long enough. Where first and second
    phases do not decay alike it is the device's own doing, which is imbalance, and stays.
    """
    rates: list[float] = []
    places_in_pulse: list[int] = []
    for pulse in pulses:
        for number, phase in enumerate(pulse.phases):
            start, stop = phase.inner
            size = stop - start
            if size < SAG_SAMPLES or abs(phase.current_mA) < SAG_SAMPLES * noise.sd_mA:
                continue
            level = trace.current_mA[start:stop].astype(np.float64) - pulse.baseline_mA
            places = np.arange(size) - (size - 1) / 2
            slope = float(places @ level) / float(places @ places)
            rates.append(-slope / trace.dt_s / phase.current_mA)
            places_in_pulse.append(number)
    if len(rates) < SAG_PULSES:
        return Sag(0.0, 0.0)
    values = np.array(rates)
    rate, sd = _middle(values)
    is_first = np.array(places_in_pulse) == 0
    parts = [_middle(part) for part in (values[is_first], values[~is_first]) if part.size]
    apart = max(known for known, _ in parts) - min(known for known, _ in parts)
    if apart > SAG_ALIKE * rate + SAG_SURE * max(known for _, known in parts):
        return Sag(0.0, sd)
    longest_s = max(phase.duration_us for pulse in pulses for phase in pulse.phases) / 1e6
    if rate < SAG_SURE * sd or rate * longest_s < SAG_LEAST:
        return Sag(0.0, sd)
    return Sag(rate, sd)


def _middle(values: Floats) -> tuple[float, float]:
    """Return the median and how well it is known."""
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle)))
    return middle, 1.25 * spread / float(np.sqrt(values.size))
