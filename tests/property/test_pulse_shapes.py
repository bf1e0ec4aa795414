"""Any shape with any setpoint: what a P24 is told is never more than the guard reckoned with."""

from hypothesis import assume, example, given
from hypothesis import strategies as st

from fes_ctrl.model import SYMMETRIC, Setpoint
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24_level import PulseError, Pulses
from fes_ctrl.stimulators.shape import ShapeError, shape_of
from fes_ctrl.wire import sciencemode4 as sm4

Pairs = tuple[tuple[float, float], ...]

WIDTH_US = 300


@st.composite
def biphasic(draw: st.DrawFn) -> Pairs:
    """Shapes that are legal by making: a main phase of steps, a pause, and what brings it back."""
    parts = draw(st.integers(1, 10))
    steps = draw(st.lists(st.tuples(st.integers(1, 5), st.integers(1, parts)), min_size=1))
    main = [(twentieths / 20, of / parts) for twentieths, of in steps[:4]]
    pause = [(draw(st.integers(1, 10)) / 20, 0.0)] * draw(st.integers(0, 1))
    charge = sum(twentieths * of for twentieths, of in steps[:4])
    back = []
    for _ in range(draw(st.integers(0, 3))):
        twentieths, of = draw(st.integers(1, 5)), draw(st.integers(1, parts))
        if twentieths * of < charge:
            charge -= twentieths * of
            back.append((twentieths / 20, -of / parts))
    of = draw(st.sampled_from([of for of in range(1, parts + 1) if charge <= of * 60]))
    return (*main, *pause, *back, (charge / of / 20, -of / parts))


@st.composite
def at_random(draw: st.DrawFn) -> Pairs:
    """Shapes of 2 to 16 points in parts of the current, with a last one that may balance them."""
    parts = draw(st.integers(1, 10))
    count = draw(st.integers(1, 15))
    hundredths = st.integers(4, max(4, 250 // count))
    points = [
        (draw(hundredths) / 100, draw(st.integers(-parts, parts)) / parts) for _ in range(count)
    ]
    last = draw(st.sampled_from([-1, 1])) * draw(st.integers(1, parts)) / parts
    net = sum(duration * current for duration, current in points)
    return (*points, (max(0.04, abs(net / last)), last))


balanced = st.one_of(biphasic(), biphasic(), at_random())
widths_us = st.one_of(st.integers(1, 25).map(lambda twenties: 20 * twenties), st.integers(10, 500))


def left_over(points: tuple[sm4.Point, ...]) -> int:
    return sum(duration * current for duration, current in points)


def phases(points: tuple[sm4.Point, ...]) -> list[list[sm4.Point]]:
    """The points that carry current, parted where it turns."""
    found: list[list[sm4.Point]] = []
    for point in points:
        if not point[1]:
            continue
        if not found or found[-1][-1][1] * point[1] < 0:
            found.append([])
        found[-1].append(point)
    return found


@given(balanced, st.integers(1, 200), widths_us, st.sampled_from([-1, 1]))
@example(((1.0, 1.0), (0.33, 0.0), (1.0, -1.0)), 200, 500, 1)
@example(((0.5, 0.5), (0.5, 1.0), (0.2, 0.0), (1.5, -0.5)), 7, 299, -1)
@example(((0.5, 1.0), (0.5, 1.0), (1.0, -1.0)), 1, 301, 1)
def test_a_shaped_pulse_balances_and_is_nowhere_more_than_the_symmetric_one(
    pairs: Pairs, steps: int, width_us: int, sign: int
) -> None:
    try:
        device = capabilities_of(StimulatorConfig(shape=pairs))
    except ShapeError:
        assume(False)
        return
    current_ua = min(steps * device.current_step_ua, 100_000)
    current_ua = sign * (current_ua // device.current_step_ua * device.current_step_ua)
    try:
        points = Pulses(device).of(Setpoint(0, 0, 0, current_ua, width_us, 10_000, SYMMETRIC))
    except (ShapeError, PulseError):
        # Whether a width can be done is a matter of the width, not of the current.
        other = Setpoint(0, 0, 0, -sign * device.current_step_ua, width_us, 10_000, SYMMETRIC)
        try:
            Pulses(device).of(other)
        except (ShapeError, PulseError):
            return
        raise
    most_ua = abs(current_ua)
    assert left_over(points) == 0
    assert max(abs(current) for _, current in points) <= most_ua
    parted = phases(points)
    assert parted[0][0][1] * sign > 0
    assert max(abs(left_over(tuple(phase))) for phase in parted) <= most_ua * width_us
    assert sum(duration for duration, _ in parted[0]) <= width_us
    squares = sum(duration * current * current for duration, current in points)
    assert squares <= 2 * most_ua * most_ua * width_us
    assert sum(duration for duration, _ in points) <= 5 * width_us
    assert 2 <= len(points) == len(pairs) <= 16
    for duration, current in points:
        assert 10 <= duration <= 4095
        assert current % 500 == 0
    for (duration, _), (share, of) in zip(points, pairs, strict=True):
        # Hundredths and exact parts: what was read is what was written, the last one's net aside.
        assert abs(duration - share * width_us) <= 2 + 0.005 * width_us, (share, of)
    for (_, current), (_, of) in zip(points, pairs, strict=True):
        assert abs(current - of * current_ua) <= 0.005 * most_ua + 1


@given(balanced, st.integers(0, 15), st.floats(0.02, 3.0))
def test_a_shape_whose_charge_is_changed_is_refused_or_balances_all_the_same(
    pairs: Pairs, index: int, times: float
) -> None:
    index %= len(pairs)
    duration, current = pairs[index]
    changed = (*pairs[:index], (duration * times, current), *pairs[index + 1 :])
    try:
        device = capabilities_of(StimulatorConfig(shape=changed))
    except ShapeError:
        return
    left = sum(share * of for share, of in changed)
    assert abs(left) <= 0.006 * (1 + sum(share for share, _ in changed))
    pulse = Setpoint(0, 0, 0, device.current_step_ua, WIDTH_US, 10_000, SYMMETRIC)
    try:
        points = Pulses(device).of(pulse)
    except (ShapeError, PulseError):
        return
    assert left_over(points) == 0


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=18).map(tuple))
def test_numbers_of_any_kind_are_refused_or_read_and_nothing_else(pairs: Pairs) -> None:
    try:
        StimulatorConfig(shape=pairs)
    except ShapeError:
        return
    assert not pairs or shape_of(pairs).parts <= 10
