"""What a configuration accepts can be walked; what cannot be walked is refused with its place."""

import dataclasses
import math
import typing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from annotated_types import Ge, Gt, Le, Lt

from fes_ctrl.config.build import hints
from fes_ctrl.config.errors import ConfigError
from hil.patient.config import ElectrodeConfig, LegConfig, OrthosisConfig, PatientConfig
from hil.patient.open_loop import walk_open
from hil.patient.train import OpenWalk, Train
from hil.patient.way import SegmentConfig
from hil.scenarios import load_scenario

ELSEWHERE = ("sensors", "side", "channel", "leg", "name", "note")


def drawn(random: Random, hint: Any) -> object | None:
    """Return a value that a field accepts, often at one of its bounds."""
    if typing.get_origin(hint) is typing.Literal:
        return random.choice(typing.get_args(hint))  # type: ignore[no-any-return]
    low = high = None
    for bound in getattr(hint, "__metadata__", ()):
        match bound:
            case Ge(ge):
                low = ge
            case Gt(gt):
                low = gt + 1e-3
            case Le(le):
                high = le
            case Lt(lt):
                high = lt - 1e-3
            case _:
                return None
    if low is None or high is None:
        return None
    return random.choice([low, high, random.uniform(low, high), random.uniform(low, high)])  # type: ignore[no-any-return]


def strange(random: Random, cls: type[Any], share: float) -> Any:
    """Return a configuration in which some of the values are anything that is accepted."""
    values: dict[str, object] = {}
    for name, hint in hints(cls).items():
        if name in ELSEWHERE:
            continue
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            values[name] = strange(random, hint, share)
        elif random.random() < share:
            value = drawn(random, hint)
            if value is not None:
                values[name] = value
    try:
        return cls(**values)
    except ValueError:  # values that do not go together; draw again
        return strange(random, cls, share)


@pytest.mark.parametrize("seed", range(60))
def test_whoever_the_configuration_accepts_walks_without_a_fault(seed: int) -> None:
    random = Random(seed)
    share = random.choice([0.1, 0.3])
    patient = dataclasses.replace(
        strange(random, PatientConfig, share), leg=(strange(random, LegConfig, share),)
    )
    way = [SegmentConfig("stand", 0.5)]
    for _ in range(4):
        segment = strange(random, SegmentConfig, 0.6)
        # Whoever sits down needs time for it, as the configuration says.
        least_s = 8.0 if segment.kind == "sit" or segment.on_chair else 0.0
        way.append(dataclasses.replace(segment, duration_s=least_s + random.uniform(0.1, 3.0)))
    walk = OpenWalk(
        patient,
        Train(current_ua=random.choice([0, 40_000, 80_000])),
        seed,
        8.0,
        tuple(way),
        OrthosisConfig(random.choice(["none", "rigid", "hinged", "carbon"])),
    )
    (swings,) = walk_open(walk)
    for swing in swings:
        numbers = [value for value in swing if not isinstance(value, str)]
        assert all(map(math.isfinite, numbers)), (seed, swing)
        assert swing.heel_off_us <= swing.toe_off_us < swing.contact_us
        assert abs(swing.ankle_at_contact_deg) < 90, (seed, swing)
        assert abs(swing.clearance_mm) < 600


def refusal(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_scenario("standard", {"patient": str(path)})
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("lines", "line", "told"),
    [
        (["[[patient.leg]]", 'side = "middle"'], 3, "must be 'left' or 'right'"),
        (["leg = []"], 2, "patient.leg = []: must have at least 1"),
        (["mass_kg = 3"], 2, "patient.mass_kg = 3: must be at least 10"),
        (["[[patient.leg]]", "[patient.leg.muscle]", "innervation = 1.2"], 4, "at most 1"),
        (["[[patient.leg]]", "[patient.leg.muscle]", 'model = "hill"'], 4, "'ding2003', "),
        (
            ["[[patient.leg]]", "[patient.leg.muscle.ding2003]", "recruitment_offset = 1.0"],
            4,
            "recruitment_offset = 1.0: must be below 1",
        ),
        (["[[patient.leg]]", "[patient.leg.electrode]", "reach_mm = 0.001"], 4, "at least 10"),
        (["[[patient.leg]]", "[patient.leg.ankle]", "calf_scale = nan"], 4, "finite number"),
        (["[[patient.leg]]", "[patient.leg.reflex]", "delay_ms = 121"], 4, "at most 120"),
        (["[[patient.leg]]", "[patient.leg.reflex]", "gain = 2"], 4, "unknown key"),
        (
            ["[[patient.leg]]", "[patient.leg.sensors.foot_imu]", "mount_deg = [1.0, 2.0]"],
            4,
            "foot_imu.mount_deg.2 = [1.0, 2.0]: must be given",
        ),
    ],
)
def test_a_patient_that_cannot_be_is_refused_with_key_file_and_line(
    tmp_path: Path, lines: list[str], line: int, told: str
) -> None:
    path = tmp_path / "who.toml"
    message = refusal(path, "\n".join(["[patient]", *lines]) + "\n")
    assert told in message
    assert f"({path}:{line})" in message


def test_two_legs_of_one_side_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "who.toml"
    leg = '[[patient.leg]]\nside = "left"\n'
    message = refusal(path, f"[patient]\n{leg}{leg}channel = 4\n")
    assert "2 legs are left; give each side once" in message
    assert str(path) in message


@pytest.mark.parametrize("position_mm", [-40, -25, 0, 25, 40])
def test_the_electrode_may_lie_wherever_its_dial_reaches(position_mm: int) -> None:
    """Close over the deep branch it moves the foot with less than the skin's threshold."""
    where = f"patient.leg.0.electrode.position_mm={position_mm}"
    setup = load_scenario("standard", sets=[where]).walk.control.setup.dorsiflexors
    assert setup.sensory_mA <= setup.motor_mA < setup.tolerated_mA


def test_legs_that_share_a_channel_or_a_side_are_refused() -> None:
    with pytest.raises(ValueError, match="2 legs are right"):
        PatientConfig(leg=(LegConfig(), LegConfig(channel=1)))
    with pytest.raises(ValueError, match="legs share channel 0"):
        PatientConfig(leg=(LegConfig(), LegConfig(side="left")))


def test_a_muscle_that_answers_only_beyond_what_is_tolerated_is_refused() -> None:
    with pytest.raises(ValueError, match="motor_mA 50 must lie below tolerated_mA 40"):
        ElectrodeConfig(motor_mA=50, tolerated_mA=40)
