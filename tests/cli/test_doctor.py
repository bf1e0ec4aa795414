"""``fes-ctrl doctor``: what is plugged in, who may open it, and what speaks."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from fes_ctrl.cli.doctor import command
from fes_ctrl.links import ports


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


@pytest.fixture
def silent() -> Iterator[str]:
    """A port where nobody answers."""
    near, far = os.openpty()
    yield os.ttyname(far)
    os.close(near)
    os.close(far)


@pytest.fixture
def p24(tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "firmware_sim", "serve", "--device", "p24", "--pty"]
    process = subprocess.Popen(
        [*command, "--pulses", str(tmp_path / "pulses")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["port"]
    process.terminate()
    process.wait(timeout=30)
    process.stdout.close()


def plug_in(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    found = []
    for name in names:
        port = ListPortInfo(name)
        port.vid, port.pid, port.serial_number = 0x0483, 0x5740, "SIM2400001"
        port.description = "P24"
        found.append(port)
    monkeypatch.setattr(list_ports, "comports", lambda: found)


def test_it_lists_what_is_plugged_in_and_says_what_speaks(
    monkeypatch: pytest.MonkeyPatch, p24: str, silent: str, tmp_path: Path
) -> None:
    plug_in(monkeypatch, p24, silent)
    done = doctor("--ports", "--json")
    assert done.exit_code == 0, done.output
    whole = json.loads(done.stdout)
    assert "p24" in whole["asked"]
    by_name = {row["port"]: row for row in whole["ports"]}
    assert by_name[p24]["speaks"] == {"device": "p24", "identity": "SIMP240001"}
    assert by_name[p24]["usb"] == "0483:5740"
    assert by_name[p24]["may_open"] == "you"
    assert by_name[silent]["speaks"] is None
    assert by_name[silent]["problem"] is None
    assert (tmp_path / "pulses").read_text() == "", "no pulse was given by it"
    told = doctor("--ports")
    assert f"--stimulator p24://{p24}" in told.stdout
    assert "0483:5740 P24" in told.stdout


def test_with_nothing_plugged_in_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch)
    done = doctor("--ports")
    assert done.exit_code == 0
    assert done.stdout.startswith("no serial port is plugged in")
    assert json.loads(doctor("--ports", "--json").stdout)["ports"] == []


def test_a_port_that_is_in_use_is_left_alone(monkeypatch: pytest.MonkeyPatch, silent: str) -> None:
    plug_in(monkeypatch, silent)
    holder = os.open(silent, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        done = doctor("--ports", "--json")
    finally:
        os.close(holder)
    assert done.exit_code == 0
    (row,) = json.loads(done.stdout)["ports"]
    assert "in use by another program" in row["problem"]


def test_no_ask_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    near, far = os.openpty()
    os.set_blocking(near, False)
    plug_in(monkeypatch, os.ttyname(far))
    done = doctor("--ports", "--no-ask", "--json")
    assert json.loads(done.stdout)["asked"] == []
    with pytest.raises(BlockingIOError):
        os.read(near, 100)
    os.close(near)
    os.close(far)


def test_a_port_of_that_name_that_is_not_there_cannot_be_asked() -> None:
    done = doctor("--port", "/dev/none")
    assert done.exit_code == 2
    assert "there is no such port" in done.stdout


def test_a_port_that_one_may_not_open_names_the_group_that_may(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "port"
    file.touch()
    monkeypatch.setattr(ports.os, "access", lambda *_: False)
    assert ports.access_to(str(file)).startswith("group ")


def test_without_ports_it_tells_of_the_machine() -> None:
    whole = json.loads(doctor("--json").stdout)
    assert "p24 low_level" in whole["drivers"]
    assert whole["unusable_drivers"] == {}


def test_asking_and_not_asking_at_once_is_refused() -> None:
    done = doctor("--port", "/dev/none", "--no-ask")
    assert done.exit_code == 2
