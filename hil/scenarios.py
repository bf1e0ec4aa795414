"""Scenarios: what to walk, with what, what goes wrong on the way, and what makes it a pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from annotated_types import Ge, Gt, Le, MaxLen

from fes_ctrl.analysis.refusals import against
from fes_ctrl.assembly import ControlConfig
from fes_ctrl.config.build import UnplacedError, build, show
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.files import find, parse, read_text
from fes_ctrl.config.layers import Layers, Source, sha256_of
from fes_ctrl.gait import DetectorConfig
from fes_ctrl.runtime.operator import OperatorConfig
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.stim.config import ProgramConfig, SetupConfig
from fes_ctrl.stimulators.config import StimulatorConfig
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.injection_text import parse as parse_injection
from firmware_sim.injection_text import require_device
from firmware_sim.injections import Injection
from hil.config import CableConfig, LimiterConfig, WalkConfig
from hil.patient.bad_strides import BadStridesConfig
from hil.patient.config import OrthosisConfig, OrthosisKind, PatientConfig
from hil.patient.subtalar import branch_thresholds
from hil.patient.way import SegmentConfig

OWN_SETUP: Final = "patient"


@dataclass(frozen=True, slots=True)
class WalkSection:
    """The table ``[walk]`` of a scenario.

    Attributes
    ----------
    patient, program, setup, stimulator, limits : str
        Names or files of the parts. The setup ``patient`` is what a seated session with this
        patient would find: the thresholds of his own electrode.
    duration_s, standing_s : float
        The whole, and the quiet standing before the first step.
    segment : tuple of SegmentConfig
        Where the patient goes after that; none: level walking. The last goes on to the end.
    orthosis : str
        What every affected leg wears.
    seed : int
        Of everything random.
    inject : tuple of str
        ``NAME@T`` or ``NAME@T+DURATION``, seconds.
    """

    patient: str = "flaccid"
    program: str = "standard"
    setup: str = OWN_SETUP
    stimulator: str = "p24"
    limits: str = "bench"
    duration_s: Annotated[float, Gt(0), Le(36_000)] = 60.0
    standing_s: Annotated[float, Ge(0.001), Le(3_600)] = 2.0
    segment: Annotated[tuple[SegmentConfig, ...], MaxLen(1000)] = ()
    orthosis: OrthosisKind = "none"
    seed: Annotated[int, Ge(0), Le(2**63 - 1)] = 1
    inject: Annotated[tuple[str, ...], MaxLen(1000)] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure of the summary must be: at least ``min``, at most ``max``."""

    min: float | None = None
    max: float | None = None


PARTS: Final = ("patient", "program", "setup", "stimulator", "limits")

SECTIONS: Final[dict[str, type]] = {
    "walk": WalkSection,
    "patient": PatientConfig,
    "program": ProgramConfig,
    "setup": SetupConfig,
    "stimulator": StimulatorConfig,
    "limits": LimitsConfig,
    "detector": DetectorConfig,
    "operator": OperatorConfig,
    "cable": CableConfig,
    "limiter": LimiterConfig,
    "bad_strides": BadStridesConfig,
}
"""Every section of a walk's configuration, in the order in which it is shown."""


@dataclass(slots=True)
class Scenario:
    """A scenario, loaded.

    Attributes
    ----------
    name : str
        As it was asked for.
    names : dict of str to str
        Name of each part.
    walk : WalkConfig
        What ``simulate`` takes.
    bounds : dict of str to Bound
        What makes it a pass.
    layers : Layers
        Every value with its origin.
    config_sha256 : str
        Hash of the effective values.
    """

    name: str
    names: dict[str, str]
    walk: WalkConfig
    bounds: dict[str, Bound]
    layers: Layers
    config_sha256: str


