"""The account of what reached one stimulator's electrodes.

It takes each delivered pulse as the output stage gives it, keeps its own account, and remembers
every violation. When there is to be silence it is told by whoever runs the walk, as instants.

Two bursts are parted by a pause, and a pause has to stand out from the train: pulses further apart
than ``GAP_US``, and by more than half as much again as the two before them were, or further apart
than ``LONE_US``. So a slow train is one burst for as long as it goes on as it was. Whoever has been
alone for more than ``LONE_US`` was no train, and the next distance has nothing to be measured by.
What counts is when pulses came, to the microsecond; when they were meant to come does not matter,
nor do those that never came.
"""

from pathlib import Path
from typing import Final

from hil.witness.limits import DC_UA, WitnessLimits
from hil.witness.rise import Rise
from hil.witness.violation import Violation
from hil.witness.windows import DUTY_US, Duty, Second

GAP_US: Final = 100_000
"""Pulses no further apart than this belong to one burst."""

LONE_US: Final = 500_000
"""Pulses further apart than this have nothing to do with one another."""

JITTER_US: Final = 2_000
"""What a cable and a device may shift one pulse against the next: the bench's cable adds up to
0.7 ms, the device's turn and a real-time loop about as much again."""

DUTY_JITTER_US: Final = 10 * JITTER_US
"""What that makes in ten seconds, by the ends of about ten bursts: 0.2 %."""

NEVER_US: Final = 1 << 60


class _Electrode:
    """What is known of one channel."""

    __slots__ = (
        "before_us",
        "burst_from_us",
        "charge_pC",
        "charge_per_phase_max_pC",
        "duty",
        "last_us",
        "rise",
        "second",
        "zero_from_us",
        "zero_until_us",
    )

    def __init__(self, limits: WitnessLimits, coarse_ua: int) -> None:
        self.last_us: int = -NEVER_US
        self.burst_from_us: int = -NEVER_US
        self.before_us: int = 0
        self.charge_pC: int = 0
        self.charge_per_phase_max_pC: int = 0
        # Pulses a second apart when they were sent may be this much less apart at the electrode.
        self.second = Second(JITTER_US)
        self.duty = Duty()
        start_ua, step_ua = limits.start_ua + coarse_ua, limits.level_step_ua + coarse_ua
        self.rise = Rise(start_ua, step_ua, limits.ramp_us, JITTER_US)
        # The level went to zero then; until so long after, a pulse may be one from before.
        self.zero_from_us: int = NEVER_US
        self.zero_until_us: int = NEVER_US

    def begin(self, t_us: int) -> None:
        """Take it that the next pulse is the first of a burst."""
        self.burst_from_us = t_us
        self.duty.begin(t_us)
        self.rise.begin(t_us)

    def from_zero(self) -> None:
        """Take it that what is felt from now on has risen from zero."""
        self.zero_from_us = self.zero_until_us = NEVER_US
        self.rise.from_zero()


