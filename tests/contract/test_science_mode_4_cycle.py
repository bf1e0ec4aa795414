"""``science-mode-4`` of PyPI through everything a P24 does, in virtual time, errors included.

The client runs as it is; its connection leads to the simulated device, and its sleeps pass in
virtual time. Each of its defects that a test here shows stands in the test's name.
"""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

import pytest
import science_mode_4 as client
from science_mode_4.protocol.exceptions import ProtocolError
from science_mode_4.protocol.protocol import Protocol
from science_mode_4.protocol.types import ResultAndError
from science_mode_4.utils.connection import Connection

from fes_ctrl.runtime.clock import ORDER_LINK, Handle
from fes_ctrl.runtime.inquirer import Inquirer, InquiryError
from fes_ctrl.runtime.virtual import VirtualLoop, run, virtual_clock
from fes_ctrl.stimulators.p24_inquiry import ABOUT, P24Inquiry
from fes_ctrl.units import NEVER_US
from fes_ctrl.wire import sciencemode4 as sm4
from firmware_sim.devices.p24 import SimulatedP24
from firmware_sim.output import OPEN_OHM, OutputStage

T = TypeVar("T")
PERIOD_MS = 25
POINTS = [client.ChannelPoint(200, 25), client.ChannelPoint(200, -25)]


class Cable(Connection):
    """A connection of the client's kind, and a ``Link`` of ours, to one simulated device."""

    def __init__(self, answers_us: Callable[[], int] = lambda: 0) -> None:
        self.clock: VirtualLoop = virtual_clock()
        self.output = OutputStage(8)
        self.pulses_us: list[int] = []
        self.channels: set[int] = set()
        self.output.sinks.append(self._see)
        self.device = SimulatedP24(self.output, Random(5))
        self.on_bytes: Callable[[bytes], None] = self._keep
        self.on_lost: Callable[[str], None] = lambda _reason: None
        self.deaf = False
        self._answers_us = answers_us
        self._kept = b""
        self._open = True
        self._timer: Handle | None = None

    def _see(self, t_us: int, channel: int, _points: object) -> None:
        self.pulses_us.append(t_us)
        self.channels.add(channel)

    def _keep(self, data: bytes) -> None:
        self._kept += data

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False

    def is_open(self) -> bool:
        return self._open

    def clear_buffer(self) -> None:
        self._kept = b""

    def _read_intern(self) -> bytes:
        data, self._kept = self._kept, b""
        return data

    def write(self, data: bytes) -> None:
        self.carry_out(self.device.receive(self.clock.now_us(), data))

    def carry_out(self, step: Any) -> None:
        for frame in sm4.Decoder().feed(step.out):
            if not self.deaf:
                at_us = self.clock.now_us() + self._answers_us()
                self.clock.call_at_us(at_us, ORDER_LINK, self._arrive, sm4.encode(*frame))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if step.wake_at_us < NEVER_US:
            self._timer = self.clock.call_at_us(step.wake_at_us, ORDER_LINK, self._wake)

    def _arrive(self, data: bytes) -> None:
        self.on_bytes(data)

    def _wake(self) -> None:
        self._timer = None
        self.carry_out(self.device.tick(self.clock.now_us()))


def with_client(main: Callable[[Cable, client.DeviceP24], Coroutine[Any, Any, T]]) -> T:
    """Run something in virtual time, with a client that has greeted the device."""

    async def greeted() -> T:
        cable = Cable()
        device = client.DeviceP24(cable)
        await device.initialize()
        return await main(cable, device)

    return run(greeted())


def train(period_ms: int = PERIOD_MS) -> client.MidLevelChannelConfiguration:
    return client.MidLevelChannelConfiguration(True, 0, period_ms, POINTS)


def test_ten_minutes_with_keep_alive_miss_no_pulse_and_two_seconds_without_it_pause() -> None:
    async def main(cable: Cable, device: client.DeviceP24) -> None:
        mid = device.get_layer_mid_level()
        await mid.init(True)
        await mid.update([train(), None, train()])
        for _ in range(400):
            await asyncio.sleep(1.5)
            data = await mid.get_current_data()
            assert data.is_stimulation_active_per_channel[:3] == [True, False, True]
        given = len(cable.pulses_us)
        assert given == pytest.approx(2 * 600 * 1000 / PERIOD_MS, rel=0.01)
        last_us = cable.clock.now_us()
        await asyncio.sleep(5)
        assert last_us + 1_950_000 < cable.pulses_us[-1] < last_us + 2_001_000
        paused = len(cable.pulses_us)
        assert not any((await mid.get_current_data()).is_stimulation_active_per_channel)
        await asyncio.sleep(1)
        assert len(cable.pulses_us) == paused, "the live signal alone resumes nothing"
        await mid.update([train()])
        await asyncio.sleep(1)
        assert len(cable.pulses_us) > paused + 30
        await mid.stop()
        stopped = len(cable.pulses_us)
        await asyncio.sleep(1)
        assert len(cable.pulses_us) == stopped

    with_client(main)


