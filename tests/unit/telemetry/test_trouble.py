"""Why a broker cannot be had is told with what to do about it."""

import socket
import ssl

import pytest
from aiomqtt import MqttError
from aiomqtt.exceptions import MqttCodeError, MqttConnectError
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from fes_ctrl.links.broker import Broker
from fes_ctrl.telemetry.refusal import RefusedMessageError
from fes_ctrl.telemetry.trouble import HUNG_UP, ended, in_words, is_final

CONNACK, PUBACK, DISCONNECT = PacketTypes.CONNACK, PacketTypes.PUBACK, PacketTypes.DISCONNECT
NOBODY = Broker("lab", 1883)
WARD = Broker("lab", 8883, tls=True, user="ward")


def code(name: str, packet: int = DISCONNECT) -> ReasonCode:
    """Return a broker's own word for what is wrong."""
    return ReasonCode(packet, name)


def hidden(cause: OSError) -> MqttError:
    """Return an error as aiomqtt makes it of another one."""
    try:
        try:
            raise cause
        except OSError as error:
            raise MqttError(str(error)) from None
    except MqttError as found:
        return found


def certificate(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "verify failed")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("error", "broker", "says", "final"),
    [
        (MqttConnectError(5), NOBODY, "write mqtts://USER@HOST", True),
        (MqttConnectError(4), WARD, "does not let ward in", True),
        (MqttConnectError(3), WARD, "is it a broker", False),
        (MqttConnectError(code("Not authorized", CONNACK)), WARD, "does not let ward in", True),
        # paho's own errors 4 and 5, where a line is lost, are no broker's.
        (MqttCodeError(MQTTErrorCode.MQTT_ERR_NO_CONN), WARD, "the broker hung up", False),
        (MqttCodeError(MQTTErrorCode.MQTT_ERR_CONN_REFUSED), NOBODY, "the broker hung up", False),
        (MqttError("Disconnected during message iteration"), WARD, "the broker hung up", False),
        (MqttCodeError(code("Session taken over")), WARD, "hung up: Session taken over", False),
        (RefusedMessageError(code("Not authorized", PUBACK)), WARD, "Not authorized; is", False),
        (hidden(ConnectionRefusedError(111, "refused")), NOBODY, "nobody listens there", False),
        (hidden(socket.gaierror(-2, "unknown")), NOBODY, "no machine of that name", False),
        (hidden(ConnectionResetError(104, "reset")), NOBODY, "hung up at once", False),
        (hidden(TimeoutError("timed out")), NOBODY, "no answer in time", False),
        (hidden(TimeoutError("timed out")), WARD, "a certificate of ours (?cert=FILE", False),
        (hidden(OSError(101, "Network is unreachable")), NOBODY, "Network is unreachable", False),
        (hidden(certificate(10, "certificate has expired")), WARD, "has to be renewed", True),
        (hidden(certificate(62, "Hostname mismatch.")), WARD, "write the host's name", True),
        (hidden(certificate(18, "self-signed certificate")), WARD, "?ca=FILE", True),
        (hidden(ssl.SSLError(1, "wrong version number")), WARD, "does not speak TLS there", False),
    ],
)
def test_it_says_what_was_wrong_and_what_to_do(
    error: MqttError, broker: Broker, says: str, final: bool
) -> None:
    told = in_words(error, broker)
    assert says in told
    assert "code:" not in told
    assert is_final(error) is final


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (hidden(TimeoutError("timed out")), "the broker has stopped answering"),
        (MqttError("Disconnected during message iteration"), HUNG_UP),
        (MqttCodeError(7, "Unexpected disconnection"), HUNG_UP),
        (MqttCodeError(MQTTErrorCode.MQTT_ERR_NO_CONN), HUNG_UP),
        (MqttCodeError(code("Server shutting down")), "the broker hung up: Server shutting down"),
        (MqttCodeError(code("Not authorized")), "not let ward in"),
        (MqttCodeError(code("Normal disconnection")), HUNG_UP),
        (MqttCodeError(code("Unspecified error")), HUNG_UP),
    ],
)
def test_of_a_connection_that_stood_it_says_how_it_ended(error: MqttError, says: str) -> None:
    told = ended(error, WARD)
    assert told == says if says == HUNG_UP else says in told
    assert "code:" not in told
