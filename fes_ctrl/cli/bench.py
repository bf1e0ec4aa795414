"""``fes-ctrl bench``: what this machine, this program and a stimulator do in real time."""

import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from fes_ctrl.cli.bench_scope import scope
from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.numbers import Finite

if TYPE_CHECKING:
    from hil.latency.measure import Latency

EDGES_MS: Final = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0]
BAR: Final = 40

TIMES_ECHO: Final = 3.0
"""The median may be so many times the echo's."""

ABOVE_ECHO_MS: Final = 2.0
"""One in a hundred may be later than the echo's by so much."""

BUSY_MS: Final = 10.0
"""And while other programs compute and priority is permitted, no more than this."""


@click.group(name="bench", epilog="Example: fes-ctrl bench latency --seconds 60")
def command() -> None:
    """Measure this program on this machine, and what comes out of a stimulator."""


command.add_command(scope)


@command.command(epilog="Example: fes-ctrl bench latency --real-time --busy 2")
@click.option(
    "--seconds",
    type=Finite(2, 36_000),
    default=60.0,
    show_default=True,
    help="How long the heel switch walks, 86 strides a minute.",
)
@click.option("--real-time", is_flag=True, help="Let the run ask for priority.")
@click.option(
    "--busy",
    type=click.IntRange(0, 64),
    default=0,
    show_default=True,
    help="So many other processes compute meanwhile.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def latency(
    ctx: click.Context, seconds: float, busy: int, *, real_time: bool, as_json: bool
) -> None:
    """Time the way from a sample on the sensor's port to the frame on the stimulator's.

    A whole run on two pseudo-terminals: lines of a heel switch in, frames for a simulated P24 out.
    Beside each an echo: the same bytes to a loop that does nothing but answer, which is what this
    machine takes by itself.
    """
    from hil.latency.measure import LatencyError, Player

    player = Player(lambda line: click.echo(line, err=True))
    try:
        with _computing(busy):
            found = player.measure(seconds, *(["--real-time"] if real_time else []))
    except (LatencyError, OSError) as error:
        message = f"bench latency: {error}"
        raise Refusal(message) from error
    finally:
        player.close()
    whole = _judged(found, busy=busy, real_time=real_time)
    if as_json:
        click.echo(json.dumps(whole, allow_nan=False))
    else:
        _print(whole)
    ctx.exit(0 if whole["verdict"]["passed"] else 1)


@contextmanager
def _computing(count: int) -> Iterator[None]:
    """Let other processes compute meanwhile."""
    fresh = multiprocessing.get_context("spawn")
    processes = [fresh.Process(target=_compute, daemon=True) for _ in range(count)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _compute() -> None:
    while True:
        pass


def _judged(found: "Latency", *, busy: int, real_time: bool) -> dict[str, Any]:
    from hil.latency.measure import histogram, quantiles

    frames, echoes = quantiles(found.frames_ms), quantiles(found.echoes_ms)
    reasons = []
    if busy:
        if frames.p99_ms > BUSY_MS:
            reasons.append(f"p99 {frames.p99_ms:g} ms is above {BUSY_MS:g} ms")
    else:
        if frames.p50_ms > TIMES_ECHO * echoes.p50_ms:
            reasons.append(f"p50 {frames.p50_ms:g} ms is above {TIMES_ECHO:g} times the echo's")
        if frames.p99_ms > echoes.p99_ms + ABOVE_ECHO_MS:
            reasons.append(f"p99 {frames.p99_ms:g} ms is above the echo's by {ABOVE_ECHO_MS:g} ms")
    if found.missing:
        reasons.append(f"{found.missing} heel-offs had no burst within 0.1 s")
    return {
        "latency_ms": frames._asdict(),
        "echo_ms": echoes._asdict(),
        "times_echo_p50": round(frames.p50_ms / echoes.p50_ms, 2),
        "above_echo_p99_ms": round(frames.p99_ms - echoes.p99_ms, 3),
        "histogram": {
            "edges_ms": EDGES_MS,
            "latency": histogram(found.frames_ms, EDGES_MS),
            "echo": histogram(found.echoes_ms, EDGES_MS),
        },
        "missing": found.missing,
        "conditions": {"busy": busy, "real_time": real_time},
        "verdict": {"passed": not reasons, "reasons": reasons},
    }


def _print(whole: dict[str, Any]) -> None:
    ways = (("sample to frame", "latency_ms", "latency"), ("echo", "echo_ms", "echo"))
    for name, key, _ in ways:
        row = whole[key]
        click.echo(
            f"{name:16}{row['p50_ms']:8.3f} ms median {row['p95_ms']:8.3f} p95 "
            f"{row['p99_ms']:8.3f} p99 {row['max_ms']:8.3f} most, of {row['n']}"
        )
    edges = whole["histogram"]["edges_ms"]
    for name, _, key in ways:
        counts = whole["histogram"][key]
        click.echo(name)
        for edge, count in zip(edges, counts, strict=True):
            bar = "#" * round(BAR * count / max(counts))
            click.echo(f"  from {edge:5.2f} ms {count:6d} {bar}")
    for reason in whole["verdict"]["reasons"]:
        click.echo(f"not good: {reason}")
