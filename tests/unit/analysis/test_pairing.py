"""Which new burst stands for which old one, and what is told of the two."""

from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.analysis.pairing import (
    EARLY,
    ENDS_EARLY,
    ENDS_LATE,
    EXTRA,
    LATE,
    MISSING,
    STRONGER,
    WEAKER,
    Pair,
    pair_bursts,
)
from fes_ctrl.analysis.windows import Window

TOLERANCE_US = 25_000
REACH_US = 600_000


def window(
    onset_ms: int, end_ms: int, peak_ua: int = 40_000, trigger_ms: int | None = None
) -> Window:
    onset_us, end_us = onset_ms * 1000, end_ms * 1000
    course = ((onset_us, peak_ua), (end_us, peak_ua))
    trigger_us = onset_us if trigger_ms is None else trigger_ms * 1000
    return Window(
        onset_us,
        onset_us,
        end_us,
        end_us,
        "ho",
        trigger_us,
        "initial_contact",
        peak_ua,
        2,
        0,
        course,
    )


def pair(old: list[Window], new: list[Window], **how: object) -> list[Pair]:
    return pair_bursts(old, new, TOLERANCE_US, REACH_US, **how)  # type: ignore[arg-type]


def marks(old: Window, new: Window) -> set[str]:
    (only,) = pair([old], [new])
    return set(only.marks)


def test_an_edge_that_moved_by_the_tolerance_has_not_moved() -> None:
    old = window(1000, 1800)
    assert marks(old, window(1025, 1825)) == set()
    assert marks(old, window(975, 1775)) == set()
    assert marks(old, window(1026, 1800)) == {LATE}
    assert marks(old, window(974, 1800)) == {EARLY}
    assert marks(old, window(1000, 1826)) == {ENDS_LATE}
    assert marks(old, window(1000, 1774)) == {ENDS_EARLY}


def test_any_change_of_the_highest_current_is_told() -> None:
    old = window(1000, 1800, 40_000)
    assert marks(old, window(1000, 1800, 40_500)) == {STRONGER}
    assert marks(old, window(1100, 1800, 39_500)) == {LATE, WEAKER}


def test_bursts_that_do_not_overlap_belong_together_within_half_a_stride_only() -> None:
    old = window(1000, 1200)
    (near,) = pair([old], [window(1600, 1900)])
    assert near.old is old
    assert near.marks == (LATE, ENDS_LATE)
    far = pair([old], [window(1601, 1900)])
    assert [each.marks for each in far] == [(MISSING,), (EXTRA,)]


def test_one_trigger_joins_bursts_that_lie_nearer_to_others() -> None:
    old = [window(1000, 1400), window(2200, 2600)]
    new = [window(1800, 2100, trigger_ms=1000), window(3000, 3300, trigger_ms=2200)]
    told = pair(old, new)
    assert [(each.old, each.new) for each in told] == list(zip(old, new, strict=True))


def test_of_two_under_one_long_burst_the_longer_overlap_has_it() -> None:
    long = window(1000, 3000)
    first, second = window(900, 1400), window(2000, 2900)
    told = pair([long], [first, second])
    assert [(each.old, each.new) for each in told] == [(None, first), (long, second)]
    assert told[0].marks == (EXTRA,)
    assert told[0].why == "the burst from 1.00 s covers it too"


def test_a_burst_that_was_planned_and_kept_back_is_told_apart_from_one_never_planned() -> None:
    old = [window(1000, 1800), window(3000, 3800)]
    told = pair(old, [], kept_back_us=((), (1_050_000,)))
    assert [each.why for each in told] == ["planned by the other, too, but without a pulse", ""]


def test_a_trigger_that_came_while_the_other_burst_was_on_is_told() -> None:
    told = pair(
        [window(2000, 2600, trigger_ms=1990)], [window(500, 1995), window(700_000, 700_100)]
    )
    assert told[1].marks == (MISSING,)
    assert told[1].why == "the burst from 0.50 s was still on"


def test_nothing_beside_nothing_is_nothing() -> None:
    assert pair([], []) == []


@st.composite
def bursts(draw: st.DrawFn) -> list[Window]:
    edges = sorted(draw(st.sets(st.integers(0, 8000), max_size=16)))
    return [window(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]


@given(bursts(), bursts())
def test_every_burst_is_told_once_and_no_two_pairs_cross(
    old: list[Window], new: list[Window]
) -> None:
    told = pair(old, new)
    assert [each.old for each in sorted(told, key=onset_of_old) if each.old] == old
    assert [each.new for each in sorted(told, key=onset_of_new) if each.new] == new
    both = [(each.old, each.new) for each in told if each.old and each.new]
    by_old = sorted(both, key=lambda two: two[0].onset_us)
    assert by_old == sorted(both, key=lambda two: two[1].onset_us)


@given(bursts())
def test_a_program_beside_itself_differs_in_nothing(same: list[Window]) -> None:
    told = pair(same, same)
    assert [each.marks for each in told] == [()] * len(same)


def onset_of_old(each: Pair) -> int:
    return -1 if each.old is None else each.old.onset_us


def onset_of_new(each: Pair) -> int:
    return -1 if each.new is None else each.new.onset_us
