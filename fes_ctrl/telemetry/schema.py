"""Every message between a bench and whoever watches it or asks it for something: one table.

A message is one JSON object, UTF-8, on the topic ``fes/BENCH/NAME``. What a bench says has the
envelope before its own fields. Instants on the run's clock are whole microseconds since the run
began, as in the run's log; ``utc_us`` is microseconds since 1970. ``docs/reference/mqtt.md`` and
the JSON schemas (``json_schema``) are made from this table.
"""

from typing import Final, Literal, NamedTuple

ROOT: Final = "fes"
VERSION: Final = 1
A_START: Final = 1_000_000_000
"""Each process that speaks for a run counts its messages from the next of these on."""

Type = Literal["integer", "number", "text", "boolean", "object", "list"]
Writer = Literal["bench", "remote"]


class Field(NamedTuple):
    """One field of a message.

    ``null`` says whether it may be unknown; ``fields`` are those of an object, or of each item of
    a list; where an object has none listed, its keys are named by ``meaning``.
    """

    name: str
    type: Type
    unit: str
    meaning: str
    null: bool = False
    fields: tuple["Field", ...] = ()


class Topic(NamedTuple):
    """One kind of message.

    ``name`` is what follows ``fes/BENCH/``; ``SENDER`` in it is a level of its own. ``retained``
    ones are given to whoever subscribes later; ``when`` says when it is sent.
    """

    name: str
    writer: Writer
    retained: bool
    when: str
    meaning: str
    fields: tuple[Field, ...]


ENVELOPE: Final = (
    Field("v", "integer", "", f"version of this table: {VERSION}"),
    Field("bench", "text", "", "the bench's name, as in the topic"),
    Field("session", "text", "", "the run's nonce; a new one for each start"),
    Field(
        "seq",
        "integer",
        "",
        "rises by one with each message of this topic in this session: what is missing was lost, "
        f"but for the leap to the next {A_START:,} where the process that speaks was started anew",
    ),
    Field("t_us", "integer", "us", "the run's clock when it was sent"),
    Field("utc_us", "integer", "us", "the same instant by the bench's wall clock"),
)
DROPPED: Final = Field(
    "dropped",
    "integer",
    "",
    "items of this topic that had to give way since the process that speaks was started",
)
LEG: Final = Field("leg", "text", "", "left, right, or both")
T: Final = Field("t_us", "integer", "us", "when it happened, on the run's clock")


def _batch(*fields: Field) -> tuple[Field, ...]:
    items = Field(
        "items", "list", "", "what happened since the last one, oldest first", False, fields
    )
    return (items, DROPPED)


STATE: Final = (
    Field("armed", "boolean", "", "whether the stimulator takes pulses"),
    Field("level_percent", "integer", "%", "the operator's level"),
    Field("reason", "text", "", "what the last change came from"),
    Field(
        "faults",
        "list",
        "",
        "faults that hold",
        False,
        (
            Field("id", "text", "", "row of the fault table"),
            Field("reaction", "text", "", "inhibit, stop, latch or warn"),
            LEG,
            Field("detail", "text", "", "what was seen"),
            T,
        ),
    ),
    Field("activity", "object", "", "by leg: unknown, standing, walking or turning"),
    Field("version", "integer", "", "of the parameters in force"),
)

