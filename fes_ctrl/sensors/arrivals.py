"""What became of the readings of sensors at a broker: counted, and why others were not."""

from typing import NamedTuple

from fes_ctrl.model import LEG_NAMES
from fes_ctrl.sensors.in_time import InTime
from fes_ctrl.sensors.mqtt import MqttSensors
from fes_ctrl.sensors.several import parts_of
from fes_ctrl.sensors.source import SensorSource

NO_READING = "no reading"


class Arrivals(NamedTuple):
    """Of all sources at brokers together, since the run began.

    Attributes
    ----------
    readings : dict of str to dict
        By sensor (``right.heel_switch``): ``in_time``, and those that did not count: ``late``,
        ``lost``, ``disordered`` (twice or out of order), ``unstamped`` (without their time),
        ``held`` (they only told how the clocks differ).
    not_read : dict of str to int
        By why: messages that were not read, and lines that were no reading of these sensors.
    """

    readings: dict[str, dict[str, int]]
    not_read: dict[str, int]

    def __str__(self) -> str:
        """Return them in one line for the person at the console."""
        told = [f"{name}: {_sentence(counts)}" for name, counts in self.readings.items()]
        if self.not_read:
            told.append(
                "not read: " + ", ".join(f"{count} {why}" for why, count in self.not_read.items())
            )
        return "; ".join(told)


def arrivals_of(source: SensorSource) -> Arrivals | None:
    """Return what became of a source's readings so far; ``None`` where none are at a broker."""
    readings: dict[str, dict[str, int]] = {}
    not_read: dict[str, int] = {}
    parts = [part for part in parts_of(source) if isinstance(part, MqttSensors)]
    for part in parts:
        for worn, seen in part.in_time.items():
            readings[f"{LEG_NAMES[worn.leg]}.{worn.sensor}"] = _counts(seen)
        for why, count in {**part.left_out, NO_READING: part.lines.bad}.items():
            if count:
                not_read[why] = not_read.get(why, 0) + count
    return Arrivals(readings, not_read) if parts else None


def _counts(seen: InTime) -> dict[str, int]:
    return {
        "in_time": seen.counted,
        "late": seen.late,
        "lost": seen.lost,
        "disordered": seen.disordered,
        "unstamped": seen.unstamped,
        "held": seen.held,
    }


def _sentence(counts: dict[str, int]) -> str:
    words = {
        "late": "too late",
        "lost": "lost",
        "disordered": "twice or out of order",
        "unstamped": "without their time (t_us)",
    }
    bad = [f"{counts[key]} {word}" for key, word in words.items() if counts[key]]
    return ", ".join([f"{counts['in_time']} readings in time", *(bad or ["none lost or late"])])
