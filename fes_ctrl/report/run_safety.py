"""Of a run's page: what the guards said, what went wrong or was made to, and what a hand did."""

from collections.abc import Mapping, Sequence
from typing import Any

from fes_ctrl.analysis.refusals import by_reason
from fes_ctrl.model import ALL_LEGS, LEG_NAMES, LINK_ANSWER
from fes_ctrl.report.markup import Html, folded, join, number, table, tag
from fes_ctrl.report.run_view import RunView
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.safety.refusals import REFUSALS

LINES = 300
"""Of a table at most; the log has the others."""


def safety_section(view: RunView) -> Html:
    """Return what the section says."""
    return join(
        [
            _counts(view),
            _faults(view),
            _refused(view),
            _made_wrong(view),
            _limiter(view),
            _hand(view),
            _link(view),
        ]
    )


def _counts(view: RunView) -> Html:
    walk, safety = view.run.walk, view.summary["safety"]
    reasons = (
        ("faults", len(walk.faults), "safety.faults"),
        ("setpoints refused by the guard", safety["refused_setpoints"], "safety.refused_setpoints"),
        (
            "setpoints clipped by the guard",
            sum(safety.get("clipped", {}).values()),
            "safety.clipped",
        ),
        ("violations that the witness saw", _violations(view), "safety.witness_violations"),
        ("pulses left out, for they were late", sum(leg.skipped for leg in walk.legs), "skipped"),
    )
    tiles = [
        tag(
            "div",
            tag("dt", what),
            tag("dd", tag("span", "unknown" if n is None else n, data_figure=key)),
        )
        for what, n, key in reasons
    ]
    return tag("dl", *tiles, class_="tiles")


def _violations(view: RunView) -> int | None:
    if view.kind != "walk" or view.run.summary is None:
        return None
    found = view.summary["safety"].get("witness_violations")
    return len(found) if isinstance(found, list) else None


def _at(t_us: int) -> str:
    return f"{t_us / 1e6:.3f}"


def _leg(leg: int) -> str:
    return "" if leg == ALL_LEGS else LEG_NAMES[leg]


def _cut(lines: Sequence[Sequence[object]]) -> tuple[Sequence[Sequence[object]], Html]:
    if len(lines) <= LINES:
        return lines, Html("")
    return lines[:LINES], tag(
        "p", f"and {len(lines) - LINES} more, in the run's log", class_="note"
    )


def _faults(view: RunView) -> Html:
    found = view.run.walk.faults
    if not found:
        return tag("p", "No fault was found.")
    lines, more = _cut(
        [
            (
                _at(f.t_us),
                f.id,
                BY_ID[f.id].name if f.id in BY_ID else "",
                f.reaction,
                _leg(f.leg),
                f.detail,
            )
            for f in found
        ]
    )
    head = ("at, s", "fault", "what it is", "reaction", "leg", "detail")
    return join([table(head, lines, "Faults", numeric=False), more])


def _refused(view: RunView) -> Html:
    out = []
    walk = view.run.walk
    for caption, decisions in (
        ("Refused setpoints", walk.refusals),
        ("Clipped setpoints", walk.clips),
    ):
        if decisions:
            firsts = {d.reason: d.t_us for d in reversed(decisions)}
            lines = [
                (
                    reason,
                    count,
                    _at(firsts[reason]),
                    REFUSALS[reason].meaning if reason in REFUSALS else "",
                )
                for reason, count in by_reason(decisions).items()
            ]
            out.append(
                table(
                    ("reason", "how many", "first at, s", "because"), lines, caption, numeric=False
                )
            )
    return join(out)


def _made_wrong(view: RunView) -> Html:
    out = []
    if view.run.injections:
        lines = [(name, _at(t_us)) for name, t_us in view.run.injections]
        out.append(
            table(
                ("injection", "first had an effect at, s"), lines, "Made to go wrong", numeric=False
            )
        )
    violations = view.summary["safety"].get("witness_violations") or []
    if violations:
        seen, more = _cut([(str(k), _words(each)) for k, each in enumerate(violations, 1)])
        out += [table(("", "violation"), seen, "What the witness saw", numeric=False), more]
    return join(out)


def _words(found: object) -> str:
    if isinstance(found, Mapping):
        return ", ".join(f"{key} {value}" for key, value in found.items())
    return str(found)


def _limiter(view: RunView) -> Html:
    limiter: Any = view.summary["safety"].get("limiter")
    if not isinstance(limiter, Mapping):
        return Html("")
    if limiter.get("reason") is None:
        return tag("p", "The limiter before the electrode never latched.")
    at = number(limiter.get("t_s"), 3)
    said = (
        f"The limiter before the electrode latched at {at} s on channel {limiter.get('channel')}: "
        f"{limiter['reason']}; it blocked {limiter.get('blocked')} pulses."
    )
    return tag("p", said)


def _hand(view: RunView) -> Html:
    run = view.run
    lines: list[tuple[int, int, Sequence[object]]] = []
    for now_us, act in run.operator:
        value = f" {act.value}" if act.action in {"level", "test"} else ""
        unit = {"level": " %", "test": " mA"}.get(act.action, "")
        if act.action == "test" and act.value == 0:
            value, unit = "", ", at the level"
        lines.append((now_us, 0, (_at(now_us), "operator", f"{act.action}{value}{unit}")))
    for state in run.states:
        armed = "armed" if state.armed else "not armed"
        why = f": {state.reason}" if state.reason else ""
        lines.append(
            (
                state.t_us,
                1,
                (_at(state.t_us), "controller", f"{armed}, level {state.level_percent} %{why}"),
            )
        )
    for now_us, change in run.parameters:
        whose = _leg(change.leg)
        told = f"{change.name} = {change.value:g}{f' on the {whose}' if whose else ''}"
        lines.append((now_us, 2, (_at(now_us), "parameter", told)))
    if not lines:
        return tag("p", "Nobody armed, or changed anything.")
    lines.sort(key=lambda each: each[:2])
    shown, more = _cut([line for _, _, line in lines])
    return folded(
        "What the operator did, and how the controller stood",
        table(("at, s", "who", "what"), shown, numeric=False),
        more,
    )


def _link(view: RunView) -> Html:
    counts: dict[str, list[Any]] = {}
    for now_us, report in view.run.reports:
        if report.kind != LINK_ANSWER:
            counts.setdefault(report.kind, [0, _at(now_us), report.detail])[0] += 1
    if not counts:
        return Html("")
    lines = [(kind, *each) for kind, each in counts.items()]
    head = ("report of the link", "how many", "first at, s", "first detail")
    return folded("What the stimulator's link reported", table(head, lines, numeric=False))
