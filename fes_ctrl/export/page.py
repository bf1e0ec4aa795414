"""The reference page of the exports, from the tables that they are made of."""

from collections.abc import Iterable

from fes_ctrl.export.c3d_channels import ANGLES, LOADS, SCALARS, SITES, VALUES
from fes_ctrl.export.c3d_events import LABELS, MOST
from fes_ctrl.export.c3d_file import BLOCK, MOST_BLOCKS
from fes_ctrl.export.fields import Field
from fes_ctrl.export.learnt import LINES
from fes_ctrl.export.resample import GAP_PERIODS, SLOWEST_HZ
from fes_ctrl.export.tables import CHANNEL_FIELDS, TABLES
from fes_ctrl.export.topics import ENVELOPE_FIELDS, PER_CHANNEL
from fes_ctrl.model import LEG_NAMES, SENSOR_CHANNELS

HEAD = """\
# Exports

What `fes-ctrl export` writes ([how to](../how-to/export.md)). Made from `fes_ctrl/export` by
`tools/reference_pages.py`.

Instants are whole microseconds on the run's own clock, as in the run log, and end in `_us`; the
unit of a number is the end of its name. What is unknown is empty in Parquet and left out in MCAP.

## Tables

Each is a file of its own in Parquet, `NAME.parquet`, with all of its columns whatever the run. A
column's unit and meaning are its metadata too, and each file has in its own, as `fes_ctrl.NAME`,
where it comes from: `config` (JSON), `config_sha256` (as in `summary.json`: of the values in
`settings.json`), `setpoints_sha256`, `seed`, `versions`, `devices`, `answered` (what they said of
themselves), `simulated` (which parts say that they were not real), `ended`, `recording`, `clock`.
"""

MCAP = """
## MCAP topics

Messages are JSON objects with the fields above; each kind has its JSON schema, `fes_ctrl.TABLE` or
`fes_ctrl.SENSOR`. `log_time` is when it was known, `publish_time` when it happened, both in
nanoseconds since the run began. A run with instants before that is shifted, and the metadata record
`fes_ctrl.run` says by how much (`shifted_by_us`). It also has what Parquet files say of themselves;
the records `fes_ctrl.config` (dotted keys) and `fes_ctrl.versions` have the rest. `summary.json`
and `settings.json` are attachments where the run has them.
"""

C3D = """
## C3D

One regular grid: the rate of the fastest sensor, at least {slowest:g} Hz, or `--rate`. Forces and
inertial sensors are interpolated in straight lines between readings, switches stay as they were.
Where two readings of a sensor are more than {gap:g} of its periods apart nothing is made up: its
channels are 0 and its channel `OK` is 0. Points have a residual of -1 there. Frame 1 is
`FES:FRAME_1_US` on the run's clock. `L` or `R` is before every label.
"""

EVENTS = """
Times are since frame 1. A parameter of the format holds {most} entries; contacts and toe-offs come
first, and what is more is in `EVENT:TIMES2`, `EVENT:LABELS2` and so on, with its count in
`EVENT:USED2`. All parameters of a file have {room} bytes; kinds of events that do not fit are left
out as a whole, and `FES:EVENTS_LEFT_OUT` says which and how many. More than 65535 frames are
counted in `TRIAL:ACTUAL_END_FIELD` and `POINT:LONG_FRAMES`. The group `FES` has what Parquet files
say of themselves, without the configuration, and how the grid was made.
"""


def exports_page() -> str:
    """Return the page as Markdown."""
    parts = [HEAD]
    parts += [
        f"\n### {table.name}\n\nA row is {table.says}.\n\n{_fields(table.fields)}"
        for table in TABLES
    ]
    parts += [MCAP, _topics(), C3D.format(slowest=SLOWEST_HZ, gap=GAP_PERIODS), _channels()]
    parts += [_events(), EVENTS.format(most=MOST, room=BLOCK * MOST_BLOCKS)]
    return "".join(parts)


def _fields(fields: Iterable[Field]) -> str:
    rows = ((f"`{field.name}`", field.type, field.unit, field.says) for field in fields)
    return _table(("column", "type", "unit", "what"), rows)


def _topics() -> str:
    leg = "/LEG"
    rows = []
    for sensor, names in SENSOR_CHANNELS.items():
        values = ", ".join(f"`{CHANNEL_FIELDS[name].name}`" for name in names)
        rows.append((f"`{leg}/{sensor}`", f"readings: {values}"))
    for table in TABLES:
        if table.name == "samples":
            continue
        of_leg = any(field.name == "leg" for field in table.fields)
        where = leg if of_leg else ""
        where += "/channel_N" if table.name in PER_CHANNEL else ""
        rows.append((f"`{where}/{table.name}`", f"each {table.says}"))
    values = ", ".join(f"`{field.name}`" for field in ENVELOPE_FIELDS)
    rows.append(
        (f"`{leg}/channel_N/envelope`", f"the current to be drawn, zero between bursts: {values}")
    )
    listed = "faults, decisions, states, remarks, injections, what was learnt"
    rows.append(("`/log`", f"{listed}, for the log panel"))
    legs = " or ".join(f"`/{name}`" for name in LEG_NAMES)
    head = f"\n`/LEG` is {legs}, or nothing where a message concerns neither or both.\n\n"
    return head + _table(("topic", "what"), rows)


def _channels() -> str:
    rows = []
    for sensor, names in SENSOR_CHANNELS.items():
        for name in names:
            label, unit, says = VALUES[name]
            rows.append((f"`{SITES[sensor]}.{label}`", "analog", unit, says))
        rows.append((f"`{SITES[sensor]}.OK`", "analog", "", "1 where this sensor was measured"))
    rows.append(("`StimN.Current`", "analog", "mA", "commanded on channel N, held between pulses"))
    rows.append(("`StimN.Width`", "analog", "us", "commanded width, held between pulses"))
    for label, (unit, says) in LINES.items():
        rows.append((f"`Learnt.{label}`", "analog", unit, f"{says}; only where a leg learns"))
    for name, label in LOADS.items():
        place = "heel" if name == "heel_n" else "forefoot"
        rows.append((f"`True{label}.F`", "analog", "N", f"true load under the {place}"))
    for label, says in ANGLES.values():
        rows.append((f"`{label}`", "point, `POINT:ANGLES`", "deg", says))
    for label, unit, says in SCALARS.values():
        rows.append((f"`{label}`", "point, `POINT:SCALARS`", unit, says))
    return "\n" + _table(("label", "kind", "unit", "what"), rows)


def _events() -> str:
    rows = [
        (f"`{label}`", "`Left`, `Right`", f"`{kind}`, detected, or true with `--events truth`")
        for kind, (label, _) in LABELS.items()
    ]
    rows.append(("`Stim On`, `Stim Off`", "`General`", "first and last pulse of a burst"))
    rows.append(("`Fault`", "`General`", "a fault, named in its description"))
    return "\n" + _table(("event", "context", "what"), rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
