"""What a check against published numbers is, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["equation", "table", "evidence"]


@dataclass(frozen=True, slots=True)
class Check:
    """One published number, and how the patient's own is measured.

    Attributes
    ----------
    name : str
        As in the table of targets; a letter after it tells several numbers of one target apart.
    kind : str
        What it proves.
    quantity : str
        What is measured, with its unit.
    low, high : float
        Accepted range, both ends included.
    source : str
        Of the target.
    measure : callable
        Returns the patient's own number.
    """

    name: str
    kind: Kind
    quantity: str
    low: float
    high: float
    source: str
    measure: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Finding:
    """A check, carried out."""

    check: Check
    got: float

    @property
    def passed(self) -> bool:
        """Whether the number lies in the accepted range."""
        return self.check.low <= self.got <= self.check.high
