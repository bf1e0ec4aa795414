"""Real brokers for tests: mosquitto, amqtt, each as a process, and a line that misbehaves."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

DEADLINE_S = 20.0
HERE = "127.0.0.1"
CONF = Path(__file__).parent / "mosquitto"
USERS = ("bench", "viewer", "tuner")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind((HERE, 0))
        return int(found.getsockname()[1])


def program(name: str) -> str:
    """Return where a program is, or skip: Debian keeps brokers where users do not look."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (on Debian: apt-get install mosquitto)")
    return found


class Mosquitto:
    """A mosquitto on a port of its own, that can be stalled, killed and started again.

    ``stays`` whoever starts it: by itself, root's becomes another user, who cannot read what a test
    writes.
    """

    def __init__(self, folder: Path, *lines: str, plain: bool = True, stays: bool = True) -> None:
        self._program = program("mosquitto")
        self.port = free_port()
        self.log = folder / "mosquitto.log"
        self._conf = folder / "mosquitto.conf"
        text = [*lines] if lines else ["allow_anonymous true"]
        if plain:
            text.insert(0, f"listener {self.port} {HERE}")
        if stays and os.getuid() == 0:
            text.append("user root")
        self._text = text
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        lines = [line.replace("PORT", str(self.port)) for line in self._text]
        self._conf.write_text("\n".join(lines) + "\n")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._conf), "-v"], stdout=log, stderr=log
            )
        deadline = time.monotonic() + DEADLINE_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection((HERE, self.port), 1.0):
                return
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def _signal(self, what: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(what)

    def stall(self) -> None:
        """Let it hang: connections stay, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on after a stall."""
        self._signal(signal.SIGCONT)

    def reload(self) -> None:
        """Let it read its rules again."""
        self._signal(signal.SIGHUP)

    def kill(self) -> None:
        """End it as a power cut would; as often as you like."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(DEADLINE_S)
            self._process = None


@contextlib.contextmanager
def running(folder: Path, *lines: str) -> Iterator[Mosquitto]:
    """Yield a mosquitto that runs, with these lines of configuration or with nobody asked."""
    broker = Mosquitto(folder, *lines)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


@contextlib.contextmanager
def mosquitto(folder: Path, *lines: str) -> Iterator[int]:
    """Yield the port of a mosquitto that runs."""
    with running(folder, *lines) as broker:
        yield broker.port


# -- with TLS, passwords and access rules ---------------------------------------------------------


class Secured(NamedTuple):
    """A mosquitto that asks who one is.

    ``ca`` vouches for it, ``stranger`` for nobody; ``passwords`` are files by user.
    """

    broker: Mosquitto
    ca: Path
    stranger: Path
    passwords: dict[str, Path]

    def url(self, user: str, bench: str = "", **options: object) -> str:
        """Return an address as a user would write it."""
        said = {"ca": self.ca, "password_file": self.passwords[user], **options}
        query = "&".join(f"{name}={value}" for name, value in said.items())
        return f"mqtts://{user}@{HERE}:{self.broker.port}/{bench}?{query}"


def openssl(*arguments: object) -> None:
    """Let openssl do something, or skip."""
    command = [program("openssl"), *[str(argument) for argument in arguments]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def authority(folder: Path, name: str) -> Path:
    """Make somebody who vouches; return the certificate, the key is beside it."""
    ca = folder / f"{name}.pem"
    openssl(
        *("req", "-x509", *EC, "-days", "2", "-subj", f"/CN={name}", "-out", ca),
        *("-keyout", folder / f"{name}.key"),
        *("-addext", "basicConstraints=critical,CA:TRUE"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    return ca


def certificate(folder: Path, ca: Path, name: str, common: str = "") -> tuple[Path, Path]:
    """Make a certificate of somebody, and its key."""
    key, request, cert = (folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
    openssl("req", *EC, "-subj", f"/CN={common or name}", "-keyout", key, "-out", request)
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName=DNS:localhost,IP:{HERE}\nkeyUsage=digitalSignature\n")
    openssl(
        *(
            "x509",
            "-req",
            "-days",
            "2",
            "-in",
            request,
            "-CA",
            ca,
            "-CAkey",
            ca.with_suffix(".key"),
        ),
        *("-CAcreateserial", "-extfile", extensions, "-out", cert),
    )
    return cert, key


def _passwords(folder: Path) -> tuple[Path, dict[str, Path]]:
    known = folder / "passwords"
    files = {}
    known.touch(mode=0o600)
    for user in USERS:
        files[user] = folder / f"{user}.password"
        files[user].write_text(f"secret of {user}\n")
        subprocess.run(
            [program("mosquitto_passwd"), "-b", str(known), user, f"secret of {user}"],
            check=True,
            capture_output=True,
        )
    return known, files


class Certified(NamedTuple):
    """A mosquitto that believes certificates, and no passwords."""

    broker: Mosquitto
    ca: Path

    def url(self, user: str, bench: str = "", name: str = "") -> str:
        """Return an address as a user would write it, who calls himself by another name perhaps."""
        cert, key = (self.ca.parent / f"{user}.{end}" for end in ("pem", "key"))
        who = f"{name or user}@"
        return f"mqtts://{who}{HERE}:{self.broker.port}/{bench}?ca={self.ca}&cert={cert}&key={key}"


@contextlib.contextmanager
def certified(folder: Path) -> Iterator[Certified]:
    """Yield a mosquitto that takes who one is from a certificate, with the rules of ``acl``."""
    program("mosquitto")
    ca = authority(folder, "authority")
    cert, key = certificate(folder, ca, "server", HERE)
    for user in USERS:
        certificate(folder, ca, user)
    acl = folder / "acl"
    shutil.copy(CONF / "acl", acl)
    acl.chmod(0o600)
    broker = Mosquitto(
        folder,
        f"listener PORT {HERE}",
        f"cafile {ca}",
        f"certfile {cert}",
        f"keyfile {key}",
        "require_certificate true",
        "use_identity_as_username true",
        f"acl_file {acl}",
        plain=False,
    )
    try:
        broker.start()
        yield Certified(broker, ca)
    finally:
        broker.kill()


@contextlib.contextmanager
def secured(folder: Path) -> Iterator[Secured]:
    """Yield a mosquitto with TLS, passwords and the access rules of ``mosquitto/acl``."""
    program("mosquitto")
    ca = authority(folder, "authority")
    stranger = authority(folder, "stranger")
    cert, key = certificate(folder, ca, "server", HERE)
    known, files = _passwords(folder)
    acl = folder / "acl"
    shutil.copy(CONF / "acl", acl)
    acl.chmod(0o600)
    broker = Mosquitto(
        folder,
        f"listener PORT {HERE}",
        f"cafile {ca}",
        f"certfile {cert}",
        f"keyfile {key}",
        *(CONF / "mosquitto.conf").read_text().splitlines(),
        f"password_file {known}",
        f"acl_file {acl}",
        plain=False,
    )
    try:
        broker.start()
        yield Secured(broker, ca, stranger, files)
    finally:
        broker.kill()


# -- without anything installed -------------------------------------------------------------------


AMQTT = """
import asyncio, sys
from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig

async def serve(bind):
    anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    listeners = {"default": ListenerConfig(bind=bind)}
    await Broker(BrokerConfig(listeners=listeners, plugins=anonymous)).start()
    print("up", flush=True)
    await asyncio.Event().wait()

asyncio.run(serve(sys.argv[1]))
"""


@contextlib.contextmanager
def amqtt(port: int = 0) -> Iterator[int]:
    """Yield the port of an amqtt, which is all Python: MQTT 3.1.1, nobody is asked.

    It has a process of its own, as brokers have: in ours it would take turns with what is timed.
    """
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", AMQTT, f"{HERE}:{port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n", "amqtt does not start"
        yield port
    finally:
        process.kill()
        process.communicate()


# -- a line that misbehaves -----------------------------------------------------------------------

OPEN = "open"
STALL = "stall"
SLOW = "slow"
SWALLOW = "swallow"
MUTE = "mute"
CUT = "cut"
SLOW_BYTES = 200
"""Of a slow line, each twentieth of a second."""


class Proxy:
    """A line to a port that can be stalled, slowed down, or left half open.

    ``mode`` may change at any time: *stall* takes nothing off anybody, *swallow* takes all and
    hands on none of it (half open), *mute* hands on what comes to whoever connected and nothing
    that they say, *slow* hands on a little at a time, *cut* hangs up. With
    ``mode_of`` it is by connection, of which that is given the first bytes.
    """

    def __init__(self, port: int) -> None:
        self.mode = OPEN
        self.mode_of: Callable[[bytes], str] | None = None
        self._far = port
        self._lines: list[socket.socket] = []
        self._over = False
        self._server = socket.create_server((HERE, 0))
        self.port: int = self._server.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while not self._over:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            try:
                far = socket.create_connection((HERE, self._far), 5.0)
            except OSError:
                near.close()
                continue
            self._lines += [near, far]
            first: list[bytes] = []
            for pair in ((near, far), (far, near)):
                pair[0].settimeout(0.05)
                args = (*pair, first, pair[0] is near)
                thread = threading.Thread(target=self._carry, args=args, daemon=True)
                self._threads.append(thread)
                thread.start()

    def _mode(self, first: list[bytes]) -> str:
        return self.mode if self.mode_of is None else self.mode_of(b"".join(first))

    def _carry(
        self, here: socket.socket, there: socket.socket, first: list[bytes], begins: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while not self._over:
                # What a line is to do may hang on what comes first on it.
                mode = OPEN if self.mode_of and not first else self._mode(first)
                if mode == CUT:
                    break
                if mode == STALL:
                    time.sleep(0.02)
                    continue
                try:
                    data = here.recv(SLOW_BYTES if mode == SLOW else 65536)
                except TimeoutError:
                    continue
                if not data:
                    break
                if begins and not first:
                    first.append(data)
                while self.mode_of and self._mode(first) == STALL and not self._over:
                    time.sleep(0.02)
                mode = self._mode(first)
                if mode == CUT:
                    break
                if mode == SLOW:
                    time.sleep(0.05)
                if mode != SWALLOW and not (mode == MUTE and begins):
                    there.settimeout(5.0)
                    there.sendall(data)
                    there.settimeout(0.05)
        # Of a half-open line nobody tells the other end that this one is gone.
        for line in (here,) if self._mode(first) == SWALLOW else (here, there):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it."""
        self._over = True
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
        for thread in self._threads:
            thread.join(DEADLINE_S)


@contextlib.contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """Yield a line to a port."""
    line = Proxy(port)
    try:
        yield line
    finally:
        line.close()
