"""What a person is told of sensors at a broker: each change once, counts while they rise."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from fes_ctrl.cli.notices import AGAIN_S, LOOK_S, watch_network
from fes_ctrl.links.broker import Broker
from fes_ctrl.model import HEEL_SWITCH, RIGHT
from fes_ctrl.sensors.in_time import InTime
from fes_ctrl.sensors.mqtt import Link
from fes_ctrl.sensors.source import Worn


@pytest.mark.asyncio
async def test_of_a_connection_every_change_is_told_and_nothing_twice() -> None:
    source: Any = SimpleNamespace(
        broker=Broker("lab", 1883, "feet"), link=Link(), left_out={}, in_time={}
    )
    said: list[str] = []
    watch_network(source, said.append)
    for link in (
        Link(),
        Link(up=False, why="connection refused"),
        Link(up=False, why="connection refused"),
        Link(up=True, why="MQTT 5"),
        Link(up=True, why="MQTT 5", denied=True),
    ):
        source.link = link
        await asyncio.sleep(3 * LOOK_S)
    assert said == [
        "sensors: no connection to mqtt://lab:1883, tried again ever more seldom: connection "
        "refused",
        "sensors: listening at mqtt://lab:1883 to feet, MQTT 5",
        "sensors: mqtt://lab:1883 lets nobody of our name read feet; change its access rules",
    ]


@pytest.mark.asyncio
async def test_what_does_not_count_is_told_again_while_it_rises_every_ten_seconds() -> None:
    in_time = InTime()
    source: Any = SimpleNamespace(
        broker=Broker("lab", 1883, "feet"),
        link=Link(),
        left_out={"retained, of any age": 1},
        in_time={Worn(RIGHT, HEEL_SWITCH): in_time},
    )
    said: list[str] = []
    watch_network(source, said.append)
    in_time.last_late_us = 81_000
    for in_time.late in range(1, 121):
        await asyncio.sleep(LOOK_S)
    await asyncio.sleep(3 * AGAIN_S)
    in_time.late = 121
    await asyncio.sleep(2 * LOOK_S)
    in_time.lost = in_time.disordered = in_time.unstamped = in_time.lines = 2
    await asyncio.sleep(2 * LOOK_S)
    late = "sensors: right.heel_switch too late, so left out: {}, the last by 81 ms"
    assert said == [
        "sensors: messages not read, retained, of any age: 1",
        *(late.format(count) for count in (1, 51, 101, 120, 121)),
        "sensors: right.heel_switch lost: 2",
        "sensors: right.heel_switch twice or out of order, so left out: 2",
        "sensors: right.heel_switch placed in time anew, as after a restart: 1",
        "sensors: right.heel_switch without its time (t_us), so left out: 2; a network may hold a "
        "reading for any time",
    ]
