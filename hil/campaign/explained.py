"""Which latching faults something explains that was made to go wrong, or that somebody did."""

from typing import Final

from fes_ctrl.safety.faults import LATCH, STOP
from fes_ctrl.units import Us
from firmware_sim.injections import BY_NAME, Acknowledgement
from hil.campaign.invariants import FINE
from hil.campaign.view import View
from hil.config import WalkConfig
from hil.host import BACK

EXPLAINS: Final[dict[str, tuple[str, ...]]] = {
    "sensor": ("F04L",),
    "link": ("F15", "F18", "F20", "F31", "F34"),
    "device": ("F18", "F20", "F31", "F34"),
    "electrode": ("F12",),
    "host": ("F04L", "F18", "F20", "F36"),
    "network": (),
}
"""By the part that is hit: the faults that may come of it."""

GUARDED: Final = ("F15", "F18", "F20")
"""What a guardian's stop looks like to a host that was halted and goes on."""

ROUGH_CABLE: Final = EXPLAINS["link"]
"""Of a cable that loses or alters writes by itself."""

ROUGH_SENSORS: Final = EXPLAINS["sensor"]
"""Of packets that are lost, or stall, by themselves."""

AFTERMATH_US: Final = 10_000_000
"""So long after an injection is over its faults may come: three silences within this latch."""

REFUSED: Final = "cannot arm"
"""How the fault begins that arming a device which is not ready for it is answered with."""


def unexplained(
    config: WalkConfig, view: View, acknowledgements: list[Acknowledgement]
) -> tuple[Us, str]:
    """Return the first latching fault that nothing explains, and when; empty where all are.

    Parameters
    ----------
    config : WalkConfig
        What was walked.
    view : View
        Faults of the walk, and the operator.
    acknowledgements : list of Acknowledgement
        Which injections had an effect, and when.
    """
    for t_us, fault in view.faults:
        if fault.reaction not in (LATCH, STOP):
            continue
        if fault.detail.startswith(REFUSED) and t_us in view.arms_us:
            continue
        if not _by_roughness(config, fault.id) and not _by_injections(
            config, acknowledgements, t_us, fault.id
        ):
            return t_us, f"{fault.id} was latched, which nothing explains: {fault.detail}"
    return 0, FINE


def _by_roughness(config: WalkConfig, fault: str) -> bool:
    cable = config.cable
    if fault in ROUGH_CABLE and (cable.loss > 0.0 or cable.corruption > 0.0):
        return True
    if fault not in ROUGH_SENSORS:
        return False
    bad = config.bad_strides
    if bad.percent > 0.0 and "gap" in bad.kinds:
        return True
    packets = [leg.sensors.packets for leg in config.patient.leg]
    return any(each.stalls_per_min > 0.0 or each.loss_probability > 0.0 for each in packets)


def _by_injections(
    config: WalkConfig, acknowledgements: list[Acknowledgement], t_us: Us, fault: str
) -> bool:
    for name, hit_us in acknowledgements:
        row = BY_NAME[name]
        explains = (row.fault, *EXPLAINS[row.part])
        if row.part == "host" and config.control.stimulator.guardian:
            explains += GUARDED
        if hit_us > t_us or fault not in explains:
            continue
        to_us = hit_us
        if not row.at_once:
            to_us = max(injection.to_us for injection in config.inject if injection.name == name)
        # A clock that has gone back stays behind: whoever arms meanwhile is told so again.
        if name == BACK or t_us <= to_us + AFTERMATH_US:
            return True
    return False
