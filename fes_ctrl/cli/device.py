"""``fes-ctrl device``: what a stimulator says of itself, its reset and its power; no output."""

import asyncio
import json
from typing import TYPE_CHECKING, Final

import click

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fes_ctrl.runtime.inquirer import Inquirer

ASKED: Final = ("p24",)
"""Devices that can be asked."""

UNKNOWN: Final = "not told"


@click.group(name="device", epilog="Example: fes-ctrl device info p24:///dev/ttyACM0")
def command() -> None:
    """Ask a stimulator about itself, reset it or switch its modules; none gives any output."""


@command.command(epilog="Example: fes-ctrl device info p24:///dev/ttyACM0 --json")
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def info(address: str, *, as_json: bool) -> None:
    """Show versions, battery and state of the stimulator at ADDRESS; changes nothing."""
    told = _talk(address, _ask_about)
    if as_json:
        click.echo(json.dumps(told, allow_nan=False))
        return
    for name, value in told.items():
        if isinstance(value, dict):
            for part, said in value.items():
                click.echo(f"{f'{part} {name}':24}{UNKNOWN if said is None else said}")
        else:
            click.echo(f"{name:24}{UNKNOWN if value is None else value}")


@command.command(epilog="Example: fes-ctrl device reset p24:///dev/ttyACM0")
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reset(address: str, *, as_json: bool) -> None:
    """Stop the stimulator at ADDRESS and reset it."""
    told = _talk(address, _reset)
    if as_json:
        click.echo(json.dumps(told, allow_nan=False))
    else:
        click.echo(f"{told['id']}: reset, {told['level']}")


@command.command(epilog="Example: fes-ctrl device power p24:///dev/ttyACM0 stimulation")
@click.argument("address")
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def power(address: str, modules: tuple[str, ...], *, as_json: bool) -> None:
    """Stop the stimulator at ADDRESS, switch these modules on and all others off.

    Modules of a P24: stimulation, bluetooth, emg, memory_card, demultiplexer. Without any, all are
    off until they are switched on again, or the device is reset.
    """
    from fes_ctrl.wire import sciencemode4 as sm4

    for module in modules:
        if module not in sm4.POWER_MODULES:
            message = f"MODULE {module!r}: a P24 has none; choose {', '.join(sm4.POWER_MODULES)}"
            raise Refusal(message)
    bits = sum(1 << sm4.POWER_MODULES.index(module) for module in set(modules))

    async def switch(inquirer: "Inquirer") -> dict[str, object]:
        await _stop(inquirer)
        await inquirer.ask(sm4.SET_POWER, bits.to_bytes(sm4.POWER_BYTES, "little"))
        return await _ask_about(inquirer)

    told = _talk(address, switch)
    told["power"] = {module: module in modules for module in sm4.POWER_MODULES}
    if as_json:
        click.echo(json.dumps(told, allow_nan=False))
    else:
        click.echo(f"{told['id']}: on are {', '.join(modules) or 'none'}; {told['level']}")


def _talk(
    address: str, ask: "Callable[[Inquirer], Awaitable[dict[str, object]]]"
) -> dict[str, object]:
    from fes_ctrl.links.serial_port import SerialSettings
    from fes_ctrl.links.url import LinkUrlError, open_link, parse_link_url
    from fes_ctrl.runtime.inquirer import Inquirer, InquiryError
    from fes_ctrl.runtime.realtime import RealClock, real_time_loop
    from fes_ctrl.stimulators.p24_inquiry import P24Inquiry

    try:
        place = parse_link_url(address, ASKED)
    except LinkUrlError as error:
        raise Refusal(str(error)) from error

    async def talk() -> dict[str, object]:
        clock = RealClock(asyncio.get_running_loop())
        link = await open_link(place, SerialSettings())
        try:
            return await ask(Inquirer(clock, link, P24Inquiry()))
        finally:
            link.close()

    try:
        with asyncio.Runner(loop_factory=real_time_loop) as runner:
            return runner.run(talk())
    except (OSError, InquiryError) as error:
        message = f"{address}: {error}"
        raise Refusal(message) from error


async def _ask_about(inquirer: "Inquirer") -> dict[str, object]:
    from fes_ctrl.runtime.inquirer import InquiryError
    from fes_ctrl.stimulators.p24_inquiry import ABOUT, UNANSWERED, about

    told: dict[int, bytes] = {}
    for question in ABOUT:
        try:
            told[question] = await inquirer.ask(question)
        except InquiryError as error:
            # One that does not answer at all is none of ours; one that lacks a question may be.
            if error.result == UNANSWERED:
                raise
    return about(told)


async def _stop(inquirer: "Inquirer") -> None:
    from fes_ctrl.runtime.inquirer import InquiryError
    from fes_ctrl.stimulators.p24_inquiry import UNANSWERED
    from fes_ctrl.wire import sciencemode4 as sm4

    for stop in (sm4.LL_STOP, sm4.ML_STOP):
        try:
            await inquirer.ask(stop)
        except InquiryError as error:
            if error.result == UNANSWERED:
                raise


async def _reset(inquirer: "Inquirer") -> dict[str, object]:
    import contextlib

    from fes_ctrl.runtime.inquirer import InquiryError
    from fes_ctrl.wire import sciencemode4 as sm4

    await _stop(inquirer)
    with contextlib.suppress(InquiryError):
        # It may be gone in its reset before it has answered; whether it is well, it says next.
        await inquirer.ask(sm4.RESET)
    return await _ask_about(inquirer)
