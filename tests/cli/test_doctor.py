"""``fes-ctrl doctor``: what is plugged in, who may open it, and what speaks."""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from fes_ctrl.cli import doctor_machine
from fes_ctrl.cli.doctor import command
from fes_ctrl.cli.doctor_machine import extras, verdict
from fes_ctrl.links import ports
from fes_ctrl.links.udev import access_rule, latency_timers
from fes_ctrl.runtime.lateness import Lateness, lateness_of
from helpers.served import serving


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
    with serving(pulses=tmp_path / "pulses") as port:
        yield port


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
    whole = json.loads(doctor("--seconds", "0.1", "--json").stdout)
    assert "p24 low_level" in whole["drivers"]
    assert whole["unusable_drivers"] == {}


def test_asking_and_not_asking_at_once_is_refused() -> None:
    done = doctor("--port", "/dev/none", "--no-ask")
    assert done.exit_code == 2


# -- the machine --------------------------------------------------------------------------------


def test_it_says_how_late_timers_are_and_what_the_machine_grants() -> None:
    done = doctor("--seconds", "0.2", "--json")
    whole = json.loads(done.stdout)
    assert done.exit_code == (0 if whole["verdict"]["passed"] else 1)
    plain, steady = whole["timers"]["as_it_is"], whole["timers"]["real_time"]
    assert plain["ticks"] == 40
    assert 0 <= plain["p50_ms"] <= plain["p99_ms"] <= plain["max_ms"]
    assert (steady is not None) == whole["real_time"]["real-time priority"]["got"]
    assert whole["extras"]["test"] == []
    told = doctor("--seconds", "0.2").stdout
    assert "timers as it is: " in told
    assert "frozen garbage collection: " in told
    assert "verdict: " in told


GOOD = lateness_of([100] * 100)
LOOSE = lateness_of([100] * 90 + [3_000] * 10)
BAD = lateness_of([100] * 99 + [9_000])


@pytest.mark.parametrize(
    ("plain", "steady", "passed", "says"),
    [
        (GOOD, GOOD, True, "this machine holds the timing of pulses"),
        (GOOD, None, True, "this machine holds the timing of pulses"),
        (BAD, GOOD, True, "with run --real-time it holds the timing"),
        (BAD, None, False, "and real-time priority was not got"),
        (BAD, LOOSE, False, "with real-time priority it holds the timing loosely: one timer"),
        (LOOSE, BAD, False, "with real-time priority it does not hold the timing: a timer was 9.0"),
    ],
)
def test_the_verdict_says_in_which_way_the_timing_is_held(
    plain: Lateness, steady: Lateness | None, passed: bool, says: str
) -> None:
    found = verdict(plain, steady)
    assert found["passed"] == passed
    assert found["reasons"][-1].startswith(says)


def test_extras_say_what_they_lack() -> None:
    requires = ["numpy>=1.26", "pytest>=8; extra == 'some'", "no-such-thing; extra == 'some'"]
    assert dict(extras([*requires, "click; extra == 'other'"])) == {
        "some": ["no-such-thing"],
        "other": [],
    }


def test_an_ftdi_port_that_keeps_answers_back_is_named_with_the_line_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("ttyUSB0", "16\n"), ("ttyUSB1", "1\n"), ("ttyUSB2", "?\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "latency_timer").write_text(text)
    found = latency_timers(tmp_path)
    assert found == {"ttyUSB0": 16, "ttyUSB1": 1}
    monkeypatch.setattr(doctor_machine, "latency_timers", lambda: found)
    told = doctor("--seconds", "0.1").stdout.splitlines()
    at = told.index("ttyUSB0: keeps what it receives for up to 16 ms")
    assert 'ATTR{latency_timer}="1"' in told[at + 1]
    at = told.index("ttyUSB1: keeps what it receives for up to 1 ms")
    assert "latency_timer" not in told[at + 1]


def test_a_port_of_a_group_is_listed_with_the_line_that_opens_it(
    monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    plug_in(monkeypatch, silent)
    monkeypatch.setattr(ports, "access_to", lambda _name: "group dialout")
    told = doctor("--ports", "--no-ask").stdout
    assert 'ATTRS{idVendor}=="0483", ATTRS{idProduct}=="5740", TAG+="uaccess"' in told
    monkeypatch.setattr(ports, "access_to", lambda _name: "you")
    assert "uaccess" not in doctor("--ports", "--no-ask").stdout
    assert access_rule("") == ""
