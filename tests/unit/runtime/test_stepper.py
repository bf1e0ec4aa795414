from collections.abc import Callable

import pytest

from fes_ctrl.runtime.clock import ORDER_CONTROLLER, ORDER_DEVICE, ORDER_SENSOR
from fes_ctrl.runtime.stepper import TIDY_FROM, Stepper, TimerQueue


def test_simultaneous_things_ring_by_kind_and_then_as_they_were_set() -> None:
    stepper = Stepper()
    heard: list[object] = []
    for order, name in (
        (ORDER_CONTROLLER, "controller"),
        (ORDER_SENSOR, "first sensor"),
        (ORDER_DEVICE, "device"),
        (ORDER_SENSOR, "second sensor"),
    ):
        stepper.call_at_us(10, order, heard.append, name)
    stepper.run_until_us(10)
    assert heard == ["device", "first sensor", "second sensor", "controller"]


def test_a_deadline_that_has_passed_rings_at_the_present() -> None:
    stepper = Stepper()
    heard: list[object] = []
    stepper.run_until_us(100)
    stepper.call_at_us(7, 0, lambda: heard.append(stepper.now_us()))
    stepper.run_until_us(100)
    assert heard == [100]


def test_time_stops_at_the_end_of_a_run_and_the_rest_waits() -> None:
    stepper = Stepper()
    heard: list[object] = []
    stepper.call_at_us(11, 0, heard.append, "later")
    stepper.run_until_us(10)
    assert (stepper.now_us(), heard) == (10, [])
    stepper.run_until_us(11)
    assert (stepper.now_us(), heard) == (11, ["later"])


def test_a_timer_taken_back_by_another_of_the_same_instant_stays_silent() -> None:
    stepper = Stepper()
    heard: list[object] = []
    second = stepper.call_at_us(5, 1, heard.append, "second")
    stepper.call_at_us(5, 0, second.cancel)
    stepper.run_until_us(5)
    assert heard == []


def test_what_a_callback_raises_reaches_the_caller_and_the_rest_can_go_on() -> None:
    stepper = Stepper()
    heard: list[object] = []

    def broken() -> None:
        raise ZeroDivisionError

    stepper.call_at_us(5, 0, broken)
    stepper.call_at_us(6, 0, heard.append, "next")
    with pytest.raises(ZeroDivisionError):
        stepper.run_until_us(10)
    assert stepper.now_us() == 5
    stepper.run_until_us(10)
    assert heard == ["next"]


def test_a_run_ends_early_where_it_is_told_to() -> None:
    stepper = Stepper()
    heard: list[object] = []
    for at_us in (1, 2, 3):
        stepper.call_at_us(at_us, 0, heard.append, at_us)
    stepper.run_until_us(10, lambda: len(heard) == 2)
    assert (stepper.now_us(), heard) == (2, [1, 2])


def test_far_deadlines_that_are_moved_for_ever_do_not_fill_the_memory() -> None:
    queue = TimerQueue()
    ring: Callable[..., None] = [].append
    kept = queue.put(5, 0, ring, ())
    for _ in range(20 * TIDY_FROM):
        queue.put(1_000_000, 0, ring, ()).cancel()
    assert len(queue._timers) <= TIDY_FROM
    assert queue.pop(1_000_000) is kept
    assert queue.first_us() is None
