"""The file of a session is read on an even grid, or refused with the place and what to do."""

from pathlib import Path

import numpy as np
import pytest

from fes_ctrl.recordings import RecordingError
from hil.identification.recording import read_session

HEAD = "t_s,stim_mA,ankle_deg"


def written(folder: Path, rows: list[str], head: str = HEAD) -> Path:
    path = folder / "session.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def rows(step_s: float = 0.01, count: int = 50, stim: str = "20") -> list[str]:
    return [f"{k * step_s:.4f},{stim},{-20 + 0.1 * k:.2f}" for k in range(count)]


def test_a_session_is_read_on_an_even_grid_with_its_gap_marked(tmp_path: Path) -> None:
    kept = [row for k, row in enumerate(rows()) if not 20 <= k < 30]
    session = read_session(written(tmp_path, kept))
    assert session.step_s == pytest.approx(0.01)
    assert len(session.ankle_rad) == 50
    assert np.degrees(session.ankle_rad[25]) == pytest.approx(-17.5)
    assert not session.known[25]
    assert session.known[:20].all()


def test_a_narrower_pulse_counts_as_a_weaker_current(tmp_path: Path) -> None:
    head = f"{HEAD},pulse_width_us"
    session = read_session(written(tmp_path, [f"{row},150" for row in rows()], head))
    assert 10.0 < session.stim_mA[0] < 20.0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([], "no session: 0 rows"),
        ([*rows(), "0.30,20,1"], "session.csv:52: t_s goes back from 0.490000 to 0.300000 s"),
        ([*rows(), "0.6,20,nan"], "session.csv:52: column ankle_deg: nan is not a finite number"),
        ([*rows(), "0.6,x,1"], "session.csv:52: column stim_mA: 'x' is not a number"),
        ([*rows(), "0.6,-3,1"], "session.csv:52: stim_mA = -3: below 0"),
        ([*rows(), "0.6,3,400"], "session.csv:52: ankle_deg = 400: no ankle's angle"),
        ([*rows(), "0.6,3"], "session.csv:52: 2 values for 3 columns"),
        (rows(step_s=0.1), "readings every 100 ms; record the ankle at 40 Hz or more"),
        (rows(stim="0"), "no stimulation at all"),
        (rows(stim="0.02"), "stim_mA reaches 0.02: that looks like amperes"),
        (rows(stim="20000"), "stim_mA reaches 20000: that looks like microamperes"),
    ],
)
def test_what_is_wrong_with_a_session_is_said(
    tmp_path: Path, content: list[str], told: str
) -> None:
    with pytest.raises(RecordingError) as error:
        read_session(written(tmp_path, content))
    assert told in str(error.value)


def test_a_missing_column_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    path = written(tmp_path, rows(), "t_s,stim_mA,knee_deg")
    with pytest.raises(RecordingError, match=r"csv:1: no column ankle_deg; .* t_s, stim_mA, knee"):
        read_session(path)
