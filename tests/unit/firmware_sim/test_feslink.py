"""The feslink device, state by state and limit by limit; its dialogues are with the vectors."""

import tomllib
from pathlib import Path
from random import Random

import pytest

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from firmware_sim.devices.device import DeviceStep
from firmware_sim.devices.feslink import SimulatedFeslink
from firmware_sim.devices.feslink_account import BENCH
from firmware_sim.output import OPEN_OHM, OutputStage
from helpers.feslink_host import Host

LIMITS = Path(__file__).resolve().parents[3] / "configs/limits/bench.toml"


def test_its_limits_are_those_of_the_bench() -> None:
    bench = tomllib.loads(LIMITS.read_text())["limits"]
    step_ma = BENCH.current_step_ua / 1000
    assert BENCH.current_steps * step_ma == bench["current_mA"]
    assert BENCH.width_us == bench["pulse_width_us"]
    assert BENCH.charge_nc == bench["charge_per_phase_uC"] * 1000
    assert BENCH.interval_us == 1e6 / bench["rate_hz"]
    assert BENCH.burst_ms == bench["burst_ms"]
    assert BENCH.start_steps * step_ma == bench["start_mA"]
    assert BENCH.level_steps * step_ma == bench["level_step_mA"]
    assert BENCH.ramp_ms == bench["ramp_min_ms"]
    assert BENCH.dose_100mc * 100 == bench["dose_mC"]
    assert BENCH.session_min == bench["session_min"]
    by_density = bench["density_mA_per_cm2"] * bench["electrode_area_cm2"]
    by_power = (
        bench["power_density_W_per_cm2"] * bench["electrode_area_cm2"] / bench["load_ohm"]
    ) ** 0.5 * 1e3
    assert BENCH.rms_steps * step_ma == min(bench["rms_mA"], by_density, by_power)
    # The strongest pulse there is, at the load of the file.
    energy_mj = (bench["current_mA"] / 1e3) ** 2 * bench["load_ohm"] * 2 * 300e-6 * 1e3
    assert energy_mj < bench["pulse_energy_mJ"]
    assert bench["current_mA"] / 1e3 * bench["load_ohm"] <= BENCH.compliance_v


@pytest.mark.parametrize("dead_man_ms", [50, 100, 150])
def test_output_of_a_host_that_died_ends_within_the_dead_man(dead_man_ms: int) -> None:
    host = Host()
    host.arm(100_000, dead_man_ms)
    last_us = 100_000
    for t_us in range(120_000, 500_000, 25_000):
        # As far ahead as it will take them.
        host.pulse(t_us, t_us + dead_man_ms * 1000)
        last_us = t_us
    host.core.tick(2_000_000)
    assert len(host.given) > 10
    assert max(host.instants) == last_us + dead_man_ms * 1000
    assert host.core.state == fm.LATCHED
    assert host.core.fault == fm.FAULT_DEAD_MAN


@pytest.mark.parametrize("feed", ["status", "old keep", "wrong nonce", "damaged", "noise"])
def test_only_a_frame_of_this_session_that_is_new_keeps_it_alive(feed: str) -> None:
    host = Host()
    host.arm(100_000, 50)
    host.keep(110_000)
    old = host.lines[-1]
    for t_us in range(115_000, 300_000, 5_000):
        if feed == "status":
            host.send(t_us, fm.AskStatus(1))
        elif feed == "old keep":
            host.raw(t_us, old)
        elif feed == "wrong nonce":
            host.sequence += 1
            host.send(t_us, fm.Keep(1, host.nonce ^ 4, host.sequence))
        elif feed == "damaged":
            host.sequence += 1
            line = bytearray(feslink.encode(fm.Keep(1, host.nonce, host.sequence)))
            line[3] ^= 2
            host.raw(t_us, bytes(line))
        else:
            host.raw(t_us, Random(t_us).randbytes(30) + feslink.ZERO)
        expected = fm.ARMED if t_us <= 160_000 else fm.LATCHED
        assert host.core.state == expected


