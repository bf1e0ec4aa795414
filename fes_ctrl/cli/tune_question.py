"""From the options of ``fes-ctrl tune`` to its question; what is wrong with them is refused."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Final

from fes_ctrl.cli.errors import Refusal
from fes_ctrl.cli.tune_space import dials_told, told_by
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.files import find, parse, read_text
from fes_ctrl.config.layers import Source
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.tuning.job import Job, Settings, options_of, settings_of
from fes_ctrl.tuning.objectives import BY_NAME, Objective
from fes_ctrl.tuning.otherwise import values_of
from fes_ctrl.tuning.population import Spread, population
from fes_ctrl.tuning.program_file import with_settings
from fes_ctrl.tuning.question import Question
from fes_ctrl.tuning.space import Check, dials_of, narrowed, shortened
from hil.code_version import code_version
from hil.patient.bad_strides import BadStridesConfig
from hil.scenarios import Scenario, load_scenario
from hil.sweep_walk import build as build_walk
from hil.tune_config import TuneConfig

PERCENT: Final = "bad_strides.percent"
SEEDS_APART: Final = 1_000_000
UNSEEN_FROM: Final = 500_000
"""Seeds of the search are counted from ``--seed`` millions, unseen ones half a million above."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what it was made from.

    Attributes
    ----------
    question : Question
        For the search.
    scenario : Scenario
        With the given program and the first patient.
    file : Path
        Of the given program.
    rule : str
        Which is to be taken.
    check : callable
        Tells what limits and device have against settings of the program.
    files : tuple of Path
        All that it was made from.
    notes : tuple of str
        Dials that do not go as far as was asked for, and why.
    read : dict of str to dict
        What the scenario's file and those of its parts say, value by value.
    """

    question: Question
    scenario: Scenario
    file: Path
    rule: str
    check: Check
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    read: dict[str, dict[str, object]] = field(default_factory=dict)

    def with_settings(self, settings: Settings) -> ProgramConfig:
        """Return the given program with other values."""
        given = asdict(self.scenario.walk.control.program)
        given["channel"] = list(given["channel"])
        return with_settings(given, settings)


def asked(
    scenario: str,
    *,
    patients: Sequence[str],
    vary: Sequence[str],
    members: int,
    parts: Mapping[str, str],
    sets: Sequence[str],
    duration_s: float | None,
    bad_percent: float | None,
    seeds: int,
    seed: int,
    names: str | None,
    lose: Sequence[str],
    reach: Sequence[str],
    space: str | None,
    choose: str | None,
    together: int,
) -> Asked:
    """Return the question that options ask.

    Raises
    ------
    Refusal
        At the first thing that does not fit, with what to do.
    """
    try:
        told, source = (TuneConfig(), Source("--space")) if space is None else told_by(space)
    except ConfigError as error:
        raise Refusal(str(error)) from error
    rule = _rule(choose, told)
    who = _who(patients)
    try:
        base = _base(parts, sets)
        astray = _astray(told, source, bad_percent)
        _apart(astray, {"--set": sets, "--vary": vary})
        options: dict[str, object] = {"patient": who[0]} if who else {}
        if duration_s is not None:
            options["duration_s"] = duration_s
        loaded = load_scenario(scenario, options, options_of(base))
        if astray and loaded.walk.bad_strides.percent > 0.0:
            # Plain walks are without any, whatever the scenario says.
            base = settings_of({**dict(base), PERCENT: 0.0})
        who = who or [loaded.names["patient"]]
        crowd = population(who, [_spread(text) for text in vary], members, seed)
        question = Question(
            scenario=scenario,
            duration_s=duration_s,
            base=base,
            members=crowd,
            seeds=seeds_from(seed, seeds),
            dials=(),
            objectives=_objectives(names, told, lose, rule, astray=bool(astray)),
            reach=_reach(told, reach),
            steer="charge" if rule == "keep" else "front",
            seed=seed,
            together=together,
            code=code_version(),
            astray=astray,
        )
        check = _check_of(question)
        why = check(())
        if why:
            raise Refusal(_as_typed(why, parts))
        program = loaded.walk.control.program
        detector = loaded.walk.control.detector.name
        wanted = dials_told(told, source, program)
        dials = wanted or dials_of(program, detector)
    except ConfigError as error:
        raise Refusal(_as_typed(str(error), parts)) from error
    absent = [name for name, _ in question.reach if name not in _names(question.objectives)]
    if absent:
        message = f"--reach {absent[0]}: is none of the objectives; add it to --objectives"
        raise Refusal(message)
    dials = narrowed(dials, check)
    notes = shortened(wanted, dials, check)
    if not dials:
        why = f"; {notes[0]}" if notes else ""
        message = f"no dial can be turned within limits and device; give another --space{why}"
        raise Refusal(message)
    digests = [build_walk(job).sha256 for job in question.jobs((), (0,))]
    question = replace(question, dials=tuple(dials), files=tuple(digests))
    files = [*loaded.layers.files.values(), find("scenario", scenario)]
    read = {str(each): values_of(parse(read_text(each), str(each))) for each in files}
    files += [] if space is None else [find("tune", space)]
    file = loaded.layers.files["program"]
    return Asked(question, loaded, file, rule, check, tuple(files), tuple(notes), read)


def seeds_from(seed: int, count: int) -> tuple[int, ...]:
    """Return the seeds of a search's walks."""
    return tuple(range(seed * SEEDS_APART + 1, seed * SEEDS_APART + 1 + count))


