"""A pulse's shape: how shares are read, which are refused in which words, and what they come to."""

import binascii
import struct

import pytest

from fes_ctrl.model import ASYMMETRIC, LINK_ERROR, LINK_SKIPPED, SYMMETRIC, Setpoint, Shape
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.stimulators.p24_level import Pulses, points_of
from fes_ctrl.stimulators.shape import ShapeError, excess_of, points_in, shape_of, shaped, unshaped
from fes_ctrl.wire import sciencemode4 as sm4
from helpers.talk import POLL_US, WHICH, Talk

GAP = ((1.0, 1.0), (0.33, 0.0), (1.0, -1.0))
STEPPED = ((0.5, 0.5), (0.5, 1.0), (0.2, 0.0), (1.5, -0.5))


def pulse(current_ua: int = 20_000, width_us: int = 300, waveform: int = SYMMETRIC) -> Setpoint:
    return Setpoint(0, 0, 0, current_ua, width_us, 10_000, waveform)


def device(shape: tuple[tuple[float, float], ...], mode: str = "low_level") -> Pulses:
    return Pulses(capabilities_of(StimulatorConfig(mode=mode, shape=shape)))


def test_a_pause_between_two_phases_is_a_share_of_the_width() -> None:
    assert device(GAP).of(pulse()) == ((300, 20_000), (99, 0), (300, -20_000))
    assert device(GAP).of(pulse(-500, 100)) == ((100, -500), (33, 0), (100, 500))


def test_each_step_of_a_pulse_is_scaled_exactly_and_the_last_point_balances() -> None:
    assert shape_of(STEPPED).parts == 2
    asked = device(STEPPED).of(pulse(21_000, 200))
    assert asked == ((100, 10_500), (100, 21_000), (40, 0), (300, -10_500))


def test_the_last_point_is_corrected_within_a_microsecond_of_its_share() -> None:
    thirds = ((0.33, 1.0), (0.67, 0.33), (1.66, -0.33))
    # 0.33 of 301 us is 99.33: 99 for the whole current, 202 for a third of it, and 499 back.
    assert device(thirds).of(pulse(15_000, 301)) == (
        (99, 15_000),
        (202, 5_000),
        (499, -5_000),
    )


def test_the_end_of_each_point_is_rounded_so_that_a_phase_never_outgrows_the_width() -> None:
    halves = ((0.5, 1.0), (0.5, 1.0), (1.0, -1.0))
    assert device(halves).of(pulse(1_000, 301)) == ((151, 1_000), (150, 1_000), (301, -1_000))


@pytest.mark.parametrize("mode", ["low_level", "mid_level"])
def test_sixteen_points_are_given_in_either_level(mode: str) -> None:
    there, back, pause = (0.25, 1.0), (0.25, -1.0), (0.1, 0.0)
    shape = (there, pause, back, pause) * 3 + (there, pause, pause, back)
    points = device(shape, mode).of(pulse(40_000, 200))
    assert len(points) == 16
    assert points[:4] == ((50, 40_000), (20, 0), (50, -40_000), (20, 0))
    assert points[12:] == ((50, 40_000), (20, 0), (20, 0), (50, -40_000))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ((1.0, -0.5), 2),
        ((1.0, -0.33), 3),
        ((1.0, -0.333333), 3),
        ((0.67, -1.0), 3),
        ((0.83, -1.0), 6),
        ((0.7, -0.3), 10),
        ((0.996, -1.0), 1),
        ((0.5, 0.25, -1.0), 4),
    ],
)
def test_current_shares_are_read_as_the_simplest_parts(
    written: tuple[float, ...], read: int
) -> None:
    left = [round(share * read) for share in written[:-1]]
    last = round(written[-1] * read)
    duration = sum(left) / len(left) / -last
    shape = shape_of([*[(1 / len(left), share) for share in written[:-1]], (duration, written[-1])])
    assert shape.parts == read
    assert [part for _, part in shape.points] == [*left, last]


