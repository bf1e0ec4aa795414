"""The first record of a run log: the same for a walk, a replay and a run in real time."""

from collections.abc import Mapping

from fes_ctrl import __version__


def header_of(
    config: Mapping[str, object],
    config_sha256: str,
    device: str,
    legs: Mapping[str, str],
    seed: int | None = None,
) -> dict[str, object]:
    """Return the header of a run that begins now, made by this version.

    Parameters
    ----------
    config : mapping
        What the run depends on.
    config_sha256 : str
        Of the effective values, as ``config show``, the settings and the summary state it.
    device : str
        The stimulator; a simulated one says so in its name.
    legs : mapping of str to str
        What each leg is there for, in words.
    seed : int or None
        Of everything random; ``None`` where nothing is.
    """
    return {
        "config": config,
        "config_sha256": config_sha256,
        "seed": seed,
        "versions": {"fes_ctrl": __version__},
        "devices": [device],
        "clock": {"unit": "us", "starts_at": 0},
        "legs": dict(legs),
    }
