"""What a RehaStim2's driver writes and says, to the byte, the word and the instant."""

import pytest

from fes_ctrl.model import Setpoint
from fes_ctrl.stimulators.driver_line import LEAVING_US
from fes_ctrl.stimulators.rehastim2 import STOP_NUMBERS
from fes_ctrl.wire import sciencemode2 as sm2
from helpers.rehastim2_bench import LIFE_US, PERIOD_US, Bench


def test_its_stop_ends_a_list_and_asks_for_the_mode_under_numbers_of_their_own() -> None:
    first, second = STOP_NUMBERS
    assert first != second
    stop = sm2.FRAME_ENDS + sm2.stop_channel_list(first) + sm2.get_stimulation_mode(second)
    assert Bench().session.stop_bytes == stop


def test_a_pulse_that_waited_too_long_is_told_of_in_words() -> None:
    bench = Bench().ready()
    bench.deaf = True
    begin_us = bench.now_us
    bench.pulse()
    bench.pulse(channel=1)
    bench.until(begin_us + LIFE_US + 1)
    (told,) = [report for report in bench.reports if report.kind == "skipped"]
    assert told.detail == f"pulse of {begin_us} us expired before it could be written"
    assert (told.channel, told.pulse_us) == (1, begin_us)


@pytest.mark.parametrize("left_us", [0, LEAVING_US - 1, LEAVING_US, LEAVING_US + 1_000])
def test_a_pulse_has_a_moment_to_leave_however_little_of_its_life_is_left(left_us: int) -> None:
    bench = Bench().ready()
    bench.deaf = True
    now_us = bench.now_us
    at_us = now_us + left_us - LIFE_US
    bench.command(Setpoint(at_us, 1, 0, 20_000, 300, at_us + LIFE_US, 0))
    void_us = now_us + max(left_us, LEAVING_US)
    assert not bench.take(bench.session.tick(void_us)).discard
    assert bench.take(bench.session.tick(void_us + 1)).discard


def test_what_has_not_left_of_a_list_that_is_over_goes_no_more() -> None:
    bench = Bench("channel_list").ready()
    bench.burst(4, PERIOD_US)
    over_us = bench.now_us + LIFE_US
    assert not bench.take(bench.session.tick(over_us)).discard
    step = bench.take(bench.session.tick(over_us + 1))
    assert (step.discard, step.out) == (True, (bench.session.stop_bytes,))


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (sm2.encode(0, sm2.UNKNOWN_COMMAND, b"\x63"), "the device does not know command 99"),
        (sm2.encode(0, sm2.UNKNOWN_COMMAND), "the device does not know command -1"),
    ],
)
def test_a_command_that_is_not_known_is_told_by_its_number(said: bytes, detail: str) -> None:
    bench = Bench().ready()
    bench.take(bench.session.receive(bench.now_us, said))
    assert [report.detail for report in bench.reports] == [detail]


def test_a_result_without_a_name_is_told_by_its_number() -> None:
    bench = Bench().ready()
    bench.deaf = True
    bench.pulse()
    ((_, frame),) = bench.sent
    bench.take(bench.session.receive(bench.now_us, sm2.ack(frame.number, frame.command, -77)))
    assert [report.detail for report in bench.reports] == [
        f"command {sm2.SINGLE_PULSE}: unknown result (-77)"
    ]


@pytest.mark.parametrize(("late_us", "told"), [(20_000, False), (20_001, True)])
def test_a_channel_that_an_update_ends_too_late_is_told_of_with_until_when(
    late_us: int, *, told: bool
) -> None:
    """Of two channels one gets no more setpoints; the next update comes only after its time."""
    bench = Bench("channel_list").ready()
    for _ in range(4):
        bench.pulse(channel=0)
        bench.pulse(channel=5)
        last_us = bench.now_us
        bench.until(last_us + PERIOD_US)
    end_us = last_us + LIFE_US + PERIOD_US
    bench.until(end_us - 20_000)
    # Channel 5 lives for as long as a setpoint may, and holds a round longer: the list goes on.
    bench.command(Setpoint(bench.now_us, 1, 5, 20_000, 300, bench.now_us + 20_000, 0))
    bench.until(end_us + late_us)
    bench.reports.clear()
    bench.pulse(channel=5)
    bench.until(bench.now_us)
    assert bench.commands()[-1] == sm2.START_CHANNEL_LIST
    now_us, until_us = bench.now_us, bench.now_us + 24_000
    found = [(r.t_us, r.channel, r.pulse_us) for r in bench.reports if r.kind == "outlasted"]
    assert found == ([(now_us, 0, until_us)] if told else [])
    bench.until(now_us + 200_000)
    assert max(at_us for at_us, channel, _ in bench.pulses if channel == 0) <= until_us


@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_a_current_beyond_the_device_s_is_refused_in_words_and_its_own_is_given(mode: str) -> None:
    bench = Bench(mode).ready()
    bench.pulse(127_000, channel=3)
    assert bench.sent == []
    assert [(r.kind, r.channel, r.detail) for r in bench.reports] == [
        ("skipped", 3, f"pulse of {bench.now_us} us refused by the driver"),
        ("error", 3, "setpoint refused: the device gives 126 mA at most"),
    ]
    bench.reports.clear()
    bench.pulse(126_000, channel=3)
    bench.until(bench.now_us)
    assert bench.reports == []
    assert len(bench.commands()) == 1
