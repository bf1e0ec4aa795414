"""The low level of a P24: a frame for every pulse, timed by the host.

The device gives one pulse per frame and nothing without one, so its output cannot outlive the
host. A pulse is written only while it is valid, only while no other frame with current is
unanswered, and never twice.
"""

from fes_ctrl.model import LINK_ANSWER, Capabilities, Setpoint
from fes_ctrl.stimulators.driver_line import LEAVING_US, DriverLine
from fes_ctrl.stimulators.p24_level import Pulses
from fes_ctrl.stimulators.pending import Unanswered
from fes_ctrl.stimulators.pulse_queue import PulseQueue
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4


class LowLevel:
    """The low level of one device.

    Parameters
    ----------
    line : DriverLine
        Where frames, reports and written pulses go.
    capabilities : Capabilities
        Of the P24 in low level.
    min_interval_us : int
        Least distance of two pulses of a channel as they are written, whatever the jitter.
    poll_us : int
        Of the session; without meaning here.
    """

    __slots__ = ("_forms", "_line", "_pulses", "_void_us", "init_command")

    def __init__(
        self,
        line: DriverLine,
        capabilities: Capabilities,
        min_interval_us: Us,
        poll_us: Us,  # noqa: ARG002 - as every level
    ) -> None:
        self._line = line
        self._forms = Pulses(capabilities)
        self._pulses = PulseQueue(capabilities.channels, min_interval_us)
        self._void_us: Us = NEVER_US
        self.init_command = sm4.LL_INIT

    def init(self, number: int) -> bytes:
        """Return Ll_Init."""
        return sm4.ll_init(number)

    def hold(self, now_us: Us, setpoint: Setpoint) -> None:
        """Take a pulse, and write it if it is its turn."""
        self._pulses.hold(setpoint)
        self.write(now_us)

    def write(self, now_us: Us) -> None:
        """Write the pulse whose turn it is; drop those whose time is over."""
        pulses, line = self._pulses, self._line
        while setpoint := pulses.expired(now_us):
            line.skip(now_us, setpoint, "expired before it could be written")
        if line.pending.with_current:
            return
        setpoint = pulses.due(now_us)
        if setpoint is None:
            return
        try:
            points = self._forms.of(setpoint)
        except ValueError as error:
            line.refuse(now_us, setpoint, error)
            return
        number = line.pending.number()
        frame = sm4.low_level_pulse(number, setpoint.channel, points)
        self._void_us = max(setpoint.expires_us, now_us + LEAVING_US)
        line.send(now_us, number, sm4.LL_CHANNEL_CONFIG, frame, current=True)
        line.written.append(setpoint)

    def clear(self) -> None:
        """Let go of all that wait."""
        self._pulses.clear()

    def complained(self, now_us: Us) -> None:
        """Nothing that waited goes out after a complaint: the controller decides first."""
        while len(self._pulses):
            self._line.skip(now_us, self._pulses.drop(), "waited when the device complained")

    def answered(self, now_us: Us, asked: Unanswered, payload: bytes) -> None:  # noqa: ARG002 - as every level
        """Take note that the pulse was given."""
        self._pulses.answered(asked.sent_us, now_us)
        self._line.report(now_us, LINK_ANSWER, "")

    def takes_back(self, now_us: Us) -> bool:
        """Return whether a pulse's time is over that has no answer.

        It may still be on this side of the line; let go later, it would be a late pulse. Frame
        ends go after it: of a frame that is half out the rest is gone.
        """
        if not self._line.pending.with_current or now_us <= self._void_us:
            return False
        self._void_us = NEVER_US
        self._line.out.append(sm4.FRAME_ENDS)
        return True

    def missed(self, now_us: Us) -> int:
        """Keep the next pulse's distance from one that may have been given just now."""
        return self._pulses.missed(now_us)

    def agrees(self, status: int, asked_us: Us) -> bool:  # noqa: ARG002 - the levels' signature
        """Return whether the device is initialised in this level."""
        return status == sm4.STATUS_LL_INIT

    @property
    def stops_on_silence(self) -> bool:
        """False: without a frame there is no pulse."""
        return False

    def wake_at_us(self) -> Us:
        """Return when a pulse is due, has expired, or is to be taken back."""
        blocked = self._line.pending.with_current
        wake_us = self._pulses.wake_at_us(blocked=blocked)
        if blocked and self._void_us != NEVER_US:
            wake_us = min(wake_us, self._void_us + 1)
        return wake_us
