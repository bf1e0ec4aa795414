"""Fit the prescribed leg's Fourier series to a normative gait table, and print the module.

    python tools/fit_gait_table.py GAIT.csv KINETICS.csv > hil/patient/gait_data.py

The table is Winter's appendix A (Biomechanics and Motor Control of Human Movement), one stride
of one able-bodied walker in 101 rows; it stays outside the repository, the figures fitted to it
are data of the project.
"""

import sys
from pathlib import Path

import numpy as np

HARMONICS = 12
COLUMNS = {"shank_deg": 4, "pitch_deg": 5, "knee_deg": 7, "ankle_y_m": 2, "ankle_x_m": 1}


def main(gait: Path, kinetics: Path) -> None:
    """Print the module."""
    table = np.loadtxt(gait, delimiter=",", comments="#")
    phase = table[:-1, 0] / 100.0
    basis = [np.ones_like(phase)]
    for k in range(1, HARMONICS + 1):
        basis += [np.cos(2 * np.pi * k * phase), np.sin(2 * np.pi * k * phase)]
    design = np.stack(basis, axis=1)
    print('"""Figures fitted to normative gait: made by tools/fit_gait_table.py, not by hand.\n')
    print("Kinematics: Winter, Biomechanics and Motor Control of Human Movement, Table A.1, one")
    print(
        "stride of 0.987 s at 1.43 m/s, by way of BMClab/BMC (CC BY 4.0). Series: mean, then cosine"
    )
    print(
        "and sine of each harmonic of the stride, phase 0 at heel contact. Ankle moment in stance:"
    )
    print("mean of two adults over a force plate, BMClab/BMC (CC BY 4.0).")
    print('"""\n')
    print("from typing import Final\n")
    for name, column in COLUMNS.items():
        values = table[:-1, column].copy()
        if name == "ankle_x_m":
            stride_m = table[-1, column] - table[0, column]
            values -= stride_m * phase
        series, *_ = np.linalg.lstsq(design, values, rcond=None)
        error = float(np.sqrt(np.mean((design @ series - values) ** 2)))
        unit = name.rsplit("_", 1)[1]
        print(f"# root mean square error of the fit: {error:.2g} {unit}")
        print(f"{name.upper()}: Final = (")
        for value in series:
            print(f"    {value:.7g},")
        print(")\n")
    print(f"STRIDE_M: Final = {stride_m:.4f}")
    print("TABLE_STRIDE_S: Final = 0.987")
    print("TOE_OFF_PHASE: Final = 0.609\n")
    pitch = np.radians(table[:, 5])
    for name, column in (("TOE", 9), ("HEEL", 11)):
        geometry = np.stack([np.sin(pitch), -np.cos(pitch), np.ones_like(pitch)], axis=1)
        fit, *_ = np.linalg.lstsq(geometry, table[:, column] - table[:, 2], rcond=None)
        print(f"# {name.lower()} marker: forward and down of the ankle in the foot's frame, m")
        print(f"{name}_FORWARD_M: Final = {fit[0]:.4f}")
        print(f"{name}_DOWN_M: Final = {fit[1]:.4f}\n")
    stance = np.loadtxt(kinetics, delimiter=",", skiprows=1)
    columns = (
        ("ANKLE_MOMENT_NM_PER_KG", 4, "plantarflexor positive, Nm per kg of body mass"),
        ("GROUND_N_PER_KG", 1, "vertical ground reaction, N per kg of body mass"),
        ("PRESSURE_AHEAD_M", 3, "centre of pressure ahead of the ankle, m"),
    )
    for number, (name, column, what) in enumerate(columns):
        print(f"# {what}, every 4 % of stance")
        print(f"{name}: Final = (")
        for value in np.interp(np.arange(0, 101, 4), stance[:, 0], stance[:, column]):
            print(f"    {value:.4f},")
        print(")" if number == len(columns) - 1 else ")\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
