"""The page over the real middleware, with stand-ins only for the learner and the LLM server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from playwright.sync_api import expect

from llm_trainer.middleware.app import create_app
from llm_trainer.settings import Settings
from tests.browser.script import scripted
from tests.serving import serving


def learner_of(heard: list[dict[str, Any]]) -> FastAPI:
    """A learner that answers at once, keeps count, and explains each word by the first thing it heard."""
    app = FastAPI()

    @app.get("/api/status")
    def status() -> Any:
        cursor = {"epoch": "e", "seq": len(heard), "head": ""}
        measured = {"order_gain": 0.1, "recall_at_1": 0.2, "bits_per_character": 2.5}
        return {"status": "ok", "stage": "words", "exchanges": len(heard), "measurements": measured, "cursor": cursor,
                "capabilities": ["idempotency"]}  # fmt: skip

    @app.get("/api/exchanges/{key}")
    def exchange(key: str) -> Any:
        found = next((e for e in heard if e["key"] == key), None)
        return found["answer"] if found else {"response": ""}

    @app.post("/api/chat")
    async def chat(request: Request) -> Any:
        body, key = await request.json(), request.headers["idempotency-key"]
        reply = scripted(len(heard) + 60)["cerebrum_response"] or "yes"
        answer = {"response": reply, "stage": "words", "exchange": len(heard) + 1, "why": {"kind": "found"}}
        if body.get("learn", True):
            heard.append({"key": key, "answer": answer})
        return answer

    @app.get("/api/explain/{seq}")
    def explain(seq: int) -> Any:
        answer = heard[seq - 1]["answer"]
        words = [
            {"text": w, "sources": [{"seq": 1, "text": "what was heard first"}]} for w in answer["response"].split()
        ]
        return answer | {"words": words}

    return app


def teacher() -> FastAPI:
    app = FastAPI()
    spoken: list[str] = []

    @app.get("/api/status")
    def status() -> Any:
        return {"backend": "tutor", "model": "stand-in", "requested_model": "stand-in", "ready": True, "state": "ready"}

    @app.post("/api/chat")
    def chat() -> Any:
        spoken.append(scripted(len(spoken) + 1)["llm_to_cerebrum"])
        return {"response": spoken[-1], "model": "stand-in", "tokens_used": 5, "timings": {}, "finish_reason": "stop"}

    return app


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with serving(learner_of([])) as learner, serving(teacher()) as llm:

        def middleware(port: int) -> FastAPI:
            return create_app(
                Settings(cerebrum_url=learner, llm_server_url=llm, middleware_port=port, data_dir=tmp_path)
            )

        with serving(middleware) as address:
            yield address


@pytest.mark.slow
def test_a_session_from_start_to_export(page: Any, url: str) -> None:
    page.goto(url)
    expect(page.locator(".facts").filter(has_text="stand-in").first).to_be_visible()
    page.get_by_label("Exchanges", exact=True).fill("60")
    page.get_by_label("Seconds between exchanges").first.fill("0.01")
    page.get_by_role("button", name="Start the session").click()
    page.locator("[data-act=pause]").click()
    expect(page.locator(".phase")).to_have_text("Paused")
    page.locator("[data-act=step]").click()
    page.locator("[data-act=resume]").click()
    expect(page.locator(".hero-count b")).to_have_text("60", timeout=20_000)
    expect(page.locator(".phase")).to_have_text("Ended")
    expect(page.locator(".facts").filter(has_text="exactly-once").first).to_be_visible()

    page.goto(f"{url}/#conversation")
    page.get_by_label("why? The words of reply 60", exact=True).click()
    expect(page.locator(".sources")).to_contain_text("what was heard first")
    page.goto(f"{url}/#growth")
    expect(page.get_by_text("60 exchanges measured")).to_be_visible()
    page.goto(f"{url}/#traffic")
    expect(page.locator("tbody tr").nth(100)).to_be_attached()
    page.goto(f"{url}/#health")
    expect(page.locator(".service.good")).to_have_count(3)
    page.goto(f"{url}/#sessions")
    page.get_by_role("button", name="Export").first.click()
    with page.expect_download() as file:
        page.get_by_role("link", name="CSV").click()
    assert len(Path(file.value.path()).read_text("utf-8").splitlines()) == 61


def test_exchanges_of_the_stream_and_of_the_log_are_one_transcript(page: Any, url: str) -> None:
    page.goto(f"{url}/#conversation")
    expect(page.locator("#connection")).to_have_text("live")
    page.request.post(f"{url}/api/training/start", data={"max_exchanges": 40, "delay": 0})
    expect(page.get_by_label("Exchange 40", exact=True)).to_be_visible(timeout=20_000)
    live = page.locator(".transcript").inner_text()
    page.reload()
    expect(page.get_by_label("Exchange 40", exact=True)).to_be_visible()

    assert page.locator(".transcript").inner_text() == live
