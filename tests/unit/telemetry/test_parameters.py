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