def test_errors_of_channels_reach_the_client_by_channel() -> None:
    async def main(cable: Cable, device: client.DeviceP24) -> None:
        cable.output.impedance_ohm[1] = OPEN_OHM
        cable.output.impedance_ohm[2] = 20_000
        mid = device.get_layer_mid_level()
        await mid.init(False)
        busy = client.MidLevelChannelConfiguration(True, 0, 1, [client.ChannelPoint(1000, 20)])
        await mid.update([train(), train(), train(), busy])
        data = await mid.get_current_data()
        assert data.is_stimulation_active_per_channel[:4] == [True, False, True, False]
        assert data.channel_error[:4] == [
            ResultAndError.NO_ERROR,
            ResultAndError.ELECTRODE_ERROR,
            ResultAndError.PULSE_LOW_CURRENT_ERROR,
            ResultAndError.PULSE_TIMEOUT_ERROR,
        ]
        await mid.init(True)
        await mid.update([train(), train()])
        await asyncio.sleep(0.1)
        data = await mid.get_current_data()
        assert not any(data.is_stimulation_active_per_channel), "one error stops them all"

    with_client(main)


def test_the_levels_exclude_each_other_and_a_reset_frees_both() -> None:
    async def main(_cable: Cable, device: client.DeviceP24) -> None:
        mid, low = device.get_layer_mid_level(), device.get_layer_low_level()
        no_measurement = client.LowLevelMode.NO_MEASUREMENT
        standard = client.LowLevelHighVoltageSource.STANDARD
        with pytest.raises(ProtocolError, match="NOT_INITIALIZED"):
            await mid.update([train()])
        await mid.init(True)
        with pytest.raises(ProtocolError, match="NOT_INITIALIZED"):
            await low.init(no_measurement, standard)
        with pytest.raises(ProtocolError, match="NOT_INITIALIZED"):
            await low.stop()
        await device.get_layer_general().reset()
        await low.init(no_measurement, standard)
        with pytest.raises(ProtocolError, match="NOT_INITIALIZED"):
            await mid.init(True)
        status = await device.get_layer_general().get_stim_status()
        assert (status.stim_status.name, status.high_voltage_on) == ("LOW_LEVEL_INITIALIZED", True)
        await low.stop()
        await mid.init(True)

    with_client(main)


def test_general_error_and_unknown_command_are_raised_in_the_client() -> None:
    async def main(cable: Cable, device: client.DeviceP24) -> None:
        cable.device.receive(cable.clock.now_us(), sm4.set_power(40, (1, 2, 3)))
        with pytest.raises(ProtocolError, match="General error packet"):
            await device.get_layer_mid_level().init(True)
        await device.get_layer_general().reset()
        await device.get_layer_mid_level().init(True)

        class Unheard(client.PacketGeneralReset):
            """A command that no P24 knows."""

            def __init__(self) -> None:
                super().__init__()
                self._command = 200

        with pytest.raises(ProtocolError, match="Unknown command packet INVALID_CMD_ERROR"):
            await device.get_layer_general().send_packet_and_wait(Unheard())

    with_client(main)


def test_a_lost_answer_costs_the_client_five_seconds_of_stimulation_that_it_calls_failed() -> None:
    async def main(cable: Cable, device: client.DeviceP24) -> None:
        mid = device.get_layer_mid_level()
        await mid.init(True)
        cable.deaf = True
        asked_us = cable.clock.now_us()
        with pytest.raises(ProtocolError, match="No valid answer"):
            await mid.update([train()])
        assert cable.clock.now_us() - asked_us >= 5_000_000
        assert len(cable.pulses_us) >= 79, "though the device had taken the update"

    with_client(main)


@pytest.mark.parametrize(("mode", "most"), [(1, 25.0), (2, 25.0), (3, 150.0)])
def test_measured_pulses_are_read_by_the_client(mode: int, most: float) -> None:
    async def main(cable: Cable, device: client.DeviceP24) -> None:
        low = device.get_layer_low_level()
        await low.init(client.LowLevelMode(mode), client.LowLevelHighVoltageSource.STANDARD)
        low.send_channel_config(True, client.Channel.WHITE, client.Connector.GREEN, POINTS)
        await asyncio.sleep(0.05)
        ack = low.packet_buffer.get_packet_from_buffer()
        assert isinstance(ack, client.PacketLowLevelChannelConfigAck)
        assert (ack.result, ack.channel, ack.connector) == (ResultAndError.NO_ERROR, 3, 1)
        assert ack.sampling_time_in_microseconds == 4
        assert ack.measurement_samples[0] == ack.measurement_samples[99] == most
        assert max(ack.measurement_samples) == most
        assert cable.channels == {7}

    with_client(main)


