"""Who may stimulate: armed or not, at which level, and the latch that only a person opens.

One of these stands beside each guard. It changes only through the operator's hand, the device's
word that it is ready, and faults; nothing in it depends on gait.
"""

from typing import Final

from fes_ctrl.safety.faults import BY_ID, FaultRow

DISARMED: Final = "disarmed"
ARMING: Final = "arming"
ARMED: Final = "armed"


class Arming:
    """Arming and level of one stimulator.

    Attributes
    ----------
    state : str
        ``disarmed``, ``arming`` (the device has been asked) or ``armed``.
    level_percent : int
        The operator's level; 0 after arming, a fault, a pause or a lost device.
    latched : str
        Identifier of the fault that holds the latch, or empty.
    paused : bool
        The operator has paused: armed, but no bursts.
    link_up : bool
        The device has been identified and is connected.
    """

    __slots__ = ("latched", "level_percent", "link_up", "paused", "state")

    def __init__(self) -> None:
        self.state = DISARMED
        self.level_percent = 0
        self.latched = ""
        self.paused = False
        self.link_up = False

    @property
    def allows_bursts(self) -> bool:
        """Whether a trigger may start a burst that is felt."""
        return self.state == ARMED and not self.latched and not self.paused

    def ask_to_arm(self) -> bool:
        """Take the operator's wish to arm; return whether the device is to be asked."""
        if self.state != DISARMED or self.latched or not self.link_up:
            return False
        self.state = ARMING
        self.level_percent = 0
        self.paused = False
        return True

    def why_not(self) -> str:
        """Return why a wish to arm is not followed."""
        if self.latched:
            return f"fault {self.latched} is latched"
        if not self.link_up:
            return "no device has answered"
        return f"already {self.state}"

    def why_silent(self) -> str:
        """Return why nothing may be given at all, at whatever current; empty if it may."""
        if self.latched:
            return f"fault {self.latched} is latched"
        if self.state != ARMED:
            return "not armed"
        if self.paused:
            return "paused"
        return "" if self.level_percent else "the level is zero"

    def ready(self) -> bool:
        """Take the device's word that it is ready; return whether it is armed by that.

        A fault of availability that came meanwhile does not undo the arming, it only holds the
        bursts: any other fault has disarmed already. Nor does it undo a pause that came meanwhile.
        """
        if self.state != ARMING:
            return False
        self.state = ARMED
        self.level_percent = 0
        return True

    def set_level(self, percent: int) -> bool:
        """Take the operator's level; return whether it counts: never unless armed.

        While a fault is latched it can be lowered only, and what it was then does not come back.
        """
        if self.state != ARMED or (self.latched and percent > self.level_percent):
            return False
        self.level_percent = min(100, max(0, percent))
        return True

    def pause(self) -> None:
        """End stimulation at the operator's wish; the level starts from zero again."""
        self.paused = True
        self.level_percent = 0

    def disarm(self) -> None:
        """Give up readiness and level."""
        self.state = DISARMED
        self.level_percent = 0
        self.paused = False

    def latch(self, row: FaultRow) -> bool:
        """Take a latching fault; return whether the device is to be stopped and disarmed.

        A fault of availability keeps arming and level, and is outranked by any other.
        """
        if self.latched and (row.keeps_level or not BY_ID[self.latched].keeps_level):
            return False
        self.latched = row.id
        if row.keeps_level:
            return False
        self.disarm()
        return True

    def clear(self) -> str:
        """Open the latch; return the fault that held it, or nothing."""
        held, self.latched = self.latched, ""
        return held
