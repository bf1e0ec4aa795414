"""Of a run's page: the strides on the gait cycle, with medians and bands."""

from collections.abc import Mapping

import numpy as np

from fes_ctrl.analysis.cycle import GRID
from fes_ctrl.analysis.cycle_bands import CycleBands, cycle_bands, lift_percent
from fes_ctrl.report.markup import Html, folded, join, number, table, tag
from fes_ctrl.report.run_signals import Signal, shown_of, untreated_of
from fes_ctrl.report.run_view import LegView, RunView
from fes_ctrl.report.svg import Chart, around, legend

PERCENT = [float(k) for k in range(GRID)]
COLOURS = ("c1", "c2", "c3", "c4")
TABLE_EVERY = 10
UNTREATED = "c3 dash"
"""The other colours and dashes are of what a leg did."""
WITHOUT = "without stimulation"


def cycle_section(view: RunView) -> Html:
    """Return what the section says."""
    return join([_leg(view, leg) for leg in view.legs])


def _leg(view: RunView, leg: LegView) -> Html:
    role = "" if leg.stimulated else ", which only senses"
    heading = tag("h3", f"{leg.side.capitalize()} leg{role}") if view.two_legs else Html("")
    if not leg.settled:
        why = (
            "No whole stride after the warm-up: there is nothing to lay on the gait cycle."
            if leg.spans
            else "No stride is known of this leg."
        )
        return join([heading, tag("p", why)])
    pictures: dict[str, list[tuple[Signal, CycleBands]]] = {}
    for signal in shown_of(view.run, leg):
        if not signal.unit:
            continue  # a switch has no median worth a look; its edges are in the course in time
        bands = cycle_bands(signal.t_us, signal.values, leg.settled, gap_of(signal))
        if bands.strides:
            pictures.setdefault(signal.title, []).append((signal, bands))
    if not pictures:
        return join([heading, tag("p", "Of these strides nothing but a switch is known.")])
    lift = lift_percent(leg.settled)
    twins = _twins(leg, pictures)
    charts = [
        tag("figure", _chart(title, parts, twins.get(title), lift))
        for title, parts in pictures.items()
    ]
    key = _key(lift, twin=bool(twins))
    drawn = tag("div", *charts, class_="charts")
    return join([heading, _said(leg), key, drawn, _table(pictures, twins)])


def _twins(leg: LegView, pictures: Mapping[str, object]) -> dict[str, CycleBands]:
    """Return the cycle of each signal that is known without stimulation, by title.

    The twin walks the same steps, so the walk's own contacts are its contacts.
    """
    found = {
        title: cycle_bands(signal.t_us, signal.values, leg.settled, gap_of(signal))
        for title, signal in untreated_of(leg).items()
        if title in pictures
    }
    return {title: bands for title, bands in found.items() if bands.strides}


def gap_of(signal: Signal) -> int:
    """Return over how long a hole a signal is not interpolated; stimulation is zero in between."""
    return 1 << 60 if signal.unit == "mA" else 100_000


def _said(leg: LegView) -> Html:
    first, last = leg.settled[0].number, leg.settled[-1].number
    count = len(leg.settled)
    by = "true" if leg.walk.swings else "told"
    many = f"strides {first} to {last} ({count} of them)" if count > 1 else f"stride {first}"
    return tag(
        "p",
        f"From one {by} initial contact (0 %) to the next (100 %): {many}, without the warm-up. "
        "The first stride, which begins standing, and strides that hold a pause are left out.",
        data_figure=f"cycle.{leg.side}",
        data_strides=count,
    )


def _key(lift: float | None, *, twin: bool) -> Html:
    items = [("c1", "median"), ("band c1", "90 % of strides (5 to 95 %)")]
    if twin:
        items.append((UNTREATED, f"median {WITHOUT}"))
    if lift is not None:
        items.append(("shade", "swing"))
    return legend(items)


def _chart(
    title: str,
    parts: list[tuple[Signal, CycleBands]],
    twin: CycleBands | None,
    lift: float | None,
) -> Html:
    signal = parts[0][0]
    drawn = [each for _, b in parts for each in (b.p05, b.p95)]
    everything = np.concatenate([*drawn, *([] if twin is None else [twin.median])])
    y = around(everything.tolist(), zero=signal.zero, least=signal.least)
    unit = f", {signal.unit}" if signal.unit else ""
    label = f"{title}{unit}, over the gait cycle: " + "; ".join(_told(s, b) for s, b in parts)
    if twin is not None:
        label += f"; {WITHOUT}, on the same steps: {_told(signal, twin)}"
    head, _, remark = title.partition(", ")
    chart = Chart(f"{head}{unit}", label, (0.0, 100.0), y, "gait cycle, %", remark=remark)
    if lift is not None:
        chart.shade(lift, 100.0)
    for colour, (_, bands) in zip(COLOURS, parts, strict=False):
        chart.band(PERCENT, bands.p05.tolist(), bands.p95.tolist(), colour)
    if twin is not None:
        chart.line(PERCENT, twin.median.tolist(), UNTREATED)
    for index, (colour, (_, bands)) in enumerate(zip(COLOURS, parts, strict=False)):
        chart.line(PERCENT, bands.median.tolist(), f"{colour}{' dash' if index else ''}")
    if len(parts) == 1:
        return chart.svg()
    names = [
        (f"{c}{' dash' if k else ''}", s.name)
        for k, (c, (s, _)) in enumerate(zip(COLOURS, parts, strict=False))
    ]
    return join([chart.svg(), tag("figcaption", legend(names))])


def _told(signal: Signal, bands: CycleBands) -> str:
    known = bands.median[np.isfinite(bands.median)]
    if not len(known):
        return f"{signal.name} not known"
    low, high = number(float(known.min())), number(float(known.max()))
    at = int(np.nanargmax(bands.median))
    return f"the median {signal.name} goes from {low} to {high}, highest at {at} %"


def _table(
    pictures: dict[str, list[tuple[Signal, CycleBands]]], twins: Mapping[str, CycleBands]
) -> Html:
    columns = []
    head = ["% of the cycle"]
    for title, parts in pictures.items():
        for signal, bands in parts:
            which = f" ({signal.name})" if len(parts) > 1 else ""
            head.append(f"{title.partition(',')[0]}{which}, {signal.unit}")
            columns.append(bands)
        if title in twins:
            head.append(WITHOUT)
            columns.append(twins[title])
    lines = []
    for at in range(0, GRID, TABLE_EVERY):
        cells = []
        for bands in columns:
            low, middle, high = (_known(v[at]) for v in (bands.p05, bands.median, bands.p95))
            cells.append(None if middle is None else f"{middle} ({low} to {high})")
        lines.append([str(at), *cells])
    return folded("As a table: median (5 to 95 %)", table(head, lines))


def _known(value: float) -> str | None:
    return number(float(value)) if np.isfinite(value) else None
