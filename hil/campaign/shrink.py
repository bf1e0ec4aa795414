"""A failing case made small: less and plainer, as long as it fails in the same way.

Delta debugging over the configuration's own tree: every value that is not the plain one is tried
as the plain one, whole sections first; arrays lose halves, quarters, then single elements. A field
that is new tomorrow is tried by itself.
"""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from fes_ctrl.runtime.operator import parse_act
from fes_ctrl.units import us_from_s
from hil.campaign.case import SECTIONS, Case, plain, settled
from hil.campaign.invariants import Violation
from hil.campaign.run import Outcome, run_case
from hil.config import WalkConfig
from hil.patient.way import SegmentConfig
from hil.scenarios import OWN_SETUP

MOST_WALKS: Final = 250
MOST_SIMULATED_S: Final = 4_000.0
"""Whichever is reached first."""

MOST_PASSES: Final = 3

AFTER_S: Final = 0.2
"""A walk goes on for so long after what went wrong."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A small case that fails: which, how, and after how many walks it was found."""

    case: Case
    violation: Violation
    walks: int


def shrink(
    case: Case,
    invariant: str,
    most_walks: int = MOST_WALKS,
    run: Callable[[Case], Outcome] = run_case,
) -> Shrunk | None:
    """Return the smallest case found that breaks the same invariant.

    Parameters
    ----------
    case : Case
        One that does.
    invariant : str
        Which.
    most_walks : int
        Effort: how many walks may be tried.
    run : callable
        Walks a case.

    Returns
    -------
    Shrunk or None
        ``None`` where the case itself does not break the invariant when walked again.
    """
    search = _Search(case, invariant, most_walks, run)
    if not search.fails(case):
        return None
    search.drop_clocks()
    before = None
    for _ in range(MOST_PASSES):
        if search.case == before:
            break
        before = search.case
        search.cut()
        search.simplify()
    search.cut()
    assert search.violation is not None  # noqa: S101 - the first walk failed
    return Shrunk(search.case, search.violation, search.walks)


class _Search:
    """The smallest failing case so far."""

    def __init__(
        self, case: Case, invariant: str, most_walks: int, run: Callable[[Case], Outcome]
    ) -> None:
        self.case = case
        self.violation: Violation | None = None
        self.walks = 0
        self._invariant = invariant
        self._most_walks = most_walks
        self._simulated_s = 0.0
        self._run = run

    def fails(self, case: Case) -> bool:
        """Walk a case; keep it if it fails in the same way."""
        if self.walks >= self._most_walks or self._simulated_s >= MOST_SIMULATED_S:
            return False
        try:
            case = settled(case)
        except ValueError:
            return False
        self.walks += 1
        self._simulated_s += case.walk.duration_s
        for violation in self._run(case).violations:
            if violation.invariant == self._invariant:
                self.case, self.violation = case, violation
                return True
        return False

    def walk_fails(self, walk: WalkConfig) -> bool:
        """Do so with another walk of the same kind."""
        return self.fails(replace(self.case, walk=walk))

    def drop_clocks(self) -> None:
        """Try it on one clock, without jitter."""
        if self.case.both_clocks:
            self.fails(replace(self.case, both_clocks=False))
        if self.case.jitter_seed is not None:
            self.fails(replace(self.case, jitter_seed=None))

    def cut(self) -> None:
        """End the walk soon after what goes wrong, without what would have come later."""
        assert self.violation is not None  # noqa: S101 - something failed
        walk = self.case.walk
        end_s = math.ceil((self.violation.t_us / 1e6 + AFTER_S) * 10) / 10
        if end_s < walk.duration_s:
            self.walk_fails(_until(walk, end_s))

    def simplify(self) -> None:
        """Try the plain value of everything."""
        target = plain().walk
        walk = self.case.walk
        way = (SegmentConfig("stand", 2.0), SegmentConfig("walk", walk.duration_s))
        if walk.way != way:
            self._part("way", way)
        for name in ("inject", "orthosis"):
            self._part(name, getattr(target, name))
        for name, place in SECTIONS.items():
            if place == (name,):
                self._part(name, getattr(target, name))
            else:
                self._control(name, getattr(target.control, name))
        if self.case.setup != OWN_SETUP:
            self.fails(replace(self.case, setup=OWN_SETUP))
        if walk.seed != target.seed:
            self.walk_fails(replace(self.case.walk, seed=target.seed))
        self._round_injections()

    def _part(self, name: str, target: Any) -> None:
        def test(value: Any) -> bool:
            return self.walk_fails(replace(self.case.walk, **{name: value}))

        reduce(getattr(self.case.walk, name), target, test)

    def _control(self, name: str, target: Any) -> None:
        def test(value: Any) -> bool:
            walk = self.case.walk
            control = replace(walk.control, **{name: value})
            return self.walk_fails(replace(walk, control=control))

        reduce(getattr(self.case.walk.control, name), target, test)

    def _round_injections(self) -> None:
        """Write instants as a person would, where that makes no difference."""
        for index in range(len(self.case.walk.inject)):
            injections = list(self.case.walk.inject)
            old = injections[index]
            from_us = round(old.from_us, -5)
            injections[index] = old._replace(from_us=from_us)
            if injections[index] != old and from_us < old.to_us:
                self.walk_fails(replace(self.case.walk, inject=tuple(injections)))


