"""Packets come at their rate, late; are lost, come twice, and queue up while the host stalls."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hil.patient.sensors.arrival import Packets
from hil.patient.sensors.config import PacketConfig


@dataclass
class Packet:
    measured_us: int
    arrive_us: int
    lost: bool
    again: bool


def course(config: PacketConfig, seconds: float = 60.0, seed: int = 1) -> list[Packet]:
    packets = Packets(config, seed, "right")
    found = []
    while True:
        arrive_us = packets.next_us()
        if packets.measured_us > seconds * 1e6:
            return found
        found.append(Packet(packets.measured_us, arrive_us, packets.lost, packets.again))


def test_measurements_keep_their_rate() -> None:
    found = course(PacketConfig(rate_hz=60.0))
    assert [packet.measured_us for packet in found[:4]] == [16_667, 33_333, 50_000, 66_667]
    assert len(found) == 3600, "no rounding adds up"


@pytest.mark.parametrize(("ppm", "count"), [(5000.0, 6030), (-5000.0, 5970)])
def test_a_fast_clock_measures_more_often_and_a_slow_one_less(ppm: float, count: int) -> None:
    assert len(course(PacketConfig(clock_error_ppm=ppm))) == pytest.approx(count, abs=1)


def test_latency_and_jitter_stay_within_their_terms() -> None:
    late = [p.arrive_us - p.measured_us for p in course(PacketConfig())]
    assert 2_000 <= min(late) < 2_050
    assert 3_950 < max(late) <= 4_000


@pytest.mark.parametrize("share", [0.01, 0.2])
def test_packets_are_lost_one_by_one_at_the_stated_rate(share: float) -> None:
    lost = [p.lost for p in course(PacketConfig(loss_probability=share), 600.0)]
    assert sum(lost) / len(lost) == pytest.approx(share, rel=0.15)
    runs = sum(a and b for a, b in pairwise(lost))
    assert runs / sum(lost) == pytest.approx(share, abs=0.02), "each on its own"


def test_packets_come_twice_at_the_stated_rate_and_directly_after_the_first() -> None:
    found = course(PacketConfig(duplicate_probability=0.05), 600.0)
    again = [k for k, packet in enumerate(found) if packet.again]
    assert len(again) / (len(found) - len(again)) == pytest.approx(0.05, rel=0.15)
    for k in again:
        assert found[k].measured_us == found[k - 1].measured_us
        assert found[k].arrive_us > found[k - 1].arrive_us


def test_what_is_lost_never_comes_twice() -> None:
    found = course(PacketConfig(duplicate_probability=1.0, loss_probability=0.5))
    for before, packet in pairwise(found):
        assert not (packet.again and before.lost)
        assert packet.again or before.again or before.lost


def gaps(found: list[Packet]) -> list[int]:
    return [
        k for k, (a, b) in enumerate(pairwise(found), 1) if b.arrive_us - a.arrive_us >= 250_000
    ]


def test_a_stall_is_a_gap_and_then_a_backlog_two_to_three_times_as_fast() -> None:
    found = course(PacketConfig(stalls_per_min=2.0), 1200.0)
    stalled = gaps(found)
    assert 25 <= len(stalled) <= 55, "twice a minute for twenty minutes"
    looked_at = 0
    for k in stalled:
        gap_us = found[k].arrive_us - found[k - 1].arrive_us
        assert 290_000 <= gap_us <= 2_020_000
        # The first that waited has waited for nearly the whole stall: its stamp is true.
        assert found[k].arrive_us - found[k].measured_us >= gap_us - 20_000
        assert found[k].measured_us - found[k - 1].measured_us == 10_000
        waited = gap_us // 10_000
        backlog = found[k : k + waited]
        spacings = [b.arrive_us - a.arrive_us for a, b in pairwise(backlog)]
        if max(spacings) < 250_000:  # no stall on top of it
            looked_at += 1
            assert min(spacings) >= 3_333
            assert max(spacings) <= 5_000
    assert looked_at > 15


def test_a_backlog_is_worked_off_and_then_packets_are_punctual_again() -> None:
    found = course(PacketConfig(stalls_per_min=1.0), 600.0)
    stalled = gaps(found)
    for k in stalled:
        gap_us = found[k].arrive_us - found[k - 1].arrive_us
        # At twice the rate as many again come while the queue is emptied.
        after = k + 2 * (gap_us // 10_000) + 5
        if any(k < other <= after for other in stalled) or after >= len(found):
            continue
        assert found[after].arrive_us - found[after].measured_us <= 4_000


def test_without_stalls_nothing_waits() -> None:
    assert gaps(course(PacketConfig(), 600.0)) == []


def test_the_host_stalls_for_both_legs_at_once() -> None:
    config = PacketConfig(stalls_per_min=6.0, latency_jitter_ms=0.0)
    left, right = Packets(config, 1, "left"), Packets(config, 1, "right")
    assert [left.next_us() for _ in range(6000)] == [right.next_us() for _ in range(6000)]


@settings(max_examples=50, deadline=None)
@given(
    st.builds(
        PacketConfig,
        rate_hz=st.floats(20.0, 400.0),
        clock_error_ppm=st.floats(-10_000.0, 10_000.0),
        latency_ms=st.floats(0.1, 500.0),
        latency_jitter_ms=st.floats(0.0, 500.0),
        loss_probability=st.floats(0.0, 1.0),
        duplicate_probability=st.floats(0.0, 1.0),
        stalls_per_min=st.floats(0.0, 60.0),
    ),
    st.integers(0, 1000),
)
def test_arrivals_never_go_backwards_and_never_come_before_the_measurement(
    config: PacketConfig, seed: int
) -> None:
    found = course(config, 20.0, seed)
    for before, packet in pairwise(found):
        assert packet.arrive_us >= before.arrive_us
        assert packet.measured_us >= before.measured_us
    assert all(packet.arrive_us > packet.measured_us for packet in found)


def test_equal_seeds_give_equal_courses_and_others_do_not() -> None:
    config = PacketConfig(loss_probability=0.1, duplicate_probability=0.1, stalls_per_min=10.0)
    assert course(config) == course(config)
    assert course(config) != course(config, seed=2)


def test_a_defect_of_the_way_shifts_no_other() -> None:
    plain = course(PacketConfig(loss_probability=0.1))
    both = course(PacketConfig(loss_probability=0.1, duplicate_probability=0.3))
    firsts = [packet for packet in both if not packet.again]
    assert [packet.lost for packet in firsts] == [packet.lost for packet in plain]


def test_stalls_with_crossed_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match="stall_min_s 3 must not exceed stall_max_s 2"):
        PacketConfig(stall_min_s=3.0)
