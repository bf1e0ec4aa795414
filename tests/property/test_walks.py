"""Random walks with random mishaps: whatever happens, the electrode sees nothing it should not."""

from dataclasses import replace

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fes_ctrl.assembly import problems_of
from fes_ctrl.safety.faults import BY_ID, LATCH
from fes_ctrl.stim.config import ChannelConfig, ProgramConfig
from firmware_sim.injections import EVERYWHERE, Injection
from hil.config import CableConfig, WalkConfig
from hil.scenarios import load_scenario
from hil.simulate import simulate

BASE = load_scenario("standard").walk

PROGRAMS = st.builds(
    ProgramConfig,
    delay_ms=st.floats(0, 500),
    trigger_lead_ms=st.sampled_from([0.0, 150.0]),
    end_lead_ms=st.sampled_from([0.0, 80.0]),
    rise_ms=st.floats(0, 400),
    extension_ms=st.floats(0, 500),
    fall_ms=st.floats(0, 400),
    time_out_ms=st.floats(300, 1500),
    min_on_ms=st.floats(0, 600),
    lock_out_ms=st.floats(0, 600),
    channel=st.lists(
        st.builds(
            ChannelConfig,
            intensity=st.floats(0, 0.9),
            pulse_width_us=st.integers(180, 300),
            rate_hz=st.floats(15, 50),
            waveform=st.sampled_from(["symmetric", "asymmetric"]),
            polarity=st.sampled_from(["normal", "inverted"]),
        ),
        min_size=1,
        max_size=3,
    ).map(lambda found: tuple(replace(c, channel=k) for k, c in enumerate(found))),
)

MISHAPS = st.lists(
    st.builds(
        lambda row, from_us, lasts_us: Injection(row.name, from_us, from_us + lasts_us),
        st.sampled_from(EVERYWHERE),
        st.integers(0, 11_000_000),
        st.integers(1_000, 4_000_000),
    ),
    max_size=2,
    unique_by=lambda found: found.name,
).map(tuple)

CABLES = st.builds(
    CableConfig,
    byte_us=st.floats(1, 90),
    latency_us=st.integers(1, 3_000),
    jitter_us=st.integers(0, 3_000),
    loss=st.sampled_from([0.0, 0.0, 0.01, 0.2]),
    corruption=st.sampled_from([0.0, 0.0, 0.01, 0.2]),
)


@settings(max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(PROGRAMS, MISHAPS, CABLES, st.integers(0, 10_000), st.booleans())
def test_the_witness_sees_no_limit_broken_whatever_happens(
    program: ProgramConfig,
    mishaps: tuple[Injection, ...],
    cable: CableConfig,
    seed: int,
    evaluation: bool,
) -> None:
    control = replace(BASE.control, program=program)
    if problems_of(BASE.legs, control):
        return
    walk: WalkConfig = replace(
        BASE,
        control=control,
        inject=mishaps,
        cable=cable,
        seed=seed,
        duration_s=12.0,
        evaluation=evaluation,
    )
    result = simulate(walk)
    # A lost or late frame may bring two pulses closer on the wire than they were planned, by
    # the cable's own jitter; the witness allows for 2 ms of it, a rough cable has more.
    rough = cable.jitter_us > 1_000 or cable.byte_us > 20
    broken = [
        found for found in result.walk.violations if not (rough and found["limit"] == "interval_ms")
    ]
    assert broken == []
    leg = result.walk.legs[0]
    # The walk may end within a burst, which then is open on every channel.
    over = leg.bursts[: -len(program.channel)]
    assert all(burst.end is not None for burst in over)
    if evaluation:
        assert leg.pulses_us == []
    for fault in result.walk.faults:
        if fault.reaction == LATCH and not BY_ID[fault.id].keeps_level:
            # Nobody arms again in these walks: what is on the wire may still arrive.
            on_the_wire_us = 40 * 90 + 3_000 + 3_000
            assert leg.pulses_us[-1:] <= [fault.t_us + on_the_wire_us]
    twice = simulate(walk, "virtual")
    assert twice.setpoints_sha256 == result.setpoints_sha256
    assert twice.figures == result.figures
