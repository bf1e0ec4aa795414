"""A device that did as it was told passes; one that did not is found, and what it did is named."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fes_ctrl.model import ASYMMETRIC
from firmware_sim.output import Points
from helpers.scope_traces import Emitted, Probe, walked
from hil.scenarios import load_scenario
from hil.scope.align import View, align
from hil.scope.asked import Asked, asked_of
from hil.scope.check import Checked, check
from hil.scope.errors import TraceError
from hil.scope.measurement import measured
from hil.simulate import simulate

Run = tuple[Path, Emitted]


def checked(emitted: Emitted, asked: Asked, probe: Probe, near_s: float | None = None) -> Checked:
    path = Path("trace.csv")
    return check(path, measured(path, probe.trace(emitted)), asked, 3.0, near_s)


def failed(found: Checked) -> set[str]:
    return {known.name for known in found.figures if not known.passed}


def each(emitted: Emitted, change: Callable[[Points], Points]) -> Emitted:
    return [(at_us, change(points)) for at_us, points in emitted]


def bursts(emitted: Emitted) -> list[list[tuple[int, Points]]]:
    found = [[emitted[0]]]
    for before, after in pairwise(emitted):
        if after[0] - before[0] > 100_000:
            found.append([])
        found[-1].append(after)
    return found


@pytest.mark.parametrize(("rate_hz", "drift_ppm"), [(50e3, -50.0), (200e3, 50.0), (500e3, -50.0)])
def test_a_right_device_passes_and_its_clock_is_found(
    run: Run, rate_hz: float, drift_ppm: float
) -> None:
    folder, emitted = run
    probe = Probe(rate_hz=rate_hz, drift_ppm=drift_ppm, offset_mA=2.0)
    found = checked(emitted, asked_of(folder, None), probe)
    assert found.verdict() == {"passed": True, "reasons": []}
    placed = found.placed
    # The trace's clock began at 1.9 s and called it -1.1 s; the device's latency is about 1 ms.
    assert placed.run_s(probe.begin_s - probe.zero_s) == pytest.approx(1.9, abs=2e-3)
    assert placed.drift_ppm == pytest.approx(-drift_ppm, abs=4 * placed.drift_sd_ppm)
    assert placed.drift_sd_ppm < 30.0
    assert placed.margin > 20.0
    assert placed.asked.size == placed.in_view.size > 100


@pytest.mark.parametrize(
    "sets",
    [
        ("program.channel.0.waveform=asymmetric", "program.channel.0.polarity=inverted"),
        ("stimulator.device=feslink", "stimulator.mode=scheduled"),
        (
            "stimulator.device=rehastim2",
            "stimulator.mode=single_pulse",
            "program.channel.0.rate_hz=25",
        ),
    ],
)
def test_every_form_and_device_passes(tmp_path: Path, sets: tuple[str, ...]) -> None:
    emitted = walked(tmp_path / "log.jsonl", *sets, duration_s=7.0)
    found = checked(emitted, asked_of(tmp_path / "log.jsonl", 0), Probe())
    assert found.verdict()["reasons"] == []
    assert found.placed.asked.size > 50


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("[[1.0, 1.0], [0.3333, 0.0], [1.0, -1.0]]", False),  # a pause is not compared
        ("[[0.7, 1.0], [0.7, -1.0]]", True),
        ("[[1.0, 0.5], [0.1, 0.0], [0.5, -1.0]]", True),
        ("[[1.0, 1.0], [1.0, -0.5], [1.0, -0.5]]", True),
    ],
)
def test_a_stimulators_shape_is_what_was_commanded(
    tmp_path: Path, shape: str, *, told: bool
) -> None:
    emitted = walked(tmp_path / "log.jsonl", f"stimulator.shape={shape}")
    asked = asked_of(tmp_path / "log.jsonl", None)
    assert checked(emitted, asked, Probe(rate_hz=500e3)).verdict()["reasons"] == []
    plain = each(emitted, lambda points: ((300, points[0][1]), (300, -points[0][1])))
    assert checked(plain, asked, Probe(rate_hz=500e3)).verdict()["passed"] != told


def test_a_shape_with_steps_is_refused(tmp_path: Path) -> None:
    walked(
        tmp_path / "log.jsonl",
        "stimulator.shape=[[0.5, 0.5], [0.5, 1.0], [0.5, -1.0], [0.5, -0.5]]",
        duration_s=3.5,
    )
    with pytest.raises(TraceError, match=r"have steps \(stimulator.shape\).*without --run"):
        asked_of(tmp_path / "log.jsonl", None)


def test_pulses_that_wait_for_the_other_legs_are_in_time(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    pulses: list[tuple[int, Points]] = []

    def see(at_us: int, channel: int, points: Points) -> None:
        if channel == 4:
            pulses.append((at_us, points))

    scenario = load_scenario("both_legs", {"duration_s": 7.0})
    simulate(scenario.walk, log_file=log, watch=see)
    found = checked(pulses, asked_of(log, 4), Probe())
    assert found.verdict()["reasons"] == []
    interval = next(known for known in found.figures if known.name == "interval, worst")
    assert abs(interval.got - interval.asked) > 2.0
    assert "other channels' frames 5 ms" in interval.origin


def test_what_ac_coupling_does_is_not_held_against_the_device(run: Run) -> None:
    folder, emitted = run
    probe = Probe(coupling_s=0.016)
    assert checked(emitted, asked_of(folder, None), probe).verdict()["passed"]


@pytest.mark.parametrize("rate_hz", [50e3, 500e3])
def test_pulses_a_tenth_too_wide_are_named(run: Run, rate_hz: float) -> None:
    folder, emitted = run
    wide = each(emitted, lambda points: tuple([(round(d * 1.1), i) for d, i in points]))
    found = checked(wide, asked_of(folder, None), Probe(rate_hz=rate_hz))
    assert failed(found) == {
        f"width of the {phase} phase, {which}"
        for phase in ("first", "second")
        for which in ("mean", "worst pulse")
    }
    mean = next(known for known in found.figures if known.name.endswith("phase, mean"))
    assert mean.got == pytest.approx(330.0, abs=1.0)


@pytest.mark.parametrize("rate_hz", [50e3, 500e3])
def test_a_pulse_that_is_missing_is_named_with_its_instant(run: Run, rate_hz: float) -> None:
    folder, emitted = run
    gone = bursts(emitted)[1][7]
    found = checked(
        [pulse for pulse in emitted if pulse is not gone],
        asked_of(folder, None),
        Probe(rate_hz=rate_hz),
    )
    assert failed(found) == {"pulses missing"}
    assert found.missing_s == pytest.approx([gone[0] / 1e6], abs=5e-3)


def test_an_imbalance_of_two_per_cent_is_named(run: Run) -> None:
    folder, emitted = run

    def less(points: Points) -> Points:
        (first, second) = points
        return first, (second[0], round(second[1] * 0.98))

    found = checked(each(emitted, less), asked_of(folder, None), Probe(rate_hz=1e6))
    assert failed(found) >= {"net charge, mean"}
    assert failed(found) <= {"net charge, mean", "net charge, worst pulse"}


def test_a_burst_that_ends_late_is_named(run: Run) -> None:
    folder, emitted = run
    parts = bursts(emitted)
    last = parts[1][-1]
    late = [(last[0] + k * 25_000, last[1]) for k in range(1, 5)]
    found = checked(sorted([*emitted, *late]), asked_of(folder, None), Probe())
    assert failed(found) == {
        "pulses nobody commanded",
        "on time, worst burst",
        "off time, worst pause",
    }
    assert found.extra_s == pytest.approx([at_us / 1e6 for at_us, _ in late], abs=5e-3)
    on = next(known for known in found.figures if known.name == "on time, worst burst")
    assert on.got - on.asked == pytest.approx(100.0, abs=2.5)


@pytest.mark.parametrize("form", [((20, 40_000), (20, -40_000)), ((100, 40_000),)])
def test_short_pulses_that_nobody_commanded_are_no_spikes(run: Run, form: Points) -> None:
    folder, emitted = run
    short = [(at_us + 10_000, form) for at_us, _ in emitted[40:60:5]]
    found = checked(sorted([*emitted, *short]), asked_of(folder, None), Probe())
    assert failed(found) == {"pulses nobody commanded"}
    assert found.extra_s == pytest.approx([at_us / 1e6 for at_us, _ in short], abs=5e-3)


@pytest.mark.parametrize("sagging", [0, 1])
def test_one_phase_that_sags_is_imbalance_and_not_the_coupling(run: Run, sagging: int) -> None:
    folder, emitted = run

    def sag(points: Points) -> Points:
        return tuple(
            (duration // 10, round(current * (1.0 - (0.01 * k + 0.005) * (number == sagging))))
            for number, (duration, current) in enumerate(points)
            for k in range(10)
        )

    sags = each(emitted, sag)
    path = Path("trace.csv")
    seen = measured(path, Probe(rate_hz=500e3).trace(sags))
    assert seen.sag.per_s == 0.0
    found = check(path, seen, asked_of(folder, None), 3.0)
    assert failed(found) >= {"net charge, mean", "net charge, worst pulse"}


def test_a_late_burst_is_told_by_its_pauses_where_the_ends_cut_its_neighbours(run: Run) -> None:
    folder, emitted = run
    parts = bursts(emitted)
    late = [
        (at_us + 8_000 * (number == 1), points)
        for number, burst in enumerate(parts)
        for at_us, points in burst
    ]
    begin_s = parts[0][len(parts[0]) // 2][0] / 1e6 - 0.01
    end_s = parts[2][len(parts[2]) // 2][0] / 1e6 + 0.01
    probe = Probe(begin_s=begin_s, end_s=end_s)
    asked = asked_of(folder, None)
    assert checked(emitted, asked, probe).verdict()["passed"]
    found = checked(late, asked, probe)
    assert failed(found) == {"off time, worst pause"}
    off = next(known for known in found.figures if known.name == "off time, worst pause")
    assert abs(off.got - off.asked) == pytest.approx(8.0, abs=2.0)


def test_a_train_that_is_slow_is_told_by_its_rate(run: Run) -> None:
    folder, emitted = run
    slow = [
        (round(burst[0][0] + (at_us - burst[0][0]) * 1.005), points)
        for burst in bursts(emitted)
        for at_us, points in burst
    ]
    assert "rate within bursts" in failed(checked(slow, asked_of(folder, None), Probe()))


def test_one_pulse_that_is_weak_and_all_that_are_strong_are_told_apart(run: Run) -> None:
    folder, emitted = run
    asked = asked_of(folder, None)
    strong = each(emitted, lambda points: tuple([(d, round(i * 1.08)) for d, i in points]))
    assert failed(checked(strong, asked, Probe())) == {"current, all pulses together"}
    odd = bursts(emitted)[1][9]
    weak = [
        (at_us, tuple([(d, i - (1_500 if i > 0 else -1_500)) for d, i in points]))
        if at_us == odd[0]
        else (at_us, points)
        for at_us, points in emitted
    ]
    assert failed(checked(weak, asked, Probe())) == {"current, worst pulse"}


def test_the_wrong_way_round_is_told(run: Run) -> None:
    folder, emitted = run
    turned = each(emitted, lambda points: tuple([(d, -i) for d, i in points]))
    assert failed(checked(turned, asked_of(folder, None), Probe())) == {"polarity"}


def test_pulses_of_one_phase_are_told(run: Run) -> None:
    folder, emitted = run
    half = each(emitted, lambda points: points[:1])
    assert "pulses not of two phases" in failed(checked(half, asked_of(folder, None), Probe()))


def given(instants: list[int]) -> Emitted:
    """Return equal pulses, a little late."""
    return [(at_us + 900, ((300, 30_000), (300, -30_000))) for at_us in instants]


def bare(asked: Asked, instants: list[int]) -> Asked:
    pulses = [replace(asked.pulses[0], at_us=at_us, current_ua=30_000) for at_us in instants]
    return replace(asked, pulses=pulses)


def test_a_bare_train_without_beginning_or_end_is_refused(run: Run) -> None:
    instants = [1_000_000 + 25_000 * k for k in range(200)]
    emitted = given(instants)
    asked = bare(asked_of(run[0], None), instants)
    with pytest.raises(TraceError, match=r"fits the run as well 0\.\d+ s apart.*--near"):
        checked(emitted, asked, Probe(begin_s=2.0, end_s=4.0))
    found = checked(emitted, asked, Probe(begin_s=0.5, end_s=2.0))
    assert found.verdict()["passed"]
    assert found.placed.margin == pytest.approx(1.0, abs=0.3)


def test_what_is_too_weak_for_the_trace_is_counted_and_not_called_missing(run: Run) -> None:
    asked = asked_of(run[0], None)
    instants = [1_000_000 + 25_000 * k for k in range(40)]
    weak = [
        replace(pulse, current_ua=1_000) if 10 <= k < 15 else replace(pulse, waveform=ASYMMETRIC)
        for k, pulse in enumerate(bare(asked, instants).pulses)
    ]
    emitted = [
        (pulse.at_us, ((300, pulse.current_ua), (1200, -pulse.current_ua // 4))) for pulse in weak
    ]
    probe = Probe(begin_s=0.5, end_s=2.5, rate_hz=50e3, noise_mA=0.6)
    found = checked(emitted, replace(asked, pulses=weak), probe)
    assert found.verdict()["passed"]
    assert (found.not_seen, found.half_seen, found.missing_s) == (5, 0, [])
    found = checked(emitted, replace(asked, pulses=weak), replace(probe, noise_mA=1.3))
    assert (found.not_seen, found.half_seen, found.missing_s) == (5, 35, [])
    assert not any(known.name.startswith("net") for known in found.figures)


def test_widths_that_go_down_to_a_tenth_are_pulses(run: Run) -> None:
    asked = asked_of(run[0], None)
    instants = [1_000_000 + 25_000 * k for k in range(40)]
    ramped = [
        replace(pulse, width_us=min(300, 25 * (k + 1)))
        for k, pulse in enumerate(bare(asked, instants).pulses)
    ]
    emitted = [
        (pulse.at_us, ((pulse.width_us, 30_000), (pulse.width_us, -30_000))) for pulse in ramped
    ]
    probe = Probe(begin_s=0.5, end_s=2.5, rate_hz=500e3)
    found = checked(emitted, replace(asked, pulses=ramped), probe)
    assert found.verdict()["reasons"] == []
    assert found.placed.asked.size == 40


def test_one_burst_among_equal_ones_is_placed_by_hand(run: Run) -> None:
    instants = [1_000_000 * burst + 25_000 * k for burst in range(1, 5) for k in range(20)]
    asked = bare(asked_of(run[0], None), instants)
    probe = Probe(begin_s=2.8, end_s=3.7)
    with pytest.raises(TraceError, match=r"as well [123] s apart"):
        checked(given(instants), asked, probe)
    found = checked(given(instants), asked, probe, near_s=2.9)
    assert found.verdict()["passed"]
    assert found.placed.run_s(probe.begin_s - probe.zero_s) == pytest.approx(2.8, abs=2e-3)


@pytest.mark.parametrize("drift_ppm", [-90.0, 0.0, 90.0])
def test_clocks_that_part_over_minutes_are_followed(drift_ppm: float) -> None:
    # Bursts and pauses of unequal length, for 800 s: clocks part by 70 ms.
    asked_s = np.array(
        [4.0 * b + b * b % 97 / 100 + 0.025 * k for b in range(200) for k in range(20 + b % 11)]
    )
    inside = (asked_s > 5.0) & (asked_s < 790.0)
    got_s = (asked_s[inside] - 3.0) / (1.0 + drift_ppm / 1e6)
    current_mA = np.full(asked_s.size, 30.0)
    placed = align(
        View(
            asked_s,
            current_mA,
            got_s,
            current_mA[inside],
            2.0,
            787.0 / (1.0 + drift_ppm / 1e6),
            1.0,
            2e-3,
        )
    )
    assert placed.asked.size == got_s.size
    assert (placed.missing.size, placed.extra.size) == (0, 0)
    assert placed.drift_ppm == pytest.approx(drift_ppm, abs=0.1)
    assert placed.offset_s == pytest.approx(3.0, abs=1e-3)


def test_the_trace_of_another_run_is_refused(run: Run) -> None:
    folder, _ = run
    other = [(1_000_000 + 61_000 * k, ((300, 30_000), (300, -30_000))) for k in range(100)]
    with pytest.raises(TraceError, match=r"fits nowhere in the run: at best \d+ of \d+ pulses"):
        checked(other, asked_of(folder, None), Probe())


def test_a_run_without_pulses_there_is_refused(run: Run, tmp_path: Path) -> None:
    folder, _ = run
    with pytest.raises(TraceError, match=r"no pulse on channel 3; it used \[0\]"):
        asked_of(folder, 3)
    with pytest.raises(TraceError, match=r"log\.jsonl.*give the log.jsonl of a run"):
        asked_of(tmp_path, None)


def test_of_several_channels_one_is_named(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    text = (run[0] / "log.jsonl").read_text()
    second = text.replace('"channel":0', '"channel":4').splitlines(keepends=True)
    log.write_text(text + "".join(line for line in second if '"channel":4' in line))
    with pytest.raises(TraceError, match=r"pulses on channels \[0, 4\].*--channel"):
        asked_of(log, None)
    assert asked_of(log, 4).pulses == asked_of(run[0], None).pulses


def test_a_setpoint_that_was_never_written_was_not_commanded(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    all_of_them = asked_of(run[0], None).pulses
    skipped = f'"at":{all_of_them[5].at_us},'
    lines = (run[0] / "log.jsonl").read_text().splitlines(keepends=True)
    log.write_text(
        "".join(line for line in lines if skipped not in line or '"written"' not in line)
    )
    assert asked_of(log, None).pulses == [*all_of_them[:5], *all_of_them[6:]]
