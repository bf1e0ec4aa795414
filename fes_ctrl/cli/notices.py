"""What a person at the console is told besides: who has not spoken yet, and what was lost."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fes_ctrl.runlog.log import RunLogWriter
    from fes_ctrl.sensors.mqtt import Link, MqttSensors
    from fes_ctrl.sensors.serial import SerialSensors
    from fes_ctrl.stimulators.same_device import SameDevice

LOOK_S: Final = 0.2
LONG_S: Final = 3.0
AGAIN_S: Final = 10.0
"""A count that goes on rising is told of so often at most."""

Say = Callable[[str], None]


def expect_device(device: "SameDevice", say: Say, waited_s: float = 0.0) -> None:
    """Tell who the stimulator is as soon as it has said so, and once that it has not for long."""
    if device.identity:
        say(f"stimulator: {device.identity}")
        return
    if waited_s <= LONG_S < waited_s + LOOK_S:
        say("stimulator: no answer so far; is it switched on, and is this its port?")
    later(expect_device, device, say, waited_s + LOOK_S)


class Rising:
    """Counts that a person is told of: at once when there is something, then while they rise."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[int, float]] = {}

    def is_news(self, what: str, count: int) -> bool:
        """Return whether to tell of a count now; then it has been."""
        now_s = asyncio.get_running_loop().time()
        told, at_s = self._told.get(what, (0, -AGAIN_S))
        # The look after ten seconds is not to miss them by a hair.
        if count <= told or now_s - at_s < AGAIN_S - LOOK_S / 2:
            return False
        self._told[what] = count, now_s
        return True


def expect_lines(
    source: "SerialSensors | MqttSensors",
    say: Say,
    waited_s: float = 0.0,
    rising: Rising | None = None,
) -> None:
    """Tell which sensors are not heard of, and of lines that mean nothing.

    Parameters
    ----------
    source : SerialSensors or MqttSensors
        Of lines.
    say : callable
        Takes a line for the person.
    waited_s : float
        How long it has been listened to.
    rising : Rising or None
        What the person was told of.
    """
    from fes_ctrl.model import LEG_NAMES

    lines = source.lines
    rising = rising or Rising()
    if waited_s <= LONG_S < waited_s + LOOK_S:
        for worn in source.sensors:
            if worn not in lines.heard:
                name = f"{LEG_NAMES[worn.leg]}.{worn.sensor}"
                say(f"sensors: no reading of {name} so far; {source.unheard}")
    if rising.is_news("bad", lines.bad):
        bad = lines.bad
        counted = "1 line is no reading" if bad == 1 else f"{bad} lines are no reading"
        say(f"sensors: {counted} of these sensors, the last: {lines.last_bad[:60]!r}")
    later(expect_lines, source, say, waited_s + LOOK_S, rising)


def watch_network(
    source: "MqttSensors",
    say: Say,
    known: "Link | None" = None,
    rising: Rising | None = None,
) -> None:
    """Tell of the connection to a broker whenever it changes, and of what does not count.

    Parameters
    ----------
    source : MqttSensors
        At that broker.
    say : callable
        Takes a line for the person.
    known : Link or None
        What the person knows of the connection.
    rising : Rising or None
        What the person was told of.
    """
    link = source.link
    if link != known and link.up is not None:
        say(f"sensors: {_connection(source, link)}")
    rising = rising or Rising()
    for what, count, besides in _not_counted(source):
        if rising.is_news(what, count):
            say(f"sensors: {what.format(count)}{besides}")
    later(watch_network, source, say, link, rising)


def _connection(source: "MqttSensors", link: "Link") -> str:
    broker, topic = source.broker, source.broker.path
    if link.denied:
        return f"{broker} lets nobody of our name read {topic}; change its access rules"
    if link.up:
        return f"listening at {broker} to {topic}, {link.why}"
    return f"no connection to {broker}, tried again ever more seldom: {link.why}"


def _not_counted(source: "MqttSensors") -> "Iterator[tuple[str, int, str]]":
    """Yield what came and does not count: in words, how often, and what is to be said besides."""
    from fes_ctrl.model import LEG_NAMES

    for why, count in source.left_out.items():
        yield f"messages not read, {why}: {{}}", count, ""
    for (leg, sensor), seen in source.in_time.items():
        name = f"{LEG_NAMES[leg]}.{sensor}"
        last = f", the last by {seen.last_late_us / 1000:.0f} ms"
        yield f"{name} too late, so left out: {{}}", seen.late, last
        yield f"{name} lost: {{}}", seen.lost, ""
        yield f"{name} twice or out of order, so left out: {{}}", seen.disordered, ""
        yield f"{name} placed in time anew, as after a restart: {{}}", seen.lines - 1, ""
        why = "; a network may hold a reading for any time"
        yield f"{name} without its time (t_us), so left out: {{}}", seen.unstamped, why


def watch_log(log: "RunLogWriter", say: Say, known: int = 0) -> None:
    """Tell while it goes on that the disk does not take the log."""
    dropped = log.dropped
    if dropped and not known:
        say(f"fault F24 warn: {dropped} lines of the run log dropped so far; control goes on")
    later(watch_log, log, say, dropped)


def later(again: Callable[..., None], *arguments: object) -> None:
    """Look again in a while."""
    asyncio.get_running_loop().call_later(LOOK_S, again, *arguments)
