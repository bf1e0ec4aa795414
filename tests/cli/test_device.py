"""``fes-ctrl device``: what a stimulator says of itself, over a real pseudo-terminal."""

import json
import os
import subprocess
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from fes_ctrl.cli import group
from fes_ctrl.wire import sciencemode4 as sm4
from helpers.served import serving

DEADLINE_S = 30


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A simulated P24 in a process of its own, and the file of its delivered pulses."""
    pulses = tmp_path / "pulses.jsonl"
    with serving(pulses=pulses) as port:
        yield f"p24://{port}", pulses


def fes_ctrl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fes_ctrl", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )


@pytest.mark.real_time
def test_info_tells_who_and_how_the_device_is_and_gives_nothing(served: tuple[str, Path]) -> None:
    address, pulses = served
    done = fes_ctrl("device", "info", address, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["id"].startswith("SIM")
    assert told["battery_percent"] == 87
    assert told["versions"]["stimulation"] == "firmware 1.2.3 protocol 4.0.0"
    assert told["level"] == "no level"
    assert "battery_percent         87" in fes_ctrl("device", "info", address).stdout
    assert not pulses.exists() or pulses.read_text() == ""


@pytest.mark.real_time
def test_reset_ends_what_the_device_does(served: tuple[str, Path]) -> None:
    address, pulses = served
    fd = os.open(address.removeprefix("p24://"), os.O_RDWR | os.O_NOCTTY)
    pulse = ((300, 20_000), (300, -20_000))
    try:
        tty.setraw(fd)
        os.write(fd, sm4.ml_init(1, stop_all_on_error=True))
        os.write(fd, sm4.ml_update(2, [sm4.ChannelTrain(0, pulse, 0, 25_000)]))
        found: list[sm4.Frame] = []
        decoder = sm4.Decoder()
        while len(found) < 2:
            found += decoder.feed(os.read(fd, 100))
        done = fes_ctrl("device", "reset", address)
    finally:
        os.close(fd)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "SIMP240001: reset, no level\n"
    assert pulses.read_text(), "it had been stimulating"


def answer_to(port: str, frame: bytes) -> sm4.Frame:
    """What the device itself says to a frame."""
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        tty.setraw(fd)
        os.write(fd, frame)
        decoder = sm4.Decoder()
        while True:
            for answer in decoder.feed(os.read(fd, 100)):
                return answer
    finally:
        os.close(fd)


@pytest.mark.real_time
def test_power_leaves_on_what_is_named_and_ends_what_the_device_does(
    served: tuple[str, Path],
) -> None:
    address, _ = served
    port = address.removeprefix("p24://")
    assert answer_to(port, sm4.ll_init(1)).payload == b"\0"
    done = fes_ctrl("device", "power", address, "emg", "bluetooth")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "SIMP240001: on are emg, bluetooth; no level\n"
    assert answer_to(port, sm4.ll_init(2)).command == sm4.GENERAL_ERROR, "no power to stimulate"
    told = json.loads(fes_ctrl("device", "power", address, "stimulation", "--json").stdout)
    assert [name for name, on in told["power"].items() if on] == ["stimulation"]
    assert list(told["power"]) == list(sm4.POWER_MODULES)
    assert answer_to(port, sm4.ll_init(3)).payload == b"\0"
    still = fes_ctrl("device", "power", address, "stimulation").stdout
    assert still == "SIMP240001: on are stimulation; no level\n", "it was stopped all the same"
    assert fes_ctrl("device", "power", address).stdout == "SIMP240001: on are none; no level\n"
    assert answer_to(port, sm4.ll_init(4)).command == sm4.GENERAL_ERROR


def test_a_module_that_there_is_not_is_refused_before_the_device_is_asked() -> None:
    done = CliRunner().invoke(group, ["device", "power", "p24:///dev/none", "laser"])
    assert done.exit_code == 2
    assert done.output.endswith(
        "MODULE 'laser': a P24 has none; choose stimulation, bluetooth, emg, "
        "memory_card, demultiplexer\n"
    )


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("p24:///dev/none", "no such port"),
        ("nonsense", "no DEVICE://"),
        ("rehamove:///dev/ttyUSB0", "no device 'rehamove'"),
        ("p24+tcp://127.0.0.1:1", "127.0.0.1:1"),
    ],
)
def test_what_cannot_be_reached_is_refused_in_one_line(address: str, says: str) -> None:
    for verb in ("info", "reset", "power"):
        done = CliRunner().invoke(group, ["device", verb, address])
        assert done.exit_code == 2
        assert says in done.output
        assert len(done.output.strip().splitlines()) == 1


@pytest.mark.real_time
def test_a_port_where_nobody_answers_is_refused_in_one_line() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        done = fes_ctrl("device", "info", f"p24://{os.ttyname(slave)}")
    finally:
        os.close(master)
        os.close(slave)
    assert done.returncode == 2
    assert "no answer" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
