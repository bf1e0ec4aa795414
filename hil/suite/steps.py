"""What the scenarios are made of: waiting, looking, and the figures that they hold things against.

Every figure follows from what the device's row of the capabilities says, or is a driver's.
"""

from typing import Final

from fes_ctrl.model import LINK_IDLE, LINK_READY, LINK_UP, LinkReport
from fes_ctrl.units import Us
from hil.suite.bench import Bench, BenchFailure, Pulse
from hil.suite.hands import FAULTS, LIFE_US, PERIOD_US

LOOK_EVERY_US: Final = 1_000

STOP_REPEAT_US: Final = 80_000
"""A driver repeats a stop that is not confirmed after so long: a good line needs no second one."""

STOPS: Final = 3
TRAIN_US: Final = 800_000
QUIET_US: Final = 600_000
"""Silence is looked at for so long: many periods."""


def require(holds: bool, sentence: str) -> None:  # noqa: FBT001 - as assert has it
    """Fail with a sentence, unless it holds."""
    if not holds:
        raise BenchFailure(sentence)


def within(ms: float, allowed_ms: float, what: str) -> None:
    """Fail where something took longer than it may."""
    require(ms <= allowed_ms, f"{what} took {ms:.1f} ms, {allowed_ms:.0f} ms are allowed")


def told(bench: Bench, kinds: frozenset[str], since_us: Us) -> LinkReport | None:
    """Return the first report of these kinds since then."""
    for report in bench.reports:
        if report.t_us >= since_us and report.kind in kinds:
            return report
    return None


def wait(bench: Bench, kinds: frozenset[str], since_us: Us, allowed_us: Us) -> tuple[str, float]:
    """Return the detail of the first report of these kinds, and after how many ms it came."""
    report = told(bench, kinds, since_us)
    while report is None and bench.now_us() < since_us + allowed_us:
        bench.run(LOOK_EVERY_US)
        report = told(bench, kinds, since_us)
    if report is None:
        heard = [(seen.kind, seen.detail) for seen in bench.reports if seen.t_us >= since_us]
        names = " or ".join(sorted(kinds))
        raise BenchFailure(f"no {names!r} within {allowed_us / 1000:.0f} ms, but {heard[-4:]}")
    ms = (report.t_us - since_us) / 1000
    within(ms, allowed_us / 1000, f"{report.kind!r}")
    return report.detail, ms


def is_current(bench: Bench, pulse: Pulse, asked_ma: int) -> bool:
    """Return whether a pulse has the current that was asked for, as well as the bench sees it."""
    return abs(pulse.current_ua - asked_ma * 1000) <= unsure_ua(bench, asked_ma)


def unsure_ua(bench: Bench, asked_ma: int) -> float:
    """Return how far a current may look from what it is."""
    return asked_ma * 1000 * bench.eye_share + bench.eye_ua


def fine(bench: Bench, since_us: Us, *, refused: bool = False) -> None:
    """Fail where a driver has told of a fault, or the guard has refused what it may not."""
    report = told(bench, FAULTS, since_us)
    require(report is None, f"an ordinary day brought the fault {report}")
    require(refused or not bench.refused, f"the guard refused for {bench.refused[:1]}")


def since(bench: Bench, from_us: Us) -> list[Pulse]:
    """Return the pulses from then on, up to now."""
    bench.settle()
    return [pulse for pulse in bench.pulses if pulse.t_us >= from_us]


def quiet(bench: Bench, from_us: Us, what: str) -> None:
    """Fail where there was a pulse from then on."""
    late = since(bench, from_us)
    require(not late, f"{len(late)} pulses {what}, the first after {_after(late, from_us)} ms")


def _after(pulses: list[Pulse], from_us: Us) -> float:
    return (pulses[0].t_us - from_us) / 1000 if pulses else 0.0


def silent_by(bench: Bench, from_us: Us, allowed_us: Us, what: str) -> float:
    """Let time pass, and return after how many ms the last pulse came: none later than allowed."""
    bench.run(max(0, from_us + allowed_us - bench.now_us()) + QUIET_US)
    late = since(bench, from_us)
    ms = (late[-1].t_us - from_us) / 1000 if late else 0.0
    within(ms, allowed_us / 1000, what)
    return ms


# -- figures --------------------------------------------------------------------------------------


def identify_us(bench: Bench) -> Us:
    """Return how long a device may take to say who it is."""
    return bench.hello_ms * 1000 + bench.slack_us


def found_us(bench: Bench) -> Us:
    """Return how long one may take that has had a host before: one that speaks first waits."""
    return identify_us(bench) + bench.watchdog_ms * 1000


def questions_us(bench: Bench) -> Us:
    """Return how long three questions may wait for their answers."""
    return STOPS * bench.capabilities.ack_deadline_us + bench.slack_us


def pulse_us(bench: Bench) -> Us:
    """Return how long after its setpoint a pulse may come: its life, then the device's latency."""
    return LIFE_US + bench.capabilities.latency_us + bench.slack_us


def repeats(bench: Bench) -> bool:
    """Return whether the device goes on by itself."""
    return bench.capabilities.unattended_ms > 0


def lingers_us(bench: Bench) -> Us:
    """Return how long after the last setpoint the last pulse may come."""
    if bench.capabilities.lingers_us:
        return bench.capabilities.lingers_us + bench.slack_us
    return pulse_us(bench) + (PERIOD_US if repeats(bench) else 0)


def more_pulses(bench: Bench, trains: int) -> int:
    """Return how many pulses more than setpoints there may be of some trains: none, usually.

    A device that repeats by itself goes on for a while after the last setpoint of each.
    """
    return trains * (lingers_us(bench) // PERIOD_US) if repeats(bench) else 0


def fewer_pulses(bench: Bench, trains: int) -> int:
    """Return how many fewer there may be: one that repeats may be told once more than it gives."""
    return trains if repeats(bench) else 0


def stopped_us(bench: Bench) -> Us:
    """Return how long a stop may take on a good line: what it takes the device, no second one."""
    return bench.capabilities.latency_us + bench.slack_us


def left_alone_us(bench: Bench) -> Us:
    """Return how long a device without a host may go on."""
    return bench.capabilities.unattended_ms * 1000 + pulse_us(bench)


# -- states ---------------------------------------------------------------------------------------


def up(bench: Bench) -> tuple[str, float]:
    """Open the bench and bring the device up."""
    from_us = bench.now_us()
    bench.open()
    return wait(bench, frozenset({LINK_UP}), from_us, identify_us(bench))


def ready(bench: Bench) -> float:
    """Arm the device."""
    from_us = bench.now_us()
    bench.operate("arm")
    return wait(bench, frozenset({LINK_READY}), from_us, questions_us(bench))[1]


def train(bench: Bench) -> Us:
    """Bring the device up, arm it and let a train run; return when it began."""
    up(bench)
    ready(bench)
    return go_on(bench)


def go_on(bench: Bench) -> Us:
    """Let a train run on a device that is ready; return when it began."""
    from_us = bench.now_us()
    bench.operate("level", bench.current_ma)
    refused = len(bench.refused)
    bench.run(TRAIN_US)
    fine(bench, from_us, refused=True)
    require(len(bench.refused) == refused, f"the guard refused for {bench.refused[refused:][:1]}")
    require(len(since(bench, from_us)) > 1, "a train was asked for and there are no pulses")
    return from_us


def idle(bench: Bench, from_us: Us) -> float:
    """Wait until the device has confirmed that its output has ended."""
    return wait(bench, frozenset({LINK_IDLE}), from_us, STOP_REPEAT_US + bench.slack_us)[1]
