"""A RehaStim2's driver: handshake, pulses, lists, stop, and everything that a device may say."""

from itertools import pairwise

import pytest

from fes_ctrl.model import Arm, Disarm, Setpoint, Stop
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.conversation import ARMING, DEAD, HELLO, READY, STOPPING, UP
from fes_ctrl.stimulators.rehastim2_output import ChannelLists
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode2 as sm2
from helpers.rehastim2_bench import CABLE_US, INTERVAL_US, LIFE_US, PERIOD_US, WHICH, Bench

OVER_US = PERIOD_US + 10_000
"""A round and a setpoint's life after its instant, the next one has to be there."""


# -- handshake ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_the_handshake_begins_with_a_stop_and_waits_for_init(seed: int) -> None:
    bench = Bench(seed=seed)
    bench.open()
    assert bench.commands() == [sm2.STOP_CHANNEL_LIST, sm2.GET_STIMULATION_MODE]
    bench.until(600_000)
    assert bench.kinds()[0] == "up"
    assert bench.session.identity == "rehastim2 protocol 1"
    (init,) = [frame for _, frame in bench.answered if frame.command == sm2.INIT]
    acks = [frame for _, frame in bench.sent if frame.command == sm2.INIT_ACK]
    assert acks == [sm2.Frame(init.number, sm2.INIT_ACK, b"\x00")]


def test_a_device_found_stimulating_is_stopped_before_anything_else() -> None:
    """The host died, and came back within the watchdog's time."""
    bench = Bench()
    device = bench.device
    bench.until(500_000)
    setup = sm2.ListSetup(0, 1, 0, 2_000, 25_000, 0)
    device.receive(500_000, sm2.init_ack(1) + sm2.init_channel_list(1, setup))
    device.receive(500_000, sm2.start_channel_list(2, [sm2.ListPulse(sm2.SINGLE, 300, 20_000)]))
    bench._device_us = 500_000
    bench.until(1_000_000)
    assert device.mode == sm2.MODE_STARTED
    assert len(bench.pulses) > 10
    bench.open()
    bench.until(1_100_000)
    assert bench.pulses[-1][0] <= 1_000_000 + CABLE_US + 24_000
    assert bench.session.state == HELLO, "it may still be somebody else's: it has to say Init"
    assert bench.session.identity == ""
    bench.until(3_000_000)
    assert bench.kinds()[0] == "up"
    assert bench.faults() == []


def test_a_device_that_never_says_init_nor_confirms_a_stop_is_given_up() -> None:
    bench = Bench()
    bench.deaf = True
    bench.open()
    bench.until(5_000_000)
    assert bench.kinds() == ["stuck"]
    told = "the device neither confirmed a stop nor said Init; line cut"
    assert bench.reports[0].detail == told
    assert bench.session.state == DEAD
    assert bench.session.identity == ""
    assert bench.dropped_us < 2_500_000


def test_another_version_of_the_protocol_is_refused() -> None:
    bench = Bench()
    bench.open()
    bench.take(bench.session.receive(0, sm2.init(3, 2)))
    assert bench.kinds() == ["error"]
    assert "version 2" in bench.reports[0].detail
    assert bench.sent[-1][1] == sm2.Frame(3, sm2.INIT_ACK, b"\xfb")
    assert bench.session.state == DEAD


def test_an_idle_device_is_asked_often_enough_for_its_watchdog_and_its_health() -> None:
    bench = Bench().ready()
    bench.until(6_000_000)
    assert bench.device.connected
    assert set(bench.commands()) == {sm2.GET_STIMULATION_MODE}
    assert set(bench.kinds()) == {"answer"}
    times = [at_us for at_us, _ in bench.sent]
    assert max(b - a for a, b in pairwise(times)) <= 125_000


def test_nothing_is_written_before_it_is_armed() -> None:
    bench = Bench()
    bench.open()
    bench.until(1_000_000)
    for _ in range(3):
        bench.pulse()
    assert bench.kinds()[-3:] == ["skipped"] * 3
    assert sm2.SINGLE_PULSE not in bench.commands()


