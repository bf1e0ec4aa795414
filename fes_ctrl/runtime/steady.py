"""What a machine can be asked for so that the loop is on time, and what came of it.

Three things make a loop late on a machine that is idle enough: another process that is in turn, a
page that has to be fetched, a collection of garbage. Each can be asked away; none is promised, so
each says whether it was got, and if not, what would help. Without them a run goes on as it is.
"""

import contextlib
import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from typing import Final, NamedTuple

PRIORITY: Final = 50
"""Of 1 to 99; interrupts that have threads of their own are at 50, most of the machine below."""

MCL_CURRENT: Final = 1
MCL_FUTURE: Final = 2
"""As Linux has them on every machine but Alpha, PowerPC and SPARC."""

PROBED_BYTES: Final = 1 << 30
"""Whoever may not lock so much may run into the limit later on, in the middle of a walk."""


class Asked(NamedTuple):
    """One thing that was asked for.

    Attributes
    ----------
    what : str
        Its name.
    got : bool
        Whether it holds now.
    detail : str
        What holds, or why it does not and what would help.
    """

    what: str
    got: bool
    detail: str

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.what}: {'' if self.got else 'not got: '}{self.detail}"


def take_priority(level: int = PRIORITY) -> Asked:
    """Ask that this thread goes before every ordinary one; children that are made later do not.

    Parameters
    ----------
    level : int
        Real-time priority, 1 to 99.
    """
    what = "real-time priority"
    if not hasattr(os, "sched_setscheduler"):
        return Asked(what, False, f"{sys.platform} is not asked for it; Linux is")
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, policy, os.sched_param(level))
    except OSError as error:
        ways = f"in /etc/security/limits.d: '@realtime - rtprio {level}', and be of that group"
        return Asked(what, False, f"{error.strerror}; {ways}, or run as root")
    return Asked(what, True, f"SCHED_FIFO {level}")


def give_priority_back() -> None:
    """Go in turn again."""
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def go_ahead_of(thread: int) -> None:
    """Let this thread go before another that has real-time priority; else it goes in turn.

    A thread is made without its maker's priority. A watchdog has to be in turn while what it
    watches computes.

    Parameters
    ----------
    thread : int
        The other's number in the system.
    """
    if not hasattr(os, "sched_getscheduler"):
        return
    if os.sched_getscheduler(thread) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO:
        take_priority(os.sched_getparam(thread).sched_priority + 1)


def lock_memory() -> Asked:
    """Ask that no page of this process has to be fetched again, now and from now on."""
    what = "locked memory"
    if not sys.platform.startswith("linux"):
        return Asked(what, False, f"{sys.platform} is not asked for it; Linux is")
    import resource

    allowed, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if allowed != resource.RLIM_INFINITY and allowed < PROBED_BYTES and os.geteuid() != 0:
        ways = "in /etc/security/limits.d: '@realtime - memlock unlimited', and be of that group"
        return Asked(what, False, f"{allowed >> 10} KiB are allowed; {ways}")
    library = ctypes.CDLL(None, use_errno=True)
    if library.mlockall(MCL_CURRENT | MCL_FUTURE):
        return Asked(what, False, os.strerror(ctypes.get_errno()))
    return Asked(what, True, "all pages, those to come as well")


def unlock_memory() -> None:
    """Let pages be fetched again."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).munlockall()


def freeze_garbage() -> Asked:
    """Collect once more, and leave what is there now out of every later collection."""
    gc.collect()
    gc.freeze()
    return Asked("frozen garbage collection", True, f"{gc.get_freeze_count()} objects left out")


@contextlib.contextmanager
def steadied() -> Iterator[tuple[Asked, ...]]:
    """Ask for all three in this thread, and give back at the end what was got."""
    frozen = freeze_garbage()
    locked = lock_memory()
    first = take_priority()
    try:
        yield first, locked, frozen
    finally:
        if first.got:
            give_priority_back()
        if locked.got:
            unlock_memory()
        gc.unfreeze()
