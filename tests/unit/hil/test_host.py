"""A simulated host that is halted, sleeps, or whose clock jumps."""

import pytest

from fes_ctrl.model import HEEL_SWITCH, RIGHT, Sample
from fes_ctrl.runtime.clock import ORDER_CONTROLLER, ORDER_SENSOR
from fes_ctrl.runtime.stepper import Stepper
from hil.host import HostedLink, SimHost
from hil.links import SimCable


def heard_by(name: str) -> tuple[list[tuple[int, str]], list[Sample], SimHost]:
    """Return what a host does that is hit from 1.0 to 1.5 s, every 0.1 s, and the samples."""
    clock = Stepper()
    host = SimHost(clock)
    host.inject(name, 1_000_000, 1_500_000, 0.0)
    heard: list[tuple[int, str]] = []
    samples: list[Sample] = []
    takes = host.takes(samples.append)
    for k in range(20):
        t_us = k * 100_000
        reading = Sample(t_us, t_us + 50_000, k, RIGHT, HEEL_SWITCH, (1.0,))
        clock.call_at_us(t_us + 50_000, ORDER_SENSOR, takes, reading)
        host.call_at_us(t_us + 30_000, ORDER_CONTROLLER, heard.append, (t_us, "timer"))
    clock.run_until_us(3_000_000)
    return heard, samples, host


def test_a_host_that_is_halted_does_it_all_afterwards_and_in_order() -> None:
    heard, samples, host = heard_by("host_paused")
    assert [t_us for t_us, _ in heard] == list(range(0, 2_000_000, 100_000))
    assert [sample.seq for sample in samples] == list(range(20))
    late = [sample for sample in samples if 1_000_000 <= sample.t_meas_us < 1_450_000]
    assert {sample.t_arrive_us for sample in late} == {1_500_000}, "stamped as it is read"
    assert [tuple(known) for known in host.acknowledgements] == [("host_paused", 1_030_000)]


def test_a_host_that_slept_has_lost_what_came() -> None:
    _, samples, _ = heard_by("host_suspended")
    assert [sample.seq for sample in samples] == [*range(10), *range(15, 20)]


def test_a_timer_that_is_taken_back_while_the_host_is_halted_never_rings() -> None:
    clock = Stepper()
    host = SimHost(clock)
    host.inject("host_paused", 1_000, 3_000, 0.0)
    rung: list[int] = []
    timer = host.call_at_us(2_000, ORDER_CONTROLLER, rung.append, 1)
    clock.run_until_us(2_500)
    timer.cancel()
    clock.run_until_us(4_000)
    assert rung == []


@pytest.mark.parametrize(("name", "sign"), [("clock_forward", 1), ("clock_back", -1)])
def test_a_clock_that_jumps_takes_stamps_along(name: str, sign: int) -> None:
    clock = Stepper()
    host = SimHost(clock)
    host.inject(name, 1_000_000, 1_000_000, 1.5)
    samples: list[Sample] = []
    takes = host.takes(samples.append)
    clock.run_until_us(1_000_000)
    assert host.now_us() == 1_000_000 + sign * 1_500_000
    takes(Sample(990_000, 1_000_000, 1, RIGHT, HEEL_SWITCH, (1.0,)))
    assert samples[0].t_arrive_us == host.now_us()
    assert samples[0].t_meas_us == host.now_us() - 10_000


def test_news_of_a_link_wait_for_the_host() -> None:
    clock = Stepper()
    host = SimHost(clock)
    host.inject("host_paused", 1_000, 3_000, 0.0)
    end: SimCable = SimCable.__new__(SimCable)
    link = HostedLink(end, host)
    heard: list[object] = []
    link.on_bytes = heard.append
    link.on_lost = heard.append
    clock.run_until_us(1_500)
    end.on_bytes(b"late")
    end.on_lost("gone")
    assert heard == []
    clock.run_until_us(3_000)
    assert heard == [b"late", "gone"]


def test_another_injection_is_refused() -> None:
    with pytest.raises(ValueError, match="the host does not know the injection 'cable_pulled'"):
        SimHost(Stepper()).inject("cable_pulled", 0, 1, 0.0)
