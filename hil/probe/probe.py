"""Reader of a probe's lines over a link: its pulses on the host's clock, and what is not known.

Nothing here waits: lines of the probe alone make it go on. Every alive line is answered by asking
for the probe's clock, so its fit is kept fresh.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from fes_ctrl.links.link import Link
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire.probe_lines import (
    WORD_MAX,
    Alive,
    ClockRead,
    EdgePlayed,
    FromProbe,
    Identify,
    PlayEdge,
    Points,
    ProbeDecoder,
    ProbeIdentity,
    PulseSeen,
    ToProbe,
    encode,
)
from hil.probe.clock import ProbeClock
from hil.probe.count import PulseCount

SILENT_US: Final = 300_000
"""A probe that has said nothing for so long, three times what it may, is silent."""


class ProbeError(RuntimeError):
    """A probe that cannot be used: which, why, and what to do."""


class ProbePulse(NamedTuple):
    """One pulse across the load.

    Attributes
    ----------
    t_us : int
        Its leading edge on the host's clock, by the fit at the time; see ``Probe.doubt_us``.
    probe_us : int
        The same on the probe's, whole.
    channel : int
        Output of the stimulator.
    points : tuple of (int, int)
        Duration in us and current in uA of each phase and gap, as measured.
    """

    t_us: Us
    probe_us: Us
    channel: int
    points: Points


class Probe:
    """A probe at the end of a link.

    Parameters
    ----------
    link : Link
        To it; belongs to the probe from now on.
    now_us : callable
        The host's clock.

    Attributes
    ----------
    identity : ProbeIdentity or None
        Once it has said who it is.
    on_pulse : callable
        Called with each pulse, in order, as soon as its instant is known.
    on_edge : callable
        Called with the instant of the probe's clock and whether the heel is loaded, for each edge
        that was really played.
    restarts : int
        How often the probe has begun anew; pulses around that may be unknown to everybody.
    unrecorded, refused : int
        Since it started: pulses that it counted and could not record, and lines of the host that
        it could not take.
    longest_silence_us : int
        Between two of its signs of life, by its own clock.
    lost : str
        Why the link is gone; empty while it is not.
    """

    def __init__(self, link: Link, now_us: Callable[[], Us]) -> None:
        self._link = link
        self._now_us = now_us
        self._decoder = ProbeDecoder()
        self._clock = ProbeClock()
        self.identity: ProbeIdentity | None = None
        self.on_pulse: Callable[[ProbePulse], None] = _nobody
        self.on_edge: Callable[[Us, bool], None] = _nowhere
        self.restarts = 0
        self.unrecorded = 0
        self.refused = 0
        self.longest_silence_us: Us = 0
        self.lost = ""
        self._others: list[ProbeIdentity] = []
        self._heard_us: Us = -NEVER_US
        self._count = PulseCount()
        self._untimed: list[PulseSeen] = []
        # Of the probe's clock, whole.
        self._last_us: Us = -NEVER_US
        self._alive_us: Us | None = None
        # On the host's: until then there was, or may have been, a pulse.
        self._silent_from_us: Us = NEVER_US

    def open(self) -> None:
        """Listen, and ask who is there."""
        self._link.on_bytes = self._bytes
        self._link.on_lost = self._lost
        self.ask()

    def ask(self) -> None:
        """Ask who is there and what its clock shows, once more."""
        self._send(Identify())
        self._ask_clock()

    def begin(self) -> None:
        """Count from here on: forget what went wrong before, and what was seen."""
        self._count.forget()
        self._untimed.clear()
        self._others.clear()
        self.restarts = 0
        self.longest_silence_us = 0

    def close(self) -> None:
        """Close the link."""
        self._link.close()

    # -- what it is told ------------------------------------------------------------------------

    def edge(self, loaded: bool, at_probe_us: Us | None = None) -> None:  # noqa: FBT001 - the level of a pin
        """Let it play a heel edge.

        Parameters
        ----------
        loaded : bool
            Whether the heel comes under load.
        at_probe_us : int or None
            When, on the probe's clock; at once by default, or where that has passed.
        """
        at_us = None if at_probe_us is None else at_probe_us & WORD_MAX
        self._send(PlayEdge(loaded, at_us))

    # -- what is known --------------------------------------------------------------------------

    @property
    def known(self) -> bool:
        """Whether it has said who it is and what its clock shows."""
        return self.identity is not None and self._clock.known

    @property
    def bad(self) -> int:
        """Lines that were none, and were left out."""
        return self._decoder.bad

    @property
    def pulses(self) -> int:
        """How many pulses it has seen since it was listened to."""
        return self._count.all

    @property
    def missing(self) -> int:
        """Pulses that it counted and nobody was told of: lines lost, or never written."""
        return self._count.missing

    def alive(self, now_us: Us) -> bool:
        """Return whether a line of it was heard within 300 ms."""
        return not self.lost and now_us - self._heard_us <= SILENT_US

    @property
    def doubt_us(self) -> Us:
        """How far the host's time of a pulse that is told now may be off at most."""
        return self._clock.doubt_us(self._now_us())

    @property
    def told_until_us(self) -> Us:
        """Every pulse that began before this instant has been told of, or counts as missing."""
        if self._alive_us is None or not self._clock.known:
            return -NEVER_US
        return self._clock.on_host(self._alive_us) - self.doubt_us

    def silent_since(self, now_us: Us) -> Us:
        """Return since when it surely saw nothing, until ``told_until_us``.

        Parameters
        ----------
        now_us : int
            The present.

        Returns
        -------
        int
            The latest instant, on the host's clock, at which the last pulse may have ended, told
            or missing; ``now_us`` where nothing is sure: it is not alive, or its clock not known.
        """
        if not self.alive(now_us) or self._alive_us is None or not self._clock.known:
            return now_us
        return min(now_us, self._silent_from_us)

    def on_host(self, probe_us: Us) -> Us:
        """Return an instant of the probe's clock on the host's."""
        return self._clock.on_host(probe_us)

    def on_probe(self, host_us: Us) -> Us:
        """Return an instant of the host's clock on the probe's."""
        return self._clock.on_probe(host_us)

    def problems(self) -> list[str]:
        """Return why what it tells is not the whole truth, as sentences; nothing where it is."""
        found = [f"the probe was lost: {self.lost}"] if self.lost else []
        if self.restarts:
            found.append(f"the probe restarted {self.restarts} x: what it saw then is unknown")
        if self._others:
            found.append(f"another probe answered: {self._others[-1].name}, and other terms")
        if self.missing:
            found.append(f"the probe saw {self.missing} pulses that no line told of")
        if self.longest_silence_us > SILENT_US:
            found.append(
                f"the probe said nothing for {self.longest_silence_us / 1e3:.0f} ms; "
                f"{SILENT_US / 1e3:.0f} are allowed"
            )
        return found

    # -- lines ----------------------------------------------------------------------------------

    def _bytes(self, data: bytes) -> None:
        now_us = self._now_us()
        for message in self._decoder.feed(data):
            self._heard_us = now_us
            self._take(now_us, message)

    def _take(self, now_us: Us, message: FromProbe) -> None:
        match message:
            case ProbeIdentity():
                self._identified(message)
            case ClockRead():
                if not self._clock.answered(message, now_us):
                    self._began_anew()
                self._tell(now_us)
            case PulseSeen(number, t_us):
                self._check(now_us, t_us, behind=number <= self._count.seen)
                self._count.hear(number, number - 1)
                self._untimed.append(message)
                self._tell(now_us)
            case Alive():
                self._check(now_us, message.t_us, behind=message.pulses < self._count.seen)
                self._lives(now_us, message)
                self._ask_clock()
            case EdgePlayed(t_us, loaded):
                self.on_edge(self._clock.whole_us(t_us, now_us), loaded)

    def _identified(self, identity: ProbeIdentity) -> None:
        if self.identity is not None and identity != self.identity:
            self._others.append(identity)
        self.identity = identity
        self._clock.terms(identity)

    def _check(self, now_us: Us, t_us: Us, *, behind: bool) -> None:
        """Notice a probe that has begun anew, by a line whose count or instant cannot be."""
        if not self._count.begun:
            return
        whole_us = self._last_us
        ahead = False
        if self._clock.known:
            whole_us = self._clock.whole_us(t_us, now_us)
            ahead = whole_us > self._clock.latest_us(now_us)
        if behind or whole_us < self._last_us:
            self._began_anew()
            # It counts from nothing.
            self._count.restart()
            self._untimed.clear()
        elif ahead:
            self._began_anew()
        else:
            return
        self._clock.begin()
        self.ask()

    def _began_anew(self) -> None:
        self.restarts += 1
        self._last_us = -NEVER_US
        self._alive_us = None
        self._silent_from_us = NEVER_US

    def _lives(self, now_us: Us, alive: Alive) -> None:
        untold = self._count.hear(alive.pulses, alive.pulses)
        self.unrecorded = alive.unrecorded
        self.refused = alive.refused
        if not self._clock.known:
            return
        alive_us = self._clock.whole_us(alive.t_us, now_us)
        if untold or self._silent_from_us == NEVER_US:
            # Some time before this.
            self._silent_from_us = self._clock.on_host(alive_us) + self._clock.doubt_us(now_us)
        if self._alive_us is not None:
            self.longest_silence_us = max(self.longest_silence_us, alive_us - self._alive_us)
        self._alive_us = self._last_us = alive_us

    def _tell(self, now_us: Us) -> None:
        """Tell of the pulses whose instant is known."""
        if not self._clock.known:
            return
        waiting, self._untimed = self._untimed, []
        for _, t_us, channel, points in waiting:
            probe_us = self._clock.whole_us(t_us, now_us)
            self._last_us = probe_us
            self._count.tell()
            host_us = min(now_us, self._clock.on_host(probe_us))
            lasts_us = sum([duration_us for duration_us, _ in points])
            ended_us = host_us + lasts_us + self._clock.doubt_us(now_us)
            if self._silent_from_us == NEVER_US or ended_us > self._silent_from_us:
                self._silent_from_us = ended_us
            self.on_pulse(ProbePulse(host_us, probe_us, channel, points))

    def _ask_clock(self) -> None:
        # Read before it is written: the probe reads its clock after that.
        question = self._clock.question(self._now_us())
        if question is not None:
            self._send(question)

    def _send(self, message: ToProbe) -> None:
        self._link.write(encode(message))

    def _lost(self, reason: str) -> None:
        self.lost = reason


def _nobody(pulse: ProbePulse) -> None:
    """Tell nobody: nobody listens yet."""


def _nowhere(t_us: Us, loaded: bool) -> None:  # noqa: FBT001 - the level of a pin
    """Tell nobody: nobody listens yet."""
