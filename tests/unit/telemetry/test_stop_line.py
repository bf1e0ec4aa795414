"""Two connections of which a broker allows only one are not fought over; others are not blamed."""

from fes_ctrl.telemetry.stop_line import AT_ONCE_S, FORGOTTEN_S, Rivals

FIRST, OTHER = True, False


def told(*events: tuple[float, bool, bool]) -> list[bool]:
    rivals = Rivals()
    return [rivals.note(now_s, first=first, made=made) for now_s, first, made in events]


def test_each_that_ends_the_other_is_seen_by_the_second_time() -> None:
    found = told(
        (0.0, FIRST, True),
        (1.0, OTHER, True),
        (1.01, FIRST, False),
        (1.3, FIRST, True),
        # What the other one learns of its end may come before the maker learns that it is there.
        (1.6, FIRST, False),
        (1.61, OTHER, True),
    )
    assert found == [False] * 5 + [True]


def test_a_broker_that_goes_and_comes_back_is_no_fight() -> None:
    events = []
    for second in range(0, 30, 2):
        for first in (FIRST, OTHER):
            events.append((second + 0.01 * first, first, True))
            events.append((second + 1.0 + 0.01 * first, first, False))
    assert not any(told(*sorted(events)))


def test_what_happens_now_and_then_by_chance_is_none_either() -> None:
    events = []
    for number in range(10):
        now_s = number * (FORGOTTEN_S + 1.0)
        events += [(now_s, FIRST, True), (now_s + AT_ONCE_S / 2, OTHER, False)]
    assert not any(told(*events))
