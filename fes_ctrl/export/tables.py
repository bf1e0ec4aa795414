"""The tables of a run: everything that was sensed, decided and given, a row each.

Instants are whole microseconds on the run's own clock, currents whole microamperes, exactly as the
run log has them.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.walk import LegWalk, Swing
from fes_ctrl.export.fields import Cell, Field, FieldType, Row, Table, finite
from fes_ctrl.export.learnt import ADAPTATIONS
from fes_ctrl.export.moments import MOMENT_TABLES, instant
from fes_ctrl.model import INITIAL_CONTACT, LEG_NAMES, SENSOR_CHANNELS, WAVEFORM_NAMES
from fes_ctrl.units import charge_pc

LEG: Final = Field("leg", "text", "left or right")
CHANNEL: Final = Field("channel", "int", "channel of the stimulator, from 0")

CHANNEL_FIELDS: Final[dict[str, Field]] = {
    "heel": Field("heel", "float", "heel switch, 1 loaded"),
    "fore": Field("fore", "float", "forefoot switch, 1 loaded"),
    "heel_n": Field("heel_N", "float", "force under the heel"),
    "fore_n": Field("fore_N", "float", "force under the forefoot"),
    **{
        f"acc_{axis}": Field(f"acc_{axis}_m_per_s2", "float", f"specific force along {axis}")
        for axis in "xyz"
    },
    **{
        f"gyr_{axis}": Field(f"gyr_{axis}_deg_per_s", "float", f"angular rate about {axis}")
        for axis in "xyz"
    },
}
"""The column of each value of a sensor, by its name in a recording."""

SAMPLE_HEAD: Final = (
    Field("t_meas_us", "int", "when it was measured"),
    Field("t_arrive_us", "int", "when the host had it"),
    LEG,
    Field("sensor", "text", "which sensor of the leg"),
    Field("seq", "int", "the sensor's own count"),
)


def _samples(run: Run) -> Iterator[Row]:
    place = {name: number for number, name in enumerate(CHANNEL_FIELDS)}
    readings = [sample for listed in run.samples.values() for sample in listed]
    readings.sort(key=lambda sample: (sample.t_arrive_us, sample.t_meas_us))
    for t_meas_us, t_arrive_us, seq, leg, sensor, values in readings:
        cells: list[float | None] = [None] * len(place)
        for name, value in zip(SENSOR_CHANNELS[sensor], values, strict=False):
            cells[place[name]] = finite(value)
        yield t_meas_us, t_arrive_us, LEG_NAMES[leg], sensor, seq, *cells


def _events(run: Run) -> Iterator[Row]:
    found = sorted(event for leg in _legs(run) for event in leg.detected)
    for event in sorted(found, key=lambda event: (event.t_emit_us, event.t_event_us)):
        latency_ms = (event.t_emit_us - event.t_event_us) / 1e3
        yield (
            event.t_event_us,
            event.t_emit_us,
            LEG_NAMES[event.leg],
            event.kind,
            latency_ms,
            event.confidence,
        )


def _setpoints(run: Run) -> Iterator[Row]:
    written: dict[tuple[int, int, int], int] = {}
    for each in run.written:
        written.setdefault((each.at_us, each.leg, each.channel), each.now_us)
    for at_us, leg, channel, current_ua, width_us, expires_us, waveform in run.setpoints:
        yield (
            at_us,
            expires_us,
            LEG_NAMES[leg],
            channel,
            current_ua,
            width_us,
            WAVEFORM_NAMES[waveform],
            charge_pc(current_ua, width_us) / 1e6,
            written.get((at_us, leg, channel)),
        )


def _bursts(run: Run) -> Iterator[Row]:
    for leg in _legs(run):
        counts: dict[int, int] = {}
        for burst in leg.bursts:
            start, end, given = burst.start, burst.end, burst.setpoints
            counts[start.channel] = counts.get(start.channel, 0) + 1
            yield (
                start.t_us,
                end.t_us if end else None,
                LEG_NAMES[leg.leg],
                start.channel,
                counts[start.channel],
                start.trigger,
                start.trigger_us,
                end.ended_by if end else None,
                instant(end.contact_us) if end else None,
                start.set_current_ua,
                max((abs(each.current_ua) for each in given), default=0),
                len(given),
                sum(charge_pc(each.current_ua, each.width_us) for each in given) / 1e6,
                end.t_us if end else given[-1].at_us if given else start.t_us,
            )


SWING_TYPES: Final[dict[Any, FieldType]] = {int: "int", float: "float", bool: "bool", str: "text"}
SWING_SAYS: Final[dict[str, str]] = {
    "stride": "number of the stride, from 1; the same everywhere",
    "heel_off_us": "heel-off",
    "toe_off_us": "toe-off",
    "contact_us": "the contact that ended it",
    "clearance_mm": "least height of the toe in mid-swing, negative where the floor held it",
    "ankle_at_contact_deg": "ankle angle at contact, dorsiflexion positive",
    "peak_dorsiflexion_deg": "highest ankle angle of the swing",
    "slap": "the forefoot slapped down after contact",
    "lost_push_off_percent": "of the ankle's push-off work, taken away by stimulation",
    "compensation_mm": "how much higher the leg was lifted",
    "circumduction_mm": "how far it swung out",
    "eversion_at_contact_deg": "hindfoot to shank, negative is inverted",
    "foot_flat_ms": "from contact to the whole sole",
    "fall_deg_per_s": "fastest fall of the forefoot after a heel-first contact",
    "reflex_Nm": "highest moment of the calf's stretch reflex",
    "ankle_at_toe_off_deg": "ankle angle at toe-off",
    "peak_knee_flexion_deg": "highest knee flexion of the swing",
    "speed_m_per_s": "of the stride that ended with this swing",
    "bad": "what went astray in this stride on purpose; empty where nothing did",
}
SWING_FIELDS: Final = tuple(
    Field(field.name, SWING_TYPES[field.type], SWING_SAYS[field.name]) for field in fields(Swing)
)


def _strides(run: Run) -> Iterator[Row]:
    for leg in _legs(run):
        if leg.swings or run.truth is not None:
            for swing in leg.swings:
                known = [getattr(swing, field.name) for field in SWING_FIELDS]
                yield LEG_NAMES[leg.leg], "truth", *[_finite(value) for value in known]
        else:
            yield from _detected_strides(leg)


def _detected_strides(leg: LegWalk) -> Iterator[Row]:
    """Yield a row for each detected contact: with what was detected of the swing before it."""
    latest: dict[str, int] = {}
    number = 0
    for event in sorted(leg.detected, key=lambda event: event.t_event_us):
        if event.kind != INITIAL_CONTACT:
            latest[event.kind] = event.t_event_us
            continue
        number += 1
        known = {
            "stride": number,
            "heel_off_us": latest.get("ho"),
            "toe_off_us": latest.get("tc"),
            "contact_us": event.t_event_us,
        }
        yield LEG_NAMES[leg.leg], "detected", *[known.get(field.name) for field in SWING_FIELDS]
        latest.clear()


def _finite(value: Cell) -> Cell:
    return finite(value) if isinstance(value, float) else value


TRUTH_SERIES: Final[dict[str, Field]] = {
    "ankle_deg": Field("ankle_deg", "float", "ankle angle, dorsiflexion positive"),
    "toe_mm": Field("toe_mm", "float", "height of the toe, negative where the floor holds it"),
    "pitch_deg": Field("pitch_deg", "float", "foot against the floor, toe-up positive"),
    "heel_n": Field("heel_N", "float", "load under the heel"),
    "fore_n": Field("fore_N", "float", "load under the forefoot"),
    "fitness": Field("fitness", "float", "what fatigue has left of the dorsiflexors, 1 is rested"),
}
"""The column of each series of a simulated leg, by its name in the walk's folder."""


