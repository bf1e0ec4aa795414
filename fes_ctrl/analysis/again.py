"""What a run amounts to, by its log: what went in goes through a new controller once more."""

from collections import deque
from pathlib import Path

from fes_ctrl.analysis.account import Account
from fes_ctrl.analysis.replay import ReplayResult, sum_charge
from fes_ctrl.analysis.walk import Charge, LegWalk, Walk
from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.model import Setpoint
from fes_ctrl.runlog.kinds import INPUT_KINDS
from fes_ctrl.runlog.reader import RunLogError, decode_input, read_log


def once_more(
    log: Path, legs: tuple[int, ...], control: ControlConfig, sensed: tuple[int, ...]
) -> ReplayResult:
    """Return what a run amounts to.

    Parameters
    ----------
    log : Path
        Of the run, closed.
    legs, control, sensed : tuple of int, ControlConfig, tuple of int
        As its controller was assembled.

    Returns
    -------
    ReplayResult
        Its start is the first input's.

    Raises
    ------
    RunLogError
        If it is damaged, or what comes of it is not what the run gave: lines are missing.
    """
    controller = assemble(legs, control, sensed)
    sensing = [LegWalk(leg) for leg in sensed if leg not in legs]
    charge = Charge(electrode_area_cm2=control.limits.electrode_area_cm2)
    walk = Walk(0, 0, [LegWalk(leg) for leg in legs], charge, sensing)
    account = Account(walk)
    given: deque[Setpoint] = deque()
    times_us: list[int] = []
    for number, record in enumerate(read_log(log), 1):
        kind, now_us = record["kind"], record.get("now")
        if not isinstance(now_us, int):
            continue
        if kind in INPUT_KINDS:
            times_us = [*times_us[:1], now_us]
            step = controller.step(now_us, decode_input(record))
            for command in step.commands:
                if isinstance(command, Setpoint):
                    account.setpoint(command)
                    given.append(command)
            account.records(now_us, step.records)
        elif kind == "setpoint":
            if not given or tuple(given.popleft()) != _logged(record):
                message = f"{log}:{number}: not what its inputs make of it; lines are missing"
                raise RunLogError(message)
        elif kind == "written":
            at_us, leg = record.get("at"), record.get("leg")
            if isinstance(at_us, int) and isinstance(leg, int):
                account.written(now_us, Setpoint(at_us, leg, 0, 0, 0, at_us, 0))
    account.finish()
    if times_us:
        walk.duration_us = times_us[-1] - times_us[0]
    sum_charge(walk)
    return ReplayResult(walk, times_us[0] if times_us else 0, account.setpoints_sha256)


def _logged(record: dict[str, object]) -> tuple[object, ...]:
    keys = ("at", "leg", "channel", "uA", "us", "expires", "waveform")
    return tuple([record.get(key) for key in keys])
