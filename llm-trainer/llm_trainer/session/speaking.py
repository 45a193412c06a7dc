"""What the teacher's turns do to a session: used, mended, refused, or not to be had."""

from __future__ import annotations

from llm_trainer.session import guard, prompts
from llm_trainer.session.backoff import wait_seconds
from llm_trainer.session.dialogue import Draft, Plan, exchange_key
from llm_trainer.session.events import Drafted, Failed, Rested, ResumeAsked, Spoke
from llm_trainer.session.moves import conversation, ended, held, level_of, next_topic, noted, told, waiting
from llm_trainer.session.notices import Noted
from llm_trainer.session.state import Phase, State, changed

NUDGES = 2
"""Times a rejected text is asked for again before the topic changes."""
REJECTIONS_BEFORE_WAITING = 9


def spoke(plan: Plan, s: State, event: Spoke) -> State:
    """The teacher spoke: its text becomes a draft, or is refused."""
    s = changed(s, failures=0)
    if s.stop_reason is not None:
        return ended(s, s.stop_reason)
    if event.topic is not None and event.topic != s.topic:
        unspoken = s.topic is None and not s.turns
        s = changed(s, topic=event.topic) if unspoken else conversation(s, event.topic)
    verdict = guard.judge(
        event.text,
        prompt=told(plan, s),
        canary=prompts.mark(plan.session_id),
        level=level_of(s) if s.tuning.topics else None,
        cut=event.cut,
    )
    if verdict.rejected is not None:
        return _rejected(plan, changed(s, topic_over=s.topic_over or event.last), verdict.rejected)
    number = s.number + 1
    draft = Draft(number, exchange_key(plan.session_id, number), verdict.text, mended=verdict.mended)
    return changed(
        s,
        phase=Phase.DRAFTING,
        number=number,
        draft=draft,
        topic_over=event.last,
        rejections=0,
        rejected=None,
        nudge=None,
    )


def _rejected(plan: Plan, s: State, why: str) -> State:
    s = changed(s, rejections=s.rejections + 1, rejected=why)
    s = noted(s, Noted("rejected", f"the teacher's text was not used: {why}"))
    if s.rejections >= REJECTIONS_BEFORE_WAITING:
        wait = wait_seconds(s.rejections - REJECTIONS_BEFORE_WAITING + 5, 0.5)
        reason = f"the teacher gave {s.rejections} unusable texts in a row, the last one {why}"
        return changed(s, phase=Phase.WAITING_LLM, until=s.clock + wait, reason=reason)
    if s.topic_over or s.rejections % (NUDGES + 1) == 0:
        s = changed(next_topic(plan, s), rejected=None)
    return s


def teacher_failed(plan: Plan, s: State, event: Failed) -> State:
    """The teacher could not be asked."""
    if s.stop_reason is not None:
        return ended(s, s.stop_reason)
    if s.pause_after == 0:
        return held(s, Phase.ASKING)
    return waiting(s, event, Phase.WAITING_LLM)


def drafted(plan: Plan, s: State, event: Drafted) -> State:
    """The draft is on disk."""
    return changed(s, phase=Phase.TEACHING)


def ask_again(plan: Plan, s: State, event: Rested | ResumeAsked) -> State:
    """Ask the teacher."""
    return changed(s, phase=Phase.ASKING, until=None, reason="")
