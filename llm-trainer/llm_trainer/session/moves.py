"""Where a session goes next, whatever brought it there: into an exchange, a hold, a wait, to its end."""

from __future__ import annotations

from llm_trainer.session import curriculum, prompts
from llm_trainer.session.backoff import wait_seconds
from llm_trainer.session.dialogue import Draft, Plan
from llm_trainer.session.events import Failed
from llm_trainer.session.notices import Closed, Notice, Status
from llm_trainer.session.state import Phase, State, changed


class EngineBreach(AssertionError):
    """An invariant does not hold: the session must stop, never go on."""


def draft_of(s: State) -> Draft:
    """The exchange under way, which this phase must have."""
    if s.draft is None:
        raise EngineBreach(f"no draft while {s.phase.value}")
    return s.draft


def level_of(s: State) -> int:
    """How richly to speak to this learner now."""
    return curriculum.level(s.stage, s.finished)


def told(plan: Plan, s: State) -> str:
    """The system prompt of the next turn."""
    return prompts.system(
        session_id=plan.session_id,
        topic=s.topic,
        level=level_of(s),
        strategy=s.tuning.strategy,
        conversation=s.conversation,
        first=not s.turns,
        rejected=s.rejected,
        nudge=s.nudge,
    )


def noted(s: State, *notices: Notice) -> State:
    """Add to what the world is to hear."""
    return changed(s, notices=(*s.notices, *notices))


def ended(s: State, reason: str) -> State:
    """End; a draft that the learner may have heard is uncertain, one that it surely has not is abandoned."""
    if s.draft is not None:
        s = closed(s, "abandoned" if s.draft.certain else "uncertain")
    return changed(s, phase=Phase.ENDED, end_reason=reason, reason=reason, until=None)


def closed(s: State, status: Status) -> State:
    """The exchange under way comes to its end."""
    draft, pause = draft_of(s), s.pause_after
    if status == "taught":
        s = changed(s, taught=s.taught + 1)
    elif status == "uncertain":
        s = changed(s, uncertain=s.uncertain + 1)
    else:
        s = changed(s, refused=s.refused + 1)
    if pause is not None and status in ("taught", "uncertain"):
        pause = max(0, pause - 1)
    s = changed(s, draft=None, failures=0, topic_exchanges=s.topic_exchanges + 1, pause_after=pause)
    return noted(s, Closed(draft.number, status))


def between(plan: Plan, s: State) -> State:
    """Where to go when no exchange is under way."""
    if s.stop_reason is not None:
        return ended(s, s.stop_reason)
    if s.finished >= plan.max_exchanges:
        return ended(s, "completed")
    if s.pause_after == 0:
        return held(s, Phase.RESTING)
    wake = s.began_at + s.tuning.delay_seconds
    if s.tuning.delay_seconds > 0 and s.number > 0 and wake > s.clock:
        return changed(s, phase=Phase.RESTING, until=wake, reason="")
    return asking(plan, s)


def asking(plan: Plan, s: State) -> State:
    """Begin an exchange, with a new topic if it is time for one."""
    chosen_here = bool(s.tuning.topics)
    stale = s.topic_exchanges >= s.tuning.topic_switch_interval and (chosen_here or s.topic is None)
    if s.topic_index < 0 or s.topic_over or s.next_topic is not None or stale:
        s = next_topic(plan, s)
    return changed(s, phase=Phase.ASKING, began_at=s.clock, until=None, reason="")


def next_topic(plan: Plan, s: State) -> State:
    """The topic somebody asked for, else the next of the curriculum."""
    if s.next_topic is not None:
        return conversation(changed(s, topic_index=max(0, s.topic_index), next_topic=None), s.next_topic)
    index = s.topic_index + 1
    topic = curriculum.topic_at(s.tuning.topics, index, plan.seed if plan.shuffle else None)
    return conversation(changed(s, topic_index=index), topic)


def conversation(s: State, topic: str | None) -> State:
    """A new conversation, about this."""
    number = s.conversation + 1
    return changed(s, topic=topic, conversation=number, topic_exchanges=0, topic_over=False, turns=())


def held(s: State, after: Phase) -> State:
    """Hold; ``after``: where to go on."""
    return changed(s, phase=Phase.PAUSED, held_phase=after, until=None, pause_after=0, reason="paused by request")


def waiting(s: State, event: Failed, phase: Phase) -> State:
    """Wait for a peer that failed, longer each time."""
    failures = s.failures + 1
    until = s.clock + wait_seconds(failures, event.chance, event.retry_after)
    return changed(s, phase=phase, failures=failures, until=until, reason=event.detail)
