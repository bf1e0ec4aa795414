"""A pulse's shape at its borders: what is just taken, just refused, and reckoned once."""

import pytest

from fes_ctrl.model import SYMMETRIC, Setpoint
from fes_ctrl.stimulators.config import MODES, StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24_level import Pulses
from fes_ctrl.stimulators.shape import ShapeError, excess_of, points_in, shape_of, shaped, unshaped

ALIKE = ((1.0, 1.0), (1.0, -1.0))


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        (
            # A share may be five widths, but then the whole pulse is six.
            ((1.0, 1.0), (5.0, -0.2)),
            "shape.1: a pulse of more than 5 widths; lower its duration or current share",
        ),
        (((1.0, 1.01), (1.0, -1.0)), "shape.0: current share 1.01: -1 to 1"),
        (
            # 0.04 is read as a pause by all of them, so the fewest parts are named: not tenths,
            # with which the last would be -0.9.
            ((1.0, 1.0), (0.5, 0.04), (1.0, -0.93)),
            "shape: current shares must be whole multiples of one share, a tenth at the least, so "
            "that each is whole steps of the device; the nearest that can be done are 1, 0, -1",
        ),
    ],
)
def test_what_is_just_beyond_is_refused_in_the_words_for_it(
    pairs: tuple[tuple[float, float], ...], says: str
) -> None:
    with pytest.raises(ShapeError) as refused:
        shape_of(pairs)
    assert str(refused.value) == says


def test_the_last_duration_is_whole_millionths_of_the_width_and_rounded_down() -> None:
    # A third of the current for one width is brought back by all of it in 333 333.3 millionths.
    shape = shape_of(((1.0, 0.33), (0.33, -1.0)))
    assert shape == (((1_000_000, 1), (333_333, -3)), 3)


def test_a_first_phase_of_the_other_sign_is_told_as_that() -> None:
    excess = (0, "the first phase has not the sign of the setpoint")
    assert excess_of(((300, 20_000), (300, -20_000)), -20_000, 300) == excess
    assert excess_of(((300, -20_000), (300, 20_000)), 20_000, 300) == excess
    # A pause before it is part of no phase.
    assert excess_of(((10, 0), (300, -20_000), (300, 20_000)), 20_000, 300) == (1, excess[1])


def test_a_phase_s_charge_is_counted_from_its_first_unit() -> None:
    # 1 and then 5 of a current of 1 in a phase of a pulse that is 5 wide.
    more = (1, "more charge in a phase than current times width")
    assert excess_of(((1, 1), (5, 1)), 1, 5) == more
    assert excess_of(((1, -1), (5, -1)), -1, 5) == more
    assert excess_of(((1, 1), (4, 1)), 1, 5) == (-1, "")


def test_electrodes_are_felt_for_from_the_next_whole_microampere_up() -> None:
    row = capabilities_of(StimulatorConfig())
    assert row.electrode_detection_ua == 15_000
    weak = shaped(row, shape_of(((1.0, 0.7), (1.0, -0.7))))
    # 15 mA are seven tenths of 21 428.57 uA.
    assert weak.electrode_detection_ua == 21_429
    assert 21_428 * 7 // 10 < 15_000 <= 21_429 * 7 // 10


def test_the_device_s_own_step_is_a_whole_number_again() -> None:
    its = shaped(capabilities_of(StimulatorConfig()), shape_of(((1.0, 0.7), (1.0, -0.7))))
    own = unshaped(its).current_step_ua
    assert (its.current_step_ua, own, type(own)) == (5_000, 500, int)


def test_a_last_point_that_is_one_microsecond_off_its_share_is_still_given() -> None:
    # Half of 301 us is rounded to 151, of which 302 us of half the current bring back the charge.
    shape = shape_of(((0.5, 1.0), (1.0, -0.5)))
    assert points_in(shape, 20_000, 301) == ((151, 20_000), (302, -10_000))
    assert points_in(shape, -20_000, 301) == ((151, -20_000), (302, 10_000))


def test_what_was_reckoned_of_a_setpoint_is_handed_out_again() -> None:
    pulses = Pulses(capabilities_of(StimulatorConfig(shape=ALIKE)))
    first, later = [
        Setpoint(at_us, 0, 0, 20_000, 300, at_us + 10_000, SYMMETRIC) for at_us in (0, 40_000)
    ]
    points = pulses.of(first)
    assert points == ((300, 20_000), (300, -20_000))
    assert pulses.of(later) is points, "reckoned once, however often it is given"


def test_two_points_are_enough_for_a_shape() -> None:
    its = capabilities_of(StimulatorConfig(shape=ALIKE)).shape
    assert its == (((1_000_000, 1), (1_000_000, -1)), 1)


def test_who_cannot_shape_its_pulses_names_all_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    row = MODES["p24"]["low_level"]
    monkeypatch.setitem(MODES, "mybox", {"one": row, "two": row._replace(points_max=4)})
    with pytest.raises(ShapeError) as refused:
        StimulatorConfig(device="feslink", mode="scheduled", shape=ALIKE)
    assert str(refused.value) == (
        "shape: a feslink in scheduled gives its own form of pulse and no other; leave the shape "
        "out, or choose a mybox or p24"
    )
