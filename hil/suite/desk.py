"""A bench with a stimulator on the desk: its port is real, and so is what it gives.

What goes wrong with answers is done to them in the host. A cable that is pulled is a port that is
closed: the device is left alone either way. What needs a hand at the device asks for one.
"""

import errno
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias

from fes_ctrl.links.link import Link
from fes_ctrl.links.recorder import RecordingLink
from fes_ctrl.links.url import SerialAddress, TcpAddress, parse_link_url
from fes_ctrl.model import Setpoint
from fes_ctrl.safety.config import LimitsConfig
from fes_ctrl.stimulators.config import MODES, StimulatorConfig
from fes_ctrl.units import Us, us_from_s
from hil.desk import WITHOUT_LOAD_UA, most_ua_of, open_desk
from hil.origin import source_on_desk
from hil.probe import Probe, ProbeError, ProbePulse, open_probe_across
from hil.probe.probe import SILENT_US
from hil.simulate_real import simulate_real
from hil.suite.bench import SEES, Answers, NotProvenError, Pulse, Who
from hil.suite.desk_config import DeskConfig
from hil.suite.driven import DrivenBench
from hil.suite.hands import PERIOD_US
from hil.suite.played_heel import PlayedHeel
from hil.suite.tampered import TamperedLink
from hil.suite.times import real_time
from hil.suite.walking import reasons, scenario_of

SLACK_US: Final = 100_000
"""A machine may be busy."""

SETTLES_US: Final = 50_000
"""After a last stop: its bytes leave before the port is closed."""

LOOK_EVERY_US: Final = 5_000

LOAD_SHARE: Final = 0.05
"""How far a dummy load may be from what it is said to be, and a probe's voltage with it."""

Ask: TypeAlias = Callable[[str], None]
"""Asks a person for something and returns when it is done."""


