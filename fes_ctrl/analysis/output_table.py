"""The output table that regulators ask for, integrated from pulses that were emitted into a load.

Nothing here knows what was asked for: a pulse is durations and delivered currents, and every
figure follows from them, the load and the electrode's area.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from fes_ctrl.units import MicroAmp, Us

BURST_GAP_US: Final = 100_000
SECOND_US: Final = 1_000_000
BALANCED_SHARE: Final = 0.01


class EmittedPulse(NamedTuple):
    """One pulse: durations in us and delivered currents in uA, in order."""

    t_us: Us
    points: tuple[tuple[Us, MicroAmp], ...]


class Phase(NamedTuple):
    """Current of one sign: how long, how much charge (signed), and the highest current."""

    duration_us: Us
    charge_pc: int
    peak_ua: MicroAmp


@dataclass(frozen=True, slots=True)
class OutputFigures:
    """What one channel emitted into one load; ``None`` where too few pulses tell it.

    Attributes
    ----------
    pulses : int
        How many with current.
    waveform, shape : str
        ``monophasic``, ``biphasic`` or ``multiphasic``; ``symmetric`` or ``asymmetric``.
    peak_mA, voltage_V : float
        The highest.
    phase_us : tuple of int
        Duration of each phase of the strongest pulse; its first is the pulse width.
    gap_us : tuple of int
        Pause before each phase of that pulse but its first.
    rate_hz : float or None
        From the median interval within bursts.
    charge_per_phase_uC, net_charge_uC, pulse_energy_mJ : float
        The largest of any pulse; the net charge without sign.
    rms_mA, density_mA_per_cm2, power_density_mW_per_cm2 : float
        Over any one second, the exact integral.
    shannon_k : float or None
        Reported, not a limit: the data behind it are cortex, not skin.
    pulses_per_burst, bursts_per_s, on_s, off_s, duty_percent : float or None
        Medians of whole bursts; a burst lasts to the end of its last pulse's period.
    """

    pulses: int
    waveform: str
    shape: str
    peak_mA: float
    voltage_V: float
    phase_us: tuple[int, ...]
    gap_us: tuple[int, ...]
    rate_hz: float | None
    charge_per_phase_uC: float
    net_charge_uC: float
    pulse_energy_mJ: float
    rms_mA: float
    density_mA_per_cm2: float
    power_density_mW_per_cm2: float
    shannon_k: float | None
    pulses_per_burst: float | None
    bursts_per_s: float | None
    on_s: float | None
    off_s: float | None
    duty_percent: float | None


def output_figures(
    pulses: Sequence[EmittedPulse], load_ohm: float, area_cm2: float
) -> OutputFigures:
    """Return the figures of one channel.

    Parameters
    ----------
    pulses : sequence of EmittedPulse
        In order of time.
    load_ohm : float
        What they were delivered into.
    area_cm2 : float
        Of the smaller electrode.
    """
    given = [pulse for pulse in pulses if any(current for _, current in pulse.points)]
    parts = [phases(pulse) for pulse in given]
    strongest = max(parts, key=_charge, default=())
    model = given[parts.index(strongest)] if given else EmittedPulse(0, ())
    peak_a = max([phase.peak_ua for part in parts for phase in part], default=0) / 1e6
    charge_uC = max([abs(phase.charge_pc) for part in parts for phase in part], default=0) / 1e6
    rms_a = math.sqrt(largest_square(given, SECOND_US) / SECOND_US) / 1e6
    names = {0: "none", 1: "monophasic", 2: "biphasic"}
    return OutputFigures(
        pulses=len(given),
        waveform=names.get(len(strongest), "multiphasic"),
        shape="symmetric" if _symmetric(strongest) else "asymmetric",
        peak_mA=peak_a * 1e3,
        voltage_V=peak_a * load_ohm,
        phase_us=tuple(phase.duration_us for phase in strongest),
        gap_us=gaps(model),
        rate_hz=_rate_hz(given),
        charge_per_phase_uC=charge_uC,
        net_charge_uC=max([abs(sum(p.charge_pc for p in part)) for part in parts], default=0) / 1e6,
        pulse_energy_mJ=max([square_of(pulse) for pulse in given], default=0) * load_ohm / 1e15,
        rms_mA=rms_a * 1e3,
        density_mA_per_cm2=rms_a * 1e3 / area_cm2,
        power_density_mW_per_cm2=rms_a * rms_a * load_ohm * 1e3 / area_cm2,
        shannon_k=math.log10(charge_uC * charge_uC / area_cm2) if charge_uC else None,
        **_bursts(given),
    )


def phases(pulse: EmittedPulse) -> tuple[Phase, ...]:
    """Return a pulse's phases: a phase lasts until the current turns, whatever it is made of."""
    found: list[Phase] = []
    for duration_us, current_ua in pulse.points:
        charge_pc = duration_us * current_ua
        if charge_pc == 0:
            continue
        if found and found[-1].charge_pc * charge_pc > 0:
            last = found.pop()
            found.append(
                Phase(
                    last.duration_us + duration_us,
                    last.charge_pc + charge_pc,
                    max(last.peak_ua, abs(current_ua)),
                )
            )
        else:
            found.append(Phase(duration_us, charge_pc, abs(current_ua)))
    return tuple(found)


