"""The mid level of a simulated P24: channels repeat their pulse by themselves.

The channels of the last Ml_Update go on until told otherwise, or until the host's live signal
stays away for two seconds; then they pause, and only another update resumes them.

Not stated by the vendor, and assumed: an update of a running channel keeps its rhythm; the one
current source gives one pulse at a time, 60 us apart, and makes the later one wait; channels are
taken in ascending order, and those that the source has no time left for do not run and are told
as timed out; a channel whose voltage does not suffice goes on and is told as low current.
"""

from typing import Final

from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire import sciencemode4_answers as answers
from firmware_sim.devices.defects import Defects
from firmware_sim.devices.p24_points import padded, valid
from firmware_sim.output import OutputStage, Points

LIVE_SIGNAL_US: Final = 2_000_000
FULL_PERCENT: Final = 100.0
SELECTIONS: Final = (sm4.SELECT_ELECTRODES_4, sm4.SELECT_ELECTRODES_8, sm4.SELECT_CHANNEL_STATES)


class _Train:
    """A channel that repeats its pulse."""

    __slots__ = ("given", "next_us", "period_us", "points", "ramp")

    def __init__(self, train: sm4.ChannelTrain, next_us: Us) -> None:
        self.points = padded(train.points)
        self.ramp = train.ramp
        self.period_us = train.period_us
        self.next_us = next_us
        self.given = 0

    def now(self) -> Points:
        """Return the next pulse: a ramp of n pulses reaches full current with pulse n."""
        if self.given >= self.ramp:
            return self.points
        share, whole = self.given + 1, self.ramp + 1
        return tuple([(us, int(ua * share / whole)) for us, ua in self.points])


class MidLevel:
    """The mid level of one device.

    Parameters
    ----------
    output : OutputStage
        Takes the pulses.
    defects : Defects
        What is wrong with the device.

    Attributes
    ----------
    active : bool
        Whether it is initialised; the device sees to it that only one level is.
    """

    __slots__ = (
        "_defects",
        "_free_us",
        "_live_us",
        "_output",
        "_states",
        "_stop_on_error",
        "_trains",
        "active",
    )

    def __init__(self, output: OutputStage, defects: Defects) -> None:
        self._output = output
        self._defects = defects
        self._free_us: Us = -NEVER_US
        self._trains: dict[int, _Train] = {}
        self._states: list[int] = [sm4.STATE_OK] * sm4.CHANNELS
        self._live_us: Us = NEVER_US
        self._stop_on_error = False
        self.active = False

    @property
    def running(self) -> bool:
        """Whether any channel repeats its pulse."""
        return len(self._trains) > 0

    def reset(self) -> None:
        """Be as after power-on."""
        self._trains.clear()
        self._states = [sm4.STATE_OK] * sm4.CHANNELS
        self.active = False

    def halt(self) -> None:
        """Give no more pulses."""
        self._trains.clear()

    def wake_at_us(self) -> Us:
        """Return when something is to be done."""
        if not self._trains:
            return NEVER_US
        next_us = min([train.next_us for train in self._trains.values()])
        return min(self._live_us, max(next_us, self._free_us))

    def fire(self, now_us: Us) -> None:
        """Give the pulses that are due up to now; pause where the host stays away."""
        while self._trains:
            channel, train = min(self._trains.items(), key=_when)
            at_us = max(train.next_us, self._free_us)
            if at_us >= self._live_us and self._live_us <= now_us:
                self._trains.clear()
                return
            if at_us > now_us:
                return
            train.next_us += train.period_us
            self._give(at_us, channel, train)

    def _give(self, at_us: Us, channel: int, train: _Train) -> None:
        points = train.now()
        train.given += 1
        self._free_us = at_us + sum([us for us, _ in points]) + sm4.PULSE_GAP_US
        if self._defects.any:
            self._defects.gave(at_us, channel, points)
        if not self._output.deliver(at_us, channel, points):
            self._states[channel] = sm4.STATE_ELECTRODE
            del self._trains[channel]
            if self._stop_on_error:
                self._trains.clear()
            return
        most_ua = self._output.compliance_mv * 1_000 // self._output.present_ohm[channel]
        if max([abs(current_ua) for _, current_ua in points]) > most_ua:
            self._states[channel] = sm4.STATE_LOW_CURRENT

    def live(self, now_us: Us) -> None:
        """Take the live signal."""
        if self._trains:
            self._live_us = now_us + LIVE_SIGNAL_US

    def init(self, now_us: Us, payload: bytes) -> int:
        """Take Ml_Init."""
        if len(payload) != 1:
            return sm4.PARAMETER_ERROR
        self._trains.clear()
        self._states = [sm4.STATE_OK] * sm4.CHANNELS
        self._stop_on_error = bool(payload[0] & 1)
        self.active = True
        self._live_us = now_us + LIVE_SIGNAL_US
        return sm4.NO_ERROR

    def update(self, now_us: Us, payload: bytes) -> int:
        """Take Ml_Update."""
        if not self.active:
            return sm4.NOT_INITIALISED
        trains = sm4.decode_update(payload)
        if trains is None:
            return sm4.PARAMETER_ERROR
        for train in trains:
            if not valid(train.points) or train.period_us < sm4.PERIOD_STEP_US:
                return sm4.PARAMETER_ERROR
        running: dict[int, _Train] = {}
        busy_percent = 0.0
        for train in trains:
            before = self._trains.get(train.channel)
            busy_percent += sm4.duty_percent((train,))
            if busy_percent >= FULL_PERCENT:
                self._states[train.channel] = sm4.STATE_TIMEOUT
                continue
            self._states[train.channel] = sm4.STATE_OK
            new = _Train(train, now_us if before is None else before.next_us)
            if before is not None:
                # The ramp belongs to the moment a channel is switched on.
                new.given = max(before.given, train.ramp)
            running[train.channel] = new
        self._trains = running
        self._live_us = now_us + LIVE_SIGNAL_US
        if running:
            self.fire(now_us)
        return sm4.NO_ERROR

    def stop(self) -> int:
        """Take Ml_Stop."""
        self._trains.clear()
        self.active = False
        return sm4.NO_ERROR

    def current_data(self, payload: bytes) -> bytes:
        """Take Ml_Get_Current_Data; return the answer's payload."""
        if len(payload) != 1 or payload[0] not in SELECTIONS:
            return bytes((sm4.PARAMETER_ERROR,))
        running = 0
        for channel in self._trains:
            running |= 1 << channel
        return answers.encode_channel_states(sm4.NO_ERROR, payload[0], running, self._states)


def _when(item: tuple[int, _Train]) -> tuple[Us, int]:
    return item[1].next_us, item[0]
