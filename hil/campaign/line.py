"""What was allowed, written and delivered: three counts that must go down on the way."""

from fes_ctrl.model import Setpoint
from fes_ctrl.units import MicroAmp, Us
from fes_ctrl.wire import sciencemode4 as sm4


class Line:
    """Setpoints that were allowed, the frames that were written for them, and their pulses.

    A frame is known by channel, width and current as its bytes say them, not by what the driver
    believes that it wrote.

    Attributes
    ----------
    sent, got : dict of int to int
        By channel: frames with current that were written, and pulses that came of them.
    """

    __slots__ = ("_frames", "_given", "_unasked", "got", "sent")

    def __init__(self) -> None:
        self._unasked = ""
        self.sent: dict[int, int] = {}
        self.got: dict[int, int] = {}
        self._given: set[tuple[Us, int]] = set()
        self._frames: list[tuple[int, Us, MicroAmp]] = []

    @property
    def wrong(self) -> str:
        """What is wrong with what was written, asked when a step is over; empty where nothing."""
        if self._frames:
            return f"{len(self._frames)} frames with current that are no setpoint's"
        return self._unasked

    def allowed(self, setpoint: Setpoint) -> None:
        """Take a setpoint that the guard has let through."""
        self._given.add((setpoint.at_us, setpoint.channel))

    def frame(self, data: bytes) -> None:
        """Take what was written to the device: of it those frames that have current."""
        for _, command, payload in sm4.Decoder().feed(data):
            found = sm4.decode_channel_config(payload) if command == sm4.LL_CHANNEL_CONFIG else None
            if found is None:
                continue
            channel, _, points = found
            if any(current_ua for _, current_ua in points):
                self._frames.append((channel, *points[0]))
                self.sent[channel] = self.sent.get(channel, 0) + 1

    def written(self, setpoint: Setpoint) -> None:
        """Take the setpoint that a frame was written for: one that was allowed, and only once."""
        which = (setpoint.at_us, setpoint.channel)
        frame = (setpoint.channel, setpoint.width_us, setpoint.current_ua)
        if which not in self._given:
            self._unasked = f"the pulse of {which[0]} us on channel {which[1]} written unallowed"
        elif frame not in self._frames:
            self._unasked = f"no frame is that of the pulse of {which[0]} us on channel {which[1]}"
        else:
            self._given.discard(which)
            self._frames.remove(frame)

    def pulse(self, channel: int) -> None:
        """Take a pulse at the electrode."""
        self.got[channel] = self.got.get(channel, 0) + 1
