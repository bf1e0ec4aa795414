"""A public client drives our simulated RehaStim2, and our encoder says what that client says.

The client is ``pysciencemode`` of PyPI, as it is, in a process of its own: it has no timeouts, and
threads that do not end. Defects that were found in it, which our own driver must not share; where
one is cheap to show, a test below shows that the client has it:

- its keep-alive leaves up to 1.6 s between two frames, against a watchdog of 1.2 s, and it does
  not notice that the device has stopped: it takes the new Init for the answer to its next command
- without a log, results and unsolicited errors are read and thrown away
- with a log, they are raised in a thread of its own; only the call after the next one hears of it
- a lost answer blocks it for ever, at full load
- packet numbers and commands that need an escape are sent altered and without one: its question
  for the mode (0A) goes out as 5F, which no device knows; it escapes 55 and 0A, which need none
- what comes in is neither checked nor unescaped
"""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from pysciencemode.utils import packet_construction

from fes_ctrl.wire import sciencemode2 as sm2
from firmware_sim import server
from firmware_sim.devices.device import DeviceStep
from firmware_sim.devices.rehastim2 import SimulatedRehastim2
from firmware_sim.output import OPEN_OHM, OutputStage

CLIENT = Path(__file__).parent.parent / "helpers" / "pysciencemode_client.py"
DEADLINE_S = 20
WATCHDOG_S = 1.2


class Served:
    """A simulated RehaStim2 on a pseudo-terminal, and what reached it and its electrodes."""

    def __init__(self) -> None:
        self.output = OutputStage(8)
        self.pulses: list[tuple[int, int, int]] = []
        self.output.sinks.append(
            lambda t, channel, points: self.pulses.append((t, channel, points[0][1]))
        )
        self.device = SimulatedRehastim2(self.output, Random(1))
        self.heard: list[tuple[float, sm2.Frame]] = []
        self.said: list[sm2.Frame] = []
        self._decoders = sm2.Decoder(), sm2.Decoder()
        self.port = server.PtyPort(None)
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=server.serve, args=(self.port, self, [], self._ended.is_set)
        )
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(DEADLINE_S)
        self.port.unplug()

    # The device's own seam, with an ear on it.

    def receive(self, now_us: int, data: bytes) -> DeviceStep:
        self.heard += [(time.monotonic(), frame) for frame in self._decoders[0].feed(data)]
        return self._saying(self.device.receive(now_us, data))

    def tick(self, now_us: int) -> DeviceStep:
        return self._saying(self.device.tick(now_us))

    def _saying(self, step: DeviceStep) -> DeviceStep:
        self.said += self._decoders[1].feed(step.out)
        return step

    @property
    def acknowledgements(self) -> list[object]:
        return []

    def cut(self, now_us: int) -> None:
        self.device.cut(now_us)

    def inject(self, name: str, from_us: int, to_us: int, amount: float = 0.0) -> None:
        self.device.inject(name, from_us, to_us, amount)

    def commands(self) -> list[int]:
        return [frame.command for _, frame in self.heard]


class Client:
    """The client's process: a line in, a line out."""

    def __init__(self, port: str, log: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(CLIENT), port, log],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._answers: queue.Queue[dict[str, str]] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        assert self.answer() == {"did": "connect"}

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                self._answers.put(json.loads(line))

    def answer(self, within_s: float = DEADLINE_S) -> dict[str, str]:
        return self._answers.get(timeout=within_s)

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def do(self, line: str) -> dict[str, str]:
        self.say(line)
        return self.answer()

    def end(self) -> str:
        """End it; return what it wrote to its error stream."""
        self._process.kill()
        assert self._process.stderr is not None
        errors = self._process.stderr.read()
        self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()
        return errors


@pytest.fixture
def served() -> Iterator[Served]:
    device = Served()
    try:
        yield device
    finally:
        device.end()


Begin = Callable[[str], Client]


@pytest.fixture
def begin(served: Served) -> Iterator[Begin]:
    """Begin a client on that device, with its log (``log``) or without (``quiet``)."""
    clients: list[Client] = []

    def begun(log: str) -> Client:
        clients.append(Client(served.port.name, log))
        return clients[-1]

    yield begun
    for client in clients:
        client.end()


def until(true: Callable[[], bool], within_s: float = DEADLINE_S) -> None:
    deadline_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline_s, "it did not come true"
        threading.Event().wait(0.005)


@pytest.mark.real_time
@pytest.mark.timeout(60)
def test_the_client_goes_through_its_whole_cycle(served: Served, begin: Begin) -> None:
    client = begin("log")
    until(lambda: served.device.connected)
    # Its keep-alive is in time only where commands fall right before a turn of its thread.
    client.do("wait 0.6")
    assert client.do("init 25 20 15") == {"did": "init"}
    assert served.device.mode == sm2.MODE_INITIALISED
    assert served.pulses == []
    assert client.do("start 20 15") == {"did": "start"}
    until(lambda: len(served.pulses) > 10)
    assert {(channel, ua) for _, channel, ua in served.pulses} == {(0, 20_000), (1, 15_000)}
    # Three keep-alives of its thread, over a time in which the watchdog would have fired twice.
    before = len(served.heard)
    until(lambda: served.commands()[before:].count(sm2.WATCHDOG) >= 3)
    assert served.device.mode == sm2.MODE_STARTED
    client.do("phase 0.6")
    assert client.do("start 30 10") == {"did": "start"}
    until(lambda: {ua for _, _, ua in served.pulses[-2:]} == {30_000, 10_000})
    assert client.do("pause") == {"did": "pause"}
    paused = len(served.pulses)
    assert client.do("start 85 10") == {"did": "start"}
    until(lambda: {ua for _, _, ua in served.pulses[paused:]} >= {85_000, 10_000})
    assert client.do("end") == {"did": "end"}
    assert served.device.mode == sm2.MODE_START
    after = len(served.pulses)
    assert client.do("init 50 20") == {"did": "init"}
    assert len(served.pulses) == after
    numbers = [frame.number for _, frame in served.heard if frame.command != sm2.WATCHDOG]
    assert numbers.count(0) >= 2, "it counts anew after each end, and the device has to take that"


