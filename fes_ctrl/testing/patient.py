"""The fixture ``patient``: a preset by name, with values of one's own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fes_ctrl.testing.errors import RefusedError

if TYPE_CHECKING:
    from hil.patient.config import PatientConfig


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient for walks.

    Attributes
    ----------
    name : str
        Of the preset, or a file.
    changed : tuple of str
        Values that differ from it, as ``--set`` takes them.
    config : PatientConfig
        What comes of both.
    """

    name: str
    changed: tuple[str, ...]
    config: "PatientConfig"


class PatientFactory:
    """Make patients."""

    def __call__(
        self, name: str = "flaccid", values: Mapping[str, object] | None = None
    ) -> Patient:
        """Return a preset with changed values.

        Parameters
        ----------
        name : str
            In ``configs/patients``, or a file.
        values : mapping of str to object or None
            By dotted key below ``patient``, as ``{"mass_kg": 90.0}``.

        Raises
        ------
        RefusedError
            If there is no such patient, key or value.
        """
        __tracebackhide__ = True
        from fes_ctrl.config.errors import ConfigError
        from fes_ctrl.config.layers import Layers
        from hil.patient.config import PatientConfig

        changed = tuple(sets({f"patient.{key}": value for key, value in (values or {}).items()}))
        layers = Layers({"patient": PatientConfig})
        try:
            layers.load("patient", name)
            for option in changed:
                layers.set(option)
            return Patient(name, changed, layers.get("patient"))
        except ConfigError as error:
            raise RefusedError(str(error).replace("--set ", "")) from None


def sets(values: Mapping[str, object]) -> list[str]:
    """Return values by dotted key as ``--set`` takes them.

    Raises
    ------
    RefusedError
        If one is of a type that TOML has not.
    """
    __tracebackhide__ = True
    found = []
    for key, value in values.items():
        try:
            # What JSON and TOML write the same way is all that a value may be.
            found.append(f"{key}={json.dumps(value, allow_nan=False)}")
        except (TypeError, ValueError):
            message = f"{key} = {value!r}: a value is a number, text, true, false or a list of them"
            raise RefusedError(message) from None
    return found
