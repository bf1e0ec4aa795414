"""The frames that the codecs are measured with: as a walk has them, from typed values and back."""

from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

import science_mode_4 as client
from science_mode_4.protocol.protocol import Protocol

from fes_ctrl.wire import feslink
from fes_ctrl.wire import feslink_messages as fm
from fes_ctrl.wire import sciencemode2 as sm2
from fes_ctrl.wire import sciencemode4 as sm4
from fes_ctrl.wire.sciencemode2_frames import crc8

Points = tuple[tuple[int, int], ...]


class Codec(NamedTuple):
    """One protocol: what is encoded and decoded, and a reference for either.

    ``reference`` says what that is: another implementation, whose frames have to be the same, or,
    where there is none to be had (``theirs`` is ``None``), the bare work that a frame cannot do
    without, which is its check.
    """

    encode: Callable[[int], list[bytes]]
    decode: Callable[[bytes, int], int]
    reference: str
    theirs: Callable[[int], list[bytes]] | None
    their_decode: Callable[[list[bytes]], int]


def pulse_points(k: int) -> Points:
    """Return a pulse of the ramp."""
    current_ua = 500 * (20 + k % 80)
    return (300, current_ua), (300, -current_ua)


def sm4_encode(count: int) -> list[bytes]:
    """Return pulses, questions, live signals and updates."""
    frames = []
    for k in range(count):
        kind = k & 7
        if kind < 5:
            frames.append(sm4.low_level_pulse(k & 63, k & 7, pulse_points(k)))
        elif kind == 5:
            frames.append(sm4.get_stim_status(k & 63))
        elif kind == 6:
            frames.append(sm4.ml_get_current_data(k & 63))
        else:
            train = sm4.ChannelTrain(k >> 3 & 7, pulse_points(k), 0, 25_000)
            frames.append(sm4.ml_update(k & 63, (train,)))
    return frames


def sm4_decode(stream: bytes, piece: int) -> int:
    """Return how many typed values a stream holds."""
    decoder, found = sm4.Decoder(), 0
    for start in range(0, len(stream), piece):
        for _, command, payload in decoder.feed(stream[start : start + piece]):
            if command == sm4.LL_CHANNEL_CONFIG:
                found += sm4.decode_channel_config(payload) is not None
            elif command == sm4.ML_UPDATE:
                found += sm4.decode_update(payload) is not None
            else:
                found += 1
    return found


def sm4_theirs(count: int) -> list[bytes]:
    """Return the same frames as the reference says them."""
    frames = []
    for k in range(count):
        points = [client.ChannelPoint(us, ua / 1000) for us, ua in pulse_points(k)]
        kind = k & 7
        packet: client.Packet
        if kind < 5:
            packet = client.PacketLowLevelChannelConfig()
            packet.execute_stimulation = True
            packet.connector = client.Connector(kind // 4)
            packet.channel = client.Channel(kind % 4)
            packet.points = points
        elif kind == 5:
            packet = client.PacketGeneralGetStimStatus()
        elif kind == 6:
            packet = client.PacketMidLevelGetCurrentData()
        else:
            packet = client.PacketMidLevelUpdate()
            configuration = [None] * (k >> 3 & 7)
            configuration.append(client.MidLevelChannelConfiguration(True, 0, 25, points))
            packet.channel_configuration = configuration
        packet.number = k & 63
        frames.append(Protocol.packet_to_bytes(packet))
    return frames


def sm4_their_decode(lines: list[bytes]) -> int:
    """Return how many frames the reference finds and takes apart, one at a time."""
    found = 0
    for line in lines:
        place = Protocol.find_packet_in_buffer(line)
        if place is not None:
            found += len(Protocol.extract_packet_data(line[place[0] : place[1] + 1])) == 3
    return found


LIST = (sm2.ListPulse(sm2.SINGLE, 300, 40_000), sm2.ListPulse(sm2.SINGLE, 250, 35_000))


def sm2_encode(count: int) -> list[bytes]:
    """Return single pulses, updates of a list of two channels, and answers."""
    frames = []
    for k in range(count):
        kind = k % 3
        if kind == 0:
            frames.append(sm2.single_pulse(k & 255, k & 7, 300, 1000 * (10 + k % 80)))
        elif kind == 1:
            frames.append(sm2.start_channel_list(k & 255, LIST))
        else:
            frames.append(sm2.ack(k & 255, sm2.SINGLE_PULSE, sm2.NO_ERROR))
    return frames


def sm2_decode(stream: bytes, piece: int) -> int:
    """Return how many typed values a stream holds."""
    decoder, found = sm2.Decoder(), 0
    for start in range(0, len(stream), piece):
        for _, command, payload in decoder.feed(stream[start : start + piece]):
            if command == sm2.SINGLE_PULSE:
                found += sm2.decode_single_pulse(payload) is not None
            elif command == sm2.START_CHANNEL_LIST:
                found += sm2.decode_start_channel_list(payload) is not None
            else:
                found += sm2.decode_result(payload) == sm2.NO_ERROR
    return found


def feslink_encode(count: int) -> list[bytes]:
    """Return setpoints and the device's answers to them."""
    frames = []
    for k in range(count):
        number, at_us = k % 255 + 1, k * 25_000 & 0xFFFF_FFFF
        if k & 1:
            setpoint = fm.Setpoint(number, 0xDEAD_BEEF, k, at_us, k & 7, 0, 20 + k % 80, 300)
            frames.append(feslink.encode(setpoint))
        else:
            account = fm.Account(
                fm.SETPOINT, number, fm.OK, fm.ARMED, 0, at_us, k, k * 6_000, k, 2_000, 1_000
            )
            frames.append(feslink.encode(account))
    return frames


def feslink_decode(stream: bytes, piece: int) -> int:
    """Return how many typed values a stream holds."""
    decoder, found = feslink.Decoder(), 0
    for start in range(0, len(stream), piece):
        found += len(decoder.feed(stream[start : start + piece]))
    return found


def checks(check: Callable[[bytes], int]) -> Callable[[list[bytes]], int]:
    """Return the bare work of a frame's check, over frames as they are."""

    def work(lines: list[bytes]) -> int:
        for line in lines:
            check(line)
        return len(lines)

    return work


CODECS = {
    "sciencemode4": Codec(sm4_encode, sm4_decode, "science-mode-4", sm4_theirs, sm4_their_decode),
    "sciencemode2": Codec(sm2_encode, sm2_decode, "its CRC-8 alone, by table", None, checks(crc8)),
    "feslink": Codec(feslink_encode, feslink_decode, "zlib.crc32 alone", None, checks(crc32)),
}