# -- single pulses --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_a_train_of_25_hz_is_given_pulse_by_pulse(seed: int) -> None:
    bench = Bench(seed=seed).ready()
    start_us = bench.now_us
    bench.burst(50)
    assert bench.faults() == []
    assert len(bench.pulses) == 50
    for k, (at_us, channel, current_ua) in enumerate(bench.pulses):
        assert 10_000 <= at_us - (start_us + 40_000 * k + CABLE_US) <= 24_000
        assert (channel, current_ua) == (0, 20_000 + 1_000 * (k % 5))
    assert min(b[0] - a[0] for a, b in pairwise(bench.pulses)) >= 20_000


def test_pulses_asked_for_too_fast_keep_their_distance_at_the_electrode() -> None:
    bench = Bench().ready()
    bench.burst(200, 21_000)
    times = [at_us for at_us, _, _ in bench.pulses]
    assert min(b - a for a, b in pairwise(times)) >= 20_000
    assert set(bench.faults()) == {"skipped"}
    assert len(bench.pulses) + bench.kinds().count("skipped") == 200


def test_one_frame_with_current_at_most_is_unanswered() -> None:
    bench = Bench().ready()
    bench.pulse(channel=0)
    bench.pulse(channel=1)
    assert bench.commands() == [sm2.SINGLE_PULSE]
    bench.until(bench.now_us + 100_000)
    assert bench.commands().count(sm2.SINGLE_PULSE) + bench.kinds().count("skipped") == 2


def test_a_pulse_that_cannot_be_said_is_dropped_not_altered() -> None:
    bench = Bench().ready()
    now_us = bench.now_us
    for current_ua, waveform in ((-20_000, 0), (20_000, 1)):
        bench.command(Setpoint(now_us, 1, 0, current_ua, 300, now_us + 10_000, waveform))
    assert bench.kinds() == ["skipped", "skipped"]
    detail = f"pulse of {now_us} us has a form that the device does not give"
    assert {report.detail for report in bench.reports} == {detail}
    assert bench.sent == []
    bench.command(Setpoint(now_us, 1, 0, 0, 300, now_us + 10_000, 0))
    assert bench.commands() == [sm2.SINGLE_PULSE], "none is a current too"


# -- channel lists --------------------------------------------------------------------------------


def test_a_list_repeats_what_its_setpoints_say_and_ends_when_none_is_left() -> None:
    bench = Bench("channel_list").ready()
    bench.burst(20, PERIOD_US)
    last_us = bench.now_us - PERIOD_US
    bench.until(last_us + 500_000)
    assert bench.device.mode == sm2.MODE_INITIALISED, "ready for the next burst"
    assert {b[0] - a[0] for a, b in pairwise(bench.pulses)} == {PERIOD_US}
    lingers_us = bench.session.capabilities.lingers_us
    assert last_us < bench.pulses[-1][0] <= last_us + lingers_us
    assert bench.faults() == ["skipped"], "the first of all sets the list up"
    # The second burst finds the list set up, and loses nothing.
    bench.reports.clear()
    before = len(bench.pulses)
    first_us = bench.now_us
    bench.burst(20, PERIOD_US)
    assert bench.faults() == []
    assert bench.pulses[before][0] <= first_us + CABLE_US + 24_000


@pytest.mark.parametrize("seed", range(20))
def test_a_controller_that_falls_silent_is_followed_by_a_stop_not_by_the_watchdog(
    seed: int,
) -> None:
    bench = Bench("channel_list", seed).ready()
    bench.burst(10, PERIOD_US)
    last_us = bench.now_us - PERIOD_US
    bench.until(last_us + 3_000_000)
    assert bench.pulses[-1][0] <= last_us + OVER_US + 1 + CABLE_US + 24_000


def test_while_a_list_runs_nothing_is_sent_but_updates() -> None:
    bench = Bench("channel_list").ready()
    bench.burst(4, PERIOD_US)
    bench.sent.clear()
    bench.burst(80, PERIOD_US)
    assert set(bench.commands()) == {sm2.START_CHANNEL_LIST}


def test_a_host_that_is_gone_leaves_a_list_to_the_devices_watchdog() -> None:
    bench = Bench("channel_list").ready()
    bench.burst(10, PERIOD_US)
    gone_us = bench.sent[-1][0]
    bench._session_us = NEVER_US
    bench.dropped_us = bench.now_us
    while bench._device_us < gone_us + 3_000_000:
        bench._session_us = NEVER_US
        bench.until(bench._device_us)
    assert gone_us + 1_100_000 < bench.pulses[-1][0] <= gone_us + CABLE_US + 1_200_000


