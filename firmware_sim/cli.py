"""``firmware-sim``: simulated stimulators for the bench, as processes of their own."""

import json
import signal
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click

from firmware_sim.devices.catalogue import DEVICES

if TYPE_CHECKING:
    from firmware_sim.server import Port, TcpPort

INTERRUPTED = 130


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: firmware-sim serve --device p24 --pty /tmp/p24",
)
def group() -> None:
    """Serve simulated stimulators. They give no current to anybody."""


@group.command(
    epilog="Example: firmware-sim serve --device p24 --pty /tmp/p24 --inject answers_lost@20"
)
@click.option(
    "--device", "name", type=click.Choice(list(DEVICES)), required=True, help="Which stimulator."
)
@click.option(
    "--pty",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[PATH]",
    help="Serve on a pseudo-terminal, with a symbolic link PATH to it.",
)
@click.option("--tcp", metavar="HOST:PORT", help="Serve on a TCP port; port 0 takes a free one.")
@click.option("--inject", multiple=True, metavar="NAME@T", help="Make something go wrong at T s.")
@click.option(
    "--limiter",
    "limits",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[LIMITS]",
    help="Fit the second guard, with a limits file or its own caps; SIGUSR1 resets it.",
)
@click.option(
    "--probe",
    "probed",
    is_flag=True,
    help="Put a bench probe across the load, and a heel switch's board on its pin, each on a port "
    "of its own of the same kind.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of everything random.")
@click.option(
    "--pulses", type=click.Path(path_type=Path), help="Write delivered pulses, JSON Lines."
)
def serve(
    name: str,
    pty: str | None,
    tcp: str | None,
    inject: tuple[str, ...],
    limits: str | None,
    seed: int,
    pulses: Path | None,
    *,
    probed: bool,
) -> int:
    """Run a simulated stimulator; prints one JSON line with its port, and waits."""
    from firmware_sim import server
    from firmware_sim.board import SimBoard
    from firmware_sim.ceilings import Ceilings
    from firmware_sim.injection_text import parse, require_device
    from firmware_sim.limiter import Limiter
    from firmware_sim.output import OutputStage
    from firmware_sim.probe import ProbeConfig, SimProbe

    if (pty is None) == (tcp is None):
        message = "give either --pty [PATH] or --tcp HOST:PORT"
        raise click.UsageError(message)
    row = DEVICES[name]
    output = OutputStage(row.channels)
    sinks = output.sinks
    limiter: Limiter | None = None
    device = row.make(output, Random(f"{seed}:{name}"))
    port: server.Port | None = None
    besides: dict[str, tuple[server.Port, server.Beside]] = {}
    file = None
    try:
        injections = [parse(text) for text in inject]
        for injection in injections:
            require_device(injection.name, name)
        links = server.inject(injections, device, output)
        if limits is not None:
            ceilings = Ceilings(Path(limits) if limits else None)
            limiter = Limiter(ceilings, output.present_ohm, row.ear())
            limiter.on_latch = _latched
            output.sinks.append(limiter.pulse)
            sinks = limiter.sinks
        if pulses is not None:
            file = pulses.open("w", encoding="utf-8")
            sinks.append(server.PulseFile(file).see)
        port = _tcp(tcp) if tcp is not None else server.PtyPort(Path(pty) if pty else None)
        if probed:
            probe, board = SimProbe(ProbeConfig(), Random(f"{seed}:probe")), SimBoard()
            sinks.append(probe.see)
            probe.on_edge = board.edge
            besides["probe"] = _beside(tcp, pty, "probe"), probe
            besides["board"] = _beside(tcp, pty, "board"), board
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.UsageError(f"{error}") from error
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: stop.append(got))
    if limiter is not None:
        fitted = limiter
        signal.signal(signal.SIGUSR1, lambda _got, _frame: fitted.reset())
    try:
        called = f"sim+{name}" if limiter is None else f"sim+{name}+limiter"
        told = {"port": port.name, "device": called}
        told |= {name: near.name for name, (near, _) in besides.items()}
        click.echo(json.dumps(told))
        sys.stdout.flush()
        server.serve(port, device, links, lambda: bool(stop), limiter, list(besides.values()))
    finally:
        port.unplug()
        for near, _ in besides.values():
            near.unplug()
        if file is not None:
            file.close()
    return INTERRUPTED if signal.SIGINT in stop else 0


def _latched(t_us: int, reason: str) -> None:
    """Tell on stderr that the limiter has latched, as one JSON line."""
    click.echo(json.dumps({"limiter": "latched", "t_s": t_us / 1e6, "reason": reason}), err=True)


def _beside(tcp: str | None, pty: str | None, name: str) -> "Port":
    """Return one more port: beside the device's, in the same way."""
    from firmware_sim.server import PtyPort

    if tcp is not None:
        return _tcp(f"{tcp.rpartition(':')[0]}:0")
    return PtyPort(Path(f"{pty}.{name}") if pty else None)


def _tcp(text: str) -> "TcpPort":
    from firmware_sim.server import TcpPort

    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65_535:
        message = f"--tcp {text}: write HOST:PORT, as 127.0.0.1:4001"
        raise ValueError(message)
    return TcpPort(host or "127.0.0.1", int(port))


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        code = group.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        text = " ".join(error.format_message().split()).rstrip(".")
        click.echo(f"firmware-sim: {text}; see 'firmware-sim serve --help'", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)
