"""What is sent to a bench, and how its answers are understood: against the bench's own judge."""

import json
import math
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.links.broker import NAME
from fes_ctrl.telemetry.asking import (
    AskingError,
    Outcome,
    Reply,
    Target,
    ask_to_set,
    ask_to_stop,
    changes_of,
    reply_of,
    sender_of,
    sentence,
    stop_sentence,
    unanswered,
)
from fes_ctrl.telemetry.remote import Answer, Entry, Remote
from fes_ctrl.telemetry.requests import MOST_BYTES, Request, parse

UTC_US = 1_800_000_000_000_000
ID = UUID("5d3bd5b8-8a05-4a3e-9a6c-1c2f8a1b2c3d")
HERE = Target(
    True,
    "started",
    "nonce",
    3,
    False,
    {
        "left": {"program.extension_ms": 100, "program.delay_ms": 0},
        "right": {"program.extension_ms": 120, "program.delay_ms": 0},
    },
    {"limits.current_mA": 60},
)


# -- what is asked for ----------------------------------------------------------------------------


def test_pairs_are_numbers_by_key() -> None:
    assert changes_of(["program.extension_ms=120", " level_percent = 20 ", "limits.x=-1.5e1"]) == {
        "program.extension_ms": 120,
        "level_percent": 20,
        "limits.x": -15.0,
    }


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (["program.extension_ms"], "write KEY=VALUE"),
        (["=3"], "write KEY=VALUE"),
        (["program.trigger=heel_off"], "program.trigger = 'heel_off': no number"),
        (["a=1", "a=2"], "a is given twice"),
        (["a=nan"], "a = nan: must be a finite number"),
        (["a=inf"], "must be a finite number"),
        (["a=1e999"], "must be a finite number"),
        (["a=1" + "0" * 400], "must be a finite number"),
        (["a="], "no number"),
        (["a=0x10"], "no number"),
        ([f"a{at}=1" for at in range(17)], "17 changes at once; 16 at most"),
    ],
)
def test_what_is_no_change_is_refused_with_what_to_write(pairs: list[str], told: str) -> None:
    with pytest.raises(AskingError, match=told.replace("(", r"\(")):
        changes_of(pairs)


@given(
    change=st.dictionaries(
        st.text(min_size=1, max_size=60).filter(lambda key: "=" not in key and key.strip() == key),
        st.integers(-(10**9), 10**9) | st.floats(-1e12, 1e12),
        min_size=1,
        max_size=16,
    ),
    leg=st.sampled_from(["left", "right", "both"]),
)
def test_what_is_sent_is_what_the_bench_reads(change: dict[str, float], leg: str) -> None:
    asked = changes_of([f"{key}={value!r}" for key, value in change.items()])
    ask = ask_to_set(ID, HERE, leg, asked, UTC_US)
    if len(ask.payload) > MOST_BYTES:
        return
    command = parse(ask.payload.decode())
    assert command.id == str(ID)
    assert (command.session, command.base_version) == ("nonce", 3)
    assert (command.seq, command.issued_us) == (UTC_US, UTC_US)
    assert command.not_after_us == UTC_US + 2_000_000
    assert {key: float(value) for key, value in change.items()} == command.change


@pytest.mark.parametrize(
    ("asked", "user", "login", "sender"),
    [
        ("anna", "ward", "root", "anna"),
        ("", "ward", "root", "ward"),
        ("", "", "anna", "anna"),
        ("", "", "LAB\\anna m.", "LAB-anna-m."),
        ("", "", "ä#+/", "fes-ctrl"),
        ("", "", "", "fes-ctrl"),
        ("", "", "x" * 100, "x" * 63),
    ],
)
def test_the_sender_is_who_was_named_or_whom_the_broker_knows_or_who_is_logged_in(
    asked: str, user: str, login: str, sender: str
) -> None:
    assert sender_of(asked, user, login) == sender


@given(st.text(max_size=100))
def test_any_login_makes_a_name_that_can_be_a_level_of_a_topic(login: str) -> None:
    assert NAME.fullmatch(sender_of("", "", login))


@pytest.mark.parametrize(("asked", "user"), [("a/b", ""), ("+", ""), ("", "a b"), ("", "#")])
def test_a_name_that_no_topic_can_hold_is_refused(asked: str, user: str) -> None:
    with pytest.raises(AskingError, match="no sender's name"):
        sender_of(asked, user, "root")


# -- answers --------------------------------------------------------------------------------------


@dataclass
class Stub:
    """A run that can be stopped."""

    level_percent: int = 50
    waiting: bool = False
    stopped: list[bool] = field(default_factory=list)

    def stop(self) -> None:
        self.stopped.append(True)

    def lower(self, level_percent: int) -> None: ...

    def change(self, leg: int, name: str, value: float) -> None: ...


def told(answer: Answer) -> bytes:
    """Return an answer as it is published."""
    return json.dumps({"v": 1, "bench": "b", "seq": 1, **answer._asdict()}).encode()


