"""The session engine: decides what happens next, touches nothing.

    while not isinstance(step := session.next_step(), End):
        session.apply(await perform(step))

Laws, held by the property tests:

* The transition table is total: each event either has a row for the phase or is a breach (EngineBreach).
* An exchange's text and key never change once drafted; a draft is closed exactly once.
* A learner that is not idempotent never gets the same key a second time after an uncertain outcome.
* The same events make the same session.
"""

from __future__ import annotations

from collections.abc import Callable

from llm_trainer.session import prompts
from llm_trainer.session.dialogue import Plan
from llm_trainer.session.events import Event
from llm_trainer.session.moves import EngineBreach, draft_of, level_of, told
from llm_trainer.session.notices import Ended, Notice, PhaseChanged, TopicChanged
from llm_trainer.session.state import RUNNING, Phase, State, changed
from llm_trainer.session.steps import AskTeacher, CheckLearner, End, RecordDraft, Rest, Retell, Step, Teach
from llm_trainer.session.transitions import TRANSITIONS

SEEDS = 2**31


class Session:
    """One session: ``next_step`` asks for exactly one thing, ``apply`` takes what came of it."""

    def __init__(self, plan: Plan, state: State | None = None) -> None:
        self.plan = plan
        self.state = state or State(tuning=plan.tuning, idempotent=plan.idempotent)

    def next_step(self) -> Step:
        """What to do now; asking twice gives the same step."""
        return STEPS[self.state.phase](self.plan, self.state)

    def apply(self, event: Event) -> tuple[Notice, ...]:
        """Take one event in; returns what the world should hear of it."""
        before = changed(self.state, clock=event.at, notices=())
        move = TRANSITIONS.get((before.phase, type(event)))
        if move is None:
            raise EngineBreach(f"{type(event).__name__} cannot happen while {before.phase.value}")
        after = move(self.plan, before, event)
        if after.number - after.finished - after.refused != (after.draft is not None):
            raise EngineBreach(f"counters disagree: {after.number=} {after.finished=} {after.refused=} {after.draft=}")
        self.state = changed(after, notices=(*after.notices, *_changes(before, after)))
        return self.state.notices


def _changes(before: State, after: State) -> list[Notice]:
    changes: list[Notice] = []
    if after.topic is not None and (after.topic, after.conversation) != (before.topic, before.conversation):
        changes.append(TopicChanged(after.topic, after.conversation))
    shown = shown_phase(after.phase)
    if shown != shown_phase(before.phase) or (after.until != before.until and shown != "running"):
        changes.append(PhaseChanged(shown, after.reason, after.until))
    if after.phase is Phase.ENDED is not before.phase:
        changes.append(Ended(after.end_reason or ""))
    return changes


def shown_phase(phase: Phase) -> str:
    """The phase as people follow it: the steps of one exchange are all ``running``."""
    return "running" if phase in RUNNING else phase.value


# ---------------------------------------------------------------- what each phase asks for


def _ask(plan: Plan, s: State) -> AskTeacher:
    said = prompts.messages(told(plan, s), s.turns)
    seed = (plan.seed + s.number * 10 + s.rejections) % SEEDS
    return AskTeacher(s.number + 1, said, s.topic, level_of(s), seed, s.tuning.delay_seconds, s.rejections)


def _record(plan: Plan, s: State) -> RecordDraft:
    draft = draft_of(s)
    return RecordDraft(draft.number, draft.key, draft.text, s.topic, s.conversation, level_of(s), draft.mended)


def _teach(plan: Plan, s: State) -> Teach:
    draft = draft_of(s)
    return Teach(draft.number, draft.key, draft.text, s.conversation, draft.attempts + 1)


STEPS: dict[Phase, Callable[[Plan, State], Step]] = {
    Phase.CHECKING: lambda plan, s: CheckLearner(),
    Phase.RETELLING: lambda plan, s: Retell(s.lost_key or ""),
    Phase.ASKING: _ask,
    Phase.DRAFTING: _record,
    Phase.TEACHING: _teach,
    Phase.RESTING: lambda plan, s: Rest(s.until),
    Phase.WAITING_LLM: lambda plan, s: Rest(s.until),
    Phase.WAITING_LEARNER: lambda plan, s: Rest(s.until),
    Phase.PAUSED: lambda plan, s: Rest(None),
    Phase.ENDED: lambda plan, s: End(s.end_reason or ""),
}
