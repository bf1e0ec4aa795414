"""``fes-ctrl remote``: guarded parameters of a bench from afar, and its stop."""

import asyncio
import getpass
import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.numbers import Finite

if TYPE_CHECKING:
    from fes_ctrl.links.broker import Broker
    from fes_ctrl.telemetry.asking import Outcome
    from fes_ctrl.telemetry.commanding import Commanding

AS = click.option(
    "--as",
    "sender",
    default="",
    metavar="SENDER",
    help="In whose name; default: the address's user, else who is logged in.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
LIFE_S: Final = 2.0
"""So long a bench may take a change: who asks earlier what became of it would not know."""

FC = TypeVar("FC", bound=Callable[..., Any])


def timeout_option(least_s: float) -> Callable[[FC], FC]:
    """Return the option that says how long an answer is waited for."""
    return click.option(
        "--timeout",
        "timeout_s",
        type=Finite(least_s, 60),
        default=2.0,
        show_default=True,
        metavar="S",
        help="How long the bench's answer is waited for.",
    )


@click.group(epilog="Example: fes-ctrl remote stop mqtts://tuner@broker.lab/bench-3?ca=ca.pem")
def command() -> None:
    """Change a bench's parameters from afar, or stop it.

    The bench judges each command, and answers. From afar nothing can be armed, raised or cleared.
    """


@command.command(
    "set",
    epilog="Example: fes-ctrl remote set mqtts://tuner@broker.lab/bench-3?ca=ca.pem "
    "program.extension_ms=120 --leg left",
)
@click.argument("bench_url", metavar="BROKER_URL/BENCH")
@click.argument("pairs", metavar="KEY=VALUE...", nargs=-1, required=True)
@click.option(
    "--leg",
    type=click.Choice(("left", "right", "both")),
    default="both",
    show_default=True,
    help="Whose dials; limits and the level are those of both.",
)
@AS
@timeout_option(LIFE_S)
@JSON
def set_(
    bench_url: str,
    pairs: tuple[str, ...],
    leg: str,
    sender: str,
    timeout_s: float,
    *,
    as_json: bool,
) -> None:
    """Ask a bench for other parameters: all of them, or none.

    Keys are those that the bench tells on fes/BENCH/parameters: program.*, limits.* (narrower
    only), level_percent (lower only). What is accepted takes hold between bursts.

    Exit code 2 where it was refused, or where nobody answered: then it says whether the bench's
    parameters have moved, as far as that can be known.
    """
    from fes_ctrl.telemetry.asking import AskingError, changes_of, sentence

    try:
        change = changes_of(pairs)
    except AskingError as error:
        message = f"remote set {error}"
        raise Refusal(message) from error

    def ask(commanding: "Commanding") -> "Coroutine[Any, Any, Outcome]":
        return commanding.set(leg, change)

    _ask("set", bench_url, sender, timeout_s, ask, sentence, as_json=as_json)


@command.command(
    "stop",
    epilog="Example: fes-ctrl remote stop mqtts://tuner@broker.lab/bench-3?ca=ca.pem "
    '--reason "the strap is loose"',
)
@click.argument("bench_url", metavar="BROKER_URL/BENCH")
@click.option("--reason", default="", metavar="TEXT", help="For the bench's audit trail.")
@AS
@timeout_option(0.1)
@JSON
def stop(bench_url: str, reason: str, sender: str, timeout_s: float, *, as_json: bool) -> None:
    """Stop a bench from afar: its output ends, and it is disarmed.

    It is sent whatever is known of the bench. A network is no emergency stop: exit code 2 says that
    the stop is not confirmed, and that somebody has to go to the bench.
    """
    from fes_ctrl.telemetry.asking import stop_sentence

    if len(reason) > 200:
        message = f"--reason: {len(reason)} characters; write 200 at most"
        raise Refusal(message)

    def ask(commanding: "Commanding") -> "Coroutine[Any, Any, Outcome]":
        return commanding.stop(reason)

    _ask("stop", bench_url, sender, timeout_s, ask, stop_sentence, as_json=as_json)


def _ask(
    what: str,
    bench_url: str,
    sender: str,
    timeout_s: float,
    ask: "Callable[[Commanding], Coroutine[Any, Any, Outcome]]",
    in_a_sentence: "Callable[[Outcome, str], str]",
    *,
    as_json: bool,
) -> None:
    from fes_ctrl.cli.brokers import bench_at
    from fes_ctrl.telemetry.asking import AskingError, sender_of
    from fes_ctrl.telemetry.leaving import leaving_loop

    broker = bench_at(bench_url, f"remote {what}")
    try:
        name = sender_of(sender, broker.user, _login())
    except AskingError as error:
        message = f"remote {what} {error}"
        raise Refusal(message) from error
    with asyncio.Runner(loop_factory=leaving_loop) as runner:
        outcome, id_ = runner.run(_asked(what, broker, name, timeout_s, ask))
    told = in_a_sentence(outcome, broker.path)
    if as_json:
        found = {"command": what, "bench": broker.path, "sender": name, "id": id_}
        click.echo(json.dumps({**found, **outcome._asdict()}, allow_nan=False))
    if outcome.verdict not in {"accepted", "effective", "stopped"}:
        raise Refusal(told)
    if not as_json:
        click.echo(told)


async def _asked(
    what: str,
    broker: "Broker",
    sender: str,
    timeout_s: float,
    ask: "Callable[[Commanding], Coroutine[Any, Any, Outcome]]",
) -> "tuple[Outcome, str]":
    from aiomqtt import MqttError

    from fes_ctrl.telemetry.commanding import Commanding, NotThereError
    from fes_ctrl.telemetry.trouble import in_words

    commanding = Commanding(broker, sender, timeout_s)
    try:
        return await ask(commanding), commanding.id
    except NotThereError as error:
        message = f"remote {what} {broker}: {error}"
        raise Refusal(message) from error
    except (MqttError, OSError) as error:
        sent = "nothing was sent"
        if what == "stop":
            sent = "the stop was NOT sent: go to the bench and stop it there"
        message = f"remote {what} {broker}: {in_words(error, broker)}; {sent}"
        raise Refusal(message) from error


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""  # a user without a name, as in some containers
