"""A C3D file counts in bytes: what is more than that is kept, told, or refused."""

import struct
from pathlib import Path

import pytest

from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.walk import Charge, LegWalk, Walk
from fes_ctrl.export.c3d_file import C3dError, Window, c3d_bytes
from fes_ctrl.model import HEEL_SWITCH, RIGHT, GaitEvent, Sample
from helpers.lab_files import open_c3d


def run_of(duration_s: int, events: int, kinds: tuple[str, ...] = ("ic", "tc", "ho")) -> Run:
    """Return a run with so many events of one leg, spread over it."""
    end_us = duration_s * 1_000_000
    leg = LegWalk(RIGHT)
    for number in range(events):
        t_us = number * end_us // events
        leg.detected.append(GaitEvent(kinds[number % len(kinds)], RIGHT, t_us, t_us, 1.0))
    run = Run(Path("runs/long"), {"devices": ["p24"], "config": {}}, Walk(0, 0, [leg], Charge()))
    run.samples[RIGHT, HEEL_SWITCH] = [
        Sample(t_us, t_us, number, RIGHT, HEEL_SWITCH, (float(number % 2),))
        for number, t_us in enumerate(range(0, end_us + 1, 1_000_000))
    ]
    run.end_us = end_us
    return run


def test_more_frames_than_the_header_counts_are_all_there_and_counted_elsewhere() -> None:
    data, told = c3d_bytes(run_of(33, 0), Window(rate_hz=2000.0))
    assert told.frames == 66_001
    assert "programs that do not read TRIAL:ACTUAL_END_FIELD" in told.notes[0]
    first, last = struct.unpack_from("<HH", data, 6)
    assert (first, last) == (1, 0xFFFF)
    reader = open_c3d(data)
    assert reader.last_frame == reader.frame_count == 66_001
    assert reader.get("POINT:LONG_FRAMES").float_value == 66_001
    (block,) = struct.unpack_from("<H", data, 16)
    held = (len(data) - (block - 1) * 512) // (4 * len(told.channels))
    assert 0 <= held - told.frames <= 512 // 8, "the last block is filled up"


def test_events_beyond_a_parameter_go_on_in_the_next_strikes_and_offs_first() -> None:
    data, told = c3d_bytes(run_of(60, 600), Window())
    reader = open_c3d(data)
    assert told.events == 600
    assert "in EVENT:TIMES2 to EVENT:TIMES3" in told.notes[0]
    labels: list[str] = []
    times: list[float] = []
    for number, used in (("", 255), ("2", 255), ("3", 90)):
        assert reader.get(f"EVENT:USED{number}").int16_value == used
        labels += [text.strip() for text in reader.get(f"EVENT:LABELS{number}").string_array]
        pairs = reader.get(f"EVENT:TIMES{number}").float_array
        times += [60 * minute + second for minute, second in pairs]
    assert labels == ["Foot Strike", "Foot Off"] * 200 + ["Heel Off"] * 200
    assert times[:400] == sorted(times[:400])
    assert times[1] == pytest.approx(0.1, abs=1e-6)


def test_of_events_that_fill_two_parameters_the_second_is_named_once() -> None:
    _, told = c3d_bytes(run_of(60, 300), Window())
    assert "the others are in EVENT:TIMES2; --from" in told.notes[0]


def test_a_part_of_the_run_has_its_own_zero_and_its_own_events() -> None:
    data, told = c3d_bytes(run_of(600, 600, ("ic",)), Window(from_us=90_500_000, to_us=99_500_000))
    reader = open_c3d(data)
    assert told.events == 9
    assert told.frames == 9 * 50 + 1
    minutes, seconds = reader.get("EVENT:TIMES").float_array.T
    assert minutes.tolist() == [0] * 9
    assert seconds.tolist() == [0.5 + number for number in range(9)]
    assert reader.get("FES:FRAME_1_US").string_value.strip() == "90500000"


def test_minutes_and_seconds_of_an_event_are_apart_so_that_a_float_keeps_them() -> None:
    data, _ = c3d_bytes(run_of(600, 7, ("ic",)), Window())
    minutes, seconds = open_c3d(data).get("EVENT:TIMES").float_array.T
    for number, (minute, second) in enumerate(zip(minutes, seconds, strict=True)):
        assert 0 <= second < 60
        there_us = (60 * float(minute) + float(second)) * 1e6
        assert there_us == pytest.approx(number * 600_000_000 // 7, abs=4)


def test_kinds_that_do_not_fit_are_left_out_as_a_whole_and_told() -> None:
    data, told = c3d_bytes(run_of(600, 4_800), Window())
    assert told.events == 3_200
    assert told.events_left_out == {"Heel Off": 1_600}
    assert told.notes[1].startswith("left out, for the format has no room: 1600 Heel Off; give")
    reader = open_c3d(data)
    assert reader.get("EVENT:USED13").int16_value == 3_200 - 12 * 255
    assert reader.get("FES:EVENTS_LEFT_OUT").string_value.strip() == "1600 Heel Off"
    (start,) = struct.unpack_from("<H", data, 16)
    assert data[512 + 2] == start - 2 <= 255, "the number of blocks of parameters is a byte"


def test_more_contacts_than_the_format_has_room_for_are_refused_with_a_way_out() -> None:
    with pytest.raises(C3dError, match=r"4000 contacts and toe-offs are more than .*--until"):
        c3d_bytes(run_of(600, 4_000, ("ic", "tc")), Window())


def test_a_part_with_nothing_in_it_is_refused() -> None:
    with pytest.raises(C3dError, match="the run lasts from 0 to 5 s and has nothing in that part"):
        c3d_bytes(run_of(5, 2), Window(from_us=6_000_000))
