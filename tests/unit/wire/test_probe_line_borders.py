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
