"""The reader of a probe against the simulated one: when pulses came, and what is not known."""

import pytest

from fes_ctrl.units import Us
from fes_ctrl.wire.probe_lines import ClockRead
from firmware_sim.probe import EDGES, RECORDS, ProbeConfig
from helpers.probe_bench import PULSE, Bench
from hil.probe import Probe
from hil.probe.clock import ProbeClock

WRAP_US = 1 << 32


def late_us(bench: Bench) -> list[Us]:
    """Return how far the reader's instants are off the true ones."""
    return [
        pulse.t_us - bench.host_offset_us - given_us
        for pulse, given_us in zip(bench.pulses, bench.given, strict=True)
    ]


@pytest.mark.parametrize("drift_ppm", [-190, 0, 190])
def test_pulses_come_with_their_instant_within_the_doubt_across_a_counter_that_runs_over(
    drift_ppm: int,
) -> None:
    config = ProbeConfig(clock_offset_us=WRAP_US - 3_000_000, drift_ppm=drift_ppm)
    bench = Bench(config, host_offset_us=5_000_000_000)
    for k in range(200):
        bench.give(1.0 + 0.02 * k)
    bench.run(5.5)
    assert len(bench.pulses) == 200
    for off_us, doubt_us in zip(late_us(bench), bench.doubts_us, strict=True):
        assert abs(off_us) <= doubt_us < 2_500
    assert bench.probe.missing == 0
    assert bench.probe.restarts == 0
    assert bench.probe.problems() == []
    probes = [pulse.probe_us for pulse in bench.pulses]
    assert probes == sorted(probes), "whole instants of the probe's clock go on where it runs over"
    for pulse in bench.pulses:
        for (measured_us, measured_ua), (lasted_us, ua) in zip(pulse.points, PULSE, strict=True):
            assert measured_ua == ua
            assert abs(measured_us - lasted_us) <= config.time_step_us


def test_a_faster_line_leaves_less_doubt() -> None:
    usb = Bench(ProbeConfig(byte_us=1.0), latency_us=50, jitter_us=100)
    usb.give(2.0)
    usb.run(3.0)
    assert abs(late_us(usb)[0]) <= usb.probe.doubt_us <= 150


def test_the_step_of_a_coarse_clock_is_doubted_and_contradicts_nothing() -> None:
    coarse = Bench(ProbeConfig(byte_us=1.0, time_step_us=1_000), latency_us=20, jitter_us=20)
    for k in range(20):
        coarse.give(1.0 + 0.0501 * k, ((10_000, 5_000),))
    coarse.run(3.0)
    assert coarse.probe.restarts == 0
    for off_us, doubt_us in zip(late_us(coarse), coarse.doubts_us, strict=True):
        assert abs(off_us) <= doubt_us <= 2_500


def test_an_answer_to_an_earlier_question_is_none() -> None:
    clock = ProbeClock()
    first, second = clock.question(0), clock.question(400_000)
    assert first is not None
    assert second is not None
    clock.answered(ClockRead(first.token, 200_000), 500_000)
    assert not clock.known
    clock.answered(ClockRead(second.token, 450_000), 500_000)
    assert clock.known


def test_phases_are_measured_as_finely_as_the_probe_says_and_no_higher_than_its_ceiling() -> None:
    bench = Bench(ProbeConfig(current_step_ua=500, time_step_us=4, ceiling_ua=100_000))
    bench.give(1.0, ((301, 40_240), (302, -140_000)))
    bench.run(2.0)
    (first_us, first_ua), (second_us, second_ua) = bench.pulses[0].points
    assert (first_ua, second_ua) == (40_000, -100_000)
    assert {first_us, second_us} <= {300, 304}


def test_what_is_below_its_floor_is_no_pulse() -> None:
    bench = Bench(ProbeConfig(floor_ua=1_000))
    bench.give(1.0, ((300, 900), (300, -900)))
    bench.give(1.5, ((300, 1_000), (300, -1_000)))
    bench.run(2.0)
    assert [pulse.points[0] for pulse in bench.pulses] == [(300, 1_000)]
    assert bench.probe.missing == 0


