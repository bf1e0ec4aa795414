"""``fes-ctrl compare`` as a user meets it: tables, JSON, the page, refusals."""

import json
import re
import shutil
from pathlib import Path

import pytest

from helpers.here import fes_ctrl_here
from helpers.runs import kept_walk


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("compare") / "old"
    return str(kept_walk(folder, "standard", "--duration", "16"))


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("compare") / "new"
    words = ("standard", "--duration", "16", "--set", "program.extension_ms=0")
    return str(kept_walk(folder, *words))


def test_it_tells_what_changed_and_what_came_of_it(old: str, new: str) -> None:
    done = fes_ctrl_here("compare", old, new)
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    for word in ("program.extension_ms", "pairs of the same steps", "toe clearance", "less"):
        assert word in told


def test_json_is_one_object_without_nan(old: str, new: str) -> None:
    done = fes_ctrl_here("compare", old, new, "--json")
    told = json.loads(done.stdout, parse_constant=pytest.fail)
    assert told["runs"] == ["old", "new"]
    assert told["same_steps"] == [None, True]
    (change,) = told["configuration"]
    assert (change["key"], change["values"]) == ("program.extension_ms", [100.0, 0])
    charge = next(each for each in told["strides"] if each["measure"] == "charge_uC")
    (difference,) = charge["differences"]
    assert difference["low"] <= difference["mean"] <= difference["high"] < 0
    assert difference["verdict"] == "less"
    figures = {each["name"]: each for each in told["figures"]}
    assert figures["charge.total_mC"]["moved"] == [False, True]
    assert figures["charge.total_mC"]["values"][0] > figures["charge.total_mC"]["values"][1]


