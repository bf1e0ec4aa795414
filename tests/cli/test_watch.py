"""``fes-ctrl watch`` on a real broker: who is there, what changes, and how it ends."""

import contextlib
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from helpers.brokers import HERE, Mosquitto, amqtt, free_port, mosquitto, running, secured
from helpers.far_bench import FarBench, far_bench
from helpers.processes import DEADLINE_S, told

OLD = MQTTProtocolVersion.MQTTv311
FES_CTRL = (sys.executable, "-m", "fes_ctrl")


def watch(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FES_CTRL, "watch", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as found:
        yield found


@pytest.fixture
def bench(port: int) -> Iterator[FarBench]:
    with far_bench(port) as found:
        yield found


@pytest.mark.real_time
def test_once_prints_how_the_benches_stand_and_ends(port: int, bench: FarBench) -> None:
    bench.up()
    fault = {"id": "F12", "reaction": "latch", "leg": "left", "detail": "no \x1b[31melectrode"}
    bench.say("state", armed=False, level_percent=0, activity={}, faults=[fault])
    done = watch(f"mqtt://{HERE}:{port}", "--once", "0.5")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    head, row, fault_row, last = done.stdout.splitlines()
    assert head.split()[:2] == ["bench", "is"]
    assert row.split()[:5] == ["bench-3", "simulated", "online", "not", "armed"]
    assert fault_row.strip() == "F12 latch, left: no ?[31melectrode"
    assert last == f"1 online on mqtt://{HERE}:{port}, connected, MQTT 5"


@pytest.mark.real_time
def test_once_as_json_is_one_object(port: int, bench: FarBench) -> None:
    bench.up()
    done = watch(f"mqtt://{HERE}:{port}", "bench-3", "bench-9", "--once", "0.5", "--json")
    assert done.returncode == 0, done.stderr
    whole = json.loads(done.stdout)
    assert {each["bench"]: each["presence"] for each in whole["benches"]} == {
        "bench-3": "online",
        "bench-9": "unheard",
    }
    (found,) = [each for each in whole["benches"] if each["bench"] == "bench-3"]
    assert found["live"] is False, "all of it was said before"
    assert (found["armed"], found["level_percent"], found["version"]) == (True, 40, 3)


@pytest.mark.real_time
def test_each_change_is_a_line_of_json(port: int, bench: FarBench) -> None:
    with told(*FES_CTRL, "watch", f"mqtt://{HERE}:{port}", "--json") as lines:
        bench.up()
        first = lines.wait_for(lambda line: line["armed"] is True)
        assert (first["bench"], first["presence"], first["simulated"]) == (
            "bench-3",
            "online",
            True,
        )
        bench.say("state", armed=False, level_percent=0, activity={}, faults=[])
        lines.wait_for(lambda line: line["armed"] is False)
        bench.lose()
        lost = lines.wait_for(lambda line: line["presence"] == "lost")
        assert lost["why"] == "lost"
        lines.process.send_signal(signal.SIGINT)
        assert lines.process.wait(DEADLINE_S) == 130


@pytest.mark.real_time
def test_a_bench_that_says_nothing_for_five_seconds_is_silent(port: int, bench: FarBench) -> None:
    with told(*FES_CTRL, "watch", f"mqtt://{HERE}:{port}", "--json") as lines:
        bench.up()
        lines.wait_for(lambda line: line["presence"] == "online")
        bench.say("health", dropped={})
        lines.wait_for(lambda line: line["live"] is True)
        silent = lines.wait_for(lambda line: line["presence"] == "silent")
        assert 5.0 <= float(str(silent["heard_s"])) < 7.0
        # Counted before it is said: the line may be there when the broker has confirmed it.
        back = len(lines.lines)
        bench.say("health", dropped={})
        lines.wait_for(lambda line: line in lines.lines[back:] and line["presence"] == "online")


@pytest.mark.real_time
def test_a_broker_that_goes_and_comes_is_told_of_and_connected_to_again(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    with running(tmp_path) as broker, errors.open("w") as stderr:
        command = (*FES_CTRL, "watch", f"mqtt://{HERE}:{broker.port}", "--json")
        with told(*command, stderr=stderr) as lines:
            with far_bench(broker.port) as bench:
                bench.up()
                lines.wait_for(lambda line: line["presence"] == "online")
                broker.kill()
                lines.wait_for(lambda line: line["presence"] == "unknown")
            broker.start()
            with far_bench(broker.port, session="another") as bench:
                bench.up()
                lines.wait_for(lambda line: line["session"] == "another")
    said = errors.read_text()
    assert said.count("connected, MQTT 5") == 2
    assert "the broker hung up; tried again in " in said


@contextlib.contextmanager
def _mosquitto_at(folder: Path, port: int) -> Iterator[None]:
    broker = Mosquitto(folder)
    broker.port = port
    broker._text[0] = f"listener {port} {HERE}"
    try:
        broker.start()
        yield
    finally:
        broker.kill()


@pytest.mark.real_time
def test_a_broker_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    port = free_port()
    with errors.open("w") as stderr:
        command = (*FES_CTRL, "watch", f"mqtt://{HERE}:{port}", "--json")
        with told(*command, stderr=stderr) as lines:
            deadline = time.monotonic() + DEADLINE_S
            while "nobody listens there" not in errors.read_text():
                assert time.monotonic() < deadline, lines.why()
                select.select([], [], [], 0.05)
            with _mosquitto_at(tmp_path, port), far_bench(port) as bench:
                bench.up()
                lines.wait_for(lambda line: line["presence"] == "online")


@pytest.mark.real_time
def test_a_broker_of_3_1_1_will_do() -> None:
    with amqtt() as port, far_bench(port, protocol=OLD) as bench:
        bench.up()
        done = watch(f"mqtt://{HERE}:{port}?protocol=3.1.1", "--once", "0.5")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("connected, MQTT 3.1.1")
    assert "bench-3" in done.stdout


@pytest.mark.real_time
def test_who_is_not_let_in_is_told_so_at_once(tmp_path: Path) -> None:
    with secured(tmp_path) as lab:
        done = watch(f"mqtts://{HERE}:{lab.broker.port}?ca={lab.ca}")
        assert done.returncode == 2
        assert "lets nobody in without a name" in done.stderr
        wrong = lab.url("viewer", password_file=lab.passwords["tuner"])
        done = watch(wrong, "--once", "5")
        assert done.returncode == 2
        assert "it does not let viewer in; check the name, and the password" in done.stderr
        done = watch(lab.url("viewer", ca=lab.stranger), "--once", "5")
        assert done.returncode == 2
        assert "its certificate does not hold" in done.stderr
        assert done.stderr.count("\n") == 1
        done = watch(lab.url("viewer"), "--once", "0.3")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("no bench has spoken on mqtts://")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["http://h"], "watch http://h: no broker; write mqtt://HOST"),
        (["mqtt://h", "a/b"], "watch 'a/b': no bench can be called so"),
        (["mqtt://h/+"], "watch '+': no bench can be called so"),
        (["mqtt://h", "--once", "0"], "0.0 is not in the range"),
    ],
)
def test_what_cannot_be_watched_is_refused_in_one_line(arguments: list[str], says: str) -> None:
    done = watch(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_once_without_a_broker_says_what_is_wrong() -> None:
    done = watch(f"mqtt://{HERE}:{free_port()}", "--once", "0.5")
    assert done.returncode == 2
    assert "nobody listens there; is the broker running" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.real_time
def test_once_at_a_broker_that_says_nothing_to_mqtt_5_is_one_line_and_names_the_way_out() -> None:
    with amqtt() as port:
        done = watch(f"mqtt://{HERE}:{port}", "--once", "1")
        assert done.returncode == 2
        assert "?protocol=3.1.1" in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        done = watch(f"mqtt://{HERE}:{port}?protocol=3.1.1", "--once", "1")
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def _nobody_answers() -> Iterator[int]:
    """Yield a port where a connection is neither made nor refused."""
    with socket.socket() as server, contextlib.ExitStack() as stack:
        server.bind((HERE, 0))
        server.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(server.getsockname())
        yield server.getsockname()[1]


@pytest.mark.real_time
def test_ctrl_c_does_not_wait_for_a_broker_that_does_not_answer(tmp_path: Path) -> None:
    with _nobody_answers() as port:
        done = watch(f"mqtt://{HERE}:{port}", "--once", "0.5")
        assert done.returncode == 2
        assert "no answer in 0.5 s; is it a broker" in done.stderr
        screen = Screen(80, *FES_CTRL, "watch", f"mqtt://{HERE}:{port}")
        try:
            screen.until(b"connecting")
            screen.process.send_signal(signal.SIGINT)
            # An attempt to connect takes five seconds and cannot be interrupted.
            assert screen.process.wait(2.5) == 130
        finally:
            screen.close()


@pytest.mark.real_time
def test_a_reader_who_leaves_ends_it_quietly(port: int, bench: FarBench) -> None:
    bench.up()
    process = subprocess.Popen(
        [*FES_CTRL, "watch", f"mqtt://{HERE}:{port}", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert json.loads(process.stdout.readline())["bench"] == "bench-3"
        process.stdout.close()
        bench.say("state", armed=False, level_percent=0, activity={}, faults=[])
        assert process.wait(DEADLINE_S) == 2
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


class Screen:
    """A terminal of some width that a program draws on."""

    def __init__(self, width: int, *command: str) -> None:
        self.seen = b""
        self._near, far = pty.openpty()
        ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 20, width, 0, 0))
        environment = {**os.environ, "TERM": "xterm"}
        environment.pop("COLUMNS", None)
        self.process = subprocess.Popen(
            command, stdin=far, stdout=far, stderr=far, env=environment, start_new_session=True
        )
        os.close(far)

    def until(self, text: bytes) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen[-3000:]
            if select.select([self._near], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._near, 65536)
                except OSError:
                    break
        assert text in self.seen, self.seen[-3000:]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._near)


@pytest.mark.real_time
def test_on_a_terminal_it_is_drawn_and_ctrl_c_leaves_the_terminal_as_it_was(
    port: int, bench: FarBench
) -> None:
    screen = Screen(60, *FES_CTRL, "watch", f"mqtt://{HERE}:{port}")
    try:
        bench.up()
        screen.until(b"bench-3")
        screen.until(b"ARMED 40 %")
        fault = {"id": "F12", "reaction": "latch", "leg": "left", "detail": "\x1b]0;owned\x07"}
        bench.say("state", armed=False, level_percent=0, activity={}, faults=[fault])
        screen.until(b"F12 latch, left: ?]0;owned?")
        screen.process.send_signal(signal.SIGINT)
        screen.until(b"interrupted")
        assert screen.process.wait(DEADLINE_S) == 130
        assert b"Traceback" not in screen.seen
        assert screen.seen.count(b"\x1b[?1049h") == screen.seen.count(b"\x1b[?1049l") == 1
        assert screen.seen.rindex(b"\x1b[?25h") > screen.seen.rindex(b"\x1b[?25l")
        assert b"\x1b]0;" not in screen.seen
    finally:
        screen.close()
