"""What may be changed while somebody walks: dials, which wait for the end of a burst, and limits.

A change goes in, and comes to the programs of the legs it is for; a limit only ever becomes
narrower, at once and for every leg.
"""

from typing import Final

from fes_ctrl.authority import Authority
from fes_ctrl.leg import LegController
from fes_ctrl.model import ALL_LEGS, ParameterChange
from fes_ctrl.safety.limits import Limits
from fes_ctrl.units import Us

LIMITS: Final = "limits."
"""Before the name of a limit; any other name is a dial's."""


def turn_dial(change: ParameterChange, legs: list[LegController]) -> None:
    """Turn a dial of the programs of the legs it is for, between their bursts.

    Parameters
    ----------
    change : ParameterChange
        Of a dial.
    legs : list of LegController
        All of them; those that only sense have no dial.

    Raises
    ------
    ValueError
        If the dial cannot be changed while walking, or not to that value.
    """
    for leg in legs:
        if leg.stimulated and change.leg in (ALL_LEGS, leg.leg):
            leg.program.change(change.name, change.value)


def narrow_limit(
    change: ParameterChange,
    now_us: Us,
    limits: Limits,
    legs: list[LegController],
    authorities: list[Authority],
) -> None:
    """Take a narrower limit for every leg at once, or say why it is refused.

    Parameters
    ----------
    change : ParameterChange
        Of a limit.
    now_us : int
        The present.
    limits : Limits
        In force for all legs.
    legs : list of LegController
        Whose programs are to keep to it.
    authorities : list of Authority
        Whose guards have it checked from now on.
    """
    if change.leg == ALL_LEGS:
        refused = limits.narrow(change.name.removeprefix(LIMITS), change.value)
    else:
        refused = f"{change.name}: a limit holds for all legs; give it for all of them"
    narrowed = f"{change.name} = {change.value:g}: narrowed"
    told = f"refused: {refused}" if refused else narrowed
    for authority in authorities:
        authority.guard.limits_changed()
        authority.tell(now_us, told)
    # What a program can keep to it keeps to: the guard is to have nothing to refuse.
    for leg in legs:
        leg.burst.trains.bound(min(limits.current_ua, limits.voltage_ua), limits.charge_pc)
        leg.burst.least_rise_us = limits.ramp_us
