"""The bench probe at the host's end: what it saw across the load, on the host's clock.

What reached the electrode is taken from a probe first, from the device's own report second, from
the command last.
"""

from fes_ctrl.wire.probe_lines import Points, ProbeIdentity
from hil.probe.opening import open_probe, open_probe_across, parse_probe_url
from hil.probe.probe import Probe, ProbeError, ProbePulse

__all__ = [
    "Points",
    "Probe",
    "ProbeError",
    "ProbeIdentity",
    "ProbePulse",
    "open_probe",
    "open_probe_across",
    "parse_probe_url",
]
