"""The mid level by itself: when a train begins, what the source has time for, what channels say."""

import pytest

from fes_ctrl.model import Setpoint
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.driver_line import DriverLine
from fes_ctrl.stimulators.p24_mid import MidLevel
from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire import sciencemode4_answers as answers

PERIOD_US = 20_000
WHICH = 3


class Trains:
    """A level and its line; every frame is answered when told to."""

    def __init__(self) -> None:
        self.line = DriverLine(WHICH)
        device = capabilities_of(StimulatorConfig(mode="mid_level"))
        self.level = MidLevel(self.line, device, PERIOD_US, 100_000)

    def hold(
        self, at_us: int, channel: int = 0, width_us: int = 300, life_us: int = 10_000
    ) -> None:
        self.level.hold(at_us, Setpoint(at_us, 1, channel, 20_000, width_us, at_us + life_us, 0))

    def well(self, now_us: int, payload: bytes = b"\0") -> None:
        """Answer the oldest frame."""
        asked = self.line.pending.first()
        assert asked is not None
        self.level.answered(now_us, asked, payload)

    def frames(self) -> list[sm4.Frame]:
        out = [frame for data in self.line.out for frame in sm4.Decoder().feed(data)]
        self.line.out.clear()
        return out

    def told(self) -> list[tuple[int, str, str, int]]:
        """Return what was reported, answers apart: when, what, the words and the channel."""
        told = [(r.t_us, r.kind, r.detail, r.channel) for r in self.line.reports if r.detail]
        self.line.reports.clear()
        return told


def running(*channels: int, width_us: int = 300) -> Trains:
    """Return trains of 50 Hz on these channels, all written and answered, 40 ms after the first."""
    trains = Trains()
    for at_us in (0, PERIOD_US):
        for channel in channels:
            trains.hold(at_us, channel, width_us)
        while len(trains.line.pending):
            trains.well(at_us + 700)
        trains.level.write(at_us + 6_000)
        trains.well(at_us + 6_700)
    trains.frames()
    assert trains.told() == []
    return trains


@pytest.mark.parametrize(("width_us", "fits"), [(2_469, True), (2_470, False)])
def test_trains_that_would_take_all_of_the_time_are_refused_one_with_itself_anew_is_not(
    width_us: int, *, fits: bool
) -> None:
    """Two phases and 60 us, four times in 20 ms: 99.96 or 100 % of the one source's time."""
    trains = running(0, 1, 2, 3, width_us=width_us)
    trains.hold(2 * PERIOD_US, 1, width_us)
    refused = "trains take 100 % of the time: the device has one current source"
    skipped = f"pulse of {2 * PERIOD_US} us refused by the driver"
    assert trains.told() == (
        []
        if fits
        else [
            (2 * PERIOD_US, "skipped", skipped, 1),
            (2 * PERIOD_US, "error", f"setpoint refused: {refused}", 1),
        ]
    )


@pytest.mark.parametrize(
    ("life_us", "begins_us"), [(10_000, 6_000), (20_000, 6_000), (5_000, 3_000), (4_999, 2_999)]
)
def test_a_train_begins_after_three_fifths_of_a_setpoints_life_and_6_ms_at_most(
    life_us: int, begins_us: int
) -> None:
    trains = Trains()
    trains.hold(1_000_000, life_us=life_us)
    wake_us = trains.level.wake_at_us()
    assert (wake_us, type(wake_us)) == (1_000_000 + begins_us, int)


@pytest.mark.parametrize(("took_us", "life_us"), [(700, 9_000), (5_000, 9_000), (700, 6_000)])
def test_a_prompt_device_gave_its_last_pulse_where_it_was_told_to(
    took_us: int, life_us: int
) -> None:
    """The distance from that to the next is kept, to the last microsecond of the next's life."""
    trains = Trains()
    trains.hold(0)
    trains.level.write(6_000)
    trains.well(6_000 + took_us)
    trains.hold(PERIOD_US, life_us=life_us)
    trains.well(PERIOD_US + 700)
    assert trains.level.wake_at_us() == 6_000 + PERIOD_US


def test_a_train_whose_beginning_was_answered_late_is_reckoned_to_have_begun_later() -> None:
    trains = Trains()
    trains.hold(0, channel=1, life_us=60_000)
    trains.level.write(6_000)
    trains.well(6_700)
    trains.hold(10_000, life_us=30_000)
    trains.well(10_700, states(running=2))
    trains.level.write(16_000)
    trains.well(19_000)
    trains.hold(10_000 + PERIOD_US, life_us=9_000)
    trains.well(10_700 + PERIOD_US)
    late_us = 3_000 - 700 - 1_500
    assert trains.level.wake_at_us() == 16_000 + late_us + PERIOD_US


def updated() -> Trains:
    """Return a running train with an update that is unanswered: written at 40 ms, void at 50."""
    trains = running(0)
    trains.hold(2 * PERIOD_US, width_us=200)
    assert [frame.command for frame in trains.frames()] == [sm4.ML_UPDATE]
    return trains


def test_an_update_is_taken_back_when_it_is_void_and_every_train_ends_behind_it() -> None:
    trains = updated()
    assert trains.level.wake_at_us() == 50_001
    assert not trains.level.takes_back(50_000)
    assert trains.line.out == []
    assert trains.level.takes_back(50_001)
    assert trains.line.out[0] == sm4.FRAME_ENDS
    assert ends(trains)


def test_what_waits_for_an_answer_wakes_nobody_before_it_is_over() -> None:
    trains = updated()
    trains.hold(2 * PERIOD_US + 1_000, channel=1, life_us=3_000)
    assert trains.level.wake_at_us() == 2 * PERIOD_US + 4_001


