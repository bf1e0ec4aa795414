"""The equations of one swing once more, without the kernel's rows and steps: a reference for it."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any


class Fine:
    """One swing of the moderate patient by its equations, without the kernel's rows and steps.

    Parameters
    ----------
    leg : PatientLeg
        At toe-off: the start of the swing.
    pulses : list of (int, float)
        When each pulse reaches the muscle, microseconds, and its share.
    """

    def __init__(self, leg: Any, pulses: list[tuple[int, float]], step_s: float) -> None:
        import numpy as np

        from hil.patient import gait_table as table
        from hil.patient.foot import ADULT_KG_M

        locomotion, config = leg._locomotion, leg.config
        foot, cycle, muscles = locomotion.foot, locomotion.cycle, locomotion.muscles
        self.foot = foot
        self.gain = muscles._gain
        self.period_s = cycle.period_ms / 1000.0
        self.start_us = leg.now_ms * 1000
        self.offset_s = (leg.now_ms - cycle.start_ms) / 1000.0
        self.length_s = self.period_s - self.offset_s
        share = config.gait.stance_percent / 100.0
        self.step_s = step_s
        count = round(self.length_s / step_s) * 2 + 1
        time_s = self.offset_s + np.arange(count) * step_s / 2.0
        scale, stride_s = cycle.scale, locomotion._patient.stride_s
        style = table.GaitStyle(share, config.gait.amplitude, scale, 0.0, stride_s)
        motion = table._Motion(style, time_s / self.period_s)
        shank, shank_rate, ax, ay, calf, shin = table._common(style, motion)
        s = (time_s / self.period_s - share) / (1.0 - share)
        span_s = (1.0 - share) * self.period_s
        hike, loss = cycle.hike_m, cycle.knee_loss_rad
        course = 45.5625 * s**2 * (1.0 - s) ** 4
        slope = 45.5625 * (2 * s * (1 - s) ** 4 - 4 * s**2 * (1 - s) ** 3)
        shank_m = table.SHANK_FRACTION * table.REFERENCE_HEIGHT_M * scale
        second = _second(shank_m * np.cos(shank) * course, step_s / 2.0)
        second_up = _second(shank_m * np.sin(shank) * course, step_s / 2.0)
        lift = 2.0 * (math.pi / span_s) ** 2 * np.cos(2.0 * math.pi * s)
        self.shank = (shank + loss * course).tolist()
        self.shank_rate = (shank_rate / self.period_s + loss * slope / span_s).tolist()
        self.ax = (ax / self.period_s**2 + loss * second).tolist()
        self.ay = (ay / self.period_s**2 + hike * lift + loss * second_up).tolist()
        self.calf = (calf * np.exp(1.0084 * loss * course)).tolist()
        self.shin = shin.tolist()
        muscle = muscles.dorsiflexors
        self.muscle = muscle
        self.jumps = pulses
        self.reflex = config.reflex
        self.reflex_gain = muscles.reflex._gain
        self.size = locomotion._mass_kg * scale * table.REFERENCE_HEIGHT_M / ADULT_KG_M
        at, rates = muscles.reflex._at, muscles.reflex._rates
        self.before = [rates[(at + k) % len(rates)] for k in range(len(rates))]
        voluntary = config.voluntary
        self.drive = voluntary.drive
        self.rise_s = voluntary.rise_ms / 1000.0
        self.begin = (
            foot.pitch,
            foot.rate,
            muscle._calcium,
            muscle.force_N,
            muscle._a,
            muscle._km,
            muscle._tau1,
            muscles.reflex.moment_Nm,
            muscles.voluntary._level,
        )
        self.sum = muscle._sum
        self.last_us = muscle._last_pulse_us

    def derivative(self, k: int, y: tuple[float, ...], total: float, stretch: float) -> Any:
        """Return dy/dt at half step ``k`` for a calcium sum and a delayed ankle rate."""
        pitch, rate, calcium, force, a, km, tau1, reflex, own = y
        foot, muscle = self.foot, self.muscle
        angle = pitch - self.shank[k]
        omega = rate - self.shank_rate[k]
        x = calcium / (km * (1.0 + muscle._km_per_rad * angle) + calcium)
        slow = muscle._slow / 0.001
        moment = self.gain * (force * (1.0 - own) + own * 315.0)
        passive = foot.passive(angle, self.calf[k], self.shin[k])
        weight = foot._mass * foot._com
        weight *= (9.81 + self.ay[k]) * math.cos(pitch) - self.ax[k] * math.sin(pitch)
        push = moment * foot.gain(angle, omega) - passive - reflex - weight - foot._damping * omega
        config = self.reflex
        beyond = max(0.0, stretch - config.threshold_deg_per_s / 57.29577951308232)
        wanted = self.reflex_gain * beyond
        wanted *= max(0.0, 1.0 + config.per_deg * 57.29577951308232 * angle)
        return (
            rate,
            push / foot._inertia,
            (total - calcium) / muscle._tau_c,
            a * muscle._drive * x - force / (tau1 + muscle._tau2 * x),
            muscle._alpha_a * 1000.0 * force - (a - muscle._a_rest) * slow,
            muscle._alpha_km * 1000.0 * force - (km - muscle._km_rest) * slow,
            muscle._alpha_tau1 * 1000.0 * force - (tau1 - muscle._tau1_rest) * slow,
            (wanted - reflex) / (config.rise_ms / 1000.0),
            (self.drive - own) / self.rise_s,
        )

    def run(self) -> list[tuple[float, float]]:
        """Return pitch and rate at every millisecond, by Runge-Kutta of fourth order."""
        h = self.step_s
        y = self.begin
        total, last_us = self.sum, self.last_us
        tau_c = self.muscle._tau_c
        decay, half = math.exp(-h / tau_c), math.exp(-0.5 * h / tau_c)
        jumps = list(self.jumps)
        history = [y[1] - self.shank_rate[0]]
        found = []
        per_ms = round(0.001 / h)
        delay_ms = round(self.reflex.delay_ms)
        steps = round(self.length_s / h)
        for n in range(steps):
            if n % per_ms == 0:
                found.append((y[0], y[1]))
            now_us = self.start_us + n * h * 1e6
            while jumps and jumps[0][0] <= now_us + h * 5e5:
                due_us, share = jumps.pop(0)
                r0 = y[5] + 1.04
                total += share * (1.0 + (r0 - 1.0) * math.exp(-(due_us - last_us) * 1e-6 / tau_c))
                last_us = due_us
            back = n - delay_ms * per_ms
            stretch = history[back] if back >= 0 else self.before[math.floor(back / per_ms)]
            k = 2 * n
            a = self.derivative(k, y, total, stretch)
            b = self.derivative(k + 1, _plus(y, a, h / 2), total * half, stretch)
            c = self.derivative(k + 1, _plus(y, b, h / 2), total * half, stretch)
            d = self.derivative(k + 2, _plus(y, c, h), total * decay, stretch)
            y = tuple(
                v + h / 6 * (p + 2 * q + 2 * r + s)
                for v, p, q, r, s in zip(y, a, b, c, d, strict=True)
            )
            total *= decay
            history.append(y[1] - self.shank_rate[k + 2])
        return found

    def by_scipy(self, solve_ivp: Callable[..., Any]) -> float:
        """Integrate the same swing by RK45, restarted at every pulse; return the last pitch."""
        y: Any = self.begin
        total, last_us = self.sum, self.last_us
        tau_c = self.muscle._tau_c
        marks = [0.0, *[(due - self.start_us) * 1e-6 for due, _ in self.jumps], self.length_s]
        shares = [0.0, *[share for _, share in self.jumps]]
        last = len(self.shank) - 1
        for n, (from_s, to_s) in enumerate(pairwise(marks)):
            if shares[n]:
                due_us = round(self.start_us + from_s * 1e6)
                r0 = y[5] + 1.04
                total += shares[n] * (1 + (r0 - 1) * math.exp(-(due_us - last_us) * 1e-6 / tau_c))
                last_us = due_us

            def slope(t: float, v: Any, base: float = total, since: float = from_s) -> Any:
                k = min(last, round(2.0 * t / self.step_s))
                return self.derivative(k, tuple(v), base * math.exp(-(t - since) / tau_c), 0.0)

            if to_s > from_s:
                done = solve_ivp(slope, (from_s, to_s), y, max_step=0.005, rtol=1e-6)
                y = done.y[:, -1]
                total *= math.exp(-(to_s - from_s) / tau_c)
        return float(y[0])


def _second(values: Any, step_s: float) -> Any:
    import numpy as np

    return np.gradient(np.gradient(values, step_s), step_s)


def _plus(y: tuple[float, ...], slope: tuple[float, ...], h: float) -> tuple[float, ...]:
    return tuple(v + h * s for v, s in zip(y, slope, strict=True))
