import pytest

from fes_ctrl.links.url import LinkUrlError, SerialAddress, TcpAddress, parse_link_url

DEVICES = ("p24", "rehastim2", "feslink")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("p24:///dev/ttyACM0", SerialAddress("p24", "/dev/ttyACM0")),
        ("rehastim2://COM3", SerialAddress("rehastim2", "COM3")),
        ("p24:///dev/serial/by-id/usb-x_1", SerialAddress("p24", "/dev/serial/by-id/usb-x_1")),
        ("feslink+tcp://bench.local:5000", TcpAddress("feslink", "bench.local", 5000)),
        ("p24+tcp://[::1]:5000/", TcpAddress("p24", "::1", 5000)),
    ],
)
def test_an_address_says_device_and_place(url: str, address: object) -> None:
    assert parse_link_url(url, DEVICES) == address


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "no DEVICE://"),
        ("/dev/ttyACM0", "no DEVICE://"),
        ("p24:/dev/ttyACM0", "no DEVICE://"),
        ("p42:///dev/ttyACM0", "no device 'p42'; there are feslink, p24, rehastim2"),
        ("p24+udp://host:1", r"no transport 'udp'; write p24:// or p24\+tcp://"),
        ("p24+://host:1", "no transport ''"),
        ("p24://", "no port is named"),
        ("p24:///", "no port is named"),
        ("p24://dev/ttyACM0", "write p24:///ttyACM0"),
        ("p24://host:5000", r"write p24\+tcp://HOST:PORT"),
        ("p24+tcp://host", "host and port are needed"),
        ("p24+tcp://:5000", "host and port are needed"),
        ("p24+tcp://host:0", "host and port are needed"),
        ("p24+tcp://host:5000/path", "host and port are needed"),
        ("p24+tcp://host:65536", "0-65535"),
        ("p24+tcp://host:http", "http"),
        ("p24+tcp://[::1:5000", "Invalid IPv6"),
        ("p24+tcp://me@host:5000", "user name"),
        ("p24:///dev/ttyACM0?baud=1", r"leave out what begins with \?"),
    ],
)
def test_what_cannot_be_opened_is_refused_with_what_to_write(url: str, why: str) -> None:
    with pytest.raises(LinkUrlError, match=why) as caught:
        parse_link_url(url, DEVICES)
    assert str(caught.value).startswith(f"{url}: ")