def test_silence_is_proven_from_the_last_pulse_to_the_last_sign_of_life() -> None:
    bench = Bench(ProbeConfig(clock_offset_us=123))
    for at_s in (1.0, 1.5):
        bench.give(at_s)
    bench.run(4.0)
    probe, now_us = bench.probe, bench.now_us()
    ended_us = bench.given[-1] + sum(us for us, _ in PULSE)
    assert ended_us <= probe.silent_since(now_us) <= ended_us + 2 * bench.doubts_us[-1]
    told_us = bench.pulses[-1].t_us + ended_us - bench.given[-1]
    assert probe.silent_since(now_us) == told_us + bench.doubts_us[-1]
    assert now_us - 200_000 <= probe.told_until_us <= now_us
    assert probe.alive(now_us)


def test_silence_begins_with_the_end_of_whichever_pulse_ends_last() -> None:
    bench = Bench(ProbeConfig(byte_us=1.0), latency_us=50, jitter_us=0)
    bench.give(1.0, ((20_000, 5_000), (20_000, -5_000)), channel=0)
    bench.give(1.001, PULSE, channel=1)
    bench.run(2.0)
    assert 1_040_000 <= bench.probe.silent_since(bench.now_us()) <= 1_041_000


def test_nothing_is_proven_by_a_probe_that_says_nothing() -> None:
    bench = Bench()
    bench.give(1.0)
    bench.at(2.0, bench.switch_off)
    bench.run(2.2)
    assert bench.probe.alive(bench.now_us())
    told_until_us = bench.probe.told_until_us
    bench.run(2.5)
    assert not bench.probe.alive(bench.now_us())
    assert bench.probe.silent_since(bench.now_us()) == bench.now_us()
    assert bench.probe.told_until_us <= told_until_us, "what was told before is told still"


def test_a_pulse_that_no_line_told_of_is_missing_and_ends_the_proof_of_silence() -> None:
    bench = Bench()
    bench.give(1.0)
    bench.run(2.0)
    bench.sim._config = ProbeConfig(loss=1.0)
    bench.give(2.01)
    bench.run(2.04)
    bench.sim._config = ProbeConfig()
    bench.run(3.0)
    assert len(bench.pulses) == 1
    assert bench.probe.missing == 1
    assert bench.probe.pulses == 2
    assert bench.probe.silent_since(bench.now_us()) >= bench.given[-1]
    assert bench.probe.problems() == ["the probe saw 1 pulses that no line told of"]


def test_what_a_probe_counted_before_it_was_listened_to_is_not_missing() -> None:
    bench = Bench()
    for at_s in (0.5, 1.0):
        bench.give(at_s)
    bench.run(1.5)
    bench.probe.begin()
    later = Probe(bench.line, bench.now_us)
    later.open()
    bench.give(2.0)
    bench.run(2.5)
    assert (bench.probe.pulses, bench.probe.missing) == (0, 0)
    assert (later.pulses, later.missing) == (1, 0)


@pytest.mark.parametrize("config", [ProbeConfig(loss=0.1), ProbeConfig(corruption=0.1)])
def test_lines_that_are_lost_or_spoilt_are_missed_and_never_another_pulse(
    config: ProbeConfig,
) -> None:
    bench = Bench(config)
    for k in range(200):
        bench.give(1.0 + 0.02 * k)
    bench.run(6.0)
    missing = bench.probe.missing
    assert 5 <= missing <= 50
    assert len(bench.pulses) == 200 - missing
    assert {pulse.points for pulse in bench.pulses} == {PULSE}
    assert bench.probe.restarts == 0
    given_us = set(bench.given)
    assert all(min(abs(pulse.t_us - at) for at in given_us) < 2_000 for pulse in bench.pulses)
    assert (bench.probe.bad > 0) == (config.corruption > 0)


def test_pulses_faster_than_the_line_takes_them_are_counted_as_missing() -> None:
    bench = Bench(ProbeConfig(byte_us=2_000.0))
    for k in range(60):
        bench.give(1.0 + 0.01 * k)
    bench.run(10.0)
    assert bench.probe.unrecorded == bench.probe.missing == 60 - len(bench.pulses)
    assert RECORDS <= len(bench.pulses) < 60


