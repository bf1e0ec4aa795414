"""The phase machine against a reference that reads the whole story of a leg anew each time."""

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fes_ctrl.gait.config import PhaseConfig
from fes_ctrl.gait.phase import PhaseMachine
from fes_ctrl.model import (
    EVENT_KINDS,
    FOOT_FLAT,
    HEEL_OFF,
    INITIAL_CONTACT,
    LEFT,
    PRE_SWING,
    RIGHT,
    STANCE,
    STANDING,
    SWING,
    TERMINAL_CONTACT,
    TURNING,
    UNKNOWN,
    WALKING,
    GaitEvent,
    PhaseChange,
)
from fes_ctrl.units import NEVER_US

PHASE_OF = {
    INITIAL_CONTACT: STANCE,
    FOOT_FLAT: STANCE,
    HEEL_OFF: PRE_SWING,
    TERMINAL_CONTACT: SWING,
}
SHORTEST_US = 100_000
"""Of stance and of swing; what is shorter is none."""

CONFIGS = [
    PhaseConfig(),
    PhaseConfig(stance_time_out_ms=1_200.0, swing_time_out_ms=700.0, turn_deg=40.0),
    PhaseConfig(stance_time_out_ms=500.0, swing_time_out_ms=3_000.5, turn_deg=5.0),
]
GAPS_US = [0, 1, 50_000, 99_999, 100_000, 100_001, 200_000, 450_000, 700_000, 1_300_000, 2_400_000]
LATENCIES_US = [0, 1, 20_000, 300_000, 2_000_000]
STRIDES = [
    (HEEL_OFF, TERMINAL_CONTACT, INITIAL_CONTACT, FOOT_FLAT),
    (HEEL_OFF, INITIAL_CONTACT),
    (TERMINAL_CONTACT, INITIAL_CONTACT),
    (HEEL_OFF, TERMINAL_CONTACT, FOOT_FLAT),
]

Turn = tuple[float, float]


@dataclass
class Told:
    """An event of the own leg, and how far the foot had turned."""

    event: GaitEvent
    turn_deg: float


