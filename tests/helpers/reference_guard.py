"""The guard's limits once more, slow and in the units of the file: it remembers everything."""

import itertools
from dataclasses import dataclass
from fractions import Fraction

from fes_ctrl.model import Capabilities, Setpoint
from fes_ctrl.safety.config import LimitsConfig

STALLS = {"late", "interval", "sensor_age", "answer_age"}
GIVES_ANOTHER = {"late", "interval", "answer_age"}


@dataclass
class Pulse:
    at_us: int
    channel: int
    current_ua: int
    square: Fraction
    first_pc: int
    burst: int


def exact(value: float) -> Fraction:
    return Fraction(str(value))


class ReferenceGuard:
    """Tells everything that speaks against a setpoint, and keeps what was let through."""

    def __init__(self, config: LimitsConfig, device: Capabilities) -> None:
        self.config = config
        self.device = device
        self.armed = False
        self.pulses: list[Pulse] = []
        self.dose_pc = 0
        self.session_from_us: int | None = None
        self.sensor_us: dict[int, int] = {}
        self.pending_us: int | None = None
        self.first_burst: dict[int, int] = {}
        self.refused_us: list[int] = []

    def start_over(self) -> None:
        """The next pulse of a channel is compared with nothing that was before."""
        self.first_burst = {channel: len(self.pulses) for channel in range(self.device.channels)}

    def of(self, channel: int) -> list[Pulse]:
        return [pulse for pulse in self.pulses if pulse.channel == channel]

    def phases(self, setpoint: Setpoint, current_ua: int) -> list[tuple[int, int]]:
        if setpoint.waveform == 0:
            return [(current_ua, setpoint.width_us), (-current_ua, setpoint.width_us)]
        step_ua = self.device.current_step_ua
        return [
            (current_ua, setpoint.width_us),
            (-(current_ua // 4 // step_ua * step_ua), 4 * setpoint.width_us),
        ]

    def alone(self, setpoint: Setpoint) -> set[str]:
        """What speaks against a pulse whatever was before."""
        c, device = self.config, self.device
        found = set()
        if not 0 <= setpoint.channel < device.channels:
            found.add("unknown_channel")
        if not 0 <= setpoint.leg < 2:
            found.add("unknown_leg")
        if setpoint.waveform not in (0, 1):
            return {*found, "waveform"}
        amount_ua = abs(setpoint.current_ua)
        phases = self.phases(setpoint, amount_ua)
        if amount_ua == 0 or amount_ua > min(exact(c.current_mA) * 1000, device.current_max_ua):
            found.add("current")
        if exact(c.load_ohm) * amount_ua / 10**6 > exact(c.voltage_V):
            found.add("voltage")
        if not device.width_min_us <= setpoint.width_us <= c.pulse_width_us:
            found.add("pulse_width")
        if any(abs(i * us) > exact(c.charge_per_phase_uC) * 10**6 for i, us in phases):
            found.add("charge")
        if abs(sum(i * us for i, us in phases)) > exact(c.net_charge_uC) * 10**6:
            found.add("net_charge")
        energy_mJ = sum(i * i * us for i, us in phases) * exact(c.load_ohm) / 10**15
        if energy_mJ > exact(c.pulse_energy_mJ):
            found.add("pulse_energy")
        if any(i % device.current_step_ua for i, _ in phases) or setpoint.width_us % (
            device.width_step_us
        ):
            found.add("step")
        if (setpoint.waveform == 1 and amount_ua % 4) or sum(i * us for i, us in phases):
            found.add("step")
        life_us = setpoint.expires_us - setpoint.at_us
        if not 0 < life_us <= exact(c.setpoint_max_life_ms) * 1000:
            found.add("life")
        return found

    def in_time(self, setpoint: Setpoint, now_us: int) -> set[str]:
        """What speaks against its instant."""
        c = self.config
        found = set()
        at_us = setpoint.at_us
        if not self.armed:
            found.add("not_armed")
        if at_us > now_us:
            found.add("early")
        if now_us > setpoint.expires_us:
            found.add("late")
        own = self.of(setpoint.channel)
        if own and (at_us - own[-1].at_us) * exact(c.rate_hz) < 10**6:
            found.add("interval")
        seen_us = self.sensor_us.get(setpoint.leg)
        if seen_us is None or at_us - seen_us >= exact(c.sensor_max_age_ms) * 1000:
            found.add("sensor_age")
        if self.pending_us is not None and (
            at_us - self.pending_us >= exact(c.answer_max_age_ms) * 1000
        ):
            found.add("answer_age")
        return found

    def pauses(self, own: list[Pulse], at_us: int) -> bool:
        """Whether a pulse begins a burst: after 100 ms, but a train as slow as that is one."""
        since_us = at_us - own[-1].at_us
        before_us = own[-1].at_us - own[-2].at_us if len(own) > 1 else 0
        train = before_us <= 500_000 and since_us <= Fraction(3, 2) * before_us
        return since_us > 100_000 and not train

    def in_account(self, setpoint: Setpoint) -> tuple[set[str], Pulse]:
        """What speaks against it after all that was given, and what would be given of it."""
        c = self.config
        found = set()
        at_us = setpoint.at_us
        own = self.of(setpoint.channel)
        begins = not own or self.pauses(own, at_us)
        burst = (own[-1].burst + begins) if own else 0
        onset_us = at_us if begins else min(p.at_us for p in own if p.burst == burst)
        if at_us - onset_us > exact(c.burst_ms) * 1000:
            found.add("burst_length")
        since = self.first_burst.get(setpoint.channel, 0)
        before = [p for p in self.pulses[since:] if p.channel == setpoint.channel]
        peak_ua = max([p.current_ua for p in before if p.burst == burst - 1], default=0)
        start_ua = int(exact(c.start_mA) * 1000)
        into_us, ramp_us = at_us - onset_us, int(exact(c.ramp_min_ms) * 1000)
        if peak_ua == 0:
            highest_ua = start_ua
        elif into_us < ramp_us:
            highest_ua = start_ua + int(max(0, peak_ua - start_ua) * Fraction(into_us, ramp_us))
        else:
            highest_ua = max(start_ua, peak_ua + int(exact(c.level_step_mA) * 1000))
        amount_ua = abs(setpoint.current_ua)
        step_ua = self.device.current_step_ua * (4 if setpoint.waveform else 1)
        if amount_ua > highest_ua:
            found.add("ramp" if into_us < ramp_us else "level_step")
            amount_ua = highest_ua // step_ua * step_ua
            if amount_ua == 0:
                found.add("nothing_left")
        square = Fraction(sum(i * i * us for i, us in self.phases(setpoint, amount_ua)))
        first_pc = amount_ua * setpoint.width_us
        second = square + sum(p.square for p in own if p.at_us > at_us - 10**6)
        mean_mA2 = second / 10**12
        area_cm2 = exact(c.electrode_area_cm2)
        if mean_mA2 > exact(c.rms_mA) ** 2:
            found.add("rms")
        if mean_mA2 > (exact(c.density_mA_per_cm2) * area_cm2) ** 2:
            found.add("density")
        if mean_mA2 * exact(c.load_ohm) / 10**6 > exact(c.power_density_W_per_cm2) * area_cm2:
            found.add("power")
        instants = [(p.at_us, p.burst) for p in own] + [(at_us, burst)]
        on_us = sum(
            max(0, b - max(a, at_us - 10**7))
            for (a, of_a), (b, of_b) in itertools.pairwise(instants)
            if of_a == of_b
        )
        if Fraction(on_us, 10**5) > exact(c.duty_percent):
            found.add("duty")
        if self.dose_pc + first_pc > exact(c.dose_mC) * 10**9:
            found.add("dose")
        if self.session_from_us is not None and (
            at_us - self.session_from_us > exact(c.session_min) * 60 * 10**6
        ):
            found.add("session")
        return found, Pulse(at_us, setpoint.channel, amount_ua, square, first_pc, burst)

    def speaks_against(self, setpoint: Setpoint, now_us: int) -> tuple[set[str], Pulse | None]:
        """Every reason there is; what is given of it, where only clipping is called for."""
        found = self.alone(setpoint) | self.in_time(setpoint, now_us)
        if found & {"unknown_channel", "waveform"}:
            return found, None
        over_time, pulse = self.in_account(setpoint)
        found |= over_time
        if found - {"ramp", "level_step"}:
            return found, None
        return found, pulse

    def enter(self, pulse: Pulse) -> None:
        self.pulses.append(pulse)
        self.dose_pc += pulse.first_pc
        if self.session_from_us is None:
            self.session_from_us = pulse.at_us
        if self.pending_us is None:
            self.pending_us = pulse.at_us

    def refuse(self, reason: str, now_us: int) -> str:
        """What a refusal for that reason latches."""
        fault = "F32" if reason in {"dose", "session"} else ""
        if reason not in STALLS:
            self.refused_us.append(now_us)
            if sum(t_us > now_us - 10**7 for t_us in self.refused_us) >= 5:
                fault = fault or "F33"
        if fault:
            self.armed = False
        return fault
