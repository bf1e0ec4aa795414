"""The guard's limits once more, slow and in the units of the file: it remembers everything."""

import functools
import itertools
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction
from math import inf

from fes_ctrl.model import Capabilities, Setpoint
from fes_ctrl.safety.config import LimitsConfig

STALLS = {"late", "interval", "sensor_age", "answer_age"}
GIVES_ANOTHER = {"late", "interval", "answer_age"}


@dataclass
class Pulse:
    at_us: int
    channel: int
    current_ua: int
    square: int
    first_pc: int
    burst: int
    part: int
    """Of its burst: a new one wherever the burst may have begun anew."""
    rise_from_us: int
    counts_ua: int
    """What the next burst is measured by."""
    before_ua: int
    """What this one is."""
    given_us: int
    expires_us: int
    felt: bool = True


@functools.cache
def exact(value: float) -> Fraction:
    return Fraction(str(value))


def after(pulses: list[Pulse], t_us: int) -> list[Pulse]:
    return pulses[bisect_right(pulses, t_us, key=lambda pulse: pulse.at_us) :]


class ReferenceGuard:
    """Tells everything that speaks against a setpoint, and keeps what was let through."""

    def __init__(self, config: LimitsConfig, device: Capabilities) -> None:
        self.config = config
        self.device = device
        self.armed = False
        self.pulses: dict[int, list[Pulse]] = {n: [] for n in range(device.channels)}
        self.dose_pc = 0
        self.session_from_us: int | None = None
        self.sensor_us: dict[int, int] = {}
        self.pending_us: int | None = None
        self.first_burst: dict[int, int] = {}
        self.known_from: dict[int, int] = {}
        self.felt_until_us: dict[int, int] = {}
        self.outlasted_us: dict[int, int] = {}
        self.rises_anew: set[int] = set()
        self.refused_us: list[int] = []

    def start_over(self) -> None:
        """The next pulse of a channel is compared with nothing that was before."""
        self.first_burst = {channel: len(own) for channel, own in self.pulses.items()}

    def of(self, channel: int) -> list[Pulse]:
        return self.pulses.get(channel, [])

    def of_burst(self, channel: int, burst: int) -> list[Pulse]:
        """The pulses of one burst."""
        own = self.of(channel)
        first = bisect_left(own, burst, key=lambda pulse: pulse.burst)
        return own[first : bisect_left(own, burst + 1, key=lambda pulse: pulse.burst)]

    def part(self, channel: int) -> tuple[list[Pulse], list[Pulse]]:
        """The pulses of the last part, and those of them since it last had to start over."""
        own = self.of(channel)
        first = bisect_left(own, own[-1].part, key=lambda pulse: pulse.part) if own else 0
        return own[first:], own[max(first, self.first_burst.get(channel, 0)) :]

    def before_ua(self, channel: int) -> int:
        """What the last part is measured by."""
        part, since = self.part(channel)
        return part[0].before_ua if part and len(since) == len(part) else 0

    def strength_ua(self, channel: int) -> int:
        """What a part that comes after the last one is measured by."""
        part, since = self.part(channel)
        if part and len(since) == len(part) and not any(p.felt for p in part):
            return self.before_ua(channel)
        if not self.device.period_us:
            return max([p.counts_ua for p in since if p.felt], default=0)
        # Of two updates in turn the device has surely given one, and nobody knows which.
        found = [0]
        own = self.of(channel)
        earlier = reversed(own[: len(own) - len(since)])
        before_ua = next((p.counts_ua for p in earlier if p.felt), 0)
        if part and len(since) == len(part):
            before_ua = part[0].before_ua
        for pulse in since:
            if pulse.felt:
                found.append(min(before_ua, pulse.counts_ua))
                before_ua = pulse.counts_ua
        return max(found)

    def remembered(self, channel: int) -> tuple[list[Pulse], list[Pulse]]:
        """Those felt that were let through in the second before the last, and one before them."""
        own = self.of(channel)
        oldest_us = own[-1].given_us - 10**6 if own else 0
        known = [p for p in own[self.known_from.get(channel, 0) :] if p.felt]
        return [p for p in known if p.given_us <= oldest_us][-1:], [
            p for p in known if p.given_us > oldest_us
        ]

    def felt(self, channel: int) -> list[tuple[float, int]]:
        """From when each of them may have been felt, and until when it was valid."""
        found: list[tuple[float, int]] = []
        if channel in self.felt_until_us:
            found.append((-inf, self.felt_until_us[channel]))
        before, young = self.remembered(channel)
        return found + [(p.given_us, p.expires_us) for p in before + young]

    def outlasted(self, channel: int, until_us: int) -> None:
        """The device has repeated a pulse until then; -1 is any channel's."""
        for each in range(self.device.channels) if channel == -1 else [channel]:
            if self.felt(each):
                self.outlasted_us[each] = max(until_us, self.outlasted_us.get(each, until_us))

    def skipped(self, channel: int, at_us: int) -> None:
        """A pulse that was let through has not been felt; -1 is any channel's."""
        for each in range(self.device.channels) if channel == -1 else [channel]:
            own = self.of(each)
            if own and at_us - own[-1].rise_from_us < exact(self.config.ramp_min_ms) * 1000:
                self.rises_anew.add(each)
            before, young = self.remembered(each)
            part, since = self.part(each)
            of_it = [pulse for pulse in young if pulse.at_us == at_us]
            if not of_it:
                felt = self.felt(each)
                if felt:
                    self.felt_until_us[each] = felt[-1][1]
                self.known_from[each] = self.first_burst[each] = len(own)
                continue
            of_it[0].felt = False
            if of_it[0].given_us < part[0].given_us or len(since) < len(part):
                self.first_burst[each] = len(own)
            for pulse in part:
                if pulse not in before + young:
                    pulse.felt = False

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

    def pauses(self, channel: int, now_us: int, expires_us: int) -> set[bool]:
        """Whether a pulse comes after a pause: of each instant at which all may have been felt."""
        felt = self.felt(channel)
        device = self.device
        period_us = device.period_us
        varies_us = 5_000 + (device.latency_us if period_us else device.spread_us)

        def at_last(expired_us: int) -> int:
            """When it was felt at the latest, however often."""
            again_us = device.lingers_us or device.spread_us
            return 5_000 + max(expired_us + again_us, self.outlasted_us.get(channel, -(10**18)))

        if not felt:
            return {True}
        if felt[-1][1] >= now_us:
            # One may be skipped yet, and then who knows what the distance before it was.
            settled = [pulse for pulse in felt if pulse[1] < now_us]
            from_us = settled[-1][0] if settled else -inf
            return {False, expires_us + varies_us - from_us > 100_000}
        repeated = expires_us - felt[-1][1] <= period_us
        since = (now_us - at_last(felt[-1][1]), expires_us + varies_us - felt[-1][0])
        if repeated:
            since = (since[0], period_us + 5_000)
        # From when until when the distance before the last may lie; of one alone there is none.
        between: tuple[float, float] = (inf, inf)
        if len(felt) > 1:
            between = (felt[-1][0] - at_last(felt[-2][1]), felt[-1][1] + varies_us - felt[-2][0])
        elif felt[0][0] == -inf:
            between = (0, 500_000)
        if period_us and felt[-1][0] > -inf:
            rounds = (period_us, period_us + 5_000)
            in_turn = len(felt) > 1 and felt[-1][1] - felt[-2][1] <= period_us
            between = (
                rounds if in_turn else (min(between[0], rounds[0]), max(between[1], rounds[1]))
            )
        before: set[float] = set()
        if between[1] > 500_000:
            before.add(0)
        if between[0] <= 500_000:
            before |= {between[0], min(between[1], 500_000)}
        longest = {0} if period_us and not repeated else before
        return {
            since[0] > 500_000 or since[0] > max(100_000, 1.5 * before_us) for before_us in before
        } | {
            since[1] > 500_000 or since[1] > max(100_000, 1.5 * before_us) for before_us in longest
        }

    def in_account(self, setpoint: Setpoint, now_us: int) -> tuple[set[str], Pulse]:
        """What speaks against it after all that was given, and what would be given of it."""
        c = self.config
        found = set()
        at_us = setpoint.at_us
        own = self.of(setpoint.channel)
        channel = setpoint.channel
        pauses = self.pauses(channel, now_us, setpoint.expires_us)
        begins = pauses == {True}
        burst = (own[-1].burst + begins) if own else 0
        part = (own[-1].part + any(pauses)) if own else 0
        onset_us = at_us if begins else self.of_burst(setpoint.channel, burst)[0].at_us
        if at_us - onset_us > exact(c.burst_ms) * 1000:
            found.add("burst_length")
        peak_ua = self.before_ua(channel)
        if begins:
            peak_ua = self.strength_ua(channel)
        elif any(pauses):
            peak_ua = min(peak_ua, self.strength_ua(channel))
        start_ua = int(exact(c.start_mA) * 1000)
        anew = any(pauses) or channel in self.rises_anew
        rise_from_us = at_us if anew else own[-1].rise_from_us
        into_us, ramp_us = at_us - rise_from_us, int(exact(c.ramp_min_ms) * 1000)
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
        square = sum(i * i * us for i, us in self.phases(setpoint, amount_ua))
        first_pc = amount_ua * setpoint.width_us
        second = square + sum(p.square for p in after(own, at_us - 10**6))
        mean_mA2 = Fraction(second, 10**12)
        area_cm2 = exact(c.electrode_area_cm2)
        if mean_mA2 > exact(c.rms_mA) ** 2:
            found.add("rms")
        if mean_mA2 > (exact(c.density_mA_per_cm2) * area_cm2) ** 2:
            found.add("density")
        if mean_mA2 * exact(c.load_ohm) / 10**6 > exact(c.power_density_W_per_cm2) * area_cm2:
            found.add("power")
        ten = after(own, at_us - 10**7)
        last_before = own[-len(ten) - 1 : len(own) - len(ten)]
        instants = [(p.at_us, p.burst) for p in last_before + ten] + [(at_us, burst)]
        on_us = sum(
            b - max(a, at_us - 10**7)
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
        return found, Pulse(
            at_us, channel, amount_ua, square, first_pc, burst, part, rise_from_us, amount_ua,
            peak_ua, now_us, setpoint.expires_us,
        )  # fmt: skip

    def speaks_against(self, setpoint: Setpoint, now_us: int) -> tuple[set[str], Pulse | None]:
        """Every reason there is; what is given of it, where only clipping is called for."""
        found = self.alone(setpoint) | self.in_time(setpoint, now_us)
        if found & {"unknown_channel", "waveform"}:
            return found, None
        over_time, pulse = self.in_account(setpoint, now_us)
        found |= over_time
        if found - {"ramp", "level_step"}:
            return found, None
        return found, pulse

    def enter(self, pulse: Pulse) -> None:
        self.pulses[pulse.channel].append(pulse)
        self.rises_anew.discard(pulse.channel)
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
