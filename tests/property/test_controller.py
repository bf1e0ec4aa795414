"""Random hands, devices and feet: what the controller may never do, and what may not matter."""

from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.controller import Controller
from fes_ctrl.leg import LegController
from fes_ctrl.model import (
    ALL_LEGS,
    HEEL_SWITCH,
    LEFT,
    RIGHT,
    Arm,
    BurstEnd,
    BurstStart,
    Command,
    Disarm,
    Fault,
    Input,
    LinkReport,
    Operator,
    ParameterChange,
    Record,
    Sample,
    Setpoint,
    Step,
    Stop,
)
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.safety.faults import CLEARED, LATCH
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stim.config import ChannelConfig, ProgramConfig, SetupConfig
from fes_ctrl.stim.program import Program
from fes_ctrl.stimulators.config import P24_MODES
from fes_ctrl.units import NEVER_US
from helpers.played import Scripted, live

DEVICE = P24_MODES["low_level"]
LIMITS = Limits(LimitsConfig())


def controller(program: ProgramConfig) -> Controller:
    legs = []
    for leg in (LEFT, RIGHT):
        channels = tuple(
            ChannelConfig(channel=4 * leg + k, rate_hz=config.rate_hz, waveform=config.waveform)
            for k, config in enumerate(program.channel)
        )
        plan = Program(leg, _with_channels(program, channels), SetupConfig(), DEVICE)
        crossed = program.trigger_side == "contralateral"
        legs.append(
            LegController(leg, Scripted(), (HEEL_SWITCH,), plan, LIMITS, contralateral=crossed)
        )
    return Controller(legs, [DEVICE], LIMITS)


def _with_channels(program: ProgramConfig, channels: tuple[ChannelConfig, ...]) -> ProgramConfig:
    values = {name: getattr(program, name) for name in ProgramConfig.__dataclass_fields__}
    return ProgramConfig(**{**values, "channel": channels})


PROGRAMS = st.builds(
    ProgramConfig,
    trigger=st.sampled_from(["heel_off", "initial_contact"]),
    trigger_side=st.sampled_from(["same", "contralateral"]),
    end=st.sampled_from(["initial_contact", "time_out"]),
    delay_ms=st.sampled_from([0.0, 40.0, 333.3]),
    trigger_lead_ms=st.sampled_from([0.0, 0.0, 120.0]),
    end_lead_ms=st.sampled_from([0.0, 0.0, 80.0]),
    rise_ms=st.sampled_from([0.0, 200.0]),
    extension_ms=st.sampled_from([0.0, 100.0, 600.0]),
    fall_ms=st.sampled_from([0.0, 150.0]),
    time_out_ms=st.sampled_from([150.0, 700.0, 1800.0]),
    min_on_ms=st.sampled_from([0.0, 200.0]),
    lock_out_ms=st.sampled_from([0.0, 200.0, 900.0]),
    standing=st.sampled_from(["inhibit", "stimulate"]),
    channel=st.lists(
        st.builds(
            ChannelConfig,
            rate_hz=st.sampled_from([7.0, 30.0, 40.0, 50.0]),
            waveform=st.sampled_from(["symmetric", "asymmetric"]),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
)

REPORTS = ["up", "ready", "idle", "skipped", "silent", "electrode", "error", "stuck", "down"]
ACTIONS = ["arm", "disarm", "level", "pause", "resume", "clear", "stop", "test"]

Build = Callable[[int], Input]


def _sample(leg: int, value: float, sure: float, age_us: int) -> Build:
    return lambda now_us: Sample(now_us - age_us, now_us, 0, leg, HEEL_SWITCH, (value, 0.0, sure))


def _report(kind: str) -> Build:
    return lambda now_us: LinkReport(now_us, 0, kind, NEVER_US, "")


def _hand(action: str, value: int) -> Build:
    return lambda now_us: Operator(now_us, action, value)


ON: list[Build] = [
    _hand("clear", 0),
    _report("up"),
    _hand("arm", 0),
    _report("ready"),
    _hand("level", 100),
]
EVENT = st.builds(
    _sample,
    st.sampled_from([LEFT, RIGHT]),
    st.sampled_from([2.0, 2.0, 3.0, 4.0, 5.0]),
    st.sampled_from([1.0, 1.0, 0.3]),
    st.sampled_from([0, 0, 0, 30_000, 100_000]),
).map(lambda build: [build])
MISHAP = st.one_of(
    st.sampled_from(REPORTS).map(lambda kind: [_report(kind)]),
    st.builds(_hand, st.sampled_from(ACTIONS), st.integers(-5, 150)).map(lambda build: [build]),
    st.sampled_from(["delay_ms", "fall_ms", "time_out_ms"]).map(
        lambda name: [lambda now_us: ParameterChange(now_us, ALL_LEGS, name, 120.0)]
    ),
)
HAPPENING = st.sampled_from([EVENT] * 7 + [MISHAP, st.just(ON)]).flatmap(lambda found: found)

Segment = tuple[int, bool, list[Build]]
# So many times 10 ms of samples and answers, of both legs or of the right one alone; then
# something happens, at an instant that fits no grid.
SCRIPTS: st.SearchStrategy[list[Segment]] = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 5, 20, 40, 60, 80, 150]),
        st.sampled_from([True] * 5 + [False]),
        HAPPENING,
    ),
    min_size=3,
    max_size=25,
)


