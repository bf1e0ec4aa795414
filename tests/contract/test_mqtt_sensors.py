"""Sensors at real brokers: what comes in time counts, and nothing else does."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import CallbackAPIVersion, Client

from fes_ctrl.model import HEEL_SWITCH, LEFT, RIGHT, Sample
from fes_ctrl.runlog.reader import read_log
from fes_ctrl.runtime.realtime import RealClock
from fes_ctrl.sensors.arrivals import arrivals_of
from fes_ctrl.sensors.mqtt import MqttSensors
from fes_ctrl.sensors.source import PromptSource, SensorError, Worn
from fes_ctrl.sensors.url import open_source, open_sources, parse_sensor_url
from helpers.brokers import (
    OPEN,
    SLOW,
    Mosquitto,
    amqtt,
    free_port,
    mosquitto,
    proxy,
    running,
    secured,
)
from helpers.processes import tail
from helpers.served import served

pytestmark = pytest.mark.real_time

HEEL = Worn(RIGHT, HEEL_SWITCH)
BOARD = Path(__file__).resolve().parents[2] / "examples" / "board" / "heel_switch.py"
TOPIC = "ward/bed-3/feet"
DEADLINE_S = 20.0
SLACK_MS = 500
"""What may pass on a machine that does much else; where it is about age, less is said."""


class Board:
    """A board that publishes a reading every 10 ms, in a thread, until it is told otherwise."""

    def __init__(self, port: int, topic: str = TOPIC, leg: str = "right") -> None:
        self.topic = topic
        self.leg = leg
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.seq = 0
        self.taken_us: dict[int, int] = {}
        """When each reading was taken, on this machine's clock."""

    def line(self) -> str:
        """Return the next reading."""
        self.seq += 1
        self.taken_us[self.seq] = time.monotonic_ns() // 1000
        return f"{self.leg},heel_switch,{self.seq},{self.taken_us[self.seq]},{self.seq % 2}"

    def say(self, payload: str, *, retain: bool = False) -> None:
        """Publish something, and wait until it has left."""
        self.client.publish(self.topic, payload, qos=0, retain=retain).wait_for_publish(DEADLINE_S)

    def close(self) -> None:
        """End it."""
        self.client.disconnect()
        self.client.loop_stop()


@contextlib.asynccontextmanager
async def board_at(port: int, *what: str) -> AsyncIterator[Board]:
    """Yield a board that sends readings all the while."""
    board = Board(port, *what)

    async def send() -> None:
        while True:
            board.client.publish(board.topic, board.line(), qos=0)
            await asyncio.sleep(0.01)

    sending = asyncio.create_task(send())
    try:
        yield board
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        board.close()


@contextlib.contextmanager
def source_at(
    port: int, max_age_ms: float = SLACK_MS, *more: str
) -> Iterator[tuple[MqttSensors, list[Sample]]]:
    """Yield a source at a broker, and the samples that it hands on."""
    options = "&".join(("sensors=right.heel_switch", f"max_age_ms={max_age_ms}", *more))
    url = f"mqtt://127.0.0.1:{port}/{TOPIC}?{options}"
    clock = RealClock(asyncio.get_running_loop())
    source = open_source(parse_sensor_url(url), clock.now_us)
    assert isinstance(source, MqttSensors)
    samples: list[Sample] = []
    source.on_sample = samples.append
    try:
        yield source, samples
    finally:
        source.close()


def a_broker(kind: str, folder: Path) -> contextlib.AbstractContextManager[int]:
    """Return a broker that yields its port; amqtt knows MQTT 3.1.1 only."""
    return mosquitto(folder) if kind == "mosquitto" else amqtt()


async def until(known: Callable[[], object]) -> None:
    """Wait for something to be so."""
    async with asyncio.timeout(DEADLINE_S):
        while not known():  # noqa: ASYNC110 - it is another process that makes it so
            await asyncio.sleep(0.01)


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
async def test_readings_come_and_a_stop_is_heard(tmp_path: Path, kind: str) -> None:
    with a_broker(kind, tmp_path) as port, source_at(port) as (source, samples):
        async with board_at(port) as board:
            await until(lambda: len(samples) > 20)
            assert {sample[3:] for sample in samples} == {
                (RIGHT, HEEL_SWITCH, (0.0,)),
                (RIGHT, HEEL_SWITCH, (1.0,)),
            }
            assert all(sample.t_meas_us <= sample.t_arrive_us for sample in samples)
            stopped = asyncio.Event()
            source.on_stop = stopped.set
            board.client.publish(TOPIC, "stop", qos=0)
            await until(stopped.is_set)
        assert source.link.up
        assert source.link.why == ("MQTT 5" if kind == "mosquitto" else "MQTT 3.1.1")
        assert source.lines.bad == 0


