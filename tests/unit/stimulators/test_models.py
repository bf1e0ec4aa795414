"""A simulated stimulator is known by its name, or by its serial number behind any cable."""

import pytest

from fes_ctrl.stimulators.models import says_simulated


@pytest.mark.parametrize(
    ("said", "simulated"),
    [
        ("sim+p24", True),
        ("p24 SIMP240001 firmware 1.2.3 protocol 4.0.0", True),
        ("feslink SIMF0001", True),
        ("p24", False),
        ("p24 PSIM240001", False),
        ("p24 sim+", False),
        ("", False),
    ],
)
def test_a_model_says_so(said: str, simulated: bool) -> None:
    assert says_simulated(said) is simulated
