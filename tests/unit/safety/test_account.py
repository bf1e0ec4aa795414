"""The account of one channel, pulse by pulse and to the microsecond."""

from fes_ctrl.safety.account import ChannelAccount
from fes_ctrl.safety.felt import BEGINS, GOES_ON, UNCLEAR
from fes_ctrl.stimulators.config import P24_MODES, REHASTIM2_MODES
from fes_ctrl.units import NEVER_US


def stands(account: ChannelAccount) -> dict[str, object]:
    found: dict[str, object] = {
        name: getattr(account, name)
        for name in ChannelAccount.__slots__
        if not name.startswith("_") and name != "felt"
    }
    felt = account.felt
    return found | {"held": len(account), "felt": (felt.earliest_us, felt.expires_us, len(felt))}


def give(account: ChannelAccount, at_us: int, ua: int, square: int, parting: int) -> None:
    """Enter a pulse that is let through 3 ms late and holds for another 7."""
    account.enter(at_us, at_us + 3_000, at_us + 10_000, ua, square, parting)


def peaks(account: ChannelAccount) -> tuple[int, int]:
    return account.last_peak_ua, account.peak_ua


DEVICE = P24_MODES["low_level"]
FRESH = {
    "burst_from_us": -NEVER_US,
    "duty_high": False,
    "felt": (-NEVER_US, -NEVER_US, 1),
    "last_peak_ua": 0,
    "last_us": -NEVER_US,
    "on_us": 0,
    "peak_ua": 0,
    "rises_from_us": -NEVER_US,
    "square": 0,
    "held": 0,
}


def test_a_channel_that_gave_nothing_remembers_nothing() -> None:
    account = ChannelAccount(DEVICE)
    assert stands(account) == FRESH
    account.forget(123)
    assert stands(account) == FRESH


def test_every_pulse_moves_what_it_should_and_nothing_else() -> None:
    account = ChannelAccount(DEVICE)
    give(account, 1_000_000, 20_000, 7, BEGINS)
    first = {**FRESH, "last_us": 1_000_000, "burst_from_us": 1_000_000, "peak_ua": 20_000}
    first |= {"rises_from_us": 1_000_000}
    one = {"felt": (1_003_000, 1_010_000, 2)}
    assert stands(account) == {**first, **one, "square": 7, "held": 2}
    give(account, 1_025_000, 30_000, 11, GOES_ON)
    give(account, 1_050_000, 10_000, 13, GOES_ON)
    rose = {**first, "last_us": 1_050_000, "peak_ua": 30_000, "felt": (1_053_000, 1_060_000, 4)}
    assert stands(account) == {**rose, "square": 31, "held": 4}
    account.forget(1_050_000)
    assert stands(account) == {**rose, "square": 31, "held": 4, "on_us": 50_000}
    give(account, 1_500_000, 5_000, 17, BEGINS)
    assert stands(account) == {
        **FRESH,
        "burst_from_us": 1_500_000,
        "felt": (1_503_000, 1_510_000, 5),
        "last_peak_ua": 30_000,
        "last_us": 1_500_000,
        "on_us": 50_000,
        "peak_ua": 5_000,
        "rises_from_us": 1_500_000,
        "square": 48,
        "held": 6,
    }
    account.start_over()
    assert peaks(account) == (0, 0)
    assert (account.last_us, account.burst_from_us) == (1_500_000, 1_500_000)


def test_what_may_be_a_burst_of_its_own_rises_anew_and_counts_as_the_same() -> None:
    account = ChannelAccount(DEVICE)
    give(account, 1_000_000, 20_000, 0, BEGINS)
    give(account, 1_500_000, 24_000, 0, BEGINS)
    give(account, 1_600_000, 15_000, 0, UNCLEAR)
    assert account.burst_from_us == 1_500_000, "it is no younger"
    assert account.rises_from_us == 1_600_000
    assert peaks(account) == (20_000, 15_000), "as of whichever is the lower"
    give(account, 1_700_000, 25_000, 0, UNCLEAR)
    assert peaks(account) == (15_000, 25_000)
    account.forget(1_700_000)
    assert account.on_us == 200_000


def test_a_burst_counts_for_what_was_felt_of_it() -> None:
    account = ChannelAccount(DEVICE)
    give(account, 1_000_000, 20_000, 0, BEGINS)
    account.skipped(1_000_000, 100_000)
    assert peaks(account) == (0, 0), "the next is a first burst yet"
    give(account, 1_025_000, 20_000, 0, BEGINS)
    assert account.peak_ua == 20_000, "what came after it was given"
    give(account, 2_000_000, 30_000, 0, BEGINS)
    account.skipped(2_000_000, 100_000)
    assert peaks(account) == (20_000, 20_000), "nothing was felt of it"
    give(account, 2_025_000, 15_000, 0, BEGINS)
    give(account, 2_050_000, 24_000, 0, GOES_ON)
    give(account, 2_075_000, 22_000, 0, GOES_ON)
    assert peaks(account) == (20_000, 24_000)
    account.skipped(2_050_000, 100_000)
    assert peaks(account) == (20_000, 22_000)
    account.skipped(2_075_000, 100_000)
    assert peaks(account) == (20_000, 15_000)


def test_what_was_skipped_before_the_level_was_at_zero_raises_nothing_after_it() -> None:
    account = ChannelAccount(DEVICE)
    give(account, 1_000_000, 40_000, 0, BEGINS)
    give(account, 1_025_000, 40_000, 0, GOES_ON)
    account.start_over()
    give(account, 1_050_000, 20_000, 0, GOES_ON)
    assert peaks(account) == (0, 20_000)
    account.skipped(1_050_000, 100_000)
    assert peaks(account) == (0, 0)


