"""A probe across the load of a walk: what it saw reaches patient and witness.

What it missed, or may have missed, is told when the walk is over.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from fes_ctrl.runtime.clock import Clock
from fes_ctrl.units import MicroAmp, Us
from hil.probe.probe import SILENT_US, Probe, ProbePulse
from hil.rig import Rig

LOOK_EVERY_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a walk's probe saw.

    Attributes
    ----------
    figures : dict
        Who it is, what it saw, and how well its instants are known.
    problems : tuple of str
        Why that may not be all.
    """

    figures: dict[str, object]
    problems: tuple[str, ...]


class Across:
    """A probe that is across the load while a walk goes on.

    Parameters
    ----------
    probe : Probe
        Opened before the walk began.
    rig : Rig
        Whose patient and witness take what it sees.
    clock : Clock
        The walk's.
    began_us : int
        When the walk began, on the probe's host clock.
    """

    def __init__(self, probe: Probe, rig: Rig, clock: Clock, began_us: Us) -> None:
        self._probe = probe
        self._rig = rig
        self._clock = clock
        self._began_us = began_us
        self._before = 0
        self._saturated = 0
        self._untold_us: Us = 0
        self._doubt_us: Us = probe.doubt_us
        self._ceiling_ua: MicroAmp = 0
        if probe.identity is not None:
            self._ceiling_ua = probe.identity.ceiling_ua
            resolution = probe.identity.time_step_us, probe.identity.current_step_ua
            rig.witness.resolution = resolution
        probe.on_pulse = self._pulse

    def _pulse(self, pulse: ProbePulse) -> None:
        t_us = pulse.t_us - self._began_us
        if t_us < 0:
            self._before += 1
            return
        self._doubt_us = max(self._doubt_us, self._probe.doubt_us)
        self._saturated += max([abs(ua) for _, ua in pulse.points]) >= self._ceiling_ua
        self._rig.measured(t_us, pulse.channel, pulse.points)

    async def told(self) -> None:
        """Wait until it has told of every pulse up to now, or is silent."""
        now_us = self._clock.now_us()
        until_us = now_us + self._began_us
        while self._probe.told_until_us < until_us:
            if self._probe.lost or self._clock.now_us() - now_us > SILENT_US:
                self._untold_us = until_us - max(self._began_us, self._probe.told_until_us)
                return
            await asyncio.sleep(LOOK_EVERY_S)

    def close(self) -> None:
        """Let go of the probe."""
        self._probe.close()

    def report(self) -> ProbeReport:
        """Return what it saw; the walk is over."""
        probe = self._probe
        written = sum([len(leg.written_late_us) for leg in self._rig.account.walk.legs])
        pulses = probe.pulses - self._before
        problems = probe.problems()
        if self._untold_us:
            untold_ms = self._untold_us / 1e3
            problems.append(
                f"the probe was silent at the end: what came in the last {untold_ms:.0f} ms is "
                "unknown"
            )
        if self._before:
            problems.append(f"the probe saw {self._before} pulses before the walk began")
        if written and not pulses:
            problems.append(
                f"the probe saw none of {written} pulses that were written: it is not across the "
                "stimulator's load, or that gave nothing"
            )
        if self._saturated:
            problems.append(
                f"{self._saturated} pulses were at the probe's ceiling of "
                f"{self._ceiling_ua / 1e3:g} mA, or above it"
            )
        who = probe.identity
        figures: dict[str, object] = {
            "name": None if who is None else who.name,
            "firmware": None if who is None else who.firmware,
            "load_ohm": None if who is None else who.load_ohm,
            "resolution_mA": None if who is None else who.current_step_ua / 1e3,
            "resolution_us": None if who is None else who.time_step_us,
            "floor_mA": None if who is None else who.floor_ua / 1e3,
            "pulses": pulses,
            "written": written,
            "missing": probe.missing,
            "doubt_ms": round(self._doubt_us / 1e3, 3),
            "longest_silence_ms": round(probe.longest_silence_us / 1e3),
        }
        return ProbeReport(figures, tuple(problems))
