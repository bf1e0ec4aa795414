"""The shape of a pulse: from shares of a setpoint's width and current to points of a device.

A setpoint stays what the guard has judged, a symmetric pulse; a shape says how the device gives it
and never gives more: not in current, charge of a phase, squared current, nor width of the first
phase. Currents are scaled exactly, since a shape makes the device's current steps coarser; widths
are rounded to microseconds, and the last point's duration balances them to zero or the pulse is
refused.
"""

from collections.abc import Sequence
from typing import Final

from fes_ctrl.model import Capabilities, Shape
from fes_ctrl.units import MicroAmp, Us

MILLION: Final = 1_000_000

PARTS_MAX: Final = 10
"""Current shares are tenths at the finest: a P24's steps of 0.5 mA then become 5 mA, which is as
much as a level may rise by at once."""

READ_PPM: Final = 5_000
"""What a share written with two decimals may be off: 0.33 is a third. Of 100 mA it is one step."""

WHOLE_MAX: Final = 5
"""A pulse lasts so many widths at most, as long as an asymmetric one: the longest that the least
interval of pulses, the windows of a second and the duty of a device reckon with."""

Points = tuple[tuple[Us, MicroAmp], ...]


class ShapeError(ValueError):
    """A shape that cannot be given, or not with this setpoint.

    Attributes
    ----------
    path : tuple of str or int
        Where in the section of the stimulator it is wrong.
    """

    def __init__(self, what: str, index: int = -1) -> None:
        super().__init__(what)
        self.path: tuple[str | int, ...] = ("shape",) if index < 0 else ("shape", index)


def shape_of(pairs: Sequence[tuple[float, float]]) -> Shape:
    """Return a shape, read from shares.

    Parameters
    ----------
    pairs : sequence of (float, float)
        Duration as a share of the pulse width, and current as a share of the setpoint's current,
        of each point.

    Raises
    ------
    ShapeError
        If it could be more than the symmetric pulse, or leaves charge: what, where, and the
        nearest that can be done.
    """
    for index, (duration, current) in enumerate(pairs):
        # Not (duration <= 0 or …): a NaN is neither.
        if not 0 < duration <= WHOLE_MAX:
            message = f"shape.{index}: duration share {duration:g}: above 0, at most {WHOLE_MAX}"
            raise ShapeError(message, index)
        if not -1 <= current <= 1:
            raise ShapeError(f"shape.{index}: current share {current:g}: -1 to 1", index)
    parts = _parts_of([current for _, current in pairs])
    points = [(round(duration * MILLION), round(current * parts)) for duration, current in pairs]
    _require_form(points)
    points[-1] = (_balancing(points, parts), points[-1][1])
    index, excess = excess_of(tuple(points), parts, MILLION)
    if excess:
        raise ShapeError(f"shape.{index}: {excess}; lower its duration or current share", index)
    return Shape(tuple(points), parts)


def _parts_of(shares: list[float]) -> int:
    """Return of how many parts all shares are whole multiples."""
    nearest, off = 1, 2.0
    for parts in range(1, PARTS_MAX + 1):
        worst = 0.0
        for share in shares:
            part = round(share * parts)
            # A current that is not zero must not be read as a pause.
            worst = max(worst, 1.0 if share and not part else abs(share - part / parts))
        if round(worst * MILLION) <= READ_PPM:
            return parts
        if worst < off:
            nearest, off = parts, worst
    can = ", ".join([f"{round(share * nearest) / nearest:.4g}" for share in shares])
    message = (
        f"shape: current shares must be whole multiples of one share, a tenth at the least, so "
        f"that each is whole steps of the device; the nearest that can be done are {can}"
    )
    raise ShapeError(message)


def _require_form(points: list[tuple[int, int]]) -> None:
    """Refuse a shape that does not begin with a positive current, or ends with a pause."""
    if points[0][1] <= 0:
        message = (
            "shape.0: a pulse begins with its main phase, of positive current; for the other sign "
            "choose polarity = 'inverted', for a pause before it delay_ms"
        )
        raise ShapeError(message, 0)
    last = len(points) - 1
    if points[last][1] == 0:
        message = f"shape.{last}: a pause at the end gives nothing; leave it out"
        raise ShapeError(message, last)


