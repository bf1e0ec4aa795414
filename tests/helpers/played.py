"""A controller that is played by hand: scripted events, and calls as a runtime makes them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fes_ctrl.assembly import ControlConfig
from fes_ctrl.controller import Controller
from fes_ctrl.leg import LegController
from fes_ctrl.model import (
    HEEL_SWITCH,
    RIGHT,
    Command,
    GaitEvent,
    Input,
    LinkReport,
    Operator,
    Record,
    Remark,
    Sample,
    Setpoint,
)
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.stim.program import Program
from fes_ctrl.stimulators.config import capabilities_of
from fes_ctrl.units import NEVER_US

EVENTS = {2.0: "ho", 3.0: "ic", 4.0: "tc", 5.0: "ff"}

Story = tuple[list[Command], list[Record]]


class Scripted:
    """A detector that finds an event wherever the first value of a heel switch names one.

    Where there are two more, they say how long ago it was (ms) and how sure it is.
    """

    turn_deg = 0.0

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        kind = EVENTS.get(sample.values[0]) if sample.sensor == HEEL_SWITCH else None
        if kind is None:
            return ()
        ago_ms, sure = sample.values[1:] or (0.0, 1.0)
        event_us = sample.t_meas_us - round(1000 * ago_ms)
        return (GaitEvent(kind, sample.leg, event_us, sample.t_arrive_us, sure),)

    def snapshot(self) -> dict[str, object]:
        return {}

    def remarks(self) -> tuple[Remark, ...]:
        return ()


def controller(
    program: ProgramConfig | None = None,
    legs: Iterable[int] = (RIGHT,),
    only_sensing: Iterable[int] = (),
    bare: Iterable[int] = (),
) -> Controller:
    """Return a controller of scripted legs, by default one under the standard program.

    Those that only sense are given nothing; those that are bare wear no sensor.
    """
    config = ControlConfig()
    device = capabilities_of(config.stimulator)
    limits = Limits(config.limits)
    chosen = program or config.program
    programs = dict.fromkeys(legs, chosen)
    programs |= dict.fromkeys(only_sensing, replace(chosen, channel=()))
    return Controller(
        [
            LegController(
                leg,
                Scripted(),
                () if leg in bare else (HEEL_SWITCH,),
                Program(leg, its, config.setup, device),
                limits,
                contralateral=chosen.trigger_side == "contralateral",
            )
            for leg, its in programs.items()
        ],
        [device],
        limits,
    )


def report(t_us: int, kind: str, detail: str = "") -> LinkReport:
    return LinkReport(t_us, 0, kind, NEVER_US, detail)


ARMING: list[tuple[int, Input]] = [
    (0, report(0, "up", "a device")),
    (1, Operator(1, "arm", 0)),
    (2, report(2, "ready")),
    (3, Operator(3, "level", 100)),
]


def play(target: Controller, inputs: Iterable[tuple[int, Input | None]]) -> Story:
    """Call at the inputs alone."""
    commands: list[Command] = []
    records: list[Record] = []
    for now_us, item in inputs:
        step = target.step(now_us, item)
        commands += step.commands
        records += step.records
    return commands, records


def live(
    target: Controller,
    inputs: Sequence[tuple[int, Input]],
    late_us: Sequence[int] = (0,),
    extra_us: Sequence[int] = (),
) -> Story:
    """Call as a runtime does: at every input, at every wake-up (late), and for no reason."""
    commands: list[Command] = []
    records: list[Record] = []
    wake_us, turn, spare = NEVER_US, 0, sorted(extra_us)

    def call(now_us: int, item: Input | None) -> None:
        nonlocal wake_us
        step = target.step(now_us, item)
        commands.extend(step.commands)
        records.extend(step.records)
        wake_us = step.wake_at_us
        assert wake_us > now_us, "what is due has been done"

    for now_us, item in inputs:
        while True:
            due_us = wake_us + late_us[turn % len(late_us)] if wake_us < NEVER_US else NEVER_US
            sooner_us = min(due_us, spare[0] if spare else NEVER_US)
            if sooner_us >= now_us:
                break
            if due_us == sooner_us:
                turn += 1
            else:
                spare.pop(0)
            call(sooner_us, None)
        call(now_us, item)
    return commands, records


def setpoints(commands: Iterable[Command]) -> list[Setpoint]:
    return [command for command in commands if isinstance(command, Setpoint)]
