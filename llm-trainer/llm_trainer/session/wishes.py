"""What people ask of a session: to stop, to hold, to make some steps, to go on, to be tuned anew."""

from __future__ import annotations

from llm_trainer.session.dialogue import Plan
from llm_trainer.session.events import PauseAsked, ResumeAsked, Retuned, StopAsked
from llm_trainer.session.moves import asking, ended, held
from llm_trainer.session.state import Phase, State, changed


def stop_now(plan: Plan, s: State, event: StopAsked) -> State:
    """Nothing is under way: end."""
    return ended(s, event.reason)


def stop_soon(plan: Plan, s: State, event: StopAsked) -> State:
    """End after the exchange under way."""
    return changed(s, stop_reason=event.reason)


def pause_soon(plan: Plan, s: State, event: PauseAsked) -> State:
    """Hold after the exchange under way, or after some more."""
    return changed(s, pause_after=event.steps)


def pause_now(plan: Plan, s: State, event: PauseAsked) -> State:
    """Nothing is under way: hold, unless steps are to be made first."""
    if event.steps > 0:
        return pause_soon(plan, s, event)
    return held(s, Phase.RESTING if s.phase is Phase.RESTING else Phase.CHECKING)


def step_from_hold(plan: Plan, s: State, event: PauseAsked) -> State:
    """Make some steps, then hold again."""
    return _released(plan, changed(s, pause_after=event.steps)) if event.steps > 0 else s


def resume(plan: Plan, s: State, event: ResumeAsked) -> State:
    """Leave the hold."""
    return _released(plan, changed(s, pause_after=None))


def _released(plan: Plan, s: State) -> State:
    """Leave the hold: a learner that was in trouble is checked first, an exchange that waits goes on."""
    held, s = s.held_phase, changed(s, held_phase=None, reason="", until=None)
    if held in (Phase.CHECKING, Phase.TEACHING):
        return changed(s, phase=Phase.CHECKING)
    return asking(plan, s) if held is Phase.RESTING else changed(s, phase=Phase.ASKING)


def go_on(plan: Plan, s: State, event: ResumeAsked) -> State:
    """Take a wish to hold back."""
    return changed(s, pause_after=None)


def retuned(plan: Plan, s: State, event: Retuned) -> State:
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
