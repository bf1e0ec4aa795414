"""When pulses come: ramps, rhythm, from setpoint to pulse, from question to answer, for long."""

from itertools import pairwise
from statistics import median
from typing import Final

from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.units import us_from_ms
from hil.suite.bench import TALK, Bench, Result
from hil.suite.hands import PERIOD_US
from hil.suite.steps import (
    QUIET_US,
    fewer_pulses,
    fine,
    go_on,
    lingers_us,
    more_pulses,
    pulse_us,
    ready,
    repeats,
    require,
    silent_by,
    since,
    train,
    unsure_ua,
    up,
    within,
)

BURST_US: Final = 1_800_000
"""Below the longest burst that limits allow."""

REST_US: Final = 600_000
BURSTS: Final = 3
STRIDES: Final = 10
SENSOR_AGE_US: Final = us_from_ms(LimitsConfig().sensor_max_age_ms)

RISE: Final = 10
"""A ramp rises in so many pulses."""


def ramp(bench: Bench) -> Result:
    """43. A rising current rises pulse by pulse, never falls back, and gets where it was going."""
    up(bench)
    ready(bench)
    from_us = bench.now_us()
    for step in range(1, RISE + 1):
        bench.operate("level", max(1, bench.current_ma * step // RISE))
        bench.run(PERIOD_US)
    risen_us = bench.now_us()
    bench.run(REST_US)
    bench.operate("pause")
    bench.run(QUIET_US)
    pulses = since(bench, from_us)
    most_ua = bench.current_ma * 1000
    off_ua = unsure_ua(bench, bench.current_ma)
    for pulse, later in pairwise(pulses):
        fell = f"{pulse.current_ua} uA fell to {later.current_ua} in a rise"
        require(later.current_ua >= pulse.current_ua - off_ua, fell)
    tops = [pulse for pulse in pulses if pulse.current_ua >= most_ua - off_ua]
    require(bool(tops), f"the ramp never came to {bench.current_ma} mA")
    low = [pulse for pulse in pulses if pulse.current_ua < most_ua - off_ua]
    require(len(low) >= RISE // 2, f"{len(low)} pulses of the rise were below its end")
    fine(bench, from_us)
    ms = max(0.0, (tops[0].t_us - risen_us) / 1000)
    allowed_us = pulse_us(bench) + PERIOD_US * (2 if repeats(bench) else 1)
    within(ms, allowed_us / 1000, "the end of the ramp")
    seen = f"{len(low)} pulses rising, the end of the ramp"
    origin = "the last setpoint, its life, the device's latency and the round that it repeats in"
    return Result(seen, ms, allowed_us / 1000, origin)


def rhythm(bench: Bench) -> Result:
    """44. A train keeps its distance: no two pulses too close, and none too late."""
    intervals = _intervals(bench)
    least_us = bench.capabilities.min_interval_us
    require(
        intervals[0] + bench.eye_us >= least_us, f"{intervals[0]} us apart, {least_us} are least"
    )
    middle_us = median(intervals)
    off_ms = abs(middle_us - PERIOD_US) / 1000
    allowed_ms = (bench.capabilities.time_grid_us + bench.eye_us) / 1000 + 1.0
    within(off_ms, allowed_ms, "the median interval, off its rate,")
    late_us = intervals[int(len(intervals) * 0.95)] - PERIOD_US
    allowed_us = bench.capabilities.latency_us + bench.slack_us
    within(late_us / 1000, allowed_us / 1000, "one interval in twenty, longer by,")
    seen = (
        f"{len(intervals)} intervals of {PERIOD_US / 1000:g} ms: least {intervals[0] / 1000:g}, "
        f"p50 {middle_us / 1000:g}, p95"
    )
    p95_ms = intervals[int(len(intervals) * 0.95)] / 1000
    origin = "the rate, the device's latency and what line and clock add"
    return Result(seen, p95_ms, (PERIOD_US + allowed_us) / 1000, origin)


def _intervals(bench: Bench) -> list[int]:
    """Return the sorted distances of the pulses of several trains, within each train."""
    up(bench)
    ready(bench)
    found: list[int] = []
    for _ in range(BURSTS):
        from_us = bench.now_us()
        bench.operate("level", bench.current_ma)
        bench.run(BURST_US)
        bench.operate("pause")
        bench.run(REST_US)
        found += [later.t_us - pulse.t_us for pulse, later in pairwise(since(bench, from_us))]
    fine(bench, 0)
    require(len(found) > BURSTS, "trains were asked for and there are hardly any pulses")
    return sorted(found)


def setpoint_to_pulse(bench: Bench) -> Result:
    """81. From a setpoint's instant to its pulse: half of them, and all but one in twenty.

    Of a device that repeats: from the first setpoint of a train to its first pulse.
    """
    up(bench)
    ready(bench)
    delays: list[int] = []
    for _ in range(BURSTS):
        from_us = bench.now_us()
        asked = len(bench.written)
        go_on(bench)
        bench.operate("pause")
        bench.run(REST_US)
        setpoints = [setpoint.at_us for _, setpoint in bench.written[asked:]]
        # One that came before it was asked for counts as well.
        pulses = [pulse.t_us for pulse in since(bench, from_us - REST_US // 2)]
        if repeats(bench):
            setpoints, pulses = setpoints[:1], pulses[:1]
        count = f"{len(setpoints)} setpoints came to {len(pulses)} pulses"
        require(len(setpoints) == len(pulses), count)
        delays += [t_us - at_us for t_us, at_us in zip(pulses, setpoints, strict=True)]
    delays.sort()
    require(delays[0] + bench.doubt_us >= 0, "a pulse came before its setpoint")
    p95_ms = delays[int(len(delays) * 0.95)] / 1000
    allowed_us = pulse_us(bench) + (PERIOD_US if repeats(bench) else 0)
    within(p95_ms, allowed_us / 1000, "a pulse after its setpoint")
    seen = f"{len(delays)} pulses: p50 {median(delays) / 1000:g}, p95"
    origin = "a setpoint's life and the device's latency, and the round that it repeats in"
    return Result(seen, p95_ms, allowed_us / 1000, origin)


def answered(bench: Bench) -> Result:
    """82. From a word of the host to the device's next one: half of them, and nearly all."""
    from_us = train(bench)
    bench.operate("pause")
    bench.run(QUIET_US)
    waited = sorted(bench.answered_us(from_us))
    require(len(waited) > BURSTS, "hardly anything was answered")
    p99_ms = waited[int(len(waited) * 0.99)] / 1000
    allowed_ms = bench.capabilities.ack_deadline_us / 1000
    within(p99_ms, allowed_ms, "an answer")
    seen = f"{len(waited)} answers: p50 {median(waited) / 1000:.2f}, p99"
    return Result(seen, p99_ms, allowed_ms, "the deadline of an answer", TALK)


def heel_to_pulse(bench: Bench) -> Result:
    """83. From the heel's edge to the first pulse, through sensor, controller and device."""
    delays = sorted(bench.heel_to_pulse(STRIDES))
    # Out of standing the first step is not surely one.
    require(len(delays) >= STRIDES - 1, f"{STRIDES} strides came to {len(delays)} bursts")
    p95_ms = delays[int(len(delays) * 0.95)] / 1000
    allowed_us = SENSOR_AGE_US + bench.capabilities.latency_us + bench.slack_us
    within(p95_ms, allowed_us / 1000, "the first pulse after the heel's edge")
    seen = f"{len(delays)} bursts of {STRIDES} strides: p50 {median(delays) / 1000:.1f}, p95"
    origin = "the oldest reading that counts (sensor_max_age_ms), and the device's latency"
    return Result(seen, p95_ms, allowed_us / 1000, origin)


def endurance(bench: Bench) -> Result:
    """91. Burst after burst, every setpoint comes to its pulse, and nothing goes wrong."""
    from_us = train(bench)
    bench.operate("pause")
    bench.run(REST_US)
    bursts = 1
    while bench.now_us() < from_us + bench.endurance_us:
        go_on(bench)
        bench.operate("pause")
        bench.run(REST_US)
        bursts += 1
    over_us = bench.now_us()
    ms = silent_by(bench, over_us, lingers_us(bench), "the last pulse after the last setpoint")
    fine(bench, from_us)
    pulses = len(since(bench, from_us))
    written = len(bench.written)
    fits = written - fewer_pulses(bench, bursts) <= pulses <= written + more_pulses(bench, bursts)
    require(fits, f"{written} setpoints came to {pulses} pulses")
    seen = f"{bursts} bursts, {written} setpoints, {pulses} pulses, then silence"
    return Result(seen, ms, lingers_us(bench) / 1000, "every setpoint expires", TALK)


def walk(bench: Bench) -> Result:
    """96. The virtual patient walks on this stimulator and passes, as in simulation."""
    speaks_against = bench.walk(bench.walk_us)
    require(not speaks_against, "; ".join(speaks_against))
    seen = f"{bench.walk_us / 1e6:g} s of walking passed every bound"
    return Result(seen, None, None, "the bounds of the scenario standard", TALK)
