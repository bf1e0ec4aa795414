"""The mid level of a P24: the device repeats each channel's pulse, the host keeps it to setpoints.

The device knows trains, not pulses, and gives one for as long as it is not told otherwise, two
seconds at most without a host. Every setpoint expires by itself all the same:

- A train begins some milliseconds after its first setpoint, so that each of its pulses follows the
  setpoint that stands for it. A setpoint that says something else updates the train before that
  pulse; one that says the same lets it pass.
- Where the next setpoint is not there when it is due, the train is ended before the device's next
  pulse: nothing is given that no setpoint stands for. A host that is late by more than the head
  start ends the train too late by one pulse, of the last setpoint's current and width.
- The live signal, and whatever else prolongs output, is written only while a setpoint is valid.
- An answer that stays away, an error, or a channel that does not run as it was told, ends every
  train; silence stops the device.
- A host that dies, or a line that is cut, leaves the device to itself for two seconds: that is what
  ``unattended_ms`` of this mode says and ``limits.max_unattended_ms`` has to allow.

The period of a train is the distance of a channel's setpoints. Until two of them have told it, and
whenever it changes, a train is made that would repeat after ten seconds: one pulse, then ended.
Ramps stay zero; the host shapes every pulse.
"""

from typing import Final

from fes_ctrl.model import (
    LINK_ANSWER,
    LINK_ELECTRODE,
    LINK_ERROR,
    Capabilities,
    Setpoint,
)
from fes_ctrl.stimulators.driver_line import LEAVING_US, DriverLine
from fes_ctrl.stimulators.p24_level import Pulses
from fes_ctrl.stimulators.p24_output import SINGLE_US, Output
from fes_ctrl.stimulators.pending import Unanswered
from fes_ctrl.stimulators.pulse_queue import PROMPT_US, WAVERS_US
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4

HEAD_START_US: Final = 6_000
"""A train begins so long after its first setpoint; each later one is there before its pulse."""

GRACE_US: Final = 4_000
"""A setpoint may be so late before its pulse is taken back; what is left of the head start is the
line's."""

LATE_US: Final = 1_000
"""A train that is ended so long after its setpoint's time may give another pulse first."""

SLOWEST_US: Final = 250_000
"""Setpoints farther apart than this are not of one train."""

FULL_PERCENT: Final = 100.0


