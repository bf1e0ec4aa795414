"""The injections as facts: who is hit, for how long, by how much, and what follows."""

from random import Random

import pytest

from fes_ctrl.units import NEVER_US
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.injection_text import parse, require_device
from firmware_sim.injections import (
    ARMED,
    BY_NAME,
    EVERYWHERE,
    HELD,
    ONCE,
    OVER,
    PULSED,
    ROWS,
    Acknowledgement,
    Injection,
    InjectionRow,
    amount_of,
)
from firmware_sim.output import OutputStage

# Who is hit, the fault that comes true, how many seconds it holds (None: for good), how many
# milliseconds until what the fault observes is there, and whose sensor it is.
FACTS = {
    "sensor_dropout": ("sensor", "F04", 1.0, 0, "heel"),
    "heel_stuck_open": ("sensor", "F02", None, 500, "heel"),
    "heel_stuck_closed": ("sensor", "", None, 0, "heel"),
    "heel_bounce": ("sensor", "", None, 0, "heel"),
    "heel_chatters": ("sensor", "F03", None, 3000, "heel"),
    "heel_shuffles": ("sensor", "", None, 0, "heel"),
    "gyro_bias": ("sensor", "", None, 0, "foot-imu"),
    "sensor_frozen": ("sensor", "F04", None, 200, "foot-imu"),
    "axis_frozen": ("sensor", "F04", None, 2500, "foot-imu"),
    "imu_silent": ("sensor", "F05", None, 500, "fused"),
    "sensor_nan": ("sensor", "F04", 1.0, 0, "heel"),
    "sensor_absurd": ("sensor", "F04", 1.0, 0, "heel"),
    "sensor_future": ("sensor", "F04", 1.0, 0, "heel"),
    "sensor_late": ("sensor", "F04", 1.0, 0, "heel"),
    "sensor_backlog": ("sensor", "F04", 1.0, 0, "heel"),
    "legs_swapped": ("sensor", "F04", 1.0, 0, "heel"),
    "cable_pulled": ("link", "F15", None, 0, "heel"),
    "frames_corrupted": ("link", "F18", 2.0, 2100, "heel"),
    "answers_held": ("link", "F18", 1.0, 100, "heel"),
    "write_blocked": ("link", "F18", 1.0, 100, "heel"),
    "answers_lost": ("device", "F18", None, 100, "heel"),
    "answers_delayed": ("device", "F18", None, 100, "heel"),
    "answers_to_nobody": ("device", "F35", 2.0, 0, "heel"),
    "device_reset": ("device", "F31", None, 100, "heel"),
    "device_swapped": ("device", "F31", None, 100, "heel"),
    "device_stuck_on": ("device", "F20", None, 200, "heel"),
    "emergency_switch": ("device", "F31", None, 0, "heel"),
    "module_failed": ("device", "F31", None, 0, "heel"),
    "electrode_off": ("electrode", "F12", None, 0, "heel"),
    "electrode_short": ("electrode", "F12", None, 0, "heel"),
    "electrode_peeled": ("electrode", "", None, 0, "heel"),
    "host_paused": ("host", "F04", 0.3, 0, "heel"),
    "host_suspended": ("host", "F36", 5.0, 0, "heel"),
    "clock_forward": ("host", "F36", None, 0, "heel"),
    "clock_back": ("host", "F36", None, 0, "heel"),
    "broker_down": ("network", "F25", None, 10_000, "heel"),
    "broker_slow": ("network", "F25", None, 2_000, "heel"),
    "command_retained": ("network", "F26", None, 0, "heel"),
    "command_late": ("network", "F26", None, 0, "heel"),
    "command_repeated": ("network", "F26", None, 0, "heel"),
    "command_replayed": ("network", "F26", None, 0, "heel"),
}
# The unit, how much where nothing is said, the least and the most that may be asked for.
AMOUNTS = {
    "heel_bounce": ("ms", 20.0, 1.0, 20.0),
    "heel_chatters": ("Hz", 5.0, 2.5, 20.0),
    "heel_shuffles": ("ms", 30.0, 10.0, 60.0),
    "gyro_bias": ("deg/s", 5.0, 0.1, 50.0),
    "sensor_future": ("s", 5.0, 0.1, 3600.0),
    "sensor_late": ("ms", 300.0, 100.0, 5000.0),
    "frames_corrupted": ("%", 30.0, 0.1, 100.0),
    "answers_delayed": ("ms", 300.0, 50.0, 500.0),
    "electrode_short": ("ohm", 50.0, 1.0, 99.0),
    "electrode_peeled": ("%", 50.0, 1.0, 90.0),
    "clock_forward": ("s", 2.0, 1.1, 3600.0),
    "clock_back": ("s", 2.0, 0.1, 3600.0),
}


def test_who_is_hit_for_how_long_and_what_follows() -> None:
    assert {
        row.name: (row.part, row.fault, row.lasts_s, row.seen_after_ms, row.detector)
        for row in ROWS
    } == FACTS
    assert list(BY_NAME.values()) == list(ROWS)
    assert list(BY_NAME) == [row.name for row in ROWS]


