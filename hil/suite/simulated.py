"""A bench of simulated parts: any driver of the table, its simulated device, any link and clock."""

import errno
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final, Literal, TypeAlias

from fes_ctrl.links.link import Link
from fes_ctrl.model import HEEL_OFF
from fes_ctrl.stimulators.config import StimulatorConfig
from fes_ctrl.stimulators.drivers import LINES
from fes_ctrl.stimulators.line import PLAIN
from fes_ctrl.units import Us
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.output import OPEN_OHM, SKIN_OHM, OutputStage, Points
from hil.config import CableConfig
from hil.links import Cable, SimCable
from hil.real_cable import RealCable
from hil.simulate import simulate
from hil.suite.bench import Answers, Pulse, Who
from hil.suite.driven import DrivenBench
from hil.suite.far_end import FarEnd
from hil.suite.hands import PERIOD_US
from hil.suite.times import StepperTime, Time, real_time, virtual_time
from hil.suite.walking import delays_of, reasons, scenario_of

LinkName: TypeAlias = Literal["stepper", "virtual", "pty", "tcp", "guarded"]

TIMES: Final[dict[LinkName, Callable[[], Time]]] = {
    "stepper": StepperTime,
    "virtual": virtual_time,
    "pty": real_time,
    "tcp": real_time,
    "guarded": real_time,
}

REAL: Final[frozenset[LinkName]] = frozenset({"pty", "tcp", "guarded"})
"""Links that the kernel carries."""

SLACK_US: Final = 5_000
"""A simulated line takes 1 ms and the wire time of two frames."""

REAL_SLACK_US: Final = 100_000
"""A machine may be busy."""


STRIDE_US: Final = 1_400_000
"""No stride of the standard patient takes longer."""

STANDS_US: Final = 2_600_000
"""He stands first, and is armed and brought to his level meanwhile."""


class SimulatedBench(DrivenBench):
    """The bench of one driver: see ``Bench``.

    Parameters
    ----------
    device, mode : str
        A row of ``drivers.DRIVERS``.
    link : str
        ``stepper`` or ``virtual``: a simulated cable on that clock. In real time ``pty``: the
        serial link and a pseudo-terminal; ``guarded``: the same behind a guardian; ``tcp``.
    seed : int
        Of the cable and the device.
    """

    def __init__(self, device: str, mode: str, link: LinkName, seed: int = 1) -> None:
        config = StimulatorConfig(device=device, mode=mode, list_interval_ms=PERIOD_US / 1000)
        super().__init__(config, TIMES[link](), REAL_SLACK_US if link in REAL else SLACK_US)
        self._link: LinkName = link
        self._random = Random(seed)
        self._name = device
        self._cables: list[Cable] = []
        self._plugged = True
        self._output: OutputStage
        self._far = self._new_far("the same")
        self._join()

    def _new_far(self, who: Who) -> FarEnd:
        self._output = OutputStage(self.capabilities.channels)
        self._output.sinks.append(self._pulse)
        device = DEVICES[self._name].make(self._output, Random(self._random.random()))
        return self._time.do(lambda: FarEnd(self._time.clock, device, self._name, who))

    def _pulse(self, t_us: Us, channel: int, points: Points) -> None:
        self.pulses.append(Pulse(t_us, channel, points[0][1], points))

    async def _next_link(self) -> Link:
        if not self._plugged:
            raise OSError(errno.ENODEV, "nothing is plugged in")
        return (await self._new_cable()).link

    async def _new_cable(self) -> Cable:
        cable: Cable
        line = LINES.get(self._name, PLAIN)
        now_us = self._time.clock.now_us
        if self._link == "pty":
            cable = RealCable.pty(now_us)
        elif self._link == "tcp":
            cable = RealCable.tcp(now_us)
        elif self._link == "guarded":
            cable = await RealCable.guarded(now_us, line, self._driver.stop_bytes)
        else:
            terms = CableConfig() if line == PLAIN else CableConfig(byte_us=11e6 / line.baud)
            cable = SimCable(self._time.clock, terms, Random(self._random.random()))
        self._cables.append(cable)
        self._far.join(cable)
        return cable

    def _close(self) -> None:
        self._plugged = False
        super()._close()
        for cable in self._cables:
            if isinstance(cable, RealCable):
                cable.unplug()

    # -- the far end ----------------------------------------------------------------------------

    def electrode(self, *, on: bool) -> None:
        """Take the electrode off, or put it on again."""
        self._output.impedance_ohm = [SKIN_OHM if on else OPEN_OHM] * self.capabilities.channels

    def cut(self) -> None:
        """Pull the cable."""
        self._plugged = False
        self._time.do(lambda: self._cables[-1].inject("cable_pulled"))

    def plug(self, who: Who) -> None:
        """Plug a device in, and let the driver begin anew."""
        if who != "the same":
            self._far = self._new_far(who)
        self._plugged = True
        if not self._time.has_loop:
            self._line.take(self._time.complete(self._next_link()))
            self._begin_anew()

    def answer(self, how: Answers, by_us: Us = 0) -> None:
        """Let the device answer so from now on."""
        self._far.answer(how, by_us)

    def restart(self) -> None:
        """Let the device start anew."""
        self._far.restart()

    # -- the account ----------------------------------------------------------------------------

    def heel_to_pulse(self, strides: int) -> list[Us]:
        """Let the virtual patient walk so far: the heel's edges are the truth of his steps."""
        scenario = scenario_of(self._config, round((strides + 2) * STRIDE_US + STANDS_US))
        leg = simulate(scenario.walk).walk.legs[0]
        left_us = [event.t_us for event in leg.truth if event.kind == HEEL_OFF]
        return delays_of([t_us for t_us in left_us if t_us > STANDS_US][:strides], leg.pulses_us)

    def walk(self, for_us: Us) -> list[str]:
        """Let the virtual patient walk, on the stepper."""
        scenario = scenario_of(self._config, for_us)
        return reasons(scenario, partial(simulate, scenario.walk), "stepper")
