"""Whatever is asked of a RehaStim2, and whatever line and device do: what never happens."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.model import Arm, Disarm, Stop
from fes_ctrl.stimulators.conversation import DEAD, READY
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode2 as sm2
from helpers.rehastim2_bench import CABLE_US, INTERVAL_US, PERIOD_US, Bench

LATENCY_US = 24_000
WITH_CURRENT = (sm2.SINGLE_PULSE, sm2.START_CHANNEL_LIST)
INJECTIONS = ["answers_lost", "answers_delayed", "answers_to_nobody", "device_reset"]

DOINGS = st.lists(
    st.tuples(
        st.sampled_from(["pulse"] * 12 + ["stop", "disarm", "arm", "electrode", *INJECTIONS]),
        st.sampled_from([0, 500, 5_000, 20_000, PERIOD_US, PERIOD_US, 40_000, 40_000, 150_000]),
        st.integers(0, 2),
    ),
    max_size=60,
)


def played(mode: str, seed: int, doings: list[tuple[str, int, int]]) -> Bench:
    """Let all that happen; after each stop nothing may come but what was on its way."""
    bench = Bench(mode, seed).ready()
    stopped_us = NEVER_US
    for doing, wait_us, channel in doings:
        now_us = bench.now_us
        if doing == "pulse":
            bench.pulse(1_000 * (1 + len(bench.written) % 60), channel)
        elif doing in {"stop", "disarm"}:
            bench.command(Stop(now_us, 0, "") if doing == "stop" else Disarm(now_us, 0))
            stopped_us = now_us
        elif doing == "arm":
            bench.command(Arm(now_us, 0))
            if stopped_us != NEVER_US:
                _silent_after(bench, stopped_us)
            stopped_us = NEVER_US
        elif doing == "electrode":
            bench.output.inject("electrode_off", now_us, now_us + 30_000)
        else:
            bench.device.inject(doing, now_us, now_us + 60_000)
        bench.until(now_us + wait_us)
    bench.until(bench.now_us + 1_000_000)
    if stopped_us != NEVER_US:
        _silent_after(bench, stopped_us)
    return bench


def _silent_after(bench: Bench, stopped_us: int) -> None:
    late = [at_us for at_us, _, _ in bench.pulses if at_us > stopped_us + CABLE_US + LATENCY_US]
    assert not late, (stopped_us, late)


@settings(max_examples=60)
@given(st.integers(0, 1000), DOINGS)
def test_a_single_pulse_is_never_invented_repeated_late_or_too_close(
    seed: int, doings: list[tuple[str, int, int]]
) -> None:
    bench = played("single_pulse", seed, doings)
    frames = [(at, frame) for at, frame in bench.sent if frame.command == sm2.SINGLE_PULSE]
    assert len(frames) == len(bench.written)
    assert len({setpoint for _, setpoint in bench.written}) == len(bench.written)
    for (at_us, frame), (_, setpoint) in zip(frames, bench.written, strict=True):
        said = sm2.decode_single_pulse(frame.payload)
        assert said == (setpoint.channel, setpoint.width_us, setpoint.current_ua)
        assert setpoint.at_us <= at_us <= setpoint.expires_us
    assert len(bench.pulses) <= len(frames)
    for channel in range(3):
        times = [at_us for at_us, where, _ in bench.pulses if where == channel]
        assert all(b - a >= INTERVAL_US for a, b in pairwise(times)) or "silent" in bench.kinds()


@settings(max_examples=60)
@given(st.integers(0, 1000), DOINGS)
def test_a_list_never_goes_on_without_a_setpoint_nor_is_it_kept_alive(
    seed: int, doings: list[tuple[str, int, int]]
) -> None:
    bench = played("channel_list", seed, doings)
    lingers_us = bench.session.capabilities.lingers_us
    written_us = [setpoint.at_us for _, setpoint in bench.written]
    for at_us, _, current_ua in bench.pulses:
        backed = [t for t in written_us if t <= at_us <= t + lingers_us + 2 * CABLE_US]
        # Where stops go unanswered, the device has them all the same.
        assert backed, (at_us, current_ua)
    asked = {setpoint.current_ua for _, setpoint in bench.written}
    assert {current_ua for _, _, current_ua in bench.pulses} <= asked
    assert sm2.WATCHDOG not in bench.commands()


@settings(max_examples=60)
@given(st.sampled_from(["single_pulse", "channel_list"]), st.integers(0, 1000), DOINGS)
def test_of_frames_with_current_one_at_most_is_unanswered(
    mode: str, seed: int, doings: list[tuple[str, int, int]]
) -> None:
    bench = played(mode, seed, doings)
    deadline_us = bench.session.capabilities.ack_deadline_us
    marks = [(at, 1, frame) for at, frame in bench.sent if frame.command in WITH_CURRENT]
    marks += [(at, 0, frame) for at, frame in bench.answered]
    # Each of those ends the wait: stops, the word that the device has started anew, errors.
    marks += [(at, 2, frame) for at, frame in bench.sent if frame.number == 62]
    open_us = -NEVER_US
    number = -1
    for at_us, kind, frame in sorted(marks, key=lambda mark: mark[:2]):
        if kind == 1:
            assert open_us < at_us - deadline_us + 1, (at_us, open_us)
            open_us, number = at_us, frame.number
        elif kind == 2 or frame.number == number or frame.command == sm2.INIT:
            open_us = -NEVER_US


NOISE = st.one_of(
    st.binary(max_size=40),
    st.builds(sm2.encode, st.integers(0, 255), st.integers(0, 40), st.binary(max_size=8)),
)


@given(
    st.sampled_from(["single_pulse", "channel_list"]),
    st.sampled_from(["open", "ready", "stopping"]),
    st.lists(st.tuples(st.integers(0, 50_000), NOISE), max_size=40),
)
def test_noise_and_foreign_frames_neither_raise_nor_make_a_pulse(
    mode: str, state: str, noise: list[tuple[int, bytes]]
) -> None:
    bench = Bench(mode)
    if state == "open":
        bench.open()
    else:
        bench.ready()
    if state == "stopping":
        bench.command(Stop(bench.now_us, 0, "test"))
    for wait_us, data in noise:
        bench.until(bench.now_us + wait_us)
        bench.take(bench.session.receive(bench.now_us, data))
    bench.until(bench.now_us + 100_000)
    assert bench.pulses == []
    assert not set(bench.commands()) & set(WITH_CURRENT)


@settings(max_examples=40)
@given(st.sampled_from(["single_pulse", "channel_list"]), st.integers(0, 100), DOINGS)
def test_after_whatever_happened_a_stop_ends_in_silence_or_a_cut_line(
    mode: str, seed: int, doings: list[tuple[str, int, int]]
) -> None:
    bench = played(mode, seed, doings)
    now_us = bench.now_us
    bench.command(Stop(now_us, 0, "test"))
    bench.until(now_us + 3_000_000)
    _silent_after(bench, now_us)
    assert bench.session.state != READY
    if bench.session.state == DEAD:
        assert {"stuck", "changed", "error"} & set(bench.kinds())
