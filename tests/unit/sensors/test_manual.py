"""The space bar on a real pseudo-terminal."""

import asyncio
import os
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from fes_ctrl.model import HEEL_SWITCH, RIGHT
from fes_ctrl.runtime.realtime import RealClock
from fes_ctrl.sensors.manual import Manual
from fes_ctrl.sensors.source import SensorError, Worn

pytestmark = pytest.mark.real_time
DEADLINE_S = 10.0


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The person's and the program's end."""
    person, program = os.openpty()
    yield person, program
    for fd in (person, program):
        try:
            os.close(fd)
        except OSError:
            continue  # a test closed it


@pytest.mark.asyncio
async def test_each_press_lifts_the_heel_or_puts_it_down(terminal: tuple[int, int]) -> None:
    person, program = terminal
    source = Manual(RIGHT, RealClock(asyncio.get_running_loop()).now_us, program)
    assert source.sensors == (Worn(RIGHT, HEEL_SWITCH),)
    keys: list[str] = []
    source.on_key = keys.append
    heard = [1.0]
    async with asyncio.timeout(DEADLINE_S):
        async for sample in source.samples():
            assert sample.t_meas_us <= sample.t_arrive_us
            if sample.seq == 0:
                assert sample.values == (1.0,)
                os.write(person, b" ")
            elif sample.values[0] != heard[-1]:
                heard.append(sample.values[0])
                os.write(person, b"a ")
            if len(heard) == 4:
                source.close()
    assert heard == [1.0, 0.0, 1.0, 0.0]
    assert set(keys) == {"a"}


@pytest.mark.asyncio
async def test_the_terminal_is_given_back_as_it_was(terminal: tuple[int, int]) -> None:
    _, program = terminal
    before = termios.tcgetattr(program)
    source = Manual(RIGHT, lambda: 0, program)
    assert not termios.tcgetattr(program)[3] & (termios.ECHO | termios.ICANON)
    source.close()
    source.close()
    assert termios.tcgetattr(program) == before


KILLED_BY_AN_ERROR = """
import asyncio, os, sys
from fes_ctrl.sensors.manual import Manual
async def main():
    Manual(1, lambda: 0, int(sys.argv[1]))
    raise SystemExit(3)
asyncio.run(main())
"""


def test_the_terminal_is_given_back_even_by_a_program_that_forgets_to(
    terminal: tuple[int, int], root: Path
) -> None:
    _, program = terminal
    before = termios.tcgetattr(program)
    done = subprocess.run(
        [sys.executable, "-c", KILLED_BY_AN_ERROR, str(program)],
        pass_fds=[program],
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
        timeout=60,
    )
    assert done.returncode == 3
    assert termios.tcgetattr(program) == before


@pytest.mark.asyncio
async def test_a_terminal_that_goes_away_ends_the_source(terminal: tuple[int, int]) -> None:
    person, program = terminal
    source = Manual(RIGHT, RealClock(asyncio.get_running_loop()).now_us, program)

    async def watch() -> None:
        async for sample in source.samples():
            if sample.seq == 0:
                os.close(person)

    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(SensorError, match="terminal is gone"):
            await watch()
    source.close()


@pytest.mark.asyncio
async def test_what_is_no_terminal_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "keys").open("wb") as file, pytest.raises(SensorError, match="redirect"):
        Manual(RIGHT, lambda: 0, file.fileno())
