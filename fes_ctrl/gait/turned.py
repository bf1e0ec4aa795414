"""By how much something has turned, out of readings of its rate."""

from fes_ctrl.units import Us


def turned_deg(times_us: list[Us], rates_dps: list[float], until_us: Us) -> float:
    """Return the integral of a rate from the first reading until an instant.

    Between two readings the rate is the cubic whose slopes are those from neighbour to neighbour:
    straight lines would cut off 0.2 deg of a foot's turn up in swing at 100 readings a second.

    Parameters
    ----------
    times_us : list of int
        Instants of the readings, rising.
    rates_dps : list of float
        As many rates, deg/s.
    until_us : int
        No later than the last reading; before the first the integral is 0.

    Returns
    -------
    float
        Degrees.
    """
    deg = 0.0
    last = len(times_us) - 1
    slope = 0.0
    for k in range(last):
        since_us, to_us = times_us[k], times_us[k + 1]
        if until_us <= since_us:
            break
        before, after = rates_dps[k], rates_dps[k + 1]
        span_us = to_us - since_us
        if k + 2 <= last:
            next_slope = (rates_dps[k + 2] - before) / (times_us[k + 2] - since_us)
        else:
            next_slope = (after - before) / span_us
        # Slopes in deg/s per microsecond, so that a span in microseconds gives rates.
        bend, next_bend = span_us * slope, span_us * next_slope
        if until_us >= to_us:
            part = 0.5 * (before + after) + (bend - next_bend) / 12.0
        else:
            s = (until_us - since_us) / span_us
            s2 = s * s
            late = s2 * s * (1.0 - 0.5 * s)
            part = before * (s - late) + after * late
            part += bend * s2 * (0.5 - s * (2.0 / 3.0 - 0.25 * s))
            part += next_bend * s2 * s * (0.25 * s - 1.0 / 3.0)
        deg += 1e-6 * span_us * part
        slope = next_slope
    return deg
