"""Whatever goes wrong within telemetry, no step of the run depends on it."""

import pytest

from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.runtime.telling import About, Telling
from hil.rig import Rig
from hil.scenarios import load_scenario


class Carrier:
    """Takes every line, until it breaks."""

    def __init__(self) -> None:
        self.broken = False
        self.lines: list[str] = []

    @property
    def lost(self) -> int:
        return 0

    def send(self, text: str) -> None:
        if self.broken:
            raise RuntimeError("out of ink")
        self.lines.append(text)


def walked(carrier: Carrier | None, breaks_at_us: int = 0) -> tuple[list[int], list[str]]:
    """Return the instants of a walk's setpoints, and what the person was told."""
    config = load_scenario("standard", {"duration_s": 14.0}).walk
    clock = Stepper()
    rig = Rig(config, clock, NullLog())
    given: list[int] = []
    said: list[str] = []
    counted = rig.session.on_setpoint
    assert counted is not None
    rig.session.on_setpoint = lambda setpoint: (given.append(setpoint.at_us), counted(setpoint))[1]
    if carrier is not None:
        Telling(
            rig.session,
            clock,
            carrier,
            About(
                "bench",
                "standard",
                "sim+p24",
                config.legs,
                config.control,
                config.sensed,
                simulated=True,
                config_sha256="",
            ),
            "nonce",
            said.append,
            lambda: 0,
            lambda: 0,
        )
    rig.session.open()
    clock.run_until_us(breaks_at_us)
    if carrier is not None:
        carrier.broken = True
    clock.run_until_us(14_000_000)
    return given, said


@pytest.mark.parametrize("breaks_at_us", [0, 9_000_000])
def test_an_error_of_telemetry_is_told_once_and_changes_no_pulse(breaks_at_us: int) -> None:
    carrier = Carrier()
    given, said = walked(carrier, breaks_at_us)
    assert said == ["telemetry: RuntimeError: out of ink; the run goes on without"]
    assert given == walked(None)[0]
    assert len(given) > 100