@pytest.mark.parametrize(
    ("pairs", "path", "says"),
    [
        (
            ((1.0, 1.0), (0.5, -1.0)),
            ("shape", 1),
            "shape.1: the points leave +0.5 of current times width; the nearest that can be done "
            "is a last duration share of 1",
        ),
        (
            ((1.0, 1.0), (1.0, -0.5), (1.0, -0.4)),
            ("shape", 2),
            "shape.2: the points leave +0.1 of current times width; the nearest that can be done "
            "is a last duration share of 1.25",
        ),
        (
            ((1.0, 1.0), (0.5, 0.0), (1.0, 1.0)),
            ("shape", 2),
            "shape.2: the last point must bring back what the others leave, +1 of current times "
            "width; give it the other sign, or change those before it",
        ),
        (
            ((0.5, 1.0), (0.5, -1.0), (0.5, -1.0)),
            ("shape", 2),
            "shape.2: the last point must bring back what the others leave, +0 of current times "
            "width; give it the other sign, or change those before it",
        ),
        (
            ((1.0, -1.0), (1.0, 1.0)),
            ("shape", 0),
            "shape.0: a pulse begins with its main phase, of positive current; for the other sign "
            "choose polarity = 'inverted', for a pause before it delay_ms",
        ),
        (
            ((0.1, 0.0), (1.0, 1.0), (1.0, -1.0)),
            ("shape", 0),
            "shape.0: a pulse begins with its main phase, of positive current; for the other sign "
            "choose polarity = 'inverted', for a pause before it delay_ms",
        ),
        (
            ((1.0, 1.0), (1.0, -1.0), (0.1, 0.0)),
            ("shape", 2),
            "shape.2: a pause at the end gives nothing; leave it out",
        ),
        (
            ((1.0, 1.0), (1.0, -1.01)),
            ("shape", 1),
            "shape.1: current share -1.01: -1 to 1",
        ),
        (
            ((1.0, float("nan")), (1.0, -1.0)),
            ("shape", 0),
            "shape.0: current share nan: -1 to 1",
        ),
        (
            ((1.0, 1.0), (0.0, 0.0), (1.0, -1.0)),
            ("shape", 1),
            "shape.1: duration share 0: above 0, at most 5",
        ),
        (
            ((5.5, 1.0), (1.0, -1.0)),
            ("shape", 0),
            "shape.0: duration share 5.5: above 0, at most 5",
        ),
        (
            ((0.6, 0.9), (1.0, -0.55)),
            ("shape",),
            "shape: current shares must be whole multiples of one share, a tenth at the least, so "
            "that each is whole steps of the device; the nearest that can be done are 0.8889, "
            "-0.5556",
        ),
        (
            ((1.0, 1.0), (0.5, 0.04), (1.0, -1.0)),
            ("shape",),
            "shape: current shares must be whole multiples of one share, a tenth at the least, so "
            "that each is whole steps of the device; the nearest that can be done are 1, 0, -1",
        ),
        (
            ((1.0, 1.0), (0.5, 0.004), (1.0, -1.0)),
            ("shape",),
            "shape: current shares must be whole multiples of one share, a tenth at the least, so "
            "that each is whole steps of the device; the nearest that can be done are 1, 0, -1",
        ),
        (
            ((1.2, 0.5), (0.6, -1.0)),
            ("shape", 0),
            "shape.0: a first phase that is longer than the width; lower its duration or current "
            "share",
        ),
        (
            ((0.5, 1.0), (0.2, 0.0), (0.5, 1.0), (1.0, -1.0)),
            ("shape", 2),
            "shape.2: a first phase that is longer than the width; lower its duration or current "
            "share",
        ),
        (
            ((1.0, 1.0), (1.5, -1.0), (0.5, 1.0)),
            ("shape", 1),
            "shape.1: more charge in a phase than current times width; lower its duration or "
            "current share",
        ),
        (
            ((1.0, 1.0), (0.5, -1.0), (0.5, 1.0), (1.0, -1.0)),
            ("shape", 3),
            "shape.3: more squared current than a symmetric pulse; lower its duration or current "
            "share",
        ),
        (
            ((1.0, 1.0), (4.0, 0.0), (1.0, -1.0)),
            ("shape", 2),
            "shape.2: a pulse of more than 5 widths; lower its duration or current share",
        ),
    ],
)
def test_what_could_be_more_or_does_not_balance_is_refused_with_its_place(
    pairs: tuple[tuple[float, float], ...], path: tuple[str | int, ...], says: str
) -> None:
    with pytest.raises(ShapeError) as refused:
        shape_of(pairs)
    assert str(refused.value) == says
    assert refused.value.path == path
    with pytest.raises(ShapeError, match=r"^shape"):
        StimulatorConfig(shape=pairs)


@pytest.mark.parametrize(
    "pairs",
    [
        ((1.0, 1.0), (3.0, 0.0), (1.0, -1.0)),  # five widths
        ((1.0, 1.0), (1.0, -1.0)),  # the symmetric pulse itself
        ((1.0, 1.0), (4.0, -0.25)),  # the asymmetric one
        ((1.0, 0.1), (0.1, -1.0)),  # the stronger phase second
        ((0.5, 1.0), (0.5, -1.0), (0.5, 1.0), (0.5, -1.0)),  # its squared current in four phases
    ],
)
def test_what_is_just_as_much_as_the_symmetric_pulse_is_taken(
    pairs: tuple[tuple[float, float], ...],
) -> None:
    shape_of(pairs)


