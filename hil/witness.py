"""The third pair of eyes: raw current at the electrode, judged by limits that it reads itself.

It shares no code with what it watches. It takes each delivered pulse as the output stage gives
it, keeps its own account, and remembers every violation; it cannot change anything.
"""

import tomllib
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GAP_US: Final = 100_000
"""Pulses further apart than this belong to different bursts: below 10 Hz every pulse is its own."""

RMS_WINDOW_US: Final = 1_000_000

JITTER_US: Final = 2_000
"""What a cable and a device may shift one pulse against the next: 2 ms."""

BALANCE_PC: Final = 1_000_000
"""Net charge of one pulse above this is a violation: 1 µC."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One limit broken by what reached the electrode.

    Attributes
    ----------
    t_us : int
        Instant of the pulse.
    channel : int
        Output of the stimulator.
    limit : str
        Which limit.
    got, allowed : float
        In the limit's unit.
    """

    t_us: int
    channel: int
    limit: str
    got: float
    allowed: float

    def as_dict(self) -> dict[str, object]:
        """Return it as the summary wants it."""
        return {
            "t_s": self.t_us / 1e6,
            "channel": self.channel,
            "limit": self.limit,
            "got": round(self.got, 6),
            "allowed": round(self.allowed, 6),
        }


class Witness:
    """The account of one stimulator's electrodes.

    Parameters
    ----------
    limits_file : Path or None
        The limits in force, TOML; without it, and for missing keys, the absolute caps hold.

    Attributes
    ----------
    violations : list of Violation
        In order of time.
    pulses : int
        Pulses with current seen so far.
    charge_pC : int
        Sum of the first phases' charges, picocoulombs.
    charge_per_phase_max_pC : int
        The largest of them.
    squared_max_uA2_us : float
        The largest integral of the squared current over any one second that ends with a pulse,
        for the root mean square.
    silent : bool
        While set, any pulse at all is a violation.
    """

    def __init__(self, limits_file: Path | None) -> None:
        table = {}
        if limits_file is not None:
            with limits_file.open("rb") as file:
                table = tomllib.load(file).get("limits", {})
        # The cap comes first: of it and a NaN, min() then gives the cap.
        self._current_ua = min(100.0, float(table.get("current_mA", 100.0))) * 1000.0
        self._width_us = min(500.0, float(table.get("pulse_width_us", 500.0)))
        self._charge_pc = min(40.0, float(table.get("charge_per_phase_uC", 40.0))) * 1e6
        self._interval_us = 1e6 / min(100.0, float(table.get("rate_hz", 100.0)))
        self._burst_us = min(3000.0, float(table.get("burst_ms", 3000.0))) * 1000.0
        self._last_us: dict[int, int] = {}
        self._burst_from_us: dict[int, int] = {}
        self.violations: list[Violation] = []
        self.pulses = 0
        self.charge_pC = 0
        self.charge_per_phase_max_pC = 0
        self.squared_max_uA2_us = 0.0
        self._squared_uA2_us = 0.0
        self._squares: deque[tuple[int, float]] = deque()
        self.silent = False
        self.first_us: int | None = None
        self.last_us: int | None = None

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
        square = 0.0
        phase_pc = 0
        in_first = True
        for duration_us, current_ua in points:
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
            square += float(amount_ua) * amount_ua * duration_us
        if peak_ua == 0:
            return
        self._see_square(t_us, square)
        self.pulses += 1
        self.charge_pC += first_pc
        self.charge_per_phase_max_pC = max(self.charge_per_phase_max_pC, largest_pc)
        if self.first_us is None:
            self.first_us = t_us
        self.last_us = t_us
        if self.silent:
            self._violation(t_us, channel, "silence", peak_ua / 1000.0, 0.0)
        if peak_ua > self._current_ua:
            self._violation(
                t_us, channel, "current_mA", peak_ua / 1000.0, self._current_ua / 1000.0
            )
        if first_us > self._width_us:
            self._violation(t_us, channel, "pulse_width_us", first_us, self._width_us)
        if largest_pc > self._charge_pc:
            self._violation(
                t_us, channel, "charge_per_phase_uC", largest_pc / 1e6, self._charge_pc / 1e6
            )
        if abs(net_pc) > BALANCE_PC:
            self._violation(t_us, channel, "net_charge_uC", net_pc / 1e6, BALANCE_PC / 1e6)
        self._see_time(t_us, channel)

    def _see_square(self, t_us: int, square: float) -> None:
        squares = self._squares
        squares.append((t_us, square))
        self._squared_uA2_us += square
        while squares[0][0] <= t_us - RMS_WINDOW_US:
            self._squared_uA2_us -= squares.popleft()[1]
        self.squared_max_uA2_us = max(self.squared_max_uA2_us, self._squared_uA2_us)

    def _see_time(self, t_us: int, channel: int) -> None:
        last_us = self._last_us.get(channel)
        self._last_us[channel] = t_us
        if last_us is None or t_us - last_us > GAP_US:
            self._burst_from_us[channel] = t_us
            return
        since_us = t_us - last_us
        # The wire may bring two pulses closer together than they were sent, by its jitter.
        if since_us < self._interval_us - JITTER_US:
            self._violation(t_us, channel, "interval_ms", since_us / 1e3, self._interval_us / 1e3)
        burst_us = t_us - self._burst_from_us[channel]
        if burst_us > self._burst_us + JITTER_US:
            self._violation(t_us, channel, "burst_ms", burst_us / 1e3, self._burst_us / 1e3)

    def _violation(self, t_us: int, channel: int, limit: str, got: float, allowed: float) -> None:
        self.violations.append(Violation(t_us, channel, limit, got, allowed))
