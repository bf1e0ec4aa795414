"""The page of one stride: what it got and why, its pictures, and the story with its settings."""

from collections.abc import Sequence
from math import isfinite
from typing import Final

from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.settings import Setting
from fes_ctrl.analysis.story import EVENT_WORDS, Explanation
from fes_ctrl.model import LEG_NAMES, SENSOR_CHANNELS, GaitEvent
from fes_ctrl.report.markup import Html, folded, join, number, table, tag
from fes_ctrl.report.page import Section, page
from fes_ctrl.report.run_view import model_words
from fes_ctrl.report.svg import Chart, around, legend
from fes_ctrl.units import Us

OUTCOMES: Final = {"burst": "a burst", "late": "a burst too late", "none": "no burst"}
CLASSES: Final = {"burst": "verdict good", "late": "verdict bad", "none": "verdict bad"}

COUNTED: Final = {
    "truth": "strides are the simulated patient's own",
    "contacts": "strides are counted by the contacts that were told",
    "triggers": "strides are counted by what triggers the leg, which wears no sensor",
}

ROOM_US: Final = 350_000
"""So much before the lift and after the contact is shown."""

SHORT: Final = {"ho": "HO", "ic": "IC", "ff": "FF", "tc": "TC"}
TRUE_SERIES: Final = (
    ("ankle_deg", "Ankle, deg (dorsiflexion positive)"),
    ("toe_mm", "Toe above the floor, mm"),
)


def explain_page(run: Run, explanation: Explanation) -> str:
    """Return the page of a stride.

    Parameters
    ----------
    run : Run
        Which one.
    explanation : Explanation
        Of one of its strides.
    """
    stride = explanation.stride
    title = (
        f"Stride {stride.number} of {explanation.strides}, {explanation.leg_name} leg, "
        f"{run.folder.name}"
    )
    sections = [
        Section("why", "What it got, and why", _why(explanation)),
        Section("pictures", "Pictures", _pictures(run, explanation)),
        Section("story", "From the reading to the frame", _story(explanation)),
        Section("pulses", "Pulse by pulse", _pulses(explanation)),
    ]
    lead = tag("p", f"{_span(explanation)}; {COUNTED[explanation.counted_by]}.", class_="lead")
    told = model_words(run)
    if run.patient_is_model:
        models = ", ".join(run.models)
        told = f"Simulated: nobody walked{f', and {models} is a model' if models else ''}."
    how = "The log is cut" if run.log_is_cut else "The run was killed"
    killed = "" if run.ended else f" {how}; this is what the log holds."
    return page(title, sections, lead=lead, warning=f"{told}{killed}".strip())


def _span(explanation: Explanation) -> str:
    stride = explanation.stride
    return f"From {stride.from_us / 1e6:.3f} to {stride.to_us / 1e6:.3f} s of the run"


def _why(explanation: Explanation) -> Html:
    cause = explanation.cause
    parts: list[Html] = [
        tag("p", OUTCOMES[explanation.outcome], class_=CLASSES[explanation.outcome]),
        tag("p", f"{cause.text[:1].upper()}{cause.text[1:]}."),
        _settings(cause.lines),
    ]
    if explanation.notes:
        parts.append(tag("ul", *[tag("li", note) for note in explanation.notes], class_="reasons"))
    return join(parts)


def _settings(lines: Sequence[Setting]) -> Html:
    if not lines:
        return Html("")
    return tag("ul", *[tag("li", tag("code", str(line))) for line in lines], class_="reasons")


def _story(explanation: Explanation) -> Html:
    from_us = explanation.stride.lift_us
    rows = []
    for moment in explanation.moments:
        since = None if from_us is None else number((moment.t_us - from_us) / 1000, 1)
        what = join([tag("div", moment.text), _settings(moment.lines)])
        rows.append((f"{moment.t_us / 1e6:.4f}", since, moment.stage, what))
    head = ("s", "ms after the lift", "where", "what, and the settings behind it")
    return table(head, rows, "In order of time", numeric=False)


def _pulses(explanation: Explanation) -> Html:
    rows = []
    for given in explanation.given:
        lowered = {(each.setpoint.at_us, each.channel): each for each in given.clipped}
        for pulse in given.setpoints:
            clip = lowered.get((pulse.at_us, pulse.channel))
            asked = (
                "" if clip is None else f"{abs(clip.setpoint.current_ua) / 1000:g} ({clip.reason})"
            )
            rows.append(
                (
                    f"{pulse.at_us / 1e6:.4f}",
                    number((pulse.at_us - given.onset_us) / 1000, 1),
                    pulse.channel,
                    f"{abs(pulse.current_ua) / 1000:g}",
                    pulse.width_us,
                    asked,
                )
            )
        rows += [
            (
                f"{each.setpoint.at_us / 1e6:.4f}",
                number((each.setpoint.at_us - given.onset_us) / 1000, 1),
                each.channel,
                "0",
                each.setpoint.width_us,
                f"{abs(each.setpoint.current_ua) / 1000:g} (refused: {each.reason})",
            )
            for each in given.refused
        ]
    if not rows:
        return tag("p", "No pulse was given, and none was refused.", class_="note")
    head = ("s", "ms after the onset", "channel", "mA", "us", "mA asked for, where not given")
    rows.sort(key=lambda row: str(row[0]).rjust(16))
    return folded(f"{len(rows)} pulses", table(head, rows, "Pulses in order of time"))


