"""The file that a setup writes: what ``--setup`` reads, and how it was found, for people."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fes_ctrl.stim.config import ChannelConfig, MuscleSetup


@dataclass(frozen=True, slots=True)
class SetupRecord:
    """What was found, and how.

    Attributes
    ----------
    found : MuscleSetup
        The thresholds.
    channel : ChannelConfig
        Muscle, rate and output of the bursts.
    start_ma : int
        The first burst.
    leg : str
        Whose.
    position : str
        Of the electrodes, in the words of whoever placed them.
    device : str
        The stimulator, in its own words.
    day : date
        When.
    """

    found: "MuscleSetup"
    channel: "ChannelConfig"
    start_ma: int
    leg: str
    position: str
    device: str
    day: date


def as_toml(record: SetupRecord) -> str:
    """Return the file as text."""
    found, channel = record.found, record.channel
    return f"""\
# Found with fes-ctrl setup on {record.day.isoformat()}, seated: thresholds of one electrode
# position, which hold for that alone. From a bench tool, which is not for people.
# Position: {_one_line(record.position) or "not told"}
# Leg: {record.leg}, channel {channel.channel} of {_one_line(record.device) or "a nameless device"}
# Bursts: {channel.rate_hz:g} Hz, {found.pulse_width_us} us, a plateau of 1 s at most, from \
{record.start_ma} mA in steps of 1 mA

[setup]
leg = "{record.leg}"

[setup.{channel.muscle}]
sensory_mA = {found.sensory_mA:<18g}# the burst that was said to be felt
motor_mA = {found.motor_mA:<20g}# the burst that was said to move the foot
tolerated_mA = {found.tolerated_mA:<16g}# the strongest that was borne to its end; then: enough
pulse_width_us = {found.pulse_width_us}
"""


def _one_line(text: str) -> str:
    """Return words that others chose so that they stay within a comment."""
    return "".join([char if char.isprintable() else "?" for char in text]).strip()
