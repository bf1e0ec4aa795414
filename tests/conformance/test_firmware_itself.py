"""The firmware by itself: lateness, self-test, button, output, nonces, memory, sanitizers."""

import ctypes
import json
import subprocess
from pathlib import Path

import pytest

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import BENCH
from helpers.firmware import SOURCE, Firmware, build, load

NONCE = 0x5EED0001


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return load(build("libfeslink.so", tmp_path_factory.mktemp("firmware")))


def ask(device: Firmware, t_us: int, message: fm.Message) -> fm.Message:
    (answer,) = feslink.Decoder().feed(device.receive(t_us, feslink.encode(message)))
    return answer


def result_of(device: Firmware, t_us: int, message: fm.Message) -> int:
    answer = ask(device, t_us, message)
    assert isinstance(answer, fm.Status | fm.Offered | fm.Account)
    return answer.result


def armed(lib: ctypes.CDLL) -> Firmware:
    device = Firmware(lib, BENCH, b"TEST0001")
    device.offer(NONCE)
    assert result_of(device, 60_000, fm.Offer(1)) == fm.OK
    assert result_of(device, 60_000, fm.Arm(2, NONCE, 150)) == fm.OK
    return device


def pulse(sequence: int, at_us: int, channel: int = 0) -> fm.Setpoint:
    return fm.Setpoint(sequence, NONCE, sequence, at_us, channel, 0, 40, 300)


@pytest.mark.parametrize("late_us", [0, 1, 1_000])
def test_a_pulse_that_can_begin_within_a_millisecond_is_given(
    lib: ctypes.CDLL, late_us: int
) -> None:
    device = armed(lib)
    assert result_of(device, 70_000, pulse(1, 80_000)) == fm.OK
    device.tick_late(80_000 + late_us)
    assert [at_us for at_us, _, _ in device.given()] == [80_000 + late_us]
    account = ask(device, 90_000, fm.Keep(3, NONCE, 3))
    assert isinstance(account, fm.Account)
    assert (account.pulses, account.charge_nc, account.last_sequence) == (1, 6_000, 1)


def test_one_that_cannot_is_not_given_and_the_device_latches(lib: ctypes.CDLL) -> None:
    device = armed(lib)
    assert result_of(device, 70_000, pulse(1, 80_000, 3)) == fm.OK
    device.tick_late(81_001)
    assert device.given() == []
    status = ask(device, 82_000, fm.AskStatus(1))
    assert isinstance(status, fm.Status)
    assert (status.fault, status.fault_channel) == (fm.FAULT_OVERRUN, 3)


def test_a_pulse_waits_until_one_that_was_late_has_left_the_stage(lib: ctypes.CDLL) -> None:
    device = armed(lib)
    assert result_of(device, 70_000, pulse(1, 80_000)) == fm.OK
    assert result_of(device, 70_000, pulse(2, 80_800, 1)) == fm.OK
    device.tick_late(80_700)
    device.tick(90_000)
    assert [at_us for at_us, _, _ in device.given()] == [80_700, 81_500]


def test_a_device_whose_self_test_failed_is_never_armed(lib: ctypes.CDLL) -> None:
    device = Firmware(lib, BENCH, b"TEST0001", self_test_passed=False)
    for nonce in (NONCE, NONCE + 1):
        device.offer(nonce)
    device.tick(50_000)
    assert (device.state, device.fault) == (fm.LATCHED, fm.FAULT_SELF_TEST)
    assert result_of(device, 60_000, fm.Offer(1)) == fm.OK
    assert result_of(device, 60_000, fm.Clear(2, NONCE, fm.FAULT_SELF_TEST)) == fm.REFUSED_STATE
    assert result_of(device, 60_000, fm.Arm(3, NONCE, 150)) == fm.REFUSED_LATCHED
    assert device.state == fm.LATCHED


