"""A look at a back end that always ends: in its own words, or with the word that it has none."""

from __future__ import annotations

import asyncio
import logging

from llm_trainer.llm_server.backends.base import Backend, BackendStatus

STATUS_DEADLINE_SECONDS = 5.0
log = logging.getLogger(__name__)


async def look_at(backend: Backend) -> BackendStatus:
    """The back end's status; a look that takes too long or fails counts as unreachable."""
    try:
        return await asyncio.wait_for(backend.status(), STATUS_DEADLINE_SECONDS)
    except asyncio.TimeoutError:
        detail = f"{backend.name} did not say how it is within {STATUS_DEADLINE_SECONDS:g} s"
        return BackendStatus("unreachable", "", detail, "see whether it is overloaded")
    except Exception:
        log.exception("bug while looking at backend=%s", backend.name)
        return BackendStatus("unreachable", "", f"looking at {backend.name} failed; the log has the details")