def test_a_channel_that_is_new_to_a_running_list_joins_it() -> None:
    bench = Bench("channel_list").ready()
    bench.burst(10, PERIOD_US, channel=0)
    bench.burst(10, PERIOD_US, channel=4)
    assert len([at_us for at_us, channel, _ in bench.pulses if channel == 4]) >= 6
    assert "error" not in bench.faults()
    bench.until(bench.now_us + 500_000)
    bench.reports.clear()
    bench.pulses.clear()
    # From now on both belong to it; the one that is not asked for gives nothing.
    bench.burst(10, PERIOD_US, channel=0)
    assert {channel for _, channel, _ in bench.pulses} == {0}
    assert bench.faults() == []


def test_two_channels_of_a_list_each_keep_their_own_current() -> None:
    bench = Bench("channel_list").ready()
    for _ in range(20):
        bench.pulse(20_000, 0)
        bench.pulse(30_000, 1)
        bench.until(bench.now_us + PERIOD_US)
    assert {(channel, ua) for _, channel, ua in bench.pulses} == {(0, 20_000), (1, 30_000)}
    assert len(bench.pulses) >= 2 * 18
    assert bench.faults() == ["skipped"] * 2, "the first of all set the list up"


def test_a_channel_of_a_running_list_that_gets_no_more_setpoints_gives_no_more() -> None:
    bench = Bench("channel_list").ready()
    for k in range(40):
        bench.pulse(20_000, 0)
        if k < 20:
            bench.pulse(30_000, 1)
        if k == 20:
            last_us = bench.now_us - PERIOD_US
        bench.until(bench.now_us + PERIOD_US)
    late = [at_us - last_us for at_us, channel, _ in bench.pulses if channel == 1]
    assert 0 < max(late) <= LIFE_US + bench.session.capabilities.lingers_us
    assert "outlasted" not in bench.kinds()
    assert bench.pulses[-1][1] == 0


@pytest.mark.parametrize(("late_us", "told"), [(0, False), (19_999, False), (20_000, True)])
def test_a_host_that_ends_a_list_too_late_tells_until_when_it_was_repeated(
    late_us: int, *, told: bool
) -> None:
    bench = Bench("channel_list").ready()
    for _ in range(10):
        bench.pulse(20_000, 0)
        bench.pulse(20_000, 5)
        last_us = bench.now_us
        bench.until(bench.now_us + PERIOD_US - 1)
        bench.now_us += 1
    bench.reports.clear()
    bench._session_us = last_us + LIFE_US + PERIOD_US + 1 + late_us
    bench.until(bench._session_us)
    until_us = bench.now_us + 24_000
    found = [(r.channel, r.pulse_us) for r in bench.reports if r.kind == "outlasted"]
    assert found == ([(0, until_us), (5, until_us)] if told else [])
    bench.until(bench.now_us + 500_000)
    assert max(at_us for at_us, _, _ in bench.pulses) <= until_us
    assert [r.kind for r in bench.reports].count("outlasted") == len(found)


def test_what_waits_when_a_list_is_over_is_told() -> None:
    bench = Bench("channel_list").ready()
    bench.burst(5, PERIOD_US)
    bench.deaf = True
    bench.pulse()
    bench.until(bench.now_us + PERIOD_US)
    waits = bench.pulse(21_000)
    bench.reports.clear()
    bench.until(bench.now_us + LIFE_US + 1)
    (told,) = bench.reports
    assert (told.kind, told.channel, told.pulse_us) == ("skipped", 0, waits.at_us)
    assert told.detail == f"pulse of {waits.at_us} us waited when the list was over"


def test_a_list_is_not_kept_alive_by_polls_however_often_an_idle_link_is_asked() -> None:
    bench = Bench("channel_list", poll_us=10_000).ready()
    bench.burst(10, PERIOD_US)
    bench.sent.clear()
    bench.until(bench.now_us + 9_000)
    assert bench.commands() == [], "it still runs, and nobody asks it anything"
    bench.until(bench.now_us + 200_000)
    assert sm2.GET_STIMULATION_MODE in bench.commands()


