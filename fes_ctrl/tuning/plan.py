"""A sweep read from its file: candidates, patients and seeds, and from them the jobs in order."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from fes_ctrl.config.build import UnplacedError, build
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.files import find, is_file_name, parse, read_text
from fes_ctrl.config.layers import Source
from fes_ctrl.config.render import toml_value
from fes_ctrl.tuning.config import MOST_CANDIDATES, SweepConfig, WrongError
from fes_ctrl.tuning.design import candidates_of, levels_of, size_of
from fes_ctrl.tuning.job import Settings, settings_of

MOST_WALKS: Final = 1_000_000
LIKE_S: Final = 60.0
"""Of a walk whose scenario's duration nobody knows yet, for a guess at the time."""
GIVEN: Final = {"--patient": "patients", "--duration": "duration_s"}
"""What the file has for options of a walk."""
TIMES_REAL_TIME: Final = 100.0
"""What a processor walks, about, in plain Python: for a guess at the time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sweep walks.

    Attributes
    ----------
    name : str
        As it was asked for.
    config : SweepConfig
        What the file gives.
    source : Source
        The file, for places.
    scenario : str
        Name or whole path.
    candidates : tuple of Settings
        In the order of the design, without the baseline.
    patients : tuple of str
        Names or whole paths.
    notes : tuple of str
        What whoever asked has to know.
    """

    name: str
    config: SweepConfig
    source: Source = field(repr=False)
    scenario: str
    candidates: tuple[Settings, ...]
    patients: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def asked(self) -> dict[str, object]:
        """Return the file's table as plain values."""
        found = asdict(self.config)
        found["axis"] = [
            {name: value for name, value in axis.items() if value not in {None, ()}}
            for axis in found["axis"]
        ]
        return found

    def explained(self, settings: Settings, patient: str, problem: str) -> str:
        """Return why a candidate is refused, with the place of the axis that did it."""
        for index, axis in enumerate(self.config.axis):
            value = dict(settings).get(axis.key)
            option = f"--set {axis.key}={toml_value(value)}"
            if option in problem:
                place = self.source.place(("sweep", "axis", index, "key"))
                return problem.replace(option, f"{axis.key} = {toml_value(value)}, {place}")
        for option, key in GIVEN.items():
            if f"({option})" in problem:
                # The walk has options for it; a sweep has its file.
                return problem.replace(f"({option})", f"({self.source.place(('sweep', key))})")
        place = self.source.place(("sweep", "patients" if patient in problem else "scenario"))
        return f"{problem} ({place})"


def read_plan(name: str, patient_of: Callable[[str], str]) -> Plan:
    """Read a sweep and make its candidates; nothing is walked.

    Parameters
    ----------
    name : str
        Name in ``configs/sweeps``, or a file.
    patient_of : callable
        Returns the patient that a scenario names.

    Raises
    ------
    ConfigError
        If the file does not fit, or what it asks for is absurd; with the place.
    """
    path = find("sweep", name)
    text = read_text(path)
    source = Source(str(path), text)
    tables = parse(text, str(path))
    for key in tables:
        if key != "sweep":
            message = f"{key}: not part of a sweep, which has [sweep] only ({source.place((key,))})"
            raise ConfigError(message)
    config = read_config(tables.get("sweep", {}), source)
    _judge_size(config, source)
    try:
        candidates = candidates_of(config)
    except WrongError as error:
        place = source.place(("sweep", *error.path))
        raise ConfigError(f"sweep: {error} ({place})") from error
    notes: tuple[str, ...] = ()
    wanted = config.candidates
    if wanted is not None and len(candidates) < wanted:
        notes = (f"{wanted} candidates drawn, {len(candidates)} of them different",)
    scenario = absolute(config.scenario)
    try:
        patients = tuple(map(absolute, config.patients)) or (patient_of(scenario),)
    except ConfigError as error:
        raise ConfigError(f"{error} ({source.place(('sweep', 'scenario'))})") from error
    candidates = [_whole(settings) for settings in candidates]
    return Plan(name, config, source, scenario, tuple(candidates), patients, notes)


def read_config(table: object, source: Source) -> SweepConfig:
    """Return the table ``[sweep]`` of a file.

    Raises
    ------
    ConfigError
        At the first value that does not fit.
    """
    try:
        config: SweepConfig = build(SweepConfig, table, ("sweep",))
    except UnplacedError as problem:
        raise ConfigError(f"{problem.what} ({source.place(problem.path)})") from problem
    return config


def absolute(name: str) -> str:
    """Return the name of a part, or the whole path of its file: workers may stand elsewhere."""
    return str(Path(name).absolute()) if is_file_name(name) else name


def _whole(settings: Settings) -> Settings:
    """Return settings with the whole path of each part that is a file."""
    return settings_of(
        {
            key: absolute(value) if key.startswith("walk.") and isinstance(value, str) else value
            for key, value in settings
        }
    )


def _judge_size(config: SweepConfig, source: Source) -> None:
    size = size_of(config) if config.design == "grid" else config.candidates
    size = (size or 0) + config.baseline
    patients, seeds = max(1, len(config.patients)), len(config.all_seeds)
    walks = size * patients * seeds
    if size <= MOST_CANDIDATES and walks <= MOST_WALKS:
        return
    counts = [len(levels_of(axis) or ()) for axis in config.axis]
    how = " x ".join(map(str, counts)) if config.design == "grid" else str(config.candidates)
    lasts_s = config.duration_s or LIKE_S
    days = walks * lasts_s / TIMES_REAL_TIME / 86_400
    message = (
        f"sweep: {how} candidates x {patients} patients x {seeds} seeds are {walks} walks of "
        f"{lasts_s:g} s, some {days:.0f} days of one processor; {MOST_WALKS} at most: take fewer "
        f'values, or design = "latin_hypercube" ({source.place(("sweep",))})'
    )
    raise ConfigError(message)
