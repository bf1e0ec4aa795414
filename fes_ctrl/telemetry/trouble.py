"""Why a broker cannot be had, in words, and what to do about it."""

import socket
import ssl
from typing import Final

from aiomqtt.exceptions import MqttCodeError, MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from fes_ctrl.links.broker import PASSWORD, Broker

NOT_ALLOWED: Final = (4, 5, 134, 135)
"""Reason codes of 3.1.1 and of 5 in a CONNACK: user name or password, not authorised."""

UNSPECIFIED: Final = 128
"""Reason codes above say what was wrong; paho gives this one where a line just ends."""
HUNG_UP: Final = "the broker hung up"
WHILE_LISTENING: Final = "Disconnected during message iteration"
"""What aiomqtt says where a connection ends in between."""

SSL_CODES: Final = {"expired": 10, "hostname": 62, "ip": 64}
"""X509_V_ERR_... of OpenSSL."""


def is_final(error: BaseException) -> bool:
    """Return whether it will not be any better by itself: a wrong password, a wrong certificate."""
    kept_out = isinstance(error, MqttConnectError) and code_of(error) in NOT_ALLOWED
    return kept_out or isinstance(_cause(error), ssl.SSLCertVerificationError)


def code_of(error: BaseException) -> int | None:
    """Return the reason code with which a broker refused; ``None``: it said none."""
    if not isinstance(error, MqttCodeError):
        return None
    code = error.rc
    return code if isinstance(code, int) else getattr(code, "value", None)


def _is_not_let_in(error: BaseException) -> bool:
    """Return whether a broker said that it lets us not in, or no longer.

    paho has errors of its own with the same numbers, where a line is lost; and not to be allowed a
    message is another matter.
    """
    spoken = isinstance(error, MqttConnectError) or _is_good_bye(error)
    return spoken and code_of(error) in NOT_ALLOWED


def _is_good_bye(error: BaseException) -> bool:
    """Return whether it is a broker's own word with which it hung up."""
    rc = getattr(error, "rc", None)
    return isinstance(rc, ReasonCode) and rc.packetType == PacketTypes.DISCONNECT


def _is_lost(error: BaseException) -> bool:
    """Return whether there was a connection and is none, whatever paho was to do on it."""
    ours = isinstance(error, MqttCodeError) and isinstance(error.rc, int)
    spoken = isinstance(error, MqttConnectError)
    return (ours and not spoken) or _is_good_bye(error) or str(error) == WHILE_LISTENING


def in_words(error: BaseException, broker: Broker) -> str:
    """Return what was wrong and what to do, in a sentence without the broker's name."""
    if _is_not_let_in(error):
        if not broker.user:
            return "it lets nobody in without a name; write mqtts://USER@HOST"
        return (
            f"it does not let {broker.user} in; check the name, and the password in {PASSWORD} "
            "or ?password_file="
        )
    cause = _cause(error)
    match cause:
        case ssl.SSLCertVerificationError():
            why = cause.verify_message.rstrip(".")
            return f"its certificate does not hold: {why}; {_remedy(cause.verify_code)}"
        case ssl.SSLError():
            return "it does not speak TLS there, or not ours; try mqtt:// or another port"
        case socket.gaierror():
            return "no machine of that name is known; check the name, and the network"
        case ConnectionRefusedError():
            return "nobody listens there; is the broker running, and is this its port?"
        case ConnectionResetError() | BrokenPipeError():
            return "it hung up at once; is it a broker, and is TLS as the address says?"
        case TimeoutError():
            return no_answer("in time", broker)
        case OSError():
            return f"{cause.strerror or cause}; check the address and the network"
    if _is_lost(error):
        return ended(error, broker)
    return f"{_said(error)}; is it a broker?"


def ended(error: BaseException, broker: Broker) -> str:
    """Return why a connection that stood is none any more."""
    if _is_not_let_in(error):
        return in_words(error, broker)
    if isinstance(_cause(error), TimeoutError):
        return "the broker has stopped answering"
    code = code_of(error)
    if code is not None and code > UNSPECIFIED and _is_good_bye(error):
        return f"the broker hung up: {_said(error)}"
    return HUNG_UP


def no_answer(when: str, broker: Broker, *, both: bool = True) -> str:
    """Return what may be wrong where nobody answers.

    Parameters
    ----------
    when : str
        In how long.
    broker : Broker
        Which one.
    both : bool
        Whether there was time for both versions of MQTT.
    """
    told = f"no answer {when}; is it a broker, and does a firewall let us through?"
    if not both and not broker.protocol:
        told += " To MQTT 5 a broker that has 3.1.1 alone may say nothing (?protocol=3.1.1)."
    if broker.tls and not broker.cert:
        # With TLS 1.3 that is asked for when the line is there already, and left without a word.
        told += " Does it want a certificate of ours (?cert=FILE&key=FILE)?"
    return told


def _remedy(code: int) -> str:
    if code == SSL_CODES["expired"]:
        return "it has to be renewed"
    if code in (SSL_CODES["hostname"], SSL_CODES["ip"]):
        return "write the host's name as the certificate has it"
    return "name the authority that signed it, ?ca=FILE"


def _said(error: BaseException) -> str:
    """Return what an error says of itself, without its number."""
    told = str(error) or type(error).__name__
    return told.partition("] ")[2] if isinstance(error, MqttCodeError) else told


def _cause(error: BaseException) -> BaseException | None:
    # aiomqtt hides what was wrong, and keeps it.
    return error if isinstance(error, OSError) else error.__context__
