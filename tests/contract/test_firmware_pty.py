"""The firmware in C as a process on a pty, in real time, at the other end of the driver session."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.wire import feslink_messages as fm
from helpers.firmware import build

pytestmark = pytest.mark.real_time

HOST = Path(__file__).resolve().parents[1] / "helpers" / "pty_host.py"
DEADLINE_S = 30.0
DEAD_MAN_MS = 150
SPARE_MS = 50
TRIES = 5
"""A machine that others use may wake a process too late for a pulse; the device latches then."""


class Device:
    """The process, and what it has told so far."""

    def __init__(self, command: Path) -> None:
        self.process = subprocess.Popen(
            [command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.told: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.port = self.expect(lambda told: "port" in told)["port"]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.told.append(json.loads(line))
                self._news.notify_all()

    def expect(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for something that it tells, or has told."""
        with self._news:
            assert self._news.wait_for(lambda: any(map(is_it, self.told)), DEADLINE_S), self.told
            return next(told for told in self.told if is_it(told))

    def wait_for_news(self, known: int, is_it: Callable[[dict[str, Any]], bool]) -> None:
        """Wait for something that it had not told when it had told so much."""
        with self._news:
            assert self._news.wait_for(lambda: any(map(is_it, self.told[known:])), DEADLINE_S)

    def wait_for_pulses(self, count: int) -> bool:
        """Wait for so many pulses; false where it left the session instead."""

        def over() -> bool:
            return len(self.pulses()) >= count or self.state() == fm.LATCHED

        with self._news:
            assert self._news.wait_for(over, DEADLINE_S), self.told
            return len(self.pulses()) >= count

    def pulses(self) -> list[dict[str, Any]]:
        return [told for told in self.told if "current_ua" in told]

    def state(self) -> int:
        return next((told["state"] for told in reversed(self.told) if "state" in told), fm.BOOT)

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        assert self.process.wait(DEADLINE_S) == 0
        self._reader.join()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("feslink-pty", tmp_path_factory.mktemp("firmware"))


@pytest.fixture
def power_up(command: Path) -> Iterator[Callable[[], Device]]:
    devices: list[Device] = []

    def start() -> Device:
        devices.append(Device(command))
        return devices[-1]

    yield start
    for device in devices:
        device.close()


def host(port: str, pulses: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, HOST, port, str(pulses)], stdout=subprocess.PIPE, text=True
    )


def test_the_driver_arms_it_gives_a_burst_and_stops(power_up: Callable[[], Device]) -> None:
    expected = ["up", "ready", "idle"]
    for _ in range(TRIES):
        device = power_up()
        with host(device.port, 20) as process:
            out, _ = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0, out
        told = [json.loads(line) for line in out.splitlines()]
        skipped = sum(report["kind"] == "skipped" for report in told)
        kinds = [report["kind"] for report in told if report["kind"] != "skipped"]
        if kinds == expected and skipped < 10:
            break
    assert kinds == expected, told
    assert [told["state"] for told in device.told if "state" in told] == [
        fm.IDLE,
        fm.ARMED,
        fm.IDLE,
    ]
    pulses = device.pulses()
    assert len(pulses) == 20 - skipped > 0
    assert {(pulse["current_ua"], pulse["width_us"]) for pulse in pulses} == {(20_000, 300)}


def test_its_output_ends_within_the_dead_man_of_a_host_that_is_killed(
    power_up: Callable[[], Device],
) -> None:
    for attempt in range(TRIES):
        device = power_up()
        with host(device.port, 0) as process:
            if not device.wait_for_pulses(10) and attempt < TRIES - 1:
                process.kill()
                continue
            killed_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            process.send_signal(signal.SIGKILL)
            process.wait(DEADLINE_S)
        latched = device.expect(lambda told: told.get("state") == fm.LATCHED)
        if latched["fault"] != fm.FAULT_DEAD_MAN and attempt < TRIES - 1:
            continue
        assert latched["fault"] == fm.FAULT_DEAD_MAN
        most_us = (DEAD_MAN_MS + SPARE_MS) * 1000
        assert latched["t_us"] - killed_us <= most_us
        assert device.pulses()[-1]["t_us"] - killed_us <= most_us
        assert device.pulses()[-1]["t_us"] <= latched["t_us"]
        return


def test_a_host_that_starts_anew_clears_the_latch_by_its_name_and_arms(
    power_up: Callable[[], Device],
) -> None:
    device = power_up()
    with host(device.port, 0) as process:
        device.wait_for_pulses(5)
        process.send_signal(signal.SIGKILL)
    device.expect(lambda told: told.get("state") == fm.LATCHED)
    given = len(device.pulses())
    known = len(device.told)
    with host(device.port, 0) as process:
        device.wait_for_news(known, lambda told: "current_ua" in told)
        process.kill()
    states = [told["state"] for told in device.told[known:] if "state" in told]
    assert states[:2] == [fm.IDLE, fm.ARMED]
    assert len(device.pulses()) > given
