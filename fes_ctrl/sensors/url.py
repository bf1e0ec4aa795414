"""Where samples come from, as a person writes it: ``metronome:?stride_s=1.4&stance=0.62``.

serial:/dev/ttyUSB0?sensors=right.foot_imu,right.heel_switch&baud=115200
mqtts://ward@broker.lab/ward/bed-3/feet?sensors=right.heel_switch&max_age_ms=60&ca=lab-ca.pem
replay:walk.csv
manual:?leg=left
metronome:?stride_s=1.4&stance=0.62&leg=right
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from fes_ctrl.links.broker import PORTS, Broker, BrokerUrlError, split_broker_url
from fes_ctrl.links.serial_port import SerialSettings
from fes_ctrl.model import LEG_NAMES, SENSOR_CHANNELS
from fes_ctrl.sensors.in_time import CLOCK_PPM, MAX_AGE_US
from fes_ctrl.sensors.manual import Manual
from fes_ctrl.sensors.metronome import Metronome
from fes_ctrl.sensors.mqtt import MqttSensors
from fes_ctrl.sensors.replay import Replay
from fes_ctrl.sensors.serial import SerialSensors
from fes_ctrl.sensors.several import Several
from fes_ctrl.sensors.source import NowUs, SensorError, SensorSource, Worn
from fes_ctrl.units import Us, us_from_ms

STRIDE_S: Final = (0.3, 10.0)
STANCE: Final = (0.05, 0.95)
BAUD: Final = (300, 4_000_000)
AGE_MS: Final = (5, 500)
PPM: Final = (0, 20_000)

MQTT_OPTIONS: Final = ("sensors", "max_age_ms", "clock_ppm")
"""Besides those of the broker."""


class SensorUrlError(ValueError):
    """An address that cannot be understood: what, and what to write instead."""


class SerialPlace(NamedTuple):
    """Sensors on a serial port."""

    port: str
    sensors: tuple[Worn, ...]
    baud: int = 115_200


class MqttPlace(NamedTuple):
    """Sensors that publish to a broker; its path is the topic."""

    broker: Broker
    sensors: tuple[Worn, ...]
    max_age_us: Us = MAX_AGE_US
    clock_ppm: int = CLOCK_PPM


class ReplayPlace(NamedTuple):
    """A recording."""

    path: Path


class ManualPlace(NamedTuple):
    """The space bar."""

    leg: int = 1


class MetronomePlace(NamedTuple):
    """A heel that keeps time."""

    leg: int = 1
    stride_s: float = 1.2
    stance: float = 0.6


SensorPlace = SerialPlace | MqttPlace | ReplayPlace | ManualPlace | MetronomePlace

OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "serial": ("sensors", "baud"),
    "replay": (),
    "manual": ("leg",),
    "metronome": ("leg", "stride_s", "stance"),
}


def parse_sensor_url(url: str) -> SensorPlace:
    """Return what an address says.

    Raises
    ------
    SensorUrlError
        If it says nothing that samples could come from.
    """
    kind, colon, rest = url.partition(":")
    if kind in PORTS and colon:
        return _mqtt(url)
    if kind not in OPTIONS or not colon:
        known = ", ".join(f"{name}:" for name in (*OPTIONS, *PORTS))
        raise _refusal(url, f"no such source of samples; there are {known}")
    if kind == "replay":
        # A file's name may hold any character; nothing in it is an option.
        return ReplayPlace(Path(_place(url, kind, rest, "walk.csv")))
    place, _, query = rest.partition("?")
    options = _options(url, kind, query)
    if kind == "serial":
        port = _place(url, kind, place, "/dev/ttyUSB0")
        worn = _sensors(url, options.get("sensors", ""))
        return SerialPlace(port, worn, round(_number(url, options, "baud", 115_200, BAUD)))
    if place:
        raise _refusal(url, f"{place!r} means nothing here; write {kind}:")
    leg = _leg(url, options.get("leg", "right"))
    if kind == "manual":
        return ManualPlace(leg)
    stride_s = _number(url, options, "stride_s", 1.2, STRIDE_S)
    return MetronomePlace(leg, stride_s, _number(url, options, "stance", 0.6, STANCE))


def open_source(place: SensorPlace, now_us: NowUs) -> SensorSource:
    """Open a source on the running loop.

    Parameters
    ----------
    place : SerialPlace, MqttPlace, ReplayPlace, ManualPlace or MetronomePlace
        Where.
    now_us : callable
        The walk's clock.

    Raises
    ------
    SensorError
        If a port, a terminal or a process that listens cannot be had.
    RecordingError
        If a recording cannot be used.
    """
    match place:
        case SerialPlace(port, sensors, baud):
            return SerialSensors(port, SerialSettings(baud=baud), sensors, now_us)
        case MqttPlace(broker, sensors, max_age_us, clock_ppm):
            return MqttSensors(broker, sensors, max_age_us, clock_ppm, now_us)
        case ManualPlace(leg):
            return Manual(leg, now_us)
        case MetronomePlace(leg, stride_s, stance):
            return Metronome(leg, stride_s, stance, now_us)
        case ReplayPlace(path):
            # numpy only where a recording is read
            from fes_ctrl.recordings import read_recording

            recording = read_recording(path)
            worn = tuple([Worn(stream.leg, stream.sensor) for stream in recording.streams])
            return Replay(recording.samples(), worn, now_us)


def open_sources(places: Sequence[SensorPlace], now_us: NowUs) -> SensorSource:
    """Open one source, or several as one.

    Parameters
    ----------
    places : sequence of SerialPlace, MqttPlace, ReplayPlace, ManualPlace or MetronomePlace
        Where; at least one.
    now_us : callable
        The walk's clock.

    Raises
    ------
    SensorError
        If a port or terminal cannot be had, or two have the same sensor; none is left open.
    RecordingError
        If a recording cannot be used.
    """
    if sum(isinstance(place, ManualPlace) for place in places) > 1:
        raise SensorError("manual: there is one thumb at this keyboard; leave one out")
    found: list[SensorSource] = []
    try:
        found.extend(open_source(place, now_us) for place in places)
        return found[0] if len(found) == 1 else Several(*found)
    except BaseException:
        for source in found:
            source.close()
        raise


def _mqtt(url: str) -> MqttPlace:
    kind, _, rest = url.partition(":")
    if not rest.strip("/").partition("?")[0]:
        example = f"{kind}://HOST/TOPIC?sensors=right.{next(iter(SENSOR_CHANNELS))}"
        raise _refusal(url, f"it names no broker; write {example}")
    if not rest.startswith("//"):
        # Not shown: it may hold a password.
        message = f"{kind}: the broker comes before the topic; write {kind}://HOST/TOPIC"
        raise SensorUrlError(message)
    try:
        broker, options = split_broker_url(url, MQTT_OPTIONS)
    except BrokerUrlError as error:
        raise SensorUrlError(str(error)) from error
    topic = broker.path
    if not topic:
        example = f"{broker}/TOPIC?sensors=right.{next(iter(SENSOR_CHANNELS))}"
        raise _refusal(url, f"it names no topic; write {example}")
    if topic.startswith("$") or not topic.isprintable() or set("+#") & set(topic):
        why = "no board's topic; give one without wildcards, and each board a --sensor of its own"
        raise _refusal(url, f"{topic!r}: {why}")
    age_ms = _number(url, options, "max_age_ms", MAX_AGE_US / 1000, AGE_MS)
    ppm = round(_number(url, options, "clock_ppm", CLOCK_PPM, PPM))
    return MqttPlace(broker, _sensors(url, options.get("sensors", "")), us_from_ms(age_ms), ppm)


def _place(url: str, kind: str, text: str, example: str) -> str:
    if text.startswith("//"):
        if not text.startswith("///"):
            raise _refusal(url, f"a host has no place here; write {kind}:{text[2:] or example}")
        text = text[2:]
    if not text.strip("/"):
        raise _refusal(url, f"nothing is named; write {kind}:{example}")
    return text


def _options(url: str, kind: str, query: str) -> dict[str, str]:
    known = ", ".join(OPTIONS[kind])
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in OPTIONS[kind]:
            raise _refusal(url, f"no option {name!r}; {kind}: has {known}")
        if name in options:
            raise _refusal(url, f"{name} is there twice; leave one out")
        options[name] = value
    return options


def _number(
    url: str, options: dict[str, str], name: str, default: float, bounds: tuple[float, float]
) -> float:
    text = options.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    low, high = bounds
    if not low <= value <= high:
        raise _refusal(url, f"{name} = {text}: write a number from {low:g} to {high:g}")
    return value


def _leg(url: str, text: str) -> int:
    if text not in LEG_NAMES:
        raise _refusal(url, f"no leg {text!r}; write {' or '.join(LEG_NAMES)}")
    return LEG_NAMES.index(text)


def _sensors(url: str, text: str) -> tuple[Worn, ...]:
    if not text:
        example = f"sensors=right.{next(iter(SENSOR_CHANNELS))}"
        raise _refusal(url, f"it does not say which sensors speak there; add ?{example}")
    found: list[Worn] = []
    for name in text.split(","):
        leg, _, sensor = name.partition(".")
        if sensor not in SENSOR_CHANNELS:
            known = ", ".join(SENSOR_CHANNELS)
            raise _refusal(url, f"no sensor {name!r}; write LEG.SENSOR, the sensors are {known}")
        found.append(Worn(_leg(url, leg), sensor))
    if len(set(found)) < len(found):
        raise _refusal(url, "a sensor is there twice; leave one out")
    return tuple(found)


def _refusal(url: str, why: str) -> SensorUrlError:
    return SensorUrlError(f"{url}: {why}")
