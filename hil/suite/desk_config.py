"""What a person says of the bench: who is connected to what, and how much may be given."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from annotated_types import Ge, Gt, Le, MaxLen

from fes_ctrl.config.build import UnplacedError, build
from fes_ctrl.config.errors import ConfigError
from fes_ctrl.config.files import PathParts, line_of, parse, read_text, shown
from hil.desk import WITHOUT_LOAD_UA

WITHOUT_LOAD_MA: Final = WITHOUT_LOAD_UA // 1000


@dataclass(frozen=True, slots=True)
class DeskConfig:
    """The table ``[bench]`` of a bench file.

    Attributes
    ----------
    mode : str
        Of the device; empty for the first that it has.
    current_mA : int
        What trains are given with; above 10 only into a dummy load.
    dummy_load_ohm : float
        What the output is connected to; 0 where nobody said.
    probe : str
        Address of a probe across that load; empty without one.
    sensor : str
        Address of a heel switch's board that the probe's pin is connected to, as ``run --sensor``
        takes it; empty without one.
    attended : bool
        Somebody is there to take the electrode off and to switch the device off, when asked.
    guardian : bool
        A guardian's process holds the port.
    look_s, endurance_s, walk_s : float
        How long silence is looked at that is to be proven, how long the endurance test goes on,
        and the walk: fifteen seconds at least, or it is over before its level is up.
    conditions : dict of str to str
        Anything that the certificate is to say: serial numbers, the load's tolerance, the room.
    """

    mode: Annotated[str, MaxLen(64)] = ""
    current_mA: Annotated[int, Ge(2), Le(100)] = WITHOUT_LOAD_MA
    dummy_load_ohm: Annotated[float, Ge(0), Le(100_000)] = 0.0
    probe: Annotated[str, MaxLen(256)] = ""
    sensor: Annotated[str, MaxLen(256)] = ""
    attended: bool = False
    guardian: bool = False
    look_s: Annotated[float, Gt(0), Le(3_600)] = 3.0
    endurance_s: Annotated[float, Ge(5), Le(86_400)] = 60.0
    walk_s: Annotated[float, Ge(15), Le(3_600)] = 30.0
    conditions: Annotated[dict[str, str], MaxLen(20)] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse more current than may be given into nothing that is known."""
        if self.current_mA > WITHOUT_LOAD_MA and not self.dummy_load_ohm:
            message = (
                f"current_mA = {self.current_mA}: above {WITHOUT_LOAD_MA} only into a dummy load; "
                "connect one, nobody, and say dummy_load_ohm"
            )
            raise ValueError(message)

    @property
    def other_mA(self) -> int:  # noqa: N802 - a unit's symbol
        """Another current, well below."""
        return max(1, self.current_mA * 7 // 10)


def read_desk(path: Path | None, over: dict[str, object]) -> DeskConfig:
    """Return what a bench file says.

    Parameters
    ----------
    path : Path or None
        The file; without one the defaults hold.
    over : dict
        What options give instead.

    Raises
    ------
    ConfigError
        At the first thing that does not fit, with its place.
    """
    text = "" if path is None else read_text(path)
    tables = {} if path is None else parse(text, str(path))
    for key in tables:
        if key != "bench":
            raise _refused(path, text, (key,), f"{key}: unknown; a bench file has [bench]")
    table = tables.get("bench", {})
    try:
        desk: DeskConfig = build(
            DeskConfig, {**table, **over} if isinstance(table, dict) else table, ("bench",)
        )
    except UnplacedError as problem:
        raise _refused(path, text, problem.path, problem.what) from None
    return desk


def _refused(path: Path | None, text: str, where: PathParts, what: str) -> ConfigError:
    line = line_of(text, where)
    if path is None or line is None:
        return ConfigError(what)
    return ConfigError(f"{what} ({shown(path)}:{line})")
