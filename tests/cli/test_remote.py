"""``fes-ctrl remote`` on real brokers: against a real run, and against benches that say nothing."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from fes_ctrl.telemetry.connection import CONFIRMED_S
from helpers.brokers import HERE, amqtt, free_port, mosquitto, running, secured
from helpers.far_bench import FarBench, far_bench
from helpers.processes import told
from helpers.served import serving

OLD = MQTTProtocolVersion.MQTTv311
FES_CTRL = (sys.executable, "-m", "fes_ctrl")


def remote(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FES_CTRL, "remote", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a refusal."""
    assert done.returncode == 2, done.stdout
    assert done.stderr.startswith("fes-ctrl: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as found:
        yield found


@pytest.fixture
def bench(port: int) -> Iterator[FarBench]:
    with far_bench(port) as found:
        found.up()
        yield found


def body(bench: FarBench) -> dict[str, Any]:
    (request,) = bench.requests
    found: dict[str, Any] = json.loads(request.payload)
    return found


# -- a real run -----------------------------------------------------------------------------------


@pytest.mark.real_time
def test_a_run_is_changed_watched_and_stopped_from_afar(tmp_path: Path, port: int) -> None:
    url = f"mqtt://{HERE}:{port}/bench-3"
    watching = (*FES_CTRL, "watch", f"mqtt://{HERE}:{port}", "--json")
    with serving(pulses=tmp_path / "pulses") as device, told(*watching) as lines:
        run = subprocess.Popen(
            [
                *(*FES_CTRL, "run", "--sensor", "metronome:?stride_s=1"),
                *("--stimulator", f"p24://{device}", "--arm-allowed", "bench"),
                *("--telemetry", url, "--out", str(tmp_path / "run")),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert run.stdin is not None
        try:
            seen = lines.wait_for(lambda line: line["presence"] == "online" and line["live"])
            assert seen["simulated"] is True
            assert seen["version"] == 1
            done = remote("set", url, "program.extension_ms=120", "--as", "anna", "--timeout", "5")
            assert done.returncode == 0, done.stderr
            assert done.stdout == "bench-3: accepted as version 2, and in effect\n"
            lines.wait_for(lambda line: line["version"] == 2)
            said = refused(remote("set", url, "program.extension_ms=99999", "--timeout", "5"))
            assert "bench-3 refused it: value: program.extension_ms = 99999: must be 0 to" in said
            said = refused(remote("set", url, "level_percent=50", "--timeout", "5"))
            assert "a remote can only lower the 0 in force" in said
            done = remote("stop", url, "--reason", "the strap is loose", "--timeout", "5")
            assert done.returncode == 0, done.stderr
            assert done.stdout == "bench-3: stopped and disarmed\n"
            run.stdin.write("quit\n")
            run.stdin.close()
            assert run.stdout is not None
            output = run.stdout.read()
            assert run.wait(60) == 0
            lines.wait_for(lambda line: line["presence"] == "ended")
        finally:
            run.kill()
            run.wait()
            if run.stdout is not None:
                run.stdout.close()
    assert "extension_ms = 120: asked for from afar" in output
    assert "stop: asked for from afar" in output
    kept = (tmp_path / "run" / "audit.jsonl").read_text().splitlines()
    trail = [json.loads(line) for line in kept]
    verdicts = [(entry["sender"], entry["verdict"]) for entry in trail if "verdict" in entry]
    assert verdicts[0] == ("anna", "accepted")
    assert [verdict for _, verdict in verdicts[1:]] == ["refused", "refused", "stopped"]


# -- what is said, and how it is told -------------------------------------------------------------


@pytest.mark.real_time
def test_a_command_is_what_the_table_says_and_its_answers_are_waited_for(
    port: int, bench: FarBench
) -> None:
    def answer(message: Any) -> list[dict[str, Any]]:
        id_ = json.loads(message.payload)["id"]
        common = {"id": id_, "reason": "", "version": 4, "again": False}
        return [{**common, "verdict": "accepted"}, {**common, "verdict": "effective"}]

    bench.answer = answer
    url = f"mqtt://{HERE}:{port}/bench-3"
    done = remote(
        *("set", url, "program.extension_ms=120", "level_percent=20"),
        *("--leg", "left", "--as", "anna", "--json"),
    )
    assert done.returncode == 0, done.stderr
    whole = json.loads(done.stdout)
    assert (whole["verdict"], whole["version"], whole["base_version"]) == ("effective", 4, 3)
    (request,) = bench.requests
    assert (request.topic, request.qos) == ("fes/bench-3/command/set/anna", 1)
    asked = body(bench)
    assert asked["id"] == whole["id"]
    properties = request.properties
    assert properties is not None
    assert properties.MessageExpiryInterval <= 2, "what is late is not for the bench"
    assert properties.ResponseTopic == "fes/bench-3/answer/anna"
    assert properties.CorrelationData == UUID(whole["id"]).bytes
    assert request.retain is False
    assert (asked["session"], asked["base_version"], asked["leg"]) == ("nonce", 3, "left")
    assert asked["change"] == {"program.extension_ms": 120, "level_percent": 20}
    assert asked["not_after_us"] - asked["issued_us"] == 2_000_000


@pytest.mark.real_time
def test_what_still_waits_for_a_burst_is_accepted_and_told_as_that(
    port: int, bench: FarBench
) -> None:
    bench.answer = lambda message: [
        {"id": json.loads(message.payload)["id"], "verdict": "accepted", "reason": "", "version": 4}
    ]
    done = remote("set", f"mqtt://{HERE}:{port}/bench-3", "program.extension_ms=120")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "bench-3: accepted as version 4; still waits for the end of a burst\n"


@pytest.mark.real_time
def test_what_another_run_of_the_name_refuses_is_not_what_became_of_it(
    port: int, bench: FarBench
) -> None:
    url = f"mqtt://{HERE}:{port}/bench-3"
    with far_bench(port, session="another") as other:
        refused_there = threading.Event()

        def refuse(message: Any) -> list[dict[str, Any]]:
            threading.Timer(0.2, refused_there.set).start()
            id_ = json.loads(message.payload)["id"]
            why = "session: meant for another run"
            return [{"id": id_, "verdict": "refused", "reason": why, "version": 1}]

        def accept(message: Any) -> list[dict[str, Any]]:
            assert refused_there.wait(10.0)
            common = {"id": json.loads(message.payload)["id"], "reason": "", "version": 4}
            return [{**common, "verdict": "accepted"}, {**common, "verdict": "effective"}]

        other.answer, bench.answer = refuse, accept
        done = remote("set", url, "program.extension_ms=120")
        assert done.returncode == 0, done.stderr
        assert done.stdout == "bench-3: accepted as version 4, and in effect\n"
        # Where nobody else answers, it is the run that was meant which is over.
        bench.answer = lambda _message: []
        said = refused(remote("set", url, "program.extension_ms=120"))
        assert "refused it: session: meant for another run" in said


@pytest.mark.real_time
def test_without_an_answer_it_says_whether_the_version_moved(port: int, bench: FarBench) -> None:
    url = f"mqtt://{HERE}:{port}/bench-3"
    said = refused(remote("set", url, "program.extension_ms=120"))
    assert "did not answer; its parameters are still version 3" in said

    def mute(_message: Any) -> list[dict[str, Any]]:
        bench._publish(
            "parameters",
            bench.message(
                "parameters",
                version=4,
                values={"left": {"program.extension_ms": 120}},
                limits={},
                waiting=False,
            ),
            True,
        )
        return []

    bench.answer = mute
    done = remote("set", url, "program.extension_ms=120", "--json")
    assert "were version 3 and are 4 now, with the values that were asked for" in refused(done)
    whole = json.loads(done.stdout)
    assert (whole["verdict"], whole["moved"], whole["as_asked"]) == ("unanswered", True, True)


@pytest.mark.real_time
def test_a_bench_that_is_not_there_is_asked_for_nothing_but_a_stop(
    port: int, bench: FarBench
) -> None:
    bench.say("status", seq=0, online=False, why="ended")
    url = f"mqtt://{HERE}:{port}"
    said = refused(remote("set", f"{url}/bench-3", "level_percent=20"))
    assert "bench-3 is not there (ended); nothing was sent" in said
    assert bench.requests == []
    said = refused(remote("set", f"{url}/bench-7", "level_percent=20"))
    assert "no bench of the name bench-7 has spoken there" in said
    done = remote("stop", f"{url}/bench-3", "--timeout", "0.3", "--json")
    said = refused(done)
    assert "the stop is NOT confirmed: bench-3 did not answer, the broker has it" in said
    assert "Go to the bench" in said
    assert body(bench)["id"] == json.loads(done.stdout)["id"]


@pytest.mark.real_time
def test_a_stop_is_given_again_until_it_is_answered_and_a_change_once(
    port: int, bench: FarBench
) -> None:
    url = f"mqtt://{HERE}:{port}/bench-3"

    def late(message: Any) -> list[dict[str, Any]]:
        id_ = json.loads(message.payload)["id"]
        answer = {"id": id_, "verdict": "stopped", "reason": "", "version": 4}
        return [answer] if len(bench.requests) == 2 else []

    bench.answer = late
    done = remote("stop", url, "--timeout", "10")
    assert done.returncode == 0, done.stderr
    first, second = bench.requests
    assert first.payload == second.payload, "the bench is to know that it is the same"
    assert first.topic == second.topic == "fes/bench-3/command/stop/" + first.topic.split("/")[-1]
    assert first.properties is not None
    assert first.properties.MessageExpiryInterval > 5, "a late stop still stops"
    bench.requests.clear()
    refused(remote("set", url, "level_percent=20", "--timeout", "2.5"))
    assert len(bench.requests) == 1


@pytest.mark.real_time
def test_a_stop_that_cannot_be_sent_says_so() -> None:
    said = refused(remote("stop", f"mqtt://{HERE}:{free_port()}/bench-3"))
    assert "nobody listens there" in said
    assert "the stop was NOT sent: go to the bench" in said


@pytest.mark.real_time
def test_a_broker_of_3_1_1_carries_a_stop_and_its_answer() -> None:
    with amqtt() as port, far_bench(port, protocol=OLD) as bench:
        bench.answer = lambda message: [
            {"id": json.loads(message.payload)["id"], "verdict": "stopped", "version": 1}
        ]
        done = remote("stop", f"mqtt://{HERE}:{port}/bench-3?protocol=3.1.1", "--reason", "r")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "bench-3: stopped and disarmed\n"
    assert body(bench)["reason"] == "r"


@pytest.mark.real_time
def test_a_stop_does_not_wait_for_a_broker_that_says_nothing_to_the_newest_version() -> None:
    with amqtt() as port, far_bench(port, protocol=OLD) as bench:
        bench.answer = lambda message: [
            {"id": json.loads(message.payload)["id"], "verdict": "stopped", "version": 1}
        ]
        begun_s = time.monotonic()
        done = remote("stop", f"mqtt://{HERE}:{port}/bench-3")
        took_s = time.monotonic() - begun_s
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("bench-3: stopped and disarmed\n", "")
    assert took_s < CONFIRMED_S, "that is how long the newest version is waited for"
    assert len(bench.requests) == 1


@pytest.mark.real_time
def test_that_a_stalled_broker_takes_no_stop_is_told_within_one_wait(tmp_path: Path) -> None:
    with running(tmp_path) as broker:
        broker.stall()
        begun_s = time.monotonic()
        said = refused(remote("stop", f"mqtt://{HERE}:{broker.port}/bench-3"))
        took_s = time.monotonic() - begun_s
        broker.go_on()
    assert "no answer in time" in said
    assert "the stop was NOT sent: go to the bench" in said
    assert took_s < 1.7 * CONFIRMED_S, "one after the other the versions took twice as long"


@pytest.mark.real_time
def test_who_may_not_ask_is_not_told_that_it_was_done(tmp_path: Path) -> None:
    with secured(tmp_path) as lab:
        said = refused(remote("set", lab.url("viewer", "bench-3"), "level_percent=20"))
        assert "no bench of the name bench-3 has spoken there, or viewer may not read" in said
        url = lab.url("tuner", "bench-3")
        done = remote("stop", url, "--as", "anna", "--timeout", "5", "--json")
        said = refused(done)
        assert (
            "the stop was NOT sent: the broker refused it: Not authorized: tuner may not write "
            "fes/bench-3/command/stop/anna. Go to the bench"
        ) in said
        whole = json.loads(done.stdout)
        assert (whole["verdict"], whole["sent"]) == ("denied", False)
        # A broker of 3.1.1 confirms what it refuses too.
        old = lab.url("tuner", "bench-3", protocol="3.1.1")
        done = remote("stop", old, "--as", "anna", "--timeout", "0.5")
        assert "the stop is NOT confirmed: bench-3 did not answer" in refused(done)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["set", "mqtt://h/b", "level_percent"], "write KEY=VALUE"),
        (["set", "mqtt://h/b", "level_percent=much"], "level_percent = 'much': no number"),
        (["set", "mqtt://h/b", "a=1", "a=2"], "a is given twice"),
        (["set", "mqtt://h/b"], "missing argument 'KEY=VALUE...'"),
        (["set", "mqtt://h", "a=1"], "it names no bench; write mqtt://h:1883/BENCH"),
        (["stop", "mqtt://h/a/b"], "it names no bench"),
        (["stop", "mqtt://h/b", "--as", "a/b"], "--as, 'a/b', is no sender's name"),
        (["stop", "mqtt://a%20b@h/b"], "give another with --as"),
        (["set", "mqtt://h/b", "a=1", "--timeout", "1"], "1.0 is not in the range 2.0<=x<=60"),
        (["stop", "mqtt://h/b", "--timeout", "nan"], "nan is no number"),
        (["stop", "mqtt://a%00b@h/b"], "no user can be called so"),
        (["stop", "mqtt://h/b", "--reason", "x" * 201], "write 200 at most"),
        (["set", "mqtt://h/b", "a=1", "--leg", "none"], "'none' is not one of"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(arguments: list[str], says: str) -> None:
    assert re.search(re.escape(says), refused(remote(*arguments)))
