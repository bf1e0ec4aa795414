"""The controller in real time against a stimulator that is another process."""

import json
import os
import select
import signal
import subprocess
import sys
import time
import tty
from pathlib import Path

import pytest
from click.testing import CliRunner

from fes_ctrl.analysis.run import read_run
from fes_ctrl.cli.report import command as report
from fes_ctrl.links.exchange import read_exchange
from fes_ctrl.links.replayed import play
from fes_ctrl.runlog.reader import read_log
from fes_ctrl.stimulators.drivers import driver_for
from fes_ctrl.wire import sciencemode4 as sm4
from helpers.runs import config_hashes
from helpers.served import served, serving

pytestmark = pytest.mark.real_time

RUN = [sys.executable, "-m", "fes_ctrl", "run", "--sensor", "metronome:?stride_s=1.0&stance=0.6"]


def status_of(port: str) -> int:
    """Ask the device itself what state it is in."""
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        tty.setraw(fd)
        os.write(fd, sm4.get_stim_status(5))
        decoder = sm4.Decoder()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if select.select([fd], [], [], 0.5)[0]:
                for frame in decoder.feed(os.read(fd, 4096)):
                    if (frame.number, frame.command) == (5, sm4.GET_STIM_STATUS + 1):
                        return sm4.decode_stim_status(frame.payload)
    finally:
        os.close(fd)
    raise AssertionError("the device does not answer")


def run(port: str, typed: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, "--stimulator", f"p24://{port}", *options],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def delivered(pulses: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in pulses.read_text().splitlines()]


def test_unarmed_it_gives_nothing(tmp_path: Path) -> None:
    pulses = tmp_path / "pulses"
    with serving(pulses=pulses) as port:
        done = run(port, "arm\nlevel 100\n", "--duration", "2.5", "--real-time")
        assert done.returncode == 0, done.stderr
        assert "frozen garbage collection: " in done.stderr
        assert "--arm-allowed" in done.stderr
        assert delivered(pulses) == []


