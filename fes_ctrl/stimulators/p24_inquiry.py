"""What a P24 can be asked and told beside stimulation: who and how it is, power, reset, silence.

An inquiry is a session without I/O, for as many callers as like: each gets the answer to its own
question, whatever order answers come in, or hears after a bounded time that there is none. It
knows no command that could start or prolong output.
"""

from typing import Final, NamedTuple

from fes_ctrl.stimulators.pending import NUMBERS, PendingFrames
from fes_ctrl.units import NEVER_US, Us
from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire import sciencemode4_answers as answers

DEADLINE_US: Final = 500_000
"""An answer later than this is none. The vendor states no such time; assumed."""

UNANSWERED: Final = -1
"""In place of a result, where no answer came."""

ASKABLE: Final = (
    sm4.GET_DEVICE_ID,
    sm4.GET_EXTENDED_VERSION,
    sm4.GET_VERSION_MAIN,
    sm4.GET_VERSION_STIM,
    sm4.GET_BATTERY_STATUS,
    sm4.GET_STIM_STATUS,
    sm4.GET_MAIN_STATUS,
    sm4.SET_POWER,
    sm4.RESET,
    sm4.LL_STOP,
    sm4.ML_STOP,
)

ABOUT: Final = ASKABLE[:7]
"""Questions that change nothing."""


class Reply(NamedTuple):
    """The answer to the question with that ticket: its result, and what it said behind it."""

    ticket: int
    command: int
    result: int
    payload: bytes


class P24Inquiry:
    """Questions to one P24."""

    __slots__ = ("_asked", "_decoder", "_pending", "_tickets")

    def __init__(self) -> None:
        self._decoder = sm4.Decoder()
        self._pending = PendingFrames()
        self._asked: dict[int, tuple[int, int, Us]] = {}  # by number: ticket, command, when
        self._tickets = 0

    @property
    def late(self) -> int:
        """Answers that belonged to no question any more."""
        return self._pending.orphans

    def ask(self, now_us: Us, command: int, data: bytes = b"") -> tuple[int, bytes]:
        """Return a ticket and the frame to write.

        Raises
        ------
        ValueError
            If the command is none of ``ASKABLE``, or 62 questions wait already.
        """
        if command not in ASKABLE:
            message = f"command {command}: not of those that may be asked beside stimulation"
            raise ValueError(message)
        if len(self._asked) >= NUMBERS:
            message = f"{NUMBERS} questions wait for their answers: no number is free"
            raise ValueError(message)
        number = self._pending.number()
        while number in self._asked:
            number = self._pending.number()
        self._tickets += 1
        self._asked[number] = (self._tickets, command, now_us)
        self._pending.sent(number, command, now_us, current=False)
        return self._tickets, sm4.encode(number, command, data)

    def receive(self, now_us: Us, data: bytes) -> list[Reply]:
        """Take bytes from the device; return the answers they complete."""
        replies = []
        for number, command, payload in self._decoder.feed(data):
            result = payload[0] if payload else UNANSWERED
            if command in (sm4.GENERAL_ERROR, sm4.UNKNOWN_COMMAND):
                known = self._pending.take(number)
            else:
                known = self._pending.answered(number, command - 1)
            if known is not None:
                replies.append(self._reply(number, result, payload))
        return replies + self.tick(now_us)

    def tick(self, now_us: Us) -> list[Reply]:
        """Return those whose answer did not come in time."""
        over = [
            number
            for number, (_, _, asked_us) in self._asked.items()
            if now_us >= asked_us + DEADLINE_US
        ]
        for number in over:
            self._pending.take(number)
        return [self._reply(number, UNANSWERED, b"") for number in over]

    def _reply(self, number: int, result: int, payload: bytes) -> Reply:
        ticket, command, _ = self._asked.pop(number)
        return Reply(ticket, command, result, payload)

    def wake_at_us(self) -> Us:
        """Return when an answer is overdue."""
        oldest_us = self._pending.oldest_us
        return NEVER_US if oldest_us == NEVER_US else oldest_us + DEADLINE_US


def about(payloads: dict[int, bytes]) -> dict[str, object]:
    """Return what the answers to ``ABOUT`` say; ``None`` for what is missing.

    Parameters
    ----------
    payloads : dict of int to bytes
        By command: the good answers, result included.
    """

    def said(command: int) -> bytes:
        return payloads.get(command, b"")

    versions = {
        name: answers.decode_versions(said(command))
        for name, command in (
            ("device", sm4.GET_EXTENDED_VERSION),
            ("main", sm4.GET_VERSION_MAIN),
            ("stimulation", sm4.GET_VERSION_STIM),
        )
    }
    build = answers.decode_build(said(sm4.GET_EXTENDED_VERSION))
    battery = answers.decode_battery(said(sm4.GET_BATTERY_STATUS))
    status = answers.decode_status(said(sm4.GET_STIM_STATUS))
    named = payloads.get(sm4.GET_DEVICE_ID)
    return {
        "device": "p24",
        "id": None if named is None else sm4.decode_device_id(named),
        "versions": {name: None if its is None else str(its) for name, its in versions.items()},
        "firmware_hash": None if build is None else f"{build.hash:08x}",
        "firmware_hash_valid": None if build is None else build.valid,
        "battery_percent": None if battery is None else battery.percent,
        "battery_mV": None if battery is None else battery.millivolts,
        "level": None if status is None else _level(status.status),
        "high_voltage_code": None if status is None else status.voltage,
        "main_status": answers.decode_main_status(said(sm4.GET_MAIN_STATUS)),
    }


def _level(status: int) -> str:
    known = status < len(sm4.STATUS_NAMES)
    return sm4.STATUS_NAMES[status] if known else f"status {status}"
