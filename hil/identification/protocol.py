"""The bench session as data: what the examiner's hand and the stimulator do, and when.

The patient sits, barefoot, the foot hanging free, the knee at 75 to 90 degrees so that the shank
is upright. Nothing is measured but the ankle angle; all moments come from the foot's own weight
and inertia, which the releases set free.
"""

from dataclasses import dataclass, replace
from typing import Final

STEADY_S: Final = 0.3
"""A response is taken over the last so many seconds of its burst."""

REST_S: Final = 0.3
"""The rest that it is taken against: the last so many seconds before the burst."""


@dataclass(frozen=True, slots=True)
class Burst:
    """A pulse train of one current.

    Attributes
    ----------
    start_s, duration_s : float
        On the clock of the session.
    current_mA, width_us : float
        Of every pulse.
    """

    start_s: float
    duration_s: float
    current_mA: float
    width_us: float = 300.0


@dataclass(frozen=True, slots=True)
class Release:
    """The examiner lifts the foot by hand, holds it, and lets go.

    Attributes
    ----------
    start_s, lift_s, hold_s : float
        When the hand begins, how long it lifts and how long it holds.
    lift_deg : float
        Above rest.
    """

    start_s: float
    lift_s: float
    hold_s: float
    lift_deg: float

    @property
    def end_s(self) -> float:
        """When the hand lets go."""
        return self.start_s + self.lift_s + self.hold_s


@dataclass(frozen=True, slots=True)
class Protocol:
    """A session: releases, ascending bursts, reference bursts, fatigue series.

    All sizes are assumptions: long enough for the slowest muscle in print (0.26 s, Veltink 1992)
    to become steady, and five minutes in all.

    Attributes
    ----------
    releases : int
        How often the foot is lifted and let go.
    lift_deg : float
        How far above rest; every release a little differently.
    ascending_from_mA, ascending_to_mA, ascending_step_mA : float
        The search for the threshold, in bursts of ``ascending_on_s`` every ``ascending_every_s``.
    reference_mA : float
        Current of the reference bursts and of the fatigue series; below what is tolerated.
    references, reference_on_s, reference_every_s
        The reference bursts; as long as it takes to become steady.
    fatigue_bursts, fatigue_on_s, fatigue_every_s
        The fatigue series.
    rate_hz : float
        Of the pulses; that of the standard program.
    """

    quiet_s: float = 2.0
    releases: int = 10
    lift_deg: float = 18.0
    release_every_s: float = 3.0
    ascending_from_mA: float = 6.0
    ascending_to_mA: float = 34.0
    ascending_step_mA: float = 1.0
    ascending_on_s: float = 1.0
    ascending_every_s: float = 3.0
    reference_mA: float = 40.0
    references: int = 10
    reference_on_s: float = 2.0
    reference_every_s: float = 6.0
    fatigue_bursts: int = 40
    fatigue_on_s: float = 1.0
    fatigue_every_s: float = 3.0
    rate_hz: float = 40.0

    def schedule(self) -> tuple[tuple[Release, ...], tuple[Burst, ...]]:
        """Return what the hand does, and what the stimulator does, in order of time."""
        t = self.quiet_s
        releases = []
        for number in range(self.releases):
            # Lifted a little differently each time: 80 to 120 %.
            share = 0.8 + 0.4 * (number % 5) / 4.0
            releases.append(Release(t, 0.5, 0.4, self.lift_deg * share))
            t += self.release_every_s
        bursts = []
        steps = round((self.ascending_to_mA - self.ascending_from_mA) / self.ascending_step_mA)
        for number in range(steps + 1):
            current = self.ascending_from_mA + number * self.ascending_step_mA
            bursts.append(Burst(t, self.ascending_on_s, current))
            t += self.ascending_every_s
        for _ in range(self.references):
            bursts.append(Burst(t, self.reference_on_s, self.reference_mA))
            t += self.reference_every_s
        for _ in range(self.fatigue_bursts):
            bursts.append(Burst(t, self.fatigue_on_s, self.reference_mA))
            t += self.fatigue_every_s
        return tuple(releases), tuple(bursts)

    def within(self, tolerated_mA: float) -> "Protocol":
        """Return the protocol for someone who wants no more than a current."""
        reference_mA = min(self.reference_mA, tolerated_mA)
        highest = min(self.ascending_to_mA, reference_mA)
        return replace(self, reference_mA=reference_mA, ascending_to_mA=highest)

    @property
    def minutes(self) -> float:
        """How long it takes."""
        _, bursts = self.schedule()
        return (bursts[-1].start_s + self.fatigue_every_s) / 60.0


def as_text(protocol: Protocol) -> str:
    """Return the protocol as an examiner reads it."""
    p = protocol
    return f"""\
Bench session for fes-ctrl identify, {p.minutes:.0f} minutes. A research and bench tool, not a
medical device: whom it may be used with, an approved study says and not this text.

Posture    Seated, barefoot, the foot hanging free, knee at 75 to 90 deg, shank upright. The leg
           stays slack and still; electrodes over the common peroneal nerve.
Record     CSV with t_s (seconds), stim_mA (of the pulse train that is on, 0 when off), ankle_deg
           (dorsiflexion positive, 0 where the foot is square to the shank, a few degrees off do
           no harm), and pulse_width_us where it is not 300; the ankle at 40 Hz or more, better
           100, from before the first release to after the last burst.
Pulses     {p.rate_hz:g} Hz, 300 us. Never above what the person tolerates.

1 Releases Lift the foot by hand to {0.8 * p.lift_deg:.0f} to {1.2 * p.lift_deg:.0f} deg above \
rest, a little differently each time;
           hold it for half a second and let go at once, without a push. {p.releases} times, every
           {p.release_every_s:g} s. Gives the stiffness, with the body's height and mass.
2 Search   One burst of {p.ascending_on_s:g} s every {p.ascending_every_s:g} s, from \
{p.ascending_from_mA:g} mA up in steps of {p.ascending_step_mA:g} mA, until the foot is
           well up; {p.ascending_to_mA:g} mA at most. Gives the motor threshold.
3 Repeats  {p.references} bursts of {p.reference_on_s:g} s, every {p.reference_every_s:g} s, all \
at one current: {p.reference_mA:g} mA, or about twice the
           threshold where less is tolerated. Gives the gain and, with 1, the rise time.
4 Fatigue  {p.fatigue_bursts} bursts of {p.fatigue_on_s:g} s, every {p.fatigue_every_s:g} s, at \
the same current. Gives the fatigue.

What is left out leaves out its figures and no others.
"""
