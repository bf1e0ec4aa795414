"""What a search is asked: of whom, turning what, judged by what, for how many walks."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from fes_ctrl.config.layers import canonical
from fes_ctrl.tuning.job import Job, Settings, settings_of
from fes_ctrl.tuning.objectives import Objective
from fes_ctrl.tuning.space import Dial, Point, settings_at

Steer = Literal["front", "charge"]


@dataclass(frozen=True, slots=True)
class Member:
    """One of those who walk: a patient, and how he differs from his file."""

    patient: str
    settings: Settings = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that a search's result depends on, but for how long it goes on.

    Attributes
    ----------
    scenario : str
        Name or file.
    duration_s : float or None
        Of each walk; ``None``: the scenario's.
    base : settings
        What is set otherwise than the scenario has it, for the given program too.
    members : tuple of Member
        Who walks: each candidate is walked by all of them.
    seeds : tuple of int
        Of the search's walks, the same for every candidate; the first one explores.
    dials : tuple of Dial
        What is turned.
    objectives : tuple of Objective
        What counts.
    reach : tuple of (str, float)
        Objectives that have to be at least, or at most, so.
    steer : str
        Towards the whole front, or towards less charge alone while all else is kept.
    seed : int
        Of the proposals.
    together : int
        Candidates that are proposed at a time; how many workers walk them changes nothing.
    code : str
        Version of the code: its walks are the same walks.
    files : tuple of str
        Digest of what each member walks with the given program: files may change, names stay.
    astray : settings
        With which everybody walks each candidate once more, for strides to go astray; none: they
        do not.
    """

    scenario: str
    duration_s: float | None
    base: Settings
    members: tuple[Member, ...]
    seeds: tuple[int, ...]
    dials: tuple[Dial, ...]
    objectives: tuple[Objective, ...]
    reach: tuple[tuple[str, float], ...] = ()
    steer: Steer = "front"
    seed: int = 1
    together: int = 4
    code: str = ""
    files: tuple[str, ...] = ()
    astray: Settings = ()

    @property
    def each(self) -> int:
        """How many walks a candidate takes by one seed."""
        return len(self.members) * (2 if self.astray else 1)

    def digest(self) -> str:
        """Return the digest of it all."""
        return hashlib.sha256(canonical(asdict(self)).encode()).hexdigest()

    def jobs(self, point: Point, seeds: Sequence[int]) -> list[Job]:
        """Return the walks of a candidate: by seed, then by member, then again with strides astray.

        Parameters
        ----------
        point : tuple of float
            The candidate.
        seeds : sequence of int
            By which to walk.
        """
        turned = settings_at(self.dials, point)
        return [
            Job(
                self.scenario,
                settings_of(dict((*self.base, *member.settings, *astray, *turned))),
                member.patient,
                seed,
                self.duration_s,
            )
            for seed in seeds
            for astray in (((), self.astray) if self.astray else ((),))
            for member in self.members
        ]
