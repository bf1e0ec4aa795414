"""One program's look ahead: when its burst begins or falls for an event that is yet to come.

An early onset needs two things that know nothing of each other: a prediction that is sure, and a
foot that shows that it is about to leave. A burst that began so and whose trigger does not follow
is cut. An early fall needs a sure prediction of a contact that the detector is known to tell
late; where it should have been told by then, the foot is still in the air, and the burst goes on.
"""

from typing import Final

from fes_ctrl.gait.prediction import REGULAR_STRIDES, Prediction, StridePredictor
from fes_ctrl.gait.readiness import Readiness
from fes_ctrl.model import (
    HEEL_OFF,
    INITIAL_CONTACT,
    TERMINAL_CONTACT,
    Anticipation,
    GaitEvent,
    Record,
)
from fes_ctrl.stim.program import Program
from fes_ctrl.units import NEVER_US, Us

SURE: Final = 1.0
WITHIN: Final = 2
"""So many standard deviations after its time a prediction is still good for an onset, and a foot
is taken to be down."""

OVERDUE: Final = 3
"""After so many, or after a push-off, the predicted event does not come any more."""

PUSH_SHARE: Final = 0.2
"""Of a stride that push-off takes: so long a foot may show that it leaves before a detector tells
that it does. When it no longer shows it, the burst is cut at once."""

WAITS_US: Final = 50_000
"""A contact that is told so soon is waited for: two pulses more are better than a dropped foot."""

NO_STEP: Final = "no_step"


