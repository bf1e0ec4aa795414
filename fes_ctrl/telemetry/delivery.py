"""What became of the messages of a bench: confirmed, refused, or neither."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from aiomqtt import Client, ProtocolVersion
from paho.mqtt.packettypes import PacketTypes

from fes_ctrl.links.broker import Broker
from fes_ctrl.telemetry.connection import CONFIRMED_S, properties_of
from fes_ctrl.telemetry.outgoing import Message
from fes_ctrl.telemetry.refusal import RefusedMessageError, refused_in_words

ANSWER: Final = "answer/"


class Delivery:
    """Hands messages to a broker, and keeps count of what it says to them.

    Parameters
    ----------
    broker : Broker
        Which, and as whom.
    prefix : str
        Of all topics of the bench.
    changed : callable
        Called when the broker begins to refuse something, or takes it again.

    Attributes
    ----------
    sent, unconfirmed : int
        Messages that it has confirmed; those that were on their way when a connection broke.
    refused : Counter
        By topic, without the prefix: those that it has refused.
    confirmed_s : float
        When it has last answered, on a clock that never jumps.
    """

    def __init__(self, broker: Broker, prefix: str, changed: Callable[[], None]) -> None:
        self._broker = broker
        self._prefix = prefix
        self._changed = changed
        self._refusing: dict[str, str] = {}
        self.sent = 0
        self.unconfirmed = 0
        self.refused: Counter[str] = Counter()
        self.confirmed_s = time.monotonic()

    @property
    def refused_in_words(self) -> str | None:
        """What it refuses, if anything; ``None`` before its first word."""
        for topic, why in self._refusing.items():
            return refused_in_words(topic, why, self._broker)
        return "" if self.sent else None

    async def publish(self, client: Client, message: Message, protocol: ProtocolVersion) -> None:
        """Hand over a message, and wait for what the broker says to it.

        Raises
        ------
        MqttError
            If it says nothing in time, or the connection is lost.
        """
        properties = None
        if message.correlation and protocol == ProtocolVersion.V5:
            properties = properties_of(PacketTypes.PUBLISH)
            properties.CorrelationData = message.correlation
        try:
            await client.publish(
                message.topic,
                message.payload,
                qos=1,
                retain=message.retained,
                properties=properties,
                timeout=CONFIRMED_S,
            )
        except RefusedMessageError as error:
            self.confirmed_s = time.monotonic()
            self._note(message.topic, error.why)
        except BaseException:
            self.unconfirmed += 1
            raise
        else:
            self.sent += 1
            self.confirmed_s = time.monotonic()
            self._note(message.topic, "")

    def _note(self, topic: str, why: str) -> None:
        """Take note that the broker refuses a topic of ours, or takes it: it may think again."""
        name = topic.removeprefix(self._prefix)
        answer = name.startswith(ANSWER)
        if why:
            self.refused[ANSWER[:-1] if answer else name] += 1
        if answer:
            return  # whoever asked under a name of no use is to be no fault of ours
        before = bool(self._refusing)
        if why:
            self._refusing[topic] = why
        else:
            self._refusing.pop(topic, None)
        if before != bool(self._refusing):
            self._changed()
