"""The pulse trains of a leg's bursts, a channel each: which currents are set, which pulses due."""

from typing import Final

from fes_ctrl.model import BurstEnd, BurstStart, Record, Setpoint
from fes_ctrl.stim.envelope import envelope_ua
from fes_ctrl.stim.quantise import WHOLE_PPM, ChannelPlan, floor_to_step, set_current_ua
from fes_ctrl.units import NEVER_US, MicroAmp, PicoCoulomb, Us, made

SETPOINT_LIFE_US: Final = 10_000
"""A pulse that cannot be written so soon after its instant is not worth giving."""


class Trains:
    """The trains of one leg.

    Parameters
    ----------
    leg : int
        Whose.
    plans : list of ChannelPlan
        What each channel gives, in the device's steps.

    Attributes
    ----------
    set_ua : list of int
        Plateau of the running burst, a channel each; before it is cut to the device's steps.
    last_pulse_us : int
        Of the running burst's last pulse on any channel; ``NEVER_US`` before the first.
    """

    __slots__ = (
        "_leg",
        "_most_ua",
        "_next_pulse_us",
        "_share_ppm",
        "last_pulse_us",
        "plans",
        "set_ua",
    )

    def __init__(self, leg: int, plans: list[ChannelPlan]) -> None:
        self._leg = leg
        self.plans = plans
        self.set_ua: list[MicroAmp] = [0] * len(plans)
        self._most_ua: list[MicroAmp] = [plan.full_ua for plan in plans]
        self._next_pulse_us: list[Us] = [NEVER_US] * len(plans)
        self._share_ppm: int = WHOLE_PPM
        self.last_pulse_us: Us = NEVER_US

    @property
    def slowest_us(self) -> Us:
        """The longest period of them."""
        return max([plan.period_us for plan in self.plans])

    @property
    def span_ua(self) -> MicroAmp:
        """The largest way from a motor threshold to its plateau; 0 without a channel."""
        return max([max(0, plan.full_ua - plan.motor_ua) for plan in self.plans], default=0)

    @property
    def step_ppm(self) -> int:
        """The largest share of a plateau that one step of the device is worth, at the full level.

        Of what is above the motor threshold; ``WHOLE_PPM`` where there is nothing.
        """
        steps = [
            WHOLE_PPM * plan.step_ua // max(plan.step_ua, plan.full_ua - plan.motor_ua)
            for plan in self.plans
        ]
        return max(steps, default=WHOLE_PPM)

    def begin(
        self, onset_us: Us, level_percent: int, current_ua: MicroAmp, share_ppm: int = WHOLE_PPM
    ) -> Us:
        """Set the currents of a burst; return when its first pulse is due.

        Parameters
        ----------
        onset_us : int
            Of the burst.
        level_percent : int
            The operator's.
        current_ua : int
            Plateau, whatever the level is; 0 for the one of the level.
        share_ppm : int
            Of the level's plateau.
        """
        self._share_ppm = share_ppm
        self.last_pulse_us = NEVER_US
        for index, plan in enumerate(self.plans):
            asked_ua = current_ua or set_current_ua(plan, level_percent, share_ppm)
            self.set_ua[index] = min(self._most_ua[index], asked_ua)
            self._next_pulse_us[index] = onset_us + plan.stagger_us
        return min(self._next_pulse_us)

    def starts(self, onset_us: Us, trigger: str, trigger_us: Us) -> tuple[Record, ...]:
        """Return that a burst was planned, of each channel."""
        return tuple(
            [
                BurstStart(
                    onset_us,
                    self._leg,
                    plan.channel,
                    trigger,
                    trigger_us,
                    floor_to_step(set_ua, plan.step_ua),
                )
                for plan, set_ua in zip(self.plans, self.set_ua, strict=True)
            ]
        )

    def ends(self, last_us: Us, reason: str, onset_us: Us, contact_us: Us) -> tuple[Record, ...]:
        """Return that it is over, of each channel."""
        return tuple(
            [
                BurstEnd(last_us, self._leg, plan.channel, reason, onset_us, contact_us)
                for plan in self.plans
            ]
        )

    def give(
        self,
        at_us: Us,
        onset_us: Us,
        rise_us: Us,
        fall_from_us: Us,
        fall_us: Us,
        setpoints: list[Setpoint],
    ) -> Us:
        """Give the pulses that are due; return when the next one is.

        Parameters
        ----------
        at_us : int
            The present.
        onset_us, rise_us, fall_from_us, fall_us : int
            When the burst began and how long it rises, when it falls and for how long.
        setpoints : list of Setpoint
            Appended to.
        """
        next_us = self._next_pulse_us
        soonest_us = NEVER_US
        index = 0
        for plan in self.plans:
            due_us = next_us[index]
            if due_us == at_us:
                current_ua = envelope_ua(
                    plan.motor_ua,
                    self.set_ua[index],
                    rise_us,
                    fall_us,
                    at_us - onset_us - plan.stagger_us,
                    at_us - fall_from_us,
                )
                current_ua = floor_to_step(current_ua, plan.step_ua)
                if current_ua:
                    setpoints.append(
                        made(
                            Setpoint,
                            (
                                at_us,
                                self._leg,
                                plan.channel,
                                plan.sign * current_ua,
                                plan.width_us,
                                at_us + SETPOINT_LIFE_US,
                                plan.waveform,
                            ),
                        )
                    )
                    self.last_pulse_us = at_us
                due_us = at_us + plan.period_us
                next_us[index] = due_us
            soonest_us = min(soonest_us, due_us)
            index += 1
        return soonest_us

    def lower(self, level_percent: int) -> None:
        """Take a level below the running burst's at once."""
        for index, plan in enumerate(self.plans):
            asked_ua = set_current_ua(plan, level_percent, self._share_ppm)
            self.set_ua[index] = min(self.set_ua[index], asked_ua)

    def bound(self, current_ua: MicroAmp, charge_pc: PicoCoulomb) -> None:
        """Give no more than this from now on, in a running burst too.

        Parameters
        ----------
        current_ua : int
            Highest plateau.
        charge_pc : int
            Highest charge of a phase.
        """
        for index, plan in enumerate(self.plans):
            most_ua = min(self._most_ua[index], current_ua, charge_pc // plan.width_us)
            self._most_ua[index] = most_ua
            self.set_ua[index] = min(self.set_ua[index], most_ua)