class LookAhead:
    """What one program makes of predictions.

    Parameters
    ----------
    program : Program
        Whose bursts.
    own : StridePredictor
        Of the program's leg: its contacts end bursts.
    source : StridePredictor or None
        Of the leg whose events trigger bursts; ``None`` where it is not worn.
    readiness : Readiness or None
        Of that leg.

    Attributes
    ----------
    next_at_us : int
        When ``fire`` wants to be called; ``NEVER_US`` if not at all.
    """

    __slots__ = (
        "_burst",
        "_end_at_us",
        "_onset_at_us",
        "_own",
        "_program",
        "_readiness",
        "_source",
        "_taken",
        "_until_us",
        "next_at_us",
    )

    def __init__(
        self,
        program: Program,
        own: StridePredictor,
        source: StridePredictor | None,
        readiness: Readiness | None,
    ) -> None:
        self._program = program
        self._burst = program.burst
        self._own = own
        self._source = source
        self._readiness = readiness
        self._taken: Prediction | None = None
        self._onset_at_us: Us = NEVER_US
        self._until_us: Us = NEVER_US
        self._end_at_us: Us = NEVER_US
        self.next_at_us: Us = NEVER_US

    @property
    def wanted(self) -> bool:
        """Whether the program asks for an early onset."""
        return self._program.lead_us > 0 and self._source is not None

    def look(self, t_us: Us, stance_us: Us) -> tuple[Record, ...]:
        """Plan anew, for something has changed.

        Parameters
        ----------
        t_us : int
            When it did; nothing is planned for before that.
        stance_us : int
            The last stance of the program's leg; 0 if unknown.

        Returns
        -------
        tuple of Record
            The end of a burst that was begun too soon, or nothing.
        """
        program = self._program
        records: tuple[Record, ...] = ()
        self._onset_at_us = NEVER_US
        self._end_at_us = NEVER_US
        if not program.unconfirmed:
            self._until_us = NEVER_US
        elif self._sign_us() < 0:
            records = self._withdraw(t_us, "the foot stays")
        if self.wanted and not self._burst.active:
            self._onset_at_us = self._onset_for(t_us)
        if program.end_lead_us > 0 and program.awaits_contact and not program.unconfirmed:
            self._end_at_us = self._end_for(t_us, stance_us)
        self._set()
        return records

    def _set(self) -> None:
        sooner_us = min(self._onset_at_us, self._until_us)
        self.next_at_us = min(sooner_us, self._end_at_us)

    def fire(self, at_us: Us, *, allowed: bool) -> tuple[Record, ...]:
        """Do what is planned for ``at_us``, which is ``next_at_us``.

        Parameters
        ----------
        at_us : int
            The present.
        allowed : bool
            False while the triggering leg does not walk, or stimulation is inhibited.
        """
        records: tuple[Record, ...] = ()
        program = self._program
        if self._until_us <= at_us:
            records = self._withdraw(at_us, "it has not come in time")
        if self._end_at_us <= at_us:
            self._end_at_us = NEVER_US
            coming = self._own.next(INITIAL_CONTACT)
            if coming is not None and program.awaits_contact:
                program.release(at_us)
                records = (*records, self._record(at_us, coming, "used", "fall"))
        if self._onset_at_us <= at_us:
            self._onset_at_us = NEVER_US
            coming = self._coming()
            if coming is not None and allowed and not self._burst.active and self._fresh(at_us):
                self._taken = coming
                self._until_us = max(coming.t_us, at_us) + self._patience_us(coming)
                starts = program.anticipate(at_us, coming.t_us)
                records = (*records, self._record(at_us, coming, "used", "onset"), *starts)
        self._set()
        return records

    # -- the onset --------------------------------------------------------------------------------

    def _coming(self) -> Prediction | None:
        if self._source is None:
            return None
        return self._source.next(self._program.trigger_kind)

    def _sign_us(self) -> Us:
        """Return since when the foot has shown that the event comes; -1 where it does not."""
        if self._source is None or self._readiness is None:
            return -1
        if self._program.trigger_kind == HEEL_OFF:
            return self._readiness.leaving_us
        # What has left the ground comes down again.
        return self._source.lifted_us

    def _patience_us(self, coming: Prediction) -> Us:
        stride_us = 0 if self._source is None else self._source.stride_us
        return max(OVERDUE * coming.sd_us, round(PUSH_SHARE * stride_us))

    def _fresh(self, at_us: Us) -> bool:
        if self._program.trigger_kind != HEEL_OFF:
            return True
        return self._readiness is not None and self._readiness.fresh(at_us)

    def _onset_for(self, t_us: Us) -> Us:
        coming = self._coming()
        if coming is None or self._sign_us() < 0 or coming.confidence < SURE:
            return NEVER_US
        onset_us = max(self._burst.onset_for(coming.t_us), t_us)
        if onset_us > coming.t_us + WITHIN * coming.sd_us:
            return NEVER_US
        return onset_us

    def _withdraw(self, at_us: Us, reason: str) -> tuple[Record, ...]:
        self._until_us = NEVER_US
        taken = self._taken
        if not self._program.unconfirmed or taken is None:
            return ()
        if self._source is not None:
            self._source.doubt()
        told = self._record(at_us, taken, "withdrawn", reason)
        return (told, *self._program.cut(at_us, NO_STEP))

    def refusal(self, event: GaitEvent) -> Anticipation | None:
        """Return why a burst begins at its trigger only; ``None`` where no lead is asked for.

        To be asked before the predictor learns of the event.
        """
        program = self._program
        if not self.wanted or event.kind != program.trigger_kind or self._burst.active:
            return None
        source, coming = self._source, self._coming()
        readiness = self._readiness
        if source is None or readiness is None:
            return None
        if source.regular < REGULAR_STRIDES:
            reason = f"{max(0, source.regular)} regular strides of {REGULAR_STRIDES}"
        elif coming is None:
            reason = "nothing is known of this stride"
        elif coming.confidence < SURE:
            share = 100.0 * coming.sd_us / max(1, source.stride_us)
            reason = f"its time varies by {share:.1f} % of the stride"
        elif self._sign_us() < 0:
            seen = readiness.seen or program.trigger_kind != HEEL_OFF
            reason = "no sign of leaving" if seen else "no sensor shows a foot that leaves"
        elif self._burst.lock_until_us > event.t_emit_us:
            reason = "it came within the lock-out of the last burst"
        elif event.t_emit_us < self._burst.onset_for(coming.t_us):
            reason = "it came before its time"
        else:
            reason = "it was overdue, or stimulation was inhibited"
        return self._record(event.t_emit_us, coming, "refused", reason)

    # -- the end ----------------------------------------------------------------------------------

    def _end_for(self, t_us: Us, stance_us: Us) -> Us:
        coming = self._own.next(INITIAL_CONTACT)
        if coming is None or coming.confidence < SURE:
            return NEVER_US
        if coming.anchor not in {HEEL_OFF, TERMINAL_CONTACT} or self._own.lifted_us < 0:
            return NEVER_US
        margin_us = WITHIN * coming.sd_us
        fall_us = self._burst.fall_for(coming.t_us, stance_us)
        at_us = max(fall_us, coming.t_us + margin_us, t_us)
        late = self._own.told_late
        told_us = coming.t_us + margin_us + round(late.mean_us + WITHIN * late.sd_us)
        return NEVER_US if told_us - at_us < WAITS_US else at_us

    # -- what is told -----------------------------------------------------------------------------

    def _record(
        self, t_us: Us, coming: Prediction | None, verdict: str, reason: str
    ) -> Anticipation:
        leg = self._program.leg
        if coming is None:
            kind = self._program.trigger_kind
            return Anticipation(t_us, leg, kind, verdict, NEVER_US, 0, reason)
        return Anticipation(t_us, leg, coming.kind, verdict, coming.t_us, coming.sd_us, reason)
