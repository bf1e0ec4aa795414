"""One output of a P24 in mid level: what waits for it, its train, and when that last gave a pulse.

A train's pulses cannot be seen from the host; when the last of them was given is known only from
when it was begun and ended, and how promptly the device said so.
"""

from typing import Final

from fes_ctrl.model import Setpoint
from fes_ctrl.stimulators.driver_line import LEAVING_US
from fes_ctrl.stimulators.pulse_queue import PROMPT_US
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4

SINGLE_US: Final = 10_000_000
"""Period of a train that is to give one pulse: the device would pause it long before the second."""


class Output:
    """One output: what waits for it, and the train that it was told to run."""

    __slots__ = (
        "at_us",
        "begun_us",
        "covered_us",
        "ended_us",
        "held",
        "in_step",
        "last_us",
        "likely_us",
        "period_us",
        "points",
    )

    def __init__(self) -> None:
        self.held: Setpoint | None = None
        self.points: tuple[sm4.Point, ...] = ()  # of the train; none where none runs
        self.period_us: Us = SINGLE_US
        self.at_us: Us = -NEVER_US  # of the last setpoint
        self.begun_us: Us = -NEVER_US
        self.in_step = False  # the device was prompt: its pulses are where they should be
        self.covered_us: Us = NEVER_US
        self.ended_us: Us = -NEVER_US
        self.likely_us: Us = -NEVER_US
        self.last_us: Us = -NEVER_US  # the last pulse was given by then; never while not known

    @property
    def repeats(self) -> bool:
        """Whether a train runs that gives pulse after pulse."""
        return bool(self.points) and self.period_us != SINGLE_US

    def begin(self, now_us: Us) -> None:
        """Take note that a train is being begun."""
        self.begun_us = now_us
        self.in_step = False

    def end(self, now_us: Us) -> None:
        """Take note that the train is being ended: a pulse that is due just now may still come."""
        if self.points:
            given = max(0, now_us + LEAVING_US - self.begun_us) // self.period_us
            self.likely_us = self.begun_us + given * self.period_us
            # A device that has not heard of it yet goes on.
            self.last_us = NEVER_US
            self.ended_us = now_us
            self.points = ()
            self.covered_us = NEVER_US

    def heard(self, sent_us: Us, took_us: Us, late_us: Us) -> None:
        """Take the answer to an update: how far its beginning or its end can be relied upon."""
        prompt = took_us <= PROMPT_US
        if self.points:
            if prompt and sent_us == self.begun_us:
                self.begun_us += late_us
                self.in_step = True
        elif self.last_us == NEVER_US and sent_us >= self.ended_us:
            # It is silent since then at the latest.
            self.last_us = self.likely_us if prompt and self.in_step else sent_us + took_us
