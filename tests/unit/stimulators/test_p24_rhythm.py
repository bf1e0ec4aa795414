"""The mid level's rhythm: what is a train's period, what a setpoint covers, who is asked when."""

import pytest

from fes_ctrl.model import Setpoint
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.driver_line import DriverLine
from fes_ctrl.stimulators.p24_mid import MidLevel
from fes_ctrl.stimulators.p24_output import SINGLE_US
from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire import sciencemode4_answers as answers

PERIOD_US = 20_000
POLL_US = 100_000
GRACE_US = 4_000
WHICH = 3
ALL_WELL = answers.encode_channel_states(
    0, answers.SELECT_CHANNEL_STATES, 1, [sm4.STATE_OK for _ in range(8)]
)


class Trains:
    """A level and its line, answered when told to."""

    def __init__(self) -> None:
        self.line = DriverLine(WHICH)
        device = capabilities_of(StimulatorConfig(mode="mid_level"))
        self.level = MidLevel(self.line, device, PERIOD_US, POLL_US)

    def hold(
        self, at_us: int, width_us: int = 300, life_us: int = 10_000, now_us: int | None = None
    ) -> None:
        point = Setpoint(at_us, 1, 0, 20_000, width_us, at_us + life_us, 0)
        self.level.hold(at_us if now_us is None else now_us, point)

    def well(self, now_us: int, payload: bytes = b"\0") -> None:
        """Answer every frame."""
        while (asked := self.line.pending.first()) is not None:
            self.level.answered(now_us, asked, payload)

    def frames(self) -> list[sm4.Frame]:
        out = [frame for data in self.line.out for frame in sm4.Decoder().feed(data)]
        self.line.out.clear()
        return out

    def asked(self) -> list[int]:
        return [frame.command for frame in self.frames()]

    def skipped(self) -> list[tuple[int, str, int]]:
        told = [(r.t_us, r.detail, r.pulse_us) for r in self.line.reports if r.kind == "skipped"]
        self.line.reports.clear()
        return told


def running(period_us: int = PERIOD_US) -> Trains:
    """Return a train whose second pulse has been written and answered."""
    trains = Trains()
    for at_us in (0, period_us):
        trains.hold(at_us)
        trains.well(at_us + 700)
        trains.level.write(at_us + 6_000)
        trains.well(at_us + 6_700)
    return trains


def period_of(trains: Trains) -> int:
    """Return the period of the train that was written last."""
    found = [sm4.decode_update(f.payload) for f in trains.frames() if f.command == sm4.ML_UPDATE]
    last = found[-1]
    assert last
    return last[0].period_us


@pytest.mark.parametrize(
    ("apart_us", "period_us"),
    [
        (PERIOD_US, PERIOD_US),
        (PERIOD_US + 500, PERIOD_US + 500),
        (PERIOD_US + 300, SINGLE_US),  # no step of the device's time
        (250_000, 250_000),
        (250_500, SINGLE_US),  # no train any more
    ],
)
def test_the_distance_of_two_setpoints_is_the_period_where_it_can_be_one(
    apart_us: int, period_us: int
) -> None:
    assert period_of(running(apart_us)) == period_us


def test_a_setpoint_that_comes_when_its_pulse_has_been_taken_back_covers_nothing() -> None:
    for late_us in (-1, 0):
        trains = running()
        trains.frames()
        trains.line.written.clear()
        now_us = 2 * PERIOD_US + GRACE_US + late_us
        trains.hold(2 * PERIOD_US, now_us=now_us)
        covers = late_us < 0
        assert (len(trains.line.written) == 1) == covers
        ends = [f for f in trains.frames() if f.command == sm4.ML_UPDATE]
        assert (sm4.decode_update(ends[0].payload) == () if ends else covers) is True


def test_what_waits_for_the_line_is_told_of_when_it_is_overtaken_and_when_it_expires() -> None:
    trains = running()
    trains.hold(40_000, width_us=200)  # its update waits for an answer from now on
    trains.hold(50_000, width_us=250)
    assert trains.skipped() == []
    # One that says what runs already needs no frame, and overtakes the one that waits.
    trains.hold(55_000, width_us=200, life_us=3_000)
    assert trains.skipped() == [(55_000, "pulse of 50000 us was overtaken by the next", 50_000)]
    trains.hold(57_000, width_us=250, life_us=3_000)
    trains.level.write(60_000)
    assert trains.skipped() == [], "to the last microsecond of its life"
    trains.level.write(60_001)
    detail = "pulse of 57000 us expired before it could be written"
    assert trains.skipped() == [(60_001, detail, 57_000)]


def going_on(until_us: int) -> Trains:
    """Return a train that goes on until then; its channels were asked about at 40 ms."""
    trains = running()
    trains.frames()
    for at_us in range(40_000, until_us + 1, PERIOD_US):
        trains.hold(at_us)
        asked = trains.asked()
        assert asked == ([sm4.ML_GET_CURRENT_DATA] if at_us == 40_000 else [])
        trains.well(at_us + 700, ALL_WELL)
    return trains


def test_the_channels_are_asked_about_every_so_often() -> None:
    trains = going_on(120_000)
    trains.level.write(39_999 + POLL_US)
    assert trains.asked() == []
    trains.hold(40_000 + POLL_US)
    assert trains.asked() == [sm4.ML_GET_CURRENT_DATA]


@pytest.mark.parametrize(("late_us", "asks"), [(0, True), (1, False)])
def test_nothing_that_prolongs_output_is_written_once_no_setpoint_is_valid(
    late_us: int, *, asks: bool
) -> None:
    trains = going_on(100_000)
    trains.hold(120_000, life_us=20_000)
    trains.level.write(140_000 + late_us)
    assert (sm4.ML_GET_CURRENT_DATA in trains.asked()) == asks
