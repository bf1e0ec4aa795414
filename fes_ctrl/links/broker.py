"""Where an MQTT broker is, as a person writes it: ``mqtts://ward@broker.lab:8883/bench-3?ca=ca.pem``.

mqtt://localhost
mqtt://localhost:1883/bench-3
mqtts://ward@broker.lab/bench-3?ca=lab-ca.pem&password_file=~/.fes/ward

What follows the host is a topic or a bench, as whoever takes the address says. A password is never
part of it, for every user of a machine can read command lines: it is in a file, or in the
environment (``FES_MQTT_PASSWORD``).
"""

import errno
import os
import re
import ssl
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

PASSWORD: Final = "FES_MQTT_PASSWORD"  # noqa: S105 - the variable's name, not its value
PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
OPTIONS: Final = ("ca", "cert", "key", "password_file", "protocol")
PROTOCOLS: Final = ("5", "3.1.1")
MOST_SAID: Final = 65_535
"""Bytes of a text that MQTT carries."""
HERE: Final = ("localhost", "127.0.0.1", "::1")
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
"""Of a bench or a sender: a level of a topic, that no wildcard or slash can hide in."""

Protocol = Literal["", "5", "3.1.1"]


class BrokerUrlError(ValueError):
    """An address that cannot be understood or used: what, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker, and who one is there.

    Attributes
    ----------
    host, port
        Where it listens.
    path : str
        What followed in the address, without its first slash.
    tls : bool
        Whether the line is encrypted, and the broker has to prove who it is.
    user, password : str
        Empty where nobody is asked.
    ca, cert, key : str
        Files: who vouches for the broker (empty: whom the system trusts), and what proves us.
    protocol : str
        ``5`` or ``3.1.1``; empty: 5, and 3.1.1 where the broker has no more.
    """

    host: str
    port: int
    path: str = ""
    tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    cert: str = ""
    key: str = ""
    protocol: Protocol = ""

    def __str__(self) -> str:
        """Return the address without what follows it; no secret is in it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """Return what proves broker and client to each other; ``None`` on an open line.

        Raises
        ------
        OSError
            If a file cannot be read, holds no certificate or key, or a key with a passphrase.
        """
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert:
            context.load_cert_chain(self.cert, self.key or None, _no_passphrase)
        return context


def _no_passphrase() -> str:
    # OpenSSL would ask at the terminal, from every process that connects: the keys that stop a run
    # are typed there.
    why = "the key has a passphrase, and nobody is asked (openssl pkey -in KEY -out FILE drops it)"
    raise OSError(errno.EACCES, why)


def parse_broker_url(url: str) -> Broker:
    """Return what an address says; the password comes from its file or the environment.

    Parameters
    ----------
    url : str
        ``mqtt[s]://[USER@]HOST[:PORT][/PATH][?OPTION=VALUE&...]``.

    Raises
    ------
    BrokerUrlError
        If it says nothing that could be connected to, or its password file cannot be read.
    """
    broker, _ = split_broker_url(url)
    return broker


def split_broker_url(url: str, others: Collection[str] = ()) -> tuple[Broker, dict[str, str]]:
    """Return what an address says, and those of its options that are for somebody else.

    Parameters
    ----------
    url : str
        As of ``parse_broker_url``.
    others : collection of str
        Options that mean nothing to a broker, but may be there.

    Returns
    -------
    broker : Broker
        Without them.
    options : dict of str to str
        Those that are there.

    Raises
    ------
    BrokerUrlError
        As of ``parse_broker_url``.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        # No name that can be looked up: the look-up would raise what no network does.
        (host or "").encode("idna")
    except ValueError as error:
        # The error may show a part of a password, as a port that is none.
        raise _refusal(url, "no host or port; write mqtt://HOST:PORT") from error
    if parts.scheme not in PORTS or not host or port == 0:
        raise _refusal(url, "no broker; write mqtt://HOST or, encrypted, mqtts://HOST")
    if parts.password is not None:
        # Not shown again: whoever reads the refusal need not know it.
        message = (
            f"{parts.scheme}://{host}: a password has no place in an address, which every user of "
            f"this machine can read; put it in a file (?password_file=FILE) or into {PASSWORD}"
        )
        raise BrokerUrlError(message)
    if "#" in url:
        raise _refusal(url, "nothing may begin with #; a topic takes no wildcard here")
    found = _options(url, parts.query, (*OPTIONS, *others))
    options = {name: found.pop(name, "") for name in OPTIONS}
    tls = parts.scheme == "mqtts"
    if not tls and any(options[name] for name in ("ca", "cert", "key")):
        raise _refusal(url, "certificates are for an encrypted line; write mqtts://")
    if options["key"] and not options["cert"]:
        raise _refusal(url, "a key without its certificate proves nothing; add cert=FILE")
    protocol = options["protocol"]
    if protocol not in ("", *PROTOCOLS):
        raise _refusal(url, f"protocol {protocol!r}: write {' or '.join(PROTOCOLS)}")
    user = unquote(parts.username or "")
    if not user.isprintable():
        raise _refusal(url, f"{user!r}: no user can be called so; write letters, digits, _ - and .")
    password = _password(url, options["password_file"]) if user else ""
    for what, said in (("user", user), ("password", password)):
        if not _is_text(said) or len(said.encode()) > MOST_SAID:
            # Not shown: it may be the password.
            raise _refusal(
                url, f"this {what} cannot be sent; give UTF-8, {MOST_SAID} bytes at most"
            )
    if not user and options["password_file"]:
        raise _refusal(url, "a password is somebody's; write mqtts://USER@HOST")
    if password and not tls and host not in HERE:
        raise _refusal(url, "a password would cross the network readable; write mqtts://")
    broker = Broker(
        host=host,
        port=port or PORTS[parts.scheme],
        path=unquote(parts.path).strip("/"),
        tls=tls,
        user=user,
        password=password,
        ca=_file(options["ca"]),
        cert=_file(options["cert"]),
        key=_file(options["key"]),
        protocol="5" if protocol == "5" else "3.1.1" if protocol else "",
    )
    return broker, found


def _options(url: str, query: str, known: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise _refusal(url, f"no option {name!r}; there are {', '.join(known)}")
        if name in found or not value:
            raise _refusal(url, f"{name} is there twice, or empty; give it once")
        found[name] = value
    return found


def _is_text(said: str) -> bool:
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return True


def _password(url: str, file: str) -> str:
    if not file:
        return os.environ.get(PASSWORD, "")
    try:
        return Path(_file(file)).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text"
        raise _refusal(url, f"password_file {file}: {why}") from error


def _file(name: str) -> str:
    return str(Path(name).expanduser()) if name else ""


def _refusal(url: str, why: str) -> BrokerUrlError:
    # Of a password that has no place there nobody need read more.
    shown = re.sub(r"//([^:@/]*):.*@", r"//\1:...@", url)
    return BrokerUrlError(f"{shown}: {why}")
