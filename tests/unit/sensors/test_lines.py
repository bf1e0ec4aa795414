import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import FOOT_IMU, HEEL_SWITCH, LEFT, RIGHT, Sample
from fes_ctrl.sensors.lines import DeviceTime, SensorLines
from fes_ctrl.sensors.source import Worn
from fes_ctrl.wire.lines import LONGEST_LINE

WORN = (Worn(RIGHT, HEEL_SWITCH), Worn(LEFT, FOOT_IMU))


def lines() -> SensorLines:
    """Return a reader that has already heard the end of a first line."""
    reader = SensorLines(WORN)
    reader.feed(0, b"d of a line\n")
    return reader


def test_both_forms_of_a_line_mean_the_same() -> None:
    text = b"left,foot_imu,7,1000,0.5,-9.81,0,1,2,3e1\n"
    as_json = {
        "leg": "left",
        "sensor": "foot_imu",
        "seq": 7,
        "t_us": 1000,
        "values": [0.5, -9.81, 0, 1, 2, 30],
    }
    expected = [Sample(5000, 5000, 7, LEFT, FOOT_IMU, (0.5, -9.81, 0.0, 1.0, 2.0, 30.0))]
    assert lines().feed(5000, text) == expected
    assert lines().feed(5000, json.dumps(as_json).encode() + b"\r\n") == expected


def test_a_sensor_without_a_clock_measures_when_it_arrives() -> None:
    assert lines().feed(5000, b"right,heel_switch,1,,1\n") == [
        Sample(5000, 5000, 1, RIGHT, HEEL_SWITCH, (1.0,))
    ]


def test_the_end_of_a_line_that_began_before_listening_is_no_reading() -> None:
    reader = SensorLines(WORN)
    assert reader.feed(1, b"right,heel_switch,1,,1\nright,heel_switch,2,,0\n") == [
        Sample(1, 1, 2, RIGHT, HEEL_SWITCH, (0.0,))
    ]
    assert reader.bad == 0


@pytest.mark.parametrize(
    "bad",
    [
        b"right,heel_switch,1,,nan",
        b"right,heel_switch,1,,inf",
        b"right,heel_switch,1,,1,1",
        b"right,heel_switch,1,",
        b"right,heel_switch,one,,1",
        b"left,heel_switch,1,,1",
        b"middle,heel_switch,1,,1",
        b"right,toe_switch,1,,1",
        b"right,heel_switch,1,1.5,1",
        b"right,heel_switch,1,,\xff",
        b"\xf0\x81\x55",
        b'{"leg":"right"}',
        b'{"leg":"right","sensor":"heel_switch","seq":1,"t_us":null,"values":[null]}',
        b'{"leg":"right","sensor":"heel_switch","seq":1,"t_us":null,"values":[NaN]}',
        b"{",
        b"x" * (LONGEST_LINE + 1),
    ],
)
def test_what_is_no_reading_is_left_out_and_counted(bad: bytes) -> None:
    reader = lines()
    assert reader.feed(1, bad) == []
    assert reader.feed(2, b"\n# a remark\n\nright,heel_switch,2,,0\n") == [
        Sample(2, 2, 2, RIGHT, HEEL_SWITCH, (0.0,))
    ]
    assert reader.bad == 1


@given(st.lists(st.integers(0, 1), max_size=12), st.data())
def test_where_the_bytes_are_cut_does_not_matter(heels: list[int], data: st.DataObject) -> None:
    text = b"".join(b"right,heel_switch,%d,,%d\n" % (seq, heel) for seq, heel in enumerate(heels))
    reader = lines()
    read: list[float] = []
    while text:
        cut = data.draw(st.integers(1, len(text)))
        read += [sample.values[0] for sample in reader.feed(1, text[:cut])]
        text = text[cut:]
    assert read == heels


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.tuples(st.integers(1, 20_000), st.integers(300, 50_000)), min_size=1),
)
def test_a_sensor_s_clock_is_placed_within_the_least_and_the_greatest_delay(
    offset_us: int, readings: list[tuple[int, int]]
) -> None:
    clock = DeviceTime()
    true_us = max(0, -offset_us)
    least = min(delay_us for _, delay_us in readings)
    seen_least = 10**9
    for interval_us, delay_us in readings:
        true_us += interval_us
        seen_least = min(seen_least, delay_us)
        found_us = clock.on_host(true_us + offset_us, true_us + delay_us)
        assert found_us <= true_us + delay_us
        # Late by the least delay seen so far, neither more nor less.
        assert found_us == true_us + seen_least
    assert seen_least == least


def test_a_late_reading_is_known_as_late_however_long_ago_the_last_prompt_one_was() -> None:
    clock = DeviceTime()
    late = []
    for host_us in range(0, 60_000_000, 10_000):
        # Every fourth second one reading comes at once, all others 5 ms later.
        delay_us = 300 if host_us % 4_000_000 == 0 else 5300
        late.append(clock.on_host(host_us, host_us + delay_us) - host_us)
    assert set(late) == {300}


