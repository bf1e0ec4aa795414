"""Several sources as one: in virtual time, and what is refused."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import pytest

from fes_ctrl.model import HEEL_SWITCH, LEFT, RIGHT, Sample
from fes_ctrl.runtime.virtual import virtual_clock
from fes_ctrl.sensors.manual import Manual
from fes_ctrl.sensors.metronome import Metronome
from fes_ctrl.sensors.several import Several, parts_of
from fes_ctrl.sensors.source import PromptSource, SensorError, SensorSource, Worn
from fes_ctrl.sensors.url import open_sources, parse_sensor_url


class Told:
    """A source that yields what it is given, then ends as it was told to."""

    def __init__(self, leg: int, count: int, lost: str = "") -> None:
        self.sensors = (Worn(leg, HEEL_SWITCH),)
        self.closed = 0
        self.ended = False
        self._count = count
        self._lost = lost

    async def samples(self) -> AsyncGenerator[Sample, None]:
        try:
            for number in range(self._count):
                await asyncio.sleep(0.01)
                now_us = virtual_clock().now_us()
                yield Sample(self.sensors[0].leg, HEEL_SWITCH, number, now_us, now_us, (1.0,))
            if self._lost:
                raise SensorError(self._lost)
        finally:
            self.ended = True

    def close(self) -> None:
        self.closed += 1


class Prompt(Told):
    on_sample: Callable[[Sample], None] | None = None


async def all_of(source: SensorSource) -> list[Sample]:
    async with aclosing(source.samples()) as samples:
        return [sample async for sample in samples]


@pytest.mark.asyncio
async def test_two_boards_are_heard_as_one_in_the_order_in_which_they_speak() -> None:
    now_us = virtual_clock().now_us
    both = Several(Metronome(LEFT, 1.0, 0.6, now_us), Metronome(RIGHT, 1.3, 0.6, now_us))
    assert both.sensors == (Worn(LEFT, HEEL_SWITCH), Worn(RIGHT, HEEL_SWITCH))
    taken: list[Sample] = []
    async with aclosing(both.samples()) as samples:
        while len(taken) < 400:
            taken.append(await anext(samples))
    arrived = [sample.t_arrive_us for sample in taken]
    assert arrived == sorted(arrived)
    for leg in (LEFT, RIGHT):
        assert [sample.seq for sample in taken if sample.leg == leg] == list(range(200))


@pytest.mark.asyncio
async def test_it_ends_where_the_first_of_them_ends_and_the_others_are_let_go_of() -> None:
    short, long = Told(LEFT, 3), Told(RIGHT, 1000)
    assert len(await all_of(Several(short, long))) in {5, 6}
    assert short.ended
    assert long.ended


@pytest.mark.asyncio
async def test_one_that_is_lost_is_all_lost() -> None:
    lost, long = Told(LEFT, 3, "unplugged"), Told(RIGHT, 1000)
    with pytest.raises(SensorError, match=r"^unplugged$"):
        await all_of(Several(long, lost))
    assert long.ended


def test_who_can_hand_on_at_once_does() -> None:
    prompt, slow = Prompt(LEFT, 0), Told(RIGHT, 0)
    both = Several(slow, prompt)
    assert isinstance(both, PromptSource)
    taken: list[Sample] = []
    both.on_sample = taken.append
    assert prompt.on_sample == both.on_sample == taken.append
    both.on_sample = None
    assert prompt.on_sample is None
    none = Several(slow)
    none.on_sample = taken.append
    assert none.on_sample is None
    both.close()
    assert (prompt.closed, slow.closed) == (1, 1)


def test_the_parts_of_one_are_itself() -> None:
    one, other = Told(LEFT, 0), Told(RIGHT, 0)
    assert parts_of(one) == (one,)
    assert parts_of(Several(one, other)) == (one, other)


def test_the_same_sensor_twice_is_refused_and_none_is_left_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: list[int] = []
    monkeypatch.setattr(Metronome, "close", lambda source: closed.append(source.sensors[0].leg))
    places = [parse_sensor_url(f"metronome:?leg={leg}") for leg in ("left", "right", "left")]
    with pytest.raises(SensorError, match=r"^left.heel_switch: two sources have it; leave one out"):
        open_sources(places, lambda: 0)
    assert closed == [LEFT, RIGHT, LEFT]


def test_there_is_one_thumb(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    monkeypatch.setattr(Manual, "__init__", lambda _source, leg, _now_us: opened.append(leg))
    places = [parse_sensor_url(f"manual:?leg={leg}") for leg in ("left", "right")]
    with pytest.raises(SensorError, match="one thumb"):
        open_sources(places, lambda: 0)
    assert opened == []


def test_one_place_is_that_source() -> None:
    source = open_sources([parse_sensor_url("metronome:")], lambda: 0)
    assert isinstance(source, Metronome)
