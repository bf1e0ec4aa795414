"""Reactions that had to come and did not: output that goes on where a fault was certain.

Only what is certain counts. An injection's row says on what its fault is certain; output that
goes on for longer than the fault may take, with nothing else told and nobody's hand in between,
is a reaction that is missing.
"""

from bisect import bisect_left, bisect_right
from typing import Final, NamedTuple

from fes_ctrl.model import ALL_LEGS, LEG_NAMES, Fault, Record, Setpoint, StateChange
from fes_ctrl.runtime.clock import Clock
from fes_ctrl.safety.faults import BY_ID, CLEARED, WARN, is_over
from fes_ctrl.stimulators.config import capabilities_of
from fes_ctrl.units import NEVER_US, Us, us_from_ms
from firmware_sim.injections import (
    ARMED,
    BY_NAME,
    HELD,
    ONCE,
    OVER,
    PULSED,
    Acknowledgement,
    Injection,
)
from hil.certain import is_certain
from hil.config import WalkConfig
from hil.patient.sensors.config import PacketConfig
from hil.rig import Rig
from hil.unheard import DISOBEYS, first_stop_us

AFTER_THE_DEADLINE: Final = ("F18",)
"""Faults whose time counts from the device's deadline for answers."""

TURN_US: Final = 20_000
"""A loop in real time may turn so late."""

TOLD_EVERY_US: Final = 10_000_000
"""Warnings of the device are told of this often at most: one from before counts too."""

AFTERMATH_US: Final = 2_000_000
"""What happens once is over after this, for what else goes wrong."""

SENSOR: Final = "sensor"
HOST: Final = "host"


class Missing(NamedTuple):
    """A reaction that did not come: to what, which, and the output that went on."""

    injection: str
    fault: str
    leg: int
    t_us: Us
    after_us: Us
    allowed_us: Us

    def __str__(self) -> str:
        """Return it as a sentence."""
        return (
            f"{self.injection}: no {self.fault}, and output on the {LEG_NAMES[self.leg]} went on "
            f"at {self.t_us / 1e6:.3f} s, {self.after_us / 1e3:.0f} ms after it was certain; "
            f"{self.allowed_us / 1e3:.0f} ms are allowed"
        )


class Heard:
    """What a walk's output and its controller's records were, and when in true time.

    Nothing is kept of a walk in which nothing is made to go wrong.

    Parameters
    ----------
    config : WalkConfig
        What is walked.
    rig : Rig
        Listened to from now on.
    clock : Clock
        The walk's own; the host's may be wrong.

    Attributes
    ----------
    output : dict of int to list of int
        By leg: when a setpoint was allowed.
    strong_us : list of int
        When one was written that is strong enough for an electrode to be judged by.
    pulses : list of (int, int)
        Instant and channel at the electrode.
    changes_us : list of int
        When anything was told that changes who may give current, or who asks for it.
    faults : list of (int, Fault)
        All of them.
    """

    def __init__(self, config: WalkConfig, rig: Rig, clock: Clock) -> None:
        self.output: dict[int, list[Us]] = {leg: [] for leg in config.legs}
        self.strong_us: list[Us] = []
        self.changes_us: list[Us] = []
        self.faults: list[tuple[Us, Fault]] = []
        self._clock = clock
        self._strong_ua = capabilities_of(config.control.stimulator).electrode_detection_ua
        self._leg_of: dict[int, int] = {}
        session = rig.session
        if config.inject:
            self._on_setpoint = session.on_setpoint
            self._on_written = session.on_written
            session.on_setpoint = self._setpoint
            session.on_written = self._written
            session.listeners.append(self._records)
            rig.watch_electrodes(self._pulse)

    def _setpoint(self, setpoint: Setpoint) -> None:
        self._leg_of[setpoint.channel] = setpoint.leg
        self.output[setpoint.leg].append(self._clock.now_us())
        if self._on_setpoint is not None:
            self._on_setpoint(setpoint)

    def _written(self, now_us: Us, setpoint: Setpoint) -> None:
        if abs(setpoint.current_ua) >= self._strong_ua:
            self.strong_us.append(self._clock.now_us())
        if self._on_written is not None:
            self._on_written(now_us, setpoint)

    def _pulse(self, t_us: Us, channel: int, _points: object) -> None:
        leg = self._leg_of.get(channel)
        # Told late at most, never early; kept in order for the search.
        if leg is not None and t_us >= self.output[leg][-1]:
            self.output[leg].append(t_us)

    def _records(self, _now_us: Us, records: tuple[Record, ...]) -> None:
        now_us = self._clock.now_us()
        for record in records:
            if isinstance(record, Fault):
                self.faults.append((now_us, record))
                if record.reaction != WARN:
                    self.changes_us.append(now_us)
            elif isinstance(record, StateChange):
                self.changes_us.append(now_us)


