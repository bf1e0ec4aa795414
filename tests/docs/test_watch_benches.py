"""The how-to's options and words are the programs', and its broker lets everybody do their own."""

import contextlib
import os
import pwd
import re
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from fes_ctrl.cli.doctor import command as doctor
from fes_ctrl.cli.remote import command as remote
from fes_ctrl.cli.run import command as run
from fes_ctrl.cli.watch import command as watch
from fes_ctrl.telemetry.picture import Presence
from fes_ctrl.telemetry.schema import TOPICS
from helpers.brokers import HERE, Mosquitto, program

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "watch-benches.md").read_text()
DEADLINE_S = 20.0
USERS = ("bench-3", "bench-4", "anna", "ward")


def block(name: str) -> str:
    """Return one of the page's files."""
    (found,) = re.findall(rf"<!-- {name} -->\n```\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_words_of_the_table_are_those_that_are_shown() -> None:
    shown = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE, re.MULTILINE)
    words = {word for cell in shown for word in re.findall(r"`(\w+)`", cell)}
    assert words == {each.name.lower() for each in Presence} | {"killed"}


def test_the_options_of_the_page_are_the_commands() -> None:
    commands = [
        run,
        watch,
        doctor,
        *(remote.commands.values() if isinstance(remote, click.Group) else ()),
    ]
    known = {option for each in commands for param in each.params for option in param.opts}
    assert set(re.findall(r"--[a-z][a-z-]*", PAGE)) <= known


def test_the_access_rules_name_every_topic_that_a_bench_writes() -> None:
    written = set(re.findall(r"pattern write fes/%u/(\S+)", block("acl")))
    assert written == {
        topic.name.replace("SENDER", "+") for topic in TOPICS if topic.writer == "bench"
    }


# -- the broker of the page -----------------------------------------------------------------------


class Lab(NamedTuple):
    """The page's broker, on this machine."""

    port: int
    ca: Path

    def url(self, user: str, bench: str = "") -> str:
        word = self.ca.parent / f"{user}.word"
        return f"mqtts://{user}@localhost:{self.port}/{bench}?ca={self.ca}&password_file={word}"


