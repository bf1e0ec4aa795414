"""Every stride of a run is explained, and those without a burst by what kept it from them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fes_ctrl.analysis.explain import StrideError, explain, strides_of
from fes_ctrl.analysis.run import Run, read_run
from fes_ctrl.analysis.story import BURST, EVENT, FRAME, GUARD, PHASE, RULE, SENSOR, Explanation
from fes_ctrl.model import (
    ALL_LEGS,
    LEFT,
    RIGHT,
    BurstEnd,
    BurstStart,
    GaitEvent,
    ParameterChange,
    Setpoint,
)
from fes_ctrl.runlog.log import RunLogWriter
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.units import NEVER_US
from helpers.runs import Line, kept_walk, written_run
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.simulate import log_header

Walked = Callable[..., Run]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """Return a short walk, read from its folder; equal ones are walked once."""
    runs: dict[tuple[str, ...], Run] = {}

    def get(*arguments: str, duration: str = "9") -> Run:
        key = (duration, *arguments)
        if key not in runs:
            folder = tmp_path_factory.mktemp("explain") / "run"
            scenario = [] if arguments and not arguments[0].startswith("-") else ["standard"]
            words = (*scenario, *arguments, "--duration", duration)
            runs[key] = read_run(kept_walk(folder, *words))
        return runs[key]

    return get


def every(run: Run, leg: int = RIGHT) -> list[Explanation]:
    return [explain(run, leg, stride.number) for stride in strides_of(run, leg).strides]


def codes(run: Run) -> list[str]:
    return [each.cause.code for each in every(run)]


# -- the chain ------------------------------------------------------------------------------------


def test_a_stride_is_told_from_the_reading_to_the_frame(walked: Walked) -> None:
    told = explain(walked("--set", "program.delay_ms=20"), RIGHT, 2)
    stages = [moment.stage for moment in told.moments]
    first = [stages.index(stage) for stage in (SENSOR, EVENT, PHASE, RULE, BURST, GUARD, FRAME)]
    assert first == sorted(first)
    assert told.outcome == "burst"
    times_us = [moment.t_us for moment in told.moments]
    assert times_us == sorted(times_us)


def test_the_line_that_decided_is_named_with_its_place(walked: Walked) -> None:
    told = explain(walked("--set", "program.delay_ms=20"), RIGHT, 2)
    (rule,) = [
        moment for moment in told.moments if moment.stage == RULE and "starts" in moment.text
    ]
    assert "by the delay" in rule.text
    lines = {line.key: line for line in rule.lines}
    assert (lines["program.delay_ms"].value, lines["program.delay_ms"].origin) == (
        20,
        "--set program.delay_ms=20",
    )
    assert "programs/standard.toml:" in lines["program.trigger"].origin
    (fall,) = [moment for moment in told.moments if moment.text.startswith("the fall begins")]
    assert "100.0 ms after initial contact" in fall.text
    assert "program.extension_ms" in {line.key for line in fall.lines}


def test_the_reading_that_made_the_event_certain_is_the_one_that_came_when_it_was_told(
    walked: Walked,
) -> None:
    told = explain(walked(), RIGHT, 3)
    event = next(m for m in told.moments if m.stage == EVENT and m.facts["event"] == "ho")
    reading = next(m for m in told.moments if m.stage == SENSOR and m.facts["event"] == "ho")
    assert reading.t_us == event.t_us
    assert "reads unloaded" in reading.text
    assert "before: loaded" in reading.text


def test_frames_are_told_in_words(walked: Walked) -> None:
    told = explain(walked(), RIGHT, 3)
    out, answer = [moment for moment in told.moments if moment.stage == FRAME][:2]
    assert "Ll_Channel_Config" in out.text
    assert "channel 0, 18 mA for 300 us, -18 mA for 300 us" in out.text
    assert "answer to Ll_Channel_Config" in answer.text
    assert answer.text.endswith("ok")
    assert answer.t_us > out.t_us


@pytest.mark.parametrize(
    ("stimulator", "word"),
    [("rehastim2", "mA for 300 us"), ("feslink", "steps of current for 300 us")],
)
def test_frames_of_other_stimulators_are_told_in_words(
    walked: Walked, stimulator: str, word: str
) -> None:
    run = walked("rehastim2") if stimulator == "rehastim2" else walked("--stimulator", stimulator)
    frames = [moment for moment in explain(run, RIGHT, 3).moments if moment.stage == FRAME]
    assert frames
    assert any(word in moment.text for moment in frames), [each.text for each in frames]


def test_errors_are_against_the_true_event(walked: Walked) -> None:
    run = walked()
    (leg,) = run.walk.legs
    told = explain(run, RIGHT, 2)
    event = next(m for m in told.moments if m.stage == EVENT and m.facts["event"] == "ho")
    true_us = leg.swings[1].heel_off_us
    assert event.facts["error_ms"] == (round(event.facts["t_event_s"] * 1e6) - true_us) / 1000  # type: ignore[operator]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("both_legs",),
        ("contralateral",),
        ("predicted_onset",),
        ("--inject", "sensor_dropout@6+1"),
        ("--set", "program.lock_out_ms=1500"),
    ],
)
def test_every_burst_of_a_walk_belongs_to_exactly_one_stride(
    walked: Walked, arguments: tuple[str, ...]
) -> None:
    run = walked(*arguments)
    for leg in run.walk.legs:
        told = every(run, leg.leg)
        bursts = [burst for each in told for given in each.given for burst in given.bursts]
        assert sorted(map(id, bursts)) == sorted(map(id, leg.bursts))
        pulses = sorted([p for each in told for given in each.given for p in given.setpoints])
        assert pulses == sorted([p for p in run.setpoints if p.leg == leg.leg])
        for each in told:
            given = sum(len(given.setpoints) for given in each.given)
            facts = [m.facts["pulses"] for m in each.moments if m.stage == BURST and m.facts]
            assert sum(facts) == given  # type: ignore[arg-type]
            assert (each.outcome == "none") <= (each.cause.code != "stimulated")


def test_each_channel_is_told_of_with_its_own_lines(walked: Walked, tmp_path: Path) -> None:
    program = tmp_path / "two.toml"
    program.write_text(
        "[program]\n[[program.channel]]\nchannel = 1\nintensity = 0.3\n"
        '[[program.channel]]\nmuscle = "evertors"\nchannel = 0\n'
    )
    told = explain(walked("--program", str(program), duration="5"), RIGHT, 2)
    first, second = [m for m in told.moments if m.stage == BURST and "channel" in m.facts]
    assert (first.facts["channel"], second.facts["channel"]) == (1, 0)
    assert "program.channel.0.intensity" in {line.key for line in first.lines}
    assert "setup.evertors.motor_mA" in {line.key for line in second.lines}


def test_strides_have_the_truths_numbers(walked: Walked) -> None:
    run = walked()
    (leg,) = run.walk.legs
    finished = [stride for stride in strides_of(run, RIGHT).strides if stride.finished]
    assert [stride.number for stride in finished] == [swing.stride for swing in leg.swings]
    assert [stride.to_us for stride in finished] == [swing.contact_us for swing in leg.swings]


def test_without_truth_strides_end_with_the_contacts_that_were_told(
    walked: Walked, tmp_path: Path
) -> None:
    run = walked()
    (tmp_path / "log.jsonl").write_bytes((run.folder / "log.jsonl").read_bytes())
    bare = read_run(tmp_path)
    contacts = [e.t_event_us for e in bare.walk.legs[0].detected if e.kind == "ic"]
    counted = strides_of(bare, RIGHT)
    assert counted.counted_by == "contacts"
    assert [s.to_us for s in counted.strides if s.finished] == contacts
    # The same walk, so the same bursts: a stride has them whether the truth is known or not.
    assert [len(each.given) for each in every(bare)] == [len(each.given) for each in every(run)]
    told = explain(bare, RIGHT, 2)
    assert told.cause.lines[0].origin == "origin not kept"


# -- why there is none ----------------------------------------------------------------------------


def test_nobody_had_armed_and_then_the_level_was_zero(walked: Walked) -> None:
    run = walked("--set", "operator.arm_at_s=5")
    assert codes(run)[:5] == ["unarmed"] * 3 + ["level_zero"] * 2
    first, last = explain(run, RIGHT, 1), explain(run, RIGHT, 5)
    assert first.cause.lines[0].origin == "--set operator.arm_at_s=5"
    assert "level was 0 %" in last.cause.text


def test_an_evaluation_gives_nothing(walked: Walked) -> None:
    run = walked("--evaluation")
    assert set(codes(run)) == {"evaluation"}
    assert explain(run, RIGHT, 1).cause.lines[0].origin == "--evaluation"


def test_the_operator_had_paused(walked: Walked) -> None:
    run = walked("--set", 'operator.hand=["pause@5"]')
    assert codes(run)[3:5] == ["paused", "paused"]
    told = explain(run, RIGHT, 4).cause
    assert "paused at 5.000 s" in told.text
    assert told.lines[0].key == "operator.hand"


def test_a_pause_cuts_the_burst_that_is_on(walked: Walked) -> None:
    told = explain(walked("--set", 'operator.hand=["pause@4.8"]'), RIGHT, 3)
    assert told.outcome == "burst"
    assert "pause at 4.800 s cut it" in told.notes


def test_a_latched_fault_holds_it_back(walked: Walked) -> None:
    run = walked("--inject", "electrode_off@5")
    told = explain(run, RIGHT, 5)
    assert (told.outcome, told.cause.code) == ("none", "latched")
    assert "F12" in told.cause.text
    assert any(
        "F12" in note for note in explain(run, RIGHT, 4).notes + explain(run, RIGHT, 3).notes
    )


def test_a_silent_sensor_leaves_no_event_and_its_limit_is_named(walked: Walked) -> None:
    told = explain(walked("--inject", "sensor_dropout@6+1"), RIGHT, 5)
    assert told.cause.code == "sensor_silent"
    assert "F04" in told.cause.text
    assert "limits.sensor_max_age_ms" in {line.key for line in told.cause.lines}


def test_no_event_was_told_and_what_the_sensor_read_is(walked: Walked) -> None:
    told = explain(walked("--inject", "heel_stuck_closed@5"), RIGHT, 5)
    assert told.cause.code == "no_event"
    assert "no heel-off" in told.cause.text
    read, of = told.cause.text.split(" read loaded in ")[1].split(" readings")[0].split(" of ")
    assert read == of, "it read loaded all the time"


def test_the_lock_out_lasted_until_the_foot_was_down(walked: Walked) -> None:
    told = explain(walked("--set", "program.lock_out_ms=1500"), RIGHT, 2)
    assert told.cause.code == "lock_out"
    assert told.cause.lines[0].origin == "--set program.lock_out_ms=1500"


def test_a_long_delay_lasted_until_the_foot_was_down(walked: Walked) -> None:
    told = explain(walked("--set", "program.delay_ms=1200"), RIGHT, 2)
    assert told.cause.code == "contact_first"
    assert told.cause.lines[0].key == "program.delay_ms"


def test_a_doubtful_first_step_is_inhibited_by_the_line_that_says_so(walked: Walked) -> None:
    told = explain(walked("--set", "detector.name=foot-imu"), RIGHT, 1)
    assert told.cause.code == "standing"
    assert "confidence" in told.cause.text
    assert told.cause.lines[0].key == "program.standing"


def test_the_guard_refuses_and_its_limit_is_named(tmp_path: Path) -> None:
    scenario = load_scenario("standard", {"duration_s": 8.0})
    log = RunLogWriter(tmp_path / "log.jsonl", log_header(scenario.walk))
    stepper = Stepper()
    rig = Rig(scenario.walk, stepper, log)
    rig.session.open()
    stepper.run_until_us(5_300_000)
    # What nobody can keep to: every pulse of a burst is too much for it.
    narrowed = ParameterChange(5_300_000, ALL_LEGS, "limits.rms_mA", 0.1)
    rig.session.take(narrowed)
    stepper.run_until_us(8_000_000)
    log.close(ended="finished")
    told = explain(read_run(tmp_path), RIGHT, 4)
    assert (told.outcome, told.cause.code) == ("none", "refused")
    assert "r.m.s. current" in told.cause.text
    (line,) = told.cause.lines
    assert (line.key, line.value, line.origin) == ("limits.rms_mA", 0.1, "turned at 5.300 s")
    guard = [moment for moment in told.moments if moment.stage == GUARD]
    assert "the rest of the burst goes with it" in guard[0].text


def test_the_guard_lowers_pulses_and_its_limit_is_named(walked: Walked) -> None:
    told = explain(walked("errand", duration="12"), LEFT, 1)
    lowered = [m for m in told.moments if m.stage == GUARD and "lowered" in m.text and m.lines]
    assert lowered[0].lines[0].key == "limits.level_step_mA"
    assert any("lowered" in note for note in told.notes)


def test_a_leg_that_only_senses_has_no_program(walked: Walked) -> None:
    run = walked("contralateral")
    told = explain(run, LEFT, 2)
    assert (told.outcome, told.cause.code) == ("none", "only_senses")


def event(kind: str, t_us: int, told_us: int) -> GaitEvent:
    return GaitEvent(kind, RIGHT, t_us, told_us, 1.0)


def pulse(at_us: int) -> Setpoint:
    return Setpoint(at_us, RIGHT, 0, 20_000, 300, at_us + 10_000, 0)


def test_an_event_that_is_told_after_the_foot_is_down_comes_too_late(tmp_path: Path) -> None:
    start = BurstStart(1_700_000, RIGHT, 0, "ho", 1_000_000, 20_000)
    end = BurstEnd(1_725_000, RIGHT, 0, "time_out", 1_700_000, NEVER_US)
    lines: list[Line] = [
        (500_000, None, (), (event("ic", 500_000, 500_000),)),
        (1_510_000, None, (), (event("ic", 1_500_000, 1_510_000),)),
        (1_700_000, None, (pulse(1_700_000),), (event("ho", 1_000_000, 1_700_000), start)),
        (1_725_000, None, (pulse(1_725_000),), ()),
        (1_800_000, None, (), (end,)),
    ]
    told = explain(written_run(tmp_path / "run", lines), RIGHT, 2)
    assert (told.outcome, told.cause.code) == ("late", "late_event")
    assert "told 700.0 ms late" in told.cause.text


def test_a_late_event_without_a_burst_is_told_of_as_late(tmp_path: Path) -> None:
    lines: list[Line] = [
        (500_000, None, (), (event("ic", 500_000, 500_000),)),
        (1_510_000, None, (), (event("ic", 1_500_000, 1_510_000),)),
        (1_700_000, None, (), (event("ho", 1_000_000, 1_700_000),)),
    ]
    told = explain(written_run(tmp_path / "run", lines), RIGHT, 2)
    assert (told.outcome, told.cause.code) == ("none", "late_event")


def test_a_burst_that_still_goes_on_leaves_no_room_for_the_next(tmp_path: Path) -> None:
    start = BurstStart(1_000_000, RIGHT, 0, "ho", 1_000_000, 20_000)
    pulses = [pulse(t_us) for t_us in range(1_000_000, 2_800_000, 25_000)]
    end = BurstEnd(pulses[-1].at_us, RIGHT, 0, "time_out", 1_000_000, NEVER_US)
    lines: list[Line] = [
        (500_000, None, (), (event("ic", 500_000, 500_000),)),
        (1_000_000, None, tuple(pulses[:1]), (event("ho", 1_000_000, 1_000_000), start)),
        *[(each.at_us, None, (each,), ()) for each in pulses[1:]],
        (2_800_000, None, (), (end,)),
    ]
    contact = (1_500_000, None, (), (event("ic", 1_500_000, 1_500_000),))
    second = (2_000_000, None, (), (event("ho", 2_000_000, 2_000_000),))
    third = (2_500_000, None, (), (event("ic", 2_500_000, 2_500_000),))
    lines = sorted([*lines, contact, second, third], key=lambda line: line[0])
    run = written_run(tmp_path / "run", lines)
    assert explain(run, RIGHT, 2).outcome == "burst"
    silent = explain(run, RIGHT, 3)
    assert (silent.outcome, silent.cause.code) == ("none", "still_on")
    assert "still went on" in silent.cause.text
    assert "still went on in this swing until 2.500 s: 20 pulses" in silent.notes[0]


def test_a_burst_that_nothing_ends_is_its_own_strides_though_it_covers_more_of_the_next(
    walked: Walked,
) -> None:
    run = walked("--inject", "sensor_frozen@6")
    own, following = explain(run, RIGHT, 4), explain(run, RIGHT, 5)
    assert own.outcome == "burst"
    assert "ended by time out" in own.cause.text
    assert (following.outcome, following.cause.code) == ("none", "no_event")
    assert "of an earlier stride, still went on" in following.notes[0]


# -- what is refused ------------------------------------------------------------------------------


def test_a_stride_that_is_not_there_is_refused_with_the_range(walked: Walked) -> None:
    run = walked()
    last = strides_of(run, RIGHT).strides[-1].number
    for number in (0, -1, last + 1):
        with pytest.raises(StrideError, match=f"has strides 1 to {last}"):
            explain(run, RIGHT, number)


def test_a_leg_that_is_not_there_is_refused(walked: Walked) -> None:
    with pytest.raises(StrideError, match="there is right"):
        explain(walked(), LEFT, 1)
