"""Iterative learning control of a burst over strides: how strong, from when, until when.

Each stride is a trial of the same task. What the foot did in the last one corrects what the next
one is given:

    share[k+1] = share[k] + gain * (wanted - pitch[k])

and alike for the onset and for the end. The plateau answers for the pitch at contact, the onset for
that in mid-swing, the end for how the forefoot comes down. The gain follows from how the pitch has
answered to the last changes, so a muscle that is near its ceiling is not taken for one that does
not need more. Everything is bounded: each step, and the whole by what the program gives.

The ramp is as steep as the program's, and to a lower plateau so much shorter. The burst begins
later by half of that, which leaves what is above the motor threshold as it was, summed over the
rise. What is saved is the threshold itself, which moves nothing.

References
----------
Seel T., Werner C., Raisch J., Schauer T., Control Eng Pract 48:87-97, 2016: iterative learning of
drop-foot stimulation on the foot's pitch.
"""

from math import sqrt
from typing import Final, NamedTuple

from fes_ctrl.stim.adaptive_config import AdaptiveConfig
from fes_ctrl.stim.quantise import WHOLE_PPM
from fes_ctrl.units import MicroAmp, Us, ua_from_ma, us_from_ms

LEARNS: Final = 0.7
UNLEARNS: Final = 0.5
"""Part of an error that one stride makes good, where the answer is as expected: of a foot that is
too low, and of one that is too high. The weaker, the steeper the answer: down it goes with care."""

NEAR: Final = 0.2
"""The same within the band: there most of an error is the foot's scatter and the measurement's, and
the mean of several strides counts. A muscle that tires is followed by as much."""

OUTLIER_DEG: Final = 3.0
"""A stride that lacks less than that is scatter as well, where the one before it lacked nothing to
speak of: only a second in a row is made good at once."""

WITHIN_DEG: Final = 0.5
WITHIN_SCATTERS: Final = 1.65
"""It steers above the wanted pitch by as much as the foot's own scatter asks for, that nineteen
strides of twenty are not below by more than the first; the second is the normal quantile for it."""

SCATTER_DEG: Final = 0.8
SCATTERS: Final = 0.05
"""The first guess at that scatter, and the weight of a stride against those before it. Simulated
feet have 0.2 to 0.5, as it is measured: a foot that is not known yet is rather held too high."""

ANSWER_DEG: Final = 20.0
LEAST_ANSWER_DEG: Final = 4.0
LARGEST_ANSWER_DEG: Final = 60.0
"""Pitch that the whole share is worth: the first guess, and its bounds. Simulated patients have 3
at the top and 50 at the bottom of their recruitment."""

TOLD_PPM: Final = 25_000
"""A smaller change of the share says nothing of the answer: the pitch varies by itself."""

DOWN: Final = 2.0
"""Down it steps so much further than up."""

LATER_MS_PER_DEG: Final = 6.0
SOONER_MS_PER_DEG: Final = 12.0
"""Of the onset, for each degree in mid-swing; a foot that is too low counts twice."""

NEAR_FALL: Final = 0.9
"""Below this share of the allowed rate the forefoot comes down well enough to do with less."""


FURTHEST_DEG: Final = 180.0
FASTEST_DPS: Final = 10_000.0
"""No foot is held or falls so."""


class Adapted(NamedTuple):
    """What is taken away from a program: the share left of its plateau, and times.

    ``later_us`` is how much later the onset comes, ``sooner_us`` how much sooner the fall begins,
    ``shorter_us`` how much shorter the ramp is between them.
    """

    share_ppm: int
    later_us: Us
    sooner_us: Us
    shorter_us: Us = 0


NOTHING_TAKEN: Final = Adapted(WHOLE_PPM, 0, 0)


class Times(NamedTuple):
    """The program's own, as they are now.

    ``extension_us`` is 0 where there is none to take away from; ``rise_us`` is its ramp, and
    ``least_rise_us`` the shortest that the guard allows to the same plateau as the last.
    ``step_ppm`` is the share that one step of the stimulator's current is worth.
    """

    extension_us: Us
    rise_us: Us
    least_rise_us: Us
    step_ppm: int


