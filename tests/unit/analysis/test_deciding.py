"""The dials that an event names are those that move it: turned a little, it comes elsewhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from fes_ctrl.analysis.explain import explain, strides_of
from fes_ctrl.analysis.run import Run, read_run
from fes_ctrl.analysis.story import EVENT, RULE, SENSOR, Moment
from fes_ctrl.gait import (
    FOOT,
    FUSED,
    HEEL,
    SHANK,
    DetectorConfig,
    FootImuConfig,
    HeelConfig,
    ShankImuConfig,
    make_detector,
)
from fes_ctrl.model import (
    FOOT_FLAT,
    FOOT_IMU,
    HEEL_OFF,
    INITIAL_CONTACT,
    RIGHT,
    TERMINAL_CONTACT,
    GaitEvent,
    Remark,
    Sample,
)
from helpers.runs import kept_walk, written_run

Told = tuple[str, float, float]
"""Kind, and when it was and was told, in seconds."""


@dataclass(frozen=True, slots=True)
class Walked:
    """A run, the dials it went by, and which of them each event names."""

    run: Run
    name: str
    config: DetectorConfig
    named: dict[Told, tuple[str, ...]]
    by: dict[Told, object]

    def naming(self, dial: str) -> set[Told]:
        """Return the events that name a dial."""
        return {event for event, keys in self.named.items() if dial in keys}

    def with_turned(self, dial: str, value: object) -> set[Told]:
        """Return what the detector tells of the same readings with one dial turned."""
        config = self.config
        if dial:
            table, _, last = dial.removeprefix("detector.").partition(".")
            turned: Any = {last: value}
            config = replace(config, **{table: replace(getattr(config, table), **turned)})
        detector = make_detector(self.name, config, RIGHT)
        samples = [sample for some in self.run.samples.values() for sample in some]
        samples.sort(key=lambda sample: sample.t_arrive_us)
        events = [event for sample in samples for event in detector.update(sample)]
        return {(e.kind, e.t_event_us / 1e6, e.t_emit_us / 1e6) for e in events}


Walks = Callable[..., Walked]


def event_moments(run: Run) -> Iterator[Moment]:
    for stride in strides_of(run, RIGHT).strides:
        yield from (
            each for each in explain(run, RIGHT, stride.number).moments if each.stage == EVENT
        )


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Walks:
    """Return a short walk that only evaluates: its readings do not hang on its events."""
    kept: dict[str, Walked] = {}

    def get(name: str, *sets: str, **tables: Any) -> Walked:
        key = f"{name} {sets}"
        if key not in kept:
            words = [word for each in (f"detector.name={name}", *sets) for word in ("--set", each)]
            folder = tmp_path_factory.mktemp("deciding") / "run"
            kept_walk(folder, "standard", "--duration", "12", "--evaluation", *words)
            run = read_run(folder)
            named, by = {}, {}
            for moment in event_moments(run):
                facts: Any = moment.facts
                event = facts["event"], facts["t_event_s"], facts["t_emit_s"]
                named[event] = tuple([line.key for line in moment.lines[1:]])
                by[event] = facts.get("told_by")
            kept[key] = Walked(run, name, DetectorConfig(name, **tables), named, by)
            assert set(named) <= kept[key].with_turned("", None), "replayed as it went"
        return kept[key]

    return get


TILT = ("detector.shank_imu.by=tilt", "detector.shank_imu.tilt_on_deg=10")
BY_TILT = {"shank_imu": ShankImuConfig(by="tilt", tilt_on_deg=10.0)}
SLOW = ("walk.patient=stroke_severe_spastic", "detector.foot_imu.still_dps=30")
BY_SLOW = {"foot_imu": FootImuConfig(still_dps=30.0)}
STANDS = ("detector.shank_imu.min_stance_ms=800",)
BY_STANDING = {"shank_imu": ShankImuConfig(min_stance_ms=800.0)}
WAITS = ("detector.shank_imu.min_swing_ms=450",)
FOREFOOT = 'patient.leg.0.sensors.worn=["heel_switch","fore_force"]'
FORCE = (
    'patient.leg.0.sensors.worn=["heel_force","foot_imu"]',
    "detector.heel.adapts=false",
)


def foot(patient: str, **dials: float) -> tuple[str, tuple[str, ...], Any, str]:
    """Return what a walk with dials of the foot IMU needs, and the first of them."""
    sets = [f"detector.foot_imu.{name}={value}" for name, value in dials.items()]
    tables = {"foot_imu": FootImuConfig(**dials)}  # type: ignore[arg-type]
    return FOOT, (f"walk.patient={patient}", *sets), tables, sets[0].partition("=")[0]


@pytest.mark.parametrize(
    ("name", "sets", "tables", "dial", "value", "kind"),
    [
        (FOOT, (), {}, "detector.foot_imu.heel_off_deg", 4.5, HEEL_OFF),
        (FOOT, (), {}, "detector.foot_imu.toe_share", 0.28, TERMINAL_CONTACT),
        (FOOT, SLOW, BY_SLOW, "detector.foot_imu.still_dps", 40.0, FOOT_FLAT),
        (*foot("stroke_severe_spastic", swing_share=0.95), 0.9, INITIAL_CONTACT),
        (*foot("flaccid", min_swing_ms=450.0), 300.0, INITIAL_CONTACT),
        (*foot("flaccid", min_stance_ms=500.0, still_ms=500.0), 460.0, HEEL_OFF),
        (*foot("stroke_moderate", still_dps=100.0, heel_off_deg=0.5), 50.0, "ho ff ic"),
        (*foot("flaccid", still_ms=400.0), 80.0, HEEL_OFF),
        (SHANK, (), {}, "detector.shank_imu.hold_ms", 25.0, HEEL_OFF),
        (SHANK, STANDS, BY_STANDING, "detector.shank_imu.min_stance_ms", 500.0, "ho tc"),
        (SHANK, TILT, BY_TILT, "detector.shank_imu.tilt_on_deg", 11.5, HEEL_OFF),
        (SHANK, TILT, BY_TILT, "detector.shank_imu.hold_ms", 25.0, HEEL_OFF),
        (
            SHANK,
            WAITS,
            {"shank_imu": ShankImuConfig(min_swing_ms=450.0)},
            "detector.shank_imu.min_swing_ms",
            470.0,
            INITIAL_CONTACT,
        ),
        (FUSED, (), {}, "detector.foot_imu.heel_off_deg", 4.5, HEEL_OFF),
        (FUSED, (), {}, "detector.foot_imu.toe_share", 0.28, TERMINAL_CONTACT),
        (
            FUSED,
            FORCE,
            {"heel": HeelConfig(adapts=False)},
            "detector.heel.off_N",
            25.0,
            HEEL_OFF,
        ),
        (
            HEEL,
            (FOREFOOT, FORCE[1]),
            {"heel": HeelConfig(adapts=False)},
            "detector.heel.off_N",
            25.0,
            TERMINAL_CONTACT,
        ),
        (HEEL, FORCE, {"heel": HeelConfig(adapts=False)}, "detector.heel.off_N", 25.0, HEEL_OFF),
    ],
)
def test_a_dial_that_an_event_names_moves_it(
    walks: Walks,
    name: str,
    sets: tuple[str, ...],
    tables: Any,
    dial: str,
    value: object,
    kind: str,
) -> None:
    walked = walks(name, *sets, **tables)
    naming, kinds = walked.naming(dial), kind.split()
    assert {event[0] for event in naming} == set(kinds)
    turned = walked.with_turned(dial, value)
    assert not {event for event in naming & turned if event[0] == kinds[0]}


@pytest.mark.parametrize(
    ("name", "table", "dials"),
    [
        (
            FOOT,
            "foot_imu",
            (
                *("heel_off_deg", "toe_share", "push_share", "swing_share", "back_share"),
                *("lift_share", "min_swing_ms", "max_swing_ms", "max_push_ms", "min_stance_ms"),
            ),
        ),
        (
            SHANK,
            "shank_imu",
            ("hold_ms", "min_swing_ms", "max_swing_ms", "max_push_ms", "min_stance_ms"),
        ),
    ],
)
def test_a_dial_that_an_event_does_not_name_leaves_it_where_it_is(
    walks: Walks, name: str, table: str, dials: tuple[str, ...]
) -> None:
    walked = walks(name)
    for dial in dials:
        key = f"detector.{table}.{dial}"
        turned = walked.with_turned(key, 1.1 * getattr(getattr(walked.config, table), dial))
        assert set(walked.named) - walked.naming(key) <= turned, key


def test_a_heel_off_out_of_rest_does_not_name_what_rest_is(walks: Walks) -> None:
    walked = walks(FOOT)
    told = {event for event in walked.named if event[0] == HEEL_OFF}
    assert told
    for dial in ("still_ms", "still_dps"):
        assert not told & walked.naming(f"detector.foot_imu.{dial}")


def test_of_a_shank_the_shortest_stance_is_named_where_it_kept_the_heel_off_back_and_only_there(
    walks: Walks,
) -> None:
    dial = "detector.shank_imu.min_stance_ms"
    walked = walks(SHANK, *STANDS, **BY_STANDING)
    told = {event for event in walked.named if event[0] == HEEL_OFF}
    sooner = sorted(t_s for kind, t_s, _ in walked.with_turned(dial, 150.0) if kind == HEEL_OFF)
    late = {event for event in told if min(abs(event[1] - t_s) for t_s in sooner) > 0.02}
    assert late
    assert walked.naming(dial) & told == late
    assert not walks(SHANK).naming(dial)


def test_of_two_sensors_the_one_that_told_is_named_and_its_dials_alone(walks: Walks) -> None:
    walked = walks(FUSED)
    assert {kind for kind, *_ in walked.named} == {
        HEEL_OFF,
        TERMINAL_CONTACT,
        INITIAL_CONTACT,
        FOOT_FLAT,
    }
    assert set(walked.by.values()) == {"heel", "foot IMU"}
    for event, keys in walked.named.items():
        table = {"heel": "detector.heel.", "foot IMU": "detector.foot_imu."}[str(walked.by[event])]
        assert all(key.startswith(table) for key in keys), event
    remarks = {
        remark.t_us: remark.text for remark in walked.run.remarks if " by the " in remark.text
    }
    for (kind, _, emit_s), by in walked.by.items():
        said = next(
            (text for t_us, text in remarks.items() if 0 <= emit_s * 1e6 - t_us < 9_000), ""
        )
        if said.startswith(f"{kind} by the"):
            assert str(by).split()[-1] in said.partition(";")[0]


LEG, AT_US = RIGHT, 2_000_000


@pytest.mark.parametrize(
    ("kind", "text", "earlier", "dials"),
    [
        (HEEL_OFF, "heel-off: tipped 9.1 deg out of rest, at -30 deg/s", (), ["heel_off_deg"]),
        (
            HEEL_OFF,
            "heel-off: tipped 3 deg since a rest before its contact, at -30 deg/s, below 32 deg/s",
            (),
            ["heel_off_deg", "still_ms"],
        ),
        (
            HEEL_OFF,
            "heel-off: tipped 9.1 deg, at -11 deg/s, fast enough only now",
            (),
            ["still_dps"],
        ),
        (HEEL_OFF, "heel-off: tipped 9.1 deg, looked for only now", (), ["min_stance_ms"]),
        (HEEL_OFF, "heel-off: tipped 9.1 deg, 8.0 after idle lifts", (), []),
        (
            TERMINAL_CONTACT,
            "terminal contact: push of 90 deg/s is over",
            ("heel-off: tipped", "no terminal contact: push of 30 deg/s is weak (41.0 at least)"),
            ["toe_share", "push_share"],
        ),
        (
            TERMINAL_CONTACT,
            "terminal contact: push of 90 deg/s is over",
            ("no terminal contact: push of 20 deg/s is weak (25.0 at least)",),
            ["toe_share"],
        ),
        (
            TERMINAL_CONTACT,
            "terminal contact: push of 90 deg/s is over",
            ("no terminal contact: push of 30 deg/s is weak (41.0 at least)", "heel-off: tipped"),
            ["toe_share"],
        ),
        (
            INITIAL_CONTACT,
            "contact: the foot turns toe-down 400 ms after toe-off",
            ("terminal contact: push", "no contact: too early in the swing (262.0 ms at least)"),
            ["swing_share"],
        ),
        (
            INITIAL_CONTACT,
            "contact: the foot turns toe-down 400 ms after toe-off",
            ("terminal contact: push", "no contact: too early in the swing (150.0 ms at least)"),
            ["min_swing_ms"],
        ),
        (
            INITIAL_CONTACT,
            "contact: the foot turns toe-down 400 ms after toe-off",
            ("no contact: too early in the swing (262.0 ms at least)", "terminal contact: push"),
            [],
        ),
        (
            INITIAL_CONTACT,
            "contact: the foot came to rest without turning toe-down, below 20.0 deg/s",
            (),
            ["still_ms", "still_dps"],
        ),
        (FOOT_FLAT, "foot flat: it has come to rest, below 31.9 deg/s", (), ["still_ms"]),
        (FOOT_FLAT, "pivoted by 30 deg without a step", (), []),
    ],
)
def test_what_kept_an_event_back_is_named_and_what_was_learnt_is_not(
    tmp_path: Path, kind: str, text: str, earlier: tuple[str, ...], dials: list[str]
) -> None:
    def came(t_us: int, what: str, *remarks: str) -> Any:
        sample = Sample(t_us, t_us + 3000, t_us // 10_000, LEG, FOOT_IMU, (0.0,) * 6)
        records = [Remark(t_us - 10_000 * n, LEG, each) for n, each in enumerate(remarks)]
        event = GaitEvent(what, LEG, t_us - 2000, t_us + 3000, 1.0)
        return t_us + 3000, sample, (), (event, *reversed(records))

    lines = [
        came(1_000_000, INITIAL_CONTACT),
        came(AT_US, kind, text, *reversed(earlier)),
        came(3_000_000, INITIAL_CONTACT),
    ]
    table = {"still_dps": 20.0, "still_ms": 80.0, "min_swing_ms": 150.0, "heel_off_deg": 3.0}
    table |= {"toe_share": 0.25, "push_share": 0.35, "swing_share": 0.65, "min_stance_ms": 300.0}
    config: dict[str, object] = {
        "program": {"trigger": "heel_off", "trigger_side": "same"},
        "detector": {"name": FOOT, "foot_imu": table},
    }
    run = written_run(tmp_path / "run", lines, config)
    found = [each for each in event_moments(run) if each.t_us == AT_US + 3000]
    named = [line.key.removeprefix("detector.foot_imu.") for line in found[0].lines[1:]]
    assert named == dials


def test_a_sensor_that_the_detector_does_not_read_made_nothing_certain(
    walks: Walks,
) -> None:
    run = walks(FOOT, 'patient.leg.0.sensors.worn=["heel_switch","foot_imu"]').run
    read = {
        moment.facts["sensor"]
        for stride in strides_of(run, RIGHT).strides
        for moment in explain(run, RIGHT, stride.number).moments
        if moment.stage == SENSOR
    }
    assert read == {FOOT_IMU}


def test_what_is_learnt_as_far_as_it_may_names_the_bound(tmp_path: Path) -> None:
    latest, least = "program.adaptive.latest_ms", "program.adaptive.least_extension_ms"
    sets = (
        f"{latest}=20",
        f"{least}=70",
        "walk.patient=stroke_mild",
        "program.adaptive.start=0.05",
    )
    words = [word for each in sets for word in ("--set", each)]
    run = read_run(kept_walk(tmp_path / "run", "adaptive", "--duration", "25", *words))
    (leg,) = run.walk.legs
    rules = [
        (moment.text, {line.key: line.origin for line in moment.lines})
        for stride in strides_of(run, leg.leg).strides
        for moment in explain(run, leg.leg, stride.number).moments
        if moment.stage == RULE
    ]
    assert any(", 50.0 ms for a ramp that is twice as much shorter" in text for text, _ in rules)
    for begins, key, at_bound in (
        ("heel-off starts", latest, "20.0 ms that were learnt"),
        ("the fall begins", least, " 70.0 ms after initial contact"),
    ):
        told = [(text, lines) for text, lines in rules if text.startswith(begins)]
        learnt = [each for each in told if "program.adaptive.learn" in each[1]]
        assert {at_bound in text for text, _ in learnt} == {True, False}
        for text, lines in told:
            assert (key in lines) == (at_bound in text), text
            assert ("program.rise_ms" in lines) == ("for a ramp that is" in text), text
            assert lines.get(key, "--set").startswith("--set")
