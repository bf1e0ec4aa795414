"""``identify``: figures with intervals, a patient file, a protocol, one line where it cannot."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.identify import command

FIGURES = {
    "motor_threshold_mA",
    "gain_deg",
    "rise_time_ms",
    "stiffness_Nm_per_deg",
    "fatigue_percent_per_min",
}
BODY = ("--height", "1.75", "--mass", "75")


def identify(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session of a virtual patient, as the command writes it."""
    path = tmp_path_factory.mktemp("identify") / "session.csv"
    result = identify("--simulate", "flaccid", "--out", path)
    assert result.exit_code == 0, result.stderr
    assert f"fes-ctrl identify {path} --height 1.75 --mass 75" in result.stderr
    return path


def test_json_is_one_object_with_every_figure(session: Path) -> None:
    result = identify(session, *BODY, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert set(told["figures"]) == FIGURES
    assert told["unknown"] == {}
    for figure in told["figures"].values():
        assert figure["low"] <= figure["value"] <= figure["high"]
    threshold = told["figures"]["motor_threshold_mA"]
    assert threshold["value"] == pytest.approx(18.0, abs=0.3)  # configs/patients/flaccid.toml
    assert told["reference_mA"] == 40.0
    assert told["releases"] == 10
    assert told["bursts"] == 79


def test_the_table_has_values_intervals_units_and_what_is_missing(session: Path) -> None:
    result = identify(session)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "95 % interval" in lines[0]
    assert lines[1].startswith("motor threshold")
    assert lines[1].endswith("mA")
    assert any(line.startswith("gain at 40 mA") for line in lines)
    assert "not told: stiffness at rest" in lines[-1]
    assert "say --height and --mass" in lines[-1]


def test_equal_seeds_make_equal_sessions_and_others_do_not(session: Path) -> None:
    again = identify("--simulate", "flaccid")
    assert again.stdout == session.read_text()
    assert identify("--simulate", "flaccid", "--seed", 2).stdout != again.stdout


def test_a_patient_file_is_written_that_walks_can_load(session: Path, tmp_path: Path) -> None:
    from hil.scenarios import load_scenario

    out = tmp_path / "anna.toml"
    # Without the body it is quick: the threshold alone.
    result = identify(session, "--out", out, "--json", "--side", "left")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["patient"]["text"] == out.read_text()
    leg = load_scenario("standard", {"patient": str(out)}).walk.patient.leg[0]
    assert leg.side == "left"
    assert leg.electrode.motor_mA == pytest.approx(18.0, abs=0.3)


def test_a_child_is_given_no_more_than_it_tolerates() -> None:
    result = identify("--simulate", "cerebral_palsy_child")
    assert result.exit_code == 0
    currents = {float(row.split(",")[1]) for row in result.stdout.splitlines()[1:]}
    assert max(currents) == 30.0  # configs/patients/cerebral_palsy_child.toml


def test_the_protocol_says_what_to_do_and_at_what_currents() -> None:
    result = identify("--protocol")
    assert result.exit_code == 0
    for words in ("let go at once", "from 6 mA up in steps of 1 mA", "40 mA", "ankle_deg"):
        assert words in result.stdout


def test_a_denervated_patient_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "session.csv"
    assert identify("--simulate", "peroneal_palsy_denervated", "--out", path).exit_code == 0
    result = identify(path)
    assert result.exit_code == 2
    assert "FES needs an intact lower motor neuron" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give a RECORDING, or --protocol, or --simulate PATIENT; one of them"),
        (("x.csv", "--protocol"), "one of them"),
        (("none.csv",), "none.csv: no such file"),
        ((".",), "cannot be read (Is a directory)"),
        (("x.csv", "--height", "1.8"), "moments take both"),
        (("x.csv", "--height", "172", "--mass", "76"), "--height 172: give metres, 0.8 to 2.3"),
        (("x.csv", "--height", "nan", "--mass", "76"), "--height nan: give metres"),
        (("x.csv", "--height", "1.7", "--mass", "7600"), "--mass 7600: give kilograms"),
        (("x.csv", "--rate", "0"), "--rate 0: give pulses per second"),
        (("--simulate", "nobody"), "patient 'nobody' is unknown; choose "),
        (("--simulate", "flaccid", "--seed", "-1"), "--seed -1: give 0 or more"),
        (("--simulate", "flaccid", "--out", "no/such/place.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = identify(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ":1: empty"),
        ("t_s,current,ankle_deg\n0,1,2\n", ":1: no column stim_mA"),
        ("t_s,stim_mA,ankle_deg\n0,0,1\n0.01,0,nan\n", ":3: column ankle_deg: nan"),
        ("t_s,stim_mA,ankle_deg\n1,0,1\n0.5,0,1\n", ":3: t_s goes back"),
        ("t_s,stim_mA,ankle_deg\n0,0,1\n1,20,1\n2,0,1\n", "readings every 1000 ms"),
        ("t_s,stim_mA,ankle_deg\n0,0,1\n0.01,0,1\n", "no stimulation at all"),
        ("t_s,stim_mA,ankle_deg\n0,20,1\n0.01,20,1\n", "no burst of one current"),
    ],
)
def test_a_session_that_cannot_be_used_is_one_line_with_its_place(
    text: str, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "session.csv"
    path.write_text(text)
    result = identify(path)
    assert result.exit_code == 2
    assert f"{path}" in result.stderr
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    result = identify("session.csv")
    assert result.exit_code == 2
    assert "identify needs scipy: pip install 'fes-ctrl[identify]'" in result.stderr
    assert identify("--protocol").exit_code == 0


def test_the_session_itself_is_never_written_over(session: Path) -> None:
    before = session.read_bytes()
    result = identify(session, *BODY, "--out", session)
    assert result.exit_code == 2
    assert f"--out {session}: that is the session itself" in result.stderr
    assert session.read_bytes() == before
