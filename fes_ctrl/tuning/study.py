"""A search on disk: what was planned, who walks what, what came of it.

It is a study of Optuna's in a journal file, so its own tools read it too. Candidates are planned
in batches that are written down before anybody walks them; whoever takes part takes what is
planned and not yet being walked. A process that has gone holds its lock no more: what it was
walking is taken up by the next.
"""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from fes_ctrl.tuning.journal import JOURNAL, is_alive, mend, others, seat
from fes_ctrl.tuning.locks import held
from fes_ctrl.tuning.measure import Judged, Measured
from fes_ctrl.tuning.otherwise import differences
from fes_ctrl.tuning.question import Question
from fes_ctrl.tuning.space import Point

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, Trial

NAME: Final = "tune"

Kind = Literal["given", "pattern", "search", "confirm"]


class StudyError(ValueError):
    """A folder that does not hold this search: what, where, what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One candidate of a plan.

    Attributes
    ----------
    batch, slot : int
        Its place: results are told in that order, whoever walked first.
    kind : str
        Why it was planned.
    point : tuple of float
        The candidate.
    seeds : tuple of int
        By which it is walked.
    walks : int
        What it costs of the budget.
    """

    batch: int
    slot: int
    kind: Kind
    point: Point
    seeds: tuple[int, ...]
    walks: int


