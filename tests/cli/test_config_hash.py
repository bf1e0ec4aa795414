"""One run has one hash of its configuration, wherever it is stated."""

import json
from pathlib import Path

from click.testing import CliRunner

from fes_ctrl import __version__
from fes_ctrl.analysis.run import read_run
from fes_ctrl.cli.config import command as config
from fes_ctrl.cli.replay import command as replay
from helpers.runs import config_hashes, kept_walk


def test_a_walk_states_one_hash_and_config_show_the_same(tmp_path: Path) -> None:
    words = ("late_onset", "--set", "program.rise_ms=150", "--duration", "4")
    folder = kept_walk(tmp_path / "walk", *words)
    found = config_hashes(folder)
    # Shown by the same words; it has no --duration, so the key stands in for it.
    shown = CliRunner().invoke(config, ["show", *words[:3], "--set", "walk.duration_s=4", "--json"])
    assert set(found.values()) == {json.loads(shown.stdout)["config_sha256"]}, found


def test_so_does_a_walk_on_the_real_clock(tmp_path: Path) -> None:
    words = ("standard", "--duration", "2", "--clock", "real")
    found = config_hashes(kept_walk(tmp_path / "walk", *words))
    assert len(set(found.values())) == 1, found


def test_so_does_a_replay_and_its_log_says_which_version_made_it(tmp_path: Path) -> None:
    recording = tmp_path / "one.csv"
    rows = [f"{i / 100:.2f},{int(i / 100 % 1.2 < 0.7)}" for i in range(400)]
    recording.write_text("\n".join(["t_s,right.heel", *rows]) + "\n")
    out = tmp_path / "replay"
    done = CliRunner().invoke(replay, [str(recording), "--out", str(out), "--json"])
    assert done.exception is None or done.exit_code == 1, done.output
    found = config_hashes(out)
    assert len(set(found.values())) == 1, found
    assert read_run(out).header["versions"] == {"fes_ctrl": __version__}