@dataclass
class Story:
    """All that one leg has done, in chapters: a time-out ends one."""

    config: PhaseConfig
    chapters: list[list[Told]] = field(default_factory=lambda: [[]])

    @property
    def deadline_us(self) -> int:
        """When the leg has done nothing for too long."""
        if not self.chapters[-1]:
            return NEVER_US
        event = self.chapters[-1][-1].event
        c = self.config
        stands = PHASE_OF[event.kind] == STANCE
        out_ms = c.stance_time_out_ms if stands else c.swing_time_out_ms
        return event.t_emit_us + round(out_ms * 1000)

    @property
    def phase(self) -> str:
        if self.chapters[-1]:
            return PHASE_OF[self.chapters[-1][-1].event.kind]
        stands = len(self.chapters) > 1 and PHASE_OF[self.chapters[-2][-1].event.kind] == STANCE
        return STANCE if stands else UNKNOWN

    def stances(self, chapter: list[Told]) -> list[tuple[Told, list[Told]]]:
        """Each contact of a walk, with what followed until the next."""
        found: list[tuple[Told, list[Told]]] = []
        for told in chapter:
            if told.event.kind == INITIAL_CONTACT:
                found.append((told, []))
            elif found:
                found[-1][1].append(told)
        return found

    def is_step(self, chapter: list[Told], index: int) -> bool:
        """Whether the event there is a contact, and a whole swing lies behind it."""
        event = chapter[index].event
        if event.kind != INITIAL_CONTACT:
            return False
        lifts = []
        for told in reversed(chapter[:index]):
            if told.event.kind == INITIAL_CONTACT:
                break
            if told.event.kind in (HEEL_OFF, TERMINAL_CONTACT):
                lifts.append(told.event.t_event_us)
        return bool(lifts) and event.t_event_us - lifts[-1] >= SHORTEST_US

    def steps_in(self, chapter: list[Told]) -> list[int]:
        return [index for index in range(len(chapter)) if self.is_step(chapter, index)]

    @property
    def stepping(self) -> bool:
        return bool(self.steps_in(self.chapters[-1]))

    def usual_turn_deg(self) -> float:
        """What the walker's foot turns in a stride, of all strides that it ever took."""
        usual_deg = 0.0
        for chapter in self.chapters:
            for index in self.steps_in(chapter):
                usual_deg += 0.2 * self.beyond(chapter[index].turn_deg, usual_deg)
        return usual_deg

    def beyond(self, turn_deg: float, usual_deg: float) -> float:
        """How much more than usual, but no more than makes a turn: one says little of the next."""
        limit_deg = self.config.turn_deg
        return max(-limit_deg, min(limit_deg, turn_deg - usual_deg))

    @property
    def activity(self) -> str:
        """Retold from the beginning."""
        activity, usual_deg, limit_deg = UNKNOWN, 0.0, self.config.turn_deg
        for number, chapter in enumerate(self.chapters):
            if number:
                stood = PHASE_OF[self.chapters[number - 1][-1].event.kind] == STANCE
                activity = STANDING if stood else UNKNOWN
            steps = self.steps_in(chapter)
            for index, told in enumerate(chapter):
                if index in steps:
                    turns = abs(told.turn_deg - usual_deg) > limit_deg
                    activity = TURNING if turns else WALKING
                    usual_deg += 0.2 * self.beyond(told.turn_deg, usual_deg)
                elif told.event.kind == FOOT_FLAT and not (steps and steps[0] < index):
                    activity = TURNING if abs(told.turn_deg) > limit_deg else activity
        return activity

    @property
    def last_stance_us(self) -> int:
        """To the terminal contact; to the heel-off where none has been told.

        What follows the terminal contact without a contact between belongs to another stance.
        """
        last_us = 0
        for chapter in self.chapters:
            for contact, after in self.stances(chapter):
                ends = [
                    (told.event.kind, told.event.t_event_us - contact.event.t_event_us)
                    for told in after
                    if PHASE_OF[told.event.kind] != STANCE
                ]
                ends = [(kind, stance_us) for kind, stance_us in ends if stance_us >= SHORTEST_US]
                left_us = [stance_us for kind, stance_us in ends if kind == TERMINAL_CONTACT]
                if left_us:
                    last_us = left_us[0]
                elif ends:
                    last_us = ends[-1][1]
        return last_us

    @property
    def last_stride_us(self) -> int:
        """From contact to contact of one walk; a clock that was set back measures nothing."""
        strides = [0]
        for chapter in self.chapters:
            at_us = [contact.event.t_event_us for contact, _ in self.stances(chapter)]
            strides += [b - a for a, b in pairwise(at_us) if b > a]
        return strides[-1]