@pytest.mark.parametrize("after_s", [0.2, 3.0])
@pytest.mark.parametrize("clock_offset_us", [0, WRAP_US - 1_000_000, 3_000_000_000])
def test_a_probe_that_restarts_is_noticed_and_goes_on(after_s: float, clock_offset_us: int) -> None:
    bench = Bench(ProbeConfig(clock_offset_us=clock_offset_us))
    for at_s in (0.5, 1.0, 1.5):
        bench.give(at_s)
    bench.at(2.0, bench.restart)
    bench.give(2.0 + after_s)
    bench.run(6.0)
    assert bench.probe.restarts == 1
    assert bench.probe.missing == 0
    assert bench.probe.pulses == 4
    assert max(map(abs, late_us(bench))) < 2_000
    assert bench.probe.problems() == ["the probe restarted 1 x: what it saw then is unknown"]


@pytest.mark.parametrize("clock_offset_us", [0, WRAP_US - 1_000_000, 3_000_000_000])
def test_a_pulse_right_behind_a_restart_gets_the_instant_of_the_new_clock(
    clock_offset_us: int,
) -> None:
    bench = Bench(ProbeConfig(clock_offset_us=clock_offset_us))
    bench.at(2.0, bench.restart)
    bench.give(2.0005)
    bench.run(3.0)
    assert bench.probe.restarts == 1
    assert abs(late_us(bench)[0]) <= bench.doubts_us[0] < 10_000, "by the first answer alone"


def test_what_was_missing_before_a_restart_is_missing_still() -> None:
    bench = Bench()
    bench.run(1.0)
    bench.sim._config = ProbeConfig(loss=1.0)
    bench.give(1.01)
    bench.run(1.04)
    bench.sim._config = ProbeConfig()
    bench.at(2.0, bench.restart)
    bench.run(3.0)
    assert (bench.probe.missing, bench.probe.restarts) == (1, 1)


def test_what_a_probe_held_when_it_restarted_does_not_pass_for_told() -> None:
    bench = Bench(ProbeConfig(byte_us=2_000.0))
    for k in range(10):
        bench.give(1.9 + 0.01 * k)
    bench.at(2.0, bench.restart)
    bench.run(6.0)
    assert len(bench.pulses) < 10
    assert bench.probe.problems(), "told, though how many they were is not known"


@pytest.mark.parametrize("drift_ppm", [-5_000, 5_000])
def test_a_clock_that_runs_off_by_more_than_its_word_is_told(drift_ppm: int) -> None:
    bench = Bench(ProbeConfig(drift_ppm=drift_ppm, clock_ppm=50))
    bench.run(10.0)
    assert bench.probe.restarts > 0


def test_a_host_that_was_held_up_blames_no_probe() -> None:
    bench = Bench()
    bench.run(2.0)
    bench.line.held_until_us = 3_000_000
    bench.give(2.5)
    bench.run(5.0)
    assert bench.probe.problems() == []
    assert abs(late_us(bench)[0]) < 2_000
    assert bench.probe.longest_silence_us <= 120_000


def test_heel_edges_are_played_now_or_at_an_instant_and_told_when_they_were() -> None:
    bench = Bench(ProbeConfig(clock_offset_us=WRAP_US - 1_500_000))
    played: list[tuple[Us, bool]] = []
    bench.sim.on_edge = lambda t_us, loaded: played.append((t_us, loaded))
    bench.run(1.0)
    bench.probe.edge(True)
    later_us = bench.probe.on_probe(2_000_000)
    bench.probe.edge(False, later_us)
    bench.run(3.0)
    assert [loaded for _, loaded in bench.edges] == [True, False]
    assert 1_000_000 < played[0][0] < 1_010_000
    assert abs(played[1][0] - 2_000_000) <= bench.probe.doubt_us + 4
    assert abs(later_us - bench.edges[1][0]) <= 4, "one step of its clock"
    assert bench.probe.refused == 0


def test_an_edge_that_the_probe_has_no_room_for_is_told() -> None:
    bench = Bench()
    bench.run(1.0)
    for k in range(EDGES + 1):
        bench.probe.edge(True, bench.probe.on_probe(2_000_000 + 1000 * k))
    bench.run(3.0)
    assert len(bench.edges) == EDGES
    assert bench.probe.refused == 1
