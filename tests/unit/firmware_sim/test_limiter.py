"""The limiter blocks what breaks a limit, alters nothing, and stays shut until it is reset."""

from pathlib import Path

import pytest

from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.ceilings import Ceilings, CeilingsError
from firmware_sim.limiter import Limiter
from firmware_sim.output import Points

BENCH = Path(__file__).resolve().parents[3] / "configs" / "limits" / "bench.toml"

ALL = {
    "current_mA": 80,
    "pulse_width_us": 300,
    "rate_hz": 50,
    "charge_per_phase_uC": 24,
    "net_charge_uC": 1,
    "burst_ms": 500,
    "duty_percent": 40,
    "rms_mA": 10,
    "density_mA_per_cm2": 2,
    "power_density_W_per_cm2": 0.25,
    "pulse_energy_mJ": 300,
    "voltage_V": 150,
    "start_mA": 30,
    "level_step_mA": 5,
    "ramp_min_ms": 100,
    "dose_mC": 20_000,
    "session_min": 480,
}


class Bench:
    """A limiter with a host that speaks just before each pulse, and what comes through."""

    def __init__(self, tmp_path: Path, **limits: float) -> None:
        file = tmp_path / "limits.toml"
        # Room for everything that is not asked about.
        roomy = {"start_mA": 50, "level_step_mA": 50, "ramp_min_ms": 0, **limits}
        file.write_text("[limits]\n" + "".join(f"{k} = {v}\n" for k, v in roomy.items()))
        self.ohm = [1000] * 8
        self.limiter = Limiter(Ceilings(file), self.ohm)
        self.through: list[tuple[int, int, Points]] = []
        self.limiter.sinks.append(lambda *pulse: self.through.append(pulse))
        self.limiter.hear(0, sm4.ll_init(1))

    def pulse(self, t_us: int, points: Points, channel: int = 0) -> str:
        self.limiter.hear(t_us, sm4.get_stim_status(1))
        self.limiter.pulse(t_us, channel, points)
        return self.limiter.latched

    def train(self, from_us: int, currents_ua: list[int], period_us: int = 25_000) -> str:
        for k, ua in enumerate(currents_ua):
            self.pulse(from_us + k * period_us, ((200, ua), (200, -ua)))
        return self.limiter.latched


GOOD: Points = ((200, 20_000), (200, -20_000))


@pytest.mark.parametrize(
    ("key", "value", "at", "beyond"),
    [
        ("current_mA", 40, ((100, 40_000), (100, -40_000)), ((100, 40_001), (100, -40_001))),
        ("current_mA", 40, ((100, -40_000), (100, 40_000)), ((100, -40_001), (100, 40_001))),
        ("current_mA", 40, ((200, 10_000), (50, -40_000)), ((400, 10_000), (50, -80_000))),
        ("pulse_width_us", 300, ((300, 9_000), (900, -3_000)), ((301, 9_000), (301, -9_000))),
        ("charge_per_phase_uC", 5, ((250, 20_000), (250, -20_000)),
         ((251, 20_000), (251, -20_000))),
        ("charge_per_phase_uC", 5, ((200, 20_000), (400, -10_000)),
         ((200, 20_000), (510, -10_000), (110, 10_000))),
        ("net_charge_uC", 0.5, ((200, 20_000), (175, -20_000)), ((200, 20_000), (174, -20_000))),
        ("net_charge_uC", 0.5, ((200, -20_000), (175, 20_000)), ((200, -20_000), (174, 20_000))),
        ("voltage_V", 20, ((200, 20_000), (200, -20_000)), ((200, 20_001), (200, -20_001))),
        ("pulse_energy_mJ", 0.16, ((200, 20_000), (200, -20_000)),
         ((201, 20_000), (201, -20_000))),
        ("start_mA", 20, ((200, 20_000), (200, -20_000)), ((200, 20_001), (200, -20_001))),
        ("dose_mC", 0.004, ((200, 20_000), (200, -20_000)), ((201, 20_000), (201, -20_000))),
        ("rms_mA", 0.4, ((200, 20_000), (200, -20_000)), ((201, 20_000), (201, -20_000))),
        ("density_mA_per_cm2", 0.025, ((200, 20_000), (200, -20_000)),
         ((201, 20_000), (201, -20_000))),
        ("power_density_W_per_cm2", 1e-5, ((200, 20_000), (200, -20_000)),
         ((201, 20_000), (201, -20_000))),
    ],
)  # fmt: skip
def test_a_pulse_at_its_limit_passes_and_one_beyond_latches(
    tmp_path: Path, key: str, value: float, at: Points, beyond: Points
) -> None:
    assert Bench(tmp_path, **{key: value}).pulse(1_000_000, at) == ""
    bench = Bench(tmp_path, **{key: value})
    assert bench.pulse(1_000_000, beyond) == key
    assert bench.through == []


