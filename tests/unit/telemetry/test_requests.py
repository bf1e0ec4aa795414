"""A command is read strictly: one JSON object with these fields, and nothing else."""

import json
from typing import Any

import pytest

from fes_ctrl.model import ALL_LEGS, LEFT, RIGHT
from fes_ctrl.telemetry.requests import MOST_BYTES, MOST_CHANGES, MalformedError, is_name, parse
from helpers.asked import body

ID = "6f1c9f0e-2c0a-4d0e-9a52-0d8b4f5d7b11"


def said(**fields: object) -> str:
    return json.dumps(body(**{"id": ID, **fields}))


def test_a_command_is_read() -> None:
    command = parse(said(leg="left", change={"program.rise_ms": 250, "level_percent": 10.0}))
    assert command.id == ID
    assert command.leg == LEFT
    assert command.change == {"program.rise_ms": 250.0, "level_percent": 10.0}
    assert parse(said(leg="right")).leg == RIGHT
    assert parse(said(leg="both")).leg == ALL_LEGS


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"id": 7}, "id is no UUID"),
        ({"id": "7"}, "id is no UUID"),
        ({"seq": True}, "seq is no whole number"),
        ({"seq": -1}, "seq is no whole number"),
        ({"seq": 1.0}, "seq is no whole number"),
        ({"seq": 1 << 62}, "seq is no whole number"),
        ({"issued_us": "now", "not_after_us": 1}, "issued_us is no whole number"),
        ({"not_after_us": None}, "not_after_us is no whole number"),
        ({"base_version": [1]}, "base_version is no whole number"),
        ({"session": None}, "session is no text"),
        ({"leg": "middle"}, "leg is none of left, right, both"),
        ({"leg": True}, "leg is none of"),
        ({"leg": ["left"]}, "leg is none of"),
        ({"change": {}}, "change names nothing"),
        ({"change": ["arm"]}, "change names nothing"),
        ({"change": {"program.rise_ms": True}}, "program.rise_ms is no number"),
        ({"change": {"program.rise_ms": "1"}}, "program.rise_ms is no number"),
        ({"change": {"program.rise_ms": None}}, "program.rise_ms is no number"),
        ({"change": {"program.rise_ms": 10**400}}, "no finite number"),
        ({"change": {f"k{n}": 1 for n in range(MOST_CHANGES + 1)}}, "too large"),
        ({"extra": 1}, "extra unknown"),
    ],
)
def test_what_is_no_command_is_refused_with_the_reason(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse(json.dumps({**body(id=ID), **fields}))
    assert why in str(refused.value)
    assert refused.value.id == ("" if "id" in fields else ID)


@pytest.mark.parametrize("field", body())
def test_a_field_that_is_missing_is_named(field: str) -> None:
    found = body()
    del found[field]
    with pytest.raises(MalformedError, match=f"{field} missing"):
        parse(json.dumps(found))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 3000])
def test_what_json_calls_a_number_and_is_none_is_refused(number: str) -> None:
    payload = said(change={"program.rise_ms": 0.125}).replace("0.125", number)
    with pytest.raises(MalformedError):
        parse(payload)


@pytest.mark.parametrize(
    "payload",
    ["", "null", "[]", "7", '"arm"', "{", "\x00", "\ufeff{}", "[" * 4000, '{"a":' * 700 + "1"],
)
def test_what_is_no_object_is_refused(payload: str) -> None:
    with pytest.raises(MalformedError, match="malformed"):
        parse(payload)


def test_a_key_that_is_there_twice_is_refused_at_any_depth() -> None:
    once = said(change={"level_percent": 10})
    for twice in (
        once.replace('"seq": 1', '"seq": 1, "seq": 2'),
        once.replace('"level_percent": 10', '"level_percent": 10, "level_percent": 90'),
    ):
        assert twice != once
        with pytest.raises(MalformedError, match="twice"):
            parse(twice)


def test_a_command_is_bounded_in_bytes_and_not_in_letters() -> None:
    room = MOST_BYTES - len(said(session=""))
    assert parse(said(session="x" * room)).session == "x" * room
    with pytest.raises(MalformedError, match="too large"):
        parse(said(session="x" * (room + 1)))
    with pytest.raises(MalformedError, match="too large"):
        parse("\u20ac" * (MOST_BYTES // 3 + 1))


NO_OBJECT = "malformed: no JSON object"
LONG = "k" * 70


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ("[]", NO_OBJECT),
        ('{"seq": 1, "seq": 2}', f"{NO_OBJECT} (a key is there twice)"),
        ('{"seq": NaN}', f"{NO_OBJECT} (NaN is no number)"),
        ('{"seq": -Infinity}', f"{NO_OBJECT} (-Infinity is no number)"),
        (said(extra=1), "malformed: extra unknown"),
        (said(b=1, a=1), "malformed: a, b unknown"),
        (said(**{LONG: 1}), f"malformed: {LONG[:60]} unknown"),
        (
            '{"session": "", "seq": 1, "leg": "both", "change": {}, "also": 1}',
            "malformed: id, issued_us, not_after_us, base_version missing; also unknown",
        ),
        (said(id=7), "malformed: id is no UUID"),
        (said(session=None), "malformed: session is no text"),
        (said(seq=True), "malformed: seq is no whole number that is not negative"),
        (said(leg="middle"), "malformed: leg is none of left, right, both"),
        ("x" * (MOST_BYTES + 1), "too large: a command has at most 4096 bytes"),
        (said(change={}), "malformed: change names nothing"),
        (said(change={LONG: True}), f"malformed: {LONG[:60]} is no number"),
        (said(change={LONG: 1e300}), f"malformed: {LONG[:60]} is no finite number"),
        (said(change={"a": -1e300}), "malformed: a is no finite number"),
        (
            said(change={f"k{n}": 1 for n in range(17)}),
            "too large: at most 16 changes at once",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong(payload: str, says: str) -> None:
    with pytest.raises(MalformedError) as refused:
        parse(payload)
    assert str(refused.value) == says


def test_a_field_that_is_missing_is_all_that_is_said() -> None:
    found = body(id=ID)
    del found["leg"]
    with pytest.raises(MalformedError, match=r"^malformed: leg missing$"):
        parse(json.dumps(found))


def test_as_many_changes_as_are_allowed_and_as_large_a_number_are_read() -> None:
    change = {f"k{n}": 9.9e299 for n in range(MOST_CHANGES)}
    assert parse(said(change=change)).change == change


@pytest.mark.parametrize(
    ("text", "names"),
    [("tuner", True), ("T.1_a-b", True), ("a" * 63, True), ("a" * 64, False), ("", False),
     ("-a", False), ("a/b", False), ("a b", False), ("#", False), ("a\n", False)],
)  # fmt: skip
def test_a_name_is_one_level_of_a_topic_in_plain_letters(text: str, names: bool) -> None:
    assert is_name(text) is names
