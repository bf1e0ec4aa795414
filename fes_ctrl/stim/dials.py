"""The dials of a program that may be turned in a walk."""

from dataclasses import replace
from typing import Final

from fes_ctrl.stim.config import ProgramConfig

CHANGEABLE: Final[dict[str, tuple[float, float]]] = {
    "delay_ms": (0.0, 2000.0),
    "rise_ms": (0.0, 2000.0),
    "extension_ms": (0.0, 1000.0),
    "fall_ms": (0.0, 1000.0),
    "time_out_ms": (50.0, 3000.0),
    "min_on_ms": (0.0, 3000.0),
    "lock_out_ms": (0.0, 3000.0),
    "trigger_lead_ms": (0.0, 300.0),
    "end_lead_ms": (0.0, 300.0),
}
"""Least and highest value of each: the bounds of ``ProgramConfig``, which no file loader stands in
front of here."""


def check_dial(name: str, value: float) -> None:
    """Refuse what cannot be turned, or not so far.

    Raises
    ------
    ValueError
        If the dial cannot be changed while walking, or not to that value.
    """
    if name not in CHANGEABLE:
        message = f"program.{name} cannot be changed in a walk: choose {', '.join(CHANGEABLE)}"
        raise ValueError(message)
    low, high = CHANGEABLE[name]
    # Not (value < low or value > high): a NaN is neither.
    if not low <= value <= high:
        message = f"program.{name} = {value:g}: must be {low:g} to {high:g}"
        raise ValueError(message)


def turned(config: ProgramConfig, name: str, value: float) -> ProgramConfig:
    """Return a program with one of its dials turned; ``check_dial`` has allowed it."""
    match name:
        case "delay_ms":
            return replace(config, delay_ms=value)
        case "trigger_lead_ms":
            return replace(config, trigger_lead_ms=value)
        case "end_lead_ms":
            return replace(config, end_lead_ms=value)
        case "rise_ms":
            return replace(config, rise_ms=value)
        case "extension_ms":
            return replace(config, extension_ms=value)
        case "fall_ms":
            return replace(config, fall_ms=value)
        case "time_out_ms":
            return replace(config, time_out_ms=value)
        case "min_on_ms":
            return replace(config, min_on_ms=value)
        case _:
            return replace(config, lock_out_ms=value)
