"""What a feslink device says in words, what it lacks, and what a pulse is on the wire."""

import pytest

from fes_ctrl.model import ASYMMETRIC, SYMMETRIC, Setpoint
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.feslink_terms import (
    device_falls_short,
    fault_text,
    identity_text,
    length_us,
    pulse_of,
    question_of,
    refusal_text,
)
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.feslink_account import BENCH

EXPECTED = capabilities_of(StimulatorConfig(device="feslink", mode="scheduled"))
HEAD = (1, fm.OK, fm.IDLE, fm.NO_FAULT, 0)
CAN = fm.DeviceCapabilities(*HEAD, *BENCH[:13])
REFUSES = fm.DeviceLimits(*HEAD, *BENCH[14:])
SIGN = fm.Keep(7, 0xABCD, 12)


def pulse(current_ua: int, waveform: int = SYMMETRIC) -> Setpoint:
    return Setpoint(600_000, 1, 5, current_ua, 300, 610_000, waveform)


@pytest.mark.parametrize(
    ("serial", "name"),
    [
        (b"SIMF0001", "SIMF0001"),
        (b"A1\0\0\0\0\0\0", "A1"),
        (b"A1  \0 \0\0", "A1"),
        (b"\xffX", "\ufffdX"),
    ],
)
def test_a_device_is_named_by_its_serial_number_and_its_versions(serial: bytes, name: str) -> None:
    said = fm.Identity(*HEAD, 1, 2, 3, 4, 5, int.from_bytes(serial, "little"))
    assert identity_text(said) == f"feslink {name} firmware 3.4.5 protocol 1.2"


def test_a_refusal_and_a_fault_are_told_in_words_and_with_their_number() -> None:
    last = len(fm.RESULT_NAMES) - 1
    assert refusal_text(fm.REFUSED_LATE) == "late (10)"
    assert refusal_text(last) == f"another fault is latched ({last})"
    assert refusal_text(last + 1) == f"reason unknown here ({last + 1})"
    last = len(fm.FAULT_NAMES) - 1
    assert fault_text(fm.FAULT_OPEN) == "electrode open (13)"
    assert fault_text(last) == f"button at the device ({last})"
    assert fault_text(last + 1) == f"reason unknown here ({last + 1})"


@pytest.mark.parametrize(
    ("current_ua", "waveform", "wave", "steps"),
    [
        (20_000, SYMMETRIC, fm.SYMMETRIC, 40),
        (-20_000, SYMMETRIC, fm.INVERTED, 40),
        (20_000, ASYMMETRIC, fm.ASYMMETRIC, 40),
        (-20_000, ASYMMETRIC, fm.ASYMMETRIC | fm.INVERTED, 40),
        (500, SYMMETRIC, fm.SYMMETRIC, 1),
        (0, SYMMETRIC, fm.SYMMETRIC, 0),
        (1, SYMMETRIC, fm.SYMMETRIC, 0),
    ],
)
def test_a_pulse_goes_out_with_its_sign_its_form_and_its_steps(
    current_ua: int, waveform: int, wave: int, steps: int
) -> None:
    at_us = (1 << 32) + 77
    said = pulse_of(SIGN, pulse(current_ua, waveform), at_us, 500)
    assert said == fm.Setpoint(7, 0xABCD, 12, 77, 5, wave, steps, 300)


def test_the_second_phase_of_an_asymmetric_pulse_is_four_times_as_long() -> None:
    assert length_us(pulse(20_000)) == 600
    assert length_us(pulse(20_000, ASYMMETRIC)) == 1_500


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (fm.IDENTIFY, fm.Identify(9)),
        (fm.CAPABILITIES, fm.AskCapabilities(9)),
        (fm.LIMITS, fm.AskLimits(9)),
        (fm.OFFER, fm.Offer(9)),
        (fm.CLEAR, fm.Clear(9, 0xABCD, 13)),
        (fm.ARM, fm.Arm(9, 0xABCD, 150)),
        (fm.STATUS, fm.AskStatus(9)),
    ],
)
def test_each_question_has_its_message(question: int, message: fm.Message) -> None:
    assert question_of(question, 9, 0xABCD, 13, 150) == message


def test_what_a_device_can_exactly_is_enough() -> None:
    exactly = CAN._replace(
        channels=8,
        current_max_steps=160,
        width_min_us=20,
        width_max_us=300,
        min_interval_us=20_000,
        dead_man_min_ms=150,
        dead_man_max_ms=150,
        detection_steps=4,
    )
    assert device_falls_short(exactly, EXPECTED) == ""
    limits = REFUSES._replace(current_steps=160, width_us=300, interval_us=20_000)
    assert device_falls_short(limits, EXPECTED) == ""


def test_finer_width_steps_that_divide_what_is_expected_are_enough() -> None:
    coarse = EXPECTED._replace(width_step_us=10)
    assert device_falls_short(CAN._replace(width_step_us=5), coarse) == ""
    why = "has width steps of 4 us, 10 are expected"
    assert device_falls_short(CAN._replace(width_step_us=4), coarse) == why


@pytest.mark.parametrize(
    ("lacks", "why"),
    [
        ({"channels": 7}, "has channels = 7, 8 is expected"),
        ({"current_max_steps": 159}, "has current_max_steps = 159, 160 is expected"),
        ({"width_max_us": 299}, "has width_max_us = 299, 300 is expected"),
        ({"width_min_us": 21}, "has width_min_us = 21, 20 is expected"),
        ({"min_interval_us": 20_001}, "has min_interval_us = 20001, 20000 is expected"),
        ({"dead_man_max_ms": 149}, "has dead_man_max_ms = 149, 150 is expected"),
        ({"dead_man_min_ms": 151}, "has dead_man_min_ms = 151, 150 is expected"),
        ({"detection_steps": 5}, "has detection_steps = 5, 4 is expected"),
        ({"current_step_ua": 499}, "has current steps of 499 uA, 500 are expected"),
        ({"width_step_us": 2}, "has width steps of 2 us, 1 are expected"),
        (
            {"waveforms": 0b01},
            "has only one of the waveforms symmetric and asymmetric, both are expected",
        ),
    ],
)
def test_one_step_less_than_is_relied_on_is_told_by_its_name(
    lacks: dict[str, int], why: str
) -> None:
    assert device_falls_short(CAN._replace(**lacks), EXPECTED) == why


@pytest.mark.parametrize(
    ("lacks", "why"),
    [
        ({"current_steps": 159}, "has current_steps = 159, 160 is expected"),
        ({"width_us": 299}, "has width_us = 299, 300 is expected"),
        ({"interval_us": 20_001}, "has interval_us = 20001, 20000 is expected"),
    ],
)
def test_one_step_more_that_it_refuses_is_told_by_its_name(lacks: dict[str, int], why: str) -> None:
    assert device_falls_short(REFUSES._replace(**lacks), EXPECTED) == why
