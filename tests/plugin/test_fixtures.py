"""The fixtures, used as a user's test uses them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fes_ctrl.testing import (
    Inject,
    LinkFactory,
    PatientFactory,
    RefusedError,
    StimulatorFactory,
    Walk,
)
from fes_ctrl.wire import sciencemode4 as sm4
from helpers.here import fes_ctrl_here

SHORT_S = 8.0


def test_a_walk_is_what_the_command_line_makes_of_it(walk: Walk) -> None:
    walked = walk("standard", {"program.delay_ms": 40.0}, duration_s=SHORT_S, seed=3)
    options = ("--set", "program.delay_ms=40.0", "--duration", str(SHORT_S), "--seed", "3")
    summary = json.loads(fes_ctrl_here("walk", "standard", *options, "--json").stdout)
    del summary["run"], walked.summary["run"]
    assert walked.summary == summary


def test_equal_walks_are_equal_on_either_clock(walk: Walk) -> None:
    first, second = walk(duration_s=SHORT_S), walk(duration_s=SHORT_S, clock="virtual")
    assert first.setpoints_sha256 == second.setpoints_sha256
    assert first.pulses == second.pulses
    assert walk(duration_s=SHORT_S, seed=2).setpoints_sha256 != first.setpoints_sha256


def test_figures_records_and_pulses_tell_of_the_same_walk(walk: Walk) -> None:
    walked = walk("both_legs", duration_s=SHORT_S)
    assert walked.figure("legs.left.detection.ho.f1") == 1.0
    strides = walked.figures("legs.*.strides")
    assert sorted(strides) == ["legs.left.strides", "legs.right.strides"]
    with pytest.raises(RefusedError, match=r"means legs\.\w+\.strides, legs"):
        walked.figure("legs.*.strides")
    told = [row for row in walked.records("setpoint") if row["leg"] == 0]
    assert len(told) == walked.figure("legs.left.setpoints")
    assert walked.records()[0]["kind"] == "header"
    channels = {row["channel"] for row in told}
    left = [pulse for pulse in walked.pulses if pulse.channel in channels]
    assert len(left) == walked.figure("legs.left.pulses")
    assert {pulse.width_us for pulse in left} == {300}


def test_a_bound_that_is_not_met_says_so(walk: Walk) -> None:
    walked = walk("late_onset", duration_s=12.0)
    assert not walked.passed
    assert any("drag_strides" in reason for reason in walked.reasons)
    assert walk(duration_s=12.0).passed


def test_what_is_injected_happens_in_the_next_walk_and_in_no_other(
    walk: Walk, inject: Inject
) -> None:
    inject("sensor_dropout", 6.0, lasts_s=0.5)
    assert "F04" in walk(duration_s=SHORT_S).faults
    assert walk(duration_s=SHORT_S).faults == []


def test_a_fault_that_cleared_is_told_once(walk: Walk, inject: Inject) -> None:
    inject("sensor_dropout", 5.0, lasts_s=0.5)
    walked = walk(duration_s=12.0)
    assert {row["reaction"] for row in walked.records("fault")} == {"inhibit", "cleared"}
    assert walked.faults == ["F04"]


def test_a_patient_is_a_preset_with_values_of_ones_own(walk: Walk, patient: PatientFactory) -> None:
    heavy = patient("stroke_mild", {"mass_kg": 95.0})
    assert heavy.config.mass_kg == 95.0
    assert patient("stroke_mild").config.mass_kg != 95.0
    walked = walk(patient=heavy, duration_s=SHORT_S)
    assert walked.summary["patient"] == "stroke_mild"
    header = walked.records("header")[0]
    assert header["config"]["patient"]["mass_kg"] == 95.0  # type: ignore[index]


def test_files_are_looked_for_beside_the_test(
    walk: Walk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "_beside", tmp_path)
    (tmp_path / "mine.toml").write_text('[walk]\npatient = "stroke_mild"\nseed = 5\n')
    (tmp_path / "slow.toml").write_text("[program]\nrise_ms = 400\n")
    walked = walk("mine.toml", program=Path("slow.toml"), duration_s=SHORT_S)
    assert (walked.summary["patient"], walked.summary["seed"]) == ("stroke_mild", 5)
    assert walked.records("header")[0]["config"]["control"]["program"]["rise_ms"] == 400  # type: ignore[index]


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda walk: walk("nowhere"), "scenario 'nowhere' is unknown; choose .*standard"),
        (lambda walk: walk("nowhere.toml"), "'nowhere.toml' does not exist"),
        (lambda walk: walk(program="steep"), "program 'steep' is unknown"),
        (lambda walk: walk(values={"program.delay": 3}), "did you mean delay_ms"),
        (lambda walk: walk(values={"program.delay_ms": walk}), "a value is a number"),
        (lambda walk: walk(values={"limits.current_mA": 90}), "limits come from files only"),
        (lambda walk: walk(values={"detector.name": "mine"}), "no such detector; choose heel"),
        (lambda walk: walk(values={"program.trigger": "tilt"}), "only a shank IMU tells it"),
        (lambda walk: walk(clock="sundial"), "choose stepper or virtual"),
        (lambda walk: walk(duration_s=3.0).figure("legs.right.stride"), "nearest are .*strides"),
        (lambda walk: walk(duration_s=3.0).records("pulse"), "'pulse': choose header"),
    ],
)
def test_a_walk_that_cannot_be_is_refused_in_one_sentence(
    walk: Walk, ask: Callable[[Walk], object], says: str
) -> None:
    with pytest.raises(RefusedError, match=says) as refused:
        ask(walk)
    assert "\n" not in str(refused.value)


def test_unknown_injections_patients_and_devices_are_refused_in_one_sentence(
    inject: Inject, patient: PatientFactory, stimulator: StimulatorFactory, link: LinkFactory
) -> None:
    with pytest.raises(RefusedError, match="injection 'nonsense' is unknown: choose"):
        inject("nonsense", 3.0)
    with pytest.raises(RefusedError, match=r"'-1\.0' is no time"):
        inject("cable_pulled", -1.0)
    with pytest.raises(RefusedError, match="has no amount"):
        inject("cable_pulled", 1.0, amount=3.0)
    with pytest.raises(RefusedError, match="patient 'nobody' is unknown"):
        patient("nobody")
    with pytest.raises(RefusedError, match="did you mean mass_kg"):
        patient("flaccid", {"mas_kg": 90.0})
    with pytest.raises(RefusedError, match=r"stimulator 'p25'.*feslink or p24"):
        stimulator("p25")
    with pytest.raises(RefusedError, match=r"loss = 2\.0"):
        link(stimulator(), loss=2.0)
    with pytest.raises(RefusedError, match="hits the device: inject it into a stimulator"):
        link(stimulator()).inject("device_reset")
    with pytest.raises(RefusedError, match="hits the sensor: inject it into a walk"):
        stimulator().inject("heel_bounce")


@pytest.mark.parametrize(
    ("name", "at_s", "scenario"),
    [("heel_bounce", 5.0, "foot_imu"), ("answers_lost", 0.0, "standard")],
)
def test_an_injection_that_was_never_reached_fails_its_test(
    walk: Walk, inject: Inject, name: str, at_s: float, scenario: str
) -> None:
    inject(name, at_s, lasts_s=1e-6)
    with pytest.raises(RefusedError, match=f"injection {name} was never reached in {scenario}"):
        walk(scenario, duration_s=SHORT_S)


def test_an_injection_that_no_walk_took_fails_its_test() -> None:
    asked = Inject()
    asked("cable_pulled", 5.0)
    with pytest.raises(RefusedError, match=r"cable_pulled@5\.0: no walk came after it"):
        asked.close()
    asked.take()
    asked.close()


PULSE = ((300, 20_000), (100, 0), (300, -20_000))


def test_a_device_gives_the_pulses_that_its_cable_brings_it(
    stimulator: StimulatorFactory, link: LinkFactory
) -> None:
    device = stimulator("p24")
    cable = link(device, latency_us=5_000, jitter_us=0)
    cable.write(sm4.ll_init(1))
    cable.run(0.004)
    assert cable.read() == b""
    cable.run(0.1)
    cable.write(sm4.low_level_pulse(2, 0, PULSE))
    cable.run(0.1)
    answers = [frame.command for frame in sm4.Decoder().feed(cable.read())]
    assert answers == [sm4.LL_INIT + 1, sm4.LL_CHANNEL_CONFIG + 1]
    assert cable.read() == b""
    (pulse,) = device.pulses
    assert (pulse.channel, pulse.current_ua, pulse.width_us) == (0, 20_000, 300)
    assert 109_000 < pulse.t_us < 111_000


def test_a_cable_that_is_pulled_says_so_and_brings_nothing(
    stimulator: StimulatorFactory, link: LinkFactory
) -> None:
    device = stimulator("p24")
    cable = link(device)
    cable.write(sm4.ll_init(1))
    cable.run(0.1)
    cable.inject("cable_pulled")
    cable.write(sm4.low_level_pulse(2, 0, PULSE))
    cable.run(0.1)
    assert cable.lost == "cable pulled"
    assert cable.reached == ["cable_pulled"]
    assert device.pulses == []


def test_a_device_that_nothing_is_asked_of_was_never_hit(
    stimulator: StimulatorFactory, link: LinkFactory
) -> None:
    made = StimulatorFactory()
    device = made("p24")
    device.inject("answers_lost", lasts_s=1.0)
    cable = link(device)
    with pytest.raises(RefusedError, match="answers_lost was never reached: nothing of the p24"):
        made.close()
    cable.write(sm4.get_stim_status(1))
    cable.run(0.5)
    assert device.reached == ["answers_lost"]
    assert cable.read() == b""
    made.close()
