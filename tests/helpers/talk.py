"""A P24's driver session and a device that answers it as asked, in bytes and instants."""

from fes_ctrl.model import LINK_SKIPPED, Arm, LinkReport, Setpoint, Stop
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from helpers.steps import held

WHICH = 3
POLL_US = 150_000
VERSION = bytes.fromhex("00 01 02 03 04 05 06 00")
SELF = "p24 AB12 firmware 1.2.3 protocol 4.5.6"
ANSWERS = {sm4.GET_DEVICE_ID: b"\x00AB12", sm4.GET_EXTENDED_VERSION: VERSION}


class Talk:
    """A session and what it said last; it is answered as a healthy device would."""

    def __init__(self) -> None:
        self.session = P24Session(capabilities_of(StimulatorConfig()), WHICH, 20_000, POLL_US)
        self.frames: list[sm4.Frame] = []
        self.step: DriverStep

    def take(self, now_us: int, step: DriverStep) -> DriverStep:
        held(step, now_us, WHICH)
        self.step = step
        self.frames = [frame for data in step.out for frame in sm4.Decoder().feed(data)]
        return step

    def open(self, now_us: int = 0) -> DriverStep:
        return self.take(now_us, self.session.open(now_us))

    def arm(self, now_us: int) -> DriverStep:
        return self.take(now_us, self.session.command(now_us, Arm(now_us, WHICH)))

    def stop(self, now_us: int) -> DriverStep:
        return self.take(now_us, self.session.command(now_us, Stop(now_us, WHICH, "test")))

    def pulse(self, now_us: int, channel: int = 0, life_us: int = 10_000) -> DriverStep:
        point = Setpoint(now_us, 1, channel, 20_000, 300, now_us + life_us, 0)
        return self.take(now_us, self.session.command(now_us, point))

    def tick(self, now_us: int) -> DriverStep:
        return self.take(now_us, self.session.tick(now_us))

    def receive(self, now_us: int, data: bytes) -> DriverStep:
        return self.take(now_us, self.session.receive(now_us, data))

    def answer(self, now_us: int, frame: sm4.Frame, payload: bytes | None = None) -> DriverStep:
        body = ANSWERS.get(frame.command, b"\x00") if payload is None else payload
        return self.receive(now_us, sm4.ack(frame.number, frame.command, body))

    def well(self, now_us: int) -> DriverStep:
        """Answer each frame until nothing more is asked; all at one instant."""
        while self.frames:
            for frame in self.frames:
                self.answer(now_us, frame)
        return self.step

    def asked(self) -> list[int]:
        return [frame.command for frame in self.frames]


def report(t_us: int, kind: str, detail: str, pending_us: int = NEVER_US) -> LinkReport:
    return LinkReport(t_us, WHICH, kind, pending_us, detail)


def skip(
    t_us: int, pulse_us: int, why: str, channel: int = 0, pending_us: int = NEVER_US
) -> LinkReport:
    """A pulse that was not written: its instant is in the words too."""
    detail = f"pulse of {pulse_us} us {why}"
    return LinkReport(t_us, WHICH, LINK_SKIPPED, pending_us, detail, channel, pulse_us)


def opened() -> Talk:
    talk = Talk()
    talk.open()
    talk.well(1_000)
    return talk


def ready() -> Talk:
    talk = opened()
    talk.arm(50_000)
    talk.well(52_000)
    assert talk.session.state == "ready"
    return talk
