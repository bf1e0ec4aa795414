"""One leg is stimulated and the other only senses: whose events count, whose silence, for whom."""

from collections.abc import Mapping

import pytest

from fes_ctrl.assembly import ControlConfig, assemble, problems_of
from fes_ctrl.controller import Controller
from fes_ctrl.model import (
    HEEL_SWITCH,
    LEFT,
    RIGHT,
    BurstEnd,
    BurstStart,
    Decision,
    Fault,
    Input,
    Operator,
    Record,
    Sample,
    StateChange,
)
from fes_ctrl.stim.config import ProgramConfig, SetupConfig
from helpers.played import ARMING, controller, live, report, setpoints

CROSSED = ProgramConfig(trigger="initial_contact", trigger_side="contralateral")
SWITCH_ALONE = ProgramConfig(
    trigger="initial_contact", trigger_side="contralateral", end="other_heel_off"
)

Told = Mapping[int, float]


def feet(
    until_us: int,
    left: Told | None = None,
    right: Told | None = None,
    silent: Mapping[int, tuple[int, int]] | None = None,
    worn: tuple[int, ...] = (LEFT, RIGHT),
) -> list[tuple[int, Input]]:
    """Return a heel switch's readings of both feet, every 10 ms, and the device's answers."""
    told: dict[int, Told] = {LEFT: left or {}, RIGHT: right or {}}
    inputs: list[tuple[int, Input]] = []
    for at_us in range(100_000, until_us, 10_000):
        for leg in worn:
            from_us, to_us = (silent or {}).get(leg, (0, 0))
            if not from_us <= at_us < to_us:
                value = told[leg].get(at_us, 1.0)
                inputs.append((at_us, Sample(at_us, at_us, 0, leg, HEEL_SWITCH, (value,))))
        inputs.append((at_us + 3_000, report(at_us + 3_000, "answer")))
    return inputs


def faults(records: list[Record]) -> list[tuple[str, str, int]]:
    return [(record.id, record.reaction, record.leg) for record in records if type(record) is Fault]


def sensing(program: ProgramConfig = CROSSED, bare: tuple[int, ...] = ()) -> Controller:
    return controller(program, (RIGHT,), only_sensing=(LEFT,), bare=bare)


def test_the_sensing_leg_s_contact_begins_a_burst_on_the_other_and_it_has_none_itself() -> None:
    left = {500_000: 3.0, 900_000: 2.0, 1_800_000: 3.0}
    right = {650_000: 2.0, 1_100_000: 3.0, 1_700_000: 2.0}
    commands, records = live(sensing(), [*ARMING, *feet(2_400_000, left, right)])
    starts = [record for record in records if isinstance(record, BurstStart)]
    assert [(start.leg, start.t_us) for start in starts] == [(RIGHT, 500_000), (RIGHT, 1_800_000)]
    assert {setpoint.leg for setpoint in setpoints(commands)} == {RIGHT}
    (end,) = [record for record in records if isinstance(record, BurstEnd)]
    assert (end.ended_by, end.contact_us) == ("initial_contact", 1_100_000), "its own contact"
    assert not faults(records)


def test_a_sensing_leg_that_is_silent_is_the_other_s_fault_and_ends_its_burst_in_time() -> None:
    contacts = {500_000: 3.0, 1_700_000: 3.0, 2_300_000: 3.0}
    inputs = feet(2_500_000, contacts, silent={LEFT: (710_000, 1_500_000)})
    commands, records = live(sensing(), [*ARMING, *inputs])
    told, cleared = [record for record in records if isinstance(record, Fault)]
    assert (told.id, told.reaction, told.leg, told.t_us) == ("F04", "inhibit", RIGHT, 800_000)
    assert told.detail == "sensors of the left: no fresh sample for 100 ms"
    assert (cleared.id, cleared.reaction, cleared.leg) == ("F04", "cleared", RIGHT)
    given_us = [setpoint.at_us for setpoint in setpoints(commands)]
    assert given_us[0] < 800_000
    assert not [at_us for at_us in given_us if 800_000 <= at_us < 2_300_000]
    assert given_us[-1] > 2_300_000, "with the sensor bursts are back"
    starts_us = [record.t_us for record in records if isinstance(record, BurstStart)]
    assert starts_us == [500_000, 2_300_000], "and not before it was back for half a second"
    assert [record.ended_by for record in records if isinstance(record, BurstEnd)] == ["sensor"]
    verdicts = {record.verdict for record in records if isinstance(record, Decision)}
    assert "refuse" not in verdicts, "the guard was not needed"


