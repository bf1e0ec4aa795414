"""Sensors that speak lines on a real pseudo-terminal."""

import asyncio
import contextlib
import os
import tty

import pytest

from fes_ctrl.model import HEEL_SWITCH, RIGHT, Sample
from fes_ctrl.runtime.realtime import RealClock
from fes_ctrl.sensors.serial import SerialSensors
from fes_ctrl.sensors.source import SensorError
from fes_ctrl.sensors.url import open_source, parse_sensor_url

pytestmark = pytest.mark.real_time


@pytest.mark.asyncio
async def test_lines_become_samples_until_the_cable_is_pulled() -> None:
    sensor, host = os.openpty()
    tty.setraw(host)
    url = f"serial:{os.ttyname(host)}?sensors=right.heel_switch"
    clock = RealClock(asyncio.get_running_loop())
    source = open_source(parse_sensor_url(url), clock.now_us)
    os.close(host)
    os.write(sensor, b"tail\nright,heel_switch,1,500,1\nnoise\nright,heel_switch,2,10500,0\n")
    samples: list[Sample] = []

    async def listen() -> None:
        async for sample in source.samples():
            samples.append(sample)
            assert sample.t_arrive_us <= clock.now_us()
            if sample.seq == 2:
                os.close(sensor)

    async with asyncio.timeout(10):
        with pytest.raises(SensorError, match="check the cable"):
            await listen()
    assert [(s.leg, s.sensor, s.values) for s in samples] == [
        (RIGHT, HEEL_SWITCH, (1.0,)),
        (RIGHT, HEEL_SWITCH, (0.0,)),
    ]
    assert samples[1].t_meas_us - samples[0].t_meas_us <= 10_000
    source.close()


@pytest.mark.asyncio
async def test_a_port_that_is_not_there_is_refused() -> None:
    place = parse_sensor_url("serial:/dev/ttyNowhere?sensors=right.heel_switch")
    with pytest.raises(SensorError, match="no such port"):
        open_source(place, lambda: 0)


def heel_switch() -> tuple[int, SerialSensors]:
    """Return the board's end of a port, and the source at the other."""
    sensor, host = os.openpty()
    tty.setraw(host)
    place = parse_sensor_url(f"serial:{os.ttyname(host)}?sensors=right.heel_switch")
    source = open_source(place, RealClock(asyncio.get_running_loop()).now_us)
    os.close(host)
    assert isinstance(source, SerialSensors)
    return sensor, source


@pytest.mark.asyncio
async def test_a_stop_is_passed_on_before_the_readings_that_came_with_it() -> None:
    sensor, source = heel_switch()
    stopped = asyncio.Event()
    source.on_stop = stopped.set
    os.write(sensor, b"tail\nright,heel_switch,1,500,1\nstop\n")
    async with asyncio.timeout(10), contextlib.aclosing(source.samples()) as samples:
        await anext(samples)
    assert stopped.is_set()
    source.close()
    os.close(sensor)


@pytest.mark.asyncio
async def test_who_takes_readings_at_once_gets_each_in_the_call_in_which_it_came() -> None:
    """What nobody takes any more waits again."""
    sensor, source = heel_switch()
    taken: list[int] = []
    came = asyncio.Event()

    def take(sample: Sample) -> None:
        taken.append(sample.seq)
        came.set()

    source.on_sample = take
    os.write(sensor, b"tail\nright,heel_switch,1,500,1\nright,heel_switch,2,600,0\n")
    async with asyncio.timeout(10):
        await came.wait()
    assert taken == [1, 2]
    source.on_sample = None
    os.write(sensor, b"right,heel_switch,3,700,1\n")
    async with asyncio.timeout(10), contextlib.aclosing(source.samples()) as samples:
        assert (await anext(samples)).seq == 3
    assert taken == [1, 2]
    source.close()
    os.close(sensor)