# -- pictures -------------------------------------------------------------------------------------


class _Window:
    """What part of the run the pictures of a stride show, in milliseconds after the lift."""

    def __init__(self, explanation: Explanation) -> None:
        stride = explanation.stride
        lift_us = stride.from_us if stride.lift_us is None else stride.lift_us
        last_us = max([stride.to_us, *[given.until_us for given in explanation.given]])
        self.zero_us = lift_us
        self.from_us = max(stride.from_us, lift_us - ROOM_US)
        self.to_us = max(last_us, self.from_us + 1000) + ROOM_US // 2
        self.swing_ms = (0.0, self.ms(stride.to_us))
        self.explanation = explanation

    def ms(self, t_us: Us) -> float:
        return (t_us - self.zero_us) / 1000

    def holds(self, t_us: Us) -> bool:
        return self.from_us <= t_us <= self.to_us

    def chart(
        self, title: str, label: str, values: Sequence[float], *, zero: bool = False
    ) -> Chart:
        span = self.ms(self.from_us), self.ms(self.to_us)
        chart = Chart(title, label, span, around(values, zero=zero), "ms after the heel left")
        chart.shade(*self.swing_ms)
        return chart


def _pictures(run: Run, explanation: Explanation) -> Html:
    window = _Window(explanation)
    charts = [*_sensors(run, window), _current(window), *_true(run, window)]
    events = ", ".join(f"{SHORT[kind]} {word}" for kind, word in EVENT_WORDS.items())
    named = tag("p", f"Dashed: when an event was told ({events}).", class_="note")
    key = legend([("shade", "the swing"), ("c1", "read or given"), ("c2", "true")])
    return join(
        [key, named, tag("div", *[tag("figure", each) for each in charts], class_="charts")]
    )


def _sensors(run: Run, window: _Window) -> list[Html]:
    legs = {explanation_leg(window)} | {event.leg for event in _events(run, window)}
    charts: list[Html] = []
    for (leg, sensor), samples in sorted(run.samples.items()):
        if leg not in legs:
            continue
        seen = [each for each in samples if window.holds(each.t_meas_us)]
        if not seen:
            continue
        at_ms = [window.ms(each.t_meas_us) for each in seen]
        channel = 4 if sensor.endswith("_imu") else 0
        values = [each.values[channel] for each in seen]
        name = SENSOR_CHANNELS[sensor][channel]
        switch = sensor.endswith("_switch")
        unit = "1 is loaded" if switch else "deg/s" if name.startswith("gyr") else "N"
        title = f"{LEG_NAMES[leg]} {sensor}, {unit if switch else f'{name}, {unit}'}"
        known = [value for value in values if isfinite(value)] + [1.2] * switch
        chart = window.chart(title, f"{title} around the stride", known, zero=True)
        chart.line(at_ms, values, "c1")
        for event in _events(run, window):
            if event.leg == leg:
                chart.upright(window.ms(event.t_emit_us), SHORT[event.kind])
        charts.append(chart.svg())
    return charts


def explanation_leg(window: _Window) -> int:
    """Return whose stride a window shows."""
    return window.explanation.leg


def _events(run: Run, window: _Window) -> list[GaitEvent]:
    walk = run.walk
    told = [event for leg in (*walk.legs, *walk.sensing) for event in leg.detected]
    return [event for event in told if window.holds(event.t_emit_us)]


def _current(window: _Window) -> Html:
    pulses = [pulse for given in window.explanation.given for pulse in given.setpoints]
    values = [abs(pulse.current_ua) / 1000 for pulse in pulses]
    refused = [each for given in window.explanation.given for each in given.refused]
    asked = [abs(each.setpoint.current_ua) / 1000 for each in refused]
    title = "Pulses given, mA" + (" (hollow places: refused)" if refused else "")
    label = f"{len(pulses)} pulses were given" + (f", {len(refused)} refused" if refused else "")
    chart = window.chart(title, label, [*values, *asked, 1.0], zero=True)
    chart.dots([window.ms(pulse.at_us) for pulse in pulses], values, "c1")
    chart.dots([window.ms(each.setpoint.at_us) for each in refused], asked, "c2")
    return chart.svg()


def _true(run: Run, window: _Window) -> list[Html]:
    truth = None if run.truth is None else run.truth.of(explanation_leg(window))
    if truth is None:
        return []
    inside = (truth.t_us >= window.from_us) & (truth.t_us <= window.to_us)
    at_ms = [window.ms(int(t_us)) for t_us in truth.t_us[inside]]
    charts: list[Html] = []
    for name, title in TRUE_SERIES:
        values = [float(value) for value in truth.series[name][inside]]
        chart = window.chart(title, f"{title}, as it really was", values)
        chart.line(at_ms, values, "c2")
        charts.append(chart.svg())
    return charts