def test_without_high_voltage_the_client_is_told_and_nothing_is_given() -> None:
    async def main(cable: Cable, device: client.DeviceP24) -> None:
        low = device.get_layer_low_level()
        await low.init(client.LowLevelMode.NO_MEASUREMENT, client.LowLevelHighVoltageSource.OFF)
        low.send_channel_config(True, client.Channel.RED, client.Connector.YELLOW, POINTS)
        await asyncio.sleep(0.05)
        ack = low.packet_buffer.get_packet_from_buffer()
        assert ack.result == sm4.HIGH_VOLTAGE_ERROR
        assert cable.pulses_us == []

    with_client(main)


def test_two_callers_lose_answers_in_the_client_and_none_in_ours() -> None:
    random = Random(3)
    rounds = 40

    async def theirs() -> int:
        cable = Cable(lambda: random.randrange(30_000))
        general = client.DeviceP24(cable).get_layer_general()
        lost = 0

        async def caller() -> None:
            nonlocal lost
            for _ in range(rounds):
                try:
                    await general.get_stim_status()
                except ProtocolError:
                    lost += 1

        await asyncio.gather(caller(), caller())
        return lost

    async def ours() -> int:
        cable = Cable(lambda: random.randrange(30_000))
        inquirer = Inquirer(cable.clock, cable, P24Inquiry())
        answered = 0

        async def caller() -> None:
            nonlocal answered
            for k in range(rounds):
                command = ABOUT[k % len(ABOUT)]
                payload = await inquirer.ask(command)
                alone = cable.device._of_the_device(command, b"")
                assert payload == alone
                answered += 1

        await asyncio.gather(caller(), caller())
        return answered

    assert run(theirs()) > 0
    assert run(ours()) == 2 * rounds


def test_a_question_that_nobody_answers_or_that_is_refused_is_told_in_time() -> None:
    async def main() -> None:
        cable = Cable()
        inquirer = Inquirer(cable.clock, cable, P24Inquiry())
        with pytest.raises(InquiryError, match="parameter error") as refusal:
            await inquirer.ask(sm4.SET_POWER, b"\x01")
        assert refusal.value.result == sm4.PARAMETER_ERROR
        cable.deaf = True
        asked_us = cable.clock.now_us()
        with pytest.raises(InquiryError, match="no answer"):
            await inquirer.ask(sm4.GET_DEVICE_ID)
        assert cable.clock.now_us() - asked_us <= 600_000
        waiting = asyncio.create_task(inquirer.ask(sm4.GET_DEVICE_ID))
        await asyncio.sleep(0.01)
        cable.on_lost("unplugged")
        with pytest.raises(InquiryError, match="unplugged"):
            await waiting
        with pytest.raises(InquiryError, match="unplugged"):
            await inquirer.ask(sm4.GET_DEVICE_ID)

    run(main())


def test_a_battery_answer_raises_in_the_clients_reader() -> None:
    async def main(cable: Cable, device: client.DeviceP24) -> None:
        cable.carry_out(cable.device.receive(cable.clock.now_us(), sm4.get_battery_status(9)))
        await asyncio.sleep(0.05)
        with pytest.raises(ValueError, match="55"):
            device.get_layer_general().packet_buffer.get_packet_from_buffer()

    with_client(main)


def test_random_updates_are_the_clients_bytes_and_read_back() -> None:
    random = Random(11)
    packet = client.PacketMidLevelUpdate()
    for k in range(1_000):
        trains = []
        configuration: list[client.MidLevelChannelConfiguration | None] = [None] * 8
        for channel in random.sample(range(8), random.randint(0, 2) if k % 50 else 8):
            count = random.randint(1, 3) if k % 20 else 16
            points = tuple(
                [(random.randint(0, 4095), 500 * random.randint(-300, 300)) for _ in range(count)]
            )
            ramp, period_ms = random.randint(0, 15), random.randint(1, 16_383)
            trains.append(sm4.ChannelTrain(channel, points, ramp, period_ms * 1000))
            theirs = [client.ChannelPoint(us, ua / 1000) for us, ua in points]
            configuration[channel] = client.MidLevelChannelConfiguration(
                True, ramp, period_ms, theirs
            )
        packet.channel_configuration = configuration
        packet.number = k % 64
        line = sm4.ml_update(k % 64, trains)
        assert line == Protocol.packet_to_bytes(packet), trains
        (frame,) = sm4.Decoder().feed(line)
        assert sm4.decode_update(frame.payload) == tuple(sorted(trains))
