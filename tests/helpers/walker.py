"""A program, played by calling it at the times it asks for."""

from fes_ctrl.model import BurstEnd, GaitEvent, Record, Setpoint
from fes_ctrl.stim.config import ProgramConfig, SetupConfig
from fes_ctrl.stim.program import Program
from fes_ctrl.stimulators.config import P24_MODES

DEVICE = P24_MODES["low_level"]
STANDARD = ProgramConfig()
SETUP = SetupConfig()


def event(kind: str, t_us: int, confidence: float = 1.0, late_us: int = 0) -> GaitEvent:
    return GaitEvent(kind, 1, t_us, t_us + late_us, confidence)


class Walker:
    """A program, played by calling it at the times it asks for."""

    def __init__(self, config: ProgramConfig = STANDARD, level: int = 100) -> None:
        self.program = Program(1, config, SETUP, DEVICE)
        self.program.burst.level_percent = level
        self.setpoints: list[Setpoint] = []
        self.records: list[Record] = []

    def until(self, t_us: int) -> None:
        while (at_us := self.program.burst.next_at_us) <= t_us:
            self.program.fire(at_us, self.setpoints, self.records)
            assert self.program.burst.next_at_us > at_us, "it never rests"

    def heel_off(self, t_us: int, *, walking: bool = True, confidence: float = 1.0) -> None:
        self.until(t_us)
        self.records += self.program.trigger(
            event("ho", t_us, confidence), walking=walking, allowed=True
        )

    def contact(self, t_us: int, stance_us: int = 0, late_us: int = 0) -> None:
        self.until(t_us + late_us)
        self.records += self.program.contact(event("ic", t_us, late_us=late_us), stance_us)

    @property
    def times(self) -> list[int]:
        return [setpoint.at_us for setpoint in self.setpoints]

    @property
    def ends(self) -> list[str]:
        return [record.ended_by for record in self.records if isinstance(record, BurstEnd)]


def burst(config: ProgramConfig = STANDARD, contact_us: int = 700_000, **how: int) -> Walker:
    walker = Walker(config)
    walker.heel_off(0)
    walker.contact(contact_us, **how)
    walker.until(5_000_000)
    return walker
