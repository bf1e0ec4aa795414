"""A P24 by what HASOMED's headers say of it: commands, results, and when which pulse is due.

Bytes are taken apart here once more, by the tables of the ScienceMode4 C library headers, and
time is asked for pulse by pulse. Where the vendor says nothing, it follows what the simulated
device says that it assumes.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

LOW_INIT, LOW_PULSE, LOW_STOP = 0, 2, 4
MID_INIT, MID_UPDATE, MID_STOP, CURRENT_DATA = 30, 32, 34, 36
VERSION_MAIN, DEVICE_ID, BATTERY, RESET = 50, 52, 54, 58
VERSION_STIM, STIM_STATUS, MAIN_STATUS, EXTENDED_VERSION = 60, 62, 64, 68
UNKNOWN_COMMAND = 67

OK, PARAMETER, OTHER_LEVEL, ELECTRODE, INVALID, BUSY = 0, 2, 7, 10, 11, 21
NO_VOLTAGE = 8
STATE_ELECTRODE, STATE_TIMEOUT, STATE_LOW_CURRENT = 1, 2, 3
NONE, LOW, MID, RUNNING = 0, 1, 2, 3

ANSWER_LENGTH = {
    VERSION_MAIN: 7,
    VERSION_STIM: 7,
    DEVICE_ID: 11,
    BATTERY: 4,
    MAIN_STATUS: 2,
    EXTENDED_VERSION: 13,
}
LIVE_US = 2_000_000
BUSY_US = 2_000
DETECTED_FROM_UA = 15_000
STRONGEST_UA = 130_000
SUPPLY_V = {0: 150, 1: 0, 2: 30, 3: 60, 4: 90, 5: 120, 6: 150}
"""By the level of the high voltage that Ll_Init asks for: 0 is the device's own, 1 off."""

GAP_US = 60
"""The one current source needs so long between two pulses, whatever their channels."""

Points = tuple[tuple[int, int], ...]


class Train(NamedTuple):
    points: Points
    ramp: int
    period_us: int


class Answer(NamedTuple):
    number: int
    command: int
    payload: bytes


