"""What the guard's refusals and a person's hand do to the latch, the session and the limits."""

import math

import pytest

from fes_ctrl.assembly import ControlConfig, assemble
from fes_ctrl.controller import Controller
from fes_ctrl.model import (
    ALL_LEGS,
    HEEL_SWITCH,
    LINK_ANSWER,
    LINK_READY,
    LINK_UP,
    RIGHT,
    Arm,
    Decision,
    Fault,
    LinkReport,
    Operator,
    ParameterChange,
    Record,
    Sample,
    Setpoint,
    StateChange,
    Stop,
)
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limit_rows import FIXED, HIGHER, ROWS
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stim.config import ProgramConfig
from fes_ctrl.stimulators.config import P24_MODES
from fes_ctrl.units import NEVER_US

STRIDE_US = 1_100_000


class Walker:
    """A controller that is armed and walked through: 0.6 s on the heel, 0.5 s off it."""

    def __init__(self, limits: LimitsConfig | None = None) -> None:
        config = ControlConfig(limits=limits or LimitsConfig(), program=ProgramConfig(rise_ms=0))
        self.controller: Controller = assemble((RIGHT,), config)
        self.now_us = 0
        self.given: list[Setpoint] = []
        self.stops: list[Stop] = []
        self.records: list[Record] = []
        self.put(LinkReport(0, 0, LINK_UP, NEVER_US, ""))
        self.arm()

    def arm(self) -> None:
        self.put(Operator(self.now_us, "arm", 0))
        self.put(Operator(self.now_us, "level", 100))

    def put(self, item: object) -> None:
        step = self.controller.step(self.now_us, item)  # type: ignore[arg-type]
        self.records += step.records
        for command in step.commands:
            if isinstance(command, Setpoint):
                self.given.append(command)
                self.put(LinkReport(self.now_us, 0, LINK_ANSWER, NEVER_US, ""))
            elif isinstance(command, Arm):
                self.put(LinkReport(self.now_us, 0, LINK_READY, NEVER_US, ""))
            elif isinstance(command, Stop):
                self.stops.append(command)

    def walk(self, duration_s: float) -> "Walker":
        end_us = self.now_us + round(duration_s * 1e6)
        while self.now_us < end_us:
            self.now_us += 5_000
            if self.now_us % 10_000 == 0:
                loaded = 1.0 if self.now_us % STRIDE_US < 600_000 else 0.0
                seq = self.now_us // 10_000
                self.put(Sample(self.now_us, self.now_us, seq, RIGHT, HEEL_SWITCH, (loaded,)))
            else:
                self.put(None)
        return self

    def change(self, key: str, value: float, leg: int = ALL_LEGS) -> str:
        before = len(self.records)
        self.put(ParameterChange(self.now_us, leg, f"limits.{key}", value))
        (record,) = self.records[before:]
        assert isinstance(record, StateChange)
        return record.reason

    def faults(self) -> list[tuple[str, str]]:
        return [(r.id, r.reaction) for r in self.records if isinstance(r, Fault)]

    def decisions(self, verdict: str) -> set[str]:
        return {r.reason for r in self.records if isinstance(r, Decision) and r.verdict == verdict}


def test_five_bursts_refused_in_ten_seconds_latch() -> None:
    walker = Walker().walk(6)
    peak_ua = max(point.current_ua for point in walker.given)
    assert walker.change("pulse_energy_mJ", 0.1) == "limits.pulse_energy_mJ = 0.1: narrowed"
    walker.walk(9)
    assert walker.faults() == [("F33", "latch")]
    assert [stop.reason for stop in walker.stops] == ["F33"]
    refused = [r for r in walker.records if isinstance(r, Decision) and r.verdict == "refuse"]
    assert [r.reason for r in refused] == ["pulse_energy"] * 5
    assert peak_ua > 20_000
    latched_us = walker.now_us
    walker.walk(5)
    assert all(point.at_us < latched_us for point in walker.given)
    walker.put(Operator(walker.now_us, "clear", 0))
    before = len(walker.given)
    walker.walk(3)
    assert len(walker.given) == before, "the latch is open, and nobody has armed"


def test_four_bursts_refused_do_not_latch_and_neither_do_five_in_a_longer_time() -> None:
    guard = Guard(Limits(LimitsConfig()), P24_MODES["low_level"])
    guard.arm()
    bad = Setpoint(0, 0, 0, 90_000, 200, 10_000, 0)
    for now_us in (0, 1, 2, 3, 10_000_000, 10_000_001):
        assert guard.check(bad, now_us) == "current"
        assert guard.fault == ""
    assert guard.check(bad, 10_000_002) == "current"
    assert guard.check(bad, 10_000_002) == "current"
    assert guard.fault == "F33"
    assert not guard.armed, "it disarms itself, whatever the controller does"


def test_stalls_are_refused_for_ever_and_never_latch() -> None:
    guard = Guard(Limits(LimitsConfig()), P24_MODES["low_level"])
    guard.arm()
    for at_us in range(0, 5_000_000, 100_000):
        point = Setpoint(at_us, 0, 0, 20_000, 200, at_us + 10_000, 0)
        assert guard.check(point, at_us) == "sensor_age"
        assert guard.fault == ""


