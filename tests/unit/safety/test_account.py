"""The account of one channel, pulse by pulse and to the microsecond."""

from fes_ctrl.safety.account import ChannelAccount
from fes_ctrl.units import NEVER_US


def stands(account: ChannelAccount) -> dict[str, object]:
    found: dict[str, object] = {
        name: getattr(account, name)
        for name in ChannelAccount.__slots__
        if not name.startswith("_")
    }
    return found | {"held": len(account)}


FRESH = {
    "burst_from_us": -NEVER_US,
    "duty_high": False,
    "given_us": -NEVER_US,
    "last_peak_ua": 0,
    "last_us": -NEVER_US,
    "on_us": 0,
    "peak_ua": 0,
    "rises_from_us": -NEVER_US,
    "slow_us": 0,
    "square": 0,
    "held": 0,
}


def test_a_channel_that_gave_nothing_remembers_nothing() -> None:
    account = ChannelAccount()
    assert stands(account) == FRESH
    account.forget(123)
    assert stands(account) == FRESH


def test_every_pulse_moves_what_it_should_and_nothing_else() -> None:
    account = ChannelAccount()
    account.enter(1_000_000, 1_000_000, 20_000, 7, begins=True)
    first = {**FRESH, "last_us": 1_000_000, "burst_from_us": 1_000_000, "peak_ua": 20_000}
    first |= {"rises_from_us": 1_000_000, "given_us": 1_000_000}
    assert stands(account) == {**first, "square": 7, "held": 1}
    account.enter(1_025_000, 1_025_000, 30_000, 11, begins=False)
    account.enter(1_050_000, 1_050_000, 10_000, 13, begins=False)
    rose = {
        **first,
        "given_us": 1_050_000,
        "last_us": 1_050_000,
        "peak_ua": 30_000,
        "slow_us": 25_000,
    }
    assert stands(account) == {**rose, "square": 31, "held": 5}
    account.forget(1_050_000)
    assert stands(account) == {**rose, "square": 31, "held": 5, "on_us": 50_000}
    account.enter(1_500_000, 1_500_000, 5_000, 17, begins=True)
    assert stands(account) == {
        **FRESH,
        "burst_from_us": 1_500_000,
        "given_us": 1_500_000,
        "last_peak_ua": 30_000,
        "last_us": 1_500_000,
        "on_us": 50_000,
        "peak_ua": 5_000,
        "rises_from_us": 1_500_000,
        "slow_us": 450_000,
        "square": 48,
        "held": 6,
    }
    account.start_over()
    assert (account.peak_ua, account.last_peak_ua) == (0, 0)
    assert (account.last_us, account.burst_from_us) == (1_500_000, 1_500_000)


def test_a_burst_whose_pulses_were_skipped_counts_for_no_more_than_the_last() -> None:
    account = ChannelAccount()
    account.enter(1_000_000, 1_000_000, 20_000, 0, begins=True)
    account.skipped(1_000_000, 100_000)
    assert (account.peak_ua, account.last_peak_ua) == (0, 0), "the next is a first burst yet"
    account.enter(1_025_000, 1_025_000, 20_000, 0, begins=False)
    assert account.peak_ua == 20_000, "what came after it was given"
    account.enter(2_000_000, 2_000_000, 30_000, 0, begins=True)
    account.skipped(2_000_000, 100_000)
    assert (account.peak_ua, account.last_peak_ua) == (20_000, 20_000)
    account.enter(2_025_000, 2_025_000, 15_000, 0, begins=False)
    account.skipped(2_025_000, 100_000)
    assert account.peak_ua == 20_000


def test_a_rise_begins_anew_after_a_pulse_of_it_that_was_not_given() -> None:
    account = ChannelAccount()
    account.enter(1_000_000, 1_000_000, 20_000, 0, begins=True)
    assert account.rises_from_us == 1_000_000
    account.enter(1_025_000, 1_025_000, 20_000, 0, begins=False)
    account.skipped(1_025_000, 100_000)
    assert account.rises_from_us == NEVER_US
    account.enter(1_050_000, 1_050_000, 20_000, 0, begins=False)
    assert account.rises_from_us == 1_050_000
    assert account.burst_from_us == 1_000_000, "the burst is no shorter for it"
    account.enter(1_150_000, 1_150_000, 20_000, 0, begins=False)
    account.skipped(1_150_000, 100_000)
    assert account.rises_from_us == 1_050_000, "by then it had risen"
    account.skipped(1_149_999, 100_000)
    account.enter(2_000_000, 2_000_000, 20_000, 0, begins=True)
    assert account.rises_from_us == 2_000_000


