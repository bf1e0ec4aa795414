"""Brokers as commands are given them: an address, or a refusal."""

from typing import TYPE_CHECKING

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from fes_ctrl.links.broker import Broker


def broker_at(url: str, where: str) -> "Broker":
    """Return what an address says, or refuse it; a certificate that cannot be read too.

    Parameters
    ----------
    url : str
        As ``links.broker`` reads it.
    where : str
        The option that it was given to.
    """
    from fes_ctrl.links.broker import BrokerUrlError, parse_broker_url

    try:
        broker = parse_broker_url(url)
    except BrokerUrlError as error:
        message = f"{where} {error}"
        raise Refusal(message) from error
    try:
        broker.tls_context()
    except OSError as error:
        files = ", ".join(name for name in (broker.ca, broker.cert, broker.key) if name)
        why = error.strerror or error
        message = f"{where} {url}: {files}: {why}; give files in PEM format that can be read"
        raise Refusal(message) from error
    return broker


def bench_at(url: str, where: str) -> "Broker":
    """Return a broker and, as its path, the bench that an address names, or refuse it."""
    from fes_ctrl.links.broker import NAME

    broker = broker_at(url, where)
    if not NAME.fullmatch(broker.path):
        message = (
            f"{where} {url}: it names no bench; write {broker}/BENCH with letters, digits, "
            "_ - and . in the name"
        )
        raise Refusal(message)
    return broker
