"""All benches of a broker, from their messages alone."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.telemetry.bench import TOPICS
from fes_ctrl.telemetry.benches import MOST_BENCHES, Benches, Changes
from fes_ctrl.telemetry.board import Board
from fes_ctrl.telemetry.outgoing import Outgoing
from fes_ctrl.telemetry.picture import Picture, Presence
from fes_ctrl.telemetry.schema import A_START

UTC_US = 1_800_000_000_000_000


class Lab:
    """A broker's messages to a viewer whose clock is set by hand."""

    def __init__(self, *wanted: str) -> None:
        self.benches = Benches(wanted)
        self.now_s = 100.0
        self.benches.connected(self.now_s)
        self._seqs: dict[tuple[str, str, str], int] = {}

    @property
    def utc_us(self) -> int:
        return UTC_US + round(1e6 * self.now_s)

    def say(
        self,
        what: str,
        bench: str = "b",
        session: str = "one",
        past: bool = False,
        late_ms: float = 0.0,
        **fields: Any,
    ) -> None:
        key = (bench, session, what)
        self._seqs[key] = self._seqs.get(key, 0) + 1
        message = {
            "v": 1,
            "bench": bench,
            "session": session,
            "seq": self._seqs[key],
            "utc_us": self.utc_us - round(1000 * late_ms),
            **fields,
        }
        self.raw(f"fes/{bench}/{what}", json.dumps(message).encode(), past=past)

    def raw(self, topic: str, payload: bytes, *, past: bool = False) -> None:
        self.benches.hear(topic, payload, past=past, now_s=self.now_s, utc_us=self.utc_us)

    def up(self, bench: str = "b", session: str = "one", **fields: Any) -> None:
        self.say("status", bench, session, online=True, why="started", **fields)

    def down(self, why: str, session: str = "one", **fields: Any) -> None:
        self.say("status", "b", session, seq=0, online=False, why=why, **fields)

    def look(self) -> list[Picture]:
        return self.benches.pictures(self.now_s, self.utc_us)

    @property
    def b(self) -> Picture:
        (found,) = [each for each in self.look() if each.bench == "b"]
        return found


# -- who is there ---------------------------------------------------------------------------------


def test_a_bench_is_silent_five_seconds_after_its_last_word_whatever_the_broker_says() -> None:
    lab = Lab()
    lab.up()
    assert lab.b.presence is Presence.ONLINE
    lab.now_s += 4.9
    assert lab.b.presence is Presence.ONLINE
    lab.now_s += 0.2
    assert lab.b.presence is Presence.SILENT
    assert lab.b.heard_s == pytest.approx(5.1)
    lab.say("health")
    assert lab.b.presence is Presence.ONLINE


@pytest.mark.parametrize(
    ("why", "presence"),
    [("lost", Presence.LOST), ("ended", Presence.ENDED), ("killed", Presence.ENDED)],
)
def test_a_last_word_says_how_it_went(why: str, presence: Presence) -> None:
    lab = Lab()
    lab.up()
    lab.down(why)
    assert (lab.b.presence, lab.b.why) == (presence, why)


def test_without_a_connection_of_our_own_nothing_is_known_of_anybody() -> None:
    lab = Lab()
    lab.up()
    lab.benches.disconnected()
    lab.now_s += 60.0
    assert lab.b.presence is Presence.UNKNOWN
    lab.benches.connected(lab.now_s)
    assert lab.b.presence is Presence.ONLINE, "it has a moment to speak"
    lab.now_s += 5.1
    assert lab.b.presence is Presence.SILENT


def test_what_a_broker_kept_is_not_the_bench_speaking() -> None:
    lab = Lab()
    lab.say("status", past=True, late_ms=3_600_000, online=True, why="started")
    lab.say("state", past=True, late_ms=3_600_000, armed=True)
    assert lab.b.live is False
    assert lab.b.heard_s == pytest.approx(3600.0)
    assert lab.b.lag_ms is None
    lab.now_s += 5.1
    assert lab.b.presence is Presence.SILENT


def test_a_bench_that_is_asked_for_and_has_never_spoken_is_shown_as_that() -> None:
    lab = Lab("b", "c")
    lab.up("c")
    assert {each.bench: each.presence for each in lab.look()} == {
        "b": Presence.UNHEARD,
        "c": Presence.ONLINE,
    }
    lab.up("d")
    assert len(lab.look()) == 2


def test_the_last_will_of_a_run_before_does_not_hide_the_run_that_speaks() -> None:
    lab = Lab()
    lab.up(session="old")
    lab.now_s += 1.0
    lab.up(session="new", device="p24")
    lab.down("lost", session="old")
    assert (lab.b.presence, lab.b.session, lab.b.device) == (Presence.ONLINE, "new", "p24")
    assert not lab.b.contested, "a last will is no second run"


