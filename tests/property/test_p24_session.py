"""A device that answers as it likes, or with noise: what its driver session may never do."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.model import Arm, Command, Disarm, Setpoint, Stop
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.conversation import CLOSED, DEAD, READY, STOPPING
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4

INTERVAL_US = 20_000
DEADLINE_US = 100_000
STOP_PAIR = [sm4.LL_STOP, sm4.ML_STOP]

ANSWERS = {
    sm4.GET_DEVICE_ID: b"\x00SIM0000001",
    sm4.GET_EXTENDED_VERSION: bytes.fromhex("000102030400000000C0FFEE0101"),
    sm4.GET_STIM_STATUS: bytes((0, sm4.STATUS_LL_INIT, 6)),
    sm4.LL_CHANNEL_CONFIG: b"\x00\x00\x00",
}


class Wire:
    """A session, what it wrote, and the rules that hold for every single call."""

    def __init__(self) -> None:
        self.session = P24Session(capabilities_of(StimulatorConfig()), 0, INTERVAL_US, 100_000)
        self.asked: list[Setpoint] = []
        self.given: list[tuple[int, Setpoint]] = []
        self.waiting: list[sm4.Frame] = []
        self.unanswered_us: list[tuple[int, int]] = []
        self.kinds: list[str] = []
        self.now_us = 0
        self.wake_us = NEVER_US

    def take(self, now_us: int, step: DriverStep) -> DriverStep:
        frames = [frame for data in step.out for frame in sm4.Decoder().feed(data)]
        self._check_pulses(now_us, frames, step)
        self.waiting += frames
        self.kinds += [report.kind for report in step.reports]
        self.now_us = now_us
        self.wake_us = step.wake_at_us
        for report in step.reports:
            assert report.t_us == now_us
        if step.discard:
            assert step.out[0].startswith(sm4.FRAME_ENDS)
            # A stop, or a pulse whose time is over taken back from this side of the line.
            if step.out != (sm4.FRAME_ENDS,):
                assert [frame.command for frame in frames[:2]] == STOP_PAIR
        if self.session.state in (CLOSED, DEAD):
            assert self.wake_us == NEVER_US
        return step

    def _check_pulses(self, now_us: int, frames: list[sm4.Frame], step: DriverStep) -> None:
        pulses = [frame for frame in frames if frame.command == sm4.LL_CHANNEL_CONFIG]
        assert len(pulses) == len(step.written) <= 1
        for frame, setpoint in zip(pulses, step.written, strict=True):
            said = sm4.decode_channel_config(frame.payload)
            assert said is not None
            channel, _, points = said
            assert (channel, points[0][1]) == (setpoint.channel, setpoint.current_ua)
            assert sum(duration * current for duration, current in points) == 0
            assert self.session.state == READY
            assert setpoint in self.asked, "never invented"
            self.asked.remove(setpoint)  # and never twice
            assert setpoint.at_us <= now_us <= setpoint.expires_us
            before = [t_us for t_us, earlier in self.given if earlier.channel == channel]
            assert not before or now_us - before[-1] >= INTERVAL_US
            # One on its way at most, unless it was told that the last answer stayed away.
            still = [t_us for _, t_us in self.unanswered_us if now_us - t_us < DEADLINE_US]
            assert not still
            self.unanswered_us = [(frame.number, now_us)]
            self.given.append((now_us, setpoint))

    def command(self, now_us: int, command: Command) -> DriverStep:
        if isinstance(command, Setpoint):
            self.asked.append(command)
        if isinstance(command, Stop | Disarm):
            self.asked.clear()
            self.unanswered_us.clear()
        return self.take(now_us, self.session.command(now_us, command))

    def answer(self, now_us: int, frame: sm4.Frame, payload: bytes) -> DriverStep:
        self.unanswered_us = [one for one in self.unanswered_us if one[0] != frame.number]
        data = sm4.ack(frame.number, frame.command, payload)
        return self.take(now_us, self.session.receive(now_us, data))

    def until(self, now_us: int) -> None:
        """Wake it whenever it wants, which is not for ever at one instant."""
        due_us, at_once = self.now_us, 0
        while self.wake_us <= now_us:
            at_once = at_once + 1 if self.wake_us <= due_us else 0
            assert at_once < 4, "it never rests"
            due_us = max(due_us, self.wake_us)
            self.take(due_us, self.session.tick(due_us))

    def well(self, now_us: int) -> int:
        """Answer everything as a healthy device does, until it is quiet; return the present."""
        while self.waiting:
            now_us += 1_000
            frame = self.waiting.pop(0)
            self.answer(now_us, frame, ANSWERS.get(frame.command, b"\x00"))
        return now_us

    def ready(self) -> int:
        self.take(0, self.session.open(0))
        now_us = self.well(0)
        self.command(now_us, Arm(now_us, 0))
        now_us = self.well(now_us)
        assert self.session.state == READY
        return now_us


RESULTS = st.sampled_from([0] * 20 + [1, 2, 7, 10, 11, 21, 255])
DOINGS = st.lists(
    st.tuples(
        st.sampled_from(
            ["pulse"] * 6
            + ["pulse ahead", "answer", "answer", "answer", "answer last", "again"]
            + ["lose", "stop", "disarm", "arm", "error", "wait"]
        ),
        st.sampled_from([0, 1, 500, 2_000, 5_000, 20_000, 25_000, 110_000]),
        st.integers(0, 2),
        RESULTS,
    ),
    max_size=60,
)


def do(wire: Wire, now_us: int, doing: str, channel: int, result: int) -> None:
    """Let one thing happen."""
    waiting = wire.waiting
    if doing.startswith("pulse"):
        at_us = now_us + (3_000 if doing == "pulse ahead" else 0)
        current_ua = 1_000 * (1 + len(wire.given) % 60)
        point = Setpoint(at_us, 1, channel, current_ua, 300, at_us + 10_000, 0)
        wire.command(now_us, point)
    elif doing in {"stop", "disarm", "arm"}:
        command: Command = Stop(now_us, 0, "test")
        if doing != "stop":
            command = Arm(now_us, 0) if doing == "arm" else Disarm(now_us, 0)
        wire.command(now_us, command)
        if doing != "arm" and wire.session.state != DEAD:
            assert wire.session.state == STOPPING
    elif doing == "error":
        error = sm4.encode(channel, sm4.GENERAL_ERROR, bytes((result or 10,)))
        wire.unanswered_us = [one for one in wire.unanswered_us if one[0] != channel]
        before = wire.session.state
        step = wire.take(now_us, wire.session.receive(now_us, error))
        assert before == STOPPING or step.reports, "every error is told of"
    elif waiting and doing == "lose":
        waiting.pop(0)
    elif waiting and doing != "wait":
        frame = waiting[0] if doing == "again" else waiting.pop(-1 if "last" in doing else 0)
        body = ANSWERS.get(frame.command, b"\x00")
        wire.answer(now_us, frame, bytes((result,)) + body[1:])


@settings(max_examples=400)
@given(DOINGS)
def test_whatever_the_device_does_every_pulse_is_asked_for_in_time_alone_and_once(
    doings: list[tuple[str, int, int, int]],
) -> None:
    wire = Wire()
    now_us = wire.ready()
    for doing, wait_us, channel, result in doings:
        now_us += wait_us
        wire.until(now_us)
        do(wire, now_us, doing, channel, result)


@given(DOINGS, st.integers(0, 200_000))
def test_a_stop_leaves_silence_and_is_settled_within_three_tenths_of_a_second(
    doings: list[tuple[str, int, int, int]], later_us: int
) -> None:
    wire = Wire()
    now_us = wire.ready()
    for doing, wait_us, channel, result in doings:
        now_us += wait_us
        wire.until(now_us)
        do(wire, now_us, doing, channel, result)
    if wire.session.state == DEAD:
        return
    wire.waiting.clear()
    wire.kinds.clear()
    stopped_us = now_us
    pulses = len(wire.given)
    wire.command(now_us, Stop(now_us, 0, "test"))
    for k in range(5):
        at_us = now_us + k * later_us // 5
        wire.until(at_us)
        wire.command(at_us, Setpoint(at_us, 1, 0, 20_000, 300, at_us + 10_000, 0))
    wire.until(stopped_us + 300_000)
    assert len(wire.given) == pulses
    assert "stuck" in wire.kinds
    assert wire.session.state == DEAD


COMMANDS = st.integers(0, 69)
NOISE = st.one_of(
    st.binary(max_size=40),
    st.builds(sm4.encode, st.integers(0, 63), COMMANDS, st.binary(max_size=20)),
)


@given(
    st.sampled_from(["open", "ready", "stopping", "arming"]),
    st.lists(st.tuples(st.integers(0, 50_000), NOISE), max_size=40),
)
def test_noise_and_foreign_frames_neither_raise_nor_make_a_pulse(
    state: str, noise: list[tuple[int, bytes]]
) -> None:
    wire = Wire()
    now_us = 0
    if state == "open":
        wire.take(0, wire.session.open(0))
    else:
        now_us = wire.ready()
    if state in {"stopping", "arming"}:
        wire.command(now_us, Stop(now_us, 0, "test"))
    if state == "arming":
        now_us = wire.well(now_us)
        wire.command(now_us, Arm(now_us, 0))
    for wait_us, data in noise:
        now_us += wait_us
        wire.until(now_us)
        wire.take(now_us, wire.session.receive(now_us, data))
    assert wire.given == []


@given(st.lists(st.integers(0, 500), max_size=12))
def test_how_the_bytes_are_split_changes_nothing(cuts: list[int]) -> None:
    whole, split = Wire(), Wire()
    for wire in (whole, split):
        now_us = wire.ready()
        wire.waiting.clear()
        point = Setpoint(now_us, 1, 0, 20_000, 300, now_us + 10_000, 0)
        wire.command(now_us, point)
        (frame,) = wire.waiting
        stray = sm4.encode(5, sm4.GENERAL_ERROR, b"\x0a")
        data = sm4.ack(frame.number, frame.command, b"\x00\x00\x00") + b"\xf0\x81" + stray
        marks = sorted({min(cut, len(data)) for cut in cuts}) if wire is split else []
        for start, end in zip([0, *marks], [*marks, len(data)], strict=True):
            wire.take(now_us + 1_000, wire.session.receive(now_us + 1_000, data[start:end]))
    # When the damage is noticed does depend on what has come by then.
    assert sorted(split.kinds) == sorted(whole.kinds)
    assert split.session.orphans == whole.session.orphans
