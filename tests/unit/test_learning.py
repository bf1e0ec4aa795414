"""A program that learns, in closed loops: what it reaches, and when it waits."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.analysis.run import read_run
from fes_ctrl.assembly import assemble
from fes_ctrl.gait.swing_pitch import SwingPitch
from fes_ctrl.model import (
    ALL_LEGS,
    FOOT_IMU,
    LEFT,
    WALKING,
    Adaptation,
    ParameterChange,
    Sample,
)
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.operator import OperatorConfig
from fes_ctrl.runtime.stepper import Stepper
from firmware_sim.injection_text import parse
from hil.config import WalkConfig
from hil.patient.way import SegmentConfig
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.simulate import WalkResult, simulate

CONTACT_DEG, MID_DEG = 12.0, -23.0
FULL_S = 9.0
HAND = OperatorConfig(
    level_percent=(20, 40, 60, 80, 100), level_from_s=3.0, level_every_s=(FULL_S - 3.0) / 4
)


def configured(patient: str, *sets: str, seconds: float = 30.0) -> WalkConfig:
    sets = ("program.adaptive.start=0.6", *sets)
    walk = load_scenario("adaptive", {"patient": patient, "seed": 11}, sets).walk
    return replace(walk, operator=HAND, duration_s=seconds)


def walked(config: WalkConfig, folder: Path) -> tuple[WalkResult, list[Adaptation]]:
    result = simulate(config, log_file=folder / "log.jsonl")
    return result, read_run(folder).adaptations


@pytest.mark.parametrize(
    ("patient", "start"),
    [("flaccid", 0.0), ("flaccid", 1.0), ("cerebral_palsy_child", 0.0), ("ms_fatigue", 1.0)],
)
def test_it_reaches_the_target_from_a_bad_start_and_no_more(
    patient: str, start: float, tmp_path: Path
) -> None:
    config = configured(patient, f"program.adaptive.start={start}")
    result, told = walked(config, tmp_path)
    full = [each for each in told if each.t_us > FULL_S * 1e6]
    settled = full[10:]
    assert len(settled) >= 4
    for each in settled:
        assert each.contact_deg >= CONTACT_DEG - 1.0
        assert each.mid_deg >= MID_DEG - 1.5
        assert min(each.contact_deg - CONTACT_DEG, each.mid_deg - MID_DEG) <= 3.0, "just met"
    assert result.walk.violations == []
    assert result.walk.refusals == []


def test_a_stiff_ankle_learns_in_every_stride(tmp_path: Path) -> None:
    _, told = walked(configured("cerebral_palsy_child", "program.adaptive.start=1.0"), tmp_path)
    full = [each for each in told if each.t_us > FULL_S * 1e6]
    odd = [each.reason for each in full[2:] if each.verdict == "frozen"]
    assert len(full) > 15
    assert len(odd) <= 1, odd


@pytest.mark.parametrize("rate_hz", [30, 40, 41, 50])
def test_the_guard_takes_nothing_from_a_ramp_that_was_shortened(
    rate_hz: int, tmp_path: Path
) -> None:
    firm = (
        "program.adaptive.contact_deg=16",
        "program.adaptive.mid_deg=-20",
        f"program.channel.0.rate_hz={rate_hz}",
    )
    result, told = walked(configured("ms_fatigue", *firm, seconds=60.0), tmp_path)
    assert [clip for clip in result.walk.clips if clip.t_us > (FULL_S + 3.0) * 1e6] == []
    full = [each for each in told if each.t_us > FULL_S * 1e6][2:]
    assert [each.reason for each in full if "guard" in each.reason] == []
    assert {each.shorter_us for each in full[10:]} != {0}
    rise_us, least_us = 200_000, 100_000
    for before, each in pairwise(full):
        ramp_us = rise_us - each.shorter_us
        assert least_us <= ramp_us <= rise_us
        assert each.share / ramp_us <= 1.0 / rise_us + 1e-8 or ramp_us <= 1.1 * least_us
        if each.share > before.share:
            assert ramp_us >= min(rise_us, least_us * each.share / before.share - 1.0)
    assert result.walk.legs[0].bursts[-1].setpoints


def test_a_guard_that_asks_for_longer_ramps_gets_them(tmp_path: Path) -> None:
    config = configured("ms_fatigue")
    limits = replace(config.control.limits, ramp_min_ms=160.0)
    config = replace(config, control=replace(config.control, limits=limits))
    _, told = walked(config, tmp_path)
    full = [each for each in told if each.t_us > FULL_S * 1e6]
    assert {each.verdict for each in full[2:]} <= {"learnt", "held"}
    assert 0 < max(each.shorter_us for each in full) <= 40_000


def test_a_limit_that_is_narrowed_while_one_walks_holds_for_the_next_ramp() -> None:
    config = configured("ms_fatigue")
    controller = assemble((LEFT,), config.control)
    (leg,) = controller._legs
    assert leg.burst.least_rise_us == 100_000
    controller.step(1, ParameterChange(1, ALL_LEGS, "limits.ramp_min_ms", 150.0))
    assert leg.burst.least_rise_us == 150_000


def test_after_a_burst_that_the_guard_cut_the_next_one_rises_as_the_program_does() -> None:
    clock = Stepper()
    rig = Rig(configured("ms_fatigue", seconds=40.0), clock, NullLog())
    told: list[Adaptation] = []
    rig.session.listeners.append(
        lambda _now_us, records: told.extend([r for r in records if isinstance(r, Adaptation)])
    )
    rig.session.open()
    clock.run_until_us(30_000_000)
    assert told[-1].shorter_us > 0
    (leg,) = rig.session.controller._legs
    assert leg.learning is not None
    leg.learning.withheld = True
    known = len(told)
    clock.run_until_us(35_000_000)
    cut, after = told[known], told[known + 1]
    assert (cut.verdict, cut.shorter_us) == ("frozen", 0)
    assert after.verdict == "learnt"
    assert after.shorter_us > 0


@pytest.mark.parametrize(
    ("name", "value"), [("limits.ramp_min_ms", 180.0), ("rise_ms", 100.0), ("rise_ms", 350.0)]
)
def test_a_ramp_that_is_changed_while_one_walks_costs_two_strides_at_most(
    name: str, value: float
) -> None:
    config = configured("ms_fatigue", seconds=60.0)
    clock = Stepper()
    rig = Rig(config, clock, NullLog())
    told: list[Adaptation] = []
    rig.session.listeners.append(
        lambda _now_us, records: told.extend([r for r in records if isinstance(r, Adaptation)])
    )
    rig.session.open()
    clock.run_until_us(30_000_000)
    rig.session.take(ParameterChange(30_000_000, ALL_LEGS, name, value))
    clock.run_until_us(60_000_000)
    after = [each for each in told if each.t_us > 30_000_000]
    assert len(after) > 15
    assert sum(each.verdict not in {"learnt", "held"} for each in after) <= 2


def test_it_never_gives_more_than_the_program_at_the_operators_level(tmp_path: Path) -> None:
    # The nerve is interrupted: nothing helps, and it asks for ever more.
    config = configured("peroneal_palsy_denervated", "program.adaptive.start=0.5")
    hand = replace(HAND, level_percent=(20, 40), level_every_s=2.0)
    result, told = walked(replace(config, operator=hand, duration_s=20.0), tmp_path)
    electrode = config.patient.leg[0].electrode
    most_ma = electrode.motor_mA + 0.4 * (electrode.tolerated_mA - electrode.motor_mA)
    given_ua = [s.current_ua for burst in result.walk.legs[0].bursts for s in burst.setpoints]
    assert max(given_ua) == pytest.approx(1000 * most_ma, abs=500)
    assert max(given_ua) <= 1000 * most_ma
    assert told[-1].share == 1.0
    assert "wanting" in told[-1].reason


@pytest.fixture(scope="module")
def errand(tmp_path_factory: pytest.TempPathFactory) -> list[Adaptation]:
    way = (
        SegmentConfig("stand", 2.0),
        SegmentConfig("walk", 20.0),
        SegmentConfig("turn", 6.0),
        SegmentConfig("walk", 6.0),
        SegmentConfig("stairs_up", 6.0),
        SegmentConfig("stand", 4.0),
        SegmentConfig("walk", 6.0),
    )
    config = replace(configured("stroke_moderate", seconds=50.0), way=way)
    return walked(config, tmp_path_factory.mktemp("errand"))[1]


def between(told: list[Adaptation], from_s: float, to_s: float) -> list[Adaptation]:
    return [each for each in told if from_s <= each.t_us / 1e6 < to_s]


def test_nothing_is_learnt_while_the_level_is_raised(errand: list[Adaptation]) -> None:
    raised = between(errand, 3.0, FULL_S)
    assert raised
    assert {each.verdict for each in raised} == {"frozen"}
    assert {each.share for each in raised} == {errand[0].share}


def test_nothing_is_learnt_in_turns(errand: list[Adaptation]) -> None:
    turned = between(errand, 24.5, 28.0)
    assert turned
    assert {each.verdict for each in turned} == {"frozen"}
    assert any("turned" in each.reason for each in turned)


def test_nothing_is_learnt_on_a_few_stairs(errand: list[Adaptation]) -> None:
    climbed = between(errand, 36.5, 40.0)
    assert climbed
    assert {each.verdict for each in climbed} == {"frozen"}


def test_the_first_step_out_of_standing_teaches_nothing(errand: list[Adaptation]) -> None:
    first = between(errand, 43.0, 50.0)[0]
    assert (first.verdict, first.reason) == ("frozen", "it began out of standing")
    assert first.share == between(errand, 36.5, 40.0)[-1].share, "and nothing is forgotten"


def test_what_the_guard_has_clipped_is_not_learnt_from(tmp_path: Path) -> None:
    hand = replace(HAND, level_percent=(100,))  # all at once: the guard gives it step by step
    config = replace(configured("ms_fatigue", "program.adaptive.start=1.0"), operator=hand)
    _, told = walked(replace(config, duration_s=12.0), tmp_path)
    clipped = [each for each in told if "guard" in each.reason]
    assert len(clipped) >= 2
    for before, each in pairwise(told):
        if each not in clipped:
            continue
        if each.verdict == "frozen":
            assert each.share == before.share
        else:
            assert each.share < before.share, "more than it needs was enough, all the more"
            assert min(each.contact_deg - CONTACT_DEG, each.mid_deg - MID_DEG) > 0.5


def test_what_is_too_little_because_the_guard_withheld_it_asks_for_no_more(tmp_path: Path) -> None:
    hand = replace(HAND, level_percent=(100,))
    config = replace(configured("sci_incomplete", "program.adaptive.start=0.9"), operator=hand)
    _, told = walked(replace(config, duration_s=12.0), tmp_path)
    clipped = [each for each in told if "guard" in each.reason]
    assert len(clipped) >= 2
    assert {each.verdict for each in clipped} == {"frozen"}


def test_an_unknown_answer_is_no_odd_stride(tmp_path: Path) -> None:
    # At the bottom of its recruitment this muscle answers with four times of what was guessed.
    config = configured("flaccid_both", "program.adaptive.start=0.05")
    _, told = walked(replace(config, duration_s=20.0), tmp_path)
    assert not [each for each in told if "what was to be expected" in each.reason]


def test_an_imu_that_falls_silent_takes_it_back_to_the_start(tmp_path: Path) -> None:
    config = configured(
        "flaccid", "detector.name=fused", "program.adaptive.revert_strides=4", seconds=40.0
    )
    config = replace(config, inject=(parse("imu_silent@20"),))
    result, told = walked(config, tmp_path)
    learnt = between(told, 0.0, 20.0)[-1]
    assert learnt.share < 0.5
    assert [each.verdict for each in between(told, 21.5, 26.5)][:2] == ["frozen"] * 2
    assert "reverted" in {each.verdict for each in told}
    assert (told[-1].share, told[-1].later_us, told[-1].sooner_us) == (0.6, 0, 0)
    assert len(result.walk.legs[0].bursts) > 28, "the heel goes on alone"


def test_a_gyro_that_drifts_does_not_mislead_it(tmp_path: Path) -> None:
    config = configured("flaccid", seconds=40.0)
    steady, _ = walked(config, tmp_path)
    drifting, _ = walked(replace(config, inject=(parse("gyro_bias@16"),)), tmp_path)
    for other, swing in zip(
        steady.walk.legs[0].swings[-6:], drifting.walk.legs[0].swings[-6:], strict=True
    ):
        difference = swing.ankle_at_contact_deg - other.ankle_at_contact_deg
        assert difference == pytest.approx(0.0, abs=2.5)


def test_arming_anew_begins_at_the_start(tmp_path: Path) -> None:
    hand = replace(HAND, hand=("disarm@20", "arm@21", "level=20@23", "level=40@24"))
    config = replace(configured("flaccid"), operator=hand)
    _, told = walked(config, tmp_path)
    assert between(told, 0.0, 20.0)[-1].share < 0.5
    assert between(told, 23.0, 30.0)[0].share == 0.6


def test_two_legs_learn_each_for_itself(tmp_path: Path) -> None:
    _, told = walked(configured("bilateral", seconds=26.0), tmp_path)
    last = {each.leg: each.share for each in told}
    assert len(last) == 2
    assert last[0] != last[1]


@pytest.mark.parametrize("detector", ["heel", "shank-imu"])
def test_a_detector_without_a_foot_imu_is_refused(detector: str) -> None:
    walk = load_scenario("adaptive").walk
    control = replace(walk.control, detector=replace(walk.control.detector, name=detector))
    with pytest.raises(ValueError, match=r"program\.adaptive\.learn: .*foot-imu"):
        assemble((0,), control)


def test_a_leg_without_sensors_is_refused() -> None:
    walk = load_scenario("adaptive").walk
    program = replace(walk.control.program, trigger_side="contralateral", end="time_out")
    control = replace(walk.control, program=program)
    with pytest.raises(ValueError, match="the left leg wears no sensor"):
        assemble((0,), control, (1,))


def test_a_fixed_program_says_nothing_of_learning(tmp_path: Path) -> None:
    config = configured("flaccid", "program.adaptive.learn=false", seconds=10.0)
    _, told = walked(config, tmp_path)
    assert told == []


# -- what is usual --------------------------------------------------------------------------------


class Scripted:
    """A meter that tells what it is told to."""

    def __init__(self) -> None:
        self.next: SwingPitch | None = None

    def update(self, _sample: Sample) -> SwingPitch | None:
        return self.next

    def remarks(self) -> tuple[()]:
        return ()


class Strides:
    """A program that learns from strides as they are made up here."""

    def __init__(self) -> None:
        config = configured("stroke_moderate")
        controller = assemble(config.legs, config.control)
        leg = controller._legs[0]
        assert leg.learning is not None
        self.learning = leg.learning
        self.meter = Scripted()
        self.learning._meter = self.meter  # type: ignore[assignment]
        self.burst = leg.burst
        self.burst.level_percent = self.burst.begun_level = 100
        self._t_us = 0

    def stride(self, surge_mps: float = 1.5, swing_ms: int = 400) -> Adaptation:
        """Walk one; return what came of it."""
        self._t_us += 1_000_000
        since_us = self._t_us
        self.burst.begun_us = since_us + 300_000
        toe_off_us = since_us + 400_000
        contact_us = toe_off_us + 1000 * swing_ms
        t_us = contact_us + 100_000
        deg = (-20.0, 14.0, 300.0, 0.0, 0.0)
        self.meter.next = SwingPitch(
            since_us, t_us, toe_off_us, contact_us, *deg, surge_mps, 1.0, ""
        )
        told = self.learning.take(Sample(t_us, t_us, 0, LEFT, FOOT_IMU, (0.0,) * 6), WALKING)
        assert told is not None
        return told


@pytest.mark.parametrize("odd", [{"surge_mps": 0.2}, {"swing_ms": 900}])
def test_a_first_stride_that_was_odd_makes_no_other_one_odd(odd: dict[str, Any]) -> None:
    strides = Strides()
    assert strides.stride(**odd).reason == "the level was changed"
    strides.stride(**odd)
    assert [strides.stride().verdict != "frozen" for _ in range(5)] == [True] * 5


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ({"surge_mps": 0.9}, "ahead -40 %"),
        ({"surge_mps": 2.1}, "+40 %"),
        ({"swing_ms": 560}, "560"),
    ],
)
def test_a_stride_unlike_three_that_were_alike_is_odd(odd: dict[str, Any], says: str) -> None:
    strides = Strides()
    for _ in range(4):
        strides.stride()
    told = strides.stride(**odd)
    assert told.verdict == "frozen"
    assert says in told.reason
    assert strides.stride().verdict != "frozen", "the next is like those before"


def test_another_way_of_walking_is_the_usual_one_after_eight_strides() -> None:
    strides = Strides()
    for _ in range(5):
        strides.stride()
    frozen = [strides.stride(surge_mps=2.4).verdict == "frozen" for _ in range(10)]
    assert frozen == [True] * 7 + [False] * 3
