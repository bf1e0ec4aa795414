"""Lines that sensors and the probe share: their check, their length, and where they begin."""

import pytest

from fes_ctrl.wire.lines import LONGEST_LINE, CheckError, Splitter, seal, unseal

LONGEST = b"x" * LONGEST_LINE
TOO_LONG = b"x" * (LONGEST_LINE + 1)


def begun() -> Splitter:
    """Return a splitter that has heard the end of a first line."""
    splitter = Splitter()
    assert splitter.feed(b"d of a line\n") == [(b"d of a line", False)]
    return splitter


def test_a_check_is_the_exclusive_or_in_two_capital_digits() -> None:
    assert seal(b"") == b"*00\n"
    assert seal(b"z") == b"z*7A\n"
    assert seal(b"zz!") == b"zz!*21\n"
    assert unseal(b"z*7A") == unseal(b"z*7a") == b"z"


def test_the_check_is_behind_the_last_star() -> None:
    assert unseal(seal(b"a*b").removesuffix(b"\n")) == b"a*b"


@pytest.mark.parametrize("text", [b"z", b"z*7", b"z*07A", b"z*7G", b"z*7B", b"", b"*"])
def test_a_line_whose_check_is_not_right_is_told_whole(text: bytes) -> None:
    with pytest.raises(CheckError) as refused:
        unseal(text)
    assert refused.value.args == (text,)


@pytest.mark.parametrize(
    "pieces",
    [[TOO_LONG + b"\n"], [TOO_LONG, b"and more of it\n"]],
    ids=["with its end", "before its end"],
)
def test_a_byte_more_than_the_longest_line_is_left_out_and_counted(pieces: list[bytes]) -> None:
    splitter = begun()
    assert splitter.feed(LONGEST + b"\n") == [(LONGEST, True)]
    for count in (1, 2, 3):
        assert [line for piece in pieces for line in splitter.feed(piece)] == []
        assert splitter.overlong == count
        assert splitter.feed(b"short\n") == [(b"short", True)]


def test_the_longest_line_may_come_in_pieces() -> None:
    splitter = begun()
    assert splitter.feed(LONGEST) == []
    assert splitter.feed(b"\n") == [(LONGEST, True)]
    assert splitter.overlong == 0


def test_an_overlong_line_counts_once_however_long_it_is() -> None:
    splitter = begun()
    for _ in range(3):
        assert splitter.feed(TOO_LONG) == []
    assert splitter.feed(b"\nshort\n") == [(b"short", True)]
    assert splitter.overlong == 1


@pytest.mark.parametrize("pieces", [[TOO_LONG + b"\n"], [TOO_LONG, b"\n"]])
def test_the_end_of_an_overlong_line_heard_first_is_nobodys_fault(pieces: list[bytes]) -> None:
    splitter = Splitter()
    assert [line for piece in pieces for line in splitter.feed(piece)] == []
    assert splitter.overlong == 0
