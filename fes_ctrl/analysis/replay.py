"""A recording through detector, program and guard, on its own time stamps.

It tells when pulses would have come, never what the foot would have done: the gait of a recording
was shaped by what happened then.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fes_ctrl.analysis.account import Account
from fes_ctrl.analysis.walk import Charge, LegWalk, Walk
from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.model import Sample
from fes_ctrl.runlog.log import NullLog, RunLog
from fes_ctrl.runtime.operator import OperatorConfig, ScriptedOperator
from fes_ctrl.runtime.paper import PaperDriver, PaperLink
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.stepper import Stepper
from fes_ctrl.stimulators.config import capabilities_of
from fes_ctrl.units import Us, us_from_s


@dataclass(slots=True)
class ReplayResult:
    """What a replay amounts to.

    Attributes
    ----------
    walk : Walk
        Detected events, bursts, setpoints, faults; no truth.
    start_us : int
        Arrival of the first sample.
    setpoints_sha256 : str
        Over every allowed setpoint, in order.
    """

    walk: Walk
    start_us: Us
    setpoints_sha256: str


def replay(
    samples: Iterable[Sample],
    legs: tuple[int, ...],
    control: ControlConfig,
    operator: OperatorConfig,
    log: RunLog | None = None,
    sensed: tuple[int, ...] | None = None,
) -> ReplayResult:
    """Replay samples in the order in which they arrived.

    Parameters
    ----------
    samples : iterable of Sample
        In order of arrival.
    legs : tuple of int
        Those to stimulate.
    control : ControlConfig
        What the controller is made of.
    operator : OperatorConfig
        The scripted hand; its times count from the first sample.
    log : RunLog or None
        Takes the run.
    sensed : tuple of int or None
        Those that the samples are of; the same ones where nothing is said.

    Returns
    -------
    ReplayResult
        Empty where there are no samples.

    Raises
    ------
    ValueError
        If the parts of ``control`` do not fit together.
    """
    stream = iter(samples)
    first = next(stream, None)
    start_us = 0 if first is None else first.t_arrive_us
    clock = Stepper(start_us)
    worn = legs if sensed is None else sensed
    controller = assemble(legs, control, worn)
    driver = PaperDriver(capabilities_of(control.stimulator))
    session = ControlSession(
        clock,
        controller,
        [(driver, PaperLink())],
        dict.fromkeys(legs, 0),
        NullLog() if log is None else log,
    )
    steps = max(0, len(operator.level_percent) - 1)
    settled_s = operator.level_from_s + steps * operator.level_every_s
    account = Account(
        Walk(
            duration_us=0,
            settled_from_us=start_us + us_from_s(settled_s),
            legs=[LegWalk(leg) for leg in legs],
            sensing=[LegWalk(leg) for leg in worn if leg not in legs],
            charge=Charge(electrode_area_cm2=control.limits.electrode_area_cm2),
        )
    )
    session.on_setpoint = account.setpoint
    session.on_written = account.written
    session.listeners.append(account.records)
    ScriptedOperator(clock, session, operator, evaluation=False)
    session.open()
    last_us = start_us
    if first is not None:
        session.take(first)
    for sample in stream:
        last_us = sample.t_arrive_us
        clock.run_until_us(last_us)
        session.take(sample)
    account.finish()
    account.walk.duration_us = last_us - start_us
    sum_charge(account.walk)
    return ReplayResult(account.walk, start_us, account.setpoints_sha256)


def sum_charge(walk: Walk) -> None:
    """Sum what was commanded: there is no electrode to look at."""
    for leg in walk.legs:
        for burst in leg.bursts:
            for setpoint in burst.setpoints:
                charge_pc = abs(setpoint.current_ua) * setpoint.width_us
                leg.charge_pc += charge_pc
                leg.charge_per_phase_max_pc = max(leg.charge_per_phase_max_pc, charge_pc)
                walk.charge.total_pc += charge_pc
                walk.charge.per_phase_max_pc = max(walk.charge.per_phase_max_pc, charge_pc)
