"""The table of record kinds: what each line of a run log holds.

Every line is an object whose first key is ``kind``. Instants are integers in microseconds since
the start of the run, as the core knows them; ``now`` is when the line became true.
"""

from typing import Final

FORMAT: Final = 1

KINDS: Final[dict[str, tuple[str, ...]]] = {
    "header": ("format", "config", "config_sha256", "seed", "versions", "devices", "clock"),
    # the controller's inputs, exactly as it was given them
    "sample": ("now", "meas", "arrive", "seq", "leg", "sensor", "values"),
    "report": ("now", "t", "stimulator", "report", "pending", "detail", "channel", "pulse"),
    "operator": ("now", "t", "action", "value"),
    "parameter": ("now", "t", "leg", "name", "value"),
    "wake": ("now",),
    # what it said
    "setpoint": ("now", "at", "leg", "channel", "uA", "us", "expires", "waveform"),
    "command": ("now", "command", "stimulator", "reason"),
    "event": ("now", "event", "leg", "t_event", "t_emit", "confidence"),
    # why an event was told, or was not
    "remark": ("now", "t", "leg", "text"),
    "phase": ("now", "t", "leg", "phase", "activity"),
    "burst": ("now", "t", "leg", "channel", "trigger", "trigger_t", "set_uA"),
    "burst_end": ("now", "t", "leg", "channel", "ended_by", "onset", "contact"),
    "anticipation": ("now", "t", "leg", "event", "verdict", "predicted", "sd", "reason"),
    # what a program that learns made of a stride
    "adaptation": (
        *("now", "t", "leg", "verdict", "reason", "mid_deg", "contact_deg", "fall_dps"),
        *("share", "later", "sooner", "shorter"),
    ),
    "decision": ("now", "t", "leg", "channel", "verdict", "reason", "at", "uA", "us"),
    "fault": ("now", "t", "id", "reaction", "leg", "detail"),
    "state": ("now", "t", "armed", "level", "reason"),
    # the wire
    "written": ("now", "at", "leg", "channel"),
    "frame": ("now", "direction", "device_t", "data"),
    # the bench, and the end
    "injection": ("name", "t"),
    # the second guard blocked the pulse of that instant, and everything after it
    "limiter": ("now", "t", "reason"),
    # so many lines are missing here, for the disk did not take them
    "gap": ("dropped",),
    "footer": ("ended", "dropped", "setpoints_sha256"),
}
"""Fields of each kind, in order, without ``kind`` itself."""

INPUT_KINDS: Final = ("sample", "report", "operator", "parameter", "wake")


def named(record: dict[str, object]) -> str:
    """Return what a record is, in words."""
    kind = str(record.get("kind"))
    return f"{'an' if kind.startswith(tuple('aeiou')) else 'a'} {kind} record"


def lacking(record: dict[str, object]) -> str:
    """Return what is wrong with a record whose fields do not fit its kind."""
    return f"{named(record)} lacks a field or has one of a wrong type"