@pytest.mark.asyncio
async def test_a_board_on_each_leg_is_one_source(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        at = f"mqtt://127.0.0.1:{port}"
        urls = (
            f"{at}/a/right?sensors=right.heel_switch&max_age_ms={SLACK_MS}",
            f"{at}/a/left?sensors=left.heel_switch&max_age_ms={SLACK_MS}",
        )
        places = [parse_sensor_url(url) for url in urls]
        source = open_sources(places, RealClock(asyncio.get_running_loop()).now_us)
        assert isinstance(source, PromptSource)
        samples: list[Sample] = []
        source.on_sample = samples.append
        try:
            async with board_at(port, "a/right", "right"), board_at(port, "a/left", "left"):
                await until(lambda: {sample.leg for sample in samples} == {LEFT, RIGHT})
        finally:
            source.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kind", "protocol"), [("mosquitto", "5"), ("mosquitto", "3.1.1"), ("amqtt", "3.1.1")]
)
async def test_what_is_retained_is_neither_a_reading_nor_a_stop(
    tmp_path: Path, kind: str, protocol: str
) -> None:
    """A stop of last week stops nothing; one that is said now does, retained or not."""
    with a_broker(kind, tmp_path) as port:
        board = Board(port)
        board.say("stop", retain=True)
        with source_at(port, SLACK_MS, f"protocol={protocol}") as (source, _):
            stopped = asyncio.Event()
            source.on_stop = stopped.set
            await until(lambda: source.link.up)
            board.say("# only a remark")
            board.say("noise")
            await until(lambda: source.lines.bad)
            assert not stopped.is_set()
            # MQTT 5 does not send it at all.
            assert sum(source.left_out.values()) == (protocol == "3.1.1")
            board.say("stop", retain=True)
            await until(stopped.is_set)
        board.close()


@pytest.mark.asyncio
async def test_an_encrypted_line_needs_a_broker_that_proves_who_it_is(tmp_path: Path) -> None:
    """The names are those of telemetry, of which one may write there and the other read."""
    with secured(tmp_path) as place:
        now_us = RealClock(asyncio.get_running_loop()).now_us
        topic = "fes/feet/status"
        url = place.url("viewer", topic, sensors="right.heel_switch")
        strange = place.url("viewer", topic, sensors="right.heel_switch", ca=place.stranger)
        source, stranger = (open_source(parse_sensor_url(each), now_us) for each in (url, strange))
        assert isinstance(source, MqttSensors)
        assert isinstance(stranger, MqttSensors)
        board = Client(CallbackAPIVersion.VERSION2)
        board.username_pw_set("bench", "secret of bench")
        board.tls_set(str(place.ca))
        board.connect("127.0.0.1", place.broker.port)
        board.loop_start()
        try:
            await until(lambda: source.link.up and stranger.link.up is False)
            assert stranger.link.why.startswith("its certificate does not hold: ")
            assert stranger.link.why.endswith("name the authority that signed it, ?ca=FILE")
            board.publish(topic, "right,heel_switch,1,1000,1")
            await until(lambda: source.in_time[HEEL].held)
        finally:
            board.disconnect()
            board.loop_stop()
            source.close()
            stranger.close()


@pytest.mark.asyncio
async def test_a_certificate_that_cannot_be_read_is_refused_at_once(tmp_path: Path) -> None:
    ca = tmp_path / "none.pem"
    place = parse_sensor_url(f"mqtts://lab/{TOPIC}?sensors=right.heel_switch&ca={ca}")
    with pytest.raises(SensorError, match=r"none\.pem: No such file"):
        open_source(place, lambda: 0)


