"""Questions to a device over a link on the running loop: ``await`` an answer, or why there is none.

Any number of callers may ask at once; each gets the answer to its own question.
"""

import asyncio

from fes_ctrl.links.link import Link
from fes_ctrl.runtime.alarm import Alarm
from fes_ctrl.runtime.clock import ORDER_DRIVER, Clock
from fes_ctrl.stimulators.p24_inquiry import UNANSWERED, P24Inquiry, Reply
from fes_ctrl.units import Us
from fes_ctrl.wire import sciencemode4 as sm4


class InquiryError(Exception):
    """A question that was not answered, or answered with an error.

    Attributes
    ----------
    result : int
        The device's result; ``UNANSWERED`` where there was no answer.
    """

    def __init__(self, message: str, result: int = UNANSWERED) -> None:
        super().__init__(message)
        self.result = result


class Inquirer:
    """Asks one device.

    Parameters
    ----------
    clock : Clock
        Of the running loop.
    link : Link
        To the device; belongs to the caller, but for what it delivers.
    inquiry : P24Inquiry
        Knows what may be asked, and matches answers.
    """

    def __init__(self, clock: Clock, link: Link, inquiry: P24Inquiry) -> None:
        self._clock = clock
        self._link = link
        self._inquiry = inquiry
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._alarm = Alarm(clock, ORDER_DRIVER, self._ring)
        self._gone = ""
        link.on_bytes = self._bytes
        link.on_lost = self._lost

    async def ask(self, command: int, data: bytes = b"") -> bytes:
        """Return the answer's payload, the result first.

        Raises
        ------
        InquiryError
            If there is none in time, the device refuses, or the connection is gone.
        ValueError
            If the command may not be asked.
        """
        if self._gone:
            raise InquiryError(self._gone)
        ticket, frame = self._inquiry.ask(self._clock.now_us(), command, data)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = future
        self._link.write(frame)
        self._alarm.move(self._inquiry.wake_at_us())
        try:
            reply = await future
        finally:
            self._waiting.pop(ticket, None)
        if reply.result == UNANSWERED:
            message = f"no answer to command {command}; is it a P24, and switched on?"
            raise InquiryError(message)
        if reply.result != sm4.NO_ERROR:
            name = sm4.RESULT_NAMES.get(reply.result, "unknown result")
            message = f"command {command} was refused: {name} ({reply.result})"
            raise InquiryError(message, reply.result)
        return reply.payload

    def _bytes(self, data: bytes) -> None:
        self._deliver(self._inquiry.receive(self._clock.now_us(), data))

    def _ring(self, now_us: Us) -> None:
        self._deliver(self._inquiry.tick(now_us))
        self._alarm.move(self._inquiry.wake_at_us())

    def _deliver(self, replies: list[Reply]) -> None:
        for reply in replies:
            future = self._waiting.get(reply.ticket)
            if future is not None and not future.done():
                future.set_result(reply)

    def _lost(self, reason: str) -> None:
        self._gone = reason
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(InquiryError(reason))
