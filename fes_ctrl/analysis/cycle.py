"""The gait cycle of a recording: strides from contact to contact, and bursts against swings.

Both come from reference events where there are any, else from what the detector told.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fes_ctrl.analysis.pairing import overlap_us, overlapping, span_of
from fes_ctrl.analysis.percentiles import spread
from fes_ctrl.analysis.strides import LONGEST_S
from fes_ctrl.analysis.windows import Window
from fes_ctrl.model import HEEL_OFF, INITIAL_CONTACT, TERMINAL_CONTACT
from fes_ctrl.units import Us, ms_from_us, us_from_s

LONGEST_US: Final = us_from_s(LONGEST_S)
GRID: Final = 101
"""Points of a course over the gait cycle: 0 to 100 per cent."""


class Stride(NamedTuple):
    """From one initial contact to the next.

    ``number`` is that of the run: the first contact that the detector told ended stride 1, and
    each further one ended the next. Where the detector missed a contact, two have the same.
    """

    number: int
    start_us: Us
    end_us: Us


class Foot(NamedTuple):
    """One instant of a leg: an event's kind and when it was."""

    kind: str
    t_us: Us


@dataclass(frozen=True, slots=True)
class Swings:
    """The swings that bursts are held against.

    Attributes
    ----------
    spans_us : tuple of (int, int)
        From heel-off, or from toe-off where no heel-off is told, to contact.
    begin : str
        ``ho`` or ``tc``: what they begin with.
    unsure_us : tuple of (int, int)
        Spans of which it is not known whether there was a swing.
    """

    spans_us: tuple[tuple[Us, Us], ...]
    begin: str
    unsure_us: tuple[tuple[Us, Us], ...] = ()