def test_a_share_off_by_what_two_decimals_say_is_taken_and_more_is_not() -> None:
    assert shape_of(((1.0, 1.0), (1.005, -1.0))).points[1] == (1_000_000, -1)
    with pytest.raises(ShapeError, match=r"a last duration share of 1$"):
        shape_of(((1.0, 1.0), (1.0051, -1.0)))
    assert shape_of(((1.0, 0.995), (1.0, -1.0))).parts == 1
    with pytest.raises(ShapeError, match=r"whole multiples of one share"):
        shape_of(((1.0, 0.9949), (1.0, -1.0)))


def test_a_width_at_which_the_last_point_cannot_balance_gives_no_pulse() -> None:
    stepped = shape_of(((0.5, 0.5), (0.5, 1.0), (0.75, -1.0)))
    assert points_in(stepped, 20_000, 304) == ((152, 10_000), (152, 20_000), (228, -20_000))
    with pytest.raises(ShapeError) as refused:
        points_in(stepped, 20_000, 302)
    assert str(refused.value) == (
        "302 us: the last point would have to last 226.5 us, its share is 226.5: it balances in "
        "whole microseconds within one of its share, or not at all"
    )
    shallow = shape_of(((0.37, 1.0), (3.7, -0.1)))
    assert points_in(shallow, 20_000, 300) == ((111, 20_000), (1_110, -2_000))
    with pytest.raises(ShapeError) as refused:
        points_in(shallow, 20_000, 301)
    assert str(refused.value) == (
        "301 us: the last point would have to last 1110 us, its share is 1114: it balances in "
        "whole microseconds within one of its share, or not at all"
    )


@pytest.mark.parametrize(
    ("setpoint", "says"),
    [
        (pulse(20_500), "10.25 mA for 150 us: no whole steps of the device"),
        (pulse(width_us=40), "8 us: the device gives 10 to 4095"),
        (pulse(131_000), "131 mA: beyond the device's 130"),
    ],
)
def test_what_the_device_cannot_give_of_a_shape_is_refused_by_the_driver(
    setpoint: Setpoint, says: str
) -> None:
    with pytest.raises(ValueError) as refused:
        device(STEPPED).of(setpoint)
    assert str(refused.value) == says


def test_a_shape_that_nobody_has_read_is_still_held_to_the_setpoint_by_the_driver() -> None:
    row = capabilities_of(StimulatorConfig())
    longer = row._replace(shape=Shape(((2_000_000, 1), (2_000_000, -1)), 1))
    with pytest.raises(ValueError, match=r"^point 0 of the shape: more charge in a phase"):
        Pulses(longer).of(pulse())
    unbalanced = row._replace(shape=Shape(((1_000_000, 1), (1_000_000, 1)), 1))
    with pytest.raises(ValueError, match=r"^point 1 of the shape: more charge in a phase"):
        Pulses(unbalanced).of(pulse())
    alike = row._replace(shape=Shape(((500_000, 1), (500_000, 1)), 1))
    with pytest.raises(sm4.UnbalancedError):
        Pulses(alike).of(pulse())


def test_an_asymmetric_setpoint_and_a_device_without_a_shape_give_what_they_always_gave() -> None:
    plain = Pulses(capabilities_of(StimulatorConfig()))
    for waveform in (SYMMETRIC, ASYMMETRIC):
        assert plain.of(pulse(waveform=waveform)) == points_of(pulse(waveform=waveform))
    asymmetric = pulse(waveform=ASYMMETRIC)
    assert device(GAP).of(asymmetric) == ((300, 20_000), (1_200, -5_000))


def test_what_was_reckoned_of_one_setpoint_is_not_given_for_another() -> None:
    forms = device(GAP)
    for _ in range(2):
        assert forms.of(pulse()) == ((300, 20_000), (99, 0), (300, -20_000))
        assert forms.of(pulse(-20_000)) == ((300, -20_000), (99, 0), (300, 20_000))
        assert forms.of(pulse(width_us=200)) == ((200, 20_000), (66, 0), (200, -20_000))


