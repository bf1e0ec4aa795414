"""Make the page of hazards, docs/safety/hazards.md.

    make pages

Joins docs/safety/hazards.toml with the fault table. A test says when the page is stale.
"""

import tomllib
from pathlib import Path
from typing import Any

from fes_ctrl.safety.faults import BY_ID

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "docs" / "safety" / "hazards.toml"
PAGE = ROOT / "docs" / "safety" / "hazards.md"

HEAD = """\
# Hazards

Made by `make pages` from `hazards.toml` and the fault table: change those. In the form of
ISO 14971 (hazard, cause, control, residual risk, proof), so that whoever builds a device has a list
to start from. **It is no risk management file**: fes-ctrl is a research and bench tool, has no
approval of any kind, and severities are its authors' judgement for a bench.

Who guarantees what:

- **The host** (guard, driver, stop paths): nothing leaves unarmed; no setpoint beyond the limits;
  no pulse after its expiry; the reactions below in their times, as long as its process runs.
- **The device**: whatever its maker states. [What a P24 guarantees](what-a-p24-guarantees.md) says
  what that is, and what it is not.
- **The limiter**, a second guard that the simulation and `firmware-sim serve` can put before the
  electrode, blocks and latches by itself; real stimulators have none of ours.
- **Neither**: skin, electrodes that peel, cables on the wrong leg, isolation from mains, falls, and
  who may be stimulated at all.

How long it takes from a fault to the last pulse, measured over a campaign of random faults, is in
[reaction times](reaction-times.md); every fault is in [the fault table](../reference/faults.md),
every limit in [limits](../reference/limits.md).
"""


def hazards() -> list[dict[str, Any]]:
    """Return the rows of the source."""
    rows: list[dict[str, Any]] = tomllib.loads(SOURCE.read_text())["hazard"]
    return rows


def section(row: dict[str, Any]) -> str:
    """Return the page's part on one hazard."""
    proof = ", ".join(f"`{name}`" for name in row["proof"]) or "none"
    lines = [
        f"## {row['id']} {row['harm']}",
        "",
        "| | |",
        "| --- | --- |",
        f"| severity | {row['severity']} |",
        f"| cause | {row['cause']} |",
        f"| control | {row['control']} |",
        f"| remains | {row['remains']} |",
        f"| proof | {proof} |",
    ]
    if row["faults"]:
        lines += ["", "| fault | observed | reaction | within | clears |", "|" + " --- |" * 5]
    for fault_id in row["faults"]:
        fault = BY_ID[fault_id]
        lines.append(
            f"| {fault.id} {fault.name} | {fault.observed} | {fault.reaction} "
            f"| {fault.limit_ms} ms | {fault.clears} |"
        )
    return "\n".join(lines) + "\n"


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(section(row) for row in hazards())])


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"wrote {PAGE.relative_to(ROOT)}")
