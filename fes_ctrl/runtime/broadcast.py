"""A run that is told to a broker, and what comes back from there: telemetry on the real loop.

In the control loop nothing happens but lines handed to another process (``telemetry.agent``) and,
once a second at most, a command judged. That process may hang, die, or find no broker: the run
does not notice.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from fes_ctrl.links.broker import Broker
from fes_ctrl.runtime.realtime import RealClock
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.runtime.telling import About, Telling
from fes_ctrl.sensors.arrivals import Arrivals
from fes_ctrl.telemetry.audit import AuditFile
from fes_ctrl.telemetry.process import AgentProcess
from fes_ctrl.telemetry.taken import PATIENCE_US
from fes_ctrl.units import Us

AGENT: Final = "fes_ctrl.telemetry.agent"


class Broadcast:
    """Tells a run to a broker, and lets requests from there reach it.

    Parameters
    ----------
    session : ControlSession
        The run's, not begun.
    clock : RealClock
        The run's.
    broker : Broker
        Where.
    about : About
        What the bench is.
    say : callable
        Takes a line for the person at the console.
    audit : Path or None
        Where to keep the trail of remote commands.
    patience_us : int
        How long telemetry may not be taken before it is told of.
    identity : callable or None
        Returns who the stimulator says that it is, as soon as it has.
    arrivals : callable or None
        Returns what became of the readings of sensors at brokers, where there are any.

    Raises
    ------
    OSError
        If the trail cannot be kept, or no process started.
    """

    def __init__(
        self,
        session: ControlSession,
        clock: RealClock,
        broker: Broker,
        about: About,
        say: Callable[[str], None],
        audit: Path | None = None,
        patience_us: Us = PATIENCE_US,
        identity: Callable[[], str] | None = None,
        arrivals: Callable[[], Arrivals | None] | None = None,
    ) -> None:
        self._say = say
        nonce = secrets.token_hex(16)
        self._file = None if audit is None else AuditFile(audit)
        hello = {
            "broker": asdict(broker),
            "bench": about.bench,
            "session": nonce,
            "start_ns": clock.start_ns,
        }
        self._agent = AgentProcess(AGENT, hello, self._heard, self._begin, self._died)
        self._telling = Telling(
            session,
            clock,
            self._agent,
            about,
            nonce,
            say,
            lambda: time.time_ns() // 1000,
            lambda: clock.late_us_max,
            None if self._file is None else self._file.put,
            patience_us,
            identity,
            arrivals,
        )
        hello["about"] = self._telling.about
        self._agent.start()

    @property
    def agent_pid(self) -> int | None:
        """The process that speaks to the broker."""
        return self._agent.pid

    def _begin(self) -> None:
        self._telling.begin()

    def _heard(self, line: dict[str, Any]) -> None:
        self._telling.heard(line)

    def _died(self) -> None:
        self._telling.died()

    def close(self) -> None:
        """Say good-bye; the output has been stopped before. Waits two seconds at most."""
        self._telling.close()
        self._agent.close()
        if self._file is not None:
            self._file.close()
            if self._file.lost:
                told = f"audit trail: entries that could not be written: {self._file.lost}"
                self._say(f"{told}; make room on the disk")