class DeskBench(DrivenBench):
    """The bench of one stimulator on the desk: see ``Bench``.

    Parameters
    ----------
    url : str
        Where it is, as ``parse_link_url`` takes it.
    desk : DeskConfig
        What it is connected to.
    ask : callable or None
        Reaches the person at the bench; without one there is nobody.

    Raises
    ------
    LinkUrlError
        If the address says none.
    ValueError
        If the device has no such mode.
    OSError
        If its port cannot be opened.
    ProbeError
        If there is no probe where one was said to be, or it is across another load.
    """

    def __init__(self, url: str, desk: DeskConfig, ask: Ask | None = None) -> None:
        address = parse_link_url(url, tuple(MODES))
        self._url = url
        self._address = address
        self._desk = desk
        self._ask = ask if desk.attended else None
        self._plugged = True
        self._who: Who = "the same"
        self._how: Answers = "as they are"
        self._by_us: Us = 0
        self._tampered: TamperedLink
        super().__init__(stimulator_of(address, desk), real_time(), SLACK_US)
        self.source = source_on_desk(address.device)
        self.current_ma, self.more_ma = desk.other_mA, desk.current_mA
        self.look_us = us_from_s(desk.look_s)
        self.endurance_us = us_from_s(desk.endurance_s)
        self.walk_us = us_from_s(desk.walk_s)
        self._probe: Probe | None = None
        try:
            if desk.probe:
                self._look_through(self._time.complete(self._open_probe(self._time.clock.now_us)))
            self._join()
        except (OSError, ProbeError):
            self._time.close()
            raise

    async def _open_probe(self, now_us: Callable[[], Us]) -> Probe:
        return await open_probe_across(self._desk.probe, self._desk.dummy_load_ohm, now_us)

    def _look_through(self, probe: Probe) -> None:
        """See what reaches the load through a probe."""
        self._probe = probe
        self.source = "probe"
        if probe.identity is not None:
            self.eye_us = 2 * probe.identity.time_step_us
            self.eye_share = LOAD_SHARE
            self.eye_ua = 2 * probe.identity.current_step_ua
        self.doubt_us = probe.doubt_us
        probe.begin()
        probe.on_pulse = self._seen

    def _seen(self, pulse: ProbePulse) -> None:
        if self._probe is not None:
            self.doubt_us = max(self.doubt_us, self._probe.doubt_us)
        current_ua = pulse.points[0][1]
        self.pulses.append(Pulse(pulse.t_us, pulse.channel, current_ua, pulse.points))

    async def _next_link(self) -> Link:
        if not self._plugged:
            raise OSError(errno.ENODEV, "unplugged by the bench")
        link = await open_desk(self._address, self._config, LimitsConfig())
        self._tampered = TamperedLink(link, self._time.clock, self._address.device)
        self._tampered.wear(self._who)
        self._tampered.answer(self._how, self._by_us)
        return self._tampered

    def _write(self, now_us: Us, setpoint: Setpoint) -> None:
        super()._write(now_us, setpoint)
        self._left(now_us, setpoint)

    def _left(self, now_us: Us, setpoint: Setpoint) -> None:
        if self.source not in SEES:
            at_us = max(now_us, setpoint.at_us)
            self.pulses.append(Pulse(at_us, setpoint.channel, setpoint.current_ua))

    def settle(self) -> None:
        """Let time pass until the probe has told of everything up to now, or is silent."""
        now_us = self.now_us()
        probe = self._probe
        while probe is not None and probe.told_until_us < now_us and not probe.lost:
            if self.now_us() > now_us + SILENT_US:
                return
            self.run(LOOK_EVERY_US)

    def close(self) -> None:
        """Stop the device, and let go of its port."""
        self._time.do(self._stop)
        self._time.run(SETTLES_US)
        if self._probe is not None:
            self._time.do(self._probe.close)
        super().close()

    def _stop(self) -> None:
        self._line.seize(self._driver.stop_bytes)

    # -- the far end ----------------------------------------------------------------------------

    def electrode(self, *, on: bool) -> None:
        """Have a person take the electrode off, or put it on again."""
        what = "Connect the load again" if on else "Take one lead of the load off"
        self._by_hand(what, "nobody is there to take a lead off: attended = true, and -s")

    def _by_hand(self, what: str, otherwise: str) -> None:
        if self._ask is None:
            raise NotProvenError(otherwise)
        self._ask(what)

    def cut(self) -> None:
        """Close the port: the device is alone."""
        self._plugged = False
        self._time.do(self._tampered.pull)

    def plug(self, who: Who) -> None:
        """Open it again."""
        self._who = who
        self._plugged = True

    def answer(self, how: Answers, by_us: Us = 0) -> None:
        """Let the driver hear answers so from now on."""
        self._how, self._by_us = how, by_us
        self._tampered.answer(how, by_us)

    def restart(self) -> None:
        """Have a person switch the device off and on."""
        self._by_hand(
            "Switch the stimulator off and on again",
            "nobody is there to switch it off: attended = true, and -s",
        )

    # -- the account ----------------------------------------------------------------------------

    def blind(self) -> str:
        """Return why what was seen of the output is not the whole of it, or nothing."""
        probe = self._probe
        if probe is None:
            return super().blind()
        self.settle()
        problems = probe.problems()
        if probe.told_until_us < self.now_us() - SILENT_US:
            problems.append("the probe is silent")
        return "; ".join(problems)

    def heel_to_pulse(self, strides: int) -> list[Us]:
        """Let the probe play the heel, and a whole controller give the bursts; on its clock."""
        if self._probe is None:
            raise NotProvenError("nobody plays the heel's edges: connect a probe")
        if not self._desk.sensor:
            raise NotProvenError("no board reads the probe's pin: sensor = 'serial:…'")
        self._time.do(self._session.close)
        heel = PlayedHeel(self._time.clock, self._probe, self._desk.sensor)

        return self._time.complete(
            heel.walk(self._opened_for, self._recorder, self._config, self.current_ma, strides)
        )

    async def _opened_for(self, config: StimulatorConfig) -> Link:
        """Open the port for a controller of its own; what passes is kept."""
        link = await open_desk(self._address, config, LimitsConfig())
        self._record(config)
        return RecordingLink(link, self._recorder)

    def walk(self, for_us: Us) -> list[str]:
        """Let the virtual patient walk, in real time, with what is on the desk."""
        scenario = scenario_of(self._config, for_us)
        load_ohm = self._desk.dummy_load_ohm
        walk = scenario.walk
        most_ua = most_ua_of(walk.control)
        if most_ua > WITHOUT_LOAD_UA and not load_ohm:
            message = (
                f"a walk gives up to {most_ua / 1000:g} mA: only into a dummy load, dummy_load_ohm"
            )
            raise NotProvenError(message)
        self._time.do(self._session.close)
        if self._probe is not None:
            self._time.do(self._probe.close)
        address, probe_url = self._url, self._desk.probe
        scenario.walk = replace(walk, address=address, dummy_load_ohm=load_ohm, probe=probe_url)

        async def desk() -> Link:
            return await self._opened_for(walk.control.stimulator)

        through = self._open_probe if probe_url else None
        walked = partial(simulate_real, scenario.walk, desk=desk, probe=through)
        return reasons(scenario, walked, "real")


def stimulator_of(address: SerialAddress | TcpAddress, desk: DeskConfig) -> StimulatorConfig:
    """Return what the bench drives.

    Raises
    ------
    ValueError
        If the device has no such mode.
    """
    mode = desk.mode or next(iter(MODES[address.device]))
    return StimulatorConfig(
        device=address.device,
        mode=mode,
        guardian=desk.guardian,
        list_interval_ms=PERIOD_US / 1000,
    )
