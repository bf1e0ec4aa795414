"""The second guard: a box between a stimulator and the electrodes that blocks and never alters.

It is written apart from the first one and trusts neither host nor device: it sees the pulses at
the device's terminals, keeps its own account of those that it lets through, and listens on the
host's line for signs of life. The first pulse that breaks a limit is blocked, and everything
after it, until somebody presses reset. Only a pulse that comes too soon after the last is blocked
alone, for a host that was late once makes one; several of them latch.
"""

from collections.abc import Callable
from typing import Final

from fes_ctrl.units import NEVER_US, MicroAmp, PicoCoulomb, Us
from firmware_sim import ears
from firmware_sim.ceilings import Ceilings
from firmware_sim.outlet import SECOND_US, SHIFT_US, TEN_SECONDS_US, Outlet, phases_of
from firmware_sim.output import Points, Sink

DEAD_MAN_US: Final = 150_000
"""No whole frame of the host for so long: no pulse. An idle host polls every 100 ms; with what it
takes to notice, output ends within 200 ms."""

SHIFTS_IN_TEN_SECONDS: Final = 10

EARLY_MOST: Final = 5
"""So many pulses in a second that come too soon are no host that was late, but too high a rate."""

DC_PC: Final[PicoCoulomb] = 10_000_000
"""Net charge in any second, that is 10 uA: what IEC 60601-1 allows a patient auxiliary current in
normal condition (from memory of the standard)."""

RATE: Final = "rate_hz"
DEAD_MAN: Final = "dead_man"
STOPPED: Final = "stopped"
DC: Final = "dc_uA"


