"""Tilt about an axis that is found anew now and then: what is upright stays upright."""

import math

import pytest

from fes_ctrl.gait.tilt import Tilt

Vector = tuple[float, float, float]


def level(turned_deg: float, lean_deg: float) -> tuple[Vector, Vector]:
    """Return up as it is felt when the sensor leans about y, and a level axis turned about it."""
    turned, lean = math.radians(turned_deg), math.radians(lean_deg)
    up = (math.sin(lean), 0.0, math.cos(lean))
    ahead = (math.cos(lean), 0.0, -math.sin(lean))
    c, s = math.cos(turned), math.sin(turned)
    return up, (s * ahead[0], c, s * ahead[2])


def test_an_axis_that_sways_while_the_leg_swings_leaves_upright_where_it_was() -> None:
    """As when someone steps about on the spot: in each swing the shank turns another way."""
    tilt = Tilt()
    for _ in range(30):
        for turned_deg, lean_deg in ((0.0, 0.0), (60.0, 40.0), (60.0, 0.0), (0.0, 0.0)):
            up, axis = level(turned_deg, lean_deg)
            tilt.face(*axis, *up)
    tilt.begin(0.0, 0.0, 9.81)
    assert tilt.deg == pytest.approx(0.0, abs=1.0)
