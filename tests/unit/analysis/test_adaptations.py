"""What a program learnt is told in figures and in words, and nothing where none learns."""

import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from fes_ctrl.analysis.adaptations import frozen_by, in_force, kind_of, stride_of
from fes_ctrl.analysis.explain import explain, strides_of
from fes_ctrl.analysis.figures import figures_of_walk, tolerance_of
from fes_ctrl.analysis.run import Run, read_run
from fes_ctrl.analysis.story import BURST, LEARNING, RULE, Moment
from fes_ctrl.analysis.walk import Burst, LegWalk
from fes_ctrl.cli.replay import command as replay
from fes_ctrl.learning import NOT_SEEN
from fes_ctrl.model import LEFT, Adaptation, BurstStart, StateChange
from fes_ctrl.report.run_page import run_page
from helpers.runs import kept_walk
from hil.baseline import differences


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("learnt") / "run"
    return read_run(kept_walk(folder, "adaptive", "--duration", "15"))


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("fixed") / "run"
    return read_run(kept_walk(folder, "standard", "--duration", "6"))


def told(t_us: int, verdict: str = "learnt", reason: str = "", share: float = 0.5) -> Adaptation:
    return Adaptation(t_us, LEFT, verdict, reason, -23.0, 12.0, 400.0, share, 20_000, 10_000, 6_000)


# -- in figures -----------------------------------------------------------------------------------


def test_the_summary_tells_what_the_log_does(learnt: Run) -> None:
    assert learnt.summary is not None
    figures = learnt.summary["legs"]["left"]["adaptation"]
    records = learnt.adaptations
    found = Counter(each.verdict for each in records)
    assert found["learnt"] > 3
    assert found["frozen"] >= 1
    assert figures["strides"] == {
        name: found[name] for name in ("learnt", "held", "frozen", "reverted")
    }
    assert figures["frozen"] == {"the level was changed": found["frozen"]}
    assert figures["share"]["first"] == 0.05, "the scenario's start, while the level rises"
    assert figures["share"]["last"] == pytest.approx(records[-1].share, abs=1e-4)
    assert figures["share"]["first"] < figures["share"]["median"] <= figures["share"]["last"] * 1.5
    assert figures["sooner_ms"] == records[-1].sooner_us / 1000 > 0.0
    assert figures["shorter_ms"] == records[-1].shorter_us / 1000 > 0.0


def test_every_figure_of_learning_has_a_tolerance(learnt: Run) -> None:
    assert learnt.summary is not None
    figures = figures_of_walk(learnt.summary)
    learning = [name for name in figures if ".adaptation." in name]
    assert len(learning) >= 10
    assert [name for name in learning if tolerance_of(name, figures[name]) is None] == []


def test_a_summary_of_before_is_no_other_than_one_without_learning(fixed: Run) -> None:
    assert fixed.summary is not None
    assert fixed.summary["legs"]["right"]["adaptation"] is None
    before = json.loads(json.dumps(fixed.summary))
    del before["legs"]["right"]["adaptation"]
    assert differences(fixed.summary, before) == []


def test_a_walk_that_learns_has_moved_from_one_that_did_not(learnt: Run) -> None:
    assert learnt.summary is not None
    before = json.loads(json.dumps(learnt.summary))
    before["legs"]["left"]["adaptation"] = None
    assert any("adaptation.share.last" in each for each in differences(learnt.summary, before))


def test_reasons_are_counted_without_their_numbers() -> None:
    records = [
        told(1, "frozen", "it landed +8 deg off what was to be expected"),
        told(2, "frozen", "it landed -11 deg off what was to be expected"),
        told(3, "learnt", "all that may be given leaves 4.2 deg wanting"),
        told(4, "reverted", "21 strides that teach nothing: it turned"),
        told(5, "frozen", "its foot went ahead -41 % off the usual"),
    ]
    assert frozen_by(records) == {
        "it landed n deg off what was to be expected": 2,
        "it turned": 1,
        "its foot went ahead n % off the usual": 1,
    }
    assert kind_of("a gap of 120 ms") == "a gap of n ms"


# -- by stride ------------------------------------------------------------------------------------


def test_a_record_is_about_the_stride_that_ended_before_it() -> None:
    ends_us = [1_000_000, 2_000_000, 3_000_000]
    leg = LegWalk(LEFT)
    assert stride_of(told(999_999), ends_us, leg) is None
    assert stride_of(told(2_150_000), ends_us, leg) == 1


def test_a_stride_that_was_not_seen_is_told_of_when_the_next_burst_ends() -> None:
    ends_us = [1_000_000, 2_000_000, 3_000_000]
    leg = LegWalk(LEFT, bursts=[Burst(BurstStart(2_500_000, LEFT, 0, "ho", 2_500_000, 20_000))])
    assert stride_of(told(3_200_000, "frozen", NOT_SEEN), ends_us, leg) == 1
    again = told(3_200_000, "reverted", f"21 strides that teach nothing: {NOT_SEEN}")
    assert stride_of(again, ends_us, leg) == 1
    assert stride_of(told(3_200_000), ends_us, leg) == 2


