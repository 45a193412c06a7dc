"""What each event does to a session, phase by phase: the transition table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llm_trainer.session.dialogue import Plan
from llm_trainer.session.events import (
    Awoke,
    Checked,
    Drafted,
    Event,
    Failed,
    PauseAsked,
    Reconnected,
    Rested,
    ResumeAsked,
    Retold,
    Retuned,
    Spoke,
    StopAsked,
    Taught,
)
from llm_trainer.session.hearing import (
    ANSWERED_FAILURES,
    LEARNER_FORGOT,
    awoke,
    check_again,
    check_failed,
    checked,
    learner_failed,
    retold,
    taught,
)
from llm_trainer.session.moves import EngineBreach, asking
from llm_trainer.session.speaking import ask_again, drafted, spoke, teacher_failed
from llm_trainer.session.state import Phase, State
from llm_trainer.session.wishes import (
    go_on,
    pause_now,
    pause_soon,
    resume,
    retuned,
    step_from_hold,
    stop_now,
    stop_soon,
)


def _rested(plan: Plan, s: State, event: Rested) -> State:
    return asking(plan, s)


def _refused_event(plan: Plan, s: State, event: Event) -> State:
    return s


def _phase_rows(phase: Phase, stop: Any, pause: Any, resume: Any) -> dict[tuple[Phase, type[Event]], Any]:
    return {
        (phase, StopAsked): stop,
        (phase, PauseAsked): pause,
        (phase, ResumeAsked): resume,
        (phase, Retuned): retuned,
        (phase, Awoke): awoke,
    }


__all__ = ["ANSWERED_FAILURES", "LEARNER_FORGOT", "TRANSITIONS", "EngineBreach"]

TRANSITIONS: dict[tuple[Phase, type[Event]], Callable[[Plan, State, Any], State]] = {
    (Phase.CHECKING, Checked): checked,
    (Phase.CHECKING, Failed): check_failed,
    (Phase.RETELLING, Retold): retold,
    (Phase.RETELLING, Reconnected): check_again,
    (Phase.RETELLING, Failed): check_failed,
    (Phase.ASKING, Spoke): spoke,
    (Phase.ASKING, Failed): teacher_failed,
    (Phase.DRAFTING, Drafted): drafted,
    (Phase.TEACHING, Taught): taught,
    (Phase.TEACHING, Reconnected): check_again,
    (Phase.TEACHING, Failed): learner_failed,
    (Phase.RESTING, Rested): _rested,
    (Phase.WAITING_LLM, Rested): ask_again,
    (Phase.WAITING_LEARNER, Rested): check_again,
    **_phase_rows(Phase.CHECKING, stop_soon, pause_soon, go_on),
    **_phase_rows(Phase.RETELLING, stop_soon, pause_soon, go_on),
    **_phase_rows(Phase.ASKING, stop_soon, pause_soon, go_on),
    **_phase_rows(Phase.DRAFTING, stop_soon, pause_soon, go_on),
    **_phase_rows(Phase.TEACHING, stop_soon, pause_soon, go_on),
    **_phase_rows(Phase.RESTING, stop_now, pause_now, go_on),
    **_phase_rows(Phase.WAITING_LLM, stop_now, pause_now, ask_again),
    **_phase_rows(Phase.WAITING_LEARNER, stop_now, pause_now, check_again),
    **_phase_rows(Phase.PAUSED, stop_now, step_from_hold, resume),
    **{(Phase.ENDED, late): _refused_event for late in (StopAsked, PauseAsked, ResumeAsked, Retuned, Awoke)},
}
