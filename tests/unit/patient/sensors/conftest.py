"""A leg that wears what a test asks for, and what is heard from it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fes_ctrl.model import Sample
from hil.patient.config import LegConfig, PatientConfig
from hil.patient.patient import VirtualPatient
from hil.patient.sensors.config import SensorConfig
from hil.patient.sensors.hub import SensorHub
from hil.patient.way import SegmentConfig

Wear = Callable[..., SensorHub]
Hear = Callable[[SensorHub, float], list[Sample]]


@pytest.fixture
def wear() -> Wear:
    def worn(
        sensors: SensorConfig,
        *,
        seed: int = 3,
        standing_s: float = 2.0,
        asked: tuple[str, ...] = (),
    ) -> SensorHub:
        config = replace(PatientConfig(), leg=(LegConfig(sensors=sensors),))
        way = (SegmentConfig("stand", standing_s), SegmentConfig("walk", 1.0))
        (hub,) = VirtualPatient(config, seed, way, asked).hubs
        return hub

    return worn


@pytest.fixture
def hear() -> Hear:
    def heard(hub: SensorHub, duration_s: float) -> list[Sample]:
        found: list[Sample] = []
        while (arrive_us := hub.next_arrival_us()) < duration_s * 1e6:
            packet = hub.read()
            assert all(sample.t_arrive_us == arrive_us for sample in packet)
            found += packet
        return found

    return heard
