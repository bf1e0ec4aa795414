"""The limits as a table: which way is narrower, what nothing may exceed, and who says so.

``[S]`` marks a source that was read, ``[K]`` one that is known and was not at hand, ``[P]`` a
choice of this project.
"""

from typing import Final, NamedTuple

LOWER: Final = "lower"
HIGHER: Final = "higher"
FIXED: Final = "fixed"


class LimitRow(NamedTuple):
    """One limit of ``LimitsConfig``.

    ``cap`` is what no file and no input exceeds: the highest value, where ``narrower`` is
    *higher* the least. ``narrower`` is *fixed* where a running walk cannot change the limit.
    ``held_by`` names what happens beyond it: a reason of the guard, or a fault.
    """

    key: str
    cap: float
    narrower: str
    held_by: str
    meaning: str
    source: str


ROWS: Final = (
    LimitRow(
        "current_mA", 100.0, LOWER, "current", "current of a pulse",
        "[K] marketed drop-foot stimulators give up to 100 mA",
    ),
    LimitRow(
        "pulse_width_us", 500.0, LOWER, "pulse_width", "length of the first phase",
        "[K] marketed drop-foot stimulators give 25 to 360 us",
    ),
    LimitRow(
        "rate_hz", 100.0, LOWER, "interval", "pulses a second of a channel; its inverse is the "
        "least interval", "[K] marketed drop-foot stimulators give 10 to 60 Hz",
    ),
    LimitRow(
        "charge_per_phase_uC", 40.0, LOWER, "charge", "charge of either phase",
        "[P] 100 mA for 400 us; the default is 80 mA for 300 us",
    ),
    LimitRow(
        "burst_ms", 3000.0, LOWER, "burst_length", "first to last pulse of a burst",
        "[K] WalkAide's longest stimulation time is 3 s",
    ),
    LimitRow(
        "duty_warn_percent", 100.0, LOWER, "F30", "share of the last 10 s under stimulation: warns",
        "[P] ordinary walking reaches 70 to 98 %",
    ),
    LimitRow(
        "sensor_max_age_ms", 500.0, LOWER, "sensor_age", "age of the leg's newest sample",
        "[P] hazard analysis F04",
    ),
    LimitRow(
        "answer_max_age_ms", 500.0, LOWER, "answer_age", "age of the oldest unanswered frame",
        "[P] hazard analysis F18",
    ),
    LimitRow(
        "setpoint_max_life_ms", 100.0, LOWER, "life", "from a setpoint's instant to its expiry",
        "[P] every setpoint expires by itself",
    ),
    LimitRow(
        "max_unattended_ms", 5000.0, FIXED, "start",
        "how long a device may go on without the host: others are refused at the start",
        "[P] hazard analysis F21",
    ),
    LimitRow(
        "electrode_area_cm2", 200.0, LOWER, "density", "effective area of the smaller electrode",
        "[P] of two electrodes the smaller one counts",
    ),
    LimitRow(
        "rms_mA", 50.0, LOWER, "rms", "r.m.s. current of a channel over any second",
        "[S] IEC 60601-2-10 clause 201.12.4.104, up to 400 Hz, as manuals quote it",
    ),
    LimitRow(
        "density_mA_per_cm2", 10.0, LOWER, "density", "that, divided by the electrode's area",
        "[S] 2 mA/cm2: AS 60601.2.10:2018 clause 201.7.9.2; the cap: [P]",
    ),
    LimitRow(
        "power_density_W_per_cm2", 0.25, LOWER, "power",
        "mean power over any second into load_ohm, divided by the electrode's area",
        "[S] FDA guidance for powered muscle stimulators, as reguvirta.com summarises it",
    ),
    LimitRow(
        "load_ohm", 500.0, HIGHER, "power", "load at which voltage, energy and power are reckoned",
        "[K] stimulators are specified at 1 kohm, regulators ask for 500 ohm",
    ),
    LimitRow(
        "pulse_energy_mJ", 300.0, LOWER, "pulse_energy", "energy of a pulse, both phases",
        "[S] IEC 60601-2-10 clause 201.12.4.104, as manuals quote it",
    ),
    LimitRow(
        "voltage_V", 500.0, LOWER, "voltage", "voltage across load_ohm",
        "[S] IEC 60601-2-10 clause 201.12.4.104, as manuals quote it; the default: a P24's supply",
    ),
    LimitRow(
        "net_charge_uC", 1.0, LOWER, "net_charge", "first phase less second phase of a pulse",
        "[S] zero net charge, van Dongen and Serdijn 2015 (PMC4779461); 1 uC: [P]",
    ),
    LimitRow(
        "start_mA", 50.0, LOWER, "ramp", "first pulse of a burst, and the peak of the first burst "
        "after arming, a fault or a pause", "[P] about the motor threshold; 201.12.4.102: start "
        "from minimum [K]",
    ),
    LimitRow(
        "level_step_mA", 50.0, LOWER, "level_step", "a burst's peak above the last burst's",
        "[P] changes of the set level of at most 5 mA a burst",
    ),
    LimitRow(
        "ramp_min_ms", 0.0, HIGHER, "ramp", "from start_mA to the last burst's peak",
        "[P]; marketed stimulators ramp 0 to 2 s [K]",
    ),
    LimitRow(
        "duty_percent", 100.0, LOWER, "duty", "share of the last 10 s under stimulation: refuses",
        "[P] a lower one would end ordinary walking",
    ),
    LimitRow(
        "dose_mC", 100_000.0, LOWER, "dose", "charge of a session, first phases, all channels",
        "[P] about five times a day of walking",
    ),
    LimitRow(
        "session_min", 1440.0, LOWER, "session", "length of a session from its first pulse",
        "[P] a working day; the cap: a day",
    ),
)  # fmt: skip

BY_KEY: Final[dict[str, LimitRow]] = {row.key: row for row in ROWS}
