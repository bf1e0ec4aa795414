"""A made-up device that answers in turns, in lines of text."""

from fes_ctrl.model import Capabilities, Setpoint
from fes_ctrl.stimulators.turns import Answer

BOX = Capabilities("box", "m", 2, 1, 99_999, 1, 1, 999, 1, 2_000, 5_000, 200.0, 0, 100_000, 0)


class Words:
    end = b"\n"
    stop = b"stop\n"
    who = b"who\n"
    arm = b"arm\n"
    state = b"state\n"

    def pulse(self, setpoint: Setpoint) -> bytes:
        return b"pulse %d %d\n" % (setpoint.channel, setpoint.current_ua)

    def read(self, data: bytes) -> tuple[list[Answer], bytes]:
        *lines, rest = data.split(b"\n")
        return [Answer(*line.decode().split(":")) for line in lines], rest
