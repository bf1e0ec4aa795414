"""One pulse after another: onset, phases, the gap between them, what remains of the charge.

Edges are where the current is half way between two levels, interpolated between samples. A phase
that meets the next without a pause shares an edge with it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hil.scope.find import Found, Noise, Run
from hil.scope.read import Floats, Trace

BEFORE_S: Final = 5e-3
"""So much before a pulse tells its baseline."""

BEFORE_SAMPLES: Final = 8
KEEP_OFF_S: Final = 50e-6
INNER_SHARE: Final = 0.15
STRONG_SD: Final = 12.0
"""Edges of stronger phases are read from the samples themselves, of weaker ones smoothed."""

PAUSE_SAMPLES: Final = 2
PAUSE_LEVEL: Final = 0.15
PASSING_LEVEL: Final = 0.5
PAUSE_SHARE: Final = 0.5
"""A pause dwells near zero; a current that turns slowly passes it, and is as long at each level."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a pulse: when it begins and ends, its mean current, and its samples inside."""

    start_s: float
    duration_us: float
    current_mA: float
    inner: tuple[int, int]

    @property
    def charge_uC(self) -> float:  # noqa: N802 - a unit's symbol
        """Its charge, signed."""
        return self.current_mA * self.duration_us / 1e3


@dataclass(frozen=True, slots=True)
class Pulse:
    """One pulse as it was measured.

    Attributes
    ----------
    onset_s, end_s : float
        On the oscilloscope's clock.
    phases : tuple of Phase
    net_charge_uC : float
        Over all its samples, whatever the edges.
    baseline_mA, baseline_sd_mA : float
        What was subtracted, and how well it is known.
    samples : int
        That the net charge was summed over.
    """

    onset_s: float
    end_s: float
    phases: tuple[Phase, ...]
    net_charge_uC: float
    baseline_mA: float
    baseline_sd_mA: float
    samples: int

    @property
    def amplitude_mA(self) -> float:  # noqa: N802 - a unit's symbol
        """The first phase's mean current, signed."""
        return self.phases[0].current_mA

    @property
    def gap_us(self) -> float:
        """Between the first two phases; 0 where there is none."""
        if len(self.phases) < 2:
            return 0.0
        first, second = self.phases[:2]
        return max(0.0, (second.start_s - first.start_s) * 1e6 - first.duration_us)


def measure(trace: Trace, noise: Noise, found: Found, sag_per_s: float = 0.0) -> list[Pulse]:
    """Return the pulses.

    Parameters
    ----------
    trace : Trace
    noise : Noise
    found : Found
    sag_per_s : float
        How fast AC coupling lets a level go; it is put back.
    """
    pulses = []
    for index, runs in enumerate(found.pulses):
        earlier = found.pulses[index - 1][-1].stop if index else 0
        later = (
            found.pulses[index + 1][0].start
            if index + 1 < len(found.pulses)
            else trace.current_mA.size
        )
        pulses.append(_pulse(trace, noise, runs, (earlier, later), sag_per_s))
    return pulses


def _pulse(
    trace: Trace, noise: Noise, runs: tuple[Run, ...], room: tuple[int, int], sag_per_s: float
) -> Pulse:
    current = trace.current_mA
    off = max(noise.width + 2, round(KEEP_OFF_S / trace.dt_s))
    reach = round(BEFORE_S / trace.dt_s)
    start, stop = runs[0].start, runs[-1].stop
    before = current[max(room[0] + off, start - off - reach, 0) : max(0, start - off)]
    if before.size < BEFORE_SAMPLES:
        before = current[stop + off : max(0, min(room[1] - off, stop + off + reach))]
    if before.size < BEFORE_SAMPLES:
        before = noise.baseline(start, start + 1).astype(np.float32)
    baseline = float(before.mean(dtype=np.float64))
    margin = noise.width + 3
    left, right = max(0, start - margin), min(current.size, stop + margin)
    level = current[left:right].astype(np.float64) - baseline
    if sag_per_s > 0.0:
        level += (np.cumsum(level) - level / 2) * (sag_per_s * trace.dt_s)
    weight = (
        np.full(level.size, trace.dt_s)
        if trace.times_s is None
        else np.gradient(trace.times_s[left:right])
    )
    shifted = [Run(run.start - left, run.stop - left, run.sign) for run in runs]
    phases = _phases(trace, noise, level, shifted, left)
    return Pulse(
        phases[0].start_s,
        phases[-1].start_s + phases[-1].duration_us / 1e6,
        phases,
        float(level @ weight) * 1e3,
        baseline,
        noise.sd_mA / float(np.sqrt(before.size)),
        level.size,
    )


def _phases(
    trace: Trace, noise: Noise, level: Floats, runs: list[Run], offset: int
) -> tuple[Phase, ...]:
    inner = [_inside(run, noise.width) for run in runs]
    levels = [float(level[first:last].mean()) for first, last in inner]
    weak = min(abs(value) for value in levels) < STRONG_SD * noise.sd_mA
    width = noise.width if weak else 1
    edges = np.convolve(level, np.full(width, 1.0 / width), mode="same") if width > 1 else level
    pause = PAUSE_SAMPLES + width // 2
    starts: list[float] = []
    ends: list[float] = []
    for index, value in enumerate(levels):
        first, last = inner[index]
        if index and _meet(edges, inner[index - 1][1], first, levels[index - 1], value, pause):
            starts.append(ends[-1])
        else:
            least = 0 if not index else inner[index - 1][1]
            starts.append(_crossing(edges, first, least, value / 2))
        after = index + 1 < len(levels)
        if after and _meet(edges, last, inner[index + 1][0], value, levels[index + 1], pause):
            between = (value + levels[index + 1]) / 2
            most = inner[index + 1][1] - 1
            ends.append(_crossing(edges, last - 1, most, between, value))
        else:
            most = inner[index + 1][0] if after else level.size - 1
            ends.append(_crossing(edges, last - 1, most, value / 2))
    found = []
    for (first, last), start, end, value in zip(inner, starts, ends, levels, strict=True):
        start_s = trace.time_s(offset + start)
        lasts_us = (trace.time_s(offset + end) - start_s) * 1e6
        found.append(Phase(start_s, lasts_us, value, (offset + first, offset + last)))
    return tuple(found)


def _inside(run: Run, width: int) -> tuple[int, int]:
    """Return the samples of a phase that no edge reaches, one at least."""
    size = run.stop - run.start
    off = min(max(width // 2 + 1, round(INNER_SHARE * size)), (size - 1) // 2)
    return run.start + off, run.stop - off


def _meet(level: Floats, stop: int, start: int, before: float, after: float, pause: int) -> bool:
    """Return whether one phase turns into the next without a pause."""
    if before * after >= 0.0:
        return False
    amount = np.abs(level[stop:start]) / min(abs(before), abs(after))
    quiet = int(np.count_nonzero(amount < PAUSE_LEVEL))
    passing = int(np.count_nonzero(amount < PASSING_LEVEL))
    return quiet < pause or quiet < PAUSE_SHARE * passing


def _crossing(
    level: Floats, start: int, limit: int, at: float, inside: float | None = None
) -> float:
    """Return where the current passes a level on the way out of a phase, in samples."""
    sign = 1.0 if (at if inside is None else inside - at) >= 0.0 else -1.0
    step = 1 if limit >= start else -1
    place = start
    while place != limit:
        here, there = sign * (level[place] - at), sign * (level[place + step] - at)
        if here >= 0.0 > there:
            return place + step * float(here / (here - there))
        place += step
    return float(limit)