def test_nor_the_run_that_has_said_before_that_it_is_there() -> None:
    lab = Lab()
    lab.say("status", session="new", past=True, online=True, why="started")
    lab.down("lost", session="old")
    assert (lab.b.presence, lab.b.session) == (Presence.ONLINE, "new")


def test_what_was_kept_of_an_older_run_does_not_hide_a_newer_one_in_either_order() -> None:
    for sessions in (("old", "new"), ("new", "old")):
        lab = Lab()
        for session in sessions:
            late_ms = 1000.0 if session == "new" else 9000.0
            what = "state" if session == "new" else "status"
            lab.say(what, session=session, past=True, late_ms=late_ms, online=False, why="lost")
        assert lab.b.session == "new", sessions


def test_a_bench_that_speaks_after_its_last_will_is_there() -> None:
    lab = Lab()
    lab.up()
    lab.down("lost")
    lab.say("health")
    assert lab.b.presence is Presence.ONLINE


def test_two_runs_under_one_name_are_told_of_and_one_of_them_is_followed() -> None:
    lab = Lab()
    for _ in range(3):
        lab.say("health", session="one")
        lab.say("health", session="two")
        lab.now_s += 1.0
    assert lab.b.contested
    assert lab.b.missed == {}
    for _ in range(7):
        lab.say("health", session="two")
        lab.now_s += 1.0
    assert not lab.b.contested


def test_of_three_runs_under_one_name_one_is_followed_too() -> None:
    lab = Lab()
    followed = []
    for _ in range(3):
        for session in ("one", "two", "three"):
            lab.say("health", session=session)
            lab.now_s += 0.3
            followed.append(lab.b.session)
    assert lab.b.contested
    assert followed == ["one", "two", *7 * ["three"]]


def test_a_new_run_starts_with_nothing_of_the_old_one() -> None:
    lab = Lab()
    lab.up(simulated=True)
    lab.say("state", armed=True, level_percent=80, faults=[{"id": "F12"}])
    lab.say("health", dropped={"events": 9})
    lab.down("ended")
    lab.now_s += 1.0
    lab.up(session="two", simulated=False)
    assert lab.b.simulated is False
    assert (lab.b.armed, lab.b.level_percent, lab.b.faults, lab.b.dropped) == (None, None, (), {})


def test_a_bench_that_is_gone_and_taken_off_the_broker_is_shown_no_longer() -> None:
    for wanted, left in (((), 0), (("b",), 1)):
        lab = Lab(*wanted)
        lab.up()
        lab.raw("fes/b/status", b"")
        assert lab.b.presence is Presence.ONLINE, "whoever speaks is there"
        lab.down("ended")
        lab.raw("fes/b/status", b"")
        assert len(lab.look()) == left
        assert lab.benches.noise.malformed == 0


# -- how it stands --------------------------------------------------------------------------------


def test_the_picture_holds_what_the_bench_said() -> None:
    lab = Lab()
    lab.up(simulated=True, device="p24", program="standard")
    fault = {"t_us": 1, "id": "F12", "reaction": "latch", "leg": "left", "detail": "no electrode"}
    lab.say(
        "state",
        armed=True,
        level_percent=40,
        activity={"left": "walking", "right": "standing"},
        faults=[fault],
        version=3,
    )
    lab.say(
        "metrics", cadence_per_min={"left": 101.5, "right": None}, bursts={"left": 7, "right": 8}
    )
    lab.say("parameters", version=4, waiting=True)
    told = lab.b.told()
    assert told["presence"] == "online"
    assert told["faults"] == [
        {"id": "F12", "reaction": "latch", "leg": "left", "detail": "no electrode"}
    ]
    assert (told["armed"], told["level_percent"], told["simulated"]) == (True, 40, True)
    assert told["activity"] == {"left": "walking", "right": "standing"}
    assert told["cadence_per_min"] == {"left": 101.5, "right": None}
    assert told["bursts"] == {"left": 7, "right": 8}
    assert (told["version"], told["waiting"]) == (4, True)


def test_benches_with_faults_come_first_and_those_that_are_gone_last() -> None:
    lab = Lab()
    for name in ("a", "c", "z"):
        lab.up(name)
    lab.down("ended")
    lab.say("state", "z", faults=[{"id": "F04", "reaction": "inhibit"}])
    assert [each.bench for each in lab.look()] == ["z", "a", "c", "b"]


def test_only_what_stands_otherwise_is_a_change() -> None:
    lab, changes = Lab(), Changes()
    lab.up()
    assert [each.bench for each in changes.of(lab.look())] == ["b"]
    lab.say("metrics", bursts={"left": 1})
    lab.say("health", dropped={"events": 1})
    lab.now_s += 1.0
    assert changes.of(lab.look()) == []
    lab.say("state", armed=True)
    assert [each.armed for each in changes.of(lab.look())] == [True]
    lab.now_s += 6.0
    assert [each.presence for each in changes.of(lab.look())] == [Presence.SILENT]


