"""The reference sketch of a sensor, compiled with a stand-in for its board, is understood."""

import os
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from fes_ctrl.model import HEEL_SWITCH, RIGHT
from fes_ctrl.sensors.lines import SensorLines
from fes_ctrl.sensors.source import Worn

SKETCH = Path(__file__).resolve().parents[3] / "firmware" / "sensor" / "sensor.ino"

BOARD = """
#include <stdint.h>
#include <stdio.h>
enum { LOW, HIGH, INPUT_PULLUP };
static uint32_t time_us = 4294900000u;  // it runs over soon
static struct { void begin(long) {} void print(const char *text) { fputs(text, stdout); } } Serial;
static uint32_t micros() { return time_us; }
static void pinMode(int, int) {}
static int digitalRead(int pin) {
    // The button is held for some readings.
    if (pin == 3) return time_us > 4294910000u && time_us < 4294950000u ? LOW : HIGH;
    return time_us / 50000 % 2 ? LOW : HIGH;
}
"""
WALK = """
int main() {
    setup();
    for (int k = 0; k < 4000; k++) { loop(); time_us += k == 2000 ? 35000 : 250; }
}
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the sketch sends within a second, of which 35 ms are lost."""
    compiler = os.environ.get("CXX", "c++")
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}: the sketch cannot be built")
    folder = tmp_path_factory.mktemp("sketch")
    source = folder / "board.cpp"
    source.write_text(f'{BOARD}#include "{SKETCH}"\n{WALK}')
    options = ["-x", "c++", "-std=c++11", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, *options, "-o", folder / "board", source], check=True, timeout=60)
    return subprocess.run([folder / "board"], capture_output=True, check=True, timeout=60).stdout


def test_every_line_of_it_is_a_reading_with_its_instant(said: bytes) -> None:
    reader = SensorLines([Worn(RIGHT, HEEL_SWITCH)])
    samples = reader.feed(0, b"\n" + said)
    assert reader.bad == 0
    assert reader.stops == said.count(b"stop") == 3
    assert len(samples) == said.count(b"\n") - 3 == 102
    assert all(line[-3:-2] == b"*" for line in said.splitlines())
    assert {sample.values for sample in samples} == {(0.0,), (1.0,)}
    gaps = [second.seq - first.seq for first, second in pairwise(samples)]
    assert sorted(gaps) == [1] * 100 + [3], "the numbers of readings that were missed are missing"