def load_scenario(
    name: str, options: Mapping[str, object] | None = None, sets: Sequence[str] = ()
) -> Scenario:
    """Load a scenario and everything it names.

    Parameters
    ----------
    name : str
        Name in ``configs/scenarios``, or a file.
    options : mapping or None
        Keys of ``[walk]`` that the command line gives instead: ``program``, ``seed`` and so on.
    sets : sequence of str
        ``KEY=VALUE``, as ``--set`` takes them.

    Raises
    ------
    ConfigError
        At the first thing that does not fit, with its place.
    """
    path = find("scenario", name)
    text = read_text(path)
    tables = parse(text, str(path))
    source = Source(str(path), text)
    bounds = _bounds(tables.pop("pass", {}), source)
    layers = Layers(SECTIONS)
    layers.take("walk", tables.pop("walk", {}), source)
    for key, value in (options or {}).items():
        layers.take("walk", {key: value}, Source(f"--{key.removesuffix('_s').replace('_', '-')}"))
    for option in _of("walk", sets):
        layers.set(option)
    section: WalkSection = layers.get("walk")
    names = {part: getattr(section, part) for part in PARTS}
    for part, value in names.items():
        if value != OWN_SETUP or part != "setup":
            layers.load(part, value, layers.origin(("walk", part)))
    if "patient" in tables:
        layers.take("patient", tables.pop("patient"), source)
    for option in _of("patient", sets):
        layers.set(option)
    if names["setup"] == OWN_SETUP:
        layers.take("setup", own_setup(layers.get("patient")), Source("the patient's electrode"))
    for key, table in tables.items():
        if key == "limits":
            message = (
                f'limits: a scenario names its limits, [walk] limits = "NAME"; they come from '
                f"files of their own ({source.place((key,))})"
            )
            raise ConfigError(message)
        layers.take(key, table, source)
    done = (*_of("walk", sets), *_of("patient", sets))
    for option in sets:
        if option not in done:
            layers.set(option)
    device = layers.get("stimulator").device
    if device not in DEVICES:
        message = (
            f"stimulator.device = {device!r}: there is no simulated one of it "
            f"({layers.origin(('stimulator', 'device'))}); choose {', '.join(sorted(DEVICES))}, or "
            "drive the real one with fes-ctrl run"
        )
        raise ConfigError(message)
    injections = _injections(section, layers, device)
    return Scenario(
        name=name,
        names=names,
        walk=WalkConfig(
            patient=layers.get("patient"),
            control=ControlConfig(
                program=layers.get("program"),
                setup=layers.get("setup"),
                stimulator=layers.get("stimulator"),
                limits=layers.get("limits"),
                detector=layers.get("detector"),
            ),
            limits_file=str(layers.files["limits"]),
            operator=layers.get("operator"),
            cable=layers.get("cable"),
            limiter=layers.get("limiter"),
            bad_strides=layers.get("bad_strides"),
            seed=section.seed,
            way=(
                SegmentConfig("stand", section.standing_s),
                *(section.segment or (SegmentConfig("walk", section.duration_s),)),
            ),
            orthosis=OrthosisConfig(section.orthosis),
            duration_s=section.duration_s,
            inject=injections,
        ),
        bounds=bounds,
        layers=layers,
        config_sha256=sha256_of(layers.effective()),
    )


def _of(section: str, sets: Sequence[str]) -> list[str]:
    return [option for option in sets if option.startswith(f"{section}.")]


def own_setup(patient: PatientConfig) -> dict[str, object]:
    """Return what a seated session would find with this patient, leg by leg the most careful.

    Parameters
    ----------
    patient : PatientConfig
        Whose electrodes are asked.
    """
    electrodes = [leg.electrode for leg in patient.leg]
    motor_mA = round(max(branch_thresholds(electrode)[0] for electrode in electrodes), 1)
    return {
        "dorsiflexors": {
            # Over the nerve itself, what moves the foot is felt as soon as it moves.
            "sensory_mA": min(motor_mA, *[electrode.sensory_mA for electrode in electrodes]),
            "motor_mA": motor_mA,
            "tolerated_mA": min(electrode.tolerated_mA for electrode in electrodes),
        }
    }


