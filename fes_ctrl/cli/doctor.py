"""``fes-ctrl doctor``: what this machine can do, what is plugged in and what speaks."""

import json
from typing import TYPE_CHECKING, Any

import click

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from fes_ctrl.links.ports import PortInfo, Voice


@click.command(epilog="Example: fes-ctrl doctor --ports")
@click.option("--ports", is_flag=True, help="List the serial ports, and ask each who is there.")
@click.option(
    "--port", "named", multiple=True, metavar="NAME", help="Ask this port alone; repeatable."
)
@click.option("--no-ask", is_flag=True, help="With --ports: list them, and send nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    ctx: click.Context, named: tuple[str, ...], *, ports: bool, no_ask: bool, as_json: bool
) -> None:
    """Tell what this machine can do; with --ports, what is plugged in and what speaks.

    Asking sends each known protocol's question for the device's identity, on its own line
    settings, and nothing that could start stimulation. It does open the port, which restarts some
    boards, and a device that speaks another protocol is sent bytes not meant for it: nobody's
    electrodes should be on. A port that another program has locked is left alone.
    """
    from fes_ctrl import plugins
    from fes_ctrl.links.ports import PortInfo, Voice, access_to, ask, plugged_in
    from fes_ctrl.stimulators.drivers import HELLOS, LINES

    plugins.load()
    if not ports and not named:
        _machine(as_json=as_json)
        return
    if named and no_ask:
        raise Refusal("--port asks, and --no-ask sends nothing; leave one of them out")
    try:
        listed = [PortInfo(name, "", "", "", access_to(name)) for name in named] or plugged_in()
    except OSError as error:
        message = f"doctor --ports: {error.strerror or error}; check who may read /dev and /sys"
        raise Refusal(message) from error
    hellos = {} if no_ask else {device: (LINES[device], HELLOS[device]) for device in HELLOS}
    found: list[tuple[PortInfo, Voice]] = [(port, ask(port.name, hellos)) for port in listed]
    if as_json:
        rows = [_row(port, voice) for port, voice in found]
        click.echo(json.dumps({"asked": list(hellos), "ports": rows}))
    else:
        _print(found, list(hellos))
    if named and any(voice.problem for _, voice in found):
        ctx.exit(Refusal.exit_code)


def _row(port: "PortInfo", voice: "Voice") -> dict[str, Any]:
    """Return a port as JSON; what is unknown is null."""
    speaks = {"device": voice.device, "identity": voice.identity} if voice.device else None
    return {
        "port": port.name,
        "usb": port.usb or None,
        "serial_number": port.serial_number or None,
        "description": port.description or None,
        "may_open": port.access,
        "speaks": speaks,
        "problem": voice.problem or None,
    }


def _print(found: "list[tuple[PortInfo, Voice]]", asked: list[str]) -> None:
    # Plain lines: a name that is to be copied must not be cut.
    if not found:
        click.echo("no serial port is plugged in; check the cable, and dmesg for what it said")
    for port, voice in found:
        click.echo(" ".join(part for part in (port.name, port.usb, port.description) if part))
        click.echo(f"    may be opened by: {port.access}")
        if voice.device:
            click.echo(f"    speaks {voice.device}: {voice.identity}")
            click.echo(f"    --stimulator {voice.device}://{port.name}")
        elif voice.problem:
            click.echo(f"    not asked: {voice.problem}")
        elif asked:
            click.echo(f"    does not answer as {', '.join(asked)}")


def _machine(*, as_json: bool) -> None:
    """Tell of the machine itself."""
    import platform

    from fes_ctrl.links.liveness import SEES_SLEEP
    from fes_ctrl.stimulators.config import UNUSABLE
    from fes_ctrl.stimulators.drivers import DRIVERS

    proven = platform.system() == "Linux"
    whole = {
        "system": platform.platform(),
        "python": platform.python_version(),
        "serial_ports": "proven" if proven else "written, and never tested on this system",
        "sees_sleep": SEES_SLEEP,
        "drivers": [" ".join(row) for row in sorted(DRIVERS)],
        "unusable_drivers": dict(sorted(UNUSABLE.items())),
    }
    if as_json:
        click.echo(json.dumps(whole))
        return
    click.echo(f"{whole['system']}, Python {whole['python']}")
    click.echo(f"serial ports: {whole['serial_ports']}")
    click.echo(f"notices when the machine has slept: {'yes' if whole['sees_sleep'] else 'no'}")
    click.echo(f"drivers: {', '.join(' '.join(row) for row in sorted(DRIVERS))}")
    for name, why in sorted(UNUSABLE.items()):
        click.echo(f"not usable: {name}, {why}")
