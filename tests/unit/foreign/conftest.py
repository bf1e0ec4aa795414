"""Walks of a made-up leg, written the way that loggers and exporters write them."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from fes_ctrl.recordings.foreign import (
    READY,
    Imported,
    Layout,
    by_hand,
    convert,
    own_units,
    read_foreign,
)

Row = tuple[float, ...]


@pytest.fixture(scope="session")
def walk() -> list[Row]:
    """Four seconds at 100 Hz: acceleration in m/s2 and rates in deg/s of a swinging sensor."""
    rows = []
    for row in range(400):
        swing = math.sin(2 * math.pi * row / 100)
        rows.append((2.0 * swing, 0.5, 9.7 + 0.3 * swing, 30.0 * swing, -300.0 * swing, 5.0))
    return rows


Import = Callable[..., Imported]


@pytest.fixture
def imports(tmp_path: Path) -> Import:
    """Import text or bytes by ready maps and assignments, as the command does."""

    def run(
        content: str | bytes,
        *maps: str,
        side: str | None = None,
        site: str | None = None,
        rate_hz: float | None = None,
        trusting: bool = False,
        **units: str,
    ) -> Imported:
        path = tmp_path / "lab.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        text = read_foreign(path)
        written = Layout(by_hand(m for m in maps if "=" in m), own_units()).worn(side, site)
        named = [name for name in maps if "=" not in name]
        layout = written
        if named:
            layout = READY[named[0]](text).worn(side, site).overlaid(written.sources)
        return convert(text, layout.with_units(units), rate_hz=rate_hz, trusting=trusting)

    return run
