"""The cable is lost, and something comes back."""

from fes_ctrl.model import (
    LINK_CHANGED,
    LINK_DOWN,
    LINK_ERROR,
    LINK_READY,
    LINK_UP,
)
from hil.suite.bench import TALK, Bench, Result, Who
from hil.suite.steps import (
    QUIET_US,
    STOP_REPEAT_US,
    TRAIN_US,
    found_us,
    go_on,
    left_alone_us,
    questions_us,
    quiet,
    ready,
    require,
    silent_by,
    stopped_us,
    told,
    train,
    wait,
)


def lose_the_cable(bench: Bench) -> Result:
    """51. A cable that is pulled is told of, and the device alone is silent when it says so."""
    train(bench)
    from_us = bench.now_us()
    bench.cut()
    wait(bench, frozenset({LINK_DOWN}), from_us, bench.slack_us)
    ms = silent_by(bench, from_us, left_alone_us(bench), "the last pulse without a cable")
    origin = "unattended_ms of its mode, and a pulse that was under way"
    return Result("silence", ms, left_alone_us(bench) / 1000, origin)


def host_freezes(bench: Bench) -> Result:
    """52. A host that freezes says nothing more; the device alone is silent when it says so."""
    train(bench)
    from_us = bench.now_us()
    bench.freeze()
    ms = silent_by(bench, from_us, left_alone_us(bench), "the last pulse of a frozen host")
    origin = "unattended_ms of its mode, and a pulse that was under way"
    return Result("silence", ms, left_alone_us(bench) / 1000, origin)


def come_back(bench: Bench) -> Result:
    """22. The same device is recognised; it gives nothing until a person clears and arms."""
    lose_the_cable(bench)
    first = told(bench, frozenset({LINK_UP}), 0)
    plugged_us = bench.now_us()
    again, ms, allowed_ms = _plug(bench, "the same", frozenset({LINK_UP}))
    require(first is not None and first.detail == again, f"it calls itself {again} now")
    _unarmed(bench, plugged_us)
    bench.operate("clear")
    ready(bench)
    go_on(bench)
    return Result(
        "the same device", ms, allowed_ms, "its hello, and how often a port is tried", TALK
    )


def come_back_restarted(bench: Bench) -> Result:
    """23. So is one that was without power meanwhile, armed as soon as it says who it is."""
    lose_the_cable(bench)
    bench.restart()
    _plug(bench, "the same", frozenset({LINK_UP}))
    bench.operate("clear")
    ms = ready(bench)
    go_on(bench)
    return Result(
        "ready", ms, questions_us(bench) / 1000, "three questions, each to its deadline", TALK
    )


def come_back_early(bench: Bench) -> Result:
    """71. One that comes back while it still goes on by itself is stopped first."""
    train(bench)
    bench.cut()
    bench.run(100_000)
    plugged_us = bench.now_us()
    bench.plug("the same")
    allowed_us = bench.reopened_us + stopped_us(bench) + STOP_REPEAT_US
    ms = silent_by(bench, plugged_us, allowed_us, "the last pulse after it came back")
    wait(bench, frozenset({LINK_UP}), plugged_us, bench.reopened_us + found_us(bench))
    _unarmed(bench, plugged_us)
    return Result("silence", ms, allowed_us / 1000, "reopening, and a stop")


def come_back_as_another(bench: Bench) -> Result:
    """24. Another device of its kind is told apart where the protocol can, and not armed."""
    lose_the_cable(bench)
    if bench.names_itself:
        return _a_stranger(bench, "another", frozenset({LINK_CHANGED}))
    plugged_us = bench.now_us()
    _, ms, allowed_ms = _plug(bench, "another", frozenset({LINK_UP}))
    _unarmed(bench, plugged_us)
    seen = "another device, which its protocol cannot tell: not armed until a person does"
    return Result(seen, ms, allowed_ms, "its hello, and how often a port is tried", TALK)


def come_back_with_other_firmware(bench: Bench) -> Result:
    """25. The same with another program in it is a stranger as well."""
    lose_the_cable(bench)
    return _a_stranger(bench, "other firmware", frozenset({LINK_CHANGED, LINK_ERROR}))


def _plug(bench: Bench, who: Who, kinds: frozenset[str]) -> tuple[str, float, float]:
    plugged_us = bench.now_us()
    bench.plug(who)
    allowed_us = bench.reopened_us + found_us(bench)
    said, ms = wait(bench, kinds, plugged_us, allowed_us)
    return said, ms, allowed_us / 1000


def _unarmed(bench: Bench, plugged_us: int) -> None:
    bench.run(QUIET_US)
    from_us = bench.now_us()
    require(told(bench, frozenset({LINK_READY}), plugged_us) is None, "it was armed by itself")
    bench.unguarded(bench.current_ma * 1000)
    bench.run(QUIET_US)
    quiet(bench, from_us, "were given by a device that came back and was not armed")


def _a_stranger(bench: Bench, who: Who, kinds: frozenset[str]) -> Result:
    plugged_us = bench.now_us()
    _, ms, allowed_ms = _plug(bench, who, kinds)
    for _ in range(2):
        # At once, and when it has come to rest.
        bench.operate("clear")
        bench.operate("arm")
        bench.unguarded(bench.current_ma * 1000)
        bench.operate("level", bench.current_ma)
        bench.run(TRAIN_US)
        bench.unguarded(bench.current_ma * 1000)
        bench.run(QUIET_US)
    require(told(bench, frozenset({LINK_READY}), plugged_us) is None, "a stranger was armed")
    quiet(bench, plugged_us, "were given by a stranger")
    return Result(
        f"a stranger: {who}", ms, allowed_ms, "its hello, and how often a port is tried", TALK
    )
