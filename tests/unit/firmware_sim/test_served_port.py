"""A served pseudo-terminal is a port for one client after another."""

import time

import pytest
import serial

from helpers.served import served

pytestmark = pytest.mark.real_time


def test_a_port_that_is_asked_for_parity_opens_a_second_time() -> None:
    """A pseudo-terminal drops the parity, and glibc takes that for a refusal of everything."""
    with served(device="rehastim2") as told:
        for _ in range(3):
            with serial.Serial(
                told["port"], 460_800, parity="E", exclusive=True, timeout=5
            ) as port:
                assert port.read(1), "it says hello to each"
            # The server looks at its port twice a second at least.
            time.sleep(0.6)
