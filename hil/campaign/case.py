"""One walk of a campaign as a value, and as the scenario file that gives the same walk again."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from fes_ctrl.assembly import problems_of
from fes_ctrl.config.build import UnplacedError, build
from fes_ctrl.config.render import toml_value
from fes_ctrl.model import LEG_NAMES
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.stim.config import SetupConfig
from fes_ctrl.units import NEVER_US
from firmware_sim.injections import Injection
from hil import scenarios
from hil.config import WalkConfig
from hil.patient.config import PatientConfig
from hil.patient.way import SegmentConfig
from hil.scenarios import OWN_SETUP, Scenario, WalkSection, load_scenario, own_setup

PLAIN_SCENARIO: Final = "standard"

NAMED_ONLY: Final = ("walk", "setup", "limits")
"""Sections of which a scenario gives the names."""


def _places() -> dict[str, tuple[str, ...]]:
    whole = {field.name for field in dataclasses.fields(WalkConfig)}
    return {
        name: (name,) if name in whole else ("control", name)
        for name in scenarios.SECTIONS
        if name not in NAMED_ONLY
    }


SECTIONS: Final = _places()
"""Sections of a scenario file that a walk may differ in, and where they are in a walk."""


@dataclass(frozen=True, slots=True)
class Case:
    """One walk of a campaign.

    Attributes
    ----------
    walk : WalkConfig
        Everything the walk depends on.
    setup, limits : str
        Names of the parts that a scenario names only.
    both_clocks : bool
        Walked on the stepper too, with the same result.
    jitter_seed : int or None
        Of the virtual loop.
    """

    walk: WalkConfig
    setup: str = OWN_SETUP
    limits: str = "bench"
    both_clocks: bool = False
    jitter_seed: int | None = None


@cache
def plain() -> Scenario:
    """Return the scenario that files of cases are written against."""
    return load_scenario(PLAIN_SCENARIO)


@cache
def limits_of(name: str) -> tuple[LimitsConfig, str]:
    """Return limits by name, and their file."""
    scenario = load_scenario(PLAIN_SCENARIO, {"limits": name})
    return scenario.walk.control.limits, scenario.walk.limits_file


def setup_of(name: str, patient: PatientConfig) -> SetupConfig:
    """Return the thresholds of a setup; ``patient`` means what a seated session would find."""
    if name == OWN_SETUP:
        setup: SetupConfig = build(SetupConfig, own_setup(patient), ("setup",))
        return setup
    return _named_setup(name)


@cache
def _named_setup(name: str) -> SetupConfig:
    return load_scenario(PLAIN_SCENARIO, {"setup": name}).walk.control.setup


def settled(case: Case) -> Case:
    """Return a case whose setup and limits are those of its patient and its names."""
    walk = case.walk
    limits, limits_file = limits_of(case.limits)
    control = replace(walk.control, setup=setup_of(case.setup, walk.patient), limits=limits)
    return replace(case, walk=replace(walk, control=control, limits_file=limits_file))


def refusals(case: Case) -> list[str]:
    """Return why the configuration would be refused: out of bounds, or the parts do not fit."""
    for section, path in SECTIONS.items():
        value = _at(case.walk, path)
        try:
            build(type(value), differences(value, type(value)()), (section,))
        except UnplacedError as problem:
            return [problem.what]
    legs = tuple(LEG_NAMES.index(leg.side) for leg in case.walk.patient.leg)
    return problems_of(legs, case.walk.control, case.walk.sensed)


def scenario_text(case: Case, comments: tuple[str, ...] = ()) -> str:
    """Return a scenario file that gives this walk: only what differs from the plainest one.

    Parameters
    ----------
    case : Case
        The walk; nothing of its second clock or jitter is kept.
    comments : tuple of str
        Lines to begin with.
    """
    walk = case.walk
    base = plain().walk
    lines = [f"# {line}".rstrip() for line in comments]
    section = WalkSection(
        setup=case.setup,
        limits=case.limits,
        duration_s=walk.duration_s,
        standing_s=walk.way[0].duration_s,
        orthosis=walk.orthosis.kind,
        seed=walk.seed,
        inject=tuple(injection_text(injection) for injection in walk.inject),
    )
    table = {"duration_s": walk.duration_s, **differences(section, WalkSection())}
    if walk.way[1:] != (SegmentConfig("walk", walk.duration_s),):
        table["segment"] = [differences(part, SegmentConfig()) for part in walk.way[1:]]
    lines += ["", *_lines("walk", table)] if lines else _lines("walk", table)
    for name, path in SECTIONS.items():
        found = differences(_at(walk, path), _at(base, path))
        if found:
            lines += ["", *_lines(name, found)]
    return "\n".join(lines) + "\n"


def injection_text(injection: Injection) -> str:
    """Return ``NAME@T`` or ``NAME@T+DURATION`` of an injection, with its amount if it has one."""
    name, from_us, to_us = injection[:3]
    amount = getattr(injection, "amount", 0.0)
    much = f"={amount!r}" if amount else ""
    text = f"{name}{much}@{_seconds(from_us)}"
    return text if to_us == NEVER_US else f"{text}+{_seconds(to_us - from_us)}"


def differences(value: Any, base: Any) -> dict[str, object]:
    """Return the table that makes ``value`` of ``base``; arrays of tables are given whole.

    Parameters
    ----------
    value, base : dataclass instances
        Of one class. What is ``None`` in ``value`` cannot be told from what is not given.
    """
    return _differences(value, (base,))


def _differences(value: Any, bases: tuple[Any, ...]) -> dict[str, object]:
    table: dict[str, object] = {}
    for field in dataclasses.fields(value):
        new = getattr(value, field.name)
        old = [getattr(base, field.name) for base in bases]
        if all(new == each for each in old):
            continue
        if dataclasses.is_dataclass(new):
            # A table in a table begins with its own class's values, not with the field's.
            own: Any = type(new)
            table[field.name] = _differences(new, (old[0], own()))
        elif isinstance(new, tuple) and new and dataclasses.is_dataclass(new[0]):
            plainest: Any = type(new[0])
            table[field.name] = [_differences(item, (plainest(),)) for item in new]
        elif new is not None:
            table[field.name] = new
    return table


def _at(walk: WalkConfig, path: tuple[str, ...]) -> Any:
    here: Any = walk
    for part in path:
        here = getattr(here, part)
    return here


def _seconds(t_us: int) -> str:
    return f"{t_us / 1e6:.6f}".rstrip("0").rstrip(".")


def _lines(name: str, table: Mapping[str, object], *, element: bool = False) -> list[str]:
    return list(_table(name, table, element=element))


def _table(name: str, table: Mapping[str, Any], *, element: bool) -> Iterator[str]:
    yield f"[[{name}]]" if element else f"[{name}]"
    below: list[tuple[str, Any]] = []
    for key, value in table.items():
        if isinstance(value, dict | list):
            below.append((key, value))
        else:
            yield f"{key} = {toml_value(value)}"
    for key, value in below:
        inner = f"{name}.{key}"
        for item in value if isinstance(value, list) else [value]:
            yield ""
            yield from _table(inner, item, element=isinstance(value, list))
