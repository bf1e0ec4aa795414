"""One wake-up on one timer, however often it is moved."""

from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.alarm import Alarm
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.units import NEVER_US
from hil.rig import Rig
from hil.scenarios import load_scenario


class Bell:
    """An alarm on a stepper, and when it rang."""

    def __init__(self) -> None:
        self.clock = Stepper()
        self.rang_us: list[int] = []
        self.alarm = Alarm(self.clock, 0, self.rang_us.append)

    def until(self, end_us: int) -> list[int]:
        self.clock.run_until_us(end_us)
        return self.rang_us


def test_it_rings_once_at_the_last_instant_it_was_moved_to_sooner_or_later() -> None:
    bell = Bell()
    for wake_us in (50, 20, 80, 30, 70):
        bell.alarm.move(wake_us)
    assert bell.until(100) == [70]


def test_moved_to_never_it_stays_silent_and_can_be_moved_again() -> None:
    bell = Bell()
    bell.alarm.move(20)
    bell.alarm.move(NEVER_US)
    assert bell.until(50) == []
    bell.alarm.move(60)
    assert bell.until(100) == [60]


def test_what_it_calls_may_move_it_on() -> None:
    bell = Bell()
    bell.alarm = Alarm(bell.clock, 0, lambda now_us: bell.alarm.move(now_us + 10))
    bell.alarm.move(10)
    bell.until(1000)
    assert bell.alarm.wake_us == 1010


def test_a_device_that_is_woken_sooner_than_it_said_has_one_timer_all_the_same() -> None:
    # A list that repeats is due again and again before the device's patience of 1.2 s is over.
    stepper = Stepper()
    walk = load_scenario("rehastim2", {"duration_s": 12.0}).walk
    Rig(walk, stepper, NullLog()).session.open()
    stepper.run_until_us(12_000_000)
    waiting = [timer for timer in stepper._queue._timers if timer.callback is not None]
    assert len(waiting) < 20
