"""Telemetry over real brokers that are stalled, killed and started again: nothing is in the way."""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from paho.mqtt.client import MQTTv5, MQTTv311

from fes_ctrl.model import HEEL_OFF, BurstEnd, BurstStart, Fault, GaitEvent
from fes_ctrl.telemetry.audit import broken_at
from fes_ctrl.telemetry.schema import A_START
from helpers import brokers
from helpers.real_bench import BENCH, Far, RealBench, far, flooded, resident_mb, until, walking
from helpers.served import serving

pytestmark = pytest.mark.real_time

PATIENCE_US = 1_500_000
NAMES = {"status", "state", "parameters"}
STREAM = {"events", "phases", "bursts", "metrics", "health"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("telemetry")


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[brokers.Mosquitto]:
    # A broker that holds little for anybody drops what comes when that is full: no stop.
    with brokers.running(folder, "allow_anonymous true", "max_queued_messages 20") as broker:
        yield broker


@pytest.fixture(scope="module")
def line(broker: brokers.Mosquitto) -> Iterator[brokers.Proxy]:
    """What is between the bench and the broker."""
    with brokers.proxy(broker.port) as line:
        yield line


@pytest.fixture(scope="module")
def shared(line: brokers.Proxy, folder: Path) -> Iterator[RealBench]:
    url = f"mqtt://127.0.0.1:{line.port}/{BENCH}"
    with walking(url, folder / "audit.jsonl", PATIENCE_US) as bench:
        yield bench


@pytest.fixture
def bench(shared: RealBench) -> RealBench:
    """A bench at which somebody walks, armed and at full level."""
    state = shared.state()
    if state is not None and not state.armed:
        shared.operate("arm")
        until(lambda: (now := shared.state()) and now.armed, shared.why)
        shared.operate("level", 100)
    until(lambda: (now := shared.state()) and now.level_percent == 100, shared.why)
    shared.walks()
    return shared


@pytest.fixture
def tuner(broker: brokers.Mosquitto, bench: RealBench) -> Iterator[Far]:
    with far(broker.port) as tuner:
        yield tuner


def times(bench: RealBench, word: str) -> int:
    """Return how often the person at the bench was told something."""
    return sum(word in said for said in list(bench.said))


def armed(bench: RealBench) -> bool:
    state = bench.state()
    return state is not None and state.armed


def log(folder: Path) -> str:
    """Return what the broker has written down."""
    return (folder / "mosquitto.log").read_text()


class Mark(NamedTuple):
    """How far a bench was."""

    written: int
    records: int


def mark(bench: RealBench) -> Mark:
    return Mark(len(bench.written), len(bench.records))


def undisturbed(bench: RealBench, since: Mark) -> None:
    """Hold that control went on: a burst for every step, its pulses written, no fault but F25."""
    bench.walks()
    allowed = len(bench.allowed)
    until(lambda: len(bench.written) >= allowed, bench.why)
    assert len(bench.written) > since.written
    known = list(bench.records)[since.records :]
    steps = [each for each in known if isinstance(each, GaitEvent) and each.kind == HEEL_OFF]
    bursts = [each for each in known if isinstance(each, BurstStart)]
    # One of either may be on the edge of what is looked at.
    assert abs(len(steps) - len(bursts)) <= 1, (steps, bursts)
    ends = {each.ended_by for each in known if isinstance(each, BurstEnd)}
    assert ends <= {"initial_contact"}
    faults = {each.id for each in known if isinstance(each, Fault)}
    assert faults <= {"F25", "F26", "F30"}
    assert bench.failed is None


def test_who_comes_late_is_given_how_it_stands_and_nothing_of_the_past(
    bench: RealBench, tuner: Far
) -> None:
    for name in (*NAMES, *STREAM):
        tuner.wait_for(name)
    assert {each.topic for each in tuner.heard if each.retained} == NAMES
    status = tuner.on("status")[0]
    assert (status["online"], status["simulated"], status["legs"]) == (True, True, ["right"])
    assert tuner.on("state")[0]["armed"] is True
    assert tuner.on("health")[-1]["dropped"] == {}


def test_a_change_is_accepted_and_told_when_it_holds(bench: RealBench, tuner: Far) -> None:
    answer = tuner.ask(change={"program.extension_ms": 180.0})
    assert answer["verdict"] == "accepted"
    effective = tuner.answer(answer["id"], "effective")
    assert effective["version"] == answer["version"]
    values = tuner.wait_for("parameters", lambda body: body["version"] == answer["version"])
    assert values["values"]["right"]["program.extension_ms"] == 180.0
    refused = json.dumps(tuner.command(change={"nothing": 1.0}))
    tuner.publish("command/set/tuner", refused, correlation=b"\x00mine\xff")
    until(lambda: tuner.on("answer/tuner")[-1]["verdict"] == "refused", bench.why)
    answers = [each.correlation for each in tuner.heard if each.topic == "answer/tuner"]
    assert answers == [b"", b"", b"\x00mine\xff"]
    entry = tuner.wait_for("audit", lambda body: body["version"] == answer["version"])
    assert entry["change"] == {"program.extension_ms": [100.0, 180.0]}


def test_a_command_that_the_broker_keeps_is_refused_and_told_as_a_fault(
    bench: RealBench, tuner: Far, broker: brokers.Mosquitto
) -> None:
    before = bench.faults("F26")
    answer = tuner.ask(retain=True)
    assert answer["verdict"] == "refused"
    assert answer["reason"].startswith("retained")
    until(lambda: len(bench.faults("F26")) == len(before) + 1, bench.why)
    tuner.wait_for(
        "faults", lambda body: ("F26", "warn") in [(x["id"], x["reaction"]) for x in body["items"]]
    )
    tuner.publish("command/set/tuner", b"", retain=True)


def test_the_same_command_twice_is_answered_alike(bench: RealBench, tuner: Far) -> None:
    time.sleep(1.0)  # since the last one that was accepted
    body = tuner.command(change={"program.extension_ms": 150.0})
    for _ in range(3):
        tuner.publish("command/set/tuner", json.dumps(body))
    until(
        lambda: sum(each["again"] for each in tuner.on("answer/tuner")) == 2,
        lambda: tuner.on("answer/tuner"),
    )
    accepted = tuner.answer(body["id"], "accepted")
    assert bench.broadcast._telling._parameters.version == accepted["version"]


def test_a_stop_wins_over_a_flood_and_no_memory_grows(
    bench: RealBench, tuner: Far, broker: brokers.Mosquitto
) -> None:
    agent, ours = bench.agent_pid, os.getpid()
    before = {pid: resident_mb(pid) for pid in (agent, ours)}
    with flooded(broker.port, 2000):
        tuner.publish("command/stop/a name that is none", "")
        begun_s = time.monotonic()
        until(lambda: (now := bench.state()) and not now.armed, bench.why)
        took_s = time.monotonic() - begun_s
        # One by one they are all answered, whatever else is on its way.
        for _ in range(10):
            assert tuner.stop()["verdict"] == "stopped"
    assert took_s < 1.0
    for pid, was_mb in before.items():
        assert resident_mb(pid) - was_mb < 20.0, pid
    # Counts are told once a second: the first may be of the flood's beginning.
    told = tuner.wait_for("health", lambda body: body["commands"].get("flooded", 0) > 100)
    assert told["commands"]["malformed"] >= 1


def test_a_broker_that_stalls_and_dies_is_not_in_the_way(
    bench: RealBench, tuner: Far, broker: brokers.Mosquitto
) -> None:
    known = len(bench.faults("F25"))
    since, agent_mb = mark(bench), resident_mb(bench.agent_pid)
    broker.stall()
    until(lambda: len(bench.faults("F25")) > known, bench.why)
    assert bench.faults("F25")[-1] == "warn"
    undisturbed(bench, since)
    broker.kill()
    undisturbed(bench, mark(bench))
    broker.start()
    until(lambda: bench.faults("F25")[-1] == "cleared", bench.why)
    assert bench.said[-1].endswith("MQTT 5")
    with far(broker.port) as later:
        assert later.wait_for("status")["online"] is True
        # What was told before the line was back comes first.
        later.wait_for("health", lambda body: body["connections"] >= 2)
    undisturbed(bench, since)
    assert resident_mb(bench.agent_pid) - agent_mb < 20.0
    assert bench.faults("F25")[known:] == ["warn", "cleared"]


def test_a_process_that_is_killed_is_told_of_and_comes_back(bench: RealBench, tuner: Far) -> None:
    since, dead = mark(bench), bench.agent_pid
    before = tuner.wait_for("metrics", lambda body: body["bursts"]["right"] > 1)
    os.kill(dead, signal.SIGKILL)
    lost = tuner.wait_for("status", lambda body: not body["online"])
    assert lost["why"] == "lost"
    until(lambda: tuner.on("status")[-1]["online"], lambda: tuner.on("status"))
    assert bench.agent_pid != dead
    after = tuner.wait_for("metrics", lambda body: body["seq"] > A_START)
    seqs = [body["seq"] for body in tuner.on("metrics")]
    assert seqs == sorted(seqs)
    # The new one tells for the whole run, and knows what the foot does.
    assert after["bursts"]["right"] >= before["bursts"]["right"]
    assert after["contacts"]["right"] >= before["contacts"]["right"]
    tuner.wait_for("state", lambda body: body["seq"] > A_START and body["activity"])
    undisturbed(bench, since)


def test_the_last_will_says_what_the_stimulator_has_told_of_itself(
    tmp_path: Path,
) -> None:
    with brokers.mosquitto(tmp_path) as port, far(port) as viewer:
        url = f"mqtt://127.0.0.1:{port}/{BENCH}"
        with walking(url, learnt="sim+p24 (ABC 1)") as bench:
            told = viewer.wait_for("status", lambda body: body["simulated"])
            assert (told["online"], told["device"]) == (True, "sim+p24 (ABC 1)")
            os.kill(bench.agent_pid, signal.SIGKILL)
            lost = viewer.wait_for("status", lambda body: not body["online"])
            assert lost["why"] == "lost"
            assert (lost["simulated"], lost["device"]) == (True, "sim+p24 (ABC 1)")
            assert times(bench, "connected") == 1, "nobody need know of the connection's renewal"
            assert not bench.faults("F25")


def test_the_last_will_of_a_run_before_is_not_what_a_broker_keeps_of_this_one(
    bench: RealBench, tuner: Far, broker: brokers.Mosquitto
) -> None:
    # A second run of the same name has told all of its own before its end.
    for name in ("state", "parameters"):
        other = dict(tuner.wait_for(name), session="of before")
        tuner.publish(name, json.dumps(other), retain=True)
    before = dict(tuner.wait_for("status"), session="of before", online=False, why="lost")
    tuner.publish("status", json.dumps(before), retain=True)
    tuner.wait_for("status", lambda body: body["session"] == "of before")
    for name in ("status", "state", "parameters"):
        until(
            lambda name=name: tuner.on(name)[-1]["session"] != "of before",
            lambda name=name: tuner.on(name),
        )
    with far(broker.port) as later:
        assert later.wait_for("status")["online"] is True
        for name in ("status", "state", "parameters"):
            assert later.wait_for(name)["session"] != "of before"


def test_stops_that_are_kept_are_not_in_the_way_of_one_that_is_not(tmp_path: Path) -> None:
    with brokers.mosquitto(tmp_path) as port:
        url = f"mqtt://127.0.0.1:{port}/{BENCH}"
        with walking(url) as bench, far(port) as tuner:
            bench.walks()
            tuner.wait_for("health")
            for _ in range(400):
                tuner.publish("command/stop/somebody", b"{}", retain=True)
            assert tuner.stop()["verdict"] == "stopped"
            until(lambda: (now := bench.state()) and not now.armed, bench.why)


@contextlib.contextmanager
def behind_a_line(folder: Path) -> Iterator[tuple[brokers.Proxy, RealBench, Far]]:
    """Yield a line to a broker, a bench that walks at its end, and who is at the broker itself."""
    with (
        brokers.mosquitto(folder) as port,
        brokers.proxy(port) as line,
        walking(f"mqtt://127.0.0.1:{line.port}/{BENCH}") as bench,
        far(port) as tuner,
    ):
        yield line, bench, tuner


def by_line(all_else: str, stops: str) -> Callable[[bytes], str]:
    """Return what becomes of a bench's lines: the one with the last will, and the other."""
    return lambda connect: all_else if b"/status" in connect else stops


def test_a_stop_waits_for_nothing_that_the_line_of_all_else_holds_up(tmp_path: Path) -> None:
    with behind_a_line(tmp_path) as (line, bench, tuner):
        bench.walks()
        assert tuner.wait_for("health")["stops"] == "own"
        line.mode_of = by_line(brokers.STALL, brokers.OPEN)
        begun_s = time.monotonic()
        assert tuner.stop()["verdict"] == "stopped"
        assert time.monotonic() - begun_s < 2.0, "not when the other line is given up"
        assert not armed(bench)
        assert times(bench, "the run goes on") == 0


def test_a_stop_that_comes_while_its_line_is_made_anew_still_stops(tmp_path: Path) -> None:
    with behind_a_line(tmp_path) as (line, bench, tuner):
        bench.walks()
        tuner.wait_for("health")
        # The other line is held up, so that it cannot stand in.
        line.mode_of = by_line(brokers.STALL, brokers.CUT)
        until(lambda: re.search(r"fes-\w+-s (closed|disconnected)", log(tmp_path)), bench.why)
        tuner.publish("command/stop/tuner", b"")
        time.sleep(0.5)
        assert armed(bench)
        line.mode_of = by_line(brokers.STALL, brokers.OPEN)
        until(lambda: not armed(bench), bench.why)


def test_a_stop_does_not_wait_until_its_own_line_is_known_to_be_dead(tmp_path: Path) -> None:
    with behind_a_line(tmp_path) as (line, bench, tuner):
        bench.walks()
        assert tuner.wait_for("health")["stops"] == "own"
        line.mode_of = by_line(brokers.OPEN, brokers.STALL)
        assert tuner.stop()["verdict"] == "stopped", "heard and answered on the other one"
        assert not armed(bench)
        assert times(bench, "have no connection of their own") == 0, "nobody knew"


@pytest.mark.parametrize(
    "modes", [(brokers.OPEN, brokers.MUTE), (brokers.MUTE, brokers.OPEN)], ids=["stops", "else"]
)
def test_a_stop_is_answered_though_one_line_brings_it_and_takes_nothing(
    modes: tuple[str, str], tmp_path: Path
) -> None:
    with behind_a_line(tmp_path) as (line, bench, tuner):
        bench.walks()
        assert tuner.wait_for("health")["stops"] == "own"
        line.mode_of = by_line(*modes)
        for _ in range(3):
            begun_s = time.monotonic()
            assert tuner.stop()["verdict"] == "stopped"
            assert time.monotonic() - begun_s < 2.0, "not when that line is given up"


def test_stops_come_with_all_else_while_they_have_no_line_of_their_own(tmp_path: Path) -> None:
    with brokers.mosquitto(tmp_path) as port, brokers.proxy(port) as line:
        line.mode_of = by_line(brokers.OPEN, brokers.CUT)
        with walking(f"mqtt://127.0.0.1:{line.port}/{BENCH}") as bench, far(port) as tuner:
            bench.walks()
            assert tuner.wait_for("health")["stops"] == "shared"
            until(lambda: times(bench, "have no connection of their own"), bench.why)
            assert tuner.stop()["verdict"] == "stopped"
            assert not armed(bench)
            line.mode_of = None
            until(lambda: times(bench, "stops from afar have a connection of their own"), bench.why)
            assert tuner.on("health")[-1]["stops"] == "own"
            # It is heard on both of them, and taken once.
            known = len(tuner.on("answer/tuner"))
            assert tuner.stop()["verdict"] == "stopped"
            assert tuner.ask(change={"nothing": 1.0})["verdict"] == "refused"
            assert len(tuner.on("answer/tuner")) == known + 2


def test_a_broker_at_which_a_user_has_one_line_is_not_fought_over(tmp_path: Path) -> None:
    lines = ("allow_anonymous true", "use_username_as_clientid true")
    with (
        brokers.mosquitto(tmp_path, *lines) as port,
        far(port, user="tuner") as tuner,
        walking(f"mqtt://bench@127.0.0.1:{port}/{BENCH}") as bench,
    ):
        # Each of the two ends the other one, until stops do without.
        until(lambda: times(bench, "a user can have only one at this broker"), bench.why, 60.0)
        known = times(bench, "connected")
        tuner.wait_for("health", lambda body: body["connected_s"] > 4.0)
        assert times(bench, "connected") == known
        assert tuner.on("health")[-1]["stops"] == "shared"
        assert tuner.stop()["verdict"] == "stopped"


def test_a_line_that_is_half_open_is_left_and_the_bench_is_not_called_lost(
    bench: RealBench, tuner: Far, line: brokers.Proxy
) -> None:
    since, connected = mark(bench), times(bench, "connected")
    line.mode = brokers.SWALLOW
    try:
        until(lambda: "the run goes on" in bench.said[-1], bench.why)
        time.sleep(0.5)  # the good-bye is lost too
    finally:
        line.mode = brokers.OPEN
    until(lambda: times(bench, "connected") > connected, bench.why)
    undisturbed(bench, since)
    # The broker ends the old connection when the new one comes, and not later, with its last will.
    until(
        lambda: [body["online"] for body in tuner.on("status")] == [True, False, True],
        lambda: tuner.on("status"),
    )


def test_the_trail_on_disk_is_whole_and_is_what_was_published(
    bench: RealBench, tuner: Far, folder: Path
) -> None:
    tuner.ask(change={"nothing": 1.0})
    last = until(lambda: tuner.on("audit"), bench.why)[-1]
    path = folder / "audit.jsonl"
    lines = until(
        lambda: found if last["sha256"] in (found := path.read_text().splitlines())[-1] else None,
        bench.why,
    )
    assert broken_at(lines) is None
    assert len(lines) == last["entry"]


def recomputed(message: dict[str, Any], before: str) -> str:
    """Return the seal of a published entry, as the reference says that it is made."""
    fields = "session entry judged_us judged_utc_us sender verdict reason change version"
    covered = {name: message[name] for name in fields.split()}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((before + text).encode("ascii")).hexdigest()


def test_the_published_trail_can_be_checked_by_whoever_heard_all_of_it(tmp_path: Path) -> None:
    with (
        brokers.mosquitto(tmp_path) as port,
        far(port) as tuner,
        walking(f"mqtt://{brokers.HERE}:{port}/{BENCH}"),
    ):
        tuner.ask(change={"program.extension_ms": 120.0, "limits.burst_ms": 1900.5})
        tuner.publish("command/stop/tuner", json.dumps({"reason": "der Fuß schleift \u20ac"}))
        tuner.ask(change={"nothing": 1.0})
        heard = until(lambda: (found := tuner.on("audit"))[2:] and found, lambda: tuner.heard[-5:])
    before = "0" * 64
    for number, message in enumerate(heard, 1):
        assert message["entry"] == number
        assert recomputed(message, before) == message["sha256"]
        for field in ("judged_us", "judged_utc_us", "version"):
            altered = {**message, field: message[field] + 1}
            assert recomputed(altered, before) != message["sha256"]
        before = message["sha256"]


# -- other brokers, and runs of their own ---------------------------------------------------------


def test_both_clocks_of_every_message_are_those_of_one_instant(tmp_path: Path) -> None:
    with brokers.mosquitto(tmp_path) as port, far(port) as early:
        with walking(f"mqtt://127.0.0.1:{port}/{BENCH}"):
            early.wait_for("health", lambda body: body["seq"] >= 2)
            with far(port) as late:
                for name in NAMES:
                    late.wait_for(name)
        said = [each for each in (*early.heard, *late.heard) if each.topic in NAMES | STREAM]
        assert {each.topic for each in late.heard if each.retained} == NAMES
        apart_us = {each.body["utc_us"] - each.body["t_us"] for each in said}
        # The process that tells needs longer than this to start; to read two clocks, a few us.
        assert max(apart_us) - min(apart_us) < 20_000


def test_a_disk_that_takes_no_trail_is_told_of_when_the_run_is_over(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full")
    (tmp_path / "audit.jsonl").symlink_to(full)
    with brokers.mosquitto(tmp_path) as port, far(port) as viewer:
        url = f"mqtt://127.0.0.1:{port}/{BENCH}"
        with walking(url, tmp_path / "audit.jsonl") as bench:
            viewer.wait_for("health")
            assert viewer.stop()["verdict"] == "stopped"
    assert bench.said[-1].startswith("audit trail: entries that could not be written: 1;")


def test_a_broker_that_comes_later_is_found_and_spoken_to_in_its_newest_protocol(
    tmp_path: Path,
) -> None:
    late = brokers.Mosquitto(tmp_path)
    with walking(f"mqtt://127.0.0.1:{late.port}/{BENCH}") as bench:
        until(lambda: any("nobody listens there" in said for said in bench.said), bench.why)
        bench.walks()
        try:
            late.start()
            until(lambda: any("connected" in said for said in bench.said), bench.why)
            assert bench.said[-1].endswith("MQTT 5")
            with far(late.port) as viewer:
                assert viewer.wait_for("status")["online"] is True
                bench.close()
                assert viewer.wait_for("status", lambda body: not body["online"])["why"] == "ended"
                assert viewer.on("state")[-1]["armed"] is False
        finally:
            late.kill()


def test_an_older_broker_in_this_process_does_as_well() -> None:
    with (
        brokers.amqtt() as port,
        walking(f"mqtt://127.0.0.1:{port}/{BENCH}?protocol=3.1.1") as bench,
        far(port, protocol=MQTTv311) as tuner,
    ):
        bench.walks()
        answer = tuner.ask(change={"program.extension_ms": 180.0})
        assert tuner.answer(answer["id"], "effective")["version"] == answer["version"]
        assert any(said.endswith("MQTT 3.1.1") for said in bench.said)
        with far(port, protocol=MQTTv311) as late:
            for name in NAMES:
                late.wait_for(name)
            assert {each.topic for each in late.heard if each.retained} == NAMES
        assert tuner.stop()["verdict"] == "stopped"
        os.kill(bench.agent_pid, signal.SIGKILL)
        assert tuner.wait_for("status", lambda body: not body["online"])["why"] == "lost"


def test_an_older_broker_that_dies_and_comes_back_is_not_in_the_way() -> None:
    port = brokers.free_port()
    url = f"mqtt://127.0.0.1:{port}/{BENCH}?protocol=3.1.1"
    with walking(url, patience_us=PATIENCE_US) as bench:
        with brokers.amqtt(port):
            until(lambda: times(bench, "connected"), bench.why)
            until(lambda: (now := bench.state()) and now.level_percent == 100, bench.why)
            bench.walks()
            since = mark(bench)
        until(lambda: bench.faults("F25")[-1:] == ["warn"], bench.why)
        with brokers.amqtt(port), far(port, protocol=MQTTv311) as viewer:
            until(lambda: bench.faults("F25")[-1] == "cleared", bench.why)
            assert viewer.wait_for("status")["online"] is True
            undisturbed(bench, since)


def test_who_may_do_what_is_the_brokers_to_say(tmp_path: Path) -> None:
    with brokers.secured(tmp_path) as broker:
        port, ca = broker.broker.port, broker.ca

        def somebody(user: str) -> "contextlib.AbstractContextManager[Far]":
            return far(port, user=user, password=f"secret of {user}", ca=ca, protocol=MQTTv5)

        with (
            walking(broker.url("bench", BENCH)) as bench,
            somebody("viewer") as viewer,
            somebody("tuner") as tuner,
        ):
            bench.walks()
            assert tuner.ask(change={"program.extension_ms": 180.0})["verdict"] == "accepted"
            # A broker confirms what it does not hand on: no answer is what tells the sender.
            forged = viewer.command(change={"program.extension_ms": 10.0})
            for sender in ("viewer", "tuner"):
                viewer.publish(f"command/set/{sender}", json.dumps(forged))
            tuner.publish("status", json.dumps({"online": False}))
            viewer.publish("state", json.dumps({"armed": False}))
            assert viewer.stop()["verdict"] == "stopped"
            # What was sent before this and has not come when this has come does not come.
            assert tuner.ask(change={"nothing": 1.0})["reason"].startswith("key")
            viewer.wait_for("audit", lambda entry: entry["reason"].startswith("key"))
            assert all(body["online"] for body in viewer.on("status"))
            assert all("session" in body for body in viewer.on("state"))
            # In whoever's name it was sent, the viewer's change is not among them.
            told = [(entry["sender"], entry["verdict"]) for entry in viewer.on("audit")]
            assert told == [
                ("tuner", "accepted"),
                ("viewer", "stopped"),
                ("tuner", "refused"),
            ]


def test_who_one_is_can_be_a_certificates_to_say(tmp_path: Path) -> None:
    with brokers.certified(tmp_path) as broker, walking(broker.url("bench", BENCH)) as bench:
        bench.walks()
        # The name in the address gives nobody another one's rights.
        done, told = _remote(broker.url("viewer", BENCH, "tuner"), "program.extension_ms=180")
        assert done == 2
        assert "the broker refused it, so nothing was applied: Not authorized: tuner (or" in told
        done, told = _remote(broker.url("tuner", BENCH), "program.extension_ms=180")
        assert done == 0, told
        done, told = _remote(broker.url("viewer", BENCH))
        assert done == 0, told
        until(lambda: (now := bench.state()) and not now.armed, bench.why)


def _remote(url: str, *pairs: str) -> tuple[int, str]:
    """Ask a bench for a change, or without any for a stop; return exit code and what was said."""
    done = subprocess.run(
        [sys.executable, "-m", "fes_ctrl", "remote", "set" if pairs else "stop", url, *pairs],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("ca", "its certificate does not hold: "),
        ("password", "it does not let bench in; check the name, and the password in "),
    ],
)
def test_a_broker_that_is_not_it_or_refuses_is_told_of_and_the_run_goes_on(
    tmp_path: Path, wrong: str, told: str
) -> None:
    with brokers.secured(tmp_path) as broker:
        url = (
            broker.url("bench", BENCH, ca=broker.stranger)
            if wrong == "ca"
            else broker.url("bench", BENCH, password_file=broker.passwords["viewer"])
        )
        with walking(url) as bench:
            said = until(lambda: [line for line in bench.said if told in line], bench.why)
            assert said[0].startswith(
                f"telemetry: no connection, tried again while the run goes on: "
                f"mqtts://{brokers.HERE}:{broker.broker.port}: "
            )
            assert "_ssl.c" not in said[0]
            bench.walks()
            assert "secret" not in str(bench.said)


def test_a_bench_that_the_broker_lets_say_nothing_is_told_so(tmp_path: Path) -> None:
    with brokers.secured(tmp_path) as broker:
        # Whoever may watch gave a bench's name, or another one's.
        with walking(broker.url("viewer", BENCH), patience_us=PATIENCE_US) as bench:
            until(lambda: bench.faults("F25"), bench.why)
            bench.walks()
            said = [line for line in list(bench.said) if "refuses" in line]
        assert len(said) == 1, "and not for each message"
        assert f"the broker refuses fes/{BENCH}/" in said[0]
        assert "(Not authorized): viewer may not write it; check the bench's name" in said[0]
        (fault,) = [each for each in bench.records if isinstance(each, Fault) and each.id == "F25"]
        assert fault.detail.startswith("telemetry is not taken: the broker refuses")


def test_what_a_broker_refuses_is_counted_apart_and_told_of_until_it_takes_it(
    tmp_path: Path,
) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite #\ntopic deny fes/+/metrics\n")
    acl.chmod(0o600)
    lines = ("allow_anonymous true", f"acl_file {acl}")
    with brokers.running(tmp_path, *lines) as broker, far(broker.port) as viewer:
        url = f"mqtt://127.0.0.1:{broker.port}/{BENCH}"
        with walking(url, patience_us=PATIENCE_US) as bench:
            told = viewer.wait_for("health", lambda body: body["refused"].get("metrics", 0) >= 2)
            assert set(told["refused"]) == {"metrics"}
            assert viewer.on("metrics") == []
            until(lambda: bench.faults("F25") == ["warn"], bench.why)
            acl.write_text("topic readwrite #\n")
            broker.reload()
            until(lambda: bench.faults("F25") == ["warn", "cleared"], bench.why)
            until(lambda: viewer.on("metrics"), bench.why)
            assert "takes it again" in bench.said[-1]


def test_a_run_that_is_killed_is_told_of(tmp_path: Path) -> None:
    run = [sys.executable, "-m", "fes_ctrl", "run", "--sensor", "metronome:?stride_s=1.0"]
    with brokers.mosquitto(tmp_path) as port, serving(pulses=tmp_path / "pulses") as device:
        url = f"mqtt://127.0.0.1:{port}/{BENCH}"
        process = subprocess.Popen(
            [*run, "--stimulator", f"p24://{device}", "--telemetry", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with far(port) as viewer:
                assert viewer.wait_for("status")["simulated"] is True
                viewer.wait_for("metrics")
                process.kill()
                gone = viewer.wait_for("status", lambda body: not body["online"])
                assert gone["why"] == "killed"
        finally:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()


def test_files_of_the_folder_in_which_somebody_works_are_none_of_pythons(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("raise SystemExit('somebody works on chance here')")
    # As the installed command, which does not look into the folder itself.
    fes_ctrl = "import sys; sys.path.pop(0); from fes_ctrl.cli import main; main()"
    walk = [sys.executable, "-c", fes_ctrl, "walk", "standard", "--clock", "real"]
    with brokers.mosquitto(tmp_path) as port:
        url = f"mqtt://127.0.0.1:{port}/{BENCH}"
        done = subprocess.run(
            [*walk, "--set", "walk.duration_s=2", "--telemetry", url],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=tmp_path,
        )
    assert "telemetry: connected" in done.stderr, done.stderr
    assert "somebody works" not in done.stderr


def test_what_stays_of_a_walk_that_is_over_is_that_it_is_over(tmp_path: Path) -> None:
    walk = [sys.executable, "-m", "fes_ctrl", "walk", "standard", "--clock", "real"]
    with brokers.mosquitto(tmp_path) as port:
        url = f"mqtt://127.0.0.1:{port}/{BENCH}"
        done = subprocess.run(
            [*walk, "--set", "walk.duration_s=2", "--telemetry", url],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "connected" in done.stderr, done.stderr
        with far(port) as viewer:
            status = viewer.wait_for("status")
            assert (status["why"], status["seq"]) == ("ended", 0), "in the place of the last will"
            assert status["t_us"] > 1_000_000
            assert viewer.wait_for("state")["armed"] is False
