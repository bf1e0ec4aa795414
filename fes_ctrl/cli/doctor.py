"""``fes-ctrl doctor``: what this machine can do, what is plugged in and what speaks."""

import json
from typing import TYPE_CHECKING, Any

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.numbers import Finite
from fes_ctrl.links.udev import RULES, access_rule

if TYPE_CHECKING:
    from fes_ctrl.links.ports import PortInfo, Voice


@click.command(epilog="Example: fes-ctrl doctor --ports")
@click.option("--ports", is_flag=True, help="List the serial ports, and ask each who is there.")
@click.option(
    "--port", "named", multiple=True, metavar="NAME", help="Ask this port alone; repeatable."
)
@click.option("--no-ask", is_flag=True, help="With --ports: list them, and send nothing.")
@click.option(
    "--broker",
    "broker_url",
    metavar="URL",
    help="Tell whether this MQTT broker can be used from here; 10 s at most.",
)
@click.option(
    "--seconds",
    type=Finite(0.1, 3600),
    default=1.0,
    show_default=True,
    help="How long timers are listened to, with and without real-time priority.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    ctx: click.Context,
    named: tuple[str, ...],
    broker_url: str | None,
    seconds: float,
    *,
    ports: bool,
    no_ask: bool,
    as_json: bool,
) -> None:
    """Tell what this machine can do; with --ports, what is plugged in and what speaks.

    Of the machine: how late its timers ring, what it grants of priority and memory, FTDI ports that
    keep answers back, extras; and whether it holds the timing of pulses while it is as busy as now.

    Asking sends each known protocol's question for the device's identity, on its own line
    settings, and nothing that could start stimulation. It does open the port, which restarts some
    boards, and a device that speaks another protocol is sent bytes not meant for it: nobody's
    electrodes should be on. A port that another program has locked is left alone.

    Of a broker: its name, port and certificate; whether the user is let in, and by which version of
    MQTT; the way there and back; whether it keeps what is retained; the clocks of benches; and,
    where the address names a bench, whether the user may speak as that.
    """
    if broker_url is not None:
        if ports or named:
            raise Refusal("--broker and --ports ask different things; ask one at a time")
        ctx.exit(_broker(broker_url, as_json=as_json))
    from fes_ctrl import plugins
    from fes_ctrl.links.ports import PortInfo, Voice, access_to, ask, plugged_in
    from fes_ctrl.stimulators.drivers import HELLOS, LINES

    plugins.load()
    if not ports and not named:
        from fes_ctrl.cli.doctor_machine import examine, tell

        whole = examine(seconds)
        if as_json:
            click.echo(json.dumps(whole, allow_nan=False))
        else:
            tell(whole)
        ctx.exit(0 if whole["verdict"]["passed"] else 1)
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


def _broker(url: str, *, as_json: bool) -> int:
    from fes_ctrl.cli.brokers import bench_at, broker_at
    from fes_ctrl.cli.doctor_broker import examine, tell

    broker = broker_at(url, "--broker")
    if broker.path:
        bench_at(url, "--broker")
    whole = examine(broker)
    if as_json:
        click.echo(json.dumps(whole, allow_nan=False))
    else:
        tell(whole)
    return 0 if whole["verdict"]["passed"] else 1


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
        rule = access_rule(port.usb)
        if rule and port.access.startswith("group "):
            click.echo(f"    in {RULES}: {rule}")
        if voice.device:
            click.echo(f"    speaks {voice.device}: {voice.identity}")
            click.echo(f"    --stimulator {voice.device}://{port.name}")
        elif voice.problem:
            click.echo(f"    not asked: {voice.problem}")
        elif asked:
            click.echo(f"    does not answer as {', '.join(asked)}")
