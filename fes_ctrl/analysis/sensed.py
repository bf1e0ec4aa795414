"""The first half of an explanation: from what a sensor read to the event and the phase."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from fes_ctrl.analysis.deciding import decided, sensors_read
from fes_ctrl.analysis.story import (
    DETECTOR,
    EVENT,
    EVENT_WORDS,
    PHASE,
    SENSOR,
    TRUTH,
    Moment,
    Scene,
    at,
    ms,
)
from fes_ctrl.gait import FUSED
from fes_ctrl.model import (
    LEG_NAMES,
    SENSOR_CHANNELS,
    GaitEvent,
    Sample,
)
from fes_ctrl.units import Us

UNITS: Final[dict[str, str]] = {
    "heel": "",
    "fore": "",
    "heel_n": " N",
    "fore_n": " N",
    "acc": " m/s2",
    "gyr": " deg/s",
}
NEAR_US: Final = 100_000
"""A true event so near to a detected one is what was detected."""

FAR_US: Final = 2_000_000
"""No event is told so long after it was, or before the stride that it belongs to."""


def truth_moments(scene: Scene) -> Iterator[Moment]:
    """Yield what the foot really did in a stride, where that is known."""
    swing = scene.stride.truth
    if swing is None:
        return
    yield Moment(swing.heel_off_us, TRUTH, "the heel leaves the ground")
    yield Moment(swing.toe_off_us, TRUTH, "the toes leave the ground")
    slap = ", and the forefoot slapped down" if swing.slap else ""
    yield Moment(
        swing.contact_us,
        TRUTH,
        f"the foot lands: ankle {swing.ankle_at_contact_deg:.1f} deg, least toe clearance of the "
        f"swing {swing.clearance_mm:.1f} mm{slap}",
        facts={
            "ankle_at_contact_deg": swing.ankle_at_contact_deg,
            "clearance_mm": swing.clearance_mm,
            "slap": swing.slap,
        },
    )


def event_moments(scene: Scene) -> Iterator[Moment]:
    """Yield each event of a stride: the readings that made it certain, and the event itself."""
    events = [*scene.events, *[each for each in scene.triggers if each not in scene.events]]
    for event in events:
        decider = _decider(scene, event)
        if decider is not None:
            yield _reading(event, *decider)
        yield _told(scene, event)
    legs = {event.leg for event in events} | {scene.leg.leg}
    for remark in scene.run.remarks:
        if remark.leg in legs and _belongs(scene, remark.t_us, remark.leg):
            yield Moment(remark.t_us, DETECTOR, f"{LEG_NAMES[remark.leg]}: {remark.text}")


def phase_moments(scene: Scene) -> Iterator[Moment]:
    """Yield each turn of the leg's phase machine that an event of the stride brought."""
    for change in scene.run.phases:
        if change.leg == scene.leg.leg and _belongs(scene, change.t_us, change.leg):
            yield Moment(
                change.t_us, PHASE, f"phase {change.phase.replace('_', ' ')}, {change.activity}"
            )


def _belongs(scene: Scene, t_us: Us, leg: int) -> bool:
    """Return whether what was said then is of this stride: as its event is, else by its instant."""
    stride, walk = scene.stride, scene.run.walk
    if not stride.from_us - FAR_US < t_us < stride.to_us + FAR_US:
        return False
    for other in (*walk.legs, *walk.sensing):
        if other.leg != leg:
            continue
        for event in other.detected:
            if t_us in (event.t_event_us, event.t_emit_us):
                return event in scene.events or event in scene.triggers
    return stride.from_us < t_us <= stride.to_us


def true_time(scene: Scene, event: GaitEvent) -> Us | None:
    """Return when what was detected really happened; ``None`` where nobody knows."""
    walk = scene.run.walk
    legs = [leg for leg in (*walk.legs, *walk.sensing) if leg.leg == event.leg]
    times_us = [true.t_us for leg in legs for true in leg.truth if true.kind == event.kind]
    nearest = min(times_us, key=lambda t_us: abs(t_us - event.t_event_us), default=None)
    if nearest is None or abs(nearest - event.t_event_us) > NEAR_US:
        return None
    return nearest


