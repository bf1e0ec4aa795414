"""What must hold for the heel detector whatever the switch and the cable do."""

from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.gait.config import HeelConfig
from fes_ctrl.gait.heel import HeelDetector
from fes_ctrl.model import HEEL_SWITCH, LEFT, GaitEvent, Sample

# Steps in time from a millisecond to beyond any gap, backwards too, with either level.
READINGS = st.lists(
    st.tuples(st.integers(-30_000, 400_000), st.integers(0, 150_000), st.booleans()), max_size=120
)
# The same without gaps, after which all begins anew.
STEADY = st.lists(
    st.tuples(st.integers(1, 50_000), st.integers(1, 20_000), st.booleans()), max_size=120
)


def samples_of(readings: list[tuple[int, int, bool]]) -> list[Sample]:
    samples = []
    t_us = arrive_us = 0
    for row, (step_us, delay_us, loaded) in enumerate(readings):
        t_us += step_us
        arrive_us = max(arrive_us, t_us + delay_us)
        samples.append(Sample(t_us, arrive_us, row, LEFT, HEEL_SWITCH, (float(loaded),)))
    return samples


def run(samples: list[Sample]) -> list[GaitEvent]:
    detector = HeelDetector(HeelConfig(), LEFT)
    return [event for sample in samples for event in detector.update(sample)]


@given(READINGS)
def test_no_event_is_told_before_it_happened(readings: list[tuple[int, int, bool]]) -> None:
    assert all(event.t_emit_us >= event.t_event_us for event in run(samples_of(readings)))


@given(READINGS)
def test_every_event_belongs_to_a_reading_that_was_young_enough(
    readings: list[tuple[int, int, bool]],
) -> None:
    samples = samples_of(readings)
    young = {s.t_meas_us for s in samples if s.t_arrive_us - s.t_meas_us <= 100_000}
    assert {event.t_event_us for event in run(samples)} <= young


@given(STEADY)
def test_edges_of_one_kind_are_apart_by_both_lock_outs(
    readings: list[tuple[int, int, bool]],
) -> None:
    detector = HeelDetector(HeelConfig(), LEFT)
    last: dict[str, int] = {}
    for sample in samples_of(readings):
        for event in detector.update(sample):
            if event.kind in last:
                assert sample.t_meas_us - last[event.kind] >= 250_000
            last[event.kind] = sample.t_meas_us


@given(READINGS, st.data())
def test_packets_that_come_twice_change_nothing(
    readings: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    samples = samples_of(readings)
    doubled = []
    for sample in samples:
        doubled += [sample] * data.draw(st.integers(1, 3))
    assert run(doubled) == run(samples)
