"""Where an exported file comes from: what every format says of its run, as pairs of text."""

import json
from typing import Final

from fes_ctrl import __version__
from fes_ctrl.analysis.run import Run

PAPER: Final = "paper+"

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
        "ended": run.ended or ("log cut" if run.log_is_cut else "killed"),
        "simulated": ", ".join(simulated_parts(run)) or "nothing that says so",
        "devices": ", ".join(run.devices),
        "answered": ", ".join(run.answered),
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
    parts = ["patient"] if run.patient_is_model else []
    parts += [f"stimulator {model}" for model in run.models]
    parts += [
        f"stimulator {device} (no pulse was given)"
        for device in run.devices
        if device.startswith(PAPER)
    ]
    return parts


def flat(table: object, prefix: str = "") -> dict[str, str]:
    """Return a configuration by dotted keys, each value as JSON; lists of tables are numbered."""
    if isinstance(table, dict):
        pairs = [(f"{prefix}.{key}" if prefix else str(key), each) for key, each in table.items()]
    elif isinstance(table, list) and any(isinstance(each, dict) for each in table):
        pairs = [(f"{prefix}[{number}]", each) for number, each in enumerate(table)]
    else:
        return {prefix: json.dumps(table)}
    return {key: value for name, each in pairs for key, value in flat(each, name).items()}