TOPICS: Final = (
    Topic(
        "status",
        "bench",
        True,
        "at the start, at the end, and by the broker when the bench is lost",
        "whether the bench is there, and what it is; the last will of its connection",
        (
            Field("online", "boolean", "", "whether it is there"),
            Field("why", "text", "", "started, ended, killed, or lost (the broker's word for it)"),
            Field("simulated", "boolean", "", "whether stimulator or sensors are models"),
            Field("device", "text", "", "the stimulator"),
            Field("program", "text", "", "the program's name or file"),
            Field("legs", "list", "", "legs that are stimulated"),
            Field("fes_ctrl", "text", "", "version of the program that speaks"),
            Field("config_sha256", "text", "", "of the run's configuration"),
        ),
    ),
    Topic("state", "bench", True, "when it changes", "how the bench stands", STATE),
    Topic(
        "parameters",
        "bench",
        True,
        "at the start, and when a change has taken hold",
        "what a remote command may change, and what it is now",
        (
            Field(
                "version",
                "integer",
                "",
                "rises with each change that was accepted; what a command names as its base",
            ),
            Field(
                "values", "object", "", "by leg: each dial of the program, in the unit of its name"
            ),
            Field(
                "limits",
                "object",
                "",
                "limits in force, in the unit of their names; they can only be narrowed",
            ),
            Field("bounds", "object", "", "least and highest value of each dial"),
            Field(
                "waiting", "boolean", "", "whether an accepted change waits for the end of a burst"
            ),
        ),
    ),
    Topic(
        "events",
        "bench",
        False,
        "batched, 20 times a second at most",
        "gait events",
        _batch(
            T._replace(meaning="when the foot did it"),
            Field("told_us", "integer", "us", "when the detector was certain"),
            LEG,
            Field(
                "event",
                "text",
                "",
                "ic initial contact, ff foot flat, ho heel-off, tc terminal contact",
            ),
            Field("confidence", "number", "", "0 to 1"),
        ),
    ),
    Topic(
        "phases",
        "bench",
        False,
        "batched, 20 times a second at most",
        "phase and activity of a leg",
        _batch(
            T,
            LEG,
            Field("phase", "text", "", "unknown, stance, pre_swing or swing"),
            Field("activity", "text", "", "unknown, standing, walking or turning"),
        ),
    ),
    Topic(
        "bursts",
        "bench",
        False,
        "batched, 20 times a second at most",
        "starts and ends of bursts",
        _batch(
            T,
            LEG,
            Field("channel", "integer", "", "output of the stimulator"),
            Field("what", "text", "", "start (t_us is its first pulse) or end (its last)"),
            Field("reason", "text", "", "what triggered it, or what ended it"),
            Field("onset_us", "integer", "us", "of the burst that ends; of a start its own"),
            Field(
                "set_mA",
                "number",
                "mA",
                "set current of a burst that starts; null at its end",
                True,
            ),
        ),
    ),
    Topic(
        "faults",
        "bench",
        False,
        "at once",
        "faults, when they come and when they clear",
        _batch(
            T,
            Field("id", "text", "", "row of the fault table"),
            Field("reaction", "text", "", "inhibit, stop, latch, warn or cleared"),
            LEG,
            Field("detail", "text", "", "what was seen"),
        ),
    ),
    Topic(
        "metrics",
        "bench",
        False,
        "once a second",
        "figures of the run so far",
        (
            Field(
                "cadence_per_min",
                "object",
                "steps/min",
                "by leg, twice its strides a minute over the last 10 s; null: it stands",
            ),
            Field("contacts", "object", "", "by leg: initial contacts"),
            Field(
                "bursts",
                "object",
                "",
                "by leg: bursts that have ended, in which a pulse was given: at level 0 none is",
            ),
            Field("pulses", "integer", "", "setpoints that were allowed"),
            Field("refused", "integer", "", "setpoints that the guard refused or clipped"),
            Field(
                "late_us_max", "integer", "us", "how late the latest timer of the control loop rang"
            ),
            Field(
                "readings",
                "object",
                "",
                "by sensor at a broker (right.heel_switch), how many were in_time, late, lost, "
                "disordered (twice or out of order), unstamped (without t_us) and held (they only "
                "told how the clocks differ)",
            ),
            Field(
                "not_read",
                "object",
                "",
                "by why: messages of those sensors that were left out, lines that were no reading",
            ),
        ),
    ),
    Topic(
        "health",
        "bench",
        False,
        "every 2 s",
        "how telemetry itself fares, since the process that speaks to the broker was started",
        (
            Field("connected_s", "number", "s", "since the connection was made"),
            Field("connections", "integer", "", "made so far"),
            Field("sent", "integer", "", "messages that the broker has confirmed"),
            Field(
                "unconfirmed",
                "integer",
                "",
                "messages that were on their way when a connection broke: lost, or not",
            ),
            Field(
                "refused",
                "object",
                "",
                "by topic: messages that the broker has got and hands on to nobody; 3.1.1 has no "
                "word for it",
            ),
            Field("dropped", "object", "", "by topic: items that had to give way"),
            Field(
                "stops",
                "text",
                "",
                "how stops come: own (with all else, and on a connection of their own), shared "
                "(with all else only, where a flood may hold them up) or denied (the broker lets "
                "nobody of this name hear them)",
            ),
            Field(
                "lines_lost",
                "integer",
                "",
                "lines that the control loop could not hand over in this run",
            ),
            Field("commands", "object", "", "by verdict: commands that came in this run"),
            Field(
                "memory_mb",
                "number",
                "MB",
                "resident memory of the process that speaks to the broker",
            ),
        ),
    ),
    Topic(
        "answer/SENDER",
        "bench",
        False,
        "at each command",
        "what became of a command; with the correlation data of the request, where there is any",
        (
            Field("id", "text", "", "of the command; null where it had none", True),
            Field(
                "verdict",
                "text",
                "",
                "accepted, refused, effective (an accepted change has taken hold) or stopped",
            ),
            Field("reason", "text", "", "why it was refused; empty otherwise"),
            Field("version", "integer", "", "of the parameters in force, or accepted"),
            Field(
                "again",
                "boolean",
                "",
                "whether it is the answer of before to a command that came again",
            ),
        ),
    ),
    Topic(
        "audit",
        "bench",
        False,
        "at each command, but for those that came before",
        "who asked for what, and what came of it",
        (
            Field("entry", "integer", "", "counts them in this session"),
            Field("judged_us", "integer", "us", "when it was judged, on the run's clock"),
            Field("judged_utc_us", "integer", "us", "the same by the bench's wall clock"),
            Field(
                "sender",
                "text",
                "",
                "who asked, by the topic, which the broker's access rules guard",
            ),
            Field("verdict", "text", "", "as in the answer"),
            Field("reason", "text", "", "as in the answer; of a stop, what was said with it"),
            Field("change", "object", "", "by key: what it was, and what was asked for"),
            Field("version", "integer", "", "of the parameters after it"),
            Field("sha256", "text", "", "of this entry and the one before: see Audit trail"),
        ),
    ),
    Topic(
        "command/set/SENDER",
        "remote",
        False,
        "",
        "change parameters: all of it, or nothing. Never retained; QoS 1; message expiry 2 s",
        (
            Field("id", "text", "", "a new UUID"),
            Field(
                "session",
                "text",
                "",
                "of the bench, as its parameters say: a command for a run that is over is refused",
            ),
            Field("seq", "integer", "", "rises with each command of this sender"),
            Field("issued_us", "integer", "us", "UTC when it was given"),
            Field(
                "not_after_us",
                "integer",
                "us",
                "UTC after which it must not be applied; 2 s later at most",
            ),
            Field("base_version", "integer", "", "of the parameters that the sender has seen"),
            LEG,
            Field(
                "change",
                "object",
                "",
                "new values by key: program.extension_ms, limits.current_mA, level_percent",
            ),
        ),
    ),
    Topic(
        "command/stop/SENDER",
        "remote",
        False,
        "",
        "stop: output ends, the stimulator is disarmed, whatever it holds; none may be retained. "
        "QoS 1; again every second until it is answered; message expiry 10 s",
        (
            Field("id", "text", "", "a new UUID, where an answer is wanted"),
            Field("reason", "text", "", "for the audit trail"),
        ),
    ),
)

BY_NAME: Final = {topic.name: topic for topic in TOPICS}
