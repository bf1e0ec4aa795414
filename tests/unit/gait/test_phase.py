"""The phase machine: where the leg is, and that it does not claim to know for long."""

from fes_ctrl.gait.phase import PhaseMachine
from fes_ctrl.model import (
    FOOT_FLAT,
    HEEL_OFF,
    INITIAL_CONTACT,
    LEFT,
    PRE_SWING,
    RIGHT,
    STANCE,
    STANDING,
    SWING,
    TERMINAL_CONTACT,
    TURNING,
    UNKNOWN,
    WALKING,
    GaitEvent,
    PhaseChange,
)
from fes_ctrl.units import NEVER_US

LATENCY_US = 20_000


def event(kind: str, t_us: int, leg: int = LEFT) -> GaitEvent:
    return GaitEvent(kind, leg, t_us, t_us + LATENCY_US, 1.0)


def walk(machine: PhaseMachine, from_us: int = 0) -> None:
    for kind, t_us in (
        (HEEL_OFF, 0),
        (TERMINAL_CONTACT, 200_000),
        (INITIAL_CONTACT, 600_000),
        (FOOT_FLAT, 700_000),
        (HEEL_OFF, 1_200_000),
        (TERMINAL_CONTACT, 1_400_000),
        (INITIAL_CONTACT, 1_900_000),
    ):
        machine.update(event(kind, from_us + t_us))


def test_a_stride_goes_through_its_phases() -> None:
    machine = PhaseMachine(LEFT)
    phases = []
    for kind, t_us in (
        (HEEL_OFF, 1_000_000),
        (TERMINAL_CONTACT, 1_200_000),
        (INITIAL_CONTACT, 1_600_000),
        (FOOT_FLAT, 1_700_000),
    ):
        change = machine.update(event(kind, t_us))
        if change is not None:
            phases.append((change.phase, change.activity, change.t_us))
    assert phases == [
        (PRE_SWING, UNKNOWN, 1_020_000),
        (SWING, UNKNOWN, 1_220_000),
        (STANCE, WALKING, 1_620_000),
    ]


def test_durations_are_those_of_the_foot_and_not_of_the_detector() -> None:
    machine = PhaseMachine(LEFT)
    walk(machine)
    assert machine.last_stance_us == 800_000
    assert machine.last_stride_us == 1_300_000


def test_without_terminal_contacts_stance_ends_with_heel_off() -> None:
    machine = PhaseMachine(LEFT)
    machine.update(event(INITIAL_CONTACT, 1_000_000))
    machine.update(event(HEEL_OFF, 1_500_000))
    assert machine.last_stance_us == 500_000


def test_a_contact_that_was_missed_makes_no_stance_of_a_stride_and_a_half() -> None:
    machine = PhaseMachine(LEFT)
    walk(machine)
    for kind, t_us in ((HEEL_OFF, 2_400_000), (TERMINAL_CONTACT, 2_700_000)):
        machine.update(event(kind, t_us))
    assert machine.last_stance_us == 800_000
    for kind, t_us in ((HEEL_OFF, 3_700_000), (TERMINAL_CONTACT, 4_000_000)):
        machine.update(event(kind, t_us))
        assert machine.last_stance_us == 800_000


def test_a_contact_without_a_swing_before_is_no_walking() -> None:
    machine = PhaseMachine(LEFT)
    machine.update(event(INITIAL_CONTACT, 1_000_000))
    assert machine.activity == UNKNOWN
    machine.update(event(HEEL_OFF, 1_500_000))
    machine.update(event(INITIAL_CONTACT, 1_550_000))
    assert machine.activity == UNKNOWN


def test_a_long_stance_becomes_standing() -> None:
    machine = PhaseMachine(LEFT)
    walk(machine)
    deadline_us = machine.deadline_us
    assert machine.tick(deadline_us - 1) is None
    assert machine.tick(deadline_us) == PhaseChange(deadline_us, LEFT, STANCE, STANDING)
    assert machine.deadline_us == NEVER_US
    assert machine.tick(deadline_us + 1) is None


def test_a_foot_that_never_lands_is_no_longer_known() -> None:
    machine = PhaseMachine(LEFT)
    walk(machine)
    machine.update(event(HEEL_OFF, 2_500_000))
    change = machine.tick(machine.deadline_us)
    assert change is not None
    assert (change.phase, change.activity) == (UNKNOWN, UNKNOWN)


def test_no_stride_reaches_across_a_pause() -> None:
    machine = PhaseMachine(LEFT)
    walk(machine)
    machine.tick(machine.deadline_us)
    stride_us, stance_us = machine.last_stride_us, machine.last_stance_us
    machine.update(event(HEEL_OFF, 60_000_000))
    machine.update(event(INITIAL_CONTACT, 60_600_000))
    assert (machine.last_stride_us, machine.last_stance_us) == (stride_us, stance_us)


def test_the_first_step_out_of_standing_is_walking_once_it_has_landed() -> None:
    machine = PhaseMachine(LEFT)
    walk(machine)
    machine.tick(machine.deadline_us)
    machine.update(event(HEEL_OFF, 60_000_000))
    assert machine.activity == STANDING
    machine.update(event(INITIAL_CONTACT, 60_600_000))
    assert machine.activity == WALKING


def test_the_other_leg_changes_nothing() -> None:
    machine = PhaseMachine(LEFT)
    assert machine.update(event(HEEL_OFF, 0, RIGHT)) is None
    assert machine.phase == UNKNOWN


def test_strides_that_turn_are_turning_and_those_after_them_walking() -> None:
    machine = PhaseMachine(LEFT)
    seen = []
    for stride, turn_deg in enumerate((2.0, -3.0, 50.0, 45.0, 4.0, 1.0)):
        begin_us = 1_000_000 + stride * 1_300_000
        machine.update(event(HEEL_OFF, begin_us), 0.0)
        machine.update(event(INITIAL_CONTACT, begin_us + 500_000), turn_deg)
        seen.append(machine.activity)
        assert machine.stepping
    assert seen == [WALKING, WALKING, TURNING, TURNING, WALKING, WALKING]


def test_feet_that_swing_round_with_every_stride_do_not_turn() -> None:
    """Turned out on the ground, straight in swing: what returns each time is the walker's own."""
    machine = PhaseMachine(LEFT)
    for stride in range(12):
        begin_us = 1_000_000 + stride * 1_300_000
        machine.update(event(HEEL_OFF, begin_us))
        machine.update(event(INITIAL_CONTACT, begin_us + 500_000), 30.0)
    assert machine.activity == WALKING


def test_a_foot_that_pivots_where_it_stands_turns_and_takes_no_step() -> None:
    machine = PhaseMachine(LEFT)
    machine.update(event(FOOT_FLAT, 1_000_000), -40.0)
    assert machine.activity == TURNING
    assert not machine.stepping
    change = machine.tick(machine.deadline_us)
    assert change is not None
    assert change.activity == STANDING


def test_no_stride_is_shorter_than_nothing_after_a_clock_was_set_back() -> None:
    machine = PhaseMachine(LEFT)
    walk(machine, 3_600_000_000)
    usual_us = machine.last_stride_us
    machine.update(event(INITIAL_CONTACT, 1_000_000))
    assert machine.last_stride_us == usual_us > 0
