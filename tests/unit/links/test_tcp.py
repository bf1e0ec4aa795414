"""The TCP link on real sockets and the real loop."""

import asyncio
import errno
import socket
import time
from collections.abc import Iterator

import pytest

from fes_ctrl.links.tcp import TcpLink, TcpLinkError, open_tcp

pytestmark = pytest.mark.real_time
DEADLINE_S = 10.0
FLOOD = b"\xaa" * 30_000_000
"""More than the sockets' buffers take."""


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(DEADLINE_S)
        yield listening


async def connect(server: socket.socket) -> tuple[TcpLink, socket.socket]:
    link = await open_tcp("127.0.0.1", server.getsockname()[1])
    far, _ = server.accept()
    far.settimeout(DEADLINE_S)
    return link, far


@pytest.mark.asyncio
async def test_bytes_go_both_ways_and_frames_are_not_held_back(server: socket.socket) -> None:
    link, far = await connect(server)
    with far:
        assert link._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        heard = asyncio.get_running_loop().create_future()
        link.on_bytes = heard.set_result
        link.write(b"ask")
        assert far.recv(100) == b"ask"
        far.send(b"answer")
        async with asyncio.timeout(DEADLINE_S):
            assert await heard == b"answer"
        link.close()


@pytest.mark.asyncio
async def test_a_stalled_device_does_not_block_and_discarding_forgets_the_rest(
    server: socket.socket,
) -> None:
    link, far = await connect(server)
    with far:
        before = time.perf_counter()
        link.write(FLOOD)
        assert time.perf_counter() - before < 2.0
        waiting = link.unsent
        assert waiting > 0
        assert link.discard()
        assert not link.discard(), "what the kernel has is on its way"
        link.write(b"stop")
        # The kernel may have found room for it meanwhile, in what it holds for the other end.
        assert link.unsent <= len(b"stop")
        taken = 0
        last = b""
        async with asyncio.timeout(DEADLINE_S):
            while last[-4:] != b"stop":
                last = await asyncio.to_thread(far.recv, 1 << 20)
                taken += len(last)
        assert taken == len(FLOOD) - waiting + len(b"stop")
        link.close()


@pytest.mark.asyncio
async def test_a_device_that_hangs_up_is_told_once(server: socket.socket) -> None:
    link, far = await connect(server)
    reasons: asyncio.Queue[str] = asyncio.Queue()
    link.on_lost = reasons.put_nowait
    far.close()
    async with asyncio.timeout(DEADLINE_S):
        assert "hung up" in await reasons.get()
    link.write(b"into the void")
    await asyncio.sleep(0.02)
    assert reasons.empty()
    link.close()


@pytest.mark.asyncio
async def test_dropping_resets_the_connection(server: socket.socket) -> None:
    link, far = await connect(server)
    with far:
        link.drop()
        with pytest.raises(ConnectionResetError):
            far.recv(100)


@pytest.mark.asyncio
async def test_what_was_on_its_way_before_closing_arrives_although_answers_were_left_unread(
    server: socket.socket,
) -> None:
    link, far = await connect(server)
    with far:
        link.write(FLOOD)
        on_its_way = len(FLOOD) - link.unsent
        link.discard()
        far.send(b"an answer that nobody reads")
        link.close()
        taken = 0
        while piece := far.recv(1 << 20):
            taken += len(piece)
        assert taken == on_its_way


@pytest.mark.asyncio
async def test_nobody_there_is_refused_with_address_and_advice() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_again:
        port = closed_again.getsockname()[1]
    with pytest.raises(TcpLinkError, match=rf"127\.0\.0\.1:{port}: .*listening") as caught:
        await open_tcp("127.0.0.1", port)
    assert caught.value.__cause__ is not None
    assert getattr(caught.value.__cause__, "errno", None) == errno.ECONNREFUSED


@pytest.mark.asyncio
async def test_a_host_that_says_nothing_does_not_hold_the_loop(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fes_ctrl.links.tcp.CONNECT_TIMEOUT_S", 0.2)
    # A full queue of connections that nobody accepts: further ones get no answer at all.
    server.listen(0)
    address = server.getsockname()
    crowd = [socket.socket() for _ in range(4)]
    try:
        for each in crowd:
            each.setblocking(False)
            each.connect_ex(address)
        ticks = 0
        opening = asyncio.ensure_future(open_tcp(*address))
        while not opening.done():
            await asyncio.sleep(0.01)
            ticks += 1
        with pytest.raises(TcpLinkError, match=r"no answer within 0\.2 s"):
            await opening
        assert ticks > 5
    finally:
        for each in crowd:
            each.close()
