"""Nothing waits without a deadline (P11): each await that could last for ever has one, or a reason stands here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import llm_trainer
from tests.promises import Figure

from .waits import Wait, endless_waits

DISK = "a thread's work that waits for nothing but the disk"
CALL = "inside its caller's deadline: Wire.call, or that of the speech"
PERSON = "waits for somebody to ask for something, and for nothing else"
SERVER = "the server ends it: the client is there or is not"
OWN = "waits for tasks of its own whose awaits have deadlines"
ALLOWED = {
    "llm_server/backends/gguf.py: chat: shield": "the first load of a model takes its time; the status tells",
    "llm_server/backends/gguf.py: _load: to_thread": "the same",
    "llm_server/backends/gguf.py: aclose: wait": OWN,
    "llm_server/backends/ollama.py: chat: drain": CALL,
    "llm_server/backends/openai.py: chat: drain": CALL,
    "llm_server/plain_http.py: _written: aread": "a request body that lies in memory",
    "llm_server/speech.py: _first: wait": "without a deadline only while a model loads, which the status tells",
    "llm_server/talk.py: _gone: receive": SERVER,
    "llm_server/watch.py: look: gather": OWN,
    "middleware/alerts.py: _tell_all: get": PERSON,
    "middleware/alerts.py: _run: to_thread": "the process it waits for is given COMMAND_SECONDS, then killed",
    "middleware/alerts.py: _run: shield": "a process that was killed",
    "middleware/app.py: lifespan: gather": OWN,
    "middleware/ends.py: both_up: gather": OWN,
    "middleware/export.py: write_session_file: to_thread": DISK,
    "middleware/http1.py: exchange: drain": CALL,
    "middleware/http1.py: _next_event: read": CALL,
    "middleware/monitor.py: look: shield": OWN,
    "middleware/monitor.py: watch: gather": OWN,
    "middleware/removal.py: remove: to_thread": DISK,
    "middleware/run.py: until: wait": "told when the session moved, by deadlines of its own, or the disk is full",
    "middleware/standins.py: _given: receive": SERVER,
    "middleware/store.py: open: run_in_executor": DISK,
    "middleware/store.py: close: run_in_executor": DISK,
    "middleware/store.py: _run: run_in_executor": DISK,
    "middleware/teacher.py: _patiently: wait": "a call that was cancelled",
    "middleware/trainer.py: close: gather": OWN,
    "middleware/trainer.py: stop: wait": OWN,
    "web/body.py: collect: receive": "inside the deadline of the body",
    "web/body.py: again: receive": SERVER,
    "web/door.py: _read_body: read": "inside the deadline of the body",
}


@pytest.mark.promise("P11")
def test_nothing_waits_without_a_deadline(figure: Figure) -> None:
    found = {str(wait) for wait in endless_waits(Path(llm_trainer.__file__).parent)}
    unbounded = sorted(found - ALLOWED.keys())

    figure("P11", awaits_without_a_deadline_of_their_own=len(found), without_a_reason_either=len(unbounded))
    assert unbounded == [], "give it a deadline (anyio.fail_after), or say here why it ends"
    assert sorted(ALLOWED.keys() - found) == [], "no such await is there any more"


def test_what_waits_for_somebody_else_is_found_unless_it_has_a_deadline(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        """
async def f(queue, record, anyio, asyncio):
    await queue.get()
    with anyio.fail_after(1):
        await queue.join()
    await asyncio.wait({1}, timeout=2)
    await asyncio.wait({1})
    await record.read(1)
    await g()
    with anyio.fail_after(1):
        async def inner():
            await queue.get()
"""
    )

    assert Counter(endless_waits(tmp_path)) == Counter(
        [Wait("a.py", "f", "get"), Wait("a.py", "f", "wait"), Wait("a.py", "inner", "get")]
    )
