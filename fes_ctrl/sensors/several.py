"""Several sources beside one another, as one: a board on each leg, a switch under the thumb."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable

from fes_ctrl.model import LEG_NAMES, Sample
from fes_ctrl.sensors.source import PromptSource, SensorError, SensorSource, Worn


class Several:
    """A ``SensorSource`` of some others.

    Each hands its samples on as it does alone, at once where it can. It ends where the first of
    them ends, and is lost where the first of them is: what was asked for was all of them.

    Parameters
    ----------
    parts : sequence of SensorSource
        At least one; closed with it.

    Raises
    ------
    SensorError
        If two of them have the same sensor of the same leg.
    """

    def __init__(self, *parts: SensorSource) -> None:
        self.parts = parts
        self._sensors = tuple([worn for part in parts for worn in part.sensors])
        for worn in self._sensors:
            if self._sensors.count(worn) > 1:
                name = f"{LEG_NAMES[worn.leg]}.{worn.sensor}"
                raise SensorError(f"{name}: two sources have it; leave one out")
        self._prompt = [part for part in parts if isinstance(part, PromptSource)]

    @property
    def sensors(self) -> tuple[Worn, ...]:
        """Those of all of them."""
        return self._sensors

    @property
    def on_sample(self) -> Callable[[Sample], None] | None:
        """As of every ``PromptSource``: of those that are one; the others yield theirs."""
        return self._prompt[0].on_sample if self._prompt else None

    @on_sample.setter
    def on_sample(self, take: Callable[[Sample], None] | None) -> None:
        for part in self._prompt:
            part.on_sample = take

    async def samples(self) -> AsyncGenerator[Sample, None]:
        """Yield what comes from any of them, until one ends."""
        news: asyncio.Queue[Sample | None] = asyncio.Queue()

        async def pass_on(part: SensorSource) -> None:
            try:
                async with contextlib.aclosing(part.samples()) as samples:
                    async for sample in samples:
                        news.put_nowait(sample)
            finally:
                news.put_nowait(None)

        tasks = [asyncio.create_task(pass_on(part)) for part in self.parts]
        try:
            while (sample := await news.get()) is not None:
                yield sample
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Let go of all of them."""
        for part in self.parts:
            part.close()


def parts_of(source: SensorSource) -> tuple[SensorSource, ...]:
    """Return the sources that a source is made of; itself where it is one alone."""
    return source.parts if isinstance(source, Several) else (source,)
