"""E1 to E16: what the same patient must show at once, and the able one beside him."""

from typing import Final

from hil.validation import evidence
from hil.validation.check import Check
from hil.validation.parts import MOOSABHOY

CRUZ: Final = "Cruz and Dhaher 2009"
ROBISON: Final = "Robison 2022"

WHOLE: Final = (
    Check(
        "E1",
        "evidence",
        "current of the program, mA",
        25,
        45,
        "surface stimulators in trials",
        evidence.current_ma,
    ),
    Check(
        "E2",
        "evidence",
        "toe clearance without, mm",
        8,
        20,
        CRUZ,
        lambda: evidence.of("clearance_mm", True),
    ),
    Check(
        "E3", "evidence", "toe clearance with, mm", 8, 20, CRUZ, lambda: evidence.of("clearance_mm")
    ),
    Check(
        "E4",
        "evidence",
        "gain at contact, deg",
        3,
        8,
        ROBISON + ": 5.2; others 3 to 8",
        lambda: evidence.gain("ankle_at_contact_deg"),
    ),
    Check(
        "E5",
        "evidence",
        "change of compensation, mm",
        -80,
        -1,
        CRUZ + ": direction",
        lambda: evidence.gain("compensation_mm"),
    ),
    Check(
        "E6",
        "evidence",
        "push-off work lost, %",
        0.5,
        30,
        "Kesar 2009: direction",
        lambda: evidence.gain("lost_push_off_percent"),
    ),
    Check(
        "E7",
        "evidence",
        "change of eversion at contact, deg",
        1,
        7,
        ROBISON + ": 3.6 in swing",
        lambda: evidence.gain("eversion_at_contact_deg"),
    ),
    Check(
        "E8",
        "evidence",
        "change of contact to foot flat, ms",
        1,
        100,
        ROBISON + ": direction",
        lambda: evidence.gain("foot_flat_ms"),
    ),
    Check(
        "E9",
        "evidence",
        "change of the ankle at toe-off, deg",
        0.1,
        15,
        "Kesar 2009: direction",
        lambda: evidence.gain("ankle_at_toe_off_deg"),
    ),
    Check(
        "E10",
        "evidence",
        "change of peak knee flexion in swing, deg",
        -15,
        -0.1,
        "Kesar 2009: direction",
        lambda: evidence.gain("peak_knee_flexion_deg"),
    ),
    Check(
        "E11",
        "evidence",
        "walking speed, m/s",
        0.4,
        1.2,
        "community walkers after stroke: range from memory",
        lambda: evidence.of("speed_m_per_s"),
    ),
    Check(
        "E12",
        "evidence",
        "healthy: toe clearance, mm",
        9,
        24,
        "Winter 1992; " + MOOSABHOY,
        lambda: evidence.healthy("clearance_mm"),
    ),
    Check(
        "E13",
        "evidence",
        "healthy: ankle at contact, deg",
        -5,
        5,
        "neutral",
        lambda: evidence.healthy("ankle_at_contact_deg"),
    ),
    Check(
        "E14",
        "evidence",
        "healthy: fall of the forefoot, deg/s",
        150,
        884,
        "19 able walkers: median 378, 95 % below 884",
        lambda: evidence.healthy("fall_deg_per_s"),
    ),
    Check(
        "E15",
        "evidence",
        "healthy: foot rate at push-off, deg/s",
        -777,
        -381,
        "19 able walkers: 5 to 95 %",
        lambda: evidence.healthy_rates()[0],
    ),
    Check(
        "E16",
        "evidence",
        "healthy: foot rate in swing, deg/s",
        269,
        471,
        "19 able walkers: 5 to 95 %",
        lambda: evidence.healthy_rates()[1],
    ),
)