@pytest.mark.parametrize("state", ["idle", "offered", "armed", "waiting", "latched"])
def test_a_stop_ends_everything_in_any_state_and_overtakes(state: str) -> None:
    host = Host()
    if state == "offered":
        host.offer(100_000)
    elif state != "idle":
        host.arm(100_000)
        if state == "waiting":
            for channel in range(4):
                host.pulse(101_000, 200_000 + channel * 2_000, channel=channel)
        elif state == "latched":
            host.pulse(101_000, 105_000, 161)
    waiting = host.nonce
    host.stop(110_000)
    assert host.core.state == (fm.LATCHED if state == "latched" else fm.IDLE)
    answer = host.send(111_000, fm.Arm(1, waiting, 100))
    assert answer.result in {fm.REFUSED_NONCE, fm.REFUSED_LATCHED}
    host.core.tick(1_000_000)
    assert host.given == []


def test_a_pulse_that_has_begun_ends_balanced_whatever_comes() -> None:
    host = Host()
    host.arm(100_000)
    host.pulse(101_000, 105_000)
    host.core.tick(105_100)
    host.stop(105_150)
    host.core.tick(106_000)
    ((_, _, points),) = host.given
    assert sum(duration_us * current_ua for duration_us, current_ua in points) == 0


@pytest.mark.parametrize("waveform", [0, 1, 2, 3])
def test_the_device_makes_the_second_phase_itself(waveform: int) -> None:
    host = Host()
    host.arm(100_000)
    answer = host.pulse(101_000, 105_000, 40, 200, waveform=waveform)
    assert answer.result == fm.OK
    host.core.tick(110_000)
    ((_, _, points),) = host.given
    sign = -1 if waveform & fm.INVERTED else 1
    second = (800, -5_000 * sign) if waveform & 1 else (200, -20_000 * sign)
    assert points == ((200, 20_000 * sign), second)


def test_account_counts_what_was_given_and_measures_what_it_met() -> None:
    host = Host()
    host.arm(100_000)
    host.pulse(101_000, 105_000)
    assert host.keep(105_599).pulses == 0
    account = host.keep(105_600)
    assert (account.pulses, account.charge_nc, account.last_sequence) == (1, 6_000, 1)
    assert (account.voltage_10mv, account.ohm) == (2_000, 1_000)
    host.ohm = 3_000
    host.pulse(110_000, 130_000)
    account = host.keep(131_000)
    assert (account.pulses, account.charge_nc, account.voltage_10mv) == (2, 12_000, 6_000)
    assert account.ohm == 3_000


def test_a_dried_electrode_is_told_before_an_unbalanced_pulse_comes_twice() -> None:
    host = Host()
    host.arm(100_000)
    host.ohm = 10_000
    host.pulse(101_000, 105_000, 40, 300, waveform=1)
    account = host.keep(110_000)
    assert (account.state, account.fault) == (fm.LATCHED, fm.FAULT_COMPLIANCE)
    # 150 V through 10 kohm are 15 mA of the 20.
    assert account.charge_nc == 4_500
    assert host.pulse(111_000, 135_000).result == fm.REFUSED_LATCHED
    host.core.tick(200_000)
    assert len(host.given) == 1


def test_a_latch_stays_until_its_own_name_is_said() -> None:
    host = Host()
    host.arm(100_000)
    host.pulse(101_000, 105_000, 161)
    assert host.core.fault == fm.FAULT_CURRENT
    host.stop(110_000)
    for t_us in (120_000, 10_000_000, 600_000_000):
        host.core.tick(t_us)
        assert host.core.state == fm.LATCHED
    nonce = host.offer(600_001_000)
    answer = host.send(600_002_000, fm.Clear(1, nonce, fm.FAULT_WIDTH))
    assert (answer.result, answer.state) == (fm.REFUSED_FAULT, fm.LATCHED)
    assert host.clear(600_003_000).state == fm.IDLE
    assert host.arm(600_004_000).state == fm.ARMED


def test_no_nonce_is_good_twice() -> None:
    host = Host()
    nonces = set()
    for t_us in range(100_000, 10_000_000, 10_000):
        host.arm(t_us)
        nonces.add(host.nonce)
        host.stop(t_us + 5_000)
    assert len(nonces) == 990


# -- in the world -------------------------------------------------------------------------------


