"""Sources that make time themselves: the metronome and the replay, in virtual time."""

from contextlib import aclosing
from pathlib import Path

import pytest

from fes_ctrl.model import FOOT_IMU, HEEL_FORCE, HEEL_SWITCH, LEFT, RIGHT, Sample
from fes_ctrl.recordings import read_recording
from fes_ctrl.runtime.virtual import virtual_clock
from fes_ctrl.sensors.metronome import Metronome
from fes_ctrl.sensors.replay import Replay
from fes_ctrl.sensors.source import SensorSource, Worn
from fes_ctrl.sensors.still import still
from fes_ctrl.sensors.url import open_source, parse_sensor_url


async def take(source: SensorSource, count: int) -> list[tuple[int, Sample]]:
    """Return the first samples, each with the instant at which it was handed over."""
    taken: list[tuple[int, Sample]] = []
    async with aclosing(source.samples()) as stream:
        while len(taken) < count:
            sample = await anext(stream)
            taken.append((virtual_clock().now_us(), sample))
    source.close()
    return taken


@pytest.mark.asyncio
async def test_the_metronome_gives_the_stride_and_the_stance_it_was_asked_for() -> None:
    loop = virtual_clock()
    source = open_source(parse_sensor_url("metronome:?stride_s=1.4&stance=0.62"), loop.now_us)
    taken = await take(source, 1400)
    assert source.sensors == (Worn(RIGHT, HEEL_SWITCH),)
    assert [now_us for now_us, _ in taken] == list(range(0, 14_000_000, 10_000))
    heel = [sample.values[0] for _, sample in taken]
    contacts = [k for k in range(1, 1400) if heel[k] > heel[k - 1]]
    assert contacts == list(range(140, 1400, 140))
    assert heel[:140].count(1.0) == 87  # 0.868 s of 1.4 s, on a grid of 10 ms
    assert [sample.seq for _, sample in taken] == list(range(1400))


@pytest.mark.asyncio
async def test_a_still_heel_stays_down_a_hundred_times_a_second() -> None:
    source = still(LEFT, virtual_clock().now_us)
    assert source.sensors == (Worn(LEFT, HEEL_SWITCH),)
    taken = await take(source, 500)
    assert [now_us for now_us, _ in taken] == list(range(0, 5_000_000, 10_000))
    assert {(sample.leg, sample.values) for _, sample in taken} == {(LEFT, (1.0,))}


@pytest.mark.asyncio
async def test_a_stride_off_the_grid_does_not_drift() -> None:
    source = Metronome(LEFT, 1.2345, 0.6, virtual_clock().now_us)
    heel = [sample.values[0] for _, sample in await take(source, 12_400)]
    contacts = [k * 0.01 for k in range(1, len(heel)) if heel[k] > heel[k - 1]]
    assert len(contacts) == 100
    assert contacts[-1] == pytest.approx(123.45, abs=0.01)


@pytest.mark.asyncio
async def test_readings_that_a_blocked_loop_delayed_say_when_they_were_measured() -> None:
    loop = virtual_clock()
    lost_us = 0
    source = Metronome(LEFT, 1.0, 0.6, lambda: loop.now_us() + lost_us)
    async with aclosing(source.samples()) as stream:
        taken = [await anext(stream)]
        lost_us = 35_000
        taken += [await anext(stream) for _ in range(4)]
    assert [sample.t_meas_us for sample in taken] == [0, 10_000, 20_000, 30_000, 40_000]
    assert [sample.t_arrive_us for sample in taken] == [0, 35_000, 35_000, 35_000, 40_000]


RECORDED = [
    Sample(1_000_000, 1_004_000, 0, RIGHT, FOOT_IMU, (0.0,) * 6),
    Sample(1_010_000, 1_031_000, 1, RIGHT, FOOT_IMU, (1.0,) * 6),
    Sample(1_020_000, 1_031_000, 2, RIGHT, FOOT_IMU, (2.0,) * 6),
    Sample(2_500_000, 2_504_000, 3, RIGHT, FOOT_IMU, (3.0,) * 6),
]


@pytest.mark.asyncio
async def test_a_recording_comes_again_with_its_stalls_and_gaps() -> None:
    source = Replay(RECORDED, (Worn(RIGHT, FOOT_IMU),), virtual_clock().now_us)
    taken = await take(source, 4)
    assert [now_us for now_us, _ in taken] == [0, 27_000, 27_000, 1_500_000]
    for (now_us, sample), recorded in zip(taken, RECORDED, strict=True):
        assert sample.t_arrive_us == now_us
        assert now_us - sample.t_meas_us == recorded.t_arrive_us - recorded.t_meas_us
        assert (sample.seq, sample.values) == (recorded.seq, recorded.values)


@pytest.mark.asyncio
async def test_where_only_arrival_was_recorded_only_arrival_is_known() -> None:
    loop = virtual_clock()
    stamped_once = [sample._replace(t_meas_us=sample.t_arrive_us) for sample in RECORDED]

    def a_late_loop_s_now_us() -> int:
        return loop.now_us() + 700 if loop.now_us() else 0

    source = Replay(stamped_once, (Worn(RIGHT, FOOT_IMU),), a_late_loop_s_now_us)
    for _, sample in await take(source, 4):
        assert sample.t_meas_us == sample.t_arrive_us


@pytest.mark.asyncio
async def test_a_recording_s_address_replays_the_file_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text("t_s,left.heel,right.heel_n\n5.00,1,7\n5.01,1,8\n5.03,0,9\n", "utf-8")
    loop = virtual_clock()
    source = open_source(parse_sensor_url(f"replay:{path}"), loop.now_us)
    recording = read_recording(path)
    values = [sample.values async for sample in source.samples()]
    assert values == [sample.values for sample in recording.samples()]
    assert loop.now_us() == 30_000
    assert set(source.sensors) == {Worn(LEFT, HEEL_SWITCH), Worn(RIGHT, HEEL_FORCE)}
