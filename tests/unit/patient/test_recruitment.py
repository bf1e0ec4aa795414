"""Who answers a pulse: a surface over current and width, its thresholds, and when it is felt."""

import statistics
from dataclasses import replace
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil.patient.config import LegConfig, PatientConfig
from hil.patient.muscle import Muscle, MuscleConfig, make_muscle
from hil.patient.muscle.config import FatigueConfig
from hil.patient.muscle.recruitment import equivalent_ma, first_phase
from hil.patient.open_loop import walk_open
from hil.patient.train import OpenWalk, Train

MODELS = ("ding2003", "ding2007", "veltink")
CURRENTS = st.integers(0, 100_000)
WIDTHS = st.integers(10, 500)
CHRONAXIES = st.floats(100, 400)
FRESH = MuscleConfig(fatigue=FatigueConfig(scale=0.0))


def muscle_of(model: str, motor_ma: float = 18.0, chronaxie_us: float = 200.0) -> Muscle:
    return make_muscle(replace(FRESH, model=model), motor_ma, chronaxie_us)  # type: ignore[arg-type]


def share(model: str, current_ua: int, width_us: int, chronaxie_us: float = 200.0) -> float:
    return muscle_of(model, 18.0, chronaxie_us).stimulate(0, current_ua, width_us)


@pytest.mark.parametrize("model", MODELS)
@given(
    current_ua=CURRENTS,
    more_ua=st.integers(0, 50_000),
    width_us=WIDTHS,
    wider_us=st.integers(0, 300),
    chronaxie_us=CHRONAXIES,
)
@settings(max_examples=60)
def test_more_current_or_width_never_recruits_less(
    model: str, current_ua: int, more_ua: int, width_us: int, wider_us: int, chronaxie_us: float
) -> None:
    least = share(model, current_ua, width_us, chronaxie_us)
    most = share(model, current_ua + more_ua, width_us + wider_us, chronaxie_us)
    assert 0.0 <= least <= most


@pytest.mark.parametrize("model", MODELS)
@given(current_ua=CURRENTS, width_us=WIDTHS)
@settings(max_examples=40)
def test_polarity_and_the_second_phase_recruit_nothing_more(
    model: str, current_ua: int, width_us: int
) -> None:
    assert share(model, -current_ua, width_us) == share(model, current_ua, width_us)


@given(CURRENTS, WIDTHS, WIDTHS, CHRONAXIES)
def test_pulses_that_are_as_strong_by_weiss_recruit_alike(
    current_ua: int, width_us: int, other_us: int, chronaxie_us: float
) -> None:
    """Weiss: threshold charge is the rheobase times width and chronaxie together."""
    rheobase_ma = current_ua / 1000 / (1 + chronaxie_us / width_us)
    other_ma = rheobase_ma * (1 + chronaxie_us / other_us)
    same = equivalent_ma(round(1000 * other_ma), other_us, chronaxie_us)
    assert same == pytest.approx(equivalent_ma(current_ua, width_us, chronaxie_us), abs=0.002)


