"""``fes-ctrl walk --link ADDRESS``: the virtual patient with a stimulator on the desk."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fes_ctrl.cli.walk import command
from helpers.served import serving

REAL = ("--clock", "real", "--link", "p24:///dev/none")
LOAD = ("--dummy-load", "1000")


def walk(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--link", "p24:///dev/none"), "a stimulator on the desk has real time only; add --clock"),
        (("--clock", "real", "--link", "p25:///dev/none"), "no device 'p25'"),
        (REAL, "gives up to 43.2 mA, more than 10; connect a dummy load, nobody, and say --dummy"),
        ((*REAL, *LOAD), "--link p24:///dev/none: serial port /dev/none: there is no such port"),
        ((*REAL, *LOAD, "--limiter"), "with a limiter: there is none on the desk"),
        (
            (*REAL, *LOAD, "--inject", "cable_pulled@3"),
            "with injection cable_pulled: what is on the",
        ),
        (
            (*REAL, *LOAD, "--inject", "device_reset@3"),
            "with injection device_reset: what is on the",
        ),
        ((*REAL, *LOAD, "--stimulator", "feslink"), "the scenario's stimulator is 'feslink'; name"),
        ((*REAL, "--evaluation"), "serial port /dev/none: there is no such port"),
        (
            ("--probe", "serial:///dev/none"),
            "a probe is across the load of a stimulator on the desk",
        ),
        (
            (*REAL, *LOAD, "--probe", "usb:1"),
            "--probe usb:1: no such place of a probe; write serial",
        ),
        ((*REAL, *LOAD, "--probe", "serial:///dev/none?parity=1"), "the only option is baud, from"),
        ((*REAL, *LOAD, "--probe", "serial://"), "no port is named; write serial:///dev/ttyACM1"),
        ((*REAL, *LOAD, "--probe", "tcp://here"), "host and port alone are needed; write tcp://"),
        ((*REAL, *LOAD, "--probe", "serial:///dev/no"), "--probe serial:///dev/no: serial port /d"),
        ((*REAL, "--dummy-load", "1"), "1.0 is not in the range 100<=x<=10000"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(arguments: tuple[str, ...], says: str) -> None:
    done = walk(*arguments)
    assert done.exit_code == 2
    assert says in str(done.exception) + done.output


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("device", "source"),
    [("p24", "commanded"), ("feslink", "device")],
)
def test_a_walk_with_a_device_that_is_another_process(
    device: str, source: str, tmp_path: Path
) -> None:
    """One that counts what it gives vouches for that; of any other only the command is known."""
    with serving(pulses=tmp_path / "pulses", device=device) as port:
        link = ("--clock", "real", "--link", f"{device}://{port}", "--stimulator", device, *LOAD)
        done = walk(*link, "--duration", "6", "--json", "--out", str(tmp_path / "run"))
    summary = json.loads(done.stdout)
    assert summary["stimulator"] == device, "not a simulated one"
    assert summary["charge"]["source"] == source
    leg = summary["legs"]["right"]
    assert leg["bursts"] >= 2
    given = [json.loads(line) for line in (tmp_path / "pulses").read_text().splitlines()]
    # What the device gave is what the patient was given, but for what a busy machine took back.
    assert 0 <= leg["pulses"] - len(given) <= 2
    header = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[0])
    assert header["devices"] == [device]
    assert header["config"]["dummy_load_ohm"] == 1000.0