# -- what was lost --------------------------------------------------------------------------------


def published(rng: random.Random, count: int, starts: int = 1) -> list[tuple[str, bytes]]:
    """Return what a bench really publishes, from lines as its control loop hands them over."""
    out = Outgoing("b", "one", starts)
    board = Board(out)
    found = []
    for at in range(count):
        now = 100_000 * at
        line: dict[str, Any] = rng.choice(
            [
                {"kind": "phase", "t": now, "leg": 0, "phase": "swing", "activity": "walking"},
                {"kind": "state", "armed": bool(at % 2), "level": at % 100, "reason": "level"},
                {
                    "kind": "event",
                    "t_event": now,
                    "t_emit": now,
                    "leg": 0,
                    "event": "ic",
                    "confidence": 1.0,
                },
                {
                    "kind": "metrics",
                    "pulses": at,
                    "refused": 0,
                    "late_us_max": 0,
                    "contacts": {},
                    "bursts": {},
                    "activity": {},
                    "arrivals": None,
                },
            ]
        )
        board.hear({"now": now, **line})
        while True:
            message = out.next(now, UTC_US + now)
            if message is None:
                break
            found.append((message.topic, message.payload))
    assert board.unread == 0
    return found


@given(seed=st.integers(0, 2**32), chance=st.floats(0.0, 0.9))
def test_every_message_that_is_missing_between_two_is_counted(seed: int, chance: float) -> None:
    rng = random.Random(seed)
    messages = published(rng, 60)
    kept = [at for at in range(len(messages)) if rng.random() >= chance]
    lab = Lab()
    ends: dict[str, tuple[int, int]] = {}
    for at in kept:
        topic = messages[at][0]
        ends[topic] = (ends.get(topic, (at, at))[0], at)
        lab.raw(*messages[at])
    missing = sum(
        1
        for at, (topic, _) in enumerate(messages)
        if at not in kept and topic in ends and ends[topic][0] < at < ends[topic][1]
    )
    assert sum(sum(each.missed.values()) for each in lab.look()) == missing


def test_what_comes_twice_or_too_late_is_no_loss_and_changes_nothing() -> None:
    lab = Lab()
    for seq, armed in ((1, False), (2, True), (2, False), (1, False)):
        lab.say("state", seq=seq, armed=armed)
    assert lab.b.missed == {}
    assert lab.b.armed is True


def test_what_came_while_we_were_not_connected_is_not_the_benchs_loss() -> None:
    lab = Lab()
    lab.say("health", seq=1)
    lab.benches.disconnected()
    lab.benches.connected(lab.now_s)
    lab.say("health", seq=9)
    assert lab.b.missed == {}
    lab.say("health", seq=11)
    assert lab.b.missed == {"health": 1}


def test_telemetry_that_was_started_anew_is_told_of() -> None:
    lab = Lab()
    for _, payload in (*published(random.Random(1), 20), *published(random.Random(1), 20, 3)):
        message = json.loads(payload)
        lab.say("state", **{key: message[key] for key in ("seq",)})
    assert lab.b.restarts == 2
    lab = Lab()
    lab.say("health", seq=5)
    lab.say("health", seq=A_START + 4)
    assert (lab.b.restarts, lab.b.missed) == (1, {"health": 3})


def test_what_the_bench_itself_had_to_drop_is_added_up() -> None:
    lab = Lab()
    lab.say("health", dropped={"events": 3, "answer": 4, "x": 9}, lines_lost=2, unconfirmed=1)
    assert lab.b.dropped == {"events": 3, "answer": 4, "lines_lost": 2, "unconfirmed": 1}
    assert lab.b.lost == 10
    # Another process speaks: it counts anew what it drops, and not what never reached it.
    lab.say("health", seq=A_START + 1, dropped={"events": 2}, lines_lost=5)
    assert lab.b.dropped == {"events": 5, "answer": 4, "lines_lost": 5, "unconfirmed": 1}


def test_what_the_broker_refuses_is_lost_too() -> None:
    lab = Lab()
    lab.say("health", refused={"faults": 3, "bursts": 1, "state": "many"})
    assert lab.b.dropped == {"refused": 4}
    assert lab.b.lost == 4


def test_a_lag_is_what_a_message_took_longer_than_the_fastest() -> None:
    lab = Lab()
    for late_ms in (3020.0, 3000.0, 3450.0):
        lab.say("health", late_ms=late_ms)
        lab.now_s += 2.0
    assert lab.b.lag_ms == pytest.approx(450.0)
    assert lab.b.clock_ms == pytest.approx(3000.0)


