"""Each device says who it is when it is greeted, and gives nothing for it."""

from random import Random

import pytest

from fes_ctrl.stimulators.drivers import HELLOS
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.output import OutputStage


def heard(speaks: str, question: bytes, listen_ms: int) -> bytes:
    """Return what a device says in so long after a question."""
    row = DEVICES[speaks]
    output = OutputStage(row.channels)
    pulses: list[int] = []
    output.sinks.append(lambda t_us, _channel, _points: pulses.append(t_us))
    device = row.make(output, Random("hello"))
    step = device.receive(0, question)
    said = step.out
    while step.wake_at_us <= listen_ms * 1000:
        step = device.tick(step.wake_at_us)
        said += step.out
    assert not pulses
    return said


@pytest.mark.parametrize("name", DEVICES)
def test_a_device_is_known_by_its_own_hello_and_by_no_other(name: str) -> None:
    assert set(HELLOS) == set(DEVICES)
    for greeted, hello in HELLOS.items():
        said = heard(name, hello.question, hello.listen_ms)
        assert bool(hello.recognise(said)) == (greeted == name), (greeted, said)
        assert not hello.recognise(said[: len(said) // 2]) or greeted == name


WHO = sm4.GET_DEVICE_ID
NAMED = fm.Identity(
    1, fm.OK, fm.IDLE, fm.NO_FAULT, 0, 1, 2, 3, 4, 5, int.from_bytes(b"A0001", "little")
)


@pytest.mark.parametrize(
    ("name", "said", "is_called"),
    [
        ("p24", sm4.ack(1, WHO, b"\0AB12"), "AB12"),
        ("p24", sm4.ack(1, WHO, b"\5AB12"), ""),
        ("p24", sm4.ack(1, sm4.GET_MAIN_STATUS, b"\0\1"), ""),
        ("p24", sm4.ack(1, sm4.GET_MAIN_STATUS, b"\0\1") + sm4.ack(1, WHO, b"\0AB12"), "AB12"),
        ("rehastim2", sm2.encode(0, sm2.INIT, b"\1"), "ScienceMode2 version 1"),
        ("rehastim2", sm2.encode(0, sm2.INIT, b"\1\2"), ""),
        ("rehastim2", sm2.encode(0, sm2.UNKNOWN_COMMAND, b"\1"), ""),
        ("feslink", feslink.encode(NAMED), "feslink A0001 firmware 3.4.5 protocol 1.2"),
        ("feslink", feslink.encode(fm.AskStatus(1)), ""),
    ],
)
def test_only_a_good_answer_to_that_question_tells_who_it_is(
    name: str, said: bytes, is_called: str
) -> None:
    assert HELLOS[name].recognise(said) == is_called


def test_one_that_speaks_first_is_listened_to_for_longer_than_it_takes() -> None:
    assert HELLOS["rehastim2"].question == b""
    assert HELLOS["rehastim2"].listen_ms == 1_800
    assert HELLOS["p24"].listen_ms == HELLOS["feslink"].listen_ms == 300
