"""``fes-ctrl watch``: all benches of a broker, as they stand."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.numbers import Finite

if TYPE_CHECKING:
    from fes_ctrl.links.broker import Broker
    from fes_ctrl.telemetry.benches import Benches
    from fes_ctrl.telemetry.watching import Watching

LOOK_S: Final = 0.25
QUIET_S: Final = 5.0
"""A bench tells of its health every 2 s: where none has spoken by then, none may be heard."""


@click.command(epilog="Example: fes-ctrl watch mqtts://ward@broker.lab?ca=lab-ca.pem bench-3")
@click.argument("broker_url")
@click.argument("benches", metavar="[BENCH]...", nargs=-1)
@click.option(
    "--once",
    type=Finite(0.1, 3600),
    metavar="SECONDS",
    help="Listen for so long, print how the benches stand, and end.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON object for each change; one with --once."
)
def command(
    broker_url: str, benches: tuple[str, ...], once: float | None, *, as_json: bool
) -> None:
    """Show how the benches on a broker stand: all of them, or those that are named.

    Who is there, whether it is simulated, armed and at which level; what each leg does, its cadence
    and bursts; faults that hold; how telemetry fares: lag, what was lost, when it was heard last. A
    bench that says nothing for 5 s is silent, for a broker may take long to notice that it is gone.

    Watching changes nothing. Where standard output is no terminal, each change is a line.
    """
    from fes_ctrl.cli.brokers import broker_at
    from fes_ctrl.links.broker import NAME
    from fes_ctrl.telemetry.leaving import leaving_loop
    from fes_ctrl.telemetry.watching import RefusedHereError

    broker = broker_at(broker_url, "watch")
    names = (*benches, *([broker.path] if broker.path else []))
    for name in names:
        if not NAME.fullmatch(name):
            message = f"watch {name!r}: no bench can be called so; letters, digits, _ - and . are"
            raise Refusal(message)
    try:
        with asyncio.Runner(loop_factory=leaving_loop) as runner:
            if once is not None:
                runner.run(_once(broker, names, once, as_json=as_json))
            else:
                runner.run(_on(broker, names, as_json=as_json))
    except RefusedHereError as error:
        message = f"watch {broker}: {error}"
        raise Refusal(message) from error


def _parts(
    broker: "Broker", names: tuple[str, ...], say: Callable[[str], None]
) -> "tuple[Benches, Watching]":
    from fes_ctrl.telemetry.benches import Benches
    from fes_ctrl.telemetry.watching import Watching

    benches = Benches(names)
    return benches, Watching(broker, benches, names, say)


def _utc_us() -> int:
    return time.time_ns() // 1000


async def _once(broker: "Broker", names: tuple[str, ...], seconds: float, *, as_json: bool) -> None:
    from rich.console import Console

    from fes_ctrl.cli import watch_view as view
    from fes_ctrl.telemetry.trouble import no_answer

    benches, watching = _parts(broker, names, lambda _line: None)
    listening = asyncio.create_task(watching.run())
    up = asyncio.create_task(watching.up.wait())
    try:
        await asyncio.wait([listening, up], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if listening.done():
            listening.result()
        if not watching.up.is_set():
            state = no_answer(f"in {seconds:g} s", broker, both=False)
            if not watching.trying:
                state = watching.state.partition("; tried again")[0]
            message = f"watch {broker}: {state}"
            raise Refusal(message)
        await asyncio.wait([listening], timeout=seconds)
        pictures = benches.pictures(time.monotonic(), _utc_us())
        state = watching.state
    finally:
        for task in (listening, up):
            task.cancel()
        await asyncio.wait([listening, up])
    if as_json:
        found = {
            "broker": str(broker),
            "connection": state,
            "benches": [picture.told() for picture in pictures],
            **benches.noise._asdict(),
            "too_fast": watching.lost,
        }
        click.echo(json.dumps(found, allow_nan=False))
        return
    console = Console(highlight=False)
    # Whoever reads it from a pipe cuts it as it likes.
    width = console.width if console.is_terminal else 10_000
    for line in view.lines_of(pictures, width):
        console.print(line, soft_wrap=True)
    console.print(f"{view.summary(pictures)} on {broker}, {state}", soft_wrap=True, markup=False)
    told = view.besides(benches.noise, watching.lost)
    if told:
        console.print(told, soft_wrap=True, markup=False)


async def _on(broker: "Broker", names: tuple[str, ...], *, as_json: bool) -> None:
    screen = sys.stdout.isatty() and not as_json

    def say(line: str) -> None:
        if not screen:
            click.echo(f"{broker}: {line}", err=True)

    benches, watching = _parts(broker, names, say)
    showing = _draw(broker, benches, watching) if screen else _tell(benches, as_json=as_json)
    # A task group would wrap what ends it, a closed pipe or a refusal.
    tasks = [asyncio.create_task(each) for each in (watching.run(), showing)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _tell(benches: "Benches", *, as_json: bool) -> None:
    from fes_ctrl.cli.watch_view import sentence
    from fes_ctrl.telemetry.benches import Changes

    changes = Changes()
    while True:
        utc_us = _utc_us()
        for picture in changes.of(benches.pictures(time.monotonic(), utc_us)):
            if as_json:
                line = json.dumps({"utc_us": utc_us, **picture.told()}, allow_nan=False)
            else:
                line = f"{time.strftime('%H:%M:%S')} {sentence(picture)}"
            click.echo(line)
        await asyncio.sleep(LOOK_S)


async def _draw(broker: "Broker", benches: "Benches", watching: "Watching") -> None:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    from fes_ctrl.cli import watch_view as view

    console = Console(highlight=False)

    def drawn() -> Group:
        width, height = console.size
        pictures = benches.pictures(time.monotonic(), _utc_us())
        up = watching.up.is_set()
        head = Text.assemble((f"{broker}  ", "bold"), (watching.state, "" if up else "bold yellow"))
        told = [head, Text(view.summary(pictures), "dim")]
        besides = view.besides(benches.noise, watching.lost)
        if besides:
            told.append(Text(besides, "yellow"))
        if up and not pictures and watching.up_for_s > QUIET_S:
            hint = "does any run with --telemetry, and may this user read fes/+/status?"
            told.append(Text(hint, "yellow"))
        top = [line for text in told for line in text.wrap(console, width)]
        return Group(*top, Text(), *view.lines_of(pictures, width, height - len(top) - 1))

    with Live(console=console, screen=True, auto_refresh=False, redirect_stderr=False) as live:
        while True:
            live.update(drawn(), refresh=True)
            await asyncio.sleep(LOOK_S)
