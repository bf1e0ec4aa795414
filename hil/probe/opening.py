"""Where a probe is, as a person writes it, and opening it: ``serial:///dev/ttyACM1?baud=115200``.

serial:///dev/ttyACM1?baud=115200
tcp://127.0.0.1:4002
"""

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from fes_ctrl.links.link import Link
from fes_ctrl.links.serial_port import SerialSettings
from fes_ctrl.links.tcp import open_tcp
from fes_ctrl.links.url import serial_link
from fes_ctrl.sensors.url import BAUD
from fes_ctrl.units import Us
from fes_ctrl.wire.probe_lines import VERSION
from hil.probe.probe import Probe, ProbeError

IDENTIFY_S: Final = 2.0
ASK_EVERY_S: Final = 0.25
"""A board that restarts where its port is opened hears nothing at first."""

LOOK_EVERY_S: Final = 0.005
FORMS: Final = "write serial:///dev/ttyACM1 or tcp://HOST:PORT"


LOAD_TOLERANCE: Final = 0.1


class SerialProbe(NamedTuple):
    """A probe on a serial port."""

    port: str
    baud: int = 115_200


class TcpProbe(NamedTuple):
    """A probe on a TCP port."""

    host: str
    port: int


def parse_probe_url(url: str) -> SerialProbe | TcpProbe:
    """Return where a probe is.

    Raises
    ------
    ProbeError
        If the address says nothing that could be opened.
    """
    try:
        parts = urlsplit(url)
        host, number = parts.hostname, parts.port
    except ValueError as error:
        raise ProbeError(f"{url}: {error}; {FORMS}") from error
    if parts.scheme == "tcp":
        if not host or not number or parts.path not in {"", "/"} or parts.query or parts.username:
            raise ProbeError(f"{url}: host and port alone are needed; write tcp://HOST:PORT")
        return TcpProbe(host, number)
    if parts.scheme != "serial":
        raise ProbeError(f"{url}: no such place of a probe; {FORMS}")
    port = parts.netloc or parts.path
    if not port.strip("/") or (parts.netloc and parts.path):
        raise ProbeError(f"{url}: no port is named; write serial:///dev/ttyACM1")
    options = parse_qsl(parts.query, keep_blank_values=True)
    if not options:
        return SerialProbe(port)
    match options:
        case [("baud", text)] if text.isdecimal() and BAUD[0] <= int(text) <= BAUD[1]:
            return SerialProbe(port, int(text))
    raise ProbeError(f"{url}: the only option is baud, from {BAUD[0]} to {BAUD[1]}")


async def open_probe(url: str, now_us: Callable[[], Us]) -> Probe:
    """Open a probe on the running loop; it has said who it is and what its clock shows.

    Parameters
    ----------
    url : str
        ``serial:///dev/NAME?baud=115200`` or ``tcp://HOST:PORT``.
    now_us : callable
        The host's clock.

    Raises
    ------
    OSError
        If the port cannot be opened: which, why, and what to do.
    ProbeError
        If the address says none, or no probe that this release understands answers within 2 s.
    """
    match parse_probe_url(url):
        case SerialProbe(port, baud):
            link: Link = serial_link(port, SerialSettings(baud=baud))
        case TcpProbe(host, number):
            link = await open_tcp(host, number)
    probe = Probe(link, now_us)
    try:
        probe.open()
        async with asyncio.timeout(IDENTIFY_S):
            await _known(probe)
    except TimeoutError as error:
        probe.close()
        raise ProbeError(
            f"{url}: no probe answered within {IDENTIFY_S:g} s ({probe.bad} lines were none of "
            "a probe's); check port and baud, and that the sketch is on the board"
        ) from error
    except BaseException:
        probe.close()
        raise
    identity = probe.identity
    if identity is not None and identity.version != VERSION:
        probe.close()
        raise ProbeError(
            f"{url}: {identity.name} speaks version {identity.version} of the lines, and this "
            f"release {VERSION}; load the sketch of this release"
        )
    probe.begin()
    return probe


async def _known(probe: Probe) -> None:
    loop = asyncio.get_running_loop()
    ask_at_s = loop.time() + ASK_EVERY_S
    while not probe.known:
        if probe.lost:
            raise ProbeError(f"the probe hung up: {probe.lost}; check the cable")
        await asyncio.sleep(LOOK_EVERY_S)
        if loop.time() >= ask_at_s:
            probe.ask()
            ask_at_s += ASK_EVERY_S


async def open_probe_across(url: str, load_ohm: float | None, now_us: Callable[[], Us]) -> Probe:
    """Open a probe, and hold what it measures across against what somebody has said that is.

    Parameters
    ----------
    url, now_us
        As of ``open_probe``.
    load_ohm : float or None
        What is said; nothing is held against that where nobody said.

    Raises
    ------
    ProbeError
        If it cannot be opened, or is across another load.
    """
    try:
        probe = await open_probe(url, now_us)
    except OSError as error:
        raise ProbeError(f"{url}: {error}") from error
    found = probe.identity
    if load_ohm and found is not None:
        off = abs(found.load_ohm - load_ohm) / load_ohm
        if off > LOAD_TOLERANCE:
            probe.close()
            raise ProbeError(
                f"{url}: {found.name} measures across {found.load_ohm} ohm, and the dummy load is "
                f"said to be {load_ohm:g}; correct whichever is wrong"
            )
    return probe
