"""The muscle against the published equations that it implements."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from hil.patient.muscle import DingMuscle, MuscleConfig, VeltinkMuscle, make_muscle
from hil.patient.muscle.config import Ding2003Config, FatigueConfig
from hil.patient.muscle.recruitment import by_amplitude, equivalent_ma, threshold_ma

HMED = Ding2003Config()
THRESHOLD = threshold_ma(HMED)
FRESH = MuscleConfig(fatigue=FatigueConfig(scale=0.0), delay_ms=1.0)
DING = replace(FRESH, fatigue=FatigueConfig(scale=1.0))
Muscle = DingMuscle | VeltinkMuscle


def muscle_of(config: MuscleConfig) -> Muscle:
    return make_muscle(config, THRESHOLD, 200.0)


def run(
    muscle: Muscle, pulses_us: list[int], to_ms: int, from_ms: int = 0, angle: float = 0.0
) -> list[float]:
    """Return the force at every millisecond under pulses of full recruitment."""
    for t_us in pulses_us:
        muscle.excite(t_us, 1.0)
    return [muscle.step(1000 * ms, angle) for ms in range(from_ms + 1, to_ms + 1)]


def test_recruitment_begins_at_its_threshold() -> None:
    assert by_amplitude(HMED, THRESHOLD - 0.01) == 0
    assert by_amplitude(HMED, THRESHOLD + 0.01) > 0


def test_the_width_muscle_asks_the_amplitude_only_for_its_threshold() -> None:
    def peak(current_ua: int, width_us: int) -> float:
        muscle = muscle_of(replace(FRESH, model="ding2007"))
        for k in range(30):
            muscle.stimulate(k * 25_000, current_ua, width_us)
        return max(run(muscle, [], 800))

    assert peak(10_000, 300) == 0, "below the motor threshold"
    assert peak(30_000, 300) == peak(60_000, 300) > 0
    assert peak(30_000, 400) > peak(30_000, 300)
    assert peak(30_000, 120) == 0


def test_currents_count_from_the_electrodes_own_threshold() -> None:
    def share(motor_mA: float, current_ua: int) -> float:
        return make_muscle(FRESH, motor_mA, 200.0).stimulate(0, current_ua, 300)

    assert share(8.0, 7_990) == 0 < share(8.0, 8_010)
    assert share(8.0, 16_000) == pytest.approx(share(16.0, 32_000))


def test_one_law_joins_current_and_width() -> None:
    """Weiss and Lapicque: charge over width is a straight line, its slope the rheobase."""

    def threshold(width_us: int) -> float:
        muscle = muscle_of(FRESH)
        return next(
            ua / 1000 for ua in range(1_000, 150_000, 10) if muscle.stimulate(0, ua, width_us) > 0
        )

    charges = [threshold(width_us) * width_us for width_us in (100, 200, 300, 400, 500)]
    slopes = [(b - a) / 100 for a, b in pairwise(charges)]
    assert max(slopes) == pytest.approx(min(slopes), rel=0.01)
    assert charges[0] / slopes[0] - 100 == pytest.approx(200, rel=0.02), "the chronaxie"


def test_a_doublet_in_front_makes_a_slow_train_rise_sooner() -> None:
    """The catch-like property: Kesar and others stimulate drop feet with such trains."""

    def half_ms(extra_us: list[int]) -> int:
        force = run(muscle_of(FRESH), sorted([*range(0, 1_000_000, 50_000), *extra_us]), 1000)
        plateau = max(force[800:])
        return next(i for i, f in enumerate(force) if f >= 0.5 * plateau)

    assert half_ms([5_000]) < half_ms([]) - 10


def test_a_long_muscle_gives_relatively_more_at_low_rates() -> None:
    """Mela, Veltink, Huijing 2001, dorsiflexors: plantarflexed against dorsiflexed."""

    def share(rate_hz: int, angle: float) -> float:
        def peak(hz: int) -> float:
            muscle = muscle_of(FRESH)
            return max(run(muscle, list(range(0, 1_000_000, 1_000_000 // hz)), 1000, 0, angle))

        return peak(rate_hz) / peak(100)

    assert share(15, -0.35) > share(15, 0.0) > share(15, 0.25)


def test_fatigue_lengthens_the_delay() -> None:
    def first_ms(muscle: Muscle, from_ms: int) -> int:
        muscle.stimulate(from_ms * 1000, 60_000, 300)
        force = run(muscle, [], from_ms + 60, from_ms)
        return next(i for i in range(1, len(force)) if force[i] > force[i - 1])

    fresh = first_ms(muscle_of(replace(DING, delay_ms=10.0)), 0)
    tired = muscle_of(replace(DING, delay_ms=10.0))
    run(tired, list(range(0, 60_000_000, 30_000)), 60_000)
    run(tired, [], 62_000, 60_000)
    assert tired.fitness() < 0.6
    assert first_ms(tired, 62_000) >= fresh + 3


@pytest.mark.parametrize(
    ("fatigue", "after_10_min", "after_20_min", "after_30_min"),
    [
        (FatigueConfig(scale=0.1), (0.95, 1.0), (0.95, 1.0), (0.95, 1.0)),
        (FatigueConfig(scale=1.0), (0.2, 0.45), (0.2, 0.45), (0.2, 0.45)),
        (FatigueConfig(scale=0.14, tau_s=420.0), (0.65, 0.9), (0.6, 0.8), (0.6, 0.8)),
    ],
    ids=["nerve", "muscle point", "over minutes"],
)
def test_fatigue_means_something_over_minutes(
    fatigue: FatigueConfig,
    after_10_min: tuple[float, float],
    after_20_min: tuple[float, float],
    after_30_min: tuple[float, float],
) -> None:
    muscle = muscle_of(replace(FRESH, fatigue=fatigue))
    peaks: list[float] = []
    for stride in range(1500):
        start_ms = stride * 1200
        pulses = [start_ms * 1000 + k * 25_000 for k in range(24)]
        for t_us in pulses:
            muscle.excite(t_us, 0.35)
        peaks.append(max(muscle.step(1000 * (start_ms + ms), 0.0) for ms in range(1, 1201)))
    for minutes, (low, high) in ((10, after_10_min), (20, after_20_min), (29.9, after_30_min)):
        left = peaks[int(minutes * 50)] / peaks[0]
        assert low <= left <= high, (minutes, left)
    rested_from_ms = 1500 * 1200
    for ms in range(1, 1_200_001):
        muscle.step(1000 * (rested_from_ms + ms), 0.0)
    start_ms = rested_from_ms + 1_200_000
    for k in range(24):
        muscle.excite(start_ms * 1000 + k * 25_000, 0.35)
    rested = max(muscle.step(1000 * (start_ms + ms), 0.0) for ms in range(1, 1201))
    assert rested > peaks[0] * 0.95, "twenty minutes of rest bring nearly all of it back"


def test_the_simpler_muscle_rises_with_one_pole_tires_and_recovers() -> None:
    muscle = muscle_of(replace(FRESH, model="veltink", fatigue=FatigueConfig(scale=0.0)))
    force = run(muscle, list(range(0, 2_000_000, 25_000)), 2000)
    assert force[259] == pytest.approx(315 * (1 - math.exp(-1)), rel=0.01)
    assert force[-1] == pytest.approx(315, rel=0.01)
    tired = muscle_of(replace(FRESH, model="veltink", fatigue=FatigueConfig(scale=1.0)))
    run(tired, list(range(0, 60_000_000, 25_000)), 60_000)
    assert 0.2 < tired.fitness() < 0.5
    run(tired, [], 260_000, 60_000)
    assert tired.fitness() > 0.95


def test_long_silence_is_exactly_silent() -> None:
    muscle = muscle_of(FRESH)
    assert run(muscle, [0], 60_000)[-1] == 0.0
    assert muscle.snapshot()["calcium"] == 0.0


def test_a_longer_pulse_needs_less_current() -> None:
    assert equivalent_ma(40_000, 300) == pytest.approx(40)
    assert equivalent_ma(40_000, 150) < 40 < equivalent_ma(40_000, 500)
    assert equivalent_ma(-40_000, 300) == pytest.approx(40), "polarity recruits alike"


def test_the_first_force_comes_after_the_electromechanical_delay() -> None:
    muscle = muscle_of(replace(FRESH, delay_ms=MuscleConfig().delay_ms))
    for k in range(20):
        muscle.stimulate(k * 25_000, 60_000, 300)
    force = run(muscle, [], 500)
    first = next(i for i, f in enumerate(force) if f >= 0.1 * max(force[:100]))
    assert 10 <= first + 1 <= 30
    assert max(force[:10]) == 0


def test_pulses_between_grid_points_count_from_their_own_instant() -> None:
    on_grid, off_grid, next_grid = (
        run(muscle_of(FRESH), [t_us], 300) for t_us in (10_000, 10_500, 11_000)
    )
    assert max(on_grid) == pytest.approx(max(off_grid), rel=0.01)
    assert on_grid[40] > off_grid[40] > next_grid[40] or on_grid[12] > off_grid[12] > next_grid[12]
    assert sum(off_grid[:60]) == pytest.approx(
        (sum(on_grid[:60]) + sum(next_grid[:60])) / 2, rel=0.01
    )
