"""Where a stimulator is, as a person writes it: ``p24:///dev/ttyACM0``, ``p24+tcp://host:port``."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from fes_ctrl.links.guarded import open_guarded
from fes_ctrl.links.link import Link
from fes_ctrl.links.ports import again, known_as
from fes_ctrl.links.serial import SerialLink
from fes_ctrl.links.serial_port import SerialLinkError, SerialSettings
from fes_ctrl.links.tcp import open_tcp
from fes_ctrl.links.threaded import ThreadedLink

WATCHABLE: Final = os.name == "posix"
"""Whether a loop can watch a port's descriptor; where not, threads do."""


class LinkUrlError(ValueError):
    """An address that cannot be understood: what, and what to write instead."""


class SerialAddress(NamedTuple):
    """A device on a serial port."""

    device: str
    port: str


class TcpAddress(NamedTuple):
    """A device on a TCP port."""

    device: str
    host: str
    port: int


def parse_link_url(url: str, devices: Collection[str]) -> SerialAddress | TcpAddress:
    """Return what an address says.

    Parameters
    ----------
    url : str
        ``DEVICE:///dev/NAME``, ``DEVICE://COM3`` or ``DEVICE+tcp://HOST:PORT``.
    devices : collection of str
        Names of the devices that there are.

    Returns
    -------
    SerialAddress or TcpAddress
        The device, and where it is.

    Raises
    ------
    LinkUrlError
        If it says nothing that could be opened.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        # urllib's words for a port out of range or an unfinished [address].
        raise _refusal(url, f"{error}; write DEVICE+tcp://HOST:PORT") from error
    if not url[len(parts.scheme) :].startswith("://"):
        raise _refusal(url, "no DEVICE:// at its beginning; write p24:///dev/ttyACM0")
    device, plus, transport = parts.scheme.partition("+")
    if device not in devices:
        raise _refusal(url, f"no device {device!r}; there are {', '.join(sorted(devices))}")
    if plus and transport != "tcp":
        raise _refusal(url, f"no transport {transport!r}; write {device}:// or {device}+tcp://")
    if parts.query or parts.fragment:
        raise _refusal(url, "nothing may follow the address; leave out what begins with ? or #")
    if "@" in parts.netloc:
        raise _refusal(url, "a user name has no meaning here; leave out what stands before the @")
    if plus:
        if not host or port is None or port == 0 or parts.path not in {"", "/"}:
            raise _refusal(url, f"host and port are needed; write {device}+tcp://HOST:PORT")
        return TcpAddress(device, host, port)
    if parts.netloc and parts.path:
        raise _refusal(
            url, f"{parts.netloc} stands where no host belongs; write {device}://{parts.path}"
        )
    if port is not None:
        raise _refusal(url, f"a serial port has no number; write {device}+tcp://HOST:PORT for TCP")
    name = parts.netloc or parts.path
    if not name.strip("/"):
        raise _refusal(url, f"no port is named; write {device}:///dev/ttyACM0")
    return SerialAddress(device, name)


def serial_link(port: str, settings: SerialSettings) -> Link:
    """Open a serial port as a link on the running loop, in the way that this system allows.

    Parameters
    ----------
    port : str
        Its name.
    settings : SerialSettings
        Of the line.

    Raises
    ------
    SerialLinkError
        If it cannot be opened: which, why, and what to do.
    """
    if WATCHABLE:
        return SerialLink(port, settings)
    return ThreadedLink(port, settings)


async def open_link(
    address: SerialAddress | TcpAddress, settings: SerialSettings, guarded_by: bytes = b""
) -> Link:
    """Open a link on the running loop.

    Parameters
    ----------
    address : SerialAddress or TcpAddress
        Where.
    settings : SerialSettings
        For a serial port.
    guarded_by : bytes
        The stop that a guardian's process is to write where this one is gone; without it there is
        no guardian.

    Raises
    ------
    OSError
        If it cannot be opened: which, why, and what to do.
    """
    if isinstance(address, TcpAddress):
        if guarded_by:
            message = (
                f"tcp {address.host}:{address.port}: a guardian holds serial ports only; leave "
                "stimulator.guardian out, or let the far end have a dead-man of its own"
            )
            raise SerialLinkError(message)
        return await open_tcp(address.host, address.port)
    if guarded_by and not WATCHABLE:
        message = (
            f"serial port {address.port}: a guardian needs the sockets of Unix; leave "
            "stimulator.guardian out"
        )
        raise SerialLinkError(message)
    if guarded_by:
        return await open_guarded(address.port, settings, guarded_by)
    return serial_link(address.port, settings)


def returning(
    address: SerialAddress | TcpAddress, settings: SerialSettings, guarded_by: bytes = b""
) -> Callable[[], Awaitable[Link]]:
    """Return what opens the link again where the device is plugged in anew, under any name.

    Parameters
    ----------
    address, settings, guarded_by
        As of ``open_link``, which has just opened it.
    """
    before = known_as(address.port) if isinstance(address, SerialAddress) else None

    async def reopen() -> Link:
        place = address
        if isinstance(place, SerialAddress):
            place = place._replace(port=await asyncio.to_thread(again, place.port, before))
        return await open_link(place, settings, guarded_by)

    return reopen


def _refusal(url: str, why: str) -> LinkUrlError:
    return LinkUrlError(f"{url}: {why}")
