"""Where a broker is: what is understood, what is refused, and that no secret is shown."""

import ssl
from pathlib import Path

import pytest

from fes_ctrl.links.broker import PASSWORD, Broker, BrokerUrlError, parse_broker_url
from helpers.brokers import authority, openssl

SECRET = "correct horse battery staple"  # noqa: S105 - nobody's


@pytest.fixture(autouse=True)
def _no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD, raising=False)


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtt://localhost", Broker("localhost", 1883)),
        ("mqtt://LAB:1884/bench-3", Broker("lab", 1884, "bench-3")),
        ("mqtts://broker.lab/b", Broker("broker.lab", 8883, "b", tls=True)),
        ("mqtts://ward@broker.lab", Broker("broker.lab", 8883, tls=True, user="ward")),
        ("mqtt://[::1]:1883/b", Broker("::1", 1883, "b")),
        ("mqtt://h/b?protocol=3.1.1", Broker("h", 1883, "b", protocol="3.1.1")),
        ("mqtt://h/b?protocol=5", Broker("h", 1883, "b", protocol="5")),
        ("mqtts://h?ca=/a&cert=/c&key=/k", Broker("h", 8883, "", True, "", "", "/a", "/c", "/k")),
    ],
)
def test_an_address_is_understood(url: str, broker: Broker) -> None:
    assert parse_broker_url(url) == broker


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "write mqtt://HOST"),
        ("localhost", "write mqtt://HOST"),
        ("http://localhost", "write mqtt://HOST"),
        ("mqtt://", "write mqtt://HOST"),
        ("mqtt://h:0", "write mqtt://HOST"),
        ("mqtt://h:99999", "write mqtt://HOST:PORT"),
        ("mqtt://h:x", "write mqtt://HOST:PORT"),
        ("mqtt://[::1", "write mqtt://HOST:PORT"),
        ("mqtt://a..b/bench", "write mqtt://HOST:PORT"),
        (f"mqtt://{'x' * 64}.lab", "write mqtt://HOST:PORT"),
        ("mqtt://h/bench/#", "takes no wildcard"),
        ("mqtt://h?qos=2", "no option 'qos'"),
        ("mqtts://h?ca=a&ca=b", "twice"),
        ("mqtts://h?ca=", "empty"),
        ("mqtt://h?ca=a", "write mqtts://"),
        ("mqtts://h?key=k", "cert=FILE"),
        ("mqtt://h?protocol=4", "write 5 or 3.1.1"),
        ("mqtts://u@h?password_file=/nowhere/at/all", "No such file"),
        ("mqtt://a%00b@h", "no user can be called so"),
        ("mqtt://a\udcff@h", "no user can be called so"),
    ],
)
def test_an_address_is_refused_with_a_way_out(url: str, why: str) -> None:
    with pytest.raises(BrokerUrlError) as refused:
        parse_broker_url(url)
    assert why in str(refused.value)


def test_a_password_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "word"
    file.write_text(f"{SECRET}\n")
    assert parse_broker_url(f"mqtts://u@h?password_file={file}").password == SECRET
    monkeypatch.setenv(PASSWORD, SECRET[::-1])
    assert parse_broker_url("mqtts://u@h").password == SECRET[::-1]
    assert not parse_broker_url("mqtts://h").password, "nobody's password is not sent"


def test_a_password_crosses_no_network_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, SECRET)
    assert parse_broker_url("mqtt://u@127.0.0.1").password == SECRET
    with pytest.raises(BrokerUrlError, match="mqtts://"):
        parse_broker_url("mqtt://u@broker.lab")


@pytest.mark.parametrize("word", [f"{SECRET}\udcff", SECRET * 3000])
def test_a_password_that_no_packet_carries_is_refused_unseen(
    monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv(PASSWORD, word)
    with pytest.raises(BrokerUrlError, match="this password cannot be sent") as refused:
        parse_broker_url("mqtts://u@h")
    assert SECRET not in str(refused.value)


def test_a_password_is_shown_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, SECRET)
    broker = parse_broker_url("mqtts://ward@broker.lab/b")
    assert SECRET not in f"{broker!r} {broker}"
    for url in ("mqtts://ward:hush@broker.lab", "mqtt://:hush@h:1", "mqtts://u:hush@h?what=1"):
        with pytest.raises(BrokerUrlError) as refused:
            parse_broker_url(url)
        assert "hush" not in str(refused.value)
    with pytest.raises(BrokerUrlError) as refused:
        parse_broker_url("mqtt://u@broker.lab")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("url", ["ftp://u:hush@h", "mqtt://u:hush@h:99999", "mqtt://u:hush@[h"])
def test_a_password_in_an_address_that_is_wrong_besides_is_not_shown_either(url: str) -> None:
    with pytest.raises(BrokerUrlError) as refused:
        parse_broker_url(url)
    assert "hush" not in str(refused.value)


def test_certificates_that_are_none_are_refused_before_a_run(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(ssl.SSLError):
        parse_broker_url(f"mqtts://h?ca={file}").tls_context()
    with pytest.raises(FileNotFoundError):
        parse_broker_url(f"mqtts://h?ca={file}.none").tls_context()
    context = parse_broker_url("mqtts://h").tls_context()
    assert context is not None
    assert context.check_hostname
    assert context.minimum_version.name == "TLSv1_2"
    assert parse_broker_url("mqtt://h").tls_context() is None


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    ca = authority(tmp_path, "anna")
    key = ca.with_suffix(".key")
    url = f"mqtts://h?cert={ca}&key={key}"
    assert parse_broker_url(url).tls_context() is not None
    hidden = ("-aes256", "-passout", "pass:secret")
    openssl("pkey", "-in", key, *hidden, "-out", tmp_path / "hidden.key")
    (tmp_path / "hidden.key").replace(key)
    with pytest.raises(OSError, match="the key has a passphrase"):
        parse_broker_url(url).tls_context()