def test_a_shape_makes_current_steps_coarser_and_electrodes_felt_for_with_what_flows() -> None:
    row = capabilities_of(StimulatorConfig())
    its = capabilities_of(StimulatorConfig(shape=STEPPED))
    assert (its.current_step_ua, its.electrode_detection_ua) == (1_000, 15_000)
    assert unshaped(its) == row
    weak = shaped(row, shape_of(((1.0, 0.3), (1.0, -0.3))))
    assert (weak.current_step_ua, weak.electrode_detection_ua) == (5_000, 50_000)
    back = shaped(row, shape_of(((1.0, 0.1), (0.1, -1.0))))
    assert (back.current_step_ua, back.electrode_detection_ua) == (5_000, 15_000)
    assert its._replace(current_step_ua=500, shape=None) == row


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (
            {"device": "rehastim2", "mode": "single_pulse"},
            "shape: a rehastim2 in single_pulse gives its own form of pulse and no other; leave "
            "the shape out, or choose a p24",
        ),
        (
            {"device": "rehastim2", "mode": "channel_list"},
            "shape: a rehastim2 in channel_list gives its own form of pulse and no other; leave "
            "the shape out, or choose a p24",
        ),
        (
            {"device": "feslink", "mode": "scheduled"},
            "shape: a feslink in scheduled gives its own form of pulse and no other; leave the "
            "shape out, or choose a p24",
        ),
    ],
)
def test_a_device_that_has_no_points_refuses_a_shape(config: dict[str, str], says: str) -> None:
    with pytest.raises(ShapeError) as refused:
        StimulatorConfig(device=config["device"], mode=config["mode"], shape=GAP)
    assert str(refused.value) == says


@pytest.mark.parametrize("count", [1, 17])
def test_too_few_or_too_many_points_are_refused(count: int) -> None:
    with pytest.raises(ShapeError) as refused:
        StimulatorConfig(shape=((0.1, 1.0),) * count)
    assert str(refused.value) == (
        f"shape: a pulse of {count} points, and a p24 balances 2 to 16; give so many"
    )


def test_a_pulse_with_a_pause_is_the_bytes_that_the_vendors_field_table_makes() -> None:
    """20 mA for 300 us, 99 us of nothing and 300 us back, on the second channel."""
    words = [(300, 20.0), (99, 0.0), (300, -20.0)]
    body = b"".join(struct.pack(">I", us << 20 | int(ma * 2 + 300) << 10) for us, ma in words)
    assert body.hex() == "12c5500006 34b000 12c41000".replace(" ", "")
    # Number 5, command 2; executed, blue output of the yellow connector, three points.
    plain = bytes((5 << 2, 2, 0x80 | 1 << 5 | 2)) + body
    assert not {0x81, 0xF0, 0x0F} & set(plain)
    check = binascii.crc_hqx(plain, 0)
    length = 10 + len(plain)
    header = (length >> 8, length & 0xFF, check >> 8, check & 0xFF)
    frame = b"\xf0" + b"".join(bytes((0x81, byte ^ 0x55)) for byte in header) + plain + b"\x0f"
    assert sm4.low_level_pulse(5, 1, device(GAP).of(pulse())) == frame


def test_by_what_a_pulse_is_more_than_the_symmetric_one_is_told_at_its_first_point() -> None:
    assert excess_of(((300, 20_000), (300, -20_000)), 20_000, 300) == (-1, "")
    assert excess_of(((300, -20_000), (300, 20_000)), -20_000, 300) == (-1, "")
    assert excess_of(((300, -20_000), (300, 20_000)), 20_000, 300)[0] == 0
    assert excess_of(((300, 20_000), (300, -20_500)), 20_000, 300) == (
        1,
        "more current than the setpoint's",
    )


@pytest.mark.parametrize("mode", ["low_level", "mid_level"])
def test_a_setpoint_that_does_not_come_out_is_never_written_and_told_as_an_error(mode: str) -> None:
    config = StimulatorConfig(mode=mode, shape=((0.5, 0.5), (0.5, 1.0), (0.75, -1.0)))
    talk = Talk()
    talk.session = P24Session(capabilities_of(config), WHICH, 20_000, POLL_US)
    talk.open()
    talk.well(1_000)
    talk.arm(50_000)
    talk.well(52_000)
    assert talk.session.state == "ready"
    step = talk.take(
        100_000,
        talk.session.command(
            100_000, pulse(width_us=302)._replace(at_us=100_000, expires_us=110_000)
        ),
    )
    for at_us in range(101_000, 120_000, 1_000):
        assert not talk.asked() or talk.asked() == [sm4.GET_STIM_STATUS]
        assert step.written == talk.tick(at_us).written == ()
    skipped, error = step.reports
    assert (skipped.kind, error.kind) == (LINK_SKIPPED, LINK_ERROR)
    assert skipped.detail == "pulse of 100000 us refused by the driver"
    assert error.detail.startswith("setpoint refused: 302 us: the last point would have to last")