def strides_of(
    events: Sequence[Foot],
    detected: Sequence[Foot] | None = None,
    longest_us: Us = LONGEST_US,
) -> list[Stride]:
    """Return the strides between the contacts of one leg; what lasts longer is a pause.

    Parameters
    ----------
    events : sequence of Foot
        In any order.
    detected : sequence of Foot or None
        By which strides are numbered everywhere; ``None`` where these are the same.
    longest_us : int
        What lasts longer is no stride.
    """
    contacts_us = contacts_of(events)
    counted_us = contacts_us if detected is None else contacts_of(detected)
    return [
        # In the middle of a stride no contact is near that could be told late or early.
        Stride(1 + bisect_right(counted_us, (start_us + end_us) // 2), start_us, end_us)
        for start_us, end_us in pairwise(contacts_us)
        if end_us - start_us <= longest_us
    ]


def contacts_of(events: Sequence[Foot]) -> list[Us]:
    """Return the initial contacts, each once, in order."""
    return sorted({event.t_us for event in events if event.kind == INITIAL_CONTACT})


def swings_of(
    events: Sequence[Foot],
    excluded_us: Sequence[tuple[Us, Us]] = (),
    longest_us: Us = LONGEST_US,
) -> Swings:
    """Return the swings of one leg: the last heel-off before each contact, to that contact.

    Parameters
    ----------
    events : sequence of Foot
        Of one leg, in any order.
    excluded_us : sequence of (int, int)
        Spans in which events are not to be trusted; swings that touch one are left out.
    longest_us : int
        What lasts longer is no swing.
    """
    begin = HEEL_OFF if any(event.kind == HEEL_OFF for event in events) else TERMINAL_CONTACT
    spans: list[tuple[Us, Us]] = []
    unsure = list(excluded_us)
    since_us: Us | None = None
    last_us: Us | None = None
    for event in sorted(events, key=lambda each: each.t_us):
        if event.kind == begin:
            since_us = event.t_us
        elif event.kind == INITIAL_CONTACT:
            from_us = event.t_us - longest_us
            if since_us is not None and since_us >= from_us:
                spans.append((since_us, event.t_us))
            else:
                unsure.append((from_us if last_us is None else max(from_us, last_us), event.t_us))
            since_us, last_us = None, event.t_us
    left_out = [s for s in spans if any(overlap_us(s, each) for each in excluded_us)]
    kept = [span for span in spans if span not in left_out]
    return Swings(tuple(kept), begin, (*unsure, *left_out))


def stride_at(strides: Sequence[Stride], t_us: Us) -> Stride | None:
    """Return the stride that an instant lies in; none in a pause, before the first and after."""
    index = bisect_right(strides, t_us, key=lambda stride: stride.start_us) - 1
    if index < 0 or t_us >= strides[index].end_us:
        return None
    return strides[index]


def half_a_stride_us(strides: Sequence[Stride]) -> Us:
    """Return half of the median stride; of half a second where there is none."""
    if not strides:
        return 500_000
    return round(float(np.median([stride.end_us - stride.start_us for stride in strides])) / 2)


def timing(windows: Sequence[Window], swings: Swings, settled_from_us: Us) -> dict[str, object]:
    """Return how the bursts of one channel lie in the swings after the warm-up.

    Parameters
    ----------
    windows : sequence of Window
        In order of time.
    swings : Swings
        To hold them against.
    settled_from_us : int
        Swings that begin before are warm-up: the intensity was still being raised.

    Returns
    -------
    dict
        ``swings``, ``onset_ms`` after the beginning of the swing and ``end_ms`` after its contact
        (``n``, ``p05``, ``median``, ``p95``; negative is before), ``missed_swings``, ``extra``.
    """
    settled = [span for span in swings.spans_us if span[0] >= settled_from_us]
    onset_ms: list[float] = []
    end_ms: list[float] = []
    missed = 0
    for span in settled:
        touching = overlapping(span, windows)
        if not touching:
            missed += 1
            continue
        best = max(touching, key=lambda index: overlap_us(span, span_of(windows[index])))
        onset_ms.append(ms_from_us(windows[best].onset_us - span[0]))
        end_ms.append(ms_from_us(windows[best].end_us - span[1]))
    return {
        "swings": len(settled),
        "onset_ms": {"n": len(onset_ms), **spread(onset_ms, p05=5, median=50, p95=95)},
        "end_ms": {"n": len(end_ms), **spread(end_ms, p05=5, median=50, p95=95)},
        "missed_swings": missed,
        "extra": _extra(windows, swings, settled_from_us),
    }


def _extra(windows: Sequence[Window], swings: Swings, settled_from_us: Us) -> int | None:
    """Return how many bursts touch no swing, between the first one and the last."""
    if not swings.spans_us:
        return None
    from_us = max(settled_from_us, swings.spans_us[0][0])
    to_us = swings.spans_us[-1][1]
    known = [*swings.spans_us, *swings.unsure_us]
    within = [span_of(each) for each in windows if from_us <= each.onset_us <= to_us]
    return sum(not any(overlap_us(one, span) for span in known) for one in within)


def current_course(windows: Sequence[Window], strides: Sequence[Stride]) -> NDArray[np.float64]:
    """Return the mean current over the gait cycle, milliamperes, shape ``(GRID,)``.

    Between two pulses of a burst the current is taken to go straight from one to the other.
    """
    if not windows or not strides:
        return np.zeros(GRID)
    t_us: list[int] = []
    current_ua: list[int] = []
    for window in windows:
        course = ((window.onset_us - 1, 0), *window.course, (window.end_us + 1, 0))
        t_us += [at_us for at_us, _ in course]
        current_ua += [current for _, current in course]
    mean_ua: NDArray[np.float64] = over_strides(t_us, current_ua, strides).mean(axis=0)
    return mean_ua / 1000.0


def over_strides(
    t_us: Sequence[int] | NDArray[np.int64],
    values: Sequence[float] | NDArray[np.float64],
    strides: Sequence[Stride],
) -> NDArray[np.float64]:
    """Return a signal over the gait cycle, shape ``(strides, GRID)``: straight between readings."""
    share = np.linspace(0.0, 1.0, GRID)
    starts = np.array([stride.start_us for stride in strides], dtype=np.float64)[:, None]
    lengths = np.array([s.end_us - s.start_us for s in strides], dtype=np.float64)[:, None]
    return np.interp(starts + lengths * share, t_us, values)
