"""The topics of an MCAP file: which messages a run gives, each with its schema and two times.

A topic is of one leg, and of one sensor or channel, so that each field is one line in a plot. A
message is a flat object of numbers and words; what is unknown is left out of it.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from fes_ctrl.analysis.adaptations import UNTAUGHT
from fes_ctrl.analysis.run import Run
from fes_ctrl.export.envelope import channels, envelope
from fes_ctrl.export.fields import Field, FieldType, Table
from fes_ctrl.export.tables import BY_NAME, CHANNEL_FIELDS, SAMPLE_HEAD, TABLES
from fes_ctrl.model import LEG_NAMES, SENSOR_CHANNELS
from fes_ctrl.units import Us

PREFIX: Final = "fes_ctrl."
LOG_SCHEMA: Final = "foxglove.Log"
PER_CHANNEL: Final = frozenset({"setpoints", "bursts"})

JSON_TYPES: Final[dict[FieldType, str]] = {
    "int": "integer",
    "float": "number",
    "text": "string",
    "bool": "boolean",
}

ENVELOPE_FIELDS: Final = (
    Field("current_mA", "float", "held from pulse to pulse, zero between bursts"),
    Field("width_us", "int", "of the first phase"),
    Field("charge_per_phase_uC", "float", "current times width"),
)


class Topic(NamedTuple):
    """A channel of the file."""

    name: str
    schema: str


class Entry(NamedTuple):
    """A message: when it was known, when it happened, where it goes."""

    logged_us: Us
    order: int
    happened_us: Us
    topic: Topic
    message: dict[str, Any]


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON schema of every kind of message, by name."""
    found = {
        PREFIX + table.name: _schema(PREFIX + table.name, table.says, table.fields)
        for table in TABLES
        if table.name != "samples"
    }
    for sensor, names in SENSOR_CHANNELS.items():
        values = tuple(CHANNEL_FIELDS[name] for name in names)
        says = "a reading of this sensor"
        found[PREFIX + sensor] = _schema(PREFIX + sensor, says, (*SAMPLE_HEAD, *values))
    name = f"{PREFIX}envelope"
    found[name] = _schema(name, "the current of a channel, to be drawn", ENVELOPE_FIELDS)
    found[LOG_SCHEMA] = log_schema()
    return found


def _schema(title: str, says: str, fields: tuple[Field, ...]) -> dict[str, Any]:
    return {
        "title": title,
        "description": says,
        "type": "object",
        "properties": {
            field.name: {
                "type": JSON_TYPES[field.type],
                "description": f"{field.says}, {field.unit}" if field.unit else field.says,
            }
            for field in fields
        },
        "additionalProperties": False,
    }


def entries(run: Run) -> Iterator[Entry]:
    """Yield every message of a run but the log's, table by table."""
    order = 0
    for table in TABLES:
        names = [field.name for field in table.fields]
        logged, happened = table.column(table.logged), table.column(table.happened)
        for row in table.rows(run):
            message = {
                name: cell for name, cell in zip(names, row, strict=True) if cell is not None
            }
            logged_us, happened_us = row[logged], row[happened]
            order += 1
            if isinstance(logged_us, int) and isinstance(happened_us, int):
                yield Entry(logged_us, order, happened_us, topic_of(table, message), message)
    for leg, channel in channels(run):
        walk = next(each for each in run.walk.legs if each.leg == leg)
        topic = Topic(f"/{LEG_NAMES[leg]}/channel_{channel}/envelope", f"{PREFIX}envelope")
        for t_us, current_ua, width_us in envelope(walk, channel):
            message = {
                "current_mA": current_ua / 1e3,
                "width_us": width_us,
                "charge_per_phase_uC": abs(current_ua) * width_us / 1e6,
            }
            order += 1
            yield Entry(t_us, order, t_us, topic, message)


def topic_of(table: Table, message: dict[str, Any]) -> Topic:
    """Return where a row of a table goes."""
    leg = f"/{message['leg']}" if "leg" in message else ""
    if table.name == "samples":
        return Topic(f"{leg}/{message['sensor']}", PREFIX + str(message["sensor"]))
    if table.name in PER_CHANNEL:
        leg = f"{leg}/channel_{message['channel']}"
    return Topic(f"{leg}/{table.name}", PREFIX + table.name)


DEBUG: Final = 1
INFO: Final = 2
WARNING: Final = 3
ERROR: Final = 4


def log_schema() -> dict[str, Any]:
    """Return the schema that Foxglove's log panel knows by its name."""
    text = {"type": "string"}
    return {
        "title": LOG_SCHEMA,
        "type": "object",
        "properties": {
            "timestamp": {
                "type": "object",
                "title": "time",
                "properties": {
                    "sec": {"type": "integer", "minimum": 0},
                    "nsec": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
                },
            },
            "level": {"type": "integer", "minimum": 0, "maximum": 5},
            "message": text,
            "name": text,
            "file": text,
            "line": {"type": "integer", "minimum": 0},
        },
    }


def log_lines(run: Run) -> Iterator[tuple[Us, int, str, str]]:
    """Yield what a reader of a log wants to see: when, how grave, who says it, and what."""
    for t_us, leg, fault, reaction, detail in BY_NAME["faults"].rows(run):
        graves = {"stop": ERROR, "latch": ERROR, "cleared": INFO}
        text = f"fault {fault}: {reaction}, {detail}" if detail else f"fault {fault}: {reaction}"
        yield _line(t_us, graves.get(str(reaction), WARNING), "safety", leg, text)
    for t_us, leg, channel, verdict, reason, _, current_ua, width_us in BY_NAME["decisions"].rows(
        run
    ):
        pulse = f"a pulse of {current_ua} uA, {width_us} us on channel {channel}"
        yield _line(t_us, WARNING, "guard", leg, f"{verdict} {pulse}: {reason}")
    for t_us, armed, level, reason in BY_NAME["states"].rows(run):
        now = "armed" if armed else "not armed"
        yield _line(t_us, INFO, "state", None, f"{now}, level {level} %: {reason}")
    for t_us, leg, words in BY_NAME["remarks"].rows(run):
        yield _line(t_us, DEBUG, "detector", leg, str(words))
    for t_us, name in BY_NAME["injections"].rows(run):
        yield _line(t_us, INFO, "injection", None, str(name))
    for told in run.adaptations:
        level = INFO if told.verdict in UNTAUGHT else DEBUG
        why = f": {told.reason}" if told.reason else ""
        text = f"{told.verdict}{why}; next share {100 * told.share:.1f} %"
        yield _line(told.t_us, level, "learning", LEG_NAMES[told.leg], text)


def _line(t_us: object, level: int, who: str, leg: object, text: str) -> tuple[Us, int, str, str]:
    at_us = t_us if isinstance(t_us, int) else 0
    return at_us, level, f"{who}, {leg}" if leg else who, text
