"""What must hold in every walk, whatever goes wrong in it: one function each.

Those of a pulse are asked before it is entered in the view, those of a step after every event of
the clock, those of an end when the walk is over. Each returns what is wrong, or nothing.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from fes_ctrl.model import ALL_LEGS
from fes_ctrl.units import Us
from hil.campaign.view import GAP_US, View

FINE: Final = ""

EVENTS_AT_ONCE: Final = 10_000
"""Time stands still where so many things happen at one instant."""

SHIFT_US: Final = 2_000
"""What cable and device may shift one pulse against the next."""


class Violation(NamedTuple):
    """An invariant that did not hold: when, which, and what was seen."""

    t_us: Us
    invariant: str
    detail: str


# -- of a pulse -----------------------------------------------------------------------------------


def silent_when_unarmed(view: View, t_us: Us, channel: int) -> str:
    """No pulse that nobody has armed for."""
    if _too_late(view, t_us, view.unarmed_us, 0):
        return f"a pulse on channel {channel}, {_since(t_us, view.unarmed_us)} unarmed"
    return FINE


def silent_when_latched(view: View, t_us: Us, channel: int) -> str:
    """No pulse while a fault is latched."""
    if _too_late(view, t_us, view.latched_us, view.held_us):
        return (
            f"a pulse on channel {channel}, {_since(t_us, view.latched_us)} after {view.latched} "
            f"was latched"
        )
    return FINE


def silent_when_stopped(view: View, t_us: Us, channel: int) -> str:
    """No pulse after the operator's stop until armed again."""
    if _too_late(view, t_us, view.stopped_us, 0):
        return f"a pulse on channel {channel}, {_since(t_us, view.stopped_us)} after the stop"
    return FINE


def silent_when_paused(view: View, t_us: Us, channel: int) -> str:
    """No pulse while the operator pauses."""
    if _too_late(view, t_us, view.paused_us, view.held_us):
        return f"a pulse on channel {channel}, {_since(t_us, view.paused_us)} after the pause"
    return FINE


def silent_when_inhibited(view: View, t_us: Us, channel: int) -> str:
    """No pulse on a leg that a fault inhibits."""
    for (fault, leg), since_us in view.inhibited_us.items():
        if leg not in (ALL_LEGS, view.leg_of.get(channel, ALL_LEGS)):
            continue
        if _too_late(view, t_us, since_us, view.held_us):
            return f"a pulse on channel {channel}, {_since(t_us, since_us)} after {fault}"
    return FINE


def silent_at_zero(view: View, t_us: Us, channel: int) -> str:
    """No pulse until the operator has raised the level."""
    if _too_late(view, t_us, view.zero_us, view.held_us):
        return f"a pulse on channel {channel}, the level at zero for {_since(t_us, view.zero_us)}"
    return FINE


def bursts_end(view: View, t_us: Us, channel: int) -> str:
    """No burst at the electrode is longer than the limit."""
    first_us, last_us = view.runs.get(channel, (t_us, t_us))
    if t_us - last_us > GAP_US or t_us - first_us <= view.burst_us + SHIFT_US:
        return FINE
    if not view.disobeyed(t_us):
        return f"a burst of {(t_us - first_us) / 1e3:.1f} ms on channel {channel}"
    return FINE


def delivered_once(view: View, t_us: Us, channel: int) -> str:
    """No more pulses of a channel than frames with current were written to it."""
    sent, got = view.line.sent.get(channel, 0), view.line.got.get(channel, 0)
    if got >= sent and not view.disobeyed(t_us):
        return f"pulse {got + 1} on channel {channel}, to which {sent} were written"
    return FINE


# -- of a step ------------------------------------------------------------------------------------


def stop_is_confirmed(view: View) -> str:
    """Every stop is confirmed in time by the device, or its line is cut."""
    due_us = view.stop_due_us
    if view.now_us > due_us + view.halted_us(due_us - view.stop_us, view.now_us):
        return f"neither confirmed nor cut off {view.stop_us / 1e3:.0f} ms after the stop"
    return FINE


def authority_is_in_order(view: View) -> str:
    """Nothing arms but the operator, and a latch stops the device in the same step."""
    return view.unordered


def written_as_allowed(view: View) -> str:
    """Every frame with current is that of one setpoint that was allowed, and of no other's."""
    return view.line.wrong


def open_bursts_end(view: View) -> str:
    """No burst of a program stays open."""
    for (_, channel), began_us in view.bursts.items():
        open_us = view.now_us - began_us
        if open_us > view.longest_open_us + view.halted_us(began_us, view.now_us):
            return f"a burst on channel {channel} is open for {_since(view.now_us, began_us)}"
    return FINE


def time_goes_on(view: View, now_us: Us) -> str:
    """Time never goes back, and never stands still for long."""
    if now_us < view.now_us:
        return f"time went back by {view.now_us - now_us} us"
    if view.events > EVENTS_AT_ONCE:
        return f"{view.events} things happened at one instant"
    return FINE


def _too_late(view: View, t_us: Us, since_us: Us, held_us: Us) -> bool:
    """Return whether a pulse comes later than what was on its way then."""
    return t_us > since_us + view.wire_us + held_us and not view.disobeyed(t_us)


def _since(t_us: Us, since_us: Us) -> str:
    return f"{(t_us - since_us) / 1e3:.1f} ms"


OF_A_PULSE: Final[tuple[tuple[str, Callable[[View, Us, int], str]], ...]] = (
    ("silent_when_unarmed", silent_when_unarmed),
    ("silent_when_latched", silent_when_latched),
    ("silent_when_stopped", silent_when_stopped),
    ("silent_when_paused", silent_when_paused),
    ("silent_when_inhibited", silent_when_inhibited),
    ("silent_at_zero", silent_at_zero),
    ("bursts_end", bursts_end),
    ("delivered_once", delivered_once),
)

OF_A_STEP: Final[tuple[tuple[str, Callable[[View], str]], ...]] = (
    ("stop_is_confirmed", stop_is_confirmed),
    ("authority_is_in_order", authority_is_in_order),
    ("written_as_allowed", written_as_allowed),
    ("open_bursts_end", open_bursts_end),
)

OF_A_WALK: Final = (
    "witness",
    "time_goes_on",
    "no_deadlock",
    "no_exception",
    "equal_clocks",
    "in_bounds",
    "reaction_in_time",
    "reaction_missing",
    "unexplained_fault",
)
"""The invariants that whoever runs a walk asks of it as a whole."""
