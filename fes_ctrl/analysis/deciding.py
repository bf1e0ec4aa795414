"""Which dials of a detector an event was held against, by what the detector remarked about it.

An event and the remarks of its reading come in; the sensor that told it and the keys of the lines
that decided it come out: the threshold that set its instant, and what kept it back until then.
What the detector goes by because it has learnt it, and what is no dial at all, has no line; nor has
a least that a stride had reached long before. Of a heel the debouncing always stands there.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fes_ctrl import gait
from fes_ctrl.analysis.story import Scene
from fes_ctrl.gait.either import SILENT_US
from fes_ctrl.gait.foot_walker import LEAST_PUSH_DPS
from fes_ctrl.model import (
    FOOT_FLAT,
    FOOT_IMU,
    FORE_FORCE,
    FOREFOOT_SWITCH,
    HEEL_FORCE,
    HEEL_OFF,
    HEEL_SWITCH,
    INITIAL_CONTACT,
    SENSOR_CHANNELS,
    SHANK_IMU,
    TERMINAL_CONTACT,
    GaitEvent,
    Remark,
    Sample,
)
from fes_ctrl.units import Us

ROUNDED: Final = 0.05
"""Numbers in remarks are rounded by so much."""

OPENINGS: Final[dict[str, tuple[str, ...]]] = {
    HEEL_OFF: ("heel-off", "a swing without a push"),
    TERMINAL_CONTACT: ("terminal contact", "a swing without a push"),
    INITIAL_CONTACT: ("contact: ", "contact believed"),
    FOOT_FLAT: ("foot flat", "no contact: ", "pivoted"),
}
"""How the remark on an event of each kind begins."""

HEELS: Final = (HEEL_FORCE, HEEL_SWITCH)
FOREFEET: Final = (FORE_FORCE, FOREFOOT_SWITCH)

BY_FOREFOOT: Final = ("contact: the forefoot", "heel-off by the forefoot")
"""How the remark on an event begins that the forefoot told in place of the heel."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What told an event.

    Attributes
    ----------
    by : str
        The sensor, as people name it; empty where the log does not say.
    keys : tuple of str
        Dotted, of the configuration's lines.
    """

    by: str = ""
    keys: tuple[str, ...] = ()


def decided(scene: Scene, event: GaitEvent) -> Decided:
    """Return which sensor told an event, and the dials that it was held against."""
    stamps_us = _stamps(scene, event)
    remarks = [
        remark
        for remark in scene.run.remarks
        if remark.leg == event.leg and remark.t_us <= max(stamps_us, default=event.t_emit_us)
    ]
    now = [remark.text for remark in remarks if remark.t_us in stamps_us]
    before = [remark.text for remark in remarks if remark.t_us not in stamps_us]
    match scene.settings.text("detector.name"):
        case gait.HEEL:
            return _heel(scene, event, _about(event.kind, now))
        case gait.FOOT:
            return _foot(scene, _about(event.kind, now), before)
        case gait.SHANK:
            return _shank(scene, event, _about(event.kind, now))
        case gait.FUSED:
            return _fused(scene, event, remarks, now)
    return Decided()


def sensors_read(scene: Scene) -> tuple[str, ...]:
    """Return the sensors that the detector of a run reads; all, where nobody knows it here."""
    name = scene.settings.text("detector.name")
    return gait.read_by(name) if name in gait.NEEDS else tuple(SENSOR_CHANNELS)


def _stamps(scene: Scene, event: GaitEvent) -> set[Us]:
    """Return the stamps of the readings that came when an event was told."""
    return {
        sample.t_meas_us
        for (leg, sensor), samples in scene.run.samples.items()
        if leg == event.leg and sensor in sensors_read(scene)
        for sample in samples[bisect_left(samples, event.t_emit_us, key=_arrival) :][:1]
        if sample.t_arrive_us == event.t_emit_us
    }


def _arrival(sample: Sample) -> Us:
    return sample.t_arrive_us


def _about(kind: str, texts: Iterable[str]) -> str:
    """Return the remark on an event of a kind; empty where there is none."""
    return next((text for text in texts if text.startswith(OPENINGS[kind])), "")


# -- one sensor -----------------------------------------------------------------------------------


def _heel(scene: Scene, event: GaitEvent, text: str) -> Decided:
    """Return what an edge was held against: of the sensor of its kind whose reading came first."""
    forefoot = event.kind == TERMINAL_CONTACT or text.startswith(BY_FOREFOOT)
    worn = {
        scene.run.samples[event.leg, sensor][0].t_arrive_us: sensor
        for sensor in (FOREFEET if forefoot else HEELS)
        if scene.run.samples.get((event.leg, sensor))
    }
    if not worn:
        return Decided()
    closes = event.kind in {INITIAL_CONTACT, FOOT_FLAT}
    locked = "min_unloaded_ms" if closes and not forefoot else "min_loaded_ms"
    level = "on_N" if closes else "off_N"
    force = worn[min(worn)] in {HEEL_FORCE, FORE_FORCE}
    return Decided("heel", _keys("heel", (level, locked) if force else (locked,)))


def _foot(scene: Scene, text: str, before: Sequence[str]) -> Decided:
    return Decided("foot IMU", _keys("foot_imu", _foot_dials(scene, text, before)))


def _foot_dials(scene: Scene, text: str, before: Sequence[str]) -> tuple[str, ...]:
    if text.startswith("heel-off"):
        if "after idle lifts" in text:
            return ()
        if "fast enough only now" in text:
            return ("still_dps",)
        if "looked for only now" in text:
            return ("min_stance_ms",)
        # Where it did not rest since its contact, it tips from how it lay a stride ago.
        rest = _rest_dials(scene, text) if "since a rest before" in text else ()
        return ("heel_off_deg", *rest)
    if text.startswith("terminal contact"):
        over = _rest_dials(scene, text) or ("toe_share",)
        least = _held_to(before, "heel-off", "no terminal contact: push")
        return (*over, "push_share") if least > LEAST_PUSH_DPS + ROUNDED else over
    if text.startswith("contact: the end of a swing"):
        return ("lift_share",)
    rest = _rest_dials(scene, text)
    if text.startswith("contact: "):
        least = _held_to(before, "terminal contact", "no contact: too early")
        shortest = scene.settings.number("detector.foot_imu.min_swing_ms")
        if least > shortest + ROUNDED:
            return (*rest, "swing_share")
        return (*rest, "min_swing_ms") if least > 0.0 else rest
    # A foot that has just landed is flat as soon as it is slow.
    return rest[1:] if "tips no more" in text else rest


def _held_to(before: Sequence[str], since: str, refused: str) -> float:
    """Return the least that an earlier attempt in this stride was held to; 0 where none was."""
    for text in reversed(before):
        said = text.removeprefix("IMU: ")
        if said.startswith(since):
            break
        if said.startswith(refused):
            found = re.search(r"\(([\d.]+) (?:ms )?at least\)", said)
            return 0.0 if found is None else float(found[1])
    return 0.0


def _rest_dials(scene: Scene, text: str) -> tuple[str, ...]:
    """Return what says that a foot rests; how slow is learnt where push-offs are fast."""
    found = re.search(r"below ([\d.]+) deg/s", text)
    if found is None:
        return ()
    still_dps = scene.settings.number("detector.foot_imu.still_dps")
    return ("still_ms", "still_dps") if float(found[1]) <= still_dps + ROUNDED else ("still_ms",)


def _shank(scene: Scene, event: GaitEvent, text: str) -> Decided:
    dials: tuple[str, ...] = ()
    if "looked for only now" in text:
        told = text.startswith("heel-off")
        # Of a push that had gone by, and was told by the swing alone, that is all there is.
        dials = ("by", "hold_ms", "min_stance_ms") if told else ("min_stance_ms",)
    elif text.startswith("heel-off"):
        fixed = scene.settings.values.get("detector.shank_imu.tilt_on_deg") is not None
        dials = ("by", "tilt_on_deg", "hold_ms") if fixed else ("by", "hold_ms")
    elif text.startswith("contact"):
        dials = ("min_swing_ms",) if _waited(scene, event, text) else ()
    return Decided("shank IMU", _keys("shank_imu", dials))


def _waited(scene: Scene, event: GaitEvent, text: str) -> bool:
    """Return whether a contact was told at the first reading after the shortest swing."""
    samples = scene.run.samples.get((event.leg, SHANK_IMU), [])
    at = bisect_left(samples, event.t_emit_us, key=_arrival)
    found = re.search(r"([\d.]+) ms after toe-off", text)
    if found is None or not 0 < at < len(samples):
        return False
    apart_ms = (samples[at].t_meas_us - samples[at - 1].t_meas_us) / 1000
    return float(found[1]) - apart_ms < scene.settings.number("detector.shank_imu.min_swing_ms")


def _keys(table: str, dials: Iterable[str]) -> tuple[str, ...]:
    return tuple([f"detector.{table}.{dial}" for dial in dials])


# -- several --------------------------------------------------------------------------------------


def _fused(
    scene: Scene, event: GaitEvent, remarks: Sequence[Remark], now: Sequence[str]
) -> Decided:
    """Return which of the witnesses told an event, and what that one held it against."""
    kind = event.kind
    voted = [re.match(rf"{kind} by the (heel|IMU)", text) for text in now]
    by = next((f"{found[1]}: " for found in voted if found is not None), "")
    texts = [each.text for each in remarks if each.t_us >= event.t_event_us] if by else now
    told = [text for text in texts if text.startswith(by or ("heel: ", "IMU: "))]
    kinds = (HEEL_OFF, TERMINAL_CONTACT) if kind == HEEL_OFF else (kind,)
    for each in kinds:
        for text in told:
            whose, _, said = text.partition(": ")
            if whose == "IMU" and _about(each, [said]):
                return _imu(scene, event, said, [other.text for other in remarks])
            if whose == "heel" and _about(each, [said]):
                return _heel(scene, event, said)
    # The heel's detector has no word for a forefoot that leaves the ground.
    return _heel(scene, event, "") if kind == TERMINAL_CONTACT or by == "heel: " else Decided()


def _imu(scene: Scene, event: GaitEvent, text: str, before: Sequence[str]) -> Decided:
    """Return what an IMU held an event against: of the foot, or of the shank where that was not."""
    samples = scene.run.samples.get((event.leg, FOOT_IMU), [])
    last = bisect_right(samples, event.t_emit_us, key=_arrival) - 1
    if last >= 0 and event.t_emit_us - samples[last].t_arrive_us <= SILENT_US:
        return _foot(scene, text, before)
    return _shank(scene, event, text)
