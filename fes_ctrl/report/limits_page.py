"""The reference page of the limits, from the classes and tables that hold them."""

from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.safety.limit_rows import HIGHER, ROWS, LimitRow
from fes_ctrl.safety.refusals import (
    REFUSAL_WINDOW_US,
    REFUSALS,
    REFUSALS_TO_LATCH,
    Refusal,
)
from fes_ctrl.safety.refusals import ROWS as REASONS

HEAD = """\
# Limits

<!-- Made by `python tools/limits_page.py`; a test compares it with the classes. -->

Of the absolute caps, the limits file (`configs/limits/`, `--limits`) and what is narrowed in a
running walk the narrowest holds. No file and no input exceeds a cap: a file that tries is refused
with key and line, exit code 2. A running walk can only narrow, by the input
`ParameterChange(t, ALL_LEGS, "limits.KEY", value)`; what would widen is refused and the log says
why. `fes-ctrl limits` prints what is in force and where each value comes from; `fes-ctrl limits
--table` the output table, integrated from what the simulated device emits.

Windows are exact and in the setpoints' own time, not a count of messages: every second that ends
with a pulse, and every ten. Each channel is counted by itself; dose and session are those of a
stimulator. This is a research and bench tool, not a medical device.

`[S]`: the source was read. `[K]`: known from a standard or manual whose text was not at hand.
`[P]`: a choice of this project.

| key | default | cap | what it limits | beyond it | source |
| --- | --- | --- | --- | --- | --- |
"""

RISE = """
## How a burst may rise

A burst begins at `start_mA` at most, about the motor threshold: below it a ramp does nothing. From
there it may rise in a straight line, so that it reaches the last burst's peak after `ramp_min_ms`
and no sooner; after that it may be `level_step_mA` stronger than the last burst. The first burst
after arming, a fault, a pause, a level of zero or a disarm stays at `start_mA` or below. What is
asked for beyond this is given at the highest current that is allowed, rounded down to the device's
steps; the log has a `decision` with the verdict `clip` for each such pulse, and the summary counts
them under `safety.clipped`. Nothing else is ever clipped.

## What a refusal does

The first reason that is found is told. A refusal that *ends the burst* takes the rest of it along.
"""


def limits_page() -> str:
    """Return the page as Markdown."""
    defaults = LimitsConfig()
    lines = [_row(row, getattr(defaults, row.key)) for row in ROWS]
    reasons = [_reason(row) for row in REASONS]
    many = (
        f"{REFUSALS_TO_LATCH} bursts ended by refusals within {REFUSAL_WINDOW_US // 1_000_000} s "
        f"latch F33 ({BY_ID['F33'].name}): the device is stopped and disarmed, and a person has to "
        "clear the latch and arm again. Stalls are not counted: silence of a sensor or of the "
        "device has faults of its own. A walk and a replay with a refused setpoint fail, but for "
        "stalls; `safety.refused` counts them by reason."
    )
    columns = ("reason", "because", "ends the burst", "latches", "the walk")
    table = f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}\n"
    return "".join([HEAD, *lines, RISE, "\n", table, *reasons, "\n", many, "\n"])


def _row(row: LimitRow, default: float) -> str:
    cap = f"{row.cap:g}"
    if row.narrower == HIGHER:
        cap = f"at least {cap}"
    return (
        f"| `{row.key}` | {default:g} | {cap} | {row.meaning} | {_held_by(row)} | {row.source} |\n"
    )


def _held_by(row: LimitRow) -> str:
    if row.held_by in REFUSALS:
        clipped = " (clipped)" if REFUSALS[row.held_by].clips else ""
        return f"`{row.held_by}`{clipped}"
    if row.held_by in BY_ID:
        return f"{row.held_by}, {BY_ID[row.held_by].name}"
    return "refused before the start"


def _reason(row: Refusal) -> str:
    ends = "yes" if row.ends_burst else "no"
    verdict = "may pass" if row.stall else "fails"
    if row.clips:
        ends, verdict = "if nothing is left after clipping", "may pass if clipped"
    return f"| `{row.reason}` | {row.meaning} | {ends} | {row.latches or '-'} | {verdict} |\n"
