"""What a long command says of how far it is, where nobody watches a bar."""

import pytest

from fes_ctrl.cli import progress


def test_a_line_now_and_then_says_how_far_and_how_long_still(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now_s = 100.0
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now_s)
    advance = progress.lines("walks: {done:.0f} of {total:.0f}", 50, 10)
    for _ in range(6):
        now_s += 5.0
        advance(1)
    # 4 in 20 s, and 36 to go: those that were there already took no time.
    assert capsys.readouterr().err == "walks: 14 of 50, 180 s left\n"


def test_where_nobody_knows_the_total_only_what_is_done_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now_s = 100.0
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now_s)
    advance = progress.lines("proof: {done:.0f} walks", None)
    now_s += 20.0
    advance(3)
    assert capsys.readouterr().err == "proof: 3 walks\n"
