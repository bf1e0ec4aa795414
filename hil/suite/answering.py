"""Answers that come late, wrong, to nobody or not at all."""

from typing import Final

from fes_ctrl.model import (
    LINK_CORRUPT,
    LINK_ERROR,
    LINK_ORPHAN,
    LINK_READY,
    LINK_SILENT,
    LINK_STUCK,
    LINK_UP,
)
from hil.suite.bench import TALK, Answers, Bench, Result
from hil.suite.hands import FAULTS, PERIOD_US
from hil.suite.steps import (
    STOP_REPEAT_US,
    STOPS,
    TRAIN_US,
    fine,
    found_us,
    lingers_us,
    pulse_us,
    questions_us,
    quiet,
    repeats,
    require,
    silent_by,
    since,
    told,
    train,
    wait,
    within,
)

POLL_US: Final = 100_000
"""A device that repeats by itself needs no frame for a pulse; it is asked this often even so."""

LATE_US: Final = 50_000
"""Half of the deadline of an answer."""


def answer_late(bench: Bench) -> Result:
    """72. Answers within their deadline cost pulses and nothing else; none of them is too late."""
    train(bench)
    from_us = bench.now_us()
    bench.answer("late", LATE_US)
    bench.run(TRAIN_US)
    paused_us = bench.now_us()
    bench.operate("pause")
    silent_by(bench, paused_us, lingers_us(bench), "the last pulse after the last setpoint")
    ms = 0.0
    pulses = since(bench, from_us + lingers_us(bench))
    require(bool(pulses), "output did not go on")
    for pulse in pulses:
        before = [
            setpoint.at_us
            for _, setpoint in bench.written
            if setpoint.at_us <= pulse.t_us + bench.doubt_us
        ]
        ms = max(ms, (pulse.t_us - before[-1]) / 1000)
    within(ms, lingers_us(bench) / 1000, "a pulse after its setpoint")
    fault = told(bench, FAULTS, from_us)
    require(fault is None, f"answers {LATE_US / 1000:.0f} ms late, which is in time, are {fault}")
    return Result("no pulse too late", ms, lingers_us(bench) / 1000, "every setpoint expires")


def answer_too_late(bench: Bench) -> Result:
    """73. Answers beyond their deadline are told of and end in silence."""
    by_us = bench.capabilities.ack_deadline_us + LATE_US
    return _unheard(bench, "late", by_us, frozenset({LINK_SILENT, LINK_STUCK}))


def answer_damaged(bench: Bench) -> Result:
    """74. Answers with a wrong bit are none; that they come is told as well."""
    result = _unheard(bench, "damaged", 0, frozenset({LINK_SILENT, LINK_STUCK}))
    require(told(bench, frozenset({LINK_CORRUPT}), 0) is not None, "damage was not told of")
    return result


def never_answer(bench: Bench) -> Result:
    """75. A device that answers no more is stopped, and then its line is cut."""
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
    """76. Answers to other numbers are told of, count for nothing, and output goes on."""
    train(bench)
    from_us = bench.now_us()
    bench.answer("to nobody")
    bench.run(TRAIN_US // 2)
    allowed_us = POLL_US + pulse_us(bench)
    _, ms = wait(bench, frozenset({LINK_ORPHAN}), from_us, allowed_us)
    fine(bench, from_us)
    require(len(since(bench, from_us)) > TRAIN_US // PERIOD_US // 4, "output did not go on")
    bench.operate("pause")
    origin = "the answer to the next frame: a device is asked every 100 ms at least"
    return Result("answers to nobody", ms, allowed_us / 1000, origin, TALK)


def answer_wrong(bench: Bench) -> Result:
    """77. A device that starts anew refuses pulses: that is told of, and none is given unarmed."""
    train(bench)
    from_us = bench.now_us()
    bench.restart()
    allowed_us = questions_us(bench) + PERIOD_US
    kinds = frozenset({LINK_ERROR, LINK_SILENT, LINK_STUCK})
    _, ms = wait(bench, kinds, from_us, allowed_us)
    silent_by(bench, from_us, lingers_us(bench) + PERIOD_US, "the last pulse after a new start")
    return Result(
        "refused", ms, allowed_us / 1000, "the next frame, its deadline at the latest", TALK
    )


def never_answer_from_the_start(bench: Bench) -> Result:
    """26. Where nobody answers the line is cut, and arming is refused."""
    bench.answer("never")
    from_us = bench.now_us()
    bench.open()
    allowed_us = STOPS * STOP_REPEAT_US + found_us(bench)
    _, ms = wait(bench, frozenset({LINK_STUCK}), from_us, allowed_us)
    bench.operate("arm")
    bench.unguarded(bench.current_ma * 1000)
    bench.run(TRAIN_US)
    require(told(bench, frozenset({LINK_READY, LINK_UP}), from_us) is None, "nobody was armed")
    quiet(bench, from_us, "came of nobody")
    return Result("cut", ms, allowed_us / 1000, "three stops 80 ms apart, and its hello", TALK)
