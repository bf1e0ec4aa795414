"""A switch under the other heel: the leg that only senses has events, the other one has bursts."""

import json
import os
import subprocess
import sys
import threading
import tty
from bisect import bisect_left
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from fes_ctrl.model import RIGHT
from fes_ctrl.runlog.reader import read_log
from firmware_sim.injection_text import parse
from helpers.served import serving
from hil.scenarios import load_scenario
from hil.simulate import simulate

ON_TIME_US = 40_000
"""Two readings of a switch that bounces, and what brings them to the host."""


def test_bursts_begin_at_the_true_contacts_of_the_other_foot_and_cover_every_swing() -> None:
    scenario = load_scenario("contralateral", {"duration_s": 24.0})
    channels: set[int] = set()
    result = simulate(scenario.walk, watch=lambda _t_us, channel, _points: channels.add(channel))
    (leg,), (other,) = result.walk.legs, result.walk.sensing
    contacts_us = [event.t_us for event in other.truth if event.kind == "ic"]
    assert len(contacts_us) >= 14
    onsets_us = [burst.start.t_us for burst in leg.bursts]
    for contact_us in contacts_us:
        onset_us = onsets_us[bisect_left(onsets_us, contact_us)]
        assert 0 <= onset_us - contact_us < ON_TIME_US
    for swing in result.walk.settled(leg):
        before = [burst for burst in leg.bursts if burst.start.t_us < swing.toe_off_us]
        assert before[-1].setpoints[-1].at_us > swing.contact_us, "it lasts until the foot is down"
    assert channels == {0}
    assert not other.bursts
    assert result.figures["sensing"]["left"]["strides"] == len(other.swings)  # type: ignore[index]
    assert simulate(scenario.walk, "virtual").setpoints_sha256 == result.setpoints_sha256


def test_a_silent_sensor_of_the_other_foot_is_a_fault_of_the_leg_that_is_stimulated() -> None:
    walk = load_scenario("contralateral", {"duration_s": 16.0}).walk
    hit = replace(walk, inject=(parse("sensor_dropout@9+1"),))
    result = simulate(hit)
    told = [(fault.id, fault.leg) for fault in result.walk.faults if fault.reaction == "inhibit"]
    assert told == [("F04", RIGHT), ("F04", RIGHT)], "its own sensor's, and the other one's"
    (details,) = [{fault.detail.partition(":")[0] for fault in result.walk.faults}]
    assert "sensors of the left" in details
    assert not result.missing
    pulses_us = result.walk.legs[0].pulses_us
    assert not [t_us for t_us in pulses_us if 9_150_000 < t_us < 10_400_000]
    assert pulses_us[-1] > 12_000_000


class Board:
    """Heel switches on a serial port, a hundred times a second; the left walks."""

    def __init__(self, *legs: str) -> None:
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        self.port = os.ttyname(self._far)
        self.speaking = set(legs)
        self.url = f"serial:{self.port}?sensors={','.join(f'{leg}.heel_switch' for leg in legs)}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def _speak(self) -> None:
        for number in count():
            if self._over.wait(0.01):
                return
            down = {"left": int(number % 100 < 60), "right": 1}
            for leg in sorted(self.speaking):
                os.write(self._near, f"{leg},heel_switch,{number},,{down[leg]}\n".encode())

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        os.close(self._near)
        os.close(self._far)


@pytest.mark.real_time
@pytest.mark.parametrize("boards_legs", [[("right", "left")], [("left",), ("right",)]])
def test_a_run_stimulates_the_one_leg_and_says_which_sensor_has_failed(
    tmp_path: Path, boards_legs: list[tuple[str, ...]]
) -> None:
    pulses, log = tmp_path / "pulses", tmp_path / "run" / "log.jsonl"
    boards = [Board(*legs) for legs in boards_legs]
    sensors = [word for board in boards for word in ("--sensor", board.url)]
    crossed = ("program.trigger_side=contralateral", "program.trigger=initial_contact")
    with serving(pulses=pulses) as port:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "fes_ctrl", "run", *sensors),
                *("--stimulator", f"p24://{port}", "--leg", "right", "--arm-allowed", "bench"),
                *("--set", crossed[0], "--set", crossed[1], "--out", str(log.parent)),
            ],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdin is not None
            assert process.stderr is not None
            told = [process.stderr.readline() for _ in range(4)]
            process.stdin.write("arm\n")
            process.stdin.flush()
            line = ""
            while ", level 0 %: device ready" not in line:
                line = process.stderr.readline()
                assert line, told
                told.append(line)
                if "no device has answered" in line:
                    process.stdin.write("arm\n")
                    process.stdin.flush()
            process.stdin.write("level 100\n")
            process.stdin.flush()
            while not pulses.is_file() or len(pulses.read_text().splitlines()) < 20:
                assert process.poll() is None
                threading.Event().wait(0.05)
            for board in boards:
                board.speaking.discard("left")
            # That the right foot never lands is told as well, sooner or later.
            while "fault F04" not in line:
                line = process.stderr.readline()
                assert line, "F04 was never told"
            process.stdin.write("quit\n")
            process.stdin.flush()
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
            _, rest = process.communicate()
            for board in boards:
                board.close()
    assert told[:2] == [
        "left leg: only senses (heel_switch)\n",
        "right leg: stimulated (heel_switch)\n",
    ]
    assert told[2].startswith("not armed, level 0 %; a arm, ")
    assert told[3].startswith("stimulator: ")
    over = rest.splitlines()[-1]
    assert "left, only senses (heel_switch): " in over, "and how it was, at the end"
    assert "; right, stimulated (heel_switch): 0 contacts, " in over
    assert "fault F04 inhibit, right: sensors of the left: no fresh sample for 10" in line
    assert {json.loads(given)["channel"] for given in pulses.read_text().splitlines()} == {0}
    summary = json.loads((log.parent / "summary.json").read_text())
    assert summary["stimulator"] == {
        "device": "p24",
        "identity": told[3].removeprefix("stimulator: ").strip(),
    }
    assert summary["legs"]["right"]["setpoints"] >= 20
    assert summary["sensing"]["left"]["events"]["ic"] >= 1
    assert ("F04", "right") in {(f["id"], f["leg"]) for f in summary["safety"]["faults"]}
    header, *records = read_log(log)
    assert header["legs"] == {
        "left": "only senses (heel_switch)",
        "right": "stimulated (heel_switch)",
    }
    assert {record["leg"] for record in records if record["kind"] == "burst"} == {RIGHT}


HELD = ("--set", "program.trigger_side=contralateral", "--set", "program.trigger=initial_contact")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--sensor", "metronome:?leg=left", "--leg", "right"], "the right leg is to be"),
        (["--sensor", "metronome:?leg=left", "--leg", "right", *HELD], "'other_heel_off'"),
    ],
)
def test_a_run_refuses_what_no_sensor_would_tell(options: list[str], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fes_ctrl", "run", "--stimulator", "p24:///dev/null", *options],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
