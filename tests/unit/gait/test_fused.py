"""Heel, IMU and the other foot together: better than each, and no worse than one that is left."""

import heapq
from collections.abc import Callable, Iterable
from functools import cache

import pytest

from fes_ctrl.analysis.matching import match
from fes_ctrl.gait import DetectorConfig, make_detector
from fes_ctrl.model import (
    FOOT_IMU,
    HEEL_OFF,
    HEEL_SWITCH,
    INITIAL_CONTACT,
    TERMINAL_CONTACT,
    GaitEvent,
    Sample,
)
from hil.patient.config import PatientConfig
from hil.patient.patient import VirtualPatient
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario

WALK = (SegmentConfig("stand", 3.0), SegmentConfig("walk", 20.0))
FROM_S, TO_S = 26.0, 83.0
SHIFTS = (
    SegmentConfig("stand", 3.0),
    SegmentConfig("walk", 20.0),
    SegmentConfig("stand", 60.0, weight_shifts_per_min=12.0),
    SegmentConfig("walk", 8.0),
)
NEAR_US = 100_000
Way = tuple[SegmentConfig, ...]
Spoil = Callable[[Sample], Sample | None]


@cache
def walked(
    patient: str, way: Way, seed: int = 1, side: int = 0
) -> tuple[list[Sample], list[tuple[str, int]], int]:
    """Return what heel switches and foot IMUs read, one leg's true events, and which leg it is."""
    config: PatientConfig = load_scenario(
        "standard", {"patient": patient, "seed": seed}, ()
    ).walk.patient
    body = VirtualPatient(config, seed, way, (HEEL_SWITCH, FOOT_IMU))
    end_us = sum(segment.duration_s for segment in way) * 1e6
    queue = [(hub.next_arrival_us(), index) for index, hub in enumerate(body.hubs)]
    heapq.heapify(queue)
    samples: list[Sample] = []
    while queue:
        t_us, index = heapq.heappop(queue)
        if t_us <= end_us:
            samples += body.hubs[index].read()
            heapq.heappush(queue, (body.hubs[index].next_arrival_us(), index))
    leg = body.legs[side]
    return samples, [(event.kind, event.t_us) for event in leg.events], leg.leg


def detect(samples: Iterable[Sample], leg: int, spoil: Spoil | None = None) -> list[GaitEvent]:
    detector = make_detector("fused", DetectorConfig(), leg)
    events: list[GaitEvent] = []
    for sample in samples:
        given = spoil(sample) if spoil else sample
        if given is not None:
            events += detector.update(given)
    return events


def errors(
    events: list[GaitEvent], truth: list[tuple[str, int]], kind: str, from_us: float = 0.0
) -> tuple[int, int]:
    """Return how many of a kind are missed, and how many are extra, from an instant on."""
    found = [event.t_event_us for event in events if event.kind == kind]
    true = [t_us for name, t_us in truth if name == kind]
    pairs = match(found, true, NEAR_US)
    hit = {i for i, _ in pairs}, {j for _, j in pairs}
    missed = sum(t_us > from_us and j not in hit[1] for j, t_us in enumerate(true))
    extra = sum(t_us > from_us and i not in hit[0] for i, t_us in enumerate(found))
    return missed, extra


@pytest.mark.parametrize(
    "patient", ["healthy", "stroke_moderate", "stroke_severe_spastic", "bilateral"]
)
def test_every_step_is_told_and_no_weight_shift(patient: str) -> None:
    samples, truth, leg = walked(patient, SHIFTS)
    events = detect(samples, leg)
    shifted = [e for e in events if FROM_S * 1e6 < e.t_event_us < TO_S * 1e6]
    # One of the dozen shifts lifts the heel until the foot has tipped by more than three degrees.
    assert sum(event.kind == HEEL_OFF for event in shifted) <= 1
    steps = [event for event in events if event not in shifted]
    for kind in (HEEL_OFF, INITIAL_CONTACT):
        assert errors(steps, truth, kind) == (0, 0), kind
    heel = make_detector("heel", DetectorConfig(), leg)
    alone = [event for sample in samples for event in heel.update(sample)]
    # The shifts are there to be heard: the heel by itself takes them for steps.
    assert errors(alone, truth, HEEL_OFF)[1] > 1


def test_events_come_in_the_order_of_a_stride_and_are_told_after_they_happened() -> None:
    samples, _, leg = walked("stroke_moderate", WALK)
    events = detect(samples, leg)
    order = [event.kind for event in events if event.kind != "ff"]
    assert order[:3] == [HEEL_OFF, TERMINAL_CONTACT, INITIAL_CONTACT]
    assert "".join(order) in "hotcic" * len(order)
    assert all(event.t_emit_us >= event.t_event_us for event in events)
    assert all(0.0 < event.confidence <= 1.0 for event in events)


