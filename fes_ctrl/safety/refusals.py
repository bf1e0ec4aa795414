"""Why the guard says no, and what that does to the burst, the latch and the walk's verdict.

A reason is a row here; the guard gives no reason that has none.
"""

from typing import Final, NamedTuple


class Refusal(NamedTuple):
    """One reason.

    ``ends_burst``: the rest of the burst is not given either. ``latches`` names the fault that
    one such refusal latches. ``stall``: nothing was wrong with the setpoint but its time, so a
    walk may still pass, and it is not counted towards F33; every other refusal that ends a burst
    is. ``clips``: where a lower current on the device's steps is left, that one is given, and
    nothing is refused.
    """

    reason: str
    meaning: str
    ends_burst: bool = True
    stall: bool = False
    clips: bool = False
    latches: str = ""


ROWS: Final = (
    Refusal("not_armed", "the device has not been armed, or no longer is"),
    Refusal("unknown_channel", "the device has no such channel"),
    Refusal("unknown_leg", "nobody tells of that leg's samples"),
    Refusal("waveform", "neither of the two waveforms"),
    Refusal("current", "no current, or above the limit's or the device's highest"),
    Refusal("voltage", "the current needs more voltage at load_ohm than the limit"),
    Refusal("pulse_width", "shorter than the device gives, or longer than the limit"),
    Refusal("charge", "a phase carries more charge than the limit"),
    Refusal("net_charge", "the two phases do not balance"),
    Refusal("pulse_energy", "both phases together carry more energy than the limit"),
    Refusal("step", "not on the device's steps of current and width"),
    Refusal("life", "expires at once, or later than the limit"),
    Refusal("early", "planned for later than now: it would be given too soon"),
    Refusal("late", "its expiry has passed", ends_burst=False, stall=True),
    Refusal("interval", "too close to the channel's last pulse", ends_burst=False, stall=True),
    Refusal("sensor_age", "the leg's sensor is silent", stall=True),
    Refusal("answer_age", "the device has not answered for too long", ends_burst=False, stall=True),
    Refusal("burst_length", "the burst has lasted as long as the limit"),
    Refusal("ramp", "rises faster than ramp_min_ms allows", clips=True),
    Refusal("level_step", "further above the last burst's peak than the limit", clips=True),
    Refusal("rms", "r.m.s. current of the channel over the last second above the limit"),
    Refusal("density", "that, divided by the electrode's area, above the limit"),
    Refusal("power", "mean power over the last second, divided by that area, above the limit"),
    Refusal("duty", "under stimulation for more of the last 10 s than the limit"),
    Refusal("dose", "the session's charge is used up", latches="F32"),
    Refusal("session", "the session is over", latches="F32"),
)

REFUSALS: Final[dict[str, Refusal]] = {row.reason: row for row in ROWS}

REFUSALS_TO_LATCH: Final = 5
REFUSAL_WINDOW_US: Final = 10_000_000
"""So many bursts ended by refusals within so long are a fault: F33."""
