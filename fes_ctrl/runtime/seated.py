"""A seated person's thresholds on any clock: words become test bursts, records become words."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from fes_ctrl.assembly import ControlConfig, problems_of
from fes_ctrl.model import Operator, Record, StateChange
from fes_ctrl.runtime.clock import ORDER_OPERATOR, Clock
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.stim.config import MuscleSetup, SetupConfig
from fes_ctrl.stim.seated import WORDS, SeatedSearch
from fes_ctrl.units import Us

KEYS: Final = {
    "n": "next",
    "r": "repeat",
    "b": "back",
    "f": "felt",
    "m": "moved",
    "x": "enough",
    "c": "clear",
    "s": "stop",
    "q": "quit",
}

HELP: Final = "n next, r repeat, b back, f felt, m moved, x enough, c clear a fault, s stop, q quit"

LEVEL_PERCENT: Final = 1
"""Test bursts name their current; the level only has to be more than nothing."""

FIRST_MA: Final = 0.1
"""Where ramps begin while no motor threshold is known: at less than any device's first step."""


def control_for_search(
    control: ControlConfig, leg: int, muscle: str, pulse_width_us: int, rate_hz: float
) -> tuple[ControlConfig, int]:
    """Return what searches for the thresholds of a muscle, and the strongest burst it can give.

    Parameters
    ----------
    control : ControlConfig
        The ramps are its program's, the output is that of the program's first channel.
    leg : int
        Whose.
    muscle : str
        As programs name it.
    pulse_width_us, rate_hz
        Of the bursts.

    Raises
    ------
    ValueError
        If not even the weakest burst fits limits and stimulator, or there is no such muscle: what
        and the way out.
    """
    # Beyond every threshold there may be, until they are found.
    unknown = MuscleSetup(FIRST_MA, FIRST_MA, 100.0, pulse_width_us)
    control.setup.of(muscle)
    searched: dict[str, Any] = {muscle: unknown}
    setup = replace(SetupConfig(), **searched)
    most_ma = 100
    while True:
        channel = replace(
            control.program.channel[0],
            muscle=muscle,
            current_mA=float(most_ma),
            pulse_width_us=pulse_width_us,
            rate_hz=rate_hz,
            waveform="symmetric",
        )
        program = replace(control.program, trigger_side="same", channel=(channel,))
        found = replace(control, program=program, setup=setup)
        problems = problems_of((leg,), found)
        if not problems:
            return found, most_ma
        most_ma -= 1
        if most_ma == 0:
            raise ValueError(problems[0])


class SeatedHand:
    """A person at the console, or one who is made up: keys or words on their way to the search.

    The first burst after a stop arms; it begins again with the weakest.

    Parameters
    ----------
    session : ControlSession
        Gives the bursts.
    clock : Clock
        The session's.
    search : SeatedSearch
        Knows what may be said when.
    say : callable
        Takes lines for the person to read.

    Attributes
    ----------
    quit : asyncio.Event
        Set when everything is known, or the person has had enough of it.
    """

    def __init__(
        self,
        session: ControlSession,
        clock: Clock,
        search: SeatedSearch,
        say: Callable[[str], None],
    ) -> None:
        self._session = session
        self._clock = clock
        self._search = search
        self._say = say
        self._armed = False
        self._level = 0
        self._waiting = ""
        self.quit = asyncio.Event()
        session.listeners.append(self._see)

    def key(self, key: str) -> None:
        """Take one key."""
        if key in KEYS:
            self._do(KEYS[key])
        else:
            self._say(HELP)

    def line(self, line: str) -> None:
        """Take one typed line: a word, or its key."""
        word = line.strip()
        word = KEYS.get(word, word)
        if word in KEYS.values():
            self._do(word)
        elif word:
            self._say(f"{word!r} is no word of a setup: say {', '.join(KEYS.values())}")

    def left(self) -> None:
        """Take note that nobody can say anything any more."""
        self.quit.set()

    def _do(self, word: str) -> None:
        if word == "quit":
            self.quit.set()
        elif word in WORDS:
            self._search_on(word)
        else:
            self._operate(word)

    def _search_on(self, word: str) -> None:
        search = self._search
        running_ma = search.running_ma
        wish = search.say(word)
        if wish.burst_ma:
            self._waiting = word
            if self._armed:
                self._go_on()
            else:
                self._operate("arm")
            return
        self._say(wish.said)
        if word == "enough" and running_ma:
            self._operate("stop")
        if search.done:
            self.quit.set()

    def _go_on(self) -> None:
        """Ask for the burst that was waiting for the device."""
        word, self._waiting = self._waiting, ""
        if not word or not self._armed:
            return
        wish = self._search.say(word)
        if wish.said:
            self._say(wish.said)
        if wish.burst_ma:
            if not self._level:
                self._operate("level", LEVEL_PERCENT)
            self._operate("test", wish.burst_ma)

    def _operate(self, action: str, value: int = 0) -> None:
        self._session.take(Operator(self._clock.now_us(), action, value))

    def _see(self, now_us: Us, records: tuple[Record, ...]) -> None:
        search = self._search
        for record in records:
            said = search.see(record)
            if said:
                self._say(said)
            if not isinstance(record, StateChange):
                continue
            self._level = record.level_percent
            if not record.armed:
                self._armed = False
                self._waiting = ""
                search.begin_anew()
            elif not self._armed:
                self._armed = True
                # After what is going on just now: nothing is taken in the middle of a step.
                self._clock.call_at_us(now_us, ORDER_OPERATOR, self._go_on)
