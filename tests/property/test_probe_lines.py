"""The probe's lines: whatever is said is understood, whatever was spoilt is not."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fes_ctrl.wire.lines import LONGEST_LINE, seal
from fes_ctrl.wire.probe_lines import (
    CHANNEL_MAX,
    CURRENT_MAX_UA,
    DURATION_MAX_US,
    PHASES_MAX,
    TOKEN_MAX,
    WORD_MAX,
    Alive,
    ClockRead,
    EdgePlayed,
    FromProbe,
    HostDecoder,
    Identify,
    PlayEdge,
    ProbeDecoder,
    ProbeIdentity,
    ProbeLineError,
    PulseSeen,
    ReadClock,
    ToProbe,
    encode,
)

words = st.integers(0, WORD_MAX)
names = st.from_regex(r"[A-Za-z0-9._+-]{1,32}", fullmatch=True)
currents = st.integers(1, CURRENT_MAX_UA)
phases = st.tuples(st.integers(1, DURATION_MAX_US), st.integers(-CURRENT_MAX_UA, CURRENT_MAX_UA))


def _alive(t_us: int, counts: tuple[int, int], refused: int) -> Alive:
    return Alive(t_us, max(counts), min(counts), refused)


from_probe: st.SearchStrategy[FromProbe] = st.one_of(
    st.builds(
        ProbeIdentity,
        st.integers(1, 255),
        names,
        names,
        st.integers(1, 1_000_000),
        currents,
        st.integers(1, DURATION_MAX_US),
        currents,
        st.integers(1, 100_000),
        st.integers(0, CURRENT_MAX_UA),
    ),
    st.builds(
        PulseSeen,
        st.integers(1, WORD_MAX),
        words,
        st.integers(0, CHANNEL_MAX),
        st.lists(phases, min_size=1, max_size=PHASES_MAX).map(tuple),
    ),
    st.builds(EdgePlayed, words, st.booleans()),
    st.builds(_alive, words, st.tuples(words, words), words),
    st.builds(ClockRead, st.integers(0, TOKEN_MAX), words),
)
to_probe: st.SearchStrategy[ToProbe] = st.one_of(
    st.just(Identify()),
    st.builds(ReadClock, st.integers(0, TOKEN_MAX)),
    st.builds(PlayEdge, st.booleans(), st.none() | words),
)
WAYS = [(from_probe, ProbeDecoder), (to_probe, HostDecoder)]
ways = pytest.mark.parametrize(("messages", "decoder"), WAYS, ids=["from probe", "to probe"])
Decoder = Callable[[], ProbeDecoder | HostDecoder]


@ways
@given(data=st.data())
def test_whatever_is_said_is_understood_however_it_is_split(
    messages: st.SearchStrategy[FromProbe | ToProbe], decoder: Decoder, data: st.DataObject
) -> None:
    said = data.draw(st.lists(messages, min_size=1, max_size=6))
    end = data.draw(st.sampled_from([b"\n", b"\r\n"]))
    wire = b"".join([encode(message).replace(b"\n", end) for message in said])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    reader = decoder()
    heard: list[FromProbe | ToProbe] = []
    for begin, stop in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        heard += reader.feed(wire[begin:stop])
    assert heard == said
    assert [type(message) for message in heard] == [type(message) for message in said]
    assert reader.bad == 0


@ways
@given(data=st.data())
def test_no_flipped_bit_makes_another_message(
    messages: st.SearchStrategy[FromProbe | ToProbe], decoder: Decoder, data: st.DataObject
) -> None:
    """Wherever it is: in a field, in the check, or in the line feed between two lines."""
    said = data.draw(st.lists(messages, min_size=2, max_size=3))
    wire = bytearray(b"".join([encode(message) for message in said]))
    bit = data.draw(st.integers(0, 8 * len(wire) - 1))
    wire[bit // 8] ^= 1 << bit % 8
    reader = decoder()
    heard = reader.feed(encode(said[0]) + bytes(wire))[1:]
    left = iter(said)
    assert all(message in left for message in heard), "each of them was said, in this order"
    # A digit of the check in the other case says the same.
    assert len(heard) >= len(said) - 2
    assert (len(heard) < len(said)) == (reader.bad > 0 or wire[-1] != ord("\n"))


@given(st.binary(max_size=600))
def test_noise_is_no_message(noise: bytes) -> None:
    reader = ProbeDecoder()
    assert reader.feed(noise.replace(b"*", b"+") + b"\n") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"pulse,1,2,0",
        b"pulse,0,2,0,300/40000",
        b"pulse,1,2,16,300/40000",
        b"pulse,1,4294967296,0,300/40000",
        b"pulse,1,2,0,300",
        b"pulse,1,2,0,300/40000/1",
        b"pulse,1,2,0,0/40000",
        b"pulse,1,2,0,300/+40000",
        b"pulse,1,2,0,300/-0",
        b"pulse,01,2,0,300/40000",
        b"pulse,1,2,0," + b",".join([b"1/1"] * (PHASES_MAX + 1)),
        b"pulse,1, 2,0,300/40000",
        b"pulse,1,2_0,0,300/40000",
        b"edge,5,2",
        b"edge,5",
        b"alive,1,2,3,0",
        b"alive,1,2,0",
        b"alive,1,2,0,0,0",
        b"probe,1,a b,1.0,1000,100,4,120000,200,500",
        b"probe,1,a,1.0,1000,100,4,120000,200",
        b"clock,256,1",
        b"identify",
        b"nothing,1",
    ],
)
def test_a_line_that_says_anything_else_is_left_out_and_counted(body: bytes) -> None:
    reader = ProbeDecoder()
    assert reader.feed(encode(GOOD) + seal(body) + encode(GOOD)) == [GOOD, GOOD]
    assert reader.bad == 1


GOOD = Alive(1, 2, 0, 0)
IDENTITY = b"probe,2,later,9.9,1000,100,4,120000,200,500"


@pytest.mark.parametrize(
    "line",
    [
        b"alive,1,2,0,0\n",
        b"alive,1,2,0,0*\n",
        encode(GOOD).replace(b"*", b"*0"),
        encode(GOOD).replace(b"*", b"* "),
        encode(GOOD).replace(b"\n", b" \n"),
        seal(IDENTITY + b"," + b"7" * LONGEST_LINE),
    ],
)
def test_a_line_without_its_check_is_left_out_and_so_is_one_too_long(line: bytes) -> None:
    wire = encode(GOOD) + line + encode(GOOD)
    whole, in_bytes = ProbeDecoder(), ProbeDecoder()
    assert whole.feed(wire) == [GOOD, GOOD]
    assert [m for byte in wire for m in in_bytes.feed(bytes([byte]))] == [GOOD, GOOD]
    assert whole.bad == in_bytes.bad == 1


def test_whoever_opens_a_port_hears_the_end_of_a_line_and_counts_it_not() -> None:
    reader = ProbeDecoder()
    assert reader.feed(b",2,0,0*11\n" + encode(Alive(1, 2, 0, 0))) == [Alive(1, 2, 0, 0)]
    assert reader.bad == 0


def test_fields_that_a_later_version_adds_to_who_it_is_are_let_pass() -> None:
    assert ProbeDecoder().feed(seal(IDENTITY + b",7,8")) == [
        ProbeIdentity(2, "later", "9.9", 1000, 100, 4, 120_000, 200, 500)
    ]


@pytest.mark.parametrize(
    "message",
    [
        EdgePlayed(-1, loaded=True),
        Alive(1, 2, 3, 0),
        PulseSeen(1, 0, 0, ()),
        PlayEdge(True, 1 << 32),
        ClockRead(256, 0),
        ProbeIdentity(1, "a,b", "1", 1000, 100, 4, 120_000, 200, 500),
    ],
)
def test_what_no_line_can_say_is_refused_before_it_is_said(message: FromProbe | ToProbe) -> None:
    with pytest.raises(ProbeLineError):
        encode(message)


@given(st.lists(phases, min_size=PHASES_MAX, max_size=PHASES_MAX))
def test_the_longest_pulse_fits_a_line(points: list[tuple[int, int]]) -> None:
    assert len(encode(PulseSeen(WORD_MAX, WORD_MAX, CHANNEL_MAX, tuple(points)))) <= LONGEST_LINE
