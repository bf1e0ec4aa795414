"""Strides and swings out of events, and where bursts lie in them."""

import numpy as np
import pytest

from fes_ctrl.analysis.cycle import (
    Foot,
    Stride,
    Swings,
    current_course,
    half_a_stride_us,
    stride_at,
    strides_of,
    swings_of,
    timing,
)
from fes_ctrl.analysis.windows import Window, recorded_windows


def feet(*told: tuple[str, int]) -> list[Foot]:
    return [Foot(kind, ms * 1000) for kind, ms in told]


def spans(swings: Swings) -> list[tuple[int, int]]:
    return [(begin // 1000, end // 1000) for begin, end in swings.spans_us]


def burst(onset_ms: int, end_ms: int, current_ua: int = 20_000) -> Window:
    onset_us, end_us = onset_ms * 1000, end_ms * 1000
    course = ((onset_us, current_ua), (end_us, current_ua))
    return Window(
        onset_us, onset_us, end_us, end_us, "ho", onset_us, "time_out", current_ua, 2, 0, course
    )


def test_strides_run_from_contact_to_contact_and_a_pause_is_none() -> None:
    told = strides_of(feet(("ic", 1000), ("ho", 1700), ("ic", 2200), ("ic", 5300), ("ic", 6500)))
    assert told == [Stride(2, 1_000_000, 2_200_000), Stride(4, 5_300_000, 6_500_000)]
    assert half_a_stride_us(told) == 600_000


def test_strides_by_reference_have_the_numbers_that_the_detector_counts() -> None:
    reference = feet(("ic", 1000), ("ic", 2000), ("ic", 3000), ("ic", 4000), ("ic", 5000))
    detected = feet(("ic", 150), ("ic", 1080), ("ic", 1990), ("ic", 4090), ("ic", 4900))
    numbers = [stride.number for stride in strides_of(reference, detected)]
    # The contact at 3 s was missed: what it parts is one stride to the detector.
    assert numbers == [3, 4, 4, 5]


def test_a_contact_that_is_told_twice_makes_no_stride_without_length() -> None:
    assert strides_of(feet(("ic", 1000), ("ic", 1000))) == []
    assert half_a_stride_us([]) == 500_000


def test_a_contact_belongs_to_the_stride_that_it_begins() -> None:
    strides = strides_of(feet(("ic", 1000), ("ic", 2000), ("ic", 3000)))
    found = [stride_at(strides, ms * 1000) for ms in (999, 1000, 1999, 2000, 2999, 3000)]
    assert [None if each is None else each.number for each in found] == [None, 2, 2, 3, 3, None]


def test_swings_begin_with_the_last_heel_off_or_with_toe_off_where_none_is_told() -> None:
    with_heels = feet(("ho", 500), ("ho", 700), ("tc", 800), ("ic", 1200))
    assert spans(swings_of(with_heels)) == [(700, 1200)]
    without = swings_of(feet(("tc", 800), ("ic", 1200)))
    assert (without.begin, spans(without)) == ("tc", [(800, 1200)])


def test_what_nobody_knows_to_be_a_swing_is_neither_missed_nor_extra() -> None:
    events = feet(
        ("ho", 700),
        ("ic", 1200),
        ("ic", 2400),
        ("ho", 3100),
        ("ic", 3600),
        ("ho", 4300),
        ("ic", 4800),
    )
    swings = swings_of(events, excluded_us=[(3_000_000, 3_200_000)])
    assert spans(swings) == [(700, 1200), (4300, 4800)]
    in_all = [burst(700, 1300), burst(1900, 2500), burst(3150, 3700), burst(4300, 4900)]
    figures = timing(in_all, swings, 0)
    assert (figures["swings"], figures["missed_swings"], figures["extra"]) == (2, 0, 0)


def test_bursts_are_held_against_swings_after_the_warm_up() -> None:
    swings = swings_of(
        feet(("ho", 700), ("ic", 1200), ("ho", 1900), ("ic", 2400), ("ho", 3100), ("ic", 3600))
    )
    windows = [burst(650, 1300), burst(1450, 1700), burst(1950, 2500)]
    figures = timing(windows, swings, 1_400_000)
    assert figures["swings"] == 2
    assert figures["missed_swings"] == 1
    assert figures["extra"] == 1
    assert figures["onset_ms"] == {"n": 1, "p05": 50.0, "median": 50.0, "p95": 50.0}
    assert figures["end_ms"] == {"n": 1, "p05": 100.0, "median": 100.0, "p95": 100.0}


def test_where_no_swing_is_told_nothing_is_known() -> None:
    figures = timing([burst(0, 500)], Swings((), "ho"), 0)
    assert figures["extra"] is None
    assert figures["onset_ms"] == {"n": 0, "p05": None, "median": None, "p95": None}


def test_the_mean_current_counts_strides_without_a_burst() -> None:
    strides = [Stride(1, 0, 1_000_000), Stride(2, 1_000_000, 2_000_000)]
    course = current_course([burst(600, 900, 40_000)], strides)
    assert course[[50, 60, 75, 90, 95]] == pytest.approx([0, 20, 20, 20, 0])
    assert current_course([], strides).tolist() == [0.0] * 101


def test_a_recorded_current_is_cut_into_bursts_by_its_pauses() -> None:
    stamps_us = np.arange(0, 1_000_000, 10_000, dtype=np.int64)
    current_ma = np.zeros(100)
    # Single pulses at 25 Hz, as a device that is read at its pulses shows them; later a train.
    current_ma[10:31:4] = [10, 20, 30, 30, 30, 15]
    current_ma[60:80] = -25.0
    first, second = recorded_windows(stamps_us, current_ma)
    assert (first.onset_us, first.end_us, first.peak_ua) == (100_000, 300_000, 30_000)
    assert (first.plateau_us, first.fall_us) == (180_000, 260_000)
    assert (second.onset_us, second.end_us, second.peak_ua) == (600_000, 790_000, 25_000)
    assert second.charge_pc is None
    assert recorded_windows(stamps_us, np.zeros(100)) == []
