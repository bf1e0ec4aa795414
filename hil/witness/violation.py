"""What the witness remembers of one limit that was broken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One limit broken by what reached the electrode.

    Attributes
    ----------
    t_us : int
        Instant of the pulse.
    channel : int
        Output of the stimulator.
    limit : str
        Which limit: its key in the limits file; ``interval_ms`` for ``rate_hz``, ``dc_uA`` for
        net charge that adds up, ``silence`` for a pulse where there was to be none.
    got, allowed : float
        In the limit's unit.
    """

    t_us: int
    channel: int
    limit: str
    got: float
    allowed: float

    def as_dict(self) -> dict[str, object]:
        """Return it as the summary wants it."""
        return {
            "t_s": self.t_us / 1e6,
            "channel": self.channel,
            "limit": self.limit,
            "got": round(self.got, 6),
            "allowed": round(self.allowed, 6),
        }
