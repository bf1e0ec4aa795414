"""A public client drives our simulated P24, and our encoder says what that client says.

The client is ``science-mode-4`` of PyPI, as it is. Defects that were found in it, which our own
driver must not share; where one is cheap to show, a test below shows that the client has it and
that ours has not:

- it is not re-entrant: two coroutines on one link lose each other's answers
- a period must be a whole number of milliseconds: 35 Hz cannot be said
- a period beyond the field wraps without a word
- it sends currents beyond the device's, monophasic pulses, and channels without points
- junk before a frame swallows the frame behind it
- an unknown answer raises from an enumeration inside the reader, and a serial error makes it sleep
  in the event loop and send its last command again, which may be one that starts stimulation
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import science_mode_4 as client
from science_mode_4.protocol.protocol import Protocol
from science_mode_4.utils.packet_buffer import PacketBuffer
from science_mode_4.utils.serial_port_connection import SerialPortConnection

from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.p24 import NAME

DEADLINE_S = 30


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A simulated P24 in a process of its own, and the file of its delivered pulses."""
    pulses = tmp_path / "pulses.jsonl"
    command = [sys.executable, "-m", "firmware_sim", "serve", "--device", "p24", "--pty"]
    process = subprocess.Popen(
        [*command, "--pulses", str(pulses)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["port"], pulses
    finally:
        process.terminate()
        assert process.wait(timeout=DEADLINE_S) == 0
        process.stdout.close()


def delivered(pulses: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in pulses.read_text().splitlines()]


POINTS = [client.ChannelPoint(200, 25), client.ChannelPoint(200, -25)]


@pytest.mark.real_time
@pytest.mark.asyncio
async def test_the_client_goes_through_its_whole_cycle(served: tuple[str, Path]) -> None:
    port, pulses = served
    connection = SerialPortConnection(port)
    connection.open()
    try:
        device = client.DeviceP24(connection)
        await device.initialize()
        general = device.get_layer_general()
        assert general.device_id == NAME.decode()
        assert general.firmware_version == "1.2.3"

        mid = device.get_layer_mid_level()
        await mid.init(True)
        await mid.update([client.MidLevelChannelConfiguration(True, 3, 25, POINTS)])
        data = await mid.get_current_data()
        assert data.is_stimulation_active_per_channel[0]
        assert not any(data.is_stimulation_active_per_channel[1:])
        await mid.update([])
        await mid.stop()
        first = delivered(pulses)
        assert first, "the mid level gives pulses by itself"
        assert {pulse["channel"] for pulse in first} == {0}

        low = device.get_layer_low_level()
        await low.init(
            client.LowLevelMode.NO_MEASUREMENT, client.LowLevelHighVoltageSource.STANDARD
        )
        low.send_channel_config(True, client.Channel.BLUE, client.Connector.GREEN, POINTS)
        await low.stop()
        last = delivered(pulses)[-1]
        assert last["channel"] == 5
        assert last["points"] == [[200, 25_000], [200, -25_000]]
        await general.reset()
        assert (await general.get_stim_status()).stim_status.name == "NO_LEVEL_INITIALIZED"
    finally:
        connection.close()


@pytest.mark.real_time
@pytest.mark.asyncio
async def test_the_client_hears_that_the_other_level_is_active(served: tuple[str, Path]) -> None:
    connection = SerialPortConnection(served[0])
    connection.open()
    try:
        device = client.DeviceP24(connection)
        await device.initialize()
        await device.get_layer_mid_level().init(True)
        with pytest.raises(Exception, match="NOT_INITIALIZED"):
            await device.get_layer_low_level().init(
                client.LowLevelMode.NO_MEASUREMENT, client.LowLevelHighVoltageSource.STANDARD
            )
    finally:
        connection.close()


def frame_of(packet: client.Packet, number: int) -> bytes:
    packet.number = number
    encoded: bytes = Protocol.packet_to_bytes(packet)
    return encoded


@pytest.mark.parametrize("current_ma", [0.5, 10, 10.5, 18, 25, 43, 60, 130])
@pytest.mark.parametrize("width_us", [10, 129, 200, 240, 300, 500])
def test_our_pulses_are_the_clients_bytes(current_ma: float, width_us: int) -> None:
    for channel in range(8):
        packet = client.PacketLowLevelChannelConfig()
        packet.execute_stimulation = True
        packet.connector = client.Connector(channel // 4)
        packet.channel = client.Channel(channel % 4)
        packet.points = [
            client.ChannelPoint(width_us, current_ma),
            client.ChannelPoint(width_us, -current_ma),
        ]
        current_ua = round(current_ma * 1000)
        ours = sm4.low_level_pulse(
            channel + 7, channel, ((width_us, current_ua), (width_us, -current_ua))
        )
        assert ours == frame_of(packet, channel + 7)


@pytest.mark.parametrize("number", [0, 1, 15, 32, 60, 63])
def test_our_questions_and_stops_are_the_clients_bytes(number: int) -> None:
    assert sm4.get_stim_status(number) == frame_of(client.PacketGeneralGetStimStatus(), number)
    assert sm4.get_device_id(number) == frame_of(client.PacketGeneralGetDeviceId(), number)
    assert sm4.get_extended_version(number) == frame_of(
        client.PacketGeneralGetExtendedVersion(), number
    )
    assert sm4.ll_stop(number) == frame_of(client.PacketLowLevelStop(), number)
    assert sm4.ml_stop(number) == frame_of(client.PacketMidLevelStop(), number)
    assert sm4.ll_init(number) == frame_of(client.PacketLowLevelInit(), number)
    assert sm4.reset(number) == frame_of(client.PacketGeneralReset(), number)


def test_our_updates_are_the_clients_bytes() -> None:
    packet = client.PacketMidLevelUpdate()
    packet.channel_configuration = [client.MidLevelChannelConfiguration(True, 3, 25, POINTS)]
    train = sm4.ChannelTrain(0, ((200, 25_000), (200, -25_000)), 3, 25_000)
    assert sm4.ml_update(5, [train]) == frame_of(packet, 5)


def test_thirty_five_hertz_can_be_said_by_us_and_not_by_the_client() -> None:
    packet = client.PacketMidLevelUpdate()
    packet.channel_configuration = [client.MidLevelChannelConfiguration(True, 0, 28.5, POINTS)]
    with pytest.raises(TypeError):
        frame_of(packet, 1)
    assert sm4.decode_period(sm4.encode_period(28_500)) == 28_500


def test_a_period_beyond_the_field_wraps_in_the_client_and_is_refused_by_us() -> None:
    packet = client.PacketMidLevelUpdate()
    packet.channel_configuration = [client.MidLevelChannelConfiguration(True, 0, 20_000, POINTS)]
    assert bytes.fromhex("3880") in frame_of(packet, 1), "3.6 s instead of 20 s"
    with pytest.raises(ValueError, match="period 20000 ms"):
        sm4.encode_period(20_000_000)


def test_junk_before_a_frame_costs_the_client_the_next_one_and_us_none() -> None:
    frames = [sm4.ack(number, sm4.LL_STOP, b"\x00") for number in (1, 2, 3)]
    stream = b"\x00junk" + b"".join(frames)

    class Once:
        """A connection that has this stream to give, once."""

        def __init__(self) -> None:
            self.left = stream

        def read(self) -> bytes:
            data, self.left = self.left, b""
            return data

    buffer = PacketBuffer(Once(), client.PacketFactory())
    found = 0
    for _ in range(6):
        found += buffer.get_packet_from_buffer() is not None
    assert found < 3
    assert [frame.number for frame in sm4.Decoder().feed(stream)] == [1, 2, 3]


def test_the_client_sends_an_unbalanced_pulse_and_our_driver_has_no_way_to() -> None:
    packet = client.PacketLowLevelChannelConfig()
    packet.execute_stimulation = True
    packet.points = [client.ChannelPoint(300, 140)]
    assert frame_of(packet, 1)
    from fes_ctrl.model import ASYMMETRIC, SYMMETRIC, Setpoint
    from fes_ctrl.stimulators.p24_level import points_of

    for waveform, current_ua in ((SYMMETRIC, 43_500), (ASYMMETRIC, 42_000), (ASYMMETRIC, -8_000)):
        points = points_of(Setpoint(0, 0, 0, current_ua, 300, 10_000, waveform))
        assert sum(duration * current for duration, current in points) == 0
