"""``/api/speaker``: who could speak, and having one of them speak from now on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from llm_trainer.errors import NotFound
from llm_trainer.llm_server.routes import status
from llm_trainer.llm_server.stage import Casting, Stage

router = APIRouter()


class SpeakerBody(BaseModel):
    """The body of ``PUT /api/speaker``: a back end, and the model where it has several."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: Annotated[str, Field(min_length=1, max_length=40)]
    model: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[\w.:/@-]+$")] | None = None


@router.get("/api/speaker")
async def speaker(request: Request) -> dict[str, Any]:
    """Say what was asked for, and what could be."""
    casting, stage = _casting(request), _stage(request)
    choice = stage.talk.choice
    offers = [asdict(offer) for offer in casting.offers] if casting else []
    return {"backend": choice.requested_backend, "model": choice.requested_model, "offers": offers}


@router.put("/api/speaker")
async def turn_to(body: SpeakerBody, request: Request) -> dict[str, Any]:
    """Have another back end or model speak from now on; the answer is the status."""
    casting, stage = _casting(request), _stage(request)
    if casting is None:
        raise NotFound("nobody else can speak here", remedy="start this server with the back end that is wanted")
    await stage.turn_to(casting.called(body.backend, body.model))
    return await status(request)


def _stage(request: Request) -> Stage:
    stage: Stage = request.app.state.stage
    return stage


def _casting(request: Request) -> Casting | None:
    casting: Casting | None = request.app.state.casting
    return casting
