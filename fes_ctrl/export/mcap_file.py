"""A run as an MCAP file, which Foxglove and other viewers of robots' logs open.

Channels carry JSON with a JSON schema; configuration, versions and devices are metadata records,
and the run's own ``summary.json`` and ``settings.json`` are attachments.
"""

import json
from collections import Counter
from io import BytesIO
from typing import Any, Final

from fes_ctrl import __version__
from fes_ctrl.analysis.run import SETTINGS_FILE, SUMMARY_FILE, Run
from fes_ctrl.export.origin import flat, origin
from fes_ctrl.export.topics import LOG_SCHEMA, Entry, Topic, entries, log_lines, schemas
from fes_ctrl.units import Us

NS_PER_US: Final = 1000
LOG: Final = Topic("/log", LOG_SCHEMA)


def mcap_bytes(run: Run) -> tuple[bytes, dict[str, int]]:
    """Return the file, and how many messages are on each topic.

    The time of a message is when it was known (``log_time``): a sample's arrival, an event's
    detection. When it happened is its ``publish_time``. Both are nanoseconds since the run began,
    since the earliest of them where that is before it.

    Parameters
    ----------
    run : Run
        As read.
    """
    from mcap.writer import Writer

    found = sorted(entries(run), key=lambda entry: entry[:2])
    lines = sorted(log_lines(run))
    earliest = [min(entry.logged_us, entry.happened_us) for entry in found]
    shift_us = -min([0, *earliest, *[line[0] for line in lines]])
    buffer = BytesIO()
    writer = Writer(buffer)
    writer.start(profile="", library=f"fes-ctrl {__version__}")
    known = schemas()
    wanted = dict.fromkeys([*(entry.topic for entry in found), *([LOG] if lines else [])])
    registered: dict[str, int] = {}
    channel: dict[Topic, int] = {}
    for topic in sorted(wanted):
        if topic.schema not in registered:
            data = json.dumps(known[topic.schema]).encode()
            registered[topic.schema] = writer.register_schema(topic.schema, "jsonschema", data)
        channel[topic] = writer.register_channel(topic.name, "json", registered[topic.schema])
    for name, pairs in _metadata(run, shift_us).items():
        writer.add_metadata(name, pairs)
    encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
    counts: Counter[Topic] = Counter()
    logged = [_log_entry(number, *line, shift_us) for number, line in enumerate(lines)]
    for entry in sorted([*found, *logged], key=lambda entry: entry[:2]):
        counts[entry.topic] += 1
        writer.add_message(
            channel[entry.topic],
            log_time=(entry.logged_us + shift_us) * NS_PER_US,
            publish_time=(entry.happened_us + shift_us) * NS_PER_US,
            data=encode(entry.message).encode(),
            sequence=counts[entry.topic],
        )
    end_ns = (run.end_us + shift_us) * NS_PER_US
    for name, table in ((SUMMARY_FILE, run.summary), (SETTINGS_FILE, run.settings)):
        if table is not None:
            text = json.dumps(table, indent=1).encode()
            writer.add_attachment(end_ns, end_ns, name, "application/json", text)
    writer.finish()  # type: ignore[no-untyped-call]  # the library has typed all but this one
    return buffer.getvalue(), {topic.name: counts[topic] for topic in sorted(wanted)}


def _log_entry(number: int, t_us: Us, level: int, who: str, text: str, shift_us: Us) -> Entry:
    sec, rest_us = divmod(t_us + shift_us, 1_000_000)
    message: dict[str, Any] = {
        "timestamp": {"sec": sec, "nsec": rest_us * NS_PER_US},
        "level": level,
        "message": text,
        "name": who,
        "file": "",
        "line": 0,
    }
    return Entry(t_us, number, t_us, LOG, message)


def _metadata(run: Run, shift_us: Us) -> dict[str, dict[str, str]]:
    said = origin(run)
    del said["config"]
    versions = run.header.get("versions", {})
    return {
        "fes_ctrl.run": {**said, "shifted_by_us": str(shift_us)},
        "fes_ctrl.versions": {str(name): str(value) for name, value in versions.items()},
        "fes_ctrl.config": flat(run.header.get("config", {})),
    }
