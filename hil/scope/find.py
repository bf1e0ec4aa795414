"""Where in a trace there are pulses: runs of samples that stand out of its own noise.

Baseline and noise are medians, so that pulses do not raise them. The trace is smoothed over 10 us
where it is sampled finer. It goes through in blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.scope.errors import TraceError
from hil.scope.read import Floats, Samples, Trace

SMOOTH_S: Final = 10e-6
BASELINE_S: Final = 0.01
BASELINE_SAMPLES: Final = 64
BLOCK: Final = 1_000_000
LOOKS: Final = 20
LOOK_SAMPLES: Final = 25_000
MAD_TO_SD: Final = 1.4826

HIGH_SD: Final = 7.0
HIGH_SHARE: Final = 0.02
LOW_SD: Final = 4.5
LOW_SHARE: Final = 0.01
"""A pulse exceeds so many standard deviations of the noise and so much of the highest pulse; what
belongs to it, the lower ones: they are exceeded by chance once in 150 000 samples."""

PULSES_APART_S: Final = 1e-3
"""What is closer together is one pulse: guards keep pulses 10 ms apart, phases are within 0.1."""

MERGE_S: Final = 20e-6
MOST_IN_PULSES: Final = 0.35
"""Where pulses fill more of a trace, its median need not be its baseline."""

Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Noise:
    """What a trace is like where nothing happens.

    Attributes
    ----------
    centres, levels_mA : array of float64
        The baseline, at places in samples.
    sd_mA, smooth_sd_mA : float
        Of one sample, and of the smoothed trace.
    quantum_mA : float
        The step of its values; 0 where they have none.
    width : int
        Samples that are smoothed over.
    """

    centres: Floats
    levels_mA: Floats
    sd_mA: float
    smooth_sd_mA: float
    quantum_mA: float
    width: int

    def baseline(self, start: int, stop: int) -> Floats:
        """Return the baseline from one sample to before another."""
        return np.interp(np.arange(start, stop), self.centres, self.levels_mA)


@dataclass(frozen=True, slots=True)
class Run:
    """Samples of one sign, from one to before another."""

    start: int
    stop: int
    sign: int


@dataclass(frozen=True, slots=True)
class Found:
    """Pulses as runs, whole ones only; ``cut`` are those that the trace's ends cut through."""

    pulses: list[tuple[Run, ...]]
    cut: int
    threshold_mA: float


def noise_of(trace: Trace) -> Noise:
    """Return baseline and noise."""
    current = trace.current_mA
    width = max(1, round(SMOOTH_S / trace.dt_s)) | 1  # odd: its middle is a sample
    block = max(BASELINE_SAMPLES, 4 * width, round(BASELINE_S / trace.dt_s))
    count = current.size // block
    if count < 3:
        centres = np.array([current.size / 2])
        levels = np.array([float(np.median(current))])
    else:
        whole = current[: count * block].reshape(count, block)
        levels = np.median(whole, axis=1).astype(np.float64)
        centres = (np.arange(count) + 0.5) * block
    plain = Noise(centres, levels, 0.0, 0.0, 0.0, width)
    raw: list[Floats] = []
    smooth: list[Floats] = []
    for start in _looks(current.size):
        stop = min(current.size, start + LOOK_SAMPLES)
        part = current[start:stop] - plain.baseline(start, stop)
        raw.append(part)
        smooth.append(_smoothed(part, width))
    quantum_mA = _quantum(current)
    least_mA = quantum_mA / float(np.sqrt(12.0))
    sd_mA = max(_sd(np.concatenate(raw), quantum_mA), least_mA)
    return Noise(
        centres,
        _between_steps(
            current,
            levels,
            current.size if count < 3 else block,
            max(4.0 * sd_mA, 1.5 * quantum_mA),
        ),
        sd_mA,
        max(_sd(np.concatenate(smooth), quantum_mA / width), least_mA / width**0.5),
        quantum_mA,
        width,
    )


def _between_steps(current: Samples, levels: Floats, block: int, bulk_mA: float) -> Floats:
    """Return the levels as means of what is near them.

    A median is one of the converter's steps, and may be half a one off what the samples alternate
    about; smoothed, they would stand out of it for long.
    """
    means = levels.copy()
    for index, level in enumerate(levels.tolist()):
        away = current[index * block : (index + 1) * block] - np.float32(level)
        near = away[np.abs(away) <= bulk_mA]
        if near.size:
            means[index] = level + float(near.mean(dtype=np.float64))
    return means