def test_what_a_fault_is_certain_on_is_written_so() -> None:
    words = (HELD, ARMED, PULSED, ONCE, OVER)
    assert words == ("held", "armed", "pulsed", "once", "over")


def test_a_row_of_which_no_more_is_said_has_no_amount_and_hits_the_heel() -> None:
    row = InjectionRow("x", "link", "nothing", "", None)
    plain = ("x", "link", "nothing", "", None, "", 0.0, 0.0, 0.0, 0, "heel", "", "", "", False, ())
    assert row == plain
    assert Injection("x", 1, 2) == ("x", 1, 2, 0.0)
    assert Acknowledgement("x", 3) == ("x", 3)


def test_these_happen_at_once_and_have_no_end() -> None:
    assert {row.name for row in ROWS if row.at_once} == {
        *("cable_pulled", "device_reset", "device_swapped", "clock_forward", "clock_back"),
        *("command_retained", "command_late", "command_repeated", "command_replayed"),
    }
    assert all(row.lasts_s is None for row in ROWS if row.at_once)


def test_what_one_kind_of_device_has_is_no_other_ones_and_in_no_campaign() -> None:
    own = {row.name: row.devices for row in ROWS if row.devices}
    both = ("rehastim2", "feslink")
    assert own == {"emergency_switch": both, "module_failed": both}
    assert [row for row in ROWS if row.name not in own] == list(EVERYWHERE)
    for row in ROWS:
        for device in DEVICES:
            if device in (row.devices or DEVICES):
                require_device(row.name, device)
                continue
            with pytest.raises(ValueError, match=f"a {device} has none; leave it out, or choose"):
                require_device(row.name, device)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("row", [row for row in ROWS if row.part == "device"])
def test_a_device_takes_what_it_can_have_and_nothing_else(device: str, row: InjectionRow) -> None:
    made = DEVICES[device]
    simulated = made.make(OutputStage(made.channels), Random(1))
    if device in (row.devices or DEVICES):
        simulated.inject(row.name, 0, 1)
        return
    with pytest.raises(ValueError, match=f"does not know the injection '{row.name}'"):
        simulated.inject(row.name, 0, 1)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_amount_is_taken_up_to_its_bounds_and_not_beyond(row: InjectionRow) -> None:
    assert parse(f"{row.name}@1").amount == amount_of(row.name, 0.0) == row.amount
    if row.name not in AMOUNTS:
        assert (row.unit, row.amount, row.least, row.most) == ("", 0.0, 0.0, 0.0)
        with pytest.raises(ValueError, match="has no amount; leave '=5' out"):
            parse(f"{row.name}=5@1")
        return
    unit, usual, least, most = AMOUNTS[row.name]
    assert (row.unit, row.amount) == (unit, usual)
    assert amount_of(row.name, least) == least
    for value in (least, usual, most):
        assert parse(f"{row.name}={value}@1").amount == value
    for value in (least * 0.999, most * 1.001, -least, "much", "nan", "inf"):
        with pytest.raises(ValueError, match="is no amount of") as refused:
            parse(f"{row.name}={value}@1")
        assert str(refused.value).endswith(f"write {least:g} to {most:g} ({unit})")


@pytest.mark.parametrize(
    ("text", "injection"),
    [
        ("cable_pulled@2.5", Injection("cable_pulled", 2_500_000, NEVER_US)),
        ("heel_stuck_open@0+0", Injection("heel_stuck_open", 0, 0)),
        ("sensor_nan@1", Injection("sensor_nan", 1_000_000, 2_000_000)),
        ("sensor_nan@1+0.25", Injection("sensor_nan", 1_000_000, 1_250_000)),
        ("sensor_late=250@1e6+2", Injection("sensor_late", 10**12, 10**12 + 2_000_000, 250.0)),
    ],
)
def test_an_injection_is_read_with_its_times(text: str, injection: Injection) -> None:
    assert parse(text) == injection


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sensor_nan", "injection 'sensor_nan': write NAME@T, T in seconds from the start"),
        ("sensor@1", f"injection 'sensor' is unknown: choose {', '.join(FACTS)}"),
        *[
            (
                f"sensor_nan@{when}",
                f"injection 'sensor_nan@{when}': {bad!r} is no time; "
                "write seconds from the start, as 12.5",
            )
            for when, bad in (
                *(("-0.001", "-0.001"), ("1000000.1", "1000000.1"), ("nan", "nan")),
                *(("soon", "soon"), ("1+", ""), ("1+-1", "-1"), ("", "")),
            )
        ],
        (
            "sensor_late=99@1",
            "injection 'sensor_late=99@1': '99' is no amount of sensor_late; "
            "write 100 to 5000 (ms)",
        ),
        (
            "cable_pulled@1+2",
            "injection 'cable_pulled@1+2': cable_pulled has no end; leave '+2' out",
        ),
        ("sensor_nan=1@1", "injection 'sensor_nan=1@1': sensor_nan has no amount; leave '=1' out"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(ValueError, match="injection") as refused:
        parse(text)
    assert str(refused.value) == told
