"""Looking at the talk after each exchange, and doing the next thing against what goes wrong in it."""

from __future__ import annotations

from llm_trainer.session import curriculum
from llm_trainer.session.dialogue import Plan, Turn
from llm_trainer.session.moves import asking, between, level_of, noted
from llm_trainer.session.notices import Noted
from llm_trainer.session.pathologies import WATCHED_TURNS, Remedy, symptom
from llm_trainer.session.state import Phase, State, changed

PAUSE_SECONDS = 5.0
"""The last rung of the ladder against pathologies of the talk."""


def watched(plan: Plan, s: State, said: tuple[Turn, ...]) -> tuple[State, Remedy | None]:
    """Look for what goes wrong in the talk, and do the next thing against it.

    A speaker that chooses its own topics follows a script that nothing said to it can change: it is left alone.
    """
    if not s.tuning.topics:
        return s, None
    s = changed(s, watched=(*s.watched, *said)[-WATCHED_TURNS:])
    found = symptom(s.watched, level_of(s))
    ladder, remedy = s.ladder.climb(found)
    s = changed(s, ladder=ladder)
    if found is None or remedy is None:
        return s, None
    s = noted(s, Noted("pathology", f"{found.kind}: {remedy.value}"))
    if remedy is Remedy.NUDGE:
        return changed(s, nudge=found.kind), remedy
    if remedy is Remedy.NEW_TOPIC and len(s.tuning.topics) > 1 and not s.topic_over and s.next_topic is None:
        return _other_topic(plan, s), remedy
    return changed(s, topic_over=True), remedy


def _other_topic(plan: Plan, s: State) -> State:
    """The next topic in the same conversation: both sides remember what was said."""
    index = s.topic_index + 1
    topic = curriculum.topic_at(s.tuning.topics, index, plan.seed if plan.shuffle else None)
    return changed(s, topic=topic, topic_index=index, topic_exchanges=0)


def paused(plan: Plan, s: State) -> State:
    """Hold a little, then begin afresh; a session that nobody watches still comes to its end."""
    after = between(plan, s)
    if after.phase not in (Phase.ASKING, Phase.RESTING):
        return after
    until = max(s.clock + PAUSE_SECONDS, after.until or s.clock)
    reason = f"the talk went round in circles; it goes on after {PAUSE_SECONDS:g} seconds"
    return changed(asking(plan, s), phase=Phase.WAITING_LLM, until=until, reason=reason)
