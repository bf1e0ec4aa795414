"""Everything that is published of whole walks, faults and all, is what the schema says."""

import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fes_ctrl.model import BurstEnd, BurstStart, Fault, GaitEvent
from fes_ctrl.telemetry.board import WARNED_US, Board
from fes_ctrl.telemetry.json_schema import json_schema
from fes_ctrl.telemetry.outgoing import Outgoing
from fes_ctrl.telemetry.schema import BY_NAME, ENVELOPE, TOPICS
from helpers.asked import SESSION, body
from helpers.told_walk import BENCH, ToldWalk

VALIDATORS = {name: Draft202012Validator(json_schema(topic)) for name, topic in BY_NAME.items()}


def published(walk: ToldWalk) -> dict[str, list[dict[str, Any]]]:
    """Return all messages by topic, each held against its schema."""
    found = defaultdict(list)
    for message in walk.messages:
        root, bench, name = message.topic.split("/", 2)
        assert (root, bench) == ("fes", BENCH)
        kind = "answer/SENDER" if name.startswith("answer/") else name
        told = json.loads(message.payload)
        VALIDATORS[kind].validate(told)
        assert message.retained == BY_NAME[kind].retained
        found[name].append(told)
    for name, messages in found.items():
        assert [told["seq"] for told in messages] == list(range(1, len(messages) + 1)), name
    return found


@pytest.mark.parametrize(
    ("inject", "options"),
    [
        ((), {}),
        ((), {"scenario": "both_legs"}),
        (("sensor_dropout@9.1+3", "electrode_off@16.0+1"), {}),
        (("cable_pulled@9.1",), {}),
        (("heel_stuck_open@8.0",), {}),
        (("device_stuck_on@9.0",), {}),
    ],
)
def test_every_message_of_a_walk_is_what_its_schema_says(
    inject: tuple[str, ...], options: dict[str, Any]
) -> None:
    walk = ToldWalk(*inject, patience_us=3_000_000, **options)
    walk.until(8.0)
    walk.ask(change={"program.extension_ms": 120.0})
    walk.ask(change={"nothing": 1.0})
    walk.ask(id="no")
    walk.until(19.0)
    walk.stop()
    walk.until(19.5)
    found = published(walk)
    assert walk.board.unread == 0
    for name in ("status", "state", "parameters", "events", "phases", "bursts", "metrics", "audit"):
        assert found[name], name
    assert {"answer/tuner", "answer/viewer"} <= set(found)
    # Nothing that happened is missing or told twice.
    for name, kinds in (
        ("events", GaitEvent),
        ("bursts", BurstStart | BurstEnd),
        ("faults", Fault),
    ):
        told = [item for message in found[name] for item in message["items"]]
        known = [record for record in walk.records if isinstance(record, kinds)]
        assert len(told) == len(known)
    last = found["state"][-1]
    assert last["armed"] is False
    assert last["level_percent"] == 0


def test_a_state_holds_the_faults_that_hold_and_no_others() -> None:
    walk = ToldWalk("electrode_off@9.0+1")
    walk.until(9.6)
    states = published(walk)["state"]
    held = [fault["id"] for fault in states[-1]["faults"]]
    latched = walk.rig.session.controller._authorities[0].arming.latched
    assert latched
    assert latched in held
    walk.until(10.5)
    walk.rig.operate("clear")
    ids = [fault["id"] for fault in published(walk)["state"][-1]["faults"]]
    assert latched not in ids


def board() -> tuple[Board, Outgoing]:
    out = Outgoing(BENCH, SESSION)
    return Board(out), out


def fault(now: int, id_: str, reaction: str, leg: int = 1) -> dict[str, Any]:
    return {
        "kind": "fault", "now": now, "t": now, "id": id_, "reaction": reaction, "leg": leg,
        "detail": "seen",
    }  # fmt: skip


def measured() -> dict[str, Any]:
    return {
        "kind": "metrics", "pulses": 0, "refused": 0, "late_us_max": 0,
        "contacts": {"right": 30}, "bursts": {}, "activity": {}, "arrivals": None,
    }  # fmt: skip


def states(out: Outgoing) -> list[dict[str, Any]]:
    found = []
    while (message := out.next(10**12, 0)) is not None:
        if message.topic.endswith("/state"):
            found.append(json.loads(message.payload))
    return found


