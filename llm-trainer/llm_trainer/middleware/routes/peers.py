"""/api/cerebrum and /api/llm: what both ends say of themselves, and talking with them by hand."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from llm_trainer.errors import PeerUnreachable, SessionActive
from llm_trainer.middleware.learner import PEER as LEARNER
from llm_trainer.middleware.learner import HttpLearner
from llm_trainer.middleware.monitor import Watch
from llm_trainer.middleware.parts import Parts, Wired
from llm_trainer.middleware.planning import DEFAULT
from llm_trainer.middleware.schemas import LearnerChatBody, LlmChatBody, Name, PullBody, SpeakerBody
from llm_trainer.middleware.teacher import PEER as LLM

router = APIRouter(prefix="/api", tags=["peers"])


@router.get("/cerebrum/status")
async def learner_status(parts: Wired, response: Response) -> dict[str, Any]:
    """What the learner says of itself, as last seen, or 503 with the reason."""
    return await _seen(parts.monitor.learner, LEARNER, parts, response)


@router.get("/llm/status")
async def llm_status(parts: Wired, response: Response) -> dict[str, Any]:
    """What the LLM server says of itself, as last seen, or 503 with the reason."""
    return await _seen(parts.monitor.llm, LLM, parts, response)


async def _seen(watch: Watch, peer: str, parts: Wired, response: Response) -> dict[str, Any]:
    reading = watch.reading if watch.reading.state != "unknown" else await watch.look()
    shown = reading.shown(parts.clock.now())
    if reading.state != "up":
        raise PeerUnreachable(reading.reason, peer=peer, remedy=reading.remedy, reading=shown)
    response.headers["Age"] = str(round(shown["age_ms"] / 1000))
    return reading.body


@router.get("/cerebrum/explain/{seq}")
async def explain(seq: Annotated[int, Path(ge=0, lt=2**62)], parts: Wired, learner: Name = DEFAULT) -> dict[str, Any]:
    """Where every word of a reply came from, as the learner tells it; ``seq`` is the learner's own number."""
    return await _learner(parts, learner).explain(seq)


def _learner(parts: Parts, name: str) -> HttpLearner:
    learner = parts.trainer.ends.learner(name)
    assert isinstance(learner, HttpLearner)
    return learner


@router.post("/llm/chat")
async def ask_llm(body: LlmChatBody, parts: Wired) -> dict[str, Any]:
    """The LLM server's answer to one message."""
    return await parts.teacher.chat({"message": body.message})


@router.get("/llm/speaker")
async def speaker(parts: Wired) -> dict[str, Any]:
    """Who speaks for the teacher, and who could."""
    return await parts.teacher.speakers()


@router.put("/llm/speaker")
async def turn_to(body: SpeakerBody, parts: Wired) -> dict[str, Any]:
    """Have another back end or model speak from now on; a teacher never changes in the middle of a session."""
    if parts.trainer.is_active:
        raise SessionActive("a session is running, and its teacher stays", remedy="wait for its end, or stop it")
    status = await parts.teacher.turn_to(body.backend, body.model)
    await parts.monitor.llm.look()
    return status


@router.post("/llm/pull", status_code=202)
async def pull(body: PullBody, parts: Wired) -> dict[str, Any]:
    """Have the LLM server fetch a model; answers at once with how far it is."""
    return await parts.teacher.pull(body.model)


@router.get("/llm/pull")
async def pulling(parts: Wired) -> dict[str, Any]:
    """How far the model that was asked for last has come."""
    return await parts.teacher.pulling()


@router.delete("/llm/pull")
async def pull_no_more(parts: Wired) -> dict[str, Any]:
    """Stop fetching."""
    return await parts.teacher.pulling(cancel=True)


@router.post("/cerebrum/chat")
async def ask_learner(body: LearnerChatBody, parts: Wired) -> dict[str, Any]:
    """The learner's answer to one message, spoken by hand; ``learn: false`` leaves it as it is."""
    key = f"hand:{secrets.token_hex(10)}"
    heard = await _learner(parts, body.learner).teach(body.message, key, "hand", learn=body.learn)
    return {
        "response": heard.reply,
        "stage": heard.stage,
        "odd": heard.odd,
        "extra": heard.extra or {},
        "milliseconds": round(heard.milliseconds, 3),
    }
