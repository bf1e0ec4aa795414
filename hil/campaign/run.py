"""One case walked and judged after every event of the clock."""

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from fes_ctrl.model import Operator
from fes_ctrl.runtime.clock import ORDER_OPERATOR
from fes_ctrl.runtime.operator import parse_act
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.runtime.virtual import DeadlockError
from fes_ctrl.units import Us, us_from_s
from hil.campaign.case import Case, refusals
from hil.campaign.draw import draw
from hil.campaign.explained import unexplained
from hil.campaign.invariants import Violation
from hil.campaign.judge import Judge, JudgedLoop, TimeStandsStillError
from hil.campaign.reactions import Reaction, beyond, reactions_of
from hil.missing import missing
from hil.rig import Rig

AFTER_ALL: Final = 1 << 30
"""Later than everything else of an instant."""

Tamper = Callable[[Rig], None]
"""Breaks a part of a rig: for tests of the invariants."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case.

    Attributes
    ----------
    duration_s : float
        Simulated.
    setpoints_sha256 : str
        Over every allowed setpoint.
    setpoints, pulses : int
        How many were allowed, and how many reached an electrode.
    violations : tuple of Violation
        The first of each invariant.
    reactions : tuple of Reaction
        To the injections that were acknowledged and name a fault.
    acknowledged, unreached : tuple of str
        Injections that had an effect, and that had none.
    refused : str
        Why the configuration was refused; empty where it was not.
    """

    duration_s: float
    setpoints_sha256: str
    setpoints: int
    pulses: int
    violations: tuple[Violation, ...]
    reactions: tuple[Reaction, ...]
    acknowledged: tuple[str, ...]
    unreached: tuple[str, ...]
    refused: str = ""


def run_case(case: Case, tamper: Tamper | None = None) -> Outcome:
    """Walk a case and judge it; an exception is a violation like any other.

    Parameters
    ----------
    case : Case
        What to walk.
    tamper : callable or None
        Breaks the rig before it starts.
    """
    refused = refusals(case)
    if refused:
        broken = Violation(0, "in_bounds", refused[0])
        return Outcome(case.walk.duration_s, "", 0, 0, (broken,), (), (), (), refused[0])
    outcome = _walk(case, tamper, virtual=True)
    if not case.both_clocks:
        return outcome
    stepped = _walk(case, tamper, virtual=False)
    differing = [
        name
        for name in ("setpoints_sha256", "pulses", "violations", "reactions", "acknowledged")
        if getattr(outcome, name) != getattr(stepped, name)
    ]
    if not differing:
        return outcome
    what = f"virtual loop and stepper differ in {', '.join(differing)}"
    end_us = us_from_s(case.walk.duration_s)
    broken = Violation(end_us, "equal_clocks", what)
    found = sorted({*outcome.violations, *stepped.violations, broken})
    return replace(outcome, violations=tuple(found))


def run_number(seed: int, number: int) -> Outcome:
    """Walk one walk of a campaign."""
    return run_case(draw(seed, number))


def _walk(case: Case, tamper: Tamper | None, *, virtual: bool) -> Outcome:
    judge = Judge(case.walk)
    rig: Rig | None = None
    try:
        rig = _on_the_loop(case, judge, tamper) if virtual else _by_steps(case, judge, tamper)
        rig.finish()
        judge.after(judge.view.now_us)
    except TimeStandsStillError as error:
        judge.found(judge.view.now_us, "time_goes_on", str(error))
    except DeadlockError as error:
        judge.found(judge.view.now_us, "no_deadlock", str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename.rpartition('/')[2]}:{place.name}"
        name = type(error).__name__
        judge.found(judge.view.now_us, f"no_exception.{name}", f"{name} in {where}: {error}")
    if rig is None:
        return _outcome(case, judge, None)
    return _outcome(case, judge, rig)