def test_where_nobody_knows_what_was_felt_the_next_burst_is_a_first_one() -> None:
    for at_us in (NEVER_US, 1_524_999, 1_000_000):
        account = ChannelAccount(DEVICE)
        give(account, 1_000_000, 20_000, 0, BEGINS)
        give(account, 1_500_000, 20_000, 0, BEGINS)
        give(account, 1_525_000, 20_000, 0, GOES_ON)
        account.skipped(at_us, 100_000)
        assert peaks(account) == (0, 0), "none of this burst"
        account.skipped(1_525_000, 100_000)
        assert peaks(account) == (0, 0)


def test_a_rise_begins_anew_after_a_pulse_of_it_that_was_not_given() -> None:
    account = ChannelAccount(DEVICE)
    give(account, 1_000_000, 20_000, 0, BEGINS)
    assert account.rises_from_us == 1_000_000
    give(account, 1_025_000, 20_000, 0, GOES_ON)
    account.skipped(1_025_000, 100_000)
    assert account.rises_from_us == NEVER_US
    give(account, 1_050_000, 20_000, 0, GOES_ON)
    assert account.rises_from_us == 1_050_000
    assert account.burst_from_us == 1_000_000, "the burst is no shorter for it"
    give(account, 1_150_000, 20_000, 0, GOES_ON)
    account.skipped(1_150_000, 100_000)
    assert account.rises_from_us == 1_050_000, "by then it had risen"
    account.skipped(1_149_999, 100_000)
    assert account.rises_from_us == NEVER_US
    give(account, 2_000_000, 20_000, 0, BEGINS)
    assert account.rises_from_us == 2_000_000


LISTS = REHASTIM2_MODES["channel_list"]._replace(period_us=40_000, lingers_us=84_000)


def test_of_two_updates_of_a_list_in_turn_one_is_felt_and_nobody_knows_which() -> None:
    account = ChannelAccount(LISTS)
    give(account, 0, 20_000, 0, BEGINS)
    assert peaks(account) == (0, 0), "it was the first of all"
    give(account, 40_000, 22_000, 0, GOES_ON)
    assert peaks(account) == (0, 20_000)
    give(account, 80_000, 30_000, 0, GOES_ON)
    assert peaks(account) == (0, 22_000)
    give(account, 120_000, 15_000, 0, GOES_ON)
    assert peaks(account) == (0, 22_000), "30 mA may never have been felt"
    give(account, 600_000, 18_000, 0, BEGINS)
    assert peaks(account) == (22_000, 18_000)
    give(account, 1_200_000, 40_000, 0, UNCLEAR)
    assert peaks(account) == (18_000, 18_000), "no more than the one before, if it goes on"


def test_of_a_list_what_is_left_after_one_was_skipped_is_taken_in_turn() -> None:
    account = ChannelAccount(LISTS)
    for index, ua in enumerate((16_000, 20_000, 24_000, 22_000)):
        give(account, 40_000 * index, ua, 0, GOES_ON if index else BEGINS)
    account.skipped(40_000, 0)
    assert account.peak_ua == 22_000
    account.skipped(80_000, 0)
    assert account.peak_ua == 16_000
    account.skipped(120_000, 0)
    assert account.peak_ua == 0, "the one before was none"
    account.skipped(0, 0)
    assert account.peak_ua == 0


def test_a_burst_that_was_repeated_for_ten_seconds_begins_another_in_the_account() -> None:
    account = ChannelAccount(LISTS)
    give(account, 0, 20_000, 0, BEGINS)
    give(account, 40_000, 20_000, 0, GOES_ON)
    account.forget(20_000_000)
    give(account, 20_000_000, 20_000, 0, UNCLEAR)
    assert (account.burst_from_us, len(account)) == (20_000_000, 2)
    account.forget(20_000_001)
    assert account.on_us == 0


def test_a_pulse_leaves_the_second_when_it_is_a_second_old() -> None:
    account = ChannelAccount(DEVICE)
    give(account, 0, 1_000, 3, BEGINS)
    give(account, 20_000, 1_000, 5, GOES_ON)
    account.forget(999_999)
    assert account.square == 8
    account.forget(1_000_000)
    assert account.square == 5
    account.forget(1_020_000)
    assert account.square == 0
    assert len(account) == 1, "their burst lies in the ten seconds yet"


def test_a_burst_leaves_the_ten_seconds_bit_by_bit_and_is_then_let_go() -> None:
    account = ChannelAccount(DEVICE)
    give(account, 0, 1_000, 0, BEGINS)
    give(account, 20_000, 1_000, 0, GOES_ON)
    give(account, 50_000, 1_000, 0, GOES_ON)
    give(account, 400_000, 1_000, 0, BEGINS)
    give(account, 407_000, 1_000, 0, GOES_ON)
    for at_us, on_us, held in (
        (9_999_999, 57_000, 2),
        (10_000_000, 57_000, 2),
        (10_000_001, 56_999, 2),
        (10_020_001, 36_999, 2),
        (10_049_999, 7_001, 2),
        (10_050_000, 7_000, 1),
        (10_400_000, 7_000, 1),
        (10_400_003, 6_997, 1),
        (10_406_999, 1, 1),
        (10_407_000, 0, 0),
        (20_000_000, 0, 0),
    ):
        account.forget(at_us)
        assert (at_us, account.on_us, len(account)) == (at_us, on_us, held)
