"""The witness of a machine that stands still: what it tells, and what it does not lay to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from helpers import stillness
from helpers.stillness import Stillness, Witness

pytestmark = pytest.mark.real_time


@pytest.fixture
def witness() -> Iterator[Witness]:
    witness = Witness()
    yield witness
    witness.close()


def told(witness: Witness, since: float, enough: Callable[[list[Stillness]], bool]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if enough(witness.stood_still(since)):
            return True
        time.sleep(0.01)
    return False


def test_it_tells_of_what_kept_it_and_when(witness: Witness) -> None:
    since = time.monotonic()
    os.kill(witness.pid, signal.SIGSTOP)
    time.sleep(0.2)
    os.kill(witness.pid, signal.SIGCONT)
    assert told(witness, since, lambda still: any(s.until - s.since > 0.15 for s in still))
    assert witness.stood_still(time.monotonic()) == []


def test_a_program_that_spins_on_each_processor_is_no_machine_that_stands_still(
    witness: Witness,
) -> None:
    since = time.monotonic()
    spinning = [
        subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"])
        for _ in range(os.cpu_count() or 1)
    ]
    time.sleep(1.5)
    for each in spinning:
        each.kill()
        each.wait()
    # A witness that has to wait for those that spin tells of some 200 ms.
    assert sum(still.until - still.since for still in witness.stood_still(since)) < 0.1


def test_a_machine_that_stands_still_before_the_witness_looks_on_does_not_send_it_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    early = 'import os, sys; os.write(1, b"1.0 2.0\\nlooking\\n3.0 4.0\\n"); sys.stdin.read()'
    monkeypatch.setattr(stillness, "WATCH", early)
    witness = Witness()
    try:
        assert told(witness, 0.0, lambda still: still == [Stillness(3.0, 4.0)])
    finally:
        witness.close()


def test_a_witness_that_is_gone_knows_nothing(witness: Witness) -> None:
    os.kill(witness.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while witness.there and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(RuntimeError, match="ended"):
        witness.stood_still(0.0)
