"""Which code walked: a digest of its sources, equal for the plain and the compiled build."""

import hashlib
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Final

import fes_ctrl
import firmware_sim
import hil
from fes_ctrl.plugins import DETECTORS, STIMULATORS
from fes_ctrl.tuning.job import digest_of

PACKAGES: Final = (fes_ctrl, firmware_sim, hil)


@cache
def code_version() -> str:
    """Return the digest of every Python source of the three packages.

    Of packages that are plugged in, name and version count.
    """
    folders = [Path(str(package.__file__)).parent for package in PACKAGES]
    return digest_of(digest_of_sources(folders), *plugged_in())


def digest_of_sources(folders: Sequence[Path]) -> str:
    """Return the digest of every Python source in some packages' folders.

    Compiled modules stand beside the sources they were made from. Line ends do not count.
    """
    whole = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).parts):
            name = "/".join((folder.name, *path.relative_to(folder).parts))
            text = path.read_bytes().replace(b"\r\n", b"\n")
            whole.update(f"{name}\0{len(text)}\0".encode() + text)
    return whole.hexdigest()


def versions() -> dict[str, object]:
    """Return what else may show in the last digit of a figure."""
    return {
        "fes_ctrl": fes_ctrl.__version__,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def plugged_in() -> list[str]:
    """Return the packages of others whose stimulators and detectors are there, with versions."""
    found = set()
    for group in (STIMULATORS, DETECTORS):
        for point in entry_points(group=group.name):
            of = "?" if point.dist is None else f"{point.dist.name} {point.dist.version}"
            found.add(f"{group.name} {point.name} {point.value} {of}")
    return sorted(found)
