"""Later layers win, each value knows where it is from, and only values count in the hash."""

from pathlib import Path

import pytest

from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.files import configs_folder
from fes_ctrl.config.layers import Layers, Source, sha256_of
from fes_ctrl.gait import DetectorConfig
from fes_ctrl.runtime.operator import OperatorConfig
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.stim.config import ChannelConfig, ProgramConfig, SetupConfig
from fes_ctrl.stimulators.config import StimulatorConfig

SECTIONS = {
    "program": ProgramConfig,
    "setup": SetupConfig,
    "stimulator": StimulatorConfig,
    "limits": LimitsConfig,
    "detector": DetectorConfig,
    "operator": OperatorConfig,
}


@pytest.fixture
def layers() -> Layers:
    return Layers(SECTIONS)


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_without_any_layer_the_defaults_hold(layers: Layers) -> None:
    assert layers.get("program") == ProgramConfig()
    assert layers.origin(("program", "delay_ms")) == "default"


def test_an_option_wins_over_a_scenario_and_that_over_a_file(
    layers: Layers, tmp_path: Path
) -> None:
    file = write(tmp_path / "p.toml", "[program]\ndelay_ms = 1\nrise_ms = 1\nfall_ms = 1\n")
    layers.load("program", file)
    scenario = Source("s.toml", "[program]\ndelay_ms = 2\nrise_ms = 2\n")
    layers.take("program", {"delay_ms": 2, "rise_ms": 2}, scenario)
    layers.set("program.delay_ms=3")
    program = layers.get("program")
    assert (program.delay_ms, program.rise_ms, program.fall_ms) == (3, 2, 1)
    assert layers.origin(("program", "delay_ms")) == "--set program.delay_ms=3"
    assert layers.origin(("program", "rise_ms")) == "s.toml:3"
    assert layers.origin(("program", "fall_ms")) == f"{file}:4"
    assert layers.origin(("program", "min_on_ms")) == "default"


def test_a_table_keeps_what_a_later_layer_does_not_name(layers: Layers, tmp_path: Path) -> None:
    file = write(tmp_path / "s.toml", "[setup.calf]\nmotor_mA = 15\n")
    layers.load("setup", file)
    layers.take("setup", {"calf": {"tolerated_mA": 40}}, Source("s.toml", "x = 1"))
    assert layers.get("setup").calf.motor_mA == 15
    assert layers.get("setup").calf.tolerated_mA == 40


def test_an_array_that_is_replaced_takes_its_origins_along(layers: Layers, tmp_path: Path) -> None:
    file = write(tmp_path / "p.toml", "[program]\n[[program.channel]]\nrate_hz = 30\n")
    layers.load("program", file)
    assert layers.origin(("program", "channel", 0, "rate_hz")) == f"{file}:3"
    layers.take("program", {"channel": [{"current_mA": 40}]}, Source("s.toml"))
    assert layers.get("program").channel == (ChannelConfig(current_mA=40),)
    assert layers.origin(("program", "channel", 0, "current_mA")) == "s.toml"
    assert layers.origin(("program", "channel", 0, "rate_hz")) == "default"


def test_an_option_reaches_one_element_of_an_array(layers: Layers) -> None:
    layers.set("program.channel.0.pulse_width_us=250")
    layers.set("operator.level_percent.1=45")
    layers.set("program.channel.0.muscle=evertors")
    assert layers.get("program").channel == (ChannelConfig("evertors", pulse_width_us=250),)
    assert layers.get("operator").level_percent == (20, 45, 60, 80, 100)


def test_an_option_replaces_a_whole_array(layers: Layers) -> None:
    layers.set("operator.level_percent=[50, 100]")
    assert layers.get("operator").level_percent == (50, 100)
    assert layers.origin(("operator", "level_percent")) == "--set operator.level_percent=[50, 100]"


def test_values_may_disagree_until_the_last_layer_is_there(layers: Layers) -> None:
    layers.set("detector.heel.on_N=15")
    with pytest.raises(ConfigError, match=r"off_N 20 must lie below on_N 15 \(--set detector"):
        layers.get("detector")
    layers.set("detector.heel.off_N=10")
    assert layers.get("detector").heel.on_N == 15


def test_the_latest_of_values_that_disagree_is_named(layers: Layers, tmp_path: Path) -> None:
    file = write(tmp_path / "s.toml", "[setup.calf]\nmotor_mA = 15\ntolerated_mA = 40\n")
    layers.load("setup", file)
    layers.set("setup.calf.tolerated_mA=12")
    with pytest.raises(ConfigError, match=r"\(--set setup\.calf\.tolerated_mA=12\)"):
        layers.get("setup")


def test_the_hash_is_of_the_values_however_they_were_given(layers: Layers) -> None:
    other = Layers(SECTIONS)
    layers.take("program", {"delay_ms": 50, "rise_ms": 200}, Source("a.toml"))
    other.set("program.delay_ms=50.0")
    assert sha256_of(layers.effective()) == sha256_of(other.effective())
    other.set("program.delay_ms=50.5")
    assert sha256_of(layers.effective()) != sha256_of(other.effective())


@pytest.mark.parametrize(
    ("section", "name", "default"),
    [
        ("program", "standard", ProgramConfig()),
        ("setup", "standard", SetupConfig()),
        ("limits", "bench", LimitsConfig()),
        ("stimulator", "p24", StimulatorConfig()),
    ],
)
def test_a_standard_file_spells_out_the_defaults(
    layers: Layers, section: str, name: str, default: object
) -> None:
    layers.load(section, name)
    assert layers.get(section) == default


def test_the_standard_program_is_the_one_that_is_promised(layers: Layers) -> None:
    layers.load("program", "standard")
    assert layers.get("program") == ProgramConfig(
        trigger="heel_off",
        trigger_side="same",
        delay_ms=0,
        rise_ms=200,
        end="initial_contact",
        extension_ms=100,
        fall_ms=150,
        time_out_ms=1800,
        min_on_ms=200,
        lock_out_ms=200,
        standing="inhibit",
        channel=(
            ChannelConfig(
                muscle="dorsiflexors",
                intensity=0.6,
                pulse_width_us=300,
                rate_hz=40,
                waveform="symmetric",
                polarity="normal",
            ),
        ),
    )


def test_no_standard_limit_is_left_to_a_default(layers: Layers) -> None:
    layers.load("limits", "bench")
    for key in LimitsConfig.__slots__:
        assert "bench.toml" in layers.origin(("limits", key))


def test_a_checkout_has_its_configurations_beside_the_packages(root: Path) -> None:
    assert configs_folder() == root / "configs"
