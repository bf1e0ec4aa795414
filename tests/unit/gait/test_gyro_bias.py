"""What a foot's gyro reads of no motion, told apart from what the foot does."""

import pytest

from fes_ctrl.gait.gyro_bias import GyroBias

PERIOD_US = 10_000
STRIDE_US = 1_200_000
AXIS = (0.6, 0.0, -0.8)


def rest(
    bias: GyroBias, since_us: int, dps: tuple[float, float, float], lasts_us: int = 300_000
) -> None:
    """Rest with a gyro that reads the same all the time, then move."""
    for t_us in range(since_us, since_us + lasts_us, PERIOD_US):
        bias.rest(t_us, (0.0, 0.0, 9.8, *dps), entered=t_us == since_us)
    bias.move()


def about_axis(bias: GyroBias) -> float:
    x, y, z = AXIS
    return x * bias.x + y * bias.y + z * bias.z


def stride(bias: GyroBias, true_dps: float, noise_deg: float = 0.0) -> None:
    """Walk a stride with a gyro whose bias about the axis is this."""
    missed_deg = (true_dps - about_axis(bias)) * STRIDE_US * 1e-6 + noise_deg
    bias.stride(missed_deg, STRIDE_US, AXIS)


def test_nothing_is_known_before_a_rest() -> None:
    bias = GyroBias()
    assert not bias.known
    rest(bias, 0, (1.0, -2.0, 3.0), lasts_us=90_000)
    assert not bias.known, "too short to show anything"
    rest(bias, STRIDE_US, (1.0, -2.0, 3.0))
    assert bias.known
    assert (bias.x, bias.y, bias.z) == pytest.approx((1.0, -2.0, 3.0))


def test_a_rest_that_changes_or_reads_too_much_shows_nothing() -> None:
    bias = GyroBias()
    rest(bias, 0, (25.0, 0.0, 0.0))
    for t_us in range(0, 300_000, PERIOD_US):
        bias.rest(t_us, (0.0, 0.0, 9.8, t_us / 20_000.0, 0.0, 0.0), entered=t_us == 0)
    assert not bias.known


def test_a_heel_that_rises_in_every_rest_does_not_mislead_whole_strides() -> None:
    bias = GyroBias()
    for k in range(60):
        rest(bias, k * STRIDE_US, (-0.8, 0.0, 0.8))  # -1.1 about the axis, the heel's
        stride(bias, 0.4, 1.0 if k % 2 else -1.0)
    assert about_axis(bias) == pytest.approx(0.4, abs=0.1)


def test_one_stride_that_ends_on_a_slope_changes_little() -> None:
    bias = GyroBias()
    for k in range(40):
        rest(bias, k * STRIDE_US, (0.6, 0.0, -0.8))
        stride(bias, 1.0)
    stride(bias, 1.0, 6.0)
    assert about_axis(bias) == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("jump_dps", [4.0, -4.0])
def test_a_bias_that_jumps_is_found_within_a_few_strides(jump_dps: float) -> None:
    bias = GyroBias()
    for k in range(40):
        rest(bias, k * STRIDE_US, (0.0, 0.0, 0.0))
        stride(bias, 0.0)
    for k in range(40, 52):
        rest(bias, k * STRIDE_US, (0.6 * jump_dps, 0.0, -0.8 * jump_dps))
        stride(bias, jump_dps)
    assert about_axis(bias) == pytest.approx(jump_dps, abs=0.8)


def test_a_foot_that_stands_tells_it_at_once_and_its_last_moment_does_not_count() -> None:
    bias = GyroBias()
    rest(bias, 0, (-1.0, -1.0, -1.0))
    standing = (1.0, 2.0, -3.0)
    for t_us in range(1_000_000, 4_000_000, PERIOD_US):
        rises = 3.0 if t_us > 3_700_000 else 0.0
        values = (0.0, 0.0, 9.8, standing[0] - rises, *standing[1:])
        bias.rest(t_us, values, entered=t_us == 1_000_000)
    bias.move()
    assert (bias.x, bias.y, bias.z) == pytest.approx(standing)


def test_a_foot_that_turns_slowly_does_not_stand() -> None:
    bias = GyroBias()
    for t_us in range(0, 4_000_000, PERIOD_US):
        swaying = 4.0 if t_us // 500_000 % 2 else -4.0
        bias.rest(t_us, (0.0, 0.0, 9.8, swaying, 0.0, 0.0), entered=t_us == 0)
    assert bias.x == pytest.approx(-4.0), "it is what the first moments show, and no more"


def test_a_gyro_that_warms_up_in_a_long_stand_is_known_as_it_is_in_the_end() -> None:
    bias = GyroBias()
    for t_us in range(0, 60_000_000, PERIOD_US):
        bias.rest(t_us, (0.0, 0.0, 9.8, 2e-8 * t_us, 0.0, 0.0), entered=t_us == 0)
    assert bias.x == pytest.approx(1.2, abs=0.25)
