"""Make the reference pages that are tables of the code: faults, injections, exports and MQTT.

    python tools/reference_pages.py [--check]

Writes faults.md, injections.md, exports.md and mqtt.md in docs/reference; nothing on them is typed
in. ``--check`` writes nothing and fails where a page is stale.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import mqtt_page

from fes_ctrl.export.page import exports_page
from fes_ctrl.safety.faults import ROWS as FAULTS
from firmware_sim.injections import CERTAIN, InjectionRow
from firmware_sim.injections import ROWS as INJECTIONS

ROOT = Path(__file__).parents[1]

FAULT_HEAD = """\
# Faults

What is observed, what is done about it, and within which time: from the moment at which the
observation holds to the last pulse at the electrode. Made from `fes_ctrl/safety/faults.py` by
`tools/reference_pages.py`; the proof of each row is a test of that name.

*inhibit*: the burst ends and none begins until it clears by itself. *stop*: the device is stopped,
the level is zero, arming is by hand. *latch*: as stop, and it stays, with its reason, until a
person clears it, who must have had 200 ms to see it; where the level is kept, bursts are held and
the device stays armed. *warn*: it is told, and nothing is changed.
"""

INJECTION_HEAD = """\
# Injections

What can be made to go wrong, as `--inject NAME@T`, `--inject NAME@T+DURATION` or
`--inject NAME=AMOUNT@T+DURATION` of `fes-ctrl walk`, or in the list `inject` of a scenario's
`[walk]`; T and DURATION are seconds. Made from `firmware_sim/injections.py` by
`tools/reference_pages.py`.

The part that is hit says so, with the time; a walk whose injection was never reached fails. The
fault is that of [faults](faults.md), on the standard walk with the detector that is named, if it is
not the heel's. Output that goes on without it for longer than it may, when it is certain as the
table says, fails the walk too.

`firmware-sim serve` takes those of device and electrode, and `cable_pulled`; over a pseudo-terminal
`fes-ctrl walk` takes all but the other ones of the link. What a note gives to one stimulator alone
is refused with the others, and is no part of a campaign.
"""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def faults() -> str:
    """Return the page of the fault table."""
    rows = []
    for row in FAULTS:
        covers = f" (and {', '.join(row.covers)})" if row.covers else ""
        level = "kept" if row.keeps_level else "zero"
        part = f"waits for `{row.part}`"
        proof = f"`{row.proof.partition('::')[2]}` in `{row.proof.partition('::')[0]}`"
        rows.append(
            (
                f"{row.id}{covers}",
                row.name,
                row.observed,
                row.reaction,
                f"{row.limit_ms}",
                level,
                row.clears,
                proof if row.proof else part,
            )
        )
    head = ("id", "fault", "observed", "reaction", "within ms", "level", "clears", "proof")
    return f"{FAULT_HEAD}\n{table(head, rows)}"


def lasts(row: InjectionRow) -> str:
    """Return how long an injection holds where nothing else is said."""
    if row.at_once:
        return "has no end"
    return "for good" if row.lasts_s is None else f"{row.lasts_s:g} s"


def amount(row: InjectionRow) -> str:
    """Return how much an injection is, and what may be asked for."""
    if not row.unit:
        return ""
    return f"{row.amount:g} {row.unit} ({row.least:g} to {row.most:g})"


def injections() -> str:
    """Return the page of the injection table."""
    rows = [
        (
            f"`{row.name}`",
            row.part,
            row.effect,
            lasts(row),
            amount(row),
            row.fault or "none",
            "; ".join(
                text for text in (CERTAIN[row.certain] if row.fault else "", row.only) if text
            ),
            "; ".join(
                text
                for text in (
                    "" if row.detector == "heel" else f"detector {row.detector}",
                    f"{', '.join(row.devices)} alone" if row.devices else "",
                    row.why,
                )
                if text
            ),
        )
        for row in INJECTIONS
    ]
    head = ("name", "hits", "effect", "lasts", "amount", "fault", "certain", "note")
    return f"{INJECTION_HEAD}\n{table(head, rows)}"


PAGES = {
    "faults.md": faults,
    "injections.md": injections,
    "exports.md": exports_page,
    "mqtt.md": mqtt_page.page,
}


def main() -> int:
    """Write the pages, or look at them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail where stale")
    arguments = parser.parse_args()
    folder = ROOT / "docs" / "reference"
    folder.mkdir(parents=True, exist_ok=True)
    stale = []
    for name, made in PAGES.items():
        path = folder / name
        text = made()
        if path.is_file() and path.read_text() == text:
            continue
        if arguments.check:
            stale.append(name)
        else:
            path.write_text(text)
            print(path.relative_to(ROOT))
    if stale:
        print(f"stale: {', '.join(stale)}; run python tools/reference_pages.py", file=sys.stderr)
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
