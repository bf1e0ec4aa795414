"""The foot as a pendulum with tissue around it: energy, balance, size, and the heel's rocker."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from math import cos, degrees, exp, log, pi, radians, sin, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.patient.config import AnkleConfig, LegConfig, MuscleConfig, OrthosisConfig, PatientConfig
from hil.patient.foot import ADULT_KG_M, FULL_GROUND_N_PER_KG, Foot
from hil.patient.gait_table import FLAT_RAD, GaitStyle, gait_rows
from hil.patient.open_loop import walk_open
from hil.patient.rows import StanceRow, SwingRow
from hil.patient.train import OpenWalk, Train

ADULT_M, ADULT_KG = 1.75, 75.0
BARE = OrthosisConfig()
G = 9.81
ROWS = gait_rows(GaitStyle())


def foot_of(
    config: AnkleConfig | None = None,
    pitch_deg: float = 0.0,
    height_m: float = ADULT_M,
    mass_kg: float = ADULT_KG,
) -> Foot:
    return Foot(config or AnkleConfig(), BARE, height_m, mass_kg, radians(pitch_deg))


def calf_and_shin(knee_deg: float) -> tuple[float, float]:
    """Return the knee's share of the two terms of Riener and Edrich 1999."""
    return exp(2.1016 - 0.0176 * knee_deg), exp(-7.9763 + 0.0008 * knee_deg)


def published(angle_deg: float, knee_deg: float) -> float:
    """Return the passive moment of Riener and Edrich 1999, plantarflexing positive."""
    plantar_deg = -angle_deg
    return (
        exp(2.1016 - 0.0843 * plantar_deg - 0.0176 * knee_deg)
        - exp(-7.9763 + 0.1949 * plantar_deg + 0.0008 * knee_deg)
        - 1.792
    )


def swing_row(
    shank: float = 0.0,
    turn: float = 0.0,
    ax: float = 0.0,
    ay: float = 0.0,
    knee_deg: float = 30.0,
    loss: float = 0.0,
) -> SwingRow:
    return SwingRow(
        *(shank, turn, ax, ay, *calf_and_shin(knee_deg), 0.0),
        *(0.0, 0.0, loss, 0.0, 0.0, 0.0, 0.0),
    )


def stance_row(ground: float = FULL_GROUND_N_PER_KG) -> StanceRow:
    row = ROWS.stance[0]
    return StanceRow(
        *(0.0, 0.0, 0.0, 0.0, *calf_and_shin(5.0)),
        *(row.pitch, row.pitch_rate, row.ankle_m, row.moment_per_kg, ground, row.heel_share),
    )


def swung(
    foot: Foot,
    ms: int,
    row: SwingRow | None = None,
    moment: float = 0.0,
    reflex: float = 0.0,
    slope: float = 0.0,
) -> list[float]:
    """Let a foot swing about an ankle that is held; return its pitch after every millisecond."""
    held = row or swing_row()
    found = []
    for k in range(ms):
        share = 0.5 if k == 0 else 1.0
        foot.swing(held, 0.0, 1.0, 0.0, 0.0, moment, reflex, slope, share)
        found.append(foot.pitch)
    return found


def settled_deg(foot: Foot, row: SwingRow | None = None, **pulls: float) -> float:
    return degrees(swung(foot, 6000, row, **pulls)[-1])


def body(config: AnkleConfig, height_m: float, mass_kg: float) -> tuple[float, float]:
    """Return the first moment (kg m) and the inertia (kg m2) of foot and shoe."""
    foot_kg = config.foot_mass_fraction * mass_kg
    com_m = config.com_forward_fraction * height_m
    shoe_m = 1.2 * com_m
    first = foot_kg * com_m + config.shoe_kg * shoe_m
    second = foot_kg * (config.gyration_fraction * height_m) ** 2 + config.shoe_kg * shoe_m**2
    return first, second


