"""A pulse at the electrode, as tests look at it."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from firmware_sim.output import Points


class Pulse(NamedTuple):
    """One pulse that was delivered.

    Attributes
    ----------
    t_us : int
        When it began.
    channel : int
        On which output.
    current_ua : int
        Of its first phase; negative where the polarity is inverted.
    width_us : int
        Of its first phase.
    """

    t_us: int
    channel: int
    current_ua: int
    width_us: int


class Pulses(list[Pulse]):
    """Every pulse that was delivered, in order."""

    def see(self, t_us: int, channel: int, points: "Points") -> None:
        """Take one, as an output stage tells of it."""
        width_us, current_ua = points[0]
        self.append(Pulse(t_us, channel, current_ua, width_us))
