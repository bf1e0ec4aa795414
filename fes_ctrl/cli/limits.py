"""``fes-ctrl limits``: the limits in force with their origin, and the output table."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from hil.scenarios import Scenario

ROWS: Final = (
    ("waveform", "waveform", ""),
    ("shape", "shape", ""),
    ("peak_mA", "max output current, mA", ".2f"),
    ("voltage_V", "max output voltage, V", ".2f"),
    ("phase_us", "phase durations, us", ""),
    ("gap_us", "pauses between phases, us", ""),
    ("rate_hz", "frequency, Hz", ".2f"),
    ("net_charge_uC", "net charge, uC a pulse", ".3f"),
    ("charge_per_phase_uC", "max phase charge, uC", ".2f"),
    ("pulse_energy_mJ", "max pulse energy, mJ", ".3f"),
    ("rms_mA", "r.m.s. current over any second, mA", ".2f"),
    ("density_mA_per_cm2", "max current density, mA r.m.s./cm2", ".3f"),
    ("power_density_mW_per_cm2", "max power density, mW/cm2", ".3f"),
    ("shannon_k", "Shannon k (reported only)", ".2f"),
    ("pulses_per_burst", "pulses a burst", ".0f"),
    ("bursts_per_s", "bursts a second", ".2f"),
    ("on_s", "ON time, s", ".2f"),
    ("off_s", "OFF time, s", ".2f"),
    ("duty_percent", "duty, %", ".1f"),
)


@click.command(epilog="Example: fes-ctrl limits --limits bench --table --program standard")
@click.option("--limits", help="Limits: a name in configs/limits or a file.")
@click.option("--table", is_flag=True, help="The output table, from what a simulated walk emits.")
@click.option("--scenario", default="standard", show_default=True, help="Of --table: the walk.")
@click.option("--patient", help="Of --table: a name in configs/patients or a file.")
@click.option("--program", help="Of --table: a name in configs/programs or a file.")
@click.option("--setup", help="Of --table: a name in configs/setups or a file.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="One value, dotted key.")
@click.option("--duration", type=float, metavar="S", help="Of --table: seconds to walk.  [20]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    scenario: str,
    sets: tuple[str, ...],
    duration: float | None,
    *,
    table: bool,
    as_json: bool,
    **parts: str | None,
) -> None:
    """Show the limits in force and where each comes from.

    With --table, the output table that regulators ask for: a walk is simulated with 500 ohm,
    2 kohm and 10 kohm in place of the electrode, and the current that the device emits is
    integrated.
    """
    options: dict[str, object] = {name: value for name, value in parts.items() if value}
    if duration is not None or table:
        options["duration_s"] = 20.0 if duration is None else duration
    loaded = _load(scenario, options, sets)
    whole = _output_table(loaded) if table else {"limits": limits_in_force(loaded)}
    if as_json:
        click.echo(json.dumps(whole, allow_nan=False))
    elif table:
        _print_table(whole)
    else:
        _print_limits(whole["limits"])


def _load(name: str, options: dict[str, object], sets: tuple[str, ...]) -> "Scenario":
    from fes_ctrl.config.errors import ConfigError
    from hil.scenarios import load_scenario

    try:
        return load_scenario(name, options, sets)
    except ConfigError as error:
        raise Refusal(str(error)) from error


def limits_in_force(scenario: "Scenario") -> list[dict[str, Any]]:
    """Return each limit with its value, its cap and where it comes from."""
    from fes_ctrl.safety.limit_rows import HIGHER, ROWS

    found = []
    for row in ROWS:
        value = getattr(scenario.walk.control.limits, row.key)
        at_cap = value <= row.cap if row.narrower == HIGHER else value >= row.cap
        origin = scenario.layers.origin(("limits", row.key))
        found.append(
            {
                "key": row.key,
                "value": value,
                "cap": row.cap,
                "cap_is": "least" if row.narrower == HIGHER else "most",
                # What a file gives is never beyond the cap: it would have been refused.
                "origin": "cap" if at_cap and origin == "default" else origin,
                "held_by": row.held_by,
                "meaning": row.meaning,
                "source": row.source,
            }
        )
    return found


def _output_table(scenario: "Scenario") -> dict[str, Any]:
    from fes_ctrl.analysis.output_table import output_figures
    from fes_ctrl.assembly import problems_of
    from fes_ctrl.stimulators.config import capabilities_of
    from fes_ctrl.stimulators.models import SIMULATED
    from hil.output_table import LOADS_OHM, emitted_in_walk

    walk = scenario.walk
    problems = problems_of(walk.legs, walk.control, walk.sensed)
    if problems:
        raise Refusal(problems[0])
    limits = walk.control.limits
    device = capabilities_of(walk.control.stimulator)
    channels: dict[int, dict[str, Any]] = {}
    for load_ohm in LOADS_OHM:
        for channel, pulses in sorted(emitted_in_walk(walk, load_ohm).items()):
            figures = output_figures(pulses, load_ohm, limits.electrode_area_cm2)
            channels.setdefault(channel, {})[str(load_ohm)] = asdict(figures)
    if not channels:
        message = (
            f"limits --table: nothing was emitted in {walk.duration_s:g} s of "
            f"{scenario.name}; walk longer with --duration"
        )
        raise Refusal(message)
    return {
        "scenario": scenario.name,
        "program": scenario.names["program"],
        "limits": scenario.names["limits"],
        "duration_s": walk.duration_s,
        "electrode_area_cm2": limits.electrode_area_cm2,
        "unit": {
            "stimulator": f"{SIMULATED}{device.device}",
            "mode": device.mode,
            "channels": device.channels,
            "regulated": "current",
            "software_controlled": True,
            "no_load_trip_from_mA": device.electrode_detection_ua / 1e3,
            "zero_net_charge_by": "two phases of equal charge in whole current steps"
            if device.shape is None
            else "points that add up to none, in whole current steps and microseconds",
            "longest_burst_ms": limits.burst_ms,
            "longest_session_min": limits.session_min,
        },
        "channels": channels,
    }


def _print_limits(rows: list[dict[str, Any]]) -> None:
    # Plain lines: an origin is as long as a path, and must not be cut.
    click.echo(f"{'limit':24}{'in force':>9}{'cap':>14}  {'beyond it':13}origin")
    for row in rows:
        cap = f"{'at least ' if row['cap_is'] == 'least' else ''}{row['cap']:g}"
        held_by, origin = row["held_by"], row["origin"]
        click.echo(f"{row['key']:24}{row['value']:>9g}{cap:>14}  {held_by:13}{origin}")


def _print_table(whole: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    unit = whole["unit"]
    for channel, loads in whole["channels"].items():
        table = Table(
            title=f"{unit['stimulator']}, channel {channel}, {whole['program']}, emitted in "
            f"{whole['duration_s']:g} s into",
            title_justify="left",
        )
        table.add_column("")
        for load_ohm in loads:
            table.add_column(f"{load_ohm} ohm", justify="right")
        for key, name, form in ROWS:
            table.add_row(name, *[_cell(figures[key], form) for figures in loads.values()])
        console.print(table)
    console.print(
        f"electrode {whole['electrode_area_cm2']:g} cm2; net charge is zero by "
        f"{unit['zero_net_charge_by']}; simulated: measure the real device before relying on it"
    )


def _cell(value: object, form: str) -> str:
    if isinstance(value, int | float):
        return format(value, form)
    if isinstance(value, list | tuple):
        return " + ".join(str(part) for part in value)
    return "-" if value is None else str(value)