def test_a_stop_is_one_to_the_bench_and_its_answer_is_understood() -> None:
    bench = Stub()
    answers: list[bytes] = []
    entries: list[Entry] = []
    remote = Remote(
        bench,
        None,  # type: ignore[arg-type] # nothing is changed
        "nonce",
        lambda _request, answer: answers.append(told(answer)),
        entries.append,
    )
    remote._parameters = type("Some", (), {"version": 7})()
    ask = ask_to_stop(ID, "the strap is loose")
    remote.take(Request("stop", "anna", False, ask.payload.decode()), 0, UTC_US)
    assert bench.stopped == [True]
    assert [reply_of(each, ask) for each in answers] == [Reply("stopped", "", 7)]


def test_answers_to_others_and_what_is_none_say_nothing() -> None:
    ask = ask_to_stop(ID, "")
    for payload in (
        told(Answer(str(uuid4()), "stopped", "", 1)),
        told(Answer(None, "stopped", "", 1)),
        told(Answer(str(ID), "armed", "", 1)),
        json.dumps({"v": 1, "id": str(ID), "verdict": ["stopped"]}).encode(),
        b"{",
        b"",
    ):
        assert reply_of(payload, ask) is None


def test_a_reason_cannot_command_a_terminal() -> None:
    ask = ask_to_stop(ID, "")
    reply = reply_of(told(Answer(str(ID), "refused", "no\x1b[2J\nway", 1)), ask)
    assert reply == Reply("refused", "no?[2J?way", 1)


# -- what a bench tells of itself -----------------------------------------------------------------


def test_a_bench_is_known_from_what_it_tells() -> None:
    target = Target()
    assert target.online is None
    target = target.heard("status", b'{"v": 1, "online": false, "why": "lost"}')
    assert (target.online, target.why) == (False, "lost")
    body = {"v": 1, "session": "n", "version": 2, "values": {"left": {"program.delay_ms": 5}}}
    target = target.heard("parameters", json.dumps(body).encode())
    assert (target.session, target.version, target.online) == ("n", 2, False)
    assert target.has("left", {"program.delay_ms": 5}) is True
    for payload in (b"", b"[]", b'{"v": 1, "values": 3, "version": "x", "session": []}'):
        target.heard("parameters", payload)


@given(
    st.binary(max_size=80)
    | st.dictionaries(
        st.sampled_from(["v", "online", "why", "session", "version", "values", "limits", "id"]),
        st.none() | st.integers() | st.text() | st.dictionaries(st.text(), st.integers()),
    ).map(lambda body: json.dumps(body).encode())
)
def test_nothing_that_a_broker_hands_on_can_break_it(payload: bytes) -> None:
    target = HERE.heard("status", payload).heard("parameters", payload)
    target.has("both", {"program.delay_ms": 1, "limits.current_mA": 2})
    assert reply_of(payload, ask_to_stop(ID, "")) is None


@pytest.mark.parametrize(
    ("leg", "change", "has"),
    [
        ("left", {"program.extension_ms": 100.0}, True),
        ("both", {"program.extension_ms": 100.0}, False),
        ("both", {"program.delay_ms": 0}, True),
        ("both", {"limits.current_mA": 60}, True),
        ("both", {"limits.current_mA": 50, "program.delay_ms": 0}, False),
        ("both", {"level_percent": 10}, None),
    ],
)
def test_whether_a_change_is_there_is_told_by_the_values(
    leg: str, change: dict[str, float], has: bool | None
) -> None:
    assert HERE.has(leg, change) is has


# -- what became of it ----------------------------------------------------------------------------


def lost(now: Target, sent: bool = True, **change: float) -> str:
    asked = {f"program.{key}": value for key, value in change.items()}
    return sentence(unanswered(HERE, now, "both", asked, sent=sent), "b")


def test_without_an_answer_it_says_no_more_than_is_known() -> None:
    assert "its parameters are still version 3" in lost(HERE, delay_ms=1)
    assert "whether it was applied is not known" in lost(Target(), delay_ms=1)
    moved = Target(True, "", "nonce", 4, False, HERE.values)
    assert "with the values that were asked for" in lost(moved, delay_ms=0)
    assert "somebody else's change" in lost(moved, delay_ms=1)
    other = Target(True, "", "another run", 3, False, HERE.values)
    assert "still" not in lost(other, delay_ms=1)
    assert "the broker did not confirm" in lost(HERE, sent=False, delay_ms=1)


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        ("effective", "accepted as version 4, and in effect"),
        ("accepted", "accepted as version 4; still waits for the end of a burst"),
        ("refused", "refused it: too late"),
        ("denied", "the broker refused it, so nothing was applied: too late"),
    ],
)
def test_an_answer_is_told_in_a_sentence(verdict: str, says: str) -> None:
    assert says in sentence(Outcome(verdict, "too late", 4, 3), "b")


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome("unanswered"),
        Outcome("unanswered", sent=False),
        Outcome("refused", "retained"),
        Outcome("accepted"),
        Outcome("denied", "Not authorized", sent=False),
    ],
)
def test_a_stop_that_is_not_confirmed_is_never_told_as_one(outcome: Outcome) -> None:
    said = stop_sentence(outcome, "b")
    assert ("was NOT sent" if outcome.verdict == "denied" else "NOT confirmed") in said
    assert "o to the bench" in said
    assert "NOT" not in stop_sentence(Outcome("stopped"), "b")


def test_a_number_that_is_no_number_never_leaves() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        ask_to_set(ID, HERE, "both", {"program.delay_ms": math.nan}, UTC_US)