def test_the_last_pulse_that_was_felt_is_the_last_that_was_not_skipped() -> None:
    account = ChannelAccount()
    for at_us in range(0, 100_000, 25_000):
        account.enter(at_us, at_us + 3_000, 20_000, 0, begins=at_us == 0)
    assert account.given_us == 78_000
    account.skipped(50_000, 0)
    assert account.given_us == 78_000, "an older one was"
    account.skipped(75_000, 0)
    assert account.given_us == 28_000
    account.skipped(NEVER_US, 0)
    assert account.given_us == 28_000, "nobody knows which"
    account.skipped(25_000, 0)
    account.skipped(0, 0)
    assert account.given_us == -NEVER_US
    for at_us in range(1_000_000, 1_170_000, 10_000):
        account.enter(at_us, at_us, 20_000, 0, begins=False)
    for at_us in range(1_000_000, 1_170_000, 10_000):
        account.skipped(at_us, 0)
    assert account.given_us == -NEVER_US


def test_a_burst_of_which_nothing_was_felt_is_none() -> None:
    account = ChannelAccount()
    for at_us in (0, 25_000):
        account.enter(at_us, at_us, 30_000, 0, begins=at_us == 0)
    account.enter(500_000, 503_000, 20_000, 0, begins=True)
    assert (account.last_peak_ua, account.peak_ua, account.slow_us) == (30_000, 20_000, 475_000)
    account.skipped(500_000, 0)
    assert (account.last_peak_ua, account.peak_ua, account.slow_us) == (30_000, 30_000, 0)
    account.enter(525_000, 525_000, 20_000, 0, begins=True)
    account.skipped(NEVER_US, 0)
    assert (account.last_peak_ua, account.peak_ua) == (30_000, 20_000), "of this one something was"
    account.enter(550_000, 550_000, 22_000, 0, begins=False)
    account.skipped(525_000, 0)
    assert account.peak_ua == 22_000


def test_only_pulses_within_half_a_second_are_a_train() -> None:
    account = ChannelAccount()
    for since_us, slow_us in ((500_000, 500_000), (500_001, 0), (20_000, 20_000)):
        account.enter(account.last_us + since_us, account.last_us + since_us, 1_000, 0, begins=True)
        assert account.slow_us == slow_us


def test_a_pulse_leaves_the_second_when_it_is_a_second_old() -> None:
    account = ChannelAccount()
    account.enter(0, 0, 1_000, 3, begins=True)
    account.enter(20_000, 20_000, 1_000, 5, begins=False)
    account.forget(999_999)
    assert account.square == 8
    account.forget(1_000_000)
    assert account.square == 5
    account.forget(1_020_000)
    assert account.square == 0
    assert len(account) == 1, "the span between them lies in the ten seconds yet"


def test_a_span_leaves_the_ten_seconds_bit_by_bit_and_is_then_let_go() -> None:
    account = ChannelAccount()
    account.enter(0, 0, 1_000, 0, begins=True)
    account.enter(20_000, 20_000, 1_000, 0, begins=False)
    account.enter(50_000, 50_000, 1_000, 0, begins=False)
    for at_us, on_us, held in (
        (9_999_999, 50_000, 2),
        (10_000_000, 50_000, 2),
        (10_000_001, 49_999, 2),
        (10_019_999, 30_001, 2),
        (10_020_000, 30_000, 1),
        (10_020_001, 29_999, 1),
        (10_050_000, 0, 0),
        (20_000_000, 0, 0),
    ):
        account.forget(at_us)
        assert (at_us, account.on_us, len(account)) == (at_us, on_us, held)
