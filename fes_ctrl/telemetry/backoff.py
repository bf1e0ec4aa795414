"""How long to wait before something is tried again that has failed."""

import random
from typing import Final

FIRST_S: Final = 0.25
LONGEST_S: Final = 30.0
STOOD_S: Final = 10.0
"""A connection that stood for so long was no failed attempt."""
SPREAD: Final = 0.2


class Backoff:
    """How long to wait before the next attempt, seconds.

    Parameters
    ----------
    chance : Random
        Spreads the attempts.
    longest_s : float
        At most, but for chance.
    """

    def __init__(self, chance: random.Random, longest_s: float = LONGEST_S) -> None:
        self._chance = chance
        self._longest_s = longest_s
        self._next_s = FIRST_S

    def failed(self, stood_s: float) -> float:
        """Return how long to wait after a connection that stood for so long; 0: it never was."""
        if stood_s >= STOOD_S:
            self._next_s = FIRST_S
        wait_s = self._next_s * self._chance.uniform(1.0 - SPREAD, 1.0 + SPREAD)
        self._next_s = min(self._longest_s, 2.0 * self._next_s)
        return wait_s
