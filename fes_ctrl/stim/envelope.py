"""The shape of a burst: a linear rise from the motor threshold, a plateau, a linear fall."""

from fes_ctrl.units import MicroAmp, Us


def envelope_ua(
    motor_ua: MicroAmp,
    set_ua: MicroAmp,
    rise_us: Us,
    fall_us: Us,
    since_onset_us: Us,
    since_fall_us: Us,
) -> MicroAmp:
    """Return the current at one instant of a burst, before rounding to the device's step.

    Parameters
    ----------
    motor_ua, set_ua : int
        Current at which the ramps start and end, and of the plateau. A plateau at or below the
        motor threshold has no ramps: below the threshold they would do nothing.
    rise_us, fall_us : int
        Length of the ramps.
    since_onset_us : int
        Time since the onset; negative before it.
    since_fall_us : int
        Time since the fall began; negative before it.

    Returns
    -------
    int
        Microamperes: 0 before the onset and from the end of the fall on, else between the motor
        threshold and the plateau. A fall that begins during the rise starts where the rise is.
    """
    if since_onset_us < 0:
        return 0
    if since_fall_us >= 0 and since_fall_us >= fall_us:
        return 0
    if set_ua <= motor_ua:
        return set_ua
    span_ua = set_ua - motor_ua
    current_ua = set_ua
    if since_onset_us < rise_us:
        current_ua = motor_ua + span_ua * since_onset_us // rise_us
    if since_fall_us > 0:
        current_ua = min(current_ua, motor_ua + span_ua * (fall_us - since_fall_us) // fall_us)
    return current_ua
