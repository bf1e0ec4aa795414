"""Where on the run's clock a trace belongs: the place that leaves the fewest pulses unexplained.

Places are voted for by all distances between commanded and measured pulses; each good one is then
reckoned up: pulses missing, pulses too many, currents and instants that do not fit. A trace that
fits elsewhere about as well is refused.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hil.scope.errors import TraceError
from hil.scope.read import Floats

VOTERS: Final = 200
BIN_S: Final = 1e-3
MOST_BINS: Final = 4_000_000
CANDIDATES: Final = 60
REACH: Final = 0.45
"""A pulse is the commanded one if it is nearer to it than so much of the way to the next."""

CURRENT_SHARE: Final = 0.03
TIME_WEIGHT: Final = 0.25
LEAST_EXPLAINED: Final = 0.5
LEAST_MARGIN: Final = 0.75
"""The next best place must leave about one pulse more unexplained, or nobody can tell."""

CLOCKS_PPM: Final = 100.0
"""Two quartz clocks differ by no more; what is above it is the device's, and is not removed."""

LEAST_FOR_DRIFT: Final = 8
SURE_SD: Final = 2.0
NEAR_S: Final = 0.5

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class View:
    """What is to be laid over each other.

    Attributes
    ----------
    asked_s, asked_mA : array of float64
        Of the whole run, in order; currents with their signs.
    got_s, got_mA : array of float64
    begin_s, end_s : float
        Of the trace, on its clock.
    weakest_mA : float
        Commanded pulses below it cannot be seen in the trace.
    jitter_s : float
        What device and cable may shift one pulse against another.
    near_s : float or None
        When the trace began on the run's clock, give or take half a second, if somebody knows.
    """

    asked_s: Floats
    asked_mA: Floats
    got_s: Floats
    got_mA: Floats
    begin_s: float
    end_s: float
    weakest_mA: float
    jitter_s: float
    near_s: float | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A trace in its place.

    Attributes
    ----------
    offset_s, drift_ppm, drift_sd_ppm : float
        Run time is trace time times ``1 + drift_ppm / 1e6``, plus the offset; the latter holds the
        device's latency as well.
    asked, got : array of int, shape (n,)
        Pairs.
    in_view, missing, extra, hidden : array of int
        Commanded pulses within the trace; those not given; measured ones that nobody commanded;
        those too weak to be seen.
    gain : float
        Measured current to commanded, signed.
    cost, margin : float
        What is left unexplained, in pulses; how much more the next best place leaves.
    """

    offset_s: float
    drift_ppm: float
    drift_sd_ppm: float
    asked: Places
    got: Places
    in_view: Places
    missing: Places
    extra: Places
    hidden: Places
    gain: float
    cost: float
    margin: float

    def run_s(self, trace_s: Floats) -> Floats:
        """Return instants of the trace on the run's clock."""
        return trace_s * (1.0 + self.drift_ppm / 1e6) + self.offset_s


def align(view: View) -> Placed:
    """Return where the trace belongs.

    Raises
    ------
    TraceError
        If it fits nowhere, or as well elsewhere.
    """
    reach_s = _reach(view.asked_s)
    candidates = _candidates(view, view.got_s)
    middle_s = _near_middle(view, float(reach_s.min()) / 2 / CLOCKS_PPM * 1e6)
    if LEAST_FOR_DRIFT <= middle_s.size < view.got_s.size:
        candidates = np.concatenate((candidates, _candidates(view, middle_s)))
    if not candidates.size:
        message = f"no pulse of the run is where --near {view.near_s:g} puts the trace; correct it"
        raise TraceError(message)
    places = [
        _reckon(view, *_grown(view, offset_s, reach_s), reach_s, refine=True)
        for offset_s in candidates
    ]
    places.sort(key=lambda place: place.cost)
    best = places[0]
    most = max(best.in_view.size, view.got_s.size)
    if best.asked.size < LEAST_EXPLAINED * most:
        message = (
            f"the trace fits nowhere in the run: at best {best.asked.size} of "
            f"{view.got_s.size} pulses are where {best.in_view.size} were commanded; "
            f"choose the trace's own run and channel"
        )
        raise TraceError(message)
    apart_s = [_apart(view, place, best) for place in places]
    others = [
        place
        for place, away_s in zip(places, apart_s, strict=True)
        if away_s > float(reach_s.min()) / 2
    ]
    margin = others[0].cost - best.cost if others else float(max(1, best.asked.size))
    if margin < LEAST_MARGIN:
        message = (
            f"the trace fits the run as well {_apart(view, others[0], best):.4g} s "
            f"apart; record where a train begins or ends or changes, or say when: --near"
        )
        raise TraceError(message)
    drift_ppm, sd_ppm, residual_s = _drift(view, best)
    exact = _reckon(view, best.offset_s + residual_s, drift_ppm, reach_s, refine=False)
    return Placed(
        exact.offset_s,
        drift_ppm,
        sd_ppm,
        exact.asked,
        exact.got,
        exact.in_view,
        exact.missing,
        exact.extra,
        exact.hidden,
        exact.gain,
        exact.cost,
        margin,
    )


