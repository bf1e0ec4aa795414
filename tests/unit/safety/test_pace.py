"""Steps that follow each other faster than anyone walks."""

from fes_ctrl.safety.pace import CROWD, WITHIN_US, Pace


def changes(*heel_offs_ms: float) -> list[tuple[float, bool]]:
    """Return after which heel-offs it changed, and to what."""
    pace = Pace()
    return [(t_ms, pace.hurried) for t_ms in heel_offs_ms if pace.heel_off(round(t_ms * 1000))]


def test_the_numbers_are_these() -> None:
    assert (CROWD, WITHIN_US) == (5, 2_000_000)


def test_nobody_hurries_before_five_heel_offs() -> None:
    pace = Pace()
    assert pace.hurried is False
    for t_us in (0, 1, 2, 3):
        assert pace.heel_off(t_us) is False
        assert pace.hurried is False
    assert pace.heel_off(4) is True
    assert pace.hurried is True
    assert pace.heel_off(5) is False
    assert pace.hurried is True


def test_five_within_two_seconds_are_a_crowd_and_five_in_two_seconds_are_not() -> None:
    assert changes(0, 500, 1000, 1500, 1999.999) == [(1999.999, True)]
    assert changes(0, 500, 1000, 1500, 2000) == []
    assert changes(0, 500, 1000, 1500, 2000, 2499, 2999) == [(2499, True)]


def test_a_crowd_ends_with_the_first_heel_off_that_is_late_enough() -> None:
    assert changes(0, 300, 600, 900, 1200, 1500, 2700) == [(1200, True), (2700, False)]
    assert changes(0, 300, 600, 900, 1200, 1500, 2599) == [(1200, True)]
    assert changes(0, 300, 600, 900, 1200, 9000, 9100, 9200, 9300, 9400) == [
        (1200, True),
        (9000, False),
        (9400, True),
    ]


def test_heel_offs_by_a_clock_that_was_set_back_are_counted_anew() -> None:
    pace = Pace()
    for t_us in (9_000_000, 9_100_000, 9_200_000, 9_300_000, 9_400_000):
        pace.heel_off(t_us)
    assert pace.hurried
    assert pace.heel_off(9_399_999) is True
    assert not pace.hurried
    assert [pace.heel_off(9_400_000 + k) for k in range(4)] == [False, False, False, True]
    pace = Pace()
    assert [pace.heel_off(7) for _ in range(5)] == [False, False, False, False, True]


def test_how_long_the_last_five_took_is_told_in_seconds() -> None:
    pace = Pace()
    pace.heel_off(1_000_000)
    assert pace.lasted_s == 0.0
    for t_us in (1_300_000, 1_600_000, 1_900_000, 2_200_000, 2_501_500):
        pace.heel_off(t_us)
    assert pace.lasted_s == 1.2015