def gaps(pulse: EmittedPulse) -> tuple[Us, ...]:
    """Return the pause before each phase of a pulse but its first; one within a phase is none."""
    found: list[Us] = []
    sign = pause_us = 0
    for duration_us, current_ua in pulse.points:
        if current_ua == 0:
            pause_us += duration_us
            continue
        if sign * current_ua < 0:
            found.append(pause_us)
        sign, pause_us = current_ua, 0
    return tuple(found)


def square_of(pulse: EmittedPulse) -> int:
    """Return the square of the current integrated over a pulse, uA2 us."""
    return sum(duration_us * current_ua * current_ua for duration_us, current_ua in pulse.points)


def largest_square(pulses: Sequence[EmittedPulse], window_us: Us) -> float:
    """Return the largest integral of the squared current over any window, uA2 us.

    Parameters
    ----------
    pulses : sequence of EmittedPulse
        In order of time.
    window_us : int
        Length of the window, wherever it begins.
    """
    if not pulses:
        return 0.0
    instants: list[float] = []
    sums: list[float] = []
    total = 0.0
    for pulse in pulses:
        at_us = float(pulse.t_us)
        instants.append(at_us)
        sums.append(total)
        for duration_us, current_ua in pulse.points:
            at_us += duration_us
            total += float(current_ua) * current_ua * duration_us
            instants.append(at_us)
            sums.append(total)
    # The integral until an instant is linear between these, so a largest window begins or ends
    # at one of them.
    knots = np.asarray(instants)
    until = np.asarray(sums)
    begins = np.interp(knots + window_us, knots, until) - until
    ends = until - np.interp(knots - window_us, knots, until)
    return float(max(begins.max(), ends.max()))


def _charge(part: tuple[Phase, ...]) -> int:
    return max([abs(phase.charge_pc) for phase in part], default=0)


def _symmetric(part: tuple[Phase, ...]) -> bool:
    if len(part) != 2:
        return False
    first, second = part
    same_us = abs(first.duration_us - second.duration_us) <= BALANCED_SHARE * first.duration_us
    return same_us and abs(first.peak_ua - second.peak_ua) <= BALANCED_SHARE * first.peak_ua


def _rate_hz(pulses: Sequence[EmittedPulse]) -> float | None:
    gaps = [b.t_us - a.t_us for a, b in pairwise(pulses) if b.t_us - a.t_us <= BURST_GAP_US]
    return SECOND_US / float(np.median(gaps)) if gaps else None


def _bursts(pulses: Sequence[EmittedPulse]) -> dict[str, float | None]:
    bursts: list[list[Us]] = []
    for pulse in pulses:
        if not bursts or pulse.t_us - bursts[-1][-1] > BURST_GAP_US:
            bursts.append([])
        bursts[-1].append(pulse.t_us)
    empty = ("pulses_per_burst", "bursts_per_s", "on_s", "off_s", "duty_percent")
    rate_hz = _rate_hz(pulses)
    # The last burst may have been cut by the end of the recording.
    whole = [burst for burst in bursts[:-1] if len(burst) > 1]
    if len(whole) < 2 or rate_hz is None:
        return dict.fromkeys(empty)
    period_us = SECOND_US / rate_hz
    on_s = float(np.median([burst[-1] - burst[0] + period_us for burst in whole])) / 1e6
    every_s = float(np.median([b[0] - a[0] for a, b in pairwise(bursts)])) / 1e6
    counts = float(np.median([len(burst) for burst in whole]))
    values = (counts, 1.0 / every_s, on_s, every_s - on_s, 100.0 * on_s / every_s)
    return dict(zip(empty, values, strict=True))