def _told(scene: Scene, event: GaitEvent) -> Moment:
    late_us = event.t_emit_us - event.t_event_us
    true_us = true_time(scene, event)
    error = (
        ""
        if true_us is None
        else f", {(event.t_event_us - true_us) / 1000:+.1f} ms off the true one"
    )
    whose = "" if event.leg == scene.leg.leg else f" of the {LEG_NAMES[event.leg]}"
    text = (
        f"{EVENT_WORDS[event.kind]}{whose} at {at(event.t_event_us)}, told {ms(late_us)} later"
        f"{error}, confidence {event.confidence:g}"
    )
    facts: dict[str, object] = {
        "event": event.kind,
        "leg": LEG_NAMES[event.leg],
        "t_event_s": event.t_event_us / 1e6,
        "t_emit_s": event.t_emit_us / 1e6,
        "latency_ms": late_us / 1000,
        "confidence": event.confidence,
        "error_ms": None if true_us is None else (event.t_event_us - true_us) / 1000,
    }
    found = decided(scene, event)
    if found.by and scene.settings.text("detector.name") == FUSED:
        text += f", told by the {found.by}"
        facts["told_by"] = found.by
    keys = [key for key in found.keys if key in scene.settings.values]
    lines = [scene.line(key, event.t_emit_us) for key in ("detector.name", *keys)]
    return Moment(event.t_emit_us, EVENT, text, tuple(lines), facts)


def _decider(scene: Scene, event: GaitEvent) -> tuple[str, list[Sample], int] | None:
    """Return the sensor whose reading made an event certain, its readings, and which one it was."""
    best: tuple[Us, str, list[Sample], int] | None = None
    read = sensors_read(scene)
    for (leg, sensor), samples in scene.run.samples.items():
        if leg != event.leg or sensor not in read:
            continue
        index = bisect_right(samples, event.t_emit_us, key=_arrival) - 1
        if index >= 0 and (best is None or samples[index].t_arrive_us > best[0]):
            best = samples[index].t_arrive_us, sensor, samples, index
    return None if best is None else best[1:]


def _arrival(sample: Sample) -> Us:
    return sample.t_arrive_us


def _reading(event: GaitEvent, sensor: str, samples: Sequence[Sample], index: int) -> Moment:
    """Return the moment at which a sensor's reading made an event certain, and those around it."""
    sample = samples[index]
    before = samples[max(0, index - 2) : index]
    after = samples[index + 1 : index + 2]
    late_us = sample.t_arrive_us - sample.t_meas_us
    earlier = ", ".join([f"{_values(each)} at {at(each.t_meas_us)}" for each in before])
    text = (
        f"{LEG_NAMES[event.leg]} {sensor} reads {_values(sample)}, measured at "
        f"{at(sample.t_meas_us)}, here {ms(late_us)} later"
        f"{f' (before: {earlier})' if earlier else ''}"
    )
    return Moment(
        sample.t_arrive_us,
        SENSOR,
        text,
        facts={
            "sensor": sensor,
            "leg": LEG_NAMES[event.leg],
            "event": event.kind,
            "samples": [
                {
                    "seq": each.seq,
                    "t_meas_s": each.t_meas_us / 1e6,
                    "t_arrive_s": each.t_arrive_us / 1e6,
                    "values": dict(
                        zip(SENSOR_CHANNELS[sensor], map(_finite, each.values), strict=False)
                    ),
                }
                for each in (*before, sample, *after)
            ],
        },
    )


def _finite(value: float) -> float | None:
    return value if value - value == 0.0 else None


def _values(sample: Sample) -> str:
    names = SENSOR_CHANNELS[sample.sensor]
    if len(names) == 1:
        value = sample.values[0]
        if sample.sensor.endswith("_switch"):
            return "loaded" if value else "unloaded"
        return f"{value:.0f}{UNITS[names[0]]}"
    acc, gyr = sample.values[:3], sample.values[3:]
    return f"acc {_triple(acc)}{UNITS['acc']}, gyr {_triple(gyr)}{UNITS['gyr']}"


def _triple(values: Sequence[float]) -> str:
    return "/".join([f"{value:.1f}" for value in values])
