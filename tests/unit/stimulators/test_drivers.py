"""The tables of devices and drivers: what somebody else's package may add, and what it is told."""

from collections.abc import Iterator

import pytest

from fes_ctrl.model import Capabilities
from fes_ctrl.stimulators import drivers
from fes_ctrl.stimulators.config import MODES, StimulatorConfig, capabilities_of
from fes_ctrl.stimulators.drivers import DRIVERS, HELLOS, LINES, Stimulator, driver_for, is_driven
from fes_ctrl.stimulators.feslink import FeslinkSession
from fes_ctrl.stimulators.hello import Hello
from fes_ctrl.stimulators.line import PLAIN, SerialSettings
from fes_ctrl.stimulators.session import DriverSession

LOW = MODES["p24"]["low_level"]._replace(device="mybox", mode="plain")
LIST = LOW._replace(mode="list")

Made = tuple[Capabilities, int, int, int]


def nothing(*_: object) -> DriverSession:
    raise AssertionError("no driver is made of what cannot be taken")


@pytest.fixture(autouse=True)
def _tables() -> Iterator[None]:
    """Leave the tables as they were."""
    tables: tuple[dict[object, object], ...] = (MODES, DRIVERS, LINES, HELLOS)  # type: ignore[assignment]
    before = [dict(table) for table in tables]
    yield
    for table, rows in zip(tables, before, strict=True):
        table.clear()
        table.update(rows)


def refused(stimulator: Stimulator, name: str = "mybox") -> str:
    before = (dict(MODES), dict(DRIVERS), dict(LINES), dict(HELLOS))
    with pytest.raises(ValueError, match=r".+") as caught:
        drivers.add(name, stimulator)
    assert before == (MODES, DRIVERS, LINES, HELLOS)
    return str(caught.value)


def test_a_name_that_there_is_already_is_not_given_twice() -> None:
    mine = Stimulator({"plain": LOW._replace(device="p24")}, {})
    assert refused(mine, "p24") == "there is a device of that name already"


def test_a_device_needs_a_mode() -> None:
    assert refused(Stimulator({}, {})) == "it has no mode"


@pytest.mark.parametrize("named", [{"device": "other"}, {"mode": "other"}])
def test_a_mode_is_called_as_its_capabilities_say(named: dict[str, str]) -> None:
    its = LOW._replace(**named)  # type: ignore[arg-type]
    why = f"its mode 'plain' is called {its.device} {its.mode}"
    assert refused(Stimulator({"plain": its}, {})) == why


ABOVE_ZERO = (
    "channels",
    "current_step_ua",
    "current_max_ua",
    "width_step_us",
    "width_min_us",
    "width_max_us",
    "time_grid_us",
    "min_interval_us",
    "rate_max_hz",
    "ack_deadline_us",
)
NOT_BELOW_ZERO = ("frame_spacing_us", "unattended_ms")


@pytest.mark.parametrize("mode", ["plain", "list"])
@pytest.mark.parametrize(
    ("field", "least"), [(name, 1) for name in ABOVE_ZERO] + [(name, 0) for name in NOT_BELOW_ZERO]
)
def test_a_step_a_range_or_a_time_below_its_least_is_refused_in_whichever_mode(
    mode: str, field: str, least: int
) -> None:
    modes = {"plain": LOW, "list": LIST}

    def with_value(value: int) -> Stimulator:
        return Stimulator(modes | {mode: modes[mode]._replace(**{field: value})}, {})  # type: ignore[arg-type]

    why = f"its mode {mode!r} has a step, a range or a time that is not above zero"
    assert refused(with_value(least - 1)) == why
    assert drivers.problem_of("mybox", with_value(least)) == ""


def test_no_mode_is_driven_that_it_does_not_have() -> None:
    mine = Stimulator({"plain": LOW}, {"plain": nothing, "list": nothing, "more": nothing})
    assert refused(mine) == "it drives a mode 'list' that it does not have"


def test_what_was_added_is_driven_and_found_as_the_devices_of_this_program_are() -> None:
    made: list[Made] = []

    def make(
        capabilities: Capabilities, which: int, interval_us: int, poll_us: int
    ) -> FeslinkSession:
        made.append((capabilities, which, interval_us, poll_us))
        return FeslinkSession(capabilities, which, interval_us, poll_us)

    line, hello = SerialSettings(baud=19_200), Hello(b"?", bytes.hex)
    drivers.add("mybox", Stimulator({"plain": LOW, "list": LIST}, {"plain": make}, line, hello))
    assert MODES["mybox"] == {"plain": LOW, "list": LIST}
    assert (LINES["mybox"], HELLOS["mybox"]) == (line, hello)
    plain = StimulatorConfig(device="mybox", mode="plain", ack_deadline_ms=40, poll_ms=12.5)
    assert is_driven(plain)
    assert not is_driven(StimulatorConfig(device="mybox", mode="list"))
    driver_for(plain, 20_000)
    driver_for(plain, 30_000, 2)
    its = capabilities_of(plain)
    assert made == [(its, 0, 20_000, 12_500), (its, 2, 30_000, 12_500)]
    assert its.ack_deadline_us == 40_000


def test_what_says_nothing_of_its_line_or_its_hello_has_a_plain_one_and_none() -> None:
    drivers.add("mybox", Stimulator({"plain": LOW}, {}))
    assert LINES["mybox"] == PLAIN
    assert "mybox" not in HELLOS


def test_a_mode_without_a_driver_has_none() -> None:
    drivers.add("mybox", Stimulator({"plain": LOW}, {}))
    with pytest.raises(KeyError):
        driver_for(StimulatorConfig(device="mybox", mode="plain"), 20_000)


def test_what_is_added_is_its_own_and_no_longer_the_packages() -> None:
    modes = {"plain": LOW}
    drivers.add("mybox", Stimulator(modes, {}))
    modes["list"] = LIST
    assert list(MODES["mybox"]) == ["plain"]


@pytest.mark.parametrize(("device", "mode"), DRIVERS)
def test_every_device_of_this_program_is_driven_in_its_mode(device: str, mode: str) -> None:
    config = StimulatorConfig(device=device, mode=mode)
    assert is_driven(config)
    assert driver_for(config, 20_000).capabilities == capabilities_of(config)
