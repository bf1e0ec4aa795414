"""What is shown is TOML that says where each value is from."""

import tomllib

from fes_ctrl.config.layers import Layers, Source
from fes_ctrl.config.render import origins, render
from fes_ctrl.stim.config import ProgramConfig
from hil.patient.config import PatientConfig


def shown() -> tuple[Layers, str]:
    layers = Layers({"program": ProgramConfig})
    text = "[program]\ndelay_ms = 5\n[[program.channel]]\n[[program.channel]]\nchannel = 1\n"
    layers.take("program", tomllib.loads(text)["program"], Source("p.toml", text))
    layers.set("program.rise_ms=100")
    return layers, render(layers, "program")


def test_each_value_is_shown_with_its_origin() -> None:
    _, text = shown()
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "delay_ms = 5.0 # p.toml:2" in lines
    assert "rise_ms = 100.0 # --set program.rise_ms=100" in lines
    assert "fall_ms = 150.0 # default" in lines
    assert "channel = 1 # p.toml:5" in lines


def test_what_is_not_given_is_shown_and_loads_as_not_given() -> None:
    _, text = shown()
    assert "# current_mA: not given" in text
    assert "current_mA" not in tomllib.loads(text)["program"]["channel"][0]


def test_an_option_of_two_lines_stays_in_its_comment() -> None:
    layers = Layers({"patient": PatientConfig})
    layers.set('patient.name="""one\nmass_kg = 20"""')
    patient = tomllib.loads(render(layers, "patient"))["patient"]
    assert patient["name"] == "one\nmass_kg = 20"
    assert patient["mass_kg"] == PatientConfig().mass_kg


def test_every_value_has_its_origin_by_key() -> None:
    layers, _ = shown()
    found = origins(layers, "program")
    assert found["program.delay_ms"] == "p.toml:2"
    assert found["program.channel.1.channel"] == "p.toml:5"
    assert found["program.channel.0.channel"] == "default"
    assert "program.channel" not in found
