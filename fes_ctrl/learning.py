"""What a leg learns from its strides, and when it must not.

The swing is measured by the foot IMU, held against what the burst of that swing was given, and
turned into what the next one is given. Whatever makes a stride unlike the others, or its
measurement doubtful, freezes the learning for that stride; too many of those in a row, and it
goes back to where it began.
"""

from typing import Final

from fes_ctrl.gait.config import FootImuConfig
from fes_ctrl.gait.swing_pitch import SwingPitch, SwingPitchMeter
from fes_ctrl.model import TURNING, WALKING, Adaptation, Sample
from fes_ctrl.stim.adaptive import AdaptiveLaw, Times
from fes_ctrl.stim.program import Program
from fes_ctrl.stim.quantise import WHOLE_PPM
from fes_ctrl.units import NEVER_US, Us

LEARNT: Final = "learnt"
HELD: Final = "held"
FROZEN: Final = "frozen"
REVERTED: Final = "reverted"

GAVE_LESS: Final = "the guard gave less than was asked for"

NOT_SEEN: Final = "the foot was not seen to be flat again"
"""Why a stride was frozen that nothing was measured of; told when the next burst ends."""

ODD_SHARE: Final = 0.3
"""A swing's duration or surge that is so far from the usual belongs to another way of walking: a
stumble, stairs, a turn. Strides of one pace vary by 2 to 8 %, their surge as it is measured by 4 to
7 %, and the farthest of a minute's by some 20 %."""

ODD_DEG: Final = 5.0
"""Pitch at contact that has changed by so much more than was to be expected. On a slope of 8 % and
on stairs the simulated foot lands 6 to 9 deg lower than before them."""

STILL_ODD_DEG: Final = 3.0
"""Of the strides that follow an odd one."""

NEW_WAY: Final = 8
"""So many odd strides in a row are no exception any more."""

ALIKE: Final = 3
"""As long as fewer strides agree on what is usual, one that is unlike them is not the odd one."""

USUAL: Final = 0.25
"""Weight of a stride in what is usual."""


