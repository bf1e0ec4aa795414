"""The serial link on real pseudo-terminals and the real loop."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fes_ctrl.links.serial import SerialLink
from fes_ctrl.links.serial_port import SerialLinkError, SerialSettings
from helpers.far_end import DEADLINE_S, FarEnd

pytestmark = pytest.mark.real_time
FLOOD = b"\xaa" * 200_000
"""More than any tty takes at once."""


@pytest.fixture
def far() -> Iterator[FarEnd]:
    end = FarEnd()
    yield end
    end.unplug()


@pytest.mark.asyncio
async def test_a_seized_line_is_given_back_without_what_was_written_meanwhile(
    far: FarEnd,
) -> None:
    link = SerialLink(far.port)
    heard = asyncio.get_running_loop().create_future()
    link.on_bytes = heard.set_result
    link.seize(b"stop")
    link.write(FLOOD)
    os.write(far.fd, b"stopped")
    async with asyncio.timeout(DEADLINE_S):
        assert await heard == b"stopped", "the device is still heard"
    link.release()
    link.write(b"anew")
    assert await far.take_until(b"anew") == b"stopanew"
    link.close()


@pytest.mark.asyncio
async def test_a_closed_line_cannot_be_seized_nor_anything_that_has_its_number_now(
    far: FarEnd,
) -> None:
    link = SerialLink(far.port)
    link.close()
    # The next file gets the number that the port had.
    left, right = socket.socketpair()
    with left, right:
        link.seize(b"stop")
        link.release()
        left.send(b"untouched")
        right.settimeout(DEADLINE_S)
        assert right.recv(100) == b"untouched"


@pytest.mark.asyncio
async def test_a_port_in_use_is_refused(far: FarEnd) -> None:
    link = SerialLink(far.port)
    with pytest.raises(SerialLinkError, match="in use by another program"):
        SerialLink(far.port)
    link.close()


@pytest.mark.asyncio
async def test_what_is_no_port_is_refused_with_what_to_do(tmp_path: Path, far: FarEnd) -> None:
    with pytest.raises(SerialLinkError, match="no such port"):
        SerialLink(str(tmp_path / "ttyACM9"))
    with pytest.raises(SerialLinkError, match="not a serial port"):
        SerialLink(os.devnull)
    with pytest.raises(SerialLinkError, match="check the name"):
        SerialLink(far.port, SerialSettings(baud=-1))