def _reach(asked_s: Floats) -> Floats:
    """Return how far from each commanded pulse the one that came may be."""
    steps_s = np.concatenate(([1.0], np.diff(asked_s), [1.0]))
    return REACH * np.minimum(steps_s[1:], steps_s[:-1])


def _apart(view: View, place: Placed, other: Placed) -> float:
    """Return how far two places are apart in the middle of the trace."""
    middle_s = np.array([_middle(view)])
    return abs(float((place.run_s(middle_s) - other.run_s(middle_s))[0]))


def _middle(view: View) -> float:
    return float(view.got_s[0] + view.got_s[-1]) / 2


def _near_middle(view: View, half_s: float) -> Floats:
    return view.got_s[np.abs(view.got_s - _middle(view)) <= half_s]


def _grown(view: View, offset_s: float, reach_s: Floats) -> tuple[float, float]:
    """Return offset and drift of a place that is good in the middle of a trace.

    Over minutes two clocks part by more than a pulse may be off. So they are set by what is
    near the middle first, and then by more and more.
    """
    span_s = float(view.got_s[-1] - view.got_s[0])
    half_s = float(reach_s.min()) / 2 / CLOCKS_PPM * 1e6
    drift = 0.0
    while half_s < span_s / 2:
        got_s = _near_middle(view, half_s)
        near, away_s = _nearest(view.asked_s, got_s * (1.0 + drift) + offset_s)
        close = np.abs(away_s) <= reach_s[near]
        if int(close.sum()) < LEAST_FOR_DRIFT:
            break
        at_s, asked_s = got_s[close], view.asked_s[near[close]]
        from_s = at_s - at_s.mean()
        spread = float(from_s @ from_s)
        if spread > 0.0:
            drift = float(from_s @ (asked_s - at_s)) / spread
            drift = float(np.clip(drift, -CLOCKS_PPM / 1e6, CLOCKS_PPM / 1e6))
        offset_s = float(np.median(asked_s - at_s * (1.0 + drift)))
        half_s *= 3.0
    return offset_s, drift * 1e6


