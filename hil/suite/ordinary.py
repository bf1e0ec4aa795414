"""What a device does every day: who it is, arming, output and its end."""

from itertools import pairwise

from fes_ctrl.model import (
    LINK_READY,
    LINK_SKIPPED,
    LINK_UP,
)
from hil.suite.bench import TALK, Bench, Result
from hil.suite.hands import PERIOD_US
from hil.suite.steps import (
    QUIET_US,
    TRAIN_US,
    fewer_pulses,
    fine,
    found_us,
    go_on,
    identify_us,
    idle,
    is_current,
    lingers_us,
    more_pulses,
    pulse_us,
    questions_us,
    quiet,
    ready,
    repeats,
    require,
    silent_by,
    since,
    stopped_us,
    told,
    train,
    up,
    wait,
    within,
)


def identify(bench: Bench) -> Result:
    """21. It is stopped and asked who it is, and says so; no pulse comes of it."""
    said, ms = up(bench)
    bench.run(QUIET_US)
    require(said.startswith(bench.capabilities.device), f"it calls itself {said!r}")
    quiet(bench, 0, "came of asking who it is")
    fine(bench, 0)
    return Result(said, ms, identify_us(bench) / 1000, "the time that its hello is given", TALK)


def arm(bench: Bench) -> Result:
    """12. Not armed it gives nothing, whoever asks; armed it is ready, and still gives nothing."""
    up(bench)
    bench.run(QUIET_US)
    require(told(bench, frozenset({LINK_READY}), 0) is None, "it was armed by itself")
    bench.unguarded(bench.current_ma * 1000)
    bench.run(QUIET_US)
    quiet(bench, 0, "were given by a device that is not armed")
    skipped = told(bench, frozenset({LINK_SKIPPED}), 0)
    require(skipped is not None, "a setpoint for a device that is not armed went without a word")
    ms = ready(bench)
    bench.run(QUIET_US)
    quiet(bench, 0, "came of arming")
    fine(bench, 0)
    return Result("ready", ms, questions_us(bench) / 1000, "three questions, each to its deadline")


def stimulate(bench: Bench) -> Result:
    """41. Each setpoint comes to one pulse of its current, soon enough; none comes by itself."""
    from_us = train(bench)
    bench.operate("pause")
    bench.run(QUIET_US)
    pulses = since(bench, from_us)
    for pulse in pulses:
        asked_ma = bench.current_ma
        require(is_current(bench, pulse, asked_ma), f"{asked_ma} mA were asked for, {pulse} came")
    written = [setpoint for _, setpoint in bench.written]
    asked = TRAIN_US // PERIOD_US
    require(len(written) >= asked - 1, f"{len(written)} of {asked} setpoints were written")
    most, least = len(written) + more_pulses(bench, 1), len(written) - fewer_pulses(bench, 1)
    counts = f"{len(written)} setpoints came to {len(pulses)} pulses"
    require(least <= len(pulses) <= most, counts)
    closest_us = min([later.t_us - pulse.t_us for pulse, later in pairwise(pulses)])
    least_us = bench.capabilities.min_interval_us
    require(
        closest_us + bench.eye_us >= least_us,
        f"two pulses were {closest_us} us apart, {least_us} are least",
    )
    ms = 0.0
    for pulse in pulses:
        before = [
            setpoint.at_us for setpoint in written if setpoint.at_us <= pulse.t_us + bench.doubt_us
        ]
        require(bool(before), "a pulse came before its setpoint")
        ms = max(ms, (pulse.t_us - before[-1]) / 1000)
    allowed_ms = lingers_us(bench) / 1000
    within(ms, allowed_ms, "a pulse after its setpoint")
    seen = f"{len(pulses)} pulses of {len(written)} setpoints, the last of them to come"
    origin = "a setpoint's life and the device's latency, and the round that it repeats in"
    return Result(seen, ms, allowed_ms, origin)


def update(bench: Bench) -> Result:
    """42. Another current holds from the next setpoint on."""
    train(bench)
    from_us = bench.now_us()
    bench.operate("level", bench.more_ma)
    bench.run(TRAIN_US // 2)
    fine(bench, from_us)
    pulses = since(bench, from_us)
    former = [is_current(bench, pulse, bench.current_ma) for pulse in pulses]
    other = [is_current(bench, pulse, bench.more_ma) for pulse in pulses]
    for pulse, is_former, is_other in zip(pulses, former, other, strict=True):
        require(is_former != is_other, f"{pulse.current_ua} uA were given")
    require(sorted(other) == other, "the former current came back")
    changed = [pulse for pulse, is_other in zip(pulses, other, strict=True) if is_other]
    require(bool(changed), "the current did not change")
    ms = (changed[0].t_us - from_us) / 1000
    allowed_us = pulse_us(bench) + PERIOD_US * (2 if repeats(bench) else 1)
    within(ms, allowed_us / 1000, "the change of the current")
    bench.operate("pause")
    origin = "the next setpoint, its life, the device's latency and the round that it repeats in"
    return Result("another current", ms, allowed_us / 1000, origin)


def pause(bench: Bench) -> Result:
    """13. Without setpoints it falls silent by itself, and goes on without being armed again."""
    train(bench)
    from_us = bench.now_us()
    bench.operate("pause")
    ms = silent_by(bench, from_us, lingers_us(bench), "the last pulse after the last setpoint")
    fine(bench, from_us)
    go_on(bench)
    origin = "every setpoint expires, and a device that repeats lingers for a round at most"
    return Result("silence", ms, lingers_us(bench) / 1000, origin)


def stop(bench: Bench) -> Result:
    """14. A stop ends output at once, is confirmed, and holds until it is armed; either kind."""
    train(bench)
    from_us = bench.now_us()
    bench.stop_now()
    idle(bench, from_us)
    ms = silent_by(bench, from_us, stopped_us(bench), "the last pulse after a stop")
    silent_us = bench.now_us()
    bench.unguarded(bench.current_ma * 1000)
    bench.run(QUIET_US)
    quiet(bench, silent_us, "were given after a stop")
    ready(bench)
    go_on(bench)
    again_us = bench.now_us()
    bench.operate("stop")
    idle(bench, again_us)
    last_ms = silent_by(bench, again_us, stopped_us(bench), "the last pulse after a second stop")
    fine(bench, from_us)
    ms = max(ms, last_ms)
    return Result("silence", ms, stopped_us(bench) / 1000, "the device's latency; no second stop")


def found_stimulating(bench: Bench) -> Result:
    """15. A device that an earlier host has left running is stopped before it is asked anything."""
    bench.leave_running()
    from_us = bench.now_us()
    bench.open()
    wait(bench, frozenset({LINK_UP}), from_us, found_us(bench))
    ms = silent_by(bench, from_us, stopped_us(bench), "the last pulse after opening")
    fine(bench, from_us)
    ready(bench)
    go_on(bench)
    return Result("silence", ms, stopped_us(bench) / 1000, "the device's latency; no second stop")
