"""Make docs/reference/mqtt.md from the table of messages, with examples out of a simulated walk."""

import json
from dataclasses import replace
from typing import Any

from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.runtime.telling import About, Telling
from fes_ctrl.telemetry.audit import SEALED
from fes_ctrl.telemetry.board import Board
from fes_ctrl.telemetry.connection import MOST_PACKET
from fes_ctrl.telemetry.gate import APART_US, FUTURE_US, LIFE_US, MOST_SENDERS
from fes_ctrl.telemetry.json_schema import json_schema
from fes_ctrl.telemetry.outgoing import EVERY_US, MOST_ITEMS, Outgoing
from fes_ctrl.telemetry.requests import MOST_BYTES, MOST_CHANGES, SET, STOP
from fes_ctrl.telemetry.schema import (
    A_START,
    ENVELOPE,
    ROOT,
    TOPICS,
    VERSION,
    Field,
    Topic,
)
from fes_ctrl.telemetry.stop_line import KEPT_S
from hil.rig import Rig
from hil.scenarios import load_scenario

BENCH = "bench-3"
SENDER = "tuner"
NONCE = "9f4c2e7b6a1d48c0b35e91d27fa06c18"
EPOCH_US = 1_795_824_000_000_000
WALKED_S = 10.0
ID = "6f1c9f0e-2c0a-4d0e-9a52-0d8b4f5d7b11"

HEAD = f"""\
# MQTT

What a bench says over MQTT, and what may be asked of it, with
`fes-ctrl run --telemetry mqtts://USER@HOST/BENCH`. Made from `fes_ctrl/telemetry/schema.py` by
`tools/reference_pages.py`; the examples are those of a simulated walk.

MQTT 5, and 3.1.1 where the broker has no more. A message is one JSON object, UTF-8, with QoS 1, on
the topic `{ROOT}/BENCH/NAME`. All instants are whole microseconds: `t_us` and its like since the
run began, on a clock that never jumps; `utc_us` since 1970. `v` is {VERSION}; it rises when a field
changes its meaning or goes. New fields may come without that.

Events, phases, bursts and faults are batched: each topic is sent {1_000_000 // EVERY_US} times a
second at most (faults at once), and holds {MOST_ITEMS} items while nobody takes them; then the
oldest gives way, and `dropped` counts it. Nothing of this ever waits in the control loop.

`seq` counts the messages of a topic. Where the process that speaks to the broker dies, another is
started, and its numbers begin above the next {A_START:,}: such a leap tells of a start, and what
was lost with the old process is not known. `health` counts anew then, too.

Only `status`, `state` and `parameters` are retained. `status` is also the last will: where a bench
is lost, the broker tells of it, with `seq` and `t_us` 0 and the `utc_us` of when it was told what
to say. The last `status` of a run that is over (`why` is *ended* or *killed*) takes the place of
that one: its `seq` is 0 as well, but its `t_us` and `utc_us` are those of when it was told. A bench
that is there and hears that one of its name is not (the last will of a run before, which a broker
may tell late, or the end of a second run) says all that is retained again, where it may read
`fes/BENCH/status`.
"""

