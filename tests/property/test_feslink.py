"""Whatever a line does to feslink frames, no altered one comes out of the decoder."""

from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm

U32 = st.one_of(st.integers(0, fm.U32), st.sampled_from([0, 1, 256, 1 << 24, fm.U32]))
BODIES = st.lists(
    st.one_of(st.integers(0, 255), st.just(0)), min_size=1, max_size=feslink.MAX_BODY
).map(bytes)
SETPOINTS = st.builds(
    fm.Setpoint,
    st.integers(0, 255),
    U32,
    U32,
    U32,
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, fm.U16),
    st.integers(0, fm.U16),
)
ACCOUNTS = st.builds(
    fm.Account,
    st.sampled_from([fm.SETPOINT, fm.KEEP]),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 3),
    st.integers(0, 255),
    U32,
    U32,
    U32,
    U32,
    st.integers(0, fm.U16),
    st.integers(0, fm.U16),
)
MESSAGES = st.one_of(
    SETPOINTS,
    ACCOUNTS,
    st.builds(fm.Keep, st.integers(0, 255), U32, U32),
    st.builds(fm.Arm, st.integers(0, 255), U32, st.integers(0, 255)),
    st.builds(fm.AskStatus, st.integers(0, 255)),
    st.just(fm.Stop()),
)


def slow_crc(data: bytes) -> int:
    """Return CRC-32 bit by bit, straight from its definition."""
    register = 0xFFFF_FFFF
    for byte in data:
        for bit in range(8):
            fed = (register ^ byte >> bit) & 1
            register = (register >> 1) ^ (0xEDB8_8320 if fed else 0)
    return register ^ 0xFFFF_FFFF


def slow_frame(body: bytes) -> bytes:
    """Return a frame as the page says it, step by step."""
    stuffed = bytearray()
    for place in range(-1, len(body)):
        if place >= 0 and body[place]:
            stuffed.append(body[place])
            continue
        distance = 1
        while place + distance < len(body) and body[place + distance]:
            distance += 1
        stuffed.append(distance)
    crc = slow_crc(bytes(stuffed))
    groups = [0x80 | crc >> shift & 0x7F for shift in range(0, 35, 7)]
    return bytes([*stuffed, *groups, 0])


def test_the_check_is_the_one_that_is_named() -> None:
    assert slow_crc(b"123456789") == 0xCBF4_3926


@given(BODIES)
def test_a_slow_encoder_written_from_the_page_says_the_same(body: bytes) -> None:
    frame = feslink.frame_of(body)
    assert frame == slow_frame(body)
    assert frame.count(0) == 1
    assert len(frame) == len(body) + 7
    assert feslink.body_of(frame[:-1]) == body


@given(st.lists(MESSAGES, max_size=6), st.data())
def test_messages_survive_any_splitting_and_joining(
    messages: list[fm.Message], data: st.DataObject
) -> None:
    stream = b"".join([feslink.encode(message) for message in messages])
    decoder, found, position = feslink.Decoder(), [], 0
    while position < len(stream):
        size = data.draw(st.integers(0, 60))
        found += decoder.feed(stream[position : position + size])
        position += size
    assert found == messages
    assert decoder.rejected == 0


@given(st.binary(max_size=2000), st.data())
def test_noise_in_any_pieces_gives_the_same_and_is_not_hoarded(
    noise: bytes, data: st.DataObject
) -> None:
    whole = feslink.Decoder()
    found = whole.feed(noise)
    pieces, apart, position = feslink.Decoder(), [], 0
    while position < len(noise):
        size = data.draw(st.integers(1, 300))
        apart += pieces.feed(noise[position : position + size])
        position += size
        assert len(pieces._rest) <= feslink.MAX_FRAME + 1
    assert apart == found
    assert pieces.rejected == whole.rejected


@given(SETPOINTS, st.data())
def test_a_field_that_does_not_fit_is_named(setpoint: fm.Setpoint, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(fm.Setpoint._fields))
    wrong = data.draw(st.sampled_from([-1, 1 << 32, 1 << 40]))
    with pytest.raises(ValueError, match=name):
        feslink.encode(setpoint._replace(**{name: wrong}))


def test_an_answer_to_what_has_another_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="no such layout"):
        feslink.encode(fm.Account(fm.STATUS, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0))