def test_a_warning_that_never_clears_is_told_for_a_while_only() -> None:
    about, out = board()
    metrics = measured()
    about.hear(fault(0, "F26", "warn"))
    about.hear({**metrics, "now": WARNED_US})
    assert [each["id"] for each in states(out)[-1]["faults"]] == ["F26"]
    about.hear({**metrics, "now": WARNED_US + 1})
    assert states(out)[-1]["faults"] == []


def test_a_fault_of_both_legs_is_cleared_for_both() -> None:
    about, out = board()
    about.hear(fault(0, "F04", "inhibit", 0))
    about.hear(fault(0, "F04", "inhibit", 1))
    about.hear(fault(1, "F04", "cleared", 0))
    assert [each["leg"] for each in states(out)[-1]["faults"]] == ["right"]
    about.hear(fault(2, "F04", "cleared", -1))
    assert states(out)[-1]["faults"] == []


def test_cadence_is_of_the_last_ten_seconds_and_of_nobody_who_stands() -> None:
    about, out = board()
    for step in range(30):
        t_us = step * 1_200_000
        about.hear({"kind": "event", "now": t_us, "t_event": t_us, "t_emit": t_us, "leg": 1,
                    "event": "ic", "confidence": 1.0})  # fmt: skip
    metrics = measured()

    def cadence(now_us: int) -> object:
        about.hear({**metrics, "now": now_us})
        told = None
        while (message := out.next(10**12, 0)) is not None:
            if message.topic.endswith("/metrics"):
                told = json.loads(message.payload)
        assert told is not None
        return told["cadence_per_min"]["right"]

    assert cadence(29 * 1_200_000) == 100.0
    assert cadence(29 * 1_200_000 + 3_000_001) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KINDS = st.sampled_from(
    [*("event", "phase", "burst", "burst_end", "fault", "state", "metrics", "parameters"),
     *("status", "answer", "audit", "note")]
)  # fmt: skip
NAMES = st.sampled_from(
    [*("now", "t", "leg", "fields", "armed", "level", "reason", "event", "t_event", "id", "phase"),
     *("activity", "reaction", "detail", "sender", "correlation", "version", "pulses")]
)  # fmt: skip


def told_of(about: Board, out: Outgoing) -> list[tuple[str, object]]:
    """Return what waits to be published, and how the bench stands, but for the numbers."""
    about.tell_state()
    found = []
    while (message := out.next(10**12, 0)) is not None:
        body = json.loads(message.payload)
        found.append((message.topic, {**body, "seq": 0, "t_us": 0}))
    return found


@settings(max_examples=40)
@example([("parameters", {"fields": [], "now": 0})])
@example([("state", {"now": 0, "armed": True, "level": 80})])
@example([("metrics", {key: each for key, each in measured().items() if key != "activity"})])
@example([("fault", {**fault(0, "F26", "warn"), "id": ["F26"]})])
@given(st.lists(st.tuples(KINDS, st.dictionaries(NAMES, JSON, max_size=6)), max_size=6))
def test_lines_that_make_no_sense_are_counted_and_left_out(
    lines: list[tuple[str, dict[str, Any]]],
) -> None:
    about, out = board()
    for kind, line in lines:
        before, unread = told_of(about, out), about.unread
        about.hear({**line, "kind": kind})
        after = told_of(about, out)
        assert about.unread == unread or after == before
    about.tell_all()
    told_of(about, out)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("parameters", {"fields": []}),
        ("state", {"armed": True, "level": 80}),
        ("event", {"t_event": 0, "leg": 7}),
        ("metrics", {"pulses": 1}),
        ("fault", {**fault(0, "F26", "warn"), "id": ["F26"]}),
        ("burst", {}),
    ],
)
def test_such_a_line_is_counted_once(kind: str, line: dict[str, Any]) -> None:
    about, _ = board()
    about.hear({"now": 0, **line, "kind": kind})
    assert about.unread == 1


def test_the_table_of_messages_is_a_table() -> None:
    for topic in TOPICS:
        schema = json_schema(topic)
        Draft202012Validator.check_schema(schema)
        names = [field.name for field in topic.fields]
        assert len(names) == len(set(names))
        assert not {field.name for field in ENVELOPE} & set(names) or topic.writer == "remote"
        assert topic.meaning
        assert topic.when or topic.writer == "remote"


def test_a_command_of_these_tests_is_what_its_schema_says() -> None:
    VALIDATORS["command/set/SENDER"].validate(body())
    VALIDATORS["command/stop/SENDER"].validate({})
    VALIDATORS["command/stop/SENDER"].validate({"id": body()["id"], "reason": "enough"})
