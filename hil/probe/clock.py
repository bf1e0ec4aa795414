"""The probe's clock on the host's: questions that the probe answers with its clock."""

from fes_ctrl.stimulators.clock_fit import ClockFit
from fes_ctrl.units import Us
from fes_ctrl.wire.probe_lines import TOKEN_MAX, ClockRead, ProbeIdentity, ReadClock

UNTOLD_PPM = 10_000
"""Twice a ceramic resonator's, until the probe has said how far its clock may be off."""

HOST_PPM = 500
"""Added to the probe's word: the host's own clock may be trimmed by so much."""

ANSWER_US = 300_000
"""A question that has not been answered for so long is asked again."""


class ProbeClock:
    """Asks for the probe's clock, and keeps the fit of the answers."""

    __slots__ = ("_asked_us", "_fit", "_step_us", "_token")

    def __init__(self) -> None:
        self._fit = ClockFit(UNTOLD_PPM)
        self._step_us: Us = 1
        self._token = 0
        self._asked_us: Us | None = None

    @property
    def known(self) -> bool:
        """Whether a question has been answered since it began, or began anew."""
        return self._fit.exchanges > 0

    def terms(self, identity: ProbeIdentity) -> None:
        """Take the probe's word on how well it measures time."""
        self._fit.limit_ppm(identity.clock_ppm + HOST_PPM)
        self._step_us = identity.time_step_us

    def begin(self) -> None:
        """Forget everything: the probe has restarted."""
        self._fit.begin()
        self._asked_us = None

    def question(self, now_us: Us) -> ReadClock | None:
        """Return what to ask now; nothing while an answer may still come."""
        if self._asked_us is not None and now_us - self._asked_us < ANSWER_US:
            return None
        self._asked_us = now_us
        self._token = (self._token + 1) % (TOKEN_MAX + 1)
        return ReadClock(self._token)

    def answered(self, answer: ClockRead, now_us: Us) -> bool:
        """Take an answer; return False where it contradicts those before: the clock is another."""
        if self._asked_us is None or answer.token != self._token:
            return True
        # A clock that shows the beginning of its step may be as much behind.
        sent_us, self._asked_us = self._asked_us - self._step_us, None
        return self._fit.exchange(sent_us, answer.t_us, now_us)

    def whole_us(self, t_us: Us, now_us: Us) -> Us:
        """Return the probe's whole time of 32 bits of it that were told about now."""
        return self._fit.whole_us(t_us, now_us)

    def latest_us(self, now_us: Us) -> Us:
        """Return what the probe's clock may show at most now."""
        return self._fit.device_us(now_us) + self._fit.residual_us(now_us)

    def on_probe(self, host_us: Us) -> Us:
        """Return what the probe's clock shows at an instant of the host's."""
        return self._fit.device_us(host_us)

    def on_host(self, probe_us: Us) -> Us:
        """Return when the probe's clock showed that, on the host's."""
        host_us = probe_us - self._fit.device_us(0)
        for _ in range(3):
            host_us += probe_us - self._fit.device_us(host_us)
        return host_us

    def doubt_us(self, now_us: Us) -> Us:
        """Return how far off an instant told now may be on the host's clock at most."""
        return self._fit.residual_us(now_us) + self._step_us