@pytest.mark.real_time
@pytest.mark.timeout(60)
def test_its_keep_alive_is_too_slow_and_it_does_not_notice_that_output_ended(
    served: Served, begin: Begin
) -> None:
    client = begin("quiet")
    client.do("init 25 20")
    client.do("start 20")
    until(lambda: not served.device.connected, 3.0)
    gap_s = time.monotonic() - served.heard[-1][0]
    assert gap_s == pytest.approx(WATCHDOG_S, abs=0.1)
    # It goes on as if nothing were: the Init that came meanwhile passes for an answer.
    until(lambda: served.said[-1].command == sm2.INIT)
    after = len(served.pulses)
    assert client.do("start 30") == {"did": "start"}
    assert len(served.pulses) == after
    assert not served.device.connected


@pytest.mark.real_time
@pytest.mark.timeout(60)
def test_without_a_log_it_reads_an_electrode_error_and_says_nothing(
    served: Served, begin: Begin
) -> None:
    client = begin("quiet")
    client.do("init 25 20")
    client.do("start 20")
    until(lambda: len(served.pulses) > 2)
    served.output.impedance_ohm[0] = OPEN_OHM
    until(lambda: served.said[-1].command == sm2.STIMULATION_ERROR)
    after = len(served.pulses)
    assert client.do("start 30") == {"did": "start"}, "nor that its next command was refused"
    until(lambda: served.said[-1].command == sm2.START_CHANNEL_LIST + 1)
    assert sm2.decode_result(served.said[-1].payload) == sm2.WRONG_MODE
    assert len(served.pulses) == after


@pytest.mark.real_time
@pytest.mark.timeout(60)
def test_with_a_log_an_electrode_error_reaches_a_later_call_only(
    served: Served, begin: Begin
) -> None:
    client = begin("log")
    client.do("init 25 20")
    client.do("start 20")
    until(lambda: len(served.pulses) > 2)
    served.output.impedance_ohm[0] = OPEN_OHM
    until(lambda: served.said[-1].command == sm2.STIMULATION_ERROR)
    answers = [client.do("start 20") for _ in range(4)]
    assert answers[0] == {"did": "start"}, (
        "the call that reads the error returns as if all were well"
    )
    raised = [answer["raised"] for answer in answers if "raised" in answer]
    assert raised
    assert "Stimulation error" in raised[0]


@pytest.mark.real_time
@pytest.mark.timeout(60)
def test_a_lost_answer_blocks_it_for_ever(served: Served, begin: Begin) -> None:
    client = begin("quiet")
    client.do("init 25 20")
    served.inject("answers_lost", 0, 1 << 62)
    client.say("start 20")
    until(lambda: served.device.mode == sm2.MODE_STARTED)
    with pytest.raises(queue.Empty):
        client.answer(1.0)


@pytest.mark.real_time
@pytest.mark.timeout(60)
def test_its_question_for_the_mode_is_no_command(served: Served, begin: Begin) -> None:
    client = begin("quiet")
    client.do("init 25 20")
    assert client.do("mode") == {"did": "mode"}
    until(lambda: served.said[-1].command == sm2.UNKNOWN_COMMAND)
    assert served.said[-1].payload == b"\x5f"


# -- bytes ----------------------------------------------------------------------------------------


def said_by_client(number: int, name: str, data: list[int] | None = None) -> bytes:
    return bytes(packet_construction(number, name, data))


@pytest.mark.parametrize("number", [0, 1, 9, 11, 14, 16, 100, 239, 241, 255])
def test_our_frames_are_the_clients_bytes(number: int) -> None:
    assert sm2.watchdog(number) == said_by_client(number, "Watchdog")
    assert sm2.init_ack(number) == said_by_client(number, "InitAck", [0])
    assert sm2.stop_channel_list(number) == said_by_client(number, "StopChannelListMode")
    setup = sm2.ListSetup(0, 3, 0, 2_000, 25_000, sm2.FIXED)
    data = [0, 3, 0, 1, 0, 48, 0]
    assert sm2.init_channel_list(number, setup) == said_by_client(
        number, "InitChannelListMode", data
    )
    for current_ma, width_us in ((20, 350), (60, 200), (126, 500), (0, 0)):
        ours = sm2.start_channel_list(number, [sm2.ListPulse(0, width_us, current_ma * 1000)])
        data = [0, width_us >> 8, width_us & 0xFF, current_ma]
        assert ours == said_by_client(number, "StartChannelListMode", data)


@pytest.mark.parametrize("current_ma", [10, 15, 85])
def test_currents_that_the_client_escapes_mean_the_same(current_ma: int) -> None:
    data = [0, 1, 44, current_ma]
    (frame,) = sm2.Decoder().feed(said_by_client(3, "StartChannelListMode", data))
    pulses = sm2.decode_start_channel_list(frame.payload)
    assert pulses == (sm2.ListPulse(sm2.SINGLE, 300, current_ma * 1000),)


@pytest.mark.parametrize("number", [0x0A, 0x0F, 0x55, 0x81, 0xF0])
def test_packet_numbers_that_need_an_escape_go_out_as_others(number: int) -> None:
    (frame,) = sm2.Decoder().feed(said_by_client(number, "Watchdog"))
    assert frame.number == number ^ 0x55
    (frame,) = sm2.Decoder().feed(sm2.watchdog(number))
    assert frame.number == number
