"""What is wrong with a file is told with key, file and line; with an option, by the option."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.files import find
from fes_ctrl.config.layers import Layers, Source
from fes_ctrl.gait import DetectorConfig
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.stim.config import ProgramConfig, SetupConfig

SECTIONS = {"program": ProgramConfig, "setup": SetupConfig, "limits": LimitsConfig}
DETECTOR = {"detector": DetectorConfig}


def load(section: str, path: Path, sections: Mapping[str, type] = SECTIONS) -> object:
    layers = Layers(sections)
    layers.load(section, str(path))
    return layers.get(section)


def refusal_of(path: Path, text: str | bytes, section: str = "program") -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as caught:
        load(section, path)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("lines", "line", "told"),
    [
        (["delay_ms = nan"], 2, "program.delay_ms = nan: must be a finite number"),
        (["rise_ms = 1", "delay_ms = -inf"], 3, "program.delay_ms = -inf: must be a finite"),
        (['delay_ms = "5"'], 2, 'program.delay_ms = "5": must be a number'),
        (["delay_ms = true"], 2, "program.delay_ms = true: must be a number"),
        (["delay_ms = [5]"], 2, "program.delay_ms = [5]: must be a number"),
        (["delay_ms = 1979-05-27"], 2, "program.delay_ms = 1979-05-27: must be a number"),
        (["delay_ms = { a = 1 }"], 2, "program.delay_ms = {a = 1}: must be a number"),
        (["trigger = 3"], 2, "program.trigger = 3: must be 'heel_off', "),
        (['trigger = "heel"'], 2, "program.trigger = \"heel\": must be 'heel_off', "),
        (["delay_ms = 2000.1"], 2, "program.delay_ms = 2000.1: must be at most 2000"),
        (["delay_ms = -1"], 2, "program.delay_ms = -1: must be at least 0"),
        (["channel = []"], 2, "program.channel = []: must have at least 1, not 0"),
        (["channel = 3"], 2, "program.channel = 3: must be an array of tables"),
        (["channel = [3]"], 2, "program.channel.0 = 3: must be a table"),
        (["delay = 5"], 2, "program.delay: unknown key; did you mean delay_ms?"),
        (["delya_ms = 5"], 2, "program.delya_ms: unknown key; did you mean delay_ms?"),
        (["delay_us = 150"], 2, "unknown key; it is given in milliseconds, as delay_ms"),
        (["delay_s = 0.15"], 2, "unknown key; it is given in milliseconds, as delay_ms"),
        (['delay_ms = "150 ms"'], 2, "a number and no more; delay_ms is in milliseconds"),
        (['"a b" = 5'], 2, 'program."a b": unknown key; known are trigger, '),
        (
            ["[[program.channel]]", "rate_hz = 30", "[[program.channel]]", "rate_hz = 101"],
            5,
            "program.channel.1.rate_hz = 101: must be at most 100",
        ),
        (
            ["[[program.channel]]", "channel = 1.0"],
            3,
            "program.channel.0.channel = 1.0: must be a whole number",
        ),
        (["[[program.channel]]", "current_mA = 0"], 3, "must be above 0"),
        (["channel = [", "  {},", "  { rate_hz = nan },", "]"], 5, "program.channel.1.rate_hz"),
        (["delay_ms = 5", "rise_ms = 1", "delay_ms = 6"], 4, "cannot overwrite a value"),
        (["delay_ms = 5", "[program]"], 3, "cannot declare"),
        (["rise_ms = 1", "delay_ms ="], 3, "invalid value"),
        (["delay_ms = 5 ms"], 2, "expected newline or end of document"),
        (["delay_ms = [1,", "2", "rise_ms = 3"], 2, "unclosed array"),
        (["rise_ms = 1", 'standing = """x', "delay_ms = 5"], 3, "unterminated string"),
        (["[setup]"], 2, "setup: not part of a program file"),
    ],
)
def test_the_key_the_file_and_the_line_are_told(
    tmp_path: Path, lines: list[str], line: int, told: str
) -> None:
    path = tmp_path / "mine.toml"
    message = refusal_of(path, "\n".join(["[program]", *lines]) + "\n")
    assert told in message
    assert f"({path}:{line})" in message


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("still_deg_per_s", "did you mean still_dps?"),
        ("still_s", "it is given in milliseconds, as still_ms"),
        ("still_us", "it is given in milliseconds, as still_ms"),
    ],
)
def test_of_keys_with_one_name_in_two_units_that_of_the_same_quantity_is_told(
    tmp_path: Path, key: str, told: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"[detector.foot_imu]\n{key} = 150\n")
    with pytest.raises(ConfigError) as caught:
        load("detector", path, DETECTOR)
    assert f"detector.foot_imu.{key}: unknown key; {told} (" in str(caught.value)


