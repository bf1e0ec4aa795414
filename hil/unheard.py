"""How long a device that says nothing any more may go on before its line is cut.

It is reckoned from what every driver does (``Conversation``) and what the controller makes of it,
and counts from when the device was heard last: an answer that was still on its way then may have
confirmed what the device has not heard. Not in it: the 2 s for which a RehaStim2 is waited for to
say Init, where its driver begins anew.
"""

from typing import Final

from fes_ctrl.authority import STOP_AGAIN_US
from fes_ctrl.safety.faults import BY_ID
from fes_ctrl.stimulators.config import LIFE_US, StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.conversation import TRIES
from fes_ctrl.units import Us, us_from_ms

DISOBEYS: Final = "F20"
"""The fault of a device that goes on whatever it is told; its row counts from the first stop."""


def first_stop_us(config: StimulatorConfig, *, asked: bool) -> Us:
    """Return within which time a device that was heard last is told to stop.

    Parameters
    ----------
    config : StimulatorConfig
        The stimulator, with its poll and its deadline for answers.
    asked : bool
        It is being greeted or armed, or is asked to be meanwhile.
    """
    device = capabilities_of(config)
    deadline_us = device.ack_deadline_us
    # Something is written to it: a poll, where nothing waits for an answer already. A list that
    # repeats is not polled; its next update, or its end, comes after a round and a life.
    list_us = device.period_us + LIFE_US if device.period_us else 0
    asks_us = max(us_from_ms(config.poll_ms), list_us)
    silent_us = asks_us + deadline_us
    if deadline_us < STOP_AGAIN_US:
        # It may have been stopped just before, and then only the next silence stops it again.
        silent_us = max(silent_us, STOP_AGAIN_US + max(asks_us, deadline_us))
    # A question is put three times before its answer is missed.
    return silent_us + (TRIES * deadline_us if asked else 0)


def cut_off_us(config: StimulatorConfig, *, asked: bool) -> Us:
    """Return within which time the line of such a device is cut, as the fault's row allows."""
    return first_stop_us(config, asked=asked) + us_from_ms(BY_ID[DISOBEYS].limit_ms)