class PhaseAgainstStory(RuleBasedStateMachine):
    @initialize(config=st.sampled_from(CONFIGS), leg=st.sampled_from([LEFT, RIGHT]))
    def begin(self, config: PhaseConfig, leg: int) -> None:
        self.machine = PhaseMachine(leg, config)
        self.story = Story(config)
        self.now_us = 60_000_000
        self.tell = (UNKNOWN, UNKNOWN)

    def changed(self, change: PhaseChange | None, t_us: int) -> None:
        """A change is told where phase or activity is another than it was, and only there."""
        now = (self.story.phase, self.story.activity)
        if now == self.tell:
            assert change is None
        else:
            assert change == PhaseChange(t_us, self.machine.leg, *now)
        self.tell = now

    def wait(self, until_us: int) -> None:
        """Let time pass as the controller does: what is due comes first, at its own instant."""
        due_us = self.story.deadline_us
        if due_us <= until_us:
            self.tick_at(due_us)
        self.now_us = until_us

    def tick_at(self, t_us: int) -> None:
        if self.story.deadline_us <= t_us:
            self.story.chapters.append([])
        self.changed(self.machine.tick(t_us), t_us)

    def take(self, kind: str, t_event_us: int, turn_deg: float) -> None:
        event = GaitEvent(kind, self.machine.leg, t_event_us, self.now_us, 1.0)
        self.story.chapters[-1].append(Told(event, turn_deg))
        self.changed(self.machine.update(event, turn_deg), self.now_us)

    def turn_deg(self, turn: Turn) -> float:
        """Degrees of so many thresholds beyond the usual, and a little."""
        limits, little_deg = turn
        return self.story.usual_turn_deg() + limits * self.story.config.turn_deg + little_deg

    @rule(
        kind=st.sampled_from(EVENT_KINDS),
        gap_us=st.sampled_from(GAPS_US),
        latency_us=st.sampled_from(LATENCIES_US),
        turn=st.tuples(st.sampled_from([0.0, 0.5, 1.0, -1.0, 3.0]), st.sampled_from([-0.01, 0.01])),
    )
    def event(self, kind: str, gap_us: int, latency_us: int, turn: Turn) -> None:
        self.wait(self.now_us + gap_us)
        self.take(kind, self.now_us - latency_us, self.turn_deg(turn))

    @rule(
        kinds=st.sampled_from(STRIDES),
        count=st.integers(1, 4),
        gaps_us=st.lists(st.sampled_from(GAPS_US[3:9]), min_size=4, max_size=4),
        latency_us=st.sampled_from(LATENCIES_US[:3]),
        turn=st.tuples(st.sampled_from([0.0, 1.0, -1.0, 3.0]), st.sampled_from([-0.01, 0.01])),
    )
    def strides(
        self,
        kinds: tuple[str, ...],
        count: int,
        gaps_us: list[int],
        latency_us: int,
        turn: Turn,
    ) -> None:
        for _ in range(count):
            for kind, gap_us in zip(kinds, gaps_us, strict=False):
                self.wait(self.now_us + gap_us)
                self.take(kind, self.now_us - latency_us, self.turn_deg(turn))

    @rule(kind=st.sampled_from([INITIAL_CONTACT, FOOT_FLAT]), sign=st.sampled_from([-1.0, 1.0]))
    @precondition(lambda self: self.story.usual_turn_deg() == 0.0)
    def turns_by_just_the_limit(self, kind: str, sign: float) -> None:
        self.wait(self.now_us + 200_000)
        self.take(kind, self.now_us, sign * self.story.config.turn_deg)

    @rule(
        kind=st.sampled_from(EVENT_KINDS),
        back_us=st.sampled_from([1, 100_000, 1_000_000, 50_000_000]),
        all_of_it=st.booleans(),
    )
    def clock_set_back(self, kind: str, back_us: int, *, all_of_it: bool) -> None:
        """The event's clock, or that of the whole host."""
        if all_of_it:
            self.now_us = max(0, self.now_us - back_us)
        self.take(kind, max(0, self.now_us - back_us), 0.0)

    @rule(kind=st.sampled_from(EVENT_KINDS), turn_deg=st.sampled_from([0.0, 90.0]))
    def other_leg(self, kind: str, turn_deg: float) -> None:
        before = self.machine.snapshot()
        other = RIGHT if self.machine.leg == LEFT else LEFT
        event = GaitEvent(kind, other, self.now_us, self.now_us, 1.0)
        assert self.machine.update(event, turn_deg) is None
        assert self.machine.snapshot() == before

    @rule(past_us=st.sampled_from([-1_000_000, -1, 0, 1, 40_000_000]))
    def tick(self, past_us: int) -> None:
        """About when it wants to be called, or at any time where it does not want to be."""
        due_us = self.story.deadline_us
        self.now_us = self.now_us if due_us == NEVER_US else max(self.now_us, due_us + past_us)
        self.tick_at(self.now_us)

    @invariant()
    def it_says_what_the_story_says(self) -> None:
        if not hasattr(self, "machine"):
            return
        machine, story = self.machine, self.story
        said = {**machine.snapshot(), "stepping": machine.stepping}
        assert said == {
            "phase": story.phase,
            "activity": story.activity,
            "last_stance_us": story.last_stance_us,
            "last_stride_us": story.last_stride_us,
            "deadline_us": story.deadline_us,
            "stepping": story.stepping,
        }
        told = [told.event.t_emit_us for told in story.chapters[-1]]
        assert machine.deadline_us == NEVER_US or machine.deadline_us > told[-1]


PhaseAgainstStory.TestCase.settings = settings(
    max_examples=100, stateful_step_count=20, deadline=None
)
TestPhaseAgainstStory = PhaseAgainstStory.TestCase