def point_bytes(points: Points) -> bytes:
    words = [us << 20 | (2 * ua // 1000 + 300) << 10 for us, ua in points]
    return b"".join(word.to_bytes(4, "big") for word in words)


def low_pulse(channel: int, points: Points, execute: int) -> bytes:
    colour, connector = channel % 4, channel // 4
    first = execute << 7 | colour << 5 | connector << 4 | (len(points) - 1)
    return bytes((first,)) + point_bytes(points)


def mid_update(trains: dict[int, Train]) -> bytes:
    payload = bytes((sum(1 << channel for channel in trains),))
    for _, (points, ramp, period_us) in sorted(trains.items()):
        halves, rest = divmod(period_us, 500)
        word = (period_us // 250) << 1 | 1 if rest else halves << 1
        payload += bytes(((len(points) - 1) << 4 | ramp,)) + word.to_bytes(2, "big")
        payload += point_bytes(points)
    return payload


def read_points(data: bytes) -> Points:
    words = [int.from_bytes(data[i : i + 4], "big") for i in range(0, len(data), 4)]
    return tuple((word >> 20, ((word >> 10 & 0x3FF) - 300) * 500) for word in words)


def read_low_pulse(payload: bytes) -> tuple[int, bool, Points] | None:
    if not payload or len(payload) != 1 + 4 * ((payload[0] & 15) + 1):
        return None
    first = payload[0]
    return (first >> 5 & 3) + 4 * (first >> 4 & 1), first >= 128, read_points(payload[1:])


def read_update(payload: bytes) -> dict[int, Train] | None:
    if not payload:
        return None
    trains, rest = {}, payload[1:]
    for channel in range(8):
        if payload[0] >> channel & 1:
            if len(rest) < 3:
                return None
            size = 3 + 4 * ((rest[0] >> 4) + 1)
            if len(rest) < size:
                return None
            word = int.from_bytes(rest[1:3], "big")
            period_us = (word >> 1) * (250 if word & 1 else 500)
            trains[channel] = Train(read_points(rest[3:size]), rest[0] & 15, period_us)
            rest = rest[size:]
    return None if rest else trains


def allowed(points: Points) -> bool:
    return all(abs(ua) <= STRONGEST_UA for _, ua in points)


@dataclass
class Running:
    train: Train
    next_us: int
    count: int = 0

    def pulse(self) -> Points:
        """The next one; of a ramp of n pulses, the k-th has k of n + 1 parts of the current."""
        parts = self.train.ramp + 1
        part = Fraction(min(self.count + 1, parts), parts)
        return tuple((us, int(ua * part)) for us, ua in self.train.points)


@dataclass
class Waiting:
    at_us: int
    answer: Answer
    """Its payload by what is certain of it: whole, or the first byte alone."""
    results: set[int] = field(default_factory=set)


class ReferenceP24:
    """What is given, and what must still be answered."""

    def __init__(self) -> None:
        self.status = NONE
        self.running: dict[int, Running] = {}
        self.live_until_us = 0
        self.stop_all = False
        self.states: dict[int, int] = {}
        self.level = 0
        self.free_us = 0
        self.low_us: dict[int, int] = {}
        self.ohm = dict.fromkeys(range(8), 1_000)
        self.given: list[tuple[int, int, Points]] = []
        self.waiting: list[Waiting] = []

    # -- what comes out ---------------------------------------------------------------------------

    def answered(self, answer: Answer, now_us: int, *, late: bool) -> None:
        """Each answer is one that was waited for: by its number, 1 to 2 ms after the command."""
        for waiting in self.waiting:
            if waiting.answer[:2] != answer[:2]:
                continue
            assert now_us - waiting.at_us >= 1_000
            assert late or now_us - waiting.at_us <= 2_000
            whole = waiting.answer.payload
            assert answer.payload[0] in waiting.results
            assert answer.payload[0] != OK or answer.payload[: len(whole)] == whole
            of_it = ANSWER_LENGTH.get(answer.command - 1, max(1, len(whole)))
            assert len(answer.payload) == of_it
            self.waiting.remove(waiting)
            return
        message = f"nobody waits for {answer}"
        raise AssertionError(message)

    def deliver(self, at_us: int, channel: int, points: Points) -> bool:
        """Give a pulse; return whether the electrode is as it should be, as far as can be told."""
        points = tuple((max(10, us), ua) for us, ua in points)
        ohm = self.ohm[channel]
        strongest_ua = max(abs(ua) for _, ua in points)
        limit_ua = SUPPLY_V[self.level] * 10**6 // ohm
        is_open = limit_ua < 1
        if strongest_ua and not is_open:
            flows = tuple((us, max(-limit_ua, min(limit_ua, ua))) for us, ua in points)
            self.given.append((at_us, channel, flows))
        return strongest_ua < DETECTED_FROM_UA or (not is_open and ohm >= 100)

    def pass_time(self, until_us: int) -> None:
        """Give what is due until then, by time and channel, as long as there is a live signal."""
        while self.running:
            due_us, channel = min((run.next_us, number) for number, run in self.running.items())
            next_us = max(due_us, self.free_us)
            if min(next_us, self.live_until_us) > until_us:
                break
            if next_us >= self.live_until_us:
                self.running.clear()
                break
            run = self.running[channel]
            points = tuple((max(10, us), ua) for us, ua in run.pulse())
            good = self.deliver(next_us, channel, points)
            run.next_us += run.train.period_us
            run.count += 1
            self.free_us = next_us + sum(us for us, _ in points) + GAP_US
            limit_ua = SUPPLY_V[self.level] * 10**6 // self.ohm[channel]
            if 1 <= limit_ua < max(abs(ua) for _, ua in points):
                # Through an open electrode nothing flows that could be found too little.
                self.states[channel] = STATE_LOW_CURRENT
            if not good:
                self.states[channel] = STATE_ELECTRODE
                self.running = {} if self.stop_all else self.without(channel)
        if self.status == RUNNING and not self.running:
            self.status = MID
        assert not [w for w in self.waiting if until_us - w.at_us > 2_000], "not answered in time"

    def without(self, channel: int) -> dict[int, Running]:
        return {number: run for number, run in self.running.items() if number != channel}

    # -- what goes in -----------------------------------------------------------------------------

    @property
    def stop(self) -> int:
        """The command that stops it."""
        return MID_STOP if self.status in (MID, RUNNING) else LOW_STOP

    def take(self, now_us: int, number: int, command: int, payload: bytes) -> None:
        self.pass_time(now_us)
        against, more = self.execute(now_us, command, payload)
        code = command + 1
        if against == {INVALID}:
            code = UNKNOWN_COMMAND
        answer = Answer(number, code, bytes((OK,)) + more)
        self.waiting.append(Waiting(now_us, answer, against or {OK}))
        self.pass_time(now_us)

    def execute(self, now_us: int, command: int, payload: bytes) -> tuple[set[int], bytes]:
        """Do it if nothing speaks against it; return what does, and the rest of a good answer."""
        in_mid = self.status in (MID, RUNNING)
        one_byte = {LOW_INIT, MID_INIT, CURRENT_DATA}
        against = {PARAMETER} if command in one_byte and len(payload) != 1 else set()
        if command == LOW_INIT and payload and payload[0] >> 1 & 7 == 7:
            against.add(PARAMETER)
        if (command in {LOW_INIT, LOW_STOP} and in_mid) or (
            command in {MID_INIT, MID_STOP} and self.status == LOW
        ):
            against.add(OTHER_LEVEL)
        match command:
            case _ if command == LOW_PULSE:
                return self.low_pulse(now_us, payload)
            case _ if command == MID_UPDATE:
                return self.update(now_us, payload), b""
            case _ if command == CURRENT_DATA:
                return self.current_data(now_us, payload)
            case _ if command == STIM_STATUS:
                return set(), bytes((self.status, 1 if self.status == NONE else self.level or 6))
            case _ if command in ANSWER_LENGTH:
                return set(), b"SIM" if command == DEVICE_ID else b""
            case _ if command not in {LOW_INIT, LOW_STOP, MID_INIT, MID_STOP, RESET}:
                return {INVALID}, b""
        if against:
            return against, b""
        self.running.clear()
        self.status = {LOW_INIT: LOW, MID_INIT: MID}.get(command, NONE)
        if command == MID_INIT:
            self.stop_all = bool(payload[0] & 1)
        if command in {MID_INIT, RESET}:
            self.states.clear()
        self.level = payload[0] >> 1 & 7 if command == LOW_INIT else 0
        return set(), b""

    def low_pulse(self, now_us: int, payload: bytes) -> tuple[set[int], bytes]:
        said = read_low_pulse(payload)
        against = set() if self.status == LOW else {OTHER_LEVEL}
        if said is None:
            return against | {PARAMETER}, b"\0\0"
        channel, executes, points = said
        if not allowed(points):
            against.add(PARAMETER)
        if now_us - self.low_us.get(channel, -BUSY_US) < BUSY_US:
            against.add(BUSY)
        where = bytes((channel % 4 | channel // 4 << 4, 0))
        if executes and not against and self.level == 1:
            against.add(NO_VOLTAGE)
        if executes and not against:
            self.low_us[channel] = now_us
            if not self.deliver(now_us, channel, points):
                against.add(ELECTRODE)
        return against, where

    def update(self, now_us: int, payload: bytes) -> set[int]:
        trains = read_update(payload)
        against = set() if self.status in (MID, RUNNING) else {OTHER_LEVEL}
        if trains is None or not all(
            allowed(train.points) and train.period_us >= 500 for train in trains.values()
        ):
            against.add(PARAMETER)
        if against or trains is None:
            return against
        running = {}
        busy = Fraction(0)
        for channel, train in trains.items():
            before = self.running.get(channel)
            busy += Fraction(GAP_US + sum(us for us, _ in train.points), train.period_us)
            if busy >= 1:
                # Those that the source has no time left for do not run.
                self.states[channel] = STATE_TIMEOUT
                continue
            self.states.pop(channel, None)
            # Only a channel that is switched on begins at once, and with its ramp.
            running[channel] = Running(train, now_us)
            if before is not None:
                running[channel] = Running(train, before.next_us, max(before.count, train.ramp))
        self.running = running
        self.live_until_us = now_us + LIVE_US
        self.status = RUNNING if running else MID
        return set()

    def current_data(self, now_us: int, payload: bytes) -> tuple[set[int], bytes]:
        if self.status == RUNNING:
            self.live_until_us = now_us + LIVE_US
        bits = sum(1 << channel for channel in self.running)
        wrong = sum(1 << n for n, state in self.states.items() if state == STATE_ELECTRODE)
        match list(payload):
            case [4]:
                states = [self.states.get(channel, 0) for channel in range(8)]
                pairs = [states[i] | states[i + 1] << 4 for i in range(0, 8, 2)]
                return set(), bytes((4, bits, *pairs))
            case [2]:
                return set(), bytes((2, (bits & 15) << 4 | wrong & 15))
            case [3]:
                first = (bits & 15) << 4 | wrong & 15
                return set(), bytes((3, first, (bits >> 4) << 4 | wrong >> 4))
        return {PARAMETER}, b""