@pytest.mark.asyncio
async def test_a_reading_without_its_time_is_no_reading(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port, source_at(port) as (source, samples):
        board = Board(port)
        await until(lambda: source.link.up)
        board.say("right,heel_switch,1,,1\nright,heel_switch,2,,1")
        board.say("x" * 9000)
        await until(lambda: source.left_out)
        assert source.lines.bad == 0, "it is counted once"
        assert source.in_time[HEEL].unstamped == 2
        assert not samples
        board.close()


@pytest.mark.asyncio
async def test_what_came_and_did_not_count_is_added_up_each_once(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port, source_at(port) as (source, samples):
        board = Board(port)
        await until(lambda: source.link.up)
        while not samples:
            board.say(board.line())
            await asyncio.sleep(0.01)
        board.line()
        board.line()
        board.say("noise")
        board.say(f"noise\n{(again := board.line())}\nmore")
        board.say(again)
        board.seq += 1
        board.say(f"right,heel_switch,{board.seq},,1")
        board.say(board.line())
        await until(lambda: samples[-1].seq == board.seq)
        board.say("x" * 9000)
        await until(lambda: source.left_out)
        assert source.pid is not None
        os.kill(source.pid, signal.SIGKILL)
        await until(lambda: source.link.up is False)
        await until(lambda: source.link.up)
        board.say("y" * 9000)
        await until(lambda: sum(source.left_out.values()) > 1)
        found = arrivals_of(source)
        board.close()
    assert found is not None
    counts = found.readings["right.heel_switch"]
    assert counts.pop("held") > 0
    assert counts == {
        "in_time": len(samples), "late": 0, "lost": 2, "disordered": 1, "unstamped": 1
    }  # fmt: skip
    assert found.not_read == {"longer than 8192 bytes": 2, "no reading": 3}
    assert str(found) == (
        f"right.heel_switch: {len(samples)} readings in time, 2 lost, 1 twice or out of order, "
        "1 without their time (t_us); not read: 2 longer than 8192 bytes, 3 no reading"
    )


@pytest.mark.asyncio
async def test_a_broker_that_stalls_hands_on_nothing_old_when_it_goes_on(tmp_path: Path) -> None:
    """Two seconds of readings come at once; those that count are of the last 60 ms."""
    with running(tmp_path) as broker, source_at(broker.port, 60) as (source, samples):
        async with board_at(broker.port):
            await until(lambda: len(samples) > 20)
            late = source.in_time[HEEL].late
            broker.stall()
            await asyncio.sleep(0.2)  # what was on its way
            before = len(samples)
            await asyncio.sleep(2.0)
            assert len(samples) == before
            broker.go_on()
            await until(lambda: len(samples) > before + 20)
        backlog = source.in_time[HEEL].late - late
        assert backlog > 150
        assert all(sample.t_arrive_us - sample.t_meas_us <= 60_000 for sample in samples)


@pytest.mark.asyncio
async def test_a_line_that_is_too_slow_for_its_board_makes_all_late_until_it_is_not(
    tmp_path: Path,
) -> None:
    """A queue grows on the board's side, and drains; the age of what counts is known here."""
    came_us: dict[int, int] = {}
    with (
        mosquitto(tmp_path) as port,
        proxy(port) as line,
        source_at(port, 60) as (source, _),
    ):
        source.on_sample = lambda sample: came_us.update({sample.seq: time.monotonic_ns() // 1000})
        async with board_at(line.port) as board:
            await until(lambda: len(came_us) > 20)
            line.mode = SLOW
            await asyncio.sleep(2.0)
            before = len(came_us)
            await asyncio.sleep(1.0)
            assert len(came_us) == before
            line.mode = OPEN
            await until(lambda: len(came_us) > before + 100)
        assert source.in_time[HEEL].late > 50
        oldest_us = max(at_us - board.taken_us[seq] for seq, at_us in came_us.items())
        # Besides the least delay, and what passed between arrival and here.
        assert oldest_us <= 60_000 + 20_000


@pytest.mark.asyncio
async def test_a_broker_that_comes_late_and_dies_is_found_again(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    with source_at(broker.port) as (source, samples):
        await until(lambda: source.link.up is False)
        assert "nobody listens there; is the broker running" in source.link.why
        for _ in range(2):
            broker.start()
            try:
                async with board_at(broker.port):
                    seen = len(samples)
                    await until(lambda seen=seen: len(samples) > seen + 20)
            finally:
                broker.kill()
            await until(lambda: source.link.up is False)


@pytest.mark.asyncio
async def test_the_process_that_listens_may_die(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port, source_at(port) as (source, samples):
        async with board_at(port):
            await until(lambda: len(samples) > 20)
            assert source.pid is not None
            os.kill(source.pid, signal.SIGKILL)
            await until(lambda: source.link.up is False)
            seen = len(samples)
            await until(lambda: len(samples) > seen + 20)
        assert source.in_time[HEEL].lost > 0


@pytest.mark.asyncio
async def test_a_backlog_that_is_too_much_gives_way_from_its_old_end(tmp_path: Path) -> None:
    """But not a stop in the middle of it."""
    with mosquitto(tmp_path) as port, source_at(port) as (source, samples):
        async with board_at(port) as board:
            await until(lambda: len(samples) > 20)
            assert source.pid is not None
            os.kill(source.pid, signal.SIGSTOP)
            stopped = asyncio.Event()
            source.on_stop = stopped.set
            for number in range(3000):
                board.client.publish(TOPIC, "stop" if number == 1000 else board.line(), qos=0)
            await asyncio.sleep(0.5)
            os.kill(source.pid, signal.SIGCONT)
            await until(stopped.is_set)
            seen = len(samples)
            await until(lambda: len(samples) > seen + 20)
        assert sum(source.left_out.values()) > 1000
        assert samples[-1].seq >= 3000


@pytest.mark.asyncio
async def test_without_a_process_that_listens_there_are_no_sensors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(SensorError, match="no process can be started"), source_at(free_port()):
        pass


# -- a run ----------------------------------------------------------------------------------------


def type_to(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def wait_for(log: Path, text: str, times: int = 1) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not log.is_file() or log.read_text().count(text) < times:
        assert time.monotonic() < deadline, f"{text}\n{tail(log)}"
        time.sleep(0.05)


@contextlib.contextmanager
def walking(port: int, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Yield a run of which pulses come: sensors at a broker, a simulated feslink at a terminal."""
    log = folder / "log.jsonl"
    board = subprocess.Popen([sys.executable, str(BOARD), f"127.0.0.1:{port}", TOPIC])
    with served(device="feslink") as told:
        run = subprocess.Popen(
            [
                *(sys.executable, "-m", "fes_ctrl", "run", "--arm-allowed", "bench"),
                *("--sensor", f"mqtt://127.0.0.1:{port}/{TOPIC}?sensors=right.heel_switch"),
                *("--stimulator", f"feslink://{told['port']}", "--out", str(folder)),
            ],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            wait_for(log, '"report":"up"')
            type_to(run, "arm")
            wait_for(log, '"armed":true')
            # No more than a burst may begin with: where this machine is too busy to give the first
            # pulses of a rise, the device would refuse what comes after them (F31).
            type_to(run, "level 40")
            wait_for(log, '"kind":"written"', 20)
            yield run
        finally:
            run.kill()
            run.communicate()
            board.kill()
            board.wait()


def test_a_broker_that_stalls_ends_the_burst_and_walking_resumes_by_itself(tmp_path: Path) -> None:
    out = tmp_path / "run"
    log = out / "log.jsonl"
    with running(tmp_path) as broker, walking(broker.port, out) as run:
        broker.stall()
        wait_for(log, '"id":"F04","reaction":"inhibit"')
        time.sleep(0.5)
        broker.go_on()
        wait_for(log, '"id":"F04","reaction":"cleared"')
        bursts = log.read_text().count('"kind":"burst",')
        wait_for(log, '"kind":"burst",', bursts + 2)
        type_to(run, "info")
        type_to(run, "quit")
        _, said = run.communicate(timeout=30)
        assert run.returncode == 0, said
    assert f"sensors: listening at mqtt://127.0.0.1:{broker.port} to {TOPIC}" in said
    assert "right.heel_switch too late, so left out: " in said
    assert re.search(r" pulses given; sensors: right\.heel_switch: \d+ readings in time, ", said)
    arrivals = json.loads((out / "summary.json").read_text())["arrivals"]
    counts = arrivals["readings"]["right.heel_switch"]
    assert counts["late"] > 20, "those that the broker held"
    assert f"sensors: right.heel_switch: {counts['in_time']} readings in time, " in said
    assert f" {counts['late']} too late" in said
    records: list[dict[str, Any]] = list(read_log(log))
    samples = [record for record in records if record["kind"] == "sample"]
    # The board sends a hundred a second; those that come while the run ends are in no log.
    assert 0 <= counts["in_time"] - len(samples) < 100
    faults = [record for record in records if record["kind"] == "fault" and record["id"] == "F04"]
    silent, fresh = faults[0], next(f for f in faults if f["reaction"] == "cleared")
    last = max(sample["now"] for sample in samples if sample["now"] < silent["t"])
    assert silent["t"] - last == pytest.approx(100_000, abs=1_000)
    assert all(sample["arrive"] - sample["meas"] <= 60_000 for sample in samples)
    told = [record for record in records if record["kind"] in ("setpoint", "burst")]
    # A pulse that was due just before the silence may be given just after it was due itself.
    assert not [each for each in told if silent["now"] < each["now"] < fresh["t"]]
    assert any(each["now"] > fresh["t"] for each in told)
    actions = {record["action"] for record in records if record["kind"] == "operator"}
    assert actions == {"arm", "level", "stop"}
