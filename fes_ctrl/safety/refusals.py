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
    ends_burst: bool
    stall: bool
    clips: bool
    latches: str


def _ends(reason: str, meaning: str, latches: str = "") -> Refusal:
    return Refusal(reason, meaning, ends_burst=True, stall=False, clips=False, latches=latches)


def _stalls(reason: str, meaning: str, *, ends_burst: bool) -> Refusal:
    return Refusal(reason, meaning, ends_burst, stall=True, clips=False, latches="")


def _clips(reason: str, meaning: str) -> Refusal:
    return Refusal(reason, meaning, ends_burst=True, stall=False, clips=True, latches="")


ROWS: Final = (
    _ends("not_armed", "the device has not been armed, or no longer is"),
    _ends("unknown_channel", "the device has no such channel"),
    _ends("unknown_leg", "nobody tells of that leg's samples"),
    _ends("waveform", "neither of the two waveforms"),
    _ends("current", "no current, or above the limit's or the device's highest"),
    _ends("voltage", "the current needs more voltage at load_ohm than the limit"),
    _ends("pulse_width", "shorter than the device gives, or longer than the limit"),
    _ends("charge", "a phase carries more charge than the limit"),
    _ends("net_charge", "the two phases do not balance"),
    _ends("pulse_energy", "both phases together carry more energy than the limit"),
    _ends("step", "not on the device's steps of current and width"),
    _ends("life", "expires at once, or later than the limit"),
    _ends("early", "planned for later than now: it would be given too soon"),
    _stalls("late", "its expiry has passed", ends_burst=False),
    _stalls("interval", "too close to the channel's last pulse", ends_burst=False),
    _stalls("sensor_age", "the leg's sensor is silent", ends_burst=True),
    _stalls("answer_age", "the device has not answered for too long", ends_burst=False),
    _ends("burst_length", "the burst has lasted as long as the limit"),
    _clips("ramp", "rises faster than ramp_min_ms allows"),
    _clips("level_step", "further above the last burst's peak than the limit"),
    _ends("rms", "r.m.s. current of the channel over the last second above the limit"),
    _ends("density", "that, divided by the electrode's area, above the limit"),
    _ends("power", "mean power over the last second, divided by that area, above the limit"),
    _ends("duty", "under stimulation for more of the last 10 s than the limit"),
    _ends("dose", "the session's charge is used up", "F32"),
    _ends("session", "the session is over", "F32"),
)

REFUSALS: Final[dict[str, Refusal]] = {row.reason: row for row in ROWS}

REFUSALS_TO_LATCH: Final = 5
REFUSAL_WINDOW_US: Final = 10_000_000
"""So many bursts ended by refusals within so long are a fault: F33."""