def test_the_stimulated_leg_s_own_sensor_is_still_needed() -> None:
    inputs = feet(1_200_000, {500_000: 3.0, 1_000_000: 3.0}, silent={RIGHT: (710_000, 1_200_000)})
    commands, records = live(sensing(), [*ARMING, *inputs])
    assert faults(records) == [("F04", "inhibit", RIGHT)]
    assert len([record for record in records if isinstance(record, BurstStart)]) == 1
    assert setpoints(commands)[-1].at_us < 800_000


def test_a_silence_of_two_seconds_latches_until_a_person_clears_it() -> None:
    target = sensing()
    gone = {LEFT: (500_000, 2_700_000)}
    again = {3_600_000: 3.0}
    commands, records = live(target, [*ARMING, *feet(4_000_000, again, silent=gone)])
    assert ("F04L", "latch", RIGHT) in faults(records)
    assert not setpoints(commands), "latched, whatever the sensor says by now"
    target.step(4_000_000, Operator(4_000_000, "clear", 0))
    more = [item for item in feet(5_500_000, {5_000_000: 3.0}) if item[0] > 4_000_000]
    commands, records = live(target, more)
    assert ("F04", "cleared", RIGHT) in faults(records)
    assert setpoints(commands)


def test_what_no_burst_rests_on_may_be_silent_for_ever_and_is_told_of_once() -> None:
    gone = {LEFT: (500_000, 6_000_000)}
    steps = {2_000_000: 2.0, 2_500_000: 3.0, 5_000_000: 2.0, 5_500_000: 3.0}
    target = sensing(ProgramConfig())
    commands, records = live(target, [*ARMING, *feet(7_000_000, None, steps, gone)])
    assert faults(records) == [("F05", "warn", LEFT), ("F05", "cleared", LEFT)]
    starts_us = [record.t_us for record in records if isinstance(record, BurstStart)]
    assert starts_us == [2_000_000, 5_000_000]
    assert {setpoint.leg for setpoint in setpoints(commands)} == {RIGHT}


def test_a_switch_under_the_other_heel_alone_begins_and_ends_every_burst() -> None:
    left = {500_000 + k * 1_000_000: 3.0 for k in range(6)}
    left |= {1_100_000 + k * 1_000_000: 2.0 for k in range(6)}
    inputs = [*ARMING, *feet(6_900_000, left, worn=(LEFT,))]
    commands, records = live(sensing(SWITCH_ALONE, bare=(RIGHT,)), inputs)
    ends = [record for record in records if isinstance(record, BurstEnd)]
    assert [end.ended_by for end in ends] == ["other_heel_off"] * 6
    # The last pulse is that of the fall, after the extension.
    assert [(end.t_us - 1_100_000) % 1_000_000 < 250_000 for end in ends] == [True] * 6
    assert not faults(records), "nobody can tell whether the foot lands, so nobody misses it"
    assert {setpoint.leg for setpoint in setpoints(commands)} == {RIGHT}


def test_a_switch_under_the_other_heel_alone_ends_a_burst_by_the_time_out_where_it_is_stuck() -> (
    None
):
    inputs = feet(3_500_000, {500_000: 3.0}, worn=(LEFT,))
    _, records = live(sensing(SWITCH_ALONE, bare=(RIGHT,)), [*ARMING, *inputs])
    (end,) = [record for record in records if isinstance(record, BurstEnd)]
    assert end.ended_by == "time_out"
    assert end.t_us <= 500_000 + 1_800_000 + 150_000


def test_bursts_that_time_alone_ends_wait_for_no_contact_that_nothing_could_tell() -> None:
    program = ProgramConfig(
        trigger="initial_contact", trigger_side="contralateral", end="time_out", time_out_ms=400.0
    )
    left = {500_000 + k * 1_000_000: 3.0 for k in range(5)}
    left |= {1_100_000 + k * 1_000_000: 2.0 for k in range(5)}
    inputs = [*ARMING, *feet(5_500_000, left, worn=(LEFT,))]
    _, records = live(sensing(program, bare=(RIGHT,)), inputs)
    ends = [record.ended_by for record in records if isinstance(record, BurstEnd)]
    assert ends == ["time_out"] * 5
    assert not faults(records)


def test_the_other_heel_that_leaves_before_a_delayed_onset_takes_the_burst_back() -> None:
    program = ProgramConfig(
        trigger="initial_contact",
        trigger_side="contralateral",
        end="other_heel_off",
        delay_ms=300.0,
    )
    inputs = feet(2_000_000, {500_000: 3.0, 700_000: 2.0}, worn=(LEFT,))
    commands, records = live(sensing(program, bare=(RIGHT,)), [*ARMING, *inputs])
    assert [r.ended_by for r in records if isinstance(r, BurstEnd)] == ["other_heel_off"]
    assert not setpoints(commands)