def bisected(balance: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function is zero."""
    for _ in range(80):
        middle = 0.5 * (low + high)
        if balance(middle) > 0.0:
            low = middle
        else:
            high = middle
    return low


# -- passive tissue -----------------------------------------------------------------------------


@given(st.floats(-35, 25), st.floats(-5, 95))
def test_the_passive_moment_is_the_published_one(angle_deg: float, knee_deg: float) -> None:
    found = foot_of().passive(radians(angle_deg), *calf_and_shin(knee_deg))
    assert found == pytest.approx(published(angle_deg, knee_deg), abs=1e-9)


def test_the_gait_table_hands_the_published_knee_terms_on() -> None:
    for row in (*ROWS.stance[::300], *ROWS.swing[::300]):
        knee_deg = (2.1016 - log(row.calf)) / 0.0176
        assert -10 < knee_deg < 75, "an able walker's knee"
        assert log(row.shin) == pytest.approx(-7.9763 + 0.0008 * knee_deg, abs=1e-9)


@pytest.mark.parametrize(
    ("angle_deg", "straight_Nm", "bent_Nm"), [(0, 6.4, 1.05), (10, 17.2, 4.8), (20, 42.4, 13.6)]
)
def test_a_bent_knee_slackens_the_calf(
    angle_deg: float, straight_Nm: float, bent_Nm: float
) -> None:
    foot = foot_of()
    angle = radians(angle_deg)
    assert foot.passive(angle, *calf_and_shin(0)) == pytest.approx(straight_Nm, abs=0.06)
    assert foot.passive(angle, *calf_and_shin(60)) == pytest.approx(bent_Nm, abs=0.06)


@pytest.mark.parametrize(
    ("calf_scale", "moment", "stiffness"),
    [(1.0, (6.21, 3.64), (0.35, 0.20)), (1.5, (9.51, 4.79), (0.54, 0.19))],
    ids=["able", "spastic"],
)
def test_the_calf_resists_as_chung_2004_measured(
    calf_scale: float, moment: tuple[float, float], stiffness: tuple[float, float]
) -> None:
    foot = foot_of(AnkleConfig(calf_scale=calf_scale))
    knee = calf_and_shin(75)

    def at(angle_deg: float) -> float:
        return foot.passive(radians(angle_deg), *knee)

    assert at(10) == pytest.approx(moment[0], abs=moment[1])
    assert at(10.5) - at(9.5) == pytest.approx(stiffness[0], abs=stiffness[1])


@given(st.floats(0.9, 2.1), st.floats(12, 150), st.floats(-30, 20))
def test_passive_tissue_grows_with_mass_times_height(
    height_m: float, mass_kg: float, angle_deg: float
) -> None:
    adult = published(angle_deg, 30)
    found = foot_of(None, 0.0, height_m, mass_kg).passive(radians(angle_deg), *calf_and_shin(30))
    assert found == pytest.approx(adult * height_m * mass_kg / ADULT_KG_M, abs=1e-9)


# -- free motion --------------------------------------------------------------------------------


def energies(damping: float, ms: int) -> list[float]:
    """Return the energy of a foot that is let go: motion, height, and what the tissue stores."""
    config = AnkleConfig(damping_Nms_per_rad=damping)
    first, second = body(config, ADULT_M, ADULT_KG)
    calf, shin = calf_and_shin(30)

    def stored(angle: float) -> float:
        deg = degrees(angle)
        return (
            radians(1.0) * (calf / 0.0843 * exp(0.0843 * deg) + shin / 0.1949 * exp(-0.1949 * deg))
            - 1.792 * angle
        )

    foot = foot_of(config, 10.0)
    row = swing_row()
    found = []
    for k in range(ms):
        before, pitch = foot.rate, foot.pitch
        foot.swing(row, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5 if k == 0 else 1.0)
        if k > 0:  # The rate at a whole millisecond is the mean of those around it.
            rate = 0.5 * (before + foot.rate)
            found.append(0.5 * second * rate**2 + first * G * sin(pitch) + stored(pitch))
    return found


def test_an_undamped_foot_that_is_let_go_keeps_its_energy() -> None:
    kept = energies(0.0, 5000)
    swing = kept[0] - min(energies(0.4, 5000))
    assert max(kept) - min(kept) < 0.005 * swing
    assert sum(kept[-500:]) / 500 == pytest.approx(sum(kept[:500]) / 500, abs=0.001 * swing)


@pytest.mark.parametrize("damping", [0.1, 0.4, 0.8])
def test_a_damped_foot_never_gains_energy(damping: float) -> None:
    left = energies(damping, 2000)
    assert all(after <= before + 1e-7 for before, after in pairwise(left))
    assert left[-1] < left[0] - 0.01


def test_more_damping_overshoots_less() -> None:
    overshoots = []
    for damping in (0.02, 0.1, 0.2, 0.4, 0.8):
        path = swung(foot_of(AnkleConfig(damping_Nms_per_rad=damping), 10.0), 4000)
        overshoots.append(path[-1] - min(path))
    assert overshoots == sorted(overshoots, reverse=True)
    assert overshoots[0] > radians(5)


@pytest.mark.parametrize("knee_deg", [0.0, 30.0, 60.0])
@pytest.mark.parametrize("shank_deg", [-40.0, 0.0, 20.0])
def test_a_hanging_foot_settles_where_weight_and_tissue_balance(
    knee_deg: float, shank_deg: float
) -> None:
    config = AnkleConfig()
    first, _ = body(config, ADULT_M, ADULT_KG)
    expected_deg = bisected(
        lambda deg: -published(deg - shank_deg, knee_deg) - first * G * cos(radians(deg)),
        -110,
        40,
    )
    row = swing_row(radians(shank_deg), knee_deg=knee_deg)
    assert settled_deg(foot_of(config, shank_deg), row) == pytest.approx(expected_deg, abs=0.01)
    assert expected_deg - shank_deg < -10, "without muscle it is a drop foot"


def test_dorsiflexors_lift_the_hanging_foot_and_a_reflex_pulls_it_down() -> None:
    lifted = [settled_deg(foot_of(), moment=moment) for moment in (0, 2, 5, 10, 20)]
    assert lifted == sorted(lifted)
    assert lifted[-1] > lifted[0] + 15
    pulled = [settled_deg(foot_of(), reflex=reflex) for reflex in (0, 1, 3)]
    assert pulled == sorted(pulled, reverse=True)


def after_kick_deg(pitch_deg: float, **push: float) -> float:
    """Return how far a push at the ankle has turned the foot against no push, after 60 ms."""
    shank = radians(pitch_deg)
    path = swung(foot_of(None, pitch_deg), 60, swing_row(shank, **push))
    return degrees(path[-1] - swung(foot_of(None, pitch_deg), 60, swing_row(shank))[-1])


def test_the_toe_lags_behind_an_ankle_that_is_moved() -> None:
    assert after_kick_deg(-20, ay=8.0) < -1, "lifted: the toe stays behind, below"
    assert after_kick_deg(-20, ay=-8.0) > 1
    assert after_kick_deg(-40, ax=8.0) < -1, "pulled forward: a hanging toe trails, down"
    assert after_kick_deg(-40, ax=-8.0) > 1
    assert after_kick_deg(30, ax=8.0) > 0.5, "and one that points up trails upwards"
    assert abs(after_kick_deg(0, ax=8.0)) < 0.5 * abs(after_kick_deg(-40, ax=8.0))


def test_a_foot_in_free_fall_has_no_weight() -> None:
    heavy, light = AnkleConfig(shoe_kg=3.0), AnkleConfig(shoe_kg=0.0)
    falling = swing_row(ay=-G)
    weightless = bisected(lambda deg: -published(deg, 30), -60, 30)
    for config in (heavy, light):
        assert settled_deg(foot_of(config), falling) == pytest.approx(weightless, abs=0.01)
    assert settled_deg(foot_of(heavy)) < settled_deg(foot_of(light)) - 1


@given(st.floats(-17, 17), st.floats(-30, 30))
def test_a_slope_turns_the_ground_and_not_gravity(slope_deg: float, shank_deg: float) -> None:
    """Angles are against the ground: the same leg over a slope does the same in space."""
    slope = radians(slope_deg)
    level = swung(foot_of(None, 5.0), 150, swing_row(radians(shank_deg)), 6.0)
    tilted = swung(
        foot_of(None, 5.0 - slope_deg), 150, swing_row(radians(shank_deg) - slope), 6.0, 0.0, slope
    )
    assert tilted[-1] + slope == pytest.approx(level[-1], abs=1e-9)


def test_a_foot_of_twice_the_length_swings_as_a_pendulum_of_twice_the_length() -> None:
    """Everything that turns it grows with mass times length, its inertia with length squared."""

    def let_go(height_m: float, mass_kg: float, ms: int) -> list[float]:
        config = AnkleConfig(damping_Nms_per_rad=0.0, shoe_kg=0.005 * mass_kg)
        return swung(foot_of(config, 5.0, height_m, mass_kg), ms)

    small, large = let_go(1.0, 20, 500), let_go(1.96, 90, 700)
    assert sqrt(1.96 / 1.0) == pytest.approx(1.4)
    for k in range(1, 100):
        # A pitch after n steps is that of n ms: the first step is half a kick.
        assert large[7 * k - 1] == pytest.approx(small[5 * k - 1], abs=radians(0.15))


def test_a_leg_is_the_same_however_long_the_stride_that_it_is_a_share_of() -> None:
    """Rows hold rates per stride and accelerations per stride squared."""
    in_seconds, in_strides = foot_of(None, -20.0), foot_of(None, -20.0)
    a_second = swing_row(-0.3, 1.5, 4.0, -3.0)
    a_stride = swing_row(-0.3, 1.5 * 1.25, 4.0 * 1.25**2, -3.0 * 1.25**2)
    for k in range(40):
        share = 0.5 if k == 0 else 1.0
        in_seconds.swing(a_second, 0.0, 1.0, 0.0, 0.0, 5.0, 0.0, 0.0, share)
        in_strides.swing(a_stride, 0.0, 0.8, 0.0, 0.0, 5.0, 0.0, 0.0, share)
    assert in_strides.pitch == pytest.approx(in_seconds.pitch, abs=1e-12)
    assert in_strides.omega == pytest.approx(in_seconds.omega, abs=1e-12)


def test_a_knee_that_is_flexed_less_tightens_the_calf_and_tilts_the_shank() -> None:
    loss_rad = radians(6)
    straighter = swung(foot_of(), 300, swing_row(-0.3 + loss_rad, knee_deg=30 - 6))
    row = swing_row(-0.3, knee_deg=30, loss=1.0)
    foot = foot_of()
    for k in range(300):
        share = 0.5 if k == 0 else 1.0
        foot.swing(row, 0.0, 1.0, 0.0, loss_rad, 0.0, 0.0, 0.0, share)
    assert foot.pitch == pytest.approx(straighter[-1], abs=radians(0.1))


def test_what_damping_takes_in_a_millisecond_is_the_same_share_in_every_body() -> None:
    """It scales as the inertia does: with mass times height squared."""

    def taken(height_m: float, mass_kg: float) -> float:
        rates = []
        for rate in (0.0, 5.0):
            foot = foot_of(AnkleConfig(shoe_kg=0.005 * mass_kg), 0.0, height_m, mass_kg)
            foot.rate = rate
            swung(foot, 1)
            rates.append(foot.rate)
        return 5.0 - (rates[1] - rates[0])

    assert taken(1.75, 75.0) > 0.05
    assert taken(1.1, 18.0) == pytest.approx(taken(1.75, 75.0), rel=1e-9)
    assert taken(2.1, 75.0) == pytest.approx(taken(1.75, 75.0), rel=1e-9)


def test_the_integrator_follows_a_much_finer_one_within_three_hundredths_of_a_degree() -> None:
    """Runge and Kutta at a fiftieth of the step, written down anew from the equations."""
    config = AnkleConfig()
    first, second = body(config, ADULT_M, ADULT_KG)
    knee_deg, w = 45.0, 2 * pi / 0.9

    def leg(t: float) -> tuple[float, float, float, float]:
        shank, rate = -0.5 - 0.5 * cos(w * t), 0.5 * w * sin(w * t)
        return shank, rate, 6.0 * sin(w * t + 1.0), 4.0 * cos(2 * w * t)

    def pull(t: float) -> float:
        return 14.0 * min(1.0, t / 0.2)

    def change(t: float, pitch: float, rate: float) -> tuple[float, float]:
        shank, shank_rate, ax, ay = leg(t)
        angle, omega = pitch - shank, rate - shank_rate
        speed, length = config.arm_m * omega, config.arm_m * angle
        stretch = exp(-((length / (config.width * config.optimum_m)) ** 2))
        if speed >= 0:
            force = (1 - speed / config.v_max_m_per_s) / (
                1 + speed / (config.v_max_m_per_s * config.fv_short)
            )
        else:
            v = -speed / config.fv_long
            force = (1 + config.fv_gain * v) / (1 + v)
        total = pull(t) * stretch * max(0.0, force)
        total -= published(degrees(angle), knee_deg) + config.damping_Nms_per_rad * omega
        total -= first * ((G + ay) * cos(pitch) - ax * sin(pitch))
        return rate, total / second

    pitch, rate, fine = radians(-40), 0.0, []
    h = 2e-5
    for k in range(40_000):
        t = k * h
        a, b = change(t, pitch, rate)
        c, d = change(t + h / 2, pitch + h / 2 * a, rate + h / 2 * b)
        e, f = change(t + h / 2, pitch + h / 2 * c, rate + h / 2 * d)
        g, i = change(t + h, pitch + h * e, rate + h * f)
        pitch += h / 6 * (a + 2 * c + 2 * e + g)
        rate += h / 6 * (b + 2 * d + 2 * f + i)
        if (k + 1) % 50 == 0:
            fine.append(pitch)

    foot = foot_of(config, -40.0)
    worst = 0.0
    for k, expected in enumerate(fine):
        shank, shank_rate, ax, ay = leg(k / 1000)
        row = swing_row(shank, shank_rate, ax, ay, knee_deg)
        foot.swing(row, 0.0, 1.0, 0.0, 0.0, pull(k / 1000), 0.0, 0.0, 0.5 if k == 0 else 1.0)
        worst = max(worst, abs(degrees(foot.pitch - expected)))
    assert worst < 0.03, worst
    assert max(fine) - min(fine) > radians(20), "it did move"


# -- the dorsiflexors' length and speed ---------------------------------------------------------


def test_the_muscle_is_strongest_at_its_optimum_and_when_stretched() -> None:
    foot = foot_of()
    assert foot.gain(0.0, 0.0) == 1.0
    assert foot.gain(radians(25), 0.0) < 1.0 > foot.gain(radians(-25), 0.0)
    assert foot.gain(0.0, -1e-9) == pytest.approx(foot.gain(0.0, 1e-9), abs=1e-6), "no jump"
    fastest = AnkleConfig().v_max_m_per_s / AnkleConfig().arm_m
    assert foot.gain(0.0, 0.999 * fastest) > 0.0 == foot.gain(0.0, 1.001 * fastest)


@given(st.floats(-0.8, 0.8), st.floats(-60, 60), st.floats(0, 20))
def test_a_muscle_that_shortens_faster_gives_less(
    angle: float, omega: float, faster: float
) -> None:
    foot = foot_of()
    slow, fast = foot.gain(angle, omega), foot.gain(angle, omega + faster)
    assert 0.0 <= fast <= slow <= AnkleConfig().fv_gain


# -- contact ------------------------------------------------------------------------------------


def fall_ms(config: AnkleConfig, moment: float, ground: float = FULL_GROUND_N_PER_KG) -> int:
    """Return how long a foot takes from a heel contact at 15 degrees to the sole."""
    foot = foot_of(config, degrees(FLAT_RAD) + 15.0)
    row = stance_row(ground)
    for ms in range(1, 2000):
        foot.load(row, 0.0, 1.0, moment, 0.0, 0.0, FLAT_RAD)
        if foot.pitch <= FLAT_RAD:
            return ms
    return 2000


def test_after_heel_contact_the_forefoot_falls_faster_the_weaker_the_dorsiflexors() -> None:
    falls = [fall_ms(AnkleConfig(), moment) for moment in (0, 3, 6, 9, 12)]
    assert falls == sorted(set(falls))


def test_the_ground_turns_the_foot_down_about_the_heel() -> None:
    by_rocker = [fall_ms(AnkleConfig(rocker_Nm_per_kg=share), 8.0) for share in (0.0, 0.15, 0.25)]
    assert by_rocker == sorted(set(by_rocker), reverse=True)
    by_ground = [fall_ms(AnkleConfig(), 8.0, ground) for ground in (0.0, 3.0, 7.0)]
    assert by_ground == sorted(set(by_ground), reverse=True)
    by_heel = [fall_ms(AnkleConfig(rocker_damping_Nms_per_rad=b), 8.0) for b in (0.0, 0.5, 2.0)]
    assert by_heel == sorted(set(by_heel)), "heel pad and shoe slow it"


def test_the_grounds_lever_is_gone_when_the_sole_is_down() -> None:
    """No ground reaction about the heel at foot flat: loaded or not, the foot starts alike."""
    pushed = []
    for ground in (0.0, FULL_GROUND_N_PER_KG):
        foot = foot_of(AnkleConfig(), degrees(FLAT_RAD))
        foot.load(stance_row(ground), 0.0, 1.0, 5.0, 0.0, 0.0, FLAT_RAD)
        pushed.append(foot.rate)
    assert pushed[0] == pushed[1]


def test_a_walker_with_weaker_dorsiflexors_has_the_sole_down_sooner() -> None:
    times = []
    for strength in (0.7, 0.9, 1.2, 1.6):
        leg = LegConfig(muscle=MuscleConfig(strength=strength))
        patient = PatientConfig(stride_cv_percent=0, leg=(leg,))
        (swings,) = walk_open(OpenWalk(patient, Train(current_ua=45_000), 1, 8.0))
        times.append(swings[-1].foot_flat_ms)
    assert times == sorted(set(times))


@pytest.mark.parametrize("pitch_deg", [-30.0, 20.0])
def test_a_foot_that_lands_wrong_is_turned_onto_its_sole_without_overshoot(
    pitch_deg: float,
) -> None:
    foot = foot_of(None, pitch_deg)
    ways = []
    for _ in range(60):
        foot.land(0.0, 0.0, 0.0, 0.0)
        ways.append(foot.pitch / radians(pitch_deg))
    assert all(0 < after < before for before, after in pairwise([1.0, *ways]))
    assert ways[39] == pytest.approx(exp(-1), abs=1e-6), "40 ms"


def test_a_held_foot_moves_as_it_is_told() -> None:
    foot = foot_of()
    foot.ride(0.1, 2.0, -0.2, 0.5)
    assert (foot.pitch, foot.rate) == (0.1, 2.0)
    assert foot.angle == pytest.approx(0.3)
    assert foot.omega == pytest.approx(1.5)
    foot.ride(0.102, 2.5, -0.2, 0.5)
    assert foot.acceleration == pytest.approx(500.0), "half a rad/s in a millisecond"


def test_only_a_pulling_muscle_works_against_push_off() -> None:
    foot = foot_of()
    foot.ride(0.0, -3.0, 0.0, 0.0)
    assert foot.against_push_off(0.0) == 0.0
    assert foot.against_push_off(5.0) > 5.0, "it is stretched by push-off, and strong"
    assert foot.against_push_off(10.0) == pytest.approx(2 * foot.against_push_off(5.0))


def test_brace_and_shoe_make_a_foot_heavier() -> None:
    braced = Foot(
        AnkleConfig(),
        replace(BARE, kind="hinged", stiffness_Nm_per_deg=0.001, mass_kg=1.0),
        ADULT_M,
        ADULT_KG,
        0.0,
    )
    assert settled_deg(braced) < settled_deg(foot_of()) - 1
