"""The guard against a slow account that remembers everything, over bursts, pauses and refusals."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fes_ctrl.model import Capabilities, Setpoint
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.safety.refusals import REFUSALS
from fes_ctrl.stimulators.config import P24_MODES, REHASTIM2_MODES
from fes_ctrl.units import NEVER_US
from helpers.boundaries import currents, widths
from helpers.reference_guard import GIVES_ANOTHER, STALLS, ReferenceGuard, exact

P24 = P24_MODES["low_level"]
COARSE = P24._replace(current_step_ua=2_000, width_step_us=10, channels=2, current_max_ua=70_000)
LISTS = REHASTIM2_MODES["channel_list"]._replace(period_us=25_000, lingers_us=69_000)
SLOW_LISTS = LISTS._replace(period_us=110_000, lingers_us=154_000)
SINGLE = REHASTIM2_MODES["single_pulse"]
# The bench's, and limits of which one each is met before long.
FREE = LimitsConfig(start_mA=50, level_step_mA=50, ramp_min_ms=0)
SLOW = LimitsConfig(ramp_min_ms=90, rate_hz=30, level_step_mA=2, start_mA=10, burst_ms=400)
RISES = LimitsConfig(start_mA=10, burst_ms=400)
CONFIGS = [
    LimitsConfig(),
    *[RISES] * 4,
    LimitsConfig(start_mA=0.3, net_charge_uC=0.3),
    SLOW,
    replace(FREE, rms_mA=4),
    replace(FREE, density_mA_per_cm2=0.5, electrode_area_cm2=8),
    replace(FREE, power_density_W_per_cm2=0.002, load_ohm=2000, voltage_V=70),
    replace(FREE, duty_percent=8, duty_warn_percent=5),
    replace(FREE, dose_mC=0.6, pulse_energy_mJ=0.9),
    replace(FREE, session_min=0.05, charge_per_phase_uC=9, pulse_width_us=250),
]
ORDINARY_UA = [500, 10_000, 20_000, 30_000, 32_000, 36_000, 40_000, 44_000]
GAPS_US = [
    *(1, 9_999, 10_000, 19_999, 20_000, 20_001, 25_000, 33_333, 33_334, 50_000),
    *(99_999, 100_000, 100_001, 101_000, 500_000, 999_999, 1_000_000, 1_000_001, 3_000_000),
    *(9_999_999, 10_000_000, 10_000_001, 40_000_000),
]
ODD = [
    *[("current_ua", value) for value in currents(P24, 80_000, 30_000)],
    *[("width_us", value) for value in widths(P24, 300, 250)],
    *[("channel", value) for value in (-1, 1, 2, 7, 8)],
    *[("leg", value) for value in (-1, 1, 2)],
    *[("waveform", value) for value in (-1, 2)],
    *[("life", value) for value in (-1, 0, 1, 20_000, 20_001)],
    *[("late", value) for value in (-1, 1, 10_000, 10_001)],
    *[("sensor_age", value) for value in (99_999, 100_000)],
    *[("pending_age", value) for value in (99_999, 100_000)],
    *[("leg", 0)] * 20,
]
NARROWER = [
    ("current_mA", 35.0),
    ("rms_mA", 5.0),
    ("start_mA", 12.0),
    ("level_step_mA", 1.0),
    ("ramp_min_ms", 200.0),
    ("burst_ms", 300.0),
    ("duty_percent", 15.0),
    ("load_ohm", 4000.0),
    ("electrode_area_cm2", 4.0),
    ("pulse_width_us", 250),
]


SKIPPED_OF = [0, 0, 0, 1, 7, -1]
SKIPPED = ["last", "older", "first", "earlier burst", "end of rise", "risen", "none"]


class Pair:
    """A guard and the reference, told the same."""

    def __init__(self, config: LimitsConfig, device: Capabilities) -> None:
        self.limits = Limits(config)
        self.guard = Guard(self.limits, device)
        self.reference = ReferenceGuard(config, device)
        self.now_us = 5_000_000
        self.seen: set[str] = set()
        self.talk()
        self.arm()

    def talk(self) -> None:
        """Samples come and answers come: everything that is not told otherwise is fresh."""
        for leg in (0, 1):
            self.guard.sensor_seen(leg, self.now_us)
            self.reference.sensor_us[leg] = self.now_us
        self.guard.link_seen(NEVER_US)
        self.reference.pending_us = None

    def arm(self) -> None:
        self.guard.arm()
        self.reference.armed = True
        self.reference.refused_us.clear()
        self.reference.start_over()

    def new_session(self) -> None:
        self.guard.new_session()
        self.reference.dose_pc = 0
        self.reference.session_from_us = None

    def put(self, setpoint: Setpoint, now_us: int) -> None:
        reasons, pulse = self.reference.speaks_against(setpoint, now_us)
        before = self.guard.snapshot()
        reason = self.guard.check(setpoint, now_us)
        self.seen.add(reason)
        given = self.guard.given
        if pulse is None:
            assert reason in reasons, (reason, reasons, setpoint)
            assert given is None
            assert self.guard.fault == self.reference.refuse(reason, now_us)
            after = self.guard.snapshot()
            del before["refused_us"], after["refused_us"], before["armed"], after["armed"]
            assert after == before, "what is refused leaves no trace in the account"
            return
        assert given is not None, (reason, setpoint)
        assert (reason == ALLOWED) == (not reasons)
        assert reason == ALLOWED or reason in reasons
        sign = 1 if setpoint.current_ua > 0 else -1
        assert given == setpoint._replace(current_ua=sign * pulse.current_ua)
        assert not self.guard.fault
        self.reference.enter(pulse)

    def skip(self, channel: int, which: str) -> None:
        """Report a pulse as not given: the last of its channel, or one before it."""
        reference = self.reference
        own = reference.of(max(0, channel))
        if not own:
            at_us = self.now_us
        elif which == "last":
            at_us = own[-1].at_us
        elif which == "older":
            at_us = own[max(0, len(own) - 3)].at_us
        elif which == "earlier burst":
            at_us = own[0].at_us
        elif which == "first":
            at_us = next(p.at_us for p in own if p.burst == own[-1].burst)
        elif which == "none":
            at_us = own[-1].at_us + 1
        else:
            risen_us = own[-1].rise_from_us + exact(reference.config.ramp_min_ms) * 1000
            if which == "risen":
                at_us = min([p.at_us for p in own if p.at_us >= risen_us], default=own[-1].at_us)
            else:
                at_us = max([p.at_us for p in own if p.at_us < risen_us], default=own[-1].at_us)
        self.guard.skipped(channel, at_us)
        reference.skipped(channel, at_us)

    def burst(self, gap_us: int, count: int, current_ua: int, channel: int, waveform: int) -> None:
        if not self.guard.armed:
            self.arm()
        for _ in range(count):
            self.now_us += gap_us
            self.talk()
            at_us = self.now_us
            self.put(Setpoint(at_us, 0, channel, current_ua, 300, at_us + 10_000, waveform), at_us)
            if self.guard.given is None:
                break


DEVICES = [P24, P24, COARSE, LISTS, SLOW_LISTS, SINGLE]
MET = {
    "rms": replace(FREE, rms_mA=4),
    "density": replace(FREE, density_mA_per_cm2=0.5, electrode_area_cm2=8),
    "power": replace(FREE, power_density_W_per_cm2=0.002, load_ohm=2000),
    "duty": replace(FREE, duty_percent=8, duty_warn_percent=5),
    "dose": LimitsConfig(dose_mC=0.6),
    "session": replace(FREE, session_min=0.05),
    "burst_length": SLOW,
    "ramp": LimitsConfig(),
    "level_step": LimitsConfig(),
}


@pytest.mark.parametrize("reason", MET)
@pytest.mark.parametrize("device", [P24, COARSE], ids=["p24", "coarse"])
def test_over_a_walk_the_guard_says_what_the_reference_says(
    reason: str, device: Capabilities
) -> None:
    dice = Random(reason)
    pair = Pair(MET[reason], device)
    for stride in range(25):
        pair.now_us += dice.choice([150_000, 400_000, 700_000])
        current_ua = dice.choice([20_000, 32_000, 36_000, 40_000, 44_000])
        pair.burst(
            dice.choice([20_000, 25_000, 34_000]), 40, current_ua, stride % 2, stride % 3 % 2
        )
        if pair.guard.fault:
            pair.new_session()
    assert reason in pair.seen


@pytest.mark.parametrize("which", SKIPPED)
@pytest.mark.parametrize("channel", [0, 1, -1])
@pytest.mark.parametrize("device", [P24, LISTS, SINGLE], ids=["p24", "lists", "single"])
def test_over_a_walk_that_misses_pulses_both_say_the_same(
    which: str, channel: int, device: Capabilities
) -> None:
    dice = Random(f"{which} {channel}")
    pair = Pair(RISES, device)
    for _ in range(20):
        pair.now_us += 300_000
        peak_ua = dice.choice([20_000, 22_000, 26_000, 32_000])
        if dice.random() < 0.5:
            pair.burst(25_000, dice.choice([1, 2, 5]), peak_ua, 0, 0)
            pair.skip(channel, which)
            pair.now_us += dice.choice([0, 300_000])
        pair.burst(dice.choice([25_000, 25_000, 117_509]), dice.choice([8, 18]), peak_ua, 0, 0)
    assert pair.seen >= {"ramp", "level_step", "burst_length"}
    # Who may not know what was felt lets no more through than the start; nor, for long, does who
    # does not know which of two was.
    assert ALLOWED in pair.seen or which == "none" or device is LISTS


class GuardAgainstReference(RuleBasedStateMachine):
    @initialize(config=st.sampled_from(CONFIGS), device=st.sampled_from(DEVICES))
    def begin(self, config: LimitsConfig, device: Capabilities) -> None:
        self.pair = Pair(config, device)

    @rule()
    def arm(self) -> None:
        self.pair.arm()

    @rule()
    def disarm(self) -> None:
        self.pair.guard.armed = False
        self.pair.reference.armed = False

    @rule()
    def start_over(self) -> None:
        self.pair.guard.start_over()
        self.pair.reference.start_over()

    @rule()
    def new_session(self) -> None:
        self.pair.new_session()

    @rule(which=st.sampled_from(NARROWER))
    def narrow(self, which: tuple[str, float]) -> None:
        key, value = which
        reference = self.pair.reference
        in_force = getattr(reference.config, key)
        wider = value < in_force if key in {"ramp_min_ms", "load_ohm"} else value > in_force
        refused = self.pair.limits.narrow(key, value)
        assert bool(refused) == wider
        if not wider:
            reference.config = replace(reference.config, **{key: value})  # type: ignore[arg-type]
        self.pair.guard.limits_changed()

    @rule(
        peaks_ua=st.lists(st.sampled_from(ORDINARY_UA), min_size=1, max_size=4),
        gap_us=st.sampled_from([20_000, 25_000, 40_000]),
        count=st.sampled_from([1, 8, 20, 60]),
        channel=st.integers(0, 1),
        waveform=st.integers(0, 1),
        pause_us=st.sampled_from([90_000, 150_000, 700_000]),
    )
    def bursts(
        self,
        peaks_ua: list[int],
        gap_us: int,
        count: int,
        channel: int,
        waveform: int,
        pause_us: int,
    ) -> None:
        for peak_ua in peaks_ua:
            self.pair.now_us += pause_us
            self.pair.burst(gap_us, count, peak_ua, channel, waveform)

    @rule(channel=st.sampled_from(SKIPPED_OF), late_us=st.sampled_from([-400_000, 0, 24_000]))
    def outlast(self, channel: int, late_us: int) -> None:
        self.pair.guard.outlasted(channel, self.pair.now_us + late_us)
        self.pair.reference.outlasted(channel, self.pair.now_us + late_us)

    @rule(channel=st.sampled_from(SKIPPED_OF), which=st.sampled_from(SKIPPED))
    def skip(self, channel: int, which: str) -> None:
        self.pair.skip(channel, which)

    @rule(
        peaks_ua=st.lists(st.sampled_from(ORDINARY_UA), min_size=2, max_size=3),
        gap_us=st.sampled_from([25_000, 34_000, 80_000, 117_509, 300_000]),
        counts=st.tuples(st.sampled_from([1, 2, 5, 8]), st.sampled_from([1, 8, 18])),
        channel=st.sampled_from(SKIPPED_OF),
        which=st.sampled_from(SKIPPED),
        pause_us=st.sampled_from([0, 150_000]),
    )
    def bursts_that_miss_a_pulse(
        self,
        peaks_ua: list[int],
        gap_us: int,
        counts: tuple[int, int],
        channel: int,
        which: str,
        pause_us: int,
    ) -> None:
        pair = self.pair
        for peak_ua in peaks_ua:
            for count in (9, counts[0]):
                pair.now_us += 150_000
                pair.burst(gap_us, count, peak_ua, 0, 0)
            pair.skip(channel, which)
            pair.now_us += pause_us
            pair.burst(gap_us, counts[1], peak_ua, 0, 0)

    @rule(
        gap_us=st.sampled_from(GAPS_US),
        current_ua=st.sampled_from(ORDINARY_UA),
        odd=st.sampled_from(ODD),
        waveform=st.integers(0, 1),
    )
    def odd_pulse(self, gap_us: int, current_ua: int, odd: tuple[str, int], waveform: int) -> None:
        pair = self.pair
        if not pair.guard.armed:
            pair.arm()
        pair.now_us += gap_us
        pair.talk()
        at_us = pair.now_us
        now_us, expires_us = at_us, at_us + 10_000
        sent = Setpoint(at_us, 0, 0, current_ua, 200, expires_us, waveform)
        match odd:
            case "sensor_age", age_us:
                pair.guard.sensor_seen(0, at_us - age_us)
                pair.reference.sensor_us[0] = at_us - age_us
            case "pending_age", age_us:
                pair.guard.link_seen(at_us - age_us)
                pair.reference.pending_us = at_us - age_us
            case "late", late_us:
                now_us += late_us
            case "life", life_us:
                sent = sent._replace(expires_us=at_us + life_us)
            case field, value:
                sent = sent._replace(**{field: value})
        pair.put(sent, now_us)

    @invariant()
    def memory_is_bounded(self) -> None:
        if hasattr(self, "pair"):
            for account in self.pair.guard._accounts:
                # A second and ten seconds at the cap's rate, the ends included.
                assert len(account) <= 101 + 1001


GuardAgainstReference.TestCase.settings = settings(
    max_examples=70, stateful_step_count=16, deadline=None
)
TestGuardAgainstReference = GuardAgainstReference.TestCase


def test_the_table_says_of_each_reason_what_the_reference_does() -> None:
    assert {reason for reason, row in REFUSALS.items() if row.stall} == STALLS
    gives_another = {reason for reason, row in REFUSALS.items() if not row.ends_burst}
    assert gives_another == GIVES_ANOTHER
    assert {r for r, row in REFUSALS.items() if row.clips} == {"ramp", "level_step"}
    assert {r for r, row in REFUSALS.items() if row.latches} == {"dose", "session"}
    assert all(row.reason == reason for reason, row in REFUSALS.items())