class Limiter:
    """One limiter on all outputs of one stimulator.

    Parameters
    ----------
    ceilings : Ceilings
        What it lets through at most.
    impedance_ohm : list of int
        Of the electrodes, as they are at each pulse: it measures the voltage at its terminals.
    ear : Ear or None
        Understands the host's line; a P24's by default.

    Attributes
    ----------
    sinks : list of callable
        The electrodes: called with each pulse that is let through, unaltered.
    on_latch : callable or None
        Called with instant and reason when it latches.
    latched : str
        Why it blocks everything until ``reset``; empty while it does not: a key of the limits
        file, ``dead_man``, ``stopped`` (a pulse before the host made the device ready, or after
        it stopped it) or ``dc_uA`` (net charge that adds up).
    latched_us : int
        Since when.
    latched_channel : int
        Whose pulse it was.
    blocked : int
        Pulses that did not reach an electrode.
    """

    __slots__ = (
        "_ceilings",
        "_dose_pc",
        "_ear",
        "_early_us",
        "_first_us",
        "_heard_us",
        "_impedance_ohm",
        "_outlets",
        "_ready",
        "blocked",
        "latched",
        "latched_channel",
        "latched_us",
        "on_latch",
        "sinks",
    )

    def __init__(
        self, ceilings: Ceilings, impedance_ohm: list[int], ear: ears.Ear | None = None
    ) -> None:
        self._ceilings = ceilings
        self._impedance_ohm = impedance_ohm
        self._outlets = [Outlet() for _ in impedance_ohm]
        self._ear: ears.Ear = ears.ScienceMode4Ear() if ear is None else ear
        self._heard_us: Us = -NEVER_US
        self._ready = False
        self._first_us: Us = NEVER_US
        self._dose_pc: PicoCoulomb = 0
        self._early_us: list[Us] = []
        self.sinks: list[Sink] = []
        self.on_latch: Callable[[Us, str], None] | None = None
        self.latched = ""
        self.latched_us: Us = NEVER_US
        self.latched_channel = -1
        self.blocked = 0

    def hear(self, now_us: Us, data: bytes) -> None:
        """Listen to bytes on their way from the host to the device: whole frames count."""
        for meaning in self._ear.hear(data):
            self._heard_us = now_us
            if meaning == ears.STOPPED:
                self._ready = False
            elif meaning == ears.READY:
                self._ready = True
                for outlet in self._outlets:
                    outlet.restart()

    def reset(self) -> None:
        """Let go of the latch; the host has to make the device ready anew."""
        self.latched = ""
        self.latched_us = NEVER_US
        self.latched_channel = -1
        self._ready = False

    def as_dict(self) -> dict[str, object]:
        """Return how it stands as the summary of a walk wants it."""
        latched = self.latched != ""
        return {
            "reason": self.latched if latched else None,
            "t_s": self.latched_us / 1e6 if latched else None,
            "channel": self.latched_channel if latched else None,
            "blocked": self.blocked,
        }

    def pulse(self, t_us: Us, channel: int, points: Points) -> None:
        """Take one pulse at the device's terminals, and let it through or not.

        Parameters
        ----------
        t_us : int
            When it begins.
        channel : int
            Output.
        points : tuple of (int, int)
            Duration in us and current in uA.
        """
        if not self.latched:
            reason = self._reason(t_us, channel, points)
            if not reason:
                for sink in self.sinks:
                    sink(t_us, channel, points)
                return
            if reason == RATE and not self._too_often(t_us):
                self.blocked += 1
                return
            self.latched = reason
            self.latched_us = t_us
            self.latched_channel = channel
            if self.on_latch is not None:
                self.on_latch(t_us, reason)
        self.blocked += 1

    def _too_often(self, t_us: Us) -> bool:
        early_us = [at_us for at_us in self._early_us if at_us > t_us - SECOND_US]
        early_us.append(t_us)
        self._early_us = early_us
        return len(early_us) >= EARLY_MOST

    def _reason(self, t_us: Us, channel: int, points: Points) -> str:
        """Return what speaks against a pulse; enter it in the account where nothing does."""
        phases = phases_of(points)
        if not phases:
            return ""
        if not self._ready:
            return STOPPED
        if t_us - self._heard_us > DEAD_MAN_US:
            return DEAD_MAN
        peak_ua = max([abs(current_ua) for _, current_ua in points])
        square = sum([current_ua * current_ua * duration_us for duration_us, current_ua in points])
        net_pc = sum([charge_pc for _, charge_pc in phases])
        outlet = self._outlets[channel]
        ohm = self._impedance_ohm[channel]
        reason = self._against_the_pulse(phases, peak_ua, square, net_pc, ohm)
        if reason:
            return reason
        end_us = t_us + sum([duration_us for duration_us, _ in points])
        outlet.forget(t_us, end_us)
        square_after, net_after_pc = outlet.square + square, outlet.net_pc + net_pc
        reason = self._against_the_second(square_after, net_after_pc, ohm)
        if reason:
            return reason
        begins = outlet.pauses(t_us)
        if not begins:
            reason = self._against_the_time(t_us, outlet)
            if reason:
                return reason
        reason = self._against_the_rise(t_us, outlet, peak_ua, begins=begins)
        if reason:
            return reason
        dose_pc = self._dose_pc + abs(phases[0][1])
        if dose_pc > self._ceilings.dose_pc:
            return "dose_mC"
        if t_us - min(t_us, self._first_us) > self._ceilings.session_us:
            return "session_min"
        self._dose_pc = dose_pc
        self._first_us = min(self._first_us, t_us)
        outlet.pulses.append((end_us, square, net_pc))
        outlet.square, outlet.net_pc = square_after, net_after_pc
        outlet.enter(t_us, peak_ua, begins=begins)
        return ""

    def _against_the_pulse(
        self,
        phases: list[tuple[Us, PicoCoulomb]],
        peak_ua: MicroAmp,
        square: int,
        net_pc: PicoCoulomb,
        ohm: int,
    ) -> str:
        most = self._ceilings
        if peak_ua > most.current_ua:
            return "current_mA"
        if phases[0][0] > most.width_us:
            return "pulse_width_us"
        for _, charge_pc in phases:
            if abs(charge_pc) > most.charge_pc:
                return "charge_per_phase_uC"
        if abs(net_pc) > most.net_pc:
            return "net_charge_uC"
        # uA ohm is uV; uA2 us ohm is 1e-15 mJ.
        if peak_ua * ohm > most.voltage_v * 1e6:
            return "voltage_V"
        if square * ohm > most.energy_mj * 1e15:
            return "pulse_energy_mJ"
        return ""

    def _against_the_second(self, square: int, net_pc: PicoCoulomb, ohm: int) -> str:
        most = self._ceilings
        # A square of mA over a second is 1e12 uA2 us, one of A times ohm 1e18.
        if square > most.rms_ma**2 * 1e12:
            return "rms_mA"
        if square > (most.density_ma_per_cm2 * most.area_cm2) ** 2 * 1e12:
            return "density_mA_per_cm2"
        if square * ohm > most.power_w_per_cm2 * most.area_cm2 * 1e18:
            return "power_density_W_per_cm2"
        if abs(net_pc) > DC_PC:
            return DC
        return ""

    def _against_the_time(self, t_us: Us, outlet: Outlet) -> str:
        most = self._ceilings
        if t_us - outlet.last_us < most.interval_us - SHIFT_US:
            return RATE
        if t_us - outlet.burst_us > most.burst_us + SHIFT_US:
            return "burst_ms"
        spare_us = SHIFTS_IN_TEN_SECONDS * SHIFT_US
        if outlet.on_us(t_us) > TEN_SECONDS_US * most.duty_percent / 100.0 + spare_us:
            return "duty_percent"
        return ""

    def _against_the_rise(
        self, t_us: Us, outlet: Outlet, peak_ua: MicroAmp, *, begins: bool
    ) -> str:
        most = self._ceilings
        level_ua = outlet.level(begins=begins)
        top_ua = most.first_ua
        if level_ua:
            top_ua = max(most.start_ua, level_ua + most.step_ua)
        if peak_ua > top_ua:
            return "start_mA" if level_ua == 0 else "level_step_mA"
        if most.ramp_us and peak_ua > most.start_ua:
            if begins:
                return "start_mA"
            since_us = t_us - outlet.burst_us + SHIFT_US
            if (peak_ua - most.start_ua) * most.ramp_us > (top_ua - most.start_ua) * since_us:
                return "ramp_min_ms"
        if begins:
            outlet.level_ua = level_ua
        return ""
