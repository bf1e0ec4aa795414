"""Rows that the compiled build walks are found again by the plain one, and the other way round."""

from pathlib import Path

import fes_ctrl
from hil.code_version import code_version, digest_of_sources

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("fes_ctrl", "firmware_sim", "hil")


def test_the_code_that_walks_has_the_version_of_the_sources() -> None:
    imported = Path(str(fes_ctrl.__file__)).parents[1]
    of_imported = digest_of_sources([imported / name for name in NAMES])
    assert of_imported == digest_of_sources([ROOT / name for name in NAMES])
    assert len(code_version()) == 64


def test_another_source_is_another_version(tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "inner").mkdir(parents=True)
    (package / "a.py").write_bytes(b"x = 1\ny = 2\n")
    (package / "inner" / "b.py").write_bytes(b"")
    first = digest_of_sources([package])
    (package / "a.py").write_bytes(b"x = 1\r\ny = 2\r\n")
    (package / "a.cpython-311-x86_64-linux-gnu.so").write_bytes(b"compiled")
    assert digest_of_sources([package]) == first
    (package / "a.py").write_bytes(b"x = 1\ny = 3\n")
    second = digest_of_sources([package])
    (package / "a.py").rename(package / "inner" / "a.py")
    assert len({first, second, digest_of_sources([package])}) == 3