def test_types_are_three_bits_apart_and_those_that_count_four() -> None:
    codes = {code & 0x7F for code in fm.LAYOUTS} - {fm.UNKNOWN} | {fm.STOP}
    assert all((a ^ b).bit_count() >= 3 for a, b in combinations(codes, 2))
    grave = (fm.ARM, fm.CLEAR, fm.KEEP, fm.SETPOINT, fm.STOP)
    assert all((a ^ b).bit_count() >= 4 for a, b in combinations(grave, 2))


def test_every_frame_is_short_enough_for_five_bits() -> None:
    assert max(fields_length(code) for code in fm.LAYOUTS) <= feslink.MAX_BODY
    # Found for certain up to 268 bits of data (Koopman 2002).
    assert 8 * (feslink.MAX_BODY + 1) <= 268


def fields_length(code: int) -> int:
    return 1 + sum(field.size for field in fm.LAYOUTS[code])


# -- a line that hurts --------------------------------------------------------------------------


def flipped(line: bytes, positions: list[int]) -> bytes:
    bits = bytearray(line)
    for position in positions:
        bits[position // 8] ^= 1 << position % 8
    return bytes(bits)


def some_message(random: Random) -> fm.Message:
    kind = random.randrange(4)
    if kind == 0:
        return fm.Keep(random.randrange(256), random.randrange(1 << 32), random.randrange(1 << 32))
    if kind == 1:
        return fm.AskStatus(random.randrange(256))
    if kind == 2:
        return fm.Arm(random.randrange(256), random.randrange(1 << 32), random.randrange(256))
    return fm.Setpoint(
        random.randrange(256),
        random.randrange(1 << 32),
        random.choice((random.randrange(1 << 10), random.randrange(1 << 32))),
        random.randrange(1 << 32),
        random.randrange(8),
        random.randrange(4),
        random.randrange(200),
        random.randrange(300),
    )


def test_up_to_five_flipped_bits_are_always_noticed() -> None:
    random = Random(4)
    for _ in range(15_000):
        sent, after = some_message(random), some_message(random)
        line, rest = feslink.encode(sent), feslink.encode(after)
        hurt = flipped(line, random.sample(range(8 * len(line)), random.randint(1, 5)))
        for found in feslink.Decoder().feed(hurt + rest):
            assert found == after, f"{sent} became {found}"


def test_a_run_of_up_to_32_wrong_bits_is_always_noticed() -> None:
    random = Random(5)
    for _ in range(15_000):
        sent = some_message(random)
        line = feslink.encode(sent)
        length = random.randint(1, 32)
        first = random.randrange(8 * len(line) - length + 1)
        inside = {p for p in range(first, first + length) if random.random() < 0.5}
        hurt = flipped(line, sorted(inside | {first, first + length - 1}))
        assert feslink.Decoder().feed(hurt + feslink.ZERO) == []


def test_what_is_spliced_cut_or_doubled_gives_nothing_that_nobody_sent() -> None:
    random = Random(6)
    for _ in range(15_000):
        one, other = some_message(random), some_message(random)
        a, b = feslink.encode(one), feslink.encode(other)
        cut, into = random.randrange(len(a) + 1), random.randrange(len(b) + 1)
        way = random.randrange(3)
        if way == 0:
            line = a[:cut] + b[into:] + b
        elif way == 1:
            line = a[: max(0, cut - 1)] + a[cut:] + b
        else:
            line = a[:cut] + a[max(0, cut - 1) :] + b
        for found in feslink.Decoder().feed(line):
            assert found in {one, other}


@settings(max_examples=50)
@given(st.binary(max_size=38), st.booleans())
def test_the_stop_is_understood_behind_anything(before: bytes, twice: bool) -> None:
    decoder = feslink.Decoder()
    decoder.feed(before)
    found = decoder.feed(feslink.STOP_BYTES * (1 + twice))
    assert found[-2:] == [fm.Stop(), fm.Stop()]


@given(st.binary(max_size=38), st.integers(0, 8 * len(feslink.STOP_BYTES) - 1))
def test_one_flipped_bit_leaves_one_stop(before: bytes, position: int) -> None:
    decoder = feslink.Decoder()
    decoder.feed(before + feslink.ZERO)
    found = decoder.feed(flipped(feslink.STOP_BYTES, [position]) + feslink.ZERO)
    assert fm.Stop() in found
