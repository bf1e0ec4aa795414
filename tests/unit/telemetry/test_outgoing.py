"""What waits to be published is bounded, in order, counted, and no topic holds up another."""

import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.telemetry.outgoing import (
    EVERY_US,
    MOST_IN_ONE,
    MOST_ITEMS,
    MOST_URGENT,
    Outgoing,
)
from fes_ctrl.telemetry.schema import A_START
from helpers.asked import SESSION

BATCHED = ("events", "phases", "bursts", "faults")


def outgoing(starts: int = 1) -> Outgoing:
    return Outgoing("b", SESSION, starts)


def all_of(out: Outgoing, t_us: int) -> list[tuple[str, dict[str, Any]]]:
    found = []
    while (message := out.next(t_us, t_us)) is not None:
        found.append((message.topic.removeprefix("fes/b/"), json.loads(message.payload)))
    return found


def test_the_oldest_gives_way_and_is_counted() -> None:
    out = outgoing()
    for number in range(MOST_ITEMS + 7):
        out.item("events", {"n": number})
    assert out.dropped == {"events": 7}
    told: list[int] = []
    for turn in range(MOST_ITEMS // MOST_IN_ONE):
        ((topic, body),) = all_of(out, turn * EVERY_US)
        assert (topic, body["dropped"]) == ("events", 7)
        told += [item["n"] for item in body["items"]]
    assert told == list(range(7, MOST_ITEMS + 7))
    assert all_of(out, 10**9) == []


def test_a_topic_is_sent_twenty_times_a_second_at_most_and_faults_at_once() -> None:
    out = outgoing()
    sent = Counter[str]()
    for t_us in range(0, 1_000_000, 5_000):
        for topic in BATCHED:
            out.item(topic, {"t": t_us})
        sent.update(topic for topic, _ in all_of(out, t_us))
    assert {sent[topic] for topic in BATCHED if topic != "faults"} == {20}
    assert sent["faults"] == 200


def test_what_is_due_is_told_in_time() -> None:
    out = outgoing()
    assert out.due_us() is None
    out.item("events", {})
    assert out.due_us() == 0
    all_of(out, 1000)
    out.item("events", {})
    assert out.due_us() == 1000 + EVERY_US
    assert out.next(1000 + EVERY_US - 1, 0) is None
    assert out.next(1000 + EVERY_US, 0) is not None
    out.latest("state", {})
    assert out.due_us() == 0


def test_of_what_is_retained_only_the_newest_is_sent() -> None:
    out = outgoing()
    for number in range(10):
        out.latest("state", {"n": number})
    ((_, body),) = all_of(out, 0)
    assert (body["n"], body["seq"]) == (9, 1)


def test_an_answer_to_a_stop_goes_before_all_others_and_can_be_had_apart() -> None:
    out = outgoing()
    assert out.next_stopped(0, 0) is None
    out.urgent("answer/anna", {"verdict": "refused"})
    out.urgent("audit", {"verdict": "stopped"})
    assert out.next_stopped(0, 0) is None, "whoever stopped does not wait for the trail"
    for number in range(3):
        out.urgent("answer/anna", {"verdict": "stopped", "n": number}, b"mine")
    found = out.next_stopped(7, 8)
    assert found is not None
    assert (found.topic, found.correlation) == ("fes/b/answer/anna", b"mine")
    assert json.loads(found.payload)["n"] == 0
    assert out.due_us() == 0
    told = [(topic, body["verdict"], body["seq"]) for topic, body in all_of(out, 0)]
    assert told == [
        ("answer/anna", "stopped", 2),
        ("answer/anna", "stopped", 3),
        ("answer/anna", "refused", 4),
        ("audit", "stopped", 1),
    ]
    for _ in range(MOST_URGENT + 2):
        out.urgent("answer/anna", {"verdict": "stopped"})
    assert out.dropped == {"answer": 2}


def test_answers_go_first_and_are_bounded_too() -> None:
    out = outgoing()
    out.item("events", {})
    out.latest("state", {})
    for number in range(MOST_URGENT + 3):
        out.urgent("answer/me", {"n": number}, b"c")
    found = all_of(out, 0)
    assert [topic for topic, _ in found] == ["answer/me"] * MOST_URGENT + ["state", "events"]
    assert found[0][1]["n"] == 3
    assert out.dropped == {"answer": 3}


@given(st.lists(st.tuples(st.sampled_from(BATCHED), st.integers(1, 400)), max_size=30))
def test_a_busy_topic_holds_up_no_other_and_each_keeps_its_order(
    came: list[tuple[str, int]],
) -> None:
    out = outgoing()
    number = 0
    for topic, count in came:
        for _ in range(count):
            number += 1
            out.item(topic, {"n": number})
    told: dict[str, list[int]] = {topic: [] for topic in BATCHED}
    seqs: dict[str, list[int]] = {topic: [] for topic in BATCHED}
    waiting = {topic for topic, _ in came}
    t_us, first = 0, set()
    for turn in range(400):
        message = out.next(t_us, 0)
        if message is None:
            if out.due_us() is None:
                break
            t_us += EVERY_US
            continue
        topic = message.topic.removeprefix("fes/b/")
        body = json.loads(message.payload)
        told[topic] += [item["n"] for item in body["items"]]
        seqs[topic].append(body["seq"])
        if turn < len(waiting):
            first.add(topic)
    assert first == waiting, "each has its turn before any has its second"
    came_to = Counter[str]()
    for topic, count in came:
        came_to[topic] += count
    for topic in BATCHED:
        assert told[topic] == sorted(told[topic])
        assert len(told[topic]) + out.dropped.get(topic, 0) == came_to[topic]
        assert seqs[topic] == list(range(1, len(seqs[topic]) + 1))


def test_numbers_go_on_rising_after_a_new_start() -> None:
    second = outgoing(starts=2)
    second.latest("state", {})
    ((_, body),) = all_of(second, 0)
    assert body["seq"] == A_START + 1


def test_only_three_topics_are_retained() -> None:
    out = outgoing()
    for topic in ("status", "state", "parameters", "metrics", "health"):
        out.latest(topic, {})
    for topic in BATCHED:
        out.item(topic, {})
    out.urgent("answer/me", {})
    out.urgent("audit", {})
    retained = set()
    while (message := out.next(0, 0)) is not None:
        if message.retained:
            retained.add(message.topic.removeprefix("fes/b/"))
    assert retained == {"status", "state", "parameters"}
