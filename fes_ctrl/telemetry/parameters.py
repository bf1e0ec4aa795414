"""What a remote command may change, what it is, and what a change would make of it.

A change is held as a whole against the same classes, bounds, limits and questions as a file is
when a run begins; it makes no sense to allow in a walk what would be refused before it.
"""

from dataclasses import asdict, replace
from typing import Final, NamedTuple, get_type_hints

from annotated_types import Ge, Gt, Le

from fes_ctrl.assembly import ControlConfig, problems_of
from fes_ctrl.model import ALL_LEGS, LEG_NAMES
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.limit_rows import BY_KEY, FIXED
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.stim.dials import CHANGEABLE, check_dial, turned
from fes_ctrl.telemetry.gate import RefusedError

LEVEL: Final = "level_percent"
PROGRAM: Final = "program."
LIMIT: Final = "limits."
IN_A_FILE: Final = get_type_hints(LimitsConfig, include_extras=True)
"""Type and bounds of each limit, where a file gives it."""


class Plan(NamedTuple):
    """A change that would be right as a whole.

    Attributes
    ----------
    leg : int
        Whose dials.
    dials, limits : tuple of (str, float)
        New values, without the section's name.
    level_percent : int or None
        The lower level.
    change : dict of str to (old, new)
        For the audit trail.
    control : dict of int to ControlConfig
        By leg, as it would be.
    lowers : bool
        Whether it does nothing but lower.
    """

    leg: int
    dials: tuple[tuple[str, float], ...]
    limits: tuple[tuple[str, float], ...]
    level_percent: int | None
    change: dict[str, tuple[object, float]]
    control: dict[int, ControlConfig]
    lowers: bool


class Parameters:
    """The values in force, by version.

    Parameters
    ----------
    legs : tuple of int
        Those that are stimulated.
    control : ControlConfig
        What the controller was made of.
    sensed : tuple of int
        Legs that wear sensors.

    Attributes
    ----------
    version : int
        Rises with each change that is adopted.
    """

    def __init__(
        self, legs: tuple[int, ...], control: ControlConfig, sensed: tuple[int, ...]
    ) -> None:
        self._legs = legs
        self._sensed = sensed
        self._control = dict.fromkeys(legs, control)
        self.version = 1

    def consider(self, leg: int, change: dict[str, float], level_percent: int) -> Plan:
        """Return what a change would make of it all.

        Parameters
        ----------
        leg : int
            Whose dials; ``ALL_LEGS`` for every leg that is stimulated.
        change : dict of str to float
            New values by key, all of them to be taken or none.
        level_percent : int
            The operator's level, which can only be lowered.

        Raises
        ------
        RefusedError
            If any of it is not to be had.
        """
        if leg != ALL_LEGS and leg not in self._legs:
            raise RefusedError("leg", f"the {LEG_NAMES[leg]} leg is not stimulated")
        dials, limits, level = [], [], None
        for key, value in change.items():
            if key == LEVEL:
                level = _lower_level(value, level_percent)
            elif key.startswith(PROGRAM):
                try:
                    check_dial(key.removeprefix(PROGRAM), value)
                except ValueError as error:
                    raise RefusedError("value", str(error)) from error
                dials.append((key.removeprefix(PROGRAM), value))
            elif key.startswith(LIMIT):
                limits.append((_limit(key.removeprefix(LIMIT), value), value))
            else:
                known = f"program.{', program.'.join(CHANGEABLE)}, limits.*, {LEVEL}"
                raise RefusedError("key", f"{key[:60]}: nothing that a remote can change: {known}")
        if limits and leg != ALL_LEGS:
            raise RefusedError("leg", "a limit holds for all legs; give it for both")
        control = {}
        for each in self._legs:
            present = self._control[each]
            program = present.program
            if leg in (ALL_LEGS, each):
                for name, value in dials:
                    program = turned(program, name, value)
            control[each] = self._fits(each, present, program, limits)
        old = {key: self._present(leg, key, level_percent) for key in change}
        return Plan(
            leg,
            tuple(dials),
            tuple(limits),
            level,
            {key: (old[key], value) for key, value in change.items()},
            control,
            not dials,
        )

    def _fits(
        self,
        leg: int,
        present: ControlConfig,
        program: ProgramConfig,
        narrower: list[tuple[str, float]],
    ) -> ControlConfig:
        limits = Limits(present.limits)
        for key, value in narrower:
            refused = limits.narrow(key, value)
            if refused:
                raise RefusedError("limit", refused)
        config = replace(present, program=program, limits=limits.config)
        if program is not present.program:
            # What was wrong before (a limit that was narrowed since) is not this change's doing.
            known = problems_of(self._legs, replace(present, limits=limits.config), self._sensed)
            new = [why for why in problems_of(self._legs, config, self._sensed) if why not in known]
            if new:
                raise RefusedError("limit", f"{LEG_NAMES[leg]}: {new[0]}")
        return config

    def _present(self, leg: int, key: str, level_percent: int) -> object:
        if key == LEVEL:
            return level_percent
        section, _, name = key.partition(".")
        values = {
            LEG_NAMES[each]: getattr(getattr(self._control[each], section), name)
            for each in self._legs
            if leg in (ALL_LEGS, each)
        }
        alike = set(values.values())
        return alike.pop() if len(alike) == 1 else values

    def adopt(self, plan: Plan) -> int:
        """Let a plan be what is in force; return its version."""
        self._control = plan.control
        self.version += 1
        return self.version

    def told(self, *, waiting: bool) -> dict[str, object]:
        """Return the fields of the ``parameters`` message."""
        limits = asdict(next(iter(self._control.values())).limits)
        return {
            "version": self.version,
            "values": {
                LEG_NAMES[leg]: {
                    PROGRAM + name: getattr(self._control[leg].program, name) for name in CHANGEABLE
                }
                for leg in self._legs
            },
            "limits": {
                LIMIT + key: limits[key] for key, row in BY_KEY.items() if row.narrower != FIXED
            },
            "bounds": {PROGRAM + name: list(ends) for name, ends in CHANGEABLE.items()},
            "waiting": waiting,
        }


def _limit(name: str, value: float) -> str:
    """Return a limit's name, if a file could give it this value; whether it is known is not asked.

    ``Limits.narrow`` looks at what is narrower; there is narrower than any file can say.
    """
    if name not in IN_A_FILE:
        return name
    shown = f"{LIMIT}{name} = {value:g}"
    if IN_A_FILE[name].__origin__ is int and value != round(value):
        raise RefusedError("value", f"{shown}: must be a whole number")
    for bound in IN_A_FILE[name].__metadata__:
        match bound:
            case Ge(ge=int() | float() as low) if value < low:
                raise RefusedError("value", f"{shown}: must be {low:g} or more")
            case Gt(gt=int() | float() as low) if value <= low:
                raise RefusedError("value", f"{shown}: must be above {low:g}")
            case Le(le=int() | float() as high) if value > high:
                raise RefusedError("value", f"{shown}: must be {high:g} or less")
            case _:
                pass
    return name


def _lower_level(value: float, level_percent: int) -> int:
    if value != round(value) or not 0 <= value <= 100:
        raise RefusedError("value", f"{LEVEL} = {value:g}: must be a whole number from 0 to 100")
    if value > level_percent:
        why = f"{LEVEL} = {value:g}: a remote can only lower the {level_percent} in force"
        raise RefusedError("value", why)
    return round(value)
