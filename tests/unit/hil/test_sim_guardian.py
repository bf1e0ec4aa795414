"""The guardian of simulated walks: it stops a device whose host is halted, and only then."""

from dataclasses import replace

import pytest

from fes_ctrl.model import Fault, Record
from fes_ctrl.runlog.log import NullLog
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.stimulators.config import GUARDED_MS
from fes_ctrl.units import us_from_s
from firmware_sim.injection_text import parse
from hil.rig import Rig
from hil.scenarios import load_scenario

# In mid-burst of a settled stride.
AT_S = 9.45


def faults_of(inject: str, *, guardian: bool) -> list[tuple[int, Fault]]:
    sets = (f"stimulator.guardian={str(guardian).lower()}",)
    walk = load_scenario("standard", {}, sets).walk
    walk = replace(walk, duration_s=12.0, inject=(parse(inject),))
    clock = Stepper()
    rig = Rig(walk, clock, NullLog())
    found: list[tuple[int, Fault]] = []

    def see(_now_us: int, records: tuple[Record, ...]) -> None:
        found.extend((clock.now_us(), record) for record in records if isinstance(record, Fault))

    rig.session.listeners.append(see)
    rig.session.open()
    clock.run_until_us(us_from_s(walk.duration_s))
    assert not rig.finish().violations
    return found


def test_a_host_that_is_halted_has_its_device_stopped_and_hears_of_it_when_it_goes_on() -> None:
    found = faults_of(f"host_paused@{AT_S}+0.6", guardian=True)
    (lost,) = [(t_us, fault) for t_us, fault in found if fault.id == "F15"]
    assert lost[0] == us_from_s(AT_S + 0.6)
    assert "the guardian stopped the device: the event loop did not turn for" in lost[1].detail
    assert int(lost[1].detail.rpartition(" for ")[2].split()[0]) < GUARDED_MS
    assert "F15" not in {f.id for _, f in faults_of(f"host_paused@{AT_S}+0.6", guardian=False)}


@pytest.mark.parametrize("inject", [f"host_paused@{AT_S}+0.09", f"sensor_dropout@{AT_S}+0.6"])
def test_it_never_cries_wolf(inject: str) -> None:
    assert "F15" not in {fault.id for _, fault in faults_of(inject, guardian=True)}


def test_a_machine_that_sleeps_takes_its_guardian_along() -> None:
    found = faults_of(f"host_suspended@{AT_S}+1.5", guardian=True)
    assert {t_us for t_us, fault in found if fault.id in {"F15", "F36"}} == {us_from_s(AT_S + 1.5)}