def _injections(section: WalkSection, layers: Layers, device: str) -> tuple[Injection, ...]:
    try:
        injections = tuple(parse_injection(text) for text in section.inject)
    except ValueError as error:
        message = f"walk.inject: {error} ({layers.origin(('walk', 'inject'))})"
        raise ConfigError(message) from error
    for injection, text in zip(injections, section.inject, strict=True):
        if injection.from_us >= section.duration_s * 1e6:
            message = (
                f"walk.inject: {text!r} is after the end of the walk at "
                f"{section.duration_s:g} s; inject earlier or walk longer "
                f"({layers.origin(('walk', 'inject'))})"
            )
            raise ConfigError(message)
    try:
        for injection in injections:
            require_device(injection.name, device)
    except ValueError as error:
        message = f"walk.inject: {error} ({layers.origin(('walk', 'inject'))})"
        raise ConfigError(message) from error
    return injections


def _bounds(table: object, source: Source) -> dict[str, Bound]:
    if not isinstance(table, dict):
        message = f'pass: must be a table of "figure" = {{ min = …, max = … }} ({source.name})'
        raise ConfigError(message)
    bounds: dict[str, Bound] = {}
    for figure, value in table.items():
        place = source.place(("pass", figure))
        try:
            bound: Bound = build(Bound, value, ("pass", figure))
        except UnplacedError as problem:
            message = f"{problem.what} ({place})"
            raise ConfigError(message) from problem
        if bound.min is None and bound.max is None:
            message = f'pass."{figure}" = {show(value)}: give min, max or both ({place})'
            raise ConfigError(message)
        bounds[figure] = bound
    return bounds


def figure_of(summary: Mapping[str, object], dotted: str) -> object:
    """Return a figure of a summary by its dotted name.

    Raises
    ------
    KeyError
        If there is no such figure.
    """
    here: object = summary
    for part in dotted.split("."):
        if not isinstance(here, Mapping) or part not in here:
            raise KeyError(dotted)
        here = here[part]
    return here


def figures_of(summary: Mapping[str, object], dotted: str) -> dict[str, object]:
    """Return the figures that a dotted name means; ``legs.*.…`` means every leg's.

    Raises
    ------
    KeyError
        If there is none.
    """
    head, star, tail = dotted.partition(".*.")
    if not star:
        return {dotted: figure_of(summary, dotted)}
    among = figure_of(summary, head)
    if not isinstance(among, Mapping):
        raise KeyError(dotted)
    names = [f"{head}.{key}.{tail}" for key in among]
    return {name: figure_of(summary, name) for name in names}


def verdict(
    summary: Mapping[str, object],
    bounds: Mapping[str, Bound],
    unreached: Sequence[str],
    missing: Sequence[str] = (),
) -> dict[str, object]:
    """Return whether a walk passed, and why not.

    Parameters
    ----------
    summary : mapping
        The figures.
    bounds : mapping of str to Bound
        The scenario's ``[pass]``.
    unreached : sequence of str
        Injections that never had an effect.
    missing : sequence of str
        Reactions that had to come and did not.
    """
    reasons = [f"injection {name} was never reached" for name in unreached]
    reasons += missing
    latched = figure_of(summary, "safety.limiter")
    if isinstance(latched, Mapping) and latched["reason"] is not None:
        reasons.append(
            f"the limiter latched at {latched['t_s']:g} s on channel {latched['channel']}: "
            f"{latched['reason']}"
        )
    violations = figure_of(summary, "safety.witness_violations")
    if isinstance(violations, list) and violations:
        reasons.append(f"the witness saw {len(violations)} violations of the limits")
    refused = figure_of(summary, "safety.refused")
    if isinstance(refused, Mapping):
        reasons += against(refused)
    for name, bound in bounds.items():
        try:
            figures = figures_of(summary, name)
        except KeyError:
            reasons.append(f"{name}: there is no such figure")
            continue
        reasons += [reason for one in figures.items() if (reason := beyond(*one, bound))]
    return {"passed": not reasons, "reasons": reasons}


def beyond(name: str, value: object, bound: Bound) -> str:
    """Return what speaks against a figure; nothing where it is within its bound."""
    if isinstance(value, list):
        value = len(value)
    if not isinstance(value, int | float):
        return f"{name} is unknown"
    if bound.min is not None and value < bound.min:
        return f"{name} = {value:g}: below {bound.min:g}"
    if bound.max is not None and value > bound.max:
        return f"{name} = {value:g}: above {bound.max:g}"
    return ""
