"""Every real recording through detector, program and guard: nothing refused, stalls listed."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from fes_ctrl.analysis.replay import replay
from fes_ctrl.assembly import ControlConfig
from fes_ctrl.gait import DetectorConfig, detector_for
from fes_ctrl.recordings import read_index, read_recording
from fes_ctrl.runtime.operator import OperatorConfig
from helpers.here import fes_ctrl_here


def test_every_recording_ends_with_no_refused_setpoint(shared_data: Path) -> None:
    folder = shared_data / "gait"
    names = list(read_index(folder / "recordings.csv"))
    assert len(names) >= 28
    for name in names:
        recording = read_recording(folder / f"{name}.csv.gz")
        detector = detector_for(recording.sensors(recording.legs[0]))
        control = ControlConfig(detector=DetectorConfig(name=detector))  # type: ignore[arg-type]
        result = replay(recording.samples(), recording.legs, control, OperatorConfig())
        assert result.walk.refusals == [], name
        for leg in result.walk.legs:
            given_us = [s.at_us for burst in leg.bursts for s in burst.setpoints]
            assert len(given_us) > 200, name
            gaps_us = [b - a for a, b in pairwise(given_us)]
            assert min(gaps_us) >= 20_000, name
            assert {fault.id for fault in result.walk.faults} <= {"F02", "F04", "F04L", "F30"}


def test_pulses_follow_what_was_known_at_the_time_and_nothing_later(shared_data: Path) -> None:
    recording = read_recording(shared_data / "gait" / "hmm-P02-1.csv.gz")
    samples = list(recording.samples())
    control = ControlConfig(detector=DetectorConfig(name="foot-imu"))

    def given(count: int) -> list[object]:
        result = replay(samples[:count], recording.legs, control, OperatorConfig())
        return [s for burst in result.walk.legs[0].bursts for s in burst.setpoints]

    whole = given(len(samples))
    for share in (0.2, 0.5, 0.8):
        count = int(share * len(samples))
        part = given(count)
        assert part
        assert part == whole[: len(part)]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fes_ctrl", "replay", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_command_compares_programs_and_scores_against_a_reference(
    shared_data: Path, tmp_path: Path
) -> None:
    late = tmp_path / "late.toml"
    late.write_text("[program]\ndelay_ms = 150\n")
    base = shared_data / "gait" / "pd-GaCo02_01-left"
    done = command(
        f"{base}.csv.gz",
        *("--events", f"{base}.events.csv", "--against", str(late), "--json"),
        *("--out", str(tmp_path / "run")),
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["score"]["ic"]["raw"]["f1"] > 0.9
    ours, other = (s["legs"]["left"] for s in (summary, summary["against"]))
    assert ours["events"] == other["events"]
    assert ours["setpoints"] > other["setpoints"]
    kept = {"log.jsonl", "settings.json", "summary.json", "whatif.html", "whatif.json"}
    assert {file.name for file in (tmp_path / "run").iterdir()} == kept


def test_bad_recordings_and_options_are_refused_in_one_line(tmp_path: Path) -> None:
    good = tmp_path / "good.csv"
    good.write_text("t_s,heel\n" + "".join(f"{k / 100},{k // 50 % 2}\n" for k in range(300)))
    cases = {
        "none.csv": None,
        "text.csv": "t_s,heel\n0,1\n0.01,x\n",
        "back.csv": "t_s,heel\n0,1\n0.02,1\n0.01,1\n",
        "columns.csv": "t_s,temperature\n0,1\n",
        "notime.csv": "heel\n1\n",
        "nan.csv": "t_s,heel\n0,nan\n",
        "empty.csv": "",
    }
    for name, text in cases.items():
        file = tmp_path / name
        if text is not None:
            file.write_text(text)
        done = fes_ctrl_here("replay", str(file))
        assert done.returncode == 2, name
        assert name in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    for options, says in (
        (["--detector", "foot-imu"], "foot_imu"),
        (["--detector", "nonsense"], "nonsense"),
        (["--program", "nowhere"], "program 'nowhere' is unknown"),
        (["--against", "nowhere"], "program 'nowhere' is unknown"),
        (["--set", "program.rise_ms=nan"], "rise_ms"),
        (["--events", str(tmp_path / "none.events.csv")], "none.events.csv"),
        (["--out", "/dev/null/x"], "--out"),
    ):
        done = fes_ctrl_here("replay", str(good), *options)
        assert done.returncode == 2, options
        assert says in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
