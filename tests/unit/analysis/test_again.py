"""A run summed up by its log: the same as was said while it went on, or nothing."""

from pathlib import Path

import pytest

from fes_ctrl.analysis.again import once_more
from fes_ctrl.analysis.walk import Walk
from fes_ctrl.model import RIGHT
from fes_ctrl.runlog.reader import RunLogError
from hil.scenarios import load_scenario
from hil.simulate import WalkResult, simulate


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[WalkResult, Path]:
    log = tmp_path_factory.mktemp("run") / "log.jsonl"
    return simulate(load_scenario("standard", {"duration_s": 10.0}).walk, "stepper", log), log


def counted(walk: Walk, sha256: str) -> dict[str, object]:
    (leg,) = walk.legs
    return {
        "sha256": sha256,
        "setpoints": leg.setpoints,
        "bursts": [(b.start, tuple(b.setpoints), b.end) for b in leg.bursts],
        "detected": leg.detected,
        "late": leg.written_late_us,
        "skipped": leg.skipped,
        "faults": walk.faults,
        "charge": walk.charge.total_pc,
        "duration": round(walk.duration_us / 1e6),
    }


def again(log: Path) -> dict[str, object]:
    control = load_scenario("standard").walk.control
    result = once_more(log, (RIGHT,), control, (RIGHT,))
    return counted(result.walk, result.setpoints_sha256)


def test_it_amounts_to_what_was_counted_while_it_went_on(walked: tuple[WalkResult, Path]) -> None:
    result, log = walked
    (leg,) = result.walk.legs
    assert leg.setpoints > 100
    # Of the electrode a log says nothing: the charge is what was commanded.
    commanded_pc = sum(s.current_ua * s.width_us for b in leg.bursts for s in b.setpoints)
    expected = counted(result.walk, result.setpoints_sha256)
    assert again(log) == expected | {"charge": commanded_pc, "duration": 10}


def test_a_log_of_which_inputs_are_missing_is_not_summed_up(
    walked: tuple[WalkResult, Path], tmp_path: Path
) -> None:
    lines = walked[1].read_text().splitlines(keepends=True)
    first = next(index for index, line in enumerate(lines) if '"kind":"setpoint"' in line)
    samples = [index for index in range(first) if '"kind":"sample"' in lines[index]]
    holed = tmp_path / "holed.jsonl"
    holed.write_text("".join(lines[: samples[-40]] + lines[samples[-1] + 1 :]))
    with pytest.raises(RunLogError, match=r"holed\.jsonl:\d+: not what its inputs make of it"):
        again(holed)


def test_a_log_that_ends_before_anything_came_amounts_to_nothing(
    walked: tuple[WalkResult, Path], tmp_path: Path
) -> None:
    bare = tmp_path / "bare.jsonl"
    bare.write_text(walked[1].read_text().partition("\n")[0] + "\n")
    told = again(bare)
    assert (told["setpoints"], told["duration"], told["bursts"]) == (0, 0, [])
