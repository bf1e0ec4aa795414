"""The two ways of a RehaStim2, to the microsecond: what is written next, when, and what is over."""

import pytest

from fes_ctrl.model import Setpoint
from fes_ctrl.stimulators.config import LIFE_US, StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.rehastim2_output import GROUP_US, ChannelLists, SinglePulses, Wanted
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode2 as sm2

PERIOD_US = 25_000
LIST = capabilities_of(
    StimulatorConfig(device="rehastim2", mode="channel_list", list_interval_ms=PERIOD_US / 1000)
)
SINGLE = capabilities_of(StimulatorConfig(device="rehastim2", mode="single_pulse"))


def pulse(at_us: int, channel: int = 0, life_us: int = 10_000) -> Setpoint:
    return Setpoint(at_us, 1, channel, 20_000, 300, at_us + life_us, 0)


def payload_of(wanted: Wanted | None, command: int) -> bytes:
    assert wanted is not None
    assert wanted.command == command
    (frame,) = sm2.Decoder().feed(wanted.frame)
    assert frame.command == command
    return frame.payload


def told(wanted: Wanted | None) -> list[int]:
    """Return the current of each channel of an update, mA."""
    pulses = sm2.decode_start_channel_list(payload_of(wanted, sm2.START_CHANNEL_LIST))
    assert pulses is not None
    return [pulse.current_ua // 1000 for pulse in pulses]


def running(*channels: int) -> ChannelLists:
    """Return a list that was set up with these channels and told their first setpoints."""
    lists = ChannelLists(LIST)
    for channel in channels:
        lists.hold(pulse(0, channel))
    lists.next(0, 1)
    lists.answered(sm2.INIT_CHANNEL_LIST, 0, 0)
    lists.next(0, 2)
    return lists


def test_a_list_is_set_up_with_its_channels_and_its_period_and_nothing_more() -> None:
    lists = ChannelLists(LIST)
    lists.hold(pulse(0, 5))
    lists.hold(pulse(0, 2))
    wanted = lists.next(0, 7)
    setup = sm2.decode_init_channel_list(payload_of(wanted, sm2.INIT_CHANNEL_LIST))
    assert setup == sm2.ListSetup(0, 0b100100, 0, GROUP_US, PERIOD_US, sm2.FAST)
    assert wanted == Wanted(sm2.INIT_CHANNEL_LIST, wanted.frame, (), NEVER_US)
    assert lists.resting == sm2.MODE_START
    lists.answered(sm2.INIT_CHANNEL_LIST, 0, 0)
    assert lists.resting == sm2.MODE_INITIALISED


def test_a_channel_that_is_new_to_a_running_list_stops_it_first() -> None:
    lists = running(0)
    lists.hold(pulse(10_000, 1))
    wanted = lists.next(10_000, 3)
    assert payload_of(wanted, sm2.STOP_CHANNEL_LIST) == b""
    assert wanted == Wanted(sm2.STOP_CHANNEL_LIST, wanted.frame, (), NEVER_US)
    lists.answered(sm2.STOP_CHANNEL_LIST, 10_000, 11_000)
    assert lists.resting == sm2.MODE_START
    assert not lists.over(1_000_000)
    assert lists.wake_at_us(blocked=False) == 10_000, "nothing runs that could be over"


def test_an_update_is_void_when_the_first_of_its_setpoints_is() -> None:
    lists = ChannelLists(LIST)
    lists.hold(pulse(0, 0, life_us=4_000))
    lists.hold(pulse(1_000, 1))
    lists.next(0, 1)
    lists.answered(sm2.INIT_CHANNEL_LIST, 0, 0)
    wanted = lists.next(1_000, 2)
    assert wanted is not None
    assert wanted.written == (pulse(0, 0, life_us=4_000), pulse(1_000, 1))
    assert wanted.void_us == 4_000
    assert told(wanted) == [20, 20]


def test_a_channel_whose_setpoint_is_yet_to_come_is_told_to_give_nothing() -> None:
    lists = ChannelLists(LIST)
    lists.hold(pulse(0, 0))
    lists.hold(pulse(5_000, 1))
    lists.next(0, 1)
    lists.answered(sm2.INIT_CHANNEL_LIST, 0, 0)
    assert told(lists.next(0, 2)) == [20, 0]


def test_a_setpoint_holds_for_a_round_beyond_its_life_and_to_the_microsecond() -> None:
    end_us = 10_000 + PERIOD_US
    for now_us, currents in ((end_us, [20, 20]), (end_us + 1, [0, 20])):
        lists = running(0, 1)
        lists.hold(pulse(now_us, 1))
        assert told(lists.next(now_us, 3)) == currents
    lists = running(0)
    assert not lists.over(end_us)
    assert lists.over(end_us + 1)
    assert lists.wake_at_us(blocked=False) == end_us + 1
    assert lists.wake_at_us(blocked=True) == end_us + 1


def test_a_setpoint_that_would_live_longer_holds_as_long_as_one_may() -> None:
    lists = ChannelLists(LIST)
    lists.hold(pulse(0, 0, life_us=1_000_000))
    lists.next(0, 1)
    lists.answered(sm2.INIT_CHANNEL_LIST, 0, 0)
    lists.next(0, 2)
    assert lists.wake_at_us(blocked=False) == LIFE_US + PERIOD_US + 1


def test_what_waits_for_the_line_wakes_when_it_is_due_or_over() -> None:
    lists = running(0)
    lists.hold(pulse(2_000, 0))
    assert lists.wake_at_us(blocked=False) == 2_000
    assert lists.wake_at_us(blocked=True) == 12_001
    assert lists.expired(12_000) is None
    assert lists.expired(12_001) == pulse(2_000, 0)
    assert lists.expired(12_001) is None


def test_a_reset_leaves_nothing() -> None:
    lists = running(0)
    lists.hold(pulse(2_000, 0))
    lists.reset()
    assert lists.wake_at_us(blocked=False) == NEVER_US
    assert lists.drop() is None
    assert lists.next(2_000, 3) is not None, "the next one sets the list up anew"


def test_a_single_pulses_answer_that_comes_late_keeps_the_next_away_from_it() -> None:
    """The device takes 10 ms at least; each microsecond above counts."""
    for took_us, next_us in ((10_000, 40_000), (10_001, 40_001), (24_000, 54_000)):
        single = SinglePulses(SINGLE, 40_000)
        single.hold(pulse(0))
        assert single.next(0, 1) is not None
        single.answered(sm2.SINGLE_PULSE, 0, took_us)
        single.hold(pulse(30_000, life_us=100_000))
        assert single.wake_at_us(blocked=False) == next_us
        assert single.next(next_us - 1, 2) is None
        assert single.next(next_us, 2) is not None
    assert single.resting == sm2.MODE_START
    assert not single.over(10_000_000)


@pytest.mark.parametrize(
    ("now_us", "channel", "command", "outlasted"),
    [
        (55_000, 1, sm2.START_CHANNEL_LIST, ()),
        (55_001, 1, sm2.START_CHANNEL_LIST, (0,)),
        (55_000, 2, sm2.STOP_CHANNEL_LIST, ()),
        (55_001, 2, sm2.STOP_CHANNEL_LIST, (0, 1)),
    ],
)
def test_a_frame_that_ends_what_was_repeated_for_too_long_names_its_channels(
    now_us: int, channel: int, command: int, outlasted: tuple[int, ...]
) -> None:
    """Told at 0 for 10 ms, it was to end at 35 ms; after 20 ms more a host is later than it may be.

    An update says anew what its own channel gives, so that one has not ended.
    """
    lists = running(0, 1)
    lists.hold(pulse(now_us, channel))
    wanted = lists.next(now_us, 3)
    assert wanted is not None
    assert (wanted.command, wanted.outlasted) == (command, outlasted)


def test_a_list_of_which_nothing_holds_any_more_is_over_while_its_stop_is_unanswered() -> None:
    lists = running(0)
    now_us = 10_000 + PERIOD_US + 1
    lists.hold(pulse(now_us, 1))
    assert payload_of(lists.next(now_us, 3), sm2.STOP_CHANNEL_LIST) == b""
    assert lists.over(now_us)
    assert lists.over(0), "since ever: there is no last setpoint"
    assert lists.wake_at_us(blocked=True) <= 0
