"""What may differ: the device's steps, the trace's own resolution, and what is told of both."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from fes_ctrl.model import Capabilities
from hil.scope.measurement import Measurement

JITTER_US: Final = 2_000
"""What cable, device and host may shift one pulse against the next; the witness allows as much."""

WORST_SD: Final = 4.5
"""Of noise, for the worst of some thousand pulses."""

MEAN_SD: Final = 3.0
WIDTH_SD: Final = 1.0 / math.sqrt(6.0)
"""Of a duration between two edges, each anywhere within a sample, in samples."""

NET_SD: Final = math.sqrt(6.0 / 12.0)
"""Of the net charge: the middle edge turns the current over and counts twice."""

NET_WORST: Final = 2.0
DITHERED: Final = 1.5
"""Onsets that scatter by so many samples meet them at any phase; an edge that always lies on the
same one scatters by a part of it at most."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How far a figure may be off, and why."""

    allowed: float
    origin: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of one trace of one device, for pulses that have this current and width."""

    device: Capabilities
    seen: Measurement
    gain_percent: float
    dithered: bool
    crowd_us: int = 0

    @property
    def dt_us(self) -> float:
        """One sample."""
        return self.seen.trace.dt_s * 1e6

    @property
    def rounding_mA(self) -> float:  # noqa: N802 - a unit's symbol
        """What a mean keeps of the converter's rounding; noise averages it away."""
        noise = self.seen.noise
        if noise.quantum_mA <= 0.0:
            return 0.0
        squared = max(0.0, (noise.sd_mA / noise.quantum_mA) ** 2 - 1.0 / 12.0)
        return noise.quantum_mA * min(0.5, math.exp(-2.0 * math.pi**2 * squared) / 2.0)

    def _edges_us(self, current_mA: float) -> float:
        """Return what noise shifts an edge."""
        noise = self.seen.noise
        weak = current_mA < 12.0 * noise.sd_mA
        sd = noise.smooth_sd_mA if weak else noise.sd_mA
        return sd / current_mA * self.dt_us * (noise.width if weak else 1)

    def width_worst(self, current_mA: float) -> Bound:
        """Bound one phase's duration, us."""
        noise_us = WORST_SD * self._edges_us(current_mA)
        step_us = self.device.width_step_us
        trace_us = self.dt_us + noise_us
        return Bound(step_us + trace_us, f"device's step {step_us} us, trace {trace_us:.3g} us")

    def width_mean(self, current_mA: float, count: int) -> Bound:
        """Bound the mean duration of many phases, us."""
        step_us = self.device.width_step_us
        edge_us = MEAN_SD * WIDTH_SD * self.dt_us / math.sqrt(count)
        trace_us = min(self.dt_us, edge_us) if self.dithered else self.dt_us
        trace_us += MEAN_SD * self._edges_us(current_mA) / math.sqrt(count)
        return Bound(step_us + trace_us, f"device's step {step_us} us, trace {trace_us:.3g} us")

    def current(self, samples: int, baseline_sd_mA: float) -> Bound:
        """Bound one pulse's current, mA, once the scale is taken out."""
        step_mA = self.device.current_step_ua / 2e3
        sd = math.hypot(self.seen.noise.sd_mA / math.sqrt(samples), baseline_sd_mA)
        trace_mA = WORST_SD * sd + self.rounding_mA
        return Bound(
            step_mA + trace_mA, f"half the device's step {step_mA:g} mA, trace {trace_mA:.3g} mA"
        )

    def scale(self, current_mA: float) -> Bound:
        """Bound the scale of all currents, per cent."""
        step = self.device.current_step_ua / 2e3 / current_mA * 100.0
        trace = self.rounding_mA / current_mA * 100.0
        return Bound(
            self.gain_percent + step + trace,
            f"scope, probe and load {self.gain_percent:g} % (--gain-percent), half the device's "
            f"step {step:.2g} %, trace {trace:.2g} %",
        )

    def _net_device_uC(self, current_mA: float, width_us: float) -> float:  # noqa: N802 - a unit's symbol
        step_uC = self.device.width_step_us * current_mA / 1e3
        return step_uC + self.device.current_step_ua / 2e6 * width_us

    def net_worst(self, current_mA: float, phases_us: tuple[int, int], net_sd_uC: float) -> Bound:
        """Bound what remains of one pulse's charge, uC."""
        device_uC = self._net_device_uC(current_mA, phases_us[0])
        trace_uC = NET_WORST * current_mA * self.dt_us / 1e3 + WORST_SD * net_sd_uC
        trace_uC += self._kept_uC(current_mA, phases_us)
        return _net(device_uC, trace_uC)

    def net_mean(
        self, current_mA: float, phases_us: tuple[int, int], net_sd_uC: float, count: int
    ) -> Bound:
        """Bound what remains of the charge on the average, uC."""
        device_uC = self._net_device_uC(current_mA, phases_us[0])
        edges_uC = NET_WORST * current_mA * self.dt_us / 1e3
        if self.dithered:
            many_uC = MEAN_SD * NET_SD * current_mA * self.dt_us / 1e3 / math.sqrt(count)
            edges_uC = min(edges_uC, many_uC)
        trace_uC = edges_uC + MEAN_SD * net_sd_uC / math.sqrt(count)
        return _net(device_uC, trace_uC + self._kept_uC(current_mA, phases_us))

    def _kept_uC(self, current_mA: float, phases_us: tuple[int, int]) -> float:  # noqa: N802 - a unit's symbol
        """Return what rounding and the coupling's correction leave on every pulse alike."""
        lasts_us = sum(phases_us)
        sag = MEAN_SD * self.seen.sag.sd_per_s if self.seen.sag.per_s > 0.0 else 0.0
        return (
            2.0 * self.rounding_mA * lasts_us / 1e3
            + sag * current_mA * phases_us[0] * lasts_us / 1e9
        )

    @property
    def jitter_s(self) -> float:
        """What one pulse may shift against another."""
        device_us = self.device.spread_us + self.device.time_grid_us
        return (JITTER_US + device_us + self.crowd_us) / 1e6

    def interval(self) -> Bound:
        """Bound one interval, ms."""
        spread_ms = self.device.spread_us / 1e3
        crowd = f", other channels' frames {self.crowd_us / 1e3:g} ms" if self.crowd_us else ""
        return Bound(
            (self.jitter_s + self.seen.trace.dt_s) * 1e3,
            f"cable and host {JITTER_US / 1e3:g} ms, device's spread {spread_ms:g} ms and grid "
            f"{self.device.time_grid_us / 1e3:g} ms, trace {self.dt_us / 1e3:.2g} ms{crowd}",
        )


def _net(device_uC: float, trace_uC: float) -> Bound:
    return Bound(
        device_uC + trace_uC,
        f"device's steps of width and current {device_uC:.2g} uC, trace {trace_uC:.2g} uC",
    )


def dithered(seen: Measurement) -> bool:
    """Return whether pulses meet the samples at many phases, so that means are finer than one."""
    steps = [
        after.onset_s - before.onset_s
        for burst in seen.bursts
        for before, after in zip(
            seen.pulses[burst.first : burst.stop],
            seen.pulses[burst.first + 1 : burst.stop],
            strict=False,
        )
    ]
    return len(steps) > 2 and float(np.std(steps)) > DITHERED * seen.trace.dt_s