def reduce(value: Any, target: Any, test: Callable[[Any], bool]) -> Any:
    """Return a value nearer to a target that still passes a test.

    Parameters
    ----------
    value : object
        Passes it.
    target : object
        The plain value.
    test : callable
        Whether something else passes; refusals count as no.

    Returns
    -------
    object
        As near as was found: every dataclass field and array element is tried.
    """
    if value == target or _passes(test, target):
        return target
    if dataclasses.is_dataclass(value) and type(value) is type(target):
        return _reduce_fields(value, target, test)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return _reduce_elements(value, test)
    return value


def _reduce_fields(value: Any, target: Any, test: Callable[[Any], bool]) -> Any:
    for field in dataclasses.fields(value):
        here, name = value, field.name

        def inner(new: Any, here: Any = here, name: str = name) -> bool:
            return test(replace(here, **{name: new}))

        new = reduce(getattr(value, name), getattr(target, name), inner)
        if new != getattr(value, name):
            value = replace(value, **{name: new})
    return value


def _reduce_elements(value: tuple[Any, ...], test: Callable[[Any], bool]) -> tuple[Any, ...]:
    size = max(1, len(value) // 2)
    while True:
        at = 0
        while at < len(value):
            shorter = value[:at] + value[at + size :]
            if shorter and _passes(test, shorter):
                value = shorter
            else:
                at += size
        if size == 1:
            break
        size //= 2
    for index, element in enumerate(value):
        if not dataclasses.is_dataclass(element) or isinstance(element, type):
            continue
        here = value

        def inner(new: Any, here: tuple[Any, ...] = here, index: int = index) -> bool:
            return test((*here[:index], new, *here[index + 1 :]))

        new = reduce(element, type(element)(), inner)
        value = (*value[:index], new, *value[index + 1 :])
    return value


def _passes(test: Callable[[Any], bool], value: Any) -> bool:
    try:
        return test(value)
    except ValueError:
        # Values that do not go together, as two legs on one channel.
        return False


def _until(walk: WalkConfig, end_s: float) -> WalkConfig:
    end_us = us_from_s(end_s)
    hand = tuple(text for text in walk.operator.hand if parse_act(text)[0] < end_us)
    return replace(
        walk,
        duration_s=end_s,
        inject=tuple(injection for injection in walk.inject if injection.from_us < end_us),
        operator=replace(walk.operator, hand=hand),
    )
