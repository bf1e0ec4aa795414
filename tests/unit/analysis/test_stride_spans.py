"""Strides by number: the truth's where there is one, else as contacts were told."""

from fes_ctrl.analysis.stride_spans import stride_spans
from fes_ctrl.analysis.walk import LegWalk, Swing
from fes_ctrl.model import RIGHT, GaitEvent


def swing(number: int, contact_us: int) -> Swing:
    return Swing(
        number, contact_us - 600_000, contact_us - 400_000, contact_us, 10.0, 3.0, 8.0, False, 0.0
    )


def told(kind: str, t_us: int) -> GaitEvent:
    return GaitEvent(kind, RIGHT, t_us, t_us + 3_000, 1.0)


def test_the_truths_numbers_are_kept_even_where_a_contact_was_not_told() -> None:
    leg = LegWalk(RIGHT, swings=[swing(3, 2_000_000), swing(4, 3_100_000)])
    leg.detected = [told("ic", 2_010_000)]
    first, second = stride_spans(leg, 500_000)
    assert (first.number, first.start_us, first.whole) == (3, 500_000, False)
    assert (second.number, second.start_us, second.end_us) == (4, 2_000_000, 3_100_000)
    assert (second.lift_us, second.whole) == (2_700_000, True)


def test_without_truth_the_first_told_contact_ends_stride_1() -> None:
    events = [
        told("ho", 900_000), told("tc", 1_100_000), told("ic", 1_500_000),
        told("ho", 2_100_000), told("ic", 2_600_000),
        told("ic", 3_700_000),
    ]  # fmt: skip
    spans = stride_spans(LegWalk(RIGHT, detected=events), 0)
    assert [span.number for span in spans] == [1, 2, 3]
    assert [span.lift_us for span in spans] == [1_100_000, 2_100_000, None]
    assert [span.whole for span in spans] == [False, True, True]


def test_what_lasts_as_long_as_a_pause_is_no_whole_stride() -> None:
    leg = LegWalk(RIGHT, swings=[swing(1, 1_000_000), swing(2, 9_000_000), swing(3, 10_000_000)])
    assert [span.whole for span in stride_spans(leg, 0)] == [False, False, True]


def test_a_leg_of_which_nothing_is_known_has_no_strides() -> None:
    assert stride_spans(LegWalk(RIGHT), 0) == []
