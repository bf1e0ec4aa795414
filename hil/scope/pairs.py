"""Pulses beside what was commanded of them: widths, currents, charge that remains."""

from collections.abc import Callable
from dataclasses import dataclass
from math import hypot

import numpy as np

from hil.scope.align import Placed
from hil.scope.asked import Asked
from hil.scope.bounds import Bound, Bounds
from hil.scope.figures import Figure, counted, figure
from hil.scope.measure import Pulse
from hil.scope.measurement import Measurement

PHASES = ("first", "second")


@dataclass(frozen=True, slots=True)
class Pair:
    """One commanded pulse and the one that came; its currents with the common scale taken out.

    ``whole`` is false where the second phase is too shallow to be seen in the trace.
    """

    at_s: float
    asked_mA: float
    phases_us: tuple[int, int]
    pulse: Pulse
    gain: float
    whole: bool

    @property
    def got_mA(self) -> float:  # noqa: N802 - a unit's symbol
        """The first phase's current."""
        return self.pulse.amplitude_mA / self.gain

    @property
    def net_uC(self) -> float:  # noqa: N802 - a unit's symbol
        """What remains of its charge."""
        return self.pulse.net_charge_uC / self.gain


def pairs_of(seen: Measurement, asked: Asked, placed: Placed) -> list[Pair]:
    """Return the pulses that came as commanded, in order."""
    found = []
    for index, number in zip(placed.asked.tolist(), placed.got.tolist(), strict=True):
        wanted = asked.pulses[index]
        asked_mA = wanted.current_ua / 1e3
        second_mA = asked_mA * placed.gain * min(1.0, wanted.second_share)
        whole = abs(second_mA) >= seen.found.threshold_mA
        found.append(
            Pair(
                wanted.at_us / 1e6,
                asked_mA,
                wanted.phases_us,
                seen.pulses[number],
                placed.gain,
                whole,
            )
        )
    return found


def phase_figures(pairs: list[Pair], bounds: Bounds) -> list[Figure]:
    """Return what is to be said of phases: how many, how long, how high, how balanced."""
    whole = [pair for pair in pairs if pair.whole]
    other = [pair for pair in whole if len(pair.pulse.phases) != 2]
    named = [f"{pair.at_s:.4f} s: {len(pair.pulse.phases)}" for pair in other]
    found = [counted("pulses not of two phases", len(other), named)]
    found += _widths(pairs, 0, bounds)
    two = [pair for pair in whole if len(pair.pulse.phases) >= 2]
    if two:
        found += _widths(two, 1, bounds)
    found.append(_worst_current(pairs, bounds))
    if whole:
        found += _net(whole, bounds)
    return found


def _widths(pairs: list[Pair], number: int, bounds: Bounds) -> list[Figure]:
    off_us = [pair.pulse.phases[number].duration_us - pair.phases_us[number] for pair in pairs]
    levels_mA = [abs(pair.pulse.phases[number].current_mA) for pair in pairs]
    asked_us = float(np.mean([pair.phases_us[number] for pair in pairs]))
    mean = bounds.width_mean(float(np.median(levels_mA)), len(pairs))
    name = f"width of the {PHASES[number]} phase"
    worst, bound = _worst(off_us, lambda index: bounds.width_worst(levels_mA[index]))
    pair = pairs[worst]
    return [
        figure(
            f"{name}, mean",
            "us",
            asked_us,
            asked_us + float(np.mean(off_us)),
            mean.allowed,
            mean.origin,
        ),
        figure(
            f"{name}, worst pulse",
            "us",
            pair.phases_us[number],
            pair.phases_us[number] + off_us[worst],
            bound.allowed,
            bound.origin,
            f"at {pair.at_s:.4f} s",
        ),
    ]


def _worst(off: list[float], bound: Callable[[int], Bound]) -> tuple[int, Bound]:
    """Return the one that comes closest to its bound or is furthest beyond it."""
    bounds = [bound(index) for index in range(len(off))]
    shares = [abs(value) / known.allowed for value, known in zip(off, bounds, strict=True)]
    worst = max(range(len(off)), key=shares.__getitem__)
    return worst, bounds[worst]


def _worst_current(pairs: list[Pair], bounds: Bounds) -> Figure:
    off_mA = [pair.got_mA - pair.asked_mA for pair in pairs]

    def bound(index: int) -> Bound:
        phase = pairs[index].pulse.phases[0]
        samples = max(1, phase.inner[1] - phase.inner[0])
        return bounds.current(samples, pairs[index].pulse.baseline_sd_mA)

    worst, known = _worst(off_mA, bound)
    pair = pairs[worst]
    return figure(
        "current, worst pulse",
        "mA",
        pair.asked_mA,
        pair.got_mA,
        known.allowed,
        known.origin,
        f"at {pair.at_s:.4f} s",
    )


def _net(pairs: list[Pair], bounds: Bounds) -> list[Figure]:
    net_uC = [pair.net_uC for pair in pairs]
    middle_mA = float(np.mean([abs(pair.asked_mA) for pair in pairs]))
    sd_uC = [_net_sd_uC(pair, bounds) for pair in pairs]
    middle = pairs[len(pairs) // 2]
    mean = bounds.net_mean(
        middle_mA, middle.phases_us, float(np.sqrt(np.mean(np.square(sd_uC)))), len(pairs)
    )
    worst, bound = _worst(
        net_uC,
        lambda index: bounds.net_worst(
            abs(pairs[index].asked_mA), pairs[index].phases_us, sd_uC[index]
        ),
    )
    return [
        figure("net charge, mean", "uC", 0.0, float(np.mean(net_uC)), mean.allowed, mean.origin),
        figure(
            "net charge, worst pulse",
            "uC",
            0.0,
            net_uC[worst],
            bound.allowed,
            bound.origin,
            f"at {pairs[worst].at_s:.4f} s",
        ),
    ]


def _net_sd_uC(pair: Pair, bounds: Bounds) -> float:  # noqa: N802 - a unit's symbol
    """Return what noise and a baseline that is not quite known leave on one pulse."""
    pulse = pair.pulse
    each_uC = bounds.dt_us / 1e3
    noise_uC = bounds.seen.noise.sd_mA * each_uC * pulse.samples**0.5
    return hypot(noise_uC, pulse.baseline_sd_mA * each_uC * pulse.samples)
