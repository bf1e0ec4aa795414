"""Who asks the invariants of a walk: at each pulse, and after each event of the clock."""

from typing import Final

from fes_ctrl.runtime.clock import Clock
from fes_ctrl.runtime.virtual import VirtualLoop
from fes_ctrl.units import NEVER_US, Us
from firmware_sim.output import PEELED, Points
from hil.campaign.invariants import OF_A_PULSE, OF_A_STEP, Violation, time_goes_on
from hil.campaign.view import View
from hil.config import WalkConfig
from hil.missing import Heard
from hil.rig import Rig
from hil.witness import Violation as Seen

OF_RISE: Final = ("start_mA", "ramp_min_ms", "level_step_mA")
OF_BALANCE: Final = ("net_charge_uC", "dc_uA")
SECOND_US: Final = 1_000_000


class TimeStandsStillError(RuntimeError):
    """Things happen, and time does not go on."""


class Judge:
    """Asks the invariants of one walk.

    Parameters
    ----------
    config : WalkConfig
        What is walked.

    Attributes
    ----------
    view : View
        What it goes by; the session's run log.
    heard : Heard or None
        What must have been answered; from ``watch`` on.
    violations : dict of str to Violation
        The first of each invariant.
    """

    __slots__ = ("_config", "_seen", "_stuck_us", "_witness", "heard", "view", "violations")

    def __init__(self, config: WalkConfig) -> None:
        self._config = config
        self.view = View(config)
        self.heard: Heard | None = None
        self.violations: dict[str, Violation] = {}
        self._witness: list[Seen] = []
        self._stuck_us: Us = max(
            (injection.to_us for injection in config.inject if injection.name == PEELED),
            default=-NEVER_US,
        )
        self._seen = 0

    def watch(self, rig: Rig, clock: Clock) -> None:
        """Hear of every pulse that reaches an electrode, after the witness."""
        self._witness = rig.witness.violations
        self.heard = Heard(self._config, rig, clock)
        rig.watch_electrodes(self.pulse)
        self.view.acknowledged = rig.acknowledgements

    def pulse(self, t_us: Us, channel: int, _points: Points) -> None:
        """Judge one pulse."""
        view = self.view
        for name, broken in OF_A_PULSE:
            what = broken(view, t_us, channel)
            if what:
                self.found(t_us, name, what)
        view.pulse(t_us, channel)

    def after(self, now_us: Us) -> bool:
        """Judge what an event of the clock has left; never ends the walk."""
        view = self.view
        if now_us > view.now_us:
            view.now_us = now_us
            view.events = 0
        else:
            view.events += 1
            what = time_goes_on(view, now_us)
            if what:
                raise TimeStandsStillError(what)
        if view.bursts or view.unordered or view.line.wrong or now_us > view.stop_due_us:
            for name, wrong in OF_A_STEP:
                what = wrong(view)
                if what:
                    self.found(now_us, name, what)
        if len(self._witness) != self._seen:
            self._hear_the_witness()
        return False

    def _hear_the_witness(self) -> None:
        for seen in self._witness[self._seen :]:
            excused = self._unbalanced(seen) or self._crowded(seen)
            if not excused and not self.view.disobeyed(seen.t_us):
                self.found(seen.t_us, f"witness.{seen.limit}", str(seen))
        self._seen = len(self._witness)

    def _unbalanced(self, seen: Seen) -> bool:
        """Return whether it is what a peeling electrode does to a pulse.

        A device at its compliance voltage gives less than it was told, and of an asymmetric pulse
        only its first phase is cut; nothing in the host can know. What it does to a second's
        balance is over a second later, and to the rise of a burst with the next whole one.
        """
        balance = seen.limit in OF_BALANCE
        if not balance and seen.limit not in OF_RISE:
            return False
        for name, hit_us in self.view.acknowledged():
            if name == PEELED and hit_us <= seen.t_us:
                if balance:
                    return seen.t_us <= self._stuck_us + SECOND_US
                return self.view.ended_us.get(seen.channel, -NEVER_US) <= self._stuck_us
        return False

    def _crowded(self, seen: Seen) -> bool:
        """Return whether a rise is steep only because a pulse before it was skipped.

        Where channels crowd the line, the first pulses of a rise may be dropped as too late. The
        guard lets it begin anew as soon as it hears of that; what it has let through by then may
        still come, and is the first that is felt.
        """
        view = self.view
        skipped_us = view.skipped_us.get(seen.channel, -NEVER_US)
        on_its_way_us = view.held_us + view.wire_us
        return seen.limit in OF_RISE and seen.t_us - skipped_us <= on_its_way_us

    def found(self, t_us: Us, invariant: str, detail: str) -> None:
        """Keep the first violation of an invariant."""
        self.violations.setdefault(invariant, Violation(t_us, invariant, detail))


class JudgedLoop(VirtualLoop):
    """A virtual loop that has every timer judged.

    Attributes
    ----------
    judge : Judge or None
        Asked after each; nobody until the walk begins.
    """

    judge: Judge | None = None

    def _ring_next(self) -> None:
        super()._ring_next()
        if self.judge is not None:
            self.judge.after(self._now_us)