def ramp_to(share_ppm: int, was_ppm: int, times: Times) -> Us:
    """Return the ramp to a share of the plateau: as steep as the program's to the whole of it.

    Parameters
    ----------
    share_ppm, was_ppm : int
        Of the next burst and of the last one. The guard lets a burst rise no faster than to the
        last one's peak, which was up to a step of the stimulator lower than was asked for: what is
        above that takes so much longer.
    times : Times
        Of the program.
    """
    rise_us, least_us = times.rise_us, times.least_rise_us
    peak_ppm = was_ppm - times.step_ppm
    if peak_ppm <= 0:
        return rise_us
    if share_ppm > peak_ppm:
        least_us = -(-least_us * share_ppm // peak_ppm)
    return min(rise_us, max(least_us, rise_us * share_ppm // WHOLE_PPM))


class AdaptiveLaw:
    """The learning law of one leg.

    Parameters
    ----------
    config : AdaptiveConfig
        What is wanted, and how fast it may be learnt.
    span_ua : int
        From the motor threshold to the program's plateau: what the whole share is worth.

    Attributes
    ----------
    now : Adapted
        What the next burst is to be given.
    answer_deg : float
        Pitch at contact that the whole share is worth, as far as is known.
    short_deg : float
        How far the last stride was from what is wanted; negative where there was more.
    """

    __slots__ = (
        "_answered",
        "_band_deg",
        "_changed_ppm",
        "_contact_deg",
        "_down_ppm",
        "_fall_dps",
        "_latest_us",
        "_least_extension_us",
        "_low",
        "_mid_deg",
        "_start_ppm",
        "_step_us",
        "_up_ppm",
        "_varies",
        "_was_deg",
        "_was_short_deg",
        "answer_deg",
        "now",
        "short_deg",
    )

    def __init__(self, config: AdaptiveConfig, span_ua: MicroAmp) -> None:
        self._contact_deg: float = config.contact_deg
        self._mid_deg: float = config.mid_deg
        self._fall_dps: float = config.fall_deg_per_s
        self._band_deg: float = config.band_deg
        self._start_ppm: int = round(config.start * WHOLE_PPM)
        step_ua = ua_from_ma(config.step_mA)
        self._up_ppm: int = min(WHOLE_PPM, WHOLE_PPM * step_ua // max(1, span_ua))
        self._down_ppm: int = min(WHOLE_PPM, int(DOWN * self._up_ppm))
        self._step_us: Us = us_from_ms(config.step_ms)
        self._latest_us: Us = us_from_ms(config.latest_ms)
        self._least_extension_us: Us = us_from_ms(config.least_extension_ms)
        self.start_over()

    def start_over(self) -> None:
        """Begin anew, with the configured share and the program's times."""
        self.now: Adapted = Adapted(self._start_ppm, 0, 0)
        self.answer_deg: float = ANSWER_DEG
        self._answered: bool = False
        self.short_deg: float = 0.0
        self._varies: float = SCATTER_DEG * SCATTER_DEG
        self.forget()

    def forget(self) -> None:
        """Take the next stride as it comes: what was given before it does not compare."""
        self._changed_ppm: int = 0
        self._was_deg: float = 0.0
        self._was_short_deg: float = FURTHEST_DEG
        self._low: bool = True

    def learn(self, mid_deg: float, contact_deg: float, fall_dps: float, times: Times) -> bool:
        """Take a stride that was given ``now``; return whether the next one is given anything else.

        Parameters
        ----------
        mid_deg, contact_deg : float
            Pitch in mid-swing and at contact.
        fall_dps : float
            How fast the forefoot came down, deg/s.
        times : Times
            The program's, as they are now.
        """
        was = self.now
        # Not abs() and max(): of a number and none, max() may return the number.
        held = -FURTHEST_DEG <= mid_deg <= FURTHEST_DEG
        landed = -FURTHEST_DEG <= contact_deg <= FURTHEST_DEG
        if not (held and landed and 0.0 <= fall_dps <= FASTEST_DPS):
            return False
        self._learn_answer(contact_deg)
        short_deg = self._contact_deg - contact_deg
        low_deg = self._mid_deg - mid_deg
        self.short_deg = max(short_deg, low_deg)
        was_put_off_us = was.later_us - was.shorter_us // 2
        put_off_us = self._onset(was_put_off_us, short_deg, low_deg, at_least=was.share_ppm == 0)
        if low_deg > short_deg:
            if was_put_off_us == 0:
                # It cannot come sooner: what mid-swing lacks, more current has to give.
                short_deg = low_deg
            elif low_deg > -self._band_deg:
                # What mid-swing needs the onset has to give, but not against less current.
                short_deg = max(short_deg, -self._band_deg)
        self._learn_scatter(short_deg)
        share_ppm = self._share(was.share_ppm, short_deg)
        sooner_us = self._end(was.sooner_us, short_deg, fall_dps, times.extension_us)
        shorter_us = times.rise_us - ramp_to(share_ppm, was.share_ppm, times)
        later_us = put_off_us + shorter_us // 2
        self._changed_ppm = share_ppm - was.share_ppm
        self._was_deg = contact_deg
        self.now = Adapted(share_ppm, later_us, sooner_us, shorter_us)
        return self.now != was

    @property
    def out_of_reach(self) -> bool:
        """Whether all that may be given was, and did not do."""
        return self.now.share_ppm == WHOLE_PPM and self.short_deg > self._band_deg

    def ease(self, mid_deg: float, contact_deg: float) -> bool:
        """Take a stride that was given less than ``now``; return whether less is asked for now.

        What held the foot higher than is wanted would have done so all the more if all had been
        given. Where it did not, nothing is known: how much less it was is not.

        Parameters
        ----------
        mid_deg, contact_deg : float
            Pitch in mid-swing and at contact.
        """
        self.forget()
        was = self.now
        short_deg, low_deg = self._contact_deg - contact_deg, self._mid_deg - mid_deg
        if not (short_deg < -self._band_deg and low_deg < -self._band_deg):
            return False
        share_ppm = self._share(was.share_ppm, max(short_deg, low_deg))
        self.now = was._replace(share_ppm=min(share_ppm, was.share_ppm))
        return self.now != was

    def take_the_programs_ramp(self) -> None:
        """Let the next burst rise as the program does, until a stride has been learnt from."""
        share_ppm, later_us, sooner_us, shorter_us = self.now
        self.now = Adapted(share_ppm, later_us - shorter_us // 2, sooner_us)

    @property
    def least_expected_deg(self) -> float:
        """By how much the next pitch at contact differs from the last at least, upwards.

        As long as no change has been answered, any answer is to be expected.
        """
        return self._expected(LEAST_ANSWER_DEG, LARGEST_ANSWER_DEG)

    @property
    def most_expected_deg(self) -> float:
        """By how much it differs at most, upwards."""
        return self._expected(LARGEST_ANSWER_DEG, LEAST_ANSWER_DEG)

    def _expected(self, of_more_deg: float, of_less_deg: float) -> float:
        answer_deg = of_more_deg if self._changed_ppm > 0 else of_less_deg
        if self._answered:
            answer_deg = self.answer_deg
        return answer_deg * self._changed_ppm / WHOLE_PPM

    def _learn_answer(self, contact_deg: float) -> None:
        """Learn what a share is worth, from the last change and what the foot made of it."""
        changed_ppm = self._changed_ppm
        if -TOLD_PPM < changed_ppm < TOLD_PPM:
            return
        answer_deg = (contact_deg - self._was_deg) * WHOLE_PPM / changed_ppm
        answer_deg = min(LARGEST_ANSWER_DEG, max(LEAST_ANSWER_DEG, answer_deg))
        # A steeper answer than was known of is believed at once.
        weight = 1.0 if answer_deg > self.answer_deg else 0.5
        self._answered = True
        self.answer_deg += weight * (answer_deg - self.answer_deg)

    def _learn_scatter(self, short_deg: float) -> None:
        """Learn how the foot varies by itself, from strides that follow each other in the band."""
        was_deg = self._was_short_deg
        self._was_short_deg = short_deg
        band_deg = self._band_deg
        if -band_deg <= was_deg <= band_deg and -band_deg <= short_deg <= band_deg:
            change_deg = short_deg - was_deg
            # Both have the scatter, so their difference has twice its variance.
            self._varies += SCATTERS * (0.5 * change_deg * change_deg - self._varies)

    @property
    def aim_deg(self) -> float:
        """By how much it steers above what is wanted."""
        return max(0.0, WITHIN_SCATTERS * sqrt(self._varies) - WITHIN_DEG)

    def _share(self, share_ppm: int, short_deg: float) -> int:
        """Return the next share, for a foot that is so much too low; negative: too high."""
        band_deg = self._band_deg
        short_deg += self.aim_deg
        learns = NEAR
        was_low = self._low
        self._low = short_deg > 0.5 * band_deg
        if self._low and (was_low or short_deg > OUTLIER_DEG):
            learns = LEARNS
        elif short_deg < -band_deg:
            learns = UNLEARNS
        change_ppm = round(learns * short_deg * WHOLE_PPM / self.answer_deg)
        change_ppm = max(-self._down_ppm, min(self._up_ppm, change_ppm))
        return max(0, min(WHOLE_PPM, share_ppm + change_ppm))

    def _onset(self, put_off_us: Us, short_deg: float, low_deg: float, *, at_least: bool) -> Us:
        """Return by how much the next onset is put off; ``at_least``: there is no less current."""
        step_us = self._step_us
        change_us = 0
        if low_deg > 0.0:
            change_us = -min(2 * step_us, round(1000.0 * SOONER_MS_PER_DEG * low_deg))
        elif low_deg < -self._band_deg and (at_least or -2.0 * self._band_deg < short_deg <= 0.0):
            # The current first: where contact has much to spare, less of it is the way.
            over_deg = -low_deg - 0.5 * self._band_deg
            change_us = min(step_us, round(1000.0 * LATER_MS_PER_DEG * over_deg))
        return max(0, min(self._latest_us, put_off_us + change_us))

    def _end(self, sooner_us: Us, short_deg: float, fall_dps: float, extension_us: Us) -> Us:
        """Return how much sooner the fall of the next burst begins."""
        step_us = self._step_us
        if fall_dps > self._fall_dps:
            sooner_us -= step_us
        elif fall_dps < NEAR_FALL * self._fall_dps and short_deg <= 0.0:
            sooner_us += step_us // 2
        return max(0, min(extension_us - self._least_extension_us, sooner_us))

    def revert(self) -> bool:
        """Take one step back to where it began; return whether that changes anything."""
        was = self.now
        self.take_the_programs_ramp()
        share_ppm, put_off_us, sooner_us, _ = self.now
        start_ppm = self._start_ppm
        share_ppm += max(-self._down_ppm, min(self._up_ppm, start_ppm - share_ppm))
        step_us = self._step_us
        later_us = max(0, put_off_us - step_us)
        self.now = Adapted(share_ppm, later_us, max(0, sooner_us - step_us))
        self.forget()
        return self.now != was

    def snapshot(self) -> dict[str, object]:
        """Return what it has learnt."""
        share_ppm, later_us, sooner_us, shorter_us = self.now
        return {
            "share": round(share_ppm / WHOLE_PPM, 4),
            "later_us": later_us,
            "sooner_us": sooner_us,
            "shorter_us": shorter_us,
            "answer_deg": round(self.answer_deg, 1),
            "aim_deg": round(self.aim_deg, 2),
        }