def test_windows_line_ends_do_not_move_the_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    message = refusal_of(path, "[program]\r\nrise_ms = 1\r\ndelay_ms = nan\r\n")
    assert f"({path}:3)" in message


def test_a_separator_that_toml_does_not_know_does_not_move_the_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    message = refusal_of(path, "[program]\n# one\u2028line\u0085only\ndelay_ms = nan\n")
    assert f"({path}:3)" in message


def test_values_that_do_not_go_together_are_told_with_their_table(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    message = refusal_of(path, "[setup]\n[setup.calf]\nmotor_mA = 70\n", "setup")
    assert "setup.calf: sensory_mA 10, motor_mA 70 and tolerated_mA 60 must rise" in message
    assert f"({path}:3)" in message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[program]\nstanding = '\xff'\n", "not UTF-8 text"),
        (b"x = " + b"[" * 20_000, "nested too deeply"),
        (b"[program]\ndelay_ms = " + b"9" * 5000, "a number too long"),
        (b"program = 3\n", "program: must be a table"),
    ],
)
def test_a_file_that_is_no_configuration_is_named(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "mine.toml"
    message = refusal_of(path, content)
    assert told in message
    assert str(path) in message


def test_a_large_table_of_numbers_is_refused_at_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    message = refusal_of(path, "t_s,heel\n" + "0.01,1\n" * 200_000)
    assert f"({path}:1)" in message


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (
            "nobody",
            "program 'nobody' is unknown; choose adaptive, standard, standard_25_hz, or give a "
            ".toml file",
        ),
        ("", "program '' is unknown"),
        ("./nothing.toml", "program file './nothing.toml' does not exist; give a .toml file"),
        ("/", "program file '/' is a folder"),
        ("/dev/null", "program file '/dev/null' is no ordinary file"),
        ("x" * 5000, "File name too long"),
        ("x/" * 5000, "File name too long"),
    ],
)
def test_a_file_or_name_that_there_is_not_is_told_with_the_names_there_are(
    value: str, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        find("program", value)
    assert told in str(caught.value)


def test_a_name_that_a_file_gave_is_told_with_the_place() -> None:
    with pytest.raises(ConfigError, match=r"'nobody' is unknown.* \(mine\.toml:4\)$"):
        Layers(SECTIONS).load("program", "nobody", "mine.toml:4")


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("program.delay_ms=nan", "program.delay_ms = nan: must be a finite number"),
        ("program.delay_ms=1e999", "program.delay_ms = inf: must be a finite number"),
        ("program.delay_ms=", 'program.delay_ms = "": must be a number'),
        ("program.delay_ms=150 ms", "delay_ms is in milliseconds"),
        ("program.delay_s=0.1", "as delay_ms"),
        ("program.delay_ms=5000", "must be at most 2000"),
        ("program.delay_ms=5\nrise_ms=3", "must be a number"),
        ("program.channel.0.rate_hz=500", "program.channel.0.rate_hz = 500: must be at most 100"),
        ("program.channel.1.rate_hz=50", "'1' is no index; there are 1, counted from 0"),
        ("program.channel.-1.rate_hz=50", "'-1' is no index"),
        ("program.channel.²=5", "'²' is no index"),
        ("program.delay_ms.x=5", "program.delay_ms"),
        ("program.rise.x=5", "program.rise: unknown key; did you mean rise_ms?"),
        ("program=5", "write SECTION.KEY=VALUE"),
        ("program.delay_ms", "write SECTION.KEY=VALUE"),
        ("program..delay_ms=5", "write SECTION.KEY=VALUE"),
        ("progam.delay_ms=5", "no section 'progam'"),
        ("limits.current_mA=100", "limits come from files only"),
    ],
)
def test_what_is_wrong_with_an_option_is_told_by_the_option(option: str, told: str) -> None:
    layers = Layers(SECTIONS)
    before = layers.effective()
    with pytest.raises(ConfigError) as caught:
        layers.set(option)
    assert told in str(caught.value)
    assert f"--set {option}" in str(caught.value)
    assert layers.effective() == before


def test_an_unknown_section_of_a_file_is_told_with_its_line() -> None:
    text = "[program]\n\n[progam]\nx = 1\n"
    with pytest.raises(ConfigError, match=r"progam: no section.*known are.* \(mine\.toml:3\)"):
        Layers(SECTIONS).take("progam", {"x": 1}, Source("mine.toml", text))
