"""The order of a shank's stride: rates and tilts in, events out.

Stance, push-off, swing and landing follow one another on time stamps; what is fast, far or short
is measured against what is usual for the walker (``shank_walker``). Rates and tilts are positive
leaning back.
"""

from typing import Final

from fes_ctrl.gait.config import ShankImuConfig
from fes_ctrl.gait.explain import Notebook
from fes_ctrl.gait.shank_heel import ShankHeel
from fes_ctrl.gait.shank_walker import LEAST_RANGE_DEG, LEAST_SWING_DPS, ShankWalker
from fes_ctrl.gait.told import Told
from fes_ctrl.model import HEEL_OFF, INITIAL_CONTACT, TERMINAL_CONTACT
from fes_ctrl.units import Us, us_from_ms

LOST: Final = 0  # waits for rest or for a swing
STANCE: Final = 1
PUSH: Final = 2  # heel off, toe still down
SWING: Final = 3
LANDED: Final = 4  # contact, still turning fast
STATE_NAMES: Final = ("lost", "stance", "push", "swing", "landed")

PUSH_SHARE: Final = 0.4
"""Of the expected push-off: less is none."""
UNDONE: Final = 0.1
"""Of the tilt's range, back again without a swing: the heel is down."""
OVER: Final = 0.5
"""Of the push-off's peak: back to so much, and the toe leaves the ground."""
SWUNG: Final = 0.6
"""Of the usual turn, after which a swing may end."""
LIFTED: Final = 0.25
LIFTED_RATE: Final = 0.3
"""Of the usual turn and its rate, back without a push: a swing all the same."""
GONE: Final = 0.25
"""Of its own turn, forward again: a swing that was unusually short is over."""
SWINGS_ON: Final = 0.1
"""Of the swing's peak rate, back again: the swing goes on."""
SETTLED: Final = 0.25
"""Of the swing's peak rate, forward again: the foot is on the ground."""
BACK: Final = 0.4
"""Of the swing's peak rate: a shank that turns back so fast again has not landed."""
LONGEST_SETTLING_US: Final = 80_000
LONGEST_BACK_US: Final = 250_000
ROLLING_US: Final = 60_000
EARLIEST_ROLLING: Final = 0.35
"""Of a stride: after so long the foot stands, however fast the shank goes on forward."""

ONLY_NOW: Final = ", looked for only now"
"""Of a heel-off that would have been told before, had the shortest stance not been waited for."""

GUESSED: Final = 0.4
"""Confidence in a heel-off that was told by a swing without a push."""


