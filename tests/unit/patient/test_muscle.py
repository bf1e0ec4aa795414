"""The muscle against the published equations that it implements."""

import math
from dataclasses import replace

import pytest

from hil.patient.config import MuscleConfig
from hil.patient.muscle import Muscle, equivalent_ma, recruitment

FRESH = MuscleConfig(fatigue_scale=0.0, delay_ms=1.0)
DING = replace(FRESH, fatigue_scale=1.0)


def run(muscle: Muscle, pulses_us: list[int], to_ms: int, from_ms: int = 0) -> list[float]:
    """Return the force at every millisecond under pulses of full recruitment."""
    muscle._pulses.extend((t_us, 1.0) for t_us in pulses_us)
    force: list[float] = []
    muscle.advance(from_ms, to_ms - from_ms, force)
    return force


def calcium_after(pulses_us: list[int], to_ms: int) -> list[float]:
    muscle = Muscle(FRESH)
    muscle._pulses.extend((t_us, 1.0) for t_us in pulses_us)
    found = []
    for ms in range(to_ms):
        muscle.advance(ms, 1, [])
        found.append(muscle.snapshot()["calcium"])
    return found


def test_one_pulse_raises_calcium_to_one_over_e_after_its_time_constant() -> None:
    calcium = calcium_after([0], 60)
    assert max(calcium) == pytest.approx(1 / math.e, rel=1e-3)
    assert calcium.index(max(calcium)) + 1 == 20


def test_a_steady_train_settles_at_the_mean_calcium_of_the_equations() -> None:
    calcium = calcium_after([k * 30_000 for k in range(100)], 3000)
    last = calcium[-300:]
    assert sum(last) / len(last) == pytest.approx(0.68794, rel=0.005)


def test_a_second_at_thirty_three_hertz_peaks_where_ding_2003_does() -> None:
    force = run(Muscle(FRESH), [k * 30_000 for k in range(34)], 1000)
    assert max(force) == pytest.approx(271.6, rel=0.01)


@pytest.mark.parametrize(
    ("rate_hz", "share"), [(10, 0.529), (20, 0.753), (33.3, 0.865), (50, 0.929)]
)
def test_force_rises_with_rate_as_in_ding_2003(rate_hz: float, share: float) -> None:
    def peak(hz: float) -> float:
        period_us = round(1e6 / hz)
        return max(run(Muscle(FRESH), list(range(0, 1_000_000, period_us)), 1000))

    assert peak(rate_hz) / peak(100) == pytest.approx(share, abs=0.01)


def test_it_fatigues_and_recovers_as_in_ding_2003() -> None:
    muscle = Muscle(DING)
    peaks = []
    for burst in range(170):
        start_ms = burst * 1100
        pulses = [start_ms * 1000 + k * 30_000 for k in range(17)]
        peaks.append(max(run(muscle, pulses, start_ms + 1100, start_ms)))
    assert peaks[54] / peaks[0] == pytest.approx(0.552, abs=0.02)
    assert peaks[163] / peaks[0] == pytest.approx(0.346, abs=0.02)
    lost = DING.a_rest_N_per_s - muscle.snapshot()["a_N_per_s"]
    run(muscle, [], 170 * 1100 + 127_000, 170 * 1100)
    still = DING.a_rest_N_per_s - muscle.snapshot()["a_N_per_s"]
    # A little force is left at the beginning of the rest, so the deficit is not quite 1/e.
    assert still / lost == pytest.approx(0.368, rel=0.02)


def test_ten_to_ninety_per_cent_of_the_rise_takes_as_long_as_in_the_equations() -> None:
    force = run(Muscle(FRESH), [k * 30_000 for k in range(40)], 1200)
    top = max(force)
    low = next(i for i, f in enumerate(force) if f >= 0.1 * top)
    high = next(i for i, f in enumerate(force) if f >= 0.9 * top)
    assert high - low == pytest.approx(238, abs=5)


def test_recruitment_follows_hmed_2018() -> None:
    threshold = 63.1 + math.atanh(-0.833) / 0.026
    assert threshold == pytest.approx(17.03, abs=0.01)
    assert recruitment(FRESH, threshold - 0.01) == 0
    assert recruitment(FRESH, threshold + 0.01) > 0
    assert recruitment(FRESH, 60) == pytest.approx(0.441, abs=0.002)
    assert recruitment(FRESH, 100) == pytest.approx(0.924, abs=0.002)


def test_a_longer_pulse_needs_less_current() -> None:
    assert equivalent_ma(40_000, 300) == pytest.approx(40)
    assert equivalent_ma(40_000, 150) < 40 < equivalent_ma(40_000, 500)
    assert equivalent_ma(-40_000, 300) == pytest.approx(40), "polarity recruits alike"


def test_the_first_force_comes_after_the_electromechanical_delay() -> None:
    muscle = Muscle(MuscleConfig(fatigue_scale=0.0))
    for k in range(20):
        muscle.stimulate(k * 25_000, 60_000, 300)
    force: list[float] = []
    muscle.advance(0, 500, force)
    first = next(i for i, f in enumerate(force) if f >= 0.1 * max(force[:100]))
    assert 10 <= first + 1 <= 30
    assert max(force[:10]) == 0


def test_pulses_between_grid_points_count_from_their_own_instant() -> None:
    on_grid, off_grid, next_grid = (
        run(Muscle(FRESH), [t_us], 300) for t_us in (10_000, 10_500, 11_000)
    )
    assert max(on_grid) == pytest.approx(max(off_grid), rel=0.01)
    assert on_grid[40] > off_grid[40] > next_grid[40] or on_grid[12] > off_grid[12] > next_grid[12]
    assert sum(off_grid[:60]) == pytest.approx(
        (sum(on_grid[:60]) + sum(next_grid[:60])) / 2, rel=0.01
    )
