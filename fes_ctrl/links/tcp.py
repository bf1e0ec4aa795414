"""A TCP connection as a link, for stimulators behind a network or a simulator on a port."""

import contextlib
import socket
import struct

from fes_ctrl.links.descriptor import DescriptorLink

CONNECT_TIMEOUT_S = 5.0


class TcpLinkError(OSError):
    """A host that cannot be reached."""


class TcpLink(DescriptorLink):
    """A link over TCP on the running loop.

    Parameters
    ----------
    host : str
        Name or address.
    port : int
        1-65535.

    Raises
    ------
    TcpLinkError
        If nobody answers there.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            self._socket = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
        except OSError as error:
            message = f"tcp {host}:{port}: {error.strerror or error}; is the device listening?"
            raise TcpLinkError(message) from error
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(self._socket.fileno(), f"tcp {host}:{port}")

    def discard(self) -> None:
        """Drop what waits here; what the kernel has taken is on its way."""
        self.forget_unsent()

    def drop(self) -> None:
        """Reset the connection."""
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close()

    def close(self) -> None:
        """Close the connection; nothing is delivered afterwards."""
        self.detach()
        self._socket.close()