@pytest.mark.parametrize("limits", [{"dose_mC": 0.5}, {"session_min": 0.06}])
def test_a_session_that_is_over_needs_a_hand(limits: dict[str, float]) -> None:
    walker = Walker(LimitsConfig(**limits)).walk(12)  # type: ignore[arg-type]
    assert walker.faults() == [("F32", "latch")]
    dose_mC = sum(point.current_ua * point.width_us for point in walker.given) / 1e9
    whole_us = walker.given[-1].at_us - walker.given[0].at_us
    assert dose_mC <= limits.get("dose_mC", math.inf)
    assert whole_us <= limits.get("session_min", math.inf) * 60e6
    count = len(walker.given)
    walker.arm()
    walker.walk(3)
    assert len(walker.given) == count, "it is latched: arming alone does nothing"
    walker.put(Operator(walker.now_us, "clear", 0))
    walker.arm()
    walker.walk(3)
    assert len(walker.given) > count, "a person has begun a new session"
    assert walker.faults()[:2] == [("F32", "latch"), ("F32", "cleared")]


def first_peaks(walker: Walker, from_us: int) -> list[int]:
    """Return the peaks of the bursts from an instant on."""
    found: list[list[Setpoint]] = []
    for point in walker.given:
        if point.at_us >= from_us:
            if not found or point.at_us - found[-1][-1].at_us > 100_000:
                found.append([])
            found[-1].append(point)
    return [max(point.current_ua for point in burst) for burst in found]


@pytest.mark.parametrize("how", ["pause", "level 0", "disarm"])
def test_strength_comes_back_in_steps_after_a_break(how: str) -> None:
    walker = Walker().walk(8)
    assert first_peaks(walker, 0)[:5] == [30_000, 35_000, 40_000, 43_000, 43_000]
    assert walker.decisions("clip") == {"ramp", "level_step"}
    assert walker.decisions("refuse") == set()
    now_us = walker.now_us
    if how == "level 0":
        walker.put(Operator(now_us, "level", 0))
    else:
        walker.put(Operator(now_us, how, 0))
        walker.walk(0.5)
        walker.put(Operator(walker.now_us, "resume" if how == "pause" else "arm", 0))
    walker.put(Operator(walker.now_us, "level", 100))
    walker.walk(6)
    assert first_peaks(walker, now_us)[:4] == [30_000, 35_000, 40_000, 43_000]


def test_a_program_without_a_ramp_is_given_one() -> None:
    walker = Walker().walk(9)
    last = [point for point in walker.given if point.at_us > 8_000_000]
    onset_us = last[0].at_us
    rise = {point.at_us - onset_us: point.current_ua for point in last}
    assert [rise[since_us] for since_us in (0, 25_000, 50_000, 75_000, 100_000)] == [
        *(30_000, 33_000, 36_500, 39_500, 43_000),
    ]


def test_what_is_clipped_to_nothing_is_refused() -> None:
    guard = Guard(Limits(LimitsConfig(start_mA=0.4)), P24_MODES["low_level"])
    guard.arm()
    guard.sensor_seen(0, 0)
    assert guard.check(Setpoint(0, 0, 0, 500, 200, 10_000, 0), 0) == "ramp"
    assert guard.given is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_a_running_limit_can_only_be_narrowed(row: object) -> None:
    assert isinstance(row, type(ROWS[0]))
    limits = Limits(LimitsConfig())
    present = getattr(LimitsConfig(), row.key)
    narrower, wider = (
        (2 * present, present / 2)
        if row.narrower == HIGHER
        else (
            present / 2,
            2 * present,
        )
    )
    names = [name for name in dir(limits) if not name.startswith("_") and name != "narrow"]
    before = {name: getattr(limits, name) for name in names}
    for value in (wider, math.nan, math.inf, -math.inf, 0.0, -1.0):
        assert row.key in limits.narrow(row.key, value)
        assert {name: getattr(limits, name) for name in names} == before
    if row.narrower == FIXED:
        assert "limits file" in limits.narrow(row.key, narrower)
        return
    assert limits.narrow(row.key, present) == ""
    assert limits.narrow(row.key, narrower) == ""
    changed = [n for n in names if getattr(limits, n) != before[n] and n != "config"]
    assert changed, "something that the guard looks at has moved"
    assert "would widen" in limits.narrow(row.key, present)


def test_a_limit_that_is_narrowed_in_a_walk_holds_at_once_and_is_told() -> None:
    walker = Walker().walk(6)
    told = walker.change("current_mA", 90.0)
    assert told.startswith("refused: limits.current_mA = 90: would widen the 80 in force")
    assert walker.change("nothing", 1.0) == "refused: limits.nothing: there is no such limit"
    assert "all legs" in walker.change("current_mA", 30.0, RIGHT)
    assert "finite" in walker.change("current_mA", math.nan)
    walker.walk(2)
    assert walker.decisions("refuse") == set()
    now_us = walker.now_us
    walker.change("current_mA", 30.0)
    walker.walk(3)
    assert all(point.current_ua <= 30_000 for point in walker.given if point.at_us > now_us)
    assert walker.decisions("refuse") == set(), "the program keeps to it by itself"
    walker.change("pulse_energy_mJ", 0.1)
    walker.walk(1)
    assert walker.decisions("refuse") == {"pulse_energy"}


def test_every_channel_is_counted_by_itself_and_the_session_over_all() -> None:
    limits = LimitsConfig(density_mA_per_cm2=0.2, electrode_area_cm2=10, dose_mC=1)
    guard = Guard(Limits(limits), P24_MODES["low_level"])
    guard.arm()
    # 2 mA r.m.s.: 20 mA for two phases of 200 us are 0.16 uA2 s each; 25 of them fill a second.
    for pulse in range(26):
        for channel in (0, 1):
            at_us = 25_000 * pulse + 5_000 * channel
            guard.sensor_seen(0, at_us)
            guard.link_seen(NEVER_US)
            point = Setpoint(at_us, 0, channel, 20_000, 200, at_us + 10_000, 0)
            expected = ALLOWED if pulse < 25 else "density"
            assert guard.check(point, at_us) == expected, (pulse, channel)
    assert guard.snapshot()["dose_pc"] == 50 * 20_000 * 200