# -- stop -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
@pytest.mark.parametrize("after_us", [0, 1_000, 12_000, 30_000])
@pytest.mark.parametrize("how", ["stop", "disarm"])
def test_a_stop_ends_output_within_the_latency_and_is_confirmed(
    mode: str, after_us: int, how: str
) -> None:
    bench = Bench(mode).ready()
    bench.burst(5)
    bench.pulse()
    bench.until(bench.now_us + after_us)
    now_us = bench.now_us
    step = bench.command(Stop(now_us, 0, "test") if how == "stop" else Disarm(now_us, 0))
    assert step.discard
    assert step.out == (bench.session.stop_bytes,)
    assert step.out[0].startswith(sm2.FRAME_ENDS)
    bench.pulse()
    bench.until(now_us + 500_000)
    assert all(at_us <= now_us + CABLE_US + 24_000 for at_us, _, _ in bench.pulses)
    assert bench.session.state == UP
    assert "idle" in bench.kinds()
    assert "orphan" not in bench.kinds()


@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_a_stop_that_is_not_confirmed_is_repeated_twice_and_then_the_line_is_cut(
    mode: str,
) -> None:
    bench = Bench(mode).ready()
    bench.burst(3)
    bench.deaf = True
    bench.sent.clear()
    now_us = bench.now_us
    bench.command(Stop(now_us, 0, "test"))
    for k in range(10):
        bench.until(now_us + 40_000 * (k + 1))
        bench.command(Stop(bench.now_us, 0, "again"))
    assert bench.dropped_us <= now_us + 300_000
    assert bench.kinds()[-1] == "stuck"
    assert bench.session.state == DEAD


def test_a_stop_that_the_device_refuses_is_not_taken_for_silence() -> None:
    bench = Bench().ready()
    bench.deaf = True
    bench.command(Stop(bench.now_us, 0, "test"))
    for data in (
        sm2.ack(62, sm2.STOP_CHANNEL_LIST, sm2.BUSY),
        sm2.ack(62, sm2.STOP_CHANNEL_LIST, sm2.TRANSFER_ERROR),
        sm2.ack(63, sm2.GET_STIMULATION_MODE, 0, bytes((sm2.MODE_STARTED,))),
        sm2.ack(61, sm2.STOP_CHANNEL_LIST, 0),
        sm2.ack(62, sm2.INIT_CHANNEL_LIST, 0),
    ):
        bench.take(bench.session.receive(bench.now_us, data))
        assert bench.session.state == STOPPING
    mode = sm2.ack(63, sm2.GET_STIMULATION_MODE, 0, bytes((sm2.MODE_START,)))
    bench.take(bench.session.receive(bench.now_us, mode))
    assert bench.session.state == UP
    bench.command(Stop(bench.now_us, 0, "test"))
    bench.take(bench.session.receive(bench.now_us, sm2.ack(62, sm2.STOP_CHANNEL_LIST, 0)))
    assert bench.session.state == UP, "the answer to either confirms it"


def test_a_late_answer_to_a_stop_changes_nothing_any_more() -> None:
    bench = Bench().ready()
    for command, data in ((sm2.STOP_CHANNEL_LIST, b""), (sm2.GET_STIMULATION_MODE, b"\x00")):
        number = 62 if command == sm2.STOP_CHANNEL_LIST else 63
        late = sm2.ack(number, command, 0, data)
        bench.take(bench.session.receive(bench.now_us, late))
    assert bench.session.state == READY
    assert bench.reports == []


def test_a_pulse_whose_time_is_over_is_taken_back_from_this_side_of_the_line() -> None:
    bench = Bench().ready()
    bench.deaf = True
    setpoint = bench.pulse()
    assert bench.take(bench.session.tick(bench.now_us)).wake_at_us == setpoint.expires_us + 1
    bench.now_us = setpoint.expires_us
    step = bench.take(bench.session.tick(bench.now_us))
    assert (step.out, step.discard) == ((), False)
    bench.now_us += 1
    step = bench.take(bench.session.tick(bench.now_us))
    assert step.discard
    assert step.out == (sm2.FRAME_ENDS,)


