"""What ``fes-ctrl doctor --broker`` says of a broker."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fes_ctrl.links.broker import Broker
    from fes_ctrl.telemetry.examine import Found


def examine(broker: "Broker") -> dict[str, Any]:
    """Return what there is to say of a broker; it takes ten seconds at the most."""
    from fes_ctrl.telemetry.examine import examined

    found = examined(broker)
    return {
        "broker": str(broker),
        "user": broker.user or None,
        "certificate": broker.cert or None,
        **asdict(found),
        "verdict": verdict(found),
    }


def verdict(found: "Found") -> dict[str, Any]:
    """Return whether a bench or a viewer could work with it, and why not."""
    if found.problems:
        return {"passed": False, "reasons": found.problems}
    return {"passed": True, "reasons": ["this broker can be used from here"]}


def tell(whole: dict[str, Any]) -> None:
    """Print it for a person."""
    click.echo(whole["broker"])
    if whole["addresses"]:
        click.echo(f"name: {', '.join(whole['addresses'])}")
    if whole["reached_ms"] is not None:
        click.echo(f"port: reached in {whole['reached_ms']:.1f} ms")
    tls = whole["tls"]
    if tls is not None:
        click.echo(
            f"encrypted: {tls['version']}, certificate of {tls['subject']}, signed by "
            f"{tls['issuer']}, until {tls['until']}"
        )
    elif whole["reached_ms"] is not None and whole["broker"].startswith("mqtt://"):
        click.echo("encrypted: no; anybody on the way can read and change what is said")
    if whole["protocol"] is not None:
        who = whole["user"] or (
            f"whoever {whole['certificate']} says"
            if whole["certificate"]
            else "anybody, without a name"
        )
        click.echo(f"user: {who}, let in after {whole['accepted_ms']:.1f} ms")
        click.echo(f"version: MQTT {whole['protocol']}")
        if whole["protocol"] != "5":
            click.echo("    commands do not expire on their way; the bench refuses old ones")
    if whole["confirmed_ms"] is not None:
        click.echo(f"a message is confirmed after {whole['confirmed_ms']:.1f} ms (median)")
    if whole["echo_ms"] is not None:
        click.echo(f"and is back after {whole['echo_ms']:.1f} ms (median)")
    for what in whole["denied"]:
        click.echo(
            f"round trip: not measured: this user may not {what} a topic of ours, "
            "fes/doctor-...; that need be no fault"
        )
    if whole["retained"] is not None:
        click.echo(f"retained messages: {'kept' if whole['retained'] else 'not kept'}")
    elif whole["denied"]:
        click.echo("retained messages: not tried, for the same reason")
    if whole["protocol"] is not None:
        click.echo(_of_bench(whole))
    for bench, ms in whole["clocks_ms"].items():
        click.echo(f"clock of {bench}: {ms:+.0f} ms against ours")
    if whole["protocol"] is not None and not whole["clocks_ms"]:
        click.echo("clocks: no bench has spoken while it was listened to")
    for reason in whole["verdict"]["reasons"]:
        click.echo(f"verdict: {reason}")


def _of_bench(whole: dict[str, Any]) -> str:
    """Return what is known of whether a bench could speak there."""
    bench, may_publish = whole["bench"], whole["may_publish"]
    if bench is None:
        return f"bench: none named; whether one may speak is tried with {whole['broker']}/BENCH"
    if may_publish is None:
        why = "it was not come to" if whole["protocol"] == "5" else "MQTT 3.1.1 does not say"
        return f"bench: not known whether this user may speak as {bench}: {why}"
    return f"bench: this user may {'' if may_publish else 'not '}speak as {bench}"
