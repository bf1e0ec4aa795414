"""Where an exported file comes from: what every format says of its run, as pairs of text."""

import json
from typing import Final

from fes_ctrl import __version__
from fes_ctrl.analysis.run import SIMULATED, Run
from fes_ctrl.model import LINK_UP

PAPER: Final = "paper+"
SERIAL: Final = "SIM"
"""Serial numbers of simulated devices that have one begin so, whatever they are plugged into."""

CLOCK: Final = "microseconds since the run began; not the time of day"


def origin(run: Run) -> dict[str, str]:
    """Return what has to be known of a run wherever its data go.

    Parameters
    ----------
    run : Run
        As read.

    Returns
    -------
    dict of str to str
        ``simulated`` names the parts that were not real; ``config`` is the effective
        configuration as JSON.
    """
    header = run.header
    config = header.get("config", {})
    return {
        "made_by": f"fes-ctrl {__version__}",
        "run": run.folder.name,
        "ended": run.ended or "killed",
        "simulated": ", ".join(simulated_parts(run)) or "nothing that says so",
        "devices": ", ".join(_devices(run)),
        "answered": ", ".join(_answered(run)),
        "config_sha256": str(header.get("config_sha256", "")),
        "setpoints_sha256": str((run.summary or {}).get("setpoints_sha256", "")),
        "seed": json.dumps(header.get("seed")),
        "versions": json.dumps(header.get("versions", {}), sort_keys=True),
        "recording": str(header.get("recording", "")),
        "clock": CLOCK,
        "first_us": str(run.start_us),
        "last_us": str(run.end_us),
        "config": json.dumps(config, sort_keys=True),
    }


def simulated_parts(run: Run) -> list[str]:
    """Return which parts of a run were not real, by what its log says of itself."""
    config = run.header.get("config", {})
    parts = []
    if isinstance(config, dict) and "patient" in config:
        parts.append("patient")
    for device in _devices(run):
        if device.startswith(SIMULATED):
            parts.append(f"stimulator {device}")
        elif device.startswith(PAPER):
            parts.append(f"stimulator {device} (no pulse was given)")
    if not any(part.startswith("stimulator") for part in parts):
        parts += [
            f"stimulator {identity}"
            for identity in _answered(run)
            if any(word.startswith(SERIAL) for word in identity.split())
        ]
    return parts


def _devices(run: Run) -> list[str]:
    devices = run.header.get("devices", [])
    return [str(device) for device in devices] if isinstance(devices, list) else []


def _answered(run: Run) -> list[str]:
    """Return what each device that answered said of itself, once."""
    said = (report.detail for _, report in run.reports if report.kind == LINK_UP)
    return list(dict.fromkeys(said))


def flat(table: object, prefix: str = "") -> dict[str, str]:
    """Return a configuration by dotted keys, each value as JSON; lists of tables are numbered."""
    if isinstance(table, dict):
        pairs = [(f"{prefix}.{key}" if prefix else str(key), each) for key, each in table.items()]
    elif isinstance(table, list) and any(isinstance(each, dict) for each in table):
        pairs = [(f"{prefix}[{number}]", each) for number, each in enumerate(table)]
    else:
        return {prefix: json.dumps(table)}
    return {key: value for name, each in pairs for key, value in flat(each, name).items()}
