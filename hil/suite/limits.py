"""What a pulse is, and what never leaves: currents, widths, balance, distances, and too much."""

from itertools import pairwise
from typing import Final

from fes_ctrl.model import LINK_ERROR
from hil.suite.bench import Bench, NotProvenError, Result
from hil.suite.hands import PERIOD_US, WIDTH_US
from hil.suite.steps import (
    QUIET_US,
    TRAIN_US,
    fine,
    is_current,
    pulse_us,
    quiet,
    ready,
    repeats,
    require,
    silent_by,
    since,
    told,
    train,
    unsure_ua,
    up,
)

STAIRS: Final = 7
STEP_US: Final = 6 * PERIOD_US
"""Each current of a staircase is given for so long: all of them together are one burst."""

BEYOND_MA: Final = 250
"""More than any limits file and any device of the table allows."""

NET_NC: Final = 1_000
"""Charge that may be left of a pulse: net_charge_uC of the limits, 1 uC."""


def staircase(bench: Bench) -> Result:
    """31. Every current of a staircase comes as it was asked for, and no other."""
    up(bench)
    ready(bench)
    from_us = bench.now_us()
    rise_ma = max(2, -(-bench.more_ma // STAIRS))
    stairs = range(rise_ma, bench.more_ma + 1, rise_ma)
    for current_ma in stairs:
        bench.operate("level", current_ma)
        bench.run(STEP_US)
    worst = 0.0
    seen_ma: list[int] = []
    pulses = since(bench, from_us)
    for pulse in pulses:
        nearest_ma = min(stairs, key=lambda stair: abs(pulse.current_ua - stair * 1000))
        asked = f"{nearest_ma} mA were asked for, {pulse.current_ua / 1000:g} came"
        require(is_current(bench, pulse, nearest_ma), asked)
        worst = max(worst, abs(pulse.current_ua / 1000 - nearest_ma) / nearest_ma)
        seen_ma.append(nearest_ma)
    require(sorted(seen_ma) == seen_ma, "a former current came back")
    lacking = sorted(set(stairs) - set(seen_ma))
    require(not lacking, f"{lacking} mA were asked for and there are no pulses of it")
    bench.operate("pause")
    fine(bench, 0)
    seen = (
        f"{stairs[0]} to {stairs[-1]} mA in {len(pulses)} pulses, {100 * worst:.1f} % off at most"
    )
    return Result(seen, None, None, _how_well(bench))


def _how_well(bench: Bench) -> str:
    return f"{100 * bench.eye_share:g} % and {bench.eye_ua / 1000:g} mA is how well it is seen"


def balance(bench: Bench) -> Result:
    """32. Each pulse has the width that was asked for, and leaves no charge behind."""
    from_us = train(bench)
    bench.operate("pause")
    bench.run(QUIET_US)
    pulses = [pulse for pulse in since(bench, from_us) if pulse.points]
    if not pulses:
        raise NotProvenError("nobody sees the shape of a pulse: connect a probe")
    worst_us = 0
    worst_nc = 0.0
    for pulse in pulses:
        width_us = pulse.points[0][0]
        worst_us = max(worst_us, abs(width_us - WIDTH_US))
        net_pc = sum([duration_us * current_ua for duration_us, current_ua in pulse.points])
        worst_nc = max(worst_nc, abs(net_pc) / 1000)
    require(worst_us <= bench.eye_us, f"{WIDTH_US} us were asked for, {worst_us} us off came")
    # A probe that is off by its share of a current, or by its eye at either edge, sees a rest.
    asked_nc = bench.current_ma * WIDTH_US
    unseen_nc = asked_nc * bench.eye_share + bench.current_ma * bench.eye_us
    unseen_nc += WIDTH_US * bench.eye_ua / 1000
    require(worst_nc <= NET_NC + unseen_nc, f"{worst_nc:.0f} nC are left of a pulse")
    seen = f"{len(pulses)} pulses, {worst_nc:.1f} nC left at most; width off"
    return Result(seen, worst_us / 1000, bench.eye_us / 1000, "how well durations are seen")


def beyond(bench: Bench) -> Result:
    """33. More than the limits allow is refused by the guard, and nothing at all comes of it."""
    train(bench)
    bench.operate("pause")
    bench.run(QUIET_US)
    from_us = bench.now_us()
    refused = len(bench.refused)
    written = len(bench.written)
    bench.operate("level", BEYOND_MA)
    bench.run(TRAIN_US)
    require(len(bench.refused) > refused, f"{BEYOND_MA} mA were not refused")
    most_ua = max([setpoint.current_ua for _, setpoint in bench.written[written:]], default=0)
    limit_ua = bench.more_ma * 1000
    require(most_ua <= limit_ua, f"{most_ua / 1000:g} mA were written for {BEYOND_MA}")
    given_ua = max([pulse.current_ua for pulse in since(bench, from_us)], default=0)
    most_seen_ua = limit_ua + unsure_ua(bench, bench.more_ma)
    require(given_ua <= most_seen_ua, f"{given_ua / 1000:g} mA were given")
    bench.operate("pause")
    seen = f"{BEYOND_MA} mA refused: {bench.refused[refused]}"
    return Result(seen, None, None, "the limits file, and no device gives as much")


def too_much_for_it(bench: Bench) -> Result:
    """34. What no guard has seen and the device cannot give is refused by the driver, by name."""
    train(bench)
    bench.operate("pause")
    bench.run(QUIET_US)
    from_us = bench.now_us()
    bench.unguarded(bench.capabilities.current_max_ua + bench.capabilities.current_step_ua)
    bench.run(QUIET_US)
    quiet(bench, from_us, "came of more than the device can give")
    report = told(bench, frozenset({LINK_ERROR}), from_us)
    require(report is not None, "more than the device can give went without a word")
    said = "" if report is None else report.detail
    return Result(f"refused: {said}", None, None, "the device's row of the capabilities")


def two_at_once(bench: Bench) -> Result:
    """35. Two pulses asked for at once do not come closer than the device may give them."""
    train(bench)
    bench.operate("pause")
    silent_by(bench, bench.now_us(), TRAIN_US, "the last pulse after the last setpoint")
    from_us = bench.now_us()
    for _ in range(2):
        bench.unguarded(bench.current_ma * 1000)
    bench.run(pulse_us(bench) + QUIET_US)
    pulses = since(bench, from_us)
    least_us = bench.capabilities.min_interval_us
    closest_us = min([b.t_us - a.t_us for a, b in pairwise(pulses)], default=least_us)
    require(closest_us + bench.eye_us >= least_us, f"{closest_us} us apart, {least_us} are least")
    most = 1 if repeats(bench) else 2
    seen = f"{len(pulses)} pulses of two, {closest_us / 1000:g} ms apart"
    require(len(pulses) <= most or repeats(bench), f"{len(pulses)} pulses came of two")
    return Result(seen, None, None, "min_interval_us of the device's row")
