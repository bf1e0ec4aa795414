"""How good detected events are: found and missed, early and late, and how long it took to tell.

Every figure that cannot be had is ``None``: of a kind that the reference does not label there is
none, however many were detected. Errors are detected minus reference: positive is late.
"""

import bisect
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from fes_ctrl.analysis.matching import match
from fes_ctrl.model import EVENT_KINDS
from fes_ctrl.recordings import ReferenceEvent
from fes_ctrl.units import Us, ms_from_us

TOLERANCE_US: Final = 100_000
LARGEST_SHIFT_US: Final = 300_000
"""Beyond it a constant is no convention of a reference but another event."""

SHIFT_STEP_US: Final = 5_000
REFINEMENTS: Final = 3


UNKNOWN: Final[dict[str, float | None]] = dict.fromkeys(
    ("f1", "sensitivity", "precision", "mean_ms", "sd_ms", "mae_ms", "p95_ms")
)
"""Of a kind that the reference does not label: what was detected may well have been there."""


class Pairing(NamedTuple):
    """Matched, extra and missed events of one kind, at one shift of the detected ones.

    ``errors_us`` are those of the matched pairs, after the shift was taken off.
    """

    errors_us: tuple[int, ...]
    extra: int
    missed: int


class _Legs(NamedTuple):
    """Detected and reference instants of one kind on one leg, in order."""

    found_us: list[Us]
    true_us: list[Us]


def score(
    detected: Sequence[ReferenceEvent],
    reference: Sequence[ReferenceEvent],
    *,
    tolerance_us: Us = TOLERANCE_US,
    exclude_us: Sequence[tuple[Us, Us]] = (),
) -> dict[str, dict[str, object]]:
    """Return the figures of each kind of event that either side has.

    Detected and reference events are paired one to one within the tolerance, the closest
    first (``matching.match``). A pair counts
    unless its reference lies in an excluded span, an event without a partner unless it lies in
    one itself. *Aligned* takes one constant off all detected events of a kind before pairing:
    the shift within 300 ms that pairs most, refined to the median error. It removes what
    references disagree on by convention; it would also remove slowness, so ``latency_ms``,
    emission minus event, is stated apart.

    Parameters
    ----------
    detected, reference : sequence of ReferenceEvent
        Of one recording. Legs are compared with their like; a side that names none is compared
        with whatever leg there is.
    tolerance_us : int
        Largest error of a pair.
    exclude_us : sequence of (int, int)
        Spans that must not be scored, ends included.

    Returns
    -------
    dict
        By kind: ``n`` reference and ``detected`` events scored, ``raw`` and ``aligned`` (each
        ``f1, sensitivity, precision, mean_ms, sd_ms, mae_ms, p95_ms``; ``p95_ms`` of the
        absolute error), ``removed_ms`` and ``latency_ms`` (``p50, p95``). Of a kind that the
        reference does not have, only ``detected`` and ``latency_ms`` are known.

    Raises
    ------
    ValueError
        If one side has two legs and the other does not say which leg it is about.
    """
    _check_legs(detected, reference)
    figures: dict[str, dict[str, object]] = {}
    for kind in EVENT_KINDS:
        found = [event for event in detected if event.kind == kind]
        true = [event for event in reference if event.kind == kind]
        if not found and not true:
            continue
        legs = _by_leg(found, true)
        raw = pair(legs, 0, tolerance_us, exclude_us)
        shift_us = best_shift(legs, tolerance_us, exclude_us)
        aligned = raw
        if shift_us is not None:
            aligned = pair(legs, shift_us, tolerance_us, exclude_us)
        latency_us = [
            event.t_emit_us - event.t_us
            for event in found
            if event.t_emit_us is not None and not _within(event.t_us, exclude_us)
        ]
        figures[kind] = {
            "n": len(raw.errors_us) + raw.missed,
            "detected": len(raw.errors_us) + raw.extra,
            "raw": _figures(raw) if true else dict(UNKNOWN),
            "aligned": _figures(aligned) if true else dict(UNKNOWN),
            "removed_ms": None if shift_us is None else round(ms_from_us(shift_us), 3),
            "latency_ms": {
                "p50": _percentile_ms(latency_us, 50),
                "p95": _percentile_ms(latency_us, 95),
            },
        }
    return figures