COMMANDS = f"""\
## Commands

A remote can stop and lower at any time, turn the dials of the program, and narrow limits. There is
no word for arming, clearing a fault, beginning a burst, raising a level or a limit, or for anything
of a watchdog, a stimulator or a setup.

A change is taken as a whole or not at all, against the same bounds, limits and questions as a file
before a run. A dial (`program.*`) holds from the end of the burst that is under way, or at once
where there is none; limits and the level hold at once, in the middle of a burst too, for they can
only lower. Two answers come: *accepted*, and *effective* when it holds. Where none comes within two
seconds, look at `parameters`, whose version rises with each change that was taken: a broker
confirms also what nobody hears, one of 3.1.1 also what it refuses, and an answer may be lost. By
MQTT 5 it says that it refuses, as it does of what a bench tells: that is counted in `refused` of
`health` and told at the bench, and where it lasts it is fault F25.

It is refused, with the reason as the first word of `reason`, where it is

| reason | what |
| --- | --- |
| retained | published with the retain flag, as far as the bench is told |
| malformed | no JSON object with exactly these fields; a number that is none |
| too large | longer than {MOST_BYTES} bytes, or more than {MOST_CHANGES} changes |
| session | meant for another run |
| expired | past `not_after_us` by the bench's clock, or valid for more than {LIFE_US / 1e6:g} s |
| future | issued more than {FUTURE_US / 1e6:g} s from now by the bench's clock |
| replayed | its `seq` is not above the sender's last |
| senders | of a sender beyond the {MOST_SENDERS} that have spoken in this run, but to lower |
| key | nothing that a remote can change |
| value | out of its bounds; a level above the one in force |
| leg | of a leg that is not stimulated; a limit that is not given for both |
| limit | above a limit that is in force, or a limit that would be widened |
| version | given on values that have changed since |
| too fast | less than {APART_US / 1e6:g} s after the last change |

A command with an `id` that came before is answered as it was, with `again`. What does nothing but
lower (`level_percent`, `limits.*`) is asked for no version and no pause. A stop is taken as it
comes, however it is said, unless it is retained; where it comes again it stops again, and is
answered with `again`. More than 20 of either kind a second are counted and left out; retained stops
are a kind of their own. What is not new is told as fault F26, once a second at most. Nothing
longer than {MOST_PACKET // 1024} KiB comes through a broker of MQTT 5, and so gets no answer.

### How stops come

A bench hears stops on the connection of all else, and on one of their own, with the same user, the
identifier of the other one with `-s` behind it, and no last will: neither a flood of changes nor
what the bench itself tells stands before a stop there, and none is thrown away with the other
connection's queue. Whichever of the two dies, known or without a word, the other one brings the
stop. What comes on both within a second counts once; later it stops again. The answer leaves by the
one on which the stop came first, before all other answers, and where the broker does not confirm it
soon, by the other one too: the same message, with the same `seq`.

- While their own is known to be down, the field `stops` of `health` says *shared*, and the person
  at the bench is told why: a flood may hold them up on the other one.
- A broker's access rules can keep a bench from hearing `command/stop` without a word: mosquitto
  grants the subscription all the same and hands nothing on. `health` then says *own*, for the bench
  cannot see it; *denied* comes from brokers that refuse the subscription. So one `remote stop`,
  answered, is part of what to try before a session.
- A broker of MQTT 5 keeps stops of QoS 1 for {KEPT_S} s for a bench that has lost this connection:
  one that was sent meanwhile still comes, for a late stop still stops, even if the other connection
  has brought it before: who arms again within that time may be stopped once more. In 3.1.1, where
  it would keep them for ever, it keeps none, and after a restart it has none.
- A broker at which a user can have one connection only (`use_username_as_clientid` of mosquitto)
  makes the two end each other; that is noticed by the second time, and stops are *shared* from
  then on.
- A stop that is retained is refused here as anywhere.
- A flood of stops, retained or not, can fill the broker's queue for this connection; what comes
  then the broker drops, and tells nobody. So whoever stops sends it again, with the same `id`,
  until it is answered, as `fes-ctrl remote stop` does every second; where it never is, go to the
  bench.

MQTT 5 tells of each message whether it was published with the retain flag. MQTT 3.1.1 does not: it
marks what the broker kept from before, which is refused; what is sent so while the bench listens is
taken like any other, and refused when it comes again from the broker's memory.

The sender's name is the last level of the topic: it is what the broker's access rules make of it.
[These rules](../../tests/helpers/mosquitto/acl), for mosquitto, are the ones that the tests use,
with [this configuration](../../tests/helpers/mosquitto/mosquitto.conf).
"""


TRAIL = f"""\
## Audit trail

Each entry's `sha256` seals it and all before it. It is the SHA-256, as 64 hexadecimal digits, of
the one before (of the first entry: 64 zeros) followed by one JSON object of the fields

{", ".join(f"`{name}`" for name in SEALED)}

as they stand in the message: keys sorted, nothing between items but `,` and `:`, what is not ASCII
as `\\uXXXX`, numbers as they are written there. In Python, of a `message` that follows `before`:

```python
fields = "{" ".join(SEALED)}"
covered = {{name: message[name] for name in fields.split()}}
text = json.dumps(covered, sort_keys=True, separators=(",", ":"))
assert hashlib.sha256((before + text).encode()).hexdigest() == message["sha256"]
```

Whoever has heard every entry of a session, by `entry` from 1, can check all of it so. The lines of
a run's `audit.jsonl` are these entries without the envelope but for `session`.
"""


def page() -> str:
    """Return the page."""
    examples = walked()
    rows = [
        f"| [`{topic.name}`](#{_anchor(topic)}) | {topic.writer} | "
        f"{'yes' if topic.retained else 'no'} | {topic.when or 'when somebody asks'} | "
        f"{topic.meaning} |"
        for topic in TOPICS
    ]
    head = "| topic | from | retained | when | what |\n| --- | --- | --- | --- | --- |\n"
    parts = [HEAD, "## Topics\n", head + "\n".join(rows) + "\n"]
    parts += ["Every message of a bench begins with these:\n", _fields(ENVELOPE)]
    parts += [COMMANDS, TRAIL]
    for topic in TOPICS:
        parts += _section(topic, examples[topic.name])
    return "\n".join(parts)


