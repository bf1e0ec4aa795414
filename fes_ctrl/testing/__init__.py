"""The pytest plugin: one's own program and detector against simulated walks.

pytest finds it by itself where fes-ctrl is installed. Nothing here imports more than pytest until
a fixture is used, and nothing changes for a project that uses none.
"""

from fes_ctrl.testing.bench import Link, LinkFactory, Stimulator, StimulatorFactory
from fes_ctrl.testing.errors import RefusedError
from fes_ctrl.testing.golden import Golden
from fes_ctrl.testing.inject import Inject
from fes_ctrl.testing.patient import Patient, PatientFactory
from fes_ctrl.testing.pulse import Pulse
from fes_ctrl.testing.walk import Walk, Walked

__all__ = [
    "Golden",
    "Inject",
    "Link",
    "LinkFactory",
    "Patient",
    "PatientFactory",
    "Pulse",
    "RefusedError",
    "Stimulator",
    "StimulatorFactory",
    "Walk",
    "Walked",
]