def test_what_was_learnt_is_forgotten_when_it_is_armed_anew() -> None:
    records = [told(1_000_000, share=0.3), told(2_000_000, share=0.4)]
    armed = StateChange(2_500_000, True, 0, "device ready")
    assert in_force(1_000_000, records, [], 0.6) == (0.6, 0, 0, 0)
    assert in_force(2_400_000, records, [armed], 0.6) == (0.4, 20_000, 10_000, 6_000)
    assert in_force(2_600_000, records, [armed], 0.6) == (0.6, 0, 0, 0)


def test_a_replay_tells_what_the_program_would_have_learnt(learnt: Run, tmp_path: Path) -> None:
    names = [f"left.foot.{kind}_{axis}" for kind in ("acc", "gyr") for axis in "xyz"]
    rows = [",".join(["t_s", *names])]
    rows += [
        ",".join([f"{sample.t_meas_us / 1e6:.4f}", *map(str, sample.values)])
        for sample in learnt.samples[LEFT, "foot_imu"]
    ]
    file = tmp_path / "walk.csv"
    file.write_text("\n".join(rows) + "\n")
    adapted = {}
    for program in ("adaptive", "standard"):
        done = CliRunner().invoke(replay, [str(file), "--program", program, "--json"])
        assert done.exit_code in {0, 1}, done.output
        adapted[program] = json.loads(done.stdout)["legs"]["left"]["adaptation"]
    assert adapted["standard"] is None
    assert sum(adapted["adaptive"]["strides"].values()) > 3


# -- in words -------------------------------------------------------------------------------------


def moments(run: Run, number: int) -> tuple[Moment, ...]:
    return explain(run, LEFT, number).moments


def test_each_record_is_a_moment_of_one_stride(learnt: Run) -> None:
    said = [
        moment.t_us
        for stride in strides_of(learnt, LEFT).strides
        for moment in moments(learnt, stride.number)
        if moment.stage == LEARNING
    ]
    assert said == [each.t_us for each in learnt.adaptations]


def test_a_moment_tells_what_was_measured_and_given_and_the_lines_behind(learnt: Run) -> None:
    told_of = next(each for each in learnt.adaptations if each.verdict == "learnt")
    ends_us = [each.to_us for each in strides_of(learnt, LEFT).strides if each.finished]
    index = stride_of(told_of, ends_us, learnt.walk.legs[0])
    assert index is not None
    (moment,) = [each for each in moments(learnt, index + 1) if each.stage == LEARNING]
    assert f"pitch at contact {told_of.contact_deg:.1f} deg (12 wanted)" in moment.text
    assert f"given {100 * told_of.share:.1f} % of the plateau" in moment.text
    assert "it was 5.0 % of the plateau" in moment.text
    lines = {line.key: str(line) for line in moment.lines}
    assert "configs/programs/adaptive.toml" in lines["program.adaptive.contact_deg"]
    assert "program.adaptive.step_mA" in lines


def test_a_frozen_stride_says_why(learnt: Run) -> None:
    (moment,) = [each for each in moments(learnt, 3) if each.stage == LEARNING]
    assert "frozen, nothing is learnt: the level was changed" in moment.text
    assert "given the same: 5.0 % of the plateau" in moment.text


def test_a_burst_is_told_with_the_share_and_the_fall_that_were_learnt(learnt: Run) -> None:
    last = strides_of(learnt, LEFT).strides[-2].number
    said = moments(learnt, last)
    burst = next(each for each in said if each.stage == BURST and each.facts)
    taken = in_force(burst.t_us, learnt.adaptations, learnt.states, 0.05)
    assert f"learnt share {100 * taken.share:.1f} %" in burst.text
    assert burst.facts["set_mA"] == pytest.approx(18.0 + taken.share * 42.0, abs=0.5)
    assert taken.sooner_us > 0
    left_ms = 100.0 - taken.sooner_us / 1000
    fall = next(each for each in said if each.stage == RULE and "the fall begins" in each.text)
    assert f"{left_ms:.1f} ms after initial contact" in fall.text


def test_a_fixed_program_is_explained_without_a_word_of_learning(fixed: Run) -> None:
    said = [m for n in (2, 3) for m in explain(fixed, fixed.walk.legs[0].leg, n).moments]
    assert all("learnt" not in moment.text for moment in said)
    assert all("adaptive" not in line.key for moment in said for line in moment.lines)


# -- on the page ----------------------------------------------------------------------------------


def test_the_page_has_the_course_of_learning_and_why_strides_were_frozen(learnt: Run) -> None:
    page = run_page(learnt)
    frozen = sum(each.verdict == "frozen" for each in learnt.adaptations)
    assert f"Frozen: {frozen} of {len(learnt.adaptations)} strides" in page
    for title in ("Share of the plateau", "Pitch at contact", "Pitch in mid-swing"):
        assert f'aria-label="{title}' in page
    assert "wanted between 12 and 12" in page
    assert "wanted between -23 and -23" in page


def test_the_page_of_a_fixed_program_has_no_such_section(fixed: Run) -> None:
    assert 'id="learning"' not in run_page(fixed)


def test_a_killed_run_tells_of_learning_as_far_as_its_log_goes(learnt: Run, tmp_path: Path) -> None:
    log = (learnt.folder / "log.jsonl").read_bytes()
    (tmp_path / "log.jsonl").write_bytes(log[: len(log) * 2 // 3])
    killed = read_run(tmp_path)
    count = len(killed.adaptations)
    assert 0 < count < len(learnt.adaptations)
    assert f"of {count} strides" in run_page(killed)
