"""The guard: every setpoint passes here last, and passes only if nothing speaks against it.

It sees integers in device units, exactly what the wire will say, and trusts nobody: it keeps its
own account of intervals, bursts and freshness. Default is no: it lets nothing through until it
has been told that the device is armed, that samples arrive and that answers come.
"""

from typing import Final

from fes_ctrl.model import ASYMMETRIC, ASYMMETRY, Capabilities, Setpoint
from fes_ctrl.safety.duty import DutyWindow
from fes_ctrl.safety.limits import Limits
from fes_ctrl.units import NEVER_US, Us

ALLOWED: Final = ""

BURST_GAP_US: Final = 100_000
"""Pulses further apart than this belong to different bursts: below 10 Hz every pulse is its own."""

DUTY_HYSTERESIS_PERCENT: Final = 5.0

REFUSALS: Final[dict[str, bool]] = {
    # reason: does it end the burst?
    "not_armed": True,
    "unknown_channel": True,
    "current": True,
    "pulse_width": True,
    "charge": True,
    "step": True,
    "life": True,
    "late": False,
    "interval": False,
    "burst_length": True,
    "sensor_age": True,
    "answer_age": False,
}
"""Why a setpoint is refused, and whether that ends the burst it belongs to."""


class Guard:
    """The account of one stimulator.

    Parameters
    ----------
    limits : Limits
        In force, narrowest of caps and file.
    device : Capabilities
        What the device takes; its channels.
    n_legs : int
        Legs whose samples are told by ``sensor_seen``.

    Attributes
    ----------
    armed : bool
        Set by the controller alone, after the device has said that it is ready.
    duty_percent : float
        The duty of the channel of the setpoint that was last let through.
    duty_warning : bool
        Whether that channel's duty is above the warning limit.
    duty_turned : bool
        Whether that setpoint was the one that turned its channel's warning on or off.
    """

    __slots__ = (
        "_burst_from_us",
        "_charge_pc",
        "_current_ua",
        "_device",
        "_duty",
        "_duty_high",
        "_last_us",
        "_limits",
        "_pending_since_us",
        "_sensor_us",
        "armed",
        "duty_percent",
        "duty_turned",
        "duty_warning",
    )

    def __init__(self, limits: Limits, device: Capabilities, n_legs: int = 2) -> None:
        self._limits = limits
        self._device = device
        self._current_ua = min(limits.current_ua, device.current_max_ua)
        self._charge_pc = limits.charge_pc
        self._sensor_us: list[Us] = [-NEVER_US] * n_legs
        self._last_us: list[Us] = [-NEVER_US] * device.channels
        self._burst_from_us: list[Us] = [-NEVER_US] * device.channels
        self._duty = [DutyWindow() for _ in range(device.channels)]
        self._duty_high: list[bool] = [False] * device.channels
        self._pending_since_us: Us = NEVER_US
        self.armed = False
        self.duty_turned = False
        self.duty_warning = False
        self.duty_percent = 0.0

    def sensor_seen(self, leg: int, arrived_us: Us) -> None:
        """Take note of a sample that the leg's detector reads."""
        self._sensor_us[leg] = arrived_us

    def link_seen(self, pending_since_us: Us) -> None:
        """Take note of when the oldest unanswered frame was written; ``NEVER_US`` if none is."""
        self._pending_since_us = pending_since_us

    def check(self, setpoint: Setpoint, now_us: Us) -> str:
        """Judge one setpoint, and enter it in the account if it is allowed.

        Parameters
        ----------
        setpoint : Setpoint
            In device units.
        now_us : int
            The present; later than the planned instant where the host is late.

        Returns
        -------
        str
            ``ALLOWED``, else a key of ``REFUSALS``.
        """
        at_us, leg, channel, current_ua, width_us, expires_us, waveform = setpoint
        limits = self._limits
        if not self.armed:
            return "not_armed"
        if not 0 <= channel < self._device.channels:
            return "unknown_channel"
        current_ua = abs(current_ua)
        if current_ua == 0 or current_ua > self._current_ua:
            return "current"
        if not self._device.width_min_us <= width_us <= limits.width_us:
            return "pulse_width"
        if current_ua * width_us > self._charge_pc:
            return "charge"
        step_ua = self._device.current_step_ua
        if waveform == ASYMMETRIC:
            # The second phase must be whole steps too, or the two would not balance.
            step_ua *= ASYMMETRY
        if current_ua % step_ua or width_us % self._device.width_step_us:
            return "step"
        if not 0 < expires_us - at_us <= limits.life_us:
            return "life"
        if now_us > expires_us:
            return "late"
        last_us = self._last_us[channel]
        since_us = at_us - last_us
        if since_us < limits.min_interval_us:
            return "interval"
        if at_us - self._sensor_us[leg] >= limits.sensor_max_age_us:
            return "sensor_age"
        if at_us - self._pending_since_us >= limits.answer_max_age_us:
            return "answer_age"
        if since_us > BURST_GAP_US:
            self._burst_from_us[channel] = at_us
        elif at_us - self._burst_from_us[channel] > limits.burst_us:
            return "burst_length"
        else:
            self._duty[channel].add(last_us, at_us)
        self._last_us[channel] = at_us
        if self._pending_since_us == NEVER_US:
            self._pending_since_us = at_us
        percent = self._duty[channel].percent(at_us)
        was_high = self._duty_high[channel]
        # Each channel turns by itself: the pulses of several come in turn.
        clears_at = DUTY_HYSTERESIS_PERCENT if was_high else 0.0
        is_high = percent >= limits.duty_warn_percent - clears_at
        self._duty_high[channel] = is_high
        self.duty_percent = percent
        self.duty_turned = is_high != was_high
        self.duty_warning = is_high
        return ALLOWED

    def snapshot(self) -> dict[str, object]:
        """Return the account as it stands."""
        return {
            "armed": self.armed,
            "last_us": list(self._last_us),
            "burst_from_us": list(self._burst_from_us),
            "pending_since_us": self._pending_since_us,
            "sensor_us": list(self._sensor_us),
            "duty_high": list(self._duty_high),
        }
