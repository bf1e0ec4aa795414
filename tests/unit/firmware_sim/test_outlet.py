"""One output of the limiter: its windows, its bursts and their level, call by call."""

import pytest

from fes_ctrl.units import NEVER_US
from firmware_sim.outlet import SECOND_US, SHIFT_US, TEN_SECONDS_US, Outlet, phases_of


def stands(outlet: Outlet) -> dict[str, object]:
    found = {name: getattr(outlet, name) for name in Outlet.__slots__}
    return found | {"pulses": list(outlet.pulses), "gaps": list(outlet.gaps)}


FRESH = {
    "apart_us": 0,
    "burst_us": -NEVER_US,
    "gaps": [],
    "gaps_us": 0,
    "held_ua": 0,
    "last_ua": 0,
    "last_us": -NEVER_US,
    "level_ua": 0,
    "net_pc": 0,
    "peak_ua": 0,
    "pulses": [],
    "square": 0,
}


def test_the_windows_are_these() -> None:
    assert (SHIFT_US, SECOND_US, TEN_SECONDS_US) == (2_000, 1_000_000, 10_000_000)


def test_an_output_that_gave_nothing_remembers_nothing() -> None:
    outlet = Outlet()
    assert stands(outlet) == FRESH
    outlet.forget(123, 456)
    assert stands(outlet) == FRESH
    assert (outlet.level(begins=True), outlet.level(begins=False)) == (0, 0)


@pytest.mark.parametrize(
    ("apart_us", "gap_us", "pauses"),
    [
        (25_000, 100_000, False),
        (25_000, 100_001, True),
        (80_000, 120_000, False),
        (80_000, 120_001, True),
        (200_000, 300_000, False),
        (200_000, 300_001, True),
        (500_000, 500_000, False),
        (500_000, 500_001, True),
        (500_001, 100_001, True),
    ],
)
def test_a_pause_is_longer_than_the_train_before_it(
    apart_us: int, gap_us: int, *, pauses: bool
) -> None:
    outlet = Outlet()
    outlet.enter(1_000_000, 20_000, begins=True)
    outlet.enter(1_000_000 + apart_us, 20_000, begins=False)
    assert outlet.pauses(1_000_000 + apart_us + gap_us) is pauses


def test_every_pulse_moves_what_it_should_and_nothing_else() -> None:
    outlet = Outlet()
    outlet.enter(1_000_000, 20_000, begins=True)
    first = {**FRESH, "burst_us": 1_000_000, "last_us": 1_000_000}
    assert stands(outlet) == {**first, "peak_ua": 20_000, "last_ua": 20_000}
    outlet.enter(1_025_000, 30_000, begins=False)
    gaps = [(1_000_000, 1_025_000)]
    rose = {**first, "last_us": 1_025_000, "peak_ua": 30_000, "last_ua": 30_000, "gaps": gaps}
    assert stands(outlet) == {**rose, "apart_us": 25_000, "gaps_us": 25_000}
    outlet.enter(1_050_000, 30_000, begins=False)
    assert (outlet.held_ua, outlet.peak_ua, outlet.gaps_us) == (30_000, 30_000, 50_000)
    outlet.enter(1_075_000, 25_000, begins=False)
    outlet.enter(1_100_000, 25_000, begins=False)
    assert (outlet.held_ua, outlet.peak_ua, outlet.last_ua) == (30_000, 30_000, 25_000)
    outlet.enter(2_000_000, 10_000, begins=True)
    assert (outlet.held_ua, outlet.peak_ua, outlet.last_ua) == (0, 10_000, 10_000)
    assert (outlet.burst_us, outlet.gaps_us) == (2_000_000, 100_000)
    outlet.level_ua = 7
    outlet.restart()
    assert (outlet.level_ua, outlet.peak_ua, outlet.held_ua, outlet.last_ua) == (0, 0, 0, 0)
    assert (outlet.last_us, outlet.gaps_us) == (2_000_000, 100_000)


def test_a_pulse_leaves_its_second_by_its_end() -> None:
    outlet = Outlet()
    outlet.pulses.extend([(1_000, 5, 7), (30_000, 11, 13)])
    outlet.square, outlet.net_pc = 16, 20
    outlet.forget(0, 1_000 + 998_000 - 1)
    assert (outlet.square, outlet.net_pc, len(outlet.pulses)) == (16, 20, 2)
    outlet.forget(0, 1_000 + 998_000)
    assert (outlet.square, outlet.net_pc, len(outlet.pulses)) == (11, 13, 1)
    outlet.forget(0, 30_000 + 998_000)
    assert (outlet.square, outlet.net_pc, len(outlet.pulses)) == (0, 0, 0)


def test_the_time_in_bursts_is_that_of_the_last_ten_seconds() -> None:
    outlet = Outlet()
    outlet.enter(300_000, 1_000, begins=True)
    outlet.enter(320_000, 1_000, begins=False)
    outlet.enter(350_000, 1_000, begins=False)
    assert outlet.on_us(360_000) == 60_000, "the pulse that comes is counted in"
    outlet.enter(10_250_000, 1_000, begins=True)
    for t_us, on_us, held in (
        (10_299_999, 50_000 + 49_999, 2),
        (10_300_000, 50_000 + 50_000, 2),
        (10_300_001, 49_999 + 50_001, 2),
        (10_320_000, 30_000 + 70_000, 1),
        (10_350_000, 100_000, 0),
    ):
        outlet.forget(t_us, 0)
        assert (t_us, outlet.on_us(t_us), len(outlet.gaps)) == (t_us, on_us, held)
    assert outlet.gaps_us == 0


@pytest.mark.parametrize(
    ("peaks_ua", "level_ua"),
    [
        ([20_000], 30_000),  # cut in its rise: it lowers no bar
        ([20_000, 40_000], 40_000),  # nor is it held, yet higher
        ([20_000, 20_000], 20_000),  # held for two pulses: that is it
        ([20_000, 20_000, 25_000], 30_000),
        ([20_000, 25_000, 25_000, 10_000, 10_000], 25_000),
        ([20_000, 40_000, 20_000, 40_000], 40_000),
    ],
)
def test_a_level_is_what_was_held_for_two_pulses(peaks_ua: list[int], level_ua: int) -> None:
    outlet = Outlet()
    outlet.level_ua = 30_000
    for index, peak_ua in enumerate(peaks_ua):
        outlet.enter(25_000 * index, peak_ua, begins=index == 0)
    assert outlet.level(begins=True) == level_ua
    assert outlet.level(begins=False) == 30_000, "in a burst that of the bursts before"


@pytest.mark.parametrize(
    ("points", "phases"),
    [
        ((), []),
        (((100, 0),), []),
        (((200, 5), (300, -4)), [(200, 1_000), (300, -1_200)]),
        (((200, 5), (50, 0), (300, -4)), [(200, 1_000), (300, -1_200)]),
        (((200, 5), (50, 0), (100, 3)), [(300, 1_300)]),
        (((200, -5), (100, -1), (10, 1)), [(300, -1_100), (10, 10)]),
        (((1, 1), (1, -1), (1, 1)), [(1, 1), (1, -1), (1, 1)]),
        (((1, 1), (1, 1)), [(2, 2)]),
        (((0, 5), (200, -5)), [(200, -1_000)]),  # what takes no time is no phase
    ],
)
def test_a_phase_goes_from_one_change_of_sign_to_the_next(
    points: tuple[tuple[int, int], ...], phases: list[tuple[int, int]]
) -> None:
    assert phases_of(points) == phases
