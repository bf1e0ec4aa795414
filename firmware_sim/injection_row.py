"""The shape of one thing that can be made to go wrong, and on what its fault is certain."""

from typing import Final, NamedTuple

HELD: Final = "held"
ARMED: Final = "armed"
PULSED: Final = "pulsed"
ONCE: Final = "once"
OVER: Final = "over"

CERTAIN: Final = {
    "": "not certain",
    HELD: "as long as it holds",
    ARMED: "with the first setpoint while it holds",
    PULSED: "with the first pulse of 15 mA while it holds: weaker ones tell nothing",
    ONCE: "at once, where the device is armed",
    OVER: "when it is over, where it held for longer than the fault may take",
}
"""On what the fault of an injection is certain: a walk in which it does not come then fails."""


class InjectionRow(NamedTuple):
    """One thing that can go wrong.

    ``part`` is who is hit: ``sensor``, ``link``, ``device``, ``electrode``, ``host`` or
    ``network``. ``fault``
    is the row of the fault table that is expected to come true; empty where the controller has no
    means to notice, or need not: ``why`` says which. ``lasts_s`` is how long it holds where
    nothing else is said; ``None`` for good, and where ``at_once`` it has no end at all: it happens
    and is over, or cannot be undone. ``amount`` is how much where nothing else is said,
    ``least`` and ``most`` what may be asked for, and ``unit`` its unit; without one there is no
    amount. ``seen_after_ms`` is how long it takes until what the fault observes is there: the
    time allowed to the fault counts from then. ``detector`` is who reads the sensor that is hit.
    ``certain`` is a key of ``CERTAIN``; empty where chance decides, or what else goes on. ``only``
    is a condition on that. ``devices`` are those that have what goes wrong; empty where all do.
    """

    name: str
    part: str
    effect: str
    fault: str
    lasts_s: float | None
    unit: str = ""
    amount: float = 0.0
    least: float = 0.0
    most: float = 0.0
    seen_after_ms: int = 0
    detector: str = "heel"
    why: str = ""
    certain: str = ""
    only: str = ""
    at_once: bool = False
    devices: tuple[str, ...] = ()