def test_drift_of_the_sensor_s_clock_is_followed() -> None:
    clock = DeviceTime()
    errors = []
    for host_us in range(0, 600_000_000, 10_000):
        # 100 ppm slow, and a delay of 1 ms
        device_us = host_us - host_us // 10_000
        errors.append(clock.on_host(device_us, host_us + 1000) - host_us)
    # Without a window it would be 60 ms behind at the end.
    assert all(-1001 <= error <= 1000 for error in errors)


@pytest.mark.parametrize("parts", [200, 100, -100])
def test_a_board_whose_clock_is_a_cheap_one_does_not_seem_to_grow_silent(parts: int) -> None:
    """Half a per cent slow: 10 s later its readings would count as 50 ms older than they are."""
    clock = DeviceTime()
    ages = []
    for number, host_us in enumerate(range(0, 120_000_000, 10_000)):
        arrive_us = host_us + 1000 + number * 7919 % 3000
        ages.append(arrive_us - clock.on_host(host_us - host_us // parts, arrive_us))
    assert all(age >= 0 for age in ages)
    # It grows for the first seconds, until the clock is known: at one per cent by 40 ms.
    assert max(ages) < 50_000


def test_a_line_that_is_slower_for_a_while_is_not_taken_for_a_slow_clock() -> None:
    clock = DeviceTime()
    ages = []
    for host_us in range(0, 12_000_000, 10_000):
        delay_us = 80_000 if 5_000_000 <= host_us < 9_000_000 else 1_000
        ages.append(host_us + delay_us - clock.on_host(host_us, host_us + delay_us))
    assert ages[850] == 79_000


def test_a_sensor_that_starts_anew_is_placed_anew() -> None:
    clock = DeviceTime()
    assert clock.on_host(1_000_000, 5_000_000) == 5_000_000
    assert clock.on_host(0, 6_000_000) == 6_000_000
    assert clock.on_host(10_000, 6_015_000) == 6_010_000


# -- checks -------------------------------------------------------------------------------------


def checked(text: str) -> bytes:
    total = 0
    for byte in text.encode():
        total ^= byte
    return f"{text}*{total:02X}\n".encode()


def test_a_line_may_say_its_check() -> None:
    assert checked("right,heel_switch,1,,1") == b"right,heel_switch,1,,1*29\n", "by another tool"
    reader = lines()
    as_json = '{"leg":"right","sensor":"heel_switch","seq":2,"t_us":null,"values":[0]}'
    found = reader.feed(5, checked("right,heel_switch,1,,1") + checked(as_json).lower())
    assert [(sample.seq, sample.values) for sample in found] == [(1, (1.0,)), (2, (0.0,))]
    assert reader.bad == 0


@pytest.mark.parametrize(
    "bad",
    [
        b"right,heel_switch,1,,0*29",
        b"right,heel_switch,1,,1*28",
        b"right,heel_switch,1,,1*",
        b"right,heel_switch,1,,1*9",
        b"right,heel_switch,1,,1*029",
        b"right,heel_switch,1,,1*+9",
        b"right,heel_switch,1,,1*zz",
        b"right,heel_switch,1,,1**29",
    ],
)
def test_a_wrong_check_is_no_reading(bad: bytes) -> None:
    reader = lines()
    assert reader.feed(5, bad + b"\n") == []
    assert reader.bad == 1
    assert len(reader.feed(6, b"right,heel_switch,2,,1\n")) == 1, "no right one was said yet"


def test_who_has_said_a_check_always_does() -> None:
    reader = lines()
    assert len(reader.feed(5, checked("right,heel_switch,1,,1"))) == 1
    assert reader.feed(6, b"right,heel_switch,2,,1\n") == [], "its end may be lost"
    assert reader.bad == 1
    assert len(reader.feed(7, checked("right,heel_switch,3,,1"))) == 1


@given(st.integers(0, 25), st.integers(1, 255))
def test_one_wrong_byte_of_a_checked_line_is_always_noticed(at: int, wrong: int) -> None:
    reader = lines()
    reader.feed(4, checked("right,heel_switch,11,,1"))
    line = bytearray(checked("right,heel_switch,12,,1"))
    line[at] ^= wrong
    same = line[:24] + line[24:].upper() == checked("right,heel_switch,12,,1")
    assert len(reader.feed(5, bytes(line))) == same, "but for capitals in its check"


def test_a_stop_is_heard_however_it_is_said() -> None:
    reader = SensorLines(WORN)
    assert reader.feed(1, b"stop\r\n") == []
    assert reader.stops == 1, "before any line was whole"
    assert len(reader.feed(2, checked("right,heel_switch,1,,1"))) == 1
    reader.feed(3, b"stop\nst")
    assert reader.stops == 2, "without its check"
    reader.feed(4, b"op*18\n")
    assert reader.stops == 3
    reader.feed(5, b"stop*19\nstopp\nstop,1\n# stop\n")
    assert reader.stops == 3
    assert reader.bad == 3


def test_what_was_no_reading_and_who_has_spoken_is_known() -> None:
    lines = SensorLines((Worn(1, "heel_switch"), Worn(0, "heel_switch")))
    lines.feed(1, b"\nright,heel_switch,1,,1\nrihgt,heel_switch,2,,1\n")
    assert (lines.bad, lines.last_bad) == (1, b"rihgt,heel_switch,2,,1")
    assert lines.heard == {Worn(1, "heel_switch")}
