"""How the moderate patient's outcomes move with each number that is an assumption.

    python benchmarks/sensitivity.py [--jobs N] [--markdown]

One row an assumption, moved alone to the ends of its range; each cell shows the change of the
outcome at the low and at the high end. ``--markdown`` prints the table of
docs/explanations/limits-of-the-patient.md.
"""

import argparse

from hil.sensitivity import Assumption, Outcomes, sensitivity

HEADS = {
    "compensation_without_mm": "comp. without, mm",
    "compensation_mm": "comp. with, mm",
    "clearance_mm": "clearance, mm",
    "peak_gain_deg": "peak gain, deg",
    "contact_gain_deg": "contact gain, deg",
    "push_off_percent": "push-off lost, %",
    "fall_deg_per_s": "forefoot fall, deg/s",
    "eversion_deg": "eversion, deg",
}


def cells(assumption: Assumption | None, low: Outcomes, high: Outcomes) -> list[str]:
    """Return one row of the table."""
    if assumption is None:
        return ["(as it is)", "", *(f"{getattr(low, name):.1f}" for name in HEADS)]
    row = [assumption.path, f"{assumption.low:g} .. {assumption.high:g}"]
    for name in HEADS:
        ends = [f"{getattr(part, name):+.1f}" for part in (low, high)]
        flat = all(float(end) == 0.0 for end in ends)
        row.append("" if flat else " / ".join(ends))
    return row


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    rows = [["assumption", "range", *HEADS.values()]]
    rows += [cells(*found) for found in sensitivity(arguments.jobs)]
    if arguments.markdown:
        rows.insert(1, ["---", "---", *["---:"] * len(HEADS)])
        print("\n".join("| " + " | ".join(row) + " |" for row in rows))
        return
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


if __name__ == "__main__":
    main()
