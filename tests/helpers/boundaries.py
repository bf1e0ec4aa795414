"""Values dense about every boundary that a limit could have, for every test of a limit."""

from fes_ctrl.model import Capabilities
from fes_ctrl.safety.limits import CAP_CHARGE_PC, CAP_CURRENT_UA, CAP_WIDTH_US


def around(limit: int, step: int = 1) -> list[int]:
    """Return values below, at and above a boundary, and far off."""
    return [limit - 100 * step, limit - step, limit, limit + step, limit + 100 * step]


def integers(*limits: int, step: int = 1) -> list[int]:
    """Return what an integer field may be sent as: about each limit, zero, either sign, huge."""
    found = {-1, 0, 1, step - 1, step, step + 1, 1 << 31, 1 << 62}
    for limit in limits:
        found.update(around(limit))
        found.update(around(limit, step))
        found.update((limit // 2, limit * 2))
    found.update([-value for value in found])
    return sorted(found)


def currents(device: Capabilities, *limits_ua: int) -> list[int]:
    """Return currents: about the limits, the cap and the device's highest, on its steps and off."""
    return integers(*limits_ua, CAP_CURRENT_UA, device.current_max_ua, step=device.current_step_ua)


def widths(device: Capabilities, *limits_us: int) -> list[int]:
    """Return pulse widths: about the limits, the cap and what the device gives."""
    return integers(*limits_us, CAP_WIDTH_US, device.width_min_us, step=device.width_step_us)


def charges(device: Capabilities, limit_pc: int) -> list[tuple[int, int]]:
    """Return pairs of current and width whose charge is about a limit, and about the cap."""
    step_ua = device.current_step_ua
    found = []
    for charge_pc in (limit_pc, CAP_CHARGE_PC):
        for width_us in (100, 250, 300, 400, 500):
            current_ua = charge_pc // width_us // step_ua * step_ua
            found += [(value, width_us) for value in around(current_ua, step_ua) if value > 0]
    return found