def test_after_a_clearing_a_train_of_unknown_end_keeps_away_a_quarter_of_a_second() -> None:
    trains = running(0)
    trains.level.clear()
    trains.hold(PERIOD_US + 100_000, life_us=400_000)
    assert trains.level.wake_at_us() == PERIOD_US + 250_000 + PERIOD_US


def test_after_a_clearing_no_state_of_before_is_held_against_the_device() -> None:
    trains = asked()
    trains.level.clear()
    trains.well(90_000, states(running=3))
    assert trains.told() == []


def test_a_level_says_what_it_is_and_what_it_should_be_in() -> None:
    trains = Trains()
    assert trains.level.init(5) == sm4.ml_init(5, stop_all_on_error=True)
    assert trains.level.agrees(sm4.STATUS_ML_INIT, 0)
    assert not trains.level.agrees(sm4.STATUS_ML_RUNNING, 0)
    assert not trains.level.agrees(sm4.STATUS_LL_INIT, 0)
    assert running(0).level.agrees(sm4.STATUS_ML_RUNNING, 100_000)


def test_a_frame_that_was_taken_back_named_no_one_channel() -> None:
    assert running(0, 3).level.missed(50_000) == -1


def test_a_late_answer_may_tell_of_a_train_that_has_been_ended_since() -> None:
    trains = running(0, 3)
    trains.level.write(PERIOD_US + PERIOD_US + 4_000)
    ended_us = PERIOD_US + PERIOD_US + 4_000
    assert [frame[1] for frame in trains.frames()] == [sm4.ML_UPDATE]
    for asked_us, agrees in ((ended_us - 1, True), (ended_us, True), (ended_us + 1, False)):
        assert trains.level.agrees(sm4.STATUS_ML_RUNNING, asked_us) is agrees
        assert trains.level.agrees(sm4.STATUS_ML_INIT, asked_us)
        assert not trains.level.agrees(sm4.STATUS_LL_INIT, asked_us)


def test_of_a_train_that_may_have_begun_late_the_end_is_when_the_device_said_so() -> None:
    trains = Trains()
    trains.hold(0)
    trains.level.write(6_000)
    trains.well(14_000)
    trains.hold(PERIOD_US, life_us=25_000)
    trains.well(PERIOD_US + 700)
    assert trains.level.wake_at_us() == PERIOD_US + 700 + PERIOD_US


def test_states_that_cannot_be_read_end_every_train() -> None:
    trains = asked()
    trains.well(62_000, b"\0")
    assert trains.told() == [(62_000, "error", "states of the channels cannot be read", -1)]
    assert ends(trains)


def asked() -> Trains:
    """Return a running train whose device was asked for the states of its channels."""
    trains = running(0)
    trains.hold(2 * PERIOD_US)
    trains.level.write(2 * PERIOD_US + 10_001)
    assert [frame.command for frame in trains.frames()] == [sm4.ML_GET_CURRENT_DATA]
    return trains


def ends(trains: Trains) -> bool:
    """Return whether what was written last runs nothing."""
    frames = trains.frames()
    return bool(frames) and sm4.decode_update(frames[-1].payload) == ()


def states(running: int = 1, **wrong: int) -> bytes:
    said = [wrong.get(f"channel_{channel}", sm4.STATE_OK) for channel in range(8)]
    return answers.encode_channel_states(0, answers.SELECT_CHANNEL_STATES, running, said)


@pytest.mark.parametrize(
    ("state", "kind", "name"),
    [
        (1, "electrode", "electrode error"),
        (2, "error", "period not achievable"),
        (3, "electrode", "low current"),
        (4, "error", "state 4"),
        (9, "error", "state 9"),
    ],
)
def test_a_channel_that_is_not_well_is_named_and_every_train_ended(
    state: int, kind: str, name: str
) -> None:
    trains = asked()
    trains.well(62_000, states(channel_5=state))
    assert trains.told() == [(62_000, kind, f"channel 5: {name}", 5)]
    assert ends(trains)


def test_channels_that_run_otherwise_than_told_end_every_train() -> None:
    trains = asked()
    trains.well(62_000, states(running=3))
    why = "channels 00000011 run, 00000001 were told to: it paused, was reset or driven by another"
    assert trains.told() == [(62_000, "error", why, -1)]
    assert ends(trains)


def test_channels_that_are_well_are_an_answer_and_their_trains_go_on() -> None:
    trains = asked()
    trains.well(62_000, states())
    assert [(r.t_us, r.kind, r.detail) for r in trains.line.reports] == [(62_000, "answer", "")]
    assert trains.frames() == []


@pytest.mark.parametrize(("late_us", "told"), [(0, 0), (1_000, 0), (1_001, 1)])
def test_a_train_that_is_ended_too_late_may_have_given_another_pulse(
    late_us: int, told: int
) -> None:
    trains = running(0, 3)
    now_us = PERIOD_US + PERIOD_US + 4_000 + late_us
    trains.level.write(now_us)
    assert ends(trains)
    assert [(r.t_us, r.kind, r.channel, r.pulse_us) for r in trains.line.reports] == [
        (now_us, "outlasted", channel, now_us + 5_000) for channel in (0, 3)
    ] * told


def test_a_train_of_one_pulse_gives_no_other_however_late_it_is_ended() -> None:
    trains = Trains()
    trains.hold(0)
    trains.level.write(6_000)
    trains.well(6_700)
    trains.level.write(60_000)
    assert ends(trains)
    assert trains.told() == []
