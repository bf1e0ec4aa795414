"""The probe's lines at their borders: the greatest number that is read, and the next."""

import re

import pytest

from fes_ctrl.wire.lines import seal
from fes_ctrl.wire.probe_lines import (
    HostDecoder,
    Identify,
    PlayEdge,
    ProbeDecoder,
    ProbeIdentity,
    ProbeLineError,
    PulseSeen,
    encode,
)

MINE = b"probe,1,bench,1.0,1000,100,4,120000,%d,500"


def test_a_clock_that_is_off_by_a_tenth_is_the_worst_that_can_be_told() -> None:
    reader = ProbeDecoder()
    worst = ProbeIdentity(1, "bench", "1.0", 1000, 100, 4, 120_000, 100_000, 500)
    assert reader.feed(b"\n" + seal(MINE % 100_000) + seal(MINE % 100_001)) == [worst]
    assert reader.bad == 1


@pytest.mark.parametrize("body", [b"edge,2", b"edge,2,5", b"edge,1,4294967296", b"edge", b"play,1"])
def test_a_host_s_line_that_is_none_is_left_out_and_counted(body: bytes) -> None:
    reader = HostDecoder()
    good = encode(PlayEdge(loaded=True)) + encode(PlayEdge(loaded=False, at_us=5))
    assert reader.feed(encode(Identify()) + seal(body) + good) == [
        Identify(),
        PlayEdge(loaded=True),
        PlayEdge(loaded=False, at_us=5),
    ]
    assert reader.bad == 1


def test_a_name_that_no_line_can_say_is_told() -> None:
    mine = ProbeIdentity(1, "my probe", "1.0", 1000, 100, 4, 120_000, 200, 500)
    with pytest.raises(ProbeLineError, match=re.escape("b'my probe'")):
        encode(mine)


def test_a_name_in_other_letters_is_told_too() -> None:
    mine = ProbeIdentity(1, "b\u00e4nk", "1.0", 1000, 100, 4, 120_000, 200, 500)
    with pytest.raises(ProbeLineError, match=re.escape("b'b?nk'")):
        encode(mine)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (PulseSeen(0, 5, 0, ((300, 20_000),)), b"0"),
        (PulseSeen(1, 5, 0, ()), b"pulse,1,5,0"),
    ],
)
def test_what_no_line_can_say_is_told(message: PulseSeen, told: bytes) -> None:
    with pytest.raises(ProbeLineError) as refused:
        encode(message)
    assert refused.value.args == (told,)


def test_a_message_that_would_be_read_as_another_is_told() -> None:
    mine = ProbeIdentity(1, "bench,x", "1000", 1000, 100, 4, 1000, 200, 500)
    words = "probe,1,bench,x,1000,1000,100,4,1000,200,500: not what a line can say"
    with pytest.raises(ProbeLineError, match=re.escape(words)):
        encode(mine)


def test_lines_that_are_none_are_counted_each() -> None:
    reader = ProbeDecoder()
    assert reader.feed(b"\nnone\n") == []
    assert reader.feed(b"none*00\nneither\n") == []
    assert reader.bad == 3
