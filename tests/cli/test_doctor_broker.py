"""``fes-ctrl doctor --broker``: whether a broker can be used from here, and what is wrong."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt.client import CallbackAPIVersion, Client

from helpers.brokers import (
    HERE,
    Mosquitto,
    amqtt,
    certified,
    free_port,
    mosquitto,
    running,
    secured,
)
from helpers.far_bench import far_bench

FES_CTRL = (sys.executable, "-m", "fes_ctrl")


def doctor(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FES_CTRL, "doctor", "--broker", url, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.real_time
def test_a_good_broker_is_told_of_step_by_step(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        done = doctor(f"mqtt://{HERE}:{port}")
    assert done.returncode == 0, done.stdout
    told = done.stdout
    for line in (
        f"mqtt://{HERE}:{port}\nname: {HERE}\nport: reached in ",
        "encrypted: no; anybody on the way can read",
        "user: anybody, without a name, let in after ",
        "version: MQTT 5\n",
        "a message is confirmed after ",
        "and is back after ",
        "retained messages: kept\n",
        "clocks: no bench has spoken",
        "verdict: this broker can be used from here\n",
    ):
        assert line in told


def kept_at(port: int) -> list[str]:
    """Leave a message at a broker, and return the topics of all that it keeps."""
    kept: list[str] = []
    client = Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: kept.append(message.topic)
    client.connect(HERE, port)
    client.loop_start()
    try:
        client.publish("ours", b"kept", qos=1, retain=True).wait_for_publish(5.0)
        client.subscribe("#", qos=1)
        time.sleep(1.0)
    finally:
        client.disconnect()
        client.loop_stop()
    return kept


@pytest.mark.real_time
def test_it_leaves_nothing_on_the_broker(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        assert doctor(f"mqtt://{HERE}:{port}").returncode == 0
        assert kept_at(port) == ["ours"], "what we left there, and nothing else"


@pytest.mark.real_time
def test_of_an_encrypted_line_it_says_who_signed_and_until_when(tmp_path: Path) -> None:
    with secured(tmp_path) as lab:
        done = doctor(lab.url("viewer"), "--json")
        assert done.returncode == 0, done.stdout
        whole = json.loads(done.stdout)
        assert whole["tls"]["issuer"] == "authority"
        assert whole["tls"]["subject"] == HERE
        assert whole["tls"]["until"].endswith("GMT")
        assert whole["user"] == "viewer"
        assert whole["denied"] == ["write"], "and that is no fault"
        assert (whole["bench"], whole["may_publish"]) == (None, None)
        assert (whole["echo_ms"], whole["retained"]) == (None, None)
        assert whole["confirmed_ms"] > 0
        told = doctor(lab.url("viewer")).stdout
        assert "round trip: not measured: this user may not write a topic of ours" in told
        assert "bench: none named; whether one may speak is tried with mqtts://" in told
        assert "retained messages: not tried" in told


@pytest.mark.real_time
def test_whether_a_bench_could_speak_is_tried_where_one_is_named(tmp_path: Path) -> None:
    with secured(tmp_path) as lab:
        done = doctor(lab.url("bench", "bench-3"))
        assert done.returncode == 0, done.stdout
        assert "bench: this user may speak as bench-3\n" in done.stdout
        done = doctor(lab.url("viewer", "bench-3"))
        assert done.returncode == 1
        assert "bench: this user may not speak as bench-3\n" in done.stdout
        assert "verdict: viewer may not speak as bench-3 (Not authorized)" in done.stdout
        done = doctor(lab.url("viewer", "bench-3", protocol="3.1.1"))
        assert done.returncode == 0, done.stdout
        assert "bench: not known whether this user may speak as bench-3" in done.stdout


@pytest.mark.real_time
def test_each_way_not_to_be_let_in_is_told_with_what_to_do(tmp_path: Path) -> None:
    with secured(tmp_path) as lab:
        for url, says in (
            (lab.url("viewer", ca=lab.stranger), "its certificate does not hold"),
            (lab.url("viewer", password_file=lab.passwords["tuner"]), "does not let viewer in"),
            (f"mqtts://{HERE}:{lab.broker.port}?ca={lab.ca}", "lets nobody in without a name"),
            (f"mqtt://{HERE}:{lab.broker.port}", "is it a broker"),
        ):
            done = doctor(url)
            assert done.returncode == 1
            assert done.stdout.splitlines()[-1].startswith("verdict: ")
            assert says in done.stdout.splitlines()[-1]


@pytest.mark.real_time
def test_a_broker_that_wants_a_certificate_is_told_of_and_one_is_taken(tmp_path: Path) -> None:
    with certified(tmp_path) as lab:
        named = lab.url("viewer").replace("viewer@", "")
        done = doctor(named.partition("&cert=")[0])
        assert done.returncode == 1
        assert "want a certificate of ours (?cert=FILE" in done.stdout.splitlines()[-1]
        done = doctor(named)
        assert done.returncode == 0, done.stdout
        assert f"user: whoever {tmp_path / 'viewer.pem'} says, let in" in done.stdout


@pytest.mark.real_time
def test_a_bench_whose_clock_is_wrong_is_named_and_one_whose_is_right_is_told(
    tmp_path: Path,
) -> None:
    with mosquitto(tmp_path) as port, far_bench(port) as good, far_bench(port, "late") as late:
        process = subprocess.Popen(
            [*FES_CTRL, "doctor", "--broker", f"mqtt://{HERE}:{port}", "--json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        while process.poll() is None:
            good.say("health", dropped={})
            late.say("health", dropped={}, utc_us=time.time_ns() // 1000 - 30_000_000)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
        assert process.stdout is not None
        whole = json.loads(process.stdout.read())
        process.stdout.close()
    assert process.returncode == 1
    assert abs(whole["clocks_ms"]["bench-3"]) < 1000
    assert whole["clocks_ms"]["late"] == pytest.approx(-30_000, abs=1000)
    (reason,) = whole["verdict"]["reasons"]
    assert "the clock of late is 30.0 s behind ours" in reason


@pytest.mark.real_time
def test_a_broker_of_3_1_1_is_found_to_be_one() -> None:
    with amqtt() as port:
        begun_s = time.monotonic()
        done = doctor(f"mqtt://{HERE}:{port}", "--json")
        assert time.monotonic() - begun_s < 14, "ten seconds, and those that Python takes"
    whole = json.loads(done.stdout)
    assert done.returncode == 0, whole
    assert (whole["protocol"], whole["retained"]) == ("3.1.1", True)
    assert done.stderr == ""


@pytest.mark.real_time
def test_a_broker_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    with running(tmp_path) as broker:
        broker.stall()
        begun_s = time.monotonic()
        done = doctor(f"mqtt://{HERE}:{broker.port}")
        assert time.monotonic() - begun_s < 14
        broker.go_on()
    assert done.returncode == 1
    assert "verdict: no answer in time; is it a broker" in done.stdout
    assert done.stderr == ""


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("end", "told"),
    [(Mosquitto.kill, "the broker hung up"), (Mosquitto.stall, "the broker has stopped answering")],
)
def test_a_broker_that_ends_or_stops_while_it_is_looked_at_is_not_called_good(
    end: Callable[[Mosquitto], None], told: str, tmp_path: Path
) -> None:
    with (
        running(tmp_path) as broker,
        subprocess.Popen(
            [*FES_CTRL, "doctor", "--broker", f"mqtt://{HERE}:{broker.port}/bench-3"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        deadline = time.monotonic() + 20
        # It has kept a message and forgotten it again: now the clocks are waited for.
        while "/kept', ... (0 bytes))" not in broker.log.read_text():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        end(broker)
        said, errors = process.communicate(timeout=20)
    assert said.splitlines()[-1] == f"verdict: the connection did not last: {told}"
    assert "bench: this user may speak as bench-3\n" in said
    assert (process.returncode, errors) == (1, "")


@pytest.mark.real_time
def test_a_broker_that_hangs_up_on_whom_it_let_in_is_told_of_in_words() -> None:
    welcome = b"\x20\x03\x00\x00\x00"
    with socket.create_server((HERE, 0)) as server:
        process = subprocess.Popen(
            [*FES_CTRL, "doctor", "--broker", f"mqtt://{HERE}:{server.getsockname()[1]}/bench-3"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        server.settimeout(0.2)
        while process.poll() is None:
            try:
                line = server.accept()[0]
            except TimeoutError:
                continue
            with line:
                line.settimeout(5.0)
                if line.recv(4096):
                    line.sendall(welcome)
        said, errors = process.communicate()
    assert (process.returncode, errors) == (1, "")
    assert "version: MQTT 5\n" in said
    assert "whether this user may speak as bench-3: it was not come to\n" in said
    assert said.splitlines()[-1] == "verdict: the connection did not last: the broker hung up"


def test_nobody_there_is_a_verdict_that_says_what_to_do() -> None:
    done = doctor(f"mqtt://{HERE}:{free_port()}")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == (
        "verdict: nobody listens there; is the broker running, and is this its port?"
    )
    done = doctor("mqtt://no-such-host.invalid")
    assert done.returncode == 1
    assert "verdict: no machine of that name is known" in done.stdout


def test_somebody_else_who_hangs_up_is_no_broker() -> None:
    with socket.create_server((HERE, 0)) as server:
        process = subprocess.Popen(
            [*FES_CTRL, "doctor", "--broker", f"mqtt://{HERE}:{server.getsockname()[1]}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        server.settimeout(20)
        while process.poll() is None:
            server.settimeout(0.2)
            try:
                server.accept()[0].close()
            except TimeoutError:
                continue
        assert process.stdout is not None
        said = process.stdout.read()
        process.stdout.close()
    assert process.returncode == 1
    assert "is it a broker" in said.splitlines()[-1]


def test_what_cannot_be_asked_is_refused() -> None:
    for url, says in (("http://h", "--broker http://h: no broker"), ("mqtts://h?ca=none", "none")):
        done = doctor(url)
        assert done.returncode == 2
        assert says in done.stderr
    done = doctor("mqtt://h", "--ports")
    assert done.returncode == 2
    assert "ask one at a time" in done.stderr


@pytest.mark.parametrize("path", ["a/b", "a%20b", "a/b/c"])
def test_a_bench_that_could_not_be_one_is_refused_as_everywhere(path: str) -> None:
    done = doctor(f"mqtt://{HERE}:{free_port()}/{path}")
    assert done.returncode == 2
    assert "it names no bench; write" in done.stderr
