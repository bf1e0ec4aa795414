"""Ready layouts of files that gait laboratories have, as real files and their makers define them.

gaitmap (``example_data`` of mad-lab-fau/gaitmap and the module of that name): two header lines,
``sensor`` and ``axis``, over a column of sample numbers, m/s² and deg/s; a single header for one
sensor; the rate (204.8 or 102.4 Hz there) is not in the file.

gaitpdb (PhysioNet, ``format.txt``): 19 columns without a header: seconds, eight sensors under the
left foot, eight under the right, both totals, newton. The sensors' places, backmost first, are
L1 at Y -800, L2 and L3 at -400, L4 and L5 at 0, L6 and L7 at +400, L8 at +800.

Xsens (MT Manager's text export; MTw Awinda user manual MW0502P, table of exported data): comments
with ``//``, one of which may state the update rate, then a header; m/s² and **rad/s**; the packet
counter wraps at 65535. ``SampleTimeFine`` counts 10 kHz ticks, up to 32 bits or exactly one day
(864,000,000) depending on the device, and is empty or NaN for many an MTw.

Movella (Xsens) DOT (files of the app and the exporter): ``sep=,``, lines ``Key:,value``, a blank
line, the header; m/s² and deg/s; ``SampleTimeFine`` counts microseconds in 32 bits, about 71.6
minutes. Some firmware begins with a row of zeros.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from fes_ctrl.model import LEG_NAMES
from fes_ctrl.recordings.files import RecordingError
from fes_ctrl.recordings.foreign.header import (
    Header,
    double_headers,
    find_header,
    single_headers,
)
from fes_ctrl.recordings.foreign.layout import Layout, Source, own_units
from fes_ctrl.recordings.foreign.text import ForeignText
from fes_ctrl.recordings.meta import sites_in

ONE_DAY_TICKS: Final = 864_000_000
THREE: Final = ("{}_x", "{}_y", "{}_z")

GAITPDB_COLUMNS: Final = 19
GAITPDB_PARTS: Final = {"heel_n": (1,), "mid_n": (2, 3, 4, 5), "fore_n": (6, 7, 8)}
"""The backmost sensor is under the heel, the three foremost under the forefoot."""


def gaitmap(text: ForeignText) -> Layout:
    """Return the layout of gaitmap's tables, for one sensor or several."""
    for header in double_headers(text) + single_headers(text):
        prefixes = [
            name.removesuffix("acc_x")
            for name in header.names
            if name == "acc_x" or name.endswith(".acc_x")
        ]
        if prefixes and len(set(prefixes)) == len(prefixes):
            find_header(text, [f"{prefix}{name}" for prefix in prefixes for name in _six()])
            return Layout(_of_sensors(text, prefixes), own_units())
    find_header(text, _six())
    message = f"{text.path}: no table of gaitmap; map its columns, --map acc=x,y,z and so on"
    raise RecordingError(message)


def _six() -> list[str]:
    return [axis.format(kind) for kind in ("acc", "gyr") for axis in THREE]


def _of_sensors(text: ForeignText, prefixes: Sequence[str]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for prefix in prefixes:
        sides = [side for side in LEG_NAMES if side in prefix.lower()]
        if len(sides) != 1 and len(prefixes) > 1:
            message = (
                f"{text.path}: the sensor's name {prefix[:-1]!r} tells no side; say it: "
                f"--map left.acc={prefix}acc_{{xyz}} --map left.gyr={prefix}gyr_{{xyz}}"
            )
            raise RecordingError(message)
        sites = sites_in(prefix)
        where = "".join(f"{part}." for part in (*sides[:1], *sites[:1]))
        for kind in ("acc", "gyr"):
            if where + kind in sources:
                message = f"{text.path}: two sensors are {where[:-1]}; map one of them by hand"
                raise RecordingError(message)
            sources[where + kind] = tuple((prefix + axis.format(kind),) for axis in THREE)
    return sources


def gaitpdb(text: ForeignText) -> Layout:
    """Return the layout of PhysioNet's *Gait in Parkinson's Disease*."""
    width = len(find_header(text, ("#1", "#2")).names)
    if width != GAITPDB_COLUMNS:
        message = (
            f"{text.path}: {width} columns, and gaitpdb has {GAITPDB_COLUMNS}; choose another --map"
        )
        raise RecordingError(message)
    sources: dict[str, Source] = {"time": (("#1",),)}
    sums = []
    for leg, side in enumerate(LEG_NAMES):
        before = 1 + 8 * leg  # columns before the leg's first sensor
        for name, sensors in GAITPDB_PARTS.items():
            sources[f"{side}.{name}"] = (tuple(f"#{before + sensor}" for sensor in sensors),)
        total = f"#{18 + leg}"
        sources[f"{side}.total_n"] = ((total,),)
        sums.append((total, tuple(f"#{before + sensor}" for sensor in range(1, 9))))
    return Layout(sources, own_units(), sums=tuple(sums))


def xsens(text: ForeignText) -> Layout:
    """Return the layout of a text export of MT Manager."""
    header = _named(text)
    return Layout(
        _of_tracker(header),
        {**own_units(), "gyr": "rad/s", "time": "100us"},
        stated_hz=_stated_hz(text, header, r"(?:Update|Sample) rate:\s*([\d.]+)"),
        wraps=(1 << 32, ONE_DAY_TICKS),
    )


def movella(text: ForeignText) -> Layout:
    """Return the layout of an export of a Movella (Xsens) DOT."""
    header = _named(text)
    return Layout(
        _of_tracker(header),
        {**own_units(), "time": "us"},
        stated_hz=_stated_hz(text, header, r"OutputRate:\W*([\d.]+)"),
        zero_start=True,
    )


def _named(text: ForeignText) -> Header:
    wanted = [f"{kind}_{axis}" for kind in ("Acc", "Gyr") for axis in "XYZ"]
    try:
        return find_header(text, wanted)
    except RecordingError as error:
        message = (
            f"{error}; export calibrated acceleration and angular rate "
            f"(free acceleration and increments will not do)"
        )
        raise RecordingError(message) from None


def _of_tracker(header: Header) -> dict[str, Source]:
    sources: dict[str, Source] = {
        kind: tuple((f"{kind.title()}_{axis}",) for axis in "XYZ") for kind in ("acc", "gyr")
    }
    if "SampleTimeFine" in header.names:
        sources["time"] = (("SampleTimeFine",),)
    for counter in ("PacketCounter", "Counter"):
        if counter in header.names:
            sources["seq"] = ((counter,),)
            break
    return sources


def _stated_hz(text: ForeignText, header: Header, pattern: str) -> float | None:
    for line in text.lines[: header.body]:
        found = re.search(pattern, line, re.IGNORECASE)
        if found:
            return float(found[1])
    return None


READY: Final[dict[str, Callable[[ForeignText], Layout]]] = {
    "gaitmap": gaitmap,
    "gaitpdb": gaitpdb,
    "xsens": xsens,
    "movella": movella,
}