@pytest.mark.parametrize("told", [True, False])
def test_what_became_of_a_pulse_that_was_taken_back_is_asked_half_way_to_its_deadline(
    told: bool,
) -> None:
    bench = Bench().ready()
    start_us = bench.now_us
    bench.deaf = True
    bench.pulse(channel=3)
    bench.until(start_us + 10_001)
    if told:
        bench.take(bench.session.taken_back(bench.now_us))
    bench.sent.clear()
    # The pulse's own answer is lost; those to what comes behind are not.
    bench.until(start_us + 45_000)
    bench.deaf = False
    bench.until(start_us + 99_999)
    if not told:
        assert bench.commands() == []
        bench.until(start_us + 100_000)
        assert bench.kinds() == ["silent"]
        return
    assert bench.sent[0][0] == start_us + 50_000
    assert bench.commands() == [sm2.GET_STIMULATION_MODE]
    assert bench.kinds() == ["answer", "missed"]
    assert bench.reports[-1].channel == 3
    assert bench.reports[-1].pending_since_us == NEVER_US
    # Given or not: the next one of that output keeps its distance from the answer.
    answered_us = bench.reports[-1].t_us
    bench.pulse(channel=3)
    bench.until(bench.now_us + 100_000)
    assert bench.pulses[-1][0] - answered_us >= INTERVAL_US


def test_an_update_of_a_list_that_was_taken_back_named_no_one_channel() -> None:
    assert Bench("channel_list").ready().session._missed(50_000) == -1


def test_nothing_is_asked_about_a_list_whose_update_was_taken_back() -> None:
    bench = Bench("channel_list")
    slow = StimulatorConfig(device="rehastim2", mode="channel_list", list_interval_ms=80.0)
    bench.session._output = ChannelLists(capabilities_of(slow))
    bench.ready()
    bench.burst(3, 80_000)
    bench.deaf = True
    bench.sent.clear()
    start_us = bench.now_us
    bench.pulse()
    bench.until(start_us + 10_001)
    bench.take(bench.session.taken_back(bench.now_us))
    # A round after the update's own end the list is stopped, which has to be confirmed.
    bench.until(start_us + 90_000)
    assert bench.commands() == [sm2.START_CHANNEL_LIST]
    bench.until(start_us + 90_001)
    assert bench.session.state == STOPPING


def test_arming_waits_for_the_end_of_a_stop_and_another_stop_takes_it_back() -> None:
    bench = Bench().ready()
    bench.command(Stop(bench.now_us, 0, "test"))
    bench.command(Arm(bench.now_us, 0))
    bench.until(bench.now_us + 200_000)
    assert bench.session.state == READY
    bench.command(Stop(bench.now_us, 0, "test"))
    bench.command(Arm(bench.now_us, 0))
    bench.command(Stop(bench.now_us, 0, "test"))
    bench.until(bench.now_us + 200_000)
    assert bench.session.state == UP


# -- what a device may say ------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_an_electrode_that_lifts_off_is_told_and_nothing_more_is_given(mode: str) -> None:
    bench = Bench(mode).ready()
    bench.burst(5)
    bench.output.impedance_ohm[0] = 1 << 40
    before = len(bench.pulses)
    bench.pulse()
    bench.until(bench.now_us + 50_000)
    assert "electrode" in bench.faults()
    assert "error" not in bench.faults()
    assert len(bench.pulses) == before
    bench.output.impedance_ohm[0] = 1_000
    bench.sent.clear()
    bench.burst(10, PERIOD_US)
    assert len(bench.pulses) == before, "contact that returns is no reason to go on"
    assert set(bench.commands()) <= {sm2.GET_STIMULATION_MODE}


@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_emergency_switch_and_module_are_told_by_name(mode: str) -> None:
    for press, name in (("emergency", "emergency switch"), ("module_fails", "module")):
        bench = Bench(mode).ready()
        bench.burst(3, PERIOD_US)
        getattr(bench.device, press)(bench.now_us)
        step = bench.device.tick(bench.now_us)
        bench._from_device(step.out, step.wake_at_us)
        bench.until(bench.now_us + 1_000)
        (error,) = [report for report in bench.reports if report.kind == "error"]
        assert name in error.detail
        assert bench.session.state == UP, "it may be armed again"


@pytest.mark.parametrize(
    ("result", "name"),
    [
        (sm2.TRANSFER_ERROR, "transfer error"),
        (sm2.PARAMETER_ERROR, "parameter error"),
        (sm2.WRONG_MODE, "wrong mode"),
        (sm2.BUSY, "busy"),
        (-77, "unknown result"),
    ],
)
@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_every_result_that_is_none_reaches_the_caller(mode: str, result: int, name: str) -> None:
    bench = Bench(mode).ready()
    bench.deaf = True
    bench.pulse()
    bench.until(bench.now_us)
    ((_, frame),) = bench.sent
    answer = sm2.ack(frame.number, frame.command, result)
    bench.pulse(channel=1)
    bench.take(bench.session.receive(bench.now_us, answer))
    assert bench.reports[0].kind == "error"
    assert name in bench.reports[0].detail
    assert f"({result})" in bench.reports[0].detail
    assert set(bench.kinds()[1:]) == {"skipped"}, "what waited goes no more"
    waited = f"pulse of {bench.now_us} us waited when the device complained"
    assert {report.detail for report in bench.reports[1:]} == {waited}


