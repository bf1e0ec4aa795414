"""One wake-up on one timer, however often it is moved."""

import asyncio
from random import Random

from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.alarm import Alarm
from fes_ctrl.runtime.clock import ORDER_DRIVER
from fes_ctrl.runtime.inquirer import Inquirer
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.runtime.virtual import VirtualLoop, run, virtual_clock
from fes_ctrl.stimulators.p24_inquiry import P24Inquiry
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.output import OutputStage
from firmware_sim.probe import ProbeConfig
from helpers.probe_bench import Bench
from hil.config import CableConfig
from hil.links import SimCable
from hil.rig import Rig
from hil.scenarios import load_scenario
from hil.suite.far_end import FarEnd


def waiting(clock: Stepper | VirtualLoop) -> int:
    """Return how many timers are set."""
    return len([timer for timer in clock._queue._timers if timer.callback is not None])


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
    assert waiting(stepper) < 20


def test_a_device_at_the_far_end_has_one_timer_however_often_it_is_asked() -> None:
    # Its patience of 1.2 s lies behind every answer.
    stepper = Stepper()
    cable = SimCable(stepper, CableConfig(), Random(1))
    link = cable.link
    link.on_bytes = lambda _: None
    device = DEVICES["rehastim2"].make(OutputStage(8), Random(1))
    FarEnd(stepper, device, "rehastim2").join(cable)
    stepper.run_until_us(2_000_000)
    link.write(sm2.init_ack(0))
    for number in range(200):
        at_us = 2_050_000 + number * 50_000
        frame = sm2.get_stimulation_mode(number % 60)
        stepper.call_at_us(at_us, ORDER_DRIVER, link.write, frame)
    stepper.run_until_us(12_020_000)
    assert device.connected
    assert waiting(stepper) == 1


def test_a_probe_has_one_timer_however_many_pulses_it_sees() -> None:
    bench = Bench(ProbeConfig())
    for number in range(200):
        bench.give(1.0 + 0.05 * number)
    bench.run(11.001)
    assert len(bench.pulses) == 200
    assert waiting(bench.stepper) == 1


def test_whoever_asks_a_device_has_one_timer_however_many_questions_there_were() -> None:
    async def main() -> None:
        clock = virtual_clock()
        cable = SimCable(clock, CableConfig(), Random(1))
        FarEnd(clock, DEVICES["p24"].make(OutputStage(8), Random(1)), "p24").join(cable)
        inquirer = Inquirer(clock, cable.link, P24Inquiry())
        for _ in range(200):
            await asyncio.gather(*[inquirer.ask(sm4.GET_STIM_STATUS) for _ in range(3)])
            await asyncio.sleep(0.05)
        assert waiting(clock) <= 1

    run(main())
