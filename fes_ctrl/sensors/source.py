"""The seam of a sensor source: samples as they arrive, on whatever loop runs."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import NamedTuple, Protocol, runtime_checkable

from fes_ctrl.model import Sample
from fes_ctrl.units import Us

NowUs = Callable[[], Us]
"""The walk's clock, as far as a sensor needs it."""


class Worn(NamedTuple):
    """A sensor on a leg: ``leg`` and ``sensor`` as in ``model.Sample``."""

    leg: int
    sensor: str


class SensorError(RuntimeError):
    """A source that cannot be had, or is lost: which, why, and what to do."""


class SensorSource(Protocol):
    """Where samples come from.

    ``samples`` yields each sample when it arrives, in order; ``t_arrive_us`` is the present of the
    walk's clock, and never before ``t_meas_us``. It ends where the source does, and raises
    ``SensorError`` where that is lost. Whoever ends it early does so by ``contextlib.aclosing``.
    """

    @property
    def sensors(self) -> tuple[Worn, ...]:
        """Which sensors its samples come from; at least one."""
        ...

    def samples(self) -> AsyncGenerator[Sample, None]:
        """Begin; once for each source."""
        ...

    def close(self) -> None:
        """Let go of ports and terminals; as often as you like."""
        ...


@runtime_checkable
class PromptSource(SensorSource, Protocol):
    """A source that can hand a sample on in the very call in which it arrives.

    Attributes
    ----------
    on_sample : callable or None
        Takes each sample instead of ``samples``, which then yields none; a task that has to be
        woken first would take the line's time once more.
    """

    on_sample: Callable[[Sample], None] | None


async def until(t_us: Us, now_us: NowUs) -> Us:
    """Wait for an instant of the walk's clock; never less than one turn of the loop.

    Parameters
    ----------
    t_us : int
        The instant; one that has passed is only let be overtaken by what is ready.
    now_us : callable
        Returns the present.

    Returns
    -------
    int
        The present; not before ``t_us``, though a loop may wake a sleeper a hair early.
    """
    await asyncio.sleep(max(0, t_us - now_us()) / 1e6)
    return max(t_us, now_us())
