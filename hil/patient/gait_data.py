"""Figures fitted to normative gait: made by tools/fit_gait_table.py, not by hand.

Kinematics: Winter, Biomechanics and Motor Control of Human Movement, Table A.1, one
stride of 0.987 s at 1.43 m/s, by way of BMClab/BMC (CC BY 4.0). Series: mean, then cosine
and sine of each harmonic of the stride, phase 0 at heel contact. Ankle moment in stance:
mean of two adults over a force plate, BMClab/BMC (CC BY 4.0).
"""

from typing import Final

# root mean square error of the fit: 0.045 deg
SHANK_DEG: Final = (
    -15.83872,
    26.38484,
    12.84341,
    8.159654,
    -9.87445,
    -0.4138404,
    -1.860623,
    0.7406019,
    -0.7939514,
    -0.04270999,
    -0.6023413,
    -0.2513087,
    -0.1480623,
    -0.2039693,
    -0.0710182,
    -0.1302129,
    -0.008322047,
    -0.1001359,
    -0.02456113,
    -0.02994496,
    0.01245403,
    -0.02712373,
    -0.01065854,
    -0.00322221,
    -0.005259902,
)

# root mean square error of the fit: 0.068 deg
PITCH_DEG: Final = (
    -13.48543,
    27.5074,
    21.39295,
    10.34532,
    -19.55806,
    -2.79397,
    -1.620887,
    3.233041,
    -2.384873,
    -0.5056088,
    -1.899306,
    0.5034765,
    -0.04128976,
    0.08807772,
    -0.6215213,
    -0.09435402,
    -0.07168551,
    0.2720661,
    0.03104046,
    -0.1122984,
    -0.02253841,
    0.02273538,
    0.01619282,
    0.01421731,
    0.0001991813,
)

# root mean square error of the fit: 0.046 deg
KNEE_DEG: Final = (
    21.88573,
    -7.514316,
    -19.40703,
    -13.09488,
    9.060138,
    0.09385995,
    3.723647,
    -1.032142,
    0.9087774,
    -0.3003956,
    0.5221868,
    0.4258864,
    0.1345025,
    0.4266999,
    0.05682366,
    0.2678124,
    -0.06012717,
    0.1615339,
    0.04935162,
    0.0631309,
    0.006838404,
    0.04446255,
    0.01355793,
    0.0002919795,
    0.01551837,
)

# root mean square error of the fit: 0.00014 m
ANKLE_Y_M: Final = (
    0.13855,
    -0.03230673,
    -0.05248054,
    -0.01228299,
    0.02527651,
    0.01472276,
    -0.001164724,
    0.001071413,
    -0.006036231,
    -0.001318246,
    -0.00161564,
    -0.0003548069,
    -0.0014589,
    -0.0003577185,
    -0.0005783172,
    -0.000271596,
    -3.89196e-05,
    7.720796e-05,
    -6.809353e-05,
    -0.0001244112,
    -0.0002267598,
    5.058949e-05,
    4.348015e-06,
    2.411978e-05,
    1.65428e-05,
)

# root mean square error of the fit: 0.00052 m
ANKLE_X_M: Final = (
    -0.3299237,
    0.3051687,
    0.04362563,
    0.02296488,
    -0.04118387,
    0.007257787,
    -0.00772326,
    -0.002515112,
    -0.007194254,
    -0.0009141864,
    -0.002033204,
    -0.001233663,
    -0.0006975176,
    -0.0004529046,
    3.672988e-06,
    -0.0004488075,
    -7.296913e-05,
    -4.937933e-05,
    -8.354405e-05,
    -8.990545e-05,
    -3.318002e-05,
    9.963071e-05,
    -2.736309e-05,
    5.982549e-05,
    2.931921e-05,
)

STRIDE_M: Final = 1.4132
TABLE_STRIDE_S: Final = 0.987
TOE_OFF_PHASE: Final = 0.609

# toe marker: forward and down of the ankle in the foot's frame, m
TOE_FORWARD_M: Final = 0.1691
TOE_DOWN_M: Final = 0.0486

# heel marker: forward and down of the ankle in the foot's frame, m
HEEL_FORWARD_M: Final = -0.0525
HEEL_DOWN_M: Final = 0.0475

# plantarflexor positive, Nm per kg of body mass, every 4 % of stance
ANKLE_MOMENT_NM_PER_KG: Final = (
    -0.0147,
    -0.1512,
    -0.1813,
    -0.1506,
    -0.0959,
    -0.0355,
    0.0357,
    0.1276,
    0.2098,
    0.2958,
    0.3789,
    0.4639,
    0.5549,
    0.6476,
    0.7404,
    0.8381,
    0.9471,
    1.0591,
    1.1795,
    1.2773,
    1.3306,
    1.3034,
    1.1622,
    0.8627,
    0.4240,
    0.0510,
)

# vertical ground reaction, N per kg of body mass, every 4 % of stance
GROUND_N_PER_KG: Final = (
    0.5590,
    5.1391,
    6.8925,
    7.5831,
    9.0167,
    10.0025,
    10.3052,
    9.8002,
    8.9919,
    8.1480,
    7.5121,
    7.2775,
    7.3733,
    7.5961,
    7.8463,
    8.1783,
    8.6580,
    9.2837,
    9.9442,
    10.4902,
    10.6022,
    10.1703,
    8.9550,
    6.6302,
    3.1794,
    0.5453,
)

# centre of pressure ahead of the ankle, m, every 4 % of stance
PRESSURE_AHEAD_M: Final = (
    -0.0043,
    -0.0188,
    -0.0127,
    -0.0020,
    0.0046,
    0.0075,
    0.0119,
    0.0198,
    0.0289,
    0.0409,
    0.0545,
    0.0673,
    0.0780,
    0.0870,
    0.0951,
    0.1018,
    0.1070,
    0.1100,
    0.1126,
    0.1133,
    0.1134,
    0.1109,
    0.1049,
    0.0928,
    0.0738,
    0.0893,
)