def _outcome(case: Case, judge: Judge, rig: Rig | None) -> Outcome:
    view = judge.view
    reactions: tuple[Reaction, ...] = ()
    known: tuple[str, ...] = ()
    if rig is not None:
        acknowledged = rig.acknowledgements()
        known = tuple(sorted({found.name for found in acknowledged}))
        reactions = reactions_of(case.walk, view, acknowledged)
        late = beyond(reactions)
        if late is not None:
            judge.found(late.t_us + late.took_us, "reaction_in_time", str(late))
        at_us, fault = unexplained(case.walk, view, acknowledged)
        if fault:
            judge.found(at_us, "unexplained_fault", fault)
        if judge.heard is not None:
            for absent in missing(case.walk, judge.heard, acknowledged):
                judge.found(absent.t_us, "reaction_missing", str(absent))
    return Outcome(
        duration_s=case.walk.duration_s,
        setpoints_sha256="" if rig is None else rig.account.setpoints_sha256,
        setpoints=0 if rig is None else rig.account.setpoints,
        pulses=len(view.pulses),
        violations=tuple(sorted(judge.violations.values())),
        reactions=reactions,
        acknowledged=known,
        unreached=tuple(
            sorted(
                {injection.name for injection in case.walk.inject if injection.name not in known}
            )
        ),
    )


def _by_steps(case: Case, judge: Judge, tamper: Tamper | None) -> Rig:
    stepper = Stepper()
    judge.view.clock = stepper
    rig = Rig(case.walk, stepper, judge.view)
    judge.watch(rig, stepper)
    if tamper is not None:
        tamper(rig)
    rig.session.open()
    stepper.run_until_us(us_from_s(case.walk.duration_s), lambda: judge.after(stepper.now_us()))
    return rig


def _on_the_loop(case: Case, judge: Judge, tamper: Tamper | None) -> Rig:
    def loop() -> JudgedLoop:
        made = JudgedLoop(case.jitter_seed)
        made.judge = judge
        return made

    with asyncio.Runner(loop_factory=loop) as runner:
        try:
            return runner.run(_walk_virtually(case, judge, tamper))
        except BaseException:
            _abandon(runner.get_loop())
            raise


def _abandon(loop: asyncio.AbstractEventLoop) -> None:
    """Let the tasks of a walk that has failed come to their end."""
    if isinstance(loop, JudgedLoop):
        loop.judge = None
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(_end_of(tasks))


async def _end_of(tasks: "set[asyncio.Task[object]]") -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


async def _walk_virtually(case: Case, judge: Judge, tamper: Tamper | None) -> Rig:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JudgedLoop)  # noqa: S101 - the runner's factory made it
    walk = case.walk
    hand = walk.operator.hand
    if case.jitter_seed is not None:
        # Several hands at once: what they do at one instant comes in the order of the jitter.
        walk = replace(walk, operator=replace(walk.operator, hand=()))
    judge.view.clock = loop
    rig = Rig(walk, loop, judge.view)
    judge.watch(rig, loop)
    if tamper is not None:
        tamper(rig)
    hands = [] if case.jitter_seed is None else _hands(loop, rig, hand)
    rig.session.open()
    done = loop.create_future()
    loop.call_at_us(us_from_s(walk.duration_s), AFTER_ALL, done.set_result, None)
    await done
    for task in hands:
        if task.done():
            task.result()
        else:
            task.cancel()
    await asyncio.gather(*hands, return_exceptions=True)
    return rig


def _hands(loop: JudgedLoop, rig: Rig, hand: tuple[str, ...]) -> "list[asyncio.Task[None]]":
    at: dict[Us, asyncio.Future[None]] = {}
    tasks = []
    for text in hand:
        at_us, action, value = parse_act(text)
        if at_us not in at:
            at[at_us] = loop.create_future()
            # Their clock is the host's, as everybody's there.
            rig.session.clock.call_at_us(at_us, ORDER_OPERATOR, at[at_us].set_result, None)
        tasks.append(loop.create_task(_act(rig, at[at_us], action, value)))
    return tasks


async def _act(rig: Rig, when: "asyncio.Future[None]", action: str, value: int) -> None:
    await when
    rig.session.take(Operator(rig.session.clock.now_us(), action, value))