def test_a_clock_that_was_set_is_no_lag_for_longer_than_a_minute() -> None:
    lab = Lab()
    for late_ms in [5.0] * 10 + [3005.0] * 40:
        lab.say("health", late_ms=late_ms)
        lab.now_s += 2.0
    assert lab.b.lag_ms == pytest.approx(0.0)
    assert lab.b.clock_ms == pytest.approx(3005.0)


# -- what anybody may write -----------------------------------------------------------------------


def test_a_later_version_is_read_as_far_as_it_is_known_and_told_of() -> None:
    lab = Lab()
    lab.say("state", v=2, armed=True, mood="good")
    assert lab.b.armed is True
    assert lab.b.newer


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"online": true}',
        b'{"v": "1"}',
        b'{"v": true}',
        b"[" * 100_000,
        b'{"v": 1' + b"0" * 5000 + b"}",
        b'{"v": 1, "x": "' + b"y" * (1 << 18) + b'"}',
    ],
)
def test_what_is_no_message_is_counted_and_makes_no_bench(payload: bytes) -> None:
    lab = Lab()
    lab.raw("fes/b/status", payload, past=True)
    assert lab.look() == []
    assert lab.benches.noise.malformed == 1
    lab.up()
    lab.raw("fes/b/state", payload, past=True)
    assert lab.b.malformed == 1


@pytest.mark.parametrize(
    "topic",
    [
        "fes/a b/status",
        "fes/\x1b[2J/status",
        "fes//status",
        "fes/b/status/x",
        "fes/b/answer/me",
        "fes/" + "b" * 64 + "/status",
        "other/b/status",
        "fes",
        "",
    ],
)
def test_what_is_on_no_topic_of_a_bench_is_counted_and_makes_none(topic: str) -> None:
    lab = Lab()
    lab.raw(topic, b'{"v": 1, "session": "one"}')
    assert lab.look() == []
    assert lab.benches.noise.foreign == 1


def test_a_thousand_benches_are_followed_and_who_is_gone_longest_makes_room() -> None:
    lab = Lab()
    for at in range(MOST_BENCHES):
        lab.up(f"b{at}")
    lab.up("late")
    assert len(lab.look()) == MOST_BENCHES
    assert lab.benches.noise.crowded_out == 1
    lab.now_s += 4.0
    for at in range(1, MOST_BENCHES):
        lab.say("health", f"b{at}")
    lab.now_s += 2.0
    lab.up("late")
    names = {each.bench for each in lab.look()}
    assert len(names) == MOST_BENCHES
    assert "late" in names
    assert "b0" not in names


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text()
    | st.sampled_from(["\x1b[31m", "\ud800", "\u202e", "left", "\x9b2J", "x" * 5000]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from(["left", "right", "id", "detail"]), inner, max_size=3
        )
    ),
    max_leaves=4,
)
FIELDS = (
    *("session", "seq", "utc_us", "online", "why", "simulated", "device", "program", "armed"),
    *("level_percent", "faults", "activity", "version", "waiting", "cadence_per_min", "bursts"),
    *("dropped", "lines_lost", "unconfirmed", "refused"),
)
fault = st.dictionaries(st.sampled_from(["id", "reaction", "leg", "detail"]), anything)
hostile = st.builds(
    lambda fields, v: {**fields, "v": v},
    st.dictionaries(
        st.sampled_from(FIELDS),
        anything | st.lists(fault, max_size=3) | st.text(max_size=3),
        max_size=6,
    ),
    st.integers(0, 3),
)


def texts(found: object) -> list[str]:
    if isinstance(found, str):
        return [found]
    if isinstance(found, dict):
        return [text for pair in found.items() for each in pair for text in texts(each)]
    if isinstance(found, list | tuple):
        return [text for each in found for text in texts(each)]
    return []


@given(messages=st.lists(st.tuples(st.sampled_from(TOPICS), hostile, st.booleans()), max_size=4))
def test_nothing_that_a_terminal_would_obey_leaves_the_picture_whatever_comes(
    messages: list[tuple[str, dict[str, Any], bool]],
) -> None:
    lab = Lab()
    lab.up()
    for what, message, past in messages:
        lab.raw(f"fes/b/{what}", json.dumps(message).encode(), past=past)
        lab.now_s += 1.0
    for picture in lab.look():
        told = picture.told()
        json.dumps(told, allow_nan=False).encode()
        for text in texts(told):
            assert text.isprintable()
            assert len(text) <= 200


@given(st.binary(max_size=60), st.text(max_size=60))
def test_no_bytes_on_no_topic_can_break_it(payload: bytes, topic: str) -> None:
    lab = Lab()
    for each in (topic, "fes/b/state"):
        lab.raw(each, payload)
    lab.look()
