"""Walks and runs on a RehaStim2: what a user asks for, what is refused, what faults come to."""

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fes_ctrl.assembly import problems_of
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.model import RIGHT
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.units import NEVER_US, us_from_s
from firmware_sim.injections import Injection
from hil.config import LimiterConfig, WalkConfig
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.simulate import simulate

ROOT = Path(__file__).parents[2]
LISTS = ("stimulator.mode=channel_list", "program.time_out_ms=1700", "program.channel.0.rate_hz=40")


def guarded(tmp_path: Path) -> str:
    """Write limits under which a device may go on by itself, and return their file."""
    text = (ROOT / "configs" / "limits" / "bench.toml").read_text()
    file = tmp_path / "guarded.toml"
    file.write_text(text.replace("max_unattended_ms = 200", "max_unattended_ms = 1200"))
    return str(file)


def walk_of(mode: str, tmp_path: Path, seed: int = 1, duration_s: float = 20.0) -> WalkConfig:
    options: dict[str, object] = {"seed": seed, "duration_s": duration_s}
    if mode == "single_pulse":
        return load_scenario("rehastim2", options).walk
    return load_scenario("rehastim2", {**options, "limits": guarded(tmp_path)}, LISTS).walk


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_a_walk_lifts_every_foot_and_breaks_no_limit(mode: str, seed: int, tmp_path: Path) -> None:
    result = simulate(walk_of(mode, tmp_path, seed))
    walk = result.walk
    assert walk.violations == []
    assert walk.faults == []
    (leg,) = walk.legs
    assert len(leg.pulses_us) > 200


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("device_reset", {"F31"}),
        ("device_swapped", {"F31", "F34"}),
        ("answers_lost", {"F18"}),
        ("answers_delayed", {"F18"}),
        ("electrode_off", {"F12"}),
        ("electrode_short", {"F12"}),
        ("emergency_switch", {"F31"}),
        ("module_failed", {"F31"}),
        ("device_stuck_on", {"F18", "F20"}),
    ],
)
@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_what_goes_wrong_is_noticed_and_ends_in_silence(
    mode: str, name: str, faults: set[str], tmp_path: Path
) -> None:
    injection = Injection(name, us_from_s(10.0), us_from_s(16.0))
    walk = replace(walk_of(mode, tmp_path), inject=(injection,))
    done = simulate(walk).walk
    assert done.unreached_injections == []
    told = {fault.id for fault in done.faults if fault.reaction == "latch"}
    if mode == "channel_list" and name in {"answers_lost", "answers_delayed", "device_stuck_on"}:
        # A list whose update stays unanswered is stopped before its deadline: F20 where that is not
        # confirmed either.
        assert told & {"F18", "F20"}
    else:
        assert told & faults
    assert [v for v in done.violations if name != "device_stuck_on"] == []


@pytest.mark.parametrize(
    ("name", "fault", "said"),
    [
        ("electrode_off", "F12", "electrode error (-2)"),
        ("electrode_short", "F12", "electrode error (-2)"),
        ("emergency_switch", "F31", "emergency switch active or not connected (-1)"),
        ("module_failed", "F31", "stimulation module error (-3)"),
    ],
)
@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_each_error_of_the_device_latches_by_its_name_at_whatever_current(
    mode: str, name: str, fault: str, said: str, tmp_path: Path
) -> None:
    # Its test impulse judges electrodes where a P24 says nothing, below 15 mA.
    weak = ("program.channel.0.current_mA=8", "program.channel.0.intensity=0")
    options: dict[str, object] = {"seed": 1, "duration_s": 14.0}
    sets = weak if mode == "single_pulse" else (*LISTS, *weak)
    if mode == "channel_list":
        options["limits"] = guarded(tmp_path)
    walk = load_scenario("rehastim2", options, sets).walk
    result = simulate(replace(walk, inject=(Injection(name, us_from_s(10.0), NEVER_US),)))
    (hit,) = result.rig.acknowledgements()
    (told,) = result.walk.faults
    assert (told.id, told.reaction, hit.name) == (fault, "latch", name)
    assert told.detail.endswith(said)
    assert 0 <= told.t_us - hit.t_us <= BY_ID[fault].limit_ms * 1000
    pulses_us = result.walk.legs[0].pulses_us
    assert len([t_us for t_us in pulses_us if t_us < hit.t_us]) > 20
    assert not [t_us for t_us in pulses_us if t_us >= hit.t_us]
    assert (result.walk.violations, result.missing) == ([], ())


