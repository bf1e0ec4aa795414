"""``fes-ctrl walk --inject``: what a user sees of each thing that can go wrong."""

import json

import pytest
from click.testing import CliRunner

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.walk import command
from firmware_sim.injections import ROWS, InjectionRow

DROPS_OUT = {"F12", "F15", "F18", "F20", "F31", "F36"}
"""After these nothing is given any more, and the toes drag."""


def walked(*options: str, scenario: str = "standard") -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(
        command, [scenario, "--json", "--duration", "30", *options], standalone_mode=False
    )
    assert done.exception is None, done.exception
    return done.return_value, json.loads(done.stdout)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_fault_is_named_and_the_verdict_is_right(row: InjectionRow) -> None:
    detector = ("--set", f"detector.name={row.detector}")
    scenario = "rehastim2" if row.devices else "standard"
    code, summary = walked("--inject", f"{row.name}@20", *detector, scenario=scenario)
    (injection,) = summary["injections"]  # type: ignore[misc]
    assert injection["name"] == row.name  # type: ignore[index]
    assert injection["t_s"] >= 20.0  # type: ignore[index]
    verdict = summary["verdict"]
    assert isinstance(verdict, dict)
    assert code == int(not verdict["passed"])
    assert not any("never reached" in reason for reason in verdict["reasons"])
    seen = any("witness" in reason for reason in verdict["reasons"])
    assert seen == (row.name == "device_stuck_on"), "a device that does not obey is seen"
    safety = summary["safety"]
    assert isinstance(safety, dict)
    told = {fault["id"] for fault in safety["faults"]}
    if row.fault:
        assert row.fault in told
    if row.fault in DROPS_OUT:
        assert code == 1
        assert any("drag_strides" in reason for reason in verdict["reasons"])


def test_an_injection_that_is_not_reached_fails_the_walk() -> None:
    code, summary = walked("--inject", "gyro_bias@20")
    assert code == 1
    assert "injection gyro_bias was never reached" in summary["verdict"]["reasons"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--inject", "nonsense@3"), "choose sensor_dropout, heel_stuck_open"),
        (("--inject", "electrode_off@70"), "after the end of the walk"),
        (("--inject", "electrode_off@-1"), "is no time"),
        (("--inject", "electrode_off@3+-1"), "is no time"),
        (("--inject", "electrode_off"), "write NAME@T"),
        (("--inject", "answers_delayed=9@3"), "write 50 to 500"),
        (("--inject", "emergency_switch@3"), "a p24 has none; leave it out, or choose rehastim2"),
        (("--inject", "write_blocked@3", "--clock", "real", "--link", "pty"), "leave one out"),
    ],
)
def test_a_bad_injection_is_one_line_with_the_way_out(options: tuple[str, ...], says: str) -> None:
    done = CliRunner().invoke(
        command, ["standard", "--duration", "30", *options], standalone_mode=False
    )
    assert isinstance(done.exception, Refusal)
    assert says in str(done.exception)
    assert "\n" not in str(done.exception)
