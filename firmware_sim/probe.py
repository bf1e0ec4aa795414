"""A simulated bench probe: a sink across the load of an output stage that speaks its lines.

It has a clock of its own, measures as finely as its kind does, records as many pulses as its
memory holds until its line has taken them, and plays heel edges.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from fes_ctrl.units import MicroAmp, Us
from fes_ctrl.wire.probe_lines import (
    ALIVE_EVERY_US,
    DURATION_MAX_US,
    PHASES_MAX,
    VERSION,
    WORD_MAX,
    Alive,
    ClockRead,
    EdgePlayed,
    FromProbe,
    HostDecoder,
    Identify,
    PlayEdge,
    ProbeIdentity,
    PulseSeen,
    ReadClock,
    ToProbe,
    encode,
)
from firmware_sim.devices.device import DeviceStep
from firmware_sim.output import Points

SAY_ALIVE_US: Final = ALIVE_EVERY_US // 2
"""Twice as often as it has to: what else it does may hold it up."""

RECORDS: Final = 16
EDGES: Final = 8
PAST_US: Final = 1 << 31
"""An instant of the clock that is further ahead than half its range has passed."""


@dataclass(frozen=True, slots=True)
class ProbeConfig:
    """What a simulated probe is like.

    Attributes
    ----------
    load_ohm : int
        What it measures across.
    current_step_ua, time_step_us : int
        What it resolves.
    ceiling_ua : int
        More current reads as this much.
    clock_ppm : int
        How far its clock may be off, by its own word.
    floor_ua : int
        Less current is not seen.
    clock_offset_us, drift_ppm : int
        Of its clock against true time: what it shows at the start, and how much faster it runs.
    byte_us : float
        What a byte takes on its line.
    loss, corruption : float
        Probability that a line is lost, or that one of its bits is flipped.
    """

    load_ohm: int = 1_000
    current_step_ua: MicroAmp = 100
    time_step_us: Us = 4
    ceiling_ua: MicroAmp = 120_000
    clock_ppm: int = 200
    floor_ua: MicroAmp = 500
    clock_offset_us: Us = 0
    drift_ppm: int = 0
    byte_us: float = 10e6 / 115_200
    loss: float = 0.0
    corruption: float = 0.0


class SimProbe:
    """A probe across the load of one output stage.

    Parameters
    ----------
    config : ProbeConfig
        What it is like.
    random : random.Random
        Its own stream, for what goes wrong with its lines.

    Attributes
    ----------
    on_edge : callable
        Called with true instant and whether the heel is loaded where an edge is played.
    """

    def __init__(self, config: ProbeConfig, random: Random) -> None:
        self._config = config
        self._random = random
        self.on_edge: Callable[[Us, bool], None] = _nobody
        self._start(0, config.clock_offset_us)

    def _start(self, now_us: Us, clock_us: Us) -> None:
        self._clock_us = clock_us
        self._from_us = now_us
        self._decoder = HostDecoder()
        self._pulses = 0
        self._unrecorded = 0
        self._no_room = 0
        # Of this world's clock: when a pulse has ended, when the line has taken the last byte.
        self._records: deque[tuple[Us, PulseSeen]] = deque()
        self._line_free_us: Us = now_us
        self._say_at_us: Us = now_us
        self._edges: list[tuple[Us, bool]] = []
        self._out: list[tuple[Us, bytes]] = []
        self._write(now_us, self._identity())

    @property
    def wake_at_us(self) -> Us:
        """When ``tick`` is due."""
        due = [self._say_at_us, *[at_us for at_us, _ in self._edges]]
        due += [at_us for at_us, _ in self._out[:1]]
        due += [max(ended_us, self._line_free_us) for ended_us, _ in list(self._records)[:1]]
        return min(due)

    def clock_us(self, t_us: Us) -> Us:
        """Return what its clock shows at an instant: whole steps, before the counter's cut."""
        config = self._config
        since_us = t_us - self._from_us
        clock_us = self._clock_us + since_us + since_us * config.drift_ppm // 1_000_000
        return clock_us - clock_us % config.time_step_us

    def restart(self, now_us: Us) -> None:
        """Begin anew, as after a brown-out: clock and counts at zero, what it held is gone."""
        self._start(now_us, 0)

    # -- what it sees ---------------------------------------------------------------------------

    def see(self, t_us: Us, channel: int, points: Points) -> None:
        """Take one pulse across the load, as a sink of an output stage."""
        if max([abs(current_ua) for _, current_ua in points]) < self._config.floor_ua:
            return
        self._pulses += 1
        measured, ended_us = self._measured(t_us, points)
        if len(self._records) >= RECORDS or not measured or len(measured) > PHASES_MAX:
            self._unrecorded += 1
            return
        clock_us = self.clock_us(t_us) & WORD_MAX
        self._records.append((ended_us, PulseSeen(self._pulses, clock_us, channel, measured)))

    def _measured(self, t_us: Us, points: Points) -> tuple[Points, Us]:
        """Return the phases as it resolves them, and when the last of them ends."""
        phases: list[tuple[Us, MicroAmp]] = []
        end_us = t_us
        for duration_us, current_ua in points:
            from_us, end_us = end_us, end_us + duration_us
            lasts_us = min(DURATION_MAX_US, self.clock_us(end_us) - self.clock_us(from_us))
            if lasts_us:
                phases.append((lasts_us, self._read(current_ua)))
        while phases and phases[-1][1] == 0:
            phases.pop()
        return tuple(phases), end_us

    def _read(self, current_ua: MicroAmp) -> MicroAmp:
        step_ua = self._config.current_step_ua
        amount_ua = (abs(current_ua) + step_ua // 2) // step_ua * step_ua
        amount_ua = min(amount_ua, self._config.ceiling_ua)
        return amount_ua if current_ua > 0 else -amount_ua

    # -- its line -------------------------------------------------------------------------------

    def receive(self, now_us: Us, data: bytes) -> DeviceStep:
        """Take bytes of the host."""
        for message in self._decoder.feed(data):
            self._obey(now_us, message)
        return self.tick(now_us)

    def tick(self, now_us: Us) -> DeviceStep:
        """Play what is due, write what the line takes, and return what has left by now."""
        for edge in sorted(self._edges):
            at_us, loaded = edge
            if at_us <= now_us:
                self._edges.remove(edge)
                self.on_edge(now_us, loaded)
                self._write(now_us, EdgePlayed(self.clock_us(now_us) & WORD_MAX, loaded))
        while self._records and max(self._records[0][0], self._line_free_us) <= now_us:
            self._write(now_us, self._records.popleft()[1])
        if now_us >= self._say_at_us:
            self._say_alive(now_us)
        left = b"".join([line for at_us, line in self._out if at_us <= now_us])
        self._out = [(at_us, line) for at_us, line in self._out if at_us > now_us]
        return DeviceStep(left, self.wake_at_us)

    def _say_alive(self, now_us: Us) -> None:
        if self._records:
            # It may not overtake a pulse; the next tick is when that is over.
            self._say_at_us = max(self._records[0][0], self._line_free_us, now_us + 1)
            return
        self._say_at_us = now_us + SAY_ALIVE_US
        refused = self._decoder.bad + self._no_room
        clock_us = self.clock_us(now_us) & WORD_MAX
        self._write(now_us, Alive(clock_us, self._pulses, self._unrecorded, refused))

    def _obey(self, now_us: Us, message: ToProbe) -> None:
        match message:
            case Identify():
                self._write(now_us, self._identity())
            case ReadClock(token):
                self._write(now_us, ClockRead(token, self.clock_us(now_us) & WORD_MAX))
            case PlayEdge(loaded, at_us):
                if len(self._edges) >= EDGES:
                    self._no_room += 1
                    return
                wait_us = 0
                if at_us is not None:
                    wait_us = (at_us - self.clock_us(now_us)) & WORD_MAX
                    wait_us = 0 if wait_us >= PAST_US else wait_us
                self._edges.append((now_us + wait_us, loaded))

    def _identity(self) -> ProbeIdentity:
        config = self._config
        return ProbeIdentity(
            VERSION,
            "sim+probe",
            "1.0",
            config.load_ohm,
            config.current_step_ua,
            config.time_step_us,
            config.ceiling_ua,
            config.clock_ppm,
            config.floor_ua,
        )

    def _write(self, now_us: Us, message: FromProbe) -> None:
        line = encode(message)
        config = self._config
        begin_us = max(now_us, self._line_free_us)
        self._line_free_us = begin_us + round(len(line) * config.byte_us)
        if config.loss and self._random.random() < config.loss:
            return
        if config.corruption and self._random.random() < config.corruption:
            bit = self._random.randrange(8 * len(line))
            spoilt = bytearray(line)
            spoilt[bit // 8] ^= 1 << bit % 8
            line = bytes(spoilt)
        self._out.append((self._line_free_us, line))


def _nobody(t_us: Us, loaded: bool) -> None:  # noqa: FBT001 - the level of a pin
    """Play to nobody."""