def _truth(run: Run) -> Iterator[Row]:
    for leg in run.truth.legs if run.truth else ():
        columns = [leg.series[name].tolist() for name in TRUTH_SERIES]
        for t_us, *values in zip(leg.t_us.tolist(), *columns, strict=True):
            yield t_us, LEG_NAMES[leg.leg], *[finite(value) for value in values]


def _truth_events(run: Run) -> Iterator[Row]:
    for leg in run.truth.legs if run.truth else ():
        for event in leg.events:
            yield event.t_us, LEG_NAMES[leg.leg], event.kind


def _legs(run: Run) -> list[LegWalk]:
    return sorted([*run.walk.legs, *run.walk.sensing], key=lambda leg: leg.leg)


TABLES: Final[tuple[Table, ...]] = (
    Table(
        "samples",
        "a reading of a sensor; columns of other sensors are empty",
        (*SAMPLE_HEAD, *CHANNEL_FIELDS.values()),
        _samples,
        "t_arrive_us",
        "t_meas_us",
    ),
    Table(
        "events",
        "a detected gait event: ic initial contact, ff foot flat, ho heel-off, tc toe-off",
        (
            Field("t_event_us", "int", "when the foot did it"),
            Field("t_emit_us", "int", "when the detector could know"),
            LEG,
            Field("event", "text", "ic, ff, ho or tc"),
            Field("latency_ms", "float", "from the event to its detection"),
            Field("confidence", "float", "0 to 1"),
        ),
        _events,
        "t_emit_us",
        "t_event_us",
    ),
    Table(
        "setpoints",
        "a commanded pulse that the guard allowed",
        (
            Field("at_us", "int", "planned instant"),
            Field("expires_us", "int", "void after it"),
            LEG,
            CHANNEL,
            Field("current_uA", "int", "of the first phase, negative where inverted"),
            Field("width_us", "int", "of the first phase"),
            Field("waveform", "text", "symmetric or asymmetric"),
            Field("charge_per_phase_uC", "float", "current times width"),
            Field("written_us", "int", "when its frame went to the link; empty where it did not"),
        ),
        _setpoints,
        "at_us",
        "at_us",
    ),
    Table(
        "bursts",
        "a burst on one channel",
        (
            Field("onset_us", "int", "first pulse, as planned"),
            Field("end_us", "int", "last pulse; empty where the run ended before"),
            LEG,
            CHANNEL,
            Field("burst", "int", "number on this channel, from 1"),
            Field("trigger", "text", "the event that started it"),
            Field("trigger_us", "int", "when that event was"),
            Field("ended_by", "text", "why it ended"),
            Field("contact_us", "int", "the contact that ended it"),
            Field("set_current_uA", "int", "current of the plateau"),
            Field("peak_current_uA", "int", "highest current that was commanded"),
            Field("pulses", "int", "how many were commanded"),
            Field("charge_uC", "float", "of all first phases"),
            Field("known_us", "int", "when all of this was known"),
        ),
        _bursts,
        "known_us",
        "onset_us",
    ),
    Table(
        "strides",
        "a swing, as it was where a patient was simulated, else as it was detected",
        (LEG, Field("source", "text", "truth or detected"), *SWING_FIELDS),
        _strides,
        "contact_us",
        "contact_us",
    ),
    Table(
        "truth",
        "what a simulated leg really did; empty where none was simulated",
        (Field("t_us", "int", "when"), LEG, *TRUTH_SERIES.values()),
        _truth,
        "t_us",
        "t_us",
    ),
    Table(
        "truth_events",
        "what a simulated foot really did",
        (
            Field("t_us", "int", "when"),
            LEG,
            Field("event", "text", "ic, ff, ho or tc"),
        ),
        _truth_events,
        "t_us",
        "t_us",
    ),
    ADAPTATIONS,
    *MOMENT_TABLES,
)
"""In the order of the reference page."""

BY_NAME: Final[dict[str, Table]] = {table.name: table for table in TABLES}