class ShankStride:
    """Where in its stride a shank is.

    Parameters
    ----------
    config : ShankImuConfig
        Dials.
    walker : ShankWalker
        What is usual; learns from every stride.
    notes : Notebook
        Where remarks go.

    Attributes
    ----------
    state : int
        One of the above.
    upright_deg : float
        Tilt in quiet standing, from which ``tilt_on_deg`` counts.
    """

    __slots__ = (
        "_bottom_deg",
        "_by_tilt",
        "_contact_us",
        "_crossing_us",
        "_doubted_us",
        "_early",
        "_heel",
        "_lift_us",
        "_lowest_dps",
        "_max_push_us",
        "_max_swing_us",
        "_min_stance_us",
        "_min_swing_us",
        "_missed",
        "_notes",
        "_off_us",
        "_peak_dps",
        "_stance_us",
        "_told_deg",
        "_top_deg",
        "_waits",
        "_walker",
        "state",
        "upright_deg",
    )

    def __init__(self, config: ShankImuConfig, walker: ShankWalker, notes: Notebook) -> None:
        self._walker = walker
        self._notes = notes
        self._by_tilt: bool = config.by == "tilt"
        self._heel = ShankHeel(config, walker)
        # What it would have told while only the shortest stance was waited for.
        self._early = ShankHeel(config, walker)
        self._min_swing_us: Us = us_from_ms(config.min_swing_ms)
        self._max_swing_us: Us = us_from_ms(config.max_swing_ms)
        self._max_push_us: Us = us_from_ms(config.max_push_ms)
        self._min_stance_us: Us = us_from_ms(config.min_stance_ms)
        self.upright_deg: float = 0.0
        self.forget()

    def forget(self) -> None:
        """Begin anew after a gap: nothing is known of the stride."""
        self.state: int = LOST
        self._bottom_deg: float = 0.0
        self._top_deg: float = 0.0
        self._peak_dps: float = 0.0
        self._lowest_dps: float = 0.0
        self._told_deg: float = 0.0
        self._heel.begin(0.0)
        self._heel.fast_deg = 0.0
        self._crossing_us: Us = -1
        self._contact_us: Us = -1
        self._doubted_us: Us = -1
        self._stance_us: Us = -1
        self._waits: bool = False
        self._missed: bool = False
        self._early.begin(0.0)
        self._off_us: Us = 0
        self._lift_us: Us = 0

    def begin(self, t_us: Us, deg: float, since_deg: float) -> None:
        """Begin amid a stride whose last turning point is known.

        Parameters
        ----------
        t_us : int
            When.
        deg : float
            Tilt.
        since_deg : float
            How far it has turned since the turning point.
        """
        if since_deg >= 0.0:
            self._bottom_deg = deg - since_deg
            return
        # Between contact and the next swing.
        walker = self._walker
        walker.from_deg = deg - since_deg
        self.state = LANDED
        self._contact_us = self._lift_us = t_us
        self._bottom_deg = self._top_deg = deg
        self._heel.slow_dps = walker.slow_share * walker.push_dps

    def shift(self, found_deg: float) -> None:
        """Count tilts of this stride from elsewhere: the shank has not turned by so much."""
        self._bottom_deg += found_deg
        self._top_deg += found_deg
        self._heel.fast_deg += found_deg
        self._told_deg += found_deg
        self._walker.from_deg += found_deg

    def rest(self, t_us: Us, deg: float) -> None:
        """Stand, and expect a usual step next."""
        if self.state != STANCE:
            if self.state == PUSH:
                self._notes.note(t_us, "heel-off without a push: the shank has come to rest")
            self._stand(deg, 0.0)
        walker = self._walker
        walker.rested()
        self._heel.slow_dps = walker.slow_share * walker.push_dps
        self._heel.off_us = -1
        self._lowest_dps = 0.0
        self._bottom_deg = deg
        self._look_out()

    def move(self, t_us: Us, dt_s: float, rate: float, deg: float) -> Told:
        """Go on by one reading; return what it makes certain.

        Parameters
        ----------
        t_us : int
            When.
        dt_s : float
            Since the last.
        rate, deg : float
            Rate and tilt, leaning back positive.
        """
        state = self.state
        if state == STANCE:
            return self._stance(t_us, dt_s, rate, deg)
        if state == SWING:
            return self._swing(t_us, rate, deg)
        if state == PUSH:
            return self._push(t_us, rate, deg)
        if state == LANDED:
            self._landed(t_us, dt_s, rate, deg)
        elif self._lifted(rate, deg):
            self._take_off(t_us, deg)
        return ()

    def _stand(self, deg: float, slow_dps: float) -> None:
        self.state = STANCE
        self._heel.begin(slow_dps)
        self._lowest_dps = 0.0
        self._peak_dps = 0.0
        self._bottom_deg = deg

    def _look_out(self) -> None:
        """Begin anew with what the shortest stance hides."""
        self._waits = self._missed = False
        self._early.off_us = -1

    def _in_step(self, t_us: Us) -> bool:
        """Return whether a push-off is due."""
        return self._contact_us >= 0 and t_us - self._contact_us < self._walker.stride_us

    def _lifted(self, rate: float, deg: float) -> bool:
        """Return whether the shank has turned back as far and as fast as in a swing."""
        if rate <= 0.0:
            self._bottom_deg = deg
            self._peak_dps = 0.0
            return False
        if rate > self._peak_dps:
            self._peak_dps = rate
        if self._peak_dps < LEAST_SWING_DPS or deg - self._bottom_deg < LEAST_RANGE_DEG:
            return False
        walker = self._walker
        fast = self._peak_dps >= LIFTED_RATE * walker.now_dps
        return fast and deg - self._bottom_deg >= LIFTED * walker.now_deg

    def _take_off(self, t_us: Us, deg: float) -> None:
        """Begin a swing; its peak so far and its bottom are known."""
        self.state = SWING
        self._doubted_us = -1
        self._lift_us = t_us
        self._top_deg = deg
        self._crossing_us = -1

    def _stance(self, t_us: Us, dt_s: float, rate: float, deg: float) -> Told:
        """Wait for the heel to come off."""
        heel = self._heel
        if self._lifted(rate, deg):
            text = "a swing without a push: heel and toe are off at once"
            self._notes.note(t_us, text + (ONLY_NOW if self._missed else ""))
            self._look_out()
            self._take_off(t_us, deg)
            return ((HEEL_OFF, t_us, GUESSED), (TERMINAL_CONTACT, t_us, GUESSED))
        if rate >= 0.0:
            self._lowest_dps = 0.0
        elif rate < self._lowest_dps:
            self._lowest_dps = rate
        told = heel.see(t_us, dt_s, rate, deg, self.upright_deg, in_step=self._in_step(t_us))
        if heel.off_us < 0:
            self._early.off_us = -1
        if not told:
            return ()
        self.state = PUSH
        self._off_us = t_us
        self._told_deg = deg
        self._bottom_deg = deg
        how = "leans forward as far as at push-off" if self._by_tilt else "turns forward fast"
        late = ONLY_NOW if self._missed or self._early.off_us >= 0 else ""
        self._notes.note(t_us, f"heel-off: the shank {how}, at {rate:.0f} deg/s{late}")
        self._look_out()
        return ((HEEL_OFF, heel.off_us, 1.0),)

    def _push(self, t_us: Us, rate: float, deg: float) -> Told:
        """Wait for the forward turning to go back, after a push worth the name."""
        walker = self._walker
        if rate < self._lowest_dps:
            self._lowest_dps = rate
        self._heel.pushes(t_us, rate, deg)
        push_dps = -self._lowest_dps
        over = rate >= OVER * self._lowest_dps and push_dps >= PUSH_SHARE * walker.push_dps
        if over or self._lifted(rate, deg):
            off_deg = self._heel.fast_deg
            if self._heel.fast_us < 0:
                off_deg = walker.from_deg - walker.off_share * walker.now_deg
            walker.pushed(push_dps, off_deg, self._heel.slow_dps)
            self._bottom_deg = min(self._bottom_deg, deg)
            if over:
                self._peak_dps = 0.0
            self._take_off(t_us, deg)
            self._notes.note(t_us, f"terminal contact: push of {push_dps:.0f} deg/s is over")
            return ((TERMINAL_CONTACT, t_us, 1.0),)
        why = ""
        if rate <= 0.0 and deg - self._told_deg >= UNDONE * walker.now_deg:
            why = "the shank leans back again"
        elif t_us - self._off_us > self._max_push_us:
            why = "nothing follows"
        if why:
            self._notes.note(t_us, f"heel-off without a push: {why}")
            self._stand(deg, 0.0)
        return ()

    def _swing(self, t_us: Us, rate: float, deg: float) -> Told:
        """Wait for the shank to turn forward again, far enough into the swing."""
        if t_us - self._lift_us > self._max_swing_us:
            self._notes.note(t_us, "no contact in time: waiting for rest or a swing")
            self.state = LOST
            self._peak_dps = 0.0
            return ()
        if deg > self._top_deg:
            self._top_deg = deg
        if rate > 0.0:
            if rate > self._peak_dps:
                self._peak_dps = rate
            if rate > SWINGS_ON * self._peak_dps:
                self._crossing_us = -1
            return ()
        peak_dps = self._peak_dps
        if peak_dps <= 0.0:
            if deg < self._bottom_deg:
                self._bottom_deg = self._top_deg = deg
            return ()
        if self._crossing_us < 0:
            self._crossing_us = t_us
            self._lowest_dps = rate
        if rate < self._lowest_dps:
            self._lowest_dps = rate
        turned_deg = self._top_deg - self._bottom_deg
        if t_us - self._lift_us < self._min_swing_us or turned_deg < LEAST_RANGE_DEG:
            return ()
        if turned_deg < SWUNG * self._walker.now_deg:
            settled = self._top_deg - deg >= GONE * turned_deg
        else:
            settled = (
                rate <= -SETTLED * peak_dps
                or rate > self._lowest_dps + SWINGS_ON * peak_dps
                or t_us - self._crossing_us >= LONGEST_SETTLING_US
            )
        return self._land(t_us) if settled else ()

    def _land(self, t_us: Us) -> Told:
        walker = self._walker
        walker.swung(self._peak_dps, self._bottom_deg, self._top_deg)
        doubted_us = self._doubted_us
        self._doubted_us = -1
        self.state = LANDED
        self._stance_us = -1
        self._look_out()
        self._heel.slow_dps = walker.slow_share * walker.push_dps
        if doubted_us >= 0 and t_us - doubted_us < self._min_swing_us:
            self._notes.note(t_us, "the contact stands: the shank had only bounced")
            return ()
        if doubted_us < 0 <= self._contact_us:
            walker.strode(float(t_us - self._contact_us))
        self._contact_us = t_us
        aloft_ms = (t_us - self._lift_us) / 1000
        self._notes.note(t_us, f"contact: the shank settles {aloft_ms:.0f} ms after toe-off")
        return ((INITIAL_CONTACT, t_us, 1.0),)

    def _landed(self, t_us: Us, dt_s: float, rate: float, deg: float) -> None:
        """Wait for the shank to roll over the foot; take the contact back if it swings on."""
        since_us = t_us - self._contact_us
        walker = self._walker
        if rate > BACK * walker.now_dps and since_us < LONGEST_BACK_US:
            self._notes.note(t_us, "the contact was none: the shank swings on")
            self.state = SWING
            if self._contact_us > self._lift_us:
                self._doubted_us = self._contact_us
            else:  # taken for granted where the axis was found, never told
                self._contact_us = -1
            self._crossing_us = -1
            return
        if self._heel.fast(rate):
            self._stance_us = -1
        elif self._stance_us < 0:
            self._stance_us = t_us
        rolls = self._stance_us >= 0 and t_us - self._stance_us >= ROLLING_US
        stands = rolls or since_us >= EARLIEST_ROLLING * walker.stride_us > 0.0
        if self._waits:
            in_step = self._in_step(t_us)
            if self._early.see(t_us, dt_s, rate, deg, self.upright_deg, in_step=in_step):
                self._missed = True
        elif stands:
            self._waits = True
            self._early.begin(self._heel.slow_dps)
        if stands and since_us >= self._min_stance_us:
            self._stand(deg, self._heel.slow_dps)