@dataclass(frozen=True, slots=True)
class Known:
    """An entry and what is known of it: ``measured`` is ``None`` while it is being walked."""

    entry: Entry
    measured: Measured | None
    walking: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A candidate that was proposed and cannot be walked, by the batch before which it was."""

    batch: int
    point: Point
    why: str


@dataclass(slots=True)
class Claim:
    """An entry that this process walks."""

    entry: Entry
    trial: "Trial"


Planner = Callable[["Study"], tuple[Kind, list[tuple[Point, tuple[int, ...], int]]] | None]
"""What comes next: kind, and for each candidate its point, seeds and cost; ``None``: nothing."""


class Study:
    """A search on disk, as one of those who take part sees it.

    Parameters
    ----------
    folder : Path
        Where it is; made where it is not there.
    question : Question
        What it is asked.
    read : mapping of str to mapping
        The values of each file that it was made from: where it is asked otherwise, they tell what
        was changed.

    Raises
    ------
    StudyError
        If the folder holds the search for something else, or a damaged one.
    """

    def __init__(
        self,
        folder: Path,
        question: Question,
        read: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
    ) -> None:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.folder = folder
        self.question = question
        self._read = {path: dict(values) for path, values in read.items()}
        self._lock = folder / "claims.lock"
        self._batches = 0
        self._entries: list[Entry] = []
        self.number, self._alive = seat(folder)
        journal = folder / JOURNAL
        directions: list[Literal["minimize", "maximize"]] = [
            "maximize" if objective.better == "more" else "minimize"
            for objective in question.objectives
        ]
        with held(self._lock):
            mend(journal, alone=not others(folder, self.number))
            try:
                storage = JournalStorage(JournalFileBackend(str(journal)))
                self._study = optuna.create_study(
                    storage=storage, study_name=NAME, directions=directions, load_if_exists=True
                )
            except (ValueError, KeyError, TypeError) as error:
                message = (
                    f"{journal}: not the journal of a search, or damaged ({error}); search in "
                    "another folder"
                )
                raise StudyError(message) from error
            self._begin()
        self._distributions = {
            dial.key: optuna.distributions.FloatDistribution(*dial.span) for dial in question.dials
        }

    def _begin(self) -> None:
        """Write down what is asked, or compare it with what was."""
        before = self._study.user_attrs.get("digest")
        if before is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # naming metrics is called experimental
                self._study.set_metric_names([o.name for o in self.question.objectives])
            self._study.set_user_attr("question", question_text(self.question))
            self._study.set_user_attr("read", self._read)
            self._study.set_user_attr("digest", self.question.digest())
        elif before != self.question.digest():
            attrs = self._study.user_attrs
            differs = differences(
                {**attrs["question"], "read": attrs.get("read", {})},
                {**question_text(self.question), "read": self._read},
            )
            message = (
                f"{self.folder}: holds the search for something else ({'; '.join(differs)}); "
                "search in another folder, or ask the same"
            )
            raise StudyError(message)

    def close(self) -> None:
        """Leave: what this process did not finish is free for others."""
        self._alive.release()

    def claim(self, plan: Planner, count: int) -> tuple[list[Claim], bool]:
        """Take what is to be walked next; plan it where nothing planned is free.

        Parameters
        ----------
        plan : callable
            Makes the next batch, from what is known; called only while nobody else plans.
        count : int
            How many entries at most.

        Returns
        -------
        list of Claim
            To be walked by this process.
        bool
            Whether others still walk.
        """
        import optuna

        with held(self._lock):
            self._read_plans()
            self._give_up_the_dead()
            free, walking = self._free()
            if not free:
                made = plan(self)
                if made is not None:
                    self._write_plan(*made)
                    free, walking = self._free()
            claims = []
            for entry in free[:count]:
                params = {
                    dial.key: at for dial, at in zip(self.question.dials, entry.point, strict=True)
                }
                self._study.sampler = _given_sampler(params)
                fixed: dict[str, optuna.distributions.BaseDistribution] = {**self._distributions}
                trial = self._study.ask(fixed)
                about = {
                    "place": [entry.batch, entry.slot],
                    "kind": entry.kind,
                    "seeds": list(entry.seeds),
                    "owner": self.number,
                }
                trial.set_user_attr("entry", about)
                claims.append(Claim(entry, trial))
            return claims, walking

    def tell(self, claim: Claim, measured: Measured, judged: Judged | None) -> None:
        """Write down what came of a claim."""
        from optuna.trial import TrialState

        told = {**measured.as_dict(), "against": None if judged is None else judged.against}
        claim.trial.set_user_attr("measured", told)
        if judged is None:
            self._study.tell(claim.trial, state=TrialState.FAIL)
            return
        claim.trial.set_constraint("against", sum(judged.against.values()))
        self._study.tell(claim.trial, list(judged.values))

    def refuse(self, point: Point, why: str) -> None:
        """Write down that a proposal cannot be walked; while planning only."""
        import optuna
        from optuna.trial import TrialState, create_trial

        params = {dial.key: at for dial, at in zip(self.question.dials, point, strict=True)}
        fixed: dict[str, optuna.distributions.BaseDistribution] = {**self._distributions}
        attrs = {"refused": why, "before": self.batches}
        self._study.add_trial(
            create_trial(
                state=TrialState.FAIL, params=params, distributions=fixed, user_attrs=attrs
            )
        )

    @property
    def batches(self) -> int:
        """How many batches were planned, as of the last claim."""
        return self._batches

    def entries(self) -> list[Entry]:
        """Return all that was planned, in order, as of the last claim."""
        return list(self._entries)

    def known(self) -> list[Known]:
        """Return all that was planned and begun, in order of the plan."""
        from optuna.trial import TrialState

        state: dict[tuple[int, int], tuple[Measured | None, bool]] = {}
        for trial in self._trials():
            place = _place(trial)
            if place is None:
                continue
            told = trial.user_attrs.get("measured")
            if told is not None and trial.state.is_finished():
                state[place] = (Measured.of_dict(told), False)
            elif trial.state == TrialState.RUNNING:
                state.setdefault(place, (None, True))
        return [
            Known(entry, *state[entry.batch, entry.slot])
            for entry in self.entries()
            if (entry.batch, entry.slot) in state
        ]

    def refused(self) -> list[Refused]:
        """Return the proposals that could not be walked, in order."""
        keys = [dial.key for dial in self.question.dials]
        return [
            Refused(
                int(trial.user_attrs["before"]),
                tuple([float(trial.params[key]) for key in keys]),
                str(trial.user_attrs["refused"]),
            )
            for trial in self._trials()
            if "refused" in trial.user_attrs
        ]

    def _read_plans(self) -> None:
        """Read what was planned since; what was is never changed."""
        plans = self._study.user_attrs
        while f"batch {self._batches}" in plans:
            made = plans[f"batch {self._batches}"]
            for slot, (point, seeds, walks) in enumerate(made["candidates"]):
                self._entries.append(
                    Entry(self._batches, slot, made["kind"], tuple(point), tuple(seeds), int(walks))
                )
            self._batches += 1

    def _trials(self) -> "list[FrozenTrial]":
        return self._study.get_trials(deepcopy=False)

    def _free(self) -> tuple[list[Entry], bool]:
        known = {(k.entry.batch, k.entry.slot) for k in self.known()}
        free = [entry for entry in self.entries() if (entry.batch, entry.slot) not in known]
        return free, any(k.walking for k in self.known())

    def _write_plan(
        self, kind: Kind, candidates: Sequence[tuple[Point, tuple[int, ...], int]]
    ) -> None:
        plan = {"kind": kind, "candidates": [list(candidate) for candidate in candidates]}
        self._study.set_user_attr(f"batch {self.batches}", plan)
        self._read_plans()

    def _give_up_the_dead(self) -> None:
        from optuna.trial import TrialState

        for trial in self._trials():
            if trial.state != TrialState.RUNNING:
                continue
            owner = trial.user_attrs.get("entry", {}).get("owner")
            # Without its place it was being asked for when its process ended; and a process has
            # nothing left when it asks for more.
            if _place(trial) is None or owner == self.number or not is_alive(self.folder, owner):
                self._study.tell(trial.number, state=TrialState.FAIL)


def question_text(question: Question) -> dict[str, Any]:
    """Return a question as JSON holds it."""
    from dataclasses import asdict

    text: dict[str, Any] = json.loads(json.dumps(asdict(question)))
    return text


def _place(trial: "FrozenTrial") -> tuple[int, int] | None:
    entry = trial.user_attrs.get("entry")
    return None if entry is None else (int(entry["place"][0]), int(entry["place"][1]))


def _given_sampler(params: dict[str, float]) -> Any:
    """Return a sampler that gives what is given."""
    import optuna

    class Given(optuna.samplers.BaseSampler):
        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:  # noqa: ARG002 - optuna's signature
            return {}

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:  # noqa: ARG002 - optuna's signature
            return {}

        def sample_independent(
            self,
            study: Any,  # noqa: ARG002 - optuna's signature
            trial: Any,  # noqa: ARG002 - optuna's signature
            param_name: str,
            param_distribution: Any,  # noqa: ARG002 - optuna's signature
        ) -> float:
            return params[param_name]

    return Given()
