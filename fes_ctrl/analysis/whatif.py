"""What if another program had run: its bursts beside the old ones, leg by leg, channel by channel.

It tells when pulses would have come and how many, never what the foot would have done: the gait of
a recording was shaped by what happened then.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from fes_ctrl.analysis.cycle import (
    Foot,
    Stride,
    Swings,
    contacts_of,
    half_a_stride_us,
    stride_at,
    strides_of,
    swings_of,
    timing,
)
from fes_ctrl.analysis.pairing import Pair, pair_bursts
from fes_ctrl.analysis.walk import Walk
from fes_ctrl.analysis.windows import Window, window_of
from fes_ctrl.model import HEEL_OFF
from fes_ctrl.units import Us

Place = tuple[int, int]
"""Leg and channel."""

BY_REFERENCE: Final = "reference"
BY_DETECTOR: Final = "detected"
BY_OTHER_LEG: Final = "other_leg"
"""Who told the events that bursts are laid over: the last where the leg wears no sensor."""


@dataclass(slots=True)
class Side:
    """One of the two that are compared.

    Attributes
    ----------
    name : str
        What people call it.
    windows : dict of (leg, channel) to list of Window
        Its bursts, in order of time.
    kept_back_us : dict of (leg, channel) to list of int
        Triggers of bursts that were planned and of which no pulse was given.
    muscles : dict of (leg, channel) to str
        What it stimulates there; none where it does not say.
    """

    name: str
    windows: dict[Place, list[Window]] = field(default_factory=dict)
    kept_back_us: dict[Place, list[Us]] = field(default_factory=dict)
    muscles: dict[Place, str] = field(default_factory=dict)


class Reference(NamedTuple):
    """Reference events of one leg, and the spans in which they are not to be trusted."""

    events: tuple[Foot, ...]
    excluded_us: tuple[tuple[Us, Us], ...] = ()


@dataclass(slots=True)
class LegFrame:
    """What the bursts of one leg are laid over.

    Attributes
    ----------
    leg : int
        Whose.
    strides : list of Stride
        From contact to contact.
    swings : Swings
        From heel-off to contact.
    events : tuple of Foot
        Those that are shown: in no span that is not to be trusted.
    told_by : str
        ``reference``, ``detected`` or ``other_leg``.
    counted_us : tuple of int or None
        The contacts that strides are counted by; ``None`` where no detector told anything.
    """

    leg: int
    strides: list[Stride]
    swings: Swings
    events: tuple[Foot, ...]
    told_by: str
    counted_us: tuple[Us, ...] | None = None

    def number_at(self, t_us: Us) -> int | None:
        """Return the number of the stride that an instant belongs to, as it is everywhere."""
        stride = stride_at(self.strides, t_us)
        if stride is not None:
            return stride.number
        return None if self.counted_us is None else 1 + bisect_right(self.counted_us, t_us)


@dataclass(slots=True)
class ChannelWhatIf:
    """The bursts of one channel of one leg, old beside new."""

    leg: int
    channel: int
    muscle: str
    old: list[Window]
    new: list[Window]
    pairs: list[Pair]
    timing_old: dict[str, object]
    timing_new: dict[str, object]

    @property
    def differing(self) -> list[Pair]:
        """The pairs that something is to be told of."""
        return [pair for pair in self.pairs if pair.marks]


@dataclass(slots=True)
class WhatIf:
    """Everything that is known of the two.

    Attributes
    ----------
    old, new : str
        Names of the two.
    tolerance_us : int
        An edge that moved by no more has not moved.
    frames : dict of leg to LegFrame
        The strides of each leg.
    channels : list of ChannelWhatIf
        Every channel that either gives pulses on or means to.
    """

    old: str
    new: str
    tolerance_us: Us
    frames: dict[int, LegFrame]
    channels: list[ChannelWhatIf]

    @property
    def equal(self) -> bool:
        """Whether both give the same pulses; of a recorded current, the same course."""
        return all(
            [window.course for window in channel.old] == [window.course for window in channel.new]
            and sum(w.charge_pc or 0 for w in channel.old)
            == sum(w.charge_pc or 0 for w in channel.new)
            for channel in self.channels
        )


def side_of(name: str, walk: Walk, muscles: Mapping[Place, str]) -> Side:
    """Return what a replayed program did.

    Parameters
    ----------
    name : str
        What people call it.
    walk : Walk
        As the replay left it.
    muscles : mapping of (leg, channel) to str
        What the program stimulates.
    """
    side = Side(name, {place: [] for place in muscles}, muscles=dict(muscles))
    for leg in walk.legs:
        for burst in leg.bursts:
            place = leg.leg, burst.start.channel
            window = window_of(burst)
            if window is None:
                side.kept_back_us.setdefault(place, []).append(burst.start.trigger_us)
            else:
                side.windows.setdefault(place, []).append(window)
    return side


def frame_of(
    leg: int,
    detected: Sequence[Foot],
    reference: Reference | None,
    other: Sequence[Foot] = (),
) -> LegFrame:
    """Return the strides and swings of a leg, by reference where it tells of contacts.

    Parameters
    ----------
    leg : int
        Whose.
    detected : sequence of Foot
        What the detector told of it.
    reference : Reference or None
        What is known of it.
    other : sequence of Foot
        What was told of the other leg: its strides serve where nothing is of this one.
    """
    counted_us = tuple(contacts_of(detected)) if detected else None
    if reference is not None and contacts_of(reference.events):
        events, excluded_us, told_by = reference.events, reference.excluded_us, BY_REFERENCE
    elif contacts_of(other) and not counted_us:
        ordered = tuple(sorted(other, key=lambda event: event.t_us))
        counted_us = tuple(contacts_of(ordered))
        swings = Swings((), HEEL_OFF)
        return LegFrame(leg, strides_of(ordered), swings, ordered, BY_OTHER_LEG, counted_us)
    else:
        events, excluded_us, told_by = tuple(detected), (), BY_DETECTOR
    ordered = tuple(sorted(events, key=lambda event: event.t_us))
    trusted = tuple(
        event
        for event in ordered
        if not any(begin <= event.t_us <= end for begin, end in excluded_us)
    )
    strides = strides_of(ordered, detected or None)
    swings = swings_of(ordered, excluded_us)
    return LegFrame(leg, strides, swings, trusted, told_by, counted_us)


def what_if(
    old: Side,
    new: Side,
    frames: Mapping[int, LegFrame],
    settled_from_us: Us,
    tolerance_us: Us,
) -> WhatIf:
    """Compare two sides.

    Parameters
    ----------
    old, new : Side
        What is asked about, and what it is held against.
    frames : mapping of leg to LegFrame
        Of every leg that either side has.
    settled_from_us : int
        Swings that begin before are left out of the timing: the intensity was still being raised.
    tolerance_us : int
        An edge that moved by no more has not moved.
    """
    places = sorted({*old.windows, *new.windows, *old.kept_back_us, *new.kept_back_us})
    channels: list[ChannelWhatIf] = []
    for leg, channel in places:
        place = leg, channel
        ours, theirs = new.windows.get(place, []), old.windows.get(place, [])
        frame = frames[leg]
        pairs = pair_bursts(
            theirs,
            ours,
            tolerance_us,
            half_a_stride_us(frame.strides),
            (old.kept_back_us.get(place, []), new.kept_back_us.get(place, [])),
        )
        channels.append(
            ChannelWhatIf(
                leg=leg,
                channel=channel,
                muscle=new.muscles.get(place) or old.muscles.get(place, ""),
                old=theirs,
                new=ours,
                pairs=pairs,
                timing_old=timing(theirs, frame.swings, settled_from_us),
                timing_new=timing(ours, frame.swings, settled_from_us),
            )
        )
    return WhatIf(old.name, new.name, tolerance_us, dict(frames), channels)
