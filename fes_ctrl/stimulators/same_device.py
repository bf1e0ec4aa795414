"""A driver that goes on with the device that it began with, and with no other, for a whole run.

A device that comes back after its line was lost may be another one, or the same with another
program in it. It is stopped and asked who it is, like any new one; where it is not the one from
before, that is a fault, and it is not armed.
"""

from fes_ctrl.model import LINK_CHANGED, LINK_ERROR, LINK_UP, Arm, Command, LinkReport
from fes_ctrl.stimulators.session import DriverSession, DriverStep
from fes_ctrl.units import NEVER_US, Us


class SameDevice:
    """A driver session around one.

    Parameters
    ----------
    driver : DriverSession
        Does the work; its *up* says who answers, version and serial number included.
    stimulator : int
        Its number in the reports.

    Attributes
    ----------
    capabilities, stop_bytes
        The driver's.
    identity : str
        Who answered first.
    """

    def __init__(self, driver: DriverSession, stimulator: int = 0) -> None:
        self._driver = driver
        self._stimulator = stimulator
        self._stranger = ""
        self.capabilities = driver.capabilities
        self.stop_bytes = driver.stop_bytes
        self.identity = ""

    def open(self, now_us: Us) -> DriverStep:
        """Begin, or begin anew."""
        self._stranger = ""
        return self._judged(self._driver.open(now_us))

    def command(self, now_us: Us, command: Command) -> DriverStep:
        """Take one command; another device is not armed."""
        if isinstance(command, Arm) and self._stranger:
            # Whatever the driver has to do meanwhile, it does when it is called next.
            step = self._driver.tick(now_us)
            refused = LinkReport(now_us, self._stimulator, LINK_ERROR, NEVER_US, self._refusal())
            return self._judged(step._replace(reports=(*step.reports, refused)))
        return self._judged(self._driver.command(now_us, command))

    def receive(self, now_us: Us, data: bytes) -> DriverStep:
        """Take bytes from the device."""
        return self._judged(self._driver.receive(now_us, data))

    def tick(self, now_us: Us) -> DriverStep:
        """Fire the deadlines that have come."""
        return self._judged(self._driver.tick(now_us))

    def taken_back(self, now_us: Us) -> DriverStep:
        """Take note that what was written before now may not have left."""
        return self._judged(self._driver.taken_back(now_us))

    def hang_up(self, now_us: Us, reason: str) -> DriverStep:
        """Take note that the connection is gone."""
        return self._judged(self._driver.hang_up(now_us, reason))

    def _judged(self, step: DriverStep) -> DriverStep:
        if not step.reports:
            return step
        return step._replace(reports=tuple([self._judge(report) for report in step.reports]))

    def _judge(self, report: LinkReport) -> LinkReport:
        if report.kind != LINK_UP:
            return report
        if not self.identity:
            self.identity = report.detail
        if report.detail == self.identity:
            self._stranger = ""
            return report
        self._stranger = report.detail
        return report._replace(kind=LINK_CHANGED, detail=self._refusal())

    def _refusal(self) -> str:
        return (
            f"{self._stranger} answers, it was {self.identity}: put that one back, or start again"
        )
