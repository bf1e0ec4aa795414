"""Off is off: nothing comes of a device that nobody has armed, or that is stopped."""

from hil.suite.bench import Bench, Result
from hil.suite.steps import (
    fine,
    go_on,
    idle,
    quiet,
    ready,
    silent_by,
    stopped_us,
    up,
)


def off_is_off(bench: Bench) -> Result:
    """11. Connected, asked for current unarmed, armed with none asked for, stopped: silence."""
    up(bench)
    bench.run(bench.look_us)
    bench.operate("level", bench.current_ma)
    bench.run(bench.look_us)
    bench.operate("pause")
    bench.unguarded(bench.current_ma * 1000)
    bench.run(bench.look_us)
    quiet(bench, 0, "were given by a device that nobody has armed")
    ready(bench)
    bench.run(bench.look_us)
    quiet(bench, 0, "came of arming alone")
    go_on(bench)
    from_us = bench.now_us()
    bench.operate("stop")
    idle(bench, from_us)
    ms = silent_by(bench, from_us, stopped_us(bench), "the last pulse after a stop")
    silent_us = bench.now_us()
    bench.operate("level", bench.current_ma)
    bench.run(bench.look_us)
    quiet(bench, silent_us, "were given by a device that is stopped")
    fine(bench, from_us, refused=True)
    seen = f"no pulse in 5 x {bench.look_us / 1e6:g} s off; the last one after the stop"
    return Result(seen, ms, stopped_us(bench) / 1000, "the device's latency; no second stop")
