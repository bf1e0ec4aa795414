"""One walk of many: which scenario, with which settings, whose, by which seed; and its row.

A row is flat: what tells the walk from others, then every figure of its summary by its dotted
name. Figures begin as ``FIGURES`` says; every other dotted name is a setting.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from fes_ctrl.config.layers import canonical
from fes_ctrl.config.render import toml_value

Settings = tuple[tuple[str, object], ...]
"""Dotted keys and TOML values, as ``--set`` takes them, sorted by key; arrays are tuples."""

Row = dict[str, object]

FIGURES: Final = ("legs.", "charge.", "safety.")
"""What the dotted names of figures begin with; no section of the configuration is called so."""

BASELINE: Final = "baseline"
DIGITS: Final = 12
SAID: Final = 300


@dataclass(frozen=True, slots=True)
class Job:
    """One walk.

    Attributes
    ----------
    scenario : str
        Name or file.
    settings : tuple of (str, value)
        What is set otherwise than the scenario has it.
    patient : str
        Name or file.
    seed : int
        Of everything random.
    duration_s : float or None
        Simulated seconds; ``None``: as the scenario says.
    """

    scenario: str
    settings: Settings
    patient: str
    seed: int
    duration_s: float | None = None


Work = Callable[[Job], Row]
"""Walks one job. It travels to other processes, so it stands at the top of a module."""


def settings_of(values: Mapping[str, object]) -> Settings:
    """Return settings in the order and the form that a job has them in."""
    return tuple((key, _frozen(values[key])) for key in sorted(values))


def options_of(settings: Settings) -> tuple[str, ...]:
    """Return settings as ``--set`` takes them: ``KEY=VALUE``."""
    return tuple(f"{key}={toml_value(value)}" for key, value in settings)


def candidate_of(settings: Settings) -> str:
    """Return a short name for settings: ``baseline`` for none, else the head of their digest."""
    if not settings:
        return BASELINE
    text = canonical(dict(settings))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def key_from(config: str, seed: int, code: str) -> str:
    """Return a walk's key: a digest of its configuration, its seed and the code that walks it.

    Parameters
    ----------
    config : str
        Digest of everything that is the same for every seed.
    seed : int
        Of everything random.
    code : str
        Digest of the code.
    """
    return digest_of(config, str(seed), code)


def digest_of(*parts: str) -> str:
    """Return a digest of several texts, which tells them apart."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def identity_of(job: Job) -> Row:
    """Return the head of a job's row: which candidate, patient, seed, and the settings."""
    return {
        "candidate": candidate_of(job.settings),
        "patient": job.patient,
        "seed": job.seed,
        **dict(job.settings),
    }


def failed_row(job: Job, key: str, error: str, wall_s: float = 0.0) -> Row:
    """Return the row of a walk that came to nothing."""
    said = " ".join(error.split())
    said = said if len(said) <= SAID else f"{said[: SAID - 3]}..."
    return {**identity_of(job), "key": key, "ok": False, "error": said, "wall_s": round(wall_s, 4)}


def is_setting(name: str) -> bool:
    """Return whether a row's name is that of a setting."""
    return "." in name and not name.startswith(FIGURES)


def relabelled(row: Row, job: Job) -> Row:
    """Return a row as that of another job whose walk is the same.

    Settings that say what the scenario says anyhow are another candidate, but the same walk.
    """
    return {
        **identity_of(job),
        **{
            name: value
            for name, value in row.items()
            if not is_setting(name) and name not in {"candidate", "patient", "seed"}
        },
    }


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value