def unseen_from(seed: int, count: int) -> tuple[int, ...]:
    """Return seeds that no search with this seed sees."""
    first = seed * SEEDS_APART + UNSEEN_FROM
    return tuple(range(first + 1, first + 1 + count))


def _who(patients: Sequence[str]) -> list[str]:
    """Return who walks; whoever stands there twice would be walked, and count, twice."""
    who = [name for some in patients for name in some.split(",") if name]
    for name in who:
        if who.count(name) > 1:
            message = f"--patient {name}: stands there twice; take one out"
            raise Refusal(message)
    return who


def _as_typed(said: str, parts: Mapping[str, str]) -> str:
    """Return what is said of a part by the option that it was given by."""
    for name, value in parts.items():
        (option,) = options_of(settings_of({f"walk.{name}": value}))
        said = said.replace(f"--set {option}", f"--{name}")
    return said


def _base(parts: Mapping[str, str], sets: Sequence[str]) -> Settings:
    """Return what is set for all walks alike."""
    import tomllib

    values: dict[str, object] = {f"walk.{name}": value for name, value in parts.items()}
    for option in sets:
        key, equals, text = option.partition("=")
        key = key.strip()
        if not equals or "." not in key:
            message = f"--set {option}: write SECTION.KEY=VALUE, as program.delay_ms=50"
            raise Refusal(message)
        if key in {"walk.seed", "walk.patient"}:
            message = f"--set {option}: a search has --seed and --patient for that"
            raise Refusal(message)
        try:
            values[key] = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):
            values[key] = text
    return settings_of(values)


def _check_of(question: Question) -> Check:
    def check(settings: Settings) -> str:
        for member in question.members:
            values = settings_of(dict((*question.base, *member.settings, *settings)))
            job = Job(question.scenario, values, member.patient, 0, question.duration_s)
            try:
                problem = build_walk(job).problem
            except ConfigError as error:
                problem = str(error)
            if problem:
                return " ".join(problem.split())
        return ""

    return check


def _astray(told: TuneConfig, source: Source, percent: float | None) -> Settings:
    """Return what is set for strides to go astray; nothing where they do not."""
    plain = BadStridesConfig()
    asked = told.bad_strides
    values = {
        f"bad_strides.{field.name}": getattr(asked, field.name)
        for field in fields(asked)
        if getattr(asked, field.name) != getattr(plain, field.name)
    }
    if percent is not None:
        values[PERCENT] = percent
    elif values and PERCENT not in values:
        place = source.place(("tune", "bad_strides"))
        message = (
            f"tune.bad_strides: none goes astray without percent; add it, as percent = 20 ({place})"
        )
        raise Refusal(message)
    return settings_of(values) if values.get(PERCENT) else ()


