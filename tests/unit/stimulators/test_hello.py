"""Each device says who it is when it is greeted, and gives nothing for it."""

from random import Random

import pytest

from fes_ctrl.stimulators.drivers import HELLOS
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
