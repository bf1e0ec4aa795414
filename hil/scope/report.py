"""What is told of a trace: one object of plain values, and a table of its pulses."""

from typing import Any, Final

import numpy as np

from hil.scope.asked import Asked
from hil.scope.check import Checked
from hil.scope.measure import Pulse
from hil.scope.measurement import BURST_GAP_S, Measurement

COLUMNS: Final = (
    "pulse",
    "onset_s",
    "phases",
    "first_us",
    "first_mA",
    "first_uC",
    "gap_us",
    "second_us",
    "second_mA",
    "second_uC",
    "net_uC",
)


def summary(seen: Measurement) -> dict[str, Any]:
    """Return what a trace shows."""
    trace, noise = seen.trace, seen.noise
    sag_per_s = seen.sag.per_s
    first = [pulse.phases[0] for pulse in seen.pulses]
    second = [pulse.phases[1] for pulse in seen.pulses if len(pulse.phases) > 1]
    return {
        "trace": {
            "column": trace.column,
            "unit": trace.unit,
            "samples": int(trace.current_mA.size),
            "sampling_hz": round(1.0 / trace.dt_s, 3),
            "span_s": round(trace.span_s, 6),
            "noise_mA": round(noise.sd_mA, 4),
            "step_mA": round(noise.quantum_mA, 4) or None,
            "coupling_ms": round(1e3 / sag_per_s, 2) if sag_per_s > 0.0 else None,
            "cut": seen.cut,
            "spikes": seen.spikes,
        },
        "pulses": {
            "n": len(seen.pulses),
            "rate_hz": _rate_hz(seen),
            "current_mA": _spread([phase.current_mA for phase in first]),
            "first_us": _spread([phase.duration_us for phase in first]),
            "second_us": _spread([phase.duration_us for phase in second]),
            "second_mA": _spread([phase.current_mA for phase in second]),
            "gap_us": _spread([pulse.gap_us for pulse in seen.pulses if len(pulse.phases) > 1]),
            "charge_per_phase_uC": _spread([abs(phase.charge_uC) for phase in first]),
            "net_uC": _spread([pulse.net_charge_uC for pulse in seen.pulses]),
        },
        "bursts": [
            {
                "onset_s": round(seen.pulses[burst.first].onset_s, 6),
                "pulses": burst.stop - burst.first,
                "on_s": round(burst.on_s, 6),
                "off_before_s": _rounded(burst.off_before_s),
            }
            for burst in seen.bursts
        ],
    }


def comparison(checked: Checked, asked: Asked) -> dict[str, Any]:
    """Return how a trace compares with its run."""
    placed = checked.placed
    return {
        "channel": asked.channel,
        "device": asked.device.device,
        "mode": asked.device.mode,
        "offset_s": round(placed.offset_s, 6),
        "drift_ppm": round(placed.drift_ppm, 2),
        "drift_sd_ppm": _rounded(placed.drift_sd_ppm),
        "margin_pulses": round(placed.margin, 2),
        "commanded": int(placed.in_view.size),
        "compared": int(placed.asked.size),
        "not_seen": checked.not_seen,
        "half_seen": checked.half_seen,
        "missing_s": [round(at_s, 6) for at_s in checked.missing_s],
        "extra_s": [round(at_s, 6) for at_s in checked.extra_s],
        "figures": [known.as_dict() for known in checked.figures],
    }


def table(seen: Measurement) -> list[list[str]]:
    """Return one row a pulse, in the order of ``COLUMNS``; cells of what is not there are empty."""
    return [_row(number, pulse) for number, pulse in enumerate(seen.pulses, 1)]


def _row(number: int, pulse: Pulse) -> list[str]:
    first = pulse.phases[0]
    row = [
        str(number),
        f"{pulse.onset_s:.7f}",
        str(len(pulse.phases)),
        f"{first.duration_us:.2f}",
        f"{first.current_mA:.3f}",
        f"{first.charge_uC:.4f}",
    ]
    if len(pulse.phases) > 1:
        second = pulse.phases[1]
        row += [
            f"{pulse.gap_us:.2f}",
            f"{second.duration_us:.2f}",
            f"{second.current_mA:.3f}",
            f"{second.charge_uC:.4f}",
        ]
    else:
        row += [""] * 4
    return [*row, f"{pulse.net_charge_uC:.4f}"]


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(value, 6)


def _spread(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {
        "min": round(min(values), 4),
        "median": round(float(np.median(values)), 4),
        "max": round(max(values), 4),
    }


def _rate_hz(seen: Measurement) -> float | None:
    onsets = np.array([pulse.onset_s for pulse in seen.pulses])
    steps = np.diff(onsets)
    steps = steps[steps <= BURST_GAP_S]
    return round(1.0 / float(np.median(steps)), 4) if steps.size else None