def test_a_heel_off_that_is_told_late_and_was_before_the_contact_ends_nothing() -> None:
    heel_off = Sample(600_000, 600_000, 0, LEFT, HEEL_SWITCH, (2.0, 110.0, 1.0))
    inputs = [*feet(600_000, {500_000: 3.0}, worn=(LEFT,)), (600_000, heel_off)]
    inputs += [item for item in feet(900_000, worn=(LEFT,)) if item[0] > 600_000]
    commands, records = live(sensing(SWITCH_ALONE, bare=(RIGHT,)), [*ARMING, *inputs])
    assert not [record for record in records if isinstance(record, BurstEnd)]
    assert setpoints(commands)[-1].at_us > 850_000


def test_a_test_burst_is_the_stimulated_leg_s_alone_and_waits_for_every_sensor_it_rests_on() -> (
    None
):
    target = sensing()
    live(target, [*ARMING, *feet(300_000, worn=(RIGHT,))])
    said = target.step(300_000, Operator(300_000, "test", 0)).records
    (why,) = [record.reason for record in said if isinstance(record, StateChange)]
    assert why == "no test burst on the right: the left's sensors are silent"
    more = [item for item in feet(600_000) if item[0] > 300_000]
    live(target, more)
    said = target.step(600_000, Operator(600_000, "test", 0)).records
    assert [record.leg for record in said if isinstance(record, BurstStart)] == [RIGHT]


@pytest.mark.parametrize(("bare", "on"), [((), (RIGHT, LEFT)), ((RIGHT,), (LEFT,))])
def test_the_guard_is_told_whose_sensors_count(bare: tuple[int, ...], on: tuple[int, ...]) -> None:
    (guard,) = sensing(SWITCH_ALONE, bare).snapshot()["guards"]  # type: ignore[misc, str-unpack]
    assert guard["rests_on"][RIGHT] == on


@pytest.mark.parametrize(
    ("legs", "sensed", "program", "setup", "says"),
    [
        ((RIGHT,), (RIGHT,), CROSSED, "", "the left leg needs a sensor too (heel_switch or"),
        ((RIGHT,), (LEFT,), ProgramConfig(), "", "the right leg is to be stimulated and wears no"),
        ((RIGHT,), (LEFT,), CROSSED, "", "program.end = 'initial_contact': the right leg wears no"),
        (
            (RIGHT,),
            (LEFT, RIGHT),
            ProgramConfig(end="other_heel_off"),
            "",
            "program.end = 'other_heel_off': the other leg ends only what it triggers",
        ),
        (
            (RIGHT,),
            (LEFT, RIGHT),
            ProgramConfig(end="other_heel_off", trigger_side="contralateral"),
            "",
            "program.trigger = 'heel_off': with program.end = 'other_heel_off'",
        ),
        ((RIGHT,), (LEFT, RIGHT), CROSSED, "left", "setup.leg = 'left': these thresholds are not"),
    ],
)
def test_what_is_missing_is_named(
    legs: tuple[int, ...], sensed: tuple[int, ...], program: ProgramConfig, setup: str, says: str
) -> None:
    config = ControlConfig(program=program, setup=SetupConfig(leg=setup))  # type: ignore[arg-type]
    problems = problems_of(legs, config, sensed)
    assert says in problems[0]
    with pytest.raises(ValueError, match=r"^"):
        assemble(legs, config, sensed)


@pytest.mark.parametrize(
    ("sensed", "program"),
    [
        ((LEFT, RIGHT), CROSSED),
        ((LEFT, RIGHT), ProgramConfig()),
        ((LEFT,), SWITCH_ALONE),
        ((LEFT,), ProgramConfig(trigger_side="contralateral", end="time_out")),
    ],
)
def test_one_leg_is_stimulated_and_the_other_has_no_channel(
    sensed: tuple[int, ...], program: ProgramConfig
) -> None:
    config = ControlConfig(program=program, setup=SetupConfig(leg="right"))
    assert not problems_of((RIGHT,), config, sensed)
    legs = assemble((RIGHT,), config, sensed).snapshot()["legs"]
    assert [(leg["leg"], leg["stimulated"]) for leg in legs] == [(RIGHT, True), (LEFT, False)]  # type: ignore[attr-defined]
