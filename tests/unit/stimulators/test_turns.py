"""The session for devices that answer in turns, spoken to in bytes and instants alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.model import Arm, Command, LinkReport, Setpoint, Stop
from fes_ctrl.stimulators.conversation import STOP_REPEAT_US
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.stimulators.turns import TurnSession
from fes_ctrl.units import NEVER_US
from helpers.box import BOX, Words
from helpers.steps import held

INTERVAL_US = 20_000
POLL_US = 100_000
WHICH = 3


class Bench:
    def __init__(self) -> None:
        self.session = TurnSession(Words(), BOX, WHICH, INTERVAL_US, POLL_US)
        self.reports: list[LinkReport] = []
        self.said: list[bytes] = []
        self.dropped = 0
        self.discards = 0
        self.wake_us = NEVER_US

    def take(self, now_us: int, step: DriverStep) -> DriverStep:
        held(step, now_us, WHICH)
        self.reports += step.reports
        self.said += step.out
        self.dropped += step.drop
        self.discards += step.discard
        self.wake_us = step.wake_at_us
        return step

    def tell(self, now_us: int, command: Command) -> DriverStep:
        return self.take(now_us, self.session.command(now_us, command))

    def answer(self, now_us: int, line: str) -> DriverStep:
        return self.take(now_us, self.session.receive(now_us, line.encode() + b"\n"))

    def tick(self, now_us: int) -> DriverStep:
        return self.take(now_us, self.session.tick(now_us))

    def kinds(self) -> list[str]:
        return [report.kind for report in self.reports]

    def told(self) -> list[tuple[int, str, str]]:
        """Return what was reported since the last time: when, what, and its words."""
        assert all(report.stimulator == WHICH for report in self.reports)
        told = [(report.t_us, report.kind, report.detail) for report in self.reports]
        self.reports.clear()
        return told

    def up(self) -> None:
        self.take(0, self.session.open(0))
        self.answer(1_000, "stopped")
        self.answer(2_000, "who:1")

    def ready(self) -> None:
        self.up()
        self.tell(10_000, Arm(10_000, 0))
        self.answer(11_000, "who:1")
        self.answer(12_000, "armed")
        assert self.session.state == "ready"
        self.said.clear()
        self.reports.clear()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def pulse(at_us: int, channel: int = 0, current_ua: int = 20_000) -> Setpoint:
    return Setpoint(at_us, 1, channel, current_ua, 300, at_us + 10_000, 0)


def test_it_is_stopped_then_asked_and_asked_again_before_it_is_armed(bench: Bench) -> None:
    bench.up()
    assert bench.said == [b"\nstop\n", b"who\n"]
    assert bench.kinds() == ["up"]
    bench.tell(10_000, Arm(10_000, 0))
    bench.answer(11_000, "who:1")
    bench.answer(12_000, "armed")
    assert bench.said[2:] == [b"who\n", b"arm\n"]
    assert bench.kinds() == ["up", "ready"]


def test_another_device_is_not_armed(bench: Bench) -> None:
    bench.up()
    bench.tell(10_000, Arm(10_000, 0))
    bench.answer(11_000, "who:2")
    assert b"arm\n" not in bench.said
    assert bench.kinds() == ["up", "changed"]
    assert bench.said[-1] == b"\nstop\n"


def test_nothing_with_current_is_said_unless_armed(bench: Bench) -> None:
    bench.up()
    bench.tell(20_000, pulse(20_000))
    assert not any(words.startswith(b"pulse") for words in bench.said)
    assert bench.kinds()[-1] == "skipped"


def test_one_pulse_at_a_time_and_none_late(bench: Bench) -> None:
    bench.ready()
    assert bench.tell(100_000, pulse(100_000)).written == (pulse(100_000),)
    bench.tell(101_000, pulse(101_000, channel=1))
    assert bench.said == [b"pulse 0 20000\n"]
    bench.answer(112_000, "done")
    assert bench.said == [b"pulse 0 20000\n"], "the second had expired"
    assert bench.kinds() == ["answer", "skipped"]


def test_a_pulse_that_may_still_be_on_this_side_is_taken_back_when_it_is_void(bench: Bench) -> None:
    bench.ready()
    bench.tell(100_000, pulse(100_000))
    discards = bench.discards
    assert bench.wake_us == 110_001
    bench.tick(110_001)
    assert bench.discards == discards + 1
    assert bench.said[-1] == b"\n", "what is half out is ended"


def test_an_answer_that_stays_away_is_told_of_and_the_device_stopped(bench: Bench) -> None:
    bench.ready()
    bench.tick(112_000)
    assert bench.said == [b"state\n"]
    bench.tick(bench.wake_us)
    assert bench.kinds() == ["silent"]
    assert bench.said[-1] == b"\nstop\n"
    bench.answer(230_000, "armed")
    assert bench.session.state == "stopping", "an old answer confirms no stop"
    bench.answer(231_000, "stopped")
    assert bench.session.state == "up"


def test_a_stop_is_said_three_times_and_then_the_line_is_cut(bench: Bench) -> None:
    bench.ready()
    bench.tell(100_000, Stop(100_000, 0, "stop"))
    for _ in range(3):
        bench.tick(bench.wake_us)
    assert bench.said == [b"\nstop\n"] * 3
    assert bench.dropped == 1
    assert bench.kinds() == ["stuck"]
    assert bench.wake_us == NEVER_US


def test_more_stops_do_not_put_off_the_cut(bench: Bench) -> None:
    bench.ready()
    for now_us in range(100_000, 500_000, 10_000):
        bench.tell(now_us, Stop(now_us, 0, "stop"))
        if bench.session.state != "dead" and now_us >= bench.wake_us:
            bench.tick(now_us)
    assert bench.dropped == 1
    assert bench.reports[-1].t_us <= 100_000 + 3 * STOP_REPEAT_US + 10_000


def test_arming_waits_for_the_stops_answer_and_a_stop_after_it_wins(bench: Bench) -> None:
    bench.up()
    bench.tell(10_000, Stop(10_000, 0, "stop"))
    bench.tell(11_000, Arm(11_000, 0))
    bench.tell(12_000, Stop(12_000, 0, "stop"))
    bench.answer(13_000, "stopped")
    assert bench.session.state == "up"
    bench.tell(14_000, Stop(14_000, 0, "stop"))
    bench.tell(15_000, Arm(15_000, 0))
    bench.answer(16_000, "stopped")
    assert bench.session.state == "arming"


def test_a_pulse_from_before_a_stop_is_gone_however_soon_it_is_armed_again(bench: Bench) -> None:
    bench.ready()
    bench.tell(100_000, pulse(108_000))
    bench.tell(101_000, Stop(101_000, 0, "stop"))
    bench.tell(102_000, Arm(102_000, 0))
    for line in ("stopped", "who:1", "armed"):
        bench.answer(103_000, line)
    assert bench.session.state == "ready"
    bench.tick(108_000)
    assert not any(words.startswith(b"pulse") for words in bench.said)


def test_errors_are_told_and_what_waits_is_let_go(bench: Bench) -> None:
    bench.ready()
    bench.tell(100_000, pulse(100_000))
    bench.tell(101_000, pulse(105_000, channel=1))
    bench.answer(102_000, "electrode:open")
    assert bench.kinds() == ["electrode", "skipped"]
    assert len(bench.said) == 1


def test_a_device_that_says_it_is_idle_when_it_was_armed_is_an_error(bench: Bench) -> None:
    bench.ready()
    bench.tick(112_000)
    bench.answer(113_000, "idle")
    assert bench.kinds() == ["error"]


def test_after_a_lost_line_it_is_as_new(bench: Bench) -> None:
    bench.ready()
    bench.tell(100_000, pulse(105_000))
    bench.take(101_000, bench.session.hang_up(101_000, "hung up"))
    assert bench.kinds() == ["down"]
    assert bench.wake_us == NEVER_US
    bench.said.clear()
    bench.take(500_000, bench.session.open(500_000))
    bench.answer(501_000, "stopped")
    bench.answer(502_000, "who:1")
    assert bench.said == [b"\nstop\n", b"who\n"]
    assert bench.session.state == "up"


def test_each_report_says_when_and_in_which_words(bench: Bench) -> None:
    bench.up()
    assert bench.told() == [(2_000, "up", "1")]
    bench.answer(3_000, "idle")
    bench.answer(4_000, "error:too hot")
    assert bench.told() == [(3_000, "orphan", "idle"), (4_000, "orphan", "too hot")]
    bench.tell(10_000, Arm(10_000, 0))
    bench.answer(11_000, "who:2")
    assert bench.told() == [(11_000, "changed", "2 answers, it was 1")]


def test_while_it_is_armed_each_report_says_so_too(bench: Bench) -> None:
    bench.up()
    bench.told()
    bench.tell(10_000, Arm(10_000, 0))
    bench.answer(11_000, "who:1")
    bench.answer(12_000, "armed")
    bench.tell(20_000, pulse(20_000))
    bench.answer(21_000, "done")
    bench.tick(120_000)
    bench.answer(121_000, "armed")
    assert bench.told() == [(12_000, "ready", "1"), (21_000, "answer", ""), (121_000, "answer", "")]
    bench.tell(130_000, pulse(130_000))
    bench.tell(131_000, pulse(131_000, channel=1))
    bench.answer(132_000, "error:too hot")
    assert bench.told() == [
        (132_000, "error", "too hot"),
        (132_000, "skipped", "pulse of 131000 us waited when the device complained"),
    ]
    bench.tell(160_000, pulse(160_000))
    bench.answer(161_000, "nonsense")
    assert bench.told() == [(161_000, "error", "nonsense")]
    bench.tell(190_000, pulse(190_000))
    bench.tell(191_000, pulse(191_000, channel=1))
    bench.tick(201_001)
    skipped = (201_001, "skipped", "pulse of 191000 us expired before it could be written")
    assert bench.told() == [skipped]


def test_only_what_was_asked_for_is_an_answer(bench: Bench) -> None:
    bench.ready()
    bench.tell(20_000, pulse(20_000))
    bench.answer(21_000, "armed")
    bench.tell(50_000, pulse(50_000))
    bench.answer(51_000, "who:1")
    bench.tick(160_000)
    bench.answer(161_000, "done")
    assert [kind for _, kind, _ in bench.told()] == ["error"] * 3


def test_what_is_asked_for_arming_and_answered_otherwise_arms_nothing(bench: Bench) -> None:
    bench.up()
    bench.tell(10_000, Arm(10_000, 0))
    bench.answer(11_000, "who:1")
    bench.answer(12_000, "idle")
    assert bench.session.state == "arming"
    assert bench.kinds() == ["up", "error"]
    bench.tick(bench.wake_us)
    assert bench.session.state == "stopping"
    assert bench.said.count(b"arm\n") == 1, "it is not said again: it may have been carried out"


def test_idle_is_what_one_that_is_up_should_be(bench: Bench) -> None:
    bench.up()
    bench.tick(bench.wake_us)
    bench.told()
    bench.answer(110_000, "idle")
    bench.tick(bench.wake_us)
    bench.answer(220_000, "armed")
    assert [kind for _, kind, _ in bench.told()] == ["answer", "error"]


def test_arming_waits_for_the_answer_to_an_open_question(bench: Bench) -> None:
    bench.up()
    bench.tick(bench.wake_us)
    bench.tell(103_000, Arm(103_000, 0))
    assert bench.said[-1] == b"state\n"
    assert bench.session.state == "up"
    bench.answer(104_000, "idle")
    assert bench.said[-1] == b"who\n"
    bench.answer(105_000, "who:1")
    bench.answer(106_000, "armed")
    assert bench.session.state == "ready"
    assert bench.told()[-1] == (106_000, "ready", "1")


def test_arming_that_waited_ends_with_a_stop(bench: Bench) -> None:
    bench.up()
    bench.tick(bench.wake_us)
    bench.tell(103_000, Arm(103_000, 0))
    bench.tell(104_000, Stop(104_000, 0, "stop"))
    bench.answer(105_000, "stopped")
    bench.tick(bench.wake_us)
    assert bench.session.state == "up"
    assert bench.said[-1] == b"state\n"


def test_a_pulse_written_at_its_end_has_5_ms_to_leave_and_not_longer(bench: Bench) -> None:
    bench.ready()
    bench.tell(108_000, pulse(100_000))
    discards = bench.discards
    assert bench.wake_us == 113_001
    bench.tick(113_000)
    assert bench.discards == discards
    bench.tick(113_001)
    assert bench.discards == discards + 1
    assert bench.wake_us == 108_000 + 100_000, "nothing but the answer is waited for"


def test_a_pulse_that_waits_for_an_answer_wakes_nobody_before_it_expires(bench: Bench) -> None:
    bench.ready()
    bench.tell(100_000, pulse(100_000))
    bench.tell(101_000, pulse(103_000, channel=1))
    assert bench.wake_us == 110_001
    bench.answer(102_000, "done")
    assert bench.wake_us == 103_000


def test_the_first_half_of_an_answer_is_kept_and_not_over_a_new_opening(bench: Bench) -> None:
    bench.up()
    bench.tell(10_000, Arm(10_000, 0))
    bench.take(10_500, bench.session.receive(10_500, b"wh"))
    bench.answer(11_000, "o:1")
    assert bench.said[-1] == b"arm\n"
    bench.take(11_500, bench.session.receive(11_500, b"arm"))
    bench.take(20_000, bench.session.open(20_000))
    bench.answer(21_000, "stopped")
    assert bench.said[-1] == b"who\n"


COMMANDS = ("pulse", "pulse1", "stop", "arm", "tick", "open", "lost")
ANSWERS = ("done", "stopped", "armed", "idle", "nonsense", "who:1", "who:2", "error:x")
WHAT = (*COMMANDS, *ANSWERS, "electrode:x")
ACTIONS = st.lists(
    st.tuples(
        st.integers(0, 60_000),
        st.sampled_from(WHAT),
    ),
    max_size=60,
)


@given(ACTIONS)
def test_whatever_happens_no_pulse_is_late_repeated_or_said_while_another_is_open(
    actions: list[tuple[int, str]],
) -> None:
    bench = Bench()
    bench.ready()
    now_us, written, open_since = 20_000, [], NEVER_US
    for after_us, action in actions:
        now_us += after_us
        if action.startswith("pulse"):
            step = bench.tell(now_us, pulse(now_us, channel=int(action == "pulse1")))
        elif action == "stop":
            step = bench.tell(now_us, Stop(now_us, 0, "stop"))
        elif action == "arm":
            step = bench.tell(now_us, Arm(now_us, 0))
        elif action == "tick":
            step = bench.tick(now_us)
        elif action == "open":
            step = bench.take(now_us, bench.session.open(now_us))
        elif action == "lost":
            step = bench.take(now_us, bench.session.hang_up(now_us, "lost"))
        else:
            step = bench.answer(now_us, action)
            open_since = NEVER_US
        if b"\nstop\n" in step.out:
            open_since = NEVER_US
            assert not step.written
        assert len(step.written) == sum(words.startswith(b"pulse") for words in step.out)
        for setpoint in step.written:
            assert open_since == NEVER_US
            assert setpoint not in written
            assert setpoint.at_us <= now_us <= setpoint.expires_us
            assert bench.session.state == "ready"
            written.append(setpoint)
            open_since = now_us
