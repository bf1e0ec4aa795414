"""Which stimulator in which mode: what is refused in which words, and what its terms come to."""

import pytest

from fes_ctrl.stimulators.config import MODES, UNUSABLE, StimulatorConfig, capabilities_of

EVERY = [(device, mode) for device, modes in MODES.items() for mode in modes]


def test_a_device_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        StimulatorConfig(device="p25")
    choose = " or ".join(sorted(MODES))
    assert str(caught.value) == f"device = 'p25': there is no such device; choose {choose}"
    assert choose.startswith("feslink or p24 or rehastim2")


def test_a_device_whose_driver_cannot_be_used_is_refused_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(UNUSABLE, "mybox", "the driver 'mybox:S' cannot be loaded")
    with pytest.raises(ValueError, match=r"^device = 'mybox': the driver 'mybox:S' cannot be load"):
        StimulatorConfig(device="mybox")


def test_a_mode_of_another_device_is_refused_with_its_own() -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        StimulatorConfig(device="rehastim2", mode="mid_level")
    assert str(caught.value) == (
        "mode = 'mid_level': a rehastim2 has none of that name; choose single_pulse or channel_list"
    )


@pytest.mark.parametrize(("device", "mode"), EVERY)
def test_what_is_set_of_the_link_is_in_what_a_device_can_do_and_nothing_else_is(
    device: str, mode: str
) -> None:
    config = StimulatorConfig(device=device, mode=mode, ack_deadline_ms=41.5, dead_man_ms=90)
    its = capabilities_of(config)
    table = MODES[device][mode]
    assert its.ack_deadline_us == 41_500
    assert its.unattended_ms == (90 if device == "feslink" else table.unattended_ms)
    assert its == table._replace(
        ack_deadline_us=41_500,
        unattended_ms=its.unattended_ms,
        period_us=its.period_us,
        lingers_us=its.lingers_us,
    )
    if mode != "channel_list":
        assert (its.period_us, its.lingers_us) == (table.period_us, table.lingers_us)


@pytest.mark.parametrize(
    ("device", "mode", "unattended_ms"),
    [
        ("p24", "low_level", 0),
        ("p24", "mid_level", 200),
        ("feslink", "scheduled", 150),
        ("rehastim2", "single_pulse", 0),
        ("rehastim2", "channel_list", 200),
    ],
)
def test_a_guardian_leaves_nothing_on_for_longer_than_it_takes(
    device: str, mode: str, unattended_ms: int
) -> None:
    config = StimulatorConfig(device=device, mode=mode, guardian=True)
    assert capabilities_of(config).unattended_ms == unattended_ms


@pytest.mark.parametrize(
    ("interval_ms", "period_us"),
    [(25.0, 25_000), (25.1, 25_500), (25.5, 25_500), (25.501, 26_000), (8.0, 8_000)],
)
def test_a_list_goes_round_in_half_milliseconds_and_not_sooner_than_was_said(
    interval_ms: float, period_us: int
) -> None:
    config = StimulatorConfig(device="rehastim2", mode="channel_list", list_interval_ms=interval_ms)
    its = capabilities_of(config)
    assert its.period_us == period_us
    assert its.lingers_us == period_us + 20_000 + 24_000