@pytest.mark.parametrize("name", ["emergency_switch", "module_failed"])
@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_what_is_off_latches_again_until_it_is_on_and_somebody_clears_it(
    mode: str, name: str, tmp_path: Path
) -> None:
    held = Injection(name, us_from_s(10.0), us_from_s(17.0))
    walk = replace(walk_of(mode, tmp_path, duration_s=26.0), inject=(held,))
    stepper = Stepper()
    rig = Rig(walk, stepper, NullLog())
    rig.session.open()
    # By hand while it is off, and once more when it is on again.
    for begin_s in (12.0, 18.0):
        for after_s, action in ((0.0, "clear"), (0.5, "arm"), (1.0, "level")):
            stepper.run_until_us(us_from_s(begin_s + after_s))
            rig.operate(action, 100)
    stepper.run_until_us(us_from_s(26.0))
    done = rig.finish()
    reactions = [(known.id, known.reaction) for known in done.faults]
    assert reactions == [("F31", "latch"), ("F31", "cleared")] * 2
    first, cleared, again, _ = done.faults
    assert 0 <= first.t_us - held.from_us <= BY_ID["F31"].limit_ms * 1000
    assert cleared.t_us < again.t_us < held.to_us, "with the first pulse that is asked for"
    pulses_us = done.legs[0].pulses_us
    assert [t_us for t_us in pulses_us if t_us < held.from_us]
    assert not [t_us for t_us in pulses_us if held.from_us <= t_us < us_from_s(19.0)]
    assert len([t_us for t_us in pulses_us if t_us > us_from_s(19.0)]) > 20
    assert done.violations == []


