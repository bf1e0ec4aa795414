"""What a machine is asked for: what is got holds, what is not got says what would help."""

import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from fes_ctrl.runtime import steady

PROBE = """
import gc, json, os, resource, sys
from fes_ctrl.runtime.steady import steadied

def state():
    locked = open("/proc/self/status").read().split("VmLck:")[1].split()[0]
    return [os.sched_getscheduler(0), int(locked), gc.get_freeze_count()]

if sys.argv[1] == "poor":
    resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
    if os.geteuid() == 0:
        os.setuid(65534)
before = state()
with steadied() as asked:
    within = state()
told = [str(each) for each in asked]
print(json.dumps([asked, told, before, within, state()]))
"""


def probe(how: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, how], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_what_is_got_holds_within_and_is_given_back_at_the_end() -> None:
    (priority, locked, frozen), _, before, within, after = probe("as it is")
    fifo = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    assert within[0] == (fifo if priority[1] else before[0])
    assert (within[1] > 0) == locked[1]
    assert frozen[1]
    assert within[2] > 1_000
    assert after == before


def test_what_is_not_got_says_what_would_help_and_changes_nothing() -> None:
    asked, told, before, within, after = probe("poor")
    assert [got for _, got, _ in asked] == [False, False, True]
    assert told[0].startswith("real-time priority: not got: Operation not permitted; in /etc/secur")
    assert "rtprio 50" in told[0]
    assert told[1].startswith("locked memory: not got: 64 KiB are allowed; in /etc/security/limits")
    assert told[2].startswith("frozen garbage collection: ")
    assert told[2].endswith(" objects left out")
    assert within[:2] == before[:2]
    assert after == before


@pytest.mark.parametrize(
    ("policy", "level", "asked"),
    [
        (os.SCHED_FIFO, 50, [51]),
        (os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, 7, [8]),
        (os.SCHED_OTHER, 0, []),
        (os.SCHED_RR, 50, []),
    ],
)
def test_a_watchdog_goes_before_what_it_watches(
    policy: int, level: int, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    watched = threading.get_native_id()
    policies, params = {watched: policy}, {watched: os.sched_param(level)}
    monkeypatch.setattr(steady.os, "sched_getscheduler", policies.__getitem__)
    monkeypatch.setattr(steady.os, "sched_getparam", params.__getitem__)
    monkeypatch.setattr(steady, "take_priority", taken.append)
    steady.go_ahead_of(watched)
    assert taken == asked


def test_where_a_system_cannot_be_asked_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steady.sys, "platform", "darwin")
    monkeypatch.delattr(steady.os, "sched_setscheduler")
    monkeypatch.delattr(steady.os, "sched_getscheduler")
    for asked in (steady.take_priority(), steady.lock_memory()):
        assert not asked.got
        assert asked.detail == "darwin is not asked for it; Linux is"
    steady.go_ahead_of(1)
    steady.give_priority_back()
    steady.unlock_memory()
