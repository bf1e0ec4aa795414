"""Devices that break one limit each: the witness names exactly that one, the limiter blocks it.

The rig is whole: a patient walks, the host is what it is. Only the device is not: between its
output stage and whoever takes the pulses sits a mutant that alters them, or gives its own.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pytest

from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.clock import ORDER_DEVICE, ORDER_OPERATOR
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.safety.config import LimitsConfig
from firmware_sim.injection_text import parse
from firmware_sim.output import Points, Sink
from hil.config import LimiterConfig
from hil.rig import Rig
from hil.scenarios import load_scenario

BENCH = Path(__file__).resolve().parents[2] / "configs" / "limits" / "bench.toml"

DURATION_S = 12.0
STOP_US = 8_000_000
PERIOD_US = 25_000
PAUSE_US = 100_000

LIMITS = {
    "current_mA": 80,
    "pulse_width_us": 300,
    "rate_hz": 50,
    "charge_per_phase_uC": 24,
    "net_charge_uC": 1,
    "burst_ms": 2000,
    "duty_percent": 100,
    "rms_mA": 50,
    "density_mA_per_cm2": 2,
    "power_density_W_per_cm2": 0.25,
    "pulse_energy_mJ": 300,
    "voltage_V": 150,
    "start_mA": 50,
    "level_step_mA": 50,
    "ramp_min_ms": 100,
    "dose_mC": 20_000,
    "session_min": 480,
    "electrode_area_cm2": 16,
    "load_ohm": 1000,
}
"""What witness and limiter read here: as on the bench, but room for how fast a level is raised."""

NOT_AT_THE_ELECTRODE = {
    "duty_warn_percent": "warns only",
    "sensor_max_age_ms": "of the host's sensors",
    "answer_max_age_ms": "of the host's link",
    "setpoint_max_life_ms": "of the host's setpoints",
    "max_unattended_ms": "of what stimulator may be chosen at all",
    "electrode_area_cm2": "what densities are reckoned with",
    "load_ohm": "what stands in for an electrode that is not known",
}


class Mutant:
    """What is wrong with the device."""

    def __init__(self, rig: Rig, clock: Stepper, act: "Act") -> None:
        self.rig = rig
        self.clock = clock
        self.burst = 0
        self.pulse_of_burst = 0
        self.pulses = 0
        self.running = False
        self._act = act
        self._last_us = -PAUSE_US - 1
        self._sinks: list[Sink] = list(rig._output.sinks)
        rig._output.sinks[:] = [self.take]

    def take(self, t_us: int, channel: int, points: Points) -> None:
        """Take a pulse of the honest output stage."""
        if t_us - self._last_us > PAUSE_US:
            self.burst += 1
            self.pulse_of_burst = 0
        self._last_us = t_us
        self.pulse_of_burst += 1
        self.pulses += 1
        self._act(self, t_us, channel, points)

    def give(self, t_us: int, channel: int, points: Points) -> None:
        for sink in self._sinks:
            sink(t_us, channel, points)

    def train(self, from_us: int, on_us: int, off_us: int, points: Points) -> None:
        """Give a train of its own from an instant on, whatever the host says."""
        self.running = True
        now_us = self.clock.now_us()

        def pulse() -> None:
            at_us = self.clock.now_us()
            self.give(at_us, 0, points)
            into_us = (at_us - from_us) % (on_us + off_us)
            next_us = at_us + (PERIOD_US if into_us + PERIOD_US <= on_us else off_us)
            self.clock.call_at_us(next_us, ORDER_DEVICE, pulse)

        self.clock.call_at_us(max(now_us, from_us), ORDER_DEVICE, pulse)


Act = Callable[[Mutant, int, int, Points], None]
WEAK: Points = ((300, 20_000), (300, -20_000))


def scaled(points: Points, by: float) -> Points:
    return tuple((us, round(ua * by)) for us, ua in points)


def honest(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    mutant.give(t_us, channel, points)


def nothing(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    mutant.running = True


def too_strong(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    # From the second burst on, for the first must stay low; narrow, so that the charge does.
    by = 2.1 if mutant.burst > 1 else 1.0
    mutant.give(t_us, channel, scaled(((140, points[0][1]), (140, -points[0][1])), by))


def too_wide(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    mutant.give(t_us, channel, ((301, points[0][1]), (301, -points[0][1])))


def too_soon(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    mutant.give(t_us, channel, points)
    mutant.clock.call_at_us(
        t_us + 10_000, ORDER_DEVICE, mutant.give, t_us + 10_000, channel, points
    )


def long_second_phase(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    ua = points[0][1]
    mutant.give(t_us, channel, ((300, ua), (800, -ua), (500, ua)))


def unbalanced_in_turn(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    ua = points[0][1] * (1 if mutant.pulses % 2 else -1)
    mutant.give(t_us, channel, ((300, ua), (240, -ua)))


def a_little_unbalanced(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    ua = points[0][1]
    mutant.give(t_us, channel, ((300, ua), (285, -ua)))


def never_ending(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    if not mutant.running:
        mutant.train(t_us, 1 << 60, 0, WEAK)


def hardly_pausing(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    if not mutant.running:
        mutant.train(t_us, 1_900_000, 150_000, WEAK)


def many_phases(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    mutant.give(t_us, channel, points * 4)


def more_voltage(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    mutant.give(t_us, channel, scaled(points, 1.2))


def half_as_much_again(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    mutant.give(t_us, channel, scaled(points, 1.6))


def full_at_once(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    mutant.give(t_us, channel, ((300, 40_000), (300, -40_000)))


def full_with_the_second_pulse(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    if mutant.burst > 4 and mutant.pulse_of_burst > 1:
        points = ((300, 75_000), (300, -75_000))
    mutant.give(t_us, channel, points)


def a_step_up(mutant: Mutant, t_us: int, channel: int, points: Points) -> None:
    mutant.give(t_us, channel, scaled(points, 1.8 if mutant.burst > 5 else 1.0))


@dataclass(frozen=True)
class Row:
    """One mutant: what the witness is to call it, what it does, what is special about the walk."""

    key: str
    act: Act
    limits: dict[str, float] | None = None
    seen_as: str = ""
    latched_as: str = ""
    impedance_ohm: int = 1000
    own_from_us: int = -1
    inject: str = ""
    stop: bool = False

    @property
    def limit(self) -> str:
        return self.seen_as or self.key

    @property
    def reason(self) -> str:
        return self.latched_as or self.key


ROWS = (
    Row("current_mA", too_strong),
    Row("pulse_width_us", too_wide),
    Row("rate_hz", too_soon, seen_as="interval_ms"),
    Row("charge_per_phase_uC", long_second_phase),
    Row("net_charge_uC", unbalanced_in_turn),
    Row("dc_uA", a_little_unbalanced),
    Row("burst_ms", never_ending),
    Row("duty_percent", hardly_pausing, {"duty_percent": 88}),
    Row("rms_mA", many_phases, {"rms_mA": 10}),
    Row("density_mA_per_cm2", many_phases, {"density_mA_per_cm2": 0.6}),
    Row("power_density_W_per_cm2", many_phases, {"power_density_W_per_cm2": 0.006}),
    Row("pulse_energy_mJ", many_phases, {"pulse_energy_mJ": 2}),
    Row("voltage_V", more_voltage, impedance_ohm=4000),
    Row("start_mA", full_at_once, {"start_mA": 30}),
    Row("ramp_min_ms", full_with_the_second_pulse),
    Row("level_step_mA", a_step_up, {"level_step_mA": 20}),
    Row("dose_mC", half_as_much_again, {"dose_mC": 4.2}),
    # Here it is the host that does not know when the session is over.
    Row("session_min", honest, {"session_min": 0.1}),
    Row("unarmed", nothing, seen_as="silence", latched_as="stopped", own_from_us=100_000),
    Row("stopped", honest, seen_as="silence", own_from_us=STOP_US + 60_000, stop=True),
    Row(
        "latched",
        honest,
        seen_as="silence",
        latched_as="stopped",
        own_from_us=STOP_US + 2_500_000,
        inject=f"electrode_off@{STOP_US / 1e6}",
    ),
    Row(
        "dead_man",
        honest,
        seen_as="silence",
        own_from_us=STOP_US + 200_000,
        inject=f"cable_pulled@{STOP_US / 1e6}",
    ),
)

BY_KEY = {row.key: row for row in ROWS}


def walked(tmp_path: Path, row: Row, *, limiter: bool, act: Act | None = None) -> Rig:
    file = tmp_path / "limits.toml"
    table = {**LIMITS, **(row.limits or {})}
    file.write_text("[limits]\n" + "".join(f"{key} = {value}\n" for key, value in table.items()))
    walk = load_scenario("standard").walk
    leg = walk.patient.leg[0]
    electrode = replace(leg.electrode, impedance_ohm=float(row.impedance_ohm))
    config = replace(
        walk,
        patient=replace(walk.patient, leg=(replace(leg, electrode=electrode),)),
        limits_file=str(file),
        limiter=LimiterConfig(fitted=limiter),
        duration_s=DURATION_S,
        inject=(parse(row.inject),) if row.inject else (),
    )
    stepper = Stepper()
    rig = Rig(config, stepper, NullLog())
    mutant = Mutant(rig, stepper, row.act if act is None else act)
    if row.own_from_us >= 0 and act is None:
        mutant.train(row.own_from_us, 1_000_000, 500_000, WEAK)
    if row.stop:
        stepper.call_at_us(STOP_US, ORDER_OPERATOR, rig.operate, "stop")
    rig.session.open()
    stepper.run_until_us(round(DURATION_S * 1e6))
    rig.finish()
    assert mutant.pulses > 50 or mutant.running, "the mutant has had its chance"
    return rig


def seen(rig: Rig) -> set[str]:
    return {violation.limit for violation in rig.witness.violations}


def test_every_key_of_the_limits_has_its_mutant() -> None:
    table = tomllib.loads(BENCH.read_text())["limits"]
    keys = {*table, *(field.name for field in fields(LimitsConfig))}
    assert keys - BY_KEY.keys() - NOT_AT_THE_ELECTRODE.keys() == set()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_the_witness_names_the_limit_that_a_mutant_breaks_and_no_other(
    row: Row, tmp_path: Path
) -> None:
    assert seen(walked(tmp_path, row, limiter=False)) == {row.limit}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_nothing_that_breaks_a_limit_passes_the_limiter_which_says_why(
    row: Row, tmp_path: Path
) -> None:
    rig = walked(tmp_path, row, limiter=True)
    assert seen(rig) == set()
    assert rig.limiter is not None
    assert rig.limiter.latched == row.reason
    assert rig.limiter.blocked > 0
    assert rig.witness.last_us is None or rig.witness.last_us < rig.limiter.latched_us
    assert rig.account.walk.limiter is not None
    assert rig.account.walk.limiter["reason"] == row.reason


@pytest.mark.parametrize("limiter", [False, True], ids=["bare", "with limiter"])
@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row.act is not honest or row.own_from_us >= 0],
    ids=lambda r: r.key,
)
def test_the_same_walk_with_an_honest_device_breaks_nothing(
    row: Row, limiter: bool, tmp_path: Path
) -> None:
    rig = walked(tmp_path, row, limiter=limiter, act=honest)
    assert seen(rig) == set()
    assert rig.witness.pulses > 50
    if rig.limiter is not None:
        assert rig.limiter.latched == ""
        assert rig.limiter.blocked == 0