def test_a_command_that_the_device_does_not_know_is_told() -> None:
    bench = Bench().ready()
    bench.deaf = True
    bench.pulse()
    ((_, frame),) = bench.sent
    answer = sm2.unknown_command(frame.number, frame.command)
    bench.take(bench.session.receive(bench.now_us, answer))
    assert bench.kinds() == ["error"]
    assert "does not know command 36" in bench.reports[0].detail
    bench.until(bench.now_us + 25_000)
    bench.pulse()
    assert len(bench.sent) == 2, "it is no longer waited for"


def test_a_device_that_does_not_know_a_command_of_nobody_is_told_once() -> None:
    bench = Bench().ready()
    for _ in range(3):
        bench.take(bench.session.receive(bench.now_us, sm2.unknown_command(55, 99)))
    assert bench.kinds() == ["error"] * 3, "and not as an answer to nobody besides"


@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_an_answer_that_stays_away_is_told_at_its_deadline_and_never_asked_for_again(
    mode: str,
) -> None:
    bench = Bench(mode).ready()
    bench.burst(4, PERIOD_US)
    bench.until(bench.now_us + 15_000 * (mode == "single_pulse"))
    bench.deaf = True
    bench.reports.clear()
    bench.sent.clear()
    bench.pulse()
    start_us = bench.now_us
    bench.until(start_us + 99_999)
    assert "silent" not in bench.kinds()
    with_current = {sm2.SINGLE_PULSE, sm2.START_CHANNEL_LIST}
    assert len([c for c in bench.commands() if c in with_current]) == 1
    bench.until(start_us + 100_000)
    if mode == "single_pulse":
        assert bench.kinds() == ["silent"]
        assert bench.reports[0].pending_since_us == start_us
        assert bench.session.state == READY, "what follows is the controller's to say"
    else:
        assert bench.session.state == STOPPING, "a list without a setpoint is stopped before"


@pytest.mark.parametrize("mode", ["single_pulse", "channel_list"])
def test_an_init_in_mid_session_is_an_error_and_a_new_handshake(mode: str) -> None:
    bench = Bench(mode).ready()
    bench.burst(3, PERIOD_US)
    bench.device.inject("device_reset", bench.now_us, bench.now_us)
    bench.reports.clear()
    bench.pulse()
    bench.until(bench.now_us + 60_000)
    assert bench.kinds()[:2] == ["error", "up"]
    why = "Init came unasked: the device was reset, or its watchdog fired"
    assert bench.reports[0].detail == why
    assert bench.session.state == UP
    before = len(bench.pulses)
    bench.burst(3)
    assert len(bench.pulses) == before, "to be armed again by hand"
    bench.command(Arm(bench.now_us, 0))
    bench.until(bench.now_us + 100_000)
    bench.burst(3)
    assert len(bench.pulses) > before


def test_a_device_that_comes_back_as_another_is_told_so() -> None:
    bench = Bench().ready()
    bench.device.inject("device_swapped", bench.now_us, bench.now_us)
    bench.until(bench.now_us + 300_000)
    assert [kind for kind in bench.faults() if kind != "skipped"] == ["error", "changed"]
    assert bench.session.state == DEAD


def test_a_device_whose_watchdog_fired_is_noticed() -> None:
    """The line lost everything that was sent for a while, and nothing that came."""
    bench = Bench().ready()
    bench.device._alive_us -= 1_190_000
    bench._device_us = bench.now_us
    bench.until(bench.now_us + 100_000)
    assert "error" in bench.kinds()


def test_a_device_that_another_host_starts_is_noticed() -> None:
    bench = Bench().ready()
    setup = sm2.ListSetup(0, 1, 0, 2_000, 25_000, 0)
    bench.device.receive(bench.now_us, sm2.init_channel_list(99, setup))
    bench.until(bench.now_us + 300_000)
    assert "error" in bench.kinds()
    assert any("driven by another" in report.detail for report in bench.reports)


