"""The fixture ``walk``: a simulated walk, in virtual time, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fes_ctrl.testing.errors import RefusedError
from fes_ctrl.testing.golden import Golden
from fes_ctrl.testing.inject import Inject
from fes_ctrl.testing.patient import Patient, sets
from fes_ctrl.testing.pulse import Pulse, Pulses

if TYPE_CHECKING:
    from hil.scenarios import Scenario
    from hil.simulate import WalkResult

NAMED = ("patient", "program", "setup", "stimulator", "limits")


class Walked:
    """A walk that is over.

    Attributes
    ----------
    summary : dict
        As ``fes-ctrl walk --json`` prints it.
    pulses : sequence of Pulse
        What reached the electrodes.
    log : Path
        The run log.
    """

    def __init__(
        self, summary: dict[str, object], pulses: Sequence[Pulse], log: Path, golden: Golden
    ) -> None:
        self.summary = summary
        self.pulses = pulses
        self.log = log
        self._golden = golden

    @property
    def reasons(self) -> list[str]:
        """What speaks against a pass; nothing where it passed."""
        verdict = self.summary["verdict"]
        assert isinstance(verdict, dict)  # noqa: S101 - for the type checker
        return list(verdict["reasons"])

    @property
    def passed(self) -> bool:
        """Whether every bound of the scenario is met and nothing was violated."""
        return not self.reasons

    @property
    def setpoints_sha256(self) -> str:
        """Hash of every allowed setpoint: equal walks on one platform have equal ones."""
        return str(self.summary["setpoints_sha256"])

    @property
    def faults(self) -> list[str]:
        """Ids of the faults that came true, in order, those that cleared apart."""
        return [str(row["id"]) for row in self.records("fault") if row["reaction"] != "cleared"]

    def figure(self, name: str) -> float | None:
        """Return a number of the summary.

        Parameters
        ----------
        name : str
            Dotted, as ``legs.right.toe_clearance_mm.p05``; ``*`` stands for anything, where it
            leaves one figure: ``legs.*.strides`` of whoever has one affected leg.

        Returns
        -------
        float or None
            ``None`` is unknown; a list counts as how many there are.

        Raises
        ------
        RefusedError
            If there is no such figure, or more than one.
        """
        __tracebackhide__ = True
        found = self.figures(name)
        if len(found) > 1:
            message = f"figure {name!r} means {', '.join(found)}; name one, or ask for figures"
            raise RefusedError(message)
        return next(iter(found.values()))

    def figures(self, pattern: str = "*") -> dict[str, float | None]:
        """Return the numbers of the summary whose names fit, ``*`` for anything.

        Raises
        ------
        RefusedError
            If there is none.
        """
        __tracebackhide__ = True
        from difflib import get_close_matches
        from fnmatch import fnmatchcase

        from fes_ctrl.analysis.figures import figures_of_walk

        figures = figures_of_walk(self.summary)
        found = {name: value for name, value in figures.items() if fnmatchcase(name, pattern)}
        if not found:
            near = get_close_matches(pattern, figures, 3) or list(figures)
            message = f"figure {pattern!r}: the walk has none of that name; nearest are "
            raise RefusedError(message + ", ".join(near))
        return found

    def records(self, *kinds: str) -> list[dict[str, object]]:
        """Return the lines of the run log, in order.

        Parameters
        ----------
        *kinds : str
            Which kinds, as ``event``, ``setpoint`` or ``fault``; all, where none is named.

        Raises
        ------
        RefusedError
            If there is no such kind.
        """
        __tracebackhide__ = True
        from fes_ctrl.runlog.kinds import KINDS
        from fes_ctrl.runlog.reader import read_log

        for kind in kinds:
            if kind not in KINDS:
                raise RefusedError(f"records of kind {kind!r}: choose {', '.join(KINDS)}")
        return [line for line in read_log(self.log) if not kinds or line["kind"] in kinds]

    def matches_golden(
        self,
        name: str = "",
        *,
        tolerances: Mapping[str, float] | None = None,
        exact: bool = False,
    ) -> bool:
        """Return ``True``, or fail where the walk is not the stored one; see ``Golden``."""
        __tracebackhide__ = True
        return self._golden(self, name, tolerances=tolerances, exact=exact)


class Walk:
    """Walk: patient, sensors, controller, guard, driver, cable, device and electrode, simulated.

    Parameters
    ----------
    beside : Path
        The folder of the test: relative files are looked for there first.
    logs : callable
        Returns a new folder for a run log.
    inject : Inject
        What is to go wrong.
    golden : Golden
        What walks are compared with.
    """

    def __init__(
        self, beside: Path, logs: Callable[[], Path], inject: Inject, golden: Golden
    ) -> None:
        self._beside = beside
        self._logs = logs
        self._inject = inject
        self._golden = golden

    def __call__(
        self,
        scenario: str | Path = "standard",
        values: Mapping[str, object] | None = None,
        *,
        patient: str | Path | Patient | None = None,
        program: str | Path | None = None,
        setup: str | Path | None = None,
        stimulator: str | Path | None = None,
        limits: str | Path | None = None,
        orthosis: str | None = None,
        duration_s: float | None = None,
        seed: int | None = None,
        evaluation: bool = False,
        clock: Literal["stepper", "virtual"] = "stepper",
    ) -> Walked:
        """Walk once.

        Parameters
        ----------
        scenario : str or Path
            A name in ``configs/scenarios``, or a file.
        values : mapping of str to object or None
            Single values by dotted key, as ``{"program.delay_ms": 50.0}``.
        patient, program, setup, stimulator, limits : str, Path or None
            Instead of the scenario's: a name in ``configs``, or a file.
        orthosis, duration_s, seed
            Instead of the scenario's.
        evaluation : bool
            Sense and decide, never stimulate.
        clock : str
            ``stepper``, or ``virtual`` for the asyncio loop in virtual time; the same comes of it.

        Returns
        -------
        Walked
            Equal for equal calls, apart from ``summary["run"]``.

        Raises
        ------
        RefusedError
            If the parts do not fit together, or an injection was never reached.
        """
        __tracebackhide__ = True
        named = {
            "patient": patient.name if isinstance(patient, Patient) else patient,
            "program": program,
            "setup": setup,
            "stimulator": stimulator,
            "limits": limits,
        }
        options: dict[str, object] = {
            name: self._found(value) for name, value in named.items() if value is not None
        }
        others = {"orthosis": orthosis, "duration_s": duration_s, "seed": seed}
        options |= {name: value for name, value in others.items() if value is not None}
        injections = self._inject.take()
        if injections:
            options["inject"] = list(injections)
        changed = [*patient.changed] if isinstance(patient, Patient) else []
        changed += sets(values or {})
        loaded = _load(self._found(scenario), options, changed)
        loaded.walk = replace(loaded.walk, evaluation=evaluation)
        pulses = Pulses()
        log = self._logs() / "log.jsonl"
        result = _simulate(loaded, clock, log, pulses)
        _refuse_unreached(loaded, result)
        from hil.summary import walk_summary

        return Walked(walk_summary(loaded, result, clock, {}), pulses, log, self._golden)

    def _found(self, name: str | Path) -> str:
        """Return a name, or the file that it means: beside the test, or else from here."""
        text = str(name)
        if isinstance(name, Path) and "/" not in text:
            text = f"./{text}"
        if "/" not in text and not text.endswith(".toml"):
            return text
        beside = self._beside / text
        return str(beside) if beside.is_file() else text


def _load(name: str, options: Mapping[str, object], changed: Sequence[str]) -> "Scenario":
    __tracebackhide__ = True
    from fes_ctrl.assembly import problems_of
    from fes_ctrl.config.errors import ConfigError
    from hil.scenarios import load_scenario

    try:
        scenario = load_scenario(name, options, changed)
    except ConfigError as error:
        raise RefusedError(str(error).replace("--set ", "")) from None
    problems = problems_of(scenario.walk.legs, scenario.walk.control, scenario.walk.sensed)
    if problems:
        raise RefusedError(problems[0])
    return scenario


def _simulate(scenario: "Scenario", clock: str, log: Path, pulses: Pulses) -> "WalkResult":
    __tracebackhide__ = True
    from hil.simulate import simulate

    if clock not in {"stepper", "virtual"}:
        raise RefusedError(f"clock = {clock!r}: choose stepper or virtual")
    name: Literal["stepper", "virtual"] = "virtual" if clock == "virtual" else "stepper"
    return simulate(
        scenario.walk, name, log, watch=pulses.see, config_sha256=scenario.config_sha256
    )


def _refuse_unreached(scenario: "Scenario", result: "WalkResult") -> None:
    """Refuse a walk that proves nothing of what was to go wrong in it."""
    __tracebackhide__ = True
    unreached = result.walk.unreached_injections
    if unreached:
        message = (
            f"injection {', '.join(unreached)} was never reached in {scenario.name} of "
            f"{scenario.walk.duration_s:g} s: nothing there felt it; inject it at another time, "
            "or into a walk that has what it hits"
        )
        raise RefusedError(message)
