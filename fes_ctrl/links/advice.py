"""Why a serial port was not opened, and what to do, in words."""

import contextlib
import errno
import os
from typing import Final

NOT_OPENED: tuple[type[Exception], ...] = (OSError, ValueError)
"""What pyserial raises where a port cannot be opened."""

with contextlib.suppress(ImportError):  # where ports are no terminals
    import termios

    NOT_OPENED = (*NOT_OPENED, termios.error)

ADVICE: Final = {
    errno.ENOENT: "there is no such port; check the name and the cable",
    errno.EACCES: "not allowed; have yourself added to the group that owns it, often dialout",
    errno.EAGAIN: "in use by another program; close that first",
    errno.EBUSY: "in use by another program; close that first",
    errno.ENOTTY: "not a serial port; check the name",
}


def why_not_opened(error: BaseException) -> str:
    """Return why a port was not opened, and what to do."""
    reason = str(error)
    # pyserial hides some numbers in its text; the error that it wraps still has them.
    for cause in (error, error.__context__):
        number = cause.args[0] if cause is not None and cause.args else None
        if isinstance(number, int):
            if number in ADVICE:
                return ADVICE[number]
            reason = os.strerror(number)
    return f"{reason}; check the name, the cable and who may use it"