def armed_run(port: str, out: Path) -> subprocess.Popen[str]:
    """Start a run, arm it and raise the level; return it when pulses have begun."""
    process = subprocess.Popen(
        [
            *RUN,
            "--stimulator",
            f"p24://{port}",
            "--arm-allowed",
            "bench",
            "--out",
            str(out),
            "--set",
            "program.channel.0.rate_hz=20",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    log = out / "log.jsonl"
    wait_for(log, '"report":"up"')
    type_to(process, "arm")
    wait_for(log, '"report":"ready"')
    type_to(process, "level 100")
    wait_for(log, '"kind":"written"')
    return process


def type_to(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def wait_for(log: Path, text: str, times: int = 1) -> None:
    deadline = time.monotonic() + 30
    while not log.is_file() or log.read_text().count(text) < times:
        assert time.monotonic() < deadline, text
        time.sleep(0.05)


def test_armed_by_hand_it_stimulates_and_ends_silent(tmp_path: Path) -> None:
    pulses = tmp_path / "pulses"
    with serving(pulses=pulses) as port:
        process = armed_run(port, tmp_path / "run")
        # More than one burst of 0.7 s at 20 Hz.
        wait_for(pulses, "\n", 21)
        type_to(process, "quit")
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert "fault" not in errors
        assert status_of(port) == sm4.STATUS_NONE
    records = list(read_log(tmp_path / "run" / "log.jsonl"))
    assert records[-1]["ended"] == "finished"
    assert records[0]["devices"] == ["p24"]
    found = config_hashes(tmp_path / "run")
    assert len(set(found.values())) == 1, found


@pytest.mark.parametrize(
    ("device", "says"), [("feslink", True), ("p24", True), ("rehastim2", False)]
)
def test_a_run_on_a_simulated_stimulator_says_so_where_it_can_be_known(
    tmp_path: Path, device: str, says: bool
) -> None:
    out = tmp_path / "run"
    with served(device=device) as told:
        done = subprocess.run(
            [*RUN, "--stimulator", f"{device}://{told['port']}", "--duration", "2",
             "--out", str(out), "--set", "program.channel.0.rate_hz=20"],
            input="", capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (read_run(out).models != []) == says, "a RehaStim 2 tells no serial number"
    assert CliRunner().invoke(report, [str(out)]).exit_code == 0
    assert ("simulated one, by its own word" in (out / "report.html").read_text()) == says


def test_control_c_stops_the_device_and_leaves_with_130(tmp_path: Path) -> None:
    pulses = tmp_path / "pulses"
    with serving(pulses=pulses) as port:
        process = armed_run(port, tmp_path / "run")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 130, errors
        assert "Traceback" not in errors
        assert status_of(port) == sm4.STATUS_NONE
    assert list(read_log(tmp_path / "run" / "log.jsonl"))[-1]["ended"] == "interrupted"


def test_a_closed_terminal_stops_the_device_and_ends_the_run(tmp_path: Path) -> None:
    with serving(pulses=tmp_path / "pulses") as port:
        near, terminal = os.openpty()
        log = tmp_path / "run" / "log.jsonl"
        process = subprocess.Popen(
            [*RUN, "--stimulator", f"p24://{port}", "--arm-allowed", "bench", "--out", log.parent],
            stdin=terminal,
            stdout=subprocess.DEVNULL,
            stderr=terminal,
        )
        os.close(terminal)
        wait_for(log, '"report":"up"')
        os.write(near, b"a")
        wait_for(log, '"report":"ready"')
        os.write(near, b"+" * 20)
        wait_for(log, '"kind":"written"')
        os.close(near)
        assert process.wait(timeout=30) == 0
        assert status_of(port) == sm4.STATUS_NONE
    assert list(read_log(log))[-1]["ended"] == "finished"


BLOCKED = """
import sys, time
import asyncio
from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.links.serial import SerialLink
from fes_ctrl.links.serial_port import SerialSettings
from fes_ctrl.model import Operator
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.interrupt import stop_on_interrupt
from fes_ctrl.runtime.realtime import RealClock
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24 import P24Session

async def main(port):
    clock = RealClock(asyncio.get_running_loop())
    driver = P24Session(capabilities_of(StimulatorConfig()), 0, 20_000, 100_000)
    session = ControlSession(
        clock, assemble((1,), ControlConfig()), [(driver, SerialLink(port, SerialSettings()))],
        {1: 0}, NullLog(),
    )
    with stop_on_interrupt(session):
        session.open()
        await asyncio.sleep(0.5)
        session.take(Operator(clock.now_us(), "arm", 0))
        await asyncio.sleep(0.5)
        assert driver.state == "ready", driver.state
        print("blocked", flush=True)
        time.sleep(60)

try:
    asyncio.run(main(PORT))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_device_is_stopped_although_the_loop_is_blocked(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving(pulses=tmp_path / "pulses") as port:
        script = BLOCKED.replace("PORT", repr(port))
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "blocked\n"
        assert status_of(port) == sm4.STATUS_LL_INIT, "it is ready for pulses"
        sent = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=30) == 130
        assert time.monotonic() - sent < 10, "nobody waited for the loop"
        process.stdout.close()
        assert status_of(port) == sm4.STATUS_NONE


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--sensor", "nonsense:", "--stimulator", "p24:///dev/null"], "--sensor nonsense:"),
        (["--sensor", "metronome:", "--stimulator", "x24:///dev/null"], "no device 'x24'"),
        (["--sensor", "metronome:", "--stimulator", "p24:///dev/none"], "/dev/none"),
        (["--sensor", "metronome:", "--stimulator", "p24+tcp://127.0.0.1:1"], "127.0.0.1:1"),
        (["--sensor", "manual:", "--stimulator", "p24:///dev/none"], "terminal"),
        (["--sensor", "replay:/none.csv", "--stimulator", "p24:///dev/none"], "/none.csv"),
        (
            ["--sensor", "metronome:", "--stimulator", "p24:///dev/none", "--duration", "0"],
            "--duration 0",
        ),
        (
            ["--sensor", "metronome:", "--stimulator", "p24:///x", "--arm-allowed", "none"],
            "limits 'none' is unknown",
        ),
        (
            ["--sensor", "metronome:", "--stimulator", "p24:///x", "--detector", "foot-imu"],
            "foot-imu",
        ),
    ],
)
def test_a_refusal_is_one_line(options: list[str], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fes_ctrl", "run", *options],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_recorded_run_is_a_test_that_its_driver_passes(tmp_path: Path) -> None:
    kept = tmp_path / "exchange.jsonl"
    with serving(pulses=tmp_path / "pulses") as port:
        done = run(port, "", "--duration", "1.5", "--record", str(kept))
        assert done.returncode == 0, done.stderr
    recorded = read_exchange(kept)
    driver = driver_for(recorded.stimulator, recorded.min_interval_us)
    kinds = [report.kind for report in play(driver, recorded)]
    assert kinds[0] == "up"
    assert kinds.count("answer") > 5


def test_an_exchange_that_cannot_be_kept_is_refused_before_anything_is_said(tmp_path: Path) -> None:
    with serving(pulses=tmp_path / "pulses") as port:
        done = run(port, "", "--duration", "1.5", "--record", str(tmp_path / "none" / "x.jsonl"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--record" in done.stderr


def test_a_stop_at_the_sensors_board_disarms(tmp_path: Path) -> None:
    far, near = os.openpty()
    tty.setraw(near)
    sensor = f"serial:{os.ttyname(near)}?sensors=right.heel_switch"
    with serving(pulses=tmp_path / "pulses") as port:
        command = [sys.executable, "-m", "fes_ctrl", "run", "--sensor", sensor]
        process = subprocess.Popen(
            [*command, "--stimulator", f"p24://{port}", "--arm-allowed", "bench"],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stderr is not None
        os.set_blocking(process.stderr.fileno(), False)
        said, typed, pressed = "", 0.0, False
        deadline = time.monotonic() + 40
        for seq in range(4000):
            os.write(far, f"right,heel_switch,{seq},,1\n".encode())
            said += (process.stderr.read() or b"").decode()
            if "  armed, " in said and not pressed:
                pressed = True
                os.write(far, b"stop\n")
            elif not pressed and time.monotonic() > typed + 1.0:
                typed = time.monotonic()
                process.stdin.write(b"arm\n")
                process.stdin.flush()
            if pressed and "not armed" in said.partition("  armed, ")[2]:
                break
            assert time.monotonic() < deadline, said
            time.sleep(0.01)
        process.communicate(b"quit\n", timeout=30)
        assert process.returncode == 0
        assert status_of(port) == sm4.STATUS_NONE
    os.close(far)
    os.close(near)
    after = said.partition("  armed, ")[2]
    assert "stop: asked for at the sensors' board" in after


def test_a_sync_line_that_is_not_there_is_refused_before_anything_is_said() -> None:
    for place, line in (("/dev/none", "RTS"), ("/dev/none:dtr", "DTR")):
        done = run("/dev/none", "", "--sync", place)
        assert done.returncode == 2
        assert (
            f"--sync /dev/none: there is no such port; check the name and the cable; {line} is"
            in (done.stderr)
        )
