"""The driver session of a feslink device, on a line with a simulated one or answered by hand."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from fes_ctrl.model import Arm, Command, Disarm, LinkReport, Setpoint, Stop
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.feslink import FeslinkSession
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.device import DeviceStep
from firmware_sim.devices.feslink import SimulatedFeslink
from firmware_sim.devices.feslink_account import BENCH
from firmware_sim.devices.feslink_core import FeslinkCore
from firmware_sim.output import OPEN_OHM, OutputStage
from helpers.steps import held

CAPABILITIES = capabilities_of(StimulatorConfig(device="feslink", mode="scheduled"))
LINE_US = 600
WHICH = 2
SELF = "feslink SIMF0001 firmware 1.0.0 protocol 1.0"
ANOTHER_CLOCK = "another clock answers: the device was reset, or it is another one"
OTHER = SELF.replace("SIMF0001", "SIMF0002")


class Line:
    """A session and a simulated device, 0.6 ms apart either way, in virtual time."""

    def __init__(self, seed: int = 1, poll_us: int = 100_000, line_us: int = LINE_US) -> None:
        self.line_us = line_us
        self.output = OutputStage(8)
        self.given: list[tuple[int, int]] = []
        self.output.sinks.append(lambda t_us, channel, _points: self.given.append((t_us, channel)))
        self.device = SimulatedFeslink(self.output, Random(seed))
        self.session = FeslinkSession(CAPABILITIES, WHICH, 20_000, poll_us)
        self.reports: list[LinkReport] = []
        self.sent: list[tuple[int, fm.Message]] = []
        self.raw: list[bytes] = []
        self.written: list[Setpoint] = []
        self.dropped = 0
        self.now_us = 0
        self.out: list[tuple[int, bytes]] = []
        self.back: list[tuple[int, bytes]] = []
        self.session_us = NEVER_US
        self.device_us = 0
        self.to_device: Callable[[bytes], bytes] = lambda data: data
        self.to_host: Callable[[bytes], bytes] = lambda data: data

    def take(self, step: DriverStep) -> None:
        held(step, self.now_us, WHICH)
        self.reports += step.reports
        self.written += step.written
        self.dropped += step.drop
        self.session_us = step.wake_at_us
        for frame in step.out:
            self.raw.append(frame)
            self.sent += [(self.now_us, message) for message in feslink.Decoder().feed(frame)]
            data = self.to_device(frame)
            if data:
                self.out.append((self.now_us + self.line_us, data))

    def _carry(self, step: DeviceStep) -> None:
        self.device_us = step.wake_at_us
        data = self.to_host(step.out)
        if data:
            self.back.append((self.now_us + self.line_us, data))

    def until(self, t_us: int) -> None:
        while True:
            heads = [queue[0][0] if queue else NEVER_US for queue in (self.out, self.back)]
            next_us = min(*heads, self.session_us, self.device_us)
            if next_us > t_us:
                break
            self.now_us = max(self.now_us, next_us)
            if next_us == heads[0]:
                self._carry(self.device.receive(self.now_us, self.out.pop(0)[1]))
            elif next_us == heads[1]:
                self.take(self.session.receive(self.now_us, self.back.pop(0)[1]))
            elif next_us == self.device_us:
                self._carry(self.device.tick(self.now_us))
            else:
                self.session_us = NEVER_US
                self.take(self.session.tick(self.now_us))
        self.now_us = t_us

    def open(self) -> None:
        self.until(100_000)
        self.take(self.session.open(100_000))
        self.until(300_000)

    def command(self, t_us: int, command: Command) -> None:
        self.until(t_us)
        self.take(self.session.command(t_us, command))

    def arm(self, t_us: int = 400_000) -> None:
        self.command(t_us, Arm(t_us, 0))
        self.until(t_us + 100_000)

    def ready(self) -> None:
        self.open()
        self.arm()
        assert self.session.state == "ready", self.reports
        self.reports.clear()
        self.sent.clear()

    def train(self, from_us: int, pulses: int, every_us: int = 25_000, channel: int = 0) -> None:
        for index in range(pulses):
            at_us = from_us + index * every_us
            self.command(at_us, pulse(at_us, channel))

    def kinds(self) -> list[str]:
        return [report.kind for report in self.reports if report.kind != "answer"]

    def detail(self, kind: str) -> str:
        return next(report.detail for report in self.reports if report.kind == kind)

    def types(self) -> list[str]:
        return [type(message).__name__ for _, message in self.sent]


def lose(_data: bytes) -> bytes:
    return b""


def saying(**instead: object) -> Callable[[bytes], bytes]:
    """What comes back, with other values where a message has such fields and is of that type."""
    kind = instead.pop("kind")
    asked = instead.pop("asked", None)

    def say(data: bytes) -> bytes:
        out = b""
        for message in feslink.Decoder().feed(data):
            is_meant = type(message) is kind and asked in (None, getattr(message, "asked", None))
            out += feslink.encode(message._replace(**instead) if is_meant else message)  # type: ignore[arg-type]
        return out

    return say


def pulse(at_us: int, channel: int = 0, current_ua: int = 20_000) -> Setpoint:
    return Setpoint(at_us, 1, channel, current_ua, 300, at_us + 10_000, 0)


# -- who it is, and a session -------------------------------------------------------------------


def test_it_is_stopped_first_then_asked_who_it_is_what_it_can_and_what_time_it_has() -> None:
    line = Line()
    line.open()
    assert line.raw[0] == feslink.STOP_BYTES
    names = line.types()
    assert names[:5] == ["Stop", "Stop", "Identify", "AskCapabilities", "AskLimits"]
    assert set(names[5:]) == {"AskStatus"}
    assert line.kinds() == ["up"]
    assert line.detail("up") == SELF
    assert line.session.clock.exchanges >= 8


def test_a_device_that_boots_is_not_up_before_it_may_be_armed() -> None:
    line = Line(line_us=100)
    line.take(line.session.open(0))
    while "up" not in line.kinds():
        line.until(line.now_us + 1_000)
        assert line.now_us < 200_000
    assert line.now_us >= 50_000
    line.arm(line.now_us)
    assert line.kinds() == ["up", "ready"]


def test_a_device_that_never_comes_to_the_end_of_its_boot_is_not_driven() -> None:
    def boots(data: bytes) -> bytes:
        heard = feslink.Decoder().feed(data)
        told = [m._replace(state=fm.BOOT) if isinstance(m, fm.Status) else m for m in heard]
        return b"".join(feslink.encode(message) for message in told)

    line = Line()
    line.to_host = boots
    line.open()
    line.until(2_000_000)
    assert line.kinds() == ["error"]
    assert line.detail("error") == f"{SELF} does not come to the end of its boot"
    assert line.types().count("AskStatus") == 7
    line.sent.clear()
    line.arm(2_000_000)
    assert line.sent == []


def test_arming_takes_an_offer_and_the_configured_dead_man() -> None:
    line = Line()
    line.open()
    line.until(400_000)
    line.sent.clear()
    line.arm()
    assert line.types()[:3] == ["Identify", "Offer", "Arm"]
    arm = line.sent[2][1]
    assert isinstance(arm, fm.Arm)
    assert arm.dead_man_ms == 150
    assert line.kinds()[-1] == "ready"
    assert line.given == []


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"channels": 4}, "channels = 4, 8"),
        ({"current_step_ua": 1000}, "steps of 1000 uA"),
        ({"waveforms": 1}, "waveforms"),
        ({"width_min_us": 30}, "width_min_us = 30, 20"),
        ({"dead_man_max_ms": 120}, "dead_man_max_ms = 120, 150"),
        ({"current_steps": 100}, "current_steps = 100, 160"),
        ({"interval_us": 25_000}, "interval_us = 25000, 20000"),
        ({"detection_steps": 30}, "detection_steps = 30, 4"),
    ],
)
def test_a_device_that_can_less_than_is_relied_on_is_not_driven(
    table: dict[str, int], why: str
) -> None:
    line = Line()
    line.device.core = FeslinkCore(
        BENCH._replace(**table), b"SMALL001", lambda: 1, line.device._give, line.device._origin_us
    )
    line.open()
    assert line.kinds() == ["error"]
    assert why in line.detail("error")
    line.sent.clear()
    line.arm()
    assert line.sent == []


@pytest.mark.parametrize(
    ("instead", "version"),
    [
        ({"major": 2, "minor": 3}, "2.3"),
        ({"result": fm.REFUSED_VERSION}, "1.0"),
        ({"major": 2, "result": fm.REFUSED_VERSION}, "2.0"),
    ],
)
def test_a_device_that_speaks_another_feslink_is_not_driven(
    instead: dict[str, int], version: str
) -> None:
    line = Line()
    line.to_host = saying(kind=fm.Identity, **instead)
    line.open()
    assert line.kinds() == ["error"]
    assert line.detail("error") == f"device speaks feslink {version}, not 1"
    assert line.types()[-1] == "Identify"
    line.until(1_000_000)
    assert line.types()[-1] == "Identify"


def test_a_device_is_asked_no_more_once_it_is_known_to_lack_something() -> None:
    line = Line()
    line.to_host = saying(kind=fm.DeviceCapabilities, channels=4)
    line.open()
    assert line.detail("error") == f"{SELF} has channels = 4, 8 is expected"
    assert line.types()[-1] == "AskCapabilities"


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (
            {"kind": fm.Offered, "result": fm.REFUSED_STATE, "state": fm.BOOT},
            "cannot arm: not in this state (3); device is boot",
        ),
        (
            {"kind": fm.Status, "asked": fm.ARM, "result": fm.REFUSED_DEAD_MAN},
            "cannot arm: dead-man out of range (6)",
        ),
    ],
)
def test_a_device_that_refuses_to_be_armed_is_stopped_and_its_reason_told(
    message: dict[str, object], why: str
) -> None:
    line = Line()
    line.open()
    line.to_host = saying(**message)
    line.arm()
    assert line.kinds() == ["up", "error", "idle"]
    assert line.detail("error") == why
    assert line.session.state == "up"
    assert line.device.core.state == fm.IDLE
    line.to_host = lambda data: data
    line.arm(600_000)
    assert line.session.state == "ready"


def test_the_clock_may_run_as_far_off_as_the_device_says_and_the_host_too() -> None:
    line = Line()
    line.device.core = FeslinkCore(
        BENCH._replace(clock_ppm=20),
        b"EXACT001",
        lambda: 1,
        line.device._give,
        line.device._origin_us,
    )
    line.open()
    clock = line.session.clock
    grows_us = clock.residual_us(10_300_000) - clock.residual_us(300_000)
    assert grows_us == pytest.approx(10 * (20 + 100), abs=1)


def armed_over(round_us: int) -> tuple[str, int, list[str]]:
    """Arm where every exchange takes so long; return the state, how well the clock is known, what
    was told.
    """
    core = FeslinkCore(BENCH, b"EXACT001", lambda: 1, lambda *_: 1_000)
    core.tick(1_000_000)
    session = FeslinkSession(CAPABILITIES, WHICH, 20_000, 100_000)
    now_us = known_us = 0
    told: list[str] = []
    steps = [session.open(0)]
    while steps:
        step = held(steps.pop(), now_us, WHICH)
        told += [report.detail for report in step.reports if report.kind == "error"]
        if step.out:
            out = b"".join([core.receive(1_000_000 + now_us, frame) for frame in step.out])
            now_us += round_us
            offered = [type(m) for m in feslink.Decoder().feed(out)] == [fm.Offered]
            steps.append(session.receive(now_us, out))
            known_us = session.clock.residual_us(now_us) if offered else known_us
        elif session.state == "up" and not known_us:
            steps.append(session.command(now_us, Arm(now_us, WHICH)))
    return session.state, known_us, told


def test_a_clock_is_armed_on_that_is_known_to_5_ms_and_on_none_that_is_not() -> None:
    met = [armed_over(round_us) for round_us in range(9_940, 10_010)]
    assert all((state == "ready") == (known_us <= 5_000) for state, known_us, _ in met)
    assert {5_000, 5_001} <= {known_us for _, known_us, _ in met}


def test_how_well_the_clock_is_known_is_told_in_milliseconds() -> None:
    _, known_us, told = armed_over(400_100)
    assert 200_050 <= known_us < 200_150
    assert told == ["cannot arm: the device's clock is known to 200.1 ms only, 5 are allowed"]


def test_a_clock_that_is_not_known_well_enough_is_not_armed_on() -> None:
    line = Line()
    line.until(100_000)
    line.device.inject("answers_delayed", 0, NEVER_US, 50.0)
    line.take(line.session.open(100_000))
    line.until(2_000_000)
    assert line.kinds() == ["up"]
    line.arm(2_100_000)
    line.until(2_500_000)
    ms = line.session.clock.residual_us(line.reports[-2].t_us) / 1000
    assert line.detail("error") == (
        f"cannot arm: the device's clock is known to {ms:.1f} ms only, 5 are allowed"
    )
    assert line.kinds() == ["up", "error", "idle"]
    assert "Arm" not in line.types()


def test_a_device_that_was_changed_is_told_and_asked_anew() -> None:
    line = Line()
    line.open()
    line.device.inject("device_swapped", 350_000, 350_000)
    line.arm(400_000)
    line.until(900_000)
    assert line.kinds() == ["up", "changed", "up"]
    assert line.detail("changed") == f"{OTHER} answers, it was {SELF}"
    assert line.session.identity == OTHER
    assert line.session.state == "up"
    assert "Arm" not in line.types()


def test_a_device_that_was_changed_is_told_when_its_clock_is_noticed_and_once() -> None:
    line = Line()
    line.open()
    line.device.inject("device_swapped", 310_000, 310_000)
    line.until(900_000)
    assert line.kinds() == ["up", "changed", "up"], "nobody has asked for it to be armed"
    assert line.detail("changed") == f"{OTHER} answers, it was {SELF}"
    line.device.inject("device_reset", 910_000, 910_000)
    line.until(1_500_000)
    assert line.kinds() == ["up", "changed", "up", "up"], "that one was only reset"


def test_another_device_in_a_session_is_told_of_by_its_clock_and_then_by_its_name() -> None:
    line = Line()
    line.ready()
    line.device.inject("device_swapped", 600_000, 600_000)
    line.train(605_000, 1)
    line.until(630_000)
    assert set(line.kinds()) == {"error"}
    assert line.detail("error") == ANOTHER_CLOCK
    line.command(640_000, Stop(640_000, 0, "F31"))
    line.until(900_000)
    line.arm(900_000)
    assert line.detail("changed") == f"{OTHER} answers, it was {SELF}"
    assert line.session.state == "up"
    assert line.given == []


def test_a_device_that_was_changed_is_told_though_its_clock_shows_the_same() -> None:
    line = Line()
    line.open()
    line.to_host = saying(kind=fm.Identity, serial=int.from_bytes(b"SIMF0002", "little"))
    line.arm()
    assert line.kinds() == ["up", "changed", "up"]
    assert line.detail("changed") == f"{OTHER} answers, it was {SELF}"
    assert line.session.identity == OTHER
    assert line.session.clock.exchanges < 12, "nothing is kept of the other's clock"
    assert "Arm" not in line.types()


def test_a_latch_is_cleared_by_name_when_a_person_arms_again_and_not_before() -> None:
    line = Line()
    line.ready()
    line.output.impedance_ohm[0] = OPEN_OHM
    line.train(600_000, 1)
    line.until(700_000)
    line.until(900_000)
    assert line.kinds() == ["electrode"], "told once, however long it lasts"
    assert line.detail("electrode") == "device latched: electrode open (13); 150 V, 65535 ohm"
    line.command(900_000, Stop(900_000, 0, "F12"))
    line.until(1_000_000)
    assert line.device.core.state == fm.LATCHED
    assert "Clear" not in line.types()
    line.output.impedance_ohm[0] = 1_000
    line.until(1_100_000)
    line.sent.clear()
    line.arm(1_100_000)
    assert line.types()[:5] == ["Identify", "Offer", "Clear", "Offer", "Arm"]
    assert line.session.state == "ready"


def test_a_latch_that_nobody_was_told_of_is_told_and_not_cleared_by_the_same_arming() -> None:
    line = Line()
    line.open()
    line.device.core._latch(fm.FAULT_BUTTON, fm.NO_CHANNEL)
    for index in range(2):
        line.until(600_000 + index * 1_000_000)
        line.sent.clear()
        line.reports.clear()
        line.arm(line.now_us)
        assert (line.session.state == "ready") == (index == 1)
        assert ("Clear" in line.types()) == (index == 1)
        assert line.kinds() == [["error", "idle"], ["ready"]][index]
        if index == 0:
            assert line.device.core.state == fm.LATCHED
            assert line.detail("error") == (
                "cannot arm: device latched: button at the device (19); arm again to clear it"
            )
        else:
            cleared = next(m for _, m in line.sent if isinstance(m, fm.Clear))
            assert cleared.fault == fm.FAULT_BUTTON


def test_another_latch_than_the_one_that_was_told_is_told_as_well() -> None:
    line = Line()
    line.open()
    for fault in (fm.FAULT_OPEN, fm.FAULT_SHORT):
        line.device.core.state = fm.IDLE
        line.device.core._latch(fault, 0)
        line.until(line.now_us + 300_000)
        line.arm(line.now_us)
    assert line.kinds() == ["up", "error", "idle", "error", "idle"]
    assert "Clear" not in line.types()


def test_a_device_that_is_greeted_anew_is_told_of_anew() -> None:
    line = Line()
    line.open()
    line.device.core._latch(fm.FAULT_OPEN, 0)
    line.arm(400_000)
    line.until(600_000)
    line.take(line.session.open(600_000))
    line.until(800_000)
    line.arm(800_000)
    assert line.kinds() == ["up", "error", "idle", "up", "error", "idle"]


def test_a_host_that_was_silent_needs_not_be_told_of_it() -> None:
    line = Line()
    line.ready()
    line.until(510_000)
    line.session_us = NEVER_US
    line.until(900_000)
    assert line.device.core.fault == fm.FAULT_DEAD_MAN
    line.take(line.session.open(900_000))
    line.until(1_100_000)
    line.arm(1_100_000)
    assert line.kinds() == ["up", "ready"]
    cleared = next(m for _, m in line.sent if isinstance(m, fm.Clear))
    assert cleared.fault == fm.FAULT_DEAD_MAN


def test_each_latch_of_a_later_session_is_told_again() -> None:
    line = Line()
    line.ready()
    line.output.impedance_ohm[0] = OPEN_OHM
    for from_us in (600_000, 2_000_000):
        line.train(from_us, 1)
        line.until(from_us + 300_000)
        assert line.kinds() == ["electrode"]
        line.command(line.now_us, Stop(line.now_us, 0, "F12"))
        line.until(from_us + 500_000)
        line.arm(line.now_us)
        assert line.kinds() == ["electrode", "idle", "ready"]
        line.reports.clear()


def test_a_poll_on_its_way_is_no_answer_to_what_is_asked_for_arming() -> None:
    line = Line()
    line.open()
    polls = len(line.sent)
    while len(line.sent) == polls:
        line.until(line.now_us + 100)
    line.sent.clear()
    line.arm(line.now_us)
    assert line.types()[:3] == ["Identify", "Offer", "Arm"]
    assert line.session.state == "ready"


def test_arm_is_asked_once_whatever_becomes_of_its_answer() -> None:
    line = Line()
    line.open()

    def lose_arms(data: bytes) -> bytes:
        return b"" if fm.Status in map(type, feslink.Decoder().feed(data)) else data

    line.command(400_000, Arm(400_000, 0))
    line.to_host = lose_arms
    line.until(505_000)
    assert line.types().count("Arm") == 1
    line.to_host = lambda data: data
    line.until(900_000)
    assert line.types().count("Arm") == 1
    assert "silent" in line.kinds()
    assert line.session.state == "up"
    assert line.device.core.state == fm.IDLE


# -- pulses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_pulses_come_a_fixed_time_after_their_instants(seed: int) -> None:
    line = Line(seed)
    line.ready()
    line.train(600_000, 60)
    line.until(2_500_000)
    assert len(line.given) == 60
    late_us = [given[0] - 600_000 - i * 25_000 for i, given in enumerate(line.given)]
    assert min(late_us) > 4_000
    assert max(late_us) < 10_000
    assert max(late_us) - min(late_us) < 400
    assert set(line.kinds()) == set()


@pytest.mark.parametrize("line_us", [100, 1_500, 3_500])
def test_on_a_slow_line_they_come_as_evenly(line_us: int) -> None:
    line = Line(line_us=line_us)
    line.ready()
    line.train(600_000, 40)
    line.until(2_500_000)
    apart_us = [second[0] - first[0] for first, second in pairwise(line.given)]
    assert len(apart_us) == 39
    assert max(abs(gap_us - 25_000) for gap_us in apart_us) < 500
    assert line.kinds() == []


def test_a_host_that_is_a_little_late_shows_in_no_interval() -> None:
    line = Line()
    line.ready()
    random = Random(2)
    for index in range(40):
        at_us = 600_000 + index * 25_000
        line.command(at_us + random.randrange(5_500), pulse(at_us))
    line.until(2_500_000)
    apart_us = [second[0] - first[0] for first, second in pairwise(line.given)]
    assert len(apart_us) == 39
    assert max(abs(gap_us - 25_000) for gap_us in apart_us) < 400


def test_each_pulse_goes_out_once_with_the_sessions_nonce_and_a_newer_number() -> None:
    line = Line()
    line.open()
    line.arm()
    line.train(600_000, 20)
    line.until(1_500_000)
    pulses = [message for _, message in line.sent if isinstance(message, fm.Setpoint)]
    alive = [m for _, m in line.sent if isinstance(m, (fm.Setpoint, fm.Keep))]
    assert len(pulses) == 20
    assert [message.sequence for message in alive] == list(range(1, len(alive) + 1))
    assert isinstance(alive[0], fm.Keep)
    assert isinstance(alive[-1], fm.Keep)
    assert len({message.nonce for message in alive}) == 1
    assert line.written == [pulse(600_000 + index * 25_000) for index in range(20)]


def test_an_idle_session_shows_signs_of_life_within_the_dead_man() -> None:
    line = Line(poll_us=1_000_000)
    line.ready()
    line.until(5_000_000)
    assert line.device.core.state == fm.ARMED
    keeps_us = [t_us for t_us, message in line.sent if isinstance(message, fm.Keep)]
    assert max(b - a for a, b in pairwise(keeps_us)) <= 50_000


def test_one_pulse_is_unanswered_at_most_and_one_that_expires_is_told() -> None:
    line = Line()
    line.ready()
    line.until(600_000)
    line.to_host = lose
    line.command(600_000, pulse(600_000))
    line.command(605_000, pulse(605_000, 1))
    line.until(650_000)
    assert [m.channel for _, m in line.sent if isinstance(m, fm.Setpoint)] == [0]
    assert line.kinds() == ["skipped"]
    (told,) = [report for report in line.reports if report.kind == "skipped"]
    assert (told.channel, told.pulse_us) == (1, 605_000)
    assert told.detail == "pulse of 605000 us expired before it could be written"


def test_a_pulse_that_the_line_held_up_is_refused_by_the_device_and_told() -> None:
    line = Line()
    line.ready()
    held: list[bytes] = []

    def hold(data: bytes) -> bytes:
        held.append(data)
        return b""

    line.until(600_000)
    line.to_device = hold
    line.command(600_000, pulse(600_000))
    line.until(620_000)
    line.to_device = lambda data: data
    line.out += [(line.now_us, data) for data in held]
    line.until(640_000)
    assert line.given == []
    assert line.kinds() == ["skipped"]
    assert line.detail("skipped") == "pulse of 600000 us refused: late (10)"


def test_two_channels_at_one_instant_come_one_after_the_other() -> None:
    line = Line()
    line.ready()
    line.command(600_000, pulse(600_000, 0))
    line.command(600_000, pulse(600_000, 1))
    line.until(700_000)
    (first_us, _), (second_us, _) = line.given
    assert 600 + 200 <= second_us - first_us < 5_000
    assert line.kinds() == []


# -- what goes wrong ----------------------------------------------------------------------------


def test_a_stop_leaves_nothing_and_is_confirmed() -> None:
    line = Line()
    line.ready()
    line.command(600_000, pulse(600_000))
    line.command(602_000, Stop(602_000, 0, "test"))
    line.until(700_000)
    assert line.given == []
    assert line.kinds() == ["idle"]
    line.command(700_000, pulse(700_000))
    line.until(800_000)
    assert line.given == []
    assert line.kinds() == ["idle", "skipped"]


def test_disarming_ends_the_session() -> None:
    line = Line()
    line.ready()
    line.command(600_000, Disarm(600_000, 0))
    line.until(700_000)
    assert line.device.core.state == fm.IDLE
    assert line.session.state == "up"


def test_three_stops_that_nobody_confirms_cut_the_line() -> None:
    line = Line()
    line.ready()
    line.until(600_000)
    line.to_host = lose
    line.command(600_000, Stop(600_000, 0, "test"))
    line.until(2_000_000)
    stops_us = [t_us for t_us, message in line.sent if isinstance(message, fm.Stop)]
    assert sorted(set(stops_us)) == [600_000, 680_000, 760_000]
    assert line.dropped == 1
    assert line.kinds() == ["stuck"]
    assert max(t_us for t_us, _ in line.sent) == 760_000


def test_a_limit_of_the_device_reaches_the_controller_with_its_reason() -> None:
    line = Line()
    line.ready()
    line.command(600_000, pulse(600_000, current_ua=40_000))
    line.until(620_000)
    assert line.kinds() == ["error"]
    assert line.detail("error") == "device latched: burst begins too strong (7)"


def test_a_device_that_starts_anew_in_a_session_is_told() -> None:
    line = Line()
    line.ready()
    line.device.inject("device_reset", 600_000, 600_000)
    line.train(605_000, 1)
    line.until(630_000)
    assert line.given == []
    assert set(line.kinds()) == {"error"}
    assert line.detail("error") == ANOTHER_CLOCK
    line.command(640_000, Stop(640_000, 0, "F31"))
    line.until(900_000)
    line.arm(900_000)
    assert line.session.state == "ready"
    line.train(1_100_000, 3)
    line.until(1_300_000)
    assert len(line.given) == 3


def test_a_device_that_starts_anew_while_it_is_up_is_greeted_anew() -> None:
    line = Line()
    line.open()
    line.device.inject("device_reset", 310_000, 310_000)
    while line.session.state == "up":
        line.until(line.now_us + 100)
        assert line.now_us < 500_000
    assert line.session.identity == ""
    line.until(900_000)
    assert line.kinds() == ["up", "up"]
    line.arm(900_000)
    assert line.session.state == "ready"


def test_a_device_that_starts_anew_while_it_is_armed_for_is_not_armed_and_greeted_anew() -> None:
    line = Line()
    line.open()
    line.device.inject("device_reset", 390_000, 390_000)
    line.arm()
    line.until(900_000)
    assert line.kinds() == ["up", "error", "up"]
    assert line.detail("error") == f"cannot arm: {ANOTHER_CLOCK}"
    assert "Arm" not in line.types()


def test_a_device_that_starts_anew_while_it_is_greeted_is_up_all_the_same() -> None:
    line = Line()
    line.until(100_000)
    line.device.inject("device_reset", 104_000, 104_000)
    line.take(line.session.open(100_000))
    line.until(190_000)
    assert line.types().count("Identify") == 1, "what it answers counts, though it has begun anew"
    assert line.session.clock.restarts == 2
    assert line.kinds() == ["up"]
    line.arm()
    assert line.session.state == "ready"


@pytest.mark.parametrize(("known", "asked"), [(2, 5), (6, 1), (7, 0), (8, 0)])
def test_a_clock_that_began_anew_is_asked_for_eight_times_before_it_is_armed_on(
    known: int, asked: int
) -> None:
    line = Line()
    line.ready()
    line.device.inject("device_reset", 600_000, 600_000)
    while line.session.clock.exchanges > 1:
        line.until(line.now_us + 1_000)
    line.command(line.now_us, Stop(line.now_us, 0, "F31"))
    while line.session.clock.exchanges < known:
        line.until(line.now_us + 1_000)
    line.sent.clear()
    line.arm(line.now_us + 1_000)
    assert line.types()[: asked + 3] == ["Identify", *["AskStatus"] * asked, "Offer", "Arm"]
    assert line.session.state == "ready"


@pytest.mark.parametrize(
    ("instead", "why"),
    [
        ({"result": fm.REFUSED_NONCE}, "refused: wrong or stale nonce (4); device is armed"),
        ({"state": fm.IDLE}, "refused: ok (0); device is idle"),
        (
            {"result": fm.REFUSED_STATE, "state": fm.IDLE},
            "refused: not in this state (3); device is idle",
        ),
    ],
)
def test_a_session_that_the_device_does_not_know_is_told(instead: dict[str, int], why: str) -> None:
    line = Line()
    line.ready()
    line.to_host = saying(kind=fm.Account, **instead)
    line.until(540_000)
    assert line.kinds() == ["error"]
    assert line.detail("error") == why


def test_a_message_that_the_device_does_not_know_is_told_with_its_number() -> None:
    line = Line()
    line.ready()
    line.until(600_000)
    line.to_device = lose
    line.command(600_000, pulse(600_000))
    number = line.sent[-1][1].number  # type: ignore[union-attr]
    said = fm.Status(fm.UNKNOWN, number, fm.REFUSED_UNKNOWN, fm.ARMED, 0, 0, 255, 0, 0, 0)
    line.take(line.session.receive(line.now_us, feslink.encode(said)))
    assert line.kinds() == ["error"]
    line.take(line.session.receive(line.now_us, feslink.encode(said)))
    assert line.kinds() == ["error", "orphan"], "and to nobody, when it comes once more"
    assert line.detail("error") == f"device does not know a message ({number})"


def test_what_waits_when_the_device_complains_is_told_and_not_given() -> None:
    line = Line()
    line.ready()
    line.until(600_000)
    line.reports.clear()
    line.command(600_000, pulse(600_000, current_ua=40_000))
    line.command(600_100, pulse(600_100, 1))
    line.command(600_200, pulse(600_200, 2))
    line.until(605_000)
    assert line.given == []
    assert [(told.kind, told.detail) for told in line.reports] == [
        ("error", "device latched: burst begins too strong (7)"),
        ("skipped", "pulse of 600100 us waited when the device complained"),
        ("skipped", "pulse of 600200 us waited when the device complained"),
    ]
    assert [told.channel for told in line.reports] == [-1, 1, 2]


def test_one_that_has_no_room_before_it_expires_is_told_and_those_behind_it_are_given() -> None:
    line = Line()
    line.ready()
    line.until(600_000)
    line.reports.clear()
    wanted = [pulse(600_000), pulse(600_100), pulse(600_200, 1)]
    for setpoint in wanted:
        line.command(setpoint.at_us, setpoint)
    line.until(603_000)
    assert line.written == [wanted[0], wanted[2]]
    assert line.kinds() == ["skipped"]
    assert line.detail("skipped") == "pulse of 600100 us has no room before it expires"


@pytest.mark.parametrize("short_us", [0, 1])
def test_one_that_has_room_to_the_last_microsecond_is_given(short_us: int) -> None:
    line = Line()
    line.ready()
    line.command(600_000, pulse(600_000))
    line.until(603_000)
    first = next(m for _, m in line.sent if isinstance(m, fm.Setpoint))
    last_us = 603_000
    while (line.session.clock.device_us(last_us) - first.at_us - 20_000) & fm.U32:
        last_us += 1
    line.command(603_000, pulse(603_000)._replace(expires_us=last_us - short_us))
    line.until(650_000)
    assert len(line.given) == 2 - short_us
    assert line.kinds() == ["skipped"] * short_us


def test_a_poll_that_is_answered_after_arming_tells_nothing() -> None:
    line = Line()
    line.open()
    held_up: list[bytes] = []

    def hold(data: bytes) -> bytes:
        held_up.extend([data] * bool(data))
        return b""

    line.sent.clear()
    line.to_host = hold
    while not held_up:
        line.until(line.now_us + 100)
    line.to_host = lambda data: data
    line.command(line.now_us, Arm(line.now_us, WHICH))
    line.until(line.now_us + 20_000)
    assert line.session.state == "ready"
    line.reports.clear()
    line.take(line.session.receive(line.now_us, held_up[0]))
    assert line.reports == []


def test_a_sign_of_life_that_is_unanswered_holds_up_no_pulse() -> None:
    line = Line()
    line.ready()
    line.to_host = lose
    while "Keep" not in line.types():
        line.until(line.now_us + 100)
    line.command(line.now_us, pulse(line.now_us))
    assert line.types()[-1] == "Setpoint"


def test_a_number_that_a_lost_pulse_had_may_be_anothers_later() -> None:
    line = Line()
    line.ready()
    line.until(600_000)
    line.to_device = lose
    line.command(600_000, pulse(600_000))
    line.to_device = lambda data: data
    line.until(5_000_000)
    numbers = [message.number for _, message in line.sent]  # type: ignore[union-attr]
    lost = next(m for _, m in line.sent if isinstance(m, fm.Setpoint))
    assert numbers.count(lost.number) > 1
    assert line.given == []
    assert line.kinds() == ["silent"]


@pytest.mark.parametrize("wrong", ["fewer", "more", "weaker"])
def test_a_device_that_does_not_give_what_was_asked_for_is_told(wrong: str) -> None:
    line = Line()
    line.ready()

    def tell(data: bytes) -> bytes:
        out = b""
        for answer in feslink.Decoder().feed(data):
            told = answer
            if isinstance(answer, fm.Account) and answer.pulses:
                pulses = answer.pulses + {"fewer": -1, "more": 1, "weaker": 0}[wrong]
                charge_nc = answer.charge_nc * (80 if wrong == "weaker" else 100) // 100
                told = answer._replace(pulses=pulses, charge_nc=charge_nc)
            out += feslink.encode(told)
        return out

    line.to_host = tell
    line.train(600_000, 3)
    line.until(700_000)
    assert "error" in line.kinds()
    assert "were asked for" in line.detail("error")


def test_lost_answers_are_told_after_their_deadline() -> None:
    line = Line()
    line.ready()
    line.until(600_000)
    line.to_host = lose
    line.command(600_000, pulse(600_000))
    line.until(600_000 + 99_000)
    assert "silent" not in line.kinds()
    line.until(600_000 + 102_000)
    assert "silent" in line.kinds()


def test_answers_to_nobody_keep_nothing_alive_and_are_told() -> None:
    line = Line()
    line.ready()
    stray = feslink.encode(fm.Account(fm.KEEP, 60, 0, 2, 0, 0, 0, 0, 0, 0, 0))
    line.to_host = lose
    for t_us in range(500_000, 700_000, 10_000):
        line.until(t_us)
        line.take(line.session.receive(t_us, stray))
    assert "orphan" in line.kinds()
    assert "silent" in line.kinds()


def test_an_echo_is_an_answer_to_nobody_each_time() -> None:
    line = Line()
    line.ready()
    for count in range(1, 4):
        line.take(line.session.receive(line.now_us, feslink.encode(fm.AskStatus(7))))
        assert line.session.orphans == count
    assert line.kinds() == ["orphan"]
    assert line.detail("orphan") == "1 answers to nobody so far"


def test_a_port_that_is_gone_is_told_once_and_nothing_more_is_written() -> None:
    line = Line()
    line.ready()
    line.until(600_000)
    line.take(line.session.hang_up(600_000, "unplugged"))
    line.take(line.session.hang_up(600_000, "unplugged"))
    assert line.kinds() == ["down"]
    line.raw.clear()
    line.command(700_000, pulse(700_000))
    line.command(700_000, Arm(700_000, 0))
    line.until(2_000_000)
    assert line.raw == []


def test_numbers_run_on_and_are_never_the_stops() -> None:
    line = Line()
    line.ready()
    line.until(20_000_000)
    numbers = {message.number for _, message in line.sent}
    assert numbers == set(range(1, 63))
    assert line.kinds() == []


def test_a_frame_that_was_taken_back_named_no_one_channel() -> None:
    line = Line()
    line.ready()
    line.to_host = lambda _data: b""
    line.command(700_000, Setpoint(700_000, 1, 3, 20_000, 300, 710_000, 0))
    line.until(705_000)
    line.take(line.session.taken_back(line.now_us))
    line.to_host = lambda data: data
    line.until(790_000)
    (missed,) = [report for report in line.reports if report.kind == "missed"]
    assert (missed.channel, missed.pulse_us) == (-1, NEVER_US)
