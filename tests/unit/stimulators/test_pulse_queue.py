"""When a pulse that waits may be written, and how far from the one before."""

import pytest

from fes_ctrl.model import SYMMETRIC, Setpoint
from fes_ctrl.stimulators.pulse_queue import PROMPT_US, WAVERS_US, PulseQueue
from fes_ctrl.units import NEVER_US

LIFE_US = 50_000


def pulse(at_us: int, channel: int = 0) -> Setpoint:
    return Setpoint(at_us, 0, channel, 20_000, 200, at_us + LIFE_US, SYMMETRIC)


def queue(*pulses: Setpoint, min_interval_us: int = 20_000) -> PulseQueue:
    found = PulseQueue(2, min_interval_us)
    for each in pulses:
        found.hold(each)
    return found


def test_a_pulse_is_due_at_its_instant_and_not_before() -> None:
    pulses = queue(pulse(1_000))
    assert pulses.wake_at_us(blocked=False) == 1_000
    assert pulses.due(999) is None
    assert len(pulses) == 1
    assert pulses.due(1_000) == pulse(1_000)
    assert len(pulses) == 0
    assert pulses.due(1_001) is None
    assert pulses.wake_at_us(blocked=False) == NEVER_US


def test_the_next_keeps_its_distance_from_when_the_last_was_written() -> None:
    pulses = queue(pulse(1_000), pulse(21_000), pulse(21_000, channel=1))
    assert pulses.due(4_000) is not None
    assert pulses.wake_at_us(blocked=False) == 24_000
    assert pulses.due(23_999) is None
    assert pulses.due(24_000) == pulse(21_000)
    assert pulses.due(24_000) == pulse(21_000, channel=1), "each channel has its own"


def test_its_time_is_over_after_it_expires() -> None:
    pulses = queue(pulse(1_000), pulse(2_000))
    assert pulses.expired(51_000) is None
    assert pulses.expired(51_001) == pulse(1_000)
    assert pulses.expired(51_001) is None
    assert pulses.drop() == pulse(2_000)
    assert pulses.expired(NEVER_US) is None


def test_it_wakes_to_drop_what_cannot_be_written_in_time() -> None:
    pulses = queue(pulse(1_000))
    assert pulses.wake_at_us(blocked=True) == 51_001
    late = queue(pulse(1_000), pulse(2_000), min_interval_us=60_000)
    assert late.due(1_000) is not None
    assert late.wake_at_us(blocked=False) == 52_001
    just = queue(pulse(1_000), pulse(2_000), min_interval_us=51_000)
    assert just.due(1_000) is not None
    assert just.wake_at_us(blocked=False) == 52_000


@pytest.mark.parametrize(
    ("took_us", "next_us"),
    [
        (1_000, 21_000),
        (2_000, 21_000),
        (2_000 + WAVERS_US, 21_000),
        (2_001 + WAVERS_US, 21_001),
        (7_500, 21_000 + 7_500 - 2_000 - WAVERS_US),
    ],
)
def test_a_pulse_whose_answer_was_late_may_have_been_given_late(took_us: int, next_us: int) -> None:
    pulses = queue(pulse(0, channel=1))
    assert pulses.due(0) is not None
    pulses.answered(0, 2_000)
    pulses.hold(pulse(1_000))
    assert pulses.due(1_000) is not None
    pulses.answered(1_000, 1_000 + took_us)
    pulses.hold(pulse(1_000))
    assert pulses.wake_at_us(blocked=False) == next_us


def test_the_first_answer_of_all_can_be_late_too() -> None:
    pulses = queue(pulse(1_000))
    assert pulses.due(1_000) is not None
    pulses.answered(1_000, 1_000 + PROMPT_US + WAVERS_US + 300)
    pulses.hold(pulse(1_000))
    assert pulses.wake_at_us(blocked=False) == 21_300


def test_what_is_let_go_changes_no_distance() -> None:
    pulses = queue(pulse(1_000), pulse(2_000))
    assert pulses.due(1_000) is not None
    pulses.clear()
    assert len(pulses) == 0
    pulses.hold(pulse(2_000))
    assert pulses.wake_at_us(blocked=False) == 21_000