def _balancing(points: list[tuple[int, int]], parts: int) -> int:
    """Return how long the last point has to last, millionths of the width."""
    net = 0
    for duration, part in points[:-1]:
        net += duration * part
    index = len(points) - 1
    duration, part = points[-1]
    if net * part >= 0:
        message = (
            f"shape.{index}: the last point must bring back what the others leave, "
            f"{net / (parts * MILLION):+.3g} of current times width; give it the other sign, or "
            "change those before it"
        )
        raise ShapeError(message, index)
    balanced = abs(net) // abs(part)
    if abs(balanced - duration) > READ_PPM:
        left = net + duration * part
        message = (
            f"shape.{index}: the points leave {left / (parts * MILLION):+.3g} of current times "
            f"width; the nearest that can be done is a last duration share of "
            f"{balanced / MILLION:.4g}"
        )
        raise ShapeError(message, index)
    return balanced


def excess_of(points: Points, current: int, width: int) -> tuple[int, str]:
    """Return the first point by which a pulse is more than the symmetric one, and how.

    Parameters
    ----------
    points : tuple of (int, int)
        Duration and current of each, in the units of ``width`` and ``current``.
    current, width : int
        Of the symmetric pulse that the guard reckoned with.

    Returns
    -------
    tuple of int and str
        Nothing, where it is nowhere more.
    """
    most = abs(current)
    whole = square = charge = 0
    turns = -1
    for index, (duration, amount) in enumerate(points):
        whole += duration
        square += duration * amount * amount
        if abs(amount) > most:
            return index, "more current than the setpoint's"
        if amount:
            if turns < 0 and amount * current < 0:
                return index, "the first phase has not the sign of the setpoint"
            if charge * amount <= 0:
                charge = 0
                turns += 1
            charge += duration * amount
            if abs(charge) > most * width:
                return index, "more charge in a phase than current times width"
            if turns == 0 and whole > width:
                return index, "a first phase that is longer than the width"
        if square > 2 * most * most * width:
            return index, "more squared current than a symmetric pulse"
        if whole > WHOLE_MAX * width:
            return index, f"a pulse of more than {WHOLE_MAX} widths"
    return -1, ""


def shaped(device: Capabilities, shape: Shape) -> Capabilities:
    """Return what a device can do whose pulses have a shape: in coarser steps of current.

    Electrodes are felt for with what flows, which may be less than the setpoint's current.
    """
    peak = max([abs(part) for _, part in shape.points])
    return device._replace(
        current_step_ua=device.current_step_ua * shape.parts,
        electrode_detection_ua=-(-device.electrode_detection_ua * shape.parts // peak),
        shape=shape,
    )


def unshaped(device: Capabilities) -> Capabilities:
    """Return what the device can do of its own, point by point."""
    if device.shape is None:
        return device
    return device._replace(current_step_ua=device.current_step_ua // device.shape.parts, shape=None)


def points_in(shape: Shape, current_ua: MicroAmp, width_us: Us) -> Points:
    """Return the points of one setpoint, whose charge is zero in all.

    Parameters
    ----------
    shape : Shape
        As ``shape_of`` has read it.
    current_ua, width_us : int
        Of the setpoint; the current is negative where the polarity is inverted.

    Raises
    ------
    ShapeError
        If the last point cannot balance the others within a microsecond of its share.
    """
    part_ua = abs(current_ua) // shape.parts
    if current_ua < 0:
        part_ua = -part_ua
    points: list[tuple[Us, MicroAmp]] = []
    until_ppm = until_us = 0
    net = net_ppm = 0
    for duration_ppm, part in shape.points[:-1]:
        # The end of each point is rounded, not its duration, so that no phase grows.
        until_ppm += duration_ppm
        end_us = (until_ppm * width_us + MILLION // 2) // MILLION
        points.append((end_us - until_us, part * part_ua))
        net += (end_us - until_us) * part
        net_ppm += duration_ppm * part
        until_us = end_us
    last = shape.points[-1][1]
    duration_us = abs(net) // abs(last)
    off = abs(abs(net) * MILLION - abs(net_ppm) * width_us)
    if abs(net) % abs(last) or off > abs(last) * MILLION:
        message = (
            f"{width_us} us: the last point would have to last {abs(net / last):.4g} us, its share "
            f"is {abs(net_ppm * width_us / last) / MILLION:.4g}: it balances in whole microseconds "
            "within one of its share, or not at all"
        )
        raise ShapeError(message)
    points.append((duration_us, last * part_ua))
    return tuple(points)
