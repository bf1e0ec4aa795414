"""The file that a search may be told by: what counts, what may be lost, which dials how far."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Gt, MaxLen

from hil.patient.bad_strides import BadStridesConfig


@dataclass(frozen=True, slots=True)
class DialConfig:
    """One dial: a number of the program, and how far it may go.

    Attributes
    ----------
    key : str
        Dotted, as ``--set`` takes it: ``program.rise_ms``, ``program.channel.0.rate_hz``.
    low, high : float
        Its ends; limits and device may narrow them.
    step : float
        What it is turned by.
    """

    key: str
    low: float
    high: float
    step: Annotated[float, Gt(0)]


@dataclass(frozen=True, slots=True)
class TuneConfig:
    """What a search is told by a file.

    Attributes
    ----------
    objectives : tuple of str
        By name; none: all.
    may_lose : dict of str to float
        By how much a suggestion may be worse than the given program, in the objective's unit.
    reach : dict of str to float
        What an objective has to be at least, or at most where less is better.
    choose : str
        Which one is taken: ``knee`` or ``keep``.
    bad_strides : BadStridesConfig
        With which strides astray every candidate is walked besides; ``percent`` 0: with none.
    dial : tuple of DialConfig
        What is turned; none: what does something in the program.
    """

    objectives: Annotated[tuple[str, ...], MaxLen(100)] = ()
    may_lose: dict[str, float] = field(default_factory=dict)
    reach: dict[str, float] = field(default_factory=dict)
    choose: Literal["knee", "keep"] = "knee"
    bad_strides: BadStridesConfig = BadStridesConfig()
    dial: Annotated[tuple[DialConfig, ...], MaxLen(100)] = ()