@pytest.mark.parametrize(
    "beyond", [{"channels": 9}, {"queue": 9}, {"current_steps": 201}, {"width_us": 501}]
)
def test_a_table_that_promises_more_than_there_is_fails_the_self_test(
    lib: ctypes.CDLL, beyond: dict[str, int]
) -> None:
    device = Firmware(lib, BENCH._replace(**beyond), b"TEST0001")
    device.tick(50_000)
    assert (device.state, device.fault) == (fm.LATCHED, fm.FAULT_SELF_TEST)


def test_the_button_ends_output_and_is_not_cleared_while_it_is_pressed(lib: ctypes.CDLL) -> None:
    device = armed(lib)
    for nonce in (2, 3):
        device.offer(nonce)
    assert result_of(device, 70_000, pulse(1, 80_000)) == fm.OK
    device.button(75_000, pressed=True)
    device.tick(100_000)
    assert device.given() == []
    assert (device.state, device.fault) == (fm.LATCHED, fm.FAULT_BUTTON)
    assert result_of(device, 110_000, fm.Offer(1)) == fm.OK
    assert result_of(device, 110_000, fm.Clear(2, 2, fm.FAULT_BUTTON)) == fm.REFUSED_STATE
    device.button(120_000, pressed=False)
    assert device.state == fm.LATCHED
    assert result_of(device, 130_000, fm.Clear(3, 2, fm.FAULT_BUTTON)) == fm.OK


def test_the_button_pressed_at_power_up_latches_when_boot_is_over(lib: ctypes.CDLL) -> None:
    device = Firmware(lib, BENCH, b"TEST0001")
    device.button(1_000, pressed=True)
    assert device.state == fm.BOOT
    device.tick(50_000)
    assert (device.state, device.fault) == (fm.LATCHED, fm.FAULT_BUTTON)


def test_a_stage_that_does_not_start_latches(lib: ctypes.CDLL) -> None:
    device = armed(lib)
    device.load(1000, fails=True)
    assert result_of(device, 70_000, pulse(1, 80_000)) == fm.OK
    device.tick(80_000)
    assert (device.state, device.fault) == (fm.LATCHED, fm.FAULT_OUTPUT)


@pytest.mark.parametrize(("lacks_ua", "fault"), [(2_500, fm.NO_FAULT), (2_501, fm.FAULT_OUTPUT)])
def test_less_current_than_was_asked_for_latches(
    lib: ctypes.CDLL, lacks_ua: int, fault: int
) -> None:
    device = armed(lib)
    device.load(1000, lacks_ua=lacks_ua)
    assert result_of(device, 70_000, pulse(1, 80_000)) == fm.OK
    device.tick(81_000)
    assert device.fault == fault
    account = ask(device, 81_000, fm.Keep(3, NONCE, 3))
    assert isinstance(account, fm.Account)
    assert account.charge_nc == (20_000 - lacks_ua) * 300 // 1_000


def test_no_session_begins_with_a_nonce_that_is_zero_or_comes_twice(lib: ctypes.CDLL) -> None:
    device = armed(lib)
    device.receive(70_000, feslink.STOP_BYTES)
    for nonce in (NONCE, 0):
        device.offer(nonce)
        offered = ask(device, 80_000, fm.Offer(1))
        assert isinstance(offered, fm.Offered)
        assert (offered.result, offered.nonce) == (fm.REFUSED_STATE, 0)
        assert result_of(device, 80_000, fm.Arm(2, nonce, 150)) == fm.REFUSED_NONCE


def test_the_firmware_takes_no_memory_and_no_floats() -> None:
    sources = [
        path for path in SOURCE.glob("*.[ch]") if path.stem not in {"fuzz", "pty_main", "virtual"}
    ]
    assert len(sources) >= 10
    for path in sources:
        text = path.read_text()
        for word in ("malloc", "calloc", "realloc", "float ", "double ", "stdio.h"):
            assert word not in text, f"{path.name}: {word}"


def test_fuzzing_under_sanitizers_finds_nothing(tmp_path: Path) -> None:
    fuzz = build("fuzz", tmp_path)
    done = subprocess.run([fuzz, "5", "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["findings"] == 0
    assert found["messages"] > 10_000
    assert found["pulses"] > 500
