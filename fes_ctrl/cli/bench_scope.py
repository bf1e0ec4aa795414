"""``fes-ctrl bench scope``: an oscilloscope's trace measured, and held against its run."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.files import keep_apart, write_whole

if TYPE_CHECKING:
    from hil.scope.measurement import Measurement

ROWS: Final = 20
"""So many pulses are printed; a file takes them all."""


@click.command(
    name="scope",
    epilog="Example: fes-ctrl bench scope TRACE.csv --run RUN --ohm 1000",
)
@click.argument("trace", type=click.Path(path_type=Path))
@click.option(
    "--run", type=click.Path(path_type=Path), help="The run's folder or log: what was commanded."
)
@click.option(
    "--ohm",
    type=click.FloatRange(1.0, 1e6),
    help="The load across which the voltage was taken; not for a current probe.",
)
@click.option("--channel", type=click.IntRange(0), help="Of the run, where it used several.")
@click.option(
    "--near",
    type=float,
    metavar="S",
    help="About when in the run the trace begins, where its pulses alone do not tell.",
)
@click.option("--column", metavar="NAME|N", help="The signal's column, by name or from 1.")
@click.option("--time-unit", metavar="UNIT", help="s, ms, us or ns, over what the file says.")
@click.option("--unit", metavar="UNIT", help="V, mV, A or mA, over what the file says.")
@click.option("--invert", is_flag=True, help="The probe is the other way round.")
@click.option(
    "--gain-percent",
    type=click.FloatRange(0.0, 20.0),
    default=3.0,
    show_default=True,
    help="How well the scale of scope, probe and load is known.",
)
@click.option("--out", type=click.Path(path_type=Path), help="All pulses, as CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def scope(
    ctx: click.Context,
    /,
    trace: Path,
    run: Path | None,
    ohm: float | None,
    channel: int | None,
    near: float | None,
    gain_percent: float,
    out: Path | None,
    *,
    invert: bool,
    as_json: bool,
    **said: str | None,
) -> None:
    """Measure the pulses in an oscilloscope's CSV, and check them against a run.

    Widths, currents, intervals, charge that remains, pulses missing or too many, on and off times:
    each with what was asked, what was got and what is allowed. Without --run, the measures alone.
    """
    from hil.scope.asked import LOG
    from hil.scope.errors import TraceError
    from hil.scope.measurement import measured
    from hil.scope.read import Options, read_trace
    from hil.scope.report import summary

    _require_numbers({"--ohm": ohm, "--near": near, "--gain-percent": gain_percent})
    if out is not None:
        keep_apart(out, [trace], "--out", "trace")
        if run is not None:
            keep_apart(out, [run, run / LOG], "--out", "run's log")
    try:
        seen = measured(trace, read_trace(trace, Options(ohm=ohm, invert=invert, **said)))
        whole = summary(seen)
        whole |= _compared(trace, seen, run, channel, gain_percent, near)
    except TraceError as error:
        raise Refusal(str(error)) from error
    if out is not None:
        _write(out, seen)
    if as_json:
        click.echo(json.dumps(whole, allow_nan=False))
    else:
        _print(whole, seen)
    verdict = whole["verdict"]
    ctx.exit(0 if verdict is None or verdict["passed"] else 1)


def _require_numbers(options: dict[str, float | None]) -> None:
    """Refuse what is a float and no number: it compares with nothing."""
    for option, value in options.items():
        if value is not None and not math.isfinite(value):
            message = f"{option} {value}: no number; leave it out or give one"
            raise Refusal(message)


def _compared(
    trace: Path,
    seen: "Measurement",
    run: Path | None,
    channel: int | None,
    gain_percent: float,
    near: float | None,
) -> dict[str, Any]:
    from hil.scope.asked import asked_of
    from hil.scope.check import check
    from hil.scope.report import comparison

    if run is None:
        return {"check": None, "verdict": None}
    asked = asked_of(run, channel)
    checked = check(trace, seen, asked, gain_percent, near)
    return {"check": comparison(checked, asked), "verdict": checked.verdict()}


def _write(out: Path, seen: "Measurement") -> None:
    from hil.scope.report import COLUMNS, table

    lines = [",".join(row) for row in [list(COLUMNS), *table(seen)]]
    write_whole(out, "\n".join(lines) + "\n")


def _print(whole: dict[str, Any], seen: "Measurement") -> None:
    trace, pulses = whole["trace"], whole["pulses"]
    click.echo(
        f"{trace['samples']} samples, {trace['sampling_hz'] / 1e3:g} kS/s, {trace['span_s']:g} s, "
        f"noise {trace['noise_mA']:g} mA; {pulses['n']} pulses in {len(whole['bursts'])} bursts"
    )
    if trace["coupling_ms"] is not None:
        click.echo(
            f"plateaus sag as behind a capacitor, time constant {trace['coupling_ms']:g} ms: "
            f"taken out; couple the probe DC"
        )
    if trace["cut"] or trace["spikes"]:
        click.echo(f"left out: {trace['cut']} cut by the ends, {trace['spikes']} spikes")
    if whole["check"] is None:
        _print_pulses(whole, seen)
    else:
        _print_check(whole["check"])
        for reason in whole["verdict"]["reasons"]:
            click.echo(f"not as commanded: {reason}")
        if whole["verdict"]["passed"]:
            click.echo("as commanded")


def _print_pulses(whole: dict[str, Any], seen: "Measurement") -> None:
    from hil.scope.report import COLUMNS, table

    rows = table(seen)
    click.echo(" ".join(f"{name:>10}" for name in COLUMNS))
    for row in rows[:ROWS]:
        click.echo(" ".join(f"{cell:>10}" for cell in row))
    if len(rows) > ROWS:
        click.echo(f"and {len(rows) - ROWS} more: --out writes them all")
    for burst in whole["bursts"]:
        off = burst["off_before_s"]
        pause = "" if off is None else f", after {off:.4f} s without"
        click.echo(
            f"burst at {burst['onset_s']:.4f} s: {burst['pulses']} pulses, "
            f"{burst['on_s']:.4f} s{pause}"
        )


def _print_check(check: dict[str, Any]) -> None:
    sd = check["drift_sd_ppm"]
    known = "unknown" if sd is None else f"known to ± {sd:.2g} ppm"
    click.echo(
        f"{check['device']} {check['mode']}, channel {check['channel']}: the trace's time 0 is "
        f"{check['offset_s']:.6f} s of the run, latency included; drift of {check['drift_ppm']:g} "
        f"ppm removed, {known}; the next best place leaves {check['margin_pulses']:g} more pulses "
        f"unexplained"
    )
    click.echo(f"{check['compared']} of {check['commanded']} commanded pulses compared")
    if check["not_seen"]:
        click.echo(f"{check['not_seen']} commanded pulses are too weak for this trace")
    if check["half_seen"]:
        click.echo(f"{check['half_seen']} second phases are: neither they nor balance compared")
    click.echo(f"{'':2}{'figure':36}{'asked':>11}{'got':>11}{'± allowed':>11}")
    for row in check["figures"]:
        mark = " " if row["passed"] else "!"
        name = f"{row['figure']}, {row['unit']}" if row["unit"] else row["figure"]
        click.echo(
            f"{mark} {name:36}{row['asked']:11.4f}{row['got']:11.4f}{row['allowed']:11.4f}  "
            f"{row['origin']}"
        )
