"""How the session and both ends stand, as ``GET /api/training/status`` shows it: from memory, asking nobody."""

from __future__ import annotations

from typing import Any

from llm_trainer.middleware.clock import iso
from llm_trainer.middleware.ends import learner_name, teacher_name
from llm_trainer.middleware.monitor import Watch
from llm_trainer.middleware.run import Run
from llm_trainer.session.state import Phase, State


def status_of(
    run: Run | None, ends: tuple[Watch, Watch], now: float, *, is_active: bool, export_error: str | None
) -> dict[str, Any]:
    """The whole answer, for one session or for none; ``ends`` are its learner and its teacher."""
    learner, llm = ends[0].reading, ends[1].reading
    common = {
        "running": is_active,
        "cerebrum_connected": learner.state == "up",
        "llm_connected": llm.state == "up",
        "learner": learner.shown(now) | {"growth": growth(learner.body)},
        "llm": llm.shown(now)
        | {name: llm.body.get(name) for name in ("backend", "model", "requested_model", "detail")},
    }
    return common | (_NOTHING_RUN if run is None else _of(run, now, export_error))


def _of(run: Run, now: float, export_error: str | None) -> dict[str, Any]:
    state, plan, row = run.session.state, run.session.plan, run.row
    rate = _rate(run, now)
    left = plan.max_exchanges - state.finished
    return {
        "session_id": run.id,
        "name": row["name"],
        "phase": _phase(run, state),
        "reason": run.storage_error.detail if run.storage_error else state.reason,
        "next_try_at": iso(state.until),
        "started_at": iso(row["started_at"]),
        "ended_at": iso(row["ended_at"]),
        "end_reason": row["end_reason"] if run.lost is None else run.lost.code,
        "exchanges_completed": state.taught,
        "uncertain": state.uncertain,
        "refused": state.refused,
        "max_exchanges": plan.max_exchanges,
        "current_topic": state.topic,
        "conversation": state.conversation,
        "delay": state.tuning.delay_seconds,
        "topic_switch_interval": state.tuning.topic_switch_interval,
        "topics": list(state.tuning.topics),
        "strategy": state.tuning.strategy,
        "seed": plan.seed,
        "learner_name": learner_name(row),
        "teacher_name": teacher_name(row),
        "limits": vars(run.limits),
        "spent": {"seconds": round((row["ended_at"] or now) - row["started_at"], 1), **vars(run.spent)},
        "stage": state.stage,
        "guarantee": plan.guarantee,
        "last_error": run.last_error,
        "export_error": export_error,
        "heartbeat_age_ms": max(0, round((now - run.heartbeat) * 1000)),
        "rate_per_second": rate,
        "eta_seconds": 0 if run.is_over else _eta(left, rate, state.tuning.delay_seconds),
        "last_event_id": f"{run.id}:{row['event_seq']}",
    }


def brief(run: Run) -> dict[str, Any]:
    """One of several sessions under way, in a line."""
    state = run.session.state
    return {
        "session_id": run.id,
        "name": run.row["name"],
        "phase": _phase(run, state),
        "exchanges_completed": state.taught,
        "max_exchanges": run.session.plan.max_exchanges,
        "learner_name": learner_name(run.row),
    }


_NOTHING_RUN: dict[str, Any] = {
    "session_id": None,
    "name": None,
    "phase": "idle",
    "reason": "",
    "next_try_at": None,
    "started_at": None,
    "ended_at": None,
    "end_reason": None,
    "exchanges_completed": 0,
    "uncertain": 0,
    "refused": 0,
    "max_exchanges": None,
    "current_topic": None,
    "conversation": None,
    "delay": None,
    "topic_switch_interval": None,
    "topics": [],
    "strategy": None,
    "seed": None,
    "learner_name": None,
    "teacher_name": None,
    "limits": None,
    "spent": None,
    "stage": None,
    "guarantee": None,
    "last_error": None,
    "export_error": None,
    "heartbeat_age_ms": None,
    "rate_per_second": None,
    "eta_seconds": None,
    "last_event_id": None,
}


def growth(body: dict[str, Any]) -> dict[str, Any]:
    """From a learner's status: stage, counts, and every number that it measures of itself."""
    found: dict[str, Any] = {name: body[name] for name in ("stage", "exchanges", "vocabulary") if name in body}
    measured = body.get("measurements")
    if isinstance(measured, dict):
        found |= {name: value for name, value in measured.items() if isinstance(value, (int, float))}
    return found


def _phase(run: Run, state: State) -> str:
    if run.is_over:
        return "ended"
    if run.storage_error is not None:
        return "paused"
    if state.stop_reason is not None or state.phase is Phase.ENDED:
        return "stopping"
    if state.pause_after == 0 and state.phase is not Phase.PAUSED:
        return "pausing"
    shown: str = state.phase.value
    return shown


def _rate(run: Run, now: float) -> float | None:
    times = run.closing_times
    if len(times) < 2 or times[-1] <= times[0]:
        return None
    return round((len(times) - 1) / ((times[-1] if run.is_over else now) - times[0]), 3)


def _eta(left: int, rate: float | None, delay_seconds: float) -> float | None:
    if rate is None or rate <= 0:
        return round(left * delay_seconds, 1) if delay_seconds > 0 else None
    return round(max(left / rate, (left - 1) * delay_seconds), 1)
