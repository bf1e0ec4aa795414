"""A callback that raises on the real loop stops the output and ends the run."""

from dataclasses import replace
from pathlib import Path

import pytest

from fes_ctrl.controller import Controller
from fes_ctrl.runlog.reader import read_log
from hil.scenarios import load_scenario
from hil.simulate_real import simulate_real


def test_a_controller_that_raises_ends_the_walk_with_the_output_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Controller.step
    raised_us: list[int] = []

    def broken(self: Controller, now_us: int, item: object) -> object:
        if now_us > 2_600_000:
            raised_us.append(now_us)
            raise ZeroDivisionError
        return step(self, now_us, item)  # type: ignore[arg-type]

    monkeypatch.setattr(Controller, "step", broken)
    walk = replace(load_scenario("standard").walk, duration_s=30.0)
    log = tmp_path / "log.jsonl"
    with pytest.raises(ZeroDivisionError):
        simulate_real(walk, log)
    records = list(read_log(log))
    assert records[-1]["ended"] == "interrupted"
    pulses_us = [record["now"] for record in records if record["kind"] == "written"]
    assert pulses_us
    assert all(isinstance(t_us, int) and t_us <= raised_us[0] for t_us in pulses_us)
