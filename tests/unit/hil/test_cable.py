"""The simulated cable: latency that is never zero, order, loss, and what a discard takes back."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.runtime.stepper import Stepper
from hil.config import CableConfig
from hil.links import SimCable

PLAIN = CableConfig(byte_us=10.0, latency_us=300, jitter_us=700)


class Ends:
    """A cable on a stepper, and what arrived where and when."""

    def __init__(self, config: CableConfig = PLAIN, seed: int = 1) -> None:
        self.clock = Stepper()
        self.cable = SimCable(self.clock, config, Random(seed))
        self.device: list[tuple[int, bytes]] = []
        self.host: list[tuple[int, bytes]] = []
        self.lost: list[str] = []
        self.cable.device = lambda data: self.device.append((self.clock.now_us(), data))
        self.cable.on_bytes = lambda data: self.host.append((self.clock.now_us(), data))
        self.cable.on_lost = self.lost.append


def test_a_write_arrives_after_its_wire_time_and_latency_never_at_once() -> None:
    for seed in range(50):
        ends = Ends(seed=seed)
        ends.cable.write(b"x" * 20)
        ends.clock.run_until_us(10_000)
        ((t_us, data),) = ends.device
        assert data == b"x" * 20
        assert 200 + 300 <= t_us <= 200 + 300 + 700


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60)), min_size=1, max_size=40))
def test_bytes_stay_in_order_in_each_direction(writes: list[tuple[int, int]]) -> None:
    ends = Ends()
    sent = b""
    for index, (wait_us, size) in enumerate(writes):
        ends.clock.run_until_us(ends.clock.now_us() + wait_us)
        data = bytes([index]) * size
        ends.cable.write(data)
        ends.cable.answer(data)
        sent += data
    ends.clock.run_until_us(10_000_000)
    assert b"".join(data for _, data in ends.device) == sent
    assert b"".join(data for _, data in ends.host) == sent
    times = [t_us for t_us, _ in ends.device]
    assert times == sorted(times)


def test_a_discard_takes_back_what_has_not_left_and_cuts_what_is_half_out() -> None:
    ends = Ends()
    ends.cable.write(b"a" * 100)  # on the wire for 1000 us
    ends.cable.write(b"b" * 100)
    ends.clock.run_until_us(400)
    assert ends.cable.discard()
    ends.cable.write(b"stop")
    ends.clock.run_until_us(100_000)
    assert b"".join(data for _, data in ends.device) == b"a" * 40 + b"stop"


def test_what_has_left_cannot_be_taken_back() -> None:
    ends = Ends()
    ends.cable.write(b"gone")
    ends.clock.run_until_us(100)
    assert not ends.cable.discard()
    ends.clock.run_until_us(100_000)
    assert [data for _, data in ends.device] == [b"gone"]


def test_a_pulled_cable_carries_nothing_and_says_so_once() -> None:
    ends = Ends()
    ends.cable.write(b"on its way")
    ends.clock.run_until_us(50)
    ends.cable.inject("cable_pulled")
    ends.cable.inject("cable_pulled")
    ends.cable.write(b"into nothing")
    ends.cable.answer(b"from nowhere")
    ends.clock.run_until_us(100_000)
    assert (ends.device, ends.host) == ([], [])
    assert ends.lost == ["cable pulled"]
    assert [known.t_us for known in ends.cable.acknowledgements] == [50]
    with pytest.raises(ValueError, match="cable does not know"):
        ends.cable.inject("electrode_off")


def test_loss_and_corruption_come_as_often_as_they_were_asked_for() -> None:
    ends = Ends(CableConfig(loss=0.1, corruption=0.2))
    for _ in range(3000):
        ends.cable.write(b"0123456789")
    ends.clock.run_until_us(10**9)
    arrived = [data for _, data in ends.device]
    damaged = [data for data in arrived if data != b"0123456789"]
    assert len(arrived) / 3000 == pytest.approx(0.9, abs=0.03)
    assert len(damaged) / len(arrived) == pytest.approx(0.2, abs=0.03)
    flips = [
        sum((a ^ b).bit_count() for a, b in zip(data, b"0123456789", strict=True))
        for data in damaged
    ]
    assert set(flips) == {1}


def test_nothing_is_delivered_to_a_host_that_has_closed() -> None:
    ends = Ends()
    ends.cable.answer(b"late")
    ends.cable.close()
    ends.clock.run_until_us(100_000)
    assert ends.host == []


def test_a_blocked_line_lets_go_what_nobody_took_back() -> None:
    ends = Ends()
    ends.cable.inject("write_blocked", 10_000)
    ends.cable.write(b"taken back")
    assert ends.cable.discard()
    assert not ends.cable.discard()
    ends.cable.write(b"stays")
    ends.clock.run_until_us(9_000)
    assert ends.device == []
    ends.clock.run_until_us(20_000)
    assert [data for _, data in ends.device] == [b"stays"]
    assert [tuple(known) for known in ends.cable.acknowledgements] == [("write_blocked", 0)]


def test_answers_that_are_held_come_all_at_once() -> None:
    ends = Ends()
    ends.cable.inject("answers_held", 10_000)
    ends.cable.answer(b"one")
    ends.cable.answer(b"two")
    ends.cable.write(b"on its way")
    ends.clock.run_until_us(9_000)
    assert [data for _, data in ends.device] == [b"on its way"]
    assert ends.host == []
    ends.clock.run_until_us(20_000)
    assert [data for _, data in ends.host] == [b"one", b"two"]


def test_damage_hits_the_share_that_was_asked_for_and_ends() -> None:
    ends = Ends()
    ends.cable.inject("frames_corrupted", 500_000, 100.0)
    for k in range(200):
        ends.clock.call_at_us(k * 1_000, 0, ends.cable.write, bytes(range(20)))
    ends.clock.run_until_us(600_000)
    whole = [data for _, data in ends.device if data == bytes(range(20))]
    assert len(whole) < 10, "a splice or a flip may give the same bytes"
    ends.device.clear()
    ends.cable.write(b"later")
    ends.clock.run_until_us(700_000)
    assert [data for _, data in ends.device] == [b"later"]


def test_a_line_that_is_cut_tells_the_device() -> None:
    ends = Ends()
    cut: list[int] = []
    ends.cable.cut = lambda: cut.append(ends.clock.now_us())
    ends.clock.run_until_us(3_000)
    ends.cable.drop()
    assert cut == [3_000]
