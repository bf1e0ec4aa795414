"""A recording of even steps on heel switches: when each heel is down is known to the sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

STRIDE = 1.2
SWING = 0.5
FIRST = {"left": 3.0, "right": 3.6}
"""When the first heel leaves; until then both are down."""

BRIEF = "t_s,event\n"


@dataclass(frozen=True)
class HeelWalk:
    """What was written.

    Attributes
    ----------
    path : Path
        The recording.
    swings : dict of str to list of (float, float)
        Heel-off and contact of each whole swing, seconds, by side.
    """

    path: Path
    swings: dict[str, list[tuple[float, float]]]


def heel_walk(
    path: Path,
    seconds: float = 16.0,
    sides: Sequence[str] = ("left",),
    stim: tuple[float, float, float] | None = None,
) -> HeelWalk:
    """Write a recording of 100 rows a second.

    Parameters
    ----------
    path : Path
        Where to.
    seconds : float
        How long.
    sides : sequence of str
        Which feet wear a switch.
    stim : (float, float, float) or None
        A column ``stim_mA``: from so long after the first side's heel-off to so long after its
        contact, and how strong.
    """
    steps = {side: _swings(side, seconds) for side in sides}
    columns = ["heel"] if len(sides) == 1 else [f"{side}.heel" for side in sides]
    lines = [",".join(["t_s", *columns, *(["stim_mA"] if stim else [])])]
    for row in range(round(seconds * 100)):
        t = row / 100
        cells = [
            "0" if any(off <= t < contact for off, contact in steps[side]) else "1"
            for side in sides
        ]
        if stim:
            after, beyond, current = stim
            on = any(off + after <= t < contact + beyond for off, contact in steps[sides[0]])
            cells.append(f"{current if on else 0:g}")
        lines.append(",".join([f"{t:.2f}", *cells]))
    path.write_text("\n".join(lines) + "\n")
    whole = {side: [s for s in steps[side] if s[1] < seconds] for side in sides}
    return HeelWalk(path, whole)


def write_events(walk: HeelWalk, path: Path, begin: str = "ho") -> Path:
    """Write the swings of a walk as reference events; their sides where there are two."""
    named = len(walk.swings) > 1
    rows = sorted(
        (t, kind, side)
        for side, swings in walk.swings.items()
        for swing in swings
        for t, kind in zip(swing, (begin, "ic"), strict=True)
    )
    head = "t_s,event,leg\n" if named else BRIEF
    path.write_text(
        head
        + "".join(f"{t:.3f},{kind}" + (f",{side}\n" if named else "\n") for t, kind, side in rows)
    )
    return path


def _swings(side: str, seconds: float) -> list[tuple[float, float]]:
    count = int((seconds - FIRST[side]) / STRIDE) + 1
    begins = [round(FIRST[side] + k * STRIDE, 2) for k in range(max(0, count))]
    return [(begin, round(begin + SWING, 2)) for begin in begins]
