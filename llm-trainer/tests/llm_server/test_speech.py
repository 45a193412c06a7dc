"""Listening: every way to fall silent has its name, every wait its end."""

from __future__ import annotations

import asyncio

import pytest

from llm_trainer.errors import PeerAnswerInvalid, PeerBusy, PeerTimeout
from llm_trainer.llm_server.backends.base import BackendStatus, Chunk, Finish
from llm_trainer.llm_server.speech import MAX_CHARACTERS, Deadlines, Spoken, listen, whole
from tests.llm_server.stand_ins import Scripted, ask, run

SHORT = Deadlines(first_seconds=0.03, cold_seconds=0.2, gap_seconds=0.03, whole_seconds=5)
END = Finish("stop", "m", 3, 2, {"load": 5.0})
HANG = Scripted.HANG


def test_the_turn_is_its_pieces_without_the_space_around() -> None:
    turn = run(whole(Scripted(" Hello", " there. ", END), ask("hi"), SHORT))

    assert (turn.text, turn.finish) == ("Hello there.", END)
    assert turn.timings["load"] == 5.0
    assert 0 <= turn.timings["first"] <= turn.timings["total"]


def test_pieces_arrive_one_by_one_and_the_whole_last() -> None:
    async def parts() -> list[object]:
        return [part async for part in listen(Scripted("a", "b", END), ask("hi"), SHORT)]

    *pieces, last = run(parts())
    assert pieces == [Chunk("a"), Chunk("b")]
    assert isinstance(last, Spoken)


@pytest.mark.parametrize(
    ("items", "kind"),
    [((END,), "empty"), ((" ", "\n", END), "empty"), (("Hel",), "cut"), (("x" * (MAX_CHARACTERS + 1), END), "endless")],
    ids=["nothing", "blanks", "no end", "endless"],
)
def test_an_answer_that_is_none_is_an_error_of_its_kind(items: tuple[object, ...], kind: str) -> None:
    with pytest.raises(PeerAnswerInvalid) as broken:
        run(whole(Scripted(*items), ask("hi"), SHORT))

    assert broken.value.extra["kind"] == kind


def test_the_back_ends_own_error_passes_through() -> None:
    with pytest.raises(PeerBusy):
        run(whole(Scripted("Hel", PeerBusy("full", peer="scripted")), ask("hi"), SHORT))


@pytest.mark.parametrize("items", [(HANG,), ("Hel", HANG)], ids=["before the first piece", "in the middle"])
def test_silence_ends_in_a_timeout_and_stops_the_generation(items: tuple[object, ...]) -> None:
    backend = Scripted(*items)
    with pytest.raises(PeerTimeout):
        run(whole(backend, ask("hi"), SHORT))

    assert backend.stopped == 1


def test_an_answer_without_end_is_ended_by_the_whole_deadline() -> None:
    class Chatty(Scripted):
        async def chat(self, request: object):  # type: ignore[no-untyped-def]
            while True:
                await asyncio.sleep(0.001)
                yield Chunk("la ")

    with pytest.raises(PeerTimeout):
        run(whole(Chatty(), ask("hi"), Deadlines(whole_seconds=0.05)))


def test_a_loading_model_is_waited_for_beyond_the_warm_deadline() -> None:
    class Slow(Scripted):
        async def chat(self, request: object):  # type: ignore[no-untyped-def]
            while self.looks < 3:
                await asyncio.sleep(0.001)
            yield Chunk("At last.", END)

    backend = Slow(status=BackendStatus("loading", "m"))
    assert run(whole(backend, ask("hi"), Deadlines(first_seconds=0.01, cold_seconds=60))).text == "At last."


def test_but_not_for_ever() -> None:
    backend = Scripted(HANG, status=BackendStatus("loading", "m"))
    with pytest.raises(PeerTimeout, match=r"0\.2 s"):
        run(whole(backend, ask("hi"), SHORT))

    assert backend.looks > 1


def test_who_stops_listening_stops_the_generation() -> None:
    backend = Scripted("Hel", HANG)

    async def listen_a_moment() -> None:
        parts = listen(backend, ask("hi"), Deadlines())
        await parts.__anext__()
        await parts.aclose()

    run(listen_a_moment())
    assert backend.stopped == 1


def test_what_the_engine_does_not_account_for_of_the_first_wait_is_its_queue() -> None:
    told = Finish("stop", "m", 3, 2, {"load": 0.0, "prompt": 0.0, "generation": 1.0})
    untold = Finish("stop", "m")

    timings = run(whole(Scripted("Hi.", told), ask("hi"), Deadlines())).timings

    assert timings["queue"] == timings["first"]
    assert "queue" not in run(whole(Scripted("Hi.", untold), ask("hi"), Deadlines())).timings
    slow = Finish("stop", "m", 3, 2, {"load": 0.0, "prompt": 10_000.0})
    assert run(whole(Scripted("Hi.", slow), ask("hi"), Deadlines())).timings["queue"] == 0
