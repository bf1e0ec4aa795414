"""Time between pulses: intervals, rate, and how long bursts and the pauses between them last."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from hil.scope.align import CLOCKS_PPM, Placed
from hil.scope.asked import Asked, AskedPulse
from hil.scope.bounds import Bounds
from hil.scope.figures import Figure, figure
from hil.scope.measurement import BURST_GAP_S, Burst, Measurement
from hil.scope.read import Floats

SURE: Final = 1.25
"""Of the jitter of a burst's two ends, evenly spread: three standard deviations."""


@dataclass(frozen=True, slots=True)
class Span:
    """A burst that was commanded while the trace was recorded, and the one that came."""

    begin_s: float
    asked_on_s: float
    got: Burst | None


def span_figures(
    seen: Measurement, asked: Asked, placed: Placed, run_s: Floats, bounds: Bounds
) -> list[Figure]:
    """Return what is to be said of time; nothing where there are too few pulses."""
    found = _intervals(asked, placed, run_s, bounds)
    spans = _spans(seen, asked, placed)
    off = _pauses(seen, asked, placed)
    bound = bounds.interval()
    came = [span for span in spans if span.got is not None]
    lost = [span for span in spans if span.got is None]
    if lost:
        where = f"at {lost[0].begin_s:.4f} s"
        found.append(figure("bursts that did not come", "", 0.0, len(lost), 0.0, "none", where))
    on = [
        (span.asked_on_s * 1e3, span.got.on_s * 1e3, span.begin_s)
        for span in came
        if span.got is not None
    ]
    for name, rows in (("on time, worst burst", on), ("off time, worst pause", off)):
        if rows:
            wanted, got, at_s = max(rows, key=lambda row: abs(row[1] - row[0]))
            where = f"burst at {at_s:.4f} s"
            found.append(figure(name, "ms", wanted, got, bound.allowed, bound.origin, where))
    return found


def _intervals(asked: Asked, placed: Placed, run_s: Floats, bounds: Bounds) -> list[Figure]:
    """Compare intervals of pulses that follow one another in the command and in the trace."""
    bound = bounds.interval()
    wanted_s: list[float] = []
    got_s: list[float] = []
    at_s: list[float] = []
    trains = 0
    last = -1
    steps = zip(pairwise(placed.asked.tolist()), pairwise(placed.got.tolist()), strict=True)
    for (before, after), (first, second) in steps:
        step_s = (asked.pulses[after].at_us - asked.pulses[before].at_us) / 1e6
        if after != before + 1 or second != first + 1 or step_s > BURST_GAP_S:
            continue
        trains += before != last
        last = after
        wanted_s.append(step_s)
        got_s.append(float(run_s[second] - run_s[first]))
        at_s.append(asked.pulses[after].at_us / 1e6)
    if not wanted_s:
        return []
    off_s = np.abs(np.array(got_s) - np.array(wanted_s))
    worst = int(off_s.argmax())
    asked_hz = len(wanted_s) / sum(wanted_s)
    got_hz = len(got_s) / sum(got_s)
    share = CLOCKS_PPM / 1e6 + SURE * bounds.jitter_s * trains**0.5 / sum(wanted_s)
    return [
        figure(
            "interval, worst",
            "ms",
            wanted_s[worst] * 1e3,
            got_s[worst] * 1e3,
            bound.allowed,
            bound.origin,
            f"before {at_s[worst]:.4f} s",
        ),
        figure(
            "rate within bursts",
            "Hz",
            asked_hz,
            got_hz,
            asked_hz * share,
            f"clocks {CLOCKS_PPM:g} ppm, ends of {trains} trains",
        ),
    ]


def _spans(seen: Measurement, asked: Asked, placed: Placed) -> list[Span]:
    """Return the commanded bursts that the trace holds from pause to pause, and all of them."""
    hidden = set(placed.hidden.tolist())
    trace = seen.trace
    ends = placed.run_s(np.array([trace.time_s(0), trace.time_s(trace.current_mA.size - 1)]))
    owner = dict(zip(placed.asked.tolist(), placed.got.tolist(), strict=True))
    found = []
    for first, stop in _bursts(asked):
        begin_s = asked.pulses[first].at_us / 1e6
        last = asked.pulses[stop - 1]
        end_s = _end_s(last)
        if begin_s - BURST_GAP_S < ends[0] or end_s + BURST_GAP_S > ends[1]:
            continue
        if not hidden.isdisjoint(range(first, stop)):
            continue
        got = _burst_of(
            seen.bursts, (owner[index] for index in range(first, stop) if index in owner)
        )
        found.append(Span(begin_s, end_s - begin_s, got))
    return found


def _pauses(seen: Measurement, asked: Asked, placed: Placed) -> list[tuple[float, float, float]]:
    """Return how long pauses were to be and were, ms, and when on the run's clock they ended.

    A pause is whole in the trace where a pulse before and one behind it are, however much of their
    bursts the ends of the trace cut.
    """
    hidden = set(placed.hidden.tolist())
    owner = dict(zip(placed.asked.tolist(), placed.got.tolist(), strict=True))
    found = []
    for (first, stop), (begin, end) in pairwise(_bursts(asked)):
        if not hidden.isdisjoint((stop - 1, begin)):
            continue
        before = _burst_of(seen.bursts, (owner[k] for k in range(first, stop) if k in owner))
        after = _burst_of(seen.bursts, (owner[k] for k in range(begin, end) if k in owner))
        if before is None or after is None or after.off_before_s is None:
            continue
        if before.stop == after.first:
            begin_s = asked.pulses[begin].at_us / 1e6
            wanted_ms = (begin_s - _end_s(asked.pulses[stop - 1])) * 1e3
            found.append((wanted_ms, after.off_before_s * 1e3, begin_s))
    return found


def _end_s(pulse: AskedPulse) -> float:
    return (pulse.at_us + sum(pulse.phases_us)) / 1e6


def _bursts(asked: Asked) -> list[tuple[int, int]]:
    pulses = asked.pulses
    bounds = [
        index
        for index in range(1, len(pulses))
        if pulses[index].at_us - pulses[index - 1].at_us > BURST_GAP_S * 1e6
    ]
    return list(zip([0, *bounds], [*bounds, len(pulses)], strict=True))


def _burst_of(bursts: list[Burst], members: Iterable[int]) -> Burst | None:
    """Return the measured burst that holds most of the pulses."""
    numbers = list(members)
    if not numbers:
        return None
    return max(
        bursts,
        key=lambda burst: sum(burst.first <= number < burst.stop for number in numbers),
    )
