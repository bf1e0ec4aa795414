"""What ``NAME.meta.toml`` beside a recording says about it."""

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

from fes_ctrl.model import FOOT_IMU, LEG_NAMES, SHANK_IMU
from fes_ctrl.recordings.files import RecordingError, read_text

CLOCKS: Final = ("measurement", "arrival")
SITES: Final = {"foot": FOOT_IMU, "shank": SHANK_IMU}
"""Where an IMU can sit, and what it is called there."""


class Meta(NamedTuple):
    """What ``NAME.meta.toml`` says; empty where it says nothing.

    ``clock`` is ``measurement`` or ``arrival``: which of the two ``t_s`` is; ``mounting`` names
    one of ``SITES``, and may say more.
    """

    side: str = ""
    affected_side: str = ""
    mounting: str = ""
    aid: str = ""
    clock: str = "measurement"

    @property
    def site(self) -> str:
        """Where an IMU sits whose columns do not say it: a foot, where the mounting is open."""
        return next(iter(sites_in(self.mounting)), "foot")


def sites_in(text: str) -> list[str]:
    """Return those of ``SITES`` that a text names."""
    return [site for site in SITES if site in text.lower()]


def meta_path(path: Path) -> Path:
    """Return where the description of a recording would be."""
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".csv") + ".meta.toml")


def read_meta(path: Path) -> Meta:
    """Return what a description says; all empty if there is none."""
    if not path.exists():
        return Meta()
    text = read_text(path)
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: not TOML ({error}); mend or remove it"
        raise RecordingError(message) from None
    for key in said:
        near = get_close_matches(key, Meta._fields, n=1, cutoff=0.7)
        if near and key not in Meta._fields:
            # A foot whose side is misspelt would be stimulated on the other leg.
            message = f"{path}: {key} is unknown, did you mean {near[0]}? Mend or remove it"
            raise RecordingError(message)
    values: dict[str, str] = {}
    for key in Meta._fields:
        value = said.get(key, "")
        if not isinstance(value, str):
            message = f"{path}: {key} = {value!r} is not text; put it in quotes"
            raise RecordingError(message)
        values[key] = value
    if values["side"] not in ("", *LEG_NAMES):
        message = f"{path}: side = {values['side']!r}; say left or right, or leave it out"
        raise RecordingError(message)
    if values["mounting"] and len(sites_in(values["mounting"])) != 1:
        message = (
            f"{path}: mounting = {values['mounting']!r}; name {' or '.join(SITES)}, or leave it out"
        )
        raise RecordingError(message)
    if values["clock"] not in ("", *CLOCKS):
        message = f"{path}: clock = {values['clock']!r}; say {' or '.join(CLOCKS)}"
        raise RecordingError(message)
    values["clock"] = values["clock"] or "measurement"
    return Meta(**values)