class Witness:
    """The account of one stimulator's electrodes.

    Parameters
    ----------
    limits_file : Path or None
        The limits in force, TOML; without it, and for missing keys, the absolute caps hold.

    Attributes
    ----------
    violations : list of Violation
        In the order in which they were seen.
    pulses : int
        Pulses with current seen so far.
    charge_pC : int
        Sum of the first phases' charges, picocoulombs: the dose.
    charge_per_phase_max_pC : int
        The largest charge of any phase.
    squared_max_uA2_us : float
        The largest integral of the squared current of one electrode over any one second that ends
        with a pulse, for the root mean square.
    impedance_ohm : list of int or None
        The electrodes' real impedances by channel, as they are at each pulse; without them the
        load of the limits stands in.
    worn : frozenset of int or None
        The channels on which pulses are due at all; one on another is a violation.
    resolution : (int, int)
        How finely duration, us, and current, uA, are known of what it sees, where that was
        measured: a limit of a pulse's own is broken where that cannot explain it.
    silent : bool
        While set, any pulse at all is a violation.
    """

    def __init__(self, limits_file: Path | None) -> None:
        self._limits: Final = WitnessLimits(limits_file)
        limits = self._limits
        self._rms_squared: Final = limits.rms_ma**2 * 1e12
        self._density_squared: Final = (limits.density_ma_per_cm2 * limits.area_cm2) ** 2 * 1e12
        # Of squared current over a second, times ohm.
        self._power_squared: Final = limits.power_w_per_cm2 * limits.area_cm2 * 1e18
        self._duty_us: Final = limits.duty_percent / 100.0 * DUTY_US + DUTY_JITTER_US
        self._electrodes: dict[int, _Electrode] = {}
        self._silent_after_us: int = NEVER_US
        self.violations: list[Violation] = []
        self.pulses = 0
        self.charge_pC = 0
        self.charge_per_phase_max_pC = 0
        self.squared_max_uA2_us = 0.0
        self.impedance_ohm: list[int] | None = None
        self.worn: frozenset[int] | None = None
        self.resolution: tuple[int, int] = (0, 0)
        self.silent = False
        self.first_us: int | None = None
        self.last_us: int | None = None

    def charges_of(self, channels: frozenset[int]) -> tuple[int, int]:
        """Return the sum of first phases and the largest phase of some channels, picocoulombs."""
        seen = [each for channel, each in self._electrodes.items() if channel in channels]
        return (
            sum([each.charge_pC for each in seen]),
            max([each.charge_per_phase_max_pC for each in seen], default=0),
        )

    # -- silence ----------------------------------------------------------------------------------

    def forbid(self, t_us: int, within_us: int) -> None:
        """Take it that from an instant on no pulse may come, once what was on its way is over.

        Parameters
        ----------
        t_us : int
            Of the stop, the latch or the disarming.
        within_us : int
            What a pulse may still need after that.
        """
        self._silent_after_us = min(self._silent_after_us, t_us + within_us)

    def allow(self) -> None:
        """Take it that pulses may come from now on."""
        self._silent_after_us = NEVER_US

    def from_zero(self, t_us: int, within_us: int) -> None:
        """Take it that the level is raised from zero: the next burst is a first one.

        Parameters
        ----------
        t_us : int
            When the level was set to zero, or the device armed.
        within_us : int
            How long a pulse of before may still be on its way; it belongs to its own burst.
        """
        for electrode in self._electrodes.values():
            electrode.zero_from_us = t_us
            electrode.zero_until_us = t_us + within_us

    # -- pulses -----------------------------------------------------------------------------------

    def see(self, t_us: int, channel: int, points: tuple[tuple[int, int], ...]) -> None:
        """Take one delivered pulse.

        Parameters
        ----------
        t_us : int
            When it began.
        channel : int
            Output of the stimulator.
        points : tuple of (int, int)
            Duration in microseconds and delivered current in microamperes, in order.
        """
        net_pc = 0
        peak_ua = 0
        first_us = 0
        largest_pc = 0
        first_pc = 0
        squared = 0
        phase_pc = 0
        lasts_us = 0
        in_first = True
        for duration_us, current_ua in points:
            lasts_us += duration_us
            amount_ua = abs(current_ua)
            if amount_ua == 0:
                continue
            charge_pc = current_ua * duration_us
            net_pc += charge_pc
            peak_ua = max(peak_ua, amount_ua)
            # A phase lasts until the current turns, however many points it is made of.
            if phase_pc * current_ua < 0:
                phase_pc = 0
                in_first = False
            phase_pc += charge_pc
            largest_pc = max(largest_pc, abs(phase_pc))
            if in_first:
                first_pc = abs(phase_pc)
                first_us += duration_us
            squared += amount_ua * amount_ua * duration_us
        if peak_ua == 0:
            return
        limits = self._limits
        coarse_us, coarse_ua = self.resolution
        unsure_pc = peak_ua * coarse_us + lasts_us * coarse_ua
        # Of two phases.
        net_pc = net_pc - max(-2 * unsure_pc, min(2 * unsure_pc, net_pc))
        electrode = self._electrodes.get(channel)
        if electrode is None:
            electrode = self._electrodes[channel] = _Electrode(limits, coarse_ua)
        self.pulses += 1
        self.charge_pC += first_pc
        self.charge_per_phase_max_pC = max(self.charge_per_phase_max_pC, largest_pc)
        electrode.charge_pC += first_pc
        electrode.charge_per_phase_max_pC = max(electrode.charge_per_phase_max_pC, largest_pc)
        if self.first_us is None:
            self.first_us = t_us
        self.last_us = t_us
        if self.silent or t_us > self._silent_after_us:
            self._violation(t_us, channel, "silence", peak_ua / 1e3, 0.0)
        if self.worn is not None and channel not in self.worn:
            self._violation(t_us, channel, "channel", float(channel), float(min(self.worn)))
        if peak_ua - coarse_ua > limits.current_ua:
            self._violation(t_us, channel, "current_mA", peak_ua / 1e3, limits.current_ua / 1e3)
        if first_us - coarse_us > limits.width_us:
            self._violation(t_us, channel, "pulse_width_us", first_us, limits.width_us)
        if largest_pc - unsure_pc > limits.charge_pc:
            self._violation(
                t_us, channel, "charge_per_phase_uC", largest_pc / 1e6, limits.charge_pc / 1e6
            )
        if abs(net_pc) > limits.net_pc:
            self._violation(t_us, channel, "net_charge_uC", net_pc / 1e6, limits.net_pc / 1e6)
        if self.charge_pC > limits.dose_pc:
            self._violation(t_us, channel, "dose_mC", self.charge_pC / 1e9, limits.dose_pc / 1e9)
        if t_us - self.first_us > limits.session_us:
            self._violation(
                t_us,
                channel,
                "session_min",
                (t_us - self.first_us) / 60e6,
                limits.session_us / 60e6,
            )
        self._see_load(t_us, channel, electrode, (lasts_us, peak_ua, squared, net_pc))
        self._see_time(t_us, channel, electrode, peak_ua)

    def _see_load(
        self, t_us: int, channel: int, electrode: _Electrode, pulse: tuple[int, int, int, int]
    ) -> None:
        """Judge what depends on the load, and on a whole second."""
        lasts_us, peak_ua, squared, net_pc = pulse
        limits = self._limits
        ohm = limits.load_ohm
        if self.impedance_ohm is not None:
            ohm = float(self.impedance_ohm[channel])
        if peak_ua * ohm > limits.voltage_v * 1e6:
            self._violation(t_us, channel, "voltage_V", peak_ua * ohm / 1e6, limits.voltage_v)
        if squared * ohm > limits.energy_mj * 1e15:
            self._violation(
                t_us, channel, "pulse_energy_mJ", squared * ohm / 1e15, limits.energy_mj
            )
        second = electrode.second
        second.add(t_us + lasts_us, squared, net_pc)
        in_second = second.squared_uA2_us
        self.squared_max_uA2_us = max(self.squared_max_uA2_us, float(in_second))
        if in_second > self._rms_squared:
            self._violation(t_us, channel, "rms_mA", (in_second / 1e12) ** 0.5, limits.rms_ma)
        if in_second > self._density_squared:
            self._violation(
                t_us,
                channel,
                "density_mA_per_cm2",
                (in_second / 1e12) ** 0.5 / limits.area_cm2,
                limits.density_ma_per_cm2,
            )
        if in_second * ohm > self._power_squared:
            self._violation(
                t_us,
                channel,
                "power_density_W_per_cm2",
                in_second * ohm / 1e18 / limits.area_cm2,
                limits.power_w_per_cm2,
            )
        if abs(second.net_pC) > DC_UA * 1e6:
            self._violation(t_us, channel, "dc_uA", second.net_pC / 1e6, DC_UA)

    def _see_time(self, t_us: int, channel: int, electrode: _Electrode, peak_ua: int) -> None:
        """Judge what depends on the pulses before."""
        limits = self._limits
        rise = electrode.rise
        since_us = t_us - electrode.last_us
        electrode.last_us = t_us
        stands_out = since_us > LONE_US or since_us * 2 > electrode.before_us * 3
        electrode.before_us = since_us if since_us <= LONE_US else 0
        begins = since_us > GAP_US and stands_out
        if begins:
            electrode.begin(t_us)
        if t_us > electrode.zero_until_us or (begins and t_us > electrode.zero_from_us):
            electrode.from_zero()
        if not begins:
            # The wire may bring two pulses closer together than they were sent, by its jitter.
            if since_us < limits.interval_us - JITTER_US:
                self._violation(
                    t_us, channel, "interval_ms", since_us / 1e3, limits.interval_us / 1e3
                )
            burst_us = t_us - electrode.burst_from_us
            if burst_us > limits.burst_us + JITTER_US:
                self._violation(t_us, channel, "burst_ms", burst_us / 1e3, limits.burst_us / 1e3)
            on_us = electrode.duty.go_on(t_us)
            if on_us > self._duty_us:
                self._violation(
                    t_us, channel, "duty_percent", on_us * 100.0 / DUTY_US, limits.duty_percent
                )
        limit = rise.see(t_us, peak_ua)
        if limit:
            self._violation(t_us, channel, limit, rise.got, rise.allowed)

    def _violation(self, t_us: int, channel: int, limit: str, got: float, allowed: float) -> None:
        self.violations.append(Violation(t_us, channel, limit, got, allowed))