def test_the_page_has_a_dot_for_every_stride_of_every_measure_that_varies(
    old: str, new: str, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    done = fes_ctrl_here("compare", old, new, "--json", "--html", str(page))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    text = page.read_text()
    pictures = text.count('<svg class="chart"')
    assert 5 < pictures <= len(told["strides"])
    assert text.count("<circle") == sum(
        sum(each["n"]) for each in told["strides"] if f"{_label(each['measure'])}. old: " in text
    )


def _label(name: str) -> str:
    from fes_ctrl.analysis.per_stride import LABELS

    return LABELS[name]


def test_means_of_pairs_are_of_the_strides_that_both_have_in_text_page_and_json(
    new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    longer = str(kept_walk(tmp_path / "longer", "standard", "--duration", "26"))
    page = tmp_path / "page.html"
    words = ("compare", new, longer)
    told = json.loads(fes_ctrl_here(*words, "--json", "--html", str(page)).stdout)
    text = fes_ctrl_here(*words).stdout
    charge = next(each for each in told["strides"] if each["measure"] == "charge_uC")
    (difference,) = charge["differences"]
    first, second = difference["means"]
    assert second - first == pytest.approx(difference["mean"])
    assert difference["over"] == [charge["n"][0]] * 2
    # What each run amounts to by itself means what it always did.
    assert charge["n"][1] > charge["n"][0]
    assert charge["mean"][1] != pytest.approx(second)
    cells = [f"{first:.4g}", f"{second:.4g}", str(charge["n"][0])]
    row = next(line for line in text.splitlines() if "charge, uC" in line)
    assert [cell.strip() for cell in row.split("│")[2:5]] == cells
    shown = page.read_text()
    begin = shown.index("charge, uC")
    found = re.findall(r"<td[^>]*>([^<]*)</td>", shown[begin : begin + 400])
    assert found[:3] == cells


def test_of_recordings_no_patient_and_no_seed_is_spoken(old: str, new: str, tmp_path: Path) -> None:
    recorded = [replayed(tmp_path, name, 0.8) for name in ("one", "copy")]
    page = tmp_path / "page.html"
    done = fes_ctrl_here("compare", *recorded, "--html", str(page))
    for text in (" ".join(done.stdout.split()), page.read_text()):
        assert "They speak of the steps that were recorded; another walk is other steps." in text
        assert "seeds" not in text
    assert "other seeds are other steps" in " ".join(
        fes_ctrl_here("compare", old, new).stdout.split()
    )


def test_a_page_without_a_common_stride_has_no_empty_section(tmp_path: Path) -> None:
    recorded = [
        replayed(tmp_path, "one", 0.8),
        replayed(tmp_path, "other", 0.8, side="left"),
    ]
    page = tmp_path / "page.html"
    done = fes_ctrl_here("compare", *recorded, "--html", str(page))
    assert done.returncode == 0, done.stderr
    shown = page.read_text()
    assert "Distributions over the strides" not in shown
    assert "a dot a stride" not in shown.lower()
    for text in (" ".join(done.stdout.split()), shown):
        assert "o stride of a leg that was stimulated in all runs is known" in text
        assert "95 % intervals" not in text


def test_one_run_alone_is_refused(old: str) -> None:
    done = fes_ctrl_here("compare", old)
    assert done.returncode == 2
    assert "give at least two" in done.stderr


@pytest.mark.parametrize("name", ["log.jsonl", "summary.json", "strides.csv"])
def test_a_page_is_never_written_over_a_run(name: str, old: str, new: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(new, folder)
    file = folder / name
    before = file.read_bytes()
    for words in (("compare", old), ("explain", "--stride", "4")):
        done = fes_ctrl_here(*words, str(folder), "--html", str(file))
        assert done.returncode == 2
        assert f"--html {file}: that is the run itself; choose another name" in done.stderr
        assert file.read_bytes() == before


def test_a_run_that_is_not_there_is_refused_by_name(old: str, tmp_path: Path) -> None:
    done = fes_ctrl_here("compare", old, str(tmp_path / "gone"))
    assert done.returncode == 2
    assert "gone: no log.jsonl there" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


def replayed(folder: Path, name: str, stance_s: float, side: str = "right") -> str:
    rows = [f"{i / 100:.2f},{int(i / 100 % 1.2 < stance_s)}" for i in range(2000)]
    recording = folder / f"{name}.csv"
    recording.write_text("\n".join([f"t_s,{side}.heel", *rows]) + "\n")
    run = folder / f"of_{name}"
    done = fes_ctrl_here("replay", str(recording), "--out", str(run), "--json")
    assert done.returncode in {0, 1}, done.stderr
    return str(run)


def test_replays_of_two_recordings_say_so_in_text_page_and_json(tmp_path: Path) -> None:
    words = ("compare", replayed(tmp_path, "one", 0.8), replayed(tmp_path, "other", 0.7))
    said = "the recordings differ: of_one is a replay of one.csv, of_other is a replay of other.csv"
    page = tmp_path / "page.html"
    done = fes_ctrl_here(*words, "--html", str(page))
    assert said in " ".join(done.stdout.split())
    assert said in page.read_text()
    told = json.loads(fes_ctrl_here(*words, "--json").stdout)
    assert (told["recordings"], told["input"]) == (["one.csv", "other.csv"], said)


def test_of_unlike_runs_only_what_both_know_is_told(old: str, new: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    replay = replayed(tmp_path, "one", 0.8)
    three = " ".join(fes_ctrl_here("compare", old, new, replay).stdout.split())
    left_out = r"\d+ measures of the right leg left out: not known of both old and of_one"
    assert re.search(left_out, three)
    done = fes_ctrl_here("compare", old, replay, "--html", str(page))
    told = " ".join(done.stdout.split())
    assert "unknown" not in told
    assert "patient.height_m" not in told
    assert re.search(r"\d+ values left out, of what not every run has: patient \(\d+\)", told)
    assert re.search(r"\d+ left out: not known of more than one run", told)
    assert len(done.stdout.splitlines()) < 80
    # A page has room to fold them away.
    assert "patient.height_m" in page.read_text()
    assert "figures that are known of one run only" in page.read_text()


def test_other_patients_are_compared_with_a_warning(old: str, tmp_path: Path) -> None:
    other = kept_walk(tmp_path / "mild", "--patient", "stroke_mild", "--duration", "12")
    done = fes_ctrl_here("compare", old, str(other))
    assert done.returncode == 0
    told = " ".join(done.stdout.split())
    assert "another patient" in told
    assert "no pairs" in told
