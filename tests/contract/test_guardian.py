"""The guardian: a process that outlives its controller and stops what goes on without it.

The device is a P24 in mid level, which repeats its pulses for two seconds without a word from its
host. The controller is a process that arms it and then dies, freezes or blocks.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from helpers.processes import DEVICE, Gauge, Told, t_ns_of, told

pytestmark = pytest.mark.real_time

ALLOWED_MS = 200.0
WAKE_UPS = 2
"""Guardian and device have each to wake."""

PERIOD_MS = 25.0

CONTROLLER = """
import asyncio, json, sys, time
from fes_ctrl.links.guarded import open_guarded
from fes_ctrl.links.serial_port import SerialSettings
from fes_ctrl.wire import sciencemode4 as sm4

STOP = sm4.FRAME_ENDS + sm4.ll_stop(62) + sm4.ml_stop(63)

def say(**what):
    print(json.dumps({"t_ns": time.monotonic_ns(), **what}), flush=True)

async def main(port, mishap):
    link = await open_guarded(port, SerialSettings(), STOP)
    link.on_bytes = lambda data: say(heard=data.hex())
    link.on_lost = lambda reason: say(lost=reason)
    link.write(sm4.ml_init(0, stop_all_on_error=True))
    await asyncio.sleep(0.05)
    train = sm4.ChannelTrain(0, ((300, 20_000), (300, -20_000)), 0, 25_000)
    link.write(sm4.ml_update(1, [train]))
    await asyncio.sleep(0.5)
    say(guardian=link._process.pid)
    say(said="begun")
    if mishap == "blocks":
        time.sleep(1.5)
    elif mishap == "seizes":
        link.seize(STOP)
        link.write(sm4.ml_init(2, stop_all_on_error=True))
        link.write(sm4.ml_update(3, [train]))
        await asyncio.sleep(0.3)
        link.release()
    elif mishap == "drops":
        link.drop()
    elif mishap == "closes":
        link.write(STOP)
        link.close()
    say(said="over")
    await asyncio.sleep(30.0)

asyncio.run(main(*sys.argv[1:]))
"""


@contextlib.contextmanager
def stimulating(mishap: str) -> Iterator[tuple[Told, Told]]:
    """Yield controller and device in mid-stimulation."""
    with told(sys.executable, "-c", DEVICE) as device:
        port = str(device.wait_for(lambda line: "port" in line)["port"])
        with told(sys.executable, "-c", CONTROLLER, port, mishap) as controller:
            controller.wait_for(lambda line: line.get("said") == "begun")
            device.wait_for(lambda line: "pulse" in line)
            yield controller, device


@pytest.fixture
def gauge() -> Iterator[Gauge]:
    running = Gauge()
    yield running
    running.close()


def assert_silent_in_time(gauge: Gauge, device: Told, since_ns: int) -> None:
    ended = device.wait_for(lambda line: line.get("status") == 0 and t_ns_of(line) > since_ns)
    took_ms = (t_ns_of(ended) - since_ns) / 1e6
    time.sleep(0.1)
    late_ms = gauge.late_ms(since_ns, took_ms)
    assert took_ms <= ALLOWED_MS + WAKE_UPS * late_ms, f"{took_ms:.0f} ms; late {late_ms:.1f} ms"
    assert device.after(t_ns_of(ended), "pulse") == []
    before = [line for line in device.lines if "pulse" in line and t_ns_of(line) <= since_ns]
    assert since_ns - t_ns_of(before[-1]) < (PERIOD_MS + 100.0) * 1e6, "it was stimulating"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_controller_that_is_gone_leaves_a_silent_device(
    gauge: Gauge, number: signal.Signals
) -> None:
    with stimulating("nothing") as (controller, device):
        since_ns = time.monotonic_ns()
        controller.process.send_signal(number)
        assert_silent_in_time(gauge, device, since_ns)


def test_a_loop_that_blocks_leaves_a_silent_device_and_hears_why(gauge: Gauge) -> None:
    with stimulating("blocks") as (controller, device):
        since_ns = t_ns_of(controller.wait_for(lambda line: line.get("said") == "begun"))
        assert_silent_in_time(gauge, device, since_ns)
        lost = controller.wait_for(lambda line: "lost" in line)["lost"]
        assert "the guardian stopped the device: the event loop did not turn for" in str(lost)


def test_what_ends_the_controller_does_not_end_its_guardian_unheard(gauge: Gauge) -> None:
    with stimulating("nothing") as (controller, device):
        guardian = int(str(controller.wait_for(lambda line: "guardian" in line)["guardian"]))
        os.kill(guardian, signal.SIGINT)
        os.kill(guardian, signal.SIGHUP)
        time.sleep(0.2)
        assert device.after(time.monotonic_ns() - 100_000_000, "pulse"), "it goes on"
        since_ns = time.monotonic_ns()
        os.kill(guardian, signal.SIGTERM)
        assert_silent_in_time(gauge, device, since_ns)
        lost = controller.wait_for(lambda line: "lost" in line)["lost"]
        assert "told to end" in str(lost)


def test_a_seized_line_takes_nothing_else_until_it_is_given_back(gauge: Gauge) -> None:
    with stimulating("seizes") as (controller, device):
        since_ns = t_ns_of(controller.wait_for(lambda line: line.get("said") == "begun"))
        controller.wait_for(lambda line: line.get("said") == "over")
        assert_silent_in_time(gauge, device, since_ns)


@pytest.mark.parametrize("mishap", ["drops", "closes"])
def test_a_guardian_ends_with_its_controllers_consent(gauge: Gauge, mishap: str) -> None:
    with stimulating(mishap) as (controller, device):
        since_ns = t_ns_of(controller.wait_for(lambda line: line.get("said") == "begun"))
        over = controller.wait_for(lambda line: line.get("said") == "over")
        assert t_ns_of(over) - since_ns < 0.9e9, "nobody waits for it"
        if mishap == "closes":
            assert_silent_in_time(gauge, device, since_ns)
        assert not [line for line in controller.lines if "lost" in line]