def _candidates(view: View, voters: Floats) -> Floats:
    """Return where most of the voters are near commanded pulses, and as many are as are due."""
    voters = voters[:: max(1, voters.size // VOTERS)]
    span_s = float(view.asked_s[-1] - view.asked_s[0])
    bin_s = max(BIN_S, view.jitter_s / 2.0, span_s / MOST_BINS)
    least = float(view.asked_s[0] - voters[-1])
    count = int((view.asked_s[-1] - voters[0] - least) / bin_s) + 3
    votes = np.zeros(count)
    for at_s in voters:
        np.add.at(votes, ((view.asked_s - at_s - least) / bin_s).astype(np.int64), 1.0)
    around = votes.copy()
    around[1:] += votes[:-1]
    around[:-1] += votes[1:]
    middles_s = least + (np.arange(count, dtype=np.float64) + 0.5) * bin_s
    begins_s, ends_s = middles_s + view.begin_s, middles_s + view.end_s
    expected = np.searchsorted(view.asked_s, ends_s) - np.searchsorted(view.asked_s, begins_s)
    # Of a bare train every place within it has as many votes; not as many pulses are due in each.
    score = 2.0 * around * (view.got_s.size / voters.size) - expected
    score[around == 0.0] = -np.inf
    if view.near_s is not None:
        score[np.abs(begins_s - view.near_s) > NEAR_S] = -np.inf
    likely: Places = np.concatenate(
        (_peaks(score), _peaks(np.where(np.isinf(score), score, around)))
    )
    return middles_s[np.unique(likely)]


def _peaks(score: Floats) -> Places:
    """Return the highest places that are not beside a higher one."""
    chosen: list[int] = []
    taken = np.zeros(score.size + 4, dtype=bool)
    for place in np.argsort(-score, kind="stable")[: 5 * CANDIDATES].tolist():
        if score[place] == -np.inf or len(chosen) == CANDIDATES:
            break
        if not taken[place + 2]:
            chosen.append(place)
            taken[place : place + 5] = True
    return np.array(chosen, dtype=np.int64)


def _reckon(
    view: View, offset_s: float, drift_ppm: float, reach_s: Floats, *, refine: bool
) -> Placed:
    """Return what one place explains."""
    stretched = view.got_s * (1.0 + drift_ppm / 1e6)
    for _ in range(3 if refine else 1):
        near, away_s = _nearest(view.asked_s, stretched + offset_s)
        close = np.abs(away_s) <= reach_s[near]
        if not refine or not close.any():
            break
        offset_s -= float(np.median(away_s[close]))
    near, away_s = _nearest(view.asked_s, stretched + offset_s)
    # Each commanded pulse takes the nearest of those that are near it.
    order = np.lexsort((np.abs(away_s), near))
    first = np.ones(order.size, dtype=bool)
    first[1:] = near[order][1:] != near[order][:-1]
    got = np.sort(order[first & (np.abs(away_s[order]) <= reach_s[near[order]])])
    asked = near[got]
    stretch = 1.0 + drift_ppm / 1e6
    begin_s, end_s = view.begin_s * stretch + offset_s, view.end_s * stretch + offset_s
    edge_s = view.jitter_s + 2e-3
    inside = (view.asked_s > begin_s + edge_s) & (view.asked_s < end_s - edge_s)
    in_view = np.flatnonzero(inside)
    gain = _gain(view, asked, got)
    visible = np.abs(view.asked_mA) * abs(gain or 1.0) >= view.weakest_mA
    unmatched = np.setdiff1d(in_view, asked)
    missing = unmatched[visible[unmatched]]
    extra = np.setdiff1d(np.arange(view.got_s.size), got)
    allowed_mA = CURRENT_SHARE * float(np.abs(view.asked_mA).max())
    off = np.abs(view.got_mA[got] / (gain or 1.0) - view.asked_mA[asked]) / allowed_mA
    late = np.abs(away_s[got]) / view.jitter_s
    cost = (
        missing.size
        + extra.size
        + float(np.minimum(1.0, off**2).sum())
        + TIME_WEIGHT * float(np.minimum(1.0, late**2).sum())
    )
    hidden = unmatched[~visible[unmatched]]
    return Placed(
        offset_s, drift_ppm, 0.0, asked, got, in_view, missing, extra, hidden, gain, cost, 0.0
    )


def _nearest(asked_s: Floats, got_s: Floats) -> tuple[Places, Floats]:
    """Return the commanded pulse nearest to each measured one, and how much later that came."""
    after = np.clip(np.searchsorted(asked_s, got_s), 1, max(1, asked_s.size - 1))
    after = np.minimum(after, asked_s.size - 1)
    before = np.maximum(after - 1, 0)
    near = np.where(got_s - asked_s[before] <= asked_s[after] - got_s, before, after)
    return near, got_s - asked_s[near]


def _gain(view: View, asked: Places, got: Places) -> float:
    if not asked.size:
        return 0.0
    return float(np.median(view.got_mA[got] / view.asked_mA[asked]))


def _drift(view: View, place: Placed) -> tuple[float, float, float]:
    """Return the drift that is removed, how well it is known, and what remains at trace time 0."""
    at_s = view.got_s[place.got]
    late_s = at_s + place.offset_s - view.asked_s[place.asked]
    middle_s = float(at_s.mean())
    spread = float(((at_s - middle_s) ** 2).sum())
    if at_s.size < LEAST_FOR_DRIFT or spread <= 0.0:
        return 0.0, float("inf"), -float(np.median(late_s))
    slope = float((at_s - middle_s) @ (late_s - late_s.mean())) / spread
    rest_s = late_s - late_s.mean() - slope * (at_s - middle_s)
    sd = float(np.sqrt((rest_s @ rest_s) / (at_s.size - 2) / spread))
    if abs(slope) < SURE_SD * sd or abs(slope) > CLOCKS_PPM / 1e6 + SURE_SD * sd:
        slope = 0.0
    slope = float(np.clip(slope, -CLOCKS_PPM / 1e6, CLOCKS_PPM / 1e6))
    return 0.0 - slope * 1e6, sd * 1e6, -float(np.mean(late_s - slope * at_s))
