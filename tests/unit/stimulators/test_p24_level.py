"""What a P24 can give of a pulse, to the last step, and in which words it is refused."""

import pytest

from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24_level import require_pulse
from fes_ctrl.wire.sciencemode4 import Point

DEVICE = capabilities_of(StimulatorConfig())
MOST_UA = DEVICE.current_max_ua
LEAST_US, MOST_US = DEVICE.width_min_us, DEVICE.width_max_us


@pytest.mark.parametrize(
    "points",
    [
        ((LEAST_US, 0),),
        ((MOST_US, MOST_UA), (MOST_US, -MOST_UA)),
        ((LEAST_US, -MOST_UA), (LEAST_US, MOST_UA)),
        ((LEAST_US, 500), (LEAST_US, -500)) * 8,
    ],
)
def test_what_the_device_can_give_is_let_through(points: tuple[Point, ...]) -> None:
    require_pulse(points, DEVICE)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ((), "pulse of 0 points: the device gives 1 to 16"),
        (((LEAST_US, 0),) * 17, "pulse of 17 points: the device gives 1 to 16"),
        (
            ((300, MOST_UA + 500), (300, -MOST_UA - 500)),
            f"{MOST_UA / 1000 + 0.5:g} mA: beyond the device's {MOST_UA / 1000:g}",
        ),
        (
            ((300, -MOST_UA - 500), (300, MOST_UA + 500)),
            f"{-MOST_UA / 1000 - 0.5:g} mA: beyond the device's {MOST_UA / 1000:g}",
        ),
        (((300, 250), (300, -250)), "0.25 mA for 300 us: no whole steps of the device"),
        (
            ((LEAST_US - 1, 500), (LEAST_US - 1, -500)),
            f"{LEAST_US - 1} us: the device gives {LEAST_US} to {MOST_US}",
        ),
        (
            ((MOST_US + 1, 500), (MOST_US + 1, -500)),
            f"{MOST_US + 1} us: the device gives {LEAST_US} to {MOST_US}",
        ),
        (
            ((300, 20_000), (300, -19_500)),
            "pulse leaves 0.15 uC: its phases must balance to zero",
        ),
    ],
)
def test_what_it_cannot_is_refused_in_its_own_words(points: tuple[Point, ...], says: str) -> None:
    with pytest.raises(ValueError) as refused:
        require_pulse(points, DEVICE)
    assert str(refused.value) == says
