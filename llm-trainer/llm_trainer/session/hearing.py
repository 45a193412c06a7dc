"""What the learner's answers do to a session, and what their absence does."""

from __future__ import annotations

from dataclasses import replace

from llm_trainer.session import prompts
from llm_trainer.session.dialogue import Plan, Speaker, Turn
from llm_trainer.session.events import Awoke, Checked, Cursor, Failed, Reconnected, Rested, ResumeAsked, Retold, Taught
from llm_trainer.session.healing import paused, watched
from llm_trainer.session.moves import EngineBreach, between, closed, draft_of, ended, held, noted, waiting
from llm_trainer.session.notices import Noted
from llm_trainer.session.pathologies import Remedy
from llm_trainer.session.state import Phase, State, changed

ANSWERED_FAILURES = 5
"""Bad answers from a live learner to one utterance before it is given up as uncertain: it may be poison to it."""
REFUSALS_BEFORE_WAITING = 5
LEARNER_FORGOT = "learner-forgot"
"""Why a session ends whose learner forgot and cannot be told again without hearing something twice."""


def checked(plan: Plan, s: State, event: Checked) -> State:
    """The learner answered the look: what it forgot comes first, then what waits, then the next exchange."""
    s = changed(s, idempotent=event.idempotent, stage=event.stage or s.stage)
    if s.draft is None:  # one that can be looked at but not be told is still in trouble
        s = changed(s, failures=0)
    if s.stop_reason is not None:
        return ended(s, s.stop_reason)
    if event.lost_key is not None:
        if not event.idempotent:
            return ended(s, LEARNER_FORGOT)
        s = noted(s, Noted("learner-forgot", f"the learner forgot {event.lost} exchanges; they are told again"))
        return changed(s, phase=Phase.RETELLING, lost_key=event.lost_key, learner_seq=None, cursor=None)
    _check_heads(s.cursor, event.cursor)
    return _onward(plan, changed(s, cursor=event.cursor))


def _check_heads(before: Cursor | None, after: Cursor | None) -> None:
    """I6: as many entries as before, and nothing forgotten, is the same record as before."""
    if before is None or after is None or (before.epoch, before.seq) != (after.epoch, after.seq):
        return
    if before.head and after.head and before.head != after.head:
        raise EngineBreach(f"I6: the learner's record was rewritten: {before} became {after}")


def retold(plan: Plan, s: State, event: Retold) -> State:
    """One forgotten exchange is known again."""
    if event.key != s.lost_key:
        raise EngineBreach(f"told {event.key} again, {s.lost_key} was asked for")
    s = changed(s, lost_key=event.next_key, failures=0)
    return _onward(plan, s) if event.next_key is None or s.stop_reason is not None else s


def _onward(plan: Plan, s: State) -> State:
    """The learner is well: go on with the draft that waits, or with the next exchange."""
    s = changed(s, until=None, reason="")
    if s.stop_reason is not None:
        return ended(s, s.stop_reason)
    if s.draft is not None:
        return held(s, Phase.TEACHING) if s.pause_after == 0 else changed(s, phase=Phase.TEACHING)
    return between(plan, s)


def taught(plan: Plan, s: State, event: Taught) -> State:
    """The learner answered; a count that went back means that it is to be looked at."""
    draft = draft_of(s)
    turns = (*s.turns, Turn(Speaker.TEACHER, draft.text), Turn(Speaker.LEARNER, event.reply))
    went_back = event.seq is not None and s.learner_seq is not None and event.seq <= s.learner_seq
    s = changed(s, turns=turns[-prompts.HISTORY_TURNS :], stage=event.stage or s.stage, bad_exchanges=0)
    s = changed(s, learner_seq=event.seq if event.seq is not None else s.learner_seq)
    if event.odd is not None:
        s = noted(s, Noted("odd-answer", f"exchange {draft.number}: {event.odd}"))
    s, remedy = watched(plan, closed(s, "taught"), turns[-2:])
    if went_back and s.stop_reason is None:
        s = noted(s, Noted("learner-went-back", f"the learner counts exchange {draft.number} as its {event.seq}."))
        return changed(s, phase=Phase.CHECKING)
    return paused(plan, s) if remedy is Remedy.PAUSE else between(plan, s)


def learner_failed(plan: Plan, s: State, event: Failed) -> State:
    """A call that teaches came to nothing: what that means depends on whether it may have been heard."""
    draft = draft_of(s)
    certain = draft.certain and event.outcome != "unknown"
    answered = draft.answered_failures + event.answered
    s = changed(s, draft=replace(draft, attempts=draft.attempts + 1, certain=certain, answered_failures=answered))
    if event.outcome == "refused" and certain:
        return _refused(plan, s, event)
    if not certain and (not s.idempotent or answered >= ANSWERED_FAILURES):
        s = noted(s, Noted("uncertain", f"exchange {draft.number}: {event.detail}"))
        return _reconsider(plan, changed(closed(s, "uncertain"), bad_exchanges=s.bad_exchanges + 1), event)
    if s.stop_reason is not None:
        return ended(s, s.stop_reason)
    if s.pause_after == 0:
        return held(changed(s, failures=s.failures + 1), Phase.CHECKING)
    return waiting(s, event, Phase.WAITING_LEARNER)


def _refused(plan: Plan, s: State, event: Failed) -> State:
    s = noted(s, Noted("refused", f"exchange {draft_of(s).number}: {event.detail}"))
    s = changed(closed(s, "refused"), bad_exchanges=s.bad_exchanges + 1)
    return _reconsider(plan, s, event) if s.bad_exchanges >= REFUSALS_BEFORE_WAITING else between(plan, s)


def _reconsider(plan: Plan, s: State, event: Failed) -> State:
    """After an exchange that went badly: look at the learner before the next, later with each that does."""
    after = between(plan, s)
    if after.phase in (Phase.ENDED, Phase.PAUSED):
        return after
    return changed(waiting(changed(s, failures=s.bad_exchanges - 1), event, Phase.WAITING_LEARNER), failures=0)


def check_failed(plan: Plan, s: State, event: Failed) -> State:
    """The learner could not be looked at."""
    if s.stop_reason is not None:
        return ended(s, s.stop_reason)
    if s.pause_after == 0:
        return held(s, Phase.CHECKING)
    return waiting(s, event, Phase.WAITING_LEARNER)


def check_again(plan: Plan, s: State, event: Rested | ResumeAsked | Reconnected) -> State:
    """Look at the learner."""
    return changed(s, phase=Phase.CHECKING)


def awoke(plan: Plan, s: State, event: Awoke) -> State:
    """A new process goes on: what was on its way is uncertain, and the learner is looked at first."""
    s = noted(s, Noted("resumed", "the middleware was started again; the session goes on"))
    if event.sending and s.draft is not None:
        s = changed(s, draft=replace(s.draft, certain=False, attempts=s.draft.attempts + 1))
        if not s.idempotent:
            s = noted(s, Noted("uncertain", f"exchange {draft_of(s).number}: cut off by a crash"))
            s = closed(s, "uncertain")
    if s.phase is Phase.PAUSED:
        return changed(s, held_phase=Phase.CHECKING)
    if s.phase is Phase.DRAFTING:
        s = changed(s, draft=None, number=s.number - 1)
    if s.draft is None and s.finished >= plan.max_exchanges:
        return ended(s, "completed")
    return changed(s, phase=Phase.CHECKING, until=None, failures=0)
