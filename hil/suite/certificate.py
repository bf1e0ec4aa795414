"""One page for the folder of a device: what it was asked, what it did, and how that is known."""

import html
import platform
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from fes_ctrl import __version__
from hil.suite.checking import Finding
from hil.suite.desk_config import DeskConfig

STYLE: Final = """
body { font: 9.5pt/1.35 system-ui, sans-serif; color: #1a1a1a; margin: 1.5em auto; max-width: 84em;
  padding: 0 1em; }
h1 { font-size: 1.5em; margin: 0 0 .2em; }
h2 { font-size: 1.1em; margin: 1.2em 0 .3em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1em 1em; margin: .6em 0; }
dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; min-width: 50em; }
th, td { text-align: left; vertical-align: top; padding: .15em .6em .15em 0;
  border-bottom: 1px solid #ddd; }
th { color: #555; font-weight: normal; }
th:nth-child(2) { width: 33%; } th:nth-child(4) { width: 24%; } th:nth-child(7) { width: 20%; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.passed { color: #05602c; } .failed { color: #a40000; font-weight: bold; }
.not-proven { color: #7a5200; } .v { white-space: nowrap; }
.verdict { font-size: 1.15em; font-weight: bold; }
.small { color: #555; font-size: .9em; }
@media print { @page { size: A4; margin: 8mm }
  table { min-width: 0 }
  body { font-size: 6.4pt; line-height: 1.2; margin: 0; padding: 0; max-width: none }
  h2 { margin: .6em 0 .2em; break-after: avoid } p { margin: .4em 0 } dl { margin: .3em 0 }
  th, td { padding: .05em .6em .05em 0 } tr { break-inside: avoid }
  section + section { break-before: page } }
"""


class Conditions(NamedTuple):
    """Under what a suite ran: the stimulator's address, the bench file, the command."""

    stimulator: str
    desk: DeskConfig | None
    command: Sequence[str]


def verdict_of(found: Sequence[Finding], expected: int) -> tuple[str, str]:
    """Return the verdict on one device, as a word and as a sentence.

    Parameters
    ----------
    found : sequence of Finding
        Of that device.
    expected : int
        How many there are where none is left out.
    """
    counts = Counter(finding.verdict for finding in found)
    total = f"{len(found)} of {expected} tests ran"
    if counts["failed"]:
        return "failed", f"FAILED: {counts['failed']} of {len(found)}; {total}"
    if len(found) < expected:
        return "not proven", f"INCOMPLETE: {total}, {counts['passed']} passed"
    if counts["not proven"]:
        shown = f"{counts['passed']} of {expected} passed, {counts['not proven']} not proven"
        return "not proven", f"PASSED WHAT COULD BE PROVEN: {shown}"
    return "passed", f"PASSED: all {expected} tests"


def certificate_html(found: Sequence[Finding], conditions: Conditions, expected: int) -> str:
    """Return the page; it needs nothing but itself.

    Parameters
    ----------
    found : sequence of Finding
        Device by device, in order.
    conditions : Conditions
        Under what.
    expected : int
        Tests that there are for a device.
    """
    rows = list(dict.fromkeys(finding.row for finding in found))
    parts = [_section([row for row in found if row.row == name], expected) for name in rows]
    if not parts:
        parts = ['<p class="failed">No test ran.</p>']
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Bench certificate</title><style>{STYLE}</style></head><body>"
        f"<h1>Bench certificate</h1>{_conditions(conditions)}{''.join(parts)}"
        '<p class="small">Source of a figure: <b>electrode</b>: simulated, seen whole; '
        "<b>probe</b>: measured across the load; <b>device</b>: asked for, and the device's own "
        "account of pulses and charge agrees; <b>commanded</b>: asked for, nothing more is known; "
        "<b>conversation</b>: the host's own clock and line. fes-ctrl is a research and bench "
        "tool, not a medical device; this page is no declaration of conformity.</p></body></html>\n"
    )


def _conditions(conditions: Conditions) -> str:
    now = datetime.now().astimezone()
    rows = {
        "stimulator": conditions.stimulator,
        "when": now.strftime("%Y-%m-%d %H:%M %Z"),
        "program": f"fes-ctrl {__version__}, Python {platform.python_version()}",
        "machine": f"{platform.node()}, {platform.platform()}",
        "command": " ".join(conditions.command),
    }
    desk = conditions.desk
    if desk is not None:
        load = f"{desk.dummy_load_ohm:g} ohm" if desk.dummy_load_ohm else "not said"
        rows |= {
            "dummy load": load,
            "probe": desk.probe or "none",
            "current of trains": f"{desk.current_mA} mA at most",
            "guardian": "yes" if desk.guardian else "no",
            "attended": "yes" if desk.attended else "no",
            **desk.conditions,
        }
    items = [f"<dt>{_text(key)}</dt><dd>{_text(value)}</dd>" for key, value in rows.items()]
    return f"<dl>{''.join(items)}</dl>"


def _section(found: Sequence[Finding], expected: int) -> str:
    name = next((finding.identity for finding in found if finding.identity), "")
    verdict, sentence = verdict_of(found, expected)
    return (
        f"<section><h2>{_text(found[0].row)}: {_text(name or 'it never said who it is')}</h2>"
        f'<p class="verdict {_class(verdict)}">{_text(sentence)}</p><div class="wide"><table>'
        "<tr><th>No.</th><th>It must hold that</th><th>Verdict</th><th>Seen</th><th>ms</th>"
        "<th>allowed</th><th>because of</th><th>source</th></tr>"
        f"{''.join(_row(finding) for finding in found)}</table></div></section>"
    )


def _row(finding: Finding) -> str:
    seen = finding.seen if not finding.note else f"{finding.seen} ({finding.note})"
    return (
        f'<tr><td class="n">{finding.number}</td><td>{_text(finding.title)}</td>'
        f'<td class="v {_class(finding.verdict)}">{finding.verdict}</td><td>{_text(seen)}</td>'
        f'<td class="n">{_ms(finding.ms)}</td><td class="n">{_ms(finding.allowed_ms)}</td>'
        f"<td>{_text(finding.origin)}</td><td>{_text(finding.source)}</td></tr>"
    )


def _ms(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if 0.0 < value < 1.0 else f"{value:.1f}"


def _class(verdict: str) -> str:
    return verdict.replace(" ", "-")


def _text(value: str) -> str:
    return html.escape(value)
