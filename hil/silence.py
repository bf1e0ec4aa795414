"""Tells the witness when there is to be silence: instants, from what operator and controller say.

Silence holds until the device is armed and a level is set, and again from every stop, latch,
pause, disarming or level of zero. Instants are those of the walk's own clock, as the electrode's
are: the host's, which the controller goes by, may have jumped.
"""

from typing import Final

from fes_ctrl.model import Fault, Record, StateChange
from fes_ctrl.runtime.clock import Clock
from fes_ctrl.safety.faults import CLEARED, LATCH, opens_latch
from fes_ctrl.stimulators.config import capabilities_of
from fes_ctrl.units import Us
from hil.config import WalkConfig
from hil.witness import Witness

ON_ITS_WAY_US: Final = 20_000
"""A pulse that was written just before may still come: the device's turn and that of a real-time
loop, one period of 50 Hz at most, besides what the cable takes."""

LONGEST_FRAME_BYTES: Final = 64
"""A stop with its frame ends, behind a pulse."""

BEYOND_REACH: Final = frozenset({"F15", "F18", "F20"})
"""Faults in which the device may not hear the stop: it goes on as long as it does without a host,
which is not at all in a mode in which the host times every pulse."""


class Silence:
    """What the controller's records mean to the witness.

    Parameters
    ----------
    witness : Witness
        Who is told.
    config : WalkConfig
        Of the walk: cable, stimulator.
    clock : Clock
        The walk's own, by which pulses reach the electrode.
    """

    __slots__ = (
        "_armed",
        "_clock",
        "_latched",
        "_level",
        "_unattended_us",
        "_within_us",
        "_witness",
    )

    def __init__(self, witness: Witness, config: WalkConfig, clock: Clock) -> None:
        cable = config.cable
        device = capabilities_of(config.control.stimulator)
        self._witness = witness
        self._clock = clock
        self._within_us: Us = (
            ON_ITS_WAY_US
            + cable.latency_us
            + cable.jitter_us
            + round(LONGEST_FRAME_BYTES * cable.byte_us)
            + device.latency_us
        )
        self._unattended_us: Us = device.unattended_ms * 1_000
        self._armed = False
        self._latched = False
        self._level = 0
        witness.forbid(0, 0)

    def operator(self, now_us: Us, action: str, value: int) -> None:
        """Take what the operator does: whether the controller has heard it or not."""
        if action in {"stop", "disarm", "pause"} or (action == "level" and value == 0):
            self._witness.forbid(now_us, self._within_us)

    def records(self, _host_us: Us, records: tuple[Record, ...]) -> None:
        """Take the controller's records."""
        now_us = self._clock.now_us()
        for record in records:
            if isinstance(record, StateChange):
                self._state(now_us, record)
            elif isinstance(record, Fault):
                self._fault(now_us, record)

    def _state(self, now_us: Us, state: StateChange) -> None:
        # By a pause, or by a hand that sets it to zero: the guard begins anew as well.
        went_to_zero = state.level_percent == 0 < self._level
        anew = state.armed and (not self._armed or went_to_zero)
        self._armed = state.armed
        self._level = state.level_percent
        if anew:
            self._witness.from_zero(now_us, self._within_us)
        self._tell(now_us, self._unattended_us if state.reason in BEYOND_REACH else 0)

    def _fault(self, now_us: Us, fault: Fault) -> None:
        if fault.reaction == LATCH:
            self._latched = True
        elif fault.reaction == CLEARED and opens_latch(fault.id, fault.leg):
            self._latched = False
        else:
            return
        self._tell(now_us, self._unattended_us if fault.id in BEYOND_REACH else 0)

    def _tell(self, now_us: Us, unattended_us: Us) -> None:
        if self._armed and self._level > 0 and not self._latched:
            self._witness.allow()
        else:
            self._witness.forbid(now_us, self._within_us + unattended_us)
