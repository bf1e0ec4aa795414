"""What a remote may change has the bounds that a file has, and none of its own."""

from dataclasses import fields, replace
from typing import get_type_hints

import pytest
from annotated_types import Ge, Gt, Le

from fes_ctrl.assembly import ControlConfig
from fes_ctrl.model import ALL_LEGS, LEFT, RIGHT
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limit_rows import BY_KEY, FIXED, HIGHER, ROWS
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.stim.dials import CHANGEABLE
from fes_ctrl.telemetry.gate import RefusedError
from fes_ctrl.telemetry.parameters import Parameters


def parameters(control: ControlConfig | None = None) -> Parameters:
    return Parameters((LEFT, RIGHT), control or ControlConfig(), (LEFT, RIGHT))


def bounds(of: type, name: str) -> dict[type, float]:
    hints = get_type_hints(of, include_extras=True)
    found = {}
    for bound in hints[name].__metadata__:
        for kind, attribute in ((Ge, "ge"), (Gt, "gt"), (Le, "le")):
            if isinstance(bound, kind):
                found[kind] = getattr(bound, attribute)
    return found


@pytest.mark.parametrize("name", CHANGEABLE)
def test_a_dial_has_the_bounds_of_its_class(name: str) -> None:
    assert bounds(ProgramConfig, name) == {Ge: CHANGEABLE[name][0], Le: CHANGEABLE[name][1]}
    low, high = parameters().told(waiting=False)["bounds"][f"program.{name}"]  # type: ignore[index]
    for value in (low - 1e-6, high + 1e-6, -1e300, 1e299):
        with pytest.raises(RefusedError):
            parameters().consider(ALL_LEGS, {f"program.{name}": value}, 0)


NARROWEST = [row for row in ROWS if row.narrower != FIXED]


@pytest.mark.parametrize("row", NARROWEST, ids=lambda row: row.key)
def test_a_limit_is_narrowed_as_far_as_a_file_can_and_no_further(row: object) -> None:
    key = row.key  # type: ignore[attr-defined]
    known = bounds(LimitsConfig, key)
    widest = bounds(LimitsConfig, key)[Ge if BY_KEY[key].narrower == HIGHER and Ge in known else Le]
    if BY_KEY[key].narrower == HIGHER:
        allowed, refused = known[Le], known[Le] + 1e-6
    elif Ge in known and known[Ge] > 0:
        allowed, refused = known[Ge], known[Ge] - 1e-6
    else:
        allowed, refused = 1e-3, 0.0
    limits = replace(LimitsConfig(), **{key: type(getattr(LimitsConfig(), key))(widest)})
    there = parameters(ControlConfig(limits=limits))
    plan = there.consider(ALL_LEGS, {f"limits.{key}": allowed}, 0)
    assert plan.lowers
    assert getattr(plan.control[LEFT].limits, key) == pytest.approx(allowed)
    with pytest.raises(RefusedError):
        there.consider(ALL_LEGS, {f"limits.{key}": refused}, 0)
    with pytest.raises(RefusedError):
        there.consider(RIGHT, {f"limits.{key}": allowed}, 0)


def test_a_limit_of_whole_numbers_takes_no_half() -> None:
    with pytest.raises(RefusedError, match="whole number"):
        parameters().consider(ALL_LEGS, {"limits.pulse_width_us": 200.5}, 0)


def test_dials_are_turned_by_leg_and_told_so() -> None:
    there = parameters()
    there.adopt(there.consider(LEFT, {"program.rise_ms": 150.0}, 0))
    values = there.told(waiting=False)["values"]
    assert values["left"]["program.rise_ms"] == 150.0  # type: ignore[index]
    assert values["right"]["program.rise_ms"] == ProgramConfig().rise_ms  # type: ignore[index]
    plan = there.consider(ALL_LEGS, {"program.rise_ms": 100.0}, 0)
    assert plan.change["program.rise_ms"] == (
        {"left": 150.0, "right": ProgramConfig().rise_ms},
        100.0,
    )


def test_what_is_told_is_every_limit_that_a_walk_may_narrow() -> None:
    told = parameters().told(waiting=False)["limits"]
    assert set(told) == {f"limits.{row.key}" for row in NARROWEST}  # type: ignore[call-overload]
    assert {row.key for row in ROWS} == {field.name for field in fields(LimitsConfig)}


@pytest.mark.parametrize("value", [0.5, 49.5, -1.0, 101.0, 51.0])
def test_a_level_is_a_whole_number_below_what_is_set(value: float) -> None:
    with pytest.raises(RefusedError):
        parameters().consider(ALL_LEGS, {"level_percent": value}, 50)
    assert parameters().consider(ALL_LEGS, {"level_percent": 50.0}, 50).level_percent == 50