class World:
    """A simulated device with its cable end in our hand."""

    def __init__(self, seed: int = 1) -> None:
        self.output = OutputStage(8)
        self.given: list[int] = []
        self.output.sinks.append(lambda t_us, _channel, _points: self.given.append(t_us))
        self.device = SimulatedFeslink(self.output, Random(seed))
        self.heard: list[tuple[int, fm.Message]] = []
        self.now_us = 0
        self.decoder = feslink.Decoder()
        self.nonce = 0
        self.wake_us = 0

    def until(self, t_us: int) -> None:
        while self.wake_us <= t_us:
            self.now_us = max(self.now_us, self.wake_us)
            self._carry(self.device.tick(self.now_us))
        self.now_us = t_us

    def _carry(self, step: DeviceStep) -> None:
        self.wake_us = step.wake_at_us
        self.heard += [(self.now_us, message) for message in self.decoder.feed(step.out)]

    def say(self, t_us: int, *messages: fm.Message) -> None:
        self.until(t_us)
        data = b"".join([feslink.encode(message) for message in messages])
        self._carry(self.device.receive(t_us, data))

    def arm(self, t_us: int) -> None:
        self.say(t_us, fm.Offer(1))
        self.until(t_us + 1_000)
        self.nonce = self.heard[-1][1].nonce
        self.say(t_us + 1_000, fm.Arm(2, self.nonce, 150))
        self.until(t_us + 2_000)

    def clock(self, t_us: int) -> int:
        return self.device._clock_us(t_us) & fm.U32


@pytest.mark.parametrize("seed", range(8))
def test_a_pulse_comes_when_the_devices_own_clock_says(seed: int) -> None:
    world = World(seed)
    world.arm(100_000)
    world.say(200_000, fm.Setpoint(3, world.nonce, 1, world.clock(225_000), 0, 0, 40, 300))
    world.until(400_000)
    assert [abs(t_us - 225_000) <= 1 for t_us in world.given] == [True]


def test_answers_come_soon_and_in_order() -> None:
    world = World()
    world.until(100_000)
    for number in range(1, 200):
        world.say(100_000 + number * 150, fm.AskStatus(number))
    world.until(1_000_000)
    assert [answer.number for _, answer in world.heard] == list(range(1, 200))
    late = [t_us - 100_000 - answer.number * 150 for t_us, answer in world.heard]
    assert min(late) >= 100
    assert max(late) <= 300


def test_a_device_that_starts_anew_has_forgotten_the_session_and_its_clock() -> None:
    world = World()
    world.arm(100_000)
    world.device.inject("device_reset", 150_000, 150_000)
    world.say(160_000, fm.Setpoint(3, world.nonce, 1, world.clock(170_000), 0, 0, 40, 300))
    world.until(400_000)
    assert world.given == []
    assert world.heard[-1][1].result == fm.REFUSED_STATE
    assert world.heard[-1][1].clock_us < 1_000
    world.say(500_000, fm.Keep(4, world.nonce, 2))
    world.until(600_000)
    assert world.heard[-1][1].state == fm.IDLE


def test_a_device_that_is_stuck_gives_and_hears_nothing_until_it_is_cut() -> None:
    world = World()
    world.arm(100_000)
    world.device.inject("device_stuck_on", 140_000, 10_000_000)
    world.say(120_000, fm.Setpoint(3, world.nonce, 1, world.clock(130_000), 0, 0, 40, 300))
    world.until(150_000)
    world._carry(world.device.receive(150_000, feslink.STOP_BYTES))
    world.until(300_000)
    assert len(world.given) > 5
    world.device.cut(300_000)
    before = len(world.given)
    world.wake_us = 300_000
    world.until(2_000_000)
    assert len(world.given) == before


def test_a_pulled_cable_leaves_the_dead_man() -> None:
    world = World()
    world.arm(100_000)
    for sequence, at_us in enumerate(range(110_000, 240_000, 25_000), 1):
        setpoint = fm.Setpoint(3, world.nonce, sequence, world.clock(at_us), 0, 0, 9, 99)
        world.say(108_000 + sequence, setpoint)
    world.device.cut(110_000)
    world.until(2_000_000)
    assert 110_000 < max(world.given) <= 108_006 + 150_100


def test_an_open_electrode_is_told_after_one_pulse_from_two_milliampere_up() -> None:
    world = World()
    world.arm(100_000)
    world.output.impedance_ohm[0] = OPEN_OHM
    world.say(110_000, fm.Setpoint(3, world.nonce, 1, world.clock(120_000), 0, 0, 4, 300))
    world.say(130_000, fm.Keep(4, world.nonce, 2))
    world.until(140_000)
    assert world.heard[-1][1].fault == fm.FAULT_OPEN
