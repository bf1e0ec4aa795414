from pathlib import Path

import pytest

from fes_ctrl.links.broker import Broker
from fes_ctrl.model import FOOT_IMU, HEEL_SWITCH, LEFT, RIGHT
from fes_ctrl.sensors.source import Worn
from fes_ctrl.sensors.url import (
    ManualPlace,
    MetronomePlace,
    MqttPlace,
    ReplayPlace,
    SensorUrlError,
    SerialPlace,
    parse_sensor_url,
)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("metronome:?stride_s=1.4&stance=0.62", MetronomePlace(RIGHT, 1.4, 0.62)),
        ("metronome:?leg=left", MetronomePlace(LEFT)),
        ("metronome:", MetronomePlace()),
        ("manual:", ManualPlace(RIGHT)),
        ("manual:?leg=left", ManualPlace(LEFT)),
        ("replay:walks/a?b#c.csv", ReplayPlace(Path("walks/a?b#c.csv"))),
        ("replay:///data/walk.csv.gz", ReplayPlace(Path("/data/walk.csv.gz"))),
        (
            "serial:/dev/ttyUSB0?sensors=right.foot_imu,left.heel_switch&baud=57600",
            SerialPlace("/dev/ttyUSB0", (Worn(RIGHT, FOOT_IMU), Worn(LEFT, HEEL_SWITCH)), 57_600),
        ),
        (
            "serial:COM3?sensors=left.heel_switch",
            SerialPlace("COM3", (Worn(LEFT, HEEL_SWITCH),)),
        ),
        (
            "mqtt://lab.local/ward/bed-3/feet?sensors=right.heel_switch",
            MqttPlace(
                Broker("lab.local", 1883, "ward/bed-3/feet"), (Worn(RIGHT, HEEL_SWITCH),), 60_000
            ),
        ),
        (
            "mqtts://ward@lab.local:8884/feet?ca=ca.pem&sensors=left.foot_imu,right.foot_imu"
            "&max_age_ms=25.5&clock_ppm=5000",
            MqttPlace(
                Broker("lab.local", 8884, "feet", tls=True, user="ward", ca="ca.pem"),
                (Worn(LEFT, FOOT_IMU), Worn(RIGHT, FOOT_IMU)),
                25_500,
                5_000,
            ),
        ),
    ],
)
def test_an_address_says_kind_place_and_options(url: str, place: object) -> None:
    assert parse_sensor_url(url) == place


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "there are serial:, replay:, manual:, metronome:, mqtt:, mqtts:"),
        ("metronome", "no such source"),
        ("/dev/ttyUSB0", "no such source"),
        ("bluetooth:x", "no such source"),
        ("metronome:fast", "'fast' means nothing here"),
        ("metronome:?bpm=60", "no option 'bpm'; metronome: has leg, stride_s, stance"),
        ("metronome:?stride_s=0", r"stride_s = 0: write a number from 0\.3 to 10"),
        ("metronome:?stride_s=nan", "write a number"),
        ("metronome:?stride_s=quick", "write a number"),
        ("metronome:?stance=1", r"from 0\.05 to 0\.95"),
        ("metronome:?stride_s=1&stride_s=2", "stride_s is there twice"),
        ("manual:?leg=middle", "write left or right"),
        ("replay:", r"write replay:walk\.csv"),
        ("replay://walk.csv", r"write replay:walk\.csv"),
        ("serial:?sensors=left.heel_switch", "write serial:/dev/ttyUSB0"),
        ("serial:/dev/ttyUSB0", "which sensors speak there"),
        ("serial:/dev/ttyUSB0?sensors=left.toe", "no sensor 'left.toe'"),
        ("serial:/dev/ttyUSB0?sensors=heel_switch", "write LEG.SENSOR"),
        ("serial:/dev/ttyUSB0?sensors=left.heel_n,left.heel_n", "no sensor 'left.heel_n'"),
        ("serial:/dev/ttyUSB0?sensors=left.foot_imu,left.foot_imu", "there twice"),
        ("serial:/dev/ttyUSB0?sensors=left.foot_imu&baud=1", "from 300"),
        ("mqtt:", r"write mqtt://HOST/TOPIC\?sensors=right\.heel_switch"),
        ("mqtts://?sensors=right.heel_switch", "write mqtts://HOST/TOPIC"),
        ("mqtt://lab?sensors=right.heel_switch", "write mqtt://lab:1883/TOPIC"),
        ("mqtt://lab/feet", "which sensors speak there"),
        ("mqtt://lab/feet?sensors=right.toe", "no sensor 'right.toe'"),
        ("mqtt://lab/+/feet?sensors=right.heel_switch", r"'\+/feet': no board's topic"),
        ("mqtt://lab/feet/%23?sensors=right.heel_switch", "'feet/#': no board's topic"),
        ("mqtt://lab/feet/#?sensors=right.heel_switch", "takes no wildcard"),
        ("mqtt://lab/$share/a/feet?sensors=right.heel_switch", "no board's topic"),
        ("mqtt://lab/fe%00et?sensors=right.heel_switch", "no board's topic"),
        ("mqtt://lab/feet?sensors=right.heel_switch&max_age_ms=0", "from 5 to 500"),
        ("mqtt://lab/feet?sensors=right.heel_switch&clock_ppm=20001", "from 0 to 20000"),
        ("mqtt://lab/feet?sensors=right.heel_switch&baud=1", "no option 'baud'"),
        ("mqtt://lab/feet?sensors=right.heel_switch&ca=ca.pem", "write mqtts://"),
    ],
)
def test_what_gives_no_samples_is_refused_with_what_to_write(url: str, why: str) -> None:
    with pytest.raises(SensorUrlError, match=why) as caught:
        parse_sensor_url(url)
    assert str(caught.value).startswith(f"{url}: ")


def test_what_comes_where_the_broker_should_be_is_not_shown() -> None:
    with pytest.raises(SensorUrlError, match="write mqtt://HOST/TOPIC") as caught:
        parse_sensor_url("mqtt:ward:secret@lab/feet?sensors=right.heel_switch")
    assert "secret" not in str(caught.value)