def _anchor(topic: Topic) -> str:
    return topic.name.lower().replace("/", "")


def _section(topic: Topic, example: dict[str, Any]) -> list[str]:
    kept = "; retained" if topic.retained else ""
    when = f" Sent {topic.when}{kept}." if topic.when else ""
    what = topic.meaning[0].upper() + topic.meaning[1:]
    schema = json.dumps(json_schema(topic), indent=1)
    return [
        f"## {topic.name}\n",
        f"{what}.{when}\n",
        _fields(topic.fields),
        f"```json\n{json.dumps(example, indent=1)}\n```\n",
        f"<details><summary>JSON schema</summary>\n\n```json\n{schema}\n```\n\n</details>\n",
    ]


def _fields(fields: tuple[Field, ...]) -> str:
    return (
        "| field | type | unit | meaning |\n| --- | --- | --- | --- |\n"
        + "\n".join(_rows(fields, ""))
        + "\n"
    )


def _rows(fields: tuple[Field, ...], before: str) -> list[str]:
    rows = []
    for field in fields:
        kind = f"{field.type} or null" if field.null else field.type
        rows.append(f"| `{before}{field.name}` | {kind} | {field.unit} | {field.meaning} |")
        rows += _rows(field.fields, f"{before}{field.name}[].")
    return rows


# -- examples -------------------------------------------------------------------------------------


class _Walk:
    """A walk whose messages are kept: of each topic the last."""

    def __init__(self) -> None:
        walk = replace(load_scenario("standard").walk, duration_s=2 * WALKED_S)
        self.clock = Stepper()
        self._rig = Rig(walk, self.clock, NullLog())
        self.out = Outgoing(BENCH, NONCE)
        self._board = Board(self.out)
        self.found: dict[str, dict[str, Any]] = {}
        self.lost = 0
        self.telling = Telling(
            self._rig.session,
            self.clock,
            self,
            About(
                BENCH,
                "standard",
                "sim+p24",
                walk.legs,
                walk.control,
                walk.sensed,
                simulated=True,
                config_sha256="0" * 64,
            ),
            NONCE,
            lambda _line: None,
            self.utc_us,
            lambda: 0,
        )
        self.telling.begin()
        self.telling.heard({"kind": "link", "up": True, "why": "MQTT 5"})
        self._rig.session.open()

    def utc_us(self) -> int:
        """Return a wall clock's time, always the same one's."""
        return EPOCH_US + self.clock.now_us()

    def send(self, text: str) -> None:
        """Take a line as the process would that speaks to the broker."""
        self._board.hear(json.loads(text))
        self.publish()

    def publish(self) -> None:
        """Keep what would be published."""
        while (message := self.out.next(self.clock.now_us(), self.utc_us())) is not None:
            topic = message.topic.removeprefix(f"{ROOT}/{BENCH}/")
            name = "answer/SENDER" if topic.startswith("answer/") else topic
            self.found[name] = json.loads(message.payload)

    def ask(self, what: str, body: dict[str, Any]) -> None:
        """Let a request come."""
        line = {"kind": "request", "what": what, "sender": SENDER, "retained": False}
        self.telling.heard({**line, "payload": json.dumps(body), "correlation": ""})
        self.found[f"command/{what}/SENDER"] = body


def walked() -> dict[str, dict[str, Any]]:
    """Return a message of each topic."""
    walk = _Walk()
    walk.clock.run_until_us(round(WALKED_S * 1e6))
    now_us = walk.utc_us()
    command = {
        "id": ID,
        "session": NONCE,
        "seq": 1,
        "issued_us": now_us,
        "not_after_us": now_us + LIFE_US,
        "base_version": 1,
        "leg": "right",
        "change": {"program.extension_ms": 120.0},
    }
    walk.ask(SET, command)
    # The same again, which is told as a fault.
    walk.ask(SET, command)
    walk.clock.run_until_us(round((WALKED_S + 1.5) * 1e6))
    walk.found[f"command/{STOP}/SENDER"] = {"id": ID, "reason": "the foot drags"}
    walk.out.latest(
        "health",
        {
            "connected_s": 11.2,
            "connections": 1,
            "sent": 131,
            "unconfirmed": 0,
            "refused": {},
            "dropped": {},
            "stops": "own",
            "lines_lost": 0,
            "commands": {"accepted": 1, "again": 1},
            "memory_mb": 49.3,
        },
    )
    walk.publish()
    return walk.found