class Learning:
    """What one leg learns.

    Parameters
    ----------
    leg : int
        Whose.
    program : Program
        Whose bursts are adapted; its configuration says how.
    imu : FootImuConfig
        Dials of the detector by which strides are measured.

    Attributes
    ----------
    withheld : bool
        Set by whoever gave less than the running burst asked for.
    """

    __slots__ = (
        "_alike",
        "_burst",
        "_compares",
        "_frozen",
        "_last_deg",
        "_law",
        "_level",
        "_measured_us",
        "_meter",
        "_odd",
        "_onset_us",
        "_revert_strides",
        "_sure",
        "_surge_mps",
        "_swing_us",
        "leg",
        "withheld",
    )

    def __init__(self, leg: int, program: Program, imu: FootImuConfig) -> None:
        config = program.config.adaptive
        self.leg = leg
        self._burst = program.burst
        self._meter = SwingPitchMeter(imu, leg)
        self._law = AdaptiveLaw(config, self._burst.trains.span_ua)
        self._sure: float = config.sure
        self._revert_strides: int = config.revert_strides
        self._alike: int = 0
        self._swing_us: float = 0.0
        self._surge_mps: float = 0.0
        self.start_over()

    def start_over(self) -> None:
        """Begin anew: the device was armed, and where the electrodes sit is not known."""
        self._law.start_over()
        self._burst.adapted = self._law.now
        self._level: int = 0
        self._frozen: int = 0
        self._odd: int = 0
        self._last_deg: float = 0.0
        self._compares: bool = False
        self._onset_us: Us = -NEVER_US
        self._measured_us: Us = -NEVER_US
        self.withheld: bool = False

    def take(self, sample: Sample, activity: str) -> Adaptation | None:
        """Take a reading; return what came of the stride that it ends, if it ends one.

        Parameters
        ----------
        sample : Sample
            Of any sensor of this leg.
        activity : str
            What the leg does, as far as the phase machine knows.
        """
        swing = self._meter.update(sample)
        self._meter.remarks()  # its detector's, which would tell every event twice
        if swing is None:
            return None
        self._measured_us = swing.t_us
        burst = self._burst
        level = burst.begun_level
        if level == 0 or not swing.since_us < burst.begun_us < swing.contact_us:
            # Nobody stimulates: there is nothing to learn, and nothing to tell.
            self._get_used_to(swing)
            return None
        why = self._why_frozen(swing, activity)
        withheld = self.withheld
        self.withheld = False
        if withheld:
            # Its ramp may have been why.
            self._law.take_the_programs_ramp()
            burst.adapted = self._law.now
        if level != self._level:
            self._level = level
            self._law.forget()
            why = why or "the level was changed"
            self._last_deg = swing.contact_deg
            self._compares = not swing.unsure
        elif not why and withheld:
            return self._given_less(swing)
        why = why or self._why_odd(swing)
        if why:
            return self._freeze(swing.t_us, why, swing)
        self._frozen = 0
        self._last_deg = swing.contact_deg
        self._compares = True
        timing = burst.timing
        times = Times(
            timing.extension_us,
            timing.rise_us,
            burst.least_rise_us,
            burst.trains.step_ppm * 100 // level,
        )
        changed = self._law.learn(swing.mid_deg, swing.contact_deg, swing.fall_dps, times)
        burst.adapted = self._law.now
        why = ""
        if self._law.out_of_reach:
            why = f"all that may be given leaves {self._law.short_deg:.1f} deg wanting"
        return self._told(swing.t_us, LEARNT if changed else HELD, why, swing)

    def _given_less(self, swing: SwingPitch) -> Adaptation:
        """Take a stride of which the guard gave less than was asked for: less may be enough."""
        self._last_deg = swing.contact_deg
        self._compares = False
        why = self._why_odd(swing)
        if not why and self._law.ease(swing.mid_deg, swing.contact_deg):
            self._frozen = 0
            self._burst.adapted = self._law.now
            return self._told(swing.t_us, LEARNT, f"{GAVE_LESS}, and it was enough", swing)
        return self._freeze(swing.t_us, why or GAVE_LESS, swing)

    def burst_ended(self, t_us: Us, onset_us: Us) -> Adaptation | None:
        """Take note of a burst's end; return what comes of it where the one before was in vain.

        Parameters
        ----------
        t_us, onset_us : int
            Its end and its onset. The stride of the burst before it is over by then, and should
            have been measured.
        """
        if self._burst.begun_level == 0:
            return None
        before_us = self._onset_us
        self._onset_us = onset_us
        if before_us == -NEVER_US or self._measured_us > before_us:
            return None
        return self._freeze(t_us, NOT_SEEN, None)

    def _why_frozen(self, swing: SwingPitch, activity: str) -> str:
        burst = self._burst
        if swing.unsure:
            return swing.unsure
        if swing.confidence < self._sure:
            return f"its events are sure to {swing.confidence:.2f} only"
        if activity == TURNING:
            return "it turned"
        if activity != WALKING:
            return "it is not known to walk"
        if burst.level_percent != burst.begun_level:
            return "the level was changed"
        if burst.broken:
            return "its burst was cut"
        return ""

    def _why_odd(self, swing: SwingPitch) -> str:
        """Return in what a stride is unlike those before it, and get used to it."""
        odd = ""
        swing_us = float(swing.contact_us - swing.toe_off_us)
        if self._swing_us > 0.0:
            off = swing_us / self._swing_us - 1.0
            off_ahead = swing.surge_mps / self._surge_mps - 1.0 if self._surge_mps > 0.0 else 0.0
            off_deg = self._off_deg(swing.contact_deg - self._last_deg)
            most_deg = STILL_ODD_DEG if self._odd else ODD_DEG
            if not -ODD_SHARE <= off <= ODD_SHARE:
                odd = f"its swing lasted {swing_us / 1000.0:.0f} ms"
            elif not -ODD_SHARE <= off_ahead <= ODD_SHARE:
                odd = f"its foot went ahead {100.0 * off_ahead:+.0f} % off the usual"
            if odd and self._alike < ALIKE:
                odd = ""
                self._swing_us = 0.0
            if not odd and self._compares and not -most_deg <= off_deg <= most_deg:
                odd = f"it landed {off_deg:+.0f} deg off what was to be expected"
        if odd:
            self._odd += 1
            if self._odd < NEW_WAY:
                return odd
            # Another way of walking, and not for a moment: that is the usual one now.
            self._swing_us = 0.0
            self._law.forget()
        self._odd = 0
        self._get_used_to(swing)
        return ""

    def _off_deg(self, change_deg: float) -> float:
        """Return how far a change of the pitch at contact is from what was to be expected."""
        least_deg, most_deg = self._law.least_expected_deg, self._law.most_expected_deg
        return change_deg - min(max(change_deg, least_deg), most_deg)

    def _get_used_to(self, swing: SwingPitch) -> None:
        if swing.unsure:
            return
        swing_us = float(swing.contact_us - swing.toe_off_us)
        if self._swing_us <= 0.0:
            self._alike = 1
            self._swing_us = swing_us
            self._surge_mps = swing.surge_mps
        else:
            self._alike += 1
            self._swing_us += USUAL * (swing_us - self._swing_us)
            self._surge_mps += USUAL * (swing.surge_mps - self._surge_mps)

    def _freeze(self, t_us: Us, why: str, swing: SwingPitch | None) -> Adaptation:
        self._frozen += 1
        if self._frozen > self._revert_strides and self._law.revert():
            self._burst.adapted = self._law.now
            why = f"{self._frozen} strides that teach nothing: {why}"
            return self._told(t_us, REVERTED, why, swing)
        return self._told(t_us, FROZEN, why, swing)

    def _told(self, t_us: Us, verdict: str, reason: str, swing: SwingPitch | None) -> Adaptation:
        share_ppm, later_us, sooner_us, shorter_us = self._law.now
        mid_deg = contact_deg = fall_dps = float("nan")
        if swing is not None and not swing.unsure:
            mid_deg = round(swing.mid_deg, 2)
            contact_deg = round(swing.contact_deg, 2)
            fall_dps = round(swing.fall_dps, 1)
        return Adaptation(
            t_us,
            self.leg,
            verdict,
            reason,
            mid_deg,
            contact_deg,
            fall_dps,
            share_ppm / WHOLE_PPM,
            later_us,
            sooner_us,
            shorter_us,
        )

    def snapshot(self) -> dict[str, object]:
        """Return what was learnt and what is usual."""
        return {
            "law": self._law.snapshot(),
            "meter": self._meter.snapshot(),
            "frozen": self._frozen,
            "swing_us": round(self._swing_us),
            "surge_mps": round(self._surge_mps, 2),
        }
