"""A TCP connection as a link, for stimulators behind a network or a simulator on a port."""

import asyncio
import contextlib
import socket
import struct
from typing import Final

from fes_ctrl.links.descriptor import DescriptorLink

CONNECT_TIMEOUT_S: Final = 5.0


class TcpLinkError(OSError):
    """A host that cannot be reached."""


class TcpLink(DescriptorLink):
    """A link over TCP on the running loop; ``open_tcp`` makes one.

    Parameters
    ----------
    connection : socket
        Connected; belongs to the link from now on.
    name : str
        For messages.
    """

    def __init__(self, connection: socket.socket, name: str) -> None:
        self._socket = connection
        # A frame is a datagram to us: none waits for another to fill a packet.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(connection.fileno(), name)

    def drop(self) -> None:
        """Reset the connection: what the kernel has not sent is lost with it."""
        self.detach()
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._let_go(self._socket.close)

    def close(self) -> None:
        """Close the connection; nothing is delivered afterwards."""
        self.detach()
        with contextlib.suppress(OSError):
            # Closing with unread bytes would reset it, and a stop written last could be lost.
            self._socket.shutdown(socket.SHUT_WR)
            while self._socket.recv(4096):
                continue
        self._let_go(self._socket.close)


async def open_tcp(host: str, port: int) -> TcpLink:
    """Connect.

    Parameters
    ----------
    host : str
        Name or address.
    port : int
        1-65535.

    Returns
    -------
    TcpLink
        On the running loop.

    Raises
    ------
    TcpLinkError
        If nobody answers there.
    """
    name = f"tcp {host}:{port}"
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            return TcpLink(await _connect(host, port), name)
    except TimeoutError as error:
        message = f"{name}: no answer within {CONNECT_TIMEOUT_S:g} s; check the address"
        raise TcpLinkError(message) from error
    except OSError as error:
        message = f"{name}: {error.strerror or error}; is the device listening?"
        raise TcpLinkError(message) from error


async def _connect(host: str, port: int) -> socket.socket:
    """Return a socket connected to the first address that answers."""
    loop = asyncio.get_running_loop()
    failed = OSError("no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            failed = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failed