def test_of_equal_charges_the_shorter_pulse_recruits_more() -> None:
    """What strength and duration mean to a designer: a wide pulse wastes charge."""
    charge_nc = 9_000
    shares = [share("ding2003", 1000 * charge_nc // us, us) for us in (100, 150, 200, 300, 450)]
    assert shares == sorted(set(shares), reverse=True)


def test_at_the_chronaxie_the_threshold_is_twice_the_rheobase() -> None:
    def threshold_ma(width_us: int) -> float:
        return 18.0 / equivalent_ma(1000, width_us, 200.0)

    rheobase_ma = threshold_ma(10**9)
    assert threshold_ma(200) == pytest.approx(2 * rheobase_ma, rel=1e-6)
    assert threshold_ma(300) == pytest.approx(18.0), "stated at 300 us"


@pytest.mark.parametrize("model", MODELS)
def test_a_nerve_that_is_reached_later_is_recruited_later_everywhere(model: str) -> None:
    for current_ua in range(10_000, 90_000, 10_000):
        answers = [
            muscle_of(model, motor_ma).stimulate(0, current_ua, 300)
            for motor_ma in (9.0, 18.0, 27.0, 50.0)
        ]
        assert answers == sorted(answers, reverse=True)


# -- when it is felt ----------------------------------------------------------------------------


def first_force_us(model: str, t_us: int, delay_ms: float) -> tuple[int, int]:
    """Return between which instants, in microseconds, the first force comes."""
    config = replace(FRESH, model=model, delay_ms=delay_ms)  # type: ignore[arg-type]
    muscle = make_muscle(config, 18.0, 200.0)
    muscle.stimulate(t_us, 60_000, 300)
    end_us = 0
    while muscle.force_N == 0.0:
        end_us += 1000
        muscle.step(end_us, 0.0)
        assert end_us < 10**6
    return end_us - 1000, end_us


@pytest.mark.parametrize("model", ["ding2003", "ding2007"])
@given(t_us=st.integers(0, 100_000), delay_us=st.integers(1_000, 100_000))
@settings(max_examples=40)
def test_the_electromechanical_delay_is_exact(model: str, t_us: int, delay_us: int) -> None:
    before_us, after_us = first_force_us(model, t_us, delay_us / 1000)
    due_us = t_us + delay_us
    # Calcium of a pulse at the very end of a step raises force in the step after it.
    assert before_us <= due_us <= after_us


@pytest.mark.parametrize("delay_ms", [5.0, 10.0, 25.0])
def test_the_simpler_muscle_answers_after_the_same_delay(delay_ms: float) -> None:
    for t_us in (0, 250, 1000, 7_700):
        before_us, after_us = first_force_us("veltink", t_us, delay_ms)
        assert before_us < t_us + 1000 * delay_ms <= after_us


# -- walking with each --------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_every_muscle_lifts_the_foot_of_a_walker_and_only_when_it_is_reached(model: str) -> None:
    leg = LegConfig(muscle=MuscleConfig(model=model))  # type: ignore[arg-type]
    patient = PatientConfig(stride_cv_percent=0, leg=(leg,))
    heights = [
        walk_open(OpenWalk(patient, Train(current_ua=ua), 1, 8.0))[0][-1].clearance_mm
        for ua in (0, 17_000, 28_000, 40_000)
    ]
    assert heights[0] == heights[1] < 0, "below the threshold nothing"
    assert heights[2] > heights[0] + 30
    assert heights[3] >= heights[2] - 1


# -- minutes ------------------------------------------------------------------------------------


def peaks_by_minute(fatigue: FatigueConfig, minutes: int) -> tuple[Muscle, list[float]]:
    """Return the median peak force of each minute of walking at 43 mA."""
    muscle = make_muscle(replace(FRESH, fatigue=fatigue), 18.0, 200.0)
    peaks: list[float] = []
    for stride in range(50 * minutes):
        start_ms = 1200 * stride
        for k in range(24):
            muscle.stimulate(1000 * (start_ms + 25 * k), 43_000, 300)
        peaks.append(max(muscle.step(1000 * (start_ms + ms), 0.0) for ms in range(1, 1201)))
    return muscle, [statistics.median(peaks[50 * m : 50 * m + 50]) for m in range(minutes)]


def test_over_the_nerve_half_an_hour_costs_one_to_four_per_cent() -> None:
    _, peaks = peaks_by_minute(FatigueConfig(), 30)
    assert 0.96 <= peaks[-1] / peaks[0] <= 0.995
    assert peaks == sorted(peaks, reverse=True)


def test_over_the_muscle_point_everything_that_can_be_lost_is_lost_in_three_minutes() -> None:
    muscle, peaks = peaks_by_minute(FatigueConfig(scale=1.0), 8)
    assert peaks[3] / peaks[0] < 0.7
    assert peaks[-1] / peaks[3] == pytest.approx(1.0, abs=0.04)
    tired = muscle.fitness()
    for ms in range(8 * 60_000, 8 * 60_000 + 127_000):
        muscle.step(1000 * (ms + 1), 0.0)
    rested = muscle.fitness()
    assert log((1 - tired) / (1 - rested)) == pytest.approx(1.0, abs=0.05), "127 s"


@pytest.mark.parametrize(
    ("points", "phase"),
    [
        (((300, 20_000), (300, -20_000)), (300, 20_000)),
        (((300, -20_000), (100, 0), (300, 20_000)), (300, 20_000)),
        (((150, 10_000), (150, 20_000), (60, 0), (450, -10_000)), (300, 15_000)),
        (((100, 20_000), (50, 0), (100, 20_000), (200, -20_000), (9, 9_000)), (250, 16_000)),
        (((80, 0), (200, 20_000), (200, -20_000)), (200, 20_000)),
        (((5, 9_000), (10, 0), (5, 9_000), (10, 0), (5, 9_000), (15, -9_000)), (35, 3_857)),
        (((80, 0),), (80, 0)),
    ],
)
def test_a_phase_excites_by_its_charge_and_its_length_until_the_current_turns(
    points: tuple[tuple[int, int], ...], phase: tuple[int, int]
) -> None:
    assert first_phase(points) == phase
