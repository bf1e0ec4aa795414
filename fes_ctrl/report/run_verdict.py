"""Of a run's page: the verdict and why, the figures that matter, and the bounds."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from fes_ctrl.report.markup import MINUS, UNKNOWN, Html, join, number, table, tag
from fes_ctrl.report.run_view import WALK, RunView
from fes_ctrl.report.table import TREATMENTS, charge_of, name_of, rows


class _Tile(NamedTuple):
    """A figure of a leg with its unit, what it is, and a second one with how that is said."""

    figure: str
    unit: str
    what: str
    second: str = ""
    said: str = ""
    digits: int = 0


TILES: Final = (
    _Tile(
        "toe_clearance_mm.median", "mm", "toe clearance, median", "toe_clearance_mm.p05",
        "5 % of strides below {} mm", 1,
    ),
    _Tile("drag_strides", "", "strides that drag"),
    _Tile(
        "ankle_at_contact_deg.median", "deg", "ankle at contact, median",
        "ankle_at_contact_deg.p05", "5 % of strides below {} deg", 1,
    ),
    _Tile("foot_slap_percent", "%", "of strides with foot slap", digits=1),
    _Tile(
        "onset_delay_ms.p50", "ms", "from heel-off to stimulation, median", "onset_delay_ms.p95",
        "95 % of strides below {} ms",
    ),
    _Tile("burst.missed_swings", "", "swings without a burst", "burst.extra", "extra bursts: {}"),
    _Tile("push_off.lost_work_percent", "%", "of push-off work lost, median", digits=1),
    _Tile("compensation_mm", "mm", "of compensation, median", digits=1),
)  # fmt: skip
ASTRAY: Final = (
    _Tile(
        "bad_strides.in.strides", "", "strides astray on purpose", "bad_strides.after.strides",
        "and {} right after",
    ),
    _Tile(
        "bad_strides.toe_clearance_mm.median", "mm", "toe clearance in them, median",
        "bad_strides.toe_clearance_mm.p05", "5 % of them below {} mm", 1,
    ),
    _Tile(
        "bad_strides.poor_percent", "%", "of them served poorly", "bad_strides.drag_strides",
        "drags: {}",
    ),
)  # fmt: skip
BRIEF: Final = (
    _Tile("bursts", "", "bursts"),
    _Tile("setpoints", "", "pulses commanded"),
    _Tile(
        "burst.duration_ms.p50", "ms", "a burst, median", "burst.duration_ms.p95",
        "95 % below {} ms",
    ),
)  # fmt: skip
"""Of a leg whose truth is not known."""


def verdict_section(view: RunView) -> Html:
    """Return what the section says."""
    return join(
        [
            _badge(view),
            _ended(view),
            *[tag("p", note) for note in view.summary.get("notes", ())],
            _tiles(view),
            _bounds(view),
            _figures(view),
        ]
    )


def _badge(view: RunView) -> Html:
    summary = view.run.summary
    if summary is None or not isinstance(summary.get("verdict"), Mapping):
        return tag("p", tag("span", "no verdict", class_="verdict none"))
    verdict = summary["verdict"]
    reasons = verdict.get("reasons") or []
    if view.run.log_is_cut:
        said = (
            f"{'passed' if verdict.get('passed') else 'failed'} by its summary, but its log is cut"
        )
        badge = tag("p", tag("span", said, class_="verdict none", data_figure="verdict"))
        return join([badge, _list(reasons) if reasons else ""])
    if verdict.get("passed"):
        badge = tag("p", tag("span", "passed", class_="verdict good", data_figure="verdict"))
        if reasons:
            return join([badge, tag("p", "What else is to be known:"), _list(reasons)])
        return join([badge, tag("p", _why_passed(view))])
    return join(
        [
            tag("p", tag("span", "failed", class_="verdict bad", data_figure="verdict")),
            _list(reasons),
        ]
    )


def _why_passed(view: RunView) -> str:
    if view.kind != WALK:
        return "The guard refused nothing but what came late; no bound is set on its figures."
    if view.checks:
        bounds = "Every bound of the scenario is met"
    elif "pass" in (view.run.settings or {}):
        bounds = "The scenario sets no bound on any figure"
    else:
        bounds = "Which bounds the scenario set was not kept"
    return (
        f"{bounds}; the guard refused nothing but what came late, the witness saw no violation, "
        "and whatever was made to go wrong was reached and answered."
    )


def _list(reasons: Sequence[object]) -> Html:
    return tag("ul", *[tag("li", reason) for reason in reasons], class_="reasons")


def _ended(view: RunView) -> Html:
    run = view.run
    if run.ended == "finished":
        if run.summary is None:
            return tag("p", "The run came to its end, but left no summary; figures are by its log.")
        return Html("")
    if run.log_is_cut:
        return _disagree(view)
    how = "was interrupted" if run.ended else "did not come to its end: its log just stops"
    said = f"The run {how} at {run.end_us / 1e6:.1f} s. What follows is what was written until then"
    if run.summary is None:
        said += "; figures are by the log alone"
    return tag("p", f"{said}.", class_="warning")


def _disagree(view: RunView) -> Html:
    """Say which figures are of the whole run, and which of what is left of its log."""
    run = view.run
    whole_s, left_s = view.summary.get("duration_s"), f"{run.end_us / 1e6:.1f} s"
    length = f" of {whole_s:.1f} s" if isinstance(whole_s, int | float) else ""
    said = (
        f"Summary and log disagree: the summary is that of a run{length} which came to its end, "
        f"but the log just stops at {left_s}. By the summary, of the whole run: verdict, bounds "
        "and figures of this section, any score against a reference, how much the guard refused "
        "and clipped, and what the witness saw. By the log, of what is left of it: strides, course "
        "in time, timing of events, charge of each stride, faults, and what is listed with them."
    )
    if run.truth is not None:
        said += " Lines of what the foot truly did go on to its end."
    return tag("p", said, class_="warning")


def _tiles(view: RunView) -> Html:
    out = []
    for leg in view.legs:
        if not leg.stimulated:
            continue
        figures = view.summary["legs"].get(leg.side, {})
        known = "toe_clearance_mm" in figures and leg.walk.swings
        wanted: tuple[_Tile, ...] = TILES if known else BRIEF
        if figures.get("bad_strides"):
            wanted += ASTRAY
        tiles = [_tile(leg.side, figures, each) for each in wanted]
        if view.two_legs:
            out.append(tag("h3", f"{leg.side.capitalize()} leg"))
        out.append(tag("dl", *tiles, class_="tiles"))
    charge = view.summary["charge"]
    source = charge.get("source", "commanded")
    out.append(
        tag(
            "p",
            "Charge: ",
            tag(
                "strong",
                tag("span", number(charge["total_mC"], 2), data_figure="charge.total_mC"),
                " mC",
            ),
            f" in all, at most {number(charge['per_phase_uC_max'], 2)} µC a phase "
            f"({'as commanded' if source == 'commanded' else f'as known from the {source}'}).",
        )
    )
    return join(out)


def _tile(side: str, figures: Mapping[str, Any], tile: _Tile) -> Html:
    value = _at(figures, tile.figure)
    more = _at(figures, tile.second) if tile.second else None
    shown = "unknown" if value is None else number(value, tile.digits)
    known = tag("span", shown, data_figure=f"legs.{side}.{tile.figure}")
    unit = tag("small", f" {tile.unit}") if tile.unit and value is not None else ""
    second = "" if more is None else tag("dd", tile.said.format(number(more, tile.digits)))
    return tag("div", tag("dt", tile.what), tag("dd", known, unit), second)


def _at(figures: Mapping[str, Any], dotted: str) -> float | None:
    here: Any = figures
    for part in dotted.split("."):
        here = here.get(part) if isinstance(here, Mapping) else None
    return here if isinstance(here, int | float) else None


def _bounds(view: RunView) -> Html:
    if not view.checks:
        return Html("")
    lines = [
        [
            tag("code", check.figure),
            _said(check.value),
            check.bound,
            tag(
                "strong", "met" if check.met else "not met", class_="met" if check.met else "missed"
            ),
        ]
        for check in view.checks
    ]
    return table(("figure", "was", "bound", ""), lines, "Bounds of the scenario")


def _said(value: object) -> str | None:
    return None if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)


def _figures(view: RunView) -> Html:
    summary = view.run.summary
    if view.kind != WALK or summary is None:
        return Html("")
    columns = {name_of(summary): summary}
    columns |= {TREATMENTS[name]: twin for name, twin in summary.get("twins", {}).items()}
    out = []
    for side in [leg.side for leg in view.legs if leg.side in summary["legs"]]:
        lines = [dict(rows(column["legs"][side])) for column in columns.values()]
        shown = [[name, *[_signed(line[name]) for line in lines]] for name in lines[0]]
        told = [_signed(charge_of(column, side)) for column in columns.values()]
        shown.append(["charge, mC (largest phase, µC)", *told])
        out.append(table(("", *columns), shown, f"Figures of the {side} leg"))
    return join(out)


def _signed(shown: str) -> str:
    """Return a table's cell with true minus signs, and dashes for what is not known."""
    return re.sub(r"-(?=\d)", MINUS, shown).replace("-", UNKNOWN)
