"""What-if on real recordings: the burst that moved is found again in the swing it belongs to."""

import json
from pathlib import Path

import pytest

from helpers.here import fes_ctrl_here

EACH_KIND = (
    "gaitmap-left",
    "hmm-H07-1",
    "hmm-P03-1",
    "hmm-P05-2",
    "pd-GaCo02_01-left",
    "pd-SiPt10_01-left",
)
"""A foot IMU and a force under the heel; healthy, after a stroke, with Parkinson's disease."""


@pytest.mark.parametrize("name", EACH_KIND)
def test_a_later_and_shorter_program_is_paired_and_held_against_the_reference(
    gait: Path, tmp_path: Path, name: str
) -> None:
    done = fes_ctrl_here(
        *("replay", str(gait / f"{name}.csv.gz"), "--against", "standard", "--json"),
        *("--set", "program.delay_ms=60", "--set", "program.time_out_ms=900"),
        *("--index", str(gait / "recordings.csv"), "--out", str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["whatif"]
    assert told["reference"]["found"] == "beside the recording"
    (leg,) = told["legs"].values()
    (channel,) = leg["channels"]
    totals, timing = channel["totals"], channel["timing"]
    assert leg["told_by"] == "reference"
    assert len(leg["strides"]) > 20
    # A burst that waits for the end of a lock-out does not wait the whole 60 ms longer.
    assert 50.0 < totals["onset_ms"]["median"] <= 60.0
    assert totals["paired"] >= 0.95 * totals["old"]["bursts"]
    assert totals["charge_percent"] < 0.0
    for side in ("old", "new"):
        assert timing[side]["swings"] > 20
        assert timing[side]["missed_swings"] <= 0.1 * timing[side]["swings"]
    shift_ms = timing["new"]["onset_ms"]["median"] - timing["old"]["onset_ms"]["median"]
    assert shift_ms == pytest.approx(totals["onset_ms"]["median"], abs=15.0)
    page = (tmp_path / "whatif.html").read_text()
    assert page.count("<title>stride ") == len(leg["strides"])
