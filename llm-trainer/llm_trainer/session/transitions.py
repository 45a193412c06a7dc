"""What each event does to a session, phase by phase: the transition table at the end, one small function a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from llm_trainer.session import curriculum, guard, prompts
from llm_trainer.session.backoff import wait_seconds
from llm_trainer.session.dialogue import Draft, Plan, Speaker, Turn, exchange_key
from llm_trainer.session.pathologies import WATCHED_TURNS, Remedy, symptom
from llm_trainer.session.state import Phase, State, changed
from llm_trainer.session.steps import (
    Awoke,
    Checked,
    Closed,
    Cursor,
    Drafted,
    Event,
    Failed,
    Noted,
    Notice,
    PauseAsked,
    Reconnected,
    Rested,
    ResumeAsked,
    Retold,
    Retuned,
    Spoke,
    Status,
    StopAsked,
    Taught,
)

NUDGES = 2
"""Times a rejected text is asked for again before the topic changes."""
REJECTIONS_BEFORE_WAITING = 9
ANSWERED_FAILURES = 5
"""Bad answers from a live learner to one utterance before it is given up as uncertain: it may be poison to it."""
REFUSALS_BEFORE_WAITING = 5
LEARNER_FORGOT = "learner-forgot"
"""Why a session ends whose learner forgot and cannot be told again without hearing something twice."""
PAUSE_SECONDS = 5.0
"""The last rung of the ladder against pathologies of the talk."""


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


def _noted(s: State, *notices: Notice) -> State:
    return changed(s, notices=(*s.notices, *notices))


def _ended(s: State, reason: str) -> State:
    """End; a draft that the learner may have heard is uncertain, one that it surely has not is abandoned."""
    if s.draft is not None:
        s = _closed(s, "abandoned" if s.draft.certain else "uncertain")
    return changed(s, phase=Phase.ENDED, end_reason=reason, reason=reason, until=None)


def _closed(s: State, status: Status) -> State:
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
    return _noted(s, Closed(draft.number, status))


def _between(plan: Plan, s: State) -> State:
    """Where to go when no exchange is under way."""
    if s.stop_reason is not None:
        return _ended(s, s.stop_reason)
    if s.finished >= plan.max_exchanges:
        return _ended(s, "completed")
    if s.pause_after == 0:
        return _held(s, Phase.RESTING)
    wake = s.began_at + s.tuning.delay_seconds
    if s.tuning.delay_seconds > 0 and s.number > 0 and wake > s.clock:
        return changed(s, phase=Phase.RESTING, until=wake, reason="")
    return _asking(plan, s)


def _asking(plan: Plan, s: State) -> State:
    """Begin an exchange, with a new topic if it is time for one."""
    chosen_here = bool(s.tuning.topics)
    stale = s.topic_exchanges >= s.tuning.topic_switch_interval and (chosen_here or s.topic is None)
    if s.topic_index < 0 or s.topic_over or s.next_topic is not None or stale:
        s = _next_topic(plan, s)
    return changed(s, phase=Phase.ASKING, began_at=s.clock, until=None, reason="")


def _next_topic(plan: Plan, s: State) -> State:
    """The topic somebody asked for, else the next of the curriculum."""
    if s.next_topic is not None:
        return _conversation(changed(s, topic_index=max(0, s.topic_index), next_topic=None), s.next_topic)
    index = s.topic_index + 1
    topic = curriculum.topic_at(s.tuning.topics, index, plan.seed if plan.shuffle else None)
    return _conversation(changed(s, topic_index=index), topic)


def _conversation(s: State, topic: str | None) -> State:
    number = s.conversation + 1
    return changed(s, topic=topic, conversation=number, topic_exchanges=0, topic_over=False, turns=())


def _held(s: State, after: Phase) -> State:
    return changed(s, phase=Phase.PAUSED, held_phase=after, until=None, pause_after=0, reason="paused by request")


def _checked(plan: Plan, s: State, event: Checked) -> State:
    s = changed(s, idempotent=event.idempotent, stage=event.stage or s.stage)
    if s.draft is None:  # one that can be looked at but not be told is still in trouble
        s = changed(s, failures=0)
    if s.stop_reason is not None:
        return _ended(s, s.stop_reason)
    if event.lost_key is not None:
        if not event.idempotent:
            return _ended(s, LEARNER_FORGOT)
        s = _noted(s, Noted("learner-forgot", f"the learner forgot {event.lost} exchanges; they are told again"))
        return changed(s, phase=Phase.RETELLING, lost_key=event.lost_key, learner_seq=None, cursor=None)
    _check_heads(s.cursor, event.cursor)
    return _onward(plan, changed(s, cursor=event.cursor))


def _check_heads(before: Cursor | None, after: Cursor | None) -> None:
    """I6: as many entries as before, and nothing forgotten, is the same record as before."""
    if before is None or after is None or (before.epoch, before.seq) != (after.epoch, after.seq):
        return
    if before.head and after.head and before.head != after.head:
        raise EngineBreach(f"I6: the learner's record was rewritten: {before} became {after}")


def _retold(plan: Plan, s: State, event: Retold) -> State:
    if event.key != s.lost_key:
        raise EngineBreach(f"told {event.key} again, {s.lost_key} was asked for")
    s = changed(s, lost_key=event.next_key, failures=0)
    return _onward(plan, s) if event.next_key is None or s.stop_reason is not None else s


def _onward(plan: Plan, s: State) -> State:
    """The learner is well: go on with the draft that waits, or with the next exchange."""
    s = changed(s, until=None, reason="")
    if s.stop_reason is not None:
        return _ended(s, s.stop_reason)
    if s.draft is not None:
        return _held(s, Phase.TEACHING) if s.pause_after == 0 else changed(s, phase=Phase.TEACHING)
    return _between(plan, s)


def _spoke(plan: Plan, s: State, event: Spoke) -> State:
    s = changed(s, failures=0)
    if s.stop_reason is not None:
        return _ended(s, s.stop_reason)
    if event.topic is not None and event.topic != s.topic:
        unspoken = s.topic is None and not s.turns
        s = changed(s, topic=event.topic) if unspoken else _conversation(s, event.topic)
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
    s = _noted(s, Noted("rejected", f"the teacher's text was not used: {why}"))
    if s.rejections >= REJECTIONS_BEFORE_WAITING:
        wait = wait_seconds(s.rejections - REJECTIONS_BEFORE_WAITING + 5, 0.5)
        reason = f"the teacher gave {s.rejections} unusable texts in a row, the last one {why}"
        return changed(s, phase=Phase.WAITING_LLM, until=s.clock + wait, reason=reason)
    if s.topic_over or s.rejections % (NUDGES + 1) == 0:
        s = changed(_next_topic(plan, s), rejected=None)
    return s


def _teacher_failed(plan: Plan, s: State, event: Failed) -> State:
    if s.stop_reason is not None:
        return _ended(s, s.stop_reason)
    if s.pause_after == 0:
        return _held(s, Phase.ASKING)
    return _waiting(s, event, Phase.WAITING_LLM)


def _waiting(s: State, event: Failed, phase: Phase) -> State:
    failures = s.failures + 1
    until = s.clock + wait_seconds(failures, event.chance, event.retry_after)
    return changed(s, phase=phase, failures=failures, until=until, reason=event.detail)


def _drafted(plan: Plan, s: State, event: Drafted) -> State:
    return changed(s, phase=Phase.TEACHING)


def _taught(plan: Plan, s: State, event: Taught) -> State:
    draft = draft_of(s)
    turns = (*s.turns, Turn(Speaker.TEACHER, draft.text), Turn(Speaker.LEARNER, event.reply))
    went_back = event.seq is not None and s.learner_seq is not None and event.seq <= s.learner_seq
    s = changed(s, turns=turns[-prompts.HISTORY_TURNS :], stage=event.stage or s.stage, bad_exchanges=0)
    s = changed(s, learner_seq=event.seq if event.seq is not None else s.learner_seq)
    if event.odd is not None:
        s = _noted(s, Noted("odd-answer", f"exchange {draft.number}: {event.odd}"))
    s, remedy = _watched(plan, _closed(s, "taught"), turns[-2:])
    if went_back and s.stop_reason is None:
        s = _noted(s, Noted("learner-went-back", f"the learner counts exchange {draft.number} as its {event.seq}."))
        return changed(s, phase=Phase.CHECKING)
    return _paused(plan, s) if remedy is Remedy.PAUSE else _between(plan, s)


def _watched(plan: Plan, s: State, said: tuple[Turn, ...]) -> tuple[State, Remedy | None]:
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
    s = _noted(s, Noted("pathology", f"{found.kind}: {remedy.value}"))
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


def _paused(plan: Plan, s: State) -> State:
    """Hold a little, then begin afresh; a session that nobody watches still comes to its end."""
    after = _between(plan, s)
    if after.phase not in (Phase.ASKING, Phase.RESTING):
        return after
    until = max(s.clock + PAUSE_SECONDS, after.until or s.clock)
    reason = f"the talk went round in circles; it goes on after {PAUSE_SECONDS:g} seconds"
    return changed(_asking(plan, s), phase=Phase.WAITING_LLM, until=until, reason=reason)


def _learner_failed(plan: Plan, s: State, event: Failed) -> State:
    draft = draft_of(s)
    certain = draft.certain and event.outcome != "unknown"
    answered = draft.answered_failures + event.answered
    s = changed(s, draft=replace(draft, attempts=draft.attempts + 1, certain=certain, answered_failures=answered))
    if event.outcome == "refused" and certain:
        return _refused(plan, s, event)
    if not certain and (not s.idempotent or answered >= ANSWERED_FAILURES):
        s = _noted(s, Noted("uncertain", f"exchange {draft.number}: {event.detail}"))
        return _reconsider(plan, changed(_closed(s, "uncertain"), bad_exchanges=s.bad_exchanges + 1), event)
    if s.stop_reason is not None:
        return _ended(s, s.stop_reason)
    if s.pause_after == 0:
        return _held(changed(s, failures=s.failures + 1), Phase.CHECKING)
    return _waiting(s, event, Phase.WAITING_LEARNER)


def _refused(plan: Plan, s: State, event: Failed) -> State:
    s = _noted(s, Noted("refused", f"exchange {draft_of(s).number}: {event.detail}"))
    s = changed(_closed(s, "refused"), bad_exchanges=s.bad_exchanges + 1)
    return _reconsider(plan, s, event) if s.bad_exchanges >= REFUSALS_BEFORE_WAITING else _between(plan, s)


def _reconsider(plan: Plan, s: State, event: Failed) -> State:
    """After an exchange that went badly: look at the learner before the next, later with each that does."""
    after = _between(plan, s)
    if after.phase in (Phase.ENDED, Phase.PAUSED):
        return after
    waiting = _waiting(changed(s, failures=s.bad_exchanges - 1), event, Phase.WAITING_LEARNER)
    return changed(waiting, failures=0)


def _check_failed(plan: Plan, s: State, event: Failed) -> State:
    if s.stop_reason is not None:
        return _ended(s, s.stop_reason)
    if s.pause_after == 0:
        return _held(s, Phase.CHECKING)
    return _waiting(s, event, Phase.WAITING_LEARNER)


def _rested(plan: Plan, s: State, event: Rested) -> State:
    return _asking(plan, s)


def _ask_again(plan: Plan, s: State, event: Rested | ResumeAsked) -> State:
    return changed(s, phase=Phase.ASKING, until=None, reason="")


def _check_again(plan: Plan, s: State, event: Rested | ResumeAsked | Reconnected) -> State:
    return changed(s, phase=Phase.CHECKING)


def _awoke(plan: Plan, s: State, event: Awoke) -> State:
    """A new process goes on: what was on its way is uncertain, and the learner is looked at first."""
    s = _noted(s, Noted("resumed", "the middleware was started again; the session goes on"))
    if event.sending and s.draft is not None:
        s = changed(s, draft=replace(s.draft, certain=False, attempts=s.draft.attempts + 1))
        if not s.idempotent:
            s = _noted(s, Noted("uncertain", f"exchange {draft_of(s).number}: cut off by a crash"))
            s = _closed(s, "uncertain")
    if s.phase is Phase.PAUSED:
        return changed(s, held_phase=Phase.CHECKING)
    if s.phase is Phase.DRAFTING:
        s = changed(s, draft=None, number=s.number - 1)
    if s.draft is None and s.finished >= plan.max_exchanges:
        return _ended(s, "completed")
    return changed(s, phase=Phase.CHECKING, until=None, failures=0)


def _stop_now(plan: Plan, s: State, event: StopAsked) -> State:
    return _ended(s, event.reason)


def _stop_soon(plan: Plan, s: State, event: StopAsked) -> State:
    return changed(s, stop_reason=event.reason)


def _pause_soon(plan: Plan, s: State, event: PauseAsked) -> State:
    return changed(s, pause_after=event.steps)


def _pause_now(plan: Plan, s: State, event: PauseAsked) -> State:
    if event.steps > 0:
        return _pause_soon(plan, s, event)
    return _held(s, Phase.RESTING if s.phase is Phase.RESTING else Phase.CHECKING)


def _step_from_hold(plan: Plan, s: State, event: PauseAsked) -> State:
    return _released(plan, changed(s, pause_after=event.steps)) if event.steps > 0 else s


def _resume(plan: Plan, s: State, event: ResumeAsked) -> State:
    return _released(plan, changed(s, pause_after=None))


def _released(plan: Plan, s: State) -> State:
    """Leave the hold: a learner that was in trouble is checked first, an exchange that waits goes on."""
    held, s = s.held_phase, changed(s, held_phase=None, reason="", until=None)
    if held in (Phase.CHECKING, Phase.TEACHING):
        return changed(s, phase=Phase.CHECKING)
    return _asking(plan, s) if held is Phase.RESTING else changed(s, phase=Phase.ASKING)


def _go_on(plan: Plan, s: State, event: ResumeAsked) -> State:
    return changed(s, pause_after=None)


def _retuned(plan: Plan, s: State, event: Retuned) -> State:
    """New tuning counts from the next exchange on, a new delay from this one on."""
    topics_changed = event.tuning.topics != s.tuning.topics
    s = changed(s, tuning=event.tuning)
    if topics_changed:
        s = changed(s, topic_index=-1, topic_over=True)
    if event.topic is not None:
        s = changed(s, next_topic=event.topic)
    if s.phase is Phase.RESTING:
        s = changed(s, until=s.began_at + s.tuning.delay_seconds)
    return s


def _refused_event(plan: Plan, s: State, event: Event) -> State:
    return s


def _phase_rows(phase: Phase, stop: Any, pause: Any, resume: Any) -> dict[tuple[Phase, type[Event]], Any]:
    return {
        (phase, StopAsked): stop,
        (phase, PauseAsked): pause,
        (phase, ResumeAsked): resume,
        (phase, Retuned): _retuned,
        (phase, Awoke): _awoke,
    }


TRANSITIONS: dict[tuple[Phase, type[Event]], Callable[[Plan, State, Any], State]] = {
    (Phase.CHECKING, Checked): _checked,
    (Phase.CHECKING, Failed): _check_failed,
    (Phase.RETELLING, Retold): _retold,
    (Phase.RETELLING, Reconnected): _check_again,
    (Phase.RETELLING, Failed): _check_failed,
    (Phase.ASKING, Spoke): _spoke,
    (Phase.ASKING, Failed): _teacher_failed,
    (Phase.DRAFTING, Drafted): _drafted,
    (Phase.TEACHING, Taught): _taught,
    (Phase.TEACHING, Reconnected): _check_again,
    (Phase.TEACHING, Failed): _learner_failed,
    (Phase.RESTING, Rested): _rested,
    (Phase.WAITING_LLM, Rested): _ask_again,
    (Phase.WAITING_LEARNER, Rested): _check_again,
    **_phase_rows(Phase.CHECKING, _stop_soon, _pause_soon, _go_on),
    **_phase_rows(Phase.RETELLING, _stop_soon, _pause_soon, _go_on),
    **_phase_rows(Phase.ASKING, _stop_soon, _pause_soon, _go_on),
    **_phase_rows(Phase.DRAFTING, _stop_soon, _pause_soon, _go_on),
    **_phase_rows(Phase.TEACHING, _stop_soon, _pause_soon, _go_on),
    **_phase_rows(Phase.RESTING, _stop_now, _pause_now, _go_on),
    **_phase_rows(Phase.WAITING_LLM, _stop_now, _pause_now, _ask_again),
    **_phase_rows(Phase.WAITING_LEARNER, _stop_now, _pause_now, _check_again),
    **_phase_rows(Phase.PAUSED, _stop_now, _step_from_hold, _resume),
    **{(Phase.ENDED, late): _refused_event for late in (StopAsked, PauseAsked, ResumeAsked, Retuned, Awoke)},
}
