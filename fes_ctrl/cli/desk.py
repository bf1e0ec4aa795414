"""A stimulator on the desk as a walk's device: the patient is simulated, the current is not."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fes_ctrl.cli.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from fes_ctrl.assembly import ControlConfig
    from fes_ctrl.links.link import Link
    from fes_ctrl.links.url import SerialAddress, TcpAddress
    from hil.probe import Probe
    from hil.scenarios import Scenario


@dataclass(frozen=True, slots=True)
class Desk:
    """One stimulator.

    Attributes
    ----------
    url : str
        As it was written.
    address : SerialAddress or TcpAddress
        What that says.
    dummy_load_ohm : float or None
        What it gives into.
    probe_url : str
        Where the probe across that is; empty where there is none.
    """

    url: str
    address: "SerialAddress | TcpAddress"
    dummy_load_ohm: float | None
    probe_url: str = ""

    def fit(self, scenario: "Scenario", *, gives: bool) -> None:
        """Let a scenario be walked with this stimulator, or refuse to.

        Parameters
        ----------
        scenario : Scenario
            Is told of the stimulator.
        gives : bool
            Whether it is to stimulate at all.

        Raises
        ------
        Refusal
            If it asks for what only a simulated one can do, or for more current than may be given
            into nothing that is known.
        """
        from firmware_sim.injections import BY_NAME
        from hil.desk import WITHOUT_LOAD_UA, most_ua_of

        walk = scenario.walk
        device = walk.control.stimulator.device
        if device != self.address.device:
            message = f"--link {self.url}: the scenario's stimulator is {device!r}; name the same"
            raise Refusal(message)
        for injection in walk.inject:
            part = BY_NAME[injection.name].part
            if part not in {"sensor", "host", "network"}:
                message = (
                    f"--link {self.url} with injection {injection.name}: what is on the desk "
                    "cannot be made to; leave one out"
                )
                raise Refusal(message)
        if walk.limiter.fitted:
            message = f"--link {self.url} with a limiter: there is none on the desk; leave it out"
            raise Refusal(message)
        most_ua = most_ua_of(walk.control)
        if most_ua > WITHOUT_LOAD_UA and self.dummy_load_ohm is None and gives:
            message = (
                f"--link {self.url}: the program gives up to {most_ua / 1000:g} mA, more than "
                f"{WITHOUT_LOAD_UA / 1000:g}; connect a dummy load, nobody, and say "
                "--dummy-load OHM"
            )
            raise Refusal(message)
        scenario.walk = replace(
            walk,
            address=self.url,
            dummy_load_ohm=self.dummy_load_ohm or 0.0,
            probe=self.probe_url,
        )

    async def open(self, control: "ControlConfig") -> "Link":
        """Open its port, behind a guardian where the configuration has one."""
        from hil.desk import open_desk

        return await open_desk(self.address, control.stimulator, control.limits)

    async def open_probe(self, now_us: "Callable[[], int]") -> "Probe":
        """Open the probe across its load.

        Raises
        ------
        ProbeError
            If there is none, or it is across another load.
        """
        from hil.probe import open_probe_across

        return await open_probe_across(self.probe_url, self.dummy_load_ohm, now_us)


def desk_at(url: str, dummy_load_ohm: float | None, probe_url: str | None = None) -> Desk:
    """Return the stimulator at an address, and the probe at another.

    Raises
    ------
    Refusal
        If an address says none.
    """
    from fes_ctrl.links.url import LinkUrlError, parse_link_url
    from fes_ctrl.stimulators.config import MODES

    try:
        address = parse_link_url(url, tuple(MODES))
    except LinkUrlError as error:
        message = f"--link {error}, or memory or pty"
        raise Refusal(message) from error
    if probe_url is not None:
        from hil.probe import ProbeError, parse_probe_url

        try:
            parse_probe_url(probe_url)
        except ProbeError as error:
            message = f"--probe {error}"
            raise Refusal(message) from error
    return Desk(url, address, dummy_load_ohm, probe_url or "")
