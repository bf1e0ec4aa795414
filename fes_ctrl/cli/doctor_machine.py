"""What ``fes-ctrl doctor`` finds out about the machine: timing, settings of ports, extras."""

import asyncio
import platform
from collections.abc import Iterator
from importlib import metadata
from re import fullmatch
from typing import TYPE_CHECKING, Any, Final

import click

from fes_ctrl.links.udev import FTDI_RULE, RULES, latency_timers

if TYPE_CHECKING:
    from fes_ctrl.runtime.lateness import Lateness

PACKAGE: Final = "fes-ctrl"
FTDI_MS: Final = 2
"""An FTDI chip keeps what it has received for so long at the most, lest answers come late."""


def examine(seconds: float) -> dict[str, Any]:
    """Return what there is to say of this machine; it takes twice as long as that.

    Parameters
    ----------
    seconds : float
        How long timers are listened to, with and without real-time priority.
    """
    from fes_ctrl.gait import NEEDS, plugged
    from fes_ctrl.links.liveness import SEES_SLEEP
    from fes_ctrl.runtime.lateness import measured
    from fes_ctrl.runtime.realtime import real_time_loop
    from fes_ctrl.runtime.steady import steadied
    from fes_ctrl.stimulators.config import UNUSABLE
    from fes_ctrl.stimulators.drivers import DRIVERS

    def listen() -> "Lateness":
        with asyncio.Runner(loop_factory=real_time_loop) as runner:
            return runner.run(measured(seconds))

    plain = listen()
    with steadied() as asked:
        steady = listen()
    has_priority = asked[0].got
    proven = platform.system() == "Linux"
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "serial_ports": "proven" if proven else "written, and never tested on this system",
        "sees_sleep": SEES_SLEEP,
        "drivers": [" ".join(row) for row in sorted(DRIVERS)],
        "unusable_drivers": dict(sorted(UNUSABLE.items())),
        "detectors": list(NEEDS),
        "unusable_detectors": dict(sorted(plugged.UNUSABLE.items())),
        "timers": {
            "as_it_is": _figures(plain),
            "real_time": _figures(steady) if has_priority else None,
        },
        "real_time": {got.what: {"got": got.got, "detail": got.detail} for got in asked},
        "ftdi_latency_ms": latency_timers(),
        "extras": dict(extras(metadata.requires(PACKAGE) or [])),
        "verdict": verdict(plain, steady if has_priority else None),
    }


def _figures(late: "Lateness") -> dict[str, float | int]:
    return {
        "ticks": late.ticks,
        "p50_ms": late.p50 / 1000,
        "p99_ms": late.p99 / 1000,
        "max_ms": late.most / 1000,
    }


def verdict(plain: "Lateness", steady: "Lateness | None") -> dict[str, Any]:
    """Return whether this machine holds the timing, in one way or the other, and why.

    Parameters
    ----------
    plain : Lateness
        As the machine is.
    steady : Lateness or None
        With real-time priority, where that was got.
    """
    if plain.holds:
        return {"passed": True, "reasons": ["this machine holds the timing of pulses"]}
    why = f"as it is, this machine {plain.verdict}"
    if steady is None:
        return {"passed": False, "reasons": [why, "and real-time priority was not got"]}
    if steady.holds:
        return {"passed": True, "reasons": [why, "with run --real-time it holds the timing"]}
    return {"passed": False, "reasons": [why, f"with real-time priority it {steady.verdict}"]}


def extras(requires: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each extra of the package with what is missing of it.

    Parameters
    ----------
    requires : list of str
        Requirements as the package's metadata has them.
    """
    missing: dict[str, list[str]] = {}
    for line in requires:
        asked = fullmatch(r"([\w.-]+).*; extra == '([\w-]+)'", line)
        if asked is None:
            continue
        name, extra = asked.groups()
        lacks = missing.setdefault(extra, [])
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            lacks.append(name)
    yield from missing.items()


def tell(whole: dict[str, Any]) -> None:
    """Print it for a person."""
    click.echo(f"{whole['system']}, Python {whole['python']}")
    click.echo(f"serial ports: {whole['serial_ports']}")
    click.echo(f"notices when the machine has slept: {'yes' if whole['sees_sleep'] else 'no'}")
    click.echo(f"drivers: {', '.join(whole['drivers'])}")
    click.echo(f"detectors: {', '.join(whole['detectors'])}")
    for name, why in (whole["unusable_drivers"] | whole["unusable_detectors"]).items():
        click.echo(f"not usable: {name}, {why}")
    for name, late in whole["timers"].items():
        if late is not None:
            how = "with real-time priority" if name == "real_time" else "as it is"
            click.echo(
                f"timers {how}: {late['p50_ms']:.2f} ms late, one in a hundred "
                f"{late['p99_ms']:.2f} ms, {late['max_ms']:.2f} ms at worst of {late['ticks']}"
            )
    for what, asked in whole["real_time"].items():
        click.echo(f"{what}: {'' if asked['got'] else 'not got: '}{asked['detail']}")
    for name, late_ms in whole["ftdi_latency_ms"].items():
        click.echo(f"{name}: keeps what it receives for up to {late_ms} ms")
        if late_ms > FTDI_MS:
            click.echo(f"    in {RULES}: {FTDI_RULE}")
    for extra, lacks in whole["extras"].items():
        state = f"lacks {', '.join(lacks)}" if lacks else "ready"
        click.echo(f"extra {extra}: {state}")
    for reason in whole["verdict"]["reasons"]:
        click.echo(f"verdict: {reason}")
