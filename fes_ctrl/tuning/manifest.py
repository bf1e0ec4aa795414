"""What a sweep walks, as ``sweep.json`` holds it: enough to join its shards, and to tell others.

The digest of each candidate's configuration as each patient walks it stands there, so that a row
is known to belong to it without anything being built again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

from fes_ctrl.tuning.job import (
    Job,
    Row,
    Settings,
    candidate_of,
    digest_of,
    key_from,
    relabelled,
    settings_of,
)
from fes_ctrl.tuning.store import Store

FORMAT: Final = 1
FILE: Final = "sweep.json"
ROWS: Final = "rows.jsonl"


class ManifestError(ValueError):
    """A folder that holds no sweep: what, where, what to do."""


@dataclass(frozen=True)
class Manifest:
    """What is walked.

    Attributes
    ----------
    name, scenario : str
        Of the sweep, and what it walks.
    candidates : tuple of Settings
        In order; the baseline, which has none, is the first where there is one.
    patients : tuple of str
        Names or files.
    seeds : tuple of int
        By which every candidate walks with every patient.
    duration_s : float or None
        Of each walk; none: the scenario's.
    configs : tuple of tuple of str
        For each candidate, for each patient: the digest of the configuration.
    code : str
        Digest of the code.
    shard : tuple of int or None
        Which part of how many this folder holds, the first being 1.
    asked : mapping
        The design as the file gives it.
    versions : mapping
        Of what else may show in the last digit of a figure.
    """

    name: str
    scenario: str
    candidates: tuple[Settings, ...]
    patients: tuple[str, ...]
    seeds: tuple[int, ...]
    duration_s: float | None
    configs: tuple[tuple[str, ...], ...]
    code: str
    shard: tuple[int, int] | None = None
    asked: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of jobs of the whole sweep."""
        return len(self.candidates) * len(self.patients) * len(self.seeds)

    @property
    def baseline(self) -> bool:
        """Whether the scenario as it stands is among the candidates."""
        return bool(self.candidates) and not self.candidates[0]

    @cached_property
    def sha256(self) -> str:
        """What tells this sweep from others, shards of it being equal."""
        plain = [list(map(candidate_of, self.candidates)), self.configs, self.patients, self.seeds]
        return digest_of(json.dumps(plain), self.code)

    def jobs(self) -> Iterator[tuple[str, Job]]:
        """Yield every key and job of the sweep: by candidate, then patient, then seed."""
        for settings, configs in zip(self.candidates, self.configs, strict=True):
            for patient, config in zip(self.patients, configs, strict=True):
                for seed in self.seeds:
                    job = Job(self.scenario, settings, patient, seed, self.duration_s)
                    yield key_from(config, seed, self.code), job

    def part(self) -> Iterator[tuple[str, Job]]:
        """Yield those that this folder's shard walks, every so manieth; without one, all."""
        of_which, how_many = self.shard or (1, 1)
        for index, found in enumerate(self.jobs()):
            if index % how_many == of_which - 1:
                yield found

    def rows(self, store: Store) -> Iterator[Row]:
        """Yield the rows that there are, in the order of the jobs."""
        for key, job in self.jobs():
            row = store.get(key)
            if row is not None:
                yield relabelled(row, job)

    def missing(self, store: Store) -> list[tuple[int, Job]]:
        """Return the jobs of the whole sweep that have no row, with their numbers from 0."""
        return [(index, job) for index, (key, job) in enumerate(self.jobs()) if key not in store]

    def text(self) -> str:
        """Return what ``sweep.json`` holds."""
        found = {
            "format": FORMAT,
            "sweep": self.name,
            "scenario": self.scenario,
            "duration_s": self.duration_s,
            "patients": self.patients,
            "seeds": self.seeds,
            "walks": len(self),
            "shard": None if self.shard is None else f"{self.shard[0]}/{self.shard[1]}",
            "sweep_sha256": self.sha256,
            "code_sha256": self.code,
            "versions": self.versions,
            "asked": self.asked,
            "candidates": [
                {
                    "candidate": candidate_of(settings),
                    "settings": dict(settings),
                    "configs": configs,
                }
                for settings, configs in zip(self.candidates, self.configs, strict=True)
            ],
        }
        return json.dumps(found, indent=1, allow_nan=False) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return what a folder's ``sweep.json`` holds.

        Raises
        ------
        ManifestError
            If there is none, or it is of something else.
        """
        path = folder / FILE
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if found["format"] != FORMAT:
                message = f"{path}: of another format; walk with the same version of fes-ctrl"
                raise ManifestError(message)
            candidates: Sequence[dict[str, Any]] = found["candidates"]
            return cls(
                name=found["sweep"],
                scenario=found["scenario"],
                candidates=tuple(settings_of(each["settings"]) for each in candidates),
                patients=tuple(found["patients"]),
                seeds=tuple(found["seeds"]),
                duration_s=found["duration_s"],
                configs=tuple(tuple(each["configs"]) for each in candidates),
                code=found["code_sha256"],
                shard=shard_of(found["shard"]),
                asked=found["asked"],
                versions=found["versions"],
            )
        except OSError as error:
            message = f"{path}: {error.strerror}; give the --out folder of a sweep"
            raise ManifestError(message) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, ManifestError):
                raise
            message = f"{path}: not what a sweep wrote; give the --out folder of a sweep"
            raise ManifestError(message) from error


def shard_of(text: str | None) -> tuple[int, int] | None:
    """Return a shard written as ``3/16``: the third of sixteen.

    Raises
    ------
    ValueError
        If it is not written so, or there is no such part.
    """
    if text is None:
        return None
    part, slash, whole = text.partition("/")
    if not (slash and part.isdecimal() and whole.isdecimal()):
        message = f"{text}: write K/N, as 3/16"
        raise ValueError(message)
    if int(whole) == 0:
        message = f"{text}: a sweep has one part at least; write K/N, as 3/16"
        raise ValueError(message)
    if not 1 <= int(part) <= int(whole):
        message = f"{text}: shards of {int(whole)} are counted from 1 to {int(whole)}"
        raise ValueError(message)
    return int(part), int(whole)
