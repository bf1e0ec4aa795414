"""The pages of a sweep's and of a search's folder, for ``fes-ctrl report``."""

import json
from pathlib import Path
from typing import Any, Final

from fes_ctrl.cli.errors import Refusal

SWEEP: Final = "sweep.json"
TUNE: Final = "tune.json"


def search_in(folder: Path) -> str:
    """Return what a folder is in words where it is a sweep's or a search's; else nothing."""
    from fes_ctrl.tuning.journal import JOURNAL

    if (folder / SWEEP).is_file():
        return "a sweep"
    # Of a search that goes on, or was stopped, there is the journal alone.
    search = any((folder / name).is_file() for name in (TUNE, JOURNAL))
    return "a search for a program" if search else ""


def search_page(folder: Path) -> str | None:
    """Return the page of a sweep or of a search for a program; ``None`` of any other folder.

    Raises
    ------
    Refusal
        If it is one of them and cannot be read.
    """
    if (folder / SWEEP).is_file():
        return _sweep(folder)
    if (folder / TUNE).is_file():
        return _tune(folder / TUNE)
    return None


def _sweep(folder: Path) -> str:
    from fes_ctrl.report.sweep_page import sweep_page
    from fes_ctrl.report.sweep_view import sweep_view
    from fes_ctrl.tuning.manifest import ROWS, Manifest, ManifestError
    from fes_ctrl.tuning.store import Store, StoreError

    try:
        manifest = Manifest.read(folder)
        with Store(folder / ROWS, read_only=True) as store:
            return sweep_page(sweep_view(manifest, store))
    except (ManifestError, StoreError) as error:
        raise Refusal(str(error)) from None
    except ModuleNotFoundError as error:
        message = f"the page of a sweep needs {error.name}: pip install 'fes-ctrl[sweep]'"
        raise Refusal(message) from None


def _tune(path: Path) -> str:
    from fes_ctrl.report.tune_page import TuneError, tune_page

    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        return tune_page(found)
    except OSError as error:
        message = f"{path}: {error.strerror}; give the --out folder of a search"
        raise Refusal(message) from None
    except (ValueError, TuneError) as error:
        message = f"{path}: not what a search wrote ({error}); let it run to its end again"
        raise Refusal(message) from None
