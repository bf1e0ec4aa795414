"""The guard: every setpoint passes here last, and passes only if nothing speaks against it.

It sees integers in device units, exactly what the wire will say, and trusts nobody: it keeps its
own account of intervals, bursts, charge and freshness. Default is no: it lets nothing through until
it has been told that the device is armed, that samples arrive and that answers come.
"""

from collections import deque
from typing import Final

from fes_ctrl.model import ASYMMETRIC, ASYMMETRY, SYMMETRIC, Capabilities, Setpoint
from fes_ctrl.safety.account import DUTY_WINDOW_US, ChannelAccount
from fes_ctrl.safety.felt import BEGINS, GOES_ON
from fes_ctrl.safety.limits import Limits
from fes_ctrl.safety.refusals import REFUSAL_WINDOW_US, REFUSALS, REFUSALS_TO_LATCH
from fes_ctrl.units import NEVER_US, MicroAmp, PicoCoulomb, Us

ALLOWED: Final = ""

UNKNOWN: Final = -1
"""The channel of a report that names none."""

DUTY_HYSTERESIS_PERCENT: Final = 5.0


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
    given : Setpoint or None
        What came of the setpoint that was checked last: itself, clipped, or nothing.
    fault : str
        The fault that its refusal is, or empty; the guard has disarmed itself then.
    duty_percent : float
        The duty of the channel of the setpoint that was last let through.
    duty_warning : bool
        Whether that channel's duty is above the warning limit.
    duty_turned : bool
        Whether that setpoint was the one that turned its channel's warning on or off.
    """

    __slots__ = (
        "_accounts",
        "_current_ua",
        "_device",
        "_dose_pc",
        "_limits",
        "_n_legs",
        "_pending_since_us",
        "_refused_us",
        "_rests_on",
        "_sensor_us",
        "_session_from_us",
        "armed",
        "duty_percent",
        "duty_turned",
        "duty_warning",
        "fault",
        "given",
    )

    def __init__(self, limits: Limits, device: Capabilities, n_legs: int = 2) -> None:
        self._limits = limits
        self._device = device
        self._accounts = [ChannelAccount(device) for _ in range(device.channels)]
        self._n_legs = n_legs
        self._sensor_us: list[Us] = [-NEVER_US] * n_legs
        self._rests_on: list[tuple[int, ...]] = [(leg,) for leg in range(n_legs)]
        self._pending_since_us: Us = NEVER_US
        self._refused_us: deque[Us] = deque(maxlen=REFUSALS_TO_LATCH)
        self.armed = False
        self.given: Setpoint | None = None
        self.fault = ""
        self.duty_turned = False
        self.duty_warning = False
        self.duty_percent = 0.0
        self.new_session()
        self.limits_changed()

    # -- what it is told --------------------------------------------------------------------------

    def arm(self) -> None:
        """Take note that the device is ready: the next burst is a first one."""
        self.armed = True
        self._refused_us.clear()
        self.start_over()

    def start_over(self) -> None:
        """Forget how strong the last bursts were: after arming, a pause, a level of zero."""
        for account in self._accounts:
            account.start_over()

    def new_session(self) -> None:
        """Begin dose and length of a session anew; a person's decision."""
        self._dose_pc: PicoCoulomb = 0
        self._session_from_us: Us = NEVER_US

    def skipped(self, channel: int, at_us: Us) -> None:
        """Take note that a pulse that was let through was not written: nobody has felt it.

        Parameters
        ----------
        channel : int
            Its output, or ``UNKNOWN``: it may have been any.
        at_us : int
            Its planned instant.
        """
        for number, account in enumerate(self._accounts):
            if channel in {number, UNKNOWN}:
                account.skipped(at_us, self._limits.ramp_us)

    def outlasted(self, channel: int, until_us: Us) -> None:
        """Take note that the device repeated a pulse for longer than any setpoint stood for it.

        Parameters
        ----------
        channel : int
            Its output, or ``UNKNOWN``: it may have been any.
        until_us : int
            When the last of them was given, at the latest.
        """
        for number, account in enumerate(self._accounts):
            if channel in {number, UNKNOWN}:
                account.felt.outlasted(until_us)

    def limits_changed(self) -> None:
        """Take over limits that have been narrowed."""
        self._current_ua: MicroAmp = min(self._limits.current_ua, self._device.current_max_ua)

    def sensor_seen(self, leg: int, arrived_us: Us) -> None:
        """Take note of a sample that the leg's detector reads."""
        self._sensor_us[leg] = arrived_us

    def rest(self, leg: int, on: tuple[int, ...]) -> None:
        """Let a leg's pulses rest on the samples of all these legs, instead of its own alone."""
        self._rests_on[leg] = on

    def link_seen(self, pending_since_us: Us) -> None:
        """Take note of when the oldest unanswered frame was written; ``NEVER_US`` if none is."""
        self._pending_since_us = pending_since_us

    # -- what it says -----------------------------------------------------------------------------

    def check(self, setpoint: Setpoint, now_us: Us) -> str:
        """Judge one setpoint, and enter it in the account if it is let through.

        Parameters
        ----------
        setpoint : Setpoint
            In device units.
        now_us : int
            The present; later than the planned instant where the host is late.

        Returns
        -------
        str
            ``ALLOWED``, else a key of ``REFUSALS``. ``given`` then is what may be given instead,
            or nothing.
        """
        self.fault = ""
        reason = self._judge(setpoint, now_us)
        if self.given is None:
            self._refuse(reason, now_us)
        return reason

    def _judge(self, setpoint: Setpoint, now_us: Us) -> str:
        at_us, leg, channel, signed_ua, width_us, expires_us, waveform = setpoint
        limits = self._limits
        device = self._device
        self.given = None
        if not self.armed:
            return "not_armed"
        if not 0 <= channel < device.channels:
            return "unknown_channel"
        if not 0 <= leg < self._n_legs:
            return "unknown_leg"
        # The pulse by itself: both its phases, as the device will give them.
        current_ua = abs(signed_ua)
        step_ua = device.current_step_ua
        if waveform == SYMMETRIC:
            second_ua, second_us = current_ua, width_us
        elif waveform == ASYMMETRIC:
            # The second phase must be whole steps too, or the two would not balance.
            step_ua *= ASYMMETRY
            second_ua, second_us = (
                current_ua // step_ua * device.current_step_ua,
                width_us * ASYMMETRY,
            )
        else:
            return "waveform"
        if current_ua == 0 or current_ua > self._current_ua:
            return "current"
        if current_ua > limits.voltage_ua:
            return "voltage"
        if not device.width_min_us <= width_us <= limits.width_us:
            return "pulse_width"
        first_pc = current_ua * width_us
        second_pc = second_ua * second_us
        if first_pc > limits.charge_pc or second_pc > limits.charge_pc:
            return "charge"
        if first_pc != second_pc and abs(first_pc - second_pc) > limits.net_pc:
            return "net_charge"
        square = current_ua * first_pc + second_ua * second_pc
        if square > limits.energy_square:
            return "pulse_energy"
        if current_ua % step_ua or width_us % device.width_step_us:
            return "step"
        # Its time.
        if not 0 < expires_us - at_us <= limits.life_us:
            return "life"
        if at_us > now_us:
            return "early"
        if now_us > expires_us:
            return "late"
        account = self._accounts[channel]
        since_us = at_us - account.last_us
        if since_us < limits.min_interval_us:
            return "interval"
        for sensed in self._rests_on[leg]:
            if at_us - self._sensor_us[sensed] >= limits.sensor_max_age_us:
                return "sensor_age"
        if at_us - self._pending_since_us >= limits.answer_max_age_us:
            return "answer_age"
        # Its burst. What may be felt as one of its own has to rise like one; what may be felt as
        # part of the last has to end with it.
        parting = account.felt.parting(now_us, expires_us)
        begins = parting == BEGINS
        if not begins and at_us - account.burst_from_us > limits.burst_us:
            return "burst_length"
        reason, given = ALLOWED, setpoint
        last_peak_ua, risen_us = account.last_peak_ua, 0
        if begins:
            last_peak_ua = account.peak_ua
        elif parting != GOES_ON:
            last_peak_ua = min(account.peak_ua, last_peak_ua)
        elif account.rises_from_us != NEVER_US:
            risen_us = at_us - account.rises_from_us
        start_ua = limits.start_ua
        highest_ua = self._highest_ua(last_peak_ua, risen_us)
        if current_ua > start_ua and current_ua > highest_ua:
            reason = "ramp" if risen_us < limits.ramp_us else "level_step"
            clipped_ua = max(start_ua, highest_ua) // step_ua * step_ua
            if clipped_ua == 0:
                return reason
            clip_ua = clipped_ua if signed_ua == current_ua else -clipped_ua
            given = Setpoint(at_us, leg, channel, clip_ua, width_us, expires_us, waveform)
            square = square * clipped_ua * clipped_ua // (current_ua * current_ua)
            first_pc = clipped_ua * width_us
            current_ua = clipped_ua
        # Its part of the last second, the last ten, and the session.
        account.forget(at_us)
        total = account.square + square
        if total > limits.square:
            if total > limits.rms_square:
                return "rms"
            return "density" if total > limits.density_square else "power"
        on_us = account.on_us if begins else account.on_us + since_us
        percent = on_us * 100.0 / DUTY_WINDOW_US
        if percent > limits.duty_percent:
            return "duty"
        if self._dose_pc + first_pc > limits.dose_pc:
            return "dose"
        if at_us - self._session_from_us > limits.session_us:
            return "session"
        # Nothing speaks against it.
        account.enter(at_us, now_us, expires_us, current_ua, square, parting)
        self._dose_pc += first_pc
        if self._session_from_us == NEVER_US:
            self._session_from_us = at_us
        if self._pending_since_us == NEVER_US:
            self._pending_since_us = at_us
        # Each channel turns by itself: the pulses of several come in turn.
        was_high = account.duty_high
        clears_at = DUTY_HYSTERESIS_PERCENT if was_high else 0.0
        is_high = percent >= limits.duty_warn_percent - clears_at
        account.duty_high = is_high
        self.duty_percent = percent
        self.duty_turned = is_high != was_high
        self.duty_warning = is_high
        self.given = given
        return reason

    def _highest_ua(self, last_peak_ua: MicroAmp, risen_us: Us) -> MicroAmp:
        """Return the current that a rise from ``start_ua`` to the last burst's has come to."""
        limits = self._limits
        start_ua = limits.start_ua
        if last_peak_ua == 0:
            return start_ua
        if risen_us < limits.ramp_us:
            return start_ua + (last_peak_ua - start_ua) * risen_us // limits.ramp_us
        return last_peak_ua + limits.level_step_ua

    def _refuse(self, reason: str, now_us: Us) -> None:
        row = REFUSALS[reason]
        self.fault = row.latches
        if row.ends_burst and not row.stall:
            recent_us = now_us - REFUSAL_WINDOW_US
            refused_us = self._refused_us
            refused_us.append(now_us)
            enough = len(refused_us) == REFUSALS_TO_LATCH and refused_us[0] > recent_us
            if enough and not self.fault:
                self.fault = "F33"
        if self.fault:
            self.armed = False

    def snapshot(self) -> dict[str, object]:
        """Return the account as it stands."""
        accounts = self._accounts
        return {
            "armed": self.armed,
            "last_us": [account.last_us for account in accounts],
            "burst_from_us": [account.burst_from_us for account in accounts],
            "peak_ua": [account.peak_ua for account in accounts],
            "last_peak_ua": [account.last_peak_ua for account in accounts],
            "pending_since_us": self._pending_since_us,
            "sensor_us": list(self._sensor_us),
            "rests_on": list(self._rests_on),
            "duty_high": [account.duty_high for account in accounts],
            "dose_pc": self._dose_pc,
            "session_from_us": self._session_from_us,
            "refused_us": list(self._refused_us),
        }