def test_a_device_without_an_emergency_switch_is_refused_one() -> None:
    config = {"inject": ["emergency_switch@3"]}
    assert load_scenario("rehastim2", config).walk.inject[0].name == "emergency_switch"
    with pytest.raises(ConfigError, match="a p24 has none; leave it out, or choose") as refused:
        load_scenario("standard", config)
    assert "(--inject)" in str(refused.value)
    serve = [sys.executable, "-m", "firmware_sim", "serve", "--device", "p24", "--pty"]
    done = subprocess.run(
        [*serve, "--inject", "module_failed@3"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert (
        "module_failed: a p24 has none; leave it out, or choose rehastim2 or feslink" in done.stderr
    )


@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_a_limiter_on_its_line_lets_an_ordinary_walk_through_and_no_pulse_after_a_stop(
    mode: str, tmp_path: Path
) -> None:
    walk = walk_of(mode, tmp_path, duration_s=16.0)
    fitted = replace(walk, limiter=LimiterConfig(fitted=True))
    done = simulate(fitted).walk
    assert done.limiter == {"reason": None, "t_s": None, "channel": None, "blocked": 0}
    assert len(done.legs[0].pulses_us) == len(simulate(walk).walk.legs[0].pulses_us) > 150
    stuck = Injection("device_stuck_on", us_from_s(10.0), NEVER_US)
    caught = simulate(replace(fitted, inject=(stuck,))).walk.limiter
    assert caught is not None
    assert caught["blocked"] > 0


def test_a_program_that_a_rehastim2_cannot_give_is_refused_with_the_way_out() -> None:
    def problems(*sets: str) -> list[str]:
        return problems_of((RIGHT,), load_scenario("rehastim2", {}, sets).walk.control)

    assert problems() == []
    (said,) = problems("program.channel.0.rate_hz=25.1")
    assert "at most 25 Hz; lower rate_hz or choose another stimulator or mode" in said
    (said,) = problems("program.channel.0.waveform=asymmetric")
    assert "symmetric pulses" in said
    (said,) = problems("program.channel.0.polarity=inverted")
    assert "normal polarity" in said
    said = problems(*LISTS)[0]
    assert "1200 ms without the host" in said
    assert "choose mode 'single_pulse'" in said


def test_a_list_has_one_rate_and_a_burst_includes_its_end(tmp_path: Path) -> None:
    def problems(*sets: str) -> list[str]:
        walk = load_scenario("rehastim2", {"limits": guarded(tmp_path)}, (*LISTS, *sets)).walk
        return problems_of((RIGHT,), walk.control)

    assert problems() == []
    (said,) = problems("program.channel.0.rate_hz=25")
    assert "repeats every 25 ms" in said
    assert problems("program.channel.0.rate_hz=25", "stimulator.list_interval_ms=40") == []
    (said,) = problems("program.time_out_ms=1800")
    assert "1950 and 69 ms until the device stops" in said


def test_two_channels_take_turns_and_that_bounds_their_rate() -> None:
    scenario = load_scenario("rehastim2")
    control = scenario.walk.control
    (channel,) = control.program.channel
    for rate_hz, fits in ((25.0, False), (19.0, True)):
        both = tuple(replace(channel, channel=k, rate_hz=rate_hz) for k in (0, 1))
        program = replace(control.program, channel=both)
        found = problems_of((RIGHT,), replace(control, program=program))
        assert (found == []) == fits, found
        assert fits or "takes 26 ms for a pulse" in found[0]


def test_what_the_device_wavers_by_counts_against_the_limit_of_the_rate(tmp_path: Path) -> None:
    text = (ROOT / "configs" / "limits" / "bench.toml").read_text()
    file = tmp_path / "narrow.toml"
    file.write_text(text.replace("rate_hz = 50 ", "rate_hz = 30 "))
    walk = load_scenario("rehastim2", {"limits": str(file)}).walk
    (said,) = problems_of((RIGHT,), walk.control)
    assert "as close as 26 ms" in said


def test_a_mode_of_another_device_is_refused_by_name() -> None:
    command = [sys.executable, "-m", "fes_ctrl", "walk", "--set", "stimulator.device=rehastim2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "a rehastim2 has none of that name; choose single_pulse or channel_list" in done.stderr


@pytest.mark.real_time
def test_a_run_stimulates_over_a_line_of_its_own(tmp_path: Path) -> None:
    pulses, out = tmp_path / "pulses", tmp_path / "run"
    serve = [sys.executable, "-m", "firmware_sim", "serve", "--device", "rehastim2", "--pty"]
    device = subprocess.Popen([*serve, "--pulses", str(pulses)], stdout=subprocess.PIPE, text=True)
    assert device.stdout is not None
    port = json.loads(device.stdout.readline())["port"]
    run = [
        sys.executable,
        "-m",
        "fes_ctrl",
        "run",
        "--sensor",
        "metronome:?stride_s=1.0&stance=0.6",
    ]
    host = subprocess.Popen(
        [*run, "--stimulator", f"rehastim2://{port}", "--arm-allowed", "bench", "--out", str(out),
         "--program", "standard_25_hz"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert host.stdin is not None
        for word, heard in (("", '"up"'), ("arm", '"ready"'), ("level 100", '"kind":"written"')):
            if word:
                host.stdin.write(word + "\n")
                host.stdin.flush()
            deadline_s = time.monotonic() + 30
            log = out / "log.jsonl"
            while not log.is_file() or heard not in log.read_text():
                assert time.monotonic() < deadline_s, heard
                time.sleep(0.05)
        time.sleep(2.0)
        _, errors = host.communicate("quit\n", timeout=30)
        assert host.returncode == 0, errors
        assert "fault" not in errors
        assert len(pulses.read_text().splitlines()) > 10
        assert json.loads(log.read_text().splitlines()[0])["devices"] == ["rehastim2"]
    finally:
        host.kill()
        device.terminate()
        assert device.wait(timeout=30) == 0
        device.stdout.close()