def _apart(astray: Settings, options: Mapping[str, Sequence[str]]) -> None:
    """Refuse what would be set twice in the walks with bad strides, and once in those without."""
    given = dict(astray)
    for flag, texts in options.items():
        for text in texts:
            key = text.partition("=")[0].strip()
            if key in given:
                message = (
                    f"{flag} {text}: every program is walked without bad strides and with, there "
                    f"with {key.partition('.')[2]} {given[key]} (--bad-strides or --space); give "
                    f"it there alone"
                )
                raise Refusal(message)


def _rule(choose: str | None, told: TuneConfig) -> str:
    rule = choose or told.choose
    if rule in {"knee", "keep"} or (rule.isdecimal() and int(rule) >= 1):
        return rule
    message = f"--choose {rule}: choose knee, keep, or a number of the front, from 1"
    raise Refusal(message)


def _names(objectives: Sequence[Objective]) -> list[str]:
    return [objective.name for objective in objectives]


def _objectives(
    names: str | None, told: TuneConfig, lose: Sequence[str], rule: str, *, astray: bool
) -> tuple[Objective, ...]:
    usual = [name for name, row in BY_NAME.items() if astray or not row.astray]
    wanted = usual if not told.objectives else list(told.objectives)
    if names is not None:
        wanted = [name for name in names.split(",") if name]
    for name in wanted:
        _known(name, "--objectives")
        if name not in usual:
            message = f"--objectives {name}: is judged in bad strides; add --bad-strides 20"
            raise Refusal(message)
    if not wanted:
        message = f"--objectives: none is named; choose from {', '.join(BY_NAME)}"
        raise Refusal(message)
    if rule == "keep" and "charge" not in wanted:
        message = "--choose keep without charge among --objectives: it is what is saved; add it"
        raise Refusal(message)
    losses: dict[str, float | None] = dict(told.may_lose)
    for option in lose:
        name, value = _number(option, "--may-lose", ("none",))
        losses[name] = value
    for name, value in losses.items():
        _known(name, "--may-lose")
        if value is not None and value < 0:
            message = f"--may-lose {name}={value:g}: give 0 or more, or none for any amount"
            raise Refusal(message)
    return tuple(
        [
            replace(row, may_lose=losses.get(name, row.may_lose)) if name in losses else row
            for name, row in BY_NAME.items()
            if name in wanted
        ]
    )


def _reach(told: TuneConfig, options: Sequence[str]) -> tuple[tuple[str, float], ...]:
    goals = dict(told.reach)
    for option in options:
        name, value = _number(option, "--reach", ())
        goals[name] = value or 0.0
    for name in goals:
        _known(name, "--reach")
    return tuple(sorted(goals.items()))


def _number(option: str, flag: str, words: Sequence[str]) -> tuple[str, float | None]:
    name, equals, text = option.partition("=")
    name, text = name.strip(), text.strip()
    if equals and text in words:
        return name, None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not equals or not math.isfinite(value):
        message = f"{flag} {option}: write NAME=NUMBER, as toe_clearance=3"
        raise Refusal(message)
    return name, value


def _known(name: str, flag: str) -> None:
    if name not in BY_NAME:
        message = f"{flag} {name}: no such objective; choose from {', '.join(BY_NAME)}"
        raise Refusal(message)


def _spread(text: str) -> Spread:
    key, _, ends = text.partition("=")
    low, colon, high = ends.partition(":")
    try:
        spread = Spread(key.strip(), float(low), float(high))
    except ValueError:
        colon = ""
        spread = Spread("", 0.0, 0.0)
    if not colon or "." not in spread.key or not spread.low < spread.high:
        message = f"--vary {text}: write KEY=LOW:HIGH, as patient.leg.0.muscle.strength=0.5:0.8"
        raise Refusal(message)
    if spread.key.startswith(("program.", "limits.")):
        message = f"--vary {text}: vary the patient or the bench; dials of the program have --space"
        raise Refusal(message)
    return spread
