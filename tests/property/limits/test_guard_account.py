"""The guard against a slow account that remembers everything, over bursts, pauses and refusals."""

from dataclasses import replace

from boundaries import currents, widths
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from reference_guard import GIVES_ANOTHER, STALLS, ReferenceGuard

from fes_ctrl.model import Setpoint
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.guard import ALLOWED, Guard
from fes_ctrl.safety.limits import Limits
from fes_ctrl.safety.refusals import REFUSALS
from fes_ctrl.stimulators.config import P24_MODES

P24 = P24_MODES["low_level"]
COARSE = P24._replace(current_step_ua=2_000, width_step_us=10, channels=2, current_max_ua=70_000)
# Besides the bench's, limits so near to each other that each of them is met before long.
TIGHT = LimitsConfig(
    current_mA=60,
    burst_ms=400,
    density_mA_per_cm2=0.5,
    electrode_area_cm2=8,
    start_mA=20,
    duty_percent=20,
    dose_mC=0.6,
    session_min=0.5,
    net_charge_uC=0.3,
    pulse_energy_mJ=1.2,
)
CONFIGS = [
    LimitsConfig(),
    TIGHT,
    replace(TIGHT, duty_percent=100, dose_mC=20_000, session_min=480, burst_ms=1500),
    replace(TIGHT, density_mA_per_cm2=2, duty_percent=100, rms_mA=4, burst_ms=2000, dose_mC=9),
    LimitsConfig(power_density_W_per_cm2=0.002, load_ohm=2000, voltage_V=100, start_mA=0.3),
    LimitsConfig(ramp_min_ms=0, rate_hz=30, level_step_mA=2, start_mA=10),
]
ORDINARY_UA = [500, 10_000, 20_000, 30_000, 32_000, 36_000, 40_000, 44_000]
GAPS_US = [
    *(1, 9_999, 10_000, 19_999, 20_000, 20_001, 25_000, 33_333, 33_334, 50_000),
    *(99_999, 100_000, 100_001, 101_000, 500_000, 999_999, 1_000_000, 1_000_001, 3_000_000),
    *(9_999_999, 10_000_000, 10_000_001, 40_000_000),
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


class GuardAgainstReference(RuleBasedStateMachine):
    @initialize(config=st.sampled_from(CONFIGS), device=st.sampled_from([P24, COARSE]))
    def begin(self, config: LimitsConfig, device: object) -> None:
        assert isinstance(device, type(P24))
        self.device = device
        self.limits = Limits(config)
        self.guard = Guard(self.limits, device)
        self.reference = ReferenceGuard(config, device)
        self.now_us = 5_000_000
        self.talk()

    def talk(self) -> None:
        """Samples come and answers come: everything that is not told otherwise is fresh."""
        for leg in (0, 1):
            self.guard.sensor_seen(leg, self.now_us)
            self.reference.sensor_us[leg] = self.now_us
        self.guard.link_seen(1 << 62)
        self.reference.pending_us = None

    def put(self, setpoint: Setpoint, now_us: int) -> None:
        reasons, pulse = self.reference.speaks_against(setpoint, now_us)
        before = self.guard.snapshot()
        reason = self.guard.check(setpoint, now_us)
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

    @rule()
    def arm(self) -> None:
        self.guard.arm()
        self.reference.armed = True
        self.reference.refused_us.clear()
        self.reference.start_over()

    @rule()
    def disarm(self) -> None:
        self.guard.armed = False
        self.reference.armed = False

    @rule()
    def start_over(self) -> None:
        self.guard.start_over()
        self.reference.start_over()

    @rule()
    def new_session(self) -> None:
        self.guard.new_session()
        self.reference.dose_pc = 0
        self.reference.session_from_us = None

    @rule(which=st.sampled_from(NARROWER))
    def narrow(self, which: tuple[str, float]) -> None:
        key, value = which
        in_force = getattr(self.reference.config, key)
        wider = value < in_force if key in {"ramp_min_ms", "load_ohm"} else value > in_force
        refused = self.limits.narrow(key, value)
        assert bool(refused) == wider
        if not wider:
            self.reference.config = replace(self.reference.config, **{key: value})  # type: ignore[arg-type]
        self.guard.limits_changed()

    @rule(
        gap_us=st.sampled_from([20_000, 25_000, 40_000]),
        count=st.integers(1, 60),
        current_ua=st.sampled_from(ORDINARY_UA),
        channel=st.integers(0, 1),
        waveform=st.integers(0, 1),
        pause_us=st.sampled_from([0, 90_000, 150_000, 700_000]),
    )
    def burst(
        self, gap_us: int, count: int, current_ua: int, channel: int, waveform: int, pause_us: int
    ) -> None:
        self.now_us += pause_us
        for _ in range(count):
            self.now_us += gap_us
            self.talk()
            at_us = self.now_us
            sent = Setpoint(at_us, 0, channel, current_ua, 300, at_us + 10_000, waveform)
            self.put(sent, at_us)
            if not self.guard.armed:
                return

    @rule(
        gap_us=st.sampled_from(GAPS_US),
        current_ua=st.sampled_from(ORDINARY_UA) | st.sampled_from(currents(P24, 80_000, 30_000)),
        width_us=st.sampled_from([200, 300]) | st.sampled_from(widths(P24, 300, 250)),
        channel=st.sampled_from([0, 0, 0, 1, 1, 1, -1, 2, 7, 8]),
        leg=st.sampled_from([0, 0, 0, 0, 1, -1, 2]),
        waveform=st.sampled_from([0, 0, 0, 1, 1, -1, 2]),
        life_us=st.sampled_from([10_000, 10_000, 10_000, 1, 0, -1, 20_000, 20_001]),
        late_us=st.sampled_from([0, 0, 0, 0, 1, -1, 10_000, 10_001]),
        sensor_age_us=st.sampled_from([0, 0, 0, 99_999, 100_000]),
        pending_age_us=st.sampled_from([-1, -1, -1, 99_999, 100_000]),
    )
    def pulse(
        self,
        gap_us: int,
        current_ua: int,
        width_us: int,
        channel: int,
        leg: int,
        waveform: int,
        life_us: int,
        late_us: int,
        sensor_age_us: int,
        pending_age_us: int,
    ) -> None:
        self.now_us += gap_us
        self.talk()
        at_us = self.now_us
        self.guard.sensor_seen(0, at_us - sensor_age_us)
        self.reference.sensor_us[0] = at_us - sensor_age_us
        if pending_age_us >= 0:
            self.guard.link_seen(at_us - pending_age_us)
            self.reference.pending_us = at_us - pending_age_us
        sent = Setpoint(at_us, leg, channel, current_ua, width_us, at_us + life_us, waveform)
        self.put(sent, at_us + late_us)

    @invariant()
    def memory_is_bounded(self) -> None:
        if hasattr(self, "guard"):
            for account in self.guard._accounts:
                # A second and ten seconds at the cap's rate, the ends included.
                assert len(account) <= 101 + 1001


GuardAgainstReference.TestCase.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None
)
TestGuardAgainstReference = GuardAgainstReference.TestCase


def test_the_table_says_of_each_reason_what_the_reference_does() -> None:
    assert {reason for reason, row in REFUSALS.items() if row.stall} == STALLS
    gives_another = {reason for reason, row in REFUSALS.items() if not row.ends_burst}
    assert gives_another == GIVES_ANOTHER
    assert {r for r, row in REFUSALS.items() if row.clips} == {"ramp", "level_step"}
    assert {r for r, row in REFUSALS.items() if row.latches} == {"dose", "session"}
    assert all(row.reason == reason for reason, row in REFUSALS.items())