def inputs_of(
    script: Sequence[Segment], first: Sequence[Build] = tuple(ON)
) -> list[tuple[int, Input]]:
    """Return the script as inputs with their instants."""
    now_us = 0
    found: list[tuple[int, Input]] = []
    for count, both, builds in [(0, True, list(first)), *script]:
        for _ in range(count):
            now_us += 10_000
            legs = (LEFT, RIGHT) if both else (RIGHT,)
            found.extend((now_us, _sample(leg, 1.0, 1.0, 0)(now_us)) for leg in legs)
            found.append((now_us, _report("answer")(now_us)))
        for build in builds:
            now_us += 1_234
            found.append((now_us, build(now_us)))
    return found


@given(
    PROGRAMS,
    SCRIPTS,
    st.lists(st.integers(0, 9_000), min_size=1, max_size=6),
    st.lists(st.integers(0, 10_000_000), max_size=20),
)
def test_neither_late_wake_ups_nor_calls_without_need_change_the_story(
    program: ProgramConfig,
    script: list[Segment],
    late_us: list[int],
    extra_us: list[int],
) -> None:
    inputs = inputs_of(script)
    prompt = live(controller(program), inputs)
    assert live(controller(program), inputs) == prompt, "equal inputs, equal story"
    assert live(controller(program), inputs, extra_us=extra_us) == prompt
    assert live(controller(program), inputs, late_us, extra_us) == prompt


@settings(max_examples=300)
@given(PROGRAMS, SCRIPTS)
def test_nothing_is_given_that_was_not_armed(program: ProgramConfig, script: list[Segment]) -> None:
    inputs = [
        (now_us, item)
        for now_us, item in inputs_of(script, (_report("up"),))
        if not (isinstance(item, Operator) and item.action == "arm")
    ]
    commands, _ = live(controller(program), inputs)
    assert not [found for found in commands if isinstance(found, Setpoint | Arm)]


class Ledger:
    """An account kept apart, from the inputs and the controller's own words."""

    def __init__(self) -> None:
        self.asked = self.armed = self.paused = False
        self.level = 0
        self.latched: set[str] = set()
        self.fresh_us = {LEFT: -NEVER_US, RIGHT: -NEVER_US}
        self.pulses: dict[int, list[Setpoint]] = {}

    def enter(self, step: Step) -> int:
        """Take what a call gave; return when it wants the next one."""
        for record in step.records:
            self._record(record)
        for command in step.commands:
            self._command(command)
        return step.wake_at_us

    def hear(self, now_us: int, item: Input) -> None:
        if isinstance(item, Sample):
            if now_us - item.t_meas_us < LIMITS.sensor_max_age_us:
                self.fresh_us[item.leg] = now_us
        elif isinstance(item, LinkReport):
            if item.kind == "ready" and self.asked:
                self.asked, self.armed, self.level, self.paused = False, True, 0, False
        elif isinstance(item, Operator):
            if item.action == "level" and self.armed and not self.latched:
                self.level = min(100, max(0, item.value))
            elif item.action == "pause":
                self.paused, self.level = True, 0
            elif item.action == "resume":
                self.paused = False

    def _command(self, found: Command) -> None:
        if isinstance(found, Arm):
            assert not self.latched, "a latch holds"
            self.asked = True
        elif isinstance(found, Stop | Disarm):
            self.asked = self.armed = False
            self.level = 0
        else:
            assert self.armed, "armed"
            assert self.level > 0, "the operator has raised the level"
            assert not self.latched, "no fault is latched"
            assert not self.paused, "not paused"
            assert found.at_us - self.fresh_us[found.leg] < LIMITS.sensor_max_age_us
            self._pulse(found)

    def _pulse(self, found: Setpoint) -> None:
        before = self.pulses.setdefault(found.channel, [])
        if before:
            gap_us = found.at_us - before[-1].at_us
            assert gap_us >= LIMITS.min_interval_us
            if gap_us > 100_000:
                before.clear()
        before.append(found)
        assert found.at_us - before[0].at_us <= LIMITS.burst_us
        assert 0 < found.current_ua <= LIMITS.current_ua
        assert found.current_ua * found.width_us <= LIMITS.charge_pc

    def _record(self, found: Record) -> None:
        if isinstance(found, Fault) and found.reaction == LATCH:
            self.latched.add(found.id)
        elif isinstance(found, Fault) and found.reaction == CLEARED and found.leg == ALL_LEGS:
            self.latched.clear()


@settings(max_examples=300)
@given(PROGRAMS, SCRIPTS)
def test_every_pulse_was_allowed_by_hand_device_and_sensor(
    program: ProgramConfig, script: list[Segment]
) -> None:
    target, ledger, wake_us = controller(program), Ledger(), NEVER_US
    for now_us, item in inputs_of(script):
        while wake_us <= now_us:
            wake_us = ledger.enter(target.step(wake_us, None))
        ledger.hear(now_us, item)
        wake_us = ledger.enter(target.step(now_us, item))


@settings(max_examples=300)
@given(PROGRAMS, SCRIPTS)
def test_bursts_of_a_channel_begin_and_end_in_turn_and_hold_every_pulse(
    program: ProgramConfig, script: list[Segment]
) -> None:
    commands, records = live(controller(program), inputs_of(script))
    spans: dict[int, list[tuple[int, int]]] = {}
    open_us: dict[int, int] = {}
    for record in records:
        if isinstance(record, BurstStart):
            assert record.channel not in open_us, "one after the other"
            open_us[record.channel] = record.t_us
        elif isinstance(record, BurstEnd):
            from_us = open_us.pop(record.channel)
            assert record.onset_us == from_us
            spans.setdefault(record.channel, []).append((from_us, record.t_us))
    for channel, from_us in open_us.items():
        spans.setdefault(channel, []).append((from_us, NEVER_US))
    for command in commands:
        if isinstance(command, Setpoint):
            inside = [a <= command.at_us <= b for a, b in spans.get(command.channel, [])]
            assert sum(inside) == 1