def pair(
    legs: Sequence[_Legs], shift_us: Us, tolerance_us: Us, exclude_us: Sequence[tuple[Us, Us]]
) -> Pairing:
    """Pair the events of one kind, each detected one earlier by ``shift_us``."""
    errors_us: list[int] = []
    extra = 0
    missed = 0
    for found_us, true_us in legs:
        moved_us = [t_us - shift_us for t_us in found_us]
        pairs = match(moved_us, true_us, tolerance_us)
        errors_us += [
            moved_us[i] - true_us[j] for i, j in pairs if not _within(true_us[j], exclude_us)
        ]
        paired_found = {i for i, _ in pairs}
        paired_true = {j for _, j in pairs}
        extra += sum(
            i not in paired_found and not _within(t_us, exclude_us)
            for i, t_us in enumerate(found_us)
        )
        missed += sum(
            j not in paired_true and not _within(t_us, exclude_us) for j, t_us in enumerate(true_us)
        )
    return Pairing(tuple(errors_us), extra, missed)


def best_shift(
    legs: Sequence[_Legs], tolerance_us: Us, exclude_us: Sequence[tuple[Us, Us]]
) -> Us | None:
    """Return the constant that alignment takes off, or ``None`` where nothing can be paired.

    Of the shifts on a 5 ms grid within 300 ms the one with most differences within the
    tolerance is taken (of equals the one with the smallest errors), then moved to the median
    error of its pairs as long as that loses none.
    """
    differences = np.array(
        [
            found - true
            for found_us, true_us in legs
            for true in true_us
            if not _within(true, exclude_us)
            for found in _near(found_us, true, LARGEST_SHIFT_US + tolerance_us)
        ],
        dtype=np.float64,
    )
    if not differences.size:
        return None
    grid = range(-LARGEST_SHIFT_US, LARGEST_SHIFT_US + 1, SHIFT_STEP_US)

    def worth(shift_us: int) -> tuple[int, float]:
        errors = np.abs(differences - shift_us)
        errors = errors[errors <= tolerance_us]
        return int(errors.size), -float(errors.sum())

    shift_us = max(grid, key=worth)
    best = pair(legs, shift_us, tolerance_us, exclude_us)
    for _ in range(REFINEMENTS):
        if not best.errors_us:
            return None
        refined_us = shift_us + round(float(np.median(best.errors_us)))
        refined = pair(legs, refined_us, tolerance_us, exclude_us)
        if len(refined.errors_us) < len(best.errors_us) or abs(refined_us) > LARGEST_SHIFT_US:
            break
        shift_us, best = refined_us, refined
    return shift_us


def _near(sorted_us: list[Us], centre_us: Us, reach_us: Us) -> list[Us]:
    low = bisect.bisect_left(sorted_us, centre_us - reach_us)
    high = bisect.bisect_right(sorted_us, centre_us + reach_us)
    return sorted_us[low:high]


def _figures(pairing: Pairing) -> dict[str, float | None]:
    hits = len(pairing.errors_us)
    n = hits + pairing.missed
    found = hits + pairing.extra
    errors_ms = np.array(pairing.errors_us, dtype=np.float64) / 1000.0
    some = hits > 0
    return {
        "f1": round(2.0 * hits / (n + found), 4) if n + found else None,
        "sensitivity": round(hits / n, 4) if n else None,
        "precision": round(hits / found, 4) if found else None,
        "mean_ms": round(float(errors_ms.mean()), 3) if some else None,
        "sd_ms": round(float(errors_ms.std()), 3) if some else None,
        "mae_ms": round(float(np.abs(errors_ms).mean()), 3) if some else None,
        "p95_ms": round(float(np.percentile(np.abs(errors_ms), 95)), 3) if some else None,
    }


def _percentile_ms(values_us: Sequence[Us], q: float) -> float | None:
    if not values_us:
        return None
    return round(float(np.percentile(values_us, q)) / 1000.0, 3)


def _within(t_us: Us, spans_us: Sequence[tuple[Us, Us]]) -> bool:
    return any(begin <= t_us <= end for begin, end in spans_us)


def _check_legs(detected: Sequence[ReferenceEvent], reference: Sequence[ReferenceEvent]) -> None:
    one = {event.leg for event in detected}
    other = {event.leg for event in reference}
    for legs, against, name in ((one, other, "reference"), (other, one, "events")):
        if len(legs - {-1}) > 1 and -1 in against:
            message = f"two legs against {name} without a leg column; add the column leg"
            raise ValueError(message)


def _by_leg(found: Sequence[ReferenceEvent], true: Sequence[ReferenceEvent]) -> list[_Legs]:
    named = sorted({event.leg for event in (*found, *true)})
    if -1 in named:
        named = [-1]
    return [
        _Legs(
            sorted(event.t_us for event in found if leg in (-1, event.leg)),
            sorted(event.t_us for event in true if leg in (-1, event.leg)),
        )
        for leg in named
    ]