def missing(
    config: WalkConfig, heard: Heard, acknowledgements: list[Acknowledgement]
) -> tuple[Missing, ...]:
    """Return the reactions that had to come and did not, one for each injection at most.

    Parameters
    ----------
    config : WalkConfig
        What was walked.
    heard : Heard
        What came of it.
    acknowledgements : list of Acknowledgement
        Which injections had an effect, and when.
    """
    hits: dict[str, Us] = {}
    for name, t_us in acknowledgements:
        # What hits both legs has hit when the second has felt it.
        hits[name] = max(t_us, hits.get(name, t_us))
    found = []
    for name, hit_us in hits.items():
        held = [each for each in config.inject if each.name == name and each.from_us <= hit_us]
        if not held or not is_certain(config, held[-1]):
            continue
        for leg in config.legs:
            one = _missing(config, heard, hits, held[-1], leg)
            if one is not None:
                found.append(one)
                break
    return tuple(found)


def seen_after_ms(config: WalkConfig, name: str, fault: str) -> float:
    """Return how long it takes until what a fault observes is there."""
    if fault == DISOBEYS:
        return first_stop_us(config.control.stimulator, asked=True) / 1e3
    after_ms = float(BY_NAME[name].seen_after_ms)
    if fault in AFTER_THE_DEADLINE:
        after_ms = max(after_ms, config.control.stimulator.ack_deadline_ms)
    if BY_NAME[name].part == SENSOR:
        after_ms += max(_on_its_way_ms(config, leg.sensors.packets) for leg in config.patient.leg)
    return after_ms


def _on_its_way_ms(config: WalkConfig, packets: PacketConfig) -> float:
    """Return how long after a reading went wrong the last good one may arrive and still count."""
    oldest_ms = config.control.limits.sensor_max_age_ms
    if packets.stalls_per_min > 0.0:
        return oldest_ms
    return min(oldest_ms, packets.latency_ms + packets.latency_jitter_ms)


def _missing(
    config: WalkConfig, heard: Heard, hits: dict[str, Us], injection: Injection, leg: int
) -> Missing | None:
    name, _, to_us, _ = injection
    row = BY_NAME[name]
    limit_ms = float(BY_ID[row.fault].limit_ms)
    if row.fault == "F04":
        limit_ms = max(limit_ms, config.control.limits.sensor_max_age_ms)
    if row.part == HOST:
        # What was on its way to the host arrives when it goes on.
        limit_ms += config.control.limits.sensor_max_age_ms
    allowed_us = us_from_ms(limit_ms + seen_after_ms(config, name, row.fault)) + TURN_US
    hit_us = hits[name]
    if row.certain == OVER and to_us - hit_us < allowed_us:
        return None
    output = heard.output[leg]
    if BY_ID[row.fault].reaction == WARN:
        told = [t_us for t_us, fault in heard.faults if fault.id == row.fault]
        if told and told[-1] >= hit_us - TOLD_EVERY_US:
            return None
    for t_us in output[bisect_left(output, hit_us + allowed_us) :]:
        from_us = _certain_from_us(heard, row.certain, output, hit_us, to_us, t_us)
        if t_us < from_us + allowed_us:
            continue
        if _in_force(heard, row.fault, leg, t_us):
            continue
        if row.certain in (HELD, ARMED, PULSED) and to_us < from_us + allowed_us:
            return None
        if not _hidden(config, hits, injection, from_us, t_us):
            return Missing(name, row.fault, leg, t_us, t_us - from_us, allowed_us)
    return None


def _in_force(heard: Heard, fault: str, leg: int, t_us: Us) -> bool:
    """Return whether a fault has been told and has not cleared: it is not told twice."""
    holds = False
    for at_us, found in heard.faults:
        if at_us > t_us:
            break
        if found.leg not in (ALL_LEGS, leg):
            continue
        if found.reaction == CLEARED:
            holds = holds and not is_over(fault, leg, found.id, found.leg)
        elif found.id == fault:
            holds = found.reaction != WARN
    return holds


def _certain_from_us(
    heard: Heard, certain: str, output: list[Us], hit_us: Us, to_us: Us, t_us: Us
) -> Us:
    """Return since when a fault has been certain at an output; ``NEVER_US`` where it is not.

    From the last instant on at which anything changed who may give current; every fault does that
    does not only warn, so that from there to the output none was told.
    """
    changes_us = heard.changes_us
    index = bisect_right(changes_us, t_us)
    changed_us = changes_us[index - 1] if index else -NEVER_US
    from_us = max(hit_us, changed_us)
    if certain == HELD:
        return from_us
    if certain in (ONCE, OVER):
        if changed_us >= hit_us:
            return NEVER_US
        return max(hit_us, to_us) if certain == OVER else hit_us
    evidence_us = heard.strong_us if certain == PULSED else output
    index = bisect_right(evidence_us, from_us)
    return evidence_us[index] if index < len(evidence_us) else NEVER_US


def _hidden(
    config: WalkConfig, hits: dict[str, Us], injection: Injection, from_us: Us, to_us: Us
) -> bool:
    """Return whether something else that went wrong then may keep a fault from showing."""
    part = BY_NAME[injection.name].part
    for other in config.inject:
        if other is injection or other.name not in hits or not BY_NAME[other.name].fault:
            continue
        row = BY_NAME[other.name]
        everywhere = HOST in (part, row.part) or row.fault == DISOBEYS
        if not everywhere and (part == SENSOR) != (row.part == SENSOR):
            continue
        until_us = other.from_us + AFTERMATH_US if row.certain == ONCE else other.to_us
        if other.from_us <= to_us and from_us <= until_us:
            return True
    return False
