"""Injections as a person writes them: ``NAME=AMOUNT@T+DURATION``."""

import math

from fes_ctrl.units import NEVER_US
from firmware_sim.injections import BY_NAME, Injection, InjectionRow


def parse(text: str) -> Injection:
    """Return the injection of ``NAME@T``, ``NAME@T+DURATION`` or ``NAME=AMOUNT@T+DURATION``.

    T and DURATION are seconds, T from the start.

    Raises
    ------
    ValueError
        Saying what is wrong and what to write instead.
    """
    what, at, when = text.partition("@")
    if not at:
        message = f"injection {text!r}: write NAME@T, T in seconds from the start"
        raise ValueError(message)
    name, equals, much = what.partition("=")
    row = BY_NAME.get(name)
    if row is None:
        message = f"injection {name!r} is unknown: choose {', '.join(BY_NAME)}"
        raise ValueError(message)
    start, plus, length = when.partition("+")
    if plus and row.at_once:
        message = f"injection {text!r}: {name} has no end; leave '+{length}' out"
        raise ValueError(message)
    from_s = _seconds(text, start)
    lasts_s = _seconds(text, length) if plus else row.lasts_s
    from_us = round(from_s * 1e6)
    to_us = NEVER_US if lasts_s is None else from_us + round(lasts_s * 1e6)
    return Injection(name, from_us, to_us, _amount(text, row, much) if equals else row.amount)


def require_device(name: str, device: str) -> None:
    """Let an injection pass that a device can have.

    Parameters
    ----------
    name : str
        Of the injection.
    device : str
        Name of the simulated device.

    Raises
    ------
    ValueError
        If it has nothing of the kind: which devices have.
    """
    devices = BY_NAME[name].devices
    if devices and device not in devices:
        message = (
            f"injection {name}: a {device} has none; leave it out, or choose {' or '.join(devices)}"
        )
        raise ValueError(message)


def _amount(text: str, row: InjectionRow, number: str) -> float:
    if not row.unit:
        message = f"injection {text!r}: {row.name} has no amount; leave '={number}' out"
        raise ValueError(message)
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not row.least <= value <= row.most:
        message = (
            f"injection {text!r}: {number!r} is no amount of {row.name}; "
            f"write {row.least:g} to {row.most:g} ({row.unit})"
        )
        raise ValueError(message)
    return value


def _seconds(text: str, number: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 1e6:
        message = (
            f"injection {text!r}: {number!r} is no time; write seconds from the start, as 12.5"
        )
        raise ValueError(message)
    return value