def refusal(there: Parameters, leg: int, change: dict[str, float], level_percent: int = 50) -> str:
    with pytest.raises(RefusedError) as refused:
        there.consider(leg, change, level_percent)
    assert str(refused.value).startswith(f"{refused.value.kind}: ")
    return str(refused.value)


@pytest.mark.parametrize(
    ("leg", "key", "value", "says"),
    [
        (ALL_LEGS, "program.rise_ms", 2001.0, "value: program.rise_ms = 2001: must be 0 to 2000"),
        (LEFT, "limits.rms_mA", 9.0, "leg: a limit holds for all legs; give it for both"),
        (
            ALL_LEGS,
            "limits.pulse_width_us",
            200.5,
            "value: limits.pulse_width_us = 200.5: must be a whole number",
        ),
        (ALL_LEGS, "limits.burst_ms", 49.0, "value: limits.burst_ms = 49: must be 50 or more"),
        (ALL_LEGS, "limits.current_mA", 0.0, "value: limits.current_mA = 0: must be above 0"),
        (
            ALL_LEGS,
            "limits.current_mA",
            101.0,
            "value: limits.current_mA = 101: must be 100 or less",
        ),
        (
            ALL_LEGS,
            "limits.current_mA",
            90.0,
            "limit: limits.current_mA = 90: would widen the 80 in force; a walk can only lower it",
        ),
        (
            ALL_LEGS,
            "level_percent",
            101.0,
            "value: level_percent = 101: must be a whole number from 0 to 100",
        ),
        (
            ALL_LEGS,
            "level_percent",
            51.0,
            "value: level_percent = 51: a remote can only lower the 50 in force",
        ),
        (
            ALL_LEGS,
            "x" * 70,
            1.0,
            f"key: {'x' * 60}: nothing that a remote can change: program.delay_ms, "
            "program.rise_ms, program.extension_ms, program.fall_ms, program.time_out_ms, "
            "program.min_on_ms, program.lock_out_ms, program.trigger_lead_ms, "
            "program.end_lead_ms, limits.*, level_percent",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong(leg: int, key: str, value: float, says: str) -> None:
    assert refusal(parameters(), leg, {key: value}) == says


def test_a_leg_that_is_not_stimulated_is_named() -> None:
    there = Parameters((LEFT,), ControlConfig(), (LEFT, RIGHT))
    change = {"program.rise_ms": 150.0}
    assert refusal(there, RIGHT, change) == "leg: the right leg is not stimulated"


def test_a_program_that_would_not_fit_is_refused_with_the_leg_and_the_reason() -> None:
    found = refusal(parameters(), RIGHT, {"program.time_out_ms": 3000.0})
    assert found.startswith("limit: right: program.time_out_ms + fall_ms = 3150: above limits.")


def test_the_whole_level_may_be_held_to() -> None:
    assert parameters().consider(ALL_LEGS, {"level_percent": 100.0}, 100).level_percent == 100
    found = refusal(parameters(), ALL_LEGS, {"level_percent": 101.0}, 101)
    assert found == "value: level_percent = 101: must be a whole number from 0 to 100"


def test_what_was_is_kept_for_the_audit_beside_what_was_asked_for() -> None:
    plan = parameters().consider(
        ALL_LEGS, {"program.rise_ms": 150.0, "limits.current_mA": 30.0, "level_percent": 20.0}, 50
    )
    assert plan.change == {
        "program.rise_ms": (200.0, 150.0),
        "limits.current_mA": (80.0, 30.0),
        "level_percent": (50, 20.0),
    }
    assert plan.dials == (("rise_ms", 150.0),)
    assert plan.limits == (("current_mA", 30.0),)
    assert plan.lowers is False


def test_what_a_narrower_limit_leaves_unfit_is_not_the_doing_of_a_dial() -> None:
    narrower, dial = {"limits.burst_ms": 1000.0}, {"program.rise_ms": 150.0}
    there = parameters()
    there.adopt(there.consider(ALL_LEGS, narrower, 50))
    assert there.consider(ALL_LEGS, dial, 50).dials == (("rise_ms", 150.0),)
    at_once = parameters().consider(ALL_LEGS, narrower | dial, 50)
    assert at_once.dials == (("rise_ms", 150.0),)


@pytest.mark.parametrize("sensed", [(), (RIGHT,)])
@pytest.mark.parametrize("side", ["same", "contralateral"])
def test_a_dial_is_judged_by_the_legs_that_are_sensed_and_not_for_them(
    side: str, sensed: tuple[int, ...]
) -> None:
    program = replace(ProgramConfig(), trigger_side=side, end="time_out")  # type: ignore[arg-type]
    there = Parameters((LEFT,), ControlConfig(program=program), sensed)
    assert there.consider(LEFT, {"program.rise_ms": 150.0}, 50).dials == (("rise_ms", 150.0),)