def test_what_passes_is_unaltered(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.pulse(1_000_000, GOOD, channel=3)
    assert bench.through == [(1_000_000, 3, GOOD)]
    assert bench.through[0][2] is GOOD


def test_nothing_passes_before_the_host_has_made_the_device_ready() -> None:
    limiter = Limiter(Ceilings(BENCH), [1000] * 8)
    limiter.hear(900_000, sm4.get_stim_status(1))
    limiter.pulse(1_000_000, 0, GOOD)
    assert (limiter.latched, limiter.latched_us, limiter.blocked) == ("stopped", 1_000_000, 1)


@pytest.mark.parametrize(
    "stop", [sm4.ll_stop(1), sm4.ml_stop(1), sm4.reset(1)], ids=["low", "mid", "reset"]
)
def test_nothing_passes_after_the_host_has_stopped_the_device(tmp_path: Path, stop: bytes) -> None:
    bench = Bench(tmp_path)
    assert bench.pulse(1_000_000, GOOD) == ""
    bench.limiter.hear(1_010_000, stop)
    assert bench.pulse(1_025_000, GOOD) == "stopped"


@pytest.mark.parametrize(("silence_us", "reason"), [(150_000, ""), (150_001, "dead_man")])
def test_without_a_word_of_the_host_output_ends(
    tmp_path: Path, silence_us: int, reason: str
) -> None:
    bench = Bench(tmp_path)
    bench.pulse(1_000_000, GOOD)
    bench.limiter.pulse(1_000_000 + silence_us, 0, GOOD)
    assert bench.limiter.latched == reason


def test_noise_on_the_line_is_no_word_of_the_host(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.pulse(1_000_000, GOOD)
    broken = bytearray(sm4.get_stim_status(1))
    broken[-3] ^= 1
    bench.limiter.hear(1_140_000, bytes(broken) + b"\x55" * 40)
    bench.limiter.pulse(1_160_000, 0, GOOD)
    assert bench.limiter.latched == "dead_man"


def test_a_latch_holds_until_reset_and_then_the_host_has_to_begin_anew(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    told: list[tuple[int, str]] = []
    bench.limiter.on_latch = lambda t_us, reason: told.append((t_us, reason))
    assert bench.pulse(1_000_000, ((600, 20_000), (600, -20_000))) == "pulse_width_us"
    bench.limiter.hear(1_500_000, sm4.ll_init(2))
    assert bench.pulse(9_000_000, GOOD) == "pulse_width_us"
    assert bench.through == []
    assert bench.limiter.blocked == 2
    assert told == [(1_000_000, "pulse_width_us")]
    bench.limiter.reset()
    assert bench.pulse(10_000_000, GOOD) == "stopped"
    bench.limiter.reset()
    bench.limiter.hear(11_000_000, sm4.ll_init(3))
    assert bench.pulse(11_000_000, GOOD) == ""
    assert len(bench.through) == 1


@pytest.mark.parametrize(("interval_us", "through"), [(18_000, 2), (17_999, 1)])
def test_pulses_come_no_closer_than_the_wire_can_bring_them(
    tmp_path: Path, interval_us: int, through: int
) -> None:
    bench = Bench(tmp_path, rate_hz=50)
    assert bench.train(1_000_000, [20_000] * 2, interval_us) == ""
    assert len(bench.through) == through
    assert bench.limiter.blocked == 2 - through


def test_too_high_a_rate_latches_with_the_fifth_early_pulse_in_a_second(tmp_path: Path) -> None:
    bench = Bench(tmp_path, rate_hz=50)
    for k in range(40):
        # In pairs: pulses that come as far apart as before are one slow burst.
        at_us = 1_000_000 + k // 2 * 500_002 + k % 2 * 150_000
        bench.pulse(at_us, GOOD)
        assert bench.pulse(at_us + 10_000, GOOD) == "", "four in a second are a host that was late"
    assert len(bench.through) == 40
    assert bench.train(12_000_000, [20_000] * 10, 10_000) == "rate_hz"
    assert len(bench.through) == 45, "every other one, until the fifth that was too soon"


def test_channels_have_accounts_of_their_own(tmp_path: Path) -> None:
    bench = Bench(tmp_path, rate_hz=50)
    for k in range(8):
        assert bench.pulse(1_000_000 + k * 1_000, GOOD, channel=k) == ""


def test_a_burst_ends(tmp_path: Path) -> None:
    bench = Bench(tmp_path, burst_ms=500)
    assert bench.train(1_000_000, [20_000] * 21) == ""
    assert bench.pulse(1_525_000, GOOD) == "burst_ms"


@pytest.mark.parametrize(("pause_us", "reason"), [(100_000, "burst_ms"), (100_001, "")])
def test_a_pause_of_more_than_a_tenth_of_a_second_parts_two_bursts(
    tmp_path: Path, pause_us: int, reason: str
) -> None:
    bench = Bench(tmp_path, burst_ms=500)
    bench.train(1_000_000, [20_000] * 21)
    assert bench.train(1_500_000 + pause_us, [20_000] * 21) == reason


def test_duty_counts_the_last_ten_seconds_exactly(tmp_path: Path) -> None:
    bench = Bench(tmp_path, duty_percent=40, burst_ms=500)
    # 0.5 s in every second: after eight of them 4 s of the last ten are used up.
    for second in range(8):
        assert bench.train(1_000_000 + second * 1_000_000, [20_000] * 21) == ""
    assert bench.train(9_000_000, [20_000] * 3) == "duty_percent"
    bench = Bench(tmp_path, duty_percent=40, burst_ms=500)
    for second in range(8):
        bench.train(1_000_000 + second * 1_000_000, [20_000] * 21)
    # From 11.0 s on the first burst leaves the window as fast as a new one fills it.
    assert bench.train(11_000_000, [20_000] * 21) == ""


def test_the_square_is_that_of_any_second(tmp_path: Path) -> None:
    # 20 mA, 2 x 200 us: 40 pulses a second are 2.53 mA r.m.s.
    assert Bench(tmp_path, rms_mA=2.53).train(1_000_000, [20_000] * 80) == ""
    bench = Bench(tmp_path, rms_mA=2.52)
    assert bench.train(1_000_000, [20_000] * 39) == ""
    assert bench.train(1_975_000, [20_000]) == "rms_mA"


def test_a_long_pulse_still_counts_in_the_second_that_its_end_reaches(tmp_path: Path) -> None:
    for first, reason in ((GOOD, ""), ((*GOOD, (4_000, 0)), "rms_mA")):
        bench = Bench(tmp_path, rms_mA=0.5)
        assert bench.pulse(1_000_000, first) == ""
        assert bench.pulse(2_000_000, GOOD) == reason


def test_the_polarity_changes_nothing_in_the_dose(tmp_path: Path) -> None:
    bench = Bench(tmp_path, dose_mC=0.006)
    assert bench.pulse(1_000_000, GOOD) == ""
    assert bench.pulse(1_025_000, ((200, -20_000), (200, 20_000))) == "dose_mC"


def test_a_little_that_adds_up_is_direct_current(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    uneven = ((200, 20_000), (175, -20_000))  # 0.5 uC
    for k in range(20):
        assert bench.pulse(1_000_000 + k * 25_000, uneven) == ""
    assert bench.pulse(1_500_000, uneven) == "dc_uA"


def test_the_voltage_is_that_at_the_electrode(tmp_path: Path) -> None:
    bench = Bench(tmp_path, voltage_V=150)
    assert bench.pulse(1_000_000, GOOD) == ""
    bench.ohm[0] = 7_501
    assert bench.pulse(1_025_000, GOOD) == "voltage_V"


def test_a_burst_may_be_so_much_stronger_than_the_last(tmp_path: Path) -> None:
    limits = {"start_mA": 20, "level_step_mA": 5, "ramp_min_ms": 0}
    bench = Bench(tmp_path, **limits)
    assert bench.train(1_000_000, [20_000] * 10) == ""
    assert bench.train(2_000_000, [20_000] * 4 + [25_000] * 6) == ""
    assert bench.train(3_000_000, [20_000] * 4 + [30_000] * 6) == ""
    # Cut in its rise: it lowers no bar.
    assert bench.train(4_000_000, [20_000, 21_000]) == ""
    assert bench.train(5_000_000, [20_000] * 4 + [35_000] * 6) == ""
    # Held lower: it does.
    assert bench.train(6_000_000, [20_000] * 10) == ""
    assert bench.train(7_000_000, [20_000] * 4 + [25_001]) == "level_step_mA"


def test_a_burst_rises_no_faster_than_the_ramp(tmp_path: Path) -> None:
    limits = {"start_mA": 20, "level_step_mA": 20, "ramp_min_ms": 100}
    bench = Bench(tmp_path, **limits)
    assert bench.train(1_000_000, [20_000] * 10) == ""
    # From 20 to 40 mA in 100 ms: 5 mA with each pulse, and what 2 ms of the wire make.
    assert bench.train(2_000_000, [20_000, 25_000, 30_000, 35_000, 40_000]) == ""
    assert bench.train(3_000_000, [20_000, 20_000]) == ""
    bench = Bench(tmp_path, **limits)
    bench.train(1_000_000, [20_000] * 10)
    assert bench.train(2_000_000, [20_000, 25_401]) == "ramp_min_ms"
    bench = Bench(tmp_path, **limits)
    bench.train(1_000_000, [20_000] * 10)
    assert bench.train(2_000_000, [20_001]) == "start_mA"


def test_a_session_ends(tmp_path: Path) -> None:
    bench = Bench(tmp_path, session_min=1)
    assert bench.pulse(1_000_000, GOOD) == ""
    assert bench.pulse(61_000_000, GOOD) == ""
    assert bench.pulse(61_200_000, GOOD) == "session_min"


def test_without_a_file_its_own_caps_hold_and_no_file_raises_them(tmp_path: Path) -> None:
    caps = Ceilings(None)
    file = tmp_path / "limits.toml"
    file.write_text("[limits]\n" + "".join(f"{key} = 1e9\n" for key in ALL if "ramp" not in key))
    raised = Ceilings(file)
    for name in Ceilings.__slots__:
        if name not in {"area_cm2", "start_ua", "first_ua"}:
            assert getattr(raised, name) == getattr(caps, name), name
    assert raised.start_ua == 50_000
    assert caps.current_ua == 100_000
    assert caps.charge_pc == 40_000_000
    assert caps.burst_us == 3_000_000


NO_LIMITS = [
    (key, value)
    for key in ALL
    for value in ("nan", "inf", "-1", "0", '"80"', "true", "-inf")
    # None at all is a limit here.
    if value != "0" or key not in {"net_charge_uC", "ramp_min_ms"}
]


@pytest.mark.parametrize(("key", "value"), NO_LIMITS)
def test_a_value_that_is_no_limit_is_refused_by_name(tmp_path: Path, key: str, value: str) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(f"[limits]\n{key} = {value}\n")
    with pytest.raises(CeilingsError, match=f"limits.{key}: must be a positive number"):
        Ceilings(file)


@pytest.mark.parametrize("text", ["", "limits = 3\n", "[limits\n"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(text)
    with pytest.raises(CeilingsError, match="give a limits file"):
        Ceilings(file)
    with pytest.raises(CeilingsError, match="give a limits file"):
        Ceilings(tmp_path / "none.toml")
