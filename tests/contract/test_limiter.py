"""The limiter in a walk, on every clock, and in a device that is a process of its own."""

import json
import os
import select
import signal
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from fes_ctrl.runlog.reader import read_log
from fes_ctrl.wire import sciencemode4 as sm4
from hil.config import LimiterConfig
from hil.scenarios import load_scenario, verdict
from hil.simulate import simulate
from hil.simulate_real import simulate_real

pytestmark = pytest.mark.real_time

FITTED = LimiterConfig(fitted=True)


def test_a_limiter_changes_nothing_in_a_walk_within_the_limits_on_either_clock(
    tmp_path: Path,
) -> None:
    walk = replace(load_scenario("standard").walk, duration_s=15.0)
    bare = simulate(walk)
    fitted = replace(walk, limiter=FITTED)
    stepped = simulate(fitted, "stepper", tmp_path / "stepped.jsonl")
    looped = simulate(fitted, "virtual", tmp_path / "looped.jsonl")
    assert bare.setpoints_sha256 == stepped.setpoints_sha256 == looped.setpoints_sha256
    assert stepped.figures == looped.figures
    assert bare.figures["legs"] == stepped.figures["legs"]
    assert stepped.walk.limiter == {"reason": None, "t_s": None, "channel": None, "blocked": 0}
    assert (tmp_path / "stepped.jsonl").read_text() == (tmp_path / "looped.jsonl").read_text()
    assert next(read_log(tmp_path / "stepped.jsonl"))["devices"] == ["sim+p24+limiter"]


def test_nor_does_it_in_real_time_over_a_pty() -> None:
    walk = replace(load_scenario("standard").walk, duration_s=6.0, limiter=FITTED)
    result = simulate_real(walk, over_pty=True)
    assert result.rig.limiter is not None
    assert result.rig.limiter.latched == ""
    assert result.rig.witness.pulses > 50


def test_a_user_fits_one_with_an_option_or_in_a_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fes_ctrl", "walk", "--limiter", "--duration", "6", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    summary = json.loads(done.stdout)
    assert summary["stimulator"] == "sim+p24+limiter"
    assert summary["safety"]["limiter"] == {
        "reason": None,
        "t_s": None,
        "channel": None,
        "blocked": 0,
    }
    file = tmp_path / "fitted.toml"
    file.write_text("[walk]\nduration_s = 6\n[limiter]\nfitted = true\n")
    assert load_scenario(str(file)).walk.limiter.fitted
    assert load_scenario("standard", sets=["limiter.fitted=true"]).walk.limiter.fitted
    assert not load_scenario("standard").walk.limiter.fitted


@pytest.mark.parametrize("clock", ["stepper", "virtual"])
def test_when_it_latches_log_summary_and_verdict_say_so(tmp_path: Path, clock: str) -> None:
    # The host's own limits are wider: it goes on, and does not know.
    narrow = tmp_path / "narrow.toml"
    narrow.write_text("[limits]\ncurrent_mA = 22\n")
    walk = load_scenario("standard").walk
    walk = replace(walk, duration_s=10.0, limits_file=str(narrow), limiter=FITTED)
    log = tmp_path / "log.jsonl"
    result = simulate(walk, "virtual" if clock == "virtual" else "stepper", log)
    found = result.walk.limiter
    assert found is not None
    assert found["reason"] == "current_mA"
    (record,) = [record for record in read_log(log) if record["kind"] == "limiter"]
    assert record["reason"] == "current_mA"
    assert int(str(record["t"])) / 1e6 == found["t_s"]
    assert result.walk.violations == []
    assert result.rig.witness.last_us is not None
    assert result.rig.witness.last_us < int(str(record["t"]))
    judged = verdict(result.figures, {}, [])
    assert judged["passed"] is False
    assert judged["reasons"] == [
        f"the limiter latched at {found['t_s']:g} s on channel 0: current_mA"
    ]


# -- a process of its own ------------------------------------------------------------------------

SERVE = [sys.executable, "-m", "firmware_sim", "serve", "--device", "p24"]
PULSE = ((200, 20_000), (200, -20_000))
TOO_WIDE = ((600, 20_000), (600, -20_000))


@contextmanager
def serving(*options: str) -> Iterator[tuple["subprocess.Popen[str]", int, str]]:
    process = subprocess.Popen(
        [*SERVE, *options, "--pty"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said = json.loads(process.stdout.readline())
        fd = os.open(said["port"], os.O_RDWR | os.O_NOCTTY)
        tty.setraw(fd)
        try:
            yield process, fd, said["device"]
        finally:
            os.close(fd)
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()
        process.stderr.close()


def asked(fd: int, frame: bytes) -> None:
    """Send a command and wait for its answer: it has been carried out then."""
    os.write(fd, frame)
    decoder = sm4.Decoder()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if select.select([fd], [], [], 0.5)[0] and decoder.feed(os.read(fd, 4096)):
            return
    raise AssertionError("the device does not answer")


def test_a_served_device_with_a_limiter_blocks_latches_tells_and_is_reset(tmp_path: Path) -> None:
    pulses = tmp_path / "pulses"
    with serving("--limiter", "--pulses", str(pulses)) as (process, fd, device):
        assert device == "sim+p24+limiter"
        asked(fd, sm4.ll_init(1))
        asked(fd, sm4.low_level_pulse(2, 0, PULSE))
        asked(fd, sm4.low_level_pulse(3, 1, TOO_WIDE))
        asked(fd, sm4.low_level_pulse(4, 2, PULSE))
        assert process.stderr is not None
        told = json.loads(process.stderr.readline())
        assert (told["limiter"], told["reason"]) == ("latched", "pulse_width_us")
        channels = [json.loads(line)["channel"] for line in pulses.read_text().splitlines()]
        assert channels == [0]
        process.send_signal(signal.SIGUSR1)
        asked(fd, sm4.ll_stop(5))
        asked(fd, sm4.ll_init(6))
        asked(fd, sm4.low_level_pulse(7, 3, PULSE))
        channels = [json.loads(line)["channel"] for line in pulses.read_text().splitlines()]
        assert channels == [0, 3]


def test_a_served_train_ends_when_the_host_falls_silent(tmp_path: Path) -> None:
    # A bare P24 goes on for two seconds.
    pulses = tmp_path / "pulses"
    with serving("--limiter", "--pulses", str(pulses)) as (process, fd, _):
        asked(fd, sm4.ml_init(1, stop_all_on_error=True))
        os.write(fd, sm4.ml_update(2, [sm4.ChannelTrain(0, PULSE, 0, 25_000)]))
        assert process.stderr is not None
        assert select.select([process.stderr], [], [], 10)[0]
        told = json.loads(process.stderr.readline())
        assert told["reason"] == "dead_man"
        given = [json.loads(line)["t_us"] for line in pulses.read_text().splitlines()]
        assert given[-1] - given[0] <= 150_000


def test_a_limits_file_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    for file, says in ((tmp_path / "none.toml", "No such file"), (Path(__file__), "TOML")):
        done = subprocess.run(
            [*SERVE, "--pty", "--limiter", str(file)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert says in done.stderr