def installed(folder: Path) -> list[str]:
    """Make the page's files, as it says; return the lines of the configuration."""
    program("mosquitto")
    program("openssl")
    commands = block("commands").replace("broker.lab", "localhost")
    done = subprocess.run(
        ["bash", "-ec", commands], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (folder / "passwords").touch(mode=0o600)
    for user in USERS:
        (folder / f"{user}.word").write_text(f"secret of {user}")
        subprocess.run(
            [program("mosquitto_passwd"), "-b", folder / "passwords", user, f"secret of {user}"],
            check=True,
            capture_output=True,
        )
    (folder / "acl").write_text(block("acl"))
    conf = block("conf").replace("/etc/mosquitto", str(folder))
    return conf.replace("listener 8883", f"listener PORT {HERE}").splitlines()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("broker")
    conf = installed(folder)
    (folder / "acl").chmod(0o600)
    broker = Mosquitto(folder, *conf, plain=False)
    try:
        broker.start()
        yield Lab(broker.port, folder / "lab-ca.pem")
    finally:
        broker.kill()


def has(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


@pytest.mark.real_time
def test_a_broker_that_root_starts_can_read_its_files() -> None:
    """Started by anybody else it stays who it is, and they are its own."""
    (give,) = re.findall("^    (chown .*)$", PAGE, re.MULTILINE)
    # Not below pytest's folder, which is its user's alone.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        broker = Mosquitto(folder, *installed(folder), plain=False, stays=False)
        if os.getuid() == 0 and has("mosquitto"):
            subprocess.run(["bash", "-ec", give], cwd=folder, check=True)
        try:
            broker.start()
        finally:
            broker.kill()


class Party:
    """Somebody on that broker, by MQTT 5: it says what it does not allow."""

    def __init__(self, lab: Lab, user: str) -> None:
        self.heard: list[str] = []
        self._news = threading.Condition()
        self._codes: dict[int, int] = {}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(user, f"secret of {user}")
        self._client.tls_set_context(ssl.create_default_context(cafile=str(lab.ca)))
        self._client.on_publish = lambda _c, _d, mid, code, _p: self._told(mid, code.value)
        self._client.on_subscribe = lambda _c, _d, mid, codes, _p: self._told(mid, codes[0].value)
        self._client.on_message = lambda _c, _d, message: self._came(message.topic)
        self._client.connect("localhost", lab.port)
        self._client.loop_start()

    def _told(self, mid: int, code: int) -> None:
        with self._news:
            self._codes[mid] = code
            self._news.notify_all()

    def _came(self, topic: str) -> None:
        with self._news:
            self.heard.append(topic)
            self._news.notify_all()

    def may_write(self, topic: str) -> bool:
        """Publish, and return whether the broker took it."""
        mid = self._client.publish(topic, b"x", qos=1).mid
        with self._news:
            assert self._news.wait_for(lambda: mid in self._codes, DEADLINE_S)
        return self._codes[mid] < 128

    def listen(self, topic: str) -> bool:
        """Subscribe, and return whether the broker grants it."""
        mid = self._client.subscribe(topic, qos=1)[1]
        assert mid is not None
        with self._news:
            assert self._news.wait_for(lambda: mid in self._codes, DEADLINE_S)
        return self._codes[mid] < 128

    def hears(self, topic: str) -> None:
        with self._news:
            assert self._news.wait_for(lambda: topic in self.heard, DEADLINE_S), self.heard

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.contextmanager
def party(lab: Lab, user: str) -> Iterator[Party]:
    found = Party(lab, user)
    try:
        yield found
    finally:
        found.close()


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("user", "may", "may_not"),
    [
        (
            "bench-3",
            ["fes/bench-3/status", "fes/bench-3/answer/anna", "fes/bench-3/audit"],
            ["fes/bench-4/status", "fes/bench-3/command/set/anna", "fes/bench-4/answer/anna"],
        ),
        (
            "anna",
            ["fes/bench-3/command/set/anna", "fes/bench-4/command/stop/anna"],
            ["fes/bench-3/command/set/ward", "fes/bench-3/status", "fes/bench-3/parameters"],
        ),
        (
            "ward",
            ["fes/bench-3/command/stop/ward"],
            [
                "fes/bench-3/command/set/ward",
                "fes/bench-3/command/set/anna",
                "fes/bench-3/command/stop/anna",
                "fes/bench-3/answer/anna",
                "fes/bench-3/state",
            ],
        ),
    ],
)
def test_everybody_writes_their_own_and_nothing_else(
    lab: Lab, user: str, may: list[str], may_not: list[str]
) -> None:
    with party(lab, user) as one:
        assert {topic: one.may_write(topic) for topic in (*may, *may_not)} == {
            **dict.fromkeys(may, True),
            **dict.fromkeys(may_not, False),
        }


@pytest.mark.real_time
def test_everybody_hears_what_is_for_them_and_nothing_else(lab: Lab) -> None:
    with (
        party(lab, "bench-3") as bench,
        party(lab, "bench-4") as other,
        party(lab, "anna") as anna,
        party(lab, "ward") as ward,
    ):
        for each in (bench, other, anna, ward):
            each.listen("fes/#")
        assert anna.may_write("fes/bench-3/command/set/anna")
        assert bench.may_write("fes/bench-3/answer/anna")
        assert bench.may_write("fes/bench-3/state")
        # The last one: what has not come before it does not come.
        for each in (bench, other, anna, ward):
            each.hears("fes/bench-3/state")
        assert bench.heard == ["fes/bench-3/command/set/anna", "fes/bench-3/state"]
        assert anna.heard == ["fes/bench-3/answer/anna", "fes/bench-3/state"]
        assert other.heard == ward.heard == ["fes/bench-3/state"]


@pytest.mark.real_time
def test_what_nobody_may_hear_is_granted_all_the_same(lab: Lab) -> None:
    stop = "fes/bench-3/command/stop/anna"
    with party(lab, "bench-4") as other, party(lab, "anna") as anna:
        # So a bench cannot see that it would never hear a stop, and the page says: try one.
        assert other.listen("fes/bench-3/command/stop/+")
        assert other.listen("fes/bench-4/command/stop/+")
        assert anna.may_write(stop)
        assert anna.may_write("fes/bench-4/command/stop/anna")
        other.hears("fes/bench-4/command/stop/anna")
        assert stop not in other.heard


@pytest.mark.real_time
def test_the_commands_of_the_page_work_with_that_broker(lab: Lab) -> None:
    def fes_ctrl(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "fes_ctrl", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    done = fes_ctrl("doctor", "--broker", lab.url("ward"))
    assert done.returncode == 0, done.stdout
    assert "signed by our lab, until " in done.stdout
    done = fes_ctrl("watch", lab.url("ward"), "--once", "0.3")
    assert done.returncode == 0, done.stderr
    assert "connected, MQTT 5" in done.stdout
    done = fes_ctrl("remote", "stop", lab.url("ward", "bench-3"), "--timeout", "0.3")
    assert done.returncode == 2
    assert "the stop is NOT confirmed" in done.stderr
