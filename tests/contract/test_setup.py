"""A seated setup in real time, against a stimulator that is another process."""

import json
import os
import subprocess
import sys
import threading
import time
import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, Self

import pytest

from helpers.served import serving

pytestmark = pytest.mark.real_time

SETUP = [sys.executable, "-m", "fes_ctrl", "setup", "--arm-allowed", "bench"]
SHORT = ["--set", "program.rise_ms=0", "--set", "program.fall_ms=0"]
SHORT += ["--set", "program.time_out_ms=200"]
"""Bursts of 0.2 s."""


class Seat:
    """A setup that goes on, and somebody who types what it is time for."""

    def __init__(self, port: str, out: Path, *options: str, keys: bool = False) -> None:
        self.said = ""
        self._answered: Counter[int] = Counter()
        self._terminal, stdin = os.openpty() if keys else (None, subprocess.PIPE)
        self.process = subprocess.Popen(
            [*SETUP, *SHORT, "--stimulator", f"p24://{port}", "--out", str(out), *options],
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if keys:
            os.close(stdin)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line

    def wait_for(self, text: str, times: int = 1) -> None:
        deadline = time.monotonic() + 30
        while self.said.count(text) < times:
            assert time.monotonic() < deadline, f"{text!r} not in {self.said!r}"
            assert self.process.poll() is None or text in self.said, self.said
            time.sleep(0.02)

    def type(self, *words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{word}\n" for word in words))
        self.process.stdin.flush()

    def first_burst(self, mA: int) -> None:
        """Say next until the setup listens and the device has answered."""
        self.wait_for("n next")
        deadline = time.monotonic() + 30
        while f"{mA} mA\n" not in self.said:
            assert time.monotonic() < deadline, self.said
            self.press("n")
            time.sleep(0.5)
        self.burst(mA)

    def burst(self, mA: int, times: int = 1) -> None:
        """Wait until it was given; say next again, as told, when this machine was held up in it."""
        again = (f"{mA} mA does not count", f"burst of {mA} mA is not over yet")
        deadline = time.monotonic() + 30
        while self.said.count(f"{mA} mA given") < times:
            assert time.monotonic() < deadline, self.said
            assert self.process.poll() is None, self.said
            spoilt = sum(map(self.said.count, again))
            if spoilt > self._answered[mA]:
                self._answered[mA] = spoilt
                time.sleep(0.5)
                self.press("n")
            time.sleep(0.02)

    def press(self, key: str) -> None:
        if self._terminal is None:
            self.type(key)
        else:
            os.write(self._terminal, key.encode())

    def end(self) -> int:
        code = self.process.wait(timeout=30)
        self._reader.join(timeout=30)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait(timeout=30)
        self._reader.join(timeout=30)
        assert self.process.stderr is not None
        self.process.stderr.close()
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self._terminal is not None:
            os.close(self._terminal)


def strongest_ma(pulses: Path) -> float:
    lines = [json.loads(line) for line in pulses.read_text().splitlines()]
    return max((abs(line["points"][0][1]) for line in lines), default=0) / 1000


def set_up(seat: Seat) -> None:
    """Feel 20, move at 21, and have enough after 22 mA."""
    seat.first_burst(20)
    seat.type("felt", "n")
    seat.burst(21)
    seat.type("m", "next")
    seat.burst(22)


def read(out: Path) -> dict[str, Any]:
    with out.open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)["setup"]
    return found


def test_words_find_three_thresholds_and_the_file_sets_up_a_walk(tmp_path: Path) -> None:
    out, pulses = tmp_path / "mine.toml", tmp_path / "pulses"
    position = "2 cm below the head of the fibula"
    with (
        serving(pulses=pulses) as port,
        Seat(port, out, "--start", "20", "--position", position) as seat,
    ):
        set_up(seat)
        seat.type("enough")
        assert seat.end() == 0, seat.said
        assert strongest_ma(pulses) == 22.0
    assert read(out) == {
        "leg": "right",
        "dorsiflexors": {
            "sensory_mA": 20,
            "motor_mA": 21,
            "tolerated_mA": 22,
            "pulse_width_us": 300,
        },
    }
    text = out.read_text()
    assert f"# Position: {position}\n" in text
    assert date.today().isoformat()[:7] in text  # noqa: DTZ011 - as it writes it
    assert "SIMP240001" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.toml", "pulses"]
    done = subprocess.run(
        [sys.executable, "-m", "fes_ctrl", "config", "show", "--setup", str(out), "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["values"]["setup"]["dorsiflexors"]["motor_mA"] == 21


def test_enough_in_a_burst_ends_it_at_once_and_nothing_is_saved_by_halves(tmp_path: Path) -> None:
    out, pulses = tmp_path / "mine.toml", tmp_path / "pulses"
    longer = ["--set", "program.time_out_ms=1500"]
    with (
        serving(pulses=pulses) as port,
        Seat(port, out, "--start", "20", *longer, keys=True) as seat,
    ):
        seat.first_burst(20)
        seat.press("n")
        seat.wait_for("21 mA\n")
        time.sleep(0.3)
        seat.press("x")
        seat.wait_for("cut off (stop)")
        seat.press("n")
        seat.burst(20, 2)
        seat.press("n")
        seat.wait_for("20 mA was enough: no burst is stronger")
        seat.press("q")
        assert seat.end() == 2
        assert strongest_ma(pulses) == 21.0
    last = seat.said.splitlines()[-1]
    assert last.startswith("fes-ctrl: nothing saved: ")
    assert "felt -, moved -, enough 20 mA" in last
    assert not out.exists()