def test_answers_to_nobody_and_damaged_frames_are_counted_told_and_change_nothing() -> None:
    bench = Bench().ready()
    damaged = bytearray(sm2.ack(5, sm2.SINGLE_PULSE, 0))
    damaged[-2] ^= 1
    stray = sm2.ack(50, sm2.SINGLE_PULSE, 0)
    for _ in range(5):
        bench.take(bench.session.receive(bench.now_us, stray + bytes(damaged)))
    assert sorted(bench.kinds()) == ["corrupt", "orphan"], "once in ten seconds"
    bench.burst(3)
    assert len(bench.pulses) == 3


def test_a_line_that_hangs_up_ends_the_session() -> None:
    bench = Bench().ready()
    bench.take(bench.session.hang_up(bench.now_us, "unplugged"))
    assert bench.kinds() == ["down"]
    bench.pulse()
    bench.command(Stop(bench.now_us, 0, "test"))
    bench.until(bench.now_us + 2_000_000)
    assert bench.sent == []


def test_an_error_without_a_name_is_told_by_its_number() -> None:
    bench = Bench().ready()
    bench.take(bench.session.receive(bench.now_us, sm2.encode(0, sm2.STIMULATION_ERROR, b"\x9c")))
    assert [(report.kind, report.detail) for report in bench.reports] == [
        ("error", "unknown error (-100)")
    ]


def test_a_device_that_no_more_answers_when_it_is_to_be_armed_is_stopped_and_may_be_armed() -> None:
    bench = Bench()
    bench.open()
    bench.until(1_000_000)
    bench.reports.clear()
    bench.deaf = True
    bench.command(Arm(bench.now_us, WHICH))
    bench.until(bench.now_us + 300_000)
    assert bench.kinds() == ["silent"]
    assert bench.session.state == STOPPING
    bench.deaf = False
    bench.until(bench.now_us + 100_000)
    assert bench.session.state == UP
    assert bench.dropped_us == NEVER_US


def test_a_device_without_a_version_is_refused_as_version_0() -> None:
    bench = Bench()
    bench.open()
    bench.take(bench.session.receive(0, sm2.encode(3, sm2.INIT, b"")))
    assert bench.reports[-1].detail == "the device speaks version 0, this driver 1"


@pytest.mark.parametrize("state", [HELLO, ARMING, UP])
def test_a_device_that_works_for_another_is_stopped_before_it_is_greeted_or_armed(
    state: str,
) -> None:
    bench = Bench()
    bench.deaf = True
    bench.open()
    bench.take(bench.session.receive(0, sm2.init(3, sm2.VERSION)))
    idle, busy = [bytes((mode,)) for mode in (sm2.MODE_START, sm2.MODE_STARTED)]

    def answer(mode: bytes) -> DriverStep:
        number = bench.sent[-1][1].number
        data = sm2.ack(number, sm2.GET_STIMULATION_MODE, 0, mode)
        return bench.take(bench.session.receive(bench.now_us, data))

    if state != HELLO:
        answer(idle)
        bench.command(Arm(bench.now_us, WHICH))
    if state == UP:
        bench.take(bench.session.tick(bench.now_us))
        bench.command(Stop(bench.now_us, WHICH, "test"))
        bench.take(bench.session.receive(0, sm2.ack(62, sm2.STOP_CHANNEL_LIST, 0)))
        bench.now_us = 100_000
        bench.take(bench.session.tick(bench.now_us))
    assert bench.session.state == state
    bench.reports.clear()
    step = answer(busy)
    assert bench.kinds() == ["error"]
    assert bench.reports[0].detail == "device is in mode 2, expected 0: it is driven by another"
    stopped = step.out == (bench.session.stop_bytes,)
    assert stopped == (state != UP), "one that is up is the controller's to judge"
    if stopped:
        bench.take(bench.session.receive(bench.now_us, sm2.ack(62, sm2.STOP_CHANNEL_LIST, 0)))
        assert bench.session.state == (HELLO if state == HELLO else UP)


def test_after_a_list_has_ended_the_device_is_where_it_should_be() -> None:
    bench = Bench("channel_list").ready()
    bench.burst(4, PERIOD_US)
    bench.until(bench.now_us + 1_000_000)
    assert bench.session.state == READY
    assert "error" not in bench.kinds()
