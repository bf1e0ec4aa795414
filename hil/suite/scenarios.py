"""The scenarios, one function each: what every driver and its device must do on every link."""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from fes_ctrl.model import (
    LINK_CHANGED,
    LINK_CORRUPT,
    LINK_DOWN,
    LINK_ERROR,
    LINK_ORPHAN,
    LINK_READY,
    LINK_SILENT,
    LINK_SKIPPED,
    LINK_STUCK,
    LINK_UP,
)
from hil.suite.bench import Answers, Bench, Result, Who
from hil.suite.hands import FAULTS, PERIOD_US
from hil.suite.steps import (
    MA,
    MORE_MA,
    QUIET_US,
    STOP_REPEAT_US,
    STOPS,
    TRAIN_US,
    fine,
    found_us,
    go_on,
    identify_us,
    idle,
    left_alone_us,
    lingers_us,
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

LATE_US: Final = 50_000
"""Half of the deadline of an answer."""


def identify(bench: Bench) -> Result:
    """1. It is stopped and asked who it is, and says so; no pulse comes of it."""
    said, ms = up(bench)
    bench.run(QUIET_US)
    require(said.startswith(bench.capabilities.device), f"it calls itself {said!r}")
    quiet(bench, 0, "came of asking who it is")
    fine(bench, 0)
    return Result(said, ms, identify_us(bench) / 1000, "the time that its hello is given")


def arm(bench: Bench) -> Result:
    """2. Not armed it gives nothing, whoever asks; armed it is ready, and still gives nothing."""
    up(bench)
    bench.run(QUIET_US)
    require(told(bench, frozenset({LINK_READY}), 0) is None, "it was armed by itself")
    bench.unguarded(MA * 1000)
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
    """3. Each setpoint comes to one pulse of its current, soon enough; none comes by itself."""
    from_us = train(bench)
    bench.operate("pause")
    bench.run(QUIET_US)
    pulses = since(bench, from_us)
    written = [setpoint for _, setpoint in bench.written]
    asked = TRAIN_US // PERIOD_US
    require(len(written) >= asked - 1, f"{len(written)} of {asked} setpoints were written")
    extra = len(pulses) - len(written)
    # A train that a device repeats by itself may be told of once more than it gives, or less.
    most = 1 if repeats(bench) else 0
    require(abs(extra) <= most, f"{len(written)} setpoints came to {len(pulses)} pulses")
    for pulse in pulses:
        require(pulse.current_ua == MA * 1000, f"{MA} mA were asked for, {pulse} came")
    closest_us = min([later.t_us - pulse.t_us for pulse, later in pairwise(pulses)])
    least_us = bench.capabilities.min_interval_us
    require(closest_us >= least_us, f"two pulses were {closest_us} us apart, {least_us} are least")
    ms = 0.0
    for pulse in pulses:
        before = [setpoint.at_us for setpoint in written if setpoint.at_us <= pulse.t_us]
        require(bool(before), "a pulse came before its setpoint")
        ms = max(ms, (pulse.t_us - before[-1]) / 1000)
    within(ms, pulse_us(bench) / 1000, "a pulse after its setpoint")
    seen = f"{len(pulses)} pulses of {len(written)} setpoints, the last of them to come"
    return Result(seen, ms, pulse_us(bench) / 1000, "a setpoint's life and the device's latency")


def update(bench: Bench) -> Result:
    """4. Another current holds from the next setpoint on."""
    train(bench)
    from_us = bench.now_us()
    bench.operate("level", MORE_MA)
    bench.run(TRAIN_US // 2)
    fine(bench, from_us)
    currents = [pulse.current_ua for pulse in since(bench, from_us)]
    require(set(currents) <= {MA * 1000, MORE_MA * 1000}, f"{set(currents)} uA were given")
    require(sorted(currents) == currents, "the former current came back")
    changed = [pulse for pulse in since(bench, from_us) if pulse.current_ua == MORE_MA * 1000]
    require(bool(changed), "the current did not change")
    ms = (changed[0].t_us - from_us) / 1000
    allowed_us = pulse_us(bench) + PERIOD_US * (2 if repeats(bench) else 1)
    within(ms, allowed_us / 1000, "the change of the current")
    bench.operate("pause")
    origin = "the next setpoint, its life, the device's latency and the round that it repeats in"
    return Result("another current", ms, allowed_us / 1000, origin)


def pause(bench: Bench) -> Result:
    """5. Without setpoints it falls silent by itself, and goes on without being armed again."""
    train(bench)
    from_us = bench.now_us()
    bench.operate("pause")
    ms = silent_by(bench, from_us, lingers_us(bench), "the last pulse after the last setpoint")
    fine(bench, from_us)
    go_on(bench)
    origin = "every setpoint expires, and a device that repeats lingers for a round at most"
    return Result("silence", ms, lingers_us(bench) / 1000, origin)


def stop(bench: Bench) -> Result:
    """6. A stop ends output at once, is confirmed, and holds until it is armed again."""
    train(bench)
    from_us = bench.now_us()
    bench.stop_now()
    idle(bench, from_us)
    ms = silent_by(bench, from_us, stopped_us(bench), "the last pulse after a stop")
    stopped = bench.now_us()
    bench.unguarded(MA * 1000)
    bench.run(QUIET_US)
    quiet(bench, stopped, "were given after a stop")
    fine(bench, from_us)
    ready(bench)
    go_on(bench)
    return Result("silence", ms, stopped_us(bench) / 1000, "the device's latency; no second stop")


def lose_the_cable(bench: Bench) -> Result:
    """7. A cable that is pulled is told of, and the device alone is silent when it says so."""
    train(bench)
    from_us = bench.now_us()
    bench.cut()
    wait(bench, frozenset({LINK_DOWN}), from_us, bench.slack_us)
    ms = silent_by(bench, from_us, left_alone_us(bench), "the last pulse without a cable")
    origin = "unattended_ms of its mode, and a pulse that was under way"
    return Result("silence", ms, left_alone_us(bench) / 1000, origin)


def come_back(bench: Bench) -> Result:
    """8. The same device is recognised; it gives nothing until a person clears and arms."""
    lose_the_cable(bench)
    first = told(bench, frozenset({LINK_UP}), 0)
    again, ms, allowed_ms = _plug(bench, "the same", frozenset({LINK_UP}))
    require(first is not None and first.detail == again, f"it calls itself {again} now")
    _unarmed(bench)
    bench.operate("clear")
    ready(bench)
    go_on(bench)
    return Result("the same device", ms, allowed_ms, "its hello, and how often a port is tried")


def come_back_early(bench: Bench) -> Result:
    """9. One that comes back while it still goes on by itself is stopped first."""
    train(bench)
    bench.cut()
    bench.run(100_000)
    plugged_us = bench.now_us()
    bench.plug("the same")
    allowed_us = bench.reopened_us + stopped_us(bench) + STOP_REPEAT_US
    ms = silent_by(bench, plugged_us, allowed_us, "the last pulse after it came back")
    wait(bench, frozenset({LINK_UP}), plugged_us, bench.reopened_us + found_us(bench))
    _unarmed(bench)
    return Result("silence", ms, allowed_us / 1000, "reopening, and a stop")


def come_back_as_another(bench: Bench) -> Result:
    """10. Another device of its kind is told apart where the protocol can, and not armed."""
    lose_the_cable(bench)
    if bench.names_itself:
        return _a_stranger(bench, "another", frozenset({LINK_CHANGED}))
    _, ms, allowed_ms = _plug(bench, "another", frozenset({LINK_UP}))
    _unarmed(bench)
    seen = "another device, which its protocol cannot tell: not armed until a person does"
    return Result(seen, ms, allowed_ms, "its hello, and how often a port is tried")


def come_back_with_other_firmware(bench: Bench) -> Result:
    """11. The same with another program in it is a stranger as well."""
    lose_the_cable(bench)
    return _a_stranger(bench, "other firmware", frozenset({LINK_CHANGED, LINK_ERROR}))


def _plug(bench: Bench, who: Who, kinds: frozenset[str]) -> tuple[str, float, float]:
    plugged_us = bench.now_us()
    bench.plug(who)
    allowed_us = bench.reopened_us + found_us(bench)
    said, ms = wait(bench, kinds, plugged_us, allowed_us)
    return said, ms, allowed_us / 1000


def _unarmed(bench: Bench) -> None:
    from_us = bench.now_us()
    bench.run(QUIET_US)
    require(told(bench, frozenset({LINK_READY}), from_us) is None, "it was armed by itself")
    bench.unguarded(MA * 1000)
    bench.run(QUIET_US)
    quiet(bench, from_us, "were given by a device that came back and was not armed")


def _a_stranger(bench: Bench, who: Who, kinds: frozenset[str]) -> Result:
    _, ms, allowed_ms = _plug(bench, who, kinds)
    from_us = bench.now_us()
    bench.operate("clear")
    bench.operate("arm")
    bench.unguarded(MA * 1000)
    bench.operate("level", MA)
    bench.run(TRAIN_US)
    require(told(bench, frozenset({LINK_READY}), from_us) is None, "a stranger was armed")
    quiet(bench, from_us, "were given by a stranger")
    return Result(f"a stranger: {who}", ms, allowed_ms, "its hello, and how often a port is tried")


def answer_late(bench: Bench) -> Result:
    """12. Answers within their deadline cost pulses and nothing else; none of them is too late."""
    train(bench)
    from_us = bench.now_us()
    bench.answer("late", LATE_US)
    bench.run(TRAIN_US)
    paused_us = bench.now_us()
    bench.operate("pause")
    silent_by(bench, paused_us, lingers_us(bench), "the last pulse after the last setpoint")
    ms = 0.0
    for pulse in since(bench, from_us + lingers_us(bench)):
        before = [setpoint.at_us for _, setpoint in bench.written if setpoint.at_us <= pulse.t_us]
        ms = max(ms, (pulse.t_us - before[-1]) / 1000)
    within(ms, lingers_us(bench) / 1000, "a pulse after its setpoint")
    fault = told(bench, FAULTS, from_us)
    require(fault is None, f"answers {LATE_US / 1000:.0f} ms late, which is in time, are {fault}")
    return Result("no pulse too late", ms, lingers_us(bench) / 1000, "every setpoint expires")


def answer_too_late(bench: Bench) -> Result:
    """13. Answers beyond their deadline are told of and end in silence."""
    by_us = bench.capabilities.ack_deadline_us + LATE_US
    return _unheard(bench, "late", by_us, frozenset({LINK_SILENT, LINK_STUCK}))


def answer_damaged(bench: Bench) -> Result:
    """14. Answers with a wrong bit are none; that they come is told as well."""
    result = _unheard(bench, "damaged", 0, frozenset({LINK_SILENT, LINK_STUCK}))
    require(told(bench, frozenset({LINK_CORRUPT}), 0) is not None, "damage was not told of")
    return result


def never_answer(bench: Bench) -> Result:
    """15. A device that answers no more is stopped, and then its line is cut."""
    from_us = bench.now_us()
    result = _unheard(bench, "never", 0, frozenset({LINK_SILENT, LINK_STUCK}))
    bench.run(STOPS * STOP_REPEAT_US)
    require(told(bench, frozenset({LINK_STUCK}), from_us) is not None, "the line was not cut")
    return result


def _unheard(bench: Bench, how: Answers, by_us: int, kinds: frozenset[str]) -> Result:
    train(bench)
    from_us = bench.now_us()
    bench.answer(how, by_us)
    told_us = PERIOD_US + bench.capabilities.ack_deadline_us + STOPS * STOP_REPEAT_US
    # The first frame that is not answered in time ends it: what was written then may still come.
    allowed_us = PERIOD_US + bench.capabilities.ack_deadline_us + lingers_us(bench)
    ms = silent_by(bench, from_us, allowed_us, "the last pulse after the last good answer")
    wait(bench, kinds, from_us, told_us + bench.slack_us)
    more = len([setpoint for at_us, setpoint in bench.written if at_us >= from_us])
    if not repeats(bench):
        require(more <= 2, f"{more} pulses were written without an answer")
    return Result("silence", ms, allowed_us / 1000, "an answer's deadline, and the last setpoint")


def answer_to_nobody(bench: Bench) -> Result:
    """16. Answers to other numbers are told of, count for nothing, and output goes on."""
    train(bench)
    from_us = bench.now_us()
    bench.answer("to nobody")
    bench.run(TRAIN_US // 2)
    _, ms = wait(bench, frozenset({LINK_ORPHAN}), from_us, pulse_us(bench) + PERIOD_US)
    fine(bench, from_us)
    require(len(since(bench, from_us)) > TRAIN_US // PERIOD_US // 4, "output did not go on")
    bench.operate("pause")
    allowed_ms = (pulse_us(bench) + PERIOD_US) / 1000
    return Result("answers to nobody", ms, allowed_ms, "the answer to the next pulse")


def answer_wrong(bench: Bench) -> Result:
    """17. A device that starts anew refuses pulses: that is told of, and none is given unarmed."""
    train(bench)
    from_us = bench.now_us()
    bench.restart()
    allowed_us = questions_us(bench) + PERIOD_US
    kinds = frozenset({LINK_ERROR, LINK_SILENT, LINK_STUCK})
    _, ms = wait(bench, kinds, from_us, allowed_us)
    silent_by(bench, from_us, lingers_us(bench) + PERIOD_US, "the last pulse after a new start")
    return Result("refused", ms, allowed_us / 1000, "the next frame, its deadline at the latest")


def never_answer_from_the_start(bench: Bench) -> Result:
    """18. Where nobody answers the line is cut, and arming is refused."""
    bench.answer("never")
    from_us = bench.now_us()
    bench.open()
    allowed_us = STOPS * STOP_REPEAT_US + found_us(bench)
    _, ms = wait(bench, frozenset({LINK_STUCK}), from_us, allowed_us)
    bench.operate("arm")
    bench.unguarded(MA * 1000)
    bench.run(TRAIN_US)
    require(told(bench, frozenset({LINK_READY, LINK_UP}), from_us) is None, "nobody was armed")
    quiet(bench, from_us, "came of nobody")
    return Result("cut", ms, allowed_us / 1000, "three stops 80 ms apart, and its hello")


def found_stimulating(bench: Bench) -> Result:
    """19. A device that an earlier host has left running is stopped before it is asked anything."""
    bench.leave_running()
    from_us = bench.now_us()
    bench.open()
    wait(bench, frozenset({LINK_UP}), from_us, found_us(bench))
    ms = silent_by(bench, from_us, stopped_us(bench), "the last pulse after opening")
    fine(bench, from_us)
    ready(bench)
    go_on(bench)
    return Result("silence", ms, stopped_us(bench) / 1000, "the device's latency; no second stop")


Scenario = Callable[[Bench], Result]

SCENARIOS: Final[tuple[Scenario, ...]] = (
    identify,
    arm,
    stimulate,
    update,
    pause,
    stop,
    lose_the_cable,
    come_back,
    come_back_early,
    come_back_as_another,
    come_back_with_other_firmware,
    answer_late,
    answer_too_late,
    answer_damaged,
    never_answer,
    answer_to_nobody,
    answer_wrong,
    never_answer_from_the_start,
    found_stimulating,
)
