"""The virtual patient against published numbers, as a table.

    python benchmarks/validation.py [--json]

One row a number: what was measured, what is accepted, what came out, whose number it is. Ends
with how many passed; exit code 1 if any did not. ``--json`` prints one JSON line instead.
"""

import argparse
import json
import sys

from hil.validation import findings


def main() -> None:
    """Print the findings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    arguments = parser.parse_args()
    found = findings()
    passed = sum(finding.passed for finding in found)
    if arguments.json:
        rows = [
            {
                "name": finding.check.name,
                "kind": finding.check.kind,
                "quantity": finding.check.quantity,
                "low": finding.check.low,
                "high": finding.check.high,
                "got": round(finding.got, 4),
                "source": finding.check.source,
                "passed": finding.passed,
            }
            for finding in found
        ]
        print(json.dumps({"benchmark": "validation", "passed": passed, "rows": rows}))
    else:
        print(f"{'':5}{'proves':10}{'quantity':54}{'accepted':>18}{'got':>10}  source")
        for finding in found:
            check = finding.check
            accepted = f"{check.low:g} .. {check.high:g}"
            mark = "" if finding.passed else "  MISSED"
            print(
                f"{check.name:5}{check.kind:10}{check.quantity:54}{accepted:>18}"
                f"{finding.got:>10.4g}  {check.source}{mark}"
            )
        print(f"{passed} of {len(found)} passed")
    sys.exit(passed < len(found))


if __name__ == "__main__":
    main()
