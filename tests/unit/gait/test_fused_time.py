"""Heel and IMU together where time misbehaves: what is old is no news, and no witness either."""

from fes_ctrl.gait.config import FusedConfig, HeelConfig
from fes_ctrl.gait.fused import FusedDetector
from fes_ctrl.gait.heel import HeelDetector
from fes_ctrl.gait.witness import DOWN, OFF, UNSURE
from fes_ctrl.model import (
    FOOT_IMU,
    HEEL_OFF,
    HEEL_SWITCH,
    INITIAL_CONTACT,
    LEFT,
    GaitEvent,
    Remark,
    Sample,
)

MS = 1_000
HOUR = 3_600_000 * MS


class Puppet:
    """A witness that says and tells what it is told to."""

    turn_deg = 0.0

    def __init__(self) -> None:
        self.says = UNSURE
        self.tells = ""

    def update(self, sample: Sample) -> tuple[GaitEvent, ...]:
        kind, self.tells = self.tells, ""
        if not kind:
            return ()
        self.says = OFF if kind == HEEL_OFF else DOWN
        return (GaitEvent(kind, sample.leg, sample.t_meas_us, sample.t_arrive_us, 1.0),)

    def snapshot(self) -> dict[str, object]:
        return {}

    def remarks(self) -> tuple[Remark, ...]:
        return ()


class Foot:
    """A fused detector on two puppets, fed every 10 ms."""

    def __init__(self) -> None:
        self.heel, self.imu = Puppet(), Puppet()
        other = Puppet(), Puppet()
        self.detector = FusedDetector(FusedConfig(), LEFT, self.heel, self.imu, *other)
        self.events: list[GaitEvent] = []

    def feed(
        self,
        from_ms: int,
        to_ms: int,
        sensors: tuple[str, ...] = (HEEL_SWITCH, FOOT_IMU),
        late_ms: int = 2,
    ) -> None:
        for t_ms in range(from_ms, to_ms, 10):
            for sensor in sensors:
                arrive_us = (t_ms + late_ms) * MS
                sample = Sample(t_ms * MS, arrive_us, 0, LEFT, sensor, (0.0,) * 6)
                self.events += self.detector.update(sample)

    def told(self, kind: str) -> list[int]:
        return [event.t_event_us // MS for event in self.events if event.kind == kind]

    def stride(self, from_ms: int) -> None:
        """Heel-off at once, contact after 400 ms, the next step due after a second."""
        self.heel.tells = self.imu.tells = HEEL_OFF
        self.feed(from_ms, from_ms + 400)
        self.heel.tells = self.imu.tells = INITIAL_CONTACT
        self.feed(from_ms + 400, from_ms + 1000)


def test_a_heel_off_that_was_in_doubt_before_a_stall_is_not_told_after_it() -> None:
    for late_ms in (5_000, 2):
        foot = Foot()
        foot.imu.says = DOWN
        foot.feed(0, 50)
        foot.heel.tells = HEEL_OFF
        foot.feed(50, 100)
        assert foot.told(HEEL_OFF) == [], "the IMU denies it"
        # The stall: either a backlog comes late, or nothing was measured meanwhile.
        begin_ms = 100 if late_ms > 1_000 else 5_000
        foot.feed(begin_ms, begin_ms + 1_000, (HEEL_SWITCH,), late_ms)
        assert foot.told(HEEL_OFF) == []


def test_after_a_clock_was_set_back_a_silent_sensor_has_no_vote() -> None:
    foot = Foot()
    for count in range(4):
        foot.stride(HOUR // MS + 1_000 * count)
    foot.feed(0, 1_000)
    foot.events.clear()
    foot.imu.says = DOWN
    for count in range(4):
        foot.heel.tells = HEEL_OFF
        foot.feed(2_000 + 1_000 * count, 2_400 + 1_000 * count, (HEEL_SWITCH,))
        foot.heel.tells = INITIAL_CONTACT
        foot.feed(2_400 + 1_000 * count, 3_000 + 1_000 * count, (HEEL_SWITCH,))
    assert foot.told(HEEL_OFF) == [2_000, 3_000, 4_000, 5_000]
    assert foot.told(INITIAL_CONTACT) == [2_400, 3_400, 4_400, 5_400]


def test_the_first_heel_off_after_a_contact_that_nobody_saw_is_told() -> None:
    foot = Foot()
    foot.stride(0)
    foot.heel.tells = foot.imu.tells = HEEL_OFF
    foot.feed(1_000, 1_100)
    foot.heel.says = foot.imu.says = DOWN
    foot.feed(5_000, 7_000)  # it has come down amid a gap
    foot.stride(7_000)
    assert foot.told(HEEL_OFF) == [0, 1_000, 7_000]
    assert foot.told(INITIAL_CONTACT) == [400, 7_400]


def test_a_sensor_whose_rows_may_be_old_is_not_asked() -> None:
    """Only arrival is stamped: after a stall of a second a queue is worked off."""
    heel = HeelDetector(HeelConfig(), LEFT)
    said = []
    for row in range(200):
        t_us = row * 10 * MS
        if row >= 100:
            t_us = 2_000 * MS + (row - 100) * 3 * MS
        heel.update(Sample(t_us, t_us, row, LEFT, HEEL_SWITCH, (1.0,)))
        said.append(heel.says)
    assert said[99] == DOWN
    assert said[110] == UNSURE


def test_a_contact_is_told_once_where_a_stuck_heel_has_its_forefoot_tell_it() -> None:
    """The heel's detector is not asked any more, but goes on telling what the forefoot shows."""
    foot = Foot()
    for begin_ms in (0, 1_000, 2_000, 3_000):
        foot.imu.tells = HEEL_OFF
        foot.feed(begin_ms, begin_ms + 400)
        foot.heel.tells = INITIAL_CONTACT
        foot.feed(begin_ms + 400, begin_ms + 410)
        foot.heel.says = UNSURE
        foot.feed(begin_ms + 410, begin_ms + 450)
        foot.imu.tells = INITIAL_CONTACT
        foot.feed(begin_ms + 450, begin_ms + 1_000)
    assert foot.told(INITIAL_CONTACT) == [400, 1_400, 2_400, 3_400]


def test_a_reading_from_the_future_neither_decides_a_doubt_nor_ends_it() -> None:
    foot = Foot()
    foot.imu.says = DOWN
    foot.feed(0, 50)
    foot.heel.tells = HEEL_OFF
    foot.feed(50, 60)
    assert foot.told(HEEL_OFF) == [], "the IMU denies it"
    foot.feed(9_000, 9_010, late_ms=-8_940)
    assert foot.told(HEEL_OFF) == [], "for all that is known it still does"
    foot.imu.says = OFF
    foot.feed(70, 90)
    assert foot.told(HEEL_OFF) == [50], "and now it does not"