def _looks(size: int) -> list[int]:
    if size <= LOOKS * LOOK_SAMPLES:
        return list(range(0, size, LOOK_SAMPLES))
    return [round(place) for place in np.linspace(0, size - LOOK_SAMPLES, LOOKS)]


def _sd(values: Floats, step: float) -> float:
    """Return the standard deviation of the bulk; a median alone is blind below a step."""
    away = values - np.median(values)
    bulk = max(4.0 * MAD_TO_SD * float(np.median(np.abs(away))), 2.5 * step)
    return float(away[np.abs(away) <= bulk].std())


def _smoothed(values: Floats, width: int) -> Floats:
    if width == 1 or values.size < width:
        return values
    return np.convolve(values, np.full(width, 1.0 / width), mode="same")


def _quantum(current: Samples) -> float:
    """Return the step of the converter, if values keep to one.

    Levels of a converter recur; values with all their digits do not.
    """
    size = min(current.size, 200_000)
    sample = current[:: max(1, current.size // size)]
    levels = np.unique(sample)
    if levels.size < 2 or levels.size > sample.size / 4:
        return 0.0
    steps = np.diff(levels.astype(np.float64))
    # Levels that are a float's width apart are the same.
    span = float(levels[-1] - levels[0])
    steps = steps[steps > 1e-5 * span]
    return float(steps.min()) if steps.size else 0.0


def find_pulses(trace: Trace, noise: Noise) -> Found:
    """Return the pulses of a trace as runs of samples.

    Raises
    ------
    TraceError
        If there are none, or nothing else.
    """
    current = trace.current_mA
    highest = max([float(np.abs(part).max()) for _, part in _parts(current, noise)], default=0.0)
    high = max(HIGH_SD * noise.smooth_sd_mA, HIGH_SHARE * highest)
    low = min(max(LOW_SD * noise.smooth_sd_mA, LOW_SHARE * highest), high)
    if highest <= high or highest == 0.0:
        message = (
            "no pulse stands out of the noise; choose another column, fewer volts a division "
            "or a longer record"
        )
        raise TraceError(message)
    codes: Codes = np.zeros(current.size, dtype=np.int8)
    for start, part in _parts(current, noise):
        level = np.abs(part)
        code = (level > low).astype(np.int8) + (level > high).astype(np.int8)
        codes[start : start + part.size] = np.where(part < 0.0, -code, code)
    signs = np.sign(codes)
    share = float(np.count_nonzero(signs)) / current.size
    if share > MOST_IN_PULSES:
        message = (
            f"{share:.0%} of the trace are pulse, its baseline is not known; "
            f"record at least twice as much silence"
        )
        raise TraceError(message)
    return _grouped(trace, noise, codes, signs, high)


def _parts(current: Samples, noise: Noise) -> Iterator[tuple[int, Floats]]:
    """Yield blocks of the smoothed trace without its baseline, and where each begins."""
    margin = noise.width
    for start in range(0, current.size, BLOCK):
        stop = min(current.size, start + BLOCK)
        left, right = max(0, start - margin), min(current.size, stop + margin)
        part = current[left:right] - noise.baseline(left, right)
        yield start, _smoothed(part, noise.width)[start - left : stop - left]


def _grouped(trace: Trace, noise: Noise, codes: Codes, signs: Codes, high: float) -> Found:
    places = np.flatnonzero(np.diff(signs)) + 1
    starts = np.concatenate(([0], places))
    stops = np.concatenate((places, [signs.size]))
    kept = signs[starts] != 0
    starts, stops = starts[kept], stops[kept]
    merge = max(noise.width, round(MERGE_S / trace.dt_s))
    apart = round(PULSES_APART_S / trace.dt_s)
    groups: list[list[Run]] = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        run = Run(start, stop, int(signs[start]))
        if not groups or start - groups[-1][-1].stop > apart:
            groups.append([run])
            continue
        last = groups[-1][-1]
        if last.sign == run.sign and start - last.stop <= merge:
            groups[-1][-1] = Run(last.start, stop, run.sign)
        else:
            groups[-1].append(run)
    pulses: list[tuple[Run, ...]] = []
    cut = 0
    edge = 2 * noise.width
    for group in groups:
        strong = [bool((np.abs(codes[run.start : run.stop]) > 1).any()) for run in group]
        if not any(strong):
            continue
        long = 2 * noise.width + 1
        runs = [
            run
            for run, is_strong in zip(group, strong, strict=True)
            if is_strong or run.stop - run.start >= long
        ]
        if runs[0].start <= edge or runs[-1].stop >= signs.size - edge:
            cut += 1
        else:
            pulses.append(tuple(runs))
    return Found(pulses, cut, high)
