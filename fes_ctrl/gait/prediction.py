"""When the next heel-off and the next contact of one leg will be, and how sure that is.

Every event is an anchor from which the next heel-off or contact usually follows after so long;
what is told is the prediction from the anchor with the least spread. The events of the other leg
are anchors too, where they are known. A prediction says when a step would come if it comes: that
it comes is for other signs to tell (``readiness``).
"""

from typing import Final, NamedTuple

from fes_ctrl.gait.cadence import Usual
from fes_ctrl.model import HEEL_OFF, INITIAL_CONTACT, TERMINAL_CONTACT, GaitEvent
from fes_ctrl.units import Us

LONGEST_US: Final = 3_500_000
"""A longer stride is a pause: after a stroke they last up to 2.6 s."""

SHORTEST_US: Final = 50_000

REGULAR_STRIDES: Final = 3
SURE_SHARE: Final = 0.08
"""Of the stride time. Push-off takes about a fifth of a stride, so a prediction that is off by two
standard deviations still meets it."""

OTHER: Final = "other "

ANCHORS: Final[dict[str, tuple[str, ...]]] = {
    HEEL_OFF: (INITIAL_CONTACT, OTHER + INITIAL_CONTACT, OTHER + HEEL_OFF),
    INITIAL_CONTACT: (INITIAL_CONTACT, HEEL_OFF, TERMINAL_CONTACT, OTHER + INITIAL_CONTACT),
}
LIFTS: Final = (HEEL_OFF, TERMINAL_CONTACT)


class Prediction(NamedTuple):
    """One event that is to come.

    ``sd_us`` is the standard deviation of ``t_us``; ``confidence`` is 1 after enough regular
    strides with little enough spread, and less before. ``anchor`` is the event it follows from.
    """

    kind: str
    t_us: Us
    sd_us: Us
    confidence: float
    anchor: str


class StridePredictor:
    """The timing of one leg.

    Parameters
    ----------
    leg : int
        Whose next events are told.

    Attributes
    ----------
    regular : int
        So many strides in a row were as usual.
    lifted_us : int
        Since when the foot is known to be in the air; -1 where it is not.
    told_late : Usual
        From a contact to the instant at which the detector tells it.
    """

    __slots__ = (
        "_at_us",
        "_done_us",
        "_stride",
        "_usual",
        "leg",
        "lifted_us",
        "regular",
        "told_late",
    )

    def __init__(self, leg: int) -> None:
        self.leg = leg
        self.regular = 0
        self.lifted_us: Us = -1
        self.told_late = Usual()
        self._usual: dict[str, dict[str, Usual]] = {
            kind: {anchor: Usual() for anchor in anchors} for kind, anchors in ANCHORS.items()
        }
        self._stride: Usual = self._usual[INITIAL_CONTACT][INITIAL_CONTACT]
        self._at_us: dict[str, Us] = {}
        self._done_us: dict[str, Us] = {}

    def update(self, event: GaitEvent) -> None:
        """Take an event of either leg."""
        kind, leg, event_us, emit_us, _ = event
        if leg != self.leg:
            self._at_us[OTHER + kind] = event_us
            return
        contact_us = self._at_us.get(INITIAL_CONTACT, event_us)
        if event_us - contact_us > LONGEST_US:
            self.pause()
        if kind in ANCHORS:
            as_usual = self._close(kind, event_us)
            if kind == INITIAL_CONTACT:
                self.told_late.take(emit_us - event_us)
                self.regular = self.regular + 1 if as_usual else 0
            elif not as_usual:
                self.regular = min(0, self.regular)
        if kind not in LIFTS:
            self.lifted_us = -1
        elif self.lifted_us < 0:
            self.lifted_us = emit_us
        self._at_us[kind] = event_us

    def _close(self, kind: str, event_us: Us) -> bool:
        """Learn from every anchor since the last event of this kind; return if all was usual."""
        done_us = self._done_us.get(kind, -1)
        self._done_us[kind] = event_us
        as_usual = True
        for anchor, usual in self._usual[kind].items():
            at_us = self._at_us.get(anchor, -1)
            took_us = event_us - at_us
            if at_us < 0 or at_us < done_us or not SHORTEST_US <= took_us <= LONGEST_US:
                if anchor == INITIAL_CONTACT:
                    as_usual = False
                continue
            if not usual.take(took_us) and anchor == INITIAL_CONTACT:
                as_usual = False
        return as_usual

    def pause(self) -> None:
        """Begin anew: walking has ended, or nothing was seen for a while.

        What was learnt of the walker stays; it has to prove itself again.
        """
        self._at_us.clear()
        self._done_us.clear()
        self.lifted_us = -1
        self.regular = 0

    def doubt(self) -> None:
        """Let strides prove themselves again, after this one: what was sure has not come."""
        self.regular = -1

    def next(self, kind: str) -> Prediction | None:
        """Return the next event of a kind; ``None`` where nothing is known of it.

        Parameters
        ----------
        kind : str
            ``ho`` or ``ic``.
        """
        done_us = self._done_us.get(kind, -1)
        best: Prediction | None = None
        for anchor, usual in self._usual[kind].items():
            at_us = self._at_us.get(anchor, -1)
            if at_us < 0 or at_us < done_us or usual.count < 2:
                continue
            sd_us = round(usual.sd_us)
            if best is None or sd_us < best.sd_us:
                best = Prediction(
                    kind, at_us + round(usual.mean_us), sd_us, self._confidence(sd_us), anchor
                )
        return best

    def _confidence(self, sd_us: Us) -> float:
        share = SURE_SHARE * self._stride.mean_us / sd_us
        return min(1.0, max(0, self.regular) / REGULAR_STRIDES) * min(1.0, share)

    @property
    def stride_us(self) -> Us:
        """The usual stride; 0 while unknown."""
        return round(self._stride.mean_us)

    def phase(self, now_us: Us) -> tuple[float, float] | None:
        """Return where in its stride the leg is, and the standard deviation of that.

        Returns
        -------
        tuple of float or None
            From 0 at contact towards 1 at the next; a stride that takes longer than predicted
            waits just below 1. ``None`` where no stride is under way.
        """
        contact_us = self._at_us.get(INITIAL_CONTACT, -1)
        coming = self.next(INITIAL_CONTACT)
        if contact_us < 0 or coming is None or coming.t_us <= contact_us:
            return None
        whole_us = coming.t_us - contact_us
        share = min(max(0.0, (now_us - contact_us) / whole_us), 1.0 - 1e-6)
        return share, share * coming.sd_us / whole_us

    def snapshot(self) -> dict[str, object]:
        """Return what is usual, for logs and tests."""
        return {
            "regular": self.regular,
            "stride_us": self.stride_us,
            "next": {kind: self.next(kind) for kind in ANCHORS},
        }
