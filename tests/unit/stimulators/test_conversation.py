"""What every driver does alike, held to each of them: a device that is not there, step by step."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from fes_ctrl.model import Arm, Setpoint, Stop
from fes_ctrl.stimulators.config import StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.conversation import DEAD, STOP_REPEAT_US, STOPPING, Conversation
from fes_ctrl.stimulators.feslink import FeslinkSession
from fes_ctrl.stimulators.p24 import P24Session
from fes_ctrl.stimulators.rehastim2 import Rehastim2Session
from fes_ctrl.stimulators.session import DriverStep
from fes_ctrl.stimulators.turns import TurnSession
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire import sciencemode4 as sm4
from helpers.box import BOX, Words

POLL_US = 100_000
BEGIN_US = 1_000_000


class Driver(NamedTuple):
    session: Callable[[], Conversation]
    stopped: bytes
    """What a device answers to the stop."""


def _of(session: type, device: str, mode: str) -> Callable[[], Conversation]:
    capabilities = capabilities_of(StimulatorConfig(device=device, mode=mode))
    return lambda: session(capabilities, 0, 20_000, POLL_US)


P24_STOPPED = sm4.encode(62, sm4.LL_STOP + 1, b"\0") + sm4.encode(63, sm4.ML_STOP + 1, b"\0")
REHASTIM2_INIT = sm2.encode(0, sm2.INIT, bytes([sm2.VERSION]))
FESLINK_STOPPED = feslink.encode(
    fm.Status(fm.STOP, 0, fm.OK, fm.IDLE, fm.NO_FAULT, 1_000, 0, 0, 0, 0)
)
DRIVERS = {
    "p24": Driver(_of(P24Session, "p24", "low_level"), P24_STOPPED),
    "p24 mid": Driver(_of(P24Session, "p24", "mid_level"), P24_STOPPED),
    "feslink": Driver(_of(FeslinkSession, "feslink", "scheduled"), FESLINK_STOPPED),
    "turns": Driver(lambda: TurnSession(Words(), BOX, 0, 20_000, POLL_US), b"stopped\n"),
    "rehastim2": Driver(_of(Rehastim2Session, "rehastim2", "single_pulse"), REHASTIM2_INIT),
    "rehastim2 list": Driver(_of(Rehastim2Session, "rehastim2", "channel_list"), REHASTIM2_INIT),
}
CUT_BY_SILENCE = [name for name in DRIVERS if "rehastim2" not in name]
"""A RehaStim2 hears nothing before it has said Init: its driver waits for that instead."""


def stops_of(session: Conversation, step: DriverStep) -> int:
    return step.out.count(session.stop_bytes)


def opened(name: str) -> tuple[Conversation, DriverStep]:
    session = DRIVERS[name].session()
    step = session.open(BEGIN_US)
    assert session.state == STOPPING
    assert stops_of(session, step) == 1
    assert step.discard
    return session, step


@pytest.mark.parametrize("name", CUT_BY_SILENCE)
def test_three_stops_that_nobody_confirms_cut_the_line_within_300_ms(name: str) -> None:
    session, step = opened(name)
    said = []
    while not step.drop:
        assert step.wake_at_us < NEVER_US
        early = session.tick(step.wake_at_us - 1)
        assert (early.out, early.drop) == ((), False)
        now_us = step.wake_at_us
        step = session.tick(now_us)
        said.append((now_us - BEGIN_US, stops_of(session, step)))
    assert said == [(STOP_REPEAT_US, 1), (2 * STOP_REPEAT_US, 1), (3 * STOP_REPEAT_US, 0)]
    assert [report.kind for report in step.reports] == ["stuck"]
    assert session.state == DEAD
    assert step.wake_at_us == NEVER_US


@pytest.mark.parametrize("name", CUT_BY_SILENCE)
@pytest.mark.parametrize("said", [1, 2, 3])
def test_a_clock_that_went_back_while_a_stop_waits_costs_one_wait_and_no_more(
    name: str, said: int
) -> None:
    session, step = opened(name)
    for _ in range(1, said):
        step = session.tick(step.wake_at_us)
    back_us = BEGIN_US - 900_000
    step = session.open(back_us)
    assert stops_of(session, step) == 1, "said once more, whatever the clock is"
    waits = 0
    while not step.drop:
        assert step.wake_at_us == back_us + (waits + 1) * STOP_REPEAT_US
        step = session.tick(step.wake_at_us)
        waits += 1
    assert waits == max(1, 3 - said)


@pytest.mark.parametrize("name", CUT_BY_SILENCE)
def test_a_line_that_was_cut_begins_with_all_its_tries_when_it_is_opened_again(name: str) -> None:
    session, step = opened(name)
    for _ in range(3):
        step = session.tick(step.wake_at_us)
    assert step.drop
    step = session.open(BEGIN_US)
    said = stops_of(session, step)
    while not step.drop:
        step = session.tick(step.wake_at_us)
        said += stops_of(session, step)
    assert said == 3


@pytest.mark.parametrize("name", DRIVERS)
def test_a_stop_that_waits_takes_each_further_one_and_waits_no_longer_for_it(name: str) -> None:
    session, step = opened(name)
    wake_us = step.wake_at_us
    for now_us in range(BEGIN_US, BEGIN_US + 50_000, 10_000):
        step = session.command(now_us, Stop(now_us, 0, "operator"))
        assert (stops_of(session, step), step.discard) == (1, True)
        assert step.wake_at_us == wake_us


@pytest.mark.parametrize("name", DRIVERS)
def test_before_it_is_up_nothing_is_given_and_nothing_armed(name: str) -> None:
    session, _ = opened(name)
    for _ in range(2):
        step = session.command(BEGIN_US, Setpoint(BEGIN_US, 0, 0, 10_000, 200, BEGIN_US + 9, 0))
        assert step.out == ()
        assert step.written == ()
        assert [report.kind for report in step.reports] == ["skipped"]
        step = session.command(BEGIN_US, Arm(BEGIN_US, 0))
        assert step.out == ()
        assert [report.kind for report in step.reports] == ["error"]
        session.receive(BEGIN_US, DRIVERS[name].stopped)
        assert session.state == "hello"
    assert session.skipped == 2


@pytest.mark.parametrize("name", DRIVERS)
def test_a_stop_while_it_is_greeted_greets_it_anew_and_never_calls_it_up(name: str) -> None:
    session, _ = opened(name)
    session.receive(BEGIN_US, DRIVERS[name].stopped)
    assert session.state == "hello"
    step = session.command(BEGIN_US, Stop(BEGIN_US, 0, "operator"))
    assert stops_of(session, step) == 1
    step = session.receive(BEGIN_US, DRIVERS[name].stopped)
    assert session.state == "hello"
    assert step.reports == ()


@pytest.mark.parametrize("name", CUT_BY_SILENCE)
def test_a_device_that_stops_and_says_nothing_else_is_stopped_and_asked_for_ever(name: str) -> None:
    session, _ = opened(name)
    kinds: list[str] = []
    now_us = BEGIN_US
    step = session.receive(now_us, DRIVERS[name].stopped)
    for _ in range(30):
        assert session.state == "hello"
        while session.state == "hello":
            now_us = step.wake_at_us
            step = session.tick(now_us)
        kinds += [report.kind for report in step.reports]
        step = session.receive(now_us, DRIVERS[name].stopped)
    assert set(kinds) == {"silent"}


@pytest.mark.parametrize("name", DRIVERS)
def test_a_connection_that_is_gone_is_told_once_and_all_is_quiet(name: str) -> None:
    session, _ = opened(name)
    step = session.hang_up(BEGIN_US, "pulled out")
    assert [(report.kind, report.detail) for report in step.reports] == [("down", "pulled out")]
    assert step.wake_at_us == NEVER_US
    assert session.hang_up(BEGIN_US, "again").reports == ()
    for now_us in range(BEGIN_US, BEGIN_US + 1_000_000, 50_000):
        assert session.tick(now_us).out == ()
    assert session.command(BEGIN_US, Stop(BEGIN_US, 0, "operator")).out == ()


@pytest.mark.parametrize("name", CUT_BY_SILENCE)
def test_a_stop_that_was_ordered_is_confirmed_to_who_ordered_it_even_if_the_clock_went_back(
    name: str,
) -> None:
    session, step = opened(name)
    step = session.receive(BEGIN_US, DRIVERS[name].stopped)
    assert step.reports == (), "nobody has ordered the first"
    session._is_up(BEGIN_US, "greeted")
    session.command(BEGIN_US, Stop(BEGIN_US, 0, "operator"))
    back_us = BEGIN_US - 900_000
    session.open(back_us)
    step = session.receive(back_us, DRIVERS[name].stopped)
    (told,) = [report for report in step.reports if report.kind != "up"]
    assert (told.t_us, told.kind, told.detail) == (back_us, "idle", "output ended")
    assert session.state == "hello", "then it is asked who it is"
    session.open(back_us)
    step = session.receive(back_us, DRIVERS[name].stopped)
    assert step.reports == (), "of each that was ordered it is told once"


@pytest.mark.parametrize("name", CUT_BY_SILENCE)
def test_a_device_that_nobody_has_greeted_since_its_line_was_lost_has_nothing_to_confirm(
    name: str,
) -> None:
    session, _ = opened(name)
    session._is_up(BEGIN_US, "greeted")
    session.hang_up(BEGIN_US, "unplugged")
    session.open(BEGIN_US)
    assert session.receive(BEGIN_US, DRIVERS[name].stopped).reports == ()
    session.open(BEGIN_US)
    session.command(BEGIN_US, Stop(BEGIN_US, 0, "operator"))
    assert session.receive(BEGIN_US, DRIVERS[name].stopped).reports == ()


@pytest.mark.parametrize("name", CUT_BY_SILENCE)
def test_nor_has_another_device_at_its_port(name: str) -> None:
    session, _ = opened(name)
    session._is_up(BEGIN_US, "greeted")
    session._is_another(BEGIN_US, "another")
    told = session.command(BEGIN_US, Stop(BEGIN_US, 0, "operator")).reports
    assert [report.kind for report in told] == ["up", "changed"]
    assert session.receive(BEGIN_US, DRIVERS[name].stopped).reports == ()
