"""Of a run's page: how well events were told, against the truth or a reference."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fes_ctrl.analysis.event_errors import TOLERANCE_US, EventErrors, event_errors
from fes_ctrl.model import EVENT_KINDS
from fes_ctrl.report.markup import Html, join, number, table, tag
from fes_ctrl.report.run_time import EVENT_NAMES
from fes_ctrl.report.run_view import LegView, RunView
from fes_ctrl.report.svg import Chart

LONG_NAMES = {
    "ic": "initial contact", "ff": "foot flat", "ho": "heel-off", "tc": "terminal contact",
}  # fmt: skip
BINS = 30


def events_section(view: RunView) -> Html:
    """Return what the section says."""
    parts = [_leg(view, leg) for leg in view.legs]
    if isinstance(view.summary.get("score"), Mapping):
        parts.append(_score(view.summary["score"]))
    return join(parts)


def _leg(view: RunView, leg: LegView) -> Html:
    heading = tag("h3", f"{leg.side.capitalize()} leg") if view.two_legs else Html("")
    if not leg.walk.detected and not leg.walk.truth:
        return join([heading, tag("p", "No event was told.")])
    if not leg.walk.truth:
        return join([heading, _untrue(leg)])
    told = {kind: event_errors(leg.walk, kind) for kind in EVENT_KINDS}
    told = {kind: each for kind, each in told.items() if each.found}
    if not told:
        return join([heading, tag("p", "No event was told.")])
    return join(
        [
            heading,
            tag(
                "p",
                "Told minus true, in the event's own time: positive is late. What is told further "
                f"than {TOLERANCE_US // 1000} ms from every true event is extra. The latency is "
                "what the detector took to tell, and apart from that.",
            ),
            table(HEAD, [_row(leg, kind, each) for kind, each in told.items()]),
            tag(
                "div",
                *[
                    tag("figure", _histogram(kind, each))
                    for kind, each in told.items()
                    if each.errors_ms
                ],
                class_="charts",
            ),
        ]
    )


HEAD = (
    "event", "told", "true", "missed", "extra", "F1", "mean error, ms", "sd, ms",
    "5 to 95 %, ms", "latency, ms: median (95 %)",
)  # fmt: skip


def _row(leg: LegView, kind: str, told: EventErrors) -> Sequence[object]:
    def figure(name: str, shown: object) -> Html:
        return tag("span", shown, data_figure=f"legs.{leg.side}.detection.{kind}.{name}")

    return (
        LONG_NAMES[kind],
        figure("n", told.found),
        told.true,
        len(told.missed_us),
        len(told.extra_us),
        figure("f1", number(told.f1, 3)),
        figure("mean_ms", number(told.mean_ms, 1)),
        figure("sd_ms", number(told.sd_ms, 1)),
        _span(told.errors_ms),
        _typical(told.latency_ms),
    )


def _span(values: Sequence[float]) -> str | None:
    if not values:
        return None
    low, high = np.percentile(values, [5, 95])
    return f"{number(float(low))} to {number(float(high))}"


def _typical(values: Sequence[float]) -> str | None:
    if not values:
        return None
    middle, high = np.percentile(values, [50, 95])
    return f"{number(float(middle))} ({number(float(high))})"


def _histogram(kind: str, told: EventErrors) -> Html:
    errors = told.errors_ms
    low, high = min(*errors, 0.0), max(*errors, 0.0)
    width = next(w for w in (1, 2, 5, 10, 20, 50) if (high - low) / w <= BINS or w == 50)
    first, last = math.floor(low / width) - 1, math.floor(high / width) + 2
    edges = [float(width * k) for k in range(first, last + 1)]
    counts, _ = np.histogram(errors, bins=edges)
    label = (
        f"Errors of {LONG_NAMES[kind]}: {len(errors)} events, mean {number(told.mean_ms)} ms, "
        f"from {number(min(errors))} to {number(max(errors))} ms"
    )
    chart = Chart(
        LONG_NAMES[kind].capitalize(), label, (edges[0], edges[-1]),
        (0.0, float(counts.max()) * 1.15), "told minus true, ms", height=190,
        remark=f"events, {width} ms a bar", whole_y=True,
    )  # fmt: skip
    chart.bars(edges, counts.tolist(), "c1")
    chart.upright(0.0, "true")
    return chart.svg()


def _untrue(leg: LegView) -> Html:
    lines = []
    for kind in EVENT_KINDS:
        found = [event for event in leg.walk.detected if event.kind == kind]
        if found:
            late_ms = [(event.t_emit_us - event.t_event_us) / 1e3 for event in found]
            lines.append((LONG_NAMES[kind], len(found), _typical(late_ms)))
    return join(
        [
            tag("p", "What the foot truly did is not known, so neither are the errors."),
            table(("event", "told", "latency, ms: median (95 %)"), lines),
        ]
    )


def _score(score: Mapping[str, Any]) -> Html:
    lines, unlabelled = [], []
    for kind, each in score.items():
        raw = each.get("raw") or {}
        if raw.get("f1") is None:
            unlabelled.append(LONG_NAMES.get(kind, kind))
        lines.append(
            (
                LONG_NAMES.get(kind, EVENT_NAMES.get(kind, kind)),
                each.get("n"),
                each.get("detected"),
                number(raw.get("f1"), 3),
                number(raw.get("sensitivity"), 3),
                number(raw.get("precision"), 3),
                number(raw.get("mean_ms")),
                number(raw.get("sd_ms")),
                number(raw.get("mae_ms")),
                number(raw.get("p95_ms")),
            )
        )
    head = ("event", "reference", "told", "F1", "sensitivity", "precision", "mean error, ms",
            "sd, ms", "mean absolute, ms", "95 % of absolute, ms")  # fmt: skip
    found = table(head, lines, "Against the reference events")
    if not unlabelled:
        return found
    kinds = " and no ".join(unlabelled)
    said = f"The reference has no {kinds}: how well it was told cannot be known."
    return join([found, tag("p", said, class_="note")])
