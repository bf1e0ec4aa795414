"""The one composition: patient, sensors, controller, guard, driver, cable, device, electrode.

The same parts are joined in the same way on every clock; what differs is only who makes time
pass. A ``Rig`` is built on a clock, and from then on everything in it happens because the clock
calls.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fes_ctrl.analysis.account import Account
from fes_ctrl.analysis.walk import Charge, LegWalk, Swing, TrueEvent, Walk
from fes_ctrl.assembly import CHANNELS_A_CONNECTOR, assemble
from fes_ctrl.gait import sensors_of
from fes_ctrl.links.link import Link
from fes_ctrl.model import Operator, Sample, Setpoint
from fes_ctrl.runlog.log import RunLog, RunLogWriter
from fes_ctrl.runtime.clock import ORDER_INJECTION, ORDER_SENSOR, Clock
from fes_ctrl.runtime.operator import ScriptedOperator
from fes_ctrl.runtime.session import ControlSession
from fes_ctrl.safety.limits import Limits
from fes_ctrl.stimulators.config import capabilities_of
from fes_ctrl.stimulators.drivers import driver_for
from fes_ctrl.stimulators.p24_level import Pulses
from fes_ctrl.units import Us, us_from_s
from firmware_sim.ceilings import Ceilings
from firmware_sim.devices.catalogue import DEVICES
from firmware_sim.injections import BY_NAME, Acknowledgement, Injection
from firmware_sim.limiter import Limiter
from firmware_sim.output import OutputStage, Points, Sink
from hil.config import WalkConfig
from hil.device_end import DeviceEnd
from hil.host import HostedLink, SimHost
from hil.links import Cable, SimCable
from hil.origin import simulated_name, source_of
from hil.patient.leg import PatientLeg
from hil.patient.patient import VirtualPatient
from hil.patient.sensors.hub import SensorHub
from hil.silence import Silence
from hil.sim_guardian import SimGuardian
from hil.streams import stream
from hil.witness import Witness

if TYPE_CHECKING:
    from hil.far_party import FarParty


class Rig:
    """Everything of one walk, joined on one clock.

    Parameters
    ----------
    config : WalkConfig
        What the walk depends on.
    clock : Clock
        Who makes time pass.
    log : RunLog
        Takes the run.
    deliver : callable or None
        Takes each sample when it arrives; the session itself, where there is nobody between.
    cable : Cable or None
        Between driver and device; simulated by default.

    Attributes
    ----------
    session : ControlSession
        Controller, driver and link.
    account : Account
        What the walk amounts to.
    witness : Witness
        Sees what reaches the electrodes.
    limiter : Limiter or None
        The second guard, where one is fitted.
    """

    def __init__(
        self,
        config: WalkConfig,
        clock: Clock,
        log: RunLog,
        deliver: Callable[[Sample], None] | None = None,
        cable: Cable | None = None,
    ) -> None:
        self._clock = clock
        self._config = config
        self._log = log
        self._end_us: Final = us_from_s(config.duration_s)
        self.patient = VirtualPatient(
            config.patient,
            config.seed,
            config.way,
            sensors_of(config.control.detector.name),
            config.orthosis,
            config.bad_strides,
        )
        self.witness = Witness(Path(config.limits_file) if config.limits_file else None)
        # Whoever evaluates gives nothing at all.
        self.witness.silent = config.evaluation
        stimulator = capabilities_of(config.control.stimulator)
        self._output = OutputStage(stimulator.channels)
        self._pulses = Pulses(stimulator)
        device = DEVICES[config.control.stimulator.device]
        self._device = device.make(self._output, stream(config.seed, "device"))
        self.cable: Cable = (
            SimCable(
                clock,
                config.cable,
                stream(config.seed, "cable"),
                stream(config.seed, "cable.injections"),
            )
            if cable is None
            else cable
        )
        self.limiter = self._fit_limiter()
        if not config.address:
            self.device_end = DeviceEnd(clock, self._device, self.cable, self.limiter)
        self.account = Account(self._empty_walk())
        self._host = self._needs_host()
        if self._host is None:
            self.session = build_session(config, clock, self.cable.link, log)
        else:
            link = HostedLink(self._line(self._host), self._host)
            self.session = build_session(config, self._host, link, log)
        self.session.on_setpoint = self.account.setpoint
        commanded = config.address and not config.probe
        self.session.on_written = self._commanded if commanded else self.account.written
        self.session.listeners.append(self.account.records)
        self._far = self._needs_far_party(simulated_name(config.control.stimulator.device, config))
        self._silence = Silence(self.witness, config, clock)
        self.session.listeners.append(self._silence.records)
        self._deliver = self.session.take if deliver is None else deliver
        if self._host is not None:
            self._deliver = self._host.takes(self._deliver)
        self._wire_electrodes()
        ScriptedOperator(
            self.session.clock, self.session, config.operator, evaluation=config.evaluation
        )
        for hub in self.patient.hubs:
            self._expect(hub)
        for leg in self.patient.walking:
            leg.keep_trace = config.trace
        for injection in config.inject:
            self._inject(injection)

    def _needs_host(self) -> SimHost | None:
        """Return what to run the host through, where something is to go wrong with it."""
        for injection in self._config.inject:
            if BY_NAME[injection.name].part == "host":
                return SimHost(self._clock)
        return None

    def _needs_far_party(self, device: str) -> "FarParty | None":
        """Return who is far away, where something is to go wrong with the network to them."""
        for injection in self._config.inject:
            if BY_NAME[injection.name].part == "network":
                from hil.far_party import FarParty

                return FarParty(self._config, self.session, self.session.clock, device)
        return None

    def _line(self, host: SimHost) -> Link:
        """Return the cable's end, behind a guardian where there is one."""
        config = self._config.control
        if not config.stimulator.guardian:
            return self.cable.link
        stop = driver_for(config.stimulator, Limits(config.limits).min_interval_us).stop_bytes
        return SimGuardian(self._clock, host, self.cable.link, stop)

    def _empty_walk(self) -> Walk:
        config = self._config
        operator = config.operator
        steps = max(0, len(operator.level_percent) - 1)
        settled_s = operator.level_from_s + steps * operator.level_every_s
        return Walk(
            duration_us=self._end_us,
            settled_from_us=us_from_s(settled_s),
            legs=[LegWalk(leg.leg) for leg in self.patient.legs],
            sensing=[] if self.patient.other is None else [LegWalk(self.patient.other.leg)],
            charge=Charge(
                electrode_area_cm2=config.control.limits.electrode_area_cm2,
                source=source_of(config),
            ),
        )

    def _commanded(self, now_us: Us, setpoint: Setpoint) -> None:
        """Let what a stimulator on the desk was told reach the patient as if it were given."""
        self.account.written(now_us, setpoint)
        self._output.deliver(now_us, setpoint.channel, self._pulses.of(setpoint))

    def measured(self, t_us: Us, channel: int, points: Points) -> None:
        """Let what a probe has measured reach patient and witness: what else is given is not."""
        for sink in self._electrodes():
            sink(t_us, channel, points)

    def _fit_limiter(self) -> Limiter | None:
        config = self._config
        if not config.limiter.fitted:
            return None
        ceilings = Ceilings(Path(config.limits_file) if config.limits_file else None)
        ear = DEVICES[config.control.stimulator.device].ear()
        limiter = Limiter(ceilings, self._output.present_ohm, ear)
        limiter.on_latch = self._limiter_latched
        self._output.sinks.append(limiter.pulse)
        return limiter

    def _limiter_latched(self, t_us: Us, reason: str) -> None:
        if isinstance(self._log, RunLogWriter):
            self._log.other("limiter", now=self._clock.now_us(), t=t_us, reason=reason)

    def _wire_electrodes(self) -> None:
        sinks = self._electrodes()
        sinks.append(self.witness.see)
        self.witness.impedance_ohm = self._output.present_ohm
        self.witness.worn = self._channels()
        for leg, walk in zip(self.patient.legs, self.account.walk.legs, strict=True):
            sinks.append(_Electrode(leg, walk).pulse)
            electrode = leg.config.electrode
            self._output.impedance_ohm[leg.config.channel] = round(electrode.impedance_ohm)

    def _channels(self) -> frozenset[int]:
        """Return the outputs that anybody wears, and those of muscles that the patient lacks."""
        return frozenset().union(*map(self._channels_of, range(len(self.patient.legs))))

    def _channels_of(self, index: int) -> frozenset[int]:
        """Return the outputs of one leg, by its place: each has a connector of its own."""
        programmed = [
            channel.channel + index * CHANNELS_A_CONNECTOR
            for channel in self._config.control.program.channel
        ]
        return frozenset((self.patient.legs[index].config.channel, *programmed))

    def watch_electrodes(self, sink: Sink) -> None:
        """Let one more see every pulse that is delivered."""
        self._electrodes().append(sink)

    def _electrodes(self) -> list[Sink]:
        """Return who sees what reaches the electrodes: behind the limiter, where one is fitted."""
        return self._output.sinks if self.limiter is None else self.limiter.sinks

    def _expect(self, hub: SensorHub) -> None:
        at_us = hub.next_arrival_us()
        if at_us <= self._end_us:
            self._clock.call_at_us(at_us, ORDER_SENSOR, self._arrive, hub)

    def _arrive(self, hub: SensorHub) -> None:
        for sample in hub.read():
            self._deliver(sample)
        self._expect(hub)

    def operate(self, action: str, value: int = 0) -> None:
        """Let the operator act now, beside the script; the witness hears of it for itself."""
        now_us = self._clock.now_us()
        self._silence.operator(now_us, action, value)
        self.session.take(Operator(now_us, action, value))

    def _inject(self, injection: Injection) -> None:
        name, from_us, to_us, amount = injection
        part = BY_NAME[name].part
        if part == "sensor":
            for hub in self.patient.hubs:
                hub.inject(name, from_us, to_us, amount)
        elif part == "link":
            cable = self.cable
            self._clock.call_at_us(from_us, ORDER_INJECTION, cable.inject, name, to_us, amount)
        elif part == "device":
            self._device.inject(name, from_us, to_us, amount)
        elif self._host is not None and part == "host":
            self._host.inject(name, from_us, to_us, amount)
        elif self._far is not None and part == "network":
            self._far.inject(name, from_us, to_us)
        else:
            self._output.inject(name, from_us, to_us, amount)

    def acknowledgements(self) -> list[Acknowledgement]:
        """Return which injections have had an effect, and when."""
        found = [*self._output.acknowledgements, *self._device.acknowledgements]
        found += self.cable.acknowledgements
        if self._host is not None:
            found += self._host.acknowledgements
        if self._far is not None:
            found += self._far.acknowledgements
        for hub in self.patient.hubs:
            found += hub.acknowledgements()
        return sorted(found, key=_time_of)

    def finish(self) -> Walk:
        """End the walk: advance the patient to its end and return what it amounts to."""
        walk = self.account.walk
        self.account.finish()
        for leg, about in zip(self.patient.walking, (*walk.legs, *walk.sensing), strict=True):
            leg.advance_to(self._end_us)
            about.truth = [TrueEvent(event.kind, event.t_us) for event in leg.events]
            about.swings = [Swing(*swing) for swing in leg.swings]
            about.fitness = leg.fitness()
        witness = self.witness
        walk.charge.per_phase_max_pc = witness.charge_per_phase_max_pC
        walk.charge.total_pc = witness.charge_pC
        walk.charge.squared_max_ua2_us = witness.squared_max_uA2_us
        for index, about in enumerate(walk.legs):
            found = witness.charges_of(self._channels_of(index))
            about.charge_pc, about.charge_per_phase_max_pc = found
        walk.violations = [violation.as_dict() for violation in witness.violations]
        walk.limiter = None if self.limiter is None else self.limiter.as_dict()
        reached = {acknowledgement.name for acknowledgement in self.acknowledgements()}
        walk.unreached_injections = [
            injection.name for injection in self._config.inject if injection.name not in reached
        ]
        return walk


