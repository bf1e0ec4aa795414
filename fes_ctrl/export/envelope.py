"""The current of a channel as a line that can be drawn: steps from pulse to pulse, zero between.

A pulse lasts a third of a millisecond and a plot has no room for that; its current is held until
the next pulse of the burst, and the last one's for as long as the pulse before it was.
"""

from collections.abc import Iterator
from typing import NamedTuple

from fes_ctrl.analysis.run import Run
from fes_ctrl.analysis.walk import LegWalk
from fes_ctrl.model import Setpoint
from fes_ctrl.units import MicroAmp, Us


class Step(NamedTuple):
    """From this instant on, this current and width."""

    t_us: Us
    current_ua: MicroAmp
    width_us: Us


def channels(run: Run) -> list[tuple[int, int]]:
    """Return every leg and channel that a burst was on, in order."""
    return sorted({(leg.leg, burst.start.channel) for leg in run.walk.legs for burst in leg.bursts})


def envelope(leg: LegWalk, channel: int) -> list[Step]:
    """Return the steps of one channel, in order, each at an instant of its own."""
    steps: list[Step] = []
    bursts = [burst.setpoints for burst in leg.bursts if burst.start.channel == channel]
    given = [setpoints for setpoints in bursts if setpoints]
    for number, setpoints in enumerate(given):
        following = given[number + 1][0].at_us if number + 1 < len(given) else None
        steps.extend(_burst(setpoints, following))
    return steps


def _burst(setpoints: list[Setpoint], following_us: Us | None) -> Iterator[Step]:
    for each in setpoints:
        yield Step(each.at_us, each.current_ua, each.width_us)
    last = setpoints[-1]
    if len(setpoints) > 1:
        end_us = last.at_us + last.at_us - setpoints[-2].at_us
    else:
        end_us = max(last.expires_us, last.at_us + last.width_us)
    if following_us is None or end_us < following_us:
        yield Step(end_us, 0, 0)