class MidLevel:
    """The mid level of one device.

    Parameters
    ----------
    line : DriverLine
        Where frames, reports and written pulses go.
    capabilities : Capabilities
        Of the P24 in mid level.
    min_interval_us : int
        Least distance of two pulses of a channel.
    poll_us : int
        While a train runs, the states of the channels are asked for this often.
    """

    __slots__ = (
        "_asked_running",
        "_channels",
        "_device",
        "_fastest_us",
        "_forms",
        "_fresh_us",
        "_line",
        "_live_us",
        "_min_interval_us",
        "_poll_us",
        "_void_us",
        "init_command",
    )

    def __init__(
        self, line: DriverLine, capabilities: Capabilities, min_interval_us: Us, poll_us: Us
    ) -> None:
        self._line = line
        self._device = capabilities
        self._forms = Pulses(capabilities)
        self._min_interval_us = min_interval_us
        self._poll_us = poll_us
        self._channels = [Output() for _ in range(capabilities.channels)]
        self._fastest_us: Us = PROMPT_US
        self._fresh_us: Us = -NEVER_US
        self._live_us: Us = -NEVER_US
        self._asked_running = -1
        self._void_us: Us = NEVER_US
        self.init_command = sm4.ML_INIT

    def init(self, number: int) -> bytes:
        """Return Ml_Init: an error of one channel stops them all."""
        return sm4.ml_init(number, stop_all_on_error=True)

    # -- setpoints ------------------------------------------------------------------------------

    def hold(self, now_us: Us, setpoint: Setpoint) -> None:
        """Take a pulse: the train goes on, is updated, begun, or begun anew in another rhythm."""
        channel = self._channels[setpoint.channel]
        try:
            points = self._forms.of(setpoint)
            self._require_time(setpoint.channel, points)
        except ValueError as error:
            self._line.refuse(now_us, setpoint, error)
            return
        since_us = setpoint.at_us - channel.at_us
        channel.at_us = setpoint.at_us
        if channel.held is not None:
            self._line.skip(now_us, channel.held, "was overtaken by the next")
            channel.held = None
        if self._min_interval_us <= since_us <= SLOWEST_US and since_us != channel.period_us:
            # Another rhythm, or the first two of one: a train of its own.
            if channel.points:
                self._end(now_us, [channel])
            grid_us = self._device.time_grid_us
            channel.period_us = since_us if since_us % grid_us == 0 else SINGLE_US
        self._fresh_us = max(self._fresh_us, setpoint.expires_us)
        if channel.points == points and now_us < channel.covered_us:
            self._line.written.append(setpoint)
            self._cover(channel, setpoint)
        else:
            channel.held = setpoint
        self.write(now_us)

    def _require_time(self, number: int, points: tuple[sm4.Point, ...]) -> None:
        """Let a pulse through that the one current source has time for beside the others."""
        busy = [
            sm4.ChannelTrain(index, channel.points, 0, channel.period_us)
            for index, channel in enumerate(self._channels)
            if channel.points and index != number
        ]
        period_us = min(self._channels[number].period_us, SLOWEST_US)
        busy.append(sm4.ChannelTrain(number, points, 0, period_us))
        duty = sm4.duty_percent(busy)
        if duty >= FULL_PERCENT:
            message = f"trains take {duty:.0f} % of the time: the device has one current source"
            raise ValueError(message)

    def _cover(self, channel: Output, setpoint: Setpoint) -> None:
        """Let a train go on until the next setpoint is overdue."""
        if channel.period_us == SINGLE_US:
            channel.covered_us = setpoint.expires_us
        else:
            channel.covered_us = setpoint.at_us + channel.period_us + GRACE_US

    # -- frames out -----------------------------------------------------------------------------

    def write(self, now_us: Us) -> None:
        """End what is not covered any more, begin and update what is due."""
        over: list[Output] = []
        for channel in self._channels:
            held = channel.held
            if held is not None and now_us > held.expires_us:
                channel.held = None
                self._line.skip(now_us, held, "expired before it could be written")
            if now_us >= channel.covered_us:
                over.append(channel)
        if over:
            self._end(now_us, over)
        if not self._line.pending.with_current:
            self._update(now_us)
            self._ask_live(now_us)

    def _due_us(self, channel: Output, held: Setpoint) -> Us:
        """Return when what waits may be written: an update at once, a beginning later."""
        if channel.points:
            return held.at_us
        # The rest of a setpoint's life is for the line, in which the train has to begin.
        head_us = min(HEAD_START_US, (held.expires_us - held.at_us) * 3 // 5)
        return max(held.at_us + head_us, channel.last_us + self._min_interval_us)

    def _update(self, now_us: Us) -> None:
        """Write one frame with every setpoint that is due."""
        due: list[Output] = []
        void_us: Us = NEVER_US
        for channel in self._channels:
            held = channel.held
            if held is not None and now_us >= self._due_us(channel, held):
                due.append(channel)
                void_us = min(void_us, held.expires_us)
        if not due:
            return
        for channel in due:
            held, channel.held = channel.held, None
            if held is None:
                continue
            if not channel.points:
                channel.begin(now_us)
            channel.points = self._forms.of(held)
            self._cover(channel, held)
            self._line.written.append(held)
        self._send_trains(now_us, void_us)

    def _end(self, now_us: Us, over: list[Output]) -> None:
        """End these trains; all of them where the others cannot be said again just now."""
        line = self._line
        blocked = line.pending.with_current
        void_us: Us = NEVER_US
        for index, channel in enumerate(self._channels):
            if blocked or channel in over:
                if channel.repeats and now_us > channel.covered_us + LATE_US:
                    line.outlast(now_us, index, now_us + LEAVING_US)
                channel.end(now_us)
            void_us = min(void_us, channel.covered_us)
        self._send_trains(now_us, void_us)

    def _send_trains(self, now_us: Us, void_us: Us) -> None:
        """Write what runs from now on; with current in it, the frame is void after ``void_us``."""
        line = self._line
        number = line.pending.number()
        trains = [
            sm4.ChannelTrain(index, channel.points, 0, channel.period_us)
            for index, channel in enumerate(self._channels)
            if channel.points
        ]
        self._asked_running = -1
        frame = sm4.ml_update(number, trains)
        if trains:
            self._void_us = max(void_us, now_us + LEAVING_US)
        line.send(now_us, number, sm4.ML_UPDATE, frame, current=len(trains) > 0)

    def _ask_live(self, now_us: Us) -> None:
        """Ask for the states of the channels, which is the live signal."""
        if now_us > self._fresh_us or now_us < self._live_us + self._poll_us:
            return
        running = self._running()
        if running and not len(self._line.pending):
            number = self._line.pending.number()
            self._live_us = now_us
            self._asked_running = running
            frame = sm4.ml_get_current_data(number)
            self._line.send(now_us, number, sm4.ML_GET_CURRENT_DATA, frame)

    def _running(self) -> int:
        bits = 0
        for index, channel in enumerate(self._channels):
            if channel.points:
                bits |= 1 << index
        return bits

    # -- what comes back ------------------------------------------------------------------------

    def answered(self, now_us: Us, asked: Unanswered, payload: bytes) -> None:
        """Take the answer to an update, or the states of the channels."""
        if asked.command == sm4.ML_GET_CURRENT_DATA:
            self._judge(now_us, payload)
            return
        took_us = now_us - asked.sent_us
        self._fastest_us = min(self._fastest_us, took_us)
        late_us = max(0, took_us - self._fastest_us - WAVERS_US)
        for channel in self._channels:
            channel.heard(asked.sent_us, took_us, late_us)
        self._line.report(now_us, LINK_ANSWER, "")

    def _judge(self, now_us: Us, payload: bytes) -> None:
        said = sm4.decode_channel_states(payload)
        if said is None:
            self._line.report(now_us, LINK_ERROR, "states of the channels cannot be read")
            self.complained(now_us)
            return
        wrong = False
        for index, state in enumerate(said.states):
            if state != sm4.STATE_OK:
                wrong = True
                known = state < len(sm4.STATE_NAMES)
                name = sm4.STATE_NAMES[state] if known else f"state {state}"
                kind = LINK_ERROR if state == sm4.STATE_TIMEOUT or not known else LINK_ELECTRODE
                self._line.report(now_us, kind, f"channel {index}: {name}", index)
        if not wrong and self._asked_running not in (-1, said.running):
            wrong = True
            self._line.report(
                now_us,
                LINK_ERROR,
                f"channels {said.running:08b} run, {self._asked_running:08b} were told to: it "
                "paused, was reset or driven by another",
            )
        if wrong:
            self.complained(now_us)
        else:
            self._line.report(now_us, LINK_ANSWER, "")

    def complained(self, now_us: Us) -> None:
        """End every train, and let go of what waits: the controller decides first."""
        for channel in self._channels:
            if channel.held is not None:
                self._line.skip(now_us, channel.held, "waited when the device complained")
                channel.held = None
        if self._running():
            self._end(now_us, self._channels)

    def takes_back(self, now_us: Us) -> bool:
        """Return whether an update's time is over that has no answer; every train ends behind it.

        Frame ends go before that: of a frame that is half out the rest is gone.
        """
        if not self._line.pending.with_current or now_us <= self._void_us:
            return False
        self._void_us = NEVER_US
        self._line.out.append(sm4.FRAME_ENDS)
        self._end(now_us, self._channels)
        return True

    def missed(self, now_us: Us) -> int:  # noqa: ARG002 - as every level
        """Have nothing to mind: every train was ended behind the frame, which named several."""
        return -1

    def agrees(self, status: int, asked_us: Us) -> bool:
        """Return whether the device is in this level, and ran only where it was told to.

        An answer that took its time may tell of a train that has been ended since.
        """
        if status == sm4.STATUS_ML_RUNNING:
            ended_us = max([channel.ended_us for channel in self._channels])
            return self._running() > 0 or ended_us >= asked_us
        return status == sm4.STATUS_ML_INIT

    @property
    def stops_on_silence(self) -> bool:
        """True: the device may go on, whatever it has heard."""
        return True

    def clear(self) -> None:
        """Let go of everything: the device is being stopped, or gone."""
        for channel in self._channels:
            if channel.points:
                channel.end(channel.at_us)
            if channel.last_us == NEVER_US:
                channel.last_us = channel.at_us + SLOWEST_US
            channel.held = None
            channel.period_us = SINGLE_US
        self._fresh_us = -NEVER_US
        self._asked_running = -1

    def wake_at_us(self) -> Us:
        """Return when a train is to be begun, updated, ended or taken back."""
        blocked = self._line.pending.with_current
        wake_us: Us = NEVER_US
        if blocked and self._void_us != NEVER_US:
            wake_us = self._void_us + 1
        for channel in self._channels:
            wake_us = min(wake_us, channel.covered_us)
            held = channel.held
            if held is not None:
                due_us = self._due_us(channel, held)
                if blocked or due_us > held.expires_us:
                    due_us = held.expires_us + 1
                wake_us = min(wake_us, due_us)
        return wake_us