class _Electrode:
    """One leg's electrode: pulses of its channel reach its muscle, and are written down."""

    __slots__ = ("_channel", "_leg", "_walk")

    def __init__(self, leg: PatientLeg, walk: LegWalk) -> None:
        self._leg = leg
        self._walk = walk
        self._channel = leg.config.channel

    def pulse(self, t_us: Us, channel: int, points: Points) -> None:
        if channel == self._channel:
            self._leg.stimulate(t_us, points)
            self._walk.pulses_us.append(t_us)
            # A pulse of several steps is as strong as its strongest.
            self._walk.pulses_ua.append(max([ua for _, ua in points], key=abs))


def _time_of(acknowledgement: Acknowledgement) -> Us:
    return acknowledgement.t_us


def build_session(config: WalkConfig, clock: Clock, link: Link, log: RunLog) -> ControlSession:
    """Return controller, driver and link of a walk, joined.

    Raises
    ------
    ValueError
        If the parts cannot be joined: what, and the ways out.
    """
    control = config.control
    legs = config.legs
    limits = Limits(control.limits)
    driver = driver_for(control.stimulator, limits.min_interval_us)
    controller = assemble(legs, control, config.sensed)
    return ControlSession(clock, controller, [(driver, link)], dict.fromkeys(legs, 0), log)
