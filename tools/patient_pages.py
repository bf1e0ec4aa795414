"""Make the patient's pages: what each dial costs, and what each assumption moves.

    make pages

Writes docs/explanations/dials.md with its pictures, from the curves that the tests look at, and
the table of docs/explanations/limits-of-the-patient.md. No number on either is typed in. Needs
matplotlib (extra ``docs``).
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from hil.dials import DIALS, Curve, turn

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanations" / "dials.md"
LIMITS = ROOT / "docs" / "explanations" / "limits-of-the-patient.md"
TABLE = re.compile(r"(<!-- sensitivity -->\n).*(<!-- /sensitivity -->)", re.DOTALL)

HEAD = """\
# What each dial does, and what it costs

Each picture turns one dial of a program through its range, on the whole simulated chain, and shows
the outcomes that pay for each other. The patient takes the same stride over and over and does not
compensate, so that nothing but the dial moves; which patient it is stands above the picture. The
figures are those that `tests/unit/patient/test_dials.py` asks about, and this page is made from
them by `make pages`. What the patient leaves out is in
[limits of the patient](limits-of-the-patient.md).
"""


def picture(curve: Curve, path: Path) -> None:
    """Draw one dial: a panel for each outcome."""
    dial = curve.dial
    count = len(dial.outcomes)
    figure, axes = plt.subplots(1, count, figsize=(3.1 * count, 2.6), layout="constrained")
    for axis, outcome in zip(axes, dial.outcomes, strict=True):
        axis.plot(dial.values, curve.of(outcome), "o-", color="#0b6e99", markersize=4)
        axis.set_title(outcome.label, fontsize=9)
        axis.grid(color="#e3e8eb")
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
        low, high = axis.get_ylim()
        if low < 0.0 < high:
            axis.axhline(0.0, color="#8a949b", linewidth=0.8)
    figure.supxlabel(dial.label, fontsize=9)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def section(curve: Curve) -> str:
    """Return the page's part on one dial."""
    dial = curve.dial
    fixed = ", ".join(f"`{text}`" for text in dial.fixed)
    lines = [
        f"## {dial.name.capitalize()}: `{dial.setting}`",
        "",
        dial.price,
        "",
        f"Patient `{dial.patient}`, standard program, {dial.duration_s:g} s; {fixed}.",
        "",
        f"![{dial.label}](dials/{dial.name}.svg)",
        "",
        "| " + " | ".join([dial.label, *(outcome.label for outcome in dial.outcomes)]) + " |",
        "|" + " ---: |" * (1 + len(dial.outcomes)),
    ]
    for value, row in zip(dial.values, curve.rows, strict=True):
        cells = [f"{value:g}", *(f"{number:.2f}" for number in row)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    arguments = parser.parse_args()
    mpl.rcParams["svg.hashsalt"] = "dials"
    mpl.rcParams["svg.fonttype"] = "none"
    folder = PAGE.parent / "dials"
    folder.mkdir(exist_ok=True)
    parts = [HEAD]
    for dial in DIALS:
        curve = turn(dial, arguments.jobs)
        picture(curve, folder / f"{dial.name}.svg")
        parts.append(section(curve))
    PAGE.write_text("\n".join(parts))
    print(f"{PAGE.relative_to(ROOT)} and {len(DIALS)} pictures")
    command = [sys.executable, str(ROOT / "benchmarks" / "sensitivity.py"), "--markdown"]
    table = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    LIMITS.write_text(TABLE.sub(lambda found: found[1] + table + found[2], LIMITS.read_text()))
    print(f"the table of {LIMITS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