@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("from_s", [0.0, 10.0])
def test_a_switch_that_is_stuck_leaves_the_imu_to_go_on_alone(level: float, from_s: float) -> None:
    samples, truth, leg = walked("stroke_moderate", WALK)

    def stuck(sample: Sample) -> Sample:
        if sample.sensor == HEEL_SWITCH and sample.t_meas_us >= from_s * 1e6:
            return sample._replace(values=(level,))
        return sample

    events = detect(samples, leg, stuck)
    # Three strides tell that it is stuck; where there is a rhythm, it bears out the IMU meanwhile.
    settled_us = (from_s + 7.5) * 1e6
    for kind in (HEEL_OFF, INITIAL_CONTACT):
        assert errors(events, truth, kind, settled_us) == (0, 0), kind


@pytest.mark.parametrize("silent", [HEEL_SWITCH, FOOT_IMU])
def test_a_sensor_that_falls_silent_leaves_the_other_to_go_on_alone(silent: str) -> None:
    samples, truth, leg = walked("stroke_moderate", WALK)

    def mute(sample: Sample) -> Sample | None:
        return None if sample.sensor == silent and sample.t_meas_us > 10e6 else sample

    events = detect(samples, leg, mute)
    for kind in (HEEL_OFF, INITIAL_CONTACT):
        assert errors(events, truth, kind) == (0, 0), kind


def test_a_switch_that_opens_for_a_moment_in_mid_stance_is_outvoted() -> None:
    samples, truth, leg = walked("stroke_moderate", WALK)
    contacts = [t_us for kind, t_us in truth if kind == INITIAL_CONTACT]

    def blip(sample: Sample) -> Sample:
        for t_us in contacts[3:]:
            if sample.sensor == HEEL_SWITCH and 250_000 < sample.t_meas_us - t_us < 400_000:
                return sample._replace(values=(0.0,))
        return sample

    events = detect(samples, leg, blip)
    assert errors(events, truth, HEEL_OFF) == (0, 0)
    assert errors(events, truth, INITIAL_CONTACT) == (0, 0)


def test_it_says_who_spoke_for_an_event_and_who_against() -> None:
    samples, _, leg = walked("healthy", SHIFTS)
    detector = make_detector("fused", DetectorConfig(), leg)
    texts = []
    for sample in samples:
        detector.update(sample)
        texts += [remark.text for remark in detector.remarks()]
    assert any(
        text.startswith("no ho: only the heel; the IMU says on the ground") for text in texts
    )
    assert any(text.startswith("ho by the") and "rhythm for it" in text for text in texts)


def test_a_heel_that_is_left_alone_is_borne_out_by_the_rhythm() -> None:
    """No IMU any more, and a switch that opens in mid-stance: with the other foot or without."""
    samples, truth, leg = walked("bilateral", WALK)
    contacts = [t_us for kind, t_us in truth if kind == INITIAL_CONTACT]

    def worse(sample: Sample) -> Sample | None:
        if sample.leg == leg and sample.sensor == FOOT_IMU and sample.t_meas_us > 8e6:
            return None
        if sample.leg == leg and sample.sensor == HEEL_SWITCH:
            for t_us in contacts[6:]:
                if 250_000 < sample.t_meas_us - t_us < 370_000:
                    return sample._replace(values=(0.0,))
        return sample

    for given in (samples, [sample for sample in samples if sample.leg == leg]):
        events = detect(given, leg, worse)
        assert errors(events, truth, HEEL_OFF) == (0, 0)
        assert errors(events, truth, INITIAL_CONTACT) == (0, 0)


def test_it_is_never_the_turn_of_a_foot_that_has_just_had_its_own() -> None:
    """Who has just stopped and lifts a heel once more takes no step: the other foot stands."""
    way = (SegmentConfig("stand", 3.0), SegmentConfig("walk", 12.0), SegmentConfig("stand", 5.0))
    for side in (0, 1):
        samples, truth, leg = walked("bilateral", way, side=side)
        last_us = [t_us for kind, t_us in truth if kind == INITIAL_CONTACT][-1]
        others = [t_us for kind, t_us in walked("bilateral", way, side=1 - side)[1] if kind == "ic"]
        if others[-1] < last_us:
            break

    def lifts_again(sample: Sample) -> Sample | None:
        if sample.leg == leg and sample.sensor == FOOT_IMU:
            return None
        after_us = sample.t_meas_us - last_us
        if sample.leg == leg and 700_000 < after_us < 1_000_000:
            return sample._replace(values=(0.0,))
        return sample

    one = detect([sample for sample in samples if sample.leg == leg], leg, lifts_again)
    both = detect(samples, leg, lifts_again)
    assert [event.t_event_us for event in one if event.kind == HEEL_OFF][-1] > last_us
    assert [event.t_event_us for event in both if event.kind == HEEL_OFF][-1] < last_us
